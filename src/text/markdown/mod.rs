//! Markdown to rows: the only door to `pulldown-cmark`.
//!
//! [`render`] turns markdown source into blocks of rows for one width: headings, nested lists, task
//! lists, tables, code, quotes, rules, emphasis, links. Raw HTML is text. A line break in the source
//! is a line break on the screen, because models mean the ones they write.
//!
//! Invariants: rows fit the width; a block's rows depend on nothing but its own source, the width,
//! the styles and known link definitions, so blocks can be rendered apart and put together; what the
//! parser decodes (character references, escapes) passes the gate again.
//!
//! Not here: which blocks are final (see [`super::stream`]) and the blank row between top-level
//! blocks, which whoever puts them together adds *before* a block, never after.

pub(super) mod code;
pub mod html;
mod inline;
mod table;
pub mod tame;
#[cfg(test)]
mod tests;
mod writer;

use std::{collections::HashMap, ops::Range, sync::Arc};

use pulldown_cmark::{BrokenLink, CowStr, Options, Parser};
use ratatui::text::Line;

use super::{Row, TextStyles, clean};

/// Highlighted lines by block.
pub type Highlights = HashMap<u64, Arc<[Line<'static>]>>;

/// What rendering depends on besides the source.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Width of the rows in cells.
    pub columns: u16,
    /// Styles.
    pub styles: &'a TextStyles,
    /// Where the source begins in its document.
    pub base: u64,
    /// Link definitions seen elsewhere in the document, by [`normal_label`].
    pub definitions: &'a HashMap<String, String>,
    /// Highlighted code.
    pub highlights: &'a Highlights,
}

/// Rendered markdown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// Top-level blocks in order.
    pub blocks: Vec<Block>,
    /// Code blocks at any depth.
    pub codes: Vec<Code>,
    /// Link definitions: end of the definition in the source, label, target.
    pub definitions: Vec<(usize, String, String)>,
}

/// One top-level block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Beginning of its first line in the source.
    pub start: usize,
    /// True when it begins with a code fence.
    pub fenced: bool,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// One code block.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// Where it begins in the document: names the block.
    pub at: u64,
    /// Language word, may be empty.
    pub language: String,
    /// Its lines, without the indent of what it stands in.
    pub source: String,
    /// Where it ends in the source.
    pub end: usize,
}

/// Renders markdown.
#[must_use]
pub fn render(source: &str, context: &Context<'_>) -> Rendered {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let lookup = |link: BrokenLink<'_>| {
        let target = context.definitions.get(&normal_label(&link.reference))?;
        Some((CowStr::from(target.clone()), CowStr::Borrowed("")))
    };
    let events =
        Parser::new_with_broken_link_callback(source, options, Some(lookup)).into_offset_iter();
    let definitions = events
        .reference_definitions()
        .iter()
        .map(|(label, link)| (link.span.end, normal_label(label), link.dest.to_string()))
        .collect();
    let mut writer = writer::Writer::new(source, context);
    for (event, range) in events {
        writer.event(event, range);
    }
    let (blocks, codes) = writer.finish();
    Rendered {
        blocks,
        codes,
        definitions,
    }
}

/// A link label as it is compared: without case, runs of spaces as one.
#[must_use]
pub fn normal_label(label: &str) -> String {
    label
        .split_whitespace()
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text of a parser event. What stands in the source word for word has passed the gate; what was
/// decoded has not.
fn passed<'a>(text: CowStr<'a>, source: &str, range: &Range<usize>) -> std::borrow::Cow<'a, str> {
    let verbatim = source
        .get(range.clone())
        .is_some_and(|original| original == &*text);
    match text {
        CowStr::Borrowed(text) if verbatim => text.into(),
        text => clean::text(&text).into_owned().into(),
    }
}
