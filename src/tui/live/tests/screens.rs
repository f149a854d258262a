//! Each screen in three sizes, as text, and once with its styles.

use std::fmt::Write as _;

use super::{
    scenes,
    stage::{Stage, styles_of},
};
use crate::protocol::{AgentEvent, CallEvent, CompactedBy, Usage};
use crate::tui::{live::Input, theme::Theme};

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (160, 48)];

fn check(name: &str, mut stage: Stage) {
    let mut out = String::new();
    for (columns, rows) in SIZES {
        let _ = writeln!(out, "=== {columns}x{rows}");
        out.push_str(&stage.screen(columns, rows));
    }
    snapshot(name, &out);
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn starting() {
    check("starting", scenes::starting());
}

#[test]
fn streaming() {
    check("streaming", scenes::streaming());
}

#[test]
fn tool() {
    check("tool", scenes::tool());
}

#[test]
fn retrying() {
    check("retrying", scenes::retrying());
}

#[test]
fn voted() {
    check("voted", scenes::voted());
}

#[test]
fn benched() {
    check("benched", scenes::benched());
}

#[test]
fn presenting() {
    check("presenting", scenes::presenting());
}

#[test]
fn finished() {
    check("final", scenes::finished());
}

#[test]
fn no_answer() {
    check("no_answer", scenes::no_answer());
}

#[test]
fn zoom() {
    let mut stage = scenes::tool();
    stage.act(&["focus-2", "zoom"]);
    stage.screen(80, 24);
    stage.act(&["previous-card", "previous-card", "toggle-card"]);
    check("zoom", stage);
}

#[test]
fn votes() {
    let mut stage = scenes::voted();
    stage.act(&["show-votes"]);
    check("votes", stage);
}

#[test]
fn team() {
    let mut stage = scenes::benched();
    stage.act(&["show-team"]);
    check("team", stage);
}

#[test]
fn cost() {
    let mut stage = scenes::finished();
    stage.act(&["show-cost"]);
    check("cost", stage);
}

#[test]
fn what_smaller_conversations_saved_is_told_on_both_pages() {
    let mut stage = scenes::streaming();
    let event = CallEvent::Compacted {
        before: 61_000,
        after: 9_000,
        way: CompactedBy::Edited,
        spent: Usage::default(),
        instead: None,
        worth: Some(0.3),
    };
    stage.agent(1, AgentEvent::Call(event));
    stage.pays(1, 9_000, 100, 0.01);
    for page in ["show-cost", "show-team"] {
        stage.act(&[page]);
        let screen = stage.screen(160, 48);
        let words: Vec<&str> = screen.split_whitespace().collect();
        let words = words.join(" ");
        for told in ["61k → 9.0k tokens", "52k tokens were not sent again"] {
            assert!(words.contains(told), "{page}: {screen}");
        }
        stage.act(&[page]);
    }
}

#[test]
fn cost_before_the_first_call() {
    let mut stage = scenes::starting();
    stage.act(&["show-cost"]);
    assert!(stage.screen(80, 24).contains("nothing was spent"));
}

#[test]
fn timeline() {
    let mut stage = scenes::benched();
    stage.act(&["show-timeline"]);
    check("timeline", stage);
}

#[test]
fn search() {
    let mut stage = scenes::voted();
    stage.act(&["search"]);
    for letter in "blue".chars() {
        let _ = stage.live.input(Input::Char(letter), &stage.shared);
    }
    stage.screen(80, 24);
    stage.act(&["search-next"]);
    check("search", stage);
}

#[test]
fn scrolled() {
    let mut stage = scenes::voted();
    stage.screen(80, 24);
    stage.act(&["scroll-up", "scroll-up"]);
    stage.votes(1, None, "on second thought, both are good");
    check("scrolled", stage);
}

#[test]
fn earlier_turn() {
    let mut stage = scenes::finished();
    stage.start(&scenes::TEAM, "And why is the sea blue?");
    stage.act(&["earlier-turn", "show-agents"]);
    check("earlier_turn", stage);
}

#[test]
fn unfinished_log() {
    let mut stage = scenes::voted();
    stage.shared.live = false;
    stage.act(&["show-final"]);
    check("unfinished_log", stage);
}

#[test]
fn a_hundred_agents_with_long_names() {
    let names: Vec<String> = (1..=100)
        .map(|number| format!("agent-with-a-rather-long-name-{number}-研究者"))
        .collect();
    let team: Vec<_> = names.iter().map(|name| (name.as_str(), "model")).collect();
    let mut stage = Stage::new(&team);
    for _ in 0..56 {
        stage.act(&["focus-next"]);
    }
    check("hundred", stage);
}

#[test]
fn tiny_screens_keep_the_state() {
    let mut out = String::new();
    for (columns, rows) in [(20, 5), (30, 6), (20, 2), (8, 3), (20, 1)] {
        let _ = writeln!(out, "=== {columns}x{rows}");
        out.push_str(&scenes::tool().screen(columns, rows));
    }
    out.push_str("=== 20x5 final\n");
    out.push_str(&scenes::finished().screen(20, 5));
    snapshot("tiny", &out);
}

#[test]
fn styles() {
    let mut stage = scenes::voted();
    snapshot("styles", &styles_of(&stage.buffer(80, 24)));
    stage.shared.theme = Theme::plain();
    snapshot("styles_without_colour", &styles_of(&stage.buffer(80, 24)));
}
