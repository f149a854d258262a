//! Another session is looked at while a team is at work here: nothing of the team is lost, its questions
//! ring through, and one key leads back.

use proptest::prelude::*;

use super::{
    kit::{Person, options, started},
    sessions::{all, listed},
};
use crate::{
    protocol::{
        AgentEvent, AgentId, Channel, Command, Event, EventKind, Failure, FailureKind,
        NoAnswerReason, Outcome, Question, QuestionEvent, QuestionId, QuestionKind, Reply,
        RunEvent, RunId, Timestamp,
    },
    run::RunState,
    tui::{
        action::{Action, App, Run},
        browsing,
        effect::{Done, Effect, Effects, Onward, Query, TeamChoice},
        model::Screen,
        msg::Msg,
        options::ExitReason,
        replay::Piece,
    },
};

const OTHER: &str = "20261120-090000-oooo";

/// The log of another session, which is over.
pub(super) fn stored() -> Vec<Event> {
    let mut other = Person::new();
    let mut start = started(1);
    if let EventKind::Run(RunEvent::Started(start)) = &mut start {
        start.run = RunId(OTHER.into());
        start.prompt = "How deep is the sea?".into();
    }
    let words = EventKind::Agent {
        id: AgentId(1),
        event: AgentEvent::Delta {
            channel: Channel::Text,
            text: "Eleven kilometres, in one place.".into(),
        },
    };
    let end = EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
        reason: NoAnswerReason::Cancelled,
        message: "It was stopped before the first answer.".into(),
    }));
    [start, words, end]
        .into_iter()
        .map(|kind| other.event(kind))
        .collect()
}

impl Person {
    /// Takes the other session in the list, and gets it.
    pub(super) fn looks_at(&mut self, events: &[Event]) -> &mut Self {
        let Effects(asked) = browsing::open(&mut self.model, RunId(OTHER.into()), None);
        self.effects.extend(asked);
        self.gets(events)
    }

    /// The session that was asked for last is there.
    fn gets(&mut self, events: &[Event]) -> &mut Self {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Query {
                ticket,
                query: Query::Open(_),
            } => Some(*ticket),
            _ => None,
        });
        if let Some(ticket) = asked {
            let piece = Piece::whole(RunId(OTHER.into()), events.to_vec());
            self.send(Msg::Done(ticket, Done::Opened(Ok(Box::new(piece)))));
        }
        self
    }

    /// What was sent to the engine, or started.
    fn ordered(&mut self) -> Vec<Effect> {
        let mut took = self.took();
        took.retain(|effect| {
            matches!(
                effect,
                Effect::Engine(_) | Effect::Launch { .. } | Effect::Exit
            )
        });
        took
    }
}

/// A team is at work, and another session is on the screen.
fn looking(width: u16, height: u16) -> Person {
    let mut person = Person::at(width, height, &options());
    person.find_servers(Vec::new()).begins(1);
    person.press("f6").told(listed(all())).press("down enter");
    person.gets(&stored());
    let _ = person.ordered();
    person
}

fn question() -> EventKind {
    EventKind::Run(RunEvent::Question(QuestionEvent::Asked(Question {
        id: QuestionId(1),
        asker: Some(AgentId(1)),
        text: "Metric or imperial?".into(),
        kind: QuestionKind::Question {
            options: vec!["metric".into(), "imperial".into()],
        },
        seconds: 60,
    })))
}

#[test]
fn another_session_is_shown_while_the_team_goes_on() {
    let mut person = looking(100, 24);
    assert_eq!(person.model.screen, Screen::Live);
    let screen = person.sees();
    assert!(screen.contains("How deep is the sea?"), "{screen}");
    assert!(screen.contains("1 team at work Alt-T"), "{screen}");
    person.says(1, "a word from ada");
    let screen = person.sees();
    assert!(!screen.contains("a word from ada"), "{screen}");
    // Rooms are about the session on the screen, and the badge stays.
    person.press("f6");
    assert!(person.bottom().contains("team at work Alt-T"));
    person.press("f6 alt-t");
    let screen = person.sees();
    assert!(screen.contains("a word from ada"), "{screen}");
    assert!(screen.contains("Why is the sky blue?"), "{screen}");
    assert!(!screen.contains("Alt-T"), "{screen}");
    assert!(person.model.shared.running());
    assert_eq!(person.ordered(), []);
}

