//! Steps of a mode as the fold knows them: which layer, who works on what, which plan.

use crate::protocol::{
    AgentId, Outcome, StageEvent,
    rules::{Part, Persona},
    stage::{Approved, Chunk, Source},
};

use super::{Happening, Turn};

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
        if let Some(stage) = &self.start.stage {
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
        if !self.start.rules.mode.parts().is_empty() && !self.is_over() {
            let parts = self.start.rules.mode.parts();
            let there = |part: &&Part| {
                self.agents
                    .iter()
                    .any(|agent| agent.card.id == part.agent && agent.current.is_some())
            };
            let done = parts.iter().filter(there).count();
            words.push(format!("{done} of {} parts", parts.len()));
        }
        words.join(" · ")
    }

    /// The part of the task an agent works on: its number and its words.
    #[must_use]
    pub fn part(&self, agent: AgentId) -> Option<(usize, &str)> {
        let given = self.start.rules.mode.parts();
        let parts = self.steps.parts.as_ref().map_or(given, |(parts, _)| parts);
        let at = parts.iter().position(|part| part.agent == agent)?;
        Some((at + 1, parts.get(at)?.text.as_str()))
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
