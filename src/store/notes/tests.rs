//! Notes on the disk: nothing written is lost, nothing broken stands in the way.

use std::{fs, os::unix::fs::MetadataExt as _, thread};

use proptest::prelude::*;

use super::*;
use crate::protocol::{
    Seq,
    note::{LONGEST_TEXT, NoteOn, Threads},
};

fn run() -> RunId {
    RunId("20261121-101530-k3f9".to_owned())
}

fn folder(root: &Path) -> NoteFolder {
    NoteFolder::new(root.join("beside"), run())
}

fn written(text: &str) -> Act {
    Act::Written {
        on: NoteOn::Event { seq: Seq(3) },
        text: text.to_owned(),
        reply: None,
    }
}

fn texts(folder: &NoteFolder) -> Vec<String> {
    let kept = folder.read().unwrap();
    let threads = Threads::of(&kept.records);
    let mut texts: Vec<String> = threads.notes().map(|note| note.text.clone()).collect();
    texts.sort_unstable();
    texts
}

fn write(folder: &NoteFolder, by: &str, note: u64, act: Act) -> Vec<Record> {
    let acts = vec![(NoteId(note), act)];
    folder.write(by, Timestamp(100), acts).unwrap()
}

#[test]
fn notes_are_kept_privately_and_secrets_are_not() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    assert_eq!(notes.read().unwrap(), KeptNotes::default());
    let key = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
    write(&notes, "Mia", 1, written(&format!("the key is {key}")));
    let found = texts(&notes);
    assert!(found[0].starts_with("the key is sk-"), "{found:?}");
    assert!(!found[0].contains("0123456789"), "{found:?}");
    let kept = notes.read().unwrap();
    assert_eq!((kept.run, kept.damage), (Some(run()), None));
    for entry in fs::read_dir(root.path().join("beside")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
    }
}

#[test]
fn what_is_empty_or_too_long_is_refused_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    for text in [
        String::new(),
        " \n".to_owned(),
        "x".repeat(LONGEST_TEXT + 1),
    ] {
        let acts = vec![(NoteId(1), written("fine")), (NoteId(2), written(&text))];
        let failure = notes.write("Mia", Timestamp(1), acts).unwrap_err();
        assert!(failure.message.contains("16384 bytes"), "{failure}");
    }
    assert_eq!(texts(&notes), Vec::<String>::new());
    write(&notes, "Mia", 1, written(&"\u{1}".repeat(LONGEST_TEXT)));
    assert_eq!(texts(&notes).len(), 1, "the longest line is read back");
}

#[test]
fn a_later_record_is_later_although_clocks_disagree() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    write(&notes, "Mia", 1, written("one"));
    let edited = Act::Edited {
        text: "two".to_owned(),
    };
    let acts = vec![(NoteId(1), edited), (NoteId(1), Act::Resolved)];
    let records = notes.write("Mia", Timestamp(5), acts).unwrap();
    let times: Vec<u64> = records.iter().map(|record| record.at.0).collect();
    assert_eq!(times, [101, 102]);
    assert_eq!(texts(&notes), ["two"]);
}

#[test]
fn a_file_cut_at_any_byte_keeps_its_whole_lines_and_takes_more() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    for number in 0..4 {
        write(&notes, "Mia", number, written(&format!("note {number}")));
    }
    let path = root.path().join("beside").join(NOTES_FILE);
    let whole = fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let before = texts(&notes);
        let lines = whole[..cut].split(|byte| *byte == b'\n').count() - 1;
        assert!(before.len() >= lines.saturating_sub(1), "cut at {cut}");
        write(&notes, "Bo", 99, written("one more"));
        let mut expected = before;
        expected.push("one more".to_owned());
        expected.sort_unstable();
        assert_eq!(texts(&notes), expected, "cut at {cut}");
    }
}

