//! What the server needs of the rest of the program: runs, sessions on disk, teams by name.
//!
//! Plain data in both directions. Everything may be refused, and a refusal says what to do.

use std::path::PathBuf;

use futures_util::{future::BoxFuture, stream::BoxStream};

use crate::{
    protocol::{Command, Event, Failure, FailureKind, RunId, Seq, SessionSummary},
    run::RunState,
};

/// An answer that takes a while.
pub type Waiting<'a, T> = BoxFuture<'a, Result<T, Refused>>;
/// Events of a session in order.
pub type Events = BoxStream<'static, Result<Event, Failure>>;

/// Runs of this process, sessions on disk, teams by name.
pub trait Runs: Send + Sync {
    /// The teams that can be started by name.
    fn teams(&self) -> Waiting<'_, Vec<Team>>;
    /// Starts a run, or a further turn of one that is over.
    fn start(&self, wish: Wish) -> Waiting<'_, Begun>;
    /// Runs of this process and stored sessions, newest first.
    fn list(&self, ask: ListAsk) -> Waiting<'_, Listed>;
    /// One session as it is now.
    fn get(&self, run: RunId) -> Waiting<'_, Picture>;
    /// The events after `after`, to the end of the run; those of a stored session from its log.
    fn events(&self, run: RunId, after: Seq) -> Waiting<'_, Events>;
    /// Passes a command to a run of this process; gives the run's whole name.
    fn command(&self, run: RunId, command: Command) -> Waiting<'_, RunId>;
    /// A session as a file.
    fn export(&self, ask: ExportAsk) -> Waiting<'_, File>;
}

/// A team that can be started by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Name, for example `demo:quick`.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Names of its agents, where they are known without reading more.
    pub agents: Vec<String>,
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The task.
    pub prompt: String,
    /// The session whose next turn it is; without one a new session begins.
    pub after: Option<RunId>,
    /// Who works on it.
    pub team: Pick,
    /// Folders it works on, instead of those the team comes with.
    pub folders: Vec<Folder>,
    /// Settings that win over the configuration: key and value as YAML.
    pub settings: Vec<(&'static str, String)>,
    /// Who answers questions of agents.
    pub hears: Hears,
}

/// A turn that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its session.
    pub run: RunId,
    /// Number of the last event before it; 0 in a new session.
    pub after: Seq,
    /// What the client is to be told of its wish, a sentence each.
    pub notes: Vec<String>,
}

/// Who answers questions of agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hears {
    /// Nobody: they go on without.
    #[default]
    Nobody,
    /// The client.
    Client,
}

/// Who works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The team of the person's own configuration; in a further turn, the session's own.
    Default,
    /// A team of [`Runs::teams`].
    Named(String),
    /// A configuration file.
    File(PathBuf),
    /// These models, one agent each, at this address or at those of their vendors.
    Models {
        /// Address of an OpenAI-compatible server.
        base_url: Option<String>,
        /// Models.
        models: Vec<String>,
    },
}

/// A folder to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What agents may do there.
    pub access: Access,
}

/// What agents may do in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Look.
    Read,
    /// Change a copy of it.
    Write,
}

/// Which sessions are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAsk {
    /// Words of the filter of `logs list`.
    pub filter: String,
    /// Whether stored ones are meant, too.
    pub scope: Scope,
    /// Most sessions.
    pub limit: usize,
}

/// Which sessions are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that run in this process.
    Running,
    /// Those whose log is on disk and that are over.
    Stored,
    /// Both.
    All,
}

/// Sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// What fits, newest first, not more than asked.
    pub sessions: Vec<(SessionSummary, Standing)>,
    /// How many fit.
    pub fitting: usize,
}

/// Whether a session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs in this process.
    Running,
    /// Another process works on it.
    Elsewhere,
    /// It is over.
    Over,
}

impl Standing {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Elsewhere => "elsewhere",
            Self::Over => "over",
        }
    }
}

/// A session at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What the list says.
    pub summary: SessionSummary,
    /// Whether it goes on.
    pub standing: Standing,
    /// All that happened, folded.
    pub state: RunState,
}

/// What is to be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportAsk {
    /// Which session.
    pub run: RunId,
    /// html, md, json, bundle or cast.
    pub format: String,
    /// Turns: 2, 1-3, latest; empty for all.
    pub turns: String,
    /// What is masked beside secrets and home folders, with commas.
    pub redact: String,
}

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it is.
    pub mime: &'static str,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The class.
    pub why: Why,
    /// What happened and what to do.
    pub failure: Failure,
}

/// Classes of refusals; each is one status of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such session, team or file.
    Missing,
    /// It is over, so it takes no commands.
    Over,
    /// It is at work, so it takes no further task.
    AtWork,
    /// As many runs as allowed are going on.
    Full,
    /// A configuration that nobody approved, or a file that may hold secrets.
    Forbidden,
    /// It makes no sense.
    Wrong,
    /// It makes sense and cannot be done as it stands: an address that is none, a key that is missing.
    Unusable,
    /// It could not be done.
    Failed,
}

impl Refused {
    /// A refusal in words.
    #[must_use]
    pub fn new(why: Why, message: impl Into<String>) -> Self {
        let kind = match why {
            Why::Failed => FailureKind::Local,
            Why::Full => FailureKind::Overloaded,
            Why::Missing
            | Why::Over
            | Why::AtWork
            | Why::Forbidden
            | Why::Wrong
            | Why::Unusable => FailureKind::Request,
        };
        Self {
            why,
            failure: Failure::new(kind, message),
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.failure = self.failure.hint(hint);
        self
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let why = match failure.kind {
            FailureKind::Overloaded => Why::Full,
            FailureKind::Request | FailureKind::Model | FailureKind::Auth => Why::Wrong,
            FailureKind::Quota
            | FailureKind::RateLimit
            | FailureKind::Context
            | FailureKind::Refused
            | FailureKind::Transient
            | FailureKind::Cancelled
            | FailureKind::Local
            | FailureKind::Team => Why::Failed,
        };
        Self { why, failure }
    }
}
