//! The line that is typed on: what to search for, or what paths must contain.
//!
//! One line, without a cursor within: it is a word or two.

use crate::text::clean;

/// Most characters of it.
const MOST: usize = 200;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To search in the lines.
    Search,
    /// To filter the files.
    Filter,
}

/// A key for the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Done.
    Accept,
    /// Away with it.
    Close,
    /// The last character goes.
    Erase,
    /// To the next hit.
    Down,
    /// To the hit before.
    Up,
}

/// The line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    open: Option<(Purpose, String)>,
    /// What was searched for last, in lower case; empty when nothing was.
    pub needle: String,
    /// What stood in the editor before a comment was begun.
    pub aside: String,
}

impl Line {
    /// True while characters belong to it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What is typed, and what for.
    #[must_use]
    pub fn text(&self) -> Option<(Purpose, &str)> {
        self.open
            .as_ref()
            .map(|(purpose, text)| (*purpose, text.as_str()))
    }

    /// Opens it.
    pub fn begin(&mut self, purpose: Purpose, text: &str) {
        self.open = Some((purpose, text.to_owned()));
    }

    /// Closes it and returns what was typed.
    pub fn end(&mut self) -> Option<(Purpose, String)> {
        self.open.take()
    }

    /// Types text.
    pub fn push(&mut self, text: &str) {
        if let Some((_, line)) = &mut self.open {
            let room = MOST.saturating_sub(line.chars().count());
            line.extend(clean::line(text).chars().take(room));
        }
    }

    /// Takes the last character away.
    pub fn erase(&mut self) {
        if let Some((_, line)) = &mut self.open {
            line.pop();
        }
    }
}
