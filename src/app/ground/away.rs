//! Long work on worktrees, beside the owner: as many pieces at a time as there are processors, one at a
//! time for each agent.
//!
//! Each piece is a task of its own. Whoever waits for it may be cut off; the piece is brought to its end
//! all the same, so that the record never waits for an outcome that nobody brings.

use std::{num::NonZero, sync::Arc, thread};

use tokio::sync::Semaphore;

use super::{Ground, Keeper, blocking, local};
use crate::{
    protocol::{AgentId, Failure, Label, change::Snapshot},
    workspace::{Desk, Trouble, unwatched},
};

/// Room for as many pieces of work as there are processors.
pub(super) fn room() -> Arc<Semaphore> {
    let wide = thread::available_parallelism().map_or(1, NonZero::get);
    Arc::new(Semaphore::new(wide))
}

impl Ground {
    /// The number under which the owner knows an agent of this team.
    pub(super) async fn number(&self, agent: AgentId) -> Result<AgentId, Failure> {
        let Some(team) = &self.team else {
            return Ok(agent);
        };
        let team = team.number;
        let work = move |keeper: &mut Keeper| keeper.grounds.inner(team, agent);
        self.clone().perform(work).await
    }

    /// The label under which the owner knows an answer of this team.
    pub(super) async fn labelled(&self, label: Label) -> Result<Label, Failure> {
        let number = self.number(label.agent).await?;
        Ok(Label::new(number, label.revision))
    }

    /// Where an agent works, by the number that the owner knows it under.
    pub(super) async fn desks(self, number: AgentId) -> Result<Vec<Desk>, Failure> {
        self.apart(
            number,
            move |keeper| keeper.grounds.begin(number),
            |making| Ok(making.perform(&unwatched)),
            |keeper, made| keeper.grounds.made(made),
        )
        .await
    }

    /// What an agent's worktrees hold.
    pub(super) async fn look(self, number: AgentId) -> Result<Vec<Snapshot>, Failure> {
        self.apart(
            number,
            move |keeper| keeper.grounds.look_at(number),
            |looking| looking.perform(&unwatched),
            |keeper, seen| keeper.grounds.seen(seen),
        )
        .await
    }

    /// Brings an agent's worktrees to these snapshots.
    pub(super) async fn bring(self, number: AgentId, to: Vec<Snapshot>) -> Result<(), Failure> {
        self.apart(
            number,
            move |keeper| keeper.grounds.begin_at(number, &to),
            |making| Ok(making.perform(&unwatched)),
            |keeper, made| keeper.grounds.made(made).map(drop),
        )
        .await
    }

    /// One piece: a short beginning and a short end with the owner, the long part between them.
    async fn apart<B, D, O>(
        self,
        number: AgentId,
        begin: impl FnOnce(&mut Keeper) -> Result<B, Trouble> + Send + 'static,
        long: impl FnOnce(B) -> Result<D, Trouble> + Send + 'static,
        end: impl FnOnce(&mut Keeper, D) -> Result<O, Trouble> + Send + 'static,
    ) -> Result<O, Failure>
    where
        B: Send + 'static,
        D: Send + 'static,
        O: Send + 'static,
    {
        let piece = tokio::spawn(async move {
            let turnstile = move |keeper: &mut Keeper| Ok(keeper.turnstile(number));
            let turnstile = self.clone().perform(turnstile).await?;
            // They are never closed; without a permit the work would only be slower.
            let _alone = turnstile.acquire_owned().await.ok();
            let _room = Arc::clone(&self.room).acquire_owned().await.ok();
            let begun = self.clone().perform(begin).await?;
            let done = blocking(move || long(begun)).await?;
            self.perform(move |keeper| end(keeper, done)).await
        });
        piece
            .await
            .map_err(|error| local(format!("Work on the folders ended: {error}.")))?
    }
}

impl Keeper {
    fn turnstile(&mut self, number: AgentId) -> Arc<Semaphore> {
        let turnstiles = &mut self.turnstiles;
        let mine = turnstiles.entry(number);
        Arc::clone(mine.or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}
