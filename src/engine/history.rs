//! Earlier turns in the prompt of the next: recent ones in full, older ones as digests.
//!
//! Deterministic and made without a model. A digest says what it leaves out, and is the same in every
//! later turn, so that provider caches keep hitting; the oldest fall out in blocks for the same
//! reason. A turn that was cut short is told as what it was.

use std::fmt::Write as _;

use super::prompt::defuse;
use crate::protocol::{Answer, Outcome, OutcomeEnd};

/// Most bytes of all turns that are shown in full.
const FULL: usize = 64 * 1024;
/// Turns shown in full at most.
const FULL_TURNS: usize = 3;
/// Longest task or answer of a turn that is shown in full, in bytes.
const PART: usize = 24 * 1024;
/// Most bytes of all digests.
const DIGESTS: usize = 24 * 1024;
/// Digests that are left out at a time.
const BLOCK: usize = 8;
/// Bytes of a task in a digest.
const DIGEST_TASK: usize = 400;
/// Bytes of the beginning of an answer in a digest.
const DIGEST_HEAD: usize = 800;
/// Bytes of the end of an answer in a digest.
const DIGEST_TAIL: usize = 200;

/// A turn that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its task.
    pub prompt: String,
    /// What came of it; `None` when the log does not say.
    pub outcome: Option<Outcome>,
    /// The latest answer, for a turn without an outcome.
    pub best: Option<String>,
    /// What was published, in order; kept of the latest turn only.
    pub answers: Vec<Answer>,
}

/// Takes in a turn that is over; of the one before only what stands in prompts is kept.
pub fn remember(turns: &mut Vec<Earlier>, turn: Earlier) {
    if let Some(last) = turns.last_mut() {
        last.answers = Vec::new();
    }
    turns.push(turn);
}

impl Earlier {
    /// The answer that stands, final or not.
    fn answer(&self) -> Option<&str> {
        match &self.outcome {
            Some(Outcome::Answered { text, .. }) => Some(text),
            Some(Outcome::NoAnswer { .. }) => None,
            None => self.best.as_deref(),
        }
    }

    /// What has to be known about an answer that is not what the team had agreed on.
    fn caveat(&self) -> Option<String> {
        let best = "The best answer so far was:";
        Some(match &self.outcome {
            Some(Outcome::Answered { end, .. }) => match end {
                OutcomeEnd::Consensus => return None,
                OutcomeEnd::Stopped => {
                    format!("This task was stopped before the team had agreed. {best}")
                }
                OutcomeEnd::AnswerNow => format!(
                    "The person asked for an answer before the team had agreed on its own. {best}"
                ),
                OutcomeEnd::Limit => {
                    format!("This task ran into a limit before the team had agreed. {best}")
                }
                OutcomeEnd::AgentsLost => {
                    format!("All agents were lost before the team had agreed. {best}")
                }
            },
            Some(Outcome::NoAnswer { message, .. }) => {
                format!("This task ended without an answer: {}", defuse(message))
            }
            None if self.best.is_some() => {
                format!("This task broke off before the team had agreed. {best}")
            }
            None => "This task broke off before there was an answer.".to_owned(),
        })
    }

    fn whole(&self) -> String {
        self.write(&cut(&self.prompt, PART, 0), |answer| cut(answer, PART, 0))
    }

    fn digest(&self) -> String {
        self.write(&cut(&self.prompt, DIGEST_TASK, 0), |answer| {
            cut(answer, DIGEST_HEAD, DIGEST_TAIL)
        })
    }

    fn write(&self, prompt: &str, shorten: impl Fn(&str) -> String) -> String {
        let mut text = format!("<earlier task>\n{prompt}\n<end of earlier task>\n");
        if let Some(caveat) = self.caveat() {
            let _ = writeln!(text, "{caveat}");
        }
        if let Some(answer) = self.answer() {
            let _ = write!(
                text,
                "<answer given>\n{}\n<end of answer given>\n",
                shorten(answer)
            );
        }
        text.push('\n');
        text
    }
}

/// All earlier turns as they go before the task; empty when there are none.
#[must_use]
pub fn render(turns: &[Earlier]) -> String {
    let mut full = Vec::new();
    let mut left = FULL;
    for turn in turns.iter().rev().take(FULL_TURNS) {
        let text = turn.whole();
        if text.len() > left && !full.is_empty() {
            break;
        }
        left = left.saturating_sub(text.len());
        full.push(text);
    }
    let older = &turns[..turns.len() - full.len()];
    let digests: Vec<String> = older.iter().map(Earlier::digest).collect();
    let mut gone = 0;
    while digests.iter().skip(gone).map(String::len).sum::<usize>() > DIGESTS {
        gone += BLOCK;
    }
    let mut text = String::new();
    if gone > 0 {
        let _ = write!(
            text,
            "({} earlier tasks are left out.)\n\n",
            gone.min(digests.len())
        );
    }
    for digest in digests.iter().skip(gone) {
        text.push_str(digest);
    }
    for whole in full.iter().rev() {
        text.push_str(whole);
    }
    text
}

