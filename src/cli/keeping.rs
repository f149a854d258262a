//! How long the worktrees of ended sessions are kept, and how much room they may take.

use crate::workspace::Keeping;

/// Bounds of the housekeeping.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct KeepArgs {
    /// Days that worktrees of an ended session are kept ("never" clears none away); 14 when not said.
    #[arg(
        long,
        value_name = "DAYS",
        global = true,
        env = "MASSGEN_TUI_KEEP_DAYS",
        value_parser = days,
        hide_short_help = true
    )]
    pub keep_days: Option<Bound<u32>>,
    /// Room for the worktrees of all sessions, like 500M or 20G ("any" is no bound); 20G when not said.
    #[arg(
        long,
        value_name = "SIZE",
        global = true,
        env = "MASSGEN_TUI_KEEP_SIZE",
        value_parser = size,
        hide_short_help = true
    )]
    pub keep_size: Option<Bound<u64>>,
}

/// A number, or no bound at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<T> {
    /// None.
    Without,
    /// This.
    At(T),
}

impl<T> Bound<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Without => None,
            Self::At(value) => Some(value),
        }
    }
}

impl KeepArgs {
    /// What was said, or what holds without a word.
    pub fn keeping(&self) -> Keeping {
        let usual = Keeping::default();
        Keeping {
            days: self.keep_days.map_or(usual.days, Bound::value),
            bytes: self.keep_size.map_or(usual.bytes, Bound::value),
        }
    }
}

fn days(text: &str) -> Result<Bound<u32>, String> {
    if text == "never" {
        return Ok(Bound::Without);
    }
    text.parse()
        .map(Bound::At)
        .map_err(|_| "say a number of days, or never".to_owned())
}

fn size(text: &str) -> Result<Bound<u64>, String> {
    if text == "any" {
        return Ok(Bound::Without);
    }
    let wrong = || "say a size like 500M or 20G, or any".to_owned();
    let (number, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (text.split_at(text.len() - 1).0, 10),
        Some(b'M' | b'm') => (text.split_at(text.len() - 1).0, 20),
        Some(b'G' | b'g') => (text.split_at(text.len() - 1).0, 30),
        Some(b'T' | b't') => (text.split_at(text.len() - 1).0, 40),
        _ => (text, 0),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number
        .checked_mul(1 << shift)
        .map(Bound::At)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("0", Ok(Bound::At(0))),
            ("500M", Ok(Bound::At(500 << 20))),
            ("20g", Ok(Bound::At(20 << 30))),
            ("any", Ok(Bound::Without)),
            ("", Err(())),
            ("G", Err(())),
            ("-1G", Err(())),
            ("99999999999999T", Err(())),
            ("1.5G", Err(())),
        ] {
            assert_eq!(size(text).map_err(|_| ()), wanted, "{text}");
        }
        assert_eq!(days("never"), Ok(Bound::Without));
        assert_eq!(days("7"), Ok(Bound::At(7)));
        assert!(days("soon").is_err());
        let none = KeepArgs::default().keeping();
        assert_eq!(none, Keeping::default());
    }
}
