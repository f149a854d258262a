//! The person answers questions, addresses agents and takes words back.

use insta::assert_snapshot;

use super::kit::{Person, options};
use crate::{
    protocol::{
        AgentId, Command, EventKind, Outcome, Question, QuestionEvent, QuestionId, QuestionKind,
        Reply, RunEvent, Stage, StageEvent, StageKind, SteerId, SteerMode, SteerState, Target,
    },
    tui::{
        effect::{Done, Effect},
        msg::Msg,
    },
};

fn question(id: u32, agent: u16, text: &str, options: &[&str]) -> EventKind {
    asked(
        id,
        agent,
        text,
        QuestionKind::Question {
            options: options.iter().map(ToString::to_string).collect(),
        },
    )
}

fn asked(id: u32, agent: u16, text: &str, kind: QuestionKind) -> EventKind {
    EventKind::Run(RunEvent::Question(QuestionEvent::Asked(Question {
        id: QuestionId(id),
        asker: Some(AgentId(agent)),
        text: text.into(),
        kind,
        seconds: 60,
    })))
}

fn ended(event: QuestionEvent) -> EventKind {
    EventKind::Run(RunEvent::Question(event))
}

/// What was sent to the engine.
fn sent(person: &mut Person) -> Vec<Command> {
    let commands = person.took().into_iter();
    commands
        .filter_map(|effect| match effect {
            Effect::Engine(command) => Some(command),
            _ => None,
        })
        .collect()
}

fn answer(id: u32, reply: Reply) -> Vec<Command> {
    let id = QuestionId(id);
    vec![Command::Answer { id, reply }]
}

fn two_questions(width: u16, height: u16) -> Person {
    let mut person = Person::at(width, height, &options());
    person.find_servers(Vec::new()).begins(1);
    person.hear(question(
        1,
        1,
        "Metric or imperial?",
        &["metric", "imperial"],
    ));
    person.hear(question(2, 2, "Who will read it?", &[]));
    person
}

#[test]
fn the_card_fits_the_smallest_screens() {
    let screens: Vec<String> = [(40, 12), (80, 24)]
        .into_iter()
        .map(|(width, height)| {
            let mut person = two_questions(width, height);
            person.press("f3");
            format!("{width}x{height}\n{}", person.sees())
        })
        .collect();
    assert_snapshot!(screens.join("\n"));
}

#[test]
fn questions_wait_beside_the_run_and_any_can_be_answered_first() {
    let mut person = two_questions(100, 24);
    assert!(
        person.bottom().contains("2 questions F3"),
        "{}",
        person.bottom()
    );
    person.press("f3");
    assert!(person.sees().contains("1 imperial") || person.sees().contains("2 imperial"));
    // Panes go on under the card.
    person.says(1, "still working");
    person.press("ctrl-n").write("pupils of 12");
    assert_eq!(sent(&mut person), []);
    person.press("enter");
    assert_eq!(
        sent(&mut person),
        answer(2, Reply::Text("pupils of 12".into()))
    );
    person.hear(ended(QuestionEvent::Answered {
        id: QuestionId(2),
        reply: Reply::Text("pupils of 12".into()),
    }));
    assert!(person.sees().contains("Metric or imperial?"));
    person.write("2");
    assert_eq!(sent(&mut person), answer(1, Reply::Option(2)));
    assert!(
        !person.sees().contains("Metric or imperial?"),
        "the card is closed"
    );
}

#[test]
fn questions_are_answered_over_whatever_is_open() {
    let overlays = [
        ("f1", "help"),
        ("ctrl-p", "palette"),
        ("f2", "notices"),
        ("f4", "messages"),
    ];
    for (overlay, below) in overlays {
        let mut person = two_questions(100, 24);
        person.press(overlay);
        let under = person.sees();
        person.press("f3");
        assert!(
            person.sees().contains("Metric or imperial?"),
            "over {below}"
        );
        person.write("2");
        assert_eq!(
            sent(&mut person),
            answer(1, Reply::Option(2)),
            "over {below}"
        );
        person.press("esc");
        assert_eq!(
            person.sees().lines().nth(2),
            under.lines().nth(2),
            "{below} is still there"
        );
    }
}

#[test]
fn a_question_that_ends_by_itself_leaves_the_card_and_skipping_is_an_answer() {
    let mut person = two_questions(80, 24);
    person.press("f3").write("half an ans");
    person.hear(ended(QuestionEvent::Expired { id: QuestionId(1) }));
    assert!(person.sees().contains("Who will read it?"));
    assert!(
        !person.sees().contains("half an ans"),
        "a draft belongs to its question"
    );
    person.press("ctrl-k");
    assert_eq!(sent(&mut person), answer(2, Reply::Skipped));
    person.hear(ended(QuestionEvent::Withdrawn { id: QuestionId(2) }));
    person.press("f3");
    assert!(person.bottom().contains("Nobody asks"));
}

