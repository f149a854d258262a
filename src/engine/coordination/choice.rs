//! What a model wrote on its ballot, and what it means.
//!
//! The shape is read where the tools are ([`crate::engine::workflow`]); here names become labels.
//! Forgiving about how a label is written, strict about what cannot be counted.

use crate::protocol::{AgentId, Label};

/// What a model chose, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One answer: a label (`agent2.1`) or a bare agent (`agent2`).
    One(String),
    /// Several answers, good enough all of them.
    Several(Vec<String>),
    /// Answers from best to worst.
    Ranking(Vec<String>),
    /// Scores by answer and criterion.
    Scores(Vec<ScoreRow>),
}

/// An answer and its scores by criterion, as written.
pub type ScoreRow = (String, Vec<(String, i64)>);

impl From<&str> for Choice {
    fn from(text: &str) -> Self {
        Self::One(text.to_owned())
    }
}

impl From<String> for Choice {
    fn from(text: String) -> Self {
        Self::One(text)
    }
}

/// What is wrong with a ballot that names known answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadBallot {
    /// It names nothing.
    Empty,
    /// It ranks or scores this one twice.
    Twice(Label),
    /// It has another shape than the vote asks for; the field that is wanted.
    Shape(&'static str),
    /// It does not score this answer.
    Unscored(Label),
    /// It does not score this answer on this criterion.
    NoScore(Label, String),
    /// A score that is not from 0 to 10.
    OutOfRange(Label, String),
}

impl BadBallot {
    /// What is wrong and what to do, for the model and for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Empty => "The ballot names no answer; name at least one.".into(),
            Self::Twice(label) => {
                format!("{label} is on the ballot twice; name every answer once.")
            }
            Self::Shape(field) => {
                format!("This vote needs \"{field}\"; see the parameters of `vote`.")
            }
            Self::Unscored(label) => format!("{label} has no scores; score every current answer."),
            Self::NoScore(label, criterion) => {
                format!("{label} has no score for \"{criterion}\"; every criterion needs one.")
            }
            Self::OutOfRange(label, criterion) => {
                format!("The score of {label} for \"{criterion}\" is not a number from 0 to 10.")
            }
        }
    }
}

/// Reads `agent2.1`, `agent2`, `2.1` or `2`, in any case, with quotes or angle brackets around it:
/// models copy labels the way they are displayed.
pub(super) fn parse(choice: &str) -> Option<(AgentId, Option<u32>)> {
    let text = choice
        .trim_matches(|c: char| c.is_whitespace() || "\"'`<>[]()*".contains(c))
        .to_lowercase();
    let number = text.strip_prefix("agent").unwrap_or(&text);
    let number = number.trim_start_matches([' ', '_', '-']);
    let (agent, revision) = match number.split_once('.') {
        Some((agent, revision)) => (agent, Some(digits(revision)?)),
        None => (number, None),
    };
    let agent = u16::try_from(digits(agent)?).ok()?;
    Some((AgentId(agent), revision))
}

/// A number above zero in plain digits.
fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_the_way_models_write_them() {
        let agent = AgentId(2);
        for (text, expected) in [
            ("agent2.1", Some((agent, Some(1)))),
            ("agent2", Some((agent, None))),
            (" Agent2 ", Some((agent, None))),
            ("`agent2.3`", Some((agent, Some(3)))),
            ("<agent2>", Some((agent, None))),
            ("agent_2", Some((agent, None))),
            ("agent 2", Some((agent, None))),
            ("2", Some((agent, None))),
            ("2.1", Some((agent, Some(1)))),
            ("", None),
            ("agent", None),
            ("agent0", None),
            ("agent2.0", None),
            ("agent2.", None),
            ("agent2.1.1", None),
            ("agent-+2", None),
            ("agent99999", None),
            ("agent2.99999999999", None),
            ("bob", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
