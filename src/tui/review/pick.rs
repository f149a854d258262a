//! Arithmetic of picks: what a person takes of one file, down to single lines.
//!
//! Pure. A [`Part`] is kept in its shortest form: whole, hunks, lines; nothing taken is no part at
//! all. "All lines of all hunks" is the whole only where the change is nothing but lines: hunks leave
//! a file's name and mode as they are.

use std::collections::BTreeSet;

use crate::protocol::change::{ChangeKind, FileChange, FileDiff, Hunk, LineKind, LineRef, Part};

/// How much is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// Nothing.
    #[default]
    None,
    /// Some of it.
    Part,
    /// All of it.
    All,
}

impl Taken {
    /// Its sign, one cell wide.
    #[must_use]
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::None => "○",
            Self::Part => "◐",
            Self::All => "●",
        }
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "not taken",
            Self::Part => "partly taken",
            Self::All => "taken",
        }
    }
}

/// How much of a file is taken, without its lines at hand.
#[must_use]
pub const fn of_file(part: Option<&Part>) -> Taken {
    match part {
        None => Taken::None,
        Some(Part::Whole | Part::Edited(_)) => Taken::All,
        Some(Part::Hunks(_) | Part::Lines(_)) => Taken::Part,
    }
}

/// How much of a hunk is taken.
#[must_use]
pub fn of_hunk(part: Option<&Part>, number: usize, hunk: &Hunk) -> Taken {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    match part {
        None => Taken::None,
        Some(Part::Whole | Part::Edited(_)) => Taken::All,
        Some(Part::Hunks(hunks)) => {
            if hunks.contains(&number) {
                Taken::All
            } else {
                Taken::None
            }
        }
        Some(Part::Lines(lines)) => {
            let taken = lines.iter().filter(|line| line.hunk == number).count();
            let all = changed(number, hunk).count();
            match taken {
                0 => Taken::None,
                taken if taken >= all => Taken::All,
                _ => Taken::Part,
            }
        }
    }
}

/// Whether a changed line is taken.
#[must_use]
pub fn has_line(part: Option<&Part>, line: LineRef) -> bool {
    match part {
        None => false,
        Some(Part::Whole | Part::Edited(_)) => true,
        Some(Part::Hunks(hunks)) => hunks.contains(&line.hunk),
        Some(Part::Lines(lines)) => lines.contains(&line),
    }
}

/// Takes the whole file, or nothing of it when something is taken.
#[must_use]
pub fn toggle_file(part: Option<&Part>) -> Option<Part> {
    match of_file(part) {
        Taken::All => None,
        Taken::None | Taken::Part => Some(Part::Whole),
    }
}

/// Takes a hunk, or leaves it when all of it is taken.
#[must_use]
pub fn toggle_hunk(
    part: Option<&Part>,
    number: usize,
    file: &FileChange,
    diff: &FileDiff,
) -> Option<Part> {
    let Some(hunk) = diff.hunks.get(number) else {
        return part.cloned();
    };
    let own: Vec<LineRef> = changed(u32::try_from(number).unwrap_or(u32::MAX), hunk).collect();
    toggle_lines(part, &own, file, diff)
}

/// Takes these changed lines, or leaves them when all of them are taken.
#[must_use]
pub fn toggle_lines(
    part: Option<&Part>,
    lines: &[LineRef],
    file: &FileChange,
    diff: &FileDiff,
) -> Option<Part> {
    let mut taken = spread(part, diff);
    if lines.iter().all(|line| taken.contains(line)) {
        for line in lines {
            taken.remove(line);
        }
    } else {
        taken.extend(lines);
    }
    gather(&taken, file, diff)
}

/// All changed lines that a part takes.
#[must_use]
pub fn spread(part: Option<&Part>, diff: &FileDiff) -> BTreeSet<LineRef> {
    let every = || all(diff);
    match part {
        None => BTreeSet::new(),
        Some(Part::Whole | Part::Edited(_)) => every().collect(),
        Some(Part::Hunks(hunks)) => every().filter(|line| hunks.contains(&line.hunk)).collect(),
        Some(Part::Lines(lines)) => {
            let known: BTreeSet<LineRef> = every().collect();
            lines
                .iter()
                .copied()
                .filter(|line| known.contains(line))
                .collect()
        }
    }
}

