//! The page of metrics: empty, running, over, with trouble, of several turns, of a log of another program.

use insta::assert_snapshot;

use super::stage::{Stage, id};
use crate::protocol::{
    AgentEvent, CallEvent, Channel, Failure, FailureKind, Label, NoAnswerReason, Outcome,
    OutcomeEnd, Purpose, RoundEnd, RunEvent, Usage,
};

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

/// One call of an agent, with its first word after `first` milliseconds and its end `rest` later.
fn call(stage: &mut Stage, agent: u16, (first, rest): (u64, u64), output: u64) {
    stage.wait(first);
    stage.says(agent, Channel::Text, "Light is bent.\n");
    stage.wait(rest);
    let usage = Usage {
        input: 1_000,
        output,
        calls: 1,
        ..Usage::default()
    };
    stage.agent(agent, AgentEvent::Usage(usage));
}

fn fails(stage: &mut Stage, agent: u16, kind: FailureKind, wait_ms: u64) {
    let failure = Failure::new(kind, "slow down");
    stage.agent(
        agent,
        AgentEvent::Call(CallEvent::Retrying {
            attempt: 2,
            wait_ms,
            failure,
        }),
    );
    stage.wait(wait_ms);
}

fn troubled() -> Stage {
    let mut stage = Stage::new(&[("mia", "large-1"), ("leo", "small-2\u{1b}[31m")]);
    stage.round(1, 1, Purpose::Work, &[]);
    for (first, rest) in [(400, 2_000), (350, 1_500), (900, 8_000)] {
        call(&mut stage, 1, (first, rest), 120);
    }
    stage.round(2, 1, Purpose::Work, &[]);
    fails(&mut stage, 2, FailureKind::RateLimit, 4_000);
    fails(&mut stage, 2, FailureKind::Overloaded, 1_000);
    fails(&mut stage, 2, FailureKind::RateLimit, 7_000);
    call(&mut stage, 2, (12_000, 130_000), 90);
    let failure = Failure::new(FailureKind::Overloaded, "busy");
    let to = "spare-3 at elsewhere".to_owned();
    stage.agent(2, AgentEvent::Call(CallEvent::Switched { to, failure }));
    call(&mut stage, 2, (80, 300), 60);
    stage.agent(
        2,
        AgentEvent::Benched(Failure::new(FailureKind::Quota, "empty")),
    );
    stage
}

#[test]
fn nothing_was_called_yet() {
    let mut stage = Stage::new(&[("mia", "large-1")]);
    stage.act(&["show-metrics"]);
    assert_snapshot!("metrics_empty", at_all_sizes(&mut stage));
    stage.round(1, 1, Purpose::Work, &[]);
    assert!(
        stage
            .screen(80, 24)
            .contains("No model call has ended yet.")
    );
    stage.run(RunEvent::Ended(Outcome::NoAnswer {
        reason: NoAnswerReason::Limit,
        message: String::new(),
    }));
    stage.act(&["show-metrics"]);
    let screen = stage.screen(80, 24);
    assert!(screen.contains("No model was called."), "{screen}");
}

#[test]
fn figures_come_while_it_runs() {
    let mut stage = Stage::new(&[("mia", "large-1")]);
    stage.act(&["show-metrics"]);
    stage.round(1, 1, Purpose::Work, &[]);
    call(&mut stage, 1, (500, 1_500), 100);
    let screen = stage.screen(80, 24);
    assert!(
        screen.contains("1 call ended, 100 reply tokens, 50 tokens/s"),
        "{screen}"
    );
    call(&mut stage, 1, (500, 1_500), 100);
    let screen = stage.screen(80, 24);
    assert!(screen.contains("2 calls ended"), "{screen}");
    assert!(screen.contains("no call failed"), "{screen}");
}

#[test]
fn models_and_their_trouble() {
    let mut stage = troubled();
    stage.act(&["show-metrics"]);
    assert_snapshot!("metrics_troubled", at_all_sizes(&mut stage));
    stage.act(&["show-metrics"]);
    assert!(
        !stage.screen(80, 24).contains("Failures"),
        "back to the panes"
    );
}

#[test]
fn several_turns_are_summed() {
    let mut stage = troubled();
    stage.ended(1, 1, RoundEnd::Published);
    stage.run(RunEvent::Ended(Outcome::Answered {
        winner: Label::new(id(1), 1),
        text: "blue".to_owned(),
        presenter: None,
        end: OutcomeEnd::Consensus,
        changes: Vec::new(),
    }));
    stage.start(&[("mia", "large-1")], "And red?");
    stage.round(1, 1, Purpose::Work, &[]);
    call(&mut stage, 1, (500, 1_500), 100);
    stage.act(&["show-metrics"]);
    assert_snapshot!("metrics_of_turns", at_all_sizes(&mut stage));
}
