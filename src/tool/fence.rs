//! Foreign text as data: fenced, and unable to look like one of our own marks.
//!
//! Answers of peers stand in blocks named by agent, `<agent1> … <end of agent1>`, as in `MassGen`. Two
//! things inside a text lose their meaning, each by a backslash before it: whatever a reader could
//! take for a mark of ours, also in other alphabets, with blanks or invisible characters in it; and
//! the fence of a text-protocol tool call, so that a reader who quotes it calls nothing.
//!
//! Applying it twice adds nothing that matters, and text without such things passes unchanged.

use std::fmt::Write as _;

use crate::protocol::Label;

/// Letters of a mark that are compared, at most.
const LENGTH: usize = 24;

/// How our marks begin, without blanks.
const MARKS: [&str; 11] = [
    "agent",
    "endof",
    "/agent",
    "task>",
    "/task",
    "earliertask",
    "answergiven",
    "yournotes",
    "question>",
    "finalanswer",
    "review",
];

/// A block of an answer: its mark, its text as data, its end.
#[must_use]
pub fn block(label: Label, text: &str) -> String {
    let agent = label.agent;
    format!("<{agent}>\n{}\n<end of {agent}>\n", defuse(text))
}

/// Takes the meaning from everything in a foreign text that looks like ours.
#[must_use]
pub fn defuse(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        if opens_call(line) {
            let fence = line.find(is_tick).unwrap_or(0);
            out.push_str(&line[..fence]);
            out.push('\\');
            marks(&line[fence..], &mut out);
        } else {
            marks(line, &mut out);
        }
    }
    out
}

/// Copies a line; a backslash goes before what looks like the bracket of a mark.
fn marks(line: &str, out: &mut String) {
    for (at, letter) in line.char_indices() {
        if is_bracket(letter) && looks_like_mark(&line[at + letter.len_utf8()..]) {
            out.push('\\');
        }
        out.push(letter);
    }
}

fn looks_like_mark(after: &str) -> bool {
    let letters: Vec<char> = after
        .chars()
        .take(4 * LENGTH)
        .filter(|letter| !is_nothing(*letter))
        .map(plain)
        .take(LENGTH)
        .collect();
    MARKS.iter().any(|mark| {
        mark.chars()
            .enumerate()
            .all(|(at, wanted)| letters.get(at).is_some_and(|letter| fits(*letter, wanted)))
    })
}

/// Whether a letter can be read as the wanted one. What is known in no table can be anything.
fn fits(letter: char, wanted: char) -> bool {
    letter == wanted || (!letter.is_ascii() && letter.is_alphanumeric() == wanted.is_alphanumeric())
}

/// Brackets that can be read as `<`.
fn is_bracket(letter: char) -> bool {
    matches!(
        letter,
        '<' | '＜'
            | '﹤'
            | '‹'
            | '〈'
            | '⟨'
            | '˂'
            | '❮'
            | '❬'
            | '≺'
            | 'ᐸ'
            | '⧼'
            | '《'
            | '«'
            | '\u{16B2}'
            | '\u{1D236}'
            | '\u{2329}'
    )
}

/// Characters that a reader does not see, or takes for a blank.
fn is_nothing(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '_' | '-' | '*' | '\\' | '`')
        || matches!(
            letter,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
                | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}' | '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}'
                | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}'
        )
}

/// Letters that look like ASCII, as that; full-width forms and capitals too.
fn plain(letter: char) -> char {
    let narrow = match u32::from(letter) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(letter),
        _ => letter,
    };
    narrow.to_ascii_lowercase()
}

fn is_tick(letter: char) -> bool {
    matches!(letter, '`' | '~' | '｀')
}

/// A line that opens a block of a text-protocol tool call, or nearly so.
fn opens_call(line: &str) -> bool {
    let start = line.trim_start_matches(|c: char| is_nothing(c) && !is_tick(c) && c != '\\');
    let word = start.trim_start_matches(is_tick);
    let ticks = start.len() - word.len();
    let letters: String = word
        .chars()
        .take(LENGTH)
        .filter(|letter| !is_nothing(*letter))
        .map(plain)
        .collect();
    ticks >= 3 && letters.starts_with("tool")
}

/// Bytes up to which a text is its own digest.
const SHORT: usize = 1_200;

/// Whether a digest leaves something out.
#[must_use]
pub fn is_long(text: &str) -> bool {
    text.len() > SHORT
}

/// Foreign words as one line of data.
#[must_use]
pub fn line(text: &str) -> String {
    defuse(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// An answer that was shown before: its beginning, its length and a short id of its text.
///
/// The same label always gives the same words. A text that is not much longer than its digest is
/// given whole.
#[must_use]
pub fn digest(label: Label, text: &str) -> String {
    const LINES: usize = 6;
    const BYTES: usize = 480;
    if !is_long(text) {
        return block(label, text);
    }
    let end = text
        .match_indices('\n')
        .nth(LINES - 1)
        .map_or(text.len(), |(at, _)| at);
    let start = &text[..text.floor_char_boundary(end.min(BYTES))];
    let agent = label.agent;
    let mut out = format!("<{agent}>\n{}\n", defuse(start.trim_end()));
    let _ = write!(
        out,
        "[… {} characters in all, id {}; open_answer {label} shows the rest]\n<end of {agent}>\n",
        text.chars().count(),
        id(text)
    );
    out
}

/// A short name of a text, to see that two are the same (FNV-1a; no protection against forgery).
#[must_use]
pub fn id(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{:06x}", hash >> 40)
}

#[cfg(test)]
mod tests;
