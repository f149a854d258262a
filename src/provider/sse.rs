//! Server-sent events: bytes in, frames out (WHATWG HTML, section 9.2.6).
//!
//! Invariants: any way of cutting the input into chunks yields the same items; the work is linear in
//! the input, also for one line of many megabytes in tiny chunks; invalid UTF-8 becomes U+FFFD and
//! never an error; no event larger than [`MAX_EVENT`] is ever held.
//!
//! Comments are reported (they prove that the server lives) and carry nothing else. `id` and `retry`
//! fields are ignored: a paid request is never reconnected.

/// Largest event, in bytes of its lines. Servers that repeat a whole response in one event reach a
/// few megabytes.
pub const MAX_EVENT: usize = 32 * 1024 * 1024;

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The `event` field, empty when the server sent none.
    pub event: String,
    /// The `data` lines, joined with line feeds.
    pub data: String,
}

/// What the parser reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A complete event.
    Frame(Frame),
    /// A comment line: the server is alive.
    KeepAlive,
}

/// An event grew beyond the limit of the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}

/// The parser. Feed it chunks as they arrive.
#[derive(Debug)]
pub struct Parser {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    event: String,
    first_line: bool,
    skip_line_feed: bool,
    limit: usize,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// A parser at the start of a stream, with the limit [`MAX_EVENT`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(MAX_EVENT)
    }

    /// A parser that refuses events of more than `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: String::new(),
            has_data: false,
            event: String::new(),
            first_line: true,
            skip_line_feed: false,
            limit,
        }
    }

    /// Reads one chunk and appends what it completes to `out`.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when one event outgrows the limit; the parser is of no use afterwards.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<Item>) -> Result<(), TooLarge> {
        let mut rest = chunk;
        while !rest.is_empty() {
            if self.skip_line_feed {
                self.skip_line_feed = false;
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.hold(rest)?;
                break;
            };
            let (head, tail) = rest.split_at(end);
            self.hold(head)?;
            self.skip_line_feed = tail.first() == Some(&b'\r');
            rest = tail.get(1..).unwrap_or_default();
            self.end_line(out);
        }
        Ok(())
    }

    /// What stood there when the stream ended: an event without its closing blank line.
    ///
    /// The standard drops it. Some servers end the stream right after their last line, so the caller
    /// may use it when it is whole by itself.
    #[must_use]
    pub fn finish(mut self) -> Option<Frame> {
        let mut out = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut out);
        }
        self.dispatch()
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + self.data.len() + bytes.len() > self.limit {
            return Err(TooLarge { limit: self.limit });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<Item>) {
        let mut bytes = std::mem::take(&mut self.line);
        let line = bytes.as_slice();
        let line = if std::mem::replace(&mut self.first_line, false) {
            line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
        } else {
            line
        };
        if line.is_empty() {
            out.extend(self.dispatch().map(Item::Frame));
        } else if line.starts_with(b":") {
            out.push(Item::KeepAlive);
        } else {
            self.field(line);
        }
        // The buffer is kept for the next line unless it is unusually large.
        if bytes.capacity() <= 64 * 1024 {
            bytes.clear();
            self.line = bytes;
        }
    }

    fn field(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let (name, value) = line.split_at(colon);
                let value = value.get(1..).unwrap_or_default();
                (name, value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &[][..]),
        };
        match name {
            b"data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(&String::from_utf8_lossy(value));
            }
            b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Frame> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        std::mem::replace(&mut self.has_data, false).then_some(Frame { event, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(chunks: &[&[u8]]) -> (Vec<Item>, Option<Frame>) {
        let mut parser = Parser::new();
        let mut out = Vec::new();
        for chunk in chunks {
            parser.feed(chunk, &mut out).expect("small input");
        }
        (out, parser.finish())
    }

    fn data(text: &str) -> Item {
        Item::Frame(Frame {
            event: String::new(),
            data: text.to_owned(),
        })
    }

    #[test]
    fn the_standard_by_example() {
        let named = Item::Frame(Frame {
            event: "error".to_owned(),
            data: "x".to_owned(),
        });
        let table: &[(&str, &[u8], Vec<Item>)] = &[
            (
                "line feeds",
                b"data: a\n\ndata: b\n\n",
                vec![data("a"), data("b")],
            ),
            (
                "cr lf",
                b"data: a\r\n\r\ndata: b\r\n\r\n",
                vec![data("a"), data("b")],
            ),
            (
                "cr only",
                b"data: a\r\rdata: b\r\r",
                vec![data("a"), data("b")],
            ),
            (
                "byte order mark",
                b"\xEF\xBB\xBFdata: a\n\n",
                vec![data("a")],
            ),
            (
                "mark only once",
                b"data: a\n\n\xEF\xBB\xBFdata: b\n\n",
                vec![data("a")],
            ),
            (
                "several lines",
                b"data: a\ndata:\ndata:  b\n\n",
                vec![data("a\n\n b")],
            ),
            (
                "comment",
                b": ping\n\ndata: a\n\n",
                vec![Item::KeepAlive, data("a")],
            ),
            ("no space", b"data:a\n\n", vec![data("a")]),
            ("field without colon", b"data\n\n", vec![data("")]),
            ("event name", b"event: error\ndata: x\n\n", vec![named]),
            (
                "event without data",
                b"event: x\n\ndata: a\n\n",
                vec![data("a")],
            ),
            (
                "other fields",
                b"id: 1\nretry: 5\nfoo: bar\ndata: a\n\n",
                vec![data("a")],
            ),
            (
                "invalid utf-8",
                b"data: a\xFFb\n\n",
                vec![data("a\u{FFFD}b")],
            ),
        ];
        for (name, input, expected) in table {
            assert_eq!(&parse(&[input]).0, expected, "{name}");
        }
    }

    #[test]
    fn the_end_hands_over_the_open_event() {
        let (items, rest) = parse(&[b"data: a\n\ndata: [DONE]"]);
        assert_eq!(items, vec![data("a")]);
        assert_eq!(rest.map(|frame| frame.data).as_deref(), Some("[DONE]"));
        assert_eq!(parse(&[b"data: a\n\n"]).1, None);
    }

    #[test]
    fn the_limit_counts_the_whole_event() {
        let mut parser = Parser::with_limit(16);
        let mut out = Vec::new();
        assert!(parser.feed(b"data: 0123\n", &mut out).is_ok());
        assert!(parser.feed(b"data: 4567\n\n", &mut out).is_ok());
        assert_eq!(out, vec![data("0123\n4567")]);
        assert_eq!(
            parser.feed(b"data: 0123456789abcdef", &mut out),
            Err(TooLarge { limit: 16 })
        );
        let mut comment = Parser::with_limit(16);
        assert!(comment.feed(&[b':'; 17], &mut out).is_err());
    }

    #[test]
    fn a_ten_megabyte_line_in_small_chunks() {
        let mut parser = Parser::new();
        let mut out = Vec::new();
        parser.feed(b"data: ", &mut out).expect("small");
        for _ in 0..160_000 {
            parser.feed(&[b'x'; 64], &mut out).expect("below the limit");
        }
        parser.feed(b"\n\n", &mut out).expect("small");
        let Some(Item::Frame(frame)) = out.pop() else {
            panic!("one frame expected");
        };
        assert_eq!(frame.data.len(), 160_000 * 64);
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(&b"data: "[..]),
            Just(&b"data:"[..]),
            Just(&b"event: e"[..]),
            Just(&b":"[..]),
            Just(&b"\n"[..]),
            Just(&b"\r"[..]),
            Just(&b"\r\n"[..]),
            Just(&b"\n\n"[..]),
            Just("{\"a\":\"é漢🦀\"}".as_bytes()),
            Just(&b"\xEF\xBB\xBF"[..]),
            Just(&b"\xF0\x9F"[..]),
            Just(&b"x"[..]),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_split_reads_like_the_whole(input in bytes(), cuts in prop::collection::vec(1usize..9, 0..200)) {
            let mut chunks = Vec::new();
            let mut rest = input.as_slice();
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                chunks.push(head);
                rest = tail;
            }
            chunks.push(rest);
            prop_assert_eq!(parse(&chunks), parse(&[&input]));
        }
    }
}
