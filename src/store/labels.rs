//! What a person wrote to a session: `labels.json` in the folder of what belongs to it.
//!
//! Changed under a lock of its own, by reading, changing and replacing the file whole: however many
//! processes label a session at once, none loses what another wrote. Bounded when read. A file that
//! cannot be understood counts as empty and is moved aside, not written over. Logs of other programs
//! have their labels in our own folders; theirs are never written.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _},
    path::Path,
    thread,
    time::Duration,
};

use super::files;
use crate::{
    catalog::{self, Edit, Labels},
    protocol::{Failure, FailureKind},
};

/// Name of the file.
pub(super) const LABELS_FILE: &str = "labels.json";
/// Whoever changes labels holds the lock on this file.
const LOCK_FILE: &str = "labels.lock";
/// Where a file goes that cannot be understood.
const ASIDE_FILE: &str = "labels.damaged.json";
/// Largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;
/// How often the lock is tried.
const TRIES: u32 = 200;
/// Pause between two tries; a change takes less than that.
const PAUSE: Duration = Duration::from_millis(5);

/// What was read.
enum Found {
    Nothing,
    Labels(Labels),
    Damaged,
}

/// The labels in `beside`; none when there is no file, or none that can be understood.
#[must_use]
pub fn labels(beside: &Path) -> Labels {
    match read(&beside.join(LABELS_FILE)) {
        Ok(Found::Labels(labels)) => labels,
        Ok(Found::Nothing | Found::Damaged) | Err(_) => Labels::default(),
    }
}

/// Changes the labels in `beside`, which is made when it is not there; gives them as they are now.
///
/// # Errors
/// A word that can be no tag (nothing is changed then), a folder that cannot be written, or somebody
/// who holds the lock for long.
pub fn edit_labels(beside: &Path, edits: &[Edit]) -> Result<Labels, Failure> {
    files::create_dirs(beside)?;
    let lock = locked(beside)?;
    let changed = change(beside, edits);
    // Closing alone is not enough where the file was inherited.
    let _ = lock.unlock();
    changed
}

fn change(beside: &Path, edits: &[Edit]) -> Result<Labels, Failure> {
    let path = beside.join(LABELS_FILE);
    let trouble = |error: &io::Error| files::trouble("write the labels", &path, error);
    let found = read(&path).map_err(|error| files::trouble("read the labels", &path, &error))?;
    let before = match found {
        Found::Labels(labels) => labels,
        Found::Nothing => Labels::default(),
        Found::Damaged => {
            fs::rename(&path, beside.join(ASIDE_FILE)).map_err(|error| trouble(&error))?;
            Labels::default()
        }
    };
    let mut labels = before.clone();
    for edit in edits {
        labels.edit(edit).map_err(|error| {
            Failure::new(FailureKind::Local, error.to_string())
                .hint("The labels of the session are as they were.")
        })?;
    }
    if labels != before {
        let bytes = serde_json::to_vec(&labels)
            .map_err(|error| Failure::new(FailureKind::Local, error.to_string()))?;
        files::replace(&path, &bytes).map_err(|error| trouble(&error))?;
    }
    Ok(labels)
}

fn read(path: &Path) -> io::Result<Found> {
    let file = match files::open_read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    let Ok(read) = serde_json::from_slice::<Labels>(&bytes) else {
        return Ok(Found::Damaged);
    };
    // Whatever wrote the file: names and tags are such as we write ourselves.
    let mut labels = Labels::default();
    if let Some(name) = read.name {
        // A name can always be set.
        let _ = labels.edit(&Edit::Name(name));
    }
    labels.tags = read
        .tags
        .iter()
        .filter_map(|word| catalog::tag(word).ok())
        .take(catalog::MOST_TAGS)
        .collect();
    labels.pinned = read.pinned;
    labels.archived = read.archived;
    labels.hidden = read.hidden;
    Ok(Found::Labels(labels))
}

/// The lock; on a file system without locks the file alone.
fn locked(beside: &Path) -> Result<File, Failure> {
    let path = beside.join(LOCK_FILE);
    let file = files::open_shared(&path)
        .map_err(|error| files::trouble("open the lock of the labels", &path, &error))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
    Err(Failure::new(
        FailureKind::Local,
        format!("Another process holds {} for long.", path.display()),
    )
    .hint("End that process, then try again."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_kept_beside_the_session() {
        let root = tempfile::tempdir().unwrap();
        let beside = root.path().join("imported/massgen-1");
        assert_eq!(labels(&beside), Labels::default());
        let edits = [Edit::Name("a\u{1b}b".into()), Edit::Tag("good".into())];
        let now = edit_labels(&beside, &edits).unwrap();
        assert_eq!(now.name.as_deref(), Some("a\u{1b}b"));
        assert_eq!(labels(&beside), now);
        edit_labels(&beside, &[Edit::Pinned(true)]).unwrap();
        let now = edit_labels(&beside, &[Edit::Untag("good".into())]).unwrap();
        assert!(now.pinned && now.tags.is_empty() && now.name.is_some());
    }

    #[test]
    fn a_wrong_tag_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let edits = [Edit::Pinned(true), Edit::Tag("two words".into())];
        let failure = edit_labels(root.path(), &edits).unwrap_err();
        assert!(failure.message.contains("tag"), "{failure}");
        assert_eq!(labels(root.path()), Labels::default());
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_moved_aside() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(LABELS_FILE);
        fs::write(&path, b"{\"name\": 3").unwrap();
        assert_eq!(labels(root.path()), Labels::default());
        edit_labels(root.path(), &[Edit::Archived(true)]).unwrap();
        assert!(labels(root.path()).archived);
        let aside = fs::read(root.path().join(ASIDE_FILE)).unwrap();
        assert_eq!(aside, b"{\"name\": 3");
        fs::write(&path, br#"{"tags":["two words","OK"],"later":1}"#).unwrap();
        let tags: Vec<String> = labels(root.path()).tags.into_iter().collect();
        assert_eq!(tags, ["ok"], "only what can be a tag");
    }

    #[test]
    fn many_at_once_lose_nothing_of_each_other() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        thread::scope(|scope| {
            for writer in 0..4 {
                scope.spawn(move || {
                    for tag in 0..8 {
                        let edit = Edit::Tag(format!("t{writer}-{tag}"));
                        edit_labels(path, &[edit]).unwrap();
                    }
                });
            }
        });
        assert_eq!(labels(path).tags.len(), 32);
    }
}
