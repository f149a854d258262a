//! How many tokens a conversation has: what the server last counted, and an estimate of what came
//! after it.
//!
//! The estimate is corrected by how far it was off before, so that it follows the model's own way of
//! counting. Pure.

use crate::protocol::Usage;

/// How far an estimate is corrected.
const RATIO: std::ops::RangeInclusive<f64> = 0.7..=1.6;
/// Estimated tokens that must have come for a correction to say something.
const ENOUGH: u64 = 64;
/// Least window that is believed when a failure names one.
const LEAST_WINDOW: u64 = 256;
/// Words that stand by the window in the failures of known servers, before the number or after it.
const BEFORE: [&str; 6] = [
    "maximum",
    "limit",
    "context size",
    "context length",
    "context window",
    "n_ctx",
];

/// The count of one agent's conversation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// What the server counted last, and the estimate of the same.
    counted: Option<(u64, u64)>,
    /// Real tokens per estimated one.
    ratio: f64,
    /// The window that the server named when it refused a prompt.
    named: Option<u64>,
    /// Tokens after the last compaction.
    floor: Option<u64>,
    /// Tokens that the server leaves out of each prompt by itself.
    cleared: u64,
}

impl Default for Gauge {
    fn default() -> Self {
        Self {
            counted: None,
            ratio: 1.0,
            named: None,
            floor: None,
            cleared: 0,
        }
    }
}

impl Gauge {
    /// The same for a new conversation with the same model.
    #[must_use]
    pub const fn afresh(self) -> Self {
        Self {
            counted: None,
            floor: None,
            cleared: 0,
            ..self
        }
    }

    /// Tokens of a conversation that is estimated at `estimate`.
    #[must_use]
    pub fn tokens(&self, estimate: u64) -> u64 {
        let scaled = |tokens: u64| (tokens as f64 * self.ratio).round() as u64;
        match self.counted {
            Some((counted, then)) if estimate >= then => counted + scaled(estimate - then),
            _ => scaled(estimate),
        }
    }

    /// A reply is in: what the server counted, for a conversation that is now estimated at
    /// `estimate`, the reply included. Reasoning that does not go back is not part of it.
    pub fn counted(&mut self, usage: Usage, carries: bool, estimate: u64) {
        // An estimate teaches nothing.
        if usage.estimated || usage.calls != 1 {
            return;
        }
        let reasoning = if carries { 0 } else { usage.reasoning };
        let now = usage.input + usage.output.saturating_sub(reasoning);
        let (real, guessed) = match self.counted {
            Some((counted, then)) => (now.saturating_sub(counted), estimate.saturating_sub(then)),
            None => (now, estimate),
        };
        if real > 0 && guessed >= ENOUGH {
            let ratio = real as f64 / guessed as f64;
            self.ratio = (f64::midpoint(self.ratio, ratio)).clamp(*RATIO.start(), *RATIO.end());
        }
        self.counted = Some((now, estimate));
    }

    /// The conversation was made smaller: `after` tokens, estimated at `estimate` from now on.
    pub const fn shrunk(&mut self, after: u64, estimate: u64) {
        self.counted = Some((after, estimate));
        self.floor = Some(after);
    }

    /// True when a further compaction is worth it: enough has come since the last.
    #[must_use]
    pub fn grown(&self, tokens: u64, window: u64) -> bool {
        self.floor
            .is_none_or(|floor| tokens >= floor.saturating_add(window / 5))
    }

    /// The window as the server named it, where nobody else knows it.
    #[must_use]
    pub const fn named(&self) -> Option<u64> {
        self.named
    }

    /// Tokens that the server leaves out of each prompt by itself.
    #[must_use]
    pub const fn cleared(&self) -> u64 {
        self.cleared
    }

    /// Notes how much the server leaves out now.
    pub const fn note_cleared(&mut self, cleared: u64) {
        self.cleared = cleared;
    }

    /// Learns the window from the words of a refusal.
    pub fn refused(&mut self, words: &str) {
        self.named = window_in(words).or(self.named);
    }
}

/// The window that a refusal names.
fn window_in(words: &str) -> Option<u64> {
    let lower = words.to_lowercase();
    let mut rest = lower.as_str();
    let mut seen = 0;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let begin = seen + at;
        let digits: String = lower
            .get(begin..)?
            .chars()
            .take_while(|letter| letter.is_ascii_digit() || matches!(letter, ',' | '_'))
            .collect();
        let end = begin + digits.len();
        let bare: String = digits.chars().filter(char::is_ascii_digit).collect();
        let before = lower.get(lower.floor_char_boundary(begin.saturating_sub(32))..begin)?;
        let after = lower.get(end..lower.floor_char_boundary(end + 12))?;
        let meant = BEFORE.iter().any(|word| before.contains(word)) || after.contains("max");
        if let Ok(number) = bare.parse::<u64>()
            && number >= LEAST_WINDOW
            && meant
        {
            return Some(number);
        }
        seen = end;
        rest = lower.get(end..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, output: u64) -> Usage {
        Usage {
            input,
            output,
            calls: 1,
            ..Usage::default()
        }
    }

    #[test]
    fn what_was_counted_stands_and_what_came_is_estimated_with_the_ratio() {
        let mut gauge = Gauge::default();
        assert_eq!(gauge.tokens(1000), 1000);
        gauge.counted(usage(1400, 100), false, 1000);
        // Half way from 1 to 1.5.
        assert_eq!(gauge.tokens(1000), 1500);
        assert_eq!(gauge.tokens(1400), 2000);
        gauge.counted(usage(2500, 0), false, 1400);
        assert_eq!(gauge.tokens(1400), 2500);
        assert!(gauge.tokens(2400) <= 2500 + 1600, "the ratio is bounded");
        gauge.shrunk(300, 250);
        assert_eq!(gauge.tokens(250), 300);
        assert!(!gauge.grown(400, 1000) && gauge.grown(500, 1000));
    }

    #[test]
    fn reasoning_that_stays_out_is_not_counted_and_estimates_teach_nothing() {
        let mut gauge = Gauge::default();
        let thought = Usage {
            reasoning: 400,
            ..usage(1000, 500)
        };
        gauge.counted(thought, false, 1100);
        assert_eq!(gauge.tokens(1100), 1100);
        gauge.counted(thought, true, 1100);
        assert_eq!(gauge.tokens(1100), 1500);
        let before = gauge;
        let guess = Usage {
            estimated: true,
            ..usage(9, 9)
        };
        gauge.counted(guess, false, 2000);
        assert_eq!(gauge, before);
    }

    #[test]
    fn a_refusal_names_the_window() {
        for (words, window) in [
            (
                "This model's maximum context length is 8192 tokens. However, you requested 9001 \
                 tokens (8001 in the messages, 1000 in the completion).",
                Some(8192),
            ),
            (
                "prompt is too long: 213000 tokens > 200000 maximum",
                Some(200_000),
            ),
            (
                "the request exceeds the available context size (4,096 tokens), try increasing it",
                Some(4096),
            ),
            ("Input is too long.", None),
            ("maximum of 3 images", None),
            ("9999999999999999999999999 limit", None),
            ("é limit é 70000é", Some(70_000)),
        ] {
            assert_eq!(window_in(words), window, "{words}");
        }
    }
}
