//! What changed within a line: the only door to `similar`.
//!
//! Pure. Lines that are too long, or have too little in common, give nothing: marking nearly
//! everything helps nobody. Ranges are byte offsets on word boundaries, ascending, never touching.

pub mod lines;

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

/// Longest line, in bytes, that is compared word by word.
const LONGEST: usize = 1_024;

/// Least share of text in common, blanks not counted: between two strangers they are alike.
const LIKENESS: f32 = 0.3;

/// What differs between two lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Of the line before.
    pub old: Vec<Range<usize>>,
    /// Of the line after.
    pub new: Vec<Range<usize>>,
}

/// The words that differ; `None` when the lines are rather two different ones.
#[must_use]
pub fn changed(old: &str, new: &str) -> Option<Changed> {
    if old.len() > LONGEST || new.len() > LONGEST {
        return None;
    }
    let diff = TextDiff::from_unicode_words(old, new);
    if likeness(&diff, old, new) < LIKENESS {
        return None;
    }
    let mut changed = Changed::default();
    let (mut before, mut after) = (0, 0);
    for change in diff.iter_all_changes() {
        let length = change.value().len();
        match change.tag() {
            ChangeTag::Equal => {
                before += length;
                after += length;
            }
            ChangeTag::Delete => {
                extend(&mut changed.old, before..before + length);
                before += length;
            }
            ChangeTag::Insert => {
                extend(&mut changed.new, after..after + length);
                after += length;
            }
        }
    }
    Some(changed)
}

/// The share of both lines' text that stands in both.
fn likeness<'a>(diff: &TextDiff<'a, 'a, 'a, str>, old: &str, new: &str) -> f32 {
    let weight = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let all = weight(old) + weight(new);
    if all == 0 {
        return 1.0;
    }
    let same = diff
        .iter_all_changes()
        .filter(|change| change.tag() == ChangeTag::Equal)
        .map(|change| weight(change.value()))
        .sum::<usize>();
    2.0 * same as f32 / all as f32
}

/// True when the lines differ in blanks alone.
#[must_use]
pub fn only_blanks(old: &str, new: &str) -> bool {
    old.chars()
        .filter(|c| !c.is_whitespace())
        .eq(new.chars().filter(|c| !c.is_whitespace()))
}

fn extend(ranges: &mut Vec<Range<usize>>, next: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end == next.start => last.end = next.end,
        _ => ranges.push(next),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_marked_and_strangers_are_not() {
        let check = |old: &str, new: &str, expected: Option<(&[&str], &[&str])>| {
            let found = changed(old, new);
            let words = |text: &str, ranges: &[Range<usize>]| -> Vec<String> {
                ranges
                    .iter()
                    .map(|range| text[range.clone()].to_owned())
                    .collect()
            };
            let got = found.map(|found| (words(old, &found.old), words(new, &found.new)));
            let expected = expected.map(|(old, new)| {
                let owned = |words: &[&str]| {
                    words
                        .iter()
                        .map(|word| (*word).to_owned())
                        .collect::<Vec<_>>()
                };
                (owned(old), owned(new))
            });
            assert_eq!(got, expected, "{old:?} {new:?}");
        };
        check("let a = 1;", "let b = 1;", Some((&["a"], &["b"])));
        check(
            "fn f(a: u8)",
            "fn f(a: u8, b: u8)",
            Some((&[], &[", b: u8"])),
        );
        check("日本 語", "日本 語 です", Some((&[], &[" です"])));
        check("return x + 1", "# nothing alike here at all", None);
        check("same", "same", Some((&[], &[])));
    }

    #[test]
    fn long_lines_are_left_alone() {
        let long = "word ".repeat(LONGEST);
        assert_eq!(changed(&long, &long), None);
    }

    #[test]
    fn blanks_alone() {
        assert!(only_blanks("  a b", "a  b "));
        assert!(!only_blanks("a b", "a c"));
    }

    proptest! {
        #[test]
        fn what_is_not_marked_is_the_same(old in "[ab é日(]{0,30}", new in "[ab é日(]{0,30}") {
            if let Some(found) = changed(&old, &new) {
                let rest = |text: &str, ranges: &[Range<usize>]| {
                    let mut left = String::new();
                    let mut at = 0;
                    for range in ranges {
                        left.push_str(&text[at..range.start]);
                        at = range.end;
                    }
                    left.push_str(&text[at..]);
                    left
                };
                prop_assert_eq!(rest(&old, &found.old), rest(&new, &found.new));
            }
        }
    }
}
