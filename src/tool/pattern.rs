//! Patterns with `*`, `?`, `[…]` and, for paths, `**` and `{a,b}`.
//!
//! A pattern is compiled once. One that cannot be read is an error with its reason, never a pattern
//! that matches nothing.

use regex::{Regex, RegexBuilder};

/// Longest pattern, in bytes.
const LONGEST: usize = 1024;
/// Largest compiled pattern, in bytes: a model writes them.
const SIZE: usize = 1024 * 1024;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// What `*` stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Star {
    /// At `/`, as in paths; `**` does not.
    Component,
    /// At nothing, as in commands and addresses.
    Nothing,
}

impl Pattern {
    /// Compiles a pattern that has to match the whole text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(pattern: &str, star: Star) -> Result<Self, String> {
        if pattern.len() > LONGEST {
            return Err(format!(
                "The pattern is longer than {LONGEST} bytes; use a shorter one."
            ));
        }
        let body = match star {
            Star::Component => path(pattern),
            Star::Nothing => anything(pattern),
        };
        RegexBuilder::new(&format!("^(?:{body})$"))
            .dot_matches_new_line(true)
            .size_limit(SIZE)
            .build()
            .map(Self)
            .map_err(|_| format!("\"{pattern}\" is not a pattern that can be read."))
    }

    /// Whether it matches all of the text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn anything(pattern: &str) -> String {
    let mut out = String::new();
    for letter in pattern.chars() {
        match letter {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

fn path(pattern: &str) -> String {
    let letters: Vec<char> = pattern.chars().collect();
    let at = |index: usize| letters.get(index).copied();
    let mut out = String::new();
    let mut index = 0;
    let mut braces = 0_u32;
    while let Some(letter) = at(index) {
        index += 1;
        match letter {
            '*' if at(index) == Some('*') => {
                index += 1;
                let begins = out.is_empty() || out.ends_with('/');
                if begins && at(index) == Some('/') {
                    index += 1;
                    out.push_str("(?:.*/)?");
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => match letters.get(index..).and_then(class) {
                Some((class, length)) => {
                    out.push_str(&class);
                    index += length;
                }
                None => out.push_str("\\["),
            },
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            '\\' => {
                let next = at(index).unwrap_or('\\');
                index += 1;
                out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str(&")".repeat(braces as usize));
    out
}

/// What stands after `[`: the class for a regex and the characters it took.
fn class(rest: &[char]) -> Option<(String, usize)> {
    let negated = matches!(rest.first(), Some('!' | '^'));
    let start = usize::from(negated);
    // A bracket in the first place is a member.
    let end = rest.iter().skip(start + 1).position(|c| *c == ']')? + start + 1;
    let mut out = String::from(if negated { "[^/" } else { "[" });
    for letter in rest.get(start..end)? {
        if matches!(letter, '\\' | '[' | ']' | '^' | '&' | '~') {
            out.push('\\');
        }
        out.push(*letter);
    }
    out.push(']');
    Some((out, end + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_and_commands() {
        for (pattern, star, yes, no) in [
            ("src/*.rs", Star::Component, "src/a.rs", "src/a/b.rs"),
            ("**/*.rs", Star::Component, "a.rs", "a.rst"),
            ("**/*.rs", Star::Component, "x/y/a.rs", "x/y/ars"),
            ("src/**", Star::Component, "src/a/b", "srca"),
            ("*.{rs,toml}", Star::Component, "a.toml", "a.md"),
            ("a[0-9].txt", Star::Component, "a7.txt", "ab.txt"),
            ("a[!0-9]", Star::Component, "ax", "a/"),
            ("[", Star::Component, "[", "a"),
            ("a\\*", Star::Component, "a*", "ab"),
            ("a.b", Star::Component, "a.b", "axb"),
            ("git *", Star::Nothing, "git log -- a/b", "gitk"),
            ("?", Star::Nothing, "x", "xy"),
        ] {
            let compiled = Pattern::new(pattern, star).unwrap();
            assert!(compiled.matches(yes), "{pattern} {yes}");
            assert!(!compiled.matches(no), "{pattern} {no}");
        }
        assert!(Pattern::new(&"a".repeat(2000), Star::Nothing).is_err());
    }

    proptest! {
        #[test]
        fn no_pattern_breaks_it(pattern in "[a-c*?{},!\\\\\\[\\]^/.&~-]{0,20}", text in "[a-c/.]{0,10}") {
            for star in [Star::Component, Star::Nothing] {
                if let Ok(compiled) = Pattern::new(&pattern, star) {
                    let _ = compiled.matches(&text);
                }
            }
        }
    }
}
