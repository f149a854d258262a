//! Subcommands that give sessions away.

mod export;
mod share;
mod told;

use super::Globals;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Sub {
    /// Write a session as a page, Markdown, JSON, or one file that massgen-tui opens.
    Export(export::Args),
    /// Give a session to a gist, a snippet, a bucket, `WebDAV`, a command, the clipboard, a file or a folder.
    Share(share::Args),
}

/// Runs one; returns the exit code.
pub async fn run(globals: &Globals, sub: Sub) -> u8 {
    match sub {
        Sub::Export(args) => export::run(globals, args).await,
        Sub::Share(args) => share::run(globals, args).await,
    }
}

/// Exit code when something that may be a secret is not masked: nothing was written or sent.
pub const UNMASKED: u8 = 7;