#[test]
fn a_closed_card_answers_nothing_and_keeps_the_queue() {
    let mut person = two_questions(80, 24);
    person.press("f3 esc");
    assert_eq!(sent(&mut person), []);
    assert!(person.bottom().contains("2 questions"));
    person.ends();
    assert!(!person.bottom().contains("question"), "the turn is over");
}

#[test]
fn a_plan_is_approved_changed_or_rejected() {
    let plan = || QuestionKind::Plan {
        plan: "1. read\n2. write".into(),
    };
    let with_plan = || {
        let mut person = Person::at(60, 16, &options());
        person.find_servers(Vec::new()).begins(1);
        person.hear(asked(1, 1, "May we go on like this?", plan()));
        person.press("f3").took();
        person
    };
    let mut person = with_plan();
    assert!(person.sees().contains("2. write"));
    person.press("enter");
    assert_eq!(sent(&mut person), answer(1, Reply::Approved));

    let mut person = with_plan();
    person.write("too short").press("down down enter");
    assert_eq!(
        sent(&mut person),
        answer(1, Reply::Rejected("too short".into()))
    );

    let mut person = with_plan();
    person.press("ctrl-e");
    let ticket = person
        .took()
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Edit { ticket, text, .. } if text.contains("2. write") => Some(ticket),
            _ => None,
        })
        .expect("the editor");
    person.send(Msg::Done(
        ticket,
        Done::Edited(Ok(Some("1. write\n".into()))),
    ));
    assert!(person.sees().contains("as you changed it"));
    person.press("enter");
    assert_eq!(
        sent(&mut person),
        answer(1, Reply::Edited("1. write".into()))
    );
}

#[test]
fn the_rule_of_the_editor_says_who_is_named() {
    let mut person = Person::new();
    person.hear(super::kit::started(1));
    person.press("i");
    for (text, words) in [
        ("@", " to all agents "),
        ("@1,2", " to ada, bob "),
        ("@2", " to bob "),
        ("@1,2 look", " to ada, bob "),
        ("@all look", " to all agents "),
        ("@9 look", " to all agents, @9 names nobody "),
        ("look @2", " to all agents "),
    ] {
        person.model.composer.set("");
        person.write(text);
        let screen = person.sees();
        assert!(
            screen.contains(words),
            "{text}: {words:?} is not in\n{screen}"
        );
    }
}

#[test]
fn a_message_may_name_its_hearers() {
    let mut person = Person::new();
    person.begins(1).took();
    person.press("i").write("@1,2 look again").press("enter");
    assert_eq!(
        sent(&mut person),
        [Command::Steer {
            target: Target::Several(vec![AgentId(1), AgentId(2)]),
            text: "look again".to_owned(),
            mode: SteerMode::Queue,
        }]
    );
}

#[test]
fn messages_show_their_receipts_and_can_be_taken_back() {
    let mut person = Person::at(80, 24, &options());
    person.find_servers(Vec::new()).begins(1);
    let steer = |target, text: &str, state| {
        EventKind::Run(RunEvent::Steer {
            id: SteerId(1),
            target,
            text: text.into(),
            state,
        })
    };
    let one = || Target::One(AgentId(1));
    person.hear(steer(Target::All, "use metres", SteerState::Queued));
    person.hear(steer(one(), "", SteerState::Delivered(AgentId(1))));
    person.press("f4");
    assert!(person.sees().contains("use metres"));
    assert!(person.sees().contains("delivered ·"), "{}", person.sees());
    person.took();
    person.press("delete");
    assert_eq!(sent(&mut person), [Command::Withdraw(SteerId(1))]);
    for agent in [2, 3] {
        let state = SteerState::Withdrawn(AgentId(agent));
        person.hear(steer(Target::One(AgentId(agent)), "", state));
    }
    person.hear(steer(one(), "", SteerState::Seen(AgentId(1))));
    let seen = person.sees();
    assert!(
        seen.contains("seen ·") && seen.contains("withdrawn"),
        "{seen}"
    );
    person.press("delete");
    assert_eq!(sent(&mut person), []);
}

