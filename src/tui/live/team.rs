//! Changes of the team on the live screen: panes that come, and a note in the pane of whom it is
//! about.

use super::{Live, Pane, transcript::Transcript};
use crate::{
    protocol::{AgentId, TeamEvent},
    run::{Activity, Away},
    tui::shared::Shared,
};

impl Live {
    /// Takes in a change that the run's fold has taken in.
    pub(super) fn team(&mut self, change: &TeamEvent, shared: &Shared) {
        let Some(turn) = &shared.run.turn else {
            return;
        };
        let id = match change {
            TeamEvent::Added { card, .. } => {
                let known = self.panes.iter().any(|pane| pane.id == card.id);
                if !known && turn.agent(card.id).is_some() {
                    self.panes.push(Pane {
                        id: card.id,
                        transcript: Transcript::new(),
                    });
                }
                card.id
            }
            TeamEvent::Replaced(card) => card.id,
            TeamEvent::Retired(id)
            | TeamEvent::Paused(id)
            | TeamEvent::Overdue(id)
            | TeamEvent::Resumed(id)
            | TeamEvent::Retried(id) => *id,
            // Told at the top of the program.
            TeamEvent::Hidden(_) | TeamEvent::Declined { .. } => return,
        };
        let away = turn.agent(id).and_then(|agent| match &agent.activity {
            Activity::Away(away) => Some(away),
            _ => None,
        });
        self.note_change(id, away, &turn.change(change));
    }

    fn note_change(&mut self, id: AgentId, away: Option<&Away>, words: &str) {
        if let Some(pane) = self.panes.iter_mut().find(|pane| pane.id == id) {
            pane.transcript.changed(away, words);
        }
    }
}
