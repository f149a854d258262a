//! Finds secrets instead of only masking them: for scans of what was written before, and for a last look
//! at what is about to be given away.
//!
//! What is masked is found. Beyond that there are suspects: texts that may well be secrets and have no
//! shape of their own (a password in an address, a random value behind the word `token`). They are told to
//! a person, who decides; nobody masks them unasked. A hit never carries the secret, only what stands
//! around it.

use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{MASK, Redactor, StreamRedactor};

/// A mask that was there before, as long as [`MASK`] and no hit.
const KNOWN: &str = "…[hidden]";
/// Characters of context on each side of a mask.
const AROUND: usize = 24;
/// Least bits per character of a value that counts as random.
const RANDOM: f64 = 3.5;

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it looks like: `sk- key`, `private key`, `password in an address`.
    pub kind: String,
    /// What stands around it, itself masked, on one line.
    pub excerpt: String,
    /// Where it is in the text, in bytes.
    pub at: Range<usize>,
    /// False for a suspect.
    pub sure: bool,
    /// What stands in its place when it is masked.
    pub with: &'static str,
}

/// The secrets of a text, in order.
#[must_use]
pub fn hits(redactor: &Redactor, text: &str) -> Vec<Hit> {
    let text: Cow<'_, str> = if text.contains(MASK) {
        text.replace(MASK, KNOWN).into()
    } else {
        text.into()
    };
    let masked = redactor.text(&text);
    let mut all: Vec<Hit> = Vec::new();
    if masked != text {
        let spans = spans(&text, &masked);
        for (at, (place, _)) in spans.into_iter().zip(masked.match_indices(MASK)) {
            all.push(Hit {
                kind: kind(masked.get(..place).unwrap_or_default()),
                excerpt: excerpt(&masked, place),
                at,
                sure: true,
                with: MASK,
            });
        }
    }
    for suspect in suspects(&text) {
        if !all.iter().any(|hit| overlap(&hit.at, &suspect.at)) {
            all.push(suspect);
        }
    }
    all.sort_by_key(|hit| hit.at.start);
    all
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// The parts of `text` that became masks. What stands between masks is in the text in the same order, so
/// the first place it fits is as good as any: what is left open is the same.
fn spans(text: &str, masked: &str) -> Vec<Range<usize>> {
    let mut parts = masked.split(MASK).peekable();
    let mut at = parts.next().map_or(0, str::len);
    let mut spans = Vec::new();
    while let Some(part) = parts.next() {
        let found = if parts.peek().is_none() {
            text.len()
                .checked_sub(part.len())
                .filter(|start| *start >= at)
        } else {
            // A secret has at least one character.
            let from = at
                + text
                    .get(at..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(0, char::len_utf8);
            text.get(from..)
                .and_then(|rest| rest.find(part))
                .map(|found| from + found)
        };
        let end = found.unwrap_or(text.len());
        spans.push(at..end);
        at = end + part.len();
    }
    spans
}

/// What a secret is, by what stands before its mask.
fn kind(before: &str) -> String {
    if before.ends_with("KEY-----") {
        return "private key".to_owned();
    }
    let trimmed = before.trim_end_matches([' ', '"', '\'', '\\', ':', '=', '`']);
    if trimmed.to_ascii_lowercase().ends_with("bearer") {
        return "bearer token".to_owned();
    }
    let word: String = trimmed
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .take(32)
        .collect();
    let word: String = word.chars().rev().collect();
    match word.as_str() {
        "" => "known key".to_owned(),
        "eyJ" => "JSON web token".to_owned(),
        "AKIA" | "ASIA" => "AWS access key".to_owned(),
        "AIza" => "Google API key".to_owned(),
        word if trimmed.len() == before.len() && word.ends_with(['-', '_']) => {
            format!("{word} key")
        }
        word => format!("value of {word}"),
    }
}

/// What stands around a mask, on one line.
fn excerpt(masked: &str, place: usize) -> String {
    let (before, after) = masked.split_at(place);
    let rest = after.get(MASK.len()..).unwrap_or_default();
    let ends = |c: &char| *c != '\n';
    let before: String = before.chars().rev().take_while(ends).take(AROUND).collect();
    let before: String = before.chars().rev().collect();
    let rest: String = rest.chars().take_while(ends).take(AROUND / 2).collect();
    format!("{before}{MASK}{rest}")
}

/// A password before the host of an address; a value behind a word that promises a secret.
static SUSPECTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]{1,20})://[^\s/:@'"<>\\]{1,80}:(?<password>[^\s/@'"<>\\]{3,120})@[a-zA-Z0-9\[]"#,
        r#"|(?i:(?<name>[a-z_-]{0,24}(?:secret|token|passphrase|pwd|credential|apikey|api-key))["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3})(?<value>[A-Za-z0-9_+/.~-]{20,200}=*)"#,
    ))
    .ok()
});

/// Texts that may be secrets, and may not.
#[must_use]
pub fn suspects(text: &str) -> Vec<Hit> {
    let Some(expression) = SUSPECTS.as_ref() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for found in expression.captures_iter(text) {
        let (kind, value) = match (found.name("password"), found.name("value")) {
            (Some(password), _) if is_password(password.as_str()) => {
                ("password in an address", password)
            }
            (None, Some(value)) if is_random(value.as_str()) => {
                ("random value with a telling name", value)
            }
            _ => continue,
        };
        let mut masked = text.get(..value.start()).unwrap_or_default().to_owned();
        let place = masked.len();
        masked.push_str(MASK);
        masked.push_str(text.get(value.end()..).unwrap_or_default());
        all.push(Hit {
            kind: kind.to_owned(),
            excerpt: excerpt(&masked, place),
            at: value.range(),
            sure: false,
            with: MASK,
        });
    }
    all
}