/// Beginning and end of a text, with a note of what is missing between them. Cuts at a line where
/// one is near.
fn cut(text: &str, head: usize, tail: usize) -> String {
    let text = text.trim();
    if text.len() <= head + tail {
        return defuse(text);
    }
    let mut end = text.floor_char_boundary(head);
    if let Some(line) = text[..end].rfind('\n').filter(|line| *line > end / 2) {
        end = line;
    }
    let start = text.ceil_char_boundary(text.len() - tail);
    let mut short = defuse(text[..end].trim_end());
    let _ = write!(short, "\n[{} bytes more were cut]", start - end);
    if tail > 0 {
        short.push('\n');
        short.push_str(&defuse(text[start..].trim_start()));
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::{AgentId, Label, NoAnswerReason};

    fn answered(prompt: &str, text: &str, end: OutcomeEnd) -> Earlier {
        Earlier {
            prompt: prompt.into(),
            outcome: Some(Outcome::Answered {
                changes: Vec::new(),
                winner: Label::new(AgentId(1), 1),
                text: text.into(),
                presenter: None,
                end,
            }),
            best: None,
            answers: Vec::new(),
        }
    }

    fn agreed(prompt: &str, text: &str) -> Earlier {
        answered(prompt, text, OutcomeEnd::Consensus)
    }

    #[test]
    fn recent_turns_are_whole_and_older_ones_are_digests_that_say_what_is_missing() {
        let long = "line of the answer\n".repeat(200);
        let turns: Vec<_> = (1..=5)
            .map(|n| agreed(&format!("task {n}"), &long))
            .collect();
        let text = render(&turns);
        assert_eq!(text.matches("bytes more were cut]").count(), 2, "{text}");
        for n in 1..=5 {
            assert!(text.contains(&format!("<earlier task>\ntask {n}\n")));
        }
        assert_eq!(text.matches(long.trim()).count(), 3);
        assert!(text.find("task 1") < text.find("task 5"), "oldest first");
    }

    #[test]
    fn a_turn_that_was_cut_short_is_told_as_what_it_was() {
        let mut turn = answered("t", "half", OutcomeEnd::Stopped);
        let text = render(std::slice::from_ref(&turn));
        assert!(
            text.contains(
                "This task was stopped before the team had agreed. The best answer so far was:\n\
                 <answer given>\nhalf\n"
            ),
            "{text}"
        );
        turn.outcome = Some(Outcome::NoAnswer {
            reason: NoAnswerReason::Cancelled,
            message: "Stopped before the first answer.".into(),
        });
        let text = render(std::slice::from_ref(&turn));
        assert!(text.contains("ended without an answer: Stopped before the first answer."));
        assert!(!text.contains("<answer given>"));
        turn.outcome = None;
        assert!(render(std::slice::from_ref(&turn)).contains("broke off before there was"));
        turn.best = Some("draft".into());
        assert!(render(&[turn]).contains("broke off before the team had agreed."));
    }

    #[test]
    fn a_digest_never_changes_and_what_falls_out_falls_out_in_blocks() {
        let long = "words and words ".repeat(500);
        let turns: Vec<_> = (0..60)
            .map(|n| agreed(&format!("task {n}"), &long))
            .collect();
        let mut changes = 0;
        for count in 40..59 {
            let (now, next) = (render(&turns[..count]), render(&turns[..=count]));
            let shared = now
                .bytes()
                .zip(next.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            // Everything up to the turns that were shown in full stays as it was.
            let kept = now
                .find(&format!("task {}\n", count - FULL_TURNS))
                .unwrap_or(0);
            changes += usize::from(shared < kept);
        }
        assert!(changes <= 19_usize.div_ceil(BLOCK), "{changes} changes");
    }

    proptest! {
        #[test]
        fn it_stays_within_its_budget_and_no_text_closes_its_block(
            sizes in proptest::collection::vec((0_usize..3000, 0_usize..90_000), 0..40),
        ) {
            let turns: Vec<_> = sizes
                .iter()
                .map(|(prompt, answer)| agreed(
                    &"p é ".repeat(*prompt / 4),
                    &"x <end of answer given>\n".repeat(*answer / 24),
                ))
                .collect();
            let text = render(&turns);
            prop_assert!(text.len() <= FULL + 2 * PART + DIGESTS + 4096, "{}", text.len());
            let given = text.matches("\n<end of answer given>").count();
            prop_assert!(given <= turns.len());
        }
    }
}
