//! What the file tools of one agent work with: its folders, its peers' trees, leave, a record, and
//! whatever runs commands.
//!
//! Plain data and ports. The engine's owner makes one [`Hands`] per agent through [`Crew`]; nothing
//! here opens a file, runs a process or knows git.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::future::BoxFuture;

use super::{permit::Permits, sandbox::Runner};
use crate::protocol::{AgentId, Approval, Decided, Label, change::Access};

/// Who gives each agent its hands. Asked when an agent calls its first file tool, so that a worktree
/// is made for those who need one.
pub trait Crew: Send + Sync {
    /// The hands of an agent; the same ones for the whole turn.
    ///
    /// # Errors
    /// Why there are none, for the model.
    fn hands(&self, agent: AgentId) -> BoxFuture<'static, Result<Arc<Hands>, String>>;
}

/// The hands of one agent.
pub struct Hands {
    /// Whose.
    pub agent: AgentId,
    /// Where they reach.
    pub ground: Ground,
    /// Published trees of other agents; `None`: `read_peer` says that there are none.
    pub peers: Option<Arc<dyn Peers>>,
    /// What is allowed, asked about, denied.
    pub permits: Arc<Permits>,
    /// Who is asked.
    pub person: Arc<dyn Approver>,
    /// Who writes decisions down.
    pub record: Arc<dyn Recorder>,
    /// What runs commands.
    pub runner: Arc<dyn Runner>,
    /// What fetches pages; `None`: `web_fetch` is not offered.
    pub web: Option<Arc<dyn Web>>,
}

/// One folder that tools reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// What the agent calls it: a single path component such as `app`. Where there is one root only,
    /// paths do not need it.
    pub name: String,
    /// The folder, absolute and without symbolic links. Of a place that agents write to: the agent's
    /// own worktree.
    pub path: PathBuf,
    /// Whether tools write below it.
    pub access: Access,
    /// Paths below it that tools do not write, without the root's name.
    pub protected: Vec<String>,
}

/// Everything that tools of one agent reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The folders; the first is where commands run and relative paths begin.
    pub roots: Vec<Root>,
    /// A private folder for temporary files, absolute, mode 0700; it and its contents belong to this
    /// agent alone. Tools call it `tmp`.
    pub temp: PathBuf,
    /// Git directories that commands read (`git diff`), never write: the common one of each
    /// repository, and the agent's own below its `worktrees`.
    pub git_dirs: Vec<PathBuf>,
    /// What is never readable, whatever else says so: the state folder, the configuration folders,
    /// other agents' worktrees. The roots above may lie inside; nothing else does.
    pub closed: Vec<PathBuf>,
}

/// What an agent calls its temporary folder.
pub const TEMP: &str = "tmp";

impl Ground {
    /// The root with this name.
    #[must_use]
    pub fn root(&self, name: &str) -> Option<&Root> {
        self.roots.iter().find(|root| root.name == name)
    }

    /// Folders that commands may write to.
    pub fn writable(&self) -> impl Iterator<Item = &Path> {
        let roots = self
            .roots
            .iter()
            .filter(|root| root.access == Access::Write);
        let roots = roots.map(|root| root.path.as_path());
        roots.chain(std::iter::once(self.temp.as_path()))
    }
}

/// One file or folder of a published tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerFile {
    /// Its path from the top of the tree, beginning with the root's name where there are several.
    pub path: String,
    /// Bytes; `None` for a folder.
    pub size: Option<u64>,
}

/// Read-only trees that other agents have published, by label. Names of agents, models and folders
/// never appear in them.
pub trait Peers: Send + Sync {
    /// What stands directly in a folder; `""` is the top.
    ///
    /// # Errors
    /// There is no such tree or folder, in words for the model.
    fn list(&self, label: Label, folder: &str)
    -> BoxFuture<'static, Result<Vec<PeerFile>, String>>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// There is no such tree or file, or it is too large, in words for the model.
    fn read(&self, label: Label, path: &str) -> BoxFuture<'static, Result<Vec<u8>, String>>;

    /// What the tree changes against the baseline, as a unified diff; of one file or folder, or all.
    ///
    /// # Errors
    /// There is no such tree, in words for the model.
    fn diff(&self, label: Label, path: Option<&str>) -> BoxFuture<'static, Result<String, String>>;
}

/// What a person says to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Yes, this once.
    Once,
    /// Yes, and whatever the shown rule covers.
    Always,
    /// Yes, with this command instead.
    Edited(String),
    /// No, and why; may be empty.
    No(String),
    /// A run that nobody watches says yes.
    PolicyYes,
    /// A run that nobody watches says no.
    PolicyNo(String),
    /// Nobody answered in time: no.
    Silence,
}

/// Who is asked for leave.
pub trait Approver: Send + Sync {
    /// Asks and waits, within a bound of its own. Dropping the future withdraws the question.
    fn ask(&self, agent: AgentId, approval: Approval) -> BoxFuture<'static, Ruling>;
}

/// Who writes decisions down, one after the other, never changing an earlier one.
pub trait Recorder: Send + Sync {
    /// Takes one decision; returns when it is written.
    ///
    /// # Errors
    /// It cannot be written; what it allows is then not done.
    fn note(&self, decided: Decided) -> BoxFuture<'static, Result<(), String>>;
}

/// What fetches pages: http and https only, public addresses only, bounded in time and size.
pub trait Web: Send + Sync {
    /// The text of a page.
    ///
    /// # Errors
    /// Why there is none, in words for the model.
    fn fetch(&self, url: &str) -> BoxFuture<'static, Result<String, String>>;
}
