//! Arithmetic of picks: what a person takes of one file, down to single lines.
//!
//! Pure. A [`Part`] is kept in its shortest form: whole, hunks, lines; nothing taken is no part at
//! all. "All lines of all hunks" is the whole only where the change is nothing but lines: hunks leave
//! a file's name and mode as they are. Lines of a part are in ascending order, so that one of 100 000 is
//! looked up by halves.

use crate::protocol::change::{ChangeKind, FileChange, FileDiff, Hunk, LineKind, LineRef, Part};

/// Lines up to which each is put in its place; more are merged.
const FEW: usize = 32;

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
            let taken = within(lines, number).len();
            let all = count_changed(hunk);
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
        Some(Part::Lines(lines)) => lines.binary_search(&line).is_ok(),
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
    let mut taken = match part {
        Some(Part::Lines(lines)) => lines.clone(),
        other => spread(other, diff),
    };
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    lines.dedup();
    let leaves = among(&lines, &taken);
    if lines.len() <= FEW {
        for line in lines {
            match taken.binary_search(&line) {
                Ok(place) if leaves => {
                    taken.remove(place);
                }
                Err(place) if !leaves => taken.insert(place, line),
                Ok(_) | Err(_) => {}
            }
        }
    } else if leaves {
        let mut gone = lines.iter().peekable();
        taken.retain(|line| gone.next_if(|gone| *gone == line).is_none());
    } else {
        taken.extend(lines);
        // Two runs in order: sorted in one go.
        taken.sort();
        taken.dedup();
    }
    gather(taken, file, diff)
}

/// Whether all of some lines are among others; both in order.
fn among(lines: &[LineRef], others: &[LineRef]) -> bool {
    if lines.len() <= FEW {
        return lines.iter().all(|line| others.binary_search(line).is_ok());
    }
    let mut others = others.iter();
    lines.iter().all(|line| others.any(|other| other == line))
}

/// All changed lines that a part takes, in order.
#[must_use]
pub fn spread(part: Option<&Part>, diff: &FileDiff) -> Vec<LineRef> {
    let every = || all(diff);
    match part {
        None => Vec::new(),
        Some(Part::Whole | Part::Edited(_)) => every().collect(),
        Some(Part::Hunks(hunks)) => every().filter(|line| hunks.contains(&line.hunk)).collect(),
        Some(Part::Lines(lines)) => {
            let known = |line: &&LineRef| {
                let hunk = diff.hunks.get(line.hunk as usize);
                let line = hunk.and_then(|hunk| hunk.lines.get(line.line as usize));
                line.is_some_and(|line| line.kind != LineKind::Context)
            };
            let mut lines: Vec<LineRef> = lines.iter().filter(known).copied().collect();
            lines.sort();
            lines.dedup();
            lines
        }
    }
}

/// The shortest part that takes these lines, which are in order.
#[must_use]
pub fn gather(taken: Vec<LineRef>, file: &FileChange, diff: &FileDiff) -> Option<Part> {
    if taken.is_empty() {
        return None;
    }
    let mut hunks = Vec::new();
    let mut rest = taken.len();
    for (number, hunk) in (0..).zip(&diff.hunks) {
        let (own, all) = (within(&taken, number).len(), count_changed(hunk));
        if own == all && all > 0 {
            hunks.push(number);
            rest -= own;
        }
    }
    Some(if rest > 0 {
        Part::Lines(taken)
    } else if hunks.len() == diff.hunks.len() && lines_alone(file) {
        Part::Whole
    } else {
        Part::Hunks(hunks)
    })
}

/// Those of some lines, in order, that are of a hunk.
fn within(lines: &[LineRef], hunk: u32) -> &[LineRef] {
    let from = lines.partition_point(|line| line.hunk < hunk);
    let to = lines.partition_point(|line| line.hunk <= hunk);
    lines.get(from..to).unwrap_or_default()
}

/// Changed lines of a hunk. Lines of context count on both sides, changed ones on one.
fn count_changed(hunk: &Hunk) -> usize {
    let sides = hunk.old_lines as usize + hunk.new_lines as usize;
    (2 * hunk.lines.len()).saturating_sub(sides)
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
