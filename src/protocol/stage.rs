//! Steps of a mode: which turn of a chain this is, which layer of a turn, what became of a plan.
//!
//! A mode that needs several turns (personas, parts that are derived, a plan and its chunks) is a
//! chain: every turn of it carries a [`Stage`] in its start, and [`StageEvent::Over`] after the last
//! one ends it. A turn without a mark is a chain of its own and has no `Over`.

use serde::{Deserialize, Serialize};

use super::{
    Limits, Outcome, Rules,
    rules::{Part, Persona},
};

/// The place of a turn in a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What it does.
    pub kind: StageKind,
    /// A few words: the title of a chunk; empty when the kind says all.
    #[serde(default)]
    pub title: String,
    /// What is asked for beside the task, as the agents read it; empty when it is the task itself.
    #[serde(default)]
    pub step: String,
    /// Number among the stages of its kind, starting at 1.
    pub number: u32,
    /// How many of its kind there are.
    pub of: u32,
    /// What holds for the whole task, in its first turn: a session that is resumed goes on under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<Box<Whole>>,
    /// What was settled before this turn, a plan for example. Each is told by an event of its own as
    /// well; standing here too, nothing of it is lost when the program is killed before those events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<StageEvent>,
}

/// Rules and limits of a task in several turns. Those of its single turns are made of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    /// Rules.
    pub rules: Rules,
    /// Limits; budgets are those of all turns together.
    pub limits: Limits,
}

/// What a stage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// One agent makes personas for the team.
    Personas,
    /// One agent divides the task.
    Divide,
    /// The team makes a plan.
    Plan,
    /// The team works off one chunk of the plan.
    Chunk,
    /// One agent puts the results of all chunks together.
    Assemble,
    /// The team works on the task, after stages that prepared it.
    Work,
}

impl StageKind {
    /// The word for screens, logs and prompts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Personas => "personas",
            Self::Divide => "dividing",
            Self::Plan => "planning",
            Self::Chunk => "chunk",
            Self::Assemble => "assembling",
            Self::Work => "work",
        }
    }
}

impl Stage {
    /// `chunk 1 of 4: Collect`, `planning`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = self.kind.word().to_owned();
        if self.of > 1 || self.kind == StageKind::Chunk {
            words = format!("{words} {} of {}", self.number, self.of);
        }
        if !self.title.is_empty() {
            words = format!("{words}: {}", self.title);
        }
        words
    }
}

/// A step of a mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageEvent {
    /// A layer begins; from its second on everybody is shown all answers of the one before.
    Layer {
        /// Which, starting at 1.
        number: u32,
        /// How many at most.
        of: u32,
    },
    /// Refinement ends before its last round.
    Early {
        /// Rounds that were played.
        rounds: u32,
        /// Why, one sentence.
        reason: String,
    },
    /// Who works on what.
    Divided {
        /// Parts.
        parts: Vec<Part>,
        /// Where they come from.
        source: Source,
    },
    /// Who plays what.
    Cast {
        /// Personas.
        personas: Vec<Persona>,
        /// Where they come from.
        source: Source,
    },
    /// The plan that is carried out. A session that is resumed goes on at the first chunk whose turn
    /// has not ended.
    Planned {
        /// Chunks in order.
        chunks: Vec<Chunk>,
        /// How it was approved.
        approved: Approved,
    },
    /// Parts or chunks of the task that nobody delivered.
    Missing {
        /// What, a few words each.
        parts: Vec<String>,
    },
    /// The chain is over.
    Over {
        /// What it came to, when the last turn alone does not tell.
        #[serde(default)]
        outcome: Option<Outcome>,
    },
}

/// Where parts or personas come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The configuration.
    Given,
    /// An agent made them.
    Made,
    /// An agent made some; the engine filled in the rest.
    Completed,
    /// What the agent made was of no use: the engine's own.
    Fallback,
}

impl Source {
    /// How it reads behind what was made.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Given => "as configured",
            Self::Made => "made by the coordinator",
            Self::Completed => "made by the coordinator, completed by the program",
            Self::Fallback => "the program's own: the coordinator's reply was of no use",
        }
    }
}

/// How a plan was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approved {
    /// By the person, as it was.
    Person,
    /// By the person, who changed it.
    Edited,
    /// By the configuration, or because nobody is there to ask.
    Policy,
}

impl Approved {
    /// How it reads after "approved".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Person => "as it is",
            Self::Edited => "with changes",
            Self::Policy => "without asking",
        }
    }
}

/// A chunk of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// A few words.
    pub title: String,
    /// What is to be done, Markdown.
    pub text: String,
}

impl StageEvent {
    /// Every text in it that people or models wrote, for masking and cleaning.
    pub fn texts_mut(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Layer { number: _, of: _ } => {}
            Self::Early { rounds: _, reason } => each(reason),
            Self::Divided { parts, source: _ } => {
                for Part {
                    agent: _,
                    text,
                    after: _,
                } in parts
                {
                    each(text);
                }
            }
            Self::Cast {
                personas,
                source: _,
            } => {
                for one in personas {
                    one.texts_mut(each);
                }
            }
            Self::Planned {
                chunks,
                approved: _,
            } => {
                for Chunk { title, text } in chunks {
                    each(title);
                    each(text);
                }
            }
            Self::Missing { parts } => parts.iter_mut().for_each(each),
            Self::Over { outcome } => match outcome {
                Some(
                    Outcome::Answered {
                        winner: _,
                        text,
                        presenter: _,
                        end: _,
                        changes: _,
                    }
                    | Outcome::NoAnswer {
                        reason: _,
                        message: text,
                    },
                ) => each(text),
                None => {}
            },
        }
    }
}
