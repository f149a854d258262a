//! A program as a process: its own group, a scrubbed environment, lines out, prompt in.
//!
//! Nothing of it outlives its owner: [`Process::stop`] asks the group to end and then ends it,
//! dropping it ends it at once. What keeps running in the group after its leader is ended too.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::lines::{LONGEST, Line, Lines};
use crate::config::Program;
use crate::logging::{Area, Level, tell};

/// Wait after each signal before the next, harder one.
const GRACE: Duration = Duration::from_secs(2);
/// Wait for the last words on standard error once the process is over.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Bytes of standard error that are kept.
const TAIL: usize = 8 * 1024;
/// Lines on their way to the program.
const SAYINGS: usize = 64;

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Group,
    lines: Lines<BufReader<ChildStdout>>,
    said: Option<mpsc::Sender<String>>,
    complaints: watch::Receiver<Vec<u8>>,
    _pipes: JoinSet<()>,
}

/// A process group that is ended when this is dropped.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Gone already is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

impl Process {
    /// Starts `words` in `home`, with `variables` beside those that `program` may see.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        program: &Program,
        words: &[String],
        variables: &[(String, String)],
        home: &Path,
    ) -> io::Result<Self> {
        let (name, words) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(name);
        command
            .args(words)
            .current_dir(home)
            .env_clear()
            .envs(
                program
                    .env
                    .iter()
                    .map(|(name, value)| (name, value.expose_secret())),
            )
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let spawned = command.spawn();
        tell(Level::Info, Area::Process, || match &spawned {
            Ok(child) => format!("agent {name} started as {:?}", child.id()),
            Err(error) => format!("agent {name} could not be started: {error}"),
        });
        let mut child = spawned?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Group(id.and_then(Pid::from_raw));
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        let (said, sayings) = mpsc::channel(SAYINGS);
        let (tail, complaints) = watch::channel(Vec::new());
        let mut pipes = JoinSet::new();
        pipes.spawn(write(input, sayings));
        pipes.spawn(keep_tail(errors, tail));
        Ok(Self {
            child,
            group,
            lines: Lines::new(BufReader::new(output), LONGEST),
            said: Some(said),
            complaints,
            _pipes: pipes,
        })
    }

    /// Writes to its standard input, as soon as it reads.
    pub async fn say(&self, text: String) {
        if let Some(said) = &self.said {
            // A program that reads no more will end, and that is noticed.
            let _ = said.send(text).await;
        }
    }

    /// Closes its standard input behind what was said.
    pub fn close(&mut self) {
        self.said = None;
    }

    /// Its next line; `None` at the end of its output. Cancel-safe.
    pub async fn line(&mut self) -> Option<Line> {
        tokio::select! {
            biased;
            line = self.lines.next() => return line.ok().flatten(),
            _ = self.child.wait() => {}
        }
        // What it left running may hold its output open for ever.
        timeout(LAST_WORDS, self.lines.next())
            .await
            .ok()?
            .ok()
            .flatten()
    }

    /// Waits until it is over, with a bound; ends it then.
    pub async fn end(mut self) -> (Option<ExitStatus>, String) {
        self.said = None;
        let status = timeout(GRACE, self.child.wait()).await;
        self.group.signal(Signal::KILL);
        let _ = timeout(LAST_WORDS, closed(&mut self.complaints)).await;
        let tail = String::from_utf8_lossy(&self.complaints.borrow())
            .trim()
            .to_owned();
        (status.ok().and_then(Result::ok), tail)
    }

    /// Ends it: asks, insists, and ends what is left of its group.
    pub async fn stop(mut self) {
        self.said = None;
        for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
            self.group.signal(signal);
            if timeout(GRACE, self.child.wait()).await.is_ok() {
                break;
            }
        }
    }
}

/// Waits until nothing more is written.
async fn closed(tail: &mut watch::Receiver<Vec<u8>>) {
    while tail.changed().await.is_ok() {}
}

async fn write(mut input: ChildStdin, mut sayings: mpsc::Receiver<String>) {
    while let Some(text) = sayings.recv().await {
        let written = input.write_all(text.as_bytes()).await;
        if written.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

async fn keep_tail(mut errors: ChildStderr, tail: watch::Sender<Vec<u8>>) {
    let mut bytes = [0_u8; 4096];
    while let Ok(count) = errors.read(&mut bytes).await {
        let Some(new) = bytes.get(..count).filter(|new| !new.is_empty()) else {
            return;
        };
        tail.send_modify(|tail| {
            tail.extend_from_slice(new);
            let surplus = tail.len().saturating_sub(TAIL);
            tail.drain(..surplus);
        });
    }
}
