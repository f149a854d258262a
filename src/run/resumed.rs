//! A turn that goes on in another process: the same turn, with a pause in its clock.
//!
//! Nothing that was is over: answers, ballots and spending stay as they are.

use crate::protocol::{Timestamp, TurnStart};

use super::Turn;

impl Turn {
    /// Whether this beginning is that of the same turn, going on.
    pub(super) fn is_resumed_by(&self, start: &TurnStart) -> bool {
        start.resumed.is_some() && start.turn == self.start.turn && !self.is_over()
    }

    /// Goes on. Models may have changed; whoever is not in the team any more stays as it was.
    pub(super) fn go_on(&mut self, start: TurnStart, at: Timestamp) {
        let used = start.resumed.map_or(0, |resumed| resumed.used_ms);
        self.pauses.push((at, self.time(at).saturating_sub(used)));
        for agent in &mut self.agents {
            if let Some(card) = start.team.iter().find(|card| card.id == agent.card.id) {
                agent.card = card.clone();
            }
        }
        self.start = start;
    }

    /// Milliseconds that the turn had run at this moment, pauses between processes left out.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> u64 {
        let paused = self
            .pauses
            .iter()
            .filter(|(resumed, _)| *resumed <= at)
            .fold(0_u64, |sum, (_, pause)| sum.saturating_add(*pause));
        at.since(self.started).saturating_sub(paused)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        protocol::{
            Event, EventKind, Limits, Origin, Phase, Resumed, Rules, RunEvent, RunId, Seq,
            Timestamp, TurnStart,
        },
        run::{Happening, RunState},
    };

    fn start(turn: u32, resumed: Option<Resumed>) -> RunEvent {
        RunEvent::Started(Box::new(TurnStart {
            run: RunId("r".into()),
            turn,
            prompt: "task".into(),
            team: Vec::new(),
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Direct,
            version: "0".into(),
            cwd: "/".into(),
            places: Vec::new(),
            resumed,
            stage: None,
        }))
    }

    fn fold(events: Vec<(u64, RunEvent)>) -> RunState {
        let mut state = RunState::default();
        for (seq, (at, event)) in (1..).zip(events) {
            state.apply(&Event {
                seq: Seq(seq),
                at: Timestamp(at),
                kind: EventKind::Run(event),
            });
        }
        state
    }

    #[test]
    fn the_same_turn_goes_on_and_its_clock_leaves_the_pause_out() {
        let used = |times, used_ms| Some(Resumed { times, used_ms });
        let state = fold(vec![
            (1_000, start(1, None)),
            (2_000, RunEvent::Phase(Phase::Work)),
            (100_000, start(1, used(1, 1_000))),
            (103_000, RunEvent::Phase(Phase::VoteNow)),
            (200_000, start(1, used(2, 4_000))),
        ]);
        assert!(state.history.is_empty());
        let turn = state.turn.expect("a turn");
        assert_eq!(turn.phase, Phase::VoteNow);
        for (at, time) in [
            (2_000, 1_000),
            (100_000, 1_000),
            (103_000, 4_000),
            (200_500, 4_500),
        ] {
            assert_eq!(turn.time(Timestamp(at)), time, "at {at}");
        }
        assert_eq!(turn.elapsed(Timestamp(201_000)), 5_000);
        let resumed = |entry: &&crate::run::TimelineEntry| {
            entry.what == Happening::Started(crate::run::Beginning::Again)
        };
        assert_eq!(turn.timeline.iter().filter(resumed).count(), 2);
    }

    #[test]
    fn without_the_turn_it_goes_on_with_it_is_a_turn_of_its_own() {
        let resumed = Some(Resumed {
            times: 1,
            used_ms: 0,
        });
        let state = fold(vec![(1, start(1, None)), (2, start(2, resumed))]);
        assert_eq!(state.history.len(), 1);
        assert_eq!(state.turn.map(|turn| turn.start.turn), Some(2));
    }
}
