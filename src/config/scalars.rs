//! Plain words that YAML 1.1 and YAML 1.2 read differently: `yes`, `012`, `1_000`, `1:30`, `2024-01-01`.
//!
//! MassGen reads YAML 1.1 (as `PyYAML` does), the reader here 1.2. Where a file relies on the older
//! reading it is taken, and always said; where MassGen would make of a number what nobody means (`1e3` is
//! text to it), the number stays. Quoted words and block text are no business of this.

use super::node::Kind;

/// Longest word that is looked at.
const LONGEST: usize = 40;

/// Another reading of a word.
#[derive(Debug, PartialEq)]
pub struct Reading {
    /// What it is read as.
    pub kind: Kind,
    /// What is said about it, without a full stop.
    pub message: String,
    /// What makes it plain to every reader.
    pub help: String,
}

/// The reading of a plain word that the reader took for `kind`; `None` when all readers agree.
#[must_use]
pub fn reread(word: &str, kind: &Kind) -> Option<Reading> {
    if word.len() > LONGEST || word.is_empty() {
        return None;
    }
    if let Some(value) = boolean(word) {
        return Some(Reading {
            kind: Kind::Bool(value),
            message: format!("`{word}` is read as {value}, as MassGen reads it"),
            help: format!("write {value}, or quote it if it is a word"),
        });
    }
    if !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let older = number(word);
    match (older, kind) {
        (Some(older), _) if older == *kind => {
            // Underscores in numbers are read by few.
            word.contains('_').then(|| taken(word, older))
        }
        (Some(Kind::Float(older)), Kind::Float(newer)) if older.is_nan() && newer.is_nan() => None,
        // Too large for a whole number: both readers do what they can.
        (Some(Kind::Float(_)), Kind::Float(_)) => None,
        (Some(older), _) => Some(taken(word, older)),
        (None, Kind::Int(_) | Kind::Float(_)) => (!is_special(word)).then(|| Reading {
            kind: kind.clone(),
            message: format!("`{word}` is a number here and text in MassGen"),
            help: match kind {
                Kind::Int(value) => format!("write {value}"),
                Kind::Float(value) => format!("write {value:?}"),
                _ => String::new(),
            },
        }),
        (None, Kind::Text(_)) if is_date(word) => Some(Reading {
            kind: kind.clone(),
            message: format!("`{word}` is text here and a date in MassGen"),
            help: "quote it".to_owned(),
        }),
        (None, _) => None,
    }
}

fn taken(word: &str, kind: Kind) -> Reading {
    let value = match &kind {
        Kind::Int(value) => value.to_string(),
        Kind::Float(value) => format!("{value:?}"),
        _ => String::new(),
    };
    let why = if word.contains(':') {
        ": minutes and seconds, by YAML 1.1"
    } else if word.contains('_') {
        ""
    } else {
        ": octal, by YAML 1.1"
    };
    Reading {
        kind,
        message: format!("`{word}` is read as {value}, as MassGen reads it{why}"),
        help: format!("write {value}, or quote it if it is text"),
    }
}

fn boolean(word: &str) -> Option<bool> {
    match word {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number that YAML 1.1 sees in a word.
fn number(word: &str) -> Option<Kind> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let first = digits.chars().next()?;
    if digits.contains('.') {
        return float(digits).map(|value| Kind::Float(if negative { -value } else { value }));
    }
    if !first.is_ascii_digit() {
        return None;
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok();
    let value = if digits.contains(':') {
        sixties(digits)
    } else if let Some(bits) = plain.strip_prefix("0b") {
        radix(bits, 2)
    } else if let Some(hex) = plain.strip_prefix("0x") {
        radix(hex, 16)
    } else if plain.len() > 1 && plain.starts_with('0') {
        radix(&plain, 8)
    } else if plain.chars().all(|c| c.is_ascii_digit()) {
        let Ok(value) = plain.parse() else {
            let value: f64 = plain.parse().ok()?;
            return Some(Kind::Float(if negative { -value } else { value }));
        };
        Some(value)
    } else {
        None
    }?;
    Some(Kind::Int(if negative { -value } else { value }))
}

/// `1:30` and `1:02:03` in ones.
fn sixties(digits: &str) -> Option<i64> {
    let mut parts = digits.split(':');
    let head = parts.next()?.replace('_', "");
    if head.starts_with('0') {
        return None;
    }
    let mut value: i64 = head.parse().ok()?;
    for part in parts {
        let fits = matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        let part: i64 = part.parse().ok().filter(|_| fits)?;
        value = value.checked_mul(60)?.checked_add(part)?;
    }
    Some(value)
}

/// A number with a point; an exponent must have a sign.
fn float(digits: &str) -> Option<f64> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
        None => (digits, "+0"),
    };
    let signed = exponent.strip_prefix(['+', '-'])?;
    let (whole, part) = mantissa.split_once('.')?;
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    let right = plain(part) && !signed.is_empty() && signed.chars().all(|c| c.is_ascii_digit());
    if !right || whole.is_empty() && !part.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let scale: i32 = exponent.parse().ok()?;
    let (head, power) = if whole.contains(':') {
        let (first, last) = whole.rsplit_once(':')?;
        (sixties(&format!("{first}:{last}"))?.to_string(), 0)
    } else {
        plain(whole).then_some(())?;
        (whole.replace('_', ""), scale)
    };
    format!("{head}.{}0e{power}", part.replace('_', ""))
        .parse()
        .ok()
}

