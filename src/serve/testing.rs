//! A host with the demo team and a client that speaks JSON lines, for tests of doors.

use std::{path::Path, sync::Arc};

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
    split,
};

use crate::{
    app::{
        Services,
        host::{Bounds, Host},
    },
    config::Environment,
    demo::Speed,
};

/// A host whose clients may name this folder only.
pub fn host(folder: &Path, speed: Speed) -> Host {
    let environment = Environment::gather([], folder, None, None);
    let services = Services::new(environment, folder.join("state"), speed);
    let bounds = Bounds {
        roots: vec![folder.to_owned()],
        ..Bounds::default()
    };
    Host::spawn(Arc::new(services), bounds).0
}

/// The client's end of a line.
pub struct Client {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    input: WriteHalf<DuplexStream>,
    /// What came that was no answer, oldest first.
    pub news: Vec<Value>,
}

/// Both ends of a line.
pub fn line() -> (Client, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (output, input) = split(ours);
    let client = Client {
        lines: BufReader::new(output).lines(),
        input,
        news: Vec::new(),
    };
    (client, theirs)
}

impl Client {
    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        let line = format!("{message}\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .expect("it is taken");
    }

    /// Sends a request.
    pub async fn request(&mut self, id: u64, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .await;
    }

    /// Sends a notification.
    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params}))
            .await;
    }

    /// Sends nothing more, and still reads.
    pub async fn close(&mut self) {
        self.input.shutdown().await.expect("it is open");
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await.expect("a line");
        serde_json::from_str(&line.expect("it goes on")).expect("JSON")
    }

    /// The answer to a request; everything else is kept as news.
    pub async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.next().await;
            if message["id"] == json!(id) && message.get("method").is_none() {
                return message;
            }
            self.news.push(message);
        }
    }

    /// A request and its answer.
    pub async fn call(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.request(id, method, params).await;
        self.answer(id).await
    }
}
