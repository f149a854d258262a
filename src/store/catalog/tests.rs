//! The list: what is remembered, what is looked at again, what is left out.

use std::{cell::Cell, fs::File, time::SystemTime};

use super::*;
use crate::{
    protocol::Event,
    store::{Header, samples, summary},
};

/// So late that every change was long ago.
const LATE: Timestamp = Timestamp(9_000_000_000_000);

/// A state folder, and a folder with logs of another program.
struct World {
    folder: tempfile::TempDir,
    store: Store,
    imports: Importing,
}

/// Counts how often a log is read.
#[derive(Default)]
struct Importing {
    reads: std::sync::atomic::AtomicU32,
}

impl Importer for Importing {
    fn watched(&self, root: &Path) -> Vec<PathBuf> {
        vec![root.join("log")]
    }

    fn summary(&self, log: &Imported) -> SessionSummary {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        SessionSummary {
            prompt: fs::read_to_string(log.root.join("log")).unwrap_or_default(),
            from: Some("Other".into()),
            ..summary(log.run.clone(), &[])
        }
    }

    fn events(&self, _: &Imported) -> Result<Vec<Event>, Failure> {
        Ok(Vec::new())
    }
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        Self {
            folder,
            store,
            imports: Importing::default(),
        }
    }

    fn ours(&self, name: &str) -> PathBuf {
        let run = RunId(name.into());
        let mut text = serde_json::to_string(&Header::new(run.clone())).unwrap();
        for event in samples::session(name) {
            text.push('\n');
            text.push_str(&line(&event));
        }
        text.push('\n');
        fs::create_dir(self.store.beside(&run)).unwrap();
        fs::write(self.store.log(&run), text).unwrap();
        self.store.log(&run)
    }

    fn theirs(&self, name: &str, text: &str) -> Imported {
        let root = self.folder.path().join("theirs").join(name);
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("log"), text).unwrap();
        Imported {
            run: RunId(name.into()),
            root,
        }
    }

    fn list(&self, imported: &[Imported], now: Timestamp) -> Vec<Entry> {
        let mut catalogue = Catalogue::open(self.folder.path()).unwrap();
        let entries = catalogue.entries(&self.store, imported, &self.imports, now);
        let mut entries = entries.unwrap();
        entries.sort_by(|one, other| one.summary.run.cmp(&other.summary.run));
        entries
    }

    fn words(&self, now: Timestamp) -> Vec<String> {
        let entries = self.list(&[], now);
        entries
            .iter()
            .map(|entry| entry.word().to_owned())
            .collect()
    }

    fn reads(&self) -> u32 {
        self.imports.reads.load(std::sync::atomic::Ordering::SeqCst)
    }
}

fn line(event: &Event) -> String {
    serde_json::to_string(event).unwrap()
}

/// Puts other bytes of the same length in, and the time of before.
fn spoil_unseen(path: &Path) {
    let meta = fs::metadata(path).unwrap();
    let bytes = vec![b'x'; usize::try_from(meta.len()).unwrap()];
    fs::write(path, bytes).unwrap();
    set_time(path, meta.modified().unwrap());
}

fn set_time(path: &Path, time: SystemTime) {
    File::open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let world = World::new();
    let log = world.ours("20260101-000000-aaaa");
    let theirs = [world.theirs("other-1", "task")];
    let first = world.list(&theirs, LATE);
    assert_eq!(first.len(), 2);
    assert_eq!(first[0].word(), "answered");
    assert_eq!(first[1].summary.prompt, "task");
    // The first time left a summary beside the log, which is news.
    world.list(&theirs, LATE);
    // Whoever reads one of them from now on says something else.
    let reads = world.reads();
    let remembered = fs::metadata(log.parent().unwrap())
        .unwrap()
        .modified()
        .unwrap();
    spoil_unseen(&log);
    fs::remove_file(log.with_file_name("summary.json")).unwrap();
    set_time(log.parent().unwrap(), remembered);
    assert_eq!(world.list(&theirs, LATE), first);
    assert_eq!(world.reads(), reads);
}

#[test]
fn what_changed_is_read_again() {
    let world = World::new();
    let log = world.ours("20260101-000000-aaaa");
    let theirs = [world.theirs("other-1", "task")];
    assert_eq!(world.list(&theirs, LATE)[0].summary.turns, 1);
    let mut text = fs::read_to_string(&log).unwrap();
    let mut again = samples::numbered(vec![samples::started("r", 2, "more")]);
    again[0].seq.0 = 1000;
    text.push_str(&line(&again[0]));
    text.push('\n');
    fs::write(&log, text).unwrap();
    fs::write(theirs[0].root.join("log"), "another task").unwrap();
    let entries = world.list(&theirs, LATE);
    assert_eq!(entries[0].summary.turns, 2);
    assert_eq!(entries[1].summary.prompt, "another task");
}

#[test]
fn a_change_of_a_moment_ago_is_not_trusted() {
    let world = World::new();
    let log = world.ours("20260101-000000-aaaa");
    let written = fs::metadata(&log).unwrap().modified().unwrap();
    let since = written.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = Timestamp(u64::try_from(since.as_millis()).unwrap() + 500);
    assert_eq!(world.words(now), ["answered"]);
    spoil_unseen(&log);
    fs::remove_file(log.with_file_name("summary.json")).unwrap();
    assert_eq!(world.words(now), ["damaged"]);
}

