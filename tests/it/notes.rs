//! Notes and comparisons with the built program: several of it at once, killed while they write, on
//! sessions of the demo team and on logs that MassGen wrote.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use massgen_tui::{
    protocol::{
        RunId,
        note::{Record, Threads},
    },
    store::{self, NoteFolder, Store},
};

/// A home of its own: nothing of the person who runs the tests is read or written.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn command(&self, author: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("MASSGEN_TUI_STATE_DIR", self.state())
            .env("MASSGEN_TUI_AUTHOR", author)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end, which must be a good one.
    fn run(&self, author: &str, arguments: &[&str]) -> String {
        good(&self.command(author, arguments).output().unwrap())
    }

    /// A session of the demo team.
    fn session(&self, scenario: &str) -> String {
        let arguments = [
            "run",
            "--demo",
            scenario,
            "--demo-speed",
            "max",
            "--quiet",
            "why is the sky blue?",
        ];
        self.run("nobody", &arguments);
        let store = Store::reading(&self.state());
        let newest = store.list(1).unwrap().sessions;
        newest[0].run.0.clone()
    }

    fn notes(&self, run: &str) -> NoteFolder {
        let store = Store::reading(&self.state());
        let run = RunId(run.to_owned());
        NoteFolder::new(store.beside(&run), run)
    }

    fn threads(&self, run: &str) -> Threads {
        Threads::of(&self.notes(run).read().unwrap().records)
    }
}

