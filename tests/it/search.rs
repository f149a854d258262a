//! The index of words beside the real binary: killed at any moment, filled by two processes at once, with
//! logs of MassGen.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
};

use massgen_tui::{
    protocol::{AgentEvent, AgentId, Channel, Event, EventKind, RunId, Seq, Timestamp},
    store::Header,
};

/// Sessions of the corpus.
const SESSIONS: u64 = 24;
/// Events of each.
const EVENTS: u64 = 1_500;
/// Questions whose answers must not depend on how the index came about.
const QUESTIONS: [&[&str]; 5] = [
    &["common", "--limit", "40"],
    &["word8x3"],
    &["\"row 100 of\""],
    &["split1201split", "in:text"],
    &["row", "--not", "common", "it* -word1x1", "--limit", "5"],
];

/// A state folder with sessions, and the binary in a folder without logs of anyone else.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for number in 0..SESSIONS {
            home.session(number);
        }
        home
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn session(&self, number: u64) {
        let run = RunId(format!("202601{:02}-000000-aaaa", number + 1));
        let folder = self.state().join("sessions").join(&run.0);
        fs::create_dir_all(&folder).unwrap();
        let mut text = serde_json::to_string(&Header::new(run)).unwrap() + "\n";
        for event in 0..EVENTS {
            let at = Timestamp(number * 86_400_000 + event);
            let words = format!("common row {event} of word{event}x{number} spl");
            let words = if event % 2 == 0 {
                words
            } else {
                format!("it{event}split and so on ")
            };
            let event = Event {
                seq: Seq(event + 1),
                at,
                kind: EventKind::Agent {
                    id: AgentId((event / 100 % 3) as u16 + 1),
                    event: AgentEvent::Delta {
                        channel: Channel::Text,
                        text: words,
                    },
                },
            };
            text.push_str(&serde_json::to_string(&event).unwrap());
            text.push('\n');
        }
        fs::write(folder.join("events.jsonl"), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
        command
            .args(["logs", "search", "--json"])
            .args(words)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("MASSGEN_TUI_STATE_DIR", self.state())
            .env_remove("MASSGEN_LOG_BASE_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn ask(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// What every question gives.
    fn answers(&self) -> Vec<String> {
        QUESTIONS
            .iter()
            .map(|words| String::from_utf8(self.ask(words).stdout).unwrap())
            .collect()
    }

    /// Bytes of the index and of what stands beside it.
    fn bytes(&self) -> u64 {
        let files = fs::read_dir(self.state().join("index"))
            .into_iter()
            .flatten();
        let lengths = files.flatten().filter_map(|file| file.metadata().ok());
        lengths.map(|meta| meta.len()).sum()
    }
}

fn kill_when(mut child: Child, moment: impl Fn() -> bool) -> bool {
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if moment() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        thread::yield_now();
    }
}

#[test]
fn an_index_that_was_killed_again_and_again_is_as_good_as_one_that_was_not() {
    let home = Home::new();
    let whole = Home::new();
    let expected = whole.answers();
    assert!(
        expected.iter().take(4).all(|answer| !answer.is_empty()),
        "{expected:?}"
    );
    let size = whole.bytes();
    let mut killed = 0;
    for part in 1..12 {
        let child = home.command(&["common"]).spawn().unwrap();
        // By the size of what it has written: early, amid, late.
        killed += u32::from(kill_when(child, || home.bytes() >= size * part / 12));
    }
    assert!(killed > 3, "it was killed {killed} times");
    assert_eq!(home.answers(), expected);
}

#[test]
fn two_processes_that_fill_it_at_once_find_the_same() {
    let home = Home::new();
    let both: Vec<Child> = (0..2)
        .map(|_| home.command(QUESTIONS[0]).spawn().unwrap())
        .collect();
    let both: Vec<Output> = both
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    let [one, other] = both.as_slice() else {
        panic!("two were started");
    };
    assert!(one.status.success(), "{one:?}");
    assert!(other.status.success(), "{other:?}");
    assert!(one.stdout == other.stdout && !one.stdout.is_empty());
    assert_eq!(Home::new().answers(), home.answers());
}

#[test]
fn what_is_found_in_logs_of_massgen_is_told_like_ours() {
    let home = Home {
        folder: tempfile::tempdir().unwrap(),
    };
    let log = ".massgen/massgen_logs/log_20260131_120000_000000/turn_1/attempt_1";
    let attempt = home.folder.path().join(log);
    fs::create_dir_all(&attempt).unwrap();
    let metadata = "query: 'Why is the sea salty?'\ntimestamp: '2026-01-31T12:00:00'\n";
    fs::write(attempt.join("execution_metadata.yaml"), metadata).unwrap();
    fs::create_dir(home.state()).unwrap();
    let found = home.ask(&["salty", "in:prompt"]);
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.contains("massgen-20260131-120000-000000"), "{text}");
    assert_eq!(home.ask(&["pepper"]).status.code(), Some(1));
    assert_eq!(home.ask(&["in:nowhere"]).status.code(), Some(1));
    assert!(is_untouched(&attempt));
}

/// Whether there is nothing but what was put there.
fn is_untouched(attempt: &Path) -> bool {
    fs::read_dir(attempt).unwrap().count() == 1
}