#[test]
fn labels_notes_and_reports_beside_a_session_are_told() {
    let world = World::new();
    let run = RunId("20260101-000000-aaaa".into());
    world.ours(&run.0);
    let theirs = [world.theirs("other-1", "task")];
    world.list(&theirs, LATE);
    let of_theirs = world.store.beside_imported(&theirs[0].run);
    for (turn, beside) in [world.store.beside(&run), of_theirs]
        .into_iter()
        .enumerate()
    {
        fs::create_dir_all(beside.join("analysis")).unwrap();
        fs::write(
            beside.join("labels.json"),
            r#"{"name":"mine","pinned":true}"#,
        )
        .unwrap();
        let note = |id: &str, act: &str| {
            format!("{{\"at\":1,\"note\":\"{id}\",\"by\":\"ann\",\"act\":{act}}}\n")
        };
        let written = r#"{"written":{"on":{"about":"session"},"text":"mine"}}"#;
        let (first, second) = ("00000000000000a1", "00000000000000a2");
        let mut notes = note(first, written) + &note(first, r#""resolved""#);
        fs::write(beside.join("notes.jsonl"), &notes).unwrap();
        let entry = &world.list(&theirs, LATE)[turn];
        assert_eq!(entry.labels.name.as_deref(), Some("mine"));
        assert_eq!((entry.notes, entry.analysed), (1, 0));
        // From now on the folder itself does not change.
        notes += &note(second, written);
        notes += &note("00000000000000a3", written);
        notes += &note(second, r#""removed""#);
        fs::write(beside.join("notes.jsonl"), notes).unwrap();
        fs::write(beside.join("analysis/1.json"), "{}").unwrap();
        let entry = &world.list(&theirs, LATE)[turn];
        assert_eq!((entry.notes, entry.analysed), (2, 1));
    }
    fs::write(world.store.beside(&run).join("labels.json"), "rubbish").unwrap();
    assert_eq!(world.list(&theirs, Timestamp(0))[0].labels.name, None);
}

#[tokio::test]
async fn a_session_that_is_written_is_live_until_it_is_not() {
    let world = World::new();
    let run = RunId("20260101-000000-aaaa".into());
    let log = world.store.write(run.clone()).unwrap();
    let check = |word: &str| assert_eq!(world.words(LATE), [word]);
    check("running");
    check("running");
    log.close().await;
    check("crashed");
    check("crashed");
    let log = world.store.reopen(&run).unwrap().log;
    check("running");
    log.close().await;
    check("crashed");
}

#[test]
fn what_is_no_session_is_left_out_and_what_is_damaged_is_not() {
    let world = World::new();
    let log = world.ours("20260101-000000-aaaa");
    fs::create_dir(world.store.folder().join("20260102-000000-bbbb")).unwrap();
    fs::create_dir(world.store.folder().join("Not a session")).unwrap();
    let damaged = world.ours("20260103-000000-cccc");
    fs::write(damaged, "no log at all").unwrap();
    assert_eq!(world.words(LATE), ["answered", "damaged"]);
    fs::remove_dir_all(log.parent().unwrap()).unwrap();
    assert_eq!(world.words(LATE), ["damaged"]);
    let theirs = [world.theirs("other-1", "task")];
    assert_eq!(world.list(&theirs, LATE).len(), 2);
    assert_eq!(world.list(&[], LATE).len(), 1, "out of sight from here");
    world.list(&theirs, LATE);
    assert_eq!(world.reads(), 1, "and still remembered");
    fs::remove_dir_all(&theirs[0].root).unwrap();
    assert_eq!(world.list(&theirs, LATE).len(), 1);
}

#[test]
fn what_lies_in_the_trash_is_told_as_deleted() {
    let world = World::new();
    let run = RunId("20260101-000000-aaaa".into());
    world.ours(&run.0);
    let deleted = |now| -> Vec<bool> {
        let entries = world.list(&[], now);
        entries.iter().map(|entry| entry.deleted).collect()
    };
    assert_eq!(deleted(LATE), [false]);
    world.store.delete(&run, LATE).unwrap();
    assert_eq!(deleted(LATE), [true]);
    assert_eq!(deleted(LATE), [true]);
    world.store.undelete(&run).unwrap();
    assert_eq!(deleted(LATE), [false]);
    assert_eq!(world.words(LATE), ["answered"]);
}

#[test]
fn many_are_looked_at_by_several_threads() {
    let world = World::new();
    let theirs: Vec<Imported> = (0..FEW + 50)
        .map(|number| world.theirs(&format!("other-{number:04}"), &number.to_string()))
        .collect();
    for _ in 0..2 {
        let entries = world.list(&theirs, LATE);
        let prompts: Vec<_> = entries
            .iter()
            .map(|one| one.summary.prompt.clone())
            .collect();
        let expected: Vec<_> = (0..theirs.len()).map(|number| number.to_string()).collect();
        assert_eq!(prompts, expected);
    }
    assert_eq!(world.reads() as usize, theirs.len());
    let count = Cell::new(0);
    entries_of(&world, &theirs, &count);
    assert_eq!(count.get(), theirs.len());
}

/// Without a place for the table the list is the same.
fn entries_of(world: &World, theirs: &[Imported], count: &Cell<usize>) {
    let mut catalogue = Catalogue::open(&world.folder.path().join("nowhere")).unwrap();
    let entries = catalogue.entries(&world.store, theirs, &world.imports, LATE);
    count.set(entries.unwrap().len());
}
