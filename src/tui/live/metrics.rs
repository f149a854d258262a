//! The page of how quickly models answer and how often they fail.
//!
//! Figures are the fold's. What matters most is told in sentences, which wrap; a narrow screen cuts off the
//! last columns of the table.

use super::{
    block::Block,
    flow::Flow,
    ink::{Role, Words},
    phrase::{self, clean, count, span},
    scroll::Scroll,
    votes::heading,
};
use crate::{
    run::{Errors, Metrics, RunState, Served, Turn, short},
    text::width,
};

/// Columns of the longest name of a model.
const NAME: usize = 26;
/// Columns of a number.
const NUMBER: usize = 8;
/// Models that are told one by one.
const MODELS: usize = 64;

/// The page: the turn that is shown, then all turns when there are several.
pub(super) fn page(turn: &Turn, run: &RunState, scroll: Scroll) -> Flow {
    let mut flow = Flow::new(scroll);
    let metrics = &turn.record.metrics;
    let turns = run.turns().count();
    let title = if turns > 1 {
        format!("Model calls of turn {}", turn.start.turn)
    } else {
        "Model calls".to_owned()
    };
    let places: Vec<Served> = metrics.places().cloned().collect();
    part(&mut flow, &title, &places, turn);
    if turns > 1 {
        let all = Metrics::of_all(run.turns().map(|turn| &turn.record.metrics));
        part(&mut flow, &format!("All {turns} turns"), &all, turn);
    }
    flow
}

fn part(flow: &mut Flow, title: &str, places: &[Served], turn: &Turn) {
    heading(flow, Role::Accent, title);
    if places.is_empty() {
        let words = match (turn.imported(), turn.is_over()) {
            (Some(_), _) => "The log of that program does not tell of model calls.",
            (None, true) => "No model was called.",
            (None, false) => "No model call has ended yet.",
        };
        flow.push(Block::note("·", Role::Dim, words));
        return;
    }
    let all = Metrics::sum(places);
    sentences(flow, &all);
    table(flow, places);
    failures(flow, places);
}

fn sentences(flow: &mut Flow, all: &Served) {
    let calls = count(u64::from(all.usage.calls), "call", "calls");
    let tokens = short(all.usage.output);
    let rate = all
        .rate()
        .map_or_else(String::new, |rate| format!(", {} tokens/s", speed(rate)));
    let words = format!("{calls} ended, {tokens} reply tokens{rate}");
    flow.push(Block::note("·", Role::Text, &words));
    for (what, spread) in [("first word", &all.first), ("whole call", &all.whole)] {
        let words = match spread.quantiles() {
            Some(found) => format!(
                "{what}: median {}, 95 of 100 within {}, longest {}",
                span(found.median),
                span(found.p95),
                span(found.longest)
            ),
            None => format!("{what}: not known of any call"),
        };
        flow.push(Block::note("·", Role::Text, &words));
    }
    if all.errors.is_empty() {
        flow.push(Block::note("✓", Role::Ok, "no call failed"));
        return;
    }
    let failed = count(all.failures(), "failure", "failures");
    let words = format!("{failed}: {}{}", kinds(&all.errors), after(all));
    flow.push(Block::note("!", Role::Warn, &words));
}

fn table(flow: &mut Flow, places: &[Served]) {
    let longest = places.iter().map(|place| width::of(&clean(&place.model)));
    let name = longest.max().unwrap_or(0).clamp(5, NAME) + 1;
    let cells = [
        "first", "whole", "tok/s", "calls", "failed", "1st 95%", "all 95%", "tokens",
    ];
    let captions: String = cells.iter().map(|word| width::pad(word, NUMBER)).collect();
    let captions = format!("{}{captions}at", width::pad("model", name));
    flow.push(Block::row(Words::of(Role::Dim, captions)).apart());
    for place in places.iter().take(MODELS) {
        flow.push(Block::row(row(place, name)));
    }
    if places.len() > MODELS {
        let more = format!("{} more models", places.len() - MODELS);
        flow.push(Block::note("…", Role::Dim, &more));
    }
}

