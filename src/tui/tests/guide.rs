//! Setting a team up, as the rest of the screen sees it.

use super::kit::Person;
use crate::{
    protocol::{Command, Origin},
    tui::{
        action::Action,
        effect::{Done, Effect, Query},
        guide::{self, Ask, Keys, Part, Saved, Spot, Told},
        model::Screen,
        msg::Msg,
        options::{Given, TeamSummary},
        rooms::{self, Act},
        theme::Named,
    },
};

/// Answers what the screen asked on opening: nothing is at hand, one file can be written.
fn answer(person: &mut Person) {
    for effect in person.took() {
        let Effect::Query {
            ticket,
            query: Query::Room(rooms::Ask::Guide(ask)),
        } = effect
        else {
            continue;
        };
        let told = match *ask {
            Ask::Keys => Told::Keys(Box::new(Keys {
                part: Part::default(),
                day: "2026-11-22".to_owned(),
                spots: vec![Spot {
                    whose: "This project".to_owned(),
                    path: "massgen-tui.yaml".to_owned(),
                    exists: false,
                }],
            })),
            Ask::Servers | Ask::Programs => Told::Part(Part::default()),
            Ask::Save { path, .. } => Told::Saved(Ok(Box::new(Saved {
                path,
                old: None,
                team: TeamSummary {
                    title: "massgen-tui.yaml".to_owned(),
                    agents: Vec::new(),
                    origin: Origin::Direct,
                },
                given: Given::Nothing,
            }))),
            other => panic!("{other:?}"),
        };
        let told = rooms::Told::Guide(Box::new(told));
        person.send(Msg::Done(ticket, Done::Room(told)));
    }
}

/// As the list of commands does it: Alt-S is of the start screen.
fn open(person: &mut Person) {
    person.send(Msg::Action(Action::Room(Act::Guide(guide::Action::Open))));
}

/// On the page of limits, over a session that has ended.
fn on_limits() -> Person {
    let mut person = Person::new();
    person.begins(1).ends();
    open(&mut person);
    answer(&mut person);
    person.press("enter enter tab");
    let seen = person.sees();
    assert!(seen.contains("‹ as it is ›"), "{seen}");
    person
}

#[test]
fn a_theme_is_on_the_screen_at_once_and_can_be_taken_back() {
    let mut person = on_limits();
    let found = person.model.shared.theme;
    person.press("up right right");
    assert_eq!(person.model.shared.theme, Named::Dark.theme());
    person.press("esc esc esc esc");
    assert_eq!(person.model.screen, Screen::Live);
    assert_eq!(person.model.shared.theme, Named::Dark.theme());
    // What it was is still known after leaving and coming again.
    open(&mut person);
    answer(&mut person);
    person.press("tab tab tab left left");
    assert_eq!(person.model.shared.theme, found);
}

#[test]
fn the_new_team_begins_without_the_session_that_ended() {
    let mut person = on_limits();
    person.took();
    person.press("tab enter");
    answer(&mut person);
    person.press("enter");
    assert_eq!(person.model.screen, Screen::Start);
    assert!(person.model.shared.run.turn.is_none());
    let closes = |effect: &Effect| matches!(effect, Effect::Engine(Command::Close));
    assert!(person.took().iter().any(closes));
    assert!(person.sees().contains("massgen-tui.yaml"));
}
