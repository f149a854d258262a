//! `--at`: the moment of a session, as people write it.
//!
//! `end`, an event's number (`120`, `#120`), an answer's label (`agent1.2`), a time since the beginning
//! (`+90s`, `+1m30s`, `+2h`), a share of the whole (`50%`), a time of day (`14:03`, `14:03:22`).

use jiff::{Timestamp as Instant, ToSpan as _, civil::Time, tz::TimeZone};

use crate::{
    app::stills::Moment,
    protocol::{Label, Seq, Timestamp},
};

/// A moment before the session is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// One that needs no clock.
    Moment(Moment),
    /// The first time after the beginning that a clock shows this.
    Clock(Time),
}

/// What can be written.
pub const FORMS: &str = "`end`, an event (`120`), an answer (`agent1.2`), a time since the beginning \
                         (`+90s`, `+1m30s`), a share (`50%`) or a time of day (`14:03:22`)";

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let wrong = || format!("{text:?} is no moment; it is {FORMS}");
        if text == "end" {
            return Ok(Self::Moment(Moment::End));
        }
        if let Some(span) = text.strip_prefix('+') {
            let after = milliseconds(span).ok_or_else(wrong)?;
            return Ok(Self::Moment(Moment::After(after)));
        }
        if let Some(share) = text.strip_suffix('%') {
            let share = share.trim().parse::<u8>().ok();
            let share = share.filter(|share| *share <= 100).ok_or_else(wrong)?;
            return Ok(Self::Moment(Moment::Share(share)));
        }
        if text.contains(':') {
            let form = match text.matches(':').count() {
                1 => "%H:%M",
                _ => "%H:%M:%S",
            };
            return Time::strptime(form, text)
                .map(Self::Clock)
                .map_err(|_| wrong());
        }
        if text.contains('.') {
            let label: Label = text.parse().map_err(|_| wrong())?;
            return Ok(Self::Moment(Moment::Answer(label)));
        }
        let seq = text.trim_start_matches('#').parse().map_err(|_| wrong())?;
        Ok(Self::Moment(Moment::Event(Seq(seq))))
    }
}

/// `90s`, `1m30s`, `2h`, `500ms`; a bare number is seconds.
fn milliseconds(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse::<u64>() {
        return seconds.checked_mul(1_000);
    }
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let end = unit
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        let worth = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(worth)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

impl At {
    /// The moment of a session that began then, by the clocks of a time zone.
    #[must_use]
    pub fn of(self, began: Timestamp, zone: &TimeZone) -> Moment {
        match self {
            Self::Moment(moment) => moment,
            Self::Clock(time) => {
                let at = clock(time, began, zone).unwrap_or(u64::MAX);
                Moment::At(Timestamp(at))
            }
        }
    }
}

/// The first time at or after the beginning that the clock shows `time`, in milliseconds since 1970.
fn clock(time: Time, began: Timestamp, zone: &TimeZone) -> Option<u64> {
    let start = Instant::from_millisecond(i64::try_from(began.0).ok()?).ok()?;
    let day = start.to_zoned(zone.clone()).date();
    let on = |days: i32| {
        let date = day.checked_add(days.days()).ok()?;
        let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
        u64::try_from(at.timestamp().as_millisecond()).ok()
    };
    let today = on(0)?;
    // Who writes the second in which it began means its beginning.
    if today + 999 >= began.0 {
        return Some(today.max(began.0));
    }
    on(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_written() {
        let read = |text: &str| text.parse::<At>().ok();
        let moment = |moment| Some(At::Moment(moment));
        for (text, expected) in [
            ("end", moment(Moment::End)),
            ("120", moment(Moment::Event(Seq(120)))),
            ("#7", moment(Moment::Event(Seq(7)))),
            (
                "agent2.3",
                moment(Moment::Answer("agent2.3".parse().unwrap())),
            ),
            ("+90s", moment(Moment::After(90_000))),
            ("+1m30s", moment(Moment::After(90_000))),
            ("+2h", moment(Moment::After(7_200_000))),
            ("+500ms", moment(Moment::After(500))),
            ("+90", moment(Moment::After(90_000))),
            ("50%", moment(Moment::Share(50))),
            ("0%", moment(Moment::Share(0))),
            ("14:03", Some(At::Clock(Time::constant(14, 3, 0, 0)))),
            ("14:03:22", Some(At::Clock(Time::constant(14, 3, 22, 0)))),
            ("101%", None),
            ("-1%", None),
            ("+", None),
            ("+5x", None),
            ("+99999999999999999999h", None),
            ("25:00", None),
            ("agent.1", None),
            ("", None),
            ("later", None),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        let told = "later".parse::<At>().unwrap_err();
        assert!(told.contains("\"later\"") && told.contains("50%"), "{told}");
    }

    #[test]
    fn a_time_of_day_is_the_first_after_the_beginning() {
        // 2026-11-21 10:15:30.500 UTC.
        let began = Timestamp(1_795_256_130_500);
        let of = |text: &str, zone: &TimeZone| match text.parse::<At>().unwrap().of(began, zone) {
            Moment::At(at) => at.0 - began.0,
            other => panic!("{other:?}"),
        };
        let utc = TimeZone::UTC;
        assert_eq!(of("10:15:30", &utc), 0, "the second in which it began");
        assert_eq!(of("10:15:32", &utc), 1_500);
        assert_eq!(of("10:15:29", &utc), 86_398_500, "the next day");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(of("12:15:32", &east), 1_500);
    }
}
