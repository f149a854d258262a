//! How far long work is, and the way to stop it.

use std::ops::ControlFlow;

use super::Trouble;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The person's or an agent's files are looked at.
    Looking,
    /// Files of a worktree are written.
    Writing,
    /// Files of a worktree are removed.
    Removing,
    /// Files that git ignores are copied.
    Copying,
    /// A result is brought to the person's folder; the number counts its steps.
    Applying,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Files done.
    pub done: u64,
    /// Files in all; 0 while nobody knows.
    pub of: u64,
}

/// Is told how far the work is; answers `Break` to stop it at the next safe place.
pub type Watch<'a> = &'a (dyn Fn(Progress) -> ControlFlow<()> + Sync);

/// Lets everything run to its end.
pub fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Tells `watch` and turns a stop into [`Trouble`].
pub(super) fn tell(watch: Watch<'_>, stage: Stage, done: usize, of: usize) -> Result<(), Trouble> {
    let progress = Progress {
        stage,
        done: done as u64,
        of: of as u64,
    };
    match watch(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Trouble::cancelled()),
    }
}
