//! What a person does and what comes of it.

use super::kit::{Person, configured, options, servers, started};
use crate::{
    protocol::{
        AgentId, Command, Failure, FailureKind, Level, RunEvent, RunId, SteerMode, Target,
        Timestamp,
    },
    protocol::{EventKind, Outcome},
    tui::{
        LeftAsk,
        effect::{Done, Effect, Here, Launch, MouseReports, Query, TeamChoice, Ticket},
        keymap::Context,
        layout,
        model::{Focus, Screen},
        msg::{Input, Mouse, MouseKind, Msg},
        options::{ExitReason, Opening, StartOptions},
        replay::{Piece, Reading},
        rooms::Ask,
        route,
        setup::{Item, Pick, Section},
    },
};

fn demo(scenario: &str, prompt: &str) -> Launch {
    Launch {
        team: TeamChoice::Demo {
            scenario: scenario.to_owned(),
        },
        prompt: prompt.to_owned(),
        folder: Here::AsSaid,
    }
}

fn launches(effects: &[Effect]) -> Vec<Launch> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Launch { launch, .. } => Some(launch.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_first_thing_is_to_look_for_servers_and_sessions() {
    let mut person = Person::new();
    assert!(matches!(
        person.took().as_slice(),
        [
            Effect::Query {
                query: Query::Discover,
                ..
            },
            Effect::Query {
                query: Query::Sessions,
                ..
            },
            Effect::Query {
                query: Query::Left(LeftAsk::List),
                ..
            }
        ]
    ));
}

#[test]
fn enter_on_an_empty_screen_runs_the_marked_sample_with_the_demo_team() {
    let mut person = Person::new();
    person.press("enter");
    assert_eq!(
        launches(&person.took()),
        [demo(
            "quick",
            "Why is the sky blue? Answer in five sentences."
        )]
    );
    assert!(person.sees().contains("starting the team"));
    person.press("enter");
    assert_eq!(launches(&person.took()), [], "one at a time");
    person.begins(1);
    assert_eq!(person.model.screen, Screen::Live);
    assert!(person.model.composer.is_empty());
}

#[test]
fn a_typed_task_runs_with_the_scenario_that_fits_or_the_first() {
    let mut person = Person::new();
    person.write("Name a river, please?").press("enter");
    assert_eq!(
        launches(&person.took()),
        [demo("quick", "Name a river, please?")]
    );
    let mut person = Person::new();
    person.press("alt-2 enter");
    assert_eq!(
        launches(&person.took()),
        [demo("turnaround", "Compare three ways to store passwords.")]
    );
}

#[test]
fn a_chosen_scenario_wins_over_the_fitting_one() {
    let mut person = Person::new();
    person.press("tab right enter enter");
    assert_eq!(
        launches(&person.took()),
        [demo(
            "turnaround",
            "Why is the sky blue? Answer in five sentences."
        )]
    );
}

#[test]
fn a_found_server_is_picked_when_nothing_is_configured() {
    let mut person = Person::new();
    person.find_servers(servers());
    assert_eq!(person.model.setup.picked, Pick::Server(0));
    person.press("enter");
    assert_eq!(launches(&person.took()), [], "a model needs a task");
    assert!(person.bottom().contains("Type a task first"));
    person
        .write("hi")
        .press("tab down right down right enter left");
    person.press("esc enter");
    assert_eq!(
        launches(&person.took()),
        [Launch {
            team: TeamChoice::Local {
                base_url: "http://localhost:1234/v1".to_owned(),
                models: vec!["river-8b-instruct".to_owned(); 4],
            },
            prompt: "hi".to_owned(),
            folder: Here::AsSaid,
        }]
    );
}

#[test]
fn the_configured_team_stays_picked_whatever_is_found() {
    let mut person = Person::at(
        80,
        24,
        &StartOptions {
            configured: Some(configured()),
            ..options()
        },
    );
    person.find_servers(servers());
    assert_eq!(person.model.setup.picked, Pick::Configured);
    person.write("hi").press("enter");
    assert_eq!(
        launches(&person.took()),
        [Launch {
            team: TeamChoice::Configured,
            prompt: "hi".to_owned(),
            folder: Here::AsSaid,
        }]
    );
}

#[test]
fn a_late_answer_to_an_older_search_changes_nothing() {
    let mut person = Person::new();
    let old = person.search();
    person.find_servers(Vec::new());
    person.took();
    person.press("ctrl-r");
    person.send(Msg::Done(old, Done::Discovered(servers())));
    assert_eq!(person.model.setup.found(), []);
    person.find_servers(servers());
    assert_eq!(person.model.setup.found().len(), 2);
}

#[test]
fn a_server_that_wants_a_key_is_not_picked_but_says_why() {
    let mut person = Person::new();
    person.find_servers(servers());
    person.press("tab down down down down enter");
    assert_eq!(person.model.setup.picked, Pick::Server(0));
    assert!(
        person.bottom().contains("wants a key"),
        "{}",
        person.bottom()
    );
}

#[test]
fn a_failed_launch_says_what_to_do_and_keeps_the_task() {
    let mut person = Person::new();
    person.write("my task").press("enter");
    let Some(Effect::Launch { ticket, .. }) = person
        .effects
        .iter()
        .find(|effect| matches!(effect, Effect::Launch { .. }))
        .cloned()
    else {
        panic!("a launch");
    };
    let failure = Failure::new(FailureKind::Auth, "The server said 401.").hint("Set a key.");
    person.send(Msg::Done(ticket, Done::LaunchFailed(failure.clone())));
    let screen = person.sees();
    for words in ["no access: The server said 401.", "Set a key.", "my task"] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    person.press("esc");
    assert_eq!(person.model.setup.error, None);
    person.send(Msg::Done(ticket, Done::LaunchFailed(failure)));
    assert_eq!(person.model.setup.error, None, "stale");
}

#[test]
fn the_command_line_can_go_straight_in() {
    let mut person = Person::at(
        80,
        24,
        &StartOptions {
            launch: Some(demo("quick", "hi")),
            ..options()
        },
    );
    assert_eq!(launches(&person.took()), [demo("quick", "hi")]);
}

#[test]
fn steering_goes_to_all_or_to_the_focused_agent() {
    let mut person = Person::new();
    person.begins(1).took();
    person.press("i").write("be brief").press("enter");
    assert_eq!(
        person.took(),
        [Effect::Engine(Command::Steer {
            target: Target::All,
            text: "be brief".to_owned(),
            mode: SteerMode::Queue,
        })]
    );
    person.press("esc tab i tab");
    assert!(person.sees().contains("to bob"));
    person.write("you too").press("alt-n");
    assert_eq!(
        person.took(),
        [Effect::Engine(Command::Steer {
            target: Target::One(AgentId(2)),
            text: "you too".to_owned(),
            mode: SteerMode::Now,
        })]
    );
    person.press("enter");
    assert_eq!(person.took(), []);
    assert!(
        person.bottom().contains("Type what"),
        "an empty message says so"
    );
}

#[test]
fn after_the_end_the_editor_is_for_the_next_task() {
    let mut person = Person::new();
    person.begins(1).ends().took();
    person.press("i").write("and at night?").press("enter");
    assert_eq!(
        person.took(),
        [Effect::Engine(Command::FollowUp {
            prompt: "and at night?".to_owned()
        })]
    );
    person.begins(2);
    assert!(person.model.shared.running());
    person.press("i up");
    assert_eq!(person.model.composer.text(), "and at night?", "history");
}

#[test]
fn answer_now_and_stop() {
    let mut person = Person::new();
    person.begins(1).took();
    person.press("a");
    assert_eq!(person.took(), [Effect::Engine(Command::AnswerNow)]);
    person.press("x");
    assert_eq!(person.took(), [], "stopping asks");
    person.press("enter");
    assert_eq!(person.took(), [Effect::Engine(Command::Stop)]);
    person.ends().took();
    person.press("x a");
    assert_eq!(person.took(), []);
    assert!(person.bottom().contains("No team is at work"));
}

#[test]
fn a_draft_for_the_agents_does_not_become_the_next_task_unsaid() {
    let mut person = Person::new();
    person.begins(1).press("i").write("be brief").ends();
    assert!(person.bottom().contains("would start the next one"));
    assert_eq!(person.model.focus, Focus::Editor);
    person.begins(2);
    assert_eq!(person.model.focus, Focus::Editor, "keys stay text");
    assert_eq!(person.model.composer.text(), "be brief");
}

#[test]
fn a_question_goes_away_when_the_turn_ends() {
    let mut person = Person::new();
    person.begins(1).press("x");
    assert!(person.model.layers.top().is_some());
    person.ends();
    assert!(person.model.layers.top().is_none());
}

#[test]
fn quitting_asks_while_a_team_is_at_work() {
    let mut person = Person::new();
    person.begins(1).took();
    person.press("q");
    assert_eq!(person.took(), []);
    assert!(person.sees().contains("Leave?"));
    person.press("esc");
    assert!(person.model.layers.top().is_none());
    person.press("q enter");
    assert_eq!(person.took(), [Effect::Engine(Command::Stop)]);
    person.ends();
    assert_eq!(
        person.took(),
        [Effect::Exit],
        "leaves when the turn has ended"
    );
    assert_eq!(
        person
            .model
            .summary(ExitReason::Person)
            .final_answer
            .as_deref(),
        Some("Because of scattering.")
    );
}

#[test]
fn leaving_does_not_wait_for_ever() {
    let mut person = Person::new();
    person.begins(1).press("q").took();
    person.press("y");
    let patience = person.effects.iter().find_map(|effect| match effect {
        Effect::Wake { ticket, after } if after.as_millis() == 3000 && *ticket != Ticket(0) => {
            Some(*ticket)
        }
        _ => None,
    });
    person.took();
    let leave = person.model.waits.leave;
    assert!(leave.is_some() && patience.is_some());
    person.send(Msg::Done(leave.expect("a timer"), Done::Woke));
    assert_eq!(person.took(), [Effect::Exit]);
}

#[test]
fn control_c_twice_leaves_from_anywhere() {
    let mut idle = Person::new();
    idle.took();
    idle.press("ctrl-c");
    assert_eq!(idle.took(), []);
    assert!(idle.bottom().contains("Ctrl-C again leaves"));
    idle.press("ctrl-c");
    assert_eq!(idle.took(), [Effect::Exit]);

    let mut draft = Person::new();
    draft.write("half a thought").took();
    draft.press("ctrl-c");
    assert!(draft.model.composer.is_empty());
    draft.press("x ctrl-c");
    assert_eq!(draft.took(), [], "another key in between disarms");

    let mut running = Person::new();
    running
        .begins(1)
        .press("i")
        .write("draft")
        .press("f1")
        .took();
    running.press("ctrl-c");
    assert!(running.sees().contains("Leave?"));
    running.press("ctrl-c");
    assert_eq!(running.took(), [Effect::Exit]);
}

#[test]
fn home_closes_the_session_and_ignores_its_tail() {
    let mut person = Person::new();
    person.begins(1).press("ctrl-n");
    assert_eq!(person.model.screen, Screen::Live, "not while it runs");
    person.ends().took();
    person.press("ctrl-n");
    assert_eq!(person.model.screen, Screen::Start);
    assert!(matches!(
        person.took().as_slice(),
        [
            Effect::Engine(Command::Close),
            Effect::Query {
                query: Query::Sessions,
                ..
            }
        ]
    ));
    person.says(1, "late words");
    assert_eq!(person.model.screen, Screen::Start);
    assert_eq!(person.model.shared.run.last_seq, 0);
}

#[test]
fn a_stored_session_is_shown_and_nobody_would_hear() {
    let mut log = Person::new();
    let mut events = Vec::new();
    for kind in [
        started(1),
        EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
            reason: crate::protocol::NoAnswerReason::Cancelled,
            message: "Stopped.".to_owned(),
        })),
    ] {
        events.push(log.event(kind));
    }
    let mut person = Person::at(
        80,
        24,
        &StartOptions {
            opened: Some(Opening::whole(Piece::whole(
                RunId("20261121-101530-k3f9".into()),
                events,
            ))),
            ..options()
        },
    );
    let asked = person.took();
    assert!(
        matches!(
            asked.as_slice(),
            [Effect::Query {
                query: Query::Room(Ask::Notes(_)),
                ..
            }]
        ),
        "only for what was noted on it: {asked:?}"
    );
    assert_eq!(person.model.screen, Screen::Live);
    person.model.clock(Timestamp(99_000_000));
    assert_eq!(
        person.model.shared.now,
        Timestamp(2_000),
        "time stands still"
    );
    person.press("i");
    assert_eq!(person.model.focus, Focus::Editor, "the next task");
    person.press("esc");
    person.took();
    person.press("q");
    assert_eq!(person.took(), [Effect::Exit]);
    assert!(person.model.summary(ExitReason::Person).stored);
}

