//! The line a finding is about, fit for a terminal: secrets masked, control and direction marks
//! replaced, long lines cut to a window around the place.

use super::node::{Kind, Node, Span};

/// Characters of a line that an excerpt shows.
const WINDOW: usize = 100;

/// Name and text of a configuration file. The text is kept with secrets masked, so that nothing
/// made from it can show one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Name as given, for messages.
    pub name: String,
    masked: String,
}

impl Source {
    /// Takes a text and masks what is secret in it: values of secret keys found in the tree, and
    /// (for texts that could not be parsed) whatever looks like one.
    #[must_use]
    pub fn new(name: &str, text: &str, root: Option<&Node>) -> Self {
        let mut ranges = Vec::new();
        if let Some(root) = root {
            secret_ranges(root, false, &mut ranges);
        }
        ranges.sort_unstable();
        let mut masked = String::with_capacity(text.len());
        let mut next = ranges.into_iter().peekable();
        for (offset, c) in text.chars().enumerate() {
            while next.peek().is_some_and(|(_, end)| *end <= offset) {
                next.next();
            }
            let secret = next.peek().is_some_and(|(start, _)| *start <= offset);
            masked.push(if secret && !c.is_whitespace() { '*' } else { c });
        }
        Self {
            name: name.to_owned(),
            masked: masked
                .split('\n')
                .map(mask_line)
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    /// The text with secrets masked.
    #[must_use]
    pub fn masked(&self) -> &str {
        &self.masked
    }

    /// The line of a place with its number and a caret under it; `None` for no line.
    #[must_use]
    pub fn excerpt(&self, span: Span) -> Option<String> {
        let line = self
            .masked
            .split('\n')
            .nth((span.line as usize).checked_sub(1)?)?
            .trim_end_matches('\r');
        let column = (span.column as usize).saturating_sub(1);
        let total = line.chars().count();
        let start = if total <= WINDOW {
            0
        } else {
            column.saturating_sub(WINDOW / 3).min(total - WINDOW)
        };
        let shown: Vec<char> = line.chars().skip(start).take(WINDOW).map(safe).collect();
        let before: usize = shown
            .iter()
            .take(column - start.min(column))
            .map(|c| cells(*c))
            .sum();
        let marked: usize = shown
            .iter()
            .skip(column - start.min(column))
            .take(span.len.max(1))
            .map(|c| cells(*c))
            .sum();
        let number = span.line.to_string();
        let margin = " ".repeat(number.len());
        Some(format!(
            " {number} | {}\n {margin} | {}{}",
            shown.iter().collect::<String>().trim_end(),
            " ".repeat(before),
            "^".repeat(marked.max(1)),
        ))
    }
}

/// Text fit for a message: control, direction and other invisible characters replaced, one line, cut
/// to `limit` characters.
#[must_use]
pub fn clean(text: &str, limit: usize) -> String {
    let mut cleaned: String = text.chars().take(limit).map(safe).collect();
    if text.chars().nth(limit).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// A character that cannot change what the terminal shows around it.
fn safe(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() => '\u{fffd}',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{61c}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        c => c,
    }
}

/// Terminal cells of a character, near enough to put a caret under the right one.
const fn cells(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// True for keys whose value nobody should see.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    // `max_tokens` and its like count tokens, they are none.
    if key.contains("max_") || key.ends_with("_tokens") {
        return false;
    }
    [
        "api_key",
        "apikey",
        "secret",
        "password",
        "passwd",
        "token",
        "authorization",
        "credential",
    ]
    .iter()
    .any(|part| key.contains(part))
}

/// True for a text that only names an environment variable.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    text.strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.contains(['{', '}', '$']))
}

fn secret_ranges(node: &Node, secret: bool, ranges: &mut Vec<(usize, usize)>) {
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let secret = secret || is_secret_key(&entry.key);
                secret_ranges(&entry.value, secret, ranges);
            }
        }
        Kind::List(items) => {
            for item in items {
                secret_ranges(item, secret, ranges);
            }
        }
        Kind::Text(text) if secret && node.written.is_none() && !is_reference(text) => {
            ranges.push((
                node.span.offset,
                node.span.offset.saturating_add(node.span.len),
            ));
        }
        _ => {}
    }
}

