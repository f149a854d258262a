//! The list of endpoints: opened anywhere, asked again, left at any time.

use insta::assert_snapshot;

use super::kit::{Person, on_each};
use crate::{
    protocol::{Health, HealthOf, HealthState, KeyState},
    tui::{
        effect::{Done, Effect, Query, Ticket},
        msg::Msg,
    },
};

fn row(of: HealthOf, name: &str, state: HealthState) -> Health {
    Health {
        of,
        name: name.to_owned(),
        backend: "openai".to_owned(),
        base_url: "https://api.openai.com/v1".to_owned(),
        model: None,
        state,
        key: KeyState::Set,
        latency_ms: Some(87),
        models: Some(43),
        loaded: None,
        rests_ms: None,
        hint: String::new(),
    }
}

/// One of everything.
fn everything() -> Vec<Health> {
    let local = "http://127.0.0.1:1234/v1".to_owned();
    vec![
        Health {
            model: Some("gpt-5.4".to_owned()),
            ..row(HealthOf::Team, "mia", HealthState::Up)
        },
        Health {
            base_url: local.clone(),
            model: Some("qwen3-8b".to_owned()),
            key: KeyState::NotNeeded,
            latency_ms: Some(3),
            models: Some(2),
            loaded: Some(0),
            hint: "Not loaded yet: the first call loads it, which may take minutes.".to_owned(),
            ..row(HealthOf::Team, "noa / ada", HealthState::Up)
        },
        Health {
            base_url: "https://api.anthropic.com/v1".to_owned(),
            model: Some("claude-sonnet-5-5".to_owned()),
            key: KeyState::Missing,
            latency_ms: None,
            models: None,
            hint: "Set ANTHROPIC_API_KEY in the environment or in .env.".to_owned(),
            ..row(
                HealthOf::Team,
                "an agent with a name that is too long",
                HealthState::NoKey,
            )
        },
        row(HealthOf::Vendor, "OpenAI", HealthState::Up),
        Health {
            base_url: local,
            key: KeyState::NotNeeded,
            loaded: Some(0),
            ..row(HealthOf::Nearby, "LM Studio", HealthState::Up)
        },
        Health {
            base_url: "/usr/bin/codex".to_owned(),
            key: KeyState::OwnLogin,
            latency_ms: None,
            models: None,
            hint: "Log in once with `codex login`.".to_owned(),
            ..row(HealthOf::Program, "OpenAI Codex", HealthState::Installed)
        },
    ]
}

/// The tickets of the questions since they were last looked at.
fn asked(person: &mut Person) -> Vec<Ticket> {
    let effects = person.took().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Query {
                ticket,
                query: Query::Health,
            } => Some(ticket),
            _ => None,
        })
        .collect()
}

fn answer(person: &mut Person, ticket: Ticket, rows: Vec<Health>) {
    person.send(Msg::Done(ticket, Done::Health(rows)));
}

#[test]
fn while_it_is_asked() {
    assert_snapshot!(on_each(|person| {
        person.find_servers(Vec::new()).press("f5");
    }));
}

#[test]
fn with_one_of_everything() {
    assert_snapshot!(on_each(|person| {
        person.find_servers(Vec::new()).begins(1).press("f5");
        let ticket = asked(person).pop().expect("it asks");
        answer(person, ticket, everything());
    }));
}

#[test]
fn with_nothing_at_all() {
    assert_snapshot!(on_each(|person| {
        person.find_servers(Vec::new()).press("f5");
        let ticket = asked(person).pop().expect("it asks");
        answer(person, ticket, Vec::new());
    }));
}

#[test]
fn it_is_asked_again_with_a_key_and_old_answers_are_dropped() {
    let mut person = Person::new();
    person.find_servers(Vec::new()).press("f5");
    let first = asked(&mut person).pop().expect("it asks");
    person.press("f5");
    assert_eq!(asked(&mut person), [], "one question at a time");
    answer(&mut person, first, everything());
    assert!(person.sees().contains("6 listed, 1 cannot be used"));
    person.press("f5");
    let second = asked(&mut person).pop().expect("it asks again");
    let screen = person.sees();
    assert!(
        screen.contains("asking again") && screen.contains("OpenAI"),
        "{screen}"
    );
    answer(&mut person, first, Vec::new());
    assert!(person.sees().contains("asking again"), "a late answer");
    answer(
        &mut person,
        second,
        vec![row(HealthOf::Vendor, "OpenAI", HealthState::Up)],
    );
    assert!(person.sees().contains("All 1 can be used"));
}

#[test]
fn it_can_be_left_at_any_time_and_opened_from_anywhere() {
    let mut person = Person::new();
    person.find_servers(Vec::new()).press("f5");
    let ticket = asked(&mut person).pop().expect("it asks");
    person.press("esc");
    assert!(!person.sees().contains("Servers, keys, agents"));
    answer(&mut person, ticket, everything());
    assert!(!person.sees().contains("Servers, keys, agents"));
    person
        .begins(1)
        .press("ctrl-p")
        .write("health")
        .press("enter");
    assert_eq!(asked(&mut person).len(), 1, "from the palette too");
    assert!(person.sees().contains("Servers, keys, agents"));
}
