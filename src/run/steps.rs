//! Steps of a mode as the fold knows them: which layer, who works on what, which plan.

use crate::protocol::{
    AgentId, Outcome, StageEvent,
    rules::{Part, Persona},
    stage::{Approved, Chunk, Source},
};

use super::{AgentState, Happening, Turn};

/// The part of the task that is one agent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf<'a> {
    /// Its number, starting at 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// What it is, as told.
    pub text: &'a str,
    /// How far it is.
    pub progress: Progress<'a>,
}

/// How far a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Still to come.
    Open {
        /// Names of the agents whose parts it waits for.
        waits_for: Vec<&'a str>,
    },
    /// It is there.
    Done,
    /// It is not there and cannot come any more.
    Missing,
}

/// What the mode of a turn has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// The running layer and how many there are at most.
    pub layer: Option<(u32, u32)>,
    /// Why refinement ended before its last round.
    pub early: Option<String>,
    /// Who works on what, and where that comes from.
    pub parts: Option<(Vec<Part>, Source)>,
    /// Who plays what, and where that comes from.
    pub personas: Option<(Vec<Persona>, Source)>,
    /// The plan that is carried out and how it was approved.
    pub plan: Option<(Vec<Chunk>, Approved)>,
    /// What nobody delivered.
    pub missing: Vec<String>,
    /// The chain of turns is over.
    pub over: bool,
}

impl Turn {
    pub(super) fn stage_event(&mut self, event: &StageEvent) -> Option<Happening> {
        let words = self.stage_sentence(event);
        let steps = &mut self.steps;
        match event {
            StageEvent::Layer { number, of } => steps.layer = Some((*number, *of)),
            StageEvent::Early { rounds: _, reason } => steps.early = Some(reason.clone()),
            StageEvent::Divided { parts, source } => steps.parts = Some((parts.clone(), *source)),
            StageEvent::Cast { personas, source } => {
                steps.personas = Some((personas.clone(), *source));
            }
            StageEvent::Planned { chunks, approved } => {
                steps.plan = Some((chunks.clone(), *approved));
            }
            StageEvent::Missing { parts } => steps.missing.clone_from(parts),
            StageEvent::Over { outcome } => {
                steps.over = true;
                if let Some(outcome) = outcome {
                    self.outcome = Some(outcome.clone());
                }
            }
        }
        words.map(Happening::Told)
    }

    /// A step in words: `layer 2 of 3`; nothing for the end of a chain, whose turn has told its own.
    #[must_use]
    pub fn stage_sentence(&self, event: &StageEvent) -> Option<String> {
        Some(match event {
            StageEvent::Layer { number, of } => {
                format!("{} {number} of {of}", self.start.rules.mode.layer_word())
            }
            StageEvent::Early { rounds, reason } => {
                format!("refinement ended after round {rounds}: {reason}")
            }
            StageEvent::Divided { parts, source } => {
                let list: Vec<String> = (parts.iter().zip(1..))
                    .map(|(part, number)| format!("{number} {}", self.name(part.agent)))
                    .collect();
                format!("parts ({}): {}", source.words(), list.join(", "))
            }
            StageEvent::Cast { personas, source } => {
                format!("{} personas, {}", personas.len(), source.words())
            }
            StageEvent::Planned { chunks, approved } => {
                let titles: Vec<&str> = chunks.iter().map(|chunk| chunk.title.as_str()).collect();
                format!("plan approved {}: {}", approved.words(), titles.join(", "))
            }
            StageEvent::Missing { parts } => format!("missing: {}", parts.join("; ")),
            StageEvent::Over { outcome: _ } => return None,
        })
    }

