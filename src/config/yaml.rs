//! Text to [`Node`] tree: the only door to the YAML reader.
//!
//! Reads YAML (and JSON, which is a subset) the way MassGen's own loader does: YAML 1.1 booleans,
//! numbers, merge keys, the last of two equal keys wins. Unlike it, nothing is swallowed: equal keys, tabs,
//! more than one document, a top level that is no map and text that is no UTF-8 are findings with a
//! place. Depth, nodes and alias replays are bounded. Never panics, whatever the bytes are.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::diagnostic::{Finding, Severity};
use super::excerpt::{clean, is_secret_key, looks_secret};
use super::node::{Entry, Kind, Node, Span};
use super::scalars::reread;

/// Largest file that is read, in bytes. The largest configuration MassGen ships has 25 KB.
pub const MAX_BYTES: usize = 4 << 20;

/// Code of the finding that a text has nothing in it but comments.
pub const EMPTY: &str = "empty-file";

/// What came out of a text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The text that spans point into, without byte order mark.
    pub text: String,
    /// The top-level map; `None` when the text holds none.
    pub root: Option<Node>,
    /// What is wrong with the text as YAML.
    pub findings: Vec<Finding>,
}

/// The tree of a text; `None` where something is wrong with it.
#[must_use]
pub fn sound(text: &str) -> Option<Node> {
    let parsed = parse(text.as_bytes());
    let mut findings = parsed.findings.iter();
    let broken = findings.any(|one| one.severity == Severity::Error);
    parsed.root.filter(|_| !broken)
}

/// Reads one configuration text.
#[must_use]
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    match decode(bytes) {
        Ok(text) => text.clone_into(&mut parsed.text),
        Err(finding) => {
            parsed.text = String::from_utf8_lossy(bytes).into_owned();
            parsed.findings.push(finding);
            return parsed;
        }
    }
    if is_blank(&parsed.text) {
        parsed.findings.push(
            Finding::new(Severity::Error, EMPTY, Span::default(), "")
                .message("the file holds no configuration: it is empty or has only comments")
                .help("start from one of the files in `configs/`"),
        );
        return parsed;
    }
    let text = without_json_tabs(&parsed.text);
    match serde_saphyr::from_str_with_options::<Raw>(&text, options()) {
        Ok(raw) => {
            let root = Conversion::new(&parsed.text, &mut parsed.findings).node(raw, "");
            if matches!(root.kind, Kind::Map(_)) {
                parsed.root = Some(root);
            } else {
                parsed.findings.push(
                    Finding::new(Severity::Error, "not-a-map", root.span, "")
                        .message(format!("the top level must be a map, not {}", root.noun()))
                        .help("a configuration starts with a key such as `agents:`"),
                );
            }
        }
        Err(error) => parsed.findings.push(syntax_finding(&error, &parsed.text)),
    }
    parsed
}

/// The bytes as text, or what is wrong with them.
fn decode(bytes: &[u8]) -> Result<&str, Finding> {
    let whole = |code, message: String| {
        Finding::new(Severity::Error, code, Span::default(), "").message(message)
    };
    if bytes.len() > MAX_BYTES {
        return Err(whole(
            "too-large",
            format!("the file is larger than {} MB", MAX_BYTES >> 20),
        )
        .help("this is probably not a configuration file"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(
            whole("not-utf8", "the file is UTF-16, not UTF-8".to_owned())
                .help("save it as UTF-8: `iconv -f UTF-16 -t UTF-8 FILE`"),
        );
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let before = String::from_utf8_lossy(valid);
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        let span = Span {
            line: to_u32(line),
            column: to_u32(last.chars().count() + 1),
            offset: before.chars().count(),
            len: 1,
        };
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        Finding::new(Severity::Error, "not-utf8", span, "")
            .message(format!("byte 0x{byte:02x} is not UTF-8 text"))
            .help("save the file as UTF-8")
    })
}

/// True when nothing but comments, document marks and white space is there.
fn is_blank(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#') || line == "---" || line == "...")
}

/// JSON may be indented with tabs, YAML may not. In JSON a tab cannot be inside a string, so one
/// space for each changes neither meaning nor places.
fn without_json_tabs(text: &str) -> std::borrow::Cow<'_, str> {
    let json = text.contains('\t')
        && text.trim_start().starts_with('{')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if json {
        text.replace('\t', " ").into()
    } else {
        text.into()
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 48,
            flow_nesting_limit: 48,
            // Ten times what anybody writes: the checks look through keys again and again.
            max_nodes: 20_000,
            max_events: 80_000,
            max_aliases: 2_000,
            max_anchors: 2_000,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        // YAML 1.1 is read in `scalars`, where it is known whether a text was quoted; `y` and `n` are no
        // booleans (to PyYAML neither).
        strict_booleans: true,
        with_snippet: false,
        emit_comments: false,
    }
}

