//! Two or more sessions side by side: outcomes, times, money, votes, tools, trouble, what they were set
//! up with, and how their final answers differ.
//!
//! Pure. The figures are those of the report; a log of another program tells no rules and no limits, and
//! is not said to have any. It says what differs, never which is better.

mod rows;
mod setup;
#[cfg(test)]
mod tests;
mod write;

pub use self::write::{csv, markdown as compare_markdown, unified};

use super::{Report, of};
use crate::{
    protocol::{
        Event, Outcome, RunId,
        comparison::{AnswerDiff, Compared, Comparison, Line, Marked, VERSION},
    },
    run::{RunState, Turn},
    text::{
        clean,
        words::{self, Aligned},
    },
};

/// A session that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub run: &'a RunId,
    /// Its story.
    pub events: &'a [Event],
    /// What of its log could not be read.
    pub damage: Option<&'a str>,
}

/// A session with everything that is known about it.
struct Known<'a> {
    subject: Subject<'a>,
    report: Report,
    state: RunState,
}

impl Known<'_> {
    fn last(&self) -> Option<&Turn> {
        self.state.turn.as_ref()
    }

    /// The final answer of the last turn, clean.
    fn answer(&self) -> String {
        match self.last().and_then(|turn| turn.outcome.as_ref()) {
            Some(Outcome::Answered { text, .. }) => clean::text(text).trim().to_owned(),
            Some(Outcome::NoAnswer { .. }) | None => String::new(),
        }
    }
}

/// The sessions side by side, in this order.
#[must_use]
pub fn compare(subjects: &[Subject<'_>]) -> Comparison {
    let known: Vec<Known<'_>> = (subjects.iter())
        .map(|subject| {
            let mut state = RunState::default();
            for event in subject.events {
                state.apply(event);
            }
            Known {
                subject: *subject,
                report: of(subject.run, subject.events),
                state,
            }
        })
        .collect();
    let sessions: Vec<Compared> = known.iter().map(compared).collect();
    let mut sections = rows::of(&known);
    sections.extend(setup::of(&known));
    let first = sessions.first().map_or("", |one| one.answer.as_str());
    let answers = (sessions.iter().enumerate().skip(1))
        .map(|(place, session)| answer_diff(place, first, &session.answer))
        .collect();
    Comparison {
        version: VERSION,
        answers,
        sessions,
        sections,
    }
}

fn compared(known: &Known<'_>) -> Compared {
    let first = known.state.turns().next();
    let prompt = first.map_or("", |turn| turn.start.prompt.as_str());
    Compared {
        run: RunId(clean::line(&known.subject.run.0).into_owned()),
        last_event: known.state.last_seq,
        prompt: clean::text(prompt).trim().to_owned(),
        answer: known.answer(),
        damage: known
            .subject
            .damage
            .map(|words| clean::line(words).into_owned()),
    }
}

/// How two texts differ, line by line and within lines.
fn answer_diff(session: usize, old: &str, new: &str) -> AnswerDiff {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut diff = AnswerDiff {
        session,
        ..AnswerDiff::default()
    };
    let line = |lines: &[&str], at: usize| lines.get(at).copied().unwrap_or_default().to_owned();
    for aligned in words::aligned(&before, &after) {
        let line = match aligned {
            Aligned::Same(at, _) => Line::Same(line(&before, at)),
            Aligned::Old(at) => {
                diff.removed += 1;
                Line::Removed(line(&before, at))
            }
            Aligned::New(at) => {
                diff.added += 1;
                Line::Added(line(&after, at))
            }
            Aligned::Changed(old, new, marks) => {
                diff.removed += 1;
                diff.added += 1;
                Line::Changed {
                    old: Marked {
                        text: line(&before, old),
                        marks: marks.old,
                    },
                    new: Marked {
                        text: line(&after, new),
                        marks: marks.new,
                    },
                }
            }
        };
        diff.lines.push(line);
    }
    diff
}
