//! The only door to `SQLite`: files in `<state>/index/` that hold nothing but what can be made again.
//!
//! A file that is damaged, of another version or no database at all is removed and begun anew, without a
//! word: whoever uses it fills it again. Where no file can be kept (a folder that cannot be written, a
//! file system without locks) the same tables stand in a nameless file of `SQLite`'s own that ends with
//! the process. Files are private. Several processes may use one file at once: every change is a
//! transaction, so a killed process leaves the state before or after it.
//!
//! Nothing here knows what the tables hold.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

pub(super) use rusqlite::{
    Connection, Error as SqlError, OptionalExtension, Row, Transaction, TransactionBehavior, params,
};
use rusqlite::{ErrorCode, OpenFlags};

use super::files;
use crate::protocol::{Failure, FailureKind};

/// The folder of all such files, within the state folder.
const FOLDER: &str = "index";
/// How long a process waits for another one that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// What `SQLite` may write beside a file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What a file is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Its name, without version and ending.
    pub(super) name: &'static str,
    /// Version of its tables: part of its name, so that versions of the program do not disturb each
    /// other.
    pub(super) version: u32,
    /// Statements that make the tables.
    pub(super) tables: &'static str,
}

/// An open file.
#[derive(Debug)]
pub(super) struct Db {
    connection: Connection,
    plan: Plan,
    /// `None` when nothing is kept.
    path: Option<PathBuf>,
}

/// Why a statement failed, by what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cure {
    /// The file is of no use.
    Anew,
    /// The place is of no use.
    Elsewhere,
    /// The file is in use by another process for too long.
    Wait,
    /// Nothing that another file would change.
    None,
}

impl Db {
    /// Opens the file of `plan` below `state_dir`, which is not made.
    ///
    /// # Errors
    /// Not even a nameless file can be had.
    pub(super) fn open(state_dir: &Path, plan: Plan) -> Result<Self, Failure> {
        if let Some(path) = place(state_dir, plan) {
            for anew in [false, true] {
                if anew {
                    remove(&path);
                }
                match open_file(&path, plan) {
                    Ok(connection) => {
                        return Ok(Self {
                            connection,
                            plan,
                            path: Some(path),
                        });
                    }
                    Err(error) if cure(&error) == Cure::Anew => {}
                    Err(_) => break,
                }
            }
        }
        Self::nameless(plan)
    }

    /// Tables that end with the process.
    pub(super) fn nameless(plan: Plan) -> Result<Self, Failure> {
        // An empty name is a private file that SQLite removes itself.
        let connection = Connection::open("")
            .and_then(|connection| {
                connection.execute_batch(plan.tables)?;
                Ok(connection)
            })
            .map_err(|error| failure(&error))?;
        Ok(Self {
            connection,
            plan,
            path: None,
        })
    }

    /// Whether what is written is there next time.
    pub(super) fn is_kept(&self) -> bool {
        self.path.is_some()
    }

    /// Does `work`; where the file turns out to be of no use, again on an empty one.
    ///
    /// # Errors
    /// What no other file would change: a full disk, another process that does not let go.
    pub(super) fn with<T>(
        &mut self,
        mut work: impl FnMut(&mut Connection) -> Result<T, SqlError>,
    ) -> Result<T, Failure> {
        let error = match work(&mut self.connection) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match (cure(&error), &self.path) {
            (Cure::Anew, Some(path)) => {
                remove(path);
                let fresh = open_file(path, self.plan);
                *self = match fresh {
                    Ok(connection) => Self {
                        connection,
                        plan: self.plan,
                        path: self.path.take(),
                    },
                    Err(_) => Self::nameless(self.plan)?,
                };
            }
            (Cure::Elsewhere, Some(_)) => *self = Self::nameless(self.plan)?,
            (Cure::Wait | Cure::None, _) | (_, None) => return Err(failure(&error)),
        }
        work(&mut self.connection).map_err(|error| failure(&error))
    }
}

