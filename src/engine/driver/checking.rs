//! The files of the final answer, for whoever checks it: lent in its own worktrees, given back what it
//! had before it works again.
//!
//! They are a copy: what is done to them changes nothing of what the person gets, and only tools that
//! read are offered.

use std::collections::btree_map::Entry;

use super::Driver;
use crate::{
    engine::{coordination::Review, notice_of, premises},
    protocol::{AgentId, Failure, Level, ToolSpec},
};

/// Tools that read.
const READING: [&str; 5] = ["read_file", "list_dir", "glob", "search", "read_peer"];

impl Driver<'_> {
    /// Brings the final files to an agent that checks them; the tools to read them with. None where
    /// there are no folders, the agent has no tools for files, or they could not be brought.
    pub(super) async fn lend(&mut self, agent: AgentId, review: &Review) -> Vec<ToolSpec> {
        if !self.has_hands(agent) {
            return Vec::new();
        }
        if let Err(failure) = self.try_lend(agent, review).await {
            let words = format!(
                "The final files could not be given to {agent}, who checks the answer by its words \
                 alone: {}",
                failure.words()
            );
            let notice = notice_of(Level::Warning, &words);
            self.ways.outbox.emit(notice).await;
            return Vec::new();
        }
        let mut tools = self.tools.specs();
        tools.retain(|tool| READING.contains(&tool.name.as_str()));
        tools
    }

    async fn try_lend(&mut self, agent: AgentId, review: &Review) -> Result<(), Failure> {
        let Some(premises) = self.ways.grounds.clone() else {
            return Ok(());
        };
        let counts = review
            .presenter
            .filter(|one| Some(*one) != self.said.astray);
        let published = self.said.files.get(&review.winner).cloned();
        let published = published.unwrap_or_default();
        let (grounds, outbox) = (&self.ways.grounds, &self.ways.outbox);
        let files = premises::last(grounds, (counts, published), outbox).await;
        if let Entry::Vacant(place) = self.said.lent.entry(agent) {
            place.insert(premises.snapshot(agent).await?);
        }
        premises.stand(agent, files).await
    }

    /// An agent that checked works again: it gets back what it had.
    pub(super) async fn give_back(&mut self, agent: AgentId) {
        let (Some(own), Some(premises)) =
            (self.said.lent.remove(&agent), self.ways.grounds.clone())
        else {
            return;
        };
        if let Err(failure) = premises.stand(agent, own).await {
            let words = format!(
                "The files of {agent} from before it checked the answer could not be given back, it \
                 goes on from those of the answer: {}",
                failure.words()
            );
            let notice = notice_of(Level::Warning, &words);
            self.ways.outbox.emit(notice).await;
        }
    }
}
