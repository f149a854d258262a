//! What reaches the file, when the disk obeys and when it does not.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, mpsc as blocking},
};

use super::*;
use crate::store::{read, samples};

const RUN: &str = "20261121-101530-k3f9";

fn run() -> RunId {
    RunId(RUN.into())
}

#[tokio::test]
async fn what_was_appended_is_read_back() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("sessions").join(RUN);
    let handle = Writer::open(&dir, run()).unwrap();
    for event in samples::session(RUN) {
        handle.append(event).await;
    }
    assert_eq!(handle.close().await, None);
    let session = read(&dir.join("events.jsonl")).unwrap();
    assert_eq!(session.events, samples::session(RUN));
    assert_eq!(session.damage, None);
    let summary: Stored =
        serde_json::from_slice(&fs::read(dir.join("summary.json")).unwrap()).unwrap();
    assert_eq!(
        summary.log_bytes,
        fs::metadata(dir.join("events.jsonl")).unwrap().len()
    );
}

#[tokio::test]
async fn a_handle_that_is_dropped_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(RUN);
    let (probe, seen) = blocking::sync_channel(1000);
    files::create_dirs(&dir).unwrap();
    let sink = Spy { probe };
    let handle =
        Writer::start(sink, dir.join("log"), dir.join("summary.json"), run(), None).unwrap();
    let events = samples::session(RUN);
    let lines = events.len() + 1;
    for event in events {
        handle.append(event).await;
    }
    drop(handle);
    // The channel closes when the thread is done.
    let written: Vec<u8> = seen.into_iter().flatten().collect();
    assert_eq!(newlines(&written), lines);
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

#[test]
fn an_existing_log_is_never_appended_to() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(RUN);
    drop(Writer::open(&dir, run()).unwrap());
    let failure = Writer::open(&dir, run()).unwrap_err();
    assert!(failure.message.contains("events.jsonl"), "{failure}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let failure = Writer::open(&file.join(RUN), run()).unwrap_err();
    assert!(failure.message.contains(RUN), "{failure}");
    assert!(!failure.hint.is_empty());
}

/// Passes on what is written.
struct Spy {
    probe: blocking::SyncSender<Vec<u8>>,
}

impl Sink for Spy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.probe.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn truncate(&mut self, _length: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a faulty disk does with one write.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Takes all of it.
    Whole,
    /// Takes this many bytes, then is full.
    Part(usize),
}

/// A disk with a plan; afterwards it obeys.
#[derive(Clone)]
struct Faulty(Arc<Mutex<Disk>>);

struct Disk {
    bytes: Vec<u8>,
    plan: VecDeque<Fate>,
    truncates: bool,
}

impl Faulty {
    fn new(truncates: bool, plan: impl IntoIterator<Item = Fate>) -> Self {
        Self(Arc::new(Mutex::new(Disk {
            bytes: Vec::new(),
            plan: plan.into_iter().collect(),
            truncates,
        })))
    }
}

impl Sink for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut disk = self.0.lock().unwrap();
        match disk.plan.pop_front() {
            None | Some(Fate::Whole) => {
                disk.bytes.extend(bytes);
                Ok(bytes.len())
            }
            Some(Fate::Part(0)) => Err(io::ErrorKind::StorageFull.into()),
            Some(Fate::Part(count)) => {
                let count = count.min(bytes.len());
                disk.bytes.extend(&bytes[..count]);
                disk.plan.push_front(Fate::Part(0));
                Ok(count)
            }
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        if !disk.truncates {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        disk.bytes.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A log without its thread, so that every flush happens when the test says so.
fn log(sink: Faulty) -> (Log<Faulty>, mpsc::Receiver<Failure>, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let (failures, taken) = mpsc::channel(1);
    let mut log = Log {
        sink,
        length: 0,
        pending: Vec::new(),
        lost: 0,
        torn: false,
        trouble: false,
        scan: Scan::new(run()),
        failures,
        path: root.path().join("events.jsonl"),
        summary: root.path().join("summary.json"),
        lock: None,
    };
    log.header(run()).unwrap();
    (log, taken, root)
}

fn events_on(disk: &Faulty) -> crate::store::Session {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    fs::write(&path, &disk.0.lock().unwrap().bytes).unwrap();
    read(&path).unwrap()
}

#[test]
fn a_full_disk_costs_nothing_once_there_is_space_again() {
    let disk = Faulty::new(
        true,
        [Fate::Whole, Fate::Part(40), Fate::Part(0), Fate::Part(7)],
    );
    let (mut log, mut failures, _root) = log(disk.clone());
    for event in samples::session(RUN) {
        log.take(&event);
        log.flush(false);
    }
    let session = events_on(&disk);
    assert_eq!(session.events, samples::session(RUN));
    assert_eq!(session.damage, None);
    let failure = failures.try_recv().unwrap();
    assert_eq!(failure.kind, FailureKind::Local);
    assert!(failure.message.contains("events.jsonl"), "{failure}");
    assert!(failure.message.contains("The run goes on"), "{failure}");
    assert!(failure.hint.contains("Free some space"), "{failure}");
    assert!(failures.try_recv().is_err(), "one spell, one failure");
}

#[test]
fn a_torn_line_that_cannot_be_cut_away_costs_one_line() {
    let disk = Faulty::new(
        false,
        [Fate::Whole, Fate::Part(40), Fate::Whole, Fate::Part(9)],
    );
    let (mut log, _failures, _root) = log(disk.clone());
    for event in samples::session(RUN) {
        log.take(&event);
        log.flush(true);
    }
    let session = events_on(&disk);
    assert_eq!(session.events, samples::session(RUN));
    assert_eq!(session.damage.unwrap().skipped, 2);
    assert_eq!(log.length, disk.0.lock().unwrap().bytes.len() as u64);
}

#[test]
fn a_second_spell_of_trouble_is_reported_again() {
    let disk = Faulty::new(
        true,
        [Fate::Whole, Fate::Part(0), Fate::Whole, Fate::Part(0)],
    );
    let (mut log, mut failures, _root) = log(disk);
    let mut reports = 0;
    for event in samples::session(RUN).into_iter().take(3) {
        log.take(&event);
        log.flush(false);
        reports += usize::from(failures.try_recv().is_ok());
    }
    assert_eq!(reports, 2);
}

#[test]
fn a_disk_that_stays_full_does_not_fill_the_memory() {
    let disk = Faulty::new(
        true,
        std::iter::once(Fate::Whole).chain(std::iter::repeat_n(Fate::Part(0), 5000)),
    );
    let (mut log, _failures, root) = log(disk);
    let mut event = samples::session(RUN).remove(3);
    event.kind = samples::published(1, 1, &"x".repeat(1 << 20));
    for _ in 0..20 {
        log.take(&event);
        log.flush(false);
    }
    assert!(log.pending.len() <= MAX_PENDING + (1 << 20) + 1000);
    assert_eq!(log.lost, 12);
    log.store_summary();
    assert!(!root.path().join("summary.json").exists());
}

#[test]
fn what_must_survive_a_loss_of_power_is_synced() {
    let synced: Vec<u64> = samples::session(RUN)
        .iter()
        .filter(|event| is_lifecycle(event))
        .map(|event| event.seq.0)
        .collect();
    assert_eq!(synced, [1, 8, 12, 13, 16, 19, 20, 22, 26]);
}
