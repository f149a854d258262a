//! Appends a session's events to its log as they are lived.
//!
//! One thread owns one file; the handle only passes events on, so no disk ever blocks the program.
//! Whatever has arrived is written at once, in one `write`, so that a killed program loses only what
//! had not been handed over yet. Disk trouble never stops a run: it is reported once per spell, the
//! events are kept (up to [`MAX_PENDING`]) and tried again with those that follow.
//!
//! Not done here: masking secrets (`redact`, before anyone sees an event) and merging deltas.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    files,
    lock::{LOCK_FILE, Lock},
    schema::Header,
    summary::{self, Scan, Stored},
};
use crate::protocol::{AgentEvent, Event, EventKind, Failure, FailureKind, RunEvent, RunId};

/// Events on their way to the thread before `append` waits.
const QUEUE: usize = 1024;
/// Most bytes written at once.
const BATCH: usize = 256 * 1024;
/// Most bytes kept for another try while the disk refuses them.
const MAX_PENDING: usize = 8 * 1024 * 1024;

/// Opens session logs.
pub struct Writer;

/// The way to one session's log.
#[derive(Debug)]
pub struct WriterHandle {
    jobs: mpsc::Sender<Job>,
    failures: mpsc::Receiver<Failure>,
    folder: PathBuf,
}

#[derive(Debug)]
enum Job {
    Append(Box<Event>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Creates the log of session `run` in its folder `dir` (both new, both private), writes its
    /// header and starts the thread that owns it.
    ///
    /// # Errors
    /// A folder or file that cannot be created or written, one that is already there included.
    pub fn open(dir: &Path, run: RunId) -> Result<WriterHandle, Failure> {
        files::create_dirs(dir)?;
        let path = dir.join(super::LOG_FILE);
        let file = files::create_new(&path)?;
        let summary = dir.join(super::SUMMARY_FILE);
        let opened = Lock::take(dir, &run)
            .and_then(|lock| Self::start(file, path.clone(), summary, run, Some(lock)));
        if opened.is_err() {
            // Nothing was written: leave no empty session behind. If that fails too, the list shows
            // one that is unfinished.
            let _ = fs::remove_file(path)
                .and_then(|()| fs::remove_file(dir.join(LOCK_FILE)))
                .and_then(|()| fs::remove_dir(dir));
        }
        opened
    }

    fn start<S: Sink>(
        sink: S,
        path: PathBuf,
        summary: PathBuf,
        run: RunId,
        lock: Option<Lock>,
    ) -> Result<WriterHandle, Failure> {
        let (failure_sender, failures) = mpsc::channel(1);
        let mut log = Log {
            sink,
            length: 0,
            pending: Vec::new(),
            lost: 0,
            torn: false,
            trouble: false,
            scan: Scan::new(run.clone()),
            failures: failure_sender,
            path,
            summary,
            lock,
        };
        log.header(run)?;
        Self::serve(log, failures)
    }

    /// Goes on writing an existing log of `length` bytes, whose events `scan` has seen.
    pub(super) fn go_on(
        file: File,
        length: u64,
        end: End,
        dir: &Path,
        scan: Scan,
        lock: Lock,
    ) -> Result<WriterHandle, Failure> {
        let (failure_sender, failures) = mpsc::channel(1);
        let log = Log {
            sink: file,
            length,
            pending: Vec::new(),
            lost: 0,
            torn: end == End::Unfinished,
            trouble: false,
            scan,
            failures: failure_sender,
            path: dir.join(super::LOG_FILE),
            summary: dir.join(super::SUMMARY_FILE),
            lock: Some(lock),
        };
        Self::serve(log, failures)
    }

    fn serve<S: Sink>(
        log: Log<S>,
        failures: mpsc::Receiver<Failure>,
    ) -> Result<WriterHandle, Failure> {
        let (job_sender, jobs) = mpsc::channel(QUEUE);
        let folder = log.path.parent().map(Path::to_path_buf);
        thread::Builder::new()
            .name("session-log".to_owned())
            .spawn(move || log.serve(jobs))
            .map_err(|error| {
                Failure::new(
                    FailureKind::Local,
                    format!("Cannot start the thread of the session log: {error}."),
                )
                .hint("Close other programs, or raise the limit of processes (ulimit -u).")
            })?;
        Ok(WriterHandle {
            jobs: job_sender,
            failures,
            folder: folder.unwrap_or_default(),
        })
    }
}

impl WriterHandle {
    /// The folder of the session.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Passes on one event; waits while the disk is far behind.
    pub async fn append(&self, event: Event) {
        // The thread ends only after `close`; an event after that has no place in the log.
        let _ = self.jobs.send(Job::Append(Box::new(event))).await;
    }

    /// The failure of the latest spell of disk trouble, once per spell.
    pub fn take_failure(&mut self) -> Option<Failure> {
        self.failures.try_recv().ok()
    }

    /// Writes what is left, syncs it to the disk, stores the summary. Returns a failure that nobody
    /// has taken yet.
    pub async fn close(mut self) -> Option<Failure> {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            // An error would mean that the thread is gone, and with it everything to wait for.
            let _ = closed.await;
        }
        self.take_failure()
    }
}

/// How the last line of an existing log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With its newline.
    Whole,
    /// Without: the event is complete, the newline is not there.
    Unfinished,
}

