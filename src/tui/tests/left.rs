//! What a crash left behind: offered on the start screen, dealt with in a list.

use insta::assert_snapshot;

use super::kit::{Person, on_each};
use crate::{
    protocol::{Failure, FailureKind, Left, RunId, Timestamp},
    tui::{
        LeftAsk, LeftTold,
        effect::{Done, Effect, Query, Ticket},
        msg::Msg,
        replay::Reading,
    },
};

fn left(number: u32, bytes: Option<u64>) -> Left {
    Left {
        run: RunId(format!("20261121-10153{number}-k3f9")),
        folders: vec!["/home/ada/projects/kettle".to_owned()],
        trees: 3,
        files: number,
        touched: Timestamp(0),
        bytes,
    }
}

/// What was asked about worktrees since it was last looked at.
fn asked(person: &mut Person) -> Vec<LeftAsk> {
    let effects = person.took().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Query {
                query: Query::Left(ask),
                ..
            } => Some(ask),
            _ => None,
        })
        .collect()
}

fn tell(person: &mut Person, told: LeftTold) {
    person.send(Msg::Done(Ticket(Ticket::TOP), Done::Left(told)));
}

fn listed(person: &mut Person, all: &[Left]) {
    tell(person, LeftTold::Listed(Ok(all.to_vec())));
}

#[test]
fn the_start_screen_offers_it() {
    assert_snapshot!(on_each(|person| {
        person.find_servers(Vec::new());
        listed(person, &[left(1, None), left(2, None)]);
    }));
}

#[test]
fn the_list_of_it() {
    assert_snapshot!(on_each(|person| {
        person.find_servers(Vec::new());
        listed(person, &[left(1, None), left(2, None)]);
        person.press("alt-o");
        listed(person, &[left(1, Some(13 << 20)), left(2, Some(3 << 30))]);
        person.press("down");
    }));
}

#[test]
fn it_is_looked_for_first_and_then_the_house_is_kept_once() {
    let mut person = Person::new();
    assert_eq!(asked(&mut person), [LeftAsk::List]);
    listed(&mut person, &[]);
    assert_eq!(asked(&mut person), [LeftAsk::Tidy]);
    assert!(!person.sees().contains("cut off"), "nothing is offered");
    listed(&mut person, &[]);
    assert_eq!(asked(&mut person), []);
    tell(&mut person, LeftTold::Tidied(Some("Cleared away.".into())));
    assert!(person.sees().contains("Cleared away."));
}

#[test]
fn each_deed_is_asked_for_once_and_told() {
    let run = left(2, None).run;
    for (key, wanted) in [
        ("1", LeftAsk::Keep(run.clone())),
        ("2", LeftAsk::WriteOut(run.clone())),
        ("3", LeftAsk::Clear(run.clone())),
    ] {
        let mut person = Person::new();
        listed(&mut person, &[left(1, None), left(2, None)]);
        asked(&mut person);
        person.press("alt-o");
        assert_eq!(asked(&mut person), [LeftAsk::Weigh]);
        person.press("down").press(key);
        assert_eq!(asked(&mut person), [wanted]);
        // Not twice at once.
        person.press(key);
        assert_eq!(asked(&mut person), []);
        tell(&mut person, LeftTold::Done(Ok("It is done.".into())));
        assert_eq!(asked(&mut person), [LeftAsk::Weigh]);
        listed(&mut person, &[left(1, None)]);
        assert!(person.sees().contains("20261121-101531"));
        assert!(!person.sees().contains("20261121-101532"));
        listed(&mut person, &[]);
        assert!(person.sees().contains("No session was cut off"));
        person.press("1");
        assert_eq!(asked(&mut person), []);
        person.press("esc");
        assert!(!person.sees().contains("cut off"));
    }
}

#[test]
fn what_fails_is_told_and_can_be_tried_again() {
    let mut person = Person::new();
    listed(&mut person, &[left(1, None)]);
    person.press("alt-o").press("1");
    asked(&mut person);
    let busy = Failure::new(FailureKind::Local, "Another massgen-tui works with it.");
    tell(&mut person, LeftTold::Done(Err(busy)));
    assert!(person.sees().contains("Another massgen-tui"));
    person.press("1");
    assert_eq!(asked(&mut person), [LeftAsk::Keep(left(1, None).run)]);
}

#[test]
fn enter_opens_the_session() {
    let mut person = Person::new();
    listed(&mut person, &[left(1, None)]);
    person.press("alt-o").press("enter");
    let opened = person.took().into_iter().any(|effect| {
        matches!(effect, Effect::Query { query: Query::Open(Reading { run, .. }), .. } if run == left(1, None).run)
    });
    assert!(opened);
}