#[test]
fn lines_that_are_no_records_are_passed_over_and_told() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    write(&notes, "Mia", 1, written("kept"));
    let path = root.path().join("beside").join(NOTES_FILE);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"\0\0\0\n\xff\xfe\n{\"at\":1}\n\n");
    bytes.extend_from_slice(&vec![b'x'; LONGEST_LINE + 1]);
    bytes.push(b'\n');
    fs::write(&path, &bytes).unwrap();
    assert_eq!(texts(&notes), ["kept"]);
    let damage = notes.read().unwrap().damage.unwrap();
    assert!(damage.starts_with("4 lines of"), "{damage}");
    assert!(damage.contains("first: line 3"), "{damage}");
    write(&notes, "Mia", 2, written("later"));
    assert_eq!(texts(&notes), ["kept", "later"]);
    assert!(
        fs::read(&path).unwrap().starts_with(&bytes),
        "nothing was touched"
    );
}

#[test]
fn a_newer_format_is_neither_read_nor_written() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    fs::create_dir_all(root.path().join("beside")).unwrap();
    let path = root.path().join("beside").join(NOTES_FILE);
    let header = "{\"massgen_tui\":\"notes\",\"schema\":2,\"run\":\"r\"}\n";
    fs::write(&path, header).unwrap();
    let failure = notes.read().unwrap_err();
    assert!(failure.hint.contains("Update"), "{failure}");
    let acts = vec![(NoteId(1), written("words"))];
    assert!(notes.write("Mia", Timestamp(1), acts).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), header);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for writer in 0..4_u64 {
            let notes = folder(root.path());
            scope.spawn(move || {
                for number in 0..10 {
                    let id = writer * 100 + number;
                    write(&notes, "Mia", id, written(&format!("{id:03}")));
                    let mut seen = Seen::default();
                    seen.answers.insert(Seq(id));
                    notes.see("Mia", &seen).unwrap();
                }
            });
        }
    });
    let notes = folder(root.path());
    let expected = (0..4).flat_map(|writer| (0..10).map(move |number| writer * 100 + number));
    let expected: Vec<String> = expected.map(|id| format!("{id:03}")).collect();
    assert_eq!(texts(&notes), expected);
    assert_eq!(notes.read().unwrap().damage, None);
    assert_eq!(notes.seen("Mia").answers.len(), 40);
    assert_eq!(notes.seen("Bo"), Seen::default());
}

#[test]
fn what_is_joined_is_there_once() {
    let root = tempfile::tempdir().unwrap();
    let (ours, theirs) = (
        folder(&root.path().join("a")),
        folder(&root.path().join("b")),
    );
    write(&ours, "Mia", 1, written("ours"));
    theirs.join(ours.read().unwrap().records).unwrap();
    write(&theirs, "Bo", 2, written("theirs"));
    write(&ours, "Mia", 1, Act::Resolved);
    let both =
        |from: &NoteFolder, to: &NoteFolder| to.join(from.read().unwrap().records).unwrap().len();
    assert_eq!((both(&theirs, &ours), both(&ours, &theirs)), (1, 1));
    assert_eq!((both(&theirs, &ours), both(&ours, &theirs)), (0, 0));
    assert_eq!(ours.read().unwrap().records, theirs.read().unwrap().records);
}

#[test]
fn copies_are_looked_at() {
    let root = tempfile::tempdir().unwrap();
    let notes = folder(root.path());
    write(&notes, "Mia", 1, written("words"));
    let dir = root.path().join("beside");
    for path in [dir.clone(), dir.join(NOTES_FILE)] {
        let copy = other_copy(&path).unwrap();
        assert_eq!((copy.run, copy.notes.records.len()), (Some(run()), 1));
        assert_eq!(copy.log, None);
    }
    let check = |name: &str, content: Option<&str>, told: &str| {
        let path = root.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let failure = other_copy(&path).unwrap_err();
        assert!(failure.message.contains(told), "{failure}");
    };
    check("nothing", None, "holds no notes");
    check("text", Some("hello\n"), "no file of notes");
    check("empty", Some(""), "no file of notes");
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(NOTES_FILE);
        fs::write(&path, &bytes).unwrap();
        prop_assert!(read_notes(&path).unwrap().unwrap().records.is_empty());
    }
}