fn good(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {err}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn notes_of_many_processes_are_all_there_whoever_is_killed() {
    let home = Home::new();
    let run = home.session("quick");
    let mut told: Vec<String> = Vec::new();
    for round in 0..4_u64 {
        let writing: Vec<Child> = (0..6)
            .map(|writer| {
                let text = format!("note {round} {writer}");
                let arguments = ["note", &run, &text, "--at", "2"];
                let arguments: Vec<&str> = ["logs"].iter().chain(&arguments).copied().collect();
                home.command("Mia", &arguments).spawn().unwrap()
            })
            .collect();
        for (writer, mut child) in (0..).zip(writing) {
            // Two of them are killed wherever they are.
            if writer % 3 == round % 3 {
                let _ = child.kill();
            }
            let output = child.wait_with_output().unwrap();
            if output.status.success() {
                told.push(format!("note {round} {writer}"));
            }
        }
    }
    assert!(told.len() >= 16, "{told:?}");
    let texts: Vec<String> = home
        .threads(&run)
        .notes()
        .map(|note| note.text.clone())
        .collect();
    for text in &told {
        assert_eq!(
            texts.iter().filter(|one| *one == text).count(),
            1,
            "{text}: {texts:?}"
        );
    }
    let again = home.run("Mia", &["logs", "note", &run, "one more"]);
    assert!(again.contains("noted on the session, by Mia"), "{again}");
}

/// Copies a folder as a person does.
fn copied(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-r").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

#[test]
fn two_machines_with_the_same_session_end_with_the_same_notes() {
    let (here, there) = (Home::new(), Home::new());
    let run = here.session("turnaround");
    here.run(
        "Mia",
        &["logs", "note", &run, "before the copy", "--at", "3"],
    );
    fs::create_dir_all(there.state()).unwrap();
    copied(&here.state().join("sessions"), &there.state());
    let first = here.threads(&run).0[0].first.id.to_string();
    for (home, who) in [(&here, "Mia"), (&there, "Bo")] {
        let words = format!("from {who}");
        home.run(who, &["logs", "note", &run, &words, "--reply", &first]);
        home.run(who, &["logs", "note", &run, &words, "--answer", "agent1.1"]);
    }
    there.run("Bo", &["logs", "note", &run, "--resolve", &first]);
    let folder = |home: &Home| {
        home.state()
            .join("sessions")
            .join(&run)
            .display()
            .to_string()
    };
    let told = here.run("Mia", &["logs", "merge", &folder(&there)]);
    assert!(told.contains("2 notes and 1 other record new"), "{told}");
    let file = format!("{}/notes.jsonl", folder(&here));
    there.run("Bo", &["logs", "merge", &file, "--into", &run]);
    let records = |home: &Home| -> Vec<Record> {
        home.notes(&run)
            .read()
            .unwrap()
            .records
            .into_iter()
            .collect()
    };
    assert_eq!(records(&here), records(&there));
    assert_eq!(here.threads(&run), there.threads(&run));
    let unread = here.run(
        "Mia",
        &["logs", "notes", &run, "--unread", "--json", "--seen"],
    );
    assert_eq!(unread.matches("from Bo").count(), 2, "{unread}");
    let none = here.run("Mia", &["logs", "notes", &run, "--unread", "--json"]);
    assert!(none.contains("\"threads\": []"), "{none}");
}

#[test]
fn sessions_of_the_demo_team_are_compared() {
    let home = Home::new();
    let (one, other) = (home.session("quick"), home.session("turnaround"));
    let table = home.run("Mia", &["logs", "compare", &one, &other]);
    for part in [
        "≠ run by",
        "demo team, quick",
        "demo team, turnaround",
        "Final answer of",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let json = home.run("Mia", &["logs", "compare", &one, &other, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sessions"].as_array().map(Vec::len), Some(2));
    let csv = home.run("Mia", &["logs", "compare", &one, &other, "--csv"]);
    assert!(csv.lines().count() > 20 && csv.contains("\r\n"), "{csv}");
    let itself = home
        .command("Mia", &["logs", "compare", &one, &one])
        .output()
        .unwrap();
    assert_eq!(itself.status.code(), Some(1));
    let alone = home
        .command("Mia", &["logs", "compare", &one])
        .output()
        .unwrap();
    assert_eq!(alone.status.code(), Some(2));
    let screen = home
        .command("Mia", &["logs", "compare", &one, &other, "--screen"])
        .output();
    assert_eq!(screen.unwrap().status.code(), Some(2), "without a terminal");
}

/// Genuine logs of MassGen, where they are at hand.
fn genuine() -> Vec<PathBuf> {
    let Some(shared) = std::env::var_os("MASSGEN_TUI_SHARED") else {
        return Vec::new();
    };
    let logs = PathBuf::from(shared).join("data/massgen_logs");
    let names = [
        "02_two_agents_vote",
        "03_three_agents_restart_tie",
        "04b_multi_turn_interactive",
    ];
    let folders = names.map(|name| logs.join(name).join(".massgen/massgen_logs"));
    let found = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let mut logs: Vec<PathBuf> = found
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("log_"))
        })
        .collect();
    logs.sort();
    logs
}

#[test]
fn logs_of_massgen_are_compared_and_annotated() {
    let logs = genuine();
    if logs.len() < 2 {
        println!("logs of MassGen are not at hand");
        return;
    }
    let home = Home::new();
    let ours = home.session("quick");
    let paths: Vec<String> = logs.iter().map(|path| path.display().to_string()).collect();
    let mut line = vec!["logs", "compare", ours.as_str()];
    line.extend(paths.iter().map(String::as_str));
    line.push("--markdown");
    let page = home.run("Mia", &line);
    for part in [
        "MassGen 0.1",
        "## Cost",
        "do not tell",
        "## Final answer of massgen-",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let before = listing(&logs[0]);
    home.run(
        "Mia",
        &[
            "logs",
            "note",
            &paths[0],
            "who was right?",
            "--answer",
            "agent1.1",
        ],
    );
    let notes = home.run("Mia", &["logs", "notes", &paths[0]]);
    assert!(
        notes.contains("who was right?") && notes.contains("answer agent1.1"),
        "{notes}"
    );
    assert_eq!(listing(&logs[0]), before, "MassGen's folder is as it was");
    let beside = fs::read_dir(home.state().join("imported"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let kept = store::read_notes(&beside.path().join(store::NOTES_FILE))
        .unwrap()
        .unwrap();
    assert_eq!(kept.records.len(), 1);
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            all.push(path);
        }
    }
    all.sort();
    all
}
