//! What the person looks at on the live screen, for notes on it.

use super::{Live, Page};
use crate::{
    protocol::{Outcome, Seq, note::NoteOn},
    tui::shared::Shared,
};

impl Live {
    /// What is looked at, the nearest first: the answer and the work of the agent whose pane has the
    /// focus, the winning answer on its page, the latest event, the turn.
    #[must_use]
    pub fn places(&self, shared: &Shared) -> Vec<NoteOn> {
        let Some(turn) = self.turn(shared) else {
            return Vec::new();
        };
        let mut places = Vec::new();
        let answer = |label| {
            let seq = turn.published_by(label)?;
            Some(NoteOn::Answer { label, seq })
        };
        let event = turn
            .timeline
            .last()
            .map(|line| NoteOn::Event { seq: Seq(line.seq) });
        match self.page {
            Page::Agents => {
                let agent = self.focused_agent().and_then(|id| turn.agent(id));
                places.extend(agent.and_then(|agent| agent.current).and_then(answer));
                places.extend(agent.map(|agent| NoteOn::Agent {
                    agent: agent.card.id,
                    seq: turn.began(),
                }));
            }
            Page::Final => {
                if let Some(Outcome::Answered { winner, .. }) = &turn.outcome {
                    places.extend(answer(*winner));
                }
            }
            Page::Timeline | Page::Votes | Page::Calls => places.extend(event.clone()),
            Page::Answers | Page::Team | Page::Cost | Page::About | Page::Metrics => {}
        }
        places.push(NoteOn::Turn {
            turn: turn.start.turn,
            seq: turn.began(),
        });
        if let Some(event) = event
            && !places.contains(&event)
        {
            places.push(event);
        }
        places
    }

    /// Notes came or went: pages that show marks are made again.
    pub fn noted(&mut self) {
        self.pages.moved_on();
        if let Some((_, pages)) = &mut self.earlier {
            pages.moved_on();
        }
    }
}
