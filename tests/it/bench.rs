//! `massgen-tui bench` as the built program: reports, refusals, and what is left after a kill.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A home of its own, with a file of tasks in it.
struct Home(tempfile::TempDir);

/// One task that is over soon and one that takes its time, by scenarios of the demo team.
const QUICK_AND_SLOW: &str = r#"
{"id":"first","prompt":"p","oracle":"regex","answer":"(?i)hostile keys","scenario":"quick"}
{"id":"second","prompt":"p","oracle":"regex","answer":"no answer has this","scenario":"slow"}
"#;

impl Home {
    fn new(tasks: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::write(home.path("tasks.jsonl"), tasks).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
        command
            .arg("bench")
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .env("MASSGEN_TUI_STATE_DIR", self.path("state"))
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the tasks of the file with the demo team to the end.
    fn demo(&self, more: &[&str]) -> Output {
        let mut arguments = vec![
            "tasks.jsonl",
            "--demo",
            "--demo-speed",
            "max",
            "--out",
            "out",
        ];
        arguments.extend(more);
        self.command(&arguments).output().unwrap()
    }

    fn report(&self) -> Value {
        let text = fs::read_to_string(self.path("out/report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn results(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("out/results.jsonl")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Starts the two tasks at a human pace and returns when the first is written down.
    fn halfway(&self) -> (Child, impl Iterator<Item = String> + use<>) {
        let arguments = ["tasks.jsonl", "--demo", "--demo-speed", "6", "--out", "out"];
        let mut child = self.command(&arguments).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut lines = stderr.lines().map_while(Result::ok);
        let first = lines.any(|line| line.starts_with("[1/2] first"));
        assert!(first, "the first task is told");
        (child, lines)
    }
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn the_demo_tasks_come_with_a_report() {
    let home = Home::new("");
    let output = home
        .command(&[
            "--demo",
            "--demo-speed",
            "max",
            "--out",
            "out",
            "--parallel",
            "3",
            "--sweeps",
            "2",
        ])
        .output()
        .unwrap();
    let (code, out, err) = words(&output);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("SCRIPTED DEMO TEAM"), "{out}");
    assert!(out.contains("say nothing about any model"), "{out}");
    let report = home.report();
    assert_eq!(
        (&report["done"], &report["planned"]),
        (&report["planned"], &report["done"])
    );
    let tasks = report["tasks"].as_u64().unwrap();
    assert!(tasks >= 4);
    assert_eq!(report["done"], 2 * tasks);
    assert_eq!(report["team"]["runs"], 2 * tasks);
    let rates = &report["rates"];
    let ends = ["settled", "forced", "failed"].map(|end| rates[end].as_u64().unwrap());
    assert_eq!(ends.iter().sum::<u64>(), 2 * tasks);
    assert!(rates["ballots"].as_u64() >= rates["self_votes"].as_u64());
    assert!(report["team"]["tokens"].as_f64().unwrap() > 0.0);
    assert_eq!(home.results().len() as u64, 1 + 2 * tasks);
    let csv = fs::read_to_string(home.path("out/results.csv")).unwrap();
    assert_eq!(csv.lines().count() as u64, 1 + 2 * tasks);
}

#[test]
fn what_a_run_came_to_is_read_from_its_events() {
    let line = QUICK_AND_SLOW.trim().lines().next().unwrap();
    let home = Home::new(line);
    let (code, out, err) = words(&home.demo(&["--output", "json", "--baselines"]));
    assert_eq!(code, Some(0), "{err}");
    let printed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(printed, home.report());
    let results = home.results();
    assert_eq!(results.len(), 5, "a header, the team, three agents alone");
    let team: Value = serde_json::from_str(&results[1]).unwrap();
    assert_eq!(team["key"]["arm"], "team");
    assert_eq!(team["correct"], true);
    assert_eq!(team["end"], "settled");
    let vote = &team["vote"];
    assert_eq!(
        (&vote["ballots"], &vote["own"], &vote["answers"]),
        (&3.into(), &1.into(), &3.into())
    );
    // Of the three first answers only birch's names hostile keys; none agree.
    let right: Vec<&str> = team["firsts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|first| first["correct"] == true)
        .map(|first| first["name"].as_str().unwrap())
        .collect();
    assert_eq!(right, ["birch"]);
    assert!(
        team["firsts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|first| first["independent"] == true)
    );
    assert_eq!(
        (&team["majority"]["votes"], &team["majority"]["of"]),
        (&1.into(), &3.into())
    );
    // Alone, birch is as good as the team and cheaper; the report says so.
    let report = home.report();
    assert_eq!(
        report["comparisons"][0]["against"],
        "the best single agent (birch)"
    );
    assert!(report["comparisons"][0]["tokens"].as_f64().unwrap() > 1.0);
    assert!(
        report["words"][0]
            .as_str()
            .unwrap()
            .starts_with("The team did not help")
    );
}

#[test]
fn every_malformed_line_is_told_and_nothing_is_run() {
    let home = Home::new(
        "{\"id\":\"a\"}\nnonsense\n\n{\"id\":\"b\",\"prompt\":\"p\",\"oracle\":\"regex\",\"answer\":\"(\"}\n",
    );
    let (code, out, err) = words(&home.demo(&[]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    for line in [
        "tasks.jsonl:1: \"prompt\" is missing",
        "tasks.jsonl:2: ",
        "tasks.jsonl:4: the pattern",
    ] {
        assert!(err.contains(line), "{line}: {err}");
    }
    assert!(!home.path("out").exists() && !home.path("state/sessions").exists());
    for arguments in [
        vec!["missing.jsonl", "--demo"],
        vec!["--model", "m"],
        vec!["tasks.jsonl", "--demo", "--retry-failed"],
        vec!["tasks.jsonl", "--demo", "--resume", "--fresh"],
        vec!["tasks.jsonl", "--demo", "--sweeps", "0"],
    ] {
        let (code, out, _) = words(&home.command(&arguments).output().unwrap());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn results_are_gone_on_with_only_under_the_same_settings_and_tasks() {
    let line = QUICK_AND_SLOW.trim().lines().next().unwrap();
    let home = Home::new(line);
    assert_eq!(home.demo(&[]).status.code(), Some(0));
    let before = home.results();
    let refused = |arguments: &[&str], why: &str| {
        let (code, out, err) = words(&home.demo(arguments));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains(why), "{why}: {err}");
    };
    refused(&[], "There are results in out");
    refused(
        &["--resume", "--max-answers", "1"],
        "limits.answers_per_agent",
    );
    // Nothing is run again.
    let (code, _, err) = words(&home.demo(&["--resume"]));
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(home.results(), before);
    // A line that was cut off is made again, the others are kept.
    fs::write(
        home.path("out/results.jsonl"),
        format!("{}\n{}", before[0], &before[1][..40]),
    )
    .unwrap();
    let (code, _, err) = words(&home.demo(&["--resume"]));
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("40 bytes had been cut off"), "{err}");
    assert_eq!(home.results().len(), 2);
    // Damage in the middle is not guessed at.
    fs::write(
        home.path("out/results.jsonl"),
        format!("{}\n{{\n{}\n", before[0], before[1]),
    )
    .unwrap();
    refused(&["--resume"], "results.jsonl:2 cannot be read");
    let (code, _, err) = words(&home.demo(&["--fresh", "--max-answers", "1"]));
    assert_eq!(code, Some(0), "{err}");
    assert!(Path::new(&home.path("out/results.1.jsonl")).exists());
    // Another task under the same id.
    let tasks = line.replace("hostile keys", "friendly keys");
    fs::write(home.path("tasks.jsonl"), tasks).unwrap();
    refused(
        &["--resume", "--max-answers", "1"],
        "have changed since their results were made (first)",
    );
}

#[test]
fn a_killed_bench_goes_on_where_it_was() {
    let home = Home::new(QUICK_AND_SLOW);
    let (mut child, _) = home.halfway();
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let before = home.results();
    let (code, _, err) = words(&home.demo(&["--resume"]));
    assert_eq!(code, Some(0), "{err}");
    let after = home.results();
    assert_eq!(after[..2], before[..2], "what was done is kept");
    assert_eq!(after.len(), 3);
    assert_eq!(
        (&home.report()["done"], &home.report()["planned"]),
        (&2.into(), &2.into())
    );
}

#[test]
fn an_interrupted_bench_leaves_a_partial_report() {
    let home = Home::new(QUICK_AND_SLOW);
    let (mut child, rest) = home.halfway();
    signal(&child, Signal::INT);
    let said: Vec<String> = rest.collect();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "{said:?}");
    let report = home.report();
    assert_eq!(
        (&report["done"], &report["planned"]),
        (&1.into(), &2.into())
    );
    let words = report["words"][0].as_str().unwrap();
    assert!(
        words.contains("partial report: 1 of 2 runs are done"),
        "{words}"
    );
    // The run that was stopped is made when it goes on.
    assert_eq!(home.demo(&["--resume"]).status.code(), Some(0));
    assert_eq!(home.report()["done"], 2);
}

#[test]
fn a_team_that_never_answers_ends_the_bench_early() {
    let task = |id: u32| {
        format!("{{\"id\":\"t{id}\",\"prompt\":\"p\",\"oracle\":\"exact\",\"answer\":\"x\"}}\n")
    };
    let home = Home::new(&(0..9).map(task).collect::<String>());
    // Nobody listens on port 1.
    let arguments = [
        "tasks.jsonl",
        "--base-url",
        "http://127.0.0.1:1/v1",
        "--model",
        "m",
        "--out",
        "out",
        "--parallel",
        "5",
    ];
    let (code, out, err) = words(&home.command(&arguments).output().unwrap());
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("5 runs in a row ended without an answer"),
        "{err}"
    );
    assert!(out.contains("5 of 9 runs done"), "{out}");
    assert_eq!(home.report()["rates"]["failed"], 5);
}
