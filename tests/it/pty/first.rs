//! The first minutes: nothing is configured, a team is set up on the screen, saved, and run.

use super::{CTRL_C, ENTER, ESC, Start, Terminal};
use crate::harness::keyless::Keyless;

const ALT_S: &str = "\x1bs";
const ALT_P: &str = "\x1bp";
const TAB: &str = "\t";

#[test]
fn from_nothing_to_an_answer() {
    let server = Keyless::start("turnaround");
    let mut terminal = Terminal::start(&Start {
        variables: &[("OPENAI_BASE_URL", server.base_url.as_str())],
        ..Start::default()
    });
    terminal.wait_for_text("No team is set up yet");
    terminal.press(ALT_S);
    terminal.wait_for_text("Go on: what is the team for?");
    terminal.wait_for_text("OpenAI-compatible");
    terminal.press(ENTER);
    terminal.wait_for_text("bug-hunt");
    terminal.press(ENTER);
    terminal.wait_for_text("Try them");
    terminal.press("t");
    terminal.wait_for_text("answers in");
    terminal.press(TAB);
    terminal.wait_for_text("a turn at most");
    terminal.press(TAB);
    terminal.wait_for_text("Where is it saved?");
    // Back and on again: what was chosen stays.
    terminal.press(ESC);
    terminal.wait_for_text("a turn at most");
    terminal.press(TAB);
    terminal.wait_for_text("This project");
    terminal.press(ENTER);
    terminal.wait_for_text("Saved:");
    let saved = std::fs::read_to_string(terminal.home.path().join("massgen-tui.yaml")).unwrap();
    assert!(saved.contains("type: chatcompletion"), "{saved}");
    terminal.press(ENTER);
    terminal.wait_for_text("2 agents");
    terminal.press("Say something.");
    terminal.press(ENTER);
    terminal.wait_for_text("Final answer");
    terminal.press("q");
    let (code, text) = terminal.end();
    assert_eq!(code, 0);
    assert!(!text.contains("scripted demo"), "{text}");
}

#[test]
fn a_prompt_that_is_kept_is_filled_in_on_the_start_screen() {
    let mut terminal = Terminal::start(&Start {
        arguments: &["--demo-speed", "max"],
        ..Start::default()
    });
    terminal.wait_for_text("Enter run");
    terminal.press(ALT_P);
    terminal.wait_for_text("find-bug");
    terminal.press("explain");
    terminal.wait_for("the list is narrow", |screen| {
        !screen.contents().contains("find-bug")
    });
    terminal.press(ENTER);
    terminal.wait_for_text("subject:");
    terminal.press("the scheduler");
    terminal.press(ENTER);
    terminal.press(ENTER);
    terminal.wait_for_text("Explain the scheduler to an experienced");
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().0, 0);
}
