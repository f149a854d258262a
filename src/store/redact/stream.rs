//! Masking of text that arrives in pieces.
//!
//! Two stages, each of which gives the same output for any way of cutting its input into pieces:
//! known values first, then shapes. The second looks at runs of characters that keys are made of,
//! so it holds back the run at the end of the text until something else ends it. A run of
//! [`LONGEST`] characters is judged as it stands; of a longer secret the rest is swallowed.

use super::{
    MASK, Redactor,
    shapes::{self, Found},
};

/// Longest run that is held back, in bytes (a run is ASCII).
const LONGEST: usize = 256;
/// What stays held back of a long run in which nothing was found.
const TAIL: usize = 128;
/// Most separators between a name (or `Bearer`) and its value.
const GAP: u8 = 8;
/// Most bytes of a private key that are swallowed while its end does not come.
const LONGEST_KEY: usize = 32 * 1024;

/// Masks a text that arrives in pieces.
#[derive(Clone, Debug)]
pub struct StreamRedactor {
    redactor: Redactor,
    /// Text whose end may be the start of a known value.
    literal: String,
    /// The unfinished run; its first `shown` bytes are already out and kept as context only.
    run: String,
    shown: usize,
    context: Context,
}

/// What the text before the run means for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    /// Nothing.
    Plain,
    /// The run goes on a secret that is already masked.
    Inside,
    /// `Bearer` came before, and this many blanks.
    Bearer(u8),
    /// The name of a secret came before, and this many separators.
    Named(u8),
    /// In the first line of a private key.
    KeyHeader { private: bool },
    /// In a private key that is already masked; this many bytes were swallowed.
    Key(usize),
    /// In the last line of a private key.
    KeyFooter,
}

impl StreamRedactor {
    pub(super) fn new(redactor: &Redactor) -> Self {
        Self {
            redactor: redactor.clone(),
            literal: String::new(),
            run: String::new(),
            shown: 0,
            context: Context::Plain,
        }
    }

    /// Takes in more text and returns what is settled.
    pub fn push(&mut self, text: &str) -> String {
        self.literal.push_str(text);
        let known = self.mask_known(End::Open);
        let mut out = String::with_capacity(known.len());
        self.mask_shapes(&known, &mut out);
        out
    }

    /// The text is over: returns what was held back and starts afresh.
    pub fn flush(&mut self) -> String {
        let known = self.mask_known(End::Closed);
        let mut out = String::with_capacity(known.len() + self.run.len());
        self.mask_shapes(&known, &mut out);
        self.end_run(&mut out);
        self.context = Context::Plain;
        out
    }

