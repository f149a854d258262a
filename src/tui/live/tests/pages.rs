//! Pages without a tab: every answer with what changed, every tool call, what the session is.

use insta::assert_snapshot;

use super::stage::Stage;
use crate::protocol::{AgentEvent, Purpose, ToolEvent, ToolNote};

/// A turn in which answers were improved and a tool failed.
fn worked() -> Stage {
    let mut stage = Stage::new(&[("mia", "large-1"), ("leo", "small-2")]);
    for number in [1, 2] {
        stage.round(number, 1, Purpose::Work, &[]);
    }
    let started = |call: &str, command: &str| {
        AgentEvent::Tool(ToolEvent::Started {
            call: call.to_owned(),
            name: "run_command".to_owned(),
            arguments: format!("{{\"command\":\"{command}\"}}"),
        })
    };
    let finished = |call: &str, ok, output: &str| {
        AgentEvent::Tool(ToolEvent::Finished {
            call: call.to_owned(),
            ok,
            output: output.to_owned(),
            elapsed_ms: 2_300,
        })
    };
    stage.agent(1, started("a", "ls"));
    stage.agent(2, started("a", "cargo test"));
    stage.agent(1, finished("a", true, "one\ntwo\n"));
    let note = ToolNote::Exit {
        code: Some(101),
        cut: None,
        tier: "landlock".to_owned(),
    };
    let call = "a".to_owned();
    stage.agent(2, AgentEvent::Tool(ToolEvent::Noted { call, note }));
    stage.agent(2, finished("a", false, "1 test failed\n"));
    stage.publishes(1, 1, "Light is bent by air.\n\nBlue goes furthest.\n");
    stage.publishes(2, 1, "The sky is blue because air scatters light.\n");
    let seen = [super::stage::label(2, 1)];
    stage.wait(5_000);
    stage.round(1, 2, Purpose::Work, &seen);
    stage.publishes(
        1,
        2,
        "Light is scattered by air.\n\nBlue goes furthest.\n\nRed hardly at all.\n",
    );
    stage
}

fn page(stage: &mut Stage, more: &str) {
    stage.act(&[more]);
}

fn at_all_sizes(stage: &mut Stage) -> String {
    [(40, 12), (80, 24), (160, 48)]
        .map(|(width, height)| {
            let screen = stage.screen(width, height);
            let rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
            let told = |row: &&str| row.contains(char::is_alphanumeric);
            let last = rows.iter().rposition(told).unwrap_or(0);
            format!("{width}x{height}\n{}", rows[..=last].join("\n"))
        })
        .join("\n")
}

#[test]
fn every_answer_and_what_changed() {
    let mut stage = worked();
    page(&mut stage, "show-answers");
    assert_snapshot!("answers_whole", at_all_sizes(&mut stage));
    stage.act(&["sift"]);
    assert_snapshot!("answers_compared", at_all_sizes(&mut stage));
    // With one selected, every other is compared with it.
    stage.act(&["sift"]);
    stage.screen(80, 24);
    stage.act(&["next-card"]);
    stage.act(&["sift"]);
    assert_snapshot!("answers_against_one", at_all_sizes(&mut stage));
    page(&mut stage, "show-answers");
    assert!(stage.screen(80, 24).contains("mia"), "back to the panes");
}

#[test]
fn every_tool_call_and_those_that_failed() {
    let mut stage = worked();
    page(&mut stage, "show-calls");
    assert_snapshot!("calls_all", at_all_sizes(&mut stage));
    stage.act(&["sift"]);
    assert_snapshot!("calls_failed", at_all_sizes(&mut stage));
    let mut empty = Stage::new(&[("mia", "large-1")]);
    page(&mut empty, "show-calls");
    assert!(empty.screen(80, 24).contains("No tool was called"));
}

#[test]
fn where_it_ran_and_with_what() {
    let mut stage = worked();
    page(&mut stage, "show-about");
    assert_snapshot!("about", at_all_sizes(&mut stage));
}

#[test]
fn the_timeline_says_why_somebody_began_anew() {
    let mut stage = worked();
    stage.act(&["show-timeline"]);
    let screen = stage.screen(80, 24);
    assert!(
        screen.contains("mia begins round 2: agent2.1 is new to it"),
        "{screen}"
    );
}
