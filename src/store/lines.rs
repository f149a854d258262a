//! Lines of a file that may hold anything, with a bound on the length of one line.
//!
//! Knows nothing of events. A longer line is passed over without being held in memory.

use std::io::{self, BufRead};

/// Longest line that is read, in bytes; the program itself writes no event nearly as long.
pub(super) const MAX_LINE: usize = 64 * 1024 * 1024;

/// One line as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Its bytes without the newline.
    Whole(&'a [u8]),
    /// The file ended before a newline came.
    Unfinished(&'a [u8]),
    /// Longer than the bound.
    TooLong,
}

/// Reads lines one after the other into one buffer.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    limit: usize,
    /// Bytes of the last line, its newline included.
    taken: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of `input`, each at most `limit` bytes.
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            limit,
            taken: 0,
        }
    }

    /// Bytes that the last line took in the file, its newline included.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// The reader's error.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        self.taken = 0;
        let mut too_long = false;
        loop {
            let available = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(match (too_long, self.buffer.is_empty()) {
                    (true, _) => Some(Line::TooLong),
                    (false, true) => None,
                    (false, false) => Some(Line::Unfinished(&self.buffer)),
                });
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..newline.unwrap_or(available.len())];
            if self.buffer.len() + part.len() > self.limit {
                too_long = true;
                self.buffer.clear();
                self.buffer.shrink_to(64 * 1024);
            } else if !too_long {
                self.buffer.extend_from_slice(part);
            }
            let used = part.len() + usize::from(newline.is_some());
            self.input.consume(used);
            self.taken += used as u64;
            if newline.is_some() {
                return Ok(Some(if too_long {
                    Line::TooLong
                } else {
                    Line::Whole(&self.buffer)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(text: &str, limit: usize, chunk: usize) -> Vec<String> {
        let mut lines = Lines::new(BufReader::with_capacity(chunk, text.as_bytes()), limit);
        let (mut seen, mut taken) = (Vec::new(), 0);
        while let Some(line) = lines.next().unwrap() {
            seen.push(match line {
                Line::Whole(bytes) => format!("={}", String::from_utf8_lossy(bytes)),
                Line::Unfinished(bytes) => format!("~{}", String::from_utf8_lossy(bytes)),
                Line::TooLong => "!".to_owned(),
            });
            taken += lines.taken();
        }
        assert_eq!(taken, text.len() as u64, "every byte belongs to a line");
        seen
    }

    #[test]
    fn lines_of_any_length_in_buffers_of_any_size() {
        for chunk in [1, 2, 3, 7, 64] {
            let check = |text: &str, want: &[&str]| {
                assert_eq!(all(text, 4, chunk), want, "{text:?} in buffers of {chunk}");
            };
            check("", &[]);
            check("\n", &["="]);
            check("ab\ncd", &["=ab", "~cd"]);
            check("abcd\nabcde\nx\n", &["=abcd", "!", "=x"]);
            check("abcdefghijkl", &["!"]);
        }
    }
}
