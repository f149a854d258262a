//! The transport to a server that is a process: one JSON message per line.
//!
//! Lines are bounded; what is no message is dropped (servers print words where they should not), and an
//! answer that cannot be read becomes an error, so that nobody waits for it. Of notices only those that
//! mean something here come through. The process has a group of its own, a scrubbed environment, and
//! ends with the transport: its input is closed, then it is asked, then it is ended. Dropping the
//! transport ends the whole group at once.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    config::servers::{FOLDER, Started},
    logging::{Area, Level, tell},
    provider::cli::lines::{Line, Lines},
    text::clean,
};

/// Longest message of a server.
pub const LONGEST: usize = 16 * 1024 * 1024;
/// Bytes of its complaints that are kept.
const TAIL: usize = 64 * 1024;
/// Bytes of them that are shown with a failure.
const SHOWN: usize = 600;
/// Wait after its input is closed, and after each signal.
const GRACE: Duration = Duration::from_secs(2);
/// Temporary folders of this process that are tried.
const FOLDERS: u32 = 1000;
/// Messages on their way to the server.
const SAYINGS: usize = 64;
/// Notices that mean something here.
const HEARD: [&str; 2] = ["notifications/progress", "notifications/tools/list_changed"];

/// The words of a command with a private folder where they ask for the agent's: a relative name of one
/// means nothing in the folder this program was started in. It is named like other temporary folders of
/// ours, and cleared away with them.
fn placed(command: &[String]) -> io::Result<Vec<String>> {
    if !command.iter().any(|word| word.contains(FOLDER)) {
        return Ok(command.to_vec());
    }
    let base = std::env::temp_dir();
    for number in 0..FOLDERS {
        let path = base.join(format!("massgen-tui-{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {
                let path = path.display().to_string();
                let words = command.iter().map(|word| word.replace(FOLDER, &path));
                return Ok(words.collect());
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// What a server wrote to its standard error, the end of it.
#[derive(Clone, Debug)]
pub struct Complaints(watch::Receiver<Vec<u8>>);

impl Complaints {
    /// The last of it, on one line for people; empty when it said nothing.
    #[must_use]
    pub fn last(&self) -> String {
        let text = self.whole();
        let from = text.ceil_char_boundary(text.len().saturating_sub(SHOWN));
        clean::line(text[from..].trim()).replace('␤', " · ")
    }

    /// All that is kept of it.
    #[must_use]
    pub fn whole(&self) -> String {
        let text = String::from_utf8_lossy(&self.0.borrow()).into_owned();
        clean::text(&text).trim().to_owned()
    }
}

/// A process group that is ended when this is dropped.
#[derive(Debug)]
struct Held {
    child: Child,
    group: Option<Pid>,
}

impl Held {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Gone already is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Waits, asks, insists; then ends what is left of the group.
    async fn end(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            if timeout(GRACE, self.child.wait()).await.is_ok() {
                break;
            }
            self.signal(signal);
        }
        self.signal(Signal::KILL);
        let _ = timeout(GRACE, self.child.wait()).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

type Input = Box<dyn AsyncRead + Send + Unpin>;

/// The transport.
pub struct Pipe {
    lines: Lines<BufReader<Input>>,
    said: Option<mpsc::Sender<String>>,
    tail: Arc<watch::Sender<Vec<u8>>>,
    /// Ready when its standard error has ended.
    silent: Option<oneshot::Receiver<()>>,
    held: Option<Held>,
    pipes: JoinSet<()>,
}

impl Pipe {
    /// Starts a server.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(started: &Started) -> io::Result<Self> {
        let words = placed(&started.command)?;
        let (name, words) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(name);
        command
            .args(words)
            .env_clear()
            .envs(
                started
                    .env
                    .iter()
                    .map(|(name, value)| (name, value.expose_secret())),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(folder) = &started.cwd {
            command.current_dir(folder);
        }
        let spawned = command.spawn();
        tell(Level::Info, Area::Process, || match &spawned {
            Ok(child) => format!("tool server {name} started as {:?}", child.id()),
            Err(error) => format!("tool server {name} could not be started: {error}"),
        });
        let mut child = spawned?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = id.and_then(Pid::from_raw);
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        let mut pipe = Self::over(output, input);
        pipe.held = Some(Held { child, group });
        let (over, silent) = oneshot::channel();
        let tail = Arc::clone(&pipe.tail);
        pipe.pipes.spawn(async move {
            keep_tail(errors, tail).await;
            // Nobody waits where the transport is gone.
            let _ = over.send(());
        });
        pipe.silent = Some(silent);
        Ok(pipe)
    }

    /// A transport over two streams.
    pub fn over(
        output: impl AsyncRead + Send + Unpin + 'static,
        input: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let (said, sayings) = mpsc::channel(SAYINGS);
        let mut pipes = JoinSet::new();
        pipes.spawn(write(input, sayings));
        Self {
            lines: Lines::new(BufReader::new(Box::new(output)), LONGEST),
            said: Some(said),
            tail: Arc::new(watch::channel(Vec::new()).0),
            silent: None,
            held: None,
            pipes,
        }
    }

    /// What it complains about.
    #[must_use]
    pub fn complaints(&self) -> Complaints {
        Complaints(self.tail.subscribe())
    }

    /// Says this, and nothing more: its input ends.
    pub(super) async fn say_last(&mut self, text: String) {
        if let Some(said) = self.said.take() {
            // One that went away shows by its silence.
            let _ = said.send(text).await;
        }
    }

    /// How its process ended, within a wait; `None` when it did not.
    pub(super) async fn ended(&mut self, wait: Duration) -> Option<ExitStatus> {
        self.said = None;
        let held = self.held.as_mut()?;
        let status = timeout(wait, held.child.wait()).await.ok()?.ok();
        if let Some(silent) = self.silent.take() {
            let _ = timeout(GRACE, silent).await;
        }
        status
    }

    /// The next line; `None` at the end, when its last words are there as well.
    pub(super) async fn line(&mut self) -> Option<Line> {
        let line = self.next().await;
        if line.is_none()
            && let Some(silent) = self.silent.take()
        {
            // What it left running may hold its errors open for ever.
            let _ = timeout(GRACE, silent).await;
        }
        line
    }

    async fn next(&mut self) -> Option<Line> {
        let Some(held) = &mut self.held else {
            return self.lines.next().await.ok().flatten();
        };
        tokio::select! {
            biased;
            line = self.lines.next() => return line.ok().flatten(),
            _ = held.child.wait() => {}
        }
        // What it left running may hold its output open for ever.
        timeout(GRACE, self.lines.next()).await.ok()?.ok().flatten()
    }
}

impl Transport<RoleClient> for Pipe {
    type Error = io::Error;

    fn send(
        &mut self,
        item: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let said = self.said.clone();
        async move {
            let text = serde_json::to_string(&item)? + "\n";
            let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
            said.ok_or_else(gone)?.send(text).await.map_err(|_| gone())
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            match self.line().await? {
                Line::Text(line) => {
                    if let Some(message) = read(&line) {
                        return Some(message);
                    }
                }
                Line::TooLong => {
                    let words = format!("\n[a message of more than {LONGEST} bytes was dropped]\n");
                    append(&self.tail, words.as_bytes());
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.said = None;
        if let Some(mut held) = self.held.take() {
            held.end().await;
        }
        Ok(())
    }
}

/// The message of a line; `None` for what means nothing here.
fn read(line: &str) -> Option<ServerJsonRpcMessage> {
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(method) = value.get("method").and_then(Value::as_str)
        && value.get("id").is_none()
        && !HEARD.contains(&method)
    {
        return None;
    }
    let id = value.get("id").cloned();
    let answers = value.get("result").is_some() || value.get("error").is_some();
    match serde_json::from_value(value) {
        Ok(message) => Some(message),
        // Somebody waits for it.
        Err(_) if answers => {
            let broken = json!({"jsonrpc": "2.0", "id": id?, "error":
                {"code": -32603, "message": "the answer of the server cannot be read"}});
            serde_json::from_value(broken).ok()
        }
        Err(_) => None,
    }
}

async fn write(mut input: impl AsyncWrite + Unpin, mut sayings: mpsc::Receiver<String>) {
    while let Some(text) = sayings.recv().await {
        let written = input.write_all(text.as_bytes()).await;
        if written.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

async fn keep_tail(mut errors: impl AsyncRead + Unpin, tail: Arc<watch::Sender<Vec<u8>>>) {
    let mut bytes = [0_u8; 4096];
    while let Ok(count) = errors.read(&mut bytes).await {
        let Some(new) = bytes.get(..count).filter(|new| !new.is_empty()) else {
            return;
        };
        append(&tail, new);
    }
}

fn append(tail: &watch::Sender<Vec<u8>>, new: &[u8]) {
    tail.send_modify(|tail| {
        tail.extend_from_slice(new);
        let surplus = tail.len().saturating_sub(TAIL);
        tail.drain(..surplus);
    });
}
