//! Opens the log of a session again, to go on where it ends.
//!
//! Nothing that is readable is touched. A last line that was cut off in the middle is put aside in a
//! file beside the log, synced, before it is cut away; a last event that only lacks its newline gets
//! one. Another writer of the same session is refused.

use std::{
    fs::{File, Permissions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use super::{
    LOG_FILE, Session, Store, WriterHandle, files,
    lines::MAX_LINE,
    lock::Lock,
    reader, schema,
    summary::Scan,
    writer::{End, Writer},
};
use crate::protocol::{Failure, FailureKind, RunId, Seq};

/// Where a line that was cut off is kept.
const TORN_FILE: &str = "torn.txt";
/// Bytes looked at in one step on the way back from the end of the file.
const STEP: u64 = 64 * 1024;

/// A session whose log can be written on.
#[derive(Debug)]
pub struct Reopened {
    /// Continues the log; the next event has the number after [`Reopened::last`].
    pub log: WriterHandle,
    /// What the log held.
    pub session: Session,
    /// Number of the last event.
    pub last: Seq,
    /// What was repaired, a sentence for the person.
    pub note: Option<String>,
}

impl Store {
    /// Opens the log of a session again, to go on writing it.
    ///
    /// # Errors
    /// A log that cannot be read or written, is of a newer format, came from somebody else, or is being
    /// written by somebody else.
    pub fn reopen(&self, run: &RunId) -> Result<Reopened, Failure> {
        if self.is_shared(run) {
            return Err(Failure::new(
                FailureKind::Local,
                format!("Session {run} came from somebody else; it is only looked at."),
            )
            .hint("Start a session of your own with its task."));
        }
        reopen(&self.sessions.join(&run.0), run)
    }
}

fn reopen(dir: &Path, run: &RunId) -> Result<Reopened, Failure> {
    let path = dir.join(LOG_FILE);
    // Who only looks at a session that is not there must not make its lock.
    let mut session = reader::read(&path)?;
    let lock = Lock::take(dir, run)?;
    // It may have grown until the lock was ours.
    session = reader::read(&path).unwrap_or(session);
    let trouble = |error: io::Error| files::trouble("write on in the session log", &path, &error);
    let mut file = files::open_append(&path).map_err(trouble)?;
    make_private(&file).map_err(trouble)?;
    let tail = tail(&mut file).map_err(trouble)?;
    let length = file.metadata().map_err(trouble)?.len();
    let (length, end, note) = if tail.is_empty() {
        (length, End::Whole, None)
    } else if schema::parse_event(session.header.schema, &tail).is_some() {
        (length, End::Unfinished, None)
    } else {
        let kept = length - tail.len() as u64;
        put_aside(&dir.join(TORN_FILE), &tail)?;
        file.set_len(kept)
            .and_then(|()| file.sync_data())
            .map_err(trouble)?;
        let note = format!(
            "The last line of the log was cut off when the program ended: its {} bytes are kept in \
             {TORN_FILE} beside the log.",
            tail.len()
        );
        (kept, End::Whole, Some(note))
    };
    let mut scan = Scan::new(run.clone());
    for event in &session.events {
        scan.apply(event);
    }
    let last = session
        .events
        .iter()
        .map(|event| event.seq)
        .max()
        .unwrap_or_default();
    let log = Writer::go_on(file, length, end, dir, scan, lock)?;
    Ok(Reopened {
        log,
        session,
        last,
        note,
    })
}

/// A log that others could read becomes its owner's alone.
fn make_private(file: &File) -> io::Result<()> {
    let open = file.metadata()?.mode() & 0o077 != 0;
    if open {
        file.set_permissions(Permissions::from_mode(files::FILE_MODE))?;
    }
    Ok(())
}

/// What stands after the last newline; at most a line that readers take.
fn tail(file: &mut File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let mut tail: Vec<u8> = Vec::new();
    let mut start = length;
    while start > 0 && tail.len() <= MAX_LINE {
        let step = STEP.min(start);
        start -= step;
        let mut part = vec![0; step as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut part)?;
        if let Some(newline) = part.iter().rposition(|byte| *byte == b'\n') {
            part.drain(..=newline);
            part.append(&mut tail);
            return Ok(part);
        }
        part.append(&mut tail);
        tail = part;
    }
    Ok(tail)
}

/// Appends the torn bytes to a private file and waits until the disk has them.
fn put_aside(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::open_shared(path)
        .and_then(|mut file| {
            file.seek(SeekFrom::End(0))?;
            file.write_all(bytes)?;
            file.write_all(b"\n")?;
            file.sync_data()
        })
        .map_err(|error| files::trouble("put a torn line aside in", path, &error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        protocol::{Event, EventKind, Level, RunEvent, Timestamp},
        store::{read, samples},
    };

    const RUN: &str = "20261121-101530-k3f9";

    fn run() -> RunId {
        RunId(RUN.into())
    }

    fn notice(seq: u64) -> Event {
        Event {
            seq: Seq(seq),
            at: Timestamp(seq),
            kind: EventKind::Run(RunEvent::Notice {
                level: Level::Info,
                text: format!("number {seq}"),
            }),
        }
    }

    async fn stored(root: &Path) -> (Store, Vec<Event>) {
        let store = Store::open(root).unwrap();
        let log = store.write(run()).unwrap();
        let events = samples::session(RUN);
        for event in &events {
            log.append(event.clone()).await;
        }
        assert_eq!(log.close().await, None);
        (store, events)
    }

    #[tokio::test]
    async fn a_log_cut_at_any_byte_goes_on_with_every_whole_event() {
        let root = tempfile::tempdir().unwrap();
        let (store, _) = stored(root.path()).await;
        let path = store.log(&run());
        let whole = fs::read(&path).unwrap();
        let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in (header..whole.len()).step_by(7).chain([whole.len()]) {
            fs::write(&path, &whole[..cut]).unwrap();
            let before = read(&path).unwrap();
            let reopened = store.reopen(&run()).unwrap();
            assert_eq!(reopened.session.events, before.events, "cut at {cut}");
            let next = notice(reopened.last.0 + 1);
            reopened.log.append(next.clone()).await;
            assert_eq!(reopened.log.close().await, None);
            let after = read(&path).unwrap();
            assert_eq!(after.damage, None, "cut at {cut}");
            let mut expected = before.events;
            expected.push(next);
            assert_eq!(after.events, expected, "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn a_torn_line_is_kept_aside_and_everything_is_private() {
        let root = tempfile::tempdir().unwrap();
        let (store, _) = stored(root.path()).await;
        let path = store.log(&run());
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"seq\":99,\"at\":1,\"ki\0\0");
        fs::write(&path, &bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let reopened = store.reopen(&run()).unwrap();
        assert!(reopened.note.is_some_and(|note| note.contains("22 bytes")));
        reopened.log.close().await;
        let dir = path.parent().unwrap();
        let torn = fs::read(dir.join(TORN_FILE)).unwrap();
        assert_eq!(torn, b"{\"seq\":99,\"at\":1,\"ki\0\0\n");
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().mode();
            assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
        }
    }

    #[tokio::test]
    async fn a_session_that_runs_is_not_written_twice() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        let log = store.write(run()).unwrap();
        let failure = store.reopen(&run()).unwrap_err();
        assert!(failure.message.contains("still being written"), "{failure}");
        log.close().await;
        store.reopen(&run()).unwrap();
    }

    #[tokio::test]
    async fn the_summary_counts_what_was_before() {
        let root = tempfile::tempdir().unwrap();
        let (store, events) = stored(root.path()).await;
        let before = store.list(1).unwrap().sessions;
        let reopened = store.reopen(&run()).unwrap();
        let last = events.last().unwrap().seq.0;
        assert_eq!(reopened.last, Seq(last));
        reopened.log.append(notice(last + 1)).await;
        reopened.log.close().await;
        let after = store.list(1).unwrap().sessions;
        assert_eq!(after[0].turns, before[0].turns);
        assert_eq!(after[0].prompt, before[0].prompt);
        assert_eq!(after[0].cost_usd, before[0].cost_usd);
    }

    #[test]
    fn what_is_not_there_or_too_new_is_refused_without_a_trace() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        let dir = root.path().join("sessions").join(RUN);
        fs::create_dir(&dir).unwrap();
        assert!(store.reopen(&run()).is_err());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        let newer = r#"{"massgen_tui":"session","schema":999,"version":"9","run":"r"}"#;
        fs::write(dir.join(LOG_FILE), format!("{newer}\n")).unwrap();
        let failure = store.reopen(&run()).unwrap_err();
        assert!(failure.hint.contains("Update"), "{failure}");
    }
}