#[test]
fn notices_pass_and_are_listed() {
    let mut person = Person::new();
    person.begins(1);
    person.hear(EventKind::Run(RunEvent::Notice {
        level: Level::Warning,
        text: "The log could not be written: disk full.".to_owned(),
    }));
    assert!(
        person
            .bottom()
            .contains("warning: The log could not be written")
    );
    person.press("H");
    assert!(
        person.bottom().contains("warning:"),
        "a hint does not hide a warning"
    );
    let Some(Effect::Wake { ticket, .. }) = person
        .effects
        .iter()
        .rfind(|effect| matches!(effect, Effect::Wake { after, .. } if after.as_secs() == 8))
        .cloned()
    else {
        panic!("a timer");
    };
    person.send(Msg::Done(ticket, Done::Woke));
    assert!(!person.bottom().contains("warning:"));
    person.press("f2");
    assert!(person.sees().contains("disk full"));
}

#[test]
fn every_key_is_answered() {
    let mut person = Person::new();
    person.begins(1);
    person.press("Q");
    assert!(person.bottom().contains("Q has no meaning here"));
    person.press("i ctrl-x");
    assert!(person.bottom().contains("Ctrl-X …"));
    person.took();
    person.press("ctrl-e");
    assert!(matches!(person.took().as_slice(), [Effect::Edit { .. }]));
    person.press("ctrl-x a");
    assert!(
        person.model.composer.is_empty(),
        "the second key types nothing"
    );
}

