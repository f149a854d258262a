//! A session as something to give away: a page (HTML), Markdown, JSON, one file that another
//! `massgen-tui` opens (a bundle).
//!
//! Writers are pure: events come from a [`Tape`], bytes go to an [`std::io::Write`]. A tape is played
//! several times, event by event; what is kept in memory is the fold of the session (answers, votes, the
//! timeline) and never its stream, so a session of any size is written in bounded memory. Whatever the tape
//! holds is outside text: it is cleaned and escaped here, and nothing of it becomes a tag, an attribute, an
//! address or a script. Masking is done before, by whoever makes the tape. What is left out is told in the
//! file itself. The same session gives the same bytes: no clock, no randomness.

mod ballots;
pub mod bundle;
mod fit;
pub mod hash;
mod json;
mod markdown;
mod page;
mod remarks;
mod survey;
#[cfg(test)]
mod tests;
mod tools;
mod turns;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

pub use self::{
    fit::{Cut, fit},
    hash::{Sha256, base64, hex, hmac, sha256},
    remarks::{Remark, Words},
    survey::{Survey, survey},
    turns::{Selection, SelectionError},
};

use crate::protocol::{Event, RunId, Timestamp};

/// Version of what [`Format::Json`] writes; a reader for one version reads all that only add to it.
pub const JSON_VERSION: u32 = 1;

/// The events of a session, as often as they are needed.
pub trait Tape {
    /// Plays all of them in order, masked already.
    ///
    /// # Errors
    /// They cannot be read, or whoever takes them has no more room.
    fn play(&self, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()>;
}

impl Tape for Vec<Event> {
    fn play(&self, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        self.iter().try_for_each(|event| each(event.clone()))
    }
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One self-contained page.
    Html,
    /// Markdown that reads well on GitHub.
    Md,
    /// One JSON object.
    Json,
    /// One file that another `massgen-tui` opens.
    Bundle,
    /// The screens as they were lived, an asciicast. It is made of screens, so not by [`write()`].
    Cast,
}

impl Format {
    /// The end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Md => "md",
            Self::Json => "json",
            Self::Bundle => "mgt",
            Self::Cast => "cast",
        }
    }

    /// What servers are told it is.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Md => "text/markdown; charset=utf-8",
            Self::Json => "application/json",
            Self::Bundle => "application/gzip",
            Self::Cast => "application/x-asciicast",
        }
    }

    /// Whether it is text that a person or a snippet can hold.
    #[must_use]
    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Bundle)
    }
}

/// What something is that was masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// A key, a token, a password with a name before it.
    Secret,
    /// The folder of a person.
    Home,
    /// Any other path of the machine.
    Path,
    /// An address of mail.
    Email,
    /// The name of a person or of the machine.
    Name,
    /// A word that was given.
    Word,
}

impl MaskKind {
    /// What it is, for a list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Home => "home folder",
            Self::Path => "path",
            Self::Email => "e-mail address",
            Self::Name => "name",
            Self::Word => "given word",
        }
    }
}

/// What was masked, by kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// What.
    pub kind: MaskKind,
    /// How often.
    pub times: u64,
    /// Numbers of the first events it was in; 0 is what stands beside the events.
    pub events: Vec<u64>,
}

/// What is not in the file, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl LeftOut {
    /// Something, and why it is not there.
    #[must_use]
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// What an answer did to files, or a file that an agent left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name in a bundle: plain letters, digits, dots and dashes, with slashes between folders.
    pub name: String,
    /// What it is, for people.
    pub title: String,
    /// Its words, masked.
    pub text: String,
    /// What kind of text.
    pub kind: AttachmentKind,
}

/// Kinds of attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A unified diff.
    Patch,
    /// A file as it was.
    File,
    /// A record of ours beside the log: labels, notes, an analysis.
    Record,
}

/// Everything a writer needs besides the events.
#[derive(Clone, Debug, Default)]
pub struct Particulars {
    /// The name of the session.
    pub run: Option<RunId>,
    /// Version of the program that wrote the log.
    pub version: String,
    /// Version of the event format.
    pub schema: u32,
    /// What could not be read of the log, in words.
    pub damage: Option<String>,
    /// Who gives it away, when they want to say so.
    pub by: Option<String>,
    /// When they give it away, when they say who they are.
    pub at: Option<Timestamp>,
    /// Which turns were chosen, when not all were.
    pub turns: Option<String>,
    /// What is not in it, before anything was cut for size.
    pub left_out: Vec<LeftOut>,
    /// What was masked.
    pub masked: Vec<Masked>,
    /// Files and diffs.
    pub attachments: Vec<Attachment>,
    /// Remarks of people.
    pub remarks: Vec<Remark>,
}

impl Particulars {
    /// The name of the session.
    #[must_use]
    pub fn name(&self) -> &str {
        self.run.as_ref().map_or("session", |run| run.0.as_str())
    }
}

/// Writes a session.
///
/// # Errors
/// The tape cannot be played, the output cannot be written, or it is a recording, which is no text of events.
pub fn write(
    format: Format,
    tape: &dyn Tape,
    survey: &Survey,
    about: &Particulars,
    cut: Cut,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Html => page::write(tape, survey, about, cut, out),
        Format::Md => markdown::write(tape, survey, about, cut, out),
        Format::Json => json::write(tape, survey, about, cut, out),
        Format::Bundle => bundle::write(tape, survey, about, cut, out),
        Format::Cast => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a recording is made of screens",
        )),
    }
}
