//! What went wrong with a repository, where, and what to do next.

use std::{io, path::Path};

/// A disk with less free bytes counts as full: objects, refs and locks are small files.
const CRAMPED: u64 = 256 << 10;

/// Something could not be done.
#[derive(Debug, thiserror::Error)]
#[error("{what} ({place}). {next}")]
pub struct Trouble {
    /// Of which kind.
    pub kind: TroubleKind,
    /// What happened, without a full stop.
    pub what: String,
    /// The path or name it happened at.
    pub place: String,
    /// What to do, one sentence.
    pub next: String,
}

/// Kinds of trouble that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// The path, object or record does not exist.
    Missing,
    /// There is no git repository here.
    NotARepository,
    /// The repository uses something that libgit2 cannot read (SHA-256, reftable, a partial clone).
    Beyond,
    /// Only the `git` binary can do this, and there is none.
    NeedsGit,
    /// Not permitted: file rights, or a repository of another user.
    Denied,
    /// The disk is full.
    Full,
    /// A file of ours or of the repository is not what it should be.
    Damaged,
    /// Another process works on the same thing.
    Busy,
    /// More than is allowed.
    TooLarge,
    /// The person stopped it.
    Cancelled,
    /// It would lose or overwrite something.
    Refused,
    /// Anything else that the system or git reports.
    Other,
}

impl Trouble {
    /// Trouble with all its parts.
    pub(super) fn new(
        kind: TroubleKind,
        what: impl Into<String>,
        place: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            what: what.into(),
            place: place.into(),
            next: next.into(),
        }
    }

    /// The system refused something at a file of ours, outside of any repository.
    #[must_use]
    pub fn of_file(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::io(what, path, error)
    }

    /// The system refused something at `path`.
    pub(super) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        let (kind, next) = match error.kind() {
            io::ErrorKind::NotFound => (
                TroubleKind::Missing,
                "Check that the path exists and try again.",
            ),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
                TroubleKind::Denied,
                "Check the rights of the file and its folders.",
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
                TroubleKind::Full,
                "Free some space (`massgen-tui worktrees prune` helps) and try again.",
            ),
            _ => (TroubleKind::Other, "Try again when that is mended."),
        };
        Self::new(
            kind,
            format!("{what}: {error}"),
            path.display().to_string(),
            next,
        )
    }

    /// Libgit2 refused something at `place`.
    pub(super) fn git(what: &str, place: impl Into<String>, error: &git2::Error) -> Self {
        use git2::ErrorCode as Code;
        let message = error.message();
        let (kind, next) = match error.code() {
            Code::Owner => (
                TroubleKind::Denied,
                "Git trusts only repositories of your own; `git config --global --add safe.directory PATH` adds one.",
            ),
            Code::Locked => (
                TroubleKind::Busy,
                "Another git process works here; try again when it has ended.",
            ),
            Code::NotFound => (
                TroubleKind::Missing,
                "Run `git fsck` when the repository should have it.",
            ),
            _ if message.contains("unsupported") || message.contains("unknown object format") => (
                TroubleKind::Beyond,
                "Install git, so that the folder can be read through it.",
            ),
            _ if message.contains("No space left") => (
                TroubleKind::Full,
                "Free some space (`massgen-tui worktrees prune` helps) and try again.",
            ),
            _ if message.contains("Permission denied") || message.contains("Read-only") => (
                TroubleKind::Denied,
                "Check the rights of the repository's files.",
            ),
            _ => (
                TroubleKind::Other,
                "Run `git status` and `git fsck` there to see what git says.",
            ),
        };
        Self::new(kind, format!("{what}: {message}"), place, next)
    }

    /// Libgit2 could not write `need` bytes into `git`. It does not always tell when the disk is full, so
    /// the disk is asked.
    pub(super) fn writing(
        what: &str,
        place: impl Into<String>,
        error: &git2::Error,
        (git, need): (&git2::Repository, u64),
    ) -> Self {
        let full = rustix::fs::statvfs(git.commondir()).is_ok_and(|disk| {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            free <= need.max(CRAMPED) || (disk.f_files > 0 && disk.f_favail == 0)
        });
        if full {
            let disk = git.commondir();
            let mut trouble = Self::io(what, disk, &io::ErrorKind::StorageFull.into());
            trouble.place = place.into();
            return trouble;
        }
        Self::git(what, place, error)
    }

    /// The person stopped it.
    pub(super) fn cancelled() -> Self {
        Self::new(
            TroubleKind::Cancelled,
            "stopped before it was done",
            "on request",
            "Nothing is left half done; start it again when you like.",
        )
    }

    /// Something of ours or of git's reads wrong.
    pub(super) fn damaged(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self::new(
            TroubleKind::Damaged,
            what,
            place,
            "`massgen-tui worktrees list` shows what can still be restored.",
        )
    }
}