    /// Where the mode is: `chunk 1 of 4: Collect · layer 2 of 3`; empty when it has no steps.
    #[must_use]
    pub fn step_words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.asked_words());
        if let Some(stage) = self.start.stage.as_ref().filter(|_| !self.is_last()) {
            words.push(stage.words());
        }
        if let Some((number, of)) = self.steps.layer
            && of > 1
            && !self.is_over()
        {
            words.push(format!(
                "{} {number} of {of}",
                self.start.rules.mode.layer_word()
            ));
        }
        if let Some((done, of)) = self.parts_done() {
            words.push(format!("{done} of {of} parts"));
        }
        words.join(" · ")
    }

    /// The same in as few columns as can be: `chunk 1/4`, `layer 2/3`, `2/3 parts`.
    #[must_use]
    pub fn step_brief(&self) -> String {
        if let Some((done, of)) = self.parts_done() {
            return format!("{done}/{of} parts");
        }
        if let Some((number, of)) = self.steps.layer
            && of > 1
            && !self.is_over()
        {
            let word = self.start.rules.mode.layer_word();
            return format!("{word} {number}/{of}");
        }
        if let Some(words) = self.asked_words() {
            return words;
        }
        let stage = self.start.stage.as_ref().filter(|_| !self.is_last());
        stage.map_or_else(String::new, |stage| {
            let word = stage.kind.word();
            if stage.of > 1 {
                format!("{word} {}/{}", stage.number, stage.of)
            } else {
                word.to_owned()
            }
        })
    }

    /// How many parts are there, and of how many, while the task is worked on in parts.
    fn parts_done(&self) -> Option<(usize, usize)> {
        let parts = self.start.rules.mode.parts();
        let there = |part: &&Part| {
            self.agent(part.agent)
                .is_some_and(|agent| agent.current.is_some())
        };
        let worked_on = !parts.is_empty() && !self.is_over();
        worked_on.then(|| (parts.iter().filter(there).count(), parts.len()))
    }

    /// Who is asked alone in this turn: `only mia is asked`; as long as it runs.
    fn asked_words(&self) -> Option<String> {
        let asked = self.start.rules.asked.filter(|_| !self.is_over())?;
        Some(format!("only {} is asked", self.name(asked)))
    }

    /// Whether this turn asks another agent alone and this one waits for the next turn.
    #[must_use]
    pub fn sits_out(&self, agent: AgentId) -> bool {
        self.start.rules.asked.is_some_and(|asked| asked != agent)
    }

    /// The part of the task an agent works on.
    #[must_use]
    pub fn part(&self, agent: AgentId) -> Option<PartOf<'_>> {
        let parts = self.start.rules.mode.parts();
        let at = parts.iter().position(|part| part.agent == agent)?;
        let part = parts.get(at)?;
        let there = |id| self.agent(id).is_some_and(|agent| agent.current.is_some());
        let waits_for = part
            .after
            .iter()
            .filter(|on| !there(**on) && self.may_deliver(**on))
            .map(|on| self.name(*on))
            .collect();
        let progress = if there(agent) {
            Progress::Done
        } else if self.is_over() || !self.may_deliver(agent) {
            Progress::Missing
        } else {
            Progress::Open { waits_for }
        };
        Some(PartOf {
            number: at + 1,
            of: parts.len(),
            text: &part.text,
            progress,
        })
    }

    /// Whether a part of this agent may still come.
    fn may_deliver(&self, id: AgentId) -> bool {
        let parts = self.start.rules.mode.parts();
        parts.iter().any(|part| part.agent == id)
            && self.agent(id).is_some_and(AgentState::is_waited_for)
    }

    /// The task of an agent in one line, where it is divided: `part 2 of 3, waits for mia: Compare`.
    #[must_use]
    pub fn part_words(&self, agent: AgentId) -> Option<String> {
        let mode = &self.start.rules.mode;
        if mode.parts().is_empty() {
            return None;
        }
        let Some(part) = self.part(agent) else {
            let last = self.start.team.last().map(|card| card.id);
            let presents = mode.presenter().or(last) == Some(agent);
            let words = if presents {
                "no part: puts them together"
            } else {
                "no part"
            };
            return Some(words.to_owned());
        };
        let progress = match part.progress {
            Progress::Done => ", done".to_owned(),
            Progress::Missing => ", not delivered".to_owned(),
            Progress::Open { waits_for } if waits_for.is_empty() => String::new(),
            Progress::Open { waits_for } => format!(", waits for {}", waits_for.join(" and ")),
        };
        let (number, of, text) = (part.number, part.of, part.text.trim());
        Some(format!("part {number} of {of}{progress}: {text}"))
    }

    /// Whether nothing of the task follows: its turn has ended, and so has its chain.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.outcome.is_some() && (self.start.stage.is_none() || self.steps.over)
    }

    /// The outcome, when nothing of the task follows.
    #[must_use]
    pub fn last_word(&self) -> Option<&Outcome> {
        self.outcome.as_ref().filter(|_| self.is_last())
    }
}
