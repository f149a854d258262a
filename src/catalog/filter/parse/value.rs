//! Figures, lengths of time and days of a filter.

use std::ops::Range;

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime},
};

use super::{
    super::{
        Wrong,
        term::{Bounds, Edge, Figure, Ground},
    },
    Value, wrong,
};
use crate::protocol::Timestamp;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// Half a cent: `cost:1.20` means what the list shows as that.
const HALF_A_CENT: f64 = 0.005;

/// `>1`, `>=1`, `<5`, `<=5`, `1..5`, `1`.
pub(super) fn bounds(key: &str, figure: Figure, value: &Value) -> Result<Bounds, Wrong> {
    let text = value.text.trim();
    let number = |text: &str| {
        read(figure, text.trim()).ok_or_else(|| {
            let example = match figure {
                Figure::Duration => "duration:>5m, duration:<1h30m or duration:10s..2m".to_owned(),
                Figure::Cost => "cost:>1, cost:<0.05 or cost:1..5, in dollars".to_owned(),
                _ => format!("{key}:>1, {key}:<5, {key}:2..4 or {key}:3"),
            };
            wrong(
                value.at.clone(),
                format!("{key}:{text} is not understood."),
                format!("Write {example}."),
            )
        })
    };
    let mut bounds = Bounds {
        least: None,
        most: None,
    };
    if let Some(rest) = text.strip_prefix(">=") {
        bounds.least = Some((number(rest)?, Edge::Within));
    } else if let Some(rest) = text.strip_prefix('>') {
        bounds.least = Some((number(rest)?, Edge::Without));
    } else if let Some(rest) = text.strip_prefix("<=") {
        bounds.most = Some((number(rest)?, Edge::Within));
    } else if let Some(rest) = text.strip_prefix('<') {
        bounds.most = Some((number(rest)?, Edge::Without));
    } else if let Some((least, most)) = text.split_once("..") {
        bounds.least = Some((number(least)?, Edge::Within));
        bounds.most = Some((number(most)?, Edge::Within));
    } else {
        let exact = number(text.strip_prefix('=').unwrap_or(text))?;
        let slack = match figure {
            Figure::Cost => HALF_A_CENT,
            // A second, as the list shows them.
            Figure::Duration => 1_000.0,
            _ => 0.0,
        };
        let least = match figure {
            Figure::Cost => exact - slack,
            _ => exact,
        };
        let edge = if slack > 0.0 {
            Edge::Without
        } else {
            Edge::Within
        };
        bounds.least = Some((least, Edge::Within));
        bounds.most = Some((exact + slack, edge));
    }
    Ok(bounds)
}

fn read(figure: Figure, text: &str) -> Option<f64> {
    match figure {
        Figure::Duration => length(text),
        Figure::Cost => decimal(text.strip_prefix('$').unwrap_or(text)),
        Figure::Turns | Figure::Agents | Figure::Answers | Figure::Files | Figure::Notes => {
            text.parse::<u32>().ok().map(f64::from)
        }
    }
}

/// A number without sign, exponent or names.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits.then(|| text.parse::<f64>().ok()).flatten()
}

/// `90s`, `5m`, `1h30m`, `2d`, `1w`, `250ms` as milliseconds.
fn length(text: &str) -> Option<f64> {
    let mut left = text;
    let mut sum = 0.0;
    while !left.is_empty() {
        let end = left.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = left.split_at_checked(end)?;
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (unit, rest) = rest.split_at_checked(end)?;
        let unit = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" | "min" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => DAY,
            "w" => 7.0 * DAY,
            _ => return None,
        };
        sum += decimal(number)? * unit;
        left = rest;
    }
    (!text.is_empty()).then_some(sum)
}

/// The first moment of what is meant.
pub(super) fn since(value: &Value, ground: &Ground) -> Result<Timestamp, Wrong> {
    Ok(moment(value, ground)?.start)
}

/// The moment after the last of what is meant.
pub(super) fn until(value: &Value, ground: &Ground) -> Result<Timestamp, Wrong> {
    Ok(moment(value, ground)?.end)
}

/// A day as the range of its moments; a time ago as one moment.
fn moment(value: &Value, ground: &Ground) -> Result<Range<Timestamp>, Wrong> {
    let text = value.text.trim();
    if let Some(ago) = length(text) {
        let at = Timestamp(ground.now.0.saturating_sub(ago as u64));
        return Ok(at..at);
    }
    days(text, ground).ok_or_else(|| {
        wrong(
            value.at.clone(),
            format!("{text:?} is no day."),
            "Write 2d, 3h, 1w, today, yesterday, 2026-11-01 or 2026-11-01T18:30.",
        )
    })
}

fn days(text: &str, ground: &Ground) -> Option<Range<Timestamp>> {
    let at = |time: DateTime| {
        let zoned = time.to_zoned(ground.zone.clone()).ok()?;
        let ms = zoned.timestamp().as_millisecond();
        Some(Timestamp(u64::try_from(ms).unwrap_or(0)))
    };
    let day = |date: Date| {
        let next = date.checked_add(1.day()).ok()?;
        Some(at(date.into())?..at(next.into())?)
    };
    let today = || {
        let now = i64::try_from(ground.now.0).ok()?;
        let now = jiff::Timestamp::from_millisecond(now).ok()?;
        Some(now.to_zoned(ground.zone.clone()).date())
    };
    match text.to_lowercase().as_str() {
        "today" => return day(today()?),
        "yesterday" => return day(today()?.checked_sub(1.day()).ok()?),
        _ => {}
    }
    if text.contains(['T', 't']) {
        let moment = at(text.parse::<DateTime>().ok()?)?;
        return Some(moment..moment);
    }
    match text.split('-').count() {
        // A month.
        2 => {
            let first: Date = format!("{text}-01").parse().ok()?;
            let next = first.checked_add(1.month()).ok()?;
            Some(at(first.into())?..at(next.into())?)
        }
        3 => day(text.parse().ok()?),
        _ => None,
    }
}