#[test]
fn the_editor_comes_back_with_the_text() {
    let mut person = Person::new();
    person.write("draft").took();
    person.press("ctrl-e");
    let took = person.took();
    let [Effect::Edit { ticket, text, .. }] = took.as_slice() else {
        panic!("an editor, not {took:?}");
    };
    let ticket = *ticket;
    assert_eq!(text, "draft");
    person.send(Msg::Done(
        ticket,
        Done::Edited(Ok(Some("better\n".to_owned()))),
    ));
    assert_eq!(person.model.composer.text(), "better");
    person.send(Msg::Done(
        ticket,
        Done::Edited(Ok(Some("stale".to_owned()))),
    ));
    assert_eq!(person.model.composer.text(), "better");
}

#[test]
fn typing_anywhere_on_the_start_screen_writes_the_task() {
    let mut person = Person::new();
    person.press("tab").write("what").paste(" is\nthis");
    assert_eq!(person.model.composer.text(), "what is\nthis");
    assert_eq!(route::base_contexts(&person.model)[0], Context::Task);
}

#[test]
fn a_question_mark_asks_for_help_only_where_nothing_is_written() {
    let mut person = Person::new();
    person.press("?");
    assert!(person.model.layers.top().is_some());
    person.press("esc").write("why?");
    assert!(person.model.layers.top().is_none());
    assert_eq!(person.model.composer.text(), "why?");
}

