//! JSON-RPC 2.0, one message a line: reading with a bound, and the messages we write.

use std::io;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    sync::mpsc,
};

/// Longest line, in bytes; a longer one is dropped and told.
const LONGEST: usize = 16 * 1024 * 1024;

/// A request that cannot be read.
pub const PARSE: i64 = -32700;
/// A method that is not known.
pub const METHOD: i64 = -32601;
/// Arguments that are wrong.
pub const PARAMS: i64 = -32602;
/// Something failed here.
pub const INTERNAL: i64 = -32603;
/// There is no such session.
pub const NOT_FOUND: i64 = -32002;

/// A line of the client.
pub enum Line {
    /// A whole one.
    Whole(Vec<u8>),
    /// One that was too long.
    TooLong,
}

/// Lines of the client.
pub struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    dropping: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Of this input.
    pub fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
            line: Vec::new(),
            dropping: false,
        }
    }

    /// The next line; `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The input cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let bytes = self.input.fill_buf().await?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if self.line.len() + part.len() > LONGEST {
                self.dropping = true;
                self.line = Vec::new();
            } else if !self.dropping {
                self.line.extend_from_slice(part);
            }
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_none() {
                continue;
            }
            if std::mem::take(&mut self.dropping) {
                return Ok(Some(Line::TooLong));
            }
            let line = std::mem::take(&mut self.line);
            if !line.trim_ascii().is_empty() {
                return Ok(Some(Line::Whole(line)));
            }
        }
    }
}

/// Writes messages until there are no more.
///
/// # Errors
/// Nobody reads any more.
pub async fn write(
    mut messages: mpsc::Receiver<Value>,
    mut output: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    while let Some(message) = messages.recv().await {
        let line = format!("{message}\n");
        output.write_all(line.as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}

/// The answer to a request.
#[must_use]
pub fn answer(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// The refusal of a request.
#[must_use]
pub fn refusal(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

/// A request of ours.
#[must_use]
pub fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// News of a session.
#[must_use]
pub fn update(session: &str, update: &Value) -> Value {
    let params = json!({"sessionId": session, "update": update});
    json!({"jsonrpc": "2.0", "method": "session/update", "params": params})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_read_whole_and_too_long_ones_are_dropped() {
        let mut text = b"one\n\n  \n".to_vec();
        text.extend(std::iter::repeat_n(b'x', LONGEST + 1));
        text.extend(b"\ntwo\nrest");
        let mut lines = Lines::new(text.as_slice());
        let mut told = Vec::new();
        while let Some(line) = lines.next().await.expect("it can be read") {
            told.push(match line {
                Line::Whole(line) => String::from_utf8(line).expect("text"),
                Line::TooLong => "(too long)".to_owned(),
            });
        }
        assert_eq!(told, ["one", "(too long)", "two"]);
    }
}
