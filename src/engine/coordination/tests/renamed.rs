//! The same turn with other agent numbers: setups, inputs and labels under a renaming.

use std::collections::BTreeMap;

use crate::{
    engine::coordination::{
        Change, Input, Report, Setup, Timer,
        choice::{Choice, parse},
    },
    protocol::{AgentCard, AgentId, Label, Mode, Target},
};

/// A bijection between the numbers of a team; other numbers stay.
pub struct Renaming(BTreeMap<AgentId, AgentId>);

impl Renaming {
    /// `from[i]` becomes `to[i]`.
    pub fn new(from: &[AgentId], to: &[AgentId]) -> Self {
        Self(from.iter().copied().zip(to.iter().copied()).collect())
    }

    pub fn agent(&self, id: AgentId) -> AgentId {
        self.0.get(&id).copied().unwrap_or(id)
    }

    pub fn label(&self, label: Label) -> Label {
        Label::new(self.agent(label.agent), label.revision)
    }

    /// The same places of the team, with other numbers in them.
    pub fn setup(&self, setup: &Setup) -> Setup {
        let agents = setup.agents.iter().map(|id| self.agent(*id)).collect();
        let mut setup = setup.clone();
        self.mode(&mut setup.rules.mode);
        let rule = &mut setup.rules.finishing;
        rule.presenter = rule.presenter.map(|id| self.agent(id));
        if let Some(verify) = &mut rule.verify {
            verify.by = verify.by.map(|id| self.agent(id));
        }
        for own in &mut setup.limits.agents {
            own.agent = self.agent(own.agent);
        }
        setup.rules.asked = setup.rules.asked.map(|id| self.agent(id));
        let judge = &mut setup.rules.deciding.judge;
        *judge = judge.map(|id| self.agent(id));
        Setup { agents, ..setup }
    }

    fn mode(&self, mode: &mut Mode) {
        let named = |id: &mut Option<AgentId>| *id = id.map(|id| self.agent(id));
        match mode {
            Mode::Layers { aggregator: id, .. }
            | Mode::Rounds { judge: id, .. }
            | Mode::Council { chairman: id } => named(id),
            Mode::Parts(decomposition) => {
                named(&mut decomposition.presenter);
                for part in &mut decomposition.parts {
                    part.agent = self.agent(part.agent);
                    for on in &mut part.after {
                        *on = self.agent(*on);
                    }
                }
            }
            Mode::Team | Mode::Samples | Mode::Plan(_) => {}
        }
    }

    pub fn input(&self, input: &Input) -> Input {
        match input {
            Input::Agent {
                agent,
                round,
                report,
            } => Input::Agent {
                agent: self.agent(*agent),
                round: *round,
                report: self.report(report),
            },
            Input::Elapsed(timer) => Input::Elapsed(self.timer(*timer)),
            Input::Steer {
                id,
                target,
                text,
                mode,
            } => Input::Steer {
                id: *id,
                target: self.target(target),
                text: text.clone(),
                mode: *mode,
            },
            Input::Team(change) => Input::Team(self.change(change)),
            Input::Start | Input::Withdraw(_) | Input::AnswerNow | Input::Stop => input.clone(),
        }
    }

    fn target(&self, target: &Target) -> Target {
        match target {
            Target::One(agent) => Target::One(self.agent(*agent)),
            Target::Several(agents) => {
                Target::Several(agents.iter().map(|id| self.agent(*id)).collect())
            }
            Target::All => Target::All,
        }
    }

    fn change(&self, change: &Change) -> Change {
        match change {
            Change::Add { card, like, why } => Change::Add {
                card: self.card(card),
                like: self.agent(*like),
                why: why.clone(),
            },
            Change::Replace(card) => Change::Replace(self.card(card)),
            Change::Retire(id) => Change::Retire(self.agent(*id)),
            Change::Pause(id) => Change::Pause(self.agent(*id)),
            Change::Resume(id) => Change::Resume(self.agent(*id)),
            Change::Retry(id) => Change::Retry(self.agent(*id)),
            Change::Hide(_) | Change::Unavailable { .. } => change.clone(),
        }
    }

    fn card(&self, card: &AgentCard) -> AgentCard {
        AgentCard {
            id: self.agent(card.id),
            ..card.clone()
        }
    }

    fn timer(&self, timer: Timer) -> Timer {
        match timer {
            Timer::Round { agent, round } => Timer::Round {
                agent: self.agent(agent),
                round,
            },
            Timer::Silence { agent, round } => Timer::Silence {
                agent: self.agent(agent),
                round,
            },
            Timer::Stall { agent, round } => Timer::Stall {
                agent: self.agent(agent),
                round,
            },
            Timer::Pause(agent) => Timer::Pause(self.agent(agent)),
            Timer::Turn | Timer::Phase => timer,
        }
    }

    fn report(&self, report: &Report) -> Report {
        match report {
            Report::Vote { choice, reason } => Report::Vote {
                choice: self.choice(choice),
                reason: reason.clone(),
            },
            Report::Verdict {
                accept,
                instructions,
                agents,
            } => Report::Verdict {
                accept: *accept,
                instructions: instructions.clone(),
                agents: agents.iter().map(|name| self.word(name)).collect(),
            },
            Report::Publish { .. }
            | Report::Unaffordable(_)
            | Report::Miss { .. }
            | Report::Boundary
            | Report::Presented { .. }
            | Report::Failed(_) => report.clone(),
        }
    }

    /// A choice that names an agent or a label names the renamed one; nonsense stays.
    fn choice(&self, choice: &Choice) -> Choice {
        let all = |texts: &[String]| texts.iter().map(|text| self.word(text)).collect();
        match choice {
            Choice::One(text) => Choice::One(self.word(text)),
            Choice::Several(texts) => Choice::Several(all(texts)),
            Choice::Ranking(texts) => Choice::Ranking(all(texts)),
            Choice::Scores(rows) => Choice::Scores(
                rows.iter()
                    .map(|(text, scores)| (self.word(text), scores.clone()))
                    .collect(),
            ),
        }
    }

    fn word(&self, choice: &str) -> String {
        match parse(choice) {
            Some((agent, None)) => self.agent(agent).to_string(),
            Some((agent, Some(revision))) => Label::new(self.agent(agent), revision).to_string(),
            None => choice.to_owned(),
        }
    }
}
