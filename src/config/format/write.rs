//! Blocks as text again: two blanks a level, at most one blank line in a row.

use super::lines::{Block, Dash, Item, Page};

/// Blanks of one level.
const STEP: usize = 2;

/// The text of a page; ends in one line end.
pub fn write(page: &Page) -> String {
    let mut text = String::new();
    for line in &page.head {
        push(&mut text, 0, line);
    }
    block(&mut text, &page.block, 0, true);
    let end = text.trim_end_matches('\n').len();
    text.truncate(end);
    text.push('\n');
    text
}

/// One line; of several blank ones in a row only the first, and none at the top.
fn push(text: &mut String, indent: usize, line: &str) {
    if line.is_empty() {
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
        return;
    }
    text.extend(std::iter::repeat_n(' ', indent));
    text.push_str(line);
    text.push('\n');
}

/// Items of a level; the first may stand on a line that was begun.
fn block(text: &mut String, block: &Block, indent: usize, fresh: bool) {
    for (index, item) in block.items.iter().enumerate() {
        let begun = index == 0 && !fresh;
        if !begun {
            for line in &item.lead {
                push(text, indent, line);
            }
            text.extend(std::iter::repeat_n(' ', indent));
        }
        write_item(text, item, indent);
    }
    for line in &block.tail {
        push(text, indent, line);
    }
}

/// An item whose indentation is written.
fn write_item(text: &mut String, item: &Item, indent: usize) {
    if item.dash != Dash::None {
        text.push('-');
        let inline = item.line.is_empty() && item.dash == Dash::Begun;
        if inline || !item.line.is_empty() {
            text.push(' ');
        }
        if inline {
            return block(text, &item.below, indent + STEP, false);
        }
    }
    text.push_str(&item.line);
    text.push('\n');
    if let Some(more) = &item.more {
        let inner = indent + more.fixed.unwrap_or(STEP);
        for line in &more.lines {
            if !line.is_empty() {
                text.extend(std::iter::repeat_n(' ', inner));
            }
            text.push_str(line);
            text.push('\n');
        }
    }
    block(text, &item.below, indent + STEP, true);
}
