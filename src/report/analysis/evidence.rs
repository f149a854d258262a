//! The evidence: figures and events of one turn, within what a model can read.
//!
//! The same log and window always give the same text. What does not fit is shortened, longest texts
//! first, then left out, least telling first; each gap says so. Every line that is not ours begins with
//! `| `, so that nothing in a log can look like an event or like the end of the evidence.

use std::fmt::Write as _;

use super::{
    super::{Of, Report, page, sheet_of},
    Seen,
    lines::{Entry, Weight, entries},
    text::{shortened, tokens},
};
use crate::{
    protocol::{AgentId, Event},
    text::clean,
};

/// The smallest window that anything fits into, in tokens.
pub const LEAST_WINDOW: u64 = 3_000;

/// Tokens of a window for everything that is not evidence: instructions, schema, framing.
const FRAME: u64 = 1_200;

/// Longest texts by weight (low, middle, high), in characters, from all to hardly any; 0 leaves the
/// event out.
const STEPS: [[usize; 3]; 12] = [
    [usize::MAX, usize::MAX, usize::MAX],
    [4_000, 16_000, usize::MAX],
    [2_000, 8_000, 40_000],
    [1_000, 4_000, 20_000],
    [400, 2_000, 12_000],
    [200, 1_000, 8_000],
    [80, 500, 4_000],
    [0, 240, 2_000],
    [0, 120, 1_000],
    [0, 80, 500],
    [0, 0, 240],
    [0, 0, 80],
];

/// What a model is shown of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The text.
    pub text: String,
    /// How much of the log it is.
    pub seen: Seen,
    /// First and last numbers of the events that are shown, in order.
    pub shown: Vec<(u64, u64)>,
}

/// The window is smaller than [`LEAST_WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall;

/// The evidence of a turn for a window of so many tokens, of which `reply` are kept for the reply.
///
/// # Errors
/// The window is too small for anything.
pub fn evidence(
    report: &Report,
    turn: &Of,
    events: &[Event],
    window: u64,
    reply: u64,
) -> Result<Evidence, TooSmall> {
    if window < LEAST_WINDOW {
        return Err(TooSmall);
    }
    // The count of tokens is a rule of thumb: a fifth of the window stays free.
    let room = (window / 5 * 4)
        .saturating_sub(FRAME)
        .saturating_sub(reply.min(window / 4));
    let within = |event: &&Event| (turn.part.events.0..=turn.part.events.1).contains(&event.seq.0);
    let events: Vec<Event> = events.iter().filter(within).cloned().collect();
    let name = |id: AgentId| {
        let agent = turn.agents.iter().find(|agent| agent.agent == id);
        agent.map_or_else(
            || id.to_string(),
            |agent| format!("{id} ({})", super::super::sheet::quoted(&agent.name)),
        )
    };
    let entries = entries(&events, &name);
    let all = figures(report, turn, u64::MAX);
    let figures = figures(report, turn, room / 4);
    let left = room.saturating_sub(tokens(&figures) + 20);
    let whole = render(&entries, STEPS[0]);
    let mut told = whole.clone();
    let mut complete = all == figures;
    for step in STEPS.iter().skip(1) {
        if told.tokens() <= left {
            break;
        }
        complete = false;
        told = render(&entries, *step);
    }
    if told.tokens() > left {
        told.cut(left);
    }
    let (lines, shown, left_out) = told.finished(&entries);
    let text = format!("FIGURES (counted, not judged)\n{figures}\nEVENTS\n{lines}");
    let seen = tokens(&text);
    Ok(Evidence {
        seen: Seen {
            tokens: seen,
            whole: if complete {
                seen
            } else {
                (tokens(&all) + whole.tokens()).max(seen + 1)
            },
            left_out,
        },
        text,
        shown,
    })
}