/// Where the file stands; `None` where there can be none.
fn place(state_dir: &Path, plan: Plan) -> Option<PathBuf> {
    if !state_dir.is_dir() {
        return None;
    }
    let folder = state_dir.join(FOLDER);
    files::create_dirs(&folder).ok()?;
    files::tighten(&folder).ok()?;
    // SQLite is told to follow no link, and so must be given none.
    let folder = folder.canonicalize().ok()?;
    for version in 0..plan.version {
        remove(&folder.join(format!("{}-{version}.db", plan.name)));
    }
    let path = folder.join(format!("{}-{}.db", plan.name, plan.version));
    // Made here, because SQLite would make it for everyone to read.
    match files::open_shared(&path) {
        Ok(_) => Some(path),
        Err(_) => None,
    }
}

fn open_file(path: &Path, plan: Plan) -> Result<Connection, SqlError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let journal = if is_remote(path) { "truncate" } else { "wal" };
    // Another process may be about to do the same; in which mode the file is changes nothing but speed.
    let mode = connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()));
    if let Err(error) = mode
        && cure(&error) != Cure::Wait
    {
        return Err(error);
    }
    connection.execute_batch(
        "PRAGMA synchronous = normal; PRAGMA trusted_schema = off; PRAGMA cell_size_check = on;
         PRAGMA cache_size = -16000;",
    )?;
    let begun = version(&connection)?;
    if begun != plan.version {
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Meanwhile another process may have made the tables.
        if version(&change)? != plan.version {
            let foreign: i64 =
                change.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if foreign > 0 {
                return Err(not_ours());
            }
            change.execute_batch(plan.tables)?;
            change.pragma_update(None, "user_version", plan.version)?;
        }
        change.commit()?;
    }
    Ok(connection)
}

fn version(connection: &Connection) -> Result<u32, SqlError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(u32::try_from(version).unwrap_or(u32::MAX))
}

/// The tables are those of another version.
fn not_ours() -> SqlError {
    let code = rusqlite::ffi::SQLITE_NOTADB;
    SqlError::SqliteFailure(rusqlite::ffi::Error::new(code), None)
}

/// Removes a file and what `SQLite` put beside it. What cannot be removed cannot be used either, and that
/// is found when it is opened.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    for companion in COMPANIONS {
        let mut name = path.as_os_str().to_owned();
        name.push(companion);
        let _ = fs::remove_file(PathBuf::from(name));
    }
}

fn cure(error: &SqlError) -> Cure {
    let SqlError::SqliteFailure(error, _) = error else {
        // A column of another type than was written.
        return Cure::Anew;
    };
    match error.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Cure::Wait,
        ErrorCode::DiskFull
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted
        | ErrorCode::TooBig => Cure::None,
        ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::CannotOpen
        | ErrorCode::SystemIoFailure
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::NoLargeFileSupport => Cure::Elsewhere,
        _ => Cure::Anew,
    }
}

/// An error as a sentence with a way out.
fn failure(error: &SqlError) -> Failure {
    let hint = match cure(error) {
        Cure::Wait => "Another process writes it; try again when that is done.",
        _ => {
            "Free some space on the disk, or remove the folder `index` in the state folder: it is made again."
        }
    };
    Failure::new(
        FailureKind::Local,
        format!("The index of sessions cannot be used: {error}."),
    )
    .hint(hint)
}

/// Whether a file is on another machine, where the memory that `SQLite` shares between processes is not.
#[cfg(target_os = "linux")]
fn is_remote(path: &Path) -> bool {
    /// NFS, SMB (three kinds), AFS, 9p, Ceph, FUSE.
    const REMOTE: [u32; 8] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x5346_414f,
        0x0102_1997,
        0x00c3_6400,
        0x6573_5546,
    ];
    rustix::fs::statfs(path).is_ok_and(|system| REMOTE.contains(&(system.f_type as u32)))
}

