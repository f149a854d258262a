//! From wherever one goes, Esc leads out.

use proptest::prelude::*;

use super::kit::{Person, options};
use crate::{
    protocol::RunId,
    tui::{
        action::{Action, Run},
        compare, desk, guide,
        model::Screen,
        msg::Msg,
        notes,
        options::StartOptions,
        rooms::Act,
        sessions,
    },
};

/// What opens rooms.
const DOORS: [Action; 7] = [
    Action::Room(Act::Sessions(sessions::Action::Show)),
    Action::Room(Act::Desk(desk::Action::Open(desk::Page::Settings))),
    Action::Room(Act::Desk(desk::Action::Open(desk::Page::Log))),
    Action::Room(Act::Guide(guide::Action::Open)),
    Action::Room(Act::Compare(compare::Action::Take(compare::Take::Show))),
    Action::Room(Act::Notes(notes::Action::Here(notes::Here::Open))),
    Action::Run(Run::Report),
];

/// Most times Esc is pressed: each room once, with a page or a search of it to close before.
const PATIENCE: usize = 40;

/// Somebody who compared two sessions, perhaps with a team on the screen.
fn person(session: bool) -> Person {
    let run = |name: &str| RunId(name.to_owned());
    let mut person = Person::at(
        80,
        24,
        &StartOptions {
            compared: vec![run("run-1"), run("run-2")],
            ..options()
        },
    );
    if session {
        person.begins(1).ends();
    }
    person
}

/// Presses Esc until a screen stands that has nothing behind it.
fn leaves(person: &mut Person) -> Option<Screen> {
    for _ in 0..PATIENCE {
        if matches!(person.model.screen, Screen::Start | Screen::Live) {
            return Some(person.model.screen);
        }
        person.press("esc").sees();
    }
    None
}

#[test]
fn two_rooms_do_not_lead_to_each_other_for_ever() {
    let mut person = person(true);
    assert_eq!(leaves(&mut person), Some(Screen::Live));
    for door in [0, 4, 0, 4] {
        person.send(Msg::Action(DOORS[door]));
    }
    assert_eq!(person.model.screen, Screen::Compare);
    person.press("esc");
    assert_eq!(person.model.screen, Screen::Sessions);
    person.press("esc");
    assert_eq!(person.model.screen, Screen::Live);
}

#[test]
fn a_draft_is_gone_on_with_after_a_look_at_the_list() {
    let mut person = Person::new();
    person.begins(1).press("i").write("Think of the sea");
    person.press("f6 esc").write("!");
    assert_eq!(person.model.composer.text(), "Think of the sea!");
}

proptest! {
    #[test]
    fn esc_leads_out_of_every_room(
        session: bool,
        steps in prop::collection::vec((0..DOORS.len(), prop::bool::weighted(0.2)), 0..24),
    ) {
        let mut person = person(session);
        for (door, back) in steps {
            person.send(Msg::Action(DOORS[door]));
            if back {
                person.press("esc");
            }
            person.sees();
        }
        let ground = if session { Screen::Live } else { Screen::Start };
        prop_assert_eq!(leaves(&mut person), Some(ground));
    }
}