#[test]
fn the_palette_runs_what_it_shows() {
    let mut person = Person::new();
    person.begins(1).took();
    person.press("ctrl-p").write("wrap up").press("enter");
    assert_eq!(person.took(), [Effect::Engine(Command::AnswerNow)]);
    assert!(person.model.layers.top().is_none());
    person.press(":").write("app.mouse").press("enter");
    assert_eq!(person.took(), [Effect::Mouse(MouseReports::Off)]);
}

#[test]
fn the_mouse_finds_the_editor_the_panes_and_the_samples() {
    let mut person = Person::new();
    person.sees();
    let row = |screen: &str, words: &str| {
        u16::try_from(
            screen
                .lines()
                .position(|line| line.contains(words))
                .expect("a row"),
        )
        .expect("a small screen")
    };
    let screen = person.sees();
    let click = |row| {
        Msg::Input(Input::Mouse(Mouse {
            kind: MouseKind::Click,
            column: 8,
            row,
        }))
    };
    person.send(click(row(&screen, "Compare three")));
    assert_eq!(
        person.model.composer.text(),
        "Compare three ways to store passwords."
    );
    person.begins(1);
    let screen = person.sees();
    person.send(click(row(&screen, "i writes to")));
    assert_eq!(person.model.focus, Focus::Editor);
    person.sees();
    person.send(click(5));
    assert_eq!(person.model.focus, Focus::Panes);
}

#[test]
fn a_beat_is_asked_for_only_while_something_moves() {
    let beats = |person: &mut Person| {
        let beat = person.model.waits.beat;
        beat.inspect(|ticket| person.send(Msg::Done(*ticket, Done::Woke)))
            .is_some()
    };
    let mut person = Person::new();
    assert!(beats(&mut person), "looking for servers");
    person.find_servers(Vec::new());
    assert!(beats(&mut person), "the one under way");
    assert!(!beats(&mut person), "an idle screen sleeps");
    person.begins(1);
    assert!(beats(&mut person));
    person.ends();
    assert!(beats(&mut person));
    assert!(!beats(&mut person));
}

