//! How long a server asks us to wait, read from headers and from the words of its errors.
//!
//! No clock: an HTTP date is measured against the `Date` header of the same answer.

use serde_json::Value;

/// The headers that matter, as sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaitHeaders<'a> {
    /// `Retry-After`: seconds or an HTTP date (RFC 9110, 10.2.3).
    pub retry_after: Option<&'a str>,
    /// `Retry-After-Ms`, an extension of `OpenAI` and Azure.
    pub retry_after_ms: Option<&'a str>,
    /// `Date` of the answer.
    pub date: Option<&'a str>,
}

/// Milliseconds asked for: the headers first, then the body's own fields and words.
#[must_use]
pub fn asked(headers: WaitHeaders<'_>, body: &str) -> Option<u64> {
    let exact = headers
        .retry_after_ms
        .and_then(|text| text.trim().parse::<f64>().ok())
        .and_then(milliseconds);
    exact
        .or_else(|| from_header(headers.retry_after?, headers.date))
        .or_else(|| from_body(body))
}

fn from_header(text: &str, date: Option<&str>) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return milliseconds(seconds * 1000.0);
    }
    let until = http_date(text)?;
    let now = http_date(date?)?;
    Some(until.saturating_sub(now).saturating_mul(1000))
}

/// Google's `RetryInfo.retryDelay`, then "try again in 1.3s" and the like.
fn from_body(body: &str) -> Option<u64> {
    if let Ok(value) = serde_json::from_str::<Value>(body)
        && let Some(delay) = find_delay(&value, 0)
    {
        return duration(delay);
    }
    ["try again in ", "retry in ", "retry after "]
        .into_iter()
        .find_map(|phrase| {
            let at = body.to_ascii_lowercase().find(phrase)? + phrase.len();
            duration(body.get(at..)?)
        })
}

fn find_delay(value: &Value, depth: u8) -> Option<&str> {
    if depth > 6 {
        return None;
    }
    match value {
        Value::Object(map) => map
            .get("retryDelay")
            .and_then(Value::as_str)
            .or_else(|| map.values().find_map(|inner| find_delay(inner, depth + 1))),
        Value::Array(list) => list.iter().find_map(|inner| find_delay(inner, depth + 1)),
        _ => None,
    }
}

/// `37s`, `1.3s`, `6m0s`, `250ms`, `20 seconds` at the start of `text`, in milliseconds.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let mut rest = text.trim_start();
    let mut total = None;
    loop {
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else {
            return total;
        };
        let unit_text = tail.trim_start();
        let letters = unit_text
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(unit_text.len());
        let (unit, tail) = unit_text.split_at(letters);
        let scale = match unit.to_ascii_lowercase().as_str() {
            "ms" | "millisecond" | "milliseconds" => 1.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
            "h" | "hr" | "hour" | "hours" => 3_600_000.0,
            _ => return total,
        };
        total = Some(total.unwrap_or(0) + milliseconds(number * scale)?);
        rest = tail;
    }
}

fn milliseconds(value: f64) -> Option<u64> {
    (value.is_finite() && value >= 0.0).then(|| value.ceil().min(1e15) as u64)
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace().skip(1);
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = (1_i64..)
        .zip([
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ])
        .find_map(|(number, name)| (name == month).then_some(number))?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of the civil calendar, counted from March so that leap days come last.
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era_year = shifted_year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = era_year * 365 + era_year / 4 - era_year / 100 + day_of_year;
    let days = (shifted_year / 400) * 146_097 + day_of_era - 719_468;
    u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_words() {
        let table: &[(&str, WaitHeaders<'_>, &str, Option<u64>)] = &[
            ("nothing", WaitHeaders::default(), "slow down", None),
            (
                "seconds",
                WaitHeaders {
                    retry_after: Some("7"),
                    ..WaitHeaders::default()
                },
                "",
                Some(7_000),
            ),
            (
                "milliseconds win",
                WaitHeaders {
                    retry_after: Some("7"),
                    retry_after_ms: Some("250"),
                    ..WaitHeaders::default()
                },
                "",
                Some(250),
            ),
            (
                "a date",
                WaitHeaders {
                    retry_after: Some("Wed, 21 Oct 2026 07:28:30 GMT"),
                    date: Some("Wed, 21 Oct 2026 07:28:00 GMT"),
                    ..WaitHeaders::default()
                },
                "",
                Some(30_000),
            ),
            (
                "a date in the past",
                WaitHeaders {
                    retry_after: Some("Wed, 21 Oct 2026 07:28:00 GMT"),
                    date: Some("Wed, 21 Oct 2026 07:28:30 GMT"),
                    ..WaitHeaders::default()
                },
                "",
                Some(0),
            ),
            (
                "a date without a clock",
                WaitHeaders {
                    retry_after: Some("Wed, 21 Oct 2026 07:28:00 GMT"),
                    ..WaitHeaders::default()
                },
                "",
                None,
            ),
            (
                "nonsense",
                WaitHeaders {
                    retry_after: Some("-5"),
                    ..WaitHeaders::default()
                },
                "",
                None,
            ),
            (
                "openai's words",
                WaitHeaders::default(),
                "Rate limit reached. Please try again in 1.3s. Visit …",
                Some(1_300),
            ),
            (
                "groq's words",
                WaitHeaders::default(),
                "Please try again in 6m0.5s.",
                Some(360_500),
            ),
            (
                "google's field",
                WaitHeaders::default(),
                r#"{"error":{"details":[{"@type":"x"},{"retryDelay":"37s"}]}}"#,
                Some(37_000),
            ),
        ];
        for (name, headers, body, expected) in table {
            assert_eq!(asked(*headers, body), *expected, "{name}");
        }
    }

    #[test]
    fn dates_count_leap_years() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
            ("Sat, 21 Nov 2026 00:00:00 GMT", Some(1_795_219_200)),
            ("yesterday", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(http_date(text), expected, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("17ms", Some(17)),
            ("1s", Some(1_000)),
            ("6m0s", Some(360_000)),
            ("1h2m", Some(3_720_000)),
            ("20 seconds, please", Some(20_000)),
            ("soon", None),
            ("5", None),
            ("5 apples", None),
            ("", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
