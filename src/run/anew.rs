//! Why agents began again: the answers that were new to them.

use crate::protocol::{AgentEvent, AgentId, Event, Label, Purpose, Timestamp};

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

/// Why rounds began, and what is needed to know it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Causes {
    /// Rounds that began because there was something new to look at.
    pub rounds: Vec<Anew>,
    /// Every answer that each agent was ever shown.
    seen: Vec<(AgentId, Vec<Label>)>,
    /// Rounds that have just begun, whose answers may be told by the next event of their agents.
    began: Vec<Anew>,
}

impl Causes {
    /// Answers of others that an agent had not seen; from now on it has.
    fn news(&mut self, id: AgentId, shown: &[Label]) -> Vec<Label> {
        if !self.seen.iter().any(|(agent, _)| *agent == id) {
            self.seen.push((id, Vec::new()));
        }
        let mut news = Vec::new();
        if let Some((_, seen)) = self.seen.iter_mut().find(|(agent, _)| *agent == id) {
            news.extend(shown.iter().filter(|label| !seen.contains(label)).copied());
            seen.extend(&news);
        }
        news.retain(|label| label.agent != id);
        news
    }

    /// The same without positions in the log.
    #[cfg(test)]
    pub(super) fn forget_positions(&mut self) {
        for anew in self.rounds.iter_mut().chain(&mut self.began) {
            anew.seq = 0;
        }
    }
}

impl Turn {
    /// Notes why a round begins. Rounds that somebody else asked for (to present, judge, verify) and first
    /// rounds have other reasons.
    pub(super) fn notes_cause(&mut self, event: &Event, id: AgentId, what: &AgentEvent) {
        if self.agent(id).is_none() {
            return;
        }
        let causes = &mut self.record.causes;
        let began = causes.began.iter().position(|anew| anew.agent == id);
        let began = began.map(|place| causes.began.swap_remove(place));
        let anew = match what {
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            } => {
                let asked = matches!(
                    purpose,
                    Purpose::Present | Purpose::Judge | Purpose::Weigh | Purpose::Verify
                );
                let anew = Anew {
                    at: event.at,
                    seq: event.seq.0,
                    agent: id,
                    round: *round,
                    because: causes.news(id, view),
                };
                let counts = *round > 1 && !asked;
                if counts && anew.because.is_empty() {
                    causes.began.push(anew.clone());
                }
                counts.then_some(anew)
            }
            // Where a log tells of the answers apart, they come right after the beginning.
            AgentEvent::Delivered { labels } => {
                let because = causes.news(id, labels);
                began.map(|anew| Anew { because, ..anew })
            }
            _ => None,
        };
        causes
            .rounds
            .extend(anew.filter(|anew| !anew.because.is_empty()));
    }

    /// `mia begins round 2: agent2.1 is new to it`.
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

#[cfg(test)]
mod tests {
    use crate::{
        protocol::{
            AgentCard, AgentEvent, AgentId, Event, EventKind, Label, Limits, Origin, Purpose,
            Rules, RunEvent, RunId, Seq, Timestamp, TurnStart,
        },
        run::RunState,
    };

    fn told(events: Vec<AgentEvent>) -> Vec<String> {
        let card = AgentCard {
            id: AgentId(1),
            name: "mia".to_owned(),
            model: "m".to_owned(),
            backend: "b".to_owned(),
        };
        let start = TurnStart {
            run: RunId("20261121-101530-k3f9".to_owned()),
            turn: 1,
            prompt: "Why?".to_owned(),
            team: vec![card],
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Direct,
            version: "0".to_owned(),
            cwd: ".".to_owned(),
            places: Vec::new(),
            resumed: None,
            stage: None,
        };
        let mut run = RunState::default();
        let first = EventKind::Run(RunEvent::Started(Box::new(start)));
        let kinds = events.into_iter().map(|event| EventKind::Agent {
            id: AgentId(1),
            event,
        });
        for (seq, kind) in (1..).zip(std::iter::once(first).chain(kinds)) {
            run.apply(&Event {
                seq: Seq(seq),
                at: Timestamp(seq),
                kind,
            });
        }
        let turn = run.turn.expect("a turn");
        let rounds = &turn.record.causes.rounds;
        rounds.iter().map(|anew| turn.why_anew(anew)).collect()
    }

    fn round(round: u32, purpose: Purpose, view: &[Label]) -> AgentEvent {
        let view = view.to_vec();
        AgentEvent::RoundStarted {
            round,
            purpose,
            view,
        }
    }

    #[test]
    fn what_is_new_is_why_somebody_begins_again() {
        let (own, one, two) = (
            Label::new(AgentId(1), 1),
            Label::new(AgentId(2), 1),
            Label::new(AgentId(2), 2),
        );
        let work = Purpose::Work;
        assert_eq!(
            told(vec![
                round(1, work, &[one]),
                round(2, work, &[own, one]),
                round(3, Purpose::Revote, &[own, two]),
                round(4, Purpose::Present, &[Label::new(AgentId(2), 3)]),
            ]),
            ["mia begins round 3: agent2.2 is new to it"]
        );
        // A log of another program tells of the answers right after the beginning, or in between.
        let labels = vec![one, two];
        assert_eq!(
            told(vec![
                round(1, work, &[]),
                round(2, work, &[]),
                AgentEvent::Delivered { labels },
                AgentEvent::Delivered {
                    labels: vec![Label::new(AgentId(3), 1)],
                },
            ]),
            ["mia begins round 2: agent2.1, agent2.2 are new to it"]
        );
    }
}
