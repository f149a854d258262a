//! Subcommands that concern the files agents changed; each has a file of its own.

use super::{Globals, undo, worktrees};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Sub {
    /// List, clear away and get back the worktrees of agents.
    Worktrees(worktrees::Args),
    /// Take back what was applied to your files.
    Undo(undo::Args),
}

/// Runs one; returns the exit code.
pub async fn run(globals: &Globals, sub: Sub) -> u8 {
    match sub {
        Sub::Worktrees(args) => worktrees::run(globals, args).await,
        Sub::Undo(args) => undo::run(globals, args).await,
    }
}
