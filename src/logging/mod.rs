//! The program's own log: what it did, for whoever looks for the reason of something. Off unless asked for.
//!
//! The one door: whoever has something to say calls [`tell`] with a closure that makes the words. While
//! the log is off, that costs one read of a number and the closure never runs. Words never hold what was
//! asked or answered, nor keys; secrets are masked once more by whoever writes the lines down. Nothing
//! here waits: a line that finds no room is counted and left out. Other crates' logs are not taken in,
//! for nobody knows what they say.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU8, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::SystemTime,
};

/// Lines that may wait to be written.
const WAITING: usize = 4096;

/// How much is told now; 0 is nothing.
static LEVEL: AtomicU8 = AtomicU8::new(0);
/// Lines that found no room.
static LOST: AtomicU64 = AtomicU64::new(0);
/// Where lines go.
static OUT: OnceLock<SyncSender<Item>> = OnceLock::new();

/// How weighty a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something could not be done.
    Error = 1,
    /// Something is not as it should be, and the work goes on.
    Warn = 2,
    /// What a run consists of.
    Info = 3,
    /// Every request and every decision.
    Debug = 4,
    /// Every detail.
    Trace = 5,
}

impl Level {
    /// All, the weightiest first.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Requests to models.
    Http,
    /// Programs that are started.
    Process,
    /// Servers of tools.
    Mcp,
    /// Configurations and settings.
    Config,
    /// What is kept on disk.
    Store,
    /// Sessions.
    Run,
}

impl Area {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Process => "process",
            Self::Mcp => "mcp",
            Self::Config => "config",
            Self::Store => "store",
            Self::Run => "run",
        }
    }
}

/// One line as it was told: neither cleaned nor masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: SystemTime,
    /// How weighty.
    pub level: Level,
    /// What about.
    pub area: Area,
    /// The words.
    pub text: String,
}

/// What comes out of the door.
#[derive(Debug)]
pub enum Item {
    /// A line.
    Line(Line),
    /// Everything before this is to be written; then this is answered.
    Settle(SyncSender<()>),
}

/// Opens the door; the lines come out of the receiver. `None` when it was opened before.
#[must_use]
pub fn open() -> Option<Receiver<Item>> {
    let (sender, receiver) = sync_channel(WAITING);
    OUT.set(sender).ok().map(|()| receiver)
}

/// From now on lines of this weight and weightier ones are told; `None` is none at all.
pub fn set(level: Option<Level>) {
    LEVEL.store(level.map_or(0, |level| level as u8), Ordering::Relaxed);
}

/// How much is told now.
#[must_use]
pub fn level() -> Option<Level> {
    let now = LEVEL.load(Ordering::Relaxed);
    Level::ALL.into_iter().find(|level| *level as u8 == now)
}

/// True when a line of this weight is told.
#[inline]
#[must_use]
pub fn on(level: Level) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// Tells a line, if lines of its weight are told.
#[inline]
pub fn tell(level: Level, area: Area, words: impl FnOnce() -> String) {
    if on(level) {
        send(level, area, words());
    }
}

#[cold]
fn send(level: Level, area: Area, text: String) {
    let line = Line {
        at: SystemTime::now(),
        level,
        area,
        text,
    };
    let sent = OUT.get().map(|out| out.try_send(Item::Line(line)));
    if !matches!(sent, Some(Ok(()))) {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lines that were left out since this was last asked.
#[must_use]
pub fn lost() -> u64 {
    LOST.swap(0, Ordering::Relaxed)
}

/// Has everything so far written; waits for it no longer than this.
pub fn settle(longest: std::time::Duration) {
    let (done, answer) = sync_channel(1);
    let sent = OUT.get().map(|out| out.try_send(Item::Settle(done)));
    if matches!(sent, Some(Ok(()))) {
        // Whoever leaves does not wait longer for a slow disk.
        let _ = answer.recv_timeout(longest);
    }
}

/// An address as it may stand in a line: without a password, a query and a fragment.
#[must_use]
pub fn place(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = bare.split_once("://") else {
        return bare.to_owned();
    };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_what_could_be_a_secret() {
        for (url, told) in [
            ("https://u:pw@h.example/v1?key=k#f", "https://h.example/v1"),
            ("http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("http://a@b@c/d@e", "http://c/d@e"),
            ("nonsense?x", "nonsense"),
        ] {
            assert_eq!(place(url), told);
        }
    }

    #[test]
    fn levels_are_ordered_by_weight() {
        assert!(Level::ALL.is_sorted());
        assert_eq!(
            Level::ALL.map(Level::word).join(" "),
            "error warn info debug trace"
        );
    }
}
