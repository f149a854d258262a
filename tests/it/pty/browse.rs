//! The list of sessions in a terminal: the real program over real sessions of real runs.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use super::{CTRL_C, ENTER, ESC, Start, Terminal};

/// F6 in xterm's code.
const F6: &str = "\x1b[17~";

/// The program without a terminal, over this state folder.
fn program(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", state)
        .env("MASSGEN_TUI_STATE_DIR", state)
        .current_dir(state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A run of the demo team, at this pace.
fn run(state: &Path, speed: &str, task: &str) -> Child {
    let arguments = ["run", "--demo", "quick", "--demo-speed", speed, task];
    program(state, &arguments).spawn().unwrap()
}

/// A state folder with two sessions.
fn two_sessions() -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    for task in ["the first task", "the second task"] {
        assert!(run(state.path(), "max", task).wait().unwrap().success());
    }
    state
}

/// Over this state folder, which is the home as well: exports name no home folder.
fn browse(state: &Path) -> Terminal {
    let state = state.to_str().unwrap();
    Terminal::start(&Start {
        arguments: &["logs"],
        variables: &[("MASSGEN_TUI_STATE_DIR", state), ("HOME", state)],
        ..Start::default()
    })
}

fn leave(mut terminal: Terminal) {
    terminal.press(CTRL_C);
    terminal.wait_for_text("again leaves");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn sessions_are_named_tagged_deleted_and_got_back_also_later() {
    let state = two_sessions();
    let mut terminal = browse(state.path());
    terminal.wait_for_text("2 of 2");
    terminal.press("e");
    terminal.wait_for_text("name:");
    terminal.press("My own name");
    terminal.press(ENTER);
    terminal.wait_for("the name stands in the list", |screen| {
        let text = screen.contents();
        text.contains("My own name") && !text.contains("name:")
    });
    terminal.press("t");
    terminal.wait_for_text("tags:");
    terminal.press("good");
    terminal.press(ENTER);
    terminal.wait_for_text("#good");
    terminal.press("d");
    terminal.wait_for_text("1 of 2");
    terminal.press("u");
    terminal.wait_for_text("2 of 2");
    terminal.press("/tag:good");
    terminal.press(ENTER);
    terminal.wait_for_text("1 of 2");
    terminal.press("d");
    terminal.wait_for_text("0 of 2");
    leave(terminal);

    // Another program finds it where it was put.
    let mut terminal = browse(state.path());
    terminal.wait_for_text("1 of 2");
    terminal.press("hh");
    terminal.wait_for_text("[deleted]");
    terminal.press("/is:deleted");
    terminal.press(ENTER);
    terminal.wait_for_text("1 of 2");
    terminal.press("u");
    terminal.wait_for_text("0 of 2");
    terminal.press("/");
    terminal.press(ESC);
    terminal.wait_for_text("2 of 2");
    terminal.wait_for_text("My own name #good");
    leave(terminal);
}

#[test]
fn a_session_of_another_process_is_followed_to_its_end() {
    let state = two_sessions();
    let mut other = run(state.path(), "0.5", "a task that takes its time");
    let mut terminal = browse(state.path());
    terminal.wait_for_text("running");
    // Sessions of one second have no order.
    terminal.press("/is:live");
    terminal.press(ENTER);
    terminal.wait_for_text("1 of 3");
    terminal.press(ENTER);
    terminal.wait_for_text("it is followed from here");
    terminal.wait_for_text("followed");
    terminal.wait_for_text("The process that wrote this session has ended");
    terminal.wait_for_text("answered");
    assert!(other.wait().unwrap().success());
    leave(terminal);
}

#[test]
fn the_list_opens_over_a_team_at_work_and_closes_again() {
    let mut terminal = Terminal::demo("slow", "0.1");
    terminal.wait_for_text("working");
    terminal.press(F6);
    terminal.wait_for_text("your team is at work");
    terminal.wait_for("its own session is listed as running", |screen| {
        screen.contents().contains("running")
    });
    terminal.press(ENTER);
    terminal.wait_for_text("Timeline");
    terminal.press("L");
    terminal.wait_for_text("your team is at work");
    terminal.press(ESC);
    terminal.wait_for("the team is in sight again", |screen| {
        let text = screen.contents();
        text.contains("Timeline") && !text.contains("your team is at work")
    });
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    let _ = terminal.end();
}

#[test]
fn another_session_is_looked_at_while_a_team_is_at_work() {
    let state = two_sessions();
    let mut terminal = Terminal::start(&Start {
        arguments: &["--demo", "slow", "--demo-speed", "0.1"],
        variables: &[("MASSGEN_TUI_STATE_DIR", state.path().to_str().unwrap())],
        ..Start::default()
    });
    terminal.wait_for_text("working");
    terminal.press(F6);
    // The others ran in another folder.
    terminal.wait_for_text("1 of 3");
    terminal.press("m");
    terminal.wait_for_text("3 of 3");
    terminal.press("/outcome:answered");
    terminal.press(ENTER);
    terminal.wait_for_text("2 of 3");
    terminal.press(ENTER);
    terminal.wait_for("a stored session, and a word of the team", |screen| {
        let text = screen.contents();
        text.contains("answered") && text.contains("1 team at work")
    });
    // Alt-T leads back: the team has gone on, and goes on.
    terminal.press("\x1bt");
    terminal.wait_for("the team is in sight again", |screen| {
        let text = screen.contents();
        text.contains("working") && !text.contains("1 team at work")
    });
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    let _ = terminal.end();
}

#[test]
fn what_is_copied_reaches_the_clipboard_of_the_terminal() {
    let state = tempfile::tempdir().unwrap();
    assert!(run(state.path(), "max", "a task").wait().unwrap().success());
    let export = ["export", "latest", "--format", "md", "-o", "-"];
    let text = program(state.path(), &export)
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("# Session"), "{text}");

    let mut terminal = browse(state.path());
    terminal.wait_for_text("1 of 1");
    terminal.press("E");
    terminal.wait_for_text("copy it");
    terminal.press("\x1b[C");
    terminal.wait_for_text(".md, ");
    assert!(!terminal.copied(&text), "nothing leaves unseen");
    terminal.press("2");
    terminal.wait_for_text("Copied.");
    assert!(terminal.copied(&text));
    terminal.press(ENTER);
    leave(terminal);

    // The command does the same.
    let share = ["share", "latest", "--to", "clipboard", "--yes"];
    let home = state.path().to_str().unwrap();
    let terminal = Terminal::start(&Start {
        arguments: &share,
        variables: &[("MASSGEN_TUI_STATE_DIR", home), ("HOME", home)],
        ..Start::default()
    });
    terminal.wait_for_text("handed to the terminal's clipboard");
    assert!(terminal.copied(&text));
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn processes_that_label_one_session_at_once_lose_nothing() {
    let state = two_sessions();
    let tags: Vec<String> = (0..6).map(|number| format!("+tag{number}")).collect();
    let all: Vec<Child> = tags
        .iter()
        .map(|tag| {
            let arguments = ["logs", "tag", "latest", tag];
            program(state.path(), &arguments).spawn().unwrap()
        })
        .collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    let mut terminal = browse(state.path());
    terminal.wait_for_text("2 of 2");
    // Details have all of them; in the row they may be cut.
    terminal.press("i");
    for tag in tags {
        terminal.wait_for_text(&tag.replace('+', "#"));
    }
    leave(terminal);
}