#[test]
fn it_is_said_on_every_size() {
    let screens = [(40, 12), (80, 24), (160, 48)].map(|(width, height)| {
        let mut person = looking(width, height);
        person.hear(question());
        let told = person.bottom();
        person.model.notices.put_away();
        format!("{width}x{height}\n{told}\n{}", person.bottom())
    });
    insta::assert_snapshot!(screens.join("\n"));
}

#[test]
fn the_list_leads_back_as_well() {
    let mut person = looking(100, 24);
    let Effects(effects) = browsing::open(
        &mut person.model,
        RunId("20261121-101530-k3f9".into()),
        None,
    );
    assert_eq!(effects, [], "nothing is read");
    assert!(person.sees().contains("Why is the sky blue?"));
    assert!(person.model.shared.running());
}

#[test]
fn questions_ring_through_and_are_answered() {
    let mut person = looking(100, 24);
    person.hear(question());
    assert!(
        person.bottom().contains("asks you: Metric"),
        "{}",
        person.bottom()
    );
    assert!(person.bottom().contains("1 question F3"));
    person.press("f3");
    assert!(person.sees().contains("Metric or imperial?"));
    person.write("2");
    let id = QuestionId(1);
    let reply = Reply::Option(2);
    let answer = Command::Answer { id, reply };
    assert_eq!(person.ordered(), [Effect::Engine(answer)]);
    assert!(person.sees().contains("How deep is the sea?"));
    let shown = person.model.shared.run.turn.as_ref();
    let waiting = shown.map(|turn| turn.waiting().count());
    assert_eq!(
        waiting,
        Some(0),
        "it is the team's, not the stored session's"
    );
}

#[test]
fn no_other_team_is_started_meanwhile() {
    // The next task, going on, the start screen, stop, answer now.
    for keys in ["i", "r", "ctrl-n", "x", "a", "P"] {
        let mut person = looking(100, 24);
        if keys == "P" {
            // A session that was opened is played all the same.
            person.press("P");
            assert!(person.sees().contains("▶"), "{}", person.sees());
        } else {
            person.press(keys);
            let bottom = person.bottom();
            let told = bottom.contains("Alt-T leads back") || keys == "r";
            assert!(told, "{keys}: {bottom}");
        }
        assert_eq!(person.ordered(), [], "{keys}");
        assert!(person.model.session.aside.is_some(), "{keys}");
    }
    let mut person = looking(100, 24);
    person.paste("a task for nobody").press("enter");
    assert_eq!(person.ordered(), []);
    assert!(person.model.composer.is_empty());
}

#[test]
fn leaving_asks_about_the_team() {
    let mut person = looking(100, 24);
    person.press("q");
    assert_eq!(person.ordered(), [], "it asks first");
    assert!(person.sees().contains("at work"), "{}", person.sees());
    person.press("esc");
    person.press("ctrl-c ctrl-c");
    assert_eq!(person.ordered(), [Effect::Exit]);
    let left = person.model.summary(ExitReason::Person);
    assert_eq!(left.session, Some(RunId("20261121-101530-k3f9".into())));
    assert!(!left.stored);
}

#[test]
fn a_team_that_ends_aside_is_told_of_and_still_there() {
    let mut person = looking(100, 24);
    person.ends();
    assert!(
        person
            .bottom()
            .contains("Your team is done; Alt-T leads to it"),
        "{}",
        person.bottom()
    );
    person.press("esc");
    assert!(person.bottom().contains("your team is done Alt-T"));
    person.press("alt-t");
    assert!(person.sees().contains("Because of scattering."));
    assert!(person.model.shared.live && !person.model.shared.running());
    // A task for the stored session's team closes the one that is done.
    let mut person = looking(100, 24);
    person.ends().press("esc i").write("deeper").press("enter");
    let ordered = person.ordered();
    let [
        Effect::Engine(Command::Close),
        Effect::Launch { launch, .. },
    ] = ordered.as_slice()
    else {
        panic!("{ordered:?}");
    };
    let run = RunId(OTHER.into());
    let onward = Onward::Next;
    let team = TeamChoice::Stored { run, onward };
    assert_eq!((&launch.team, launch.prompt.as_str()), (&team, "deeper"));
    assert!(person.model.session.aside.is_none());
}