/// A reader's error as a finding with a hint for the usual slips.
fn syntax_finding(error: &serde_saphyr::Error, text: &str) -> Finding {
    let mut at = error.location().map_or_else(Span::default, |at| span(&at));
    at.len = at.len.max(1);
    let inner = error.without_snippet();
    let reader = strip_location(&inner.to_string());
    let finding = |code, span, message: String| {
        Finding::new(Severity::Error, code, span, "").message(message)
    };
    if matches!(inner, serde_saphyr::Error::MultipleDocuments { .. }) {
        let message = "the file holds more than one YAML document".to_owned();
        return finding("multiple-documents", at, message)
            .help("keep one document; remove the second `---`");
    }
    if reader.contains("limit exceeded") || matches!(inner, serde_saphyr::Error::Budget { .. }) {
        let message = "the file is nested too deep, holds too much or repeats too much".to_owned();
        return finding("too-complex", at, message)
            .help("split it with `_include`, write repeated parts out, or remove aliases");
    }
    if reader.contains("quot")
        && let Some(open) = open_quote(text, at.line)
    {
        return finding(
            "syntax",
            open,
            "the quote that starts here is never closed".to_owned(),
        );
    }
    let hint = hint(&reader, text, at.line);
    let finding = finding("syntax", at, reader);
    match hint {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// The last quote up to a line that opens a value and is not closed on its own line.
fn open_quote(text: &str, before: u32) -> Option<Span> {
    let mut offset = 0;
    let mut open = None;
    for (index, line) in text.split('\n').enumerate().take(before as usize) {
        let value = line.find(": ").map_or_else(
            || line.len() - line.trim_start_matches([' ', '-']).len(),
            |colon| colon + 2,
        );
        let quote = line.get(value..).and_then(|rest| {
            let quote = rest.trim_start().chars().next()?;
            (matches!(quote, '"' | '\'') && rest.matches(quote).count() % 2 == 1)
                .then(|| value + rest.len() - rest.trim_start().len())
        });
        if let Some(column) = quote {
            let column = line.get(..column).unwrap_or_default().chars().count();
            open = Some(Span {
                line: to_u32(index + 1),
                column: to_u32(column + 1),
                offset: offset + column,
                len: 1,
            });
        }
        offset += line.chars().count() + 1;
    }
    open
}

/// The usual reason for a syntax error on this line.
fn hint(reader: &str, text: &str, line: u32) -> Option<String> {
    let tab = |line: &str| {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        line.get(..indent).unwrap_or_default().contains('\t')
    };
    if let Some(at) = text.lines().position(tab) {
        let at = at + 1;
        return Some(format!(
            "line {at} is indented with a tab; YAML wants spaces"
        ));
    }
    let line = text.lines().nth((line as usize).saturating_sub(1))?;
    let (key, value) = line.split_once(": ")?;
    let value = value.trim();
    let shown = |value: &str| shown(value).filter(|_| !is_secret_key(key));
    let starts = |with: &[char]| value.starts_with(with);
    if reader.contains("mapping values") && !starts(&['"', '\'', '{', '[', '|', '>']) {
        return Some(match shown(value) {
            Some(value) => format!("text with `: ` in it must be quoted: \"{value}\""),
            None => "text with `: ` in it must be quoted".to_owned(),
        });
    }
    let special = reader.contains("unexpected character") || reader.contains("alias");
    (special && starts(&['@', '`', '%', '*'])).then(|| match shown(value) {
        Some(value) => format!("quote the value: \"{value}\""),
        None => "quote the value".to_owned(),
    })
}

/// A value as a hint may show it; nothing of one that has a word like a key in it.
fn shown(value: &str) -> Option<String> {
    let secret = value
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}' | '[' | ']'))
        .any(looks_secret);
    (!secret).then(|| clean(value, 40))
}

/// The reader's words without its own "at line 3, column 4" at the end.
fn strip_location(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let cut = first
        .rfind(" at line ")
        .or_else(|| first.rfind(", line "))
        .unwrap_or(first.len());
    clean(first.get(..cut).unwrap_or(first), 200)
}

fn span(at: &Location) -> Span {
    Span {
        line: u32::try_from(at.line()).unwrap_or(u32::MAX),
        column: u32::try_from(at.column()).unwrap_or(u32::MAX),
        offset: usize::try_from(at.span().offset()).unwrap_or(usize::MAX),
        len: usize::try_from(at.span().len()).unwrap_or_default(),
    }
}

fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Values as the reader gives them, both entries of an equal key included.
#[derive(Debug)]
struct Raw(Spanned<RawKind>);

#[derive(Debug)]
enum RawKind {
    Scalar(Kind),
    List(Vec<Raw>),
    Map(Vec<(Spanned<Key>, Raw)>),
}

/// A key as text, whatever scalar it was.
#[derive(Debug)]
struct Key(String);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)
            .map(Self)
            .map_err(|_| D::Error::custom("a key must be plain text"))
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawKind;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Kind::Null))
    }

    fn visit_none<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Kind::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Kind::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Kind::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(
            i64::try_from(value).map_or(Kind::Float(value as f64), Kind::Int),
        ))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Kind::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Kind::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(RawKind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(RawKind::Map(entries))
    }
}

