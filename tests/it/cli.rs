//! The built program without a terminal: what it prints where, its exit codes, its log.
//!
//! Nothing here waits for time. [`Program`] ends a program that hangs, so that a hang is a failure.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use massgen_tui::{
    protocol::{AgentEvent, Event, EventKind, Outcome, OutcomeEnd, RunEvent},
    store::{self, Store},
};
use rustix::process::{Pid, Signal, kill_process};

/// A program that has not ended by then hangs.
const HANG: Duration = Duration::from_mins(2);

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

    fn store(&self) -> Store {
        Store::reading(&self.state())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.surround(Command::new(env!("CARGO_BIN_EXE_massgen-tui")), arguments)
    }

    fn surround(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("MASSGEN_TUI_STATE_DIR", self.state())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }
}

/// What a program left.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self
    }
}

/// A running program whose JSON lines are read one by one.
struct Program {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    alive: mpsc::SyncSender<()>,
}

impl Program {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (alive, watched) = mpsc::sync_channel(1);
        let pid = Pid::from_child(&child);
        thread::spawn(move || {
            if watched.recv_timeout(HANG) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Self {
            child,
            lines,
            alive,
        }
    }

    /// The next event; `None` when stdout ended.
    fn next(&mut self) -> Option<Event> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Ok(event) = serde_json::from_str(&line) {
                return Some(event);
            }
            assert!(
                line.contains("massgen_tui"),
                "neither header nor event: {line}"
            );
        }
    }

    /// Reads up to the event that fits.
    fn wait_for(&mut self, what: &str, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        while let Some(event) = self.next() {
            let found = fits(&event);
            seen.push(event);
            if found {
                return seen;
            }
        }
        panic!("the program ended before {what}: {seen:?}");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads what is left and waits for the end.
    fn end(mut self) -> (ExitStatus, Vec<Event>) {
        let mut rest = Vec::new();
        while let Some(event) = self.next() {
            rest.push(event);
        }
        let status = self.child.wait().unwrap();
        let _ = self.alive.try_send(());
        (status, rest)
    }
}

const QUICK: [&str; 5] = ["run", "--demo", "quick", "--demo-speed", "max"];

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [base, more].concat()
}

fn published(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::Agent {
            event: AgentEvent::Published(_),
            ..
        }
    )
}

fn outcome(events: &[Event]) -> Option<&Outcome> {
    events.iter().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Ended(outcome)) => Some(outcome),
        _ => None,
    })
}

