//! How fast a script talks: the speed setting and the cutting of text into tokens.
//!
//! A script has no tokenizer. A token here is a run of about four characters, which is what model
//! servers send on average, so that the number of chunks per second looks right. Joining the tokens
//! of a text gives the text back, byte for byte.

use std::{fmt, str::FromStr, time::Duration};

/// Longest token in characters.
const TOKEN_CHARS: usize = 5;

/// Slowest factor accepted.
const SLOWEST: f64 = 0.1;

/// Fastest factor accepted; beyond it a timer makes no difference and [`Speed::Max`] is meant.
const FASTEST: f64 = 10_000.0;

/// The `--demo-speed` setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// Multiplies the script's own tokens per second and divides its waits. Bench scripts are
    /// written at one token per second, so for them this is the number of tokens per second.
    Times(f64),
    /// No waiting at all: as fast as the socket takes it.
    Max,
}

impl Default for Speed {
    fn default() -> Self {
        Self::Times(1.0)
    }
}

impl Speed {
    /// Tokens per second for a script written at `base` tokens per second; `None` is unlimited.
    #[must_use]
    pub fn rate(self, base: f64) -> Option<f64> {
        match self {
            Self::Times(factor) => Some((base * factor).max(0.01)),
            Self::Max => None,
        }
    }

    /// How long a scripted wait of `seconds` lasts.
    #[must_use]
    pub fn wait(self, seconds: f64) -> Duration {
        match self {
            Self::Times(factor) => {
                Duration::try_from_secs_f64(seconds / factor).unwrap_or(Duration::ZERO)
            }
            Self::Max => Duration::ZERO,
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(factor) => write!(f, "{factor}"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// The text is not a speed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeedParseError(String);

impl fmt::Display for SpeedParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" is not a demo speed: give a factor from {SLOWEST} to {FASTEST}, or max",
            self.0
        )
    }
}

impl std::error::Error for SpeedParseError {}

impl FromStr for Speed {
    type Err = SpeedParseError;

    /// Reads `max`, or a factor such as `2`, `0.5` or `10x`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("max") {
            return Ok(Self::Max);
        }
        trimmed
            .trim_end_matches(['x', 'X'])
            .parse::<f64>()
            .ok()
            .filter(|factor| (SLOWEST..=FASTEST).contains(factor))
            .map(Self::Times)
            .ok_or_else(|| SpeedParseError(trimmed.to_owned()))
    }
}

/// Cuts `text` into tokens: words with the blank before them, at most five characters each; wide
/// characters (CJK and the like) one by one.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (token, tail) = rest.split_at(token_end(rest));
        rest = tail;
        Some(token)
    })
}

/// Byte length of the first token of a text that is not empty.
fn token_end(text: &str) -> usize {
    let mut previous_blank = true;
    for (count, (at, c)) in text.char_indices().enumerate() {
        let blank = c.is_whitespace();
        let boundary = count > 0 && ((blank && !previous_blank) || wide(c));
        if count == TOKEN_CHARS || boundary {
            return at;
        }
        if wide(c) {
            return at + c.len_utf8();
        }
        previous_blank = blank;
    }
    text.len()
}

/// True from the CJK radicals on: scripts where one character is about one token.
const fn wide(c: char) -> bool {
    c as u32 >= 0x2E80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn speeds_are_factors_or_max() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!(" 2 ".parse(), Ok(Speed::Times(2.0)));
        assert_eq!("0.5x".parse(), Ok(Speed::Times(0.5)));
        for wrong in ["", "fast", "0", "-1", "NaN", "inf", "1e9"] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
        assert_eq!(Speed::Times(2.0).rate(40.0), Some(80.0));
        assert_eq!(Speed::Max.rate(40.0), None);
        assert_eq!(Speed::Times(4.0).wait(2.0), Duration::from_millis(500));
        assert_eq!(Speed::Max.wait(60.0), Duration::ZERO);
    }

    #[test]
    fn tokens_look_like_tokens() {
        let cut: Vec<_> = tokens("The quick brown fox").collect();
        assert_eq!(cut, ["The", " quic", "k", " brow", "n", " fox"]);
        assert_eq!(
            tokens("日本語 ok").collect::<Vec<_>>(),
            ["日", "本", "語", " ok"]
        );
        assert_eq!(tokens("").count(), 0);
    }

    proptest! {
        #[test]
        fn tokens_join_to_the_text(text in "\\PC*|[ \n日a-z🦀]{0,80}") {
            prop_assert_eq!(tokens(&text).collect::<String>(), text.clone());
            prop_assert!(tokens(&text).all(|t| !t.is_empty() && t.chars().count() <= TOKEN_CHARS));
        }
    }
}
