//! Which folders a team works on.
//!
//! Without a folder agents only talk. Names and meanings are MassGen's `orchestrator.context_paths`,
//! `coordination.write_mode` and `backend.cwd`; that no agent ever writes to the folder itself is ours.

use serde::{Deserialize, Serialize};

use crate::protocol::{AgentId, change::Access};

/// Where a team works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Working {
    /// The folders, in the order of the configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<Folder>,
    /// What keeps the agents' copies apart.
    pub isolation: Isolation,
    /// What is copied of files that are under no version control.
    pub untracked: Untracked,
    /// What agents get where none of the folders may be changed.
    #[serde(skip_serializing_if = "Own::is_none")]
    pub own: Own,
    /// The agents that get tools for files; empty for all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hands: Vec<AgentId>,
}

/// What a team whose agents bring folders of their own (`backend.cwd`) works on, where it was given no
/// folder that it may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// Nothing: agents bring none.
    #[default]
    None,
    /// An empty folder that is made for the run.
    Empty,
    /// This folder of the person's, where there is one when the run begins; else an empty one.
    At(String),
}

impl Own {
    /// True when agents bring no folders.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// One folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// The folder, or a single file; relative to where the program was started.
    pub path: String,
    /// What agents may do with it.
    pub access: Access,
    /// Paths within it that stay as they are: changes of them are never taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
}

/// What keeps the agents' copies apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// The folder's own repository where there is one, a repository beside it otherwise.
    #[default]
    Auto,
    /// The folder's own repository; a folder without one is an error.
    Worktree,
    /// A repository beside the folder, always.
    Shadow,
}

/// What is copied of files that are neither tracked nor ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untracked {
    /// All of them.
    #[default]
    All,
    /// None of them.
    None,
}

impl Working {
    /// True when agents only talk.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }

    /// True when agents may change copies of one of the folders.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        let mut folders = self.folders.iter();
        folders.any(|folder| folder.access == Access::Write)
    }

    /// Whether an agent gets tools for files, where there are folders.
    #[must_use]
    pub fn has_hands(&self, agent: AgentId) -> bool {
        self.hands.is_empty() || self.hands.contains(&agent)
    }

    /// The person said which folders there are, whatever a configuration says; no folder at all is
    /// an answer too.
    pub fn given(&mut self, folders: Vec<Folder>) {
        if folders.is_empty() {
            self.own = Own::None;
        }
        self.folders = folders;
    }

    /// Calls `change` with every text in it.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        if let Own::At(path) = &mut self.own {
            change(path);
        }
        for folder in &mut self.folders {
            change(&mut folder.path);
            folder.protected.iter_mut().for_each(&mut *change);
        }
    }
}
