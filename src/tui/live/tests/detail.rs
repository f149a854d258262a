//! How much panes show: levels leave rows out and bring them back, and nothing else changes.

use super::stage::{Stage, dump, label};
use crate::{
    protocol::{AgentEvent, Channel, Purpose, RoundEnd},
    tui::{
        detail::Detail,
        live::{Action, Card, Find, Input, Move},
    },
};

/// A pane with a thought, a tool call, something read, an answer and a vote.
fn worked() -> Stage {
    let mut stage = Stage::new(&[("mia", "m"), ("ravi", "n")]);
    stage.round(1, 1, Purpose::Work, &[]);
    stage.says(1, Channel::Thinking, "Hm. Light is bent.");
    stage.calls(1, "c", "grep", "{\"pattern\": \"sky\"}");
    stage.returns(1, "c", true, "sky.txt", 400);
    let labels = vec![label(2, 1)];
    stage.agent(1, AgentEvent::Delivered { labels });
    stage.says(1, Channel::Draft, "Blue light.");
    stage.publishes(1, 1, "Blue light.");
    stage.votes(1, Some(label(1, 1)), "it is short");
    stage.ended(1, 1, RoundEnd::Voted);
    stage
}

fn at(stage: &mut Stage, detail: Detail) -> Vec<String> {
    stage.shared.detail = detail;
    let rows = dump(stage, 0, 60);
    rows.lines().map(|row| row.trim().to_owned()).collect()
}

#[test]
fn each_level_shows_what_it_says() {
    let mut stage = worked();
    let answers = [
        "round 1 · work",
        "★ answer agent1.1",
        "Blue light.",
        "✓ votes agent1.1 (mia): it is short",
    ];
    assert_eq!(at(&mut stage, Detail::Answers), answers);
    let tools = at(&mut stage, Detail::Tools);
    assert!(tools[1].starts_with("▸ ✓ grep"), "{tools:?}");
    assert_eq!(tools[2], "↓ read agent2.1");
    assert_eq!(tools.len(), answers.len() + 2);
    let usual = at(&mut stage, Detail::Usual);
    assert_eq!(usual[1], "▸ thinking · 4 words");
    assert_eq!(usual.len(), answers.len() + 3);
    let full = at(&mut stage, Detail::Full);
    assert_eq!(full[1..3], ["▾ thinking · 4 words", "Hm. Light is bent."]);
    assert!(full.iter().any(|row| row.contains("sky.txt")), "{full:?}");
    // And back again.
    assert_eq!(at(&mut stage, Detail::Usual), usual);
    assert_eq!(at(&mut stage, Detail::Answers), answers);
}

#[test]
fn what_was_opened_or_closed_by_hand_stays_so() {
    let mut stage = worked();
    at(&mut stage, Detail::Full);
    stage.live.focus_on(0);
    let act = |stage: &mut Stage, action| {
        let _ = stage.live.update(action, &stage.shared);
    };
    act(&mut stage, Action::Scroll(Move::Top));
    act(&mut stage, Action::Card(Card::Next));
    act(&mut stage, Action::Card(Card::Toggle));
    let full = at(&mut stage, Detail::Full);
    assert_eq!(full[1], "▸ thinking · 4 words", "{full:?}");
    act(&mut stage, Action::Card(Card::Toggle));
    let usual = at(&mut stage, Detail::Usual);
    assert_eq!(usual[1], "▾ thinking · 4 words", "{usual:?}");
}

#[test]
fn a_search_finds_only_what_can_be_shown() {
    let mut stage = worked();
    let found = |stage: &mut Stage, detail| {
        stage.shared.detail = detail;
        let _ = stage
            .live
            .update(Action::Search(Find::Close), &stage.shared);
        let _ = stage.live.update(Action::Search(Find::Open), &stage.shared);
        let needle = Input::Paste("light".to_owned());
        let _ = stage.live.input(needle, &stage.shared);
        let seen = stage.screen(80, 24);
        seen.contains("1/2")
    };
    assert!(found(&mut stage, Detail::Usual));
    assert!(!found(&mut stage, Detail::Answers));
}
