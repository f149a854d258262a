//! What a crash left behind: worktrees of a session whose program ended without closing them.

use super::{RunId, Timestamp};

/// The worktrees of one such session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which session.
    pub run: RunId,
    /// Its folders, as the person named them.
    pub folders: Vec<String>,
    /// How many worktrees.
    pub trees: usize,
    /// Files that the latest snapshots change, all agents together; what came after them is not
    /// counted.
    pub files: u32,
    /// When its record was written last.
    pub touched: Timestamp,
    /// Bytes on disk; `None` when they were not counted.
    pub bytes: Option<u64>,
}
