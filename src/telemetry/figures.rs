//! Histograms of calls: how long they took, and how many tokens.

use std::collections::BTreeMap;

/// Bounds of durations, in seconds, as the conventions advise.
pub const SECONDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
/// Bounds of tokens, as the conventions advise.
pub const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// What a figure is about: name and value of each attribute, in order.
pub type About = Vec<(&'static str, String)>;

/// One distribution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// How many in each bucket; one more than there are bounds.
    pub buckets: Vec<u64>,
}

impl Histogram {
    fn add(&mut self, bounds: &[f64], value: f64) {
        if self.buckets.is_empty() {
            self.buckets = vec![0; bounds.len() + 1];
            (self.min, self.max) = (value, value);
        }
        self.count += 1;
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        // A value on a bound belongs below it.
        let bucket = bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
    }
}

/// All figures of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// `gen_ai.client.operation.duration`, in seconds.
    pub durations: BTreeMap<About, Histogram>,
    /// `gen_ai.client.token.usage`.
    pub tokens: BTreeMap<About, Histogram>,
}

impl Figures {
    /// An operation took so long.
    pub fn took(&mut self, about: About, milliseconds: u64) {
        let seconds = milliseconds as f64 / 1000.0;
        self.durations
            .entry(about)
            .or_default()
            .add(&SECONDS, seconds);
    }

    /// A call used so many tokens.
    pub fn used(&mut self, about: About, tokens: u64) {
        self.tokens
            .entry(about)
            .or_default()
            .add(&TOKENS, tokens as f64);
    }

    /// True without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.durations.is_empty() && self.tokens.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_buckets() {
        let mut figures = Figures::default();
        for tokens in [1, 2, 4, 5, 100_000_000] {
            figures.used(Vec::new(), tokens);
        }
        let histogram = &figures.tokens[&Vec::new()];
        assert_eq!(
            (histogram.count, histogram.min, histogram.max),
            (5, 1.0, 100_000_000.0)
        );
        assert_eq!(histogram.buckets[..3], [1, 2, 1]);
        assert_eq!(histogram.buckets[14], 1);
        assert_eq!(histogram.buckets.iter().sum::<u64>(), 5);
    }
}
