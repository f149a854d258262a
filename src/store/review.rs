//! A review as it was left: `review.json` in the session's folder, replaced whole.
//!
//! Bounded when read; a file that cannot be understood is told and never written over.

use std::io::Read as _;

use super::{Store, files};
use crate::protocol::{Failure, FailureKind, RunId, change::ReviewNotes};

/// Name of the file within a session's folder.
const FILE: &str = "review.json";
/// Largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

impl Store {
    /// The review of a session as it was left; `None` when there was none.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn review(&self, run: &RunId) -> Result<Option<ReviewNotes>, Failure> {
        let path = self.sessions.join(&run.0).join(FILE);
        let file = match files::open_read(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(files::trouble("read the review", &path, &error)),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| files::trouble("read the review", &path, &error))?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Failure::new(
                FailureKind::Local,
                format!("{} is no review: {error}.", path.display()),
            )
            .hint("Nothing is kept in it until it is moved away.")
        })
    }

    /// Keeps the review of a session.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn keep_review(&self, run: &RunId, notes: &ReviewNotes) -> Result<(), Failure> {
        let path = self.sessions.join(&run.0).join(FILE);
        let bytes = serde_json::to_vec(notes)
            .map_err(|error| Failure::new(FailureKind::Local, error.to_string()))?;
        files::replace(&path, &bytes)
            .map_err(|error| files::trouble("write the review", &path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        AgentId,
        change::{ContextId, ObjectId, RepoPath, Reviewed},
    };

    #[test]
    fn a_review_is_kept_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let run = RunId("20260101-000000-aaaa".to_owned());
        std::fs::create_dir_all(store.folder().join(&run.0)).expect("a folder");
        assert_eq!(store.review(&run), Ok(None));
        let notes = ReviewNotes {
            reviewed: vec![Reviewed {
                agent: AgentId(1),
                context: ContextId(0),
                path: RepoPath::new(b"a\xff.rs".as_slice()),
                blob: Some(ObjectId("ab".to_owned())),
            }],
            ..ReviewNotes::default()
        };
        assert_eq!(store.keep_review(&run, &notes), Ok(()));
        assert_eq!(store.review(&run), Ok(Some(notes)));
    }

    #[test]
    fn what_is_no_review_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let run = RunId("20260101-000000-aaaa".to_owned());
        std::fs::create_dir_all(store.folder().join(&run.0)).expect("a folder");
        std::fs::write(store.folder().join(&run.0).join(FILE), b"{]").expect("a file");
        let failure = store.review(&run).expect_err("it is none");
        assert!(failure.to_string().contains("is no review"), "{failure}");
    }
}
