//! Where markdown source may be cut: places that depend on the text alone, never on the chunks it
//! came in.

use super::super::markdown::Block;

/// Length of the finished blank lines at the beginning, each no longer than `most`.
pub(super) fn blank_lines(text: &str, most: usize) -> usize {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        if !line.ends_with('\n') || line.len() > most || !line.trim().is_empty() {
            break;
        }
        length += line.len();
    }
    length
}

/// Whether nothing can join this block to the one before it: its first line is finished, and it is
/// a fence or stands after a blank line.
pub(super) fn final_start(text: &str, block: &Block) -> bool {
    let finished = block.start > 0
        && text
            .get(block.start..)
            .is_some_and(|rest| rest.contains('\n'));
    let apart = || {
        let before = text.get(..block.start).unwrap_or_default();
        let line = before
            .strip_suffix('\n')
            .unwrap_or(before)
            .rsplit('\n')
            .next();
        line.is_some_and(|line| line.trim().is_empty())
    };
    finished && (block.fenced || apart())
}

/// The text without an unfinished line of spaces, which says nothing yet.
pub(super) fn visible(text: &str) -> &str {
    let lines = text.trim_end_matches(' ');
    if lines.is_empty() || lines.ends_with('\n') {
        lines
    } else {
        text
    }
}

/// The finished lines among the first bytes.
pub(super) fn finished_lines(text: &str, most: usize) -> &str {
    let end = text
        .as_bytes()
        .iter()
        .take(most)
        .rposition(|byte| *byte == b'\n');
    text.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
}

/// The beginning of a block that is too long: up to a line that begins at the margin, else to a
/// line, else to a space, else to a character.
pub(super) fn part(text: &str, most: usize) -> &str {
    let bytes = text.as_bytes();
    let is = |index: &usize, wanted: u8| bytes.get(*index) == Some(&wanted);
    let margin =
        |index: &usize| is(index, b'\n') && !is(&(index + 1), b' ') && !is(&(index + 1), b'\n');
    let last =
        |wanted: &dyn Fn(&usize) -> bool| (0..most).rev().find(wanted).map(|index| index + 1);
    let mut end = last(&margin)
        .or_else(|| last(&|index| is(index, b'\n')))
        .or_else(|| last(&|index| is(index, b' ')))
        .unwrap_or(most);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text.get(..end).unwrap_or(text)
}
