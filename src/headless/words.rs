//! Durations, money and counts as people read them, for plain text output.

use crate::{
    protocol::{Cost, Timestamp},
    run,
};

/// A duration from milliseconds: `0.4s`, `12.5s`, `3m07s`, `1h02m`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    if seconds < 60 {
        format!("{seconds}.{}s", ms % 1000 / 100)
    } else if seconds < 3600 {
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60)
    }
}

/// Money: `$0.0021`, `at least $0.50` when a part has no known price, `price unknown` when no part has one.
#[must_use]
pub fn money(cost: Cost) -> String {
    match (cost.partial, cost.usd > 0.0) {
        (true, false) => "price unknown".to_owned(),
        (true, true) => format!("at least {}", usd(cost.usd)),
        (false, _) => usd(cost.usd),
    }
}

/// US dollars with as many digits as say something.
#[must_use]
pub fn usd(usd: f64) -> String {
    run::usd(usd)
}

/// A count with separators: `12,345`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and its noun: `1 agent`, `3 agents`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// A moment in the zone of this machine: `2026-11-21 10:15`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    i64::try_from(at.0)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(
            || "?".to_owned(),
            |at| {
                at.to_zoned(jiff::tz::TimeZone::system())
                    .strftime("%Y-%m-%d %H:%M")
                    .to_string()
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(duration(0), "0.0s");
        assert_eq!(duration(12_590), "12.5s");
        assert_eq!(duration(187_000), "3m07s");
        assert_eq!(duration(3_725_000), "1h02m");
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "agent"), "1 agent");
        assert_eq!(counted(1200, "token"), "1,200 tokens");
        let money = |usd, partial| money(Cost { usd, partial });
        assert_eq!(money(0.0, false), "$0.00");
        assert_eq!(money(0.0, true), "price unknown");
        assert_eq!(money(0.0021, false), "$0.0021");
        assert_eq!(money(1.5, true), "at least $1.50");
    }

    #[test]
    fn a_moment_far_away_is_no_reason_to_fail() {
        assert_eq!(moment(Timestamp(u64::MAX)), "?");
        assert_eq!(moment(Timestamp(1_795_256_130_000)).len(), 16);
    }
}
