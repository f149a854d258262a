//! Bytes to lines, each of bounded length. Cancel-safe: what was read stays here.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Longest line that is taken in, in bytes; a program may put a whole file into one.
pub const LONGEST: usize = 32 * 1024 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Its text without the line break; what is not UTF-8 is replaced.
    Text(String),
    /// It was longer than allowed and is gone.
    TooLong,
}

/// Lines of a stream.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    longest: usize,
    line: Vec<u8>,
    over: bool,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines of at most `longest` bytes.
    pub const fn new(input: R, longest: usize) -> Self {
        Self {
            input,
            longest,
            line: Vec::new(),
            over: false,
        }
    }

    /// The next line; `None` at the end. A last line without a break counts.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let bytes = self.input.fill_buf().await?;
            if bytes.is_empty() {
                let left = self.over || !self.line.is_empty();
                return Ok(left.then(|| self.finish()));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if self.line.len() + part.len() > self.longest {
                self.over = true;
                self.line = Vec::new();
            } else if !self.over {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some(self.finish()));
            }
        }
    }

    fn finish(&mut self) -> Line {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.over) {
            return Line::TooLong;
        }
        let mut text = String::from_utf8_lossy(&line).into_owned();
        if text.ends_with('\r') {
            text.pop();
        }
        Line::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_end_anywhere_and_long_ones_are_left_out() {
        let text = Line::Text;
        for (bytes, expected) in [
            (&b"a\r\nb"[..], vec![text("a".into()), text("b".into())]),
            (
                b"\n\xffx\n",
                vec![text(String::new()), text("\u{fffd}x".into())],
            ),
            (b"1234567\nok\n", vec![Line::TooLong, text("ok".into())]),
            (b"1234567", vec![Line::TooLong]),
            (b"", vec![]),
        ] {
            for chunk in [1, 3, 64] {
                let reader = tokio::io::BufReader::with_capacity(chunk, bytes);
                let mut lines = Lines::new(reader, 6);
                let mut seen = Vec::new();
                while let Some(line) = lines.next().await.unwrap() {
                    seen.push(line);
                }
                assert_eq!(seen, expected, "{bytes:?} by {chunk}");
            }
        }
    }
}