/// A password rather than a place for one.
fn is_password(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let place = [
        "password", "pass", "pwd", "secret", "token", "xxx", "***", "changeme", "example",
    ];
    let variable =
        word.starts_with(['$', '{', '%', '[']) || word.contains("${") || word.contains(KNOWN);
    let port = word.bytes().all(|byte| byte.is_ascii_digit()) && word.len() <= 5;
    !variable && !port && !place.contains(&word.as_str()) && !word.contains("…[")
}

/// Letters and digits without any order in them.
fn is_random(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let words = text
        .split(['-', '_', '.', '/'])
        .map(str::len)
        .max()
        .unwrap_or(0);
    digits >= 3 && letters >= 3 && words >= 16 && bits(text) >= RANDOM
}

/// Shannon's entropy of the characters of a text, in bits per character.
fn bits(text: &str) -> f64 {
    let mut counts = BTreeMap::<u8, u32>::new();
    for byte in text.bytes() {
        *counts.entry(byte).or_default() += 1;
    }
    let all = text.len().max(1) as f64;
    counts
        .values()
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

/// Finds the secrets of a text that arrives in pieces, which may end anywhere but within a character.
pub struct Finder {
    stream: StreamRedactor,
    /// The end of the text when it may be the start of a mask that was there before.
    held: String,
    /// What came out, as far as it is still context.
    tail: String,
}

impl Finder {
    /// One for a new text.
    #[must_use]
    pub fn new(redactor: &Redactor) -> Self {
        Self {
            stream: redactor.stream(),
            held: String::new(),
            tail: String::new(),
        }
    }

    /// The secrets that are settled with this piece; [`Hit::at`] has no meaning.
    pub fn push(&mut self, piece: &str) -> Vec<Hit> {
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        let open = (1..MASK.len())
            .rev()
            .filter_map(|length| MASK.get(..length))
            .find(|start| text.ends_with(start));
        if let Some(open) = open {
            self.held = text.split_off(text.len() - open.len());
        }
        let out = self.stream.push(&text.replace(MASK, KNOWN));
        self.take(&out)
    }

    /// The secrets at the end of the text; the next piece begins another one.
    pub fn finish(&mut self) -> Vec<Hit> {
        let held = std::mem::take(&mut self.held);
        let mut out = self.stream.push(&held);
        out.push_str(&self.stream.flush());
        let hits = self.take(&out);
        self.tail.clear();
        hits
    }

    fn take(&mut self, out: &str) -> Vec<Hit> {
        let from = self.tail.len();
        self.tail.push_str(out);
        let hits = self
            .tail
            .match_indices(MASK)
            .filter(|(at, _)| *at >= from)
            .map(|(at, _)| Hit {
                kind: kind(self.tail.get(..at).unwrap_or_default()),
                excerpt: excerpt(&self.tail, at),
                at: 0..0,
                sure: true,
                with: MASK,
            })
            .collect();
        let keep = self
            .tail
            .char_indices()
            .rev()
            .nth(2 * AROUND)
            .map_or(0, |(at, _)| at);
        self.tail.drain(..keep);
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn what_is_found_is_named_and_never_shown() {
        let redactor = Redactor::default();
        for (text, kinds) in [
            ("nothing here", vec![]),
            (
                &format!("use {KEY} now") as &str,
                vec![("sk-proj- key", true)],
            ),
            (
                "api_key=9f8e7d6c5b4a39281706",
                vec![("value of api_key", true)],
            ),
            (
                "AKIAIOSFODNN7EXAMPLE and Bearer 9f8e7d6c5b4a39281706",
                vec![("AWS access key", true), ("bearer token", true)],
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAx\n-----END PRIVATE KEY-----",
                vec![("private key", true)],
            ),
            (
                "postgres://me:hunter2x@db/x",
                vec![("password in an address", false)],
            ),
            (
                "http://127.0.0.1:8080@x postgres://user:password@h redis://a:${PW}@h",
                vec![],
            ),
            (
                "session_token: 8fK2mQ9xW4vL7tR1yB6nZ3",
                vec![("random value with a telling name", false)],
            ),
            ("token: this-is-only-a-long-word-2024-01", vec![]),
            ("sk-…[masked] was here", vec![]),
        ] {
            let found = hits(&redactor, text);
            let got: Vec<(&str, bool)> = found
                .iter()
                .map(|hit| (hit.kind.as_str(), hit.sure))
                .collect();
            assert_eq!(got, kinds, "{text}");
            for hit in found {
                assert!(
                    !hit.excerpt.contains(text.get(hit.at).unwrap()),
                    "{}",
                    hit.excerpt
                );
            }
        }
    }

    #[test]
    fn a_finder_finds_in_any_pieces_and_forgets_old_masks() {
        let redactor = Redactor::default();
        let text = format!("a …[masked] b {KEY} c …[masked]\n{KEY}");
        for size in [1, 2, 3, 5, 64, 1000] {
            let mut finder = Finder::new(&redactor);
            let chars: Vec<char> = text.chars().collect();
            let mut found = Vec::new();
            for piece in chars.chunks(size) {
                found.extend(finder.push(&piece.iter().collect::<String>()));
            }
            found.extend(finder.finish());
            assert_eq!(found.len(), 2, "{size}: {found:?}");
            assert!(found.iter().all(|hit| hit.kind == "sk-proj- key"));
        }
    }
}