/// Whether a file is on another machine; unknown here.
#[cfg(not(target_os = "linux"))]
fn is_remote(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    const PLAN: Plan = Plan {
        name: "test",
        version: 2,
        tables: "CREATE TABLE things(name TEXT NOT NULL);",
    };

    fn add(db: &mut Db, name: &str) {
        db.with(|sql| sql.execute("INSERT INTO things VALUES (?1)", [name]))
            .unwrap();
    }

    fn count(db: &mut Db) -> i64 {
        db.with(|sql| sql.query_row("SELECT count(*) FROM things", [], |row| row.get(0)))
            .unwrap()
    }

    fn file(state: &Path) -> PathBuf {
        state.join("index/test-2.db")
    }

    #[test]
    fn what_is_written_is_there_next_time_and_nobody_else_reads_it() {
        let state = tempfile::tempdir().unwrap();
        let mut db = Db::open(state.path(), PLAN).unwrap();
        assert!(db.is_kept());
        add(&mut db, "one");
        let folder = fs::read_dir(state.path().join("index")).unwrap();
        for entry in folder {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().mode();
            assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
        }
        let mut other = Db::open(state.path(), PLAN).unwrap();
        assert_eq!(count(&mut other), 1, "while the first is open");
        drop(db);
        drop(other);
        assert_eq!(count(&mut Db::open(state.path(), PLAN).unwrap()), 1);
    }

    #[test]
    fn a_file_that_is_of_no_use_is_begun_anew() {
        let rubbish: Vec<u8> = (0..9000_u32).map(|at| (at * 7 % 251) as u8).collect();
        let check = |what: &str, spoil: &dyn Fn(&Path)| {
            let state = tempfile::tempdir().unwrap();
            add(&mut Db::open(state.path(), PLAN).unwrap(), "one");
            spoil(&file(state.path()));
            let mut db = Db::open(state.path(), PLAN).unwrap();
            assert!(db.is_kept(), "{what}");
            let before = count(&mut db);
            assert!(before <= 1, "{what}");
            add(&mut db, "two");
            assert_eq!(count(&mut db), before + 1, "{what}");
            drop(db);
            let mut again = Db::open(state.path(), PLAN).unwrap();
            assert_eq!(count(&mut again), before + 1, "{what}");
        };
        check("rubbish", &|path| fs::write(path, &rubbish).unwrap());
        check("empty", &|path| fs::write(path, "").unwrap());
        check("cut", &|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        });
        check("beginning kept, rest rubbish", &|path| {
            let mut bytes = fs::read(path).unwrap();
            for (at, byte) in bytes.iter_mut().enumerate().skip(100) {
                *byte = rubbish[at % rubbish.len()];
            }
            fs::write(path, bytes).unwrap();
        });
        check("a newer version under the same name", &|path| {
            let sql = Connection::open(path).unwrap();
            sql.pragma_update(None, "user_version", 99).unwrap();
        });
        check("other tables", &|path| {
            let sql = Connection::open(path).unwrap();
            sql.execute_batch("DROP TABLE things; CREATE TABLE others(x)")
                .unwrap();
        });
    }

    #[test]
    fn where_nothing_can_be_kept_it_works_all_the_same() {
        let state = tempfile::tempdir().unwrap();
        let check = |state: &Path| {
            let mut db = Db::open(state, PLAN).unwrap();
            assert!(!db.is_kept());
            add(&mut db, "one");
            assert_eq!(count(&mut db), 1);
        };
        check(&state.path().join("nowhere"));
        assert!(!state.path().join("nowhere").exists(), "nothing is made");
        fs::write(state.path().join("index"), "a file in the way").unwrap();
        check(state.path());
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let state = tempfile::tempdir().unwrap();
        let precious = state.path().join("precious");
        fs::write(&precious, "keep").unwrap();
        fs::create_dir(state.path().join("index")).unwrap();
        symlink(&precious, file(state.path())).unwrap();
        let mut db = Db::open(state.path(), PLAN).unwrap();
        add(&mut db, "one");
        assert_eq!(fs::read_to_string(precious).unwrap(), "keep");
    }

    #[test]
    fn files_of_earlier_versions_go_and_later_ones_stay() {
        let state = tempfile::tempdir().unwrap();
        let index = state.path().join("index");
        fs::create_dir(&index).unwrap();
        for name in ["test-1.db", "test-1.db-wal", "test-3.db", "other-1.db"] {
            fs::write(index.join(name), "").unwrap();
        }
        // Its file went, and the process that removed it was killed.
        fs::write(index.join("test-0.db-shm"), "").unwrap();
        drop(Db::open(state.path(), PLAN).unwrap());
        let mut names: Vec<_> = fs::read_dir(&index)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["other-1.db", "test-2.db", "test-3.db"]);
    }
}
