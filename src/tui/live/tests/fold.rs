//! What a pane holds after which events.

use super::{
    scenes,
    stage::{Stage, dump, label},
};
use crate::{
    protocol::{
        AgentEvent, Answer, Ballot, BallotEvent, CallEvent, Channel, Failure, FailureKind, Label,
        Purpose, RoundEnd, RunEvent, SteerId, SteerState, Target,
    },
    tui::live::{
        flow::{BYTES, ROWS},
        tests::stage::id,
    },
};

fn one() -> Stage {
    Stage::new(&[("mia", "m"), ("ravi", "n")])
}

fn check(stage: &mut Stage, expected: &str) {
    let expected: Vec<_> = expected.lines().map(str::trim_end).collect();
    let dumped = dump(stage, 0, 60);
    let dumped: Vec<_> = dumped.lines().collect();
    assert_eq!(dumped, expected);
}

#[test]
fn a_round_names_its_task_and_its_view() {
    let mut stage = one();
    stage.round(1, 1, Purpose::Work, &[]);
    stage.round(1, 2, Purpose::Revote, &[label(1, 1), label(2, 1)]);
    check(
        &mut stage,
        "round 1 · work\n\nround 2 · vote again · sees agent1.1 agent2.1",
    );
}

#[test]
fn a_draft_becomes_the_answer_and_is_not_repeated() {
    let mut stage = one();
    stage.says(1, Channel::Draft, "Blue");
    check(&mut stage, "✎ drafting answer\nBlue");
    stage.says(1, Channel::Draft, " light.");
    stage.publishes(1, 1, "Blue light.");
    stage.ended(1, 1, RoundEnd::Published);
    check(&mut stage, "★ answer agent1.1\nBlue light.");
}

#[test]
fn an_accepted_text_replaces_a_draft_that_differs() {
    let mut stage = one();
    stage.says(1, Channel::Draft, "Blue ligh");
    stage.publishes(1, 1, "Blue light, mostly.");
    check(&mut stage, "★ answer agent1.1\nBlue light, mostly.");
}

#[test]
fn plain_text_that_is_published_for_the_agent_gets_the_label() {
    let mut stage = one();
    stage.says(1, Channel::Text, "Just blue.");
    stage.agent(
        1,
        AgentEvent::Published(Answer {
            label: label(1, 1),
            text: "Just blue.".to_owned(),
            auto: true,
            changes: Vec::new(),
        }),
    );
    check(
        &mut stage,
        "★ answer agent1.1 · taken from its text\nJust blue.",
    );
}

#[test]
fn an_answer_that_was_never_streamed_is_shown_whole() {
    let mut stage = one();
    stage.says(1, Channel::Text, "I will answer.");
    stage.publishes(1, 1, "Blue.");
    check(&mut stage, "I will answer.\n★ answer agent1.1\nBlue.");
}

#[test]
fn a_refused_draft_says_so_and_the_next_one_is_apart() {
    let mut stage = one();
    stage.says(1, Channel::Draft, "Blue.");
    stage.agent(
        1,
        AgentEvent::Refused {
            act: "new_answer".to_owned(),
            reason: "too similar to agent2.1".to_owned(),
            setback: crate::protocol::Setback::Refused,
        },
    );
    stage.says(1, Channel::Draft, "Green.");
    stage.ended(1, 1, RoundEnd::Interrupted);
    check(
        &mut stage,
        "✎ draft, not accepted\nBlue.\n! answer not accepted: too similar to agent2.1\n\
         ✎ draft, not published\nGreen.\n⊘ round 1 cut off",
    );
}

#[test]
fn thinking_shows_its_end_while_it_runs_and_folds_after() {
    let mut stage = one();
    for number in 1..=9 {
        stage.says(1, Channel::Thinking, &format!("thought {number}\n"));
    }
    check(
        &mut stage,
        "▸ thinking · 18 words\n  thought 8\n  thought 9",
    );
    stage.says(1, Channel::Text, "\n\nSo.");
    check(&mut stage, "▸ thinking · 18 words\nSo.");
}

