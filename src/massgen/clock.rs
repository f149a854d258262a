//! MassGen's two kinds of time: seconds since the epoch, and local times without a zone.
//!
//! A log holds both for the same moments, so the zone it was written in can be told from it.

use jiff::{civil::DateTime, tz::TimeZone};

/// Quarters of an hour: all zones in use are whole ones from UTC.
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// How local times of a log become moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Milliseconds to take off a local time; `None` when the log does not tell, and this machine's zone
    /// is taken.
    zone: Option<i64>,
}

impl Clock {
    /// The zone in which `local` is the moment `unix_ms`.
    pub fn of(local: &str, unix_ms: u64) -> Option<Self> {
        let local = parse(local)?.to_zoned(TimeZone::UTC).ok()?;
        let ahead = local.timestamp().as_millisecond() - i64::try_from(unix_ms).ok()?;
        // A day ahead or behind is no zone but another clock.
        let zone = (ahead + QUARTER_MS / 2).div_euclid(QUARTER_MS) * QUARTER_MS;
        (zone.abs() <= 15 * 3_600_000).then_some(Self { zone: Some(zone) })
    }

    /// The moment of a local time, in milliseconds since the epoch.
    pub fn moment(self, local: &str) -> Option<u64> {
        let local = parse(local)?;
        let moment = if let Some(zone) = self.zone {
            let utc = local.to_zoned(TimeZone::UTC).ok()?;
            utc.timestamp().as_millisecond() - zone
        } else {
            let zoned = local.to_zoned(TimeZone::system()).ok()?;
            zoned.timestamp().as_millisecond()
        };
        u64::try_from(moment).ok()
    }
}

/// `2026-11-21T00:08:09.835`, `20261121_000809_835000` or `20261121_000809`.
fn parse(local: &str) -> Option<DateTime> {
    if let Ok(time) = local.trim().parse() {
        return Some(time);
    }
    let mut parts = local.trim().split('_');
    let (day, time) = (parts.next()?, parts.next()?);
    let part = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    if day.len() != 8 || time.len() != 6 {
        return None;
    }
    let nanos = match parts.next() {
        Some(micros) => micros.parse::<i32>().ok()?.checked_mul(1000)?,
        None => 0,
    };
    DateTime::new(
        day.get(..4)?.parse().ok()?,
        part(day, 4, 6)?,
        part(day, 6, 8)?,
        part(time, 0, 2)?,
        part(time, 2, 4)?,
        part(time, 4, 6)?,
        nanos,
    )
    .ok()
}

/// Seconds since the epoch as milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a date can be"
)]
pub fn ms(seconds: f64) -> u64 {
    (seconds * 1000.0).clamp(0.0, 253_402_300_799_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_is_told_by_one_moment_in_both_times() {
        let unix = 1_795_219_690_000;
        for (local, hours) in [
            ("2026-11-21T00:08:10.021", 0),
            ("2026-11-21T05:38:10", 5),
            ("20261120_190809_900000", -5),
        ] {
            let clock = Clock::of(local, unix).unwrap();
            let away = clock.moment(local).unwrap().abs_diff(unix);
            assert!(away < 1_000, "{local}: {away} ms away, {hours} h");
        }
        assert_eq!(Clock::of("2026-10-21T00:08:10", unix), None, "a month away");
        for wrong in [
            "",
            "yesterday",
            "2026",
            "20261341_000000",
            "20261121_0008",
            "a_b_c",
        ] {
            assert_eq!(Clock::default().moment(wrong), None, "{wrong}");
        }
    }
}
