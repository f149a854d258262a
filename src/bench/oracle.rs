//! Whether an answer is right: exact text, a pattern, or a number.
//!
//! Judging takes time in proportion to the answer: patterns are the `regex` crate's, without
//! back-references, and bounded in size when they are built.

use regex::{Regex, RegexBuilder};

use crate::protocol::result;

/// Longest pattern in bytes.
const LONGEST_PATTERN: usize = 4096;
/// Memory a compiled pattern may take, in bytes.
const PATTERN_MEMORY: usize = 1 << 20;
/// Numbers are equal when they differ by less than this share of the larger one.
const ROUNDING: f64 = 1e-9;

/// A judge of answers.
#[derive(Clone, Debug)]
pub enum Oracle {
    /// The result (or the whole answer) is one of these, in normal form.
    Exact(Vec<String>),
    /// The pattern occurs in the answer.
    Regex(Regex),
    /// The answer comes to this number.
    Number {
        /// The number.
        value: f64,
        /// How far off it may be.
        tolerance: f64,
    },
}

impl Oracle {
    /// Accepts any of these texts.
    ///
    /// # Errors
    /// None of them says anything.
    pub fn exact<'a>(answers: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let answers: Vec<String> = answers.into_iter().map(result::normal).collect();
        if answers.is_empty() || answers.iter().any(String::is_empty) {
            return Err("\"answer\" is empty".into());
        }
        Ok(Self::Exact(answers))
    }

    /// Accepts answers in which the pattern occurs.
    ///
    /// # Errors
    /// A pattern that is broken or too large.
    pub fn regex(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() || pattern.len() > LONGEST_PATTERN {
            return Err(format!("a pattern has 1 to {LONGEST_PATTERN} bytes"));
        }
        RegexBuilder::new(pattern)
            .size_limit(PATTERN_MEMORY)
            .dfa_size_limit(PATTERN_MEMORY)
            .build()
            .map(Self::Regex)
            .map_err(|error| {
                let words: Vec<_> = error
                    .to_string()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect();
                format!("the pattern cannot be used: {}", words.join(" "))
            })
    }

    /// Accepts this number.
    ///
    /// # Errors
    /// A value or tolerance that is no finite number, or a negative tolerance.
    pub fn number(value: f64, tolerance: f64) -> Result<Self, String> {
        if !value.is_finite() || !tolerance.is_finite() || tolerance < 0.0 {
            return Err(
                "\"answer\" and \"tolerance\" are finite numbers, \"tolerance\" is not negative"
                    .into(),
            );
        }
        Ok(Self::Number { value, tolerance })
    }

    /// Whether the answer is right.
    #[must_use]
    pub fn accepts(&self, answer: &str) -> bool {
        match self {
            Self::Exact(expected) => {
                let (short, whole) = (result::comparable(answer), result::normal(answer));
                expected.iter().any(|one| *one == short || *one == whole)
            }
            Self::Regex(pattern) => pattern.is_match(answer),
            Self::Number { value, tolerance } => result::number(answer).is_some_and(|found| {
                let off = (found - value).abs();
                off <= *tolerance || off <= ROUNDING * value.abs().max(found.abs())
            }),
        }
    }

    /// What the answer comes to, so that equal answers can be counted together; `None` when it comes to
    /// nothing. Does not look at the right answer.
    #[must_use]
    pub fn key(&self, answer: &str) -> Option<String> {
        let key = match self {
            Self::Exact(_) | Self::Regex(_) => result::comparable(answer),
            // Shortest digits that read back to the same number; -0 is 0.
            Self::Number { .. } => (result::number(answer)? + 0.0).to_string(),
        };
        (!key.is_empty()).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_judges_by_its_rule() {
        let exact = Oracle::exact(["Paris", "City of Light"]).expect("an oracle");
        let regex = Oracle::regex("(?i)tomb\\s*stone").expect("an oracle");
        let number = Oracle::number(0.1, 0.01).expect("an oracle");
        let whole = Oracle::number(1e12, 0.0).expect("an oracle");
        for (oracle, answer, right) in [
            (&exact, "Let me think.\n**Answer:** paris.", true),
            (&exact, "city  of light", true),
            (&exact, "Paris is not it.\nAnswer: Lyon", false),
            (&exact, "", false),
            (&regex, "leave a TombStone there", true),
            (&regex, "a stone", false),
            (&number, "about 0.105", true),
            (&number, "about 0.2", false),
            (&number, "none", false),
            (&whole, "1,000,000,000,000.0000001", true),
            (&whole, "1,000,000,100,000", false),
        ] {
            assert_eq!(oracle.accepts(answer), right, "{oracle:?} {answer:?}");
        }
    }

    #[test]
    fn equal_answers_have_one_key() {
        let number = Oracle::number(5.0, 0.0).expect("an oracle");
        assert_eq!(number.key("It is 5."), number.key("5.0"));
        assert_eq!(number.key("-0"), number.key("0"));
        assert_eq!(number.key("nothing"), None);
        let exact = Oracle::exact(["x"]).expect("an oracle");
        assert_eq!(exact.key("Answer: The Same."), exact.key("the same"));
        assert_eq!(exact.key(" \n"), None);
    }

    #[test]
    fn what_cannot_judge_is_refused() {
        assert!(Oracle::exact([]).is_err());
        assert!(Oracle::exact(["ok", " "]).is_err());
        assert!(Oracle::regex("").is_err());
        assert!(Oracle::regex("(").is_err());
        assert!(Oracle::regex(&"a".repeat(5000)).is_err());
        let heavy = Oracle::regex("(\\w{100}){100}{100}").expect_err("too large");
        assert!(heavy.contains("size limit"), "{heavy}");
        assert!(Oracle::number(f64::NAN, 0.0).is_err());
        assert!(Oracle::number(1.0, -1.0).is_err());
    }
}
