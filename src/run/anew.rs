//! Why agents began again: the answers that were new to them.

use crate::protocol::{AgentId, Event, Label, Purpose, Timestamp};

use super::Turn;

/// A round that began because there was something new to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anew {
    /// When.
    pub at: Timestamp,
    /// Position in the log.
    pub seq: u64,
    /// Whose.
    pub agent: AgentId,
    /// Which round.
    pub round: u32,
    /// The answers of others that it had not seen.
    pub because: Vec<Label>,
}

impl Turn {
    /// Notes why a round begins. Rounds that somebody else asked for (to present, judge, verify) and first
    /// rounds have other reasons.
    pub(super) fn begins(
        &mut self,
        event: &Event,
        id: AgentId,
        (round, purpose, view): (u32, Purpose, &[Label]),
    ) {
        let asked = matches!(
            purpose,
            Purpose::Present | Purpose::Judge | Purpose::Weigh | Purpose::Verify
        );
        let Some(agent) = self.agent(id).filter(|agent| agent.round > 0 && !asked) else {
            return;
        };
        let is_news = |label: &&Label| label.agent != id && !agent.view.contains(label);
        let because: Vec<Label> = view.iter().filter(is_news).copied().collect();
        if !because.is_empty() {
            self.record.anew.push(Anew {
                at: event.at,
                seq: event.seq.0,
                agent: id,
                round,
                because,
            });
        }
    }

    /// `mia began round 2 anew: agent2.1 is new to it`.
    #[must_use]
    pub fn why_anew(&self, anew: &Anew) -> String {
        let labels: Vec<String> = anew.because.iter().map(Label::to_string).collect();
        let are = if labels.len() == 1 { "is" } else { "are" };
        format!(
            "{} begins round {}: {} {are} new to it",
            self.name(anew.agent),
            anew.round,
            labels.join(", ")
        )
    }
}
