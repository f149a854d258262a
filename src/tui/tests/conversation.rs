//! Tasks of a conversation template on the screen: they follow one another, are seen, and can be stopped.

use super::{aside, kit::Person};
use crate::{
    protocol::{Command, EventKind, NoAnswerReason, Outcome, RunEvent},
    setup::preset,
    tui::{
        effect::{Done, Effect, Ticket},
        guide::Told,
        msg::Msg,
        rooms,
    },
};

/// On the start screen, with a template of three tasks picked.
fn picked() -> Person {
    let mut person = Person::new();
    person.press("alt-p");
    let text = "One.\n=== next ===\nTwo?\n=== next ===\nThree!";
    let presets = vec![preset::parse("steps", text).unwrap()];
    let told = Told::Prompts(presets, Vec::new());
    let done = Done::Room(rooms::Told::Guide(Box::new(told)));
    person.send(Msg::Done(Ticket(Ticket::TOP), done));
    person.press("enter");
    person
}

/// The same, with the first task at work.
fn at_work() -> Person {
    let mut person = picked();
    person.press("enter");
    assert!(
        person
            .took()
            .iter()
            .any(|effect| matches!(effect, Effect::Launch { .. }))
    );
    person.begins(1);
    person.took();
    person
}

fn sent(person: &mut Person) -> Vec<String> {
    let effects = person.took().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Engine(Command::FollowUp { prompt }) => Some(prompt),
            _ => None,
        })
        .collect()
}

fn fails(person: &mut Person) {
    person.hear(EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
        reason: NoAnswerReason::AllFailed,
        message: "Nobody answered.".to_owned(),
    })));
}

#[test]
fn each_task_follows_when_the_one_before_is_answered() {
    let mut person = picked();
    assert!(person.sees().contains("Task 1 of 3, the others follow"));
    let mut person = at_work();
    assert!(
        person.sees().contains("task 2 of 3 follows"),
        "{}",
        person.sees()
    );
    person.says(1, "First.").ends();
    assert_eq!(sent(&mut person), ["Two?"]);
    assert!(person.sees().contains("Sent task 2 of 3: Two?"));
    person.begins(2).says(1, "Second.").ends();
    assert_eq!(sent(&mut person), ["Three!"]);
    person.begins(3).says(1, "Third.").ends();
    assert_eq!(sent(&mut person), [""; 0]);
    assert!(!person.sees().contains("of 3 waits"), "{}", person.sees());
}

#[test]
fn a_turn_without_an_answer_or_words_on_the_way_hold_it() {
    let mut person = at_work();
    fails(&mut person);
    assert_eq!(sent(&mut person), [""; 0]);
    assert!(person.sees().contains("task 2 of 3"), "{}", person.sees());
    person.press("i").press("enter");
    assert_eq!(sent(&mut person), ["Two?"]);
    // What the person writes is not pushed aside.
    person.begins(2).press("i").write("wait").says(1, "Second.");
    person.ends();
    assert_eq!(sent(&mut person), [""; 0]);
    person.press("enter");
    assert_eq!(sent(&mut person), ["wait"]);
    // Their own task does not let the others run on by themselves.
    person.begins(3).says(1, "Third.").ends();
    assert_eq!(sent(&mut person), [""; 0]);
    person.press("X");
    person.press("i").press("enter");
    assert_eq!(sent(&mut person), [""; 0], "the rest is left out");
}

#[test]
fn who_stops_a_turn_stops_the_conversation() {
    let mut person = at_work();
    person.says(1, "First.").press("x").press("enter");
    let stopped = person.took();
    assert!(
        stopped.contains(&Effect::Engine(Command::Stop)),
        "{stopped:?}"
    );
    person.ends();
    assert_eq!(sent(&mut person), [""; 0]);
}

#[test]
fn an_emptied_draft_takes_the_later_tasks_along() {
    let mut person = picked();
    person.press("ctrl-u");
    assert!(
        !person.sees().contains("others follow"),
        "{}",
        person.sees()
    );
    person.write("Mine").press("enter");
    person.begins(1).says(1, "Done.").ends();
    assert_eq!(sent(&mut person), [""; 0]);
}

#[test]
fn it_goes_on_while_another_session_is_looked_at() {
    let mut person = at_work();
    person.says(1, "First.").looks_at(&aside::stored());
    let seen = person.sees();
    assert!(!seen.contains("of 3 follows"), "not of that one: {seen}");
    person.took();
    person.ends();
    assert_eq!(sent(&mut person), ["Two?"]);
    assert!(!person.sees().contains("Your team is done"));
    person.begins(2).says(1, "Second.").ends();
    assert_eq!(sent(&mut person), ["Three!"]);
    person.begins(3).says(1, "Third.").ends();
    assert!(person.sees().contains("Your team is done"));
}
