//! The one gate for outside text: what comes out can be painted, copied and logged without harm.
//!
//! Invariants, each held by a property test:
//! - no C0 control but `\n`, no DEL, no C1, no escape sequence, no bidi control in the output;
//! - nothing invisible that could hide text: zero-width characters and tag characters are gone,
//!   joiners and variation selectors stay only where a script or an emoji needs them, and a cluster
//!   carries at most [`MAX_MARKS`] marks;
//! - any split into chunks gives the same text as the whole;
//! - cleaning twice is cleaning once.
//!
//! An escape sequence goes away whole, payload included, and leaves [`ESCAPE_MARK`], so that an
//! attack is seen. Control sequences follow ECMA-48 (5th edition, section 5); OSC may also end with
//! BEL, as xterm has it. Characters are judged, never bytes, so text in any script survives.
//!
//! Not here: secrets (the session log masks them) and terminal width (see [`super::width`]).

mod chars;
mod gate;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use self::chars::Class;
use super::width;

pub use self::gate::{Gate, asked as question};

/// Stands where an escape sequence was.
pub const ESCAPE_MARK: char = '␛';
/// Stands where a character was that reorders text.
pub const BIDI_MARK: char = '⇄';
/// Stands for a line break in text of one line.
pub const NEWLINE_MARK: char = '␤';
/// Marks that one base character may carry; more are dropped. Vietnamese needs 2, Hebrew 4.
pub const MAX_MARKS: u8 = 8;
/// Emoji that may be joined to one; a family of four needs 3.
const MAX_JOINS: u8 = 8;
/// Bytes after which an unterminated escape sequence is taken for text.
pub const MAX_PAYLOAD: usize = 4096;
/// Distance of tab stops in cells.
const TAB: usize = 4;
/// Marks of the longest emoji flag sequence (5), and one to spare.
const MAX_TAGS: usize = 6;

/// Cleans text of several lines: keeps `\n`, expands tabs, `\r\n` and lone `\r` become `\n`.
#[must_use]
pub fn text(outside: &str) -> Cow<'_, str> {
    if outside.chars().all(|c| c == '\n' || chars::inert(c)) {
        return Cow::Borrowed(outside);
    }
    let mut cleaner = Cleaner::default();
    let mut out = cleaner.push(outside);
    out.push_str(&cleaner.finish());
    Cow::Owned(out)
}

/// Cleans text that must stay on one line (names, paths, titles): line breaks at the end go away,
/// others become [`NEWLINE_MARK`].
#[must_use]
pub fn line(outside: &str) -> Cow<'_, str> {
    if outside.chars().all(chars::inert) {
        return Cow::Borrowed(outside);
    }
    let clean = text(outside);
    let trimmed = clean.trim_end_matches('\n');
    if trimmed.len() == clean.len() && !trimmed.contains('\n') {
        return clean;
    }
    Cow::Owned(trimmed.replace('\n', "␤"))
}

/// Cleans a stream whose chunks may end anywhere, within an escape sequence too.
#[derive(Clone, Debug, Default)]
pub struct Cleaner {
    sequence: Sequence,
    /// What was read of an unfinished sequence after its introducer.
    payload: String,
    cluster: Cluster,
    /// A joiner that waits for the character after it.
    joiner: Option<char>,
    /// Tag characters that wait for the end of a flag sequence.
    tags: String,
    /// The last character was `\r`, so a `\n` belongs to it.
    after_return: bool,
    /// Cells since the beginning of the line, for tab stops.
    column: usize,
}

/// Where in an escape sequence the stream stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    /// After ESC.
    Escape,
    /// After ESC and intermediate bytes.
    Intermediate,
    /// Within CSI.
    Control,
    /// Within OSC, DCS, APC, PM or SOS.
    String,
    /// After an ESC within one of these.
    StringEscape,
}

/// The character that marks would attach to.
#[derive(Clone, Copy, Debug, Default)]
struct Cluster {
    /// `None` at the beginning of a line.
    base: Option<char>,
    marks: u8,
    joins: u8,
    selector: bool,
}

