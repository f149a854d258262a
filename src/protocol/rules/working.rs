//! Which folders a team works on.
//!
//! Without a folder agents only talk. Names and meanings are MassGen's `orchestrator.context_paths`
//! and `coordination.write_mode`; that no agent ever writes to the folder itself is ours.

use serde::{Deserialize, Serialize};

use crate::protocol::change::Access;

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

    /// Calls `change` with every text in it.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        for folder in &mut self.folders {
            change(&mut folder.path);
            folder.protected.iter_mut().for_each(&mut *change);
        }
    }
}
