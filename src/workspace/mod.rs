//! Git: the person's tree, a worktree per agent, snapshots, diffs.
//!
//! The only door to libgit2. What always holds, but where a person tells [`apply`] to do otherwise:
//!
//! - Of a person's repository only objects and refs under `refs/massgen-tui/` are added, and the
//!   administration files of our worktrees under `<git dir>/worktrees/massgen-tui-…`. Branches, tags,
//!   HEAD, index, stash, reflogs, configuration, hooks and `info/exclude` are read, never written.
//! - No hook, no external diff, no text conversion, no file system monitor runs. Filters that a
//!   repository's attributes ask for and the person's configuration defines (Git LFS) do run, by the
//!   `git` binary: without them the files would be other files.
//! - The `.git` file inside a worktree is never trusted: repositories are opened by the git dir that
//!   our manifest names, and the work dir is set explicitly.
//! - Symbolic links are links: never followed when files are read, written or removed.
//!
//! Everything here is **blocking**, some of it for seconds: callers use `spawn_blocking`. Long work
//! takes a [`Watch`] that is told how far it is and can stop it.
//!
//! What it does not do: decide which files agents may touch (`tool`), remember sessions (`store`),
//! fetch from or push to anywhere.

mod admin;
pub mod apply;
mod beneath;
mod binary;
mod changes;
mod checkout;
mod convert;
mod grounds;
mod housekeeping;
mod include;
mod lines;
mod lock;
mod manifest;
mod names;
mod pattern;
mod person;
mod refs;
mod repo;
mod rescue;
mod salvage;
pub mod sample;
mod scratch;
mod select;
mod shadow;
mod take;
mod trouble;
mod watch;
mod yard;

pub use grounds::{Desk, Grounds, Looking, Made, Making, Place, Renewed, Seen};
pub use housekeeping::{
    Chore, Keeping, Leftover, LeftoverKind, Mode, Ripe, Staying, Swept, housekeep,
};
pub use manifest::{Beside, Inner, KeptPlace, KeptTree, Manifest, Start, TreeStage};
pub use person::person;
pub use repo::Repo;
pub use rescue::{keep, write_out};
pub use take::{LeftOut, Room, Taken, Untracked, Why};
pub use trouble::{Trouble, TroubleKind};
pub use watch::{Progress, Stage, Watch, unwatched};
pub use yard::{
    Held, HeldTree, Pruned, Scope, Standing, Strays, Wanted, forget_strays, left_behind, list,
    prune, restore, standing, strays,
};
