//! Logs that were cut, scribbled over or made by someone else.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::store::samples;

const RUN: &str = "20261121-101530-k3f9";

fn log() -> Vec<u8> {
    let mut bytes = serde_json::to_vec(&Header::new(RunId(RUN.into()))).unwrap();
    for event in samples::session(RUN) {
        bytes.push(b'\n');
        bytes.extend(serde_json::to_vec(&event).unwrap());
    }
    bytes.push(b'\n');
    bytes
}

thread_local! {
    /// One folder per test thread: thousands of logs are read from it.
    static FOLDER: tempfile::TempDir = tempfile::tempdir().unwrap();
}

fn read_bytes(bytes: &[u8]) -> Result<Session, Failure> {
    FOLDER.with(|root| {
        let dir = root.path().join(RUN);
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("events.jsonl");
        fs::write(&path, bytes).unwrap();
        read(&path)
    })
}

fn with_line(index: usize, line: &[u8]) -> Vec<u8> {
    let log = log();
    let mut lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    lines.insert(index, line);
    lines.join(&b'\n')
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

#[test]
fn a_whole_log_reads_back_as_it_was() {
    let session = read_bytes(&log()).unwrap();
    assert_eq!(session.events, samples::session(RUN));
    assert_eq!(session.header.run.0, RUN);
    assert_eq!(session.damage, None);
}

#[test]
fn a_cut_at_any_byte_keeps_every_event_before_it() {
    let log = log();
    let events = samples::session(RUN);
    for cut in 0..log.len() {
        let whole = &log[..cut];
        let session = read_bytes(whole).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        // A line that lacks only its newline is complete.
        let ended = log[cut] == b'\n' && whole.last() != Some(&b'\n');
        let lines = newlines(whole) + usize::from(ended);
        let expected = lines.saturating_sub(1);
        assert_eq!(session.events, events[..expected], "cut at {cut}");
        let clean = cut > 0 && (ended || whole.last() == Some(&b'\n'));
        assert_eq!(
            session.damage.is_some_and(|damage| damage.unfinished),
            !clean,
            "cut at {cut}"
        );
    }
}

#[test]
fn lines_that_are_no_events_are_skipped_and_counted() {
    for line in [
        &b"garbage"[..],
        b"{}",
        b"[1,2",
        b"\xff\xfe\xfd",
        br#"{"seq":9,"at":1,"kind":{"run":{"unheard_of":1}}}"#,
        b"\"\x1b[31m\"",
    ] {
        let session = read_bytes(&with_line(5, line)).unwrap();
        assert_eq!(session.events, samples::session(RUN), "{line:?}");
        let damage = session.damage.unwrap();
        assert_eq!((damage.skipped, damage.first_skipped), (1, Some(6)));
        assert_eq!(
            damage.to_string(),
            "1 unreadable line skipped (first: line 6)"
        );
    }
}

#[test]
fn blank_lines_and_blocks_of_nul_are_no_damage() {
    for line in [&b""[..], b"  \r", b"\0\0\0\0"] {
        assert_eq!(read_bytes(&with_line(3, line)).unwrap().damage, None);
    }
    let mut log = log();
    log.extend([0; 5000]);
    let session = read_bytes(&log).unwrap();
    assert_eq!(session.events.len(), samples::session(RUN).len());
    assert!(session.damage.unwrap().unfinished);
}

#[test]
fn an_event_behind_nul_bytes_is_read() {
    let log = log();
    let cut = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut padded = log[..cut].to_vec();
    padded.extend([0; 17]);
    padded.extend(&log[cut..]);
    assert_eq!(read_bytes(&padded).unwrap().events, samples::session(RUN));
}

#[test]
fn bytes_that_are_not_utf8_cost_only_themselves() {
    let mut log = log();
    let spot = log
        .windows(10)
        .position(|part| part == b"scattering")
        .unwrap();
    log[spot] = 0xff;
    let session = read_bytes(&log).unwrap();
    assert_eq!(session.events.len(), samples::session(RUN).len());
    let damage = session.damage.unwrap();
    assert_eq!(damage.repaired, 1);
    assert!(!damage.lost_events());
}

#[test]
fn a_missing_event_shows_as_a_gap() {
    let log = log();
    let mut lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    lines.drain(4..6);
    let damage = read_bytes(&lines.join(&b'\n')).unwrap().damage.unwrap();
    assert_eq!(damage.missing, 2);
    assert_eq!(damage.to_string(), "2 events missing");
}

#[test]
fn a_log_without_its_header_is_read() {
    let log = log();
    let cut = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let session = read_bytes(&log[cut..]).unwrap();
    assert_eq!(session.events, samples::session(RUN));
    assert_eq!(session.header.run.0, RUN, "the folder knows the name");
    assert!(session.damage.is_some());
}

#[test]
fn other_files_and_newer_formats_are_refused_in_words() {
    let check = |bytes: &[u8], word: &str| {
        let failure = read_bytes(bytes).unwrap_err();
        assert!(failure.to_string().contains(word), "{failure}");
    };
    check(b"hello\nworld\n", "not a session log");
    check(b"{\"a\":1}\n", "not a session log");
    check(b"\x7fELF\x02\x01\x01", "not a session log");
    check(
        b"{\"massgen_tui\":\"session\",\"schema\":2,\"version\":\"9.9.0\",\"run\":\"r\"}\n{\"new\":1}\n",
        "Update massgen-tui",
    );
}

#[test]
fn a_missing_file_is_named() {
    let failure = read(Path::new("no/such/events.jsonl")).unwrap_err();
    assert!(
        failure.message.contains("no/such/events.jsonl"),
        "{failure}"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn scribbling_over_a_log_loses_only_the_lines_it_hits(
        start in 0usize..10_000,
        noise in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let mut log = log();
        let body = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let start = body + start % (log.len() - body);
        let end = (start + noise.len()).min(log.len());
        log[start..end].copy_from_slice(&noise[..end - start]);
        let events = samples::session(RUN);
        let original = super::tests::log();
        let hit_from = newlines(&original[body..start]);
        let hit_to = newlines(&original[body..end]);
        let session = read_bytes(&log).unwrap();
        for (index, event) in events.iter().enumerate() {
            // Overwriting the newline in front of a line joins it to the one before.
            if index < hit_from || index > hit_to {
                prop_assert!(session.events.contains(event), "event {} is gone", index);
            }
        }
    }
}
