//! Places in a stored session, and what could not be read of it.
//!
//! Plain data: a session is read in pieces, each from the place where the one before ended.

use std::fmt;

/// A place between two events of a stored session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// What lies before it: bytes of a log of ours, events of a log that was translated.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
    /// Highest number of an event before it.
    pub seq: u64,
    /// What could not be read before it.
    pub damage: Damage,
}

/// What could not be read of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The file ends in the middle of a line: the program was killed while it wrote.
    pub unfinished: bool,
    /// Lines that are not events.
    pub skipped: u64,
    /// Number of the first such line, counted from 1.
    pub first_skipped: Option<u64>,
    /// Lines with bytes that are not UTF-8, read with replacement characters.
    pub repaired: u64,
    /// Events that are missing according to the numbering.
    pub missing: u64,
}

impl Damage {
    /// True when more is wrong than a last line that was cut off.
    #[must_use]
    pub fn lost_events(&self) -> bool {
        self.skipped > 0 || self.missing > 0
    }

    /// True when nothing is wrong.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(line) = self.first_skipped {
            parts.push(format!(
                "{} unreadable {} skipped (first: line {line})",
                self.skipped,
                plural(self.skipped, "line", "lines"),
            ));
        }
        if self.repaired > 0 {
            parts.push(format!(
                "{} {} with bytes that are not UTF-8",
                self.repaired,
                plural(self.repaired, "line", "lines"),
            ));
        }
        if self.missing > 0 {
            parts.push(format!(
                "{} {} missing",
                self.missing,
                plural(self.missing, "event", "events"),
            ));
        }
        if self.unfinished {
            parts.push("the last line is unfinished".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

fn plural<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}
