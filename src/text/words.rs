//! What changed between texts, and within a line: the only door to `similar`.
//!
//! Pure. Texts that are too long are not matched line by line beyond what they begin and end with. Lines that are too long, or have too little in common, give nothing: marking nearly
//! everything helps nobody. Ranges are byte offsets on word boundaries, ascending, never touching.

pub mod lines;

use std::ops::Range;

use similar::{ChangeTag, DiffOp, TextDiff};

/// Longest line, in bytes, that is compared word by word.
const LONGEST: usize = 1_024;

/// Least share of text in common, blanks not counted: between two strangers they are alike.
const LIKENESS: f32 = 0.3;

/// Most lines of both sides together, beginning and end in common left out, that are matched.
const MOST_LINES: usize = 6_000;

/// How a line of one text stands to those of another. Numbers are places in the lists of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aligned {
    /// Both have it, at these places.
    Same(usize, usize),
    /// Only the text before has it.
    Old(usize),
    /// Only the text after has it.
    New(usize),
    /// One became the other.
    Changed(usize, usize, Changed),
}

/// The lines of two texts, matched, in the order of both.
#[must_use]
pub fn aligned(old: &[&str], new: &[&str]) -> Vec<Aligned> {
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let backwards = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = backwards.take_while(same).count();
    let old_middle = &old_rest[..old_rest.len() - tail];
    let new_middle = &new_rest[..new_rest.len() - tail];
    let mut all: Vec<Aligned> = (0..head).map(|at| Aligned::Same(at, at)).collect();
    if old_middle.len() + new_middle.len() > MOST_LINES {
        all.extend((0..old_middle.len()).map(|at| Aligned::Old(head + at)));
        all.extend((0..new_middle.len()).map(|at| Aligned::New(head + at)));
    } else {
        let diff = TextDiff::from_slices(old_middle, new_middle);
        for op in diff.ops() {
            match *op {
                DiffOp::Equal {
                    old_index,
                    new_index,
                    len,
                } => all.extend(
                    (0..len).map(|at| Aligned::Same(head + old_index + at, head + new_index + at)),
                ),
                DiffOp::Delete {
                    old_index, old_len, ..
                } => all.extend((0..old_len).map(|at| Aligned::Old(head + old_index + at))),
                DiffOp::Insert {
                    new_index, new_len, ..
                } => all.extend((0..new_len).map(|at| Aligned::New(head + new_index + at))),
                DiffOp::Replace {
                    old_index,
                    old_len,
                    new_index,
                    new_len,
                } => replaced(
                    (
                        head + old_index,
                        &old_middle[old_index..old_index + old_len],
                    ),
                    (
                        head + new_index,
                        &new_middle[new_index..new_index + new_len],
                    ),
                    &mut all,
                ),
            }
        }
    }
    let (old_tail, new_tail) = (old.len() - tail, new.len() - tail);
    all.extend((0..tail).map(|at| Aligned::Same(old_tail + at, new_tail + at)));
    all
}

/// Lines that took the place of others: those that are much alike stand as one that changed.
fn replaced(old: (usize, &[&str]), new: (usize, &[&str]), all: &mut Vec<Aligned>) {
    let ((old_at, old), (new_at, new)) = (old, new);
    let both = old.len().min(new.len());
    for (place, (before, after)) in old.iter().zip(new).enumerate() {
        if let Some(changed) = changed(before, after) {
            all.push(Aligned::Changed(old_at + place, new_at + place, changed));
        } else {
            all.push(Aligned::Old(old_at + place));
            all.push(Aligned::New(new_at + place));
        }
    }
    all.extend((both..old.len()).map(|place| Aligned::Old(old_at + place)));
    all.extend((both..new.len()).map(|place| Aligned::New(new_at + place)));
}

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

    #[test]
    fn lines_are_matched() {
        let old = ["a", "let x = 1;", "gone", "z"];
        let new = ["a", "let y = 1;", "z", "more"];
        let found = aligned(&old, &new);
        let told: Vec<String> = (found.iter())
            .map(|line| match line {
                Aligned::Same(one, other) => format!("={one},{other}"),
                Aligned::Old(at) => format!("-{at}"),
                Aligned::New(at) => format!("+{at}"),
                Aligned::Changed(one, other, _) => format!("~{one},{other}"),
            })
            .collect();
        assert_eq!(told, ["=0,0", "~1,1", "-2", "=3,2", "+3"]);
    }

    proptest! {
        /// Both texts can be read off the matched lines, each in its order.
        #[test]
        fn no_line_is_lost(
            old in proptest::collection::vec("[ab ]{0,3}", 0..12),
            new in proptest::collection::vec("[ab ]{0,3}", 0..12),
        ) {
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            let (mut left, mut right) = (Vec::new(), Vec::new());
            for line in aligned(&old, &new) {
                match line {
                    Aligned::Same(one, other) => {
                        prop_assert_eq!(old[one], new[other]);
                        left.push(one);
                        right.push(other);
                    }
                    Aligned::Changed(one, other, _) => {
                        left.push(one);
                        right.push(other);
                    }
                    Aligned::Old(at) => left.push(at),
                    Aligned::New(at) => right.push(at),
                }
            }
            prop_assert_eq!(left, (0..old.len()).collect::<Vec<_>>());
            prop_assert_eq!(right, (0..new.len()).collect::<Vec<_>>());
        }

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
