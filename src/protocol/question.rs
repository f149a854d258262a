//! What an agent, or the program in its name, wants to know from the person.
//!
//! A question waits in one queue beside the run and never stops it: every asker has a bound on its
//! patience, and skipping is an answer. Plans that wait for approval are questions of another kind,
//! so that a person finds everything in one place.

use serde::{Deserialize, Serialize};

use super::{AgentId, Approval};

/// One question of a session.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct QuestionId(pub u32);

impl std::fmt::Display for QuestionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "q{}", self.0)
    }
}

/// A question as it was asked. Immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// Who asks; `None` is the program itself.
    #[serde(default)]
    pub asker: Option<AgentId>,
    /// The question, one or more sentences.
    pub text: String,
    /// What can be answered.
    pub kind: QuestionKind,
    /// Seconds until the asker goes on without an answer.
    pub seconds: u64,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// One of the options, or free text. Without options only free text.
    Question {
        /// The options in the order they are shown; answers count from 1.
        #[serde(default)]
        options: Vec<String>,
    },
    /// A plan to approve, to change or to reject.
    Plan {
        /// The plan, Markdown.
        plan: String,
    },
    /// A tool call to allow or to refuse. No answer in time means no.
    Approval(Box<Approval>),
}

/// What the person says to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The option with this number, from 1.
    Option(u32),
    /// Free text.
    Text(String),
    /// Nothing: the asker decides for itself.
    Skipped,
    /// The plan as it is; the tool call, this once.
    Approved,
    /// The tool call, and for the rest of the run whatever the shown rule covers.
    Always,
    /// The plan or the command, changed to this text.
    Edited(String),
    /// Not this plan or call, and why (may be empty).
    Rejected(String),
}

/// Life of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionEvent {
    /// It waits for the person.
    Asked(Question),
    /// The person has answered.
    Answered {
        /// Which.
        id: QuestionId,
        /// What was said.
        reply: Reply,
    },
    /// Whoever asked is gone.
    Withdrawn {
        /// Which.
        id: QuestionId,
    },
    /// Nobody answered in time; the asker went on without.
    Expired {
        /// Which.
        id: QuestionId,
    },
}

impl QuestionEvent {
    /// The question it is about.
    #[must_use]
    pub const fn id(&self) -> QuestionId {
        match self {
            Self::Asked(question) => question.id,
            Self::Answered { id, .. } | Self::Withdrawn { id } | Self::Expired { id } => *id,
        }
    }
}

impl Question {
    /// Why a reply does not fit; `None` when it does.
    #[must_use]
    pub fn objection(&self, reply: &Reply) -> Option<String> {
        match (&self.kind, reply) {
            (QuestionKind::Plan { .. }, Reply::Edited(text)) if text.trim().is_empty() => {
                Some(format!(
                    "An empty plan cannot be carried out; {} still waits: approve, change or reject it.",
                    self.id
                ))
            }
            (QuestionKind::Approval(_), Reply::Edited(text)) if text.trim().is_empty() => {
                Some(format!(
                    "An empty command cannot be run; {} still waits: allow, change or refuse it.",
                    self.id
                ))
            }
            (QuestionKind::Approval(approval), Reply::Edited(_)) if !approval.is_editable() => {
                Some(format!(
                    "Only commands can be changed; allow {} as it is, or refuse it.",
                    self.id
                ))
            }
            (QuestionKind::Approval(approval), Reply::Always) if approval.always.is_none() => {
                Some(format!(
                    "{} cannot be allowed for the rest of the run; allow it once, or refuse it.",
                    self.id
                ))
            }
            (QuestionKind::Approval(_), Reply::Option(_) | Reply::Text(_)) => Some(format!(
                "{} asks for leave to act: allow it once or always, change it, or refuse it.",
                self.id
            )),
            (_, Reply::Skipped)
            | (QuestionKind::Approval(_), _)
            | (QuestionKind::Question { .. }, Reply::Text(_))
            | (
                QuestionKind::Plan { .. },
                Reply::Approved | Reply::Edited(_) | Reply::Rejected(_),
            ) => None,
            (QuestionKind::Question { options }, Reply::Option(number)) => {
                let known = *number > 0 && *number as usize <= options.len();
                (!known).then(|| match options.len() {
                    0 => format!("{} has no options; answer with text.", self.id),
                    count => format!("{} has options 1 to {count}.", self.id),
                })
            }
            (QuestionKind::Question { .. }, _) => {
                Some(format!("{} is a question, not a plan.", self.id))
            }
            (QuestionKind::Plan { .. }, _) => Some(format!(
                "{} is a plan: approve, change or reject it.",
                self.id
            )),
        }
    }

    /// A reply in words: the option's own text, the text, or what was done.
    #[must_use]
    pub fn words<'a>(&'a self, reply: &'a Reply) -> &'a str {
        match reply {
            Reply::Option(number) => match &self.kind {
                QuestionKind::Question { options } => (*number as usize)
                    .checked_sub(1)
                    .and_then(|index| options.get(index))
                    .map_or("an option that does not exist", String::as_str),
                QuestionKind::Plan { .. } | QuestionKind::Approval(_) => {
                    "an option that does not exist"
                }
            },
            Reply::Text(text) | Reply::Edited(text) => text,
            Reply::Skipped => "skipped",
            Reply::Approved => "approved",
            Reply::Always => "approved for the rest of the run",
            Reply::Rejected(why) if why.trim().is_empty() => "rejected",
            Reply::Rejected(why) => why,
        }
    }
}
