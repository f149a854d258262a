//! How a team works together: all at once, in layers, in rounds, as samples, as a council, on parts
//! of the task, or by a plan.
//!
//! A mode is a setting of the one coordination reducer. Barriers (layers, rounds, samples, council)
//! and parts are played inside one turn; deriving parts, making personas and working off a plan are
//! turns of their own, chained by the session and marked with a [`super::super::Stage`].

use serde::{Deserialize, Serialize};

use crate::protocol::AgentId;

/// Layers of one turn; more are taken for this many.
pub const MOST_LAYERS: u32 = 100;

/// How the team works together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everybody publishes, improves and votes freely.
    #[default]
    Team,
    /// Mixture of agents: everybody publishes once per layer and is then shown all answers of the
    /// layer; votes are taken after the last one.
    Layers {
        /// Layers, at least 1.
        layers: u32,
        /// Who writes the final answer, instead of the winner.
        #[serde(default)]
        aggregator: Option<AgentId>,
    },
    /// Refinement in rounds that end early when a judge says so or all answers agree; most equal
    /// answers win, there is no vote.
    Rounds {
        /// Rounds that are always played.
        least: u32,
        /// Rounds at most.
        most: u32,
        /// Who judges; when none is named, the live agent that published first.
        #[serde(default)]
        judge: Option<AgentId>,
    },
    /// Self-consistency: one answer each, nobody sees another, most equal answers win.
    Samples,
    /// Answers first, then everybody judges the anonymous answers of the others, then the chairman
    /// writes the final answer.
    Council {
        /// Who writes the final answer; the winner when none is named.
        #[serde(default)]
        chairman: Option<AgentId>,
    },
    /// Everybody works on a part of the task, a presenter assembles them.
    Parts(Decomposition),
    /// The team makes a plan, a person approves it, and its chunks are worked off one by one.
    Plan(Planning),
}

impl Mode {
    /// The word for screens and logs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Layers { .. } => "layers",
            Self::Rounds { .. } => "rounds",
            Self::Samples => "samples",
            Self::Council { .. } => "council",
            Self::Parts(_) => "decomposition",
            Self::Plan(_) => "plan",
        }
    }

    /// Barriers: how often everybody publishes once and waits for the others. `None` without.
    #[must_use]
    pub fn layers(&self) -> Option<u32> {
        match self {
            Self::Layers { layers, .. } => Some((*layers).clamp(1, MOST_LAYERS)),
            Self::Rounds { least, most, .. } => Some((*most).max(*least).clamp(1, MOST_LAYERS)),
            Self::Samples | Self::Council { .. } => Some(1),
            Self::Team | Self::Parts(_) | Self::Plan(_) => None,
        }
    }

    /// What one layer is called.
    #[must_use]
    pub const fn layer_word(&self) -> &'static str {
        match self {
            Self::Rounds { .. } => "refinement",
            _ => "layer",
        }
    }

    /// True when equal answers win, so that equal answers are welcome and nobody votes.
    #[must_use]
    pub const fn by_agreement(&self) -> bool {
        matches!(self, Self::Rounds { .. } | Self::Samples)
    }

    /// The agent that writes the final answer whoever wins.
    #[must_use]
    pub const fn presenter(&self) -> Option<AgentId> {
        match self {
            Self::Layers { aggregator, .. } => *aggregator,
            Self::Council { chairman } => *chairman,
            Self::Parts(decomposition) => decomposition.presenter,
            Self::Team | Self::Rounds { .. } | Self::Samples | Self::Plan(_) => None,
        }
    }

    /// The parts of the task; empty in every other mode and as long as they are not derived.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        match self {
            Self::Parts(decomposition) => &decomposition.parts,
            _ => &[],
        }
    }
}

impl Mode {
    /// Every text in it, for masking and cleaning.
    pub fn texts_mut(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Parts(Decomposition {
                parts,
                presenter: _,
                guidelines,
                seconds: _,
            }) => {
                for part in parts {
                    each(&mut part.text);
                }
                each(guidelines);
            }
            Self::Team
            | Self::Layers { .. }
            | Self::Rounds { .. }
            | Self::Samples
            | Self::Council { .. }
            | Self::Plan(_) => {}
        }
    }
}