#[test]
fn a_screen_without_a_size_is_a_usual_one() {
    let mut person = Person::at(0, 0, &options());
    assert_eq!(person.model.size, layout::FALLBACK);
    assert!(person.sees().contains("Task"));
}

#[test]
fn a_recent_session_opens_from_the_start_screen() {
    let mut person = Person::new();
    person.press("tab tab");
    assert!(!person.sees().contains("Recent sessions"), "none is known");
    let sessions = person.effects.iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Sessions,
        } => Some(*ticket),
        _ => None,
    });
    person.list_sessions(sessions.expect("sessions are asked for"));
    let screen = person.sees();
    assert!(screen.contains("Recent sessions"), "{screen}");
    assert!(screen.contains("unfinished"), "{screen}");
    person.took();
    // The cursor stayed on the sample; Tab goes on to the sessions, then to the editor.
    person.press("tab down enter");
    let took = person.took();
    let [
        Effect::Query {
            ticket,
            query: Query::Open(Reading { run, .. }),
        },
    ] = took.as_slice()
    else {
        panic!("a session is opened: {took:?}");
    };
    assert_eq!(run.0, "run-2");
    person.write("x");
    let stale = Ticket(ticket.0 + 100);
    let events = vec![person.event(started(1))];
    let piece = Box::new(Piece::whole(run.clone(), events));
    person.send(Msg::Done(stale, Done::Opened(Ok(piece.clone()))));
    assert_eq!(person.model.screen, Screen::Start, "nobody asked for that");
    person.send(Msg::Done(*ticket, Done::Opened(Ok(piece))));
    assert_eq!(person.model.screen, Screen::Live);
    assert!(!person.model.shared.live);
    person.took();
    // Back home, what was typed is still there, and the list is asked for anew.
    person.press("ctrl-n");
    assert_eq!(person.model.composer.text(), "x");
    assert!(matches!(
        person.took().as_slice(),
        [Effect::Query {
            query: Query::Sessions,
            ..
        }]
    ));
}

#[test]
fn tab_goes_round_all_lists_and_back() {
    let mut person = Person::new();
    let sessions = person.effects.iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Sessions,
        } => Some(*ticket),
        _ => None,
    });
    person.list_sessions(sessions.expect("sessions are asked for"));
    let mut places = Vec::new();
    for _ in 0..4 {
        person.press("tab");
        places.push((person.model.setup.focus, person.model.setup.item()));
    }
    assert!(matches!(places[0], (Section::Lists, Some(Item::Team(_)))));
    assert_eq!(places[1], (Section::Lists, Some(Item::Sample(0))));
    assert_eq!(places[2], (Section::Lists, Some(Item::Session(0))));
    assert_eq!(places[3].0, Section::Editor);
    person.press("shift-tab");
    assert_eq!(person.model.setup.item(), Some(Item::Session(0)));
    person.press("shift-tab shift-tab");
    assert!(matches!(person.model.setup.item(), Some(Item::Team(_))));
    person.press("shift-tab");
    assert_eq!(person.model.setup.focus, Section::Editor);
}

#[test]
fn the_folder_is_given_to_agents_by_a_choice_and_never_by_itself() {
    let options = StartOptions {
        configured: Some(configured()),
        folder: "/home/ada/harbour".to_owned(),
        ..options()
    };
    let mut person = Person::at(120, 30, &options);
    person.find_servers(servers());
    assert!(person.sees().contains("harbour ‹ agents only talk ›"));
    person.press("alt-w").press("alt-w");
    assert!(person.sees().contains("changes a copy"));
    person.write("hi").press("enter");
    let folders: Vec<Here> = launches(&person.took())
        .iter()
        .map(|launch| launch.folder)
        .collect();
    assert_eq!(folders, [Here::Write]);
}

#[test]
fn the_demo_team_is_not_given_the_folder() {
    let options = StartOptions {
        folder: "/home/ada/harbour".to_owned(),
        ..options()
    };
    let mut person = Person::at(80, 24, &options);
    person.find_servers(Vec::new()).press("alt-w");
    assert!(!person.sees().contains("harbour"));
    assert!(person.sees().contains("leaves your folder alone"));
}