/// A planning turn that has ended, and a long plan that waits for the person.
fn planned(width: u16, height: u16) -> Person {
    let mut person = Person::at(width, height, &options());
    let EventKind::Run(RunEvent::Started(mut start)) = super::kit::started(1) else {
        panic!("a turn starts");
    };
    start.stage = Some(Stage {
        kind: StageKind::Plan,
        title: String::new(),
        step: String::new(),
        number: 1,
        of: 1,
        whole: None,
        settled: Vec::new(),
    });
    person.hear(EventKind::Run(RunEvent::Started(start)));
    person.hear(EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner: crate::protocol::Label::new(AgentId(1), 1),
        presenter: None,
        text: "1. Collect. 2. Write.".into(),
        end: crate::protocol::OutcomeEnd::Consensus,
    })));
    let steps: Vec<_> = (1..=20)
        .map(|n| format!("- Step {n} of the plan."))
        .collect();
    let plan = QuestionKind::Plan {
        plan: steps.join("\n"),
    };
    let words = "The plan is made. Approve it, change it, or say what is wrong with it.";
    person.hear(asked(1, 1, words, plan));
    person
}

#[test]
fn between_two_turns_of_a_task_the_screen_says_who_waits_for_whom() {
    let mut person = planned(100, 24);
    let screen = person.sees();
    assert!(screen.contains("waits for you"), "{screen}");
    assert!(screen.contains("Result of planning"), "{screen}");
    assert!(screen.contains("until you answer (F3)"), "{screen}");
    assert!(!screen.contains("next task"), "{screen}");
    // Leaving asks first: the task is under way.
    person.press("q");
    assert!(person.model.layers.top().is_some());
    person.press("esc");
    person.hear(ended(QuestionEvent::Answered {
        id: QuestionId(1),
        reply: Reply::Skipped,
    }));
    person.hear(EventKind::Run(RunEvent::Stage(StageEvent::Over {
        outcome: None,
    })));
    let screen = person.sees();
    assert!(screen.contains("answered"), "{screen}");
    assert!(screen.contains("next task"), "{screen}");
}

#[test]
fn a_long_plan_is_not_cut_and_can_be_scrolled() {
    let mut out = String::new();
    for (width, height) in [(40, 12), (80, 24)] {
        let mut person = planned(width, height);
        person.press("f3");
        out.push_str(&person.sees());
        person.press("pagedown");
        out.push_str(&person.sees());
    }
    assert_snapshot!(out);
}

#[test]
fn a_card_shows_its_keys_and_not_what_was_said_before() {
    let mut person = Person::new();
    person.hear(super::kit::started(1));
    person.hear(question(1, 1, "Which units?", &["metric", "imperial"]));
    assert!(person.bottom().contains("asks you"), "{}", person.bottom());
    person.press("f3");
    assert!(
        person.bottom().contains("Enter answer"),
        "{}",
        person.bottom()
    );
    person.press("esc f4");
    assert!(person.bottom().contains("take back"), "{}", person.bottom());
}

fn wish(line: &str) -> QuestionKind {
    QuestionKind::Approval(Box::new(crate::protocol::Approval {
        tool: "run_command".into(),
        deed: crate::protocol::Deed::Command {
            line: line.into(),
            folder: ".".into(),
        },
        why: "The rule `command(make*)` asks first.".into(),
        always: Some("command(make all)".into()),
        held: String::new(),
        fixed: false,
    }))
}

#[test]
fn a_pane_says_that_its_agent_waits_for_leave() {
    let mut person = Person::at(100, 24, &options());
    person.find_servers(Vec::new()).begins(1);
    person.hear(asked(1, 1, "May I use run_command?", wish("make all")));
    let screen = person.sees();
    assert!(screen.contains("? waits for leave 0 s"), "{screen}");
    person.hear(ended(QuestionEvent::Withdrawn { id: QuestionId(1) }));
    let screen = person.sees();
    assert!(!screen.contains("leave"), "{screen}");
}

#[test]
fn leave_can_be_given_while_one_scrolls_or_searches() {
    for way in ["", "ctrl-f", "tab", "pageup pageup", "/"] {
        let mut person = Person::at(100, 30, &options());
        person.find_servers(Vec::new()).begins(1);
        person.says(1, &"line\n".repeat(200));
        person.hear(asked(1, 1, "May I use run_command?", wish("make all")));
        if !way.is_empty() {
            person.press(way);
        }
        person.took();
        person.press("f3");
        let screen = person.sees();
        assert!(screen.contains("$ make all"), "after {way:?}:\n{screen}");
        person.write("y");
        assert_eq!(
            sent(&mut person),
            answer(1, Reply::Approved),
            "after {way:?}"
        );
    }
}