#[test]
fn help_and_version_go_to_stdout() {
    let home = Home::new();
    let help = home.run(&["--help"]).exits(0);
    assert!(help.out.contains("demo-server") && help.err.is_empty());
    let version = home.run(&["--version"]).exits(0);
    assert_eq!(
        version.out,
        format!("massgen-tui {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn wrong_usage_is_2_and_says_what() {
    let home = Home::new();
    for (arguments, word) in [
        (&["run", "--no-such-flag"][..], "--no-such-flag"),
        (&["run", "--output", "xml", "task"], "xml"),
        (&["run", "--demo", "no-such-scenario"], "no-such-scenario"),
        (
            &["run", "--demo", "quick", "--demo-speed", "often"],
            "often",
        ),
        (
            &["run", "--config", "no-such-file.yaml", "task"],
            "no-such-file.yaml",
        ),
        (&["run", "a task and no team"], "--demo"),
        (
            &[
                "run",
                "--demo",
                "quick",
                "--set",
                "orchestrator.skip_votin=1",
            ],
            "did you mean `skip_voting`?",
        ),
        (
            &["run", "--demo", "quick", "--max-answers", "0"],
            "at least 1",
        ),
    ] {
        let ran = home.run(arguments).exits(2);
        assert!(ran.err.contains(word), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[test]
fn options_before_a_subcommand_are_for_everyone_or_refused() {
    let home = Home::new();
    let state = home.state();
    let state = state.to_str().unwrap();
    home.run(&["--state-dir", state, "logs", "list"]).exits(0);
    let ran = home.run(&["--model", "m", "logs", "list"]).exits(2);
    assert!(ran.err.contains("go behind the subcommand"), "{}", ran.err);
}

#[test]
fn flags_and_settings_rule_teams_without_a_file() {
    let home = Home::new();
    let mut arguments = QUICK.to_vec();
    arguments.extend([
        "--max-answers",
        "2",
        "--set",
        "orchestrator.skip_voting=yes",
    ]);
    home.run(&arguments).exits(0);
    let listing = home.store().list(10).unwrap();
    let session = home.store().read(&listing.sessions[0].run).unwrap();
    let start = session
        .events
        .iter()
        .find_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Started(start)) => Some(start),
            _ => None,
        })
        .unwrap();
    assert_eq!(start.limits.answers_per_agent, 2);
    assert!(start.rules.deciding.skip_voting);
}

#[test]
fn the_answer_alone_is_on_stdout() {
    let home = Home::new();
    let ran = home.run(&QUICK).exits(0);
    let listing = home.store().list(10).unwrap();
    let session = home.store().read(&listing.sessions[0].run).unwrap();
    let Some(Outcome::Answered { text, .. }) = outcome(&session.events) else {
        panic!("no answer in the log");
    };
    assert_eq!(ran.out.trim(), text.trim());
    assert!(ran.err.contains("a script, no model"), "{}", ran.err);
    assert!(ran.err.contains(" won by "), "{}", ran.err);
    let quiet = home.run(&with(&QUICK, &["--quiet"])).exits(0);
    assert_eq!((quiet.out, quiet.err), (ran.out, String::new()));
}

#[test]
fn without_a_terminal_the_program_is_headless_by_itself() {
    let home = Home::new();
    let ran = home
        .run(&["--demo", "quick", "--demo-speed", "max"])
        .exits(0);
    assert!(
        !ran.out.is_empty() && !ran.out.contains('\u{1b}'),
        "{}",
        ran.out
    );
}

#[test]
fn json_lines_are_the_log() {
    let home = Home::new();
    let ran = home.run(&with(&QUICK, &["--output", "json"])).exits(0);
    let listing = home.store().list(1).unwrap();
    let log = fs::read_to_string(home.store().log(&listing.sessions[0].run)).unwrap();
    assert_eq!(ran.out, log);
    let shown = home.run(&["logs", "show", "latest", "--events"]).exits(0);
    assert_eq!(shown.out, log);
    assert!(log.lines().count() > 10);
}

#[test]
fn the_task_may_come_from_stdin() {
    let home = Home::new();
    let mut child = home
        .command(&with(&QUICK, &["--output", "json", "-"]))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all("first line\nsecond line: 日本\n".as_bytes())
        .unwrap();
    drop(stdin);
    let ran = Ran::of(child.wait_with_output().unwrap()).exits(0);
    assert!(
        ran.out.contains(r"first line\nsecond line: 日本"),
        "{}",
        ran.out
    );
    let empty = home.run(&with(&QUICK, &["-"])).exits(2);
    assert!(empty.err.contains("empty"), "{}", empty.err);
}

#[test]
fn keys_in_the_task_reach_neither_log_nor_output() {
    let home = Home::new();
    let secret = "sk-4f9Qb7Lz2WxT8vRm1KpYc6Hd";
    let task = format!("use {secret} please");
    let ran = home
        .run(&with(&QUICK, &["--output", "json", &task]))
        .exits(0);
    assert!(ran.out.contains("use sk-…[masked] please"), "{}", ran.out);
    assert!(!ran.out.contains(secret) && !ran.err.contains(secret));
    let listing = home.store().list(1).unwrap();
    let log = fs::read_to_string(home.store().log(&listing.sessions[0].run)).unwrap();
    assert!(!log.contains(secret));
}

#[test]
fn logs_list_and_show_work_from_nothing_on() {
    let home = Home::new();
    let none = home.run(&["logs", "list"]).exits(0);
    assert!(none.out.contains("--demo"), "{}", none.out);
    home.run(&["logs", "show"]).exits(1);
    home.run(&QUICK).exits(0);
    let list = home.run(&["logs", "list"]).exits(0);
    assert!(
        list.out.contains("answered") && list.out.contains("[demo]"),
        "{}",
        list.out
    );
    let show = home.run(&["logs", "show"]).exits(0);
    for word in [
        "Task",
        "Team",
        "Timeline",
        "Votes",
        "Tokens and cost",
        "Answer: agent",
    ] {
        assert!(show.out.contains(word), "{word} is not in {}", show.out);
    }
    let unknown = home.run(&["logs", "show", "zzzz"]).exits(1);
    assert!(
        unknown.err.contains("zzzz") && unknown.err.contains("logs list"),
        "{}",
        unknown.err
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let home = Home::new();
    home.run(&QUICK).exits(0);
    let mut child = home
        .command(&["logs", "show", "latest", "--events"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(err, "");

    let mut child = home
        .command(&with(&QUICK, &["--quiet", "--output", "json"]))
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
fn a_state_folder_that_cannot_be_used_does_not_stop_a_run() {
    let home = Home::new();
    fs::write(home.state(), "a file where the folder should be").unwrap();
    let ran = home.run(&QUICK).exits(0);
    assert!(!ran.out.is_empty());
    assert!(
        ran.err.contains("state") && ran.err.contains("--state-dir"),
        "{}",
        ran.err
    );
}

#[test]
fn an_interrupt_keeps_the_best_answer_and_gives_130() {
    let home = Home::new();
    let json = ["run", "--demo", "slow", "--output", "json", "--demo-speed"];
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut program = Program::start(home.command(&with(&json, &["5"])));
        program.wait_for("an answer", published);
        program.signal(signal);
        let (status, rest) = program.end();
        assert_eq!(status.code(), Some(code));
        assert!(
            matches!(outcome(&rest), Some(Outcome::Answered { .. })),
            "{rest:?}"
        );
    }
    let mut program = Program::start(home.command(&with(&json, &["0.1"])));
    program.wait_for("the start", |_| true);
    program.signal(Signal::INT);
    let (status, rest) = program.end();
    assert_eq!(status.code(), Some(130));
    assert!(
        matches!(outcome(&rest), Some(Outcome::NoAnswer { .. })),
        "{rest:?}"
    );
}

#[test]
fn a_hangup_that_was_ignored_from_the_start_stays_ignored() {
    let home = Home::new();
    // What `nohup` does.
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "trap '' HUP; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_massgen-tui"),
    ]);
    let arguments = [
        "run",
        "--demo",
        "slow",
        "--demo-speed",
        "5",
        "--output",
        "json",
    ];
    let mut program = Program::start(home.surround(shell, &arguments));
    program.wait_for("an answer", published);
    program.signal(Signal::HUP);
    let (status, rest) = program.end();
    assert_eq!(status.code(), Some(0));
    assert!(
        matches!(
            outcome(&rest),
            Some(Outcome::Answered {
                end: OutcomeEnd::Consensus,
                ..
            })
        ),
        "{rest:?}"
    );
}

#[test]
fn a_killed_run_leaves_a_log_that_opens() {
    let home = Home::new();
    let slow = [
        "run",
        "--demo",
        "slow",
        "--output",
        "json",
        "--demo-speed",
        "5",
    ];
    let mut program = Program::start(home.command(&slow));
    let seen = program.wait_for("an answer", published);
    program.signal(Signal::KILL);
    let (status, _) = program.end();
    assert_eq!(status.code(), None, "killed");

    let run = home.store().find("latest").unwrap();
    let session = store::read(&home.store().log(&run)).unwrap();
    let last = seen.last().unwrap().at;
    for event in &seen {
        let old_enough = last.since(event.at) > 100;
        assert!(
            !old_enough || session.events.contains(event),
            "lost: {event:?}"
        );
    }
    assert!(session.damage.is_none_or(|damage| !damage.lost_events()));
    let list = home.run(&["logs", "list"]).exits(0);
    assert!(list.out.contains("unfinished"), "{}", list.out);
    home.run(&["logs", "show"]).exits(0);
}

#[test]
fn health_tells_which_endpoint_of_the_team_cannot_be_used() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime
        .block_on(massgen_tui::demo::DemoServer::start(
            massgen_tui::demo::Speed::Max,
        ))
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let backend = |base: &str, key: &str| {
        format!(
            "{{type: chatcompletion, model: script-birch, base_url: \"{base}\", api_key: {key}}}"
        )
    };
    let good = backend(&server.base_url(), server.token());
    let bad = backend(&server.base_url(), "not-the-token-1234567");
    for (backend, code, word) in [(good, 0, "up"), (bad, 1, "key refused")] {
        let config = home.path().join("team.yaml");
        let yaml = format!("agents:\n  - {{id: mia, backend: {backend}}}\n");
        std::fs::write(&config, yaml).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(["health", "--json", "--timeout", "5000", "--config"])
            .arg(&config)
            .env_clear()
            .env("HOME", home.path())
            .env("MASSGEN_TUI_STATE_DIR", home.path().join("state"))
            .current_dir(home.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let state = json["endpoints"][0]["state"].as_str().unwrap();
        assert_eq!(state.replace('_', " "), word, "{text}");
        assert_eq!(json["endpoints"][0]["name"], "mia");
        assert!(!text.contains("not-the-token"), "{text}");
    }
}

#[test]
fn models_are_listed_without_a_network() {
    let home = tempfile::tempdir().unwrap();
    let models = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .arg("models")
            .args(args)
            .env_clear()
            .env("HOME", home.path())
            .env("MASSGEN_TUI_STATE_DIR", home.path().join("state"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            text,
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, text, _) = models(&["haiku-4", "--provider", "claude", "--offline"]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("claude-haiku-4-5") && text.contains("1 / 5"),
        "{text}"
    );
    assert!(!text.contains("gpt-"), "{text}");
    let (code, text, _) = models(&["haiku-4-5", "--offline", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &json["models"][0]["key"]),
        (Some(0), &serde_json::json!(false))
    );
    let (code, _, err) = models(&["--provider", "opnai"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("Did you mean openai?"), "{err}");
}

#[test]
fn a_screen_without_a_terminal_says_so_and_what_to_do() {
    for (command, way) in [("open", "logs show"), ("review", "--apply")] {
        let home = tempfile::tempdir().unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .arg(command)
            .env("HOME", home.path())
            .env("MASSGEN_TUI_STATE_DIR", home.path().join("state"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("no terminal") && said.contains(way), "{said}");
        assert!(!said.contains("os error"), "{said}");
        assert!(out.stdout.is_empty());
    }
}
