//! Changes to a text by whole lines and single words, done all at once.
//!
//! Only block style is changed by lines: a key that shares its line with others is left to the caller to
//! report. Nothing is removed that holds a comment on a line of its own.

use crate::config::node::{Entry, Node, Span};

/// Changes that are collected, places by bytes of the old text.
pub struct Edits<'a> {
    text: &'a str,
    /// First byte of each line.
    starts: Vec<usize>,
    /// From, to, new text; never overlapping.
    changes: Vec<(usize, usize, String)>,
}

impl<'a> Edits<'a> {
    /// No changes yet.
    pub fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
            changes: Vec::new(),
        }
    }

    /// The new text.
    pub fn apply(mut self) -> String {
        self.changes.sort_by_key(|(from, to, _)| (*from, *to));
        let mut new = String::with_capacity(self.text.len());
        let mut next = 0;
        for (from, to, with) in &self.changes {
            new.push_str(self.text.get(next..*from).unwrap_or_default());
            new.push_str(with);
            next = *to;
        }
        new.push_str(self.text.get(next..).unwrap_or_default());
        new
    }

    /// Takes a change unless it touches another.
    fn put(&mut self, from: usize, to: usize, with: String) -> bool {
        let touches = self.changes.iter().any(|(start, end, _)| {
            from < *end && *start < to || from == *start && to == *end && from != to
        });
        if !touches {
            self.changes.push((from, to, with));
        }
        !touches
    }

    /// Adds lines before a line (counted from 1; one past the last for the end).
    pub fn insert(&mut self, line: usize, mut with: String) {
        let at = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(self.text.len());
        if at == self.text.len() && !self.text.is_empty() && !self.text.ends_with('\n') {
            with.insert(0, '\n');
        }
        self.changes.push((at, at, with));
    }

    /// Lines of the text.
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    fn byte(&self, span: Span) -> Option<usize> {
        let start = *self.starts.get((span.line as usize).checked_sub(1)?)?;
        let line = self.text.get(start..)?;
        let column = (span.column as usize).checked_sub(1)?;
        let at = line.char_indices().nth(column).map(|(at, _)| at)?;
        Some(start + at)
    }

    /// Gives a key another name; quotes around it stay.
    pub fn rename(&mut self, entry: &Entry, new: &str) -> bool {
        self.word(entry.key_span, &entry.key, new)
    }

    /// Puts another word in the place of a text.
    pub fn replace_word(&mut self, node: &Node, old: &str, new: &str) -> bool {
        node.written.is_none() && self.word(node.span, old, new)
    }

    fn word(&mut self, span: Span, old: &str, new: &str) -> bool {
        let Some(at) = self.byte(span) else {
            return false;
        };
        let rest = self.text.get(at..).unwrap_or_default();
        let quoted = usize::from(rest.starts_with(['"', '\'']));
        let here = rest.get(quoted..).is_some_and(|rest| rest.starts_with(old));
        here && self.put(at + quoted, at + quoted + old.len(), new.to_owned())
    }

    /// The lines of an entry in block style: the first and one past the last, and its indentation.
    pub fn range(&self, entry: &Entry) -> Option<(usize, usize, usize)> {
        let first = entry.key_span.line as usize;
        let indent = (entry.key_span.column as usize).checked_sub(1)?;
        let line = self.line(first)?;
        line.get(..indent)?
            .chars()
            .all(|c| c == ' ')
            .then_some(())?;
        let mut end = first + 1;
        let mut last = end;
        while let Some(line) = self.line(end) {
            let text = line.trim_start_matches(' ');
            let deep = line.len() - text.len();
            let list = deep == indent && (text.starts_with("- ") || text.trim_end() == "-");
            if !text.trim().is_empty() {
                if deep <= indent && !list {
                    break;
                }
                last = end + 1;
            }
            end += 1;
        }
        Some((first, last, indent))
    }

    fn line(&self, number: usize) -> Option<&'a str> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let rest = self.text.get(start..)?;
        (!rest.is_empty()).then(|| rest.split('\n').next().unwrap_or_default())
    }

    fn bytes(&self, first: usize, end: usize) -> Option<(usize, usize)> {
        let from = *self.starts.get(first.checked_sub(1)?)?;
        let to = self.starts.get(end.checked_sub(1)?).copied();
        Some((from, to.unwrap_or(self.text.len())))
    }

    /// True when a line of its own in the range is a comment.
    fn has_comment(&self, first: usize, end: usize) -> bool {
        (first..end)
            .filter_map(|line| self.line(line))
            .any(|line| line.trim_start().starts_with('#'))
    }

    /// Takes an entry away with everything below it; false when that is not safe.
    pub fn remove(&mut self, entry: &Entry) -> bool {
        let Some((first, end, _)) = self.range(entry) else {
            return false;
        };
        if self.has_comment(first, end) {
            return false;
        }
        self.bytes(first, end)
            .is_some_and(|(from, to)| self.put(from, to, String::new()))
    }

    /// Moves an entry before another, at that one's indentation and with a new name. The other must begin
    /// its line.
    pub fn move_before(&mut self, entry: &Entry, other: &Entry, name: &str) -> bool {
        let (Some((first, end, from)), Some((line, _, to))) =
            (self.range(entry), self.range(other))
        else {
            return false;
        };
        if self.has_comment(first, end) {
            return false;
        }
        let shift = from.saturating_sub(to);
        let mut moved = String::new();
        for number in first..end {
            let text = self.line(number).unwrap_or_default();
            let blanks = text.len() - text.trim_start_matches(' ').len();
            moved.push_str(text.get(shift.min(blanks)..).unwrap_or_default());
            moved.push('\n');
        }
        let moved = moved.replacen(&entry.key, name, 1);
        let Some((start, stop)) = self.bytes(first, end) else {
            return false;
        };
        let put = self.put(start, stop, String::new());
        if put {
            self.insert(line, moved);
        }
        put
    }
}