impl Cleaner {
    /// Cleans the next chunk. What cannot be judged yet is held back.
    pub fn push(&mut self, chunk: &str) -> String {
        let mut out = String::with_capacity(chunk.len());
        let mut rest = chunk;
        while let Some(c) = rest.chars().next() {
            let run = if self.at_rest() {
                printable_prefix(rest)
            } else {
                0
            };
            if run > 0 {
                out.push_str(&rest[..run]);
                self.column += run;
                self.cluster = Cluster {
                    base: rest[..run].chars().next_back(),
                    ..Cluster::default()
                };
                rest = &rest[run..];
            } else {
                self.step(c, &mut out);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    /// Ends the stream: an unfinished sequence, already marked, is given out as text. The cleaner
    /// can be used for another stream afterwards.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        let marked = self.sequence == Sequence::StringEscape;
        self.payload_as_text(&mut out);
        if marked {
            out.push(ESCAPE_MARK);
        }
        *self = Self::default();
        out
    }

    /// True when printable ASCII can be copied without a look at each character.
    const fn at_rest(&self) -> bool {
        matches!(self.sequence, Sequence::None)
            && self.joiner.is_none()
            && self.tags.is_empty()
            && !self.after_return
    }

    fn step(&mut self, c: char, out: &mut String) {
        match self.sequence {
            Sequence::None => self.ground(c, out),
            Sequence::Escape => self.escape(c, out),
            Sequence::Intermediate => match c {
                '\x20'..='\x2F' => self.keep(c, out),
                '\x30'..='\x7E' => self.drop_sequence(),
                _ => self.broken(c, out),
            },
            Sequence::Control => match c {
                '\x20'..='\x3F' => self.keep(c, out),
                '\x40'..='\x7E' | '\x18' | '\x1A' => self.drop_sequence(),
                _ => self.broken(c, out),
            },
            Sequence::String => match c {
                '\x07' | '\u{9C}' | '\x18' | '\x1A' => self.drop_sequence(),
                '\x1B' => self.sequence = Sequence::StringEscape,
                _ => self.keep(c, out),
            },
            Sequence::StringEscape => {
                self.drop_sequence();
                if c != '\\' {
                    // The ESC broke the string off and begins a sequence of its own.
                    self.ground('\x1B', out);
                    self.step(c, out);
                }
            }
        }
    }

    /// The character after ESC.
    fn escape(&mut self, c: char, out: &mut String) {
        match c {
            '[' => self.sequence = Sequence::Control,
            ']' | 'P' | 'X' | '^' | '_' => self.sequence = Sequence::String,
            '\x20'..='\x2F' => {
                self.sequence = Sequence::Intermediate;
                self.keep(c, out);
            }
            '\x30'..='\x7E' => self.drop_sequence(),
            _ => self.broken(c, out),
        }
    }

    /// Keeps a character of an unfinished sequence; too many of them were text after all.
    fn keep(&mut self, c: char, out: &mut String) {
        self.payload.push(c);
        if self.payload.len() > MAX_PAYLOAD {
            self.payload_as_text(out);
        }
    }

    fn drop_sequence(&mut self) {
        self.sequence = Sequence::None;
        self.payload.clear();
    }

    /// A character that no sequence may hold: what was kept is text, and so is the character.
    fn broken(&mut self, c: char, out: &mut String) {
        self.payload_as_text(out);
        self.ground(c, out);
    }

    fn payload_as_text(&mut self, out: &mut String) {
        self.sequence = Sequence::None;
        for c in std::mem::take(&mut self.payload).chars() {
            self.ground(c, out);
        }
    }

    /// A character outside escape sequences.
    fn ground(&mut self, c: char, out: &mut String) {
        let after_return = std::mem::take(&mut self.after_return);
        let class = chars::class(c);
        if !self.tags.is_empty() && class != Class::Tag {
            self.tags.clear();
        }
        match class {
            Class::Plain => self.base(c, out),
            Class::Newline => {
                if !(after_return && c == '\n') {
                    self.newline(out);
                }
            }
            Class::Return => {
                self.newline(out);
                self.after_return = true;
            }
            Class::Tab => {
                for _ in 0..TAB - self.column % TAB {
                    self.base(' ', out);
                }
            }
            Class::Escape => {
                self.base(ESCAPE_MARK, out);
                self.sequence = Sequence::Escape;
            }
            Class::Picture(picture) => self.base(picture, out),
            Class::Hidden => {}
            Class::Mark => self.mark(c, out),
            Class::Selector => self.selector(c, out),
            Class::Joiner => self.joiner = self.cluster.base.and(Some(c)),
            Class::Tag => self.tag(c, out),
        }
    }

    fn newline(&mut self, out: &mut String) {
        self.joiner = None;
        self.cluster = Cluster::default();
        self.column = 0;
        out.push('\n');
    }

    /// A character that begins a cluster, or joins the one before it.
    fn base(&mut self, c: char, out: &mut String) {
        let joins = self.cluster.joins;
        self.cluster.joins = 0;
        if let Some(joiner) = self.joiner.take()
            && let Some(base) = self.cluster.base
            && joins < MAX_JOINS
            && chars::joined(base, joiner, c)
        {
            out.push(joiner);
            self.cluster.joins = joins + 1;
        }
        out.push(c);
        self.column += width::character(c);
        self.cluster = Cluster {
            base: Some(c),
            joins: self.cluster.joins,
            ..Cluster::default()
        };
    }

    /// A combining mark, kept while the cluster has room for it.
    fn mark(&mut self, c: char, out: &mut String) {
        self.joiner = None;
        if self.cluster.base.is_some() && self.cluster.marks < MAX_MARKS {
            self.cluster.marks += 1;
            out.push(c);
        }
    }

    /// A variation selector, kept once per base that can have one: chains of them can hide data.
    fn selector(&mut self, c: char, out: &mut String) {
        self.joiner = None;
        let fits = self
            .cluster
            .base
            .is_some_and(|base| chars::selects(base, c));
        if fits && !self.cluster.selector && self.cluster.marks == 0 {
            self.cluster.selector = true;
            out.push(c);
        }
    }

    /// A tag character: kept only as part of a complete flag sequence (UTS 51, ED-14a).
    fn tag(&mut self, c: char, out: &mut String) {
        self.joiner = None;
        let flag = self.cluster.base == Some('\u{1F3F4}')
            && self.cluster.marks == 0
            && !self.cluster.selector;
        if !flag {
            return;
        }
        if c != '\u{E007F}' {
            self.tags.push(c);
            if self.tags.chars().count() > MAX_TAGS {
                // Too long for a flag: this cluster takes no more tags.
                self.tags.clear();
                self.cluster.selector = true;
            }
        } else if self.tags.chars().count() >= 3 {
            out.push_str(&std::mem::take(&mut self.tags));
            out.push(c);
            self.cluster.selector = true;
        } else {
            self.tags.clear();
        }
    }
}

/// Length of the printable ASCII at the beginning.
fn printable_prefix(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| matches!(byte, b' '..=b'~'))
        .count()
}