#[test]
fn what_was_typed_for_the_team_is_still_typed() {
    let mut person = Person::at(100, 24, &options());
    person.find_servers(Vec::new()).begins(1);
    person.press("i").write("use metres").press("f6");
    person.told(listed(all())).press("down enter");
    person.gets(&stored());
    assert!(!person.sees().contains("use metres"));
    person.press("alt-t");
    assert!(person.sees().contains("use metres"), "{}", person.sees());
}

#[test]
fn a_session_that_cannot_be_read_leaves_the_team_on_the_screen() {
    let mut person = Person::at(100, 24, &options());
    person.find_servers(Vec::new()).begins(1);
    person.press("f6").told(listed(all())).press("down enter");
    let ticket = person.effects.iter().rev().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Open(_),
        } => Some(*ticket),
        _ => None,
    });
    let failure = Failure::new(FailureKind::Local, "It is gone.");
    person.send(Msg::Done(ticket.unwrap(), Done::Opened(Err(failure))));
    assert!(person.bottom().contains("It is gone."));
    assert!(person.model.session.aside.is_none() && person.model.shared.running());
    // Who goes back before it has come does not get it thrown in later.
    person.press("enter alt-t");
    person.gets(&stored());
    assert!(person.model.session.aside.is_none());
    assert!(person.sees().contains("Why is the sky blue?"));
}

/// Something that happens to the team, or that the person does meanwhile.
#[derive(Clone, Debug)]
enum Step {
    Says(u16, String),
    Asks,
    Ends,
    Looks,
    Back,
    Frame,
    Home,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1u16..3, "[a-z ]{1,8}").prop_map(|(agent, text)| Step::Says(agent, text)),
        1 => Just(Step::Asks),
        1 => Just(Step::Ends),
        3 => Just(Step::Looks),
        3 => Just(Step::Back),
        2 => Just(Step::Frame),
        1 => Just(Step::Home),
    ]
}

proptest! {
    /// Whatever is looked at in between: the team's session is what its events make of it.
    #[test]
    fn a_team_aside_misses_nothing(steps in prop::collection::vec(steps(), 1..30)) {
        let mut person = Person::at(100, 24, &options());
        person.find_servers(Vec::new()).begins(1);
        let mut plain = Person::at(100, 24, &options());
        plain.find_servers(Vec::new()).begins(1);
        let mut over = false;
        for step in steps {
            match step {
                Step::Says(agent, text) if !over => {
                    person.says(agent, &text);
                    plain.says(agent, &text);
                }
                Step::Asks if !over => {
                    person.hear(question());
                    plain.hear(question());
                }
                Step::Ends if !over => {
                    over = true;
                    person.ends();
                    plain.ends();
                }
                Step::Looks if person.model.session.aside.is_some() || !over => {
                    person.looks_at(&stored());
                }
                Step::Back => person.send(Msg::Action(Action::Run(Run::Team))),
                Step::Home if !over => person.send(Msg::Action(Action::App(App::Home))),
                Step::Frame => drop(person.sees()),
                _ => {}
            }
        }
        person.send(Msg::Action(Action::Run(Run::Team)));
        let (one, other): (&RunState, &RunState) = (&person.model.shared.run, &plain.model.shared.run);
        prop_assert_eq!(one, other);
        prop_assert!(person.model.shared.live);
        // All but the last row, where hints stand.
        let body = |person: &mut Person| {
            person.model.clock(Timestamp(1_000));
            let screen = person.sees();
            let mut lines: Vec<String> = screen.lines().map(str::to_owned).collect();
            lines.pop();
            lines
        };
        prop_assert_eq!(body(&mut person), body(&mut plain));
    }
}
