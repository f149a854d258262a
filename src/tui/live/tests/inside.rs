//! A team in the place of an agent, one level down: the same screen, live and read back.

use super::{
    scenes,
    stage::{Stage, id, label, text_of},
};
use crate::{
    protocol::{AgentEvent, Purpose, RoundEnd},
    tui::live::Input,
};

/// A team whose second agent is the team of this stage.
fn around(below: &Stage) -> Stage {
    let mut stage = Stage::new(&[("ada", "m"), ("crew", "team of 3")]);
    stage.round(2, 1, Purpose::Work, &[]);
    for event in &below.log {
        stage.agent(2, AgentEvent::Nested(Box::new(event.clone())));
    }
    stage
}

/// Without the row that says where one is.
fn inner(screen: &str) -> Vec<&str> {
    screen.lines().skip(1).collect()
}

#[test]
fn the_screen_below_is_the_screen_of_that_team() {
    for scene in [scenes::tool, scenes::voted, scenes::finished] {
        let mut alone = scene();
        let mut stage = around(&alone);
        stage.shared.now = alone.shared.now;
        stage.act(&["focus-2", "inside"]);
        for (columns, rows) in [(120, 36), (80, 24), (40, 12)] {
            let below = stage.screen(columns, rows + 1);
            assert!(below.starts_with("▸ inside crew · team of"), "{below}");
            let plain = alone.screen(columns, rows);
            assert_eq!(inner(&below), plain.lines().collect::<Vec<_>>());
        }
        // The same session, read back from the log, opened before or after.
        let mut read = Stage::empty();
        read.log.clone_from(&stage.log);
        for event in &stage.log {
            read.take(event);
        }
        read.shared.now = stage.shared.now;
        read.act(&["focus-2", "inside"]);
        assert_eq!(read.screen(80, 24), stage.screen(80, 24));
    }
}

#[test]
fn one_key_leads_in_and_one_out() {
    let mut stage = around(&scenes::voted());
    let above = stage.screen(80, 24);
    assert!(above.contains("team working"), "{above}");
    assert!(above.contains("voted for"), "{above}");
    // The first agent is a model.
    stage.act(&["inside"]);
    assert!(stage.screen(80, 24).contains("is no team"));
    stage.act(&["focus-2", "inside"]);
    assert!(stage.screen(80, 24).contains("inside crew"));
    assert_eq!(stage.live.focused_agent(), Some(id(2)), "words go to it");
    // Back closes what is open below first.
    stage.act(&["zoom", "back"]);
    assert!(stage.screen(80, 24).contains("inside crew"));
    stage.act(&["back"]);
    assert!(!stage.screen(80, 24).contains("inside crew"));
    stage.act(&["inside", "inside"]);
    assert!(!stage.screen(80, 24).contains("inside crew"));
}

#[test]
fn a_team_that_was_cut_off_is_not_shown_as_running() {
    let mut stage = around(&scenes::tool());
    stage.act(&["focus-2", "inside"]);
    stage.ended(2, 1, RoundEnd::Interrupted);
    let screen = stage.screen(80, 24);
    assert!(screen.contains("did not wait for it"), "{screen}");
    let state = stage.shared.run.turn.as_ref().unwrap();
    let agent = state.agent(id(2)).unwrap();
    assert!(agent.team().unwrap().is_over());
    assert_eq!(agent.team_status(), None);
}

#[test]
fn a_team_that_works_again_is_shown_anew() {
    let below = scenes::finished();
    let mut stage = around(&below);
    stage.ended(2, 1, RoundEnd::Published);
    stage.round(2, 2, Purpose::Work, &[label(1, 1)]);
    for event in &scenes::tool().log {
        stage.agent(2, AgentEvent::Nested(Box::new(event.clone())));
    }
    stage.act(&["focus-2", "inside"]);
    let mut alone = scenes::tool();
    stage.shared.now = alone.shared.now;
    let screen = stage.screen(80, 25);
    let plain = alone.screen(80, 24);
    // The body is that of the new run; the account of the session is of both.
    assert_eq!(
        screen.lines().skip(3).collect::<Vec<_>>(),
        plain.lines().skip(2).collect::<Vec<_>>()
    );
    let turn = stage.shared.run.turn.as_ref().unwrap();
    let nested = turn.agent(id(2)).unwrap().nested.as_ref().unwrap();
    assert_eq!(nested.turns().count(), 2);
}

#[test]
fn keys_and_mouse_go_below_while_it_is_open() {
    let mut stage = around(&scenes::voted());
    stage.act(&["focus-2", "inside"]);
    let _ = stage.screen(80, 24);
    stage.act(&["search"]);
    assert!(stage.live.capturing_text());
    for letter in "a".chars() {
        let _ = stage.live.input(Input::Char(letter), &stage.shared);
    }
    let _ = stage.live.input(Input::Esc, &stage.shared);
    assert!(!stage.live.capturing_text());
    for row in 0..24 {
        let click = Input::Click { column: 20, row };
        let _ = stage.live.input(click, &stage.shared);
        assert!(text_of(&stage.buffer(80, 24)).contains("inside crew"));
    }
}
