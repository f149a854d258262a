//! The server that gives a program our tools: a Unix socket in a private folder.
//!
//! A program starts `massgen-tui agent-tools --socket PATH` as its tool server; that passes lines
//! between the program and this socket. Lists and pings are answered here at once; a call waits until
//! the engine has its result. Dropping [`Tools`] ends every connection.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream, unix::OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::lines::{LONGEST, Line, Lines};
use super::mcp::{self, Asked};
use crate::protocol::ToolSpec;

/// Calls that wait for the engine; a program with more is slowed down.
const CALLS: usize = 32;
/// Answers that wait for a slow program.
const ANSWERS: usize = 32;
/// Connections at once; a program needs one.
const MOST_CONNECTIONS: usize = 8;
/// Longest wait for a program to list tools that have changed.
const NOTICING: Duration = Duration::from_secs(1);

/// A call of one of our tools.
#[derive(Debug)]
pub struct Called {
    /// Tool.
    pub name: String,
    /// Arguments, JSON.
    pub arguments: String,
    /// Takes the result.
    pub reply: oneshot::Sender<String>,
}

type Specs = Arc<Vec<ToolSpec>>;

/// What a connection works with.
#[derive(Clone, Debug)]
struct Desk {
    calls: mpsc::Sender<Called>,
    specs: watch::Receiver<Specs>,
    count: watch::Sender<u64>,
}

/// The server.
#[derive(Debug)]
pub struct Tools {
    /// Calls, in their order.
    pub calls: mpsc::Receiver<Called>,
    specs: watch::Sender<Specs>,
    /// Counts how often the tools were listed.
    listed: watch::Receiver<u64>,
    _accepting: JoinSet<()>,
}

impl Tools {
    /// Listens at `path` with these tools.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn listen(path: &Path, specs: Vec<ToolSpec>) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let (sender, calls) = mpsc::channel(CALLS);
        let (specs, current) = watch::channel(Arc::new(specs));
        let (count, listed) = watch::channel(0);
        let mut accepting = JoinSet::new();
        let desk = Desk {
            calls: sender,
            specs: current,
            count,
        };
        accepting.spawn(accept(listener, desk));
        Ok(Self {
            calls,
            specs,
            listed,
            _accepting: accepting,
        })
    }

    /// Adds tools, and gives those that are there already their present form.
    /// True when that changed something.
    pub fn offer(&mut self, offered: &[ToolSpec]) -> bool {
        self.listed.mark_unchanged();
        self.specs.send_if_modified(|specs| {
            let mut list = specs.to_vec();
            for tool in offered {
                match list.iter_mut().find(|known| known.name == tool.name) {
                    Some(known) => known.clone_from(tool),
                    None => list.push(tool.clone()),
                }
            }
            let changed = list != **specs;
            if changed {
                *specs = Arc::new(list);
            }
            changed
        })
    }

    /// Waits until a program has listed the changed tools, with a bound: not every one does.
    pub async fn noticed(&mut self) {
        let _ = timeout(NOTICING, self.listed.changed()).await;
    }
}

async fn accept(listener: UnixListener, desk: Desk) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if connections.len() < MOST_CONNECTIONS {
            connections.spawn(serve(stream, desk.clone()));
        }
    }
}

/// One connection.
async fn serve(stream: UnixStream, desk: Desk) {
    let Desk {
        calls,
        mut specs,
        count,
    } = desk;
    let (read, write) = stream.into_split();
    let mut lines = Lines::new(BufReader::new(read), LONGEST);
    let (say, said) = mpsc::channel(ANSWERS);
    let mut tasks = JoinSet::new();
    tasks.spawn(write_all(write, said));
    specs.mark_unchanged();
    loop {
        let line = tokio::select! {
            line = lines.next() => line,
            changed = specs.changed() => {
                if changed.is_err() || say.send(mcp::changed()).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let asked = match line {
            Ok(Some(Line::Text(line))) => mcp::hear(&line, &specs.borrow()),
            Ok(Some(Line::TooLong)) => Asked::Answer(mcp::error(&Value::Null, -32600, "too long")),
            Ok(None) | Err(_) => return,
        };
        match asked {
            Asked::Nothing => {}
            Asked::Answer(answer) => {
                let lists = answer.pointer("/result/tools").is_some();
                if say.send(answer).await.is_err() {
                    return;
                }
                count.send_modify(|count| *count += u64::from(lists));
            }
            Asked::Call {
                id,
                name,
                arguments,
            } => {
                let (reply, result) = oneshot::channel();
                if calls
                    .send(Called {
                        name,
                        arguments,
                        reply,
                    })
                    .await
                    .is_err()
                {
                    return;
                }
                let say = say.clone();
                tasks.spawn(async move {
                    let answer = match result.await {
                        Ok(text) => mcp::result(&id, &text),
                        Err(_) => mcp::error(&id, -32000, "nobody takes this call any more"),
                    };
                    let _ = say.send(answer).await;
                });
            }
        }
    }
}

async fn write_all(mut output: OwnedWriteHalf, mut answers: mpsc::Receiver<Value>) {
    while let Some(answer) = answers.recv().await {
        let line = format!("{answer}\n");
        if output.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}
