//! The record of permissions: one line per decision, appended, never changed.
//!
//! `permissions.jsonl` in the folder of the session, private, secrets masked, each line with the hash
//! of the line before, so that a line that is taken out is noticed. Blocking.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{files, redact::Redactor};
use crate::protocol::{Decided, Failure, Timestamp};

/// Its name.
pub const FILE: &str = "permissions.jsonl";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub decided: Decided,
    /// Hash of the line before; empty in the first.
    pub after: String,
}

/// A record that is written.
#[derive(Debug)]
pub struct Permissions {
    file: File,
    redactor: Redactor,
    last: String,
}

impl Permissions {
    /// Opens the record of a session, or begins it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(session: &Path, redactor: Redactor) -> Result<Self, Failure> {
        let path = session.join(FILE);
        let trouble =
            |error: &io::Error| files::trouble("write the record of permissions", &path, error);
        files::create_dirs(session)?;
        let mut file = match files::open_append(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => files::create_new(&path)?,
            Err(error) => return Err(trouble(&error)),
        };
        let mut last = String::new();
        if file.metadata().is_ok_and(|about| about.len() > 0) {
            let read = files::open_read(&path).map_err(|error| trouble(&error))?;
            let mut whole = true;
            let mut reader = BufReader::new(read);
            let mut line = String::new();
            while reader
                .read_line(&mut line)
                .map_err(|error| trouble(&error))?
                > 0
            {
                whole = line.ends_with('\n');
                last = hash(line.trim_end());
                line.clear();
            }
            if !whole {
                // A line that was cut off stays as it is; the next one begins on its own.
                file.write_all(b"\n").map_err(|error| trouble(&error))?;
            }
        }
        Ok(Self {
            file,
            redactor,
            last,
        })
    }

    /// Writes one decision.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note(&mut self, at: Timestamp, mut decided: Decided) -> io::Result<()> {
        let mut mask = |text: &mut String| *text = self.redactor.text(text).into_owned();
        decided.deed.texts_mut(&mut mask);
        mask(&mut decided.why);
        let entry = Entry {
            at,
            decided,
            after: self.last.clone(),
        };
        let line = serde_json::to_string(&entry)?;
        self.last = hash(&line);
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

/// FNV-1a: tells an accident or a careless hand, not a forger, who could write all lines anew.
fn hash(line: &str) -> String {
    let hash = line.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::protocol::{AgentId, DecidedBy, Deed, Permission};

    fn decided(line: &str) -> Decided {
        Decided {
            agent: AgentId(1),
            member: String::new(),
            tool: "run_command".into(),
            deed: Deed::Command {
                line: line.into(),
                folder: ".".into(),
            },
            permission: Permission::Denied,
            by: DecidedBy::Rule("command(curl*)".into()),
            why: "because".into(),
            tier: "landlock".into(),
        }
    }

    #[test]
    fn lines_are_private_masked_chained_and_only_added() {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("s");
        let redactor = || Redactor::new(&["my-own-secret-key-123".to_owned()]);
        let mut record = Permissions::open(&session, redactor()).unwrap();
        record
            .note(Timestamp(5), decided("curl my-own-secret-key-123"))
            .unwrap();
        drop(record);
        let path = session.join(FILE);
        let first = fs::read_to_string(&path).unwrap();
        assert!(!first.contains("secret-key"), "{first}");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let mut record = Permissions::open(&session, redactor()).unwrap();
        record.note(Timestamp(6), decided("b")).unwrap();
        let all = fs::read_to_string(&path).unwrap();
        assert!(all.starts_with(&first));
        let lines: Vec<Entry> = all
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0].after, "");
        assert_eq!(lines[1].after, hash(first.trim_end()));
        assert_eq!(lines[1].decided, decided("b"));
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "").unwrap();
        std::os::unix::fs::symlink(&target, folder.path().join(FILE)).unwrap();
        assert!(Permissions::open(folder.path(), Redactor::new(&[])).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"");
    }
}