/// Masks values that follow a secret key on the same line, and words with the look of a key. A secret may
/// hold any mark, so its end is believed only within braces, where a comma and another key follow.
fn mask_line(line: &str) -> String {
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    let mut after_secret_key = false;
    let (mut in_braces, mut after_comma) = (false, false);
    while !rest.is_empty() {
        let word_end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if word_end == 0 {
            let mut chars = rest.chars();
            let c = chars.next().unwrap_or_default();
            in_braces |= c == '{' && !after_secret_key;
            after_comma |= in_braces && c == ',';
            masked.push(c);
            rest = chars.as_str();
            continue;
        }
        let (word, tail) = rest.split_at(word_end);
        let is_key = tail.trim_start_matches(['"', '\'', ' ']).starts_with(':')
            && (after_comma || !after_secret_key);
        after_comma = false;
        let reference = masked.ends_with("${");
        if is_key {
            after_secret_key = is_secret_key(word);
            masked.push_str(word);
        } else if !reference && (after_secret_key || looks_secret(word)) {
            masked.extend(word.chars().map(|_| '*'));
        } else {
            masked.push_str(word);
        }
        rest = tail;
    }
    masked
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=' | '~' | '@' | '*')
}

/// Prefixes that vendors give their keys.
const PREFIXES: &[&str] = &[
    "sk-",
    "sk_",
    "xai-",
    "gsk_",
    "AIza",
    "pplx-",
    "nvapi-",
    "csk-",
    "ghp_",
    "gho_",
    "github_pat_",
    "hf_",
    "fw_",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ya29.",
    "eyJ",
];

/// True for a word that looks like a key although nothing says so, or has one behind a mark:
/// `--key=sk-…`.
#[must_use]
pub fn looks_secret(word: &str) -> bool {
    let mut parts = word.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    parts.any(|part| part.len() >= 20 && PREFIXES.iter().any(|prefix| part.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_whatever_the_line_looks_like() {
        for (line, masked) in [
            ("api_key: abc123", "api_key: ******"),
            ("  \"api_key\": \"abc\",", "  \"api_key\": \"***\","),
            ("api_key: ${OPENAI_API_KEY}", "api_key: ${OPENAI_API_KEY}"),
            ("{api_key: abc, model: x}", "{api_key: ***, model: x}"),
            ("max_tokens: 4000", "max_tokens: 4000"),
            (
                "cmd: run sk-aaaaaaaaaaaaaaaaaaaaaa",
                "cmd: run *************************",
            ),
            ("model: gpt-5", "model: gpt-5"),
            ("password: abc: def", "password: ***: ***"),
            ("password: a:b", "password: *:*"),
            ("password: ab,cd", "password: **,**"),
            ("password: ab#cd}e", "password: **#**}*"),
            (
                "{\"api_key\":\"abc\",\"model\":\"x\"}",
                "{\"api_key\":\"***\",\"model\":\"x\"}",
            ),
            (
                "args: [--key=sk-aaaaaaaaaaaaaaaaaaaaaa]",
                "args: [*******************************]",
            ),
            ("", ""),
        ] {
            assert_eq!(mask_line(line), masked);
        }
    }

    #[test]
    fn the_caret_stands_under_wide_characters_too() {
        let source = Source::new("a.yaml", "名前: 値段\n", None);
        let span = Span {
            line: 1,
            column: 5,
            offset: 4,
            len: 2,
        };
        assert_eq!(
            source.excerpt(span).as_deref(),
            Some(" 1 | 名前: 値段\n   |       ^^^^")
        );
    }

    #[test]
    fn nothing_in_a_line_can_move_the_cursor() {
        let source = Source::new("a", "x: \u{1b}[2J\u{202e}abc", None);
        let span = Span {
            line: 1,
            column: 1,
            offset: 0,
            len: 1,
        };
        let shown = source.excerpt(span).unwrap_or_default();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}x{}", "a".repeat(5000), "b".repeat(5000));
        let source = Source::new("a", &text, None);
        let span = Span {
            line: 1,
            column: 5001,
            offset: 5000,
            len: 1,
        };
        let shown = source.excerpt(span).unwrap_or_default();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 2);
        let column = lines[1].find('^').unwrap_or_default();
        assert_eq!(lines[0].chars().nth(column), Some('x'));
        assert!(lines[0].chars().count() < 120);
    }
}