fn row(place: &Served, name: usize) -> Words {
    let model = width::fit(&clean(&place.model), name - 1).into_owned();
    let first = place.first.quantiles();
    let whole = place.whole.quantiles();
    let time = |ms: Option<u64>| width::pad(&ms.map_or_else(none, brief), NUMBER);
    let rate = place.rate().map_or_else(none, speed);
    let failed = place.failures();
    let failed_role = if failed > 0 { Role::Warn } else { Role::Dim };
    Words::of(Role::Strong, width::pad(&model, name))
        .and(Role::Text, time(first.map(|found| found.median)))
        .and(Role::Text, time(whole.map(|found| found.median)))
        .and(Role::Text, width::pad(&rate, NUMBER))
        .and(
            Role::Text,
            width::pad(&place.usage.calls.to_string(), NUMBER),
        )
        .and(failed_role, width::pad(&short(failed), NUMBER))
        .and(Role::Text, time(first.map(|found| found.p95)))
        .and(Role::Text, time(whole.map(|found| found.p95)))
        .and(Role::Dim, width::pad(&short(place.usage.output), NUMBER))
        .and(Role::Dim, clean(&place.backend))
}

/// What failed where, in words.
fn failures(flow: &mut Flow, places: &[Served]) {
    let failing = places.iter().filter(|place| !place.errors.is_empty());
    let failing: Vec<&Served> = failing.take(MODELS).collect();
    if failing.is_empty() {
        return;
    }
    heading(flow, Role::Warn, "Failures");
    for place in failing {
        let at = match place.backend.as_str() {
            "" => String::new(),
            backend => format!(" at {}", clean(backend)),
        };
        let words = format!(
            "{}{at}: {}{}",
            clean(&place.model),
            kinds(&place.errors),
            after(place)
        );
        flow.push(Block::note("!", Role::Warn, &words));
    }
}

/// `rate limited 2, server busy 1`.
fn kinds(errors: &[Errors]) -> String {
    let kinds = errors.iter();
    let kinds: Vec<String> = kinds
        .map(|one| format!("{} {}", one.kind.word(), one.count))
        .collect();
    kinds.join(", ")
}

/// What came of failures: `; tried again 2 times after 4.0 s, 1 agent lost`.
fn after(place: &Served) -> String {
    let mut parts = Vec::new();
    if place.retries > 0 {
        let times = count(place.retries, "time", "times");
        parts.push(format!(
            "tried again {times}, {} of waiting",
            span(place.waited_ms())
        ));
    }
    if place.switched > 0 {
        let times = count(place.switched, "time", "times");
        parts.push(format!("went on elsewhere {times}"));
    }
    if place.lost > 0 {
        parts.push(count(place.lost, "agent was lost", "agents were lost"));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("; {}", parts.join(", "))
}

fn none() -> String {
    "–".to_owned()
}

/// A span in at most seven columns: `850 ms`, `4.2 s`, `99 s`, `12 min`, `30 h`.
fn brief(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..100_000 => phrase::span(milliseconds),
        100_000..6_000_000 => format!("{} min", milliseconds / 60_000),
        _ => format!("{} h", milliseconds / 3_600_000),
    }
}

/// Tokens per second.
fn speed(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        short(rate as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_fit_their_columns() {
        for (ms, told) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (99_999, "99 s"),
            (100_000, "1 min"),
            (5_999_999, "99 min"),
            (6_000_000, "1 h"),
            (u64::from(u32::MAX), "1193 h"),
        ] {
            assert_eq!(brief(ms), told);
            assert!(width::of(told) < NUMBER);
        }
        assert_eq!(
            (speed(9.94), speed(10.0), speed(1234.0)),
            ("9.9".into(), "10".into(), "1.2k".into())
        );
    }
}