/// A task in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decomposition {
    /// The parts, at most one per agent; empty when they are to be derived.
    pub parts: Vec<Part>,
    /// Who assembles the parts; the last agent of the team when none is named.
    pub presenter: Option<AgentId>,
    /// Hints for deriving the parts.
    pub guidelines: String,
    /// Seconds for deriving them.
    pub seconds: u64,
}

impl Default for Decomposition {
    /// Derived within 5 minutes.
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            presenter: None,
            guidelines: String::new(),
            seconds: 300,
        }
    }
}

/// One part of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Whose it is.
    pub agent: AgentId,
    /// What it is.
    pub text: String,
    /// Whose parts it builds on: it begins when they are there.
    #[serde(default)]
    pub after: Vec<AgentId>,
}

/// An agent in a circle of parts that wait for each other, if there is one.
#[must_use]
pub fn circle(parts: &[Part]) -> Option<Vec<AgentId>> {
    let mut open: Vec<&Part> = parts.iter().collect();
    loop {
        let waiting: Vec<AgentId> = open.iter().map(|part| part.agent).collect();
        let before = open.len();
        open.retain(|part| part.after.iter().any(|on| waiting.contains(on)));
        if open.is_empty() {
            return None;
        }
        if open.len() == before {
            return Some(walk(&open));
        }
    }
}

/// Follows what each part waits for until an agent comes again: the circle itself, without what
/// merely hangs on it.
fn walk(open: &[&Part]) -> Vec<AgentId> {
    let mut path: Vec<AgentId> = Vec::new();
    let mut at = open.first().map(|part| part.agent);
    while let Some(agent) = at {
        if let Some(start) = path.iter().position(|seen| *seen == agent) {
            return path.split_off(start);
        }
        path.push(agent);
        at = open
            .iter()
            .find(|part| part.agent == agent)
            .and_then(|part| {
                let open_part = |on: &&AgentId| open.iter().any(|other| other.agent == **on);
                part.after.iter().find(open_part).copied()
            });
    }
    path
}

/// A plan that is made first and then worked off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Planning {
    /// Chunks at most; what a plan has beyond them joins the last one.
    pub chunks: u32,
    /// Steps to aim at, when the person says so.
    pub steps: Option<u32>,
    /// Who approves.
    pub approval: Approval,
}

impl Default for Planning {
    /// Up to 5 chunks, approved by the person.
    fn default() -> Self {
        Self {
            chunks: 5,
            steps: None,
            approval: Approval::Ask,
        }
    }
}

/// Who approves a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// The person; the plan waits for its answer.
    #[default]
    Ask,
    /// Nobody: it is carried out as made.
    Auto,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(list: &[(u16, &[u16])]) -> Vec<Part> {
        list.iter()
            .map(|(agent, after)| Part {
                agent: AgentId(*agent),
                text: "x".into(),
                after: after.iter().copied().map(AgentId).collect(),
            })
            .collect()
    }

    #[test]
    fn circles_are_found_and_named() {
        let check = |list: &[(u16, &[u16])], expected: Option<&[u16]>| {
            let found = circle(&parts(list));
            let mut found = found.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
            if let Some(found) = &mut found {
                found.sort_unstable();
            }
            assert_eq!(found.as_deref(), expected, "{list:?}");
        };
        check(&[], None);
        check(&[(1, &[]), (2, &[1]), (3, &[1, 2])], None);
        check(&[(1, &[1])], Some(&[1]));
        check(&[(1, &[2]), (2, &[1]), (3, &[1])], Some(&[1, 2]));
        check(&[(3, &[1]), (1, &[2]), (2, &[1])], Some(&[1, 2]));
        // Waiting for somebody without a part is waiting for nobody.
        check(&[(1, &[9])], None);
    }

    #[test]
    fn every_mode_reads_back() {
        for mode in [
            Mode::Team,
            Mode::Layers {
                layers: 3,
                aggregator: Some(AgentId(2)),
            },
            Mode::Samples,
            Mode::Parts(Decomposition {
                parts: parts(&[(1, &[]), (2, &[1])]),
                ..Decomposition::default()
            }),
            Mode::Plan(Planning::default()),
        ] {
            let text = serde_json::to_string(&mode).unwrap();
            assert_eq!(serde_json::from_str::<Mode>(&text).unwrap(), mode);
        }
    }
}
