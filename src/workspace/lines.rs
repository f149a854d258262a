//! Two contents, line by line, as `git diff --no-ext-diff --no-textconv -U3` shows them.

use git2::{DiffLineType, DiffOptions, Patch};

use crate::protocol::change::{DiffLine, FileDiff, Hunk, LineEnd, LineKind};

/// How far git looks for a NUL byte before it calls a content text.
const FIRST_BYTES: usize = 8000;

/// True when git would call this content binary (attributes are not asked).
pub(super) fn is_binary(content: &[u8]) -> bool {
    content.iter().take(FIRST_BYTES).any(|byte| *byte == 0)
}

/// The hunks between two contents.
pub(super) fn diff(old: &[u8], new: &[u8]) -> Result<FileDiff, git2::Error> {
    let patch = patch(old, new)?;
    let mut hunks = Vec::with_capacity(patch.num_hunks());
    for number in 0..patch.num_hunks() {
        hunks.push(hunk(&patch, number)?);
    }
    Ok(FileDiff { hunks })
}

/// Lines added and removed between two contents.
pub(super) fn count(old: &[u8], new: &[u8]) -> Result<(u32, u32), git2::Error> {
    let (_, added, removed) = patch(old, new)?.line_stats()?;
    Ok((added as u32, removed as u32))
}

/// Libgit2's comparison with the options of `git diff`'s defaults.
pub(super) fn patch<'a>(old: &'a [u8], new: &'a [u8]) -> Result<Patch<'a>, git2::Error> {
    let mut options = DiffOptions::new();
    options
        .context_lines(3)
        .interhunk_lines(0)
        .indent_heuristic(true)
        .force_text(true);
    Patch::from_buffers(old, None, new, None, Some(&mut options))
}

fn hunk(patch: &Patch<'_>, number: usize) -> Result<Hunk, git2::Error> {
    let (head, count) = patch.hunk(number)?;
    let header = String::from_utf8_lossy(head.header()).into_owned();
    let heading = header.trim_end().splitn(3, "@@").nth(2).unwrap_or_default();
    let mut hunk = Hunk {
        old_start: head.old_start(),
        old_lines: head.old_lines(),
        new_start: head.new_start(),
        new_lines: head.new_lines(),
        heading: heading.strip_prefix(' ').unwrap_or(heading).to_owned(),
        lines: Vec::with_capacity(count),
    };
    for at in 0..count {
        let line = patch.line_in_hunk(number, at)?;
        let kind = match line.origin_value() {
            DiffLineType::Context => LineKind::Context,
            DiffLineType::Addition => LineKind::Added,
            DiffLineType::Deletion => LineKind::Removed,
            // Marks about a missing line end: the line before them has none, and says so itself.
            _ => continue,
        };
        hunk.lines.push(split(kind, line.content()));
    }
    Ok(hunk)
}

/// A line with its end told apart.
fn split(kind: LineKind, content: &[u8]) -> DiffLine {
    let (text, end) = if let Some(text) = content.strip_suffix(b"\r\n") {
        (text, LineEnd::CrLf)
    } else if let Some(text) = content.strip_suffix(b"\n") {
        (text, LineEnd::Lf)
    } else {
        (content, LineEnd::None)
    };
    DiffLine {
        kind,
        text: String::from_utf8_lossy(text).into_owned(),
        end,
    }
}
