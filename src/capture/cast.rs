//! Screens one after the other as an asciicast, version 2, for asciinema and its players.
//!
//! The first screen is written whole, of every further one the cells that changed. Whatever plays the file
//! shows, after each of them, exactly that screen. Time never goes back, and a pause is never longer than
//! the limit. Lines go to the writer as they are made: memory holds one screen.
//!
//! Format: <https://docs.asciinema.org/manual/asciicast/v2>.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use ratatui::{buffer::Buffer, layout::Size};
use serde_json::json;

use super::{
    ansi::sgr,
    harmless,
    palette::{Palette, Rgb, Tone},
};

/// What the head of a cast says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Columns and rows.
    pub size: Size,
    /// What it is called.
    pub title: String,
    /// When the session began, seconds since 1970.
    pub began: u64,
    /// Colours of the player.
    pub tone: Tone,
    /// Longest pause, in milliseconds.
    pub pause: u64,
}

/// Writes a cast.
pub struct Cast<W> {
    out: W,
    last: Buffer,
    /// The screen before the first one is unknown.
    begun: bool,
    /// Time of the last line, in the session and in the cast, in milliseconds.
    at: Option<u64>,
    played: u64,
    pause: u64,
    lines: u64,
}

impl<W: Write> Cast<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(mut out: W, head: &Head) -> io::Result<Self> {
        let palette = Palette::of(head.tone);
        let colours: Vec<String> = palette.ansi.iter().map(|colour| hex(*colour)).collect();
        let line = json!({
            "version": 2,
            "width": head.size.width,
            "height": head.size.height,
            "timestamp": head.began,
            "title": harmless(&head.title),
            "env": { "TERM": "xterm-256color" },
            "theme": {
                "fg": hex(palette.foreground),
                "bg": hex(palette.background),
                "palette": colours.join(":"),
            },
        });
        writeln!(out, "{line}")?;
        let area = ratatui::layout::Rect::new(0, 0, head.size.width, head.size.height);
        Ok(Self {
            out,
            last: Buffer::empty(area),
            begun: false,
            at: None,
            played: 0,
            pause: head.pause,
            lines: 0,
        })
    }

    /// Shows a screen at a time of the session, in milliseconds; one that is as the last is not written.
    ///
    /// # Errors
    /// The writer's.
    pub fn screen(&mut self, at: u64, screen: &Buffer) -> io::Result<()> {
        let mut bytes = String::new();
        if !self.begun {
            // No cursor, an empty screen.
            bytes.push_str("\x1b[?25l\x1b[0m\x1b[2J");
        }
        changes(&self.last, screen, &mut bytes);
        self.begun = true;
        if bytes.is_empty() {
            return Ok(());
        }
        self.last = screen.clone();
        self.line(at, "o", &bytes)
    }

    /// Marks a moment, for players that jump from mark to mark.
    ///
    /// # Errors
    /// The writer's.
    pub fn mark(&mut self, at: u64, words: &str) -> io::Result<()> {
        self.line(at, "m", &harmless(words))
    }

    /// Lets time pass until `at` and leaves out what comes then, until `to`.
    pub fn leap(&mut self, at: u64, to: u64) {
        let before = self.at.unwrap_or(at);
        self.played += at.saturating_sub(before).min(self.pause);
        self.at = Some(to.max(before));
    }

    /// Ends the cast; returns how many lines and milliseconds it has.
    ///
    /// # Errors
    /// The writer's.
    pub fn end(mut self) -> io::Result<(u64, u64)> {
        self.out.flush()?;
        Ok((self.lines, self.played))
    }

    fn line(&mut self, at: u64, code: &str, text: &str) -> io::Result<()> {
        let before = self.at.unwrap_or(at);
        self.played += at.saturating_sub(before).min(self.pause);
        self.at = Some(at.max(before));
        self.lines += 1;
        let (seconds, rest) = (self.played / 1_000, self.played % 1_000);
        let text = serde_json::Value::from(text);
        writeln!(self.out, "[{seconds}.{rest:03}, \"{code}\", {text}]")
    }
}

/// The sequences that turn one screen into another.
fn changes(from: &Buffer, to: &Buffer, out: &mut String) {
    // Where the cursor is after what was written; `None` where terminals may differ about it.
    let mut cursor = None;
    let mut style: Option<String> = None;
    for (x, y, cell) in from.diff(to) {
        let symbol = cell.symbol();
        let harmless = !symbol.is_empty() && !symbol.contains(char::is_control);
        let symbol = if harmless { symbol } else { "\u{FFFD}" };
        if cursor != Some((x, y)) {
            let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
        }
        let wanted = sgr(cell);
        if style.as_ref() != Some(&wanted) {
            let _ = write!(out, "\x1b[0{wanted}m");
            style = Some(wanted);
        }
        out.push_str(symbol);
        let sure = symbol.len() == 1 && x + 1 < to.area.width;
        cursor = sure.then_some((x + 1, y));
    }
    if style.is_some_and(|style| !style.is_empty()) {
        out.push_str("\x1b[0m");
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}