/// `.inf`, `-.inf`, `.nan`: the same to all readers.
fn is_special(word: &str) -> bool {
    let word = word.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(word.as_str(), ".inf" | ".nan")
}

/// `2024-01-31`, perhaps with a time.
fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let mark = |at: usize, mark: u8| bytes.get(at) == Some(&mark);
    digits(0, 4)
        && mark(4, b'-')
        && digits(5, 7)
        && mark(7, b'-')
        && digits(8, 10)
        && (bytes.len() == 10
            || matches!(bytes.get(10), Some(b'T' | b't' | b' '))
                && digits(11, 13)
                && mark(13, b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_read_alike_is_not_told() {
        for (word, kind) in [
            ("12", Kind::Int(12)),
            ("-5", Kind::Int(-5)),
            ("+5", Kind::Int(5)),
            ("0", Kind::Int(0)),
            ("0x1f", Kind::Int(31)),
            ("2.5", Kind::Float(2.5)),
            (".5", Kind::Float(0.5)),
            ("1.", Kind::Float(1.0)),
            ("1.5e+3", Kind::Float(1500.0)),
            (".inf", Kind::Float(f64::INFINITY)),
            ("-.INF", Kind::Float(f64::NEG_INFINITY)),
            (".nan", Kind::Float(f64::NAN)),
            ("99999999999999999999", Kind::Float(1e20)),
            ("gpt-5", Kind::Text("gpt-5".into())),
            ("4b:latest", Kind::Text("4b:latest".into())),
            ("8080:80", Kind::Text("8080:80".into())),
            ("3.11.2", Kind::Text("3.11.2".into())),
            ("1:99", Kind::Text("1:99".into())),
            ("-", Kind::Text("-".into())),
            ("true", Kind::Bool(true)),
            ("y", Kind::Text("y".into())),
        ] {
            assert_eq!(reread(word, &kind), None, "{word}");
        }
    }

    #[test]
    fn the_older_reading_is_taken_and_told() {
        let text = |word: &str| Kind::Text(word.to_owned());
        for (word, kind, read, told) in [
            ("yes", text("yes"), Kind::Bool(true), "as true"),
            ("OFF", text("OFF"), Kind::Bool(false), "as false"),
            ("012", Kind::Int(12), Kind::Int(10), "octal"),
            ("-012", Kind::Int(-12), Kind::Int(-10), "octal"),
            ("1_000", Kind::Int(1000), Kind::Int(1000), "as 1000"),
            ("1_000", text("1_000"), Kind::Int(1000), "as 1000"),
            ("1_0.5", text("1_0.5"), Kind::Float(10.5), "as 10.5"),
            ("1:30", text("1:30"), Kind::Int(90), "minutes"),
            ("1:02:03", text("1:02:03"), Kind::Int(3723), "minutes"),
            ("1:30.5", text("1:30.5"), Kind::Float(90.5), "minutes"),
            ("0b101", text("0b101"), Kind::Int(5), "as 5"),
            (
                "1e3",
                Kind::Float(1000.0),
                Kind::Float(1000.0),
                "text in MassGen",
            ),
            (
                "1.5e3",
                Kind::Float(1500.0),
                Kind::Float(1500.0),
                "text in MassGen",
            ),
            ("0o14", Kind::Int(12), Kind::Int(12), "text in MassGen"),
            ("08", Kind::Int(8), Kind::Int(8), "text in MassGen"),
            (
                "2024-01-31",
                text("2024-01-31"),
                text("2024-01-31"),
                "a date in MassGen",
            ),
        ] {
            let got = reread(word, &kind).unwrap_or_else(|| panic!("{word}: nothing is said"));
            assert_eq!(got.kind, read, "{word}");
            assert!(got.message.contains(told), "{word}: {}", got.message);
            assert!(!got.help.is_empty());
        }
    }
}
