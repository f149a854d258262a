//! Two texts line by line: what went, what came, what stayed.
//!
//! Pure and bounded: texts with more lines than [`MOST`], or larger than [`LARGEST`], are not compared.

use similar::{Algorithm, ChangeTag, capture_diff_slices};

/// Most lines of a side that are compared.
pub const MOST: usize = 4_000;

/// Most bytes of a side that are compared.
pub const LARGEST: usize = 512 * 1024;

/// Lines around a change that are kept.
const AROUND: usize = 3;

/// A line of a comparison, as it stands in one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the old text only.
    Gone(&'a str),
    /// In the new text only.
    New(&'a str),
    /// This many lines that are in both were passed over.
    Skipped(usize),
}

/// What differs between two texts, with a few lines around; `None` when they are too large to compare.
/// Empty when they have the same lines.
#[must_use]
pub fn compared<'a>(old: &'a str, new: &'a str) -> Option<Vec<Line<'a>>> {
    if old.len() > LARGEST || new.len() > LARGEST {
        return None;
    }
    let before: Vec<&str> = old.lines().collect();
    let after: Vec<&str> = new.lines().collect();
    if before.len() > MOST || after.len() > MOST {
        return None;
    }
    let mut all = Vec::new();
    for part in capture_diff_slices(Algorithm::Myers, &before, &after) {
        all.extend(part.iter_changes(&before, &after).map(|change| {
            let line = change.value();
            match change.tag() {
                ChangeTag::Equal => Line::Same(line),
                ChangeTag::Delete => Line::Gone(line),
                ChangeTag::Insert => Line::New(line),
            }
        }));
    }
    Some(folded(&all))
}

/// Long runs of what stayed become one line that says how many.
fn folded<'a>(all: &[Line<'a>]) -> Vec<Line<'a>> {
    let changed: Vec<usize> = (0..all.len())
        .filter(|place| !matches!(all.get(*place), Some(Line::Same(_))))
        .collect();
    let mut out = Vec::new();
    let mut skipped = 0;
    let mut next = 0;
    for (place, line) in all.iter().enumerate() {
        while changed.get(next).is_some_and(|at| at + AROUND < place) {
            next += 1;
        }
        if changed
            .get(next)
            .is_some_and(|at| at.abs_diff(place) <= AROUND)
        {
            if skipped > 0 {
                out.push(Line::Skipped(std::mem::take(&mut skipped)));
            }
            out.push(*line);
        } else {
            skipped += 1;
        }
    }
    if skipped > 0 && !out.is_empty() {
        out.push(Line::Skipped(skipped));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_far_from_a_change_is_counted() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        let told = compared(old, new).unwrap();
        assert_eq!(
            told,
            [
                Line::Skipped(1),
                Line::Same("2"),
                Line::Same("3"),
                Line::Same("4"),
                Line::Gone("5"),
                Line::New("five"),
                Line::Same("6"),
                Line::Same("7"),
                Line::Same("8"),
                Line::Skipped(1),
            ]
        );
        assert_eq!(compared("a\nb", "a\nb\n"), Some(Vec::new()));
        assert_eq!(compared(&"x\n".repeat(MOST + 1), ""), None);
    }

    proptest! {
        #[test]
        fn every_line_is_told_once(old in "[abc\n]{0,80}", new in "[abc\n]{0,80}") {
            let told = compared(&old, &new).unwrap();
            let count = |of: fn(&Line<'_>) -> usize| told.iter().map(of).sum::<usize>();
            let same = count(|line| match line {
                Line::Same(_) => 1,
                Line::Skipped(lines) => *lines,
                Line::Gone(_) | Line::New(_) => 0,
            });
            if !told.is_empty() {
                let gone = count(|line| usize::from(matches!(line, Line::Gone(_))));
                let came = count(|line| usize::from(matches!(line, Line::New(_))));
                prop_assert_eq!(same + gone, old.lines().count());
                prop_assert_eq!(same + came, new.lines().count());
            }
        }
    }
}
