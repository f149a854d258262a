//! Reasoning inside the reply text: `<think>` … `</think>` at its very start.
//!
//! Local servers with a raw chat template send a reasoning model's thoughts as content. Only a block
//! that opens the reply counts: the same tags later are text that the model writes about. Any way of
//! cutting the reply into deltas gives the same text and the same thoughts. A template that sends the
//! closing tag alone is not recognised: by then the thoughts have been shown as text.

/// More white space than this before a tag, and the reply is plain text: keeps the wait bounded.
const MAX_LEAD: usize = 1024;

const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// A piece of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text of the reply.
    Text(String),
    /// Reasoning.
    Thinking(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but white space and perhaps the start of a tag so far.
    Start,
    /// Inside the block that `closing` ends.
    Inside(&'static str),
    /// The block is over; white space before the answer is dropped.
    After,
    /// Plain text to the end.
    Text,
}

/// Splits the deltas of one reply.
#[derive(Debug)]
pub struct Splitter {
    state: State,
    held: String,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            state: State::Start,
            held: String::new(),
        }
    }
}

impl Splitter {
    /// Reads one delta. What might be part of a tag is held back until it is decided.
    pub fn push(&mut self, delta: &str, out: &mut Vec<Piece>) {
        if self.state == State::Text && self.held.is_empty() {
            out.push(Piece::Text(delta.to_owned()));
            return;
        }
        self.held.push_str(delta);
        while self.advance(out) {}
    }

    /// The reply is over: hands out what was held back.
    pub fn finish(&mut self, out: &mut Vec<Piece>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            out.push(match self.state {
                State::Inside(_) => Piece::Thinking(held),
                State::Start | State::After | State::Text => Piece::Text(held),
            });
        }
        self.state = State::Text;
    }

    /// One step; true while another one may get further.
    fn advance(&mut self, out: &mut Vec<Piece>) -> bool {
        match self.state {
            State::Start => self.start(),
            State::Inside(closing) => self.inside(closing, out),
            State::After => {
                let body = self.held.trim_start().len();
                if body == 0 {
                    self.held.clear();
                    return false;
                }
                self.held.drain(..self.held.len() - body);
                self.state = State::Text;
                true
            }
            State::Text => {
                if !self.held.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut self.held)));
                }
                false
            }
        }
    }

    fn start(&mut self) -> bool {
        let body = self.held.trim_start();
        if self.held.len() - body.len() > MAX_LEAD {
            self.state = State::Text;
            return true;
        }
        for (opening, closing) in TAGS {
            if let Some(rest) = body.strip_prefix(opening) {
                self.held = rest.to_owned();
                self.state = State::Inside(closing);
                return true;
            }
        }
        if TAGS.iter().any(|(opening, _)| opening.starts_with(body)) {
            return false;
        }
        self.state = State::Text;
        true
    }

    fn inside(&mut self, closing: &'static str, out: &mut Vec<Piece>) -> bool {
        if let Some(at) = self.held.find(closing) {
            let rest = self.held.split_off(at + closing.len());
            self.held.truncate(at);
            if !self.held.is_empty() {
                out.push(Piece::Thinking(std::mem::take(&mut self.held)));
            }
            self.held = rest;
            self.state = State::After;
            return true;
        }
        let keep = (1..closing.len())
            .rev()
            .find(|length| {
                closing
                    .get(..*length)
                    .is_some_and(|part| self.held.ends_with(part))
            })
            .unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        if !self.held.is_empty() {
            out.push(Piece::Thinking(std::mem::take(&mut self.held)));
        }
        self.held = rest;
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(deltas: &[&str]) -> (String, String) {
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        for delta in deltas {
            splitter.push(delta, &mut out);
        }
        splitter.finish(&mut out);
        let mut text = String::new();
        let mut thinking = String::new();
        for piece in out {
            match piece {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::Thinking(piece) => thinking.push_str(&piece),
            }
        }
        (thinking, text)
    }

    #[test]
    fn only_a_leading_block_counts() {
        for (input, thinking, text) in [
            ("plain", "", "plain"),
            ("<think>a</think>\n\nb", "a", "b"),
            ("\n <think>\na\n</think>b", "\na\n", "b"),
            ("<thinking>a</thinking>b", "a", "b"),
            ("a <think>b</think>", "", "a <think>b</think>"),
            ("<think>a</think><think>b</think>", "a", "<think>b</think>"),
            ("<think>never closed", "never closed", ""),
            ("<think>a </thi", "a </thi", ""),
            ("<thin", "", "<thin"),
            ("  ", "", "  "),
            ("", "", ""),
        ] {
            let expected = (thinking.to_owned(), text.to_owned());
            assert_eq!(split(&[input]), expected, "{input:?}");
        }
    }

    proptest! {
        #[test]
        fn any_split_reads_like_the_whole(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("<think>"), Just("</think>"), Just("<thinking>"), Just("</thinking>"),
                    Just("<"), Just("</"), Just("é漢"), Just("\n"), Just(" "), Just("a"),
                ], 0..12),
        ) {
            let whole = pieces.concat();
            let mut letters = Vec::new();
            let mut buffer = [0; 4];
            for letter in whole.chars() {
                letters.push(letter.encode_utf8(&mut buffer).to_owned());
            }
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            prop_assert_eq!(split(&letters), split(&[&whole]));
            prop_assert_eq!(split(&pieces), split(&[&whole]));
        }
    }
}
