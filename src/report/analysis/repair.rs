//! JSON that a model nearly got right: cut off in the middle, line breaks in strings, commas too many.

use serde_json::Value;

/// How a text was read as JSON.
pub(super) enum Reading {
    /// It is JSON.
    Sound(Value),
    /// It became JSON.
    Mended(Value),
}

/// Deepest nesting that is followed.
const DEEPEST: usize = 64;

/// Reads the text as JSON, mended when it must be; `None` when there is nothing to mend.
pub(super) fn json(text: &str) -> Option<Reading> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    if let Ok(value) = serde_json::from_str(text) {
        return Some(Reading::Sound(value));
    }
    let mended = mend(text)?;
    serde_json::from_str(&mended).ok().map(Reading::Mended)
}

/// The text up to the end of its first value, with what is missing put in.
fn mend(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut open: Vec<char> = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => string(&mut letters, &mut out),
            '{' | '[' => {
                if open.len() == DEEPEST {
                    return None;
                }
                open.push(if letter == '{' { '}' } else { ']' });
                out.push(letter);
            }
            '}' | ']' => {
                // A closing sign of the other kind closes what is open.
                drop_comma(&mut out);
                out.push(open.pop()?);
                if open.is_empty() {
                    return Some(out);
                }
            }
            _ => out.push(letter),
        }
    }
    finish(out, open)
}

/// Copies a string, its line breaks written as JSON wants them, its end put in when it is missing.
fn string(letters: &mut std::str::Chars<'_>, out: &mut String) {
    out.push('"');
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                out.push('"');
                return;
            }
            '\\' => match letters.next() {
                Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                    out.push('\\');
                    out.push(next);
                }
                // A backslash that escapes nothing stands for itself.
                Some(next) => {
                    out.push_str("\\\\");
                    push(out, next);
                }
                None => {}
            },
            other => push(out, other),
        }
    }
    // A cut escape such as \u12 would spoil all before it.
    if let Some(at) = out.rfind("\\u")
        && out.len() - at < 6
    {
        out.truncate(at);
    }
    out.push('"');
}

/// A character within a string.
fn push(out: &mut String, letter: char) {
    match letter {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        control if control.is_control() => out.push(' '),
        other => out.push(other),
    }
}

fn drop_comma(out: &mut String) {
    let kept = out.trim_end().trim_end_matches(',').len();
    out.truncate(kept);
}

/// Closes what is open. A last field without its value goes.
fn finish(mut out: String, mut open: Vec<char>) -> Option<String> {
    let closed = |out: &str, open: &[char]| {
        let mut whole = out.to_owned();
        drop_comma(&mut whole);
        whole.extend(open.iter().rev());
        serde_json::from_str::<Value>(&whole)
            .is_ok()
            .then_some(whole)
    };
    // Back to the last place at which it can be closed; a reply is cut once, so this is near.
    for _ in 0..64 {
        if let Some(whole) = closed(&out, &open) {
            return Some(whole);
        }
        let at = out.rfind([',', '{', '['])?;
        let sign = out.get(at..)?.chars().next()?;
        if sign == ',' {
            out.truncate(at);
        } else if out.get(at + 1..)?.trim().is_empty() {
            // An empty bracket that cannot be closed goes with its field.
            open.pop()?;
            out.truncate(at);
        } else {
            out.truncate(at + 1);
        }
    }
    None
}
