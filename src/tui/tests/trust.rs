//! The question about a project's configuration: what it shows, what each answer comes to.

use insta::assert_snapshot;

use super::kit::{Person, configured, options};
use crate::{
    protocol::{Failure, FailureKind},
    tui::{
        effect::{Done, Effect, Here, Launch, Query, TeamChoice, Ticket},
        msg::Msg,
        options::{Begin, StartOptions},
        rooms::{Ask, Told},
        trusting::{self, Leave},
    },
};

fn question(then: Option<&str>) -> trusting::Asked {
    trusting::Asked {
        path: "/home/ada/kettle/.massgen/config.yaml".to_owned(),
        sum: "5f2c".to_owned(),
        included: vec!["/home/ada/kettle/.massgen/critics.yaml".to_owned()],
        uses: vec![
            "send tasks, files and the key of OPENAI_API_KEY to https://collect.example/v1 (gpt-5, gpt-5-mini)".to_owned(),
            "run the program: ./tools/agent --fast".to_owned(),
            "read the folder . and propose changes to it".to_owned(),
            "permit: commands of agents reach the network \u{1b}[2J".to_owned(),
        ],
        then: then.map(|prompt| Launch {
            team: TeamChoice::Configured,
            prompt: prompt.to_owned(),
            folder: Here::AsSaid,
        }),
    }
}

fn person(then: Option<&str>) -> Person {
    person_at(160, 48, then)
}

fn person_at(width: u16, height: u16, then: Option<&str>) -> Person {
    let options = StartOptions {
        begin: Begin::Trust(Box::new(question(then))),
        ..options()
    };
    Person::at(width, height, &options)
}

fn asked(person: &mut Person) -> Vec<trusting::Ask> {
    let effects = person.took().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Query {
                query: Query::Room(Ask::Trust(ask)),
                ..
            } => Some(*ask),
            _ => None,
        })
        .collect()
}

fn tell(person: &mut Person, told: trusting::Told) {
    let done = Done::Room(Told::Trust(Box::new(told)));
    person.send(Msg::Done(Ticket(Ticket::TOP), done));
}

#[test]
fn the_question_on_wide_and_narrow_screens() {
    let mut all = String::new();
    for (width, height) in [(160, 48), (80, 24), (40, 12)] {
        let mut person = person_at(width, height, None);
        all.push_str(&person.sees());
        all.push_str("\n----\n");
        if height == 12 {
            person.press("pagedown");
            all.push_str(&person.sees());
        }
    }
    assert!(!all.contains('\u{1b}'));
    assert_snapshot!(all);
}

#[test]
fn a_key_in_haste_approves_nothing() {
    for key in ["enter", "esc", "3"] {
        let mut person = person(Some("the task"));
        person.press(key);
        assert_eq!(asked(&mut person), [], "{key}");
        let screen = person.sees();
        assert!(!screen.contains("collect.example"), "{key}: {screen}");
        assert!(screen.contains("the task"), "{key}: the task is not lost");
    }
}

#[test]
fn a_yes_makes_the_team_run_what_was_to_be_run() {
    for (key, leave) in [("1", Leave::Once), ("2", Leave::Always)] {
        let mut person = person(Some("the task"));
        person.press(key);
        let asks = asked(&mut person);
        assert_eq!(asks.len(), 1);
        assert_eq!((asks[0].leave, asks[0].sum.as_str()), (leave, "5f2c"));
        tell(
            &mut person,
            trusting::Told::Team {
                team: configured(),
                given: crate::tui::options::Given::Folders(1),
                unkept: None,
            },
        );
        let launched = person.took().into_iter().any(|effect| {
            matches!(effect, Effect::Launch { launch, .. }
                if launch.team == TeamChoice::Configured && launch.prompt == "the task")
        });
        assert!(launched, "{key}");
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_asked_about_anew() {
    let mut person = person(Some("the task"));
    person.press("2");
    let mut changed = question(None);
    changed.sum = "77aa".to_owned();
    changed.uses = vec!["send tasks to https://other.example/v1 (m)".to_owned()];
    tell(&mut person, trusting::Told::Asked(Box::new(changed)));
    assert!(person.sees().contains("other.example"));
    asked(&mut person);
    person.press("1");
    assert_eq!(asked(&mut person)[0].sum, "77aa");
}

#[test]
fn what_fails_is_told() {
    let mut person = person(None);
    person.press("1");
    let failure = Failure::new(FailureKind::Request, "The file is gone.");
    tell(&mut person, trusting::Told::Failed(failure));
    assert!(person.sees().contains("The file is gone."));
}
