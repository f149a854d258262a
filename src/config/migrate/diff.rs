//! The difference of two texts, line by line, as people know it from `diff -u`.

use std::fmt::Write as _;

/// Lines around a change.
const AROUND: usize = 2;
/// Pairs of lines that are compared at most; beyond it all that differs is one change.
const MOST: usize = 4_000_000;

/// A line of the result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// Lines with `-`, `+` or a blank before them; `@` marks where a change is. Empty when nothing differs.
#[must_use]
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let lines = lines(&old, &new);
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        lines
            .iter()
            .skip(from)
            .take(at - from + AROUND + 1)
            .any(|line| !matches!(line, Line::Same(_)))
    };
    let (mut text, mut number, mut shown) = (String::new(), 1_usize, false);
    for (at, line) in lines.iter().enumerate() {
        if near(at) {
            if !shown {
                let _ = writeln!(text, "@ line {number}");
            }
            let (mark, words) = match line {
                Line::Same(words) => (' ', words),
                Line::Old(words) => ('-', words),
                Line::New(words) => ('+', words),
            };
            text.push(mark);
            text.push_str(words);
            text.push('\n');
        }
        shown = near(at);
        number += usize::from(!matches!(line, Line::New(_)));
    }
    text
}

fn lines<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (before, old) = old.split_at(start);
    let new = new.get(start..).unwrap_or_default();
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, after) = old.split_at(old.len() - end);
    let new = new.get(..new.len() - end).unwrap_or_default();
    let mut lines: Vec<Line> = before.iter().map(|line| Line::Same(line)).collect();
    middle(old, new, &mut lines);
    lines.extend(after.iter().map(|line| Line::Same(line)));
    lines
}

/// The longest common lines of what differs.
fn middle<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    if old.len().saturating_mul(new.len()) > MOST {
        lines.extend(old.iter().map(|line| Line::Old(line)));
        lines.extend(new.iter().map(|line| Line::New(line)));
        return;
    }
    let width = new.len() + 1;
    let mut table = vec![0_u32; (old.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let best = if old.get(i) == new.get(j) {
                at(&table, i + 1, j + 1) + 1
            } else {
                at(&table, i + 1, j).max(at(&table, i, j + 1))
            };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                lines.push(Line::Same(a));
                i += 1;
                j += 1;
            }
            (Some(a), other) if other.is_none() || at(&table, i + 1, j) >= at(&table, i, j + 1) => {
                lines.push(Line::Old(a));
                i += 1;
            }
            (_, Some(b)) => {
                lines.push(Line::New(b));
                j += 1;
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown_with_a_little_around_it() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_eq!(diff("a\nb\nc\n", "a\nx\nc\n"), "@ line 1\n a\n-b\n+x\n c\n");
        assert_eq!(
            diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n9\n"),
            "@ line 1\n+0\n 1\n 2\n@ line 6\n 6\n 7\n-8\n 9\n"
        );
        assert_eq!(diff("", "a\n"), "@ line 1\n+a\n");
    }
}
