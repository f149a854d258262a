//! A task in parts: who may begin, what is shown of the others, what is missing at the end.
//!
//! Each part is one answer of its agent. A part that builds on others begins when those are there or
//! cannot come any more, and sees them alone. There is no vote: the presenter assembles. When nobody
//! can, the parts stand one after the other. What nobody delivered is named in the final text.

use std::fmt::Write as _;

use crate::protocol::{AgentId, Label, RunEvent, StageEvent, rules::Part};

use super::{Coordination, state::FirstAnswer};

/// Characters of a part's words that name it where it is missing.
const NAME: usize = 80;

impl Coordination {
    /// Whether the task is in parts.
    pub(super) fn in_parts(&self) -> bool {
        !self.rules().mode.parts().is_empty()
    }

    /// The part of this agent.
    pub(super) fn part(&self, i: usize) -> Option<&Part> {
        let id = self.members[i].id;
        let parts = self.rules().mode.parts();
        parts.iter().find(|part| part.agent == id)
    }

    /// Whether the parts that this one builds on are still to come.
    pub(super) fn waits_for_parts(&self, i: usize) -> bool {
        self.part(i)
            .is_some_and(|part| part.after.iter().any(|on| self.can_come(*on)))
    }

    /// Whether an agent's part is not there and may still come.
    fn can_come(&self, id: AgentId) -> bool {
        self.find(id).is_some_and(|i| {
            let member = &self.members[i];
            member.revisions == 0
                && self.counts(i)
                && member.first != FirstAnswer::GivenUp
                && !self.is_spent(i)
                && self.part(i).is_some()
                && self.answers_left(i) > 0
        })
    }

    /// Keeps the labels of the parts that this one builds on.
    pub(super) fn keep_basis(&self, i: usize, labels: &mut Vec<Label>) {
        labels.retain(|label| self.is_basis(i, *label));
    }

    /// Whether an agent's part builds on this answer, whoever else may see it.
    pub(super) fn is_basis(&self, i: usize, label: Label) -> bool {
        self.part(i)
            .is_some_and(|part| part.after.contains(&label.agent))
    }

    /// Whether a part is not there.
    pub(super) fn lacks_parts(&self) -> bool {
        !self.missing().is_empty()
    }

    /// What nobody delivered, a few words each.
    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (part, number) in self.rules().mode.parts().iter().zip(1..) {
            let there = self
                .find(part.agent)
                .is_some_and(|i| self.members[i].revisions > 0);
            if !there {
                let agent = part.agent;
                missing.push(format!("part {number} ({agent}): {}", name(&part.text)));
            }
        }
        missing
    }

    /// Tells what is missing, once, when the parts are counted.
    pub(super) fn tell_missing(&mut self) {
        let parts = self.missing();
        if !parts.is_empty() {
            self.emit(RunEvent::Stage(StageEvent::Missing { parts }));
        }
    }

    /// The parts one after the other, for when nobody assembles them.
    pub(super) fn joined_parts(&self) -> Option<String> {
        let mut text = String::new();
        for (part, number) in self.rules().mode.parts().iter().zip(1..) {
            let answer = self
                .find(part.agent)
                .and_then(|i| self.members[i].current())
                .and_then(|label| self.answer(label));
            if let Some(answer) = answer {
                let name = name(&part.text);
                let _ = write!(text, "## Part {number}: {name}\n\n{}\n\n", answer.text);
            }
        }
        (self.rules().mode.parts().len() > 1 && !text.is_empty())
            .then(|| text.trim_end().to_owned())
    }

    /// Puts the names of missing parts below a final text, whoever wrote it.
    pub(super) fn with_missing(&self, mut text: String) -> String {
        let missing = self.missing();
        if !missing.is_empty() {
            text.push_str("\n\n---\n\n**Not delivered:**\n");
            for part in missing {
                let _ = write!(text, "\n- {part}");
            }
            text.push('\n');
        }
        text
    }
}

/// The beginning of a part's words, on one line.
fn name(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= NAME {
        return line;
    }
    let mut short: String = line.chars().take(NAME - 1).collect();
    short.push('…');
    short
}