/// Turns raw values into nodes: folds equal keys, reads words as YAML 1.1 does.
struct Conversion<'a> {
    text: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Conversion<'a> {
    const fn new(text: &'a str, findings: &'a mut Vec<Finding>) -> Self {
        Self { text, findings }
    }

    fn node(&mut self, raw: Raw, path: &str) -> Node {
        let Raw(Spanned {
            value,
            referenced,
            defined,
        }) = raw;
        let kind = match value {
            RawKind::Scalar(kind) => self.scalar(kind, &referenced, &defined, path),
            RawKind::List(items) => Kind::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| self.node(item, &format!("{path}[{index}]")))
                    .collect(),
            ),
            RawKind::Map(entries) => Kind::Map(self.map(entries, path)),
        };
        Node::new(kind, span(&referenced))
    }

    fn map(&mut self, raw: Vec<(Spanned<Key>, Raw)>, path: &str) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let key_span = span(&key.referenced);
            let key = key.value.0;
            let path = join(path, &key);
            let value = self.node(value, &path);
            let entry = Entry {
                key,
                key_span,
                value,
            };
            let Some(earlier) = entries.iter_mut().find(|other| other.key == entry.key) else {
                entries.push(entry);
                continue;
            };
            self.findings.push(
                Finding::new(Severity::Error, "duplicate-key", key_span, &path)
                    .message(format!(
                        "`{}` stands here a second time; the first is on line {}",
                        clean(&entry.key, 48),
                        earlier.key_span.line
                    ))
                    .help("keep one of them (MassGen would silently take the last)"),
            );
            *earlier = entry;
        }
        entries
    }

    /// A plain word as MassGen reads it, with a note where readers differ; quoted ones are text.
    fn scalar(&mut self, kind: Kind, at: &Location, defined: &Location, path: &str) -> Kind {
        let Some(reading) = self
            .plain(&kind, defined)
            .and_then(|word| reread(word, &kind))
        else {
            return kind;
        };
        self.findings.push(
            Finding::new(Severity::Note, "older-yaml", span(at), path)
                .message(reading.message)
                .help(reading.help),
        );
        reading.kind
    }

    /// The word a scalar is written as, when it is a plain one.
    fn plain<'t>(&self, kind: &'t Kind, defined: &Location) -> Option<&'t str>
    where
        'a: 't,
    {
        let at = usize::try_from(defined.span().byte_offset()?).ok()?;
        let rest = self.text.get(at..)?;
        match kind {
            Kind::Text(text) => rest.starts_with(text.as_str()).then_some(text.as_str()),
            Kind::Int(_) | Kind::Float(_) => {
                let len = usize::try_from(defined.span().len()).ok()?;
                let end = rest
                    .char_indices()
                    .nth(len)
                    .map_or(rest.len(), |(end, _)| end);
                rest.get(..end).map(str::trim_end)
            }
            _ => None,
        }
    }
}

/// The path of a key below `path`, as messages write it: `agents[0].backend.type`.
#[must_use]
pub fn join(path: &str, key: &str) -> String {
    let key = clean(key, 60);
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests;