    /// Stage one: takes from `literal` what can no longer become part of a known value.
    fn mask_known(&mut self, end: End) -> String {
        let known = &self.redactor.inner.known;
        if known.is_empty() {
            return std::mem::take(&mut self.literal);
        }
        let mut out = String::with_capacity(self.literal.len());
        let mut rest = self.literal.as_str();
        while let Some(first) = rest.chars().next() {
            let growing = end == End::Open
                && known
                    .iter()
                    .any(|secret| secret.len() > rest.len() && secret.starts_with(rest));
            if growing {
                break;
            }
            if let Some(secret) = known
                .iter()
                .find(|secret| rest.starts_with(secret.as_str()))
            {
                out.push_str(&secret[..self.redactor.inner.shapes.prefix(secret)]);
                out.push_str(MASK);
                rest = &rest[secret.len()..];
            } else {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        self.literal = rest.to_owned();
        out
    }

    /// Stage two: runs and what separates them.
    fn mask_shapes(&mut self, text: &str, out: &mut String) {
        for character in text.chars() {
            if is_run(character) {
                self.run.push(character);
                if self.run.len() >= LONGEST {
                    self.judge_long_run(out);
                }
            } else {
                self.end_run(out);
                self.separate(character, out);
            }
        }
    }

    /// The run is complete: mask it and let it decide what follows.
    fn end_run(&mut self, out: &mut String) {
        let run = std::mem::take(&mut self.run);
        let shown = std::mem::take(&mut self.shown);
        if run.is_empty() {
            if self.context == Context::Inside {
                self.context = Context::Plain;
            }
            return;
        }
        self.context = match self.context {
            Context::Inside => Context::Plain,
            Context::KeyHeader { private } => key_header(&run, private, out),
            Context::Key(swallowed) => key_body(&run, swallowed, out),
            Context::KeyFooter => {
                out.push_str(&run);
                if run.ends_with("-----") {
                    Context::Plain
                } else {
                    Context::KeyFooter
                }
            }
            Context::Plain | Context::Bearer(_) | Context::Named(_) => {
                let from = self.mask_value(&run, shown, out);
                self.mask_found(&run, from, out);
                self.after(&run)
            }
        };
    }

    /// Masks the value at the start of a run that follows `Bearer` or a name; returns where the rest
    /// begins.
    fn mask_value(&self, run: &str, shown: usize, out: &mut String) -> usize {
        let expected = matches!(self.context, Context::Bearer(_) | Context::Named(_));
        if !expected || shown > 0 {
            return shown;
        }
        let starts_known_shape = self.find(run, 0).is_some_and(|found| found.start == 0);
        let value = match self.context {
            Context::Bearer(_) => shapes::credential(run),
            _ => self.redactor.inner.shapes.value(run),
        };
        match value {
            Some(end) if !starts_known_shape => {
                out.push_str(MASK);
                end
            }
            _ => 0,
        }
    }

    /// Masks every shape of a complete run and shows the rest of it.
    fn mask_found(&self, run: &str, from: usize, out: &mut String) {
        let mut from = from;
        while let Some(found) = self.find(run, from) {
            out.push_str(&run[from..found.keep]);
            out.push_str(MASK);
            from = found.end;
        }
        out.push_str(&run[from..]);
    }

    fn find(&self, run: &str, from: usize) -> Option<Found> {
        // Too short for any shape.
        if run.len() < 12 {
            return None;
        }
        self.redactor.inner.shapes.find(run, from)
    }

    /// What a complete run means for the text that follows.
    fn after(&self, run: &str) -> Context {
        if run.eq_ignore_ascii_case("bearer") {
            return Context::Bearer(0);
        }
        if run.ends_with("-----BEGIN") {
            return Context::KeyHeader { private: false };
        }
        if run == "="
            && let Context::Named(gap) = self.context
        {
            return Context::Named(gap);
        }
        if self.redactor.inner.shapes.is_name(run) {
            return Context::Named(0);
        }
        Context::Plain
    }

    /// A run grew as long as can be held back.
    fn judge_long_run(&mut self, out: &mut String) {
        match self.context {
            Context::Inside => {
                self.run.clear();
                self.shown = 0;
            }
            Context::Key(swallowed) => {
                let tail = self.run.split_off(LONGEST - TAIL);
                self.context = key_body(&self.run, swallowed, out);
                self.run = tail;
            }
            Context::KeyHeader { private } => {
                let tail = self.run.split_off(LONGEST - TAIL);
                self.context = key_header(&self.run, private, out);
                self.run = tail;
            }
            Context::KeyFooter => {
                self.context = Context::Plain;
                self.show_long_run(out);
            }
            Context::Plain | Context::Bearer(_) | Context::Named(_) => self.show_long_run(out),
        }
    }

    /// Masks a long run that has not ended: shows all but its tail, or masks to its end.
    fn show_long_run(&mut self, out: &mut String) {
        let run = std::mem::take(&mut self.run);
        let mut from = self.mask_value(&run, self.shown, out);
        let mut open = from == run.len();
        self.context = Context::Plain;
        while !open && let Some(found) = self.find(&run, from) {
            out.push_str(&run[from..found.keep]);
            out.push_str(MASK);
            from = found.end;
            open = found.end == run.len();
        }
        if open {
            self.context = Context::Inside;
            self.shown = 0;
            return;
        }
        let cut = from.max(run.len() - TAIL);
        out.push_str(&run[from..cut]);
        // One character before the tail stays, because a shape starts at the border of a word.
        run[cut - 1..].clone_into(&mut self.run);
        self.shown = 1;
    }

    /// A character that no run holds.
    fn separate(&mut self, character: char, out: &mut String) {
        self.context = match self.context {
            Context::Bearer(gap) if character == ' ' && gap < GAP => Context::Bearer(gap + 1),
            Context::Named(gap) if is_gap(character) && gap < GAP => Context::Named(gap + 1),
            context @ (Context::KeyHeader { .. } | Context::KeyFooter) if character == ' ' => {
                context
            }
            // It was masked before: what follows the mask is none of it.
            Context::Key(0) if MASK.starts_with(character) => Context::Plain,
            Context::Key(swallowed) if swallowed < LONGEST_KEY => {
                if swallowed == 0 {
                    out.push_str(MASK);
                }
                self.context = Context::Key(swallowed + character.len_utf8());
                return;
            }
            Context::Plain
            | Context::Inside
            | Context::Bearer(_)
            | Context::Named(_)
            | Context::KeyHeader { .. }
            | Context::KeyFooter
            | Context::Key(_) => Context::Plain,
        };
        out.push(character);
    }
}

/// Whether more text may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

/// A word of `-----BEGIN … PRIVATE KEY-----`.
fn key_header(run: &str, private: bool, out: &mut String) -> Context {
    if private && let Some(body) = run.strip_prefix("KEY-----") {
        out.push_str("KEY-----");
        return key_body(body, 0, out);
    }
    out.push_str(run);
    let word = run
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if word {
        Context::KeyHeader {
            private: private || run == "PRIVATE",
        }
    } else {
        Context::Plain
    }
}

/// Part of a private key's body: swallowed, unless it holds the end mark.
fn key_body(run: &str, swallowed: usize, out: &mut String) -> Context {
    let end = run.find("-----END");
    if swallowed == 0 && end.unwrap_or(run.len()) > 0 {
        out.push_str(MASK);
    }
    match end {
        Some(end) => {
            out.push_str(&run[end..]);
            Context::KeyFooter
        }
        None if swallowed + run.len() > LONGEST_KEY => Context::Plain,
        None => Context::Key(swallowed + run.len()),
    }
}

/// Characters that keys are made of.
fn is_run(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | '+' | '=')
}

/// Characters between a name and its value: `"api_key": "…"`, `api_key = '…'`, escaped or not.
fn is_gap(character: char) -> bool {
    matches!(character, ' ' | '\t' | ':' | '"' | '\'' | '`' | '\\')
}