/// The counted report of the turn as marked lines.
fn figures(report: &Report, turn: &Of, room: u64) -> String {
    let page = page(&sheet_of(report, turn));
    let mut text = String::new();
    let mut used = 0;
    let mut lines = page.lines().filter(|line| !line.trim().is_empty());
    for line in lines.by_ref() {
        let line = format!("| {}\n", shortened(line, 1_000));
        let cost = tokens(&line) + 1;
        if used + cost > room {
            let more = lines.count() + 1;
            let _ = writeln!(text, "[{more} more lines of figures left out]");
            break;
        }
        used += cost;
        text.push_str(&line);
    }
    text
}

/// Rendered entries; `None` for one that is left out.
#[derive(Clone, Debug)]
struct Told(Vec<Option<(String, u64)>>);

/// Tokens that the word for a gap takes at most.
const GAP: u64 = 24;

fn render(entries: &[Entry], step: [usize; 3]) -> Told {
    let [low, middle, high] = step;
    let row = |entry: &Entry| {
        let most = match entry.weight {
            Weight::Low => low,
            Weight::Middle => middle,
            Weight::High => high,
        };
        (most > 0).then(|| {
            let text = line(entry, most);
            let cost = tokens(&text) + 1;
            (text, cost)
        })
    };
    Told(entries.iter().map(row).collect())
}

/// An event: our words behind its number, the words of others marked line by line.
fn line(entry: &Entry, most: usize) -> String {
    let span = if entry.first == entry.last {
        format!("[e{}]", entry.first)
    } else {
        format!("[e{}-e{}]", entry.first, entry.last)
    };
    let seconds = entry.at_ms / 1000;
    let tenth = entry.at_ms % 1000 / 100;
    let head = clean::line(&entry.head);
    let mut line = format!("{span} +{seconds}.{tenth}s {head}\n");
    // Cut first: what is thrown away needs no cleaning.
    for words in clean::text(&shortened(entry.body.trim(), most)).lines() {
        let _ = writeln!(line, "| {words}");
    }
    line
}

impl Told {
    fn tokens(&self) -> u64 {
        let mut gap = false;
        let mut sum = 0;
        for row in &self.0 {
            sum += match row {
                Some((_, cost)) => *cost,
                None if gap => 0,
                None => GAP,
            };
            gap = row.is_none();
        }
        sum
    }

    /// Leaves the middle out until it fits: the beginning says what was wanted, the end what came of it.
    fn cut(&mut self, room: u64) {
        let room = room.saturating_sub(GAP);
        let (mut head, mut tail) = (0, 0);
        let (mut used, mut from, mut to) = (0, 0, self.0.len());
        // What lies beside a gap may need a word for it.
        let cost = |row: &Option<(String, u64)>| row.as_ref().map_or(GAP, |(_, cost)| *cost);
        while from < to {
            let first = head <= tail;
            let place = if first { from } else { to - 1 };
            let Some(next) = self.0.get(place).map(cost) else {
                break;
            };
            if used + next > room {
                break;
            }
            used += next;
            if first {
                head += next;
                from += 1;
            } else {
                tail += next;
                to -= 1;
            }
        }
        if let Some(middle) = self.0.get_mut(from..to) {
            middle.fill(None);
        }
    }

    /// The text, what is shown in it, and how many events are not.
    fn finished(self, entries: &[Entry]) -> (String, Vec<(u64, u64)>, u64) {
        let mut text = String::new();
        let mut shown: Vec<(u64, u64)> = Vec::new();
        let mut gap: Option<(u64, u64)> = None;
        let mut left_out = 0;
        for (row, entry) in self.0.into_iter().zip(entries) {
            if let Some((line, _)) = row {
                close(&mut text, &mut gap);
                text.push_str(&line);
                shown.push((entry.first, entry.last));
            } else {
                left_out += entry.last.saturating_sub(entry.first) + 1;
                let first = gap.map_or(entry.first, |(first, _)| first);
                gap = Some((first, entry.last));
            }
        }
        close(&mut text, &mut gap);
        (text, shown, left_out)
    }
}

fn close(text: &mut String, gap: &mut Option<(u64, u64)>) {
    if let Some((first, last)) = gap.take() {
        let _ = writeln!(text, "[events {first} to {last} are left out]");
    }
}