/// What the log writes to: a file, or in tests one that fails.
trait Sink: Send + 'static {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The thread's state.
struct Log<S> {
    sink: S,
    /// Bytes in the file that stay there: whole lines, and a torn one that could not be cut away.
    length: u64,
    /// Lines the file does not hold yet.
    pending: Vec<u8>,
    /// Events given up because `pending` was full.
    lost: u64,
    /// The file ends in part of a line: the next write begins with a newline.
    torn: bool,
    /// The last write failed.
    trouble: bool,
    scan: Scan,
    failures: mpsc::Sender<Failure>,
    path: PathBuf,
    summary: PathBuf,
    /// Held as long as the file may be written.
    lock: Option<Lock>,
}

impl<S: Sink> Log<S> {
    fn header(&mut self, run: RunId) -> Result<(), Failure> {
        self.pending = serde_json::to_vec(&Header::new(run)).map_err(|error| self.odd(&error))?;
        self.pending.push(b'\n');
        self.write()
            .map_err(|error| files::trouble("write the session log", &self.path, &error))
    }

    fn serve(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut next = Some(first);
            let mut sync = false;
            let mut ended = false;
            let mut close = None;
            while let Some(job) = next.take() {
                match job {
                    Job::Append(event) => {
                        sync |= is_lifecycle(&event);
                        ended |= matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
                        self.take(&event);
                    }
                    Job::Close(done) => {
                        close = Some(done);
                        break;
                    }
                }
                if self.pending.len() < BATCH {
                    next = jobs.try_recv().ok();
                }
            }
            self.flush(sync || close.is_some());
            if ended || close.is_some() {
                self.store_summary();
            }
            if let Some(done) = close {
                // Whoever waits may open the log again at once.
                self.lock = None;
                // Nobody waits any more when the handle was dropped meanwhile.
                let _ = done.send(());
                return;
            }
        }
        self.store_summary();
    }

    fn take(&mut self, event: &Event) {
        self.scan.apply(event);
        if self.pending.len() > MAX_PENDING {
            self.lost += 1;
            return;
        }
        let start = self.pending.len();
        if let Err(error) = serde_json::to_writer(&mut self.pending, event) {
            self.pending.truncate(start);
            self.lost += 1;
            let failure = self.odd(&error);
            self.report(failure);
            return;
        }
        self.pending.push(b'\n');
    }

    fn flush(&mut self, sync: bool) {
        let result = self
            .write()
            .and_then(|()| if sync { self.sink.sync() } else { Ok(()) });
        match result {
            Ok(()) => self.trouble = false,
            Err(error) if !self.trouble => {
                self.trouble = true;
                let mut failure = files::trouble("write the session log", &self.path, &error);
                failure
                    .message
                    .push_str(" The run goes on; writing is tried again with every event.");
                self.report(failure);
            }
            Err(_) => {}
        }
    }

    /// Writes all pending lines or none.
    fn write(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut written = 0;
        let mut result = Ok(());
        if self.torn {
            result = self.end_torn_line();
        }
        while result.is_ok() && written < self.pending.len() {
            match self.sink.write(&self.pending[written..]) {
                Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => result = Err(error),
            }
        }
        if result.is_ok() {
            self.length += written as u64;
            self.pending.clear();
            self.pending.shrink_to(2 * BATCH);
        } else if written > 0 && self.sink.truncate(self.length).is_err() {
            self.length += written as u64;
            self.torn = true;
        }
        result
    }

    /// Ends a torn line, which readers then skip as one.
    fn end_torn_line(&mut self) -> io::Result<()> {
        if self.sink.write(b"\n")? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.length += 1;
        self.torn = false;
        Ok(())
    }

    fn report(&mut self, failure: Failure) {
        // Full means that an earlier failure still waits to be taken: that one says enough.
        let _ = self.failures.try_send(failure);
    }

    fn odd(&self, error: &serde_json::Error) -> Failure {
        Failure::new(
            FailureKind::Local,
            format!(
                "An event cannot be written to {}: {error}.",
                self.path.display()
            ),
        )
    }

    /// Stores the summary beside the log; without it the list reads the log, so trouble is no harm.
    fn store_summary(&mut self) {
        let stored = Stored {
            summary: summary::VERSION,
            log_bytes: self.length,
            session: self.scan.summary(None),
        };
        if self.lost == 0
            && !self.trouble
            && let Ok(bytes) = serde_json::to_vec(&stored)
        {
            let _ = files::replace(&self.summary, &bytes);
        }
    }
}

/// True for events that must survive a loss of power, not only the end of the program.
fn is_lifecycle(event: &Event) -> bool {
    match &event.kind {
        EventKind::Run(event) => match event {
            RunEvent::Started(_)
            | RunEvent::Decided(_)
            | RunEvent::Stage(_)
            | RunEvent::Review(_)
            | RunEvent::Team(_)
            | RunEvent::Ended(_) => true,
            RunEvent::Phase(_)
            | RunEvent::BallotsDropped(_)
            | RunEvent::Steer { .. }
            | RunEvent::Question(_)
            | RunEvent::Budget(_)
            | RunEvent::Notice { .. } => false,
        },
        EventKind::Agent { id: _, event } => match event {
            AgentEvent::Published(_) | AgentEvent::Ballot(_) | AgentEvent::Benched(_) => true,
            AgentEvent::RoundStarted { .. }
            | AgentEvent::RoundEnded { .. }
            | AgentEvent::Delta { .. }
            | AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Usage(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Nested(_)
            | AgentEvent::Delivered { .. } => false,
        },
    }
}

#[cfg(test)]
mod tests;
