//! Changing the team with keys: what is sent, and what is seen.

use insta::assert_snapshot;

use super::kit::{Person, options, started};
use crate::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Command, EventKind, Hiding, Purpose, RunEvent, TeamCommand,
        TeamEvent,
    },
    tui::effect::Effect,
};

fn sent(person: &mut Person) -> Vec<TeamCommand> {
    person
        .took()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Engine(Command::Team(change)) => Some(change),
            _ => None,
        })
        .collect()
}

fn told(person: &mut Person, event: TeamEvent) {
    person.hear(EventKind::Run(RunEvent::Team(event)));
}

#[test]
fn the_focused_agent_is_paused_and_goes_on_with_one_key() {
    let mut person = Person::new();
    person.begins(1);
    let id = person.model.live.focused_agent().expect("an agent");
    person.press("P");
    assert_eq!(sent(&mut person), [TeamCommand::Pause(id)]);
    told(&mut person, TeamEvent::Paused(id));
    assert!(person.sees().contains("paused"), "{}", person.painted());
    person.press("P");
    assert_eq!(sent(&mut person), [TeamCommand::Resume(id)]);
    person.press("D").press("R");
    assert_eq!(
        sent(&mut person),
        [TeamCommand::Retire(id), TeamCommand::Retry(id)]
    );
    told(&mut person, TeamEvent::Retired(id));
    assert!(person.sees().contains("retired"), "{}", person.painted());
}

#[test]
fn another_model_is_typed_into_the_card() {
    let mut person = Person::new();
    person.begins(1);
    let id = person.model.live.focused_agent().expect("an agent");
    person.press("M").press("enter");
    assert_eq!(sent(&mut person), []);
    assert!(person.sees().contains("Type the name of the model first"));
    person.write("big-7x").press("backspace").press("enter");
    let model = "big-7".to_owned();
    assert_eq!(sent(&mut person), [TeamCommand::Replace { id, model }]);
    person.press("A").press("enter");
    assert_eq!(
        sent(&mut person),
        [TeamCommand::Add {
            like: id,
            model: None
        }]
    );
}

#[test]
fn who_joins_gets_a_pane_and_what_cannot_be_is_said() {
    let mut person = Person::new();
    person.begins(1);
    let card = AgentCard {
        id: AgentId(9),
        name: "latecomer".into(),
        model: "m".into(),
        backend: "b".into(),
    };
    let like = AgentId(1);
    let why = String::new();
    told(&mut person, TeamEvent::Added { card, like, why });
    assert!(person.sees().contains("latecomer"), "{}", person.painted());
    let change = TeamCommand::Pause(AgentId(9));
    let reason = "it is out".to_owned();
    told(&mut person, TeamEvent::Declined { change, reason });
    assert!(person.sees().contains("Cannot pause agent9: it is out"));
}

/// A team of 32 in many states, with agent 20 in focus.
fn crowd(width: u16, height: u16) -> String {
    let mut person = Person::at(width, height, &options());
    let EventKind::Run(RunEvent::Started(mut start)) = started(1) else {
        panic!("a turn starts with its start");
    };
    start.team = (1..=32)
        .map(|number| AgentCard {
            id: AgentId(number),
            name: format!("agent-{number}"),
            model: "scripted".into(),
            backend: "demo".into(),
        })
        .collect();
    person.hear(EventKind::Run(RunEvent::Started(start)));
    for number in 1..=32 {
        person.hear(EventKind::Agent {
            id: AgentId(number),
            event: AgentEvent::RoundStarted {
                round: 1,
                purpose: Purpose::Work,
                view: Vec::new(),
            },
        });
        match number % 5 {
            0 => told(&mut person, TeamEvent::Paused(AgentId(number))),
            1 => told(&mut person, TeamEvent::Retired(AgentId(number))),
            2 => {}
            _ => {
                person.says(number, "Light is scattered by the air.");
            }
        }
    }
    for _ in 1..20 {
        person.press("tab");
    }
    person.sees()
}

#[test]
fn a_team_of_32_is_readable_at_every_size() {
    let screens = [(40, 12), (80, 24), (160, 48)]
        .map(|(width, height)| format!("{width}x{height}\n{}", crowd(width, height)));
    assert_snapshot!(screens.join("\n"));
}

#[test]
fn what_agents_are_told_is_switched_with_a_key_and_said() {
    let mut person = Person::new();
    person.begins(1);
    person.press("V");
    let shown = Hiding {
        tally: false,
        identities: true,
    };
    assert_eq!(sent(&mut person), [TeamCommand::Hide(shown)]);
    told(&mut person, TeamEvent::Hidden(shown));
    assert!(
        person.sees().contains("tally shown, names hidden"),
        "{}",
        person.painted()
    );
    person.press("I");
    let both = Hiding {
        identities: false,
        ..shown
    };
    assert_eq!(sent(&mut person), [TeamCommand::Hide(both)]);
    person.press("V");
    let back = Hiding {
        tally: true,
        identities: true,
    };
    assert_eq!(sent(&mut person), [TeamCommand::Hide(back)]);
}
