//! Commands of agents, held as far as the system can.
//!
//! [`Runner`] is the port that tools see, [`Launcher`] runs them. Three processes make a command: this
//! program, a keeper that ends everything a command leaves behind ([`keep`]), and an inner process
//! that binds its own hands and becomes the command ([`enter`]). Keeper and inner process are hidden
//! subcommands of this program, so that nothing runs between fork and exec. See `docs/sandbox.md` for
//! what is and is not enforced.

mod confine;
mod hold;
mod inner;
mod keeper;
mod launch;
mod plan;
mod reach;
mod trial;
mod wrap;

pub use hold::{HOLD, hold};
pub use inner::enter;
pub use keeper::keep;
pub use launch::Launcher;
pub use reach::Machine;
pub use trial::{Attempt, Found, Tried, probe};

use std::path::PathBuf;

use futures_util::future::BoxFuture;

use super::hands::Ground;
use crate::protocol::Network;

/// What holds a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Nothing but limits of resources: every command asks.
    Nothing,
    /// Landlock and seccomp.
    Landlock,
    /// Namespaces by bubblewrap, and Landlock and seccomp inside where the kernel has them.
    Bubblewrap,
}

impl Tier {
    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Landlock => "landlock",
            Self::Bubblewrap => "bubblewrap",
        }
    }
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A line for `sh -c`.
    Line(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

/// One command.
#[derive(Clone, Debug)]
pub struct Job {
    /// What runs.
    pub program: Program,
    /// Where, absolute, inside a root.
    pub folder: PathBuf,
    /// What it may reach.
    pub ground: Ground,
    /// Whether it reaches the network.
    pub network: Network,
    /// Further folders that it may read.
    pub read: Vec<PathBuf>,
    /// Seconds until it is stopped.
    pub seconds: u64,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It was stopped: its time was up.
    Late,
    /// It was stopped: it had started more processes than it may.
    Crowd,
}

/// A command that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub end: End,
    /// What it wrote to its standard output.
    pub output: Stream,
    /// What it wrote to its standard error.
    pub errors: Stream,
    /// What held it.
    pub tier: Tier,
}

/// What a command wrote, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The bytes that were kept, from the beginning.
    pub kept: Vec<u8>,
    /// Bytes that came after them and were thrown away.
    pub lost: u64,
}

/// What runs commands.
pub trait Runner: Send + Sync {
    /// What holds commands here. Found out by trying, once.
    fn tier(&self) -> BoxFuture<'static, Tier>;

    /// Runs one. Dropping the future ends it and everything it started.
    ///
    /// # Errors
    /// It could not be started, in words for the model.
    fn run(&self, job: Job) -> BoxFuture<'static, Result<Ended, String>>;
}
