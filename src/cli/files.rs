//! Subcommands that concern the files agents changed; each has a file of its own.

use super::{Globals, args::ReviewArgs, interactive, undo, worktrees};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Sub {
    /// Review the files that the agents of a session changed, take from them, apply.
    Review(ReviewArgs),
    /// List, clear away and get back the worktrees of agents.
    Worktrees(worktrees::Args),
    /// Take back what was applied to your files.
    Undo(undo::Args),
}

/// Runs one; returns the exit code.
pub async fn run(globals: &Globals, sub: Sub) -> u8 {
    match sub {
        Sub::Review(args) => interactive::review(globals, args.id.as_deref()).await,
        Sub::Worktrees(args) => worktrees::run(globals, args).await,
        Sub::Undo(args) => undo::run(globals, args).await,
    }
}