/// The shortest part that takes these lines.
#[must_use]
pub fn gather(taken: &BTreeSet<LineRef>, file: &FileChange, diff: &FileDiff) -> Option<Part> {
    if taken.is_empty() {
        return None;
    }
    let mut hunks = Vec::new();
    let mut rest = taken.len();
    for (number, hunk) in (0..).zip(&diff.hunks) {
        let mut count = 0;
        if changed(number, hunk).all(|line| {
            count += 1;
            taken.contains(&line)
        }) && count > 0
        {
            hunks.push(number);
            rest -= count;
        }
    }
    Some(if rest > 0 {
        Part::Lines(taken.iter().copied().collect())
    } else if hunks.len() == diff.hunks.len() && lines_alone(file) {
        Part::Whole
    } else {
        Part::Hunks(hunks)
    })
}

/// True when the lines are all there is to a change.
#[must_use]
pub fn lines_alone(file: &FileChange) -> bool {
    let modes = file.old.as_ref().map(|side| side.mode) == file.new.as_ref().map(|side| side.mode);
    match file.kind {
        ChangeKind::Added | ChangeKind::Deleted => true,
        ChangeKind::Modified => modes,
        ChangeKind::Renamed | ChangeKind::Retyped => false,
    }
}

/// The whole text of a file with what is taken, and one hunk's lines replaced.
///
/// Byte for byte: `old` and `new` are cut at line feeds and nothing else. A part of single lines keeps
/// removed lines that are not taken and leaves out added lines that are not taken.
#[must_use]
pub fn compose(
    (old, new): (&str, &str),
    diff: &FileDiff,
    part: Option<&Part>,
    replaced: Option<(usize, &str)>,
) -> String {
    let before: Vec<&str> = old.split_inclusive('\n').collect();
    let after: Vec<&str> = new.split_inclusive('\n').collect();
    let mut text = String::new();
    let mut at = 0;
    for (number, hunk) in diff.hunks.iter().enumerate() {
        let (first, length) = span(hunk.old_start, hunk.old_lines);
        let (mut new_at, _) = span(hunk.new_start, hunk.new_lines);
        push(&mut text, before.get(at..first).unwrap_or_default());
        at = first;
        if let Some((_, words)) = replaced.filter(|(place, _)| *place == number) {
            text.push_str(words);
            at = first + length;
            continue;
        }
        for (place, line) in hunk.lines.iter().enumerate() {
            let taken = has_line(part, super::sheet::reference(number, place));
            match line.kind {
                LineKind::Context => {
                    push(&mut text, before.get(at..=at).unwrap_or_default());
                    at += 1;
                    new_at += 1;
                }
                LineKind::Removed => {
                    if !taken {
                        push(&mut text, before.get(at..=at).unwrap_or_default());
                    }
                    at += 1;
                }
                LineKind::Added => {
                    if taken {
                        push(&mut text, after.get(new_at..=new_at).unwrap_or_default());
                    }
                    new_at += 1;
                }
            }
        }
    }
    push(&mut text, before.get(at..).unwrap_or_default());
    text
}

/// The lines of a hunk after the change, as a text to edit.
#[must_use]
pub fn hunk_text(new: &str, hunk: &Hunk) -> String {
    let (first, length) = span(hunk.new_start, hunk.new_lines);
    new.split_inclusive('\n').skip(first).take(length).collect()
}

/// First line from 0, and how many.
fn span(start: u32, lines: u32) -> (usize, usize) {
    let first = if lines == 0 {
        start
    } else {
        start.saturating_sub(1)
    };
    (first as usize, lines as usize)
}

/// Adds lines; one without an end that another follows gets one.
fn push(text: &mut String, lines: &[&str]) {
    for line in lines {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(line);
    }
}

fn all(diff: &FileDiff) -> impl Iterator<Item = LineRef> + '_ {
    (0..)
        .zip(&diff.hunks)
        .flat_map(|(number, hunk)| changed(number, hunk))
}

fn changed(number: u32, hunk: &Hunk) -> impl Iterator<Item = LineRef> + '_ {
    (0..)
        .zip(&hunk.lines)
        .filter(|(_, line)| line.kind != LineKind::Context)
        .map(move |(line, _)| LineRef { hunk: number, line })
}
