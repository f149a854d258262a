//! The team that an agent is: its own fold, one level down.
//!
//! Numbers of its events are of its own run; a run that begins again counts from 1 again. A nested
//! turn never outlives the round it works for: one that was not told to its end was cut off.

use crate::protocol::{Event, EventKind, NoAnswerReason, Outcome, Phase, RunEvent, Seq, Timestamp};

use super::{Activity, AgentState, RunState, Turn};

impl AgentState {
    /// The running or last turn of the team that this agent is.
    #[must_use]
    pub fn team(&self) -> Option<&Turn> {
        self.nested.as_ref()?.turn.as_ref()
    }

    /// What its team is at, while it works: `team voting, 2 answers, 1 vote`.
    #[must_use]
    pub fn team_status(&self) -> Option<String> {
        let team = self.team().filter(|team| !team.is_over())?;
        let counted = |count: usize, one: &str| match count {
            0 => String::new(),
            1 => format!(", 1 {one}"),
            _ => format!(", {count} {one}s"),
        };
        let votes = team.agents.iter().filter(|one| one.ballot.is_some());
        let votes = if team.phase < Phase::Deciding {
            votes.count()
        } else {
            0
        };
        Some(format!(
            "team {}{}{}",
            team.phase.word(),
            counted(team.current_labels().len(), "answer"),
            counted(votes, "vote"),
        ))
    }

    /// Something happened in its team.
    pub(super) fn below(&mut self, event: &Event, at: Timestamp) {
        let nested = self.nested.get_or_insert_default();
        nested.begins_again(event);
        nested.apply(event);
        if self.is_open() && matches!(self.activity, Activity::Asked) {
            self.turn_to(Activity::Writing, at);
        }
    }

    /// Nobody waits for its team any more.
    pub(super) fn cut_below(&mut self, at: Timestamp) {
        if let Some(nested) = &mut self.nested {
            nested.cut_off(at);
        }
    }
}

impl RunState {
    /// Whether an event begins another run of a nested team; its numbers are then as good as new.
    pub fn begins_again(&mut self, event: &Event) -> bool {
        let again = matches!(event.kind, EventKind::Run(RunEvent::Started(_)))
            && event.seq.0 <= self.last_seq;
        if again {
            self.last_seq = event.seq.0.saturating_sub(1);
        }
        again
    }

    /// Ends a nested turn that was not told to its end, and says with what event.
    pub fn cut_off(&mut self, at: Timestamp) -> Option<Event> {
        if self.is_over() {
            return None;
        }
        let message = "The larger team did not wait for it any longer.";
        let event = Event {
            seq: Seq(self.last_seq.saturating_add(1)),
            at,
            kind: EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
                reason: NoAnswerReason::Cancelled,
                message: message.to_owned(),
            })),
        };
        self.apply(&event);
        Some(event)
    }
}
