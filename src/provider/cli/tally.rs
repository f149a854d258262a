//! What a program used, told once: some tell it per model call, some at the end, some never. Pure.

use crate::protocol::Usage;
use crate::provider::{
    Price,
    usage::{Tokens, priced},
};

/// Tokens and money of one process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    price: Option<Price>,
    seen: Tokens,
    told: Tokens,
    /// The program gave numbers since the last telling.
    heard: bool,
}

/// What one reply moved, in bytes: the measure where a program tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    /// Prompt.
    pub prompt: usize,
    /// Reply.
    pub reply: usize,
}

impl Tally {
    /// A tally with the price of the model, when it is known.
    #[must_use]
    pub fn new(price: Option<Price>) -> Self {
        Self {
            price,
            ..Self::default()
        }
    }

    /// One model call.
    pub fn one(&mut self, tokens: Tokens) {
        self.heard = true;
        self.seen.input += tokens.input;
        self.seen.cached += tokens.cached;
        self.seen.written += tokens.written;
        self.seen.output += tokens.output;
        self.seen.reasoning += tokens.reasoning;
    }

    /// Everything so far.
    pub fn total(&mut self, tokens: Tokens) {
        let usd = tokens.usd.or(self.seen.usd);
        if tokens.input > 0 || tokens.output > 0 {
            self.heard = true;
            if tokens.input < self.told.input && tokens.output < self.told.output {
                // It counts from its start, which came after what was told.
                self.told = Tokens::default();
            }
            self.seen = tokens;
        }
        self.seen.usd = usd;
    }

    /// True when the program told something that was not passed on.
    #[must_use]
    pub const fn is_due(&self) -> bool {
        self.heard
    }

    /// What is to be told now.
    pub fn tell(&mut self, moved: Moved) -> Usage {
        let estimated = !std::mem::take(&mut self.heard);
        let seen = self.seen;
        let mut due = if estimated {
            Tokens {
                input: (moved.prompt / 4) as u64,
                output: (moved.reply / 4) as u64,
                ..Tokens::default()
            }
        } else {
            Tokens {
                input: seen.input.saturating_sub(self.told.input),
                cached: seen.cached.saturating_sub(self.told.cached),
                written: seen.written.saturating_sub(self.told.written),
                output: seen.output.saturating_sub(self.told.output),
                reasoning: seen.reasoning.saturating_sub(self.told.reasoning),
                usd: None,
            }
        };
        due.cached = due.cached.min(due.input);
        let told = self.told.usd.unwrap_or(0.0);
        due.usd = seen.usd.map(|usd| (usd - told).max(0.0));
        let usage = priced(due, self.price, estimated);
        self.told.input += due.input;
        self.told.cached += due.cached;
        self.told.written += due.written;
        self.told.output += due.output;
        self.told.reasoning += due.reasoning;
        self.told.usd = Some(told + usage.cost.usd);
        usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: u64, output: u64, usd: Option<f64>) -> Tokens {
        Tokens {
            input,
            output,
            usd,
            ..Tokens::default()
        }
    }

    #[test]
    fn a_total_counts_only_what_was_not_told() {
        let mut tally = Tally::new(None);
        tally.one(tokens(100, 10, None));
        let first = tally.tell(Moved::default());
        assert_eq!(
            (first.input, first.output, first.estimated),
            (100, 10, false)
        );
        assert!(first.cost.partial);
        tally.one(tokens(150, 5, None));
        tally.total(tokens(250, 15, Some(0.5)));
        let second = tally.tell(Moved::default());
        assert_eq!((second.input, second.output), (150, 5));
        assert!((second.cost.usd - 0.5).abs() < 1e-9 && !second.cost.partial);
    }

    #[test]
    fn an_estimate_is_made_good_by_the_total() {
        let mut tally = Tally::new(None);
        let guess = tally.tell(Moved {
            prompt: 400,
            reply: 40,
        });
        assert_eq!(
            (guess.input, guess.output, guess.estimated),
            (100, 10, true)
        );
        tally.total(tokens(130, 30, None));
        let rest = tally.tell(Moved::default());
        assert_eq!((rest.input, rest.output, rest.estimated), (30, 20, false));
        tally.total(tokens(7, 3, None));
        assert_eq!(tally.tell(Moved::default()).input, 7);
    }
}
