//! Recent sessions on the start screen: the newest few, each with how it ended and its task.
//!
//! There is no heading and no word about them before the first session is stored.

use ratatui::{style::Style, text::Span};

use super::Setup;
use crate::{
    protocol::{Left, SessionSummary, Timestamp},
    text::{clean, width},
    tui::{
        effect::{Stored, Ticket},
        theme::Theme,
        widget::ago,
    },
};

/// Sessions listed.
const LISTED: usize = 5;

/// Cells of the outcome: the longest word and a gap.
const OUTCOME: usize = 12;

/// Cells of the age: `59 min ago` and a gap.
const AGE: usize = 12;

/// Cells from which the age is shown.
const AGED: usize = 50;

/// Mark of a session that a script and no model made.
const DEMO: &str = "  demo";

/// The newest stored sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// They, newest first.
    pub(super) listed: Vec<SessionSummary>,
    /// How many there are in all.
    pub(super) total: usize,
    /// They are being listed.
    asked: Option<Ticket>,
    /// Sessions that a crash cut off, once they were looked for.
    left: Option<Vec<Left>>,
}

impl Setup {
    /// Stored sessions were asked for.
    pub fn listing(&mut self, ticket: Ticket) {
        self.recent.asked = Some(ticket);
    }

    /// Stored sessions, newest first. A late answer to an older question changes nothing.
    pub fn found_sessions(&mut self, ticket: Ticket, stored: Stored) {
        if self.recent.asked != Some(ticket) {
            return;
        }
        self.recent.asked = None;
        let Stored { sessions, total } = stored;
        self.recent.total = total;
        let under_cursor = self.item();
        // The newest one that broke off stays in reach, however old it is.
        let unfinished = sessions.iter().position(goes_on);
        let mut place = 0;
        self.recent.listed = sessions;
        self.recent.listed.retain(|_| {
            place += 1;
            place <= LISTED || Some(place - 1) == unfinished
        });
        for session in &mut self.recent.listed {
            session.prompt = clean::line(first_line(&session.prompt)).into_owned();
            session.outcome = clean::line(&session.outcome).into_owned();
            if let Some(from) = &mut session.from {
                *from = clean::line(from).into_owned();
            }
        }
        self.rows.clear();
        self.return_to(under_cursor);
    }
}

impl Setup {
    /// The newest session that broke off, when there is one.
    pub fn unfinished(&self) -> Option<&SessionSummary> {
        self.recent.listed.iter().find(|session| goes_on(session))
    }
}

impl Setup {
    /// Sessions that a crash cut off.
    pub fn left(&self) -> &[Left] {
        self.recent.left.as_deref().unwrap_or_default()
    }

    /// Takes in which sessions a crash cut off; true the first time.
    pub fn set_left(&mut self, left: Vec<Left>) -> bool {
        self.rows.clear();
        self.recent.left.replace(left).is_none()
    }
}

/// A log of another program cannot be gone on with.
fn goes_on(session: &SessionSummary) -> bool {
    session.is_unfinished() && session.from.is_none()
}

fn first_line(prompt: &str) -> &str {
    prompt.trim().lines().next().unwrap_or_default()
}

/// Outcome, age and task of a session, within `room` cells.
pub(super) fn spans(
    session: &SessionSummary,
    now: Timestamp,
    theme: &Theme,
    room: usize,
) -> Vec<Span<'static>> {
    let outcome = width::pad(&session.outcome, OUTCOME);
    let mut spans = vec![Span::styled(outcome, style(&session.outcome, theme))];
    let mut left = room.saturating_sub(OUTCOME);
    if room >= AGED {
        let age = ago(now.since(Timestamp(session.started_ms)));
        spans.push(Span::styled(width::pad(&age, AGE), theme.dim));
        left = left.saturating_sub(AGE);
    }
    let mark = match &session.from {
        Some(from) => format!("  {}", from.split(' ').next().unwrap_or(from)),
        None if session.demo => DEMO.to_owned(),
        None => String::new(),
    };
    let prompt = width::fit(&session.prompt, left.saturating_sub(width::of(&mark)));
    spans.push(Span::styled(prompt.into_owned(), theme.text));
    spans.push(Span::styled(mark, theme.dim));
    spans
}

/// The colour of an outcome; the word says it as well.
fn style(outcome: &str, theme: &Theme) -> Style {
    match outcome {
        "answered" => theme.ok,
        "no answer" | "damaged" => theme.bad,
        _ => theme.warn,
    }
}