#[test]
fn tool_calls_are_cards_that_open() {
    let mut stage = one();
    stage.calls(1, "a", "grep", r#"{"pattern":"x"}"#);
    stage.wait(1_500);
    check(&mut stage, "▸ ⠋ grep 1.5 s · pattern: x");
    stage.returns(1, "a", true, "one\ntwo\n", 1_600);
    stage.calls(1, "b", "shell", "{}");
    stage.ended(1, 1, RoundEnd::Failed);
    check(
        &mut stage,
        "▸ ✓ grep 1.6 s · pattern: x\n▸ ⊘ shell cut off\n✗ round 1 failed",
    );
    stage.screen(60, 20);
    stage.act(&["toggle-all-cards"]);
    check(
        &mut stage,
        "▾ ✓ grep 1.6 s · pattern: x\n  {\n    \"pattern\": \"x\"\n  }\n  one\n  two\n\
         ▾ ⊘ shell cut off\n  {}\n✗ round 1 failed",
    );
    stage.act(&["toggle-all-cards"]);
    check(
        &mut stage,
        "▸ ✓ grep 1.6 s · pattern: x\n▸ ⊘ shell cut off\n✗ round 1 failed",
    );
}

#[test]
fn remarks_stand_where_they_happened() {
    let mut stage = one();
    stage.agent(
        1,
        AgentEvent::Call(CallEvent::Retrying {
            attempt: 2,
            wait_ms: 3_000,
            failure: Failure::new(FailureKind::RateLimit, "429 from the server"),
        }),
    );
    stage.agent(
        1,
        AgentEvent::Delivered {
            labels: vec![label(2, 1)],
        },
    );
    stage.votes(1, Some(label(2, 1)), "better");
    stage.drops(
        vec![super::stage::ballot(1, Some(label(2, 1)), "better")],
        label(2, 2),
    );
    stage.agent(
        1,
        AgentEvent::Ballot(BallotEvent::Auto(Ballot {
            voter: id(1),
            target: None,
            reason: String::new(),
            epoch: 2,
            marks: crate::protocol::Marks::Single,
        })),
    );
    stage.run(RunEvent::Steer {
        id: SteerId(1),
        target: Target::One(id(1)),
        text: "be brief".to_owned(),
        state: SteerState::Queued,
    });
    for state in [SteerState::Delivered(id(1)), SteerState::Missed(id(1))] {
        stage.run(RunEvent::Steer {
            id: SteerId(1),
            target: Target::One(id(1)),
            text: String::new(),
            state,
        });
    }
    stage.fails(
        1,
        Failure::new(FailureKind::Auth, "401 from the server").hint("Set the key."),
    );
    check(
        &mut stage,
        "↻ attempt 2 in 3.0 s: rate limited, 429 from the server\n\
         ↓ read agent2.1\n\
         ✓ votes agent2.1 (ravi): better\n\
         ⊘ vote for agent2.1 dropped: agent2.2 is newer\n\
         ○ abstains (no usable vote)\n\
         » you: be brief\n\
         » you, not heard: be brief\n\
         ✗ out: no access\n  401 from the server\n  → Set the key.",
    );
}

#[test]
fn events_seen_before_or_about_strangers_change_nothing() {
    let mut stage = scenes::voted();
    let before = dump(&mut stage, 0, 60);
    let first = stage.log[3].clone();
    stage.take(&first);
    stage.says(9, Channel::Text, "who is this?");
    stage.votes(9, Some(Label::new(id(9), 1)), "me");
    assert_eq!(dump(&mut stage, 0, 60), before);
}

#[test]
fn a_pane_is_bounded_by_bytes() {
    let mut stage = one();
    let line = format!("{}\n\n", "word ".repeat(200));
    for _ in 0..9 * BYTES / 8 / line.len() {
        stage.says(1, Channel::Text, &line);
    }
    let flow = &mut stage.live.panes[0].transcript.flow;
    assert!(flow.weight() <= BYTES, "{} bytes", flow.weight());
    let text = dump(&mut stage, 0, 2_000);
    assert!(
        text.starts_with("⋯ older output dropped here"),
        "{}",
        &text[..200]
    );
}

#[test]
fn a_pane_is_bounded_by_rows() {
    let mut stage = one();
    for number in 0..ROWS + 500 {
        stage.agent(
            1,
            AgentEvent::Delivered {
                labels: vec![label(2, u32::try_from(number).expect("small"))],
            },
        );
    }
    stage.screen(80, 24);
    let flow = &stage.live.panes[0].transcript.flow;
    assert_eq!(flow.total(), ROWS);
    stage.act(&["top"]);
    let screen = stage.screen(80, 24);
    assert!(screen.contains("older output dropped here"), "{screen}");
}

#[test]
fn one_endless_line_is_bounded_and_ends_in_sight() {
    let mut stage = one();
    for _ in 0..3 {
        stage.says(1, Channel::Text, &"x".repeat(2 * BYTES / 3));
    }
    stage.says(1, Channel::Text, " the end.");
    let screen = stage.screen(100, 30);
    assert!(screen.contains("end."), "{screen}");
    assert!(stage.live.panes[0].transcript.flow.total() <= ROWS);
}
