//! The text of a `new_answer` call while its JSON arguments are still arriving.
//!
//! Models write the answer inside the call's arguments; without this a person would stare at a
//! still pane for the longest part of a turn. Only the top-level string `content` is followed; the
//! final arguments are parsed properly elsewhere, so a wrong guess here costs nothing but a draft.

/// Incremental reader of one call's arguments.
#[derive(Debug, Default)]
pub struct Draft {
    state: State,
    depth: u32,
    key: String,
    escape: Vec<u8>,
    pending: Vec<u8>,
    surrogate: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between tokens.
    #[default]
    Outside,
    /// In a string that may be a key.
    Key,
    /// After a top-level key, before its value.
    AfterKey,
    /// In another value's string.
    Skip,
    /// In the wanted string.
    Content,
    /// The wanted string is over.
    Done,
}

impl Draft {
    /// Takes more characters of the arguments and returns the new characters of the answer.
    pub fn push(&mut self, fragment: &str) -> String {
        for byte in fragment.bytes() {
            self.byte(byte);
        }
        let valid = match std::str::from_utf8(&self.pending) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = self.pending.split_off(valid);
        let text = std::mem::replace(&mut self.pending, rest);
        String::from_utf8(text).unwrap_or_default()
    }

    fn byte(&mut self, byte: u8) {
        match self.state {
            State::Done => {}
            State::Outside | State::AfterKey => self.between(byte),
            State::Key | State::Skip | State::Content => {
                if !self.escape.is_empty() {
                    self.escaped(byte);
                } else if byte == b'\\' {
                    self.escape.push(byte);
                } else if byte == b'"' {
                    self.close();
                } else {
                    self.plain(byte);
                }
            }
        }
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.state = State::Outside;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => self.state = State::Outside,
            b'"' if self.depth != 1 => self.state = State::Skip,
            b'"' if self.state == State::AfterKey => {
                self.state = if self.key == "content" {
                    State::Content
                } else {
                    State::Skip
                };
            }
            b'"' => {
                self.key.clear();
                self.state = State::Key;
            }
            _ => {}
        }
    }

    fn close(&mut self) {
        self.state = match self.state {
            State::Content => State::Done,
            State::Key => State::AfterKey,
            _ => State::Outside,
        };
    }

    fn plain(&mut self, byte: u8) {
        match self.state {
            State::Content => self.pending.push(byte),
            State::Key => self.key.push(char::from(byte)),
            _ => {}
        }
    }

    fn escaped(&mut self, byte: u8) {
        self.escape.push(byte);
        let decoded = match self.escape.as_slice() {
            [_, b'u', digits @ ..] if digits.len() < 4 => return,
            [_, b'u', digits @ ..] => {
                let digits = String::from_utf8_lossy(digits).into_owned();
                self.unicode(&digits)
            }
            [_, b'n'] => Some('\n'),
            [_, b't'] => Some('\t'),
            [_, b'r'] => Some('\r'),
            [_, b'b'] => Some('\u{8}'),
            [_, b'f'] => Some('\u{c}'),
            _ => Some(char::from(byte)),
        };
        self.escape.clear();
        if let Some(character) = decoded {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                self.plain(byte);
            }
        }
    }

    /// One `\uXXXX`; the two halves of a surrogate pair make one character.
    fn unicode(&mut self, digits: &str) -> Option<char> {
        let unit = u16::from_str_radix(digits, 16).unwrap_or(0xFFFD);
        if (0xD800..0xDC00).contains(&unit) {
            self.surrogate = Some(unit);
            return None;
        }
        let units: Vec<u16> = self.surrogate.take().into_iter().chain([unit]).collect();
        char::decode_utf16(units)
            .last()
            .map(|result| result.unwrap_or('\u{FFFD}'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(chunks: &[&str]) -> String {
        let mut draft = Draft::default();
        chunks.iter().map(|chunk| draft.push(chunk)).collect()
    }

    #[test]
    fn follows_the_content_string_only() {
        for (arguments, expected) in [
            (
                r#"{"content":"a\n\"b\" \u00e9 \ud83d\ude00"}"#,
                "a\n\"b\" é 😀",
            ),
            (r#"{"title":"x","content":"y","more":"z"}"#, "y"),
            (
                r#"{"meta":{"content":"no"},"list":["content","no"],"content":"yes"}"#,
                "yes",
            ),
            (r#"{"n":1, "content" : "sp\\ace" }"#, "sp\\ace"),
            (r#"{"reason":"content"}"#, ""),
        ] {
            assert_eq!(whole(&[arguments]), expected, "{arguments}");
        }
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_text(text in any::<String>(), size in 1usize..7) {
            let arguments = serde_json::json!({ "x": [1, "a"], "content": text }).to_string();
            let chars: Vec<char> = arguments.chars().collect();
            let chunks: Vec<String> = chars.chunks(size).map(|chunk| chunk.iter().collect()).collect();
            let parts: Vec<&str> = chunks.iter().map(String::as_str).collect();
            prop_assert_eq!(whole(&parts), text);
        }
    }
}
