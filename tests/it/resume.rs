//! The built program is killed in the middle of a turn and goes on from its log.
//!
//! It is killed when the log holds a named number of lines, so that no result depends on how fast
//! this machine is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use massgen_tui::{
    protocol::{
        AgentEvent, BallotDropReason, Event, EventKind, Label, Outcome, QuestionEvent, RunEvent,
        Stage, StageEvent, Usage,
    },
    run::RunState,
    store::{self, Store},
};

/// A program that has not come as far by then hangs.
const HANG: Duration = Duration::from_mins(2);

fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("MASSGEN_TUI_STATE_DIR", home.join("state"))
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    program(home, arguments).output().unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The log of the only session, once there is one.
fn log(home: &Path) -> Option<PathBuf> {
    let store = Store::reading(&home.join("state"));
    store.find("latest").ok().map(|run| store.log(&run))
}

fn events(home: &Path) -> Vec<Event> {
    store::read(&log(home).unwrap()).unwrap().events
}

/// Runs until the log holds what is waited for, then kills the program: SIGKILL, nothing is flushed.
fn kill_when(home: &Path, arguments: &[&str], there: impl Fn(&[Event]) -> bool) -> Vec<Event> {
    kill_in_time(home, arguments, there).expect("it ended before")
}

/// The same; `None` when it was over before anybody looked, as on a machine with too much to do.
fn kill_in_time(
    home: &Path,
    arguments: &[&str],
    there: impl Fn(&[Event]) -> bool,
) -> Option<Vec<Event>> {
    let mut child = program(home, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let since = Instant::now();
    loop {
        let seen = log(home)
            .and_then(|log| store::read(&log).ok())
            .is_some_and(|session| there(&session.events));
        if seen {
            break;
        }
        assert!(since.elapsed() < HANG, "it never came so far");
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Some(events(home))
}

fn published(events: &[Event]) -> BTreeMap<Label, String> {
    let mut all = BTreeMap::new();
    for event in events {
        if let EventKind::Agent {
            event: AgentEvent::Published(answer),
            ..
        } = &event.kind
        {
            let old = all.insert(answer.label, answer.text.clone());
            assert_eq!(old, None, "{} is there twice", answer.label);
        }
    }
    all
}

fn spent(events: &[Event]) -> Usage {
    events
        .iter()
        .fold(Usage::default(), |sum, event| match &event.kind {
            EventKind::Agent {
                event: AgentEvent::Usage(usage),
                ..
            } => sum + *usage,
            _ => sum,
        })
}

fn fold(events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    state
}

/// What has to hold between the log of the killed program and that of the one that went on.
fn check(before: &[Event], after: &[Event]) {
    assert_eq!(&after[..before.len()], before, "nothing is written anew");
    for (number, event) in (1..).zip(after) {
        assert_eq!(event.seq.0, number, "numbers go on");
    }
    let (old, new) = (published(before), published(after));
    for (label, text) in &old {
        assert_eq!(new.get(label), Some(text));
    }
    for label in new.keys() {
        let below = Label::new(label.agent, label.revision - 1);
        assert!(label.revision == 1 || new.contains_key(&below), "{label}");
    }
    let state = fold(after);
    assert_eq!(state.gaps, 0);
    assert!(state.history.is_empty(), "one turn");
    let turn = state.turn.as_ref().unwrap();
    assert!(matches!(turn.outcome, Some(Outcome::Answered { .. })));
    assert_eq!(turn.usage(), spent(after), "totals add up");
    assert!(spent(before).output <= spent(after).output);
    // A ballot that stood is counted or has a reason why not, once.
    for agent in fold(before).turn.unwrap().agents {
        let Some(ballot) = agent.ballot else { continue };
        let stands = turn.agent(agent.card.id).unwrap().ballot.as_ref() == Some(&ballot);
        let dropped = turn.dropped.iter().filter(|drop| {
            drop.ballot == ballot && !matches!(drop.reason, BallotDropReason::Replaced)
        });
        let replaced = turn.dropped.iter().any(|drop| drop.ballot == ballot);
        assert!(stands || dropped.count() == 1 || replaced, "{ballot:?}");
    }
}

/// Says whether an event is the one to kill at.
type Moment<'a> = &'a dyn Fn(&Event) -> bool;

#[test]
fn killed_anywhere_it_goes_on_and_nothing_is_lost_or_doubled() {
    let run_event = |event: &Event, wanted: fn(&RunEvent) -> bool| match &event.kind {
        EventKind::Run(event) => wanted(event),
        EventKind::Agent { .. } => false,
    };
    let agent_event = |event: &Event, wanted: fn(&AgentEvent) -> bool| match &event.kind {
        EventKind::Agent { event, .. } => wanted(event),
        EventKind::Run(_) => false,
    };
    let moments: [(&str, Moment); 6] = [
        ("the start", &|event| event.seq.0 == 1),
        ("the first words", &|event| {
            agent_event(event, |event| matches!(event, AgentEvent::Delta { .. }))
        }),
        ("the first answer", &|event| {
            agent_event(event, |event| matches!(event, AgentEvent::Published(_)))
        }),
        ("the first vote", &|event| {
            agent_event(event, |event| matches!(event, AgentEvent::Ballot(_)))
        }),
        ("a better answer", &|event| {
            run_event(event, |event| matches!(event, RunEvent::BallotsDropped(_)))
        }),
        ("the decision", &|event| {
            run_event(event, |event| matches!(event, RunEvent::Decided(_)))
        }),
    ];
    for (name, moment) in moments {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let slow = ["run", "--demo", "turnaround", "--demo-speed", "2"];
        let before = kill_when(home, &slow, |events| events.iter().any(moment));
        let ended = |event: &Event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        assert!(!before.iter().any(ended), "killed too late at {name}");
        let ran = run(home, &["resume", "--demo-speed", "max"]);
        assert_eq!(ran.status.code(), Some(0), "{}", words(&ran.stderr));
        assert!(words(&ran.stderr).contains("turn 1 goes on"));
        check(&before, &events(home));
    }
}

/// The stage of each turn and how often it was begun, in order.
fn stages(events: &[Event]) -> Vec<(u32, String, u32)> {
    let mut stages: Vec<(u32, String, u32)> = Vec::new();
    for event in events {
        if let EventKind::Run(RunEvent::Started(start)) = &event.kind {
            let words = start.stage.as_ref().map(Stage::words).unwrap_or_default();
            match stages.last_mut() {
                Some((turn, _, times)) if *turn == start.turn => *times += 1,
                _ => stages.push((start.turn, words, 1)),
            }
        }
    }
    stages
}

/// A chain that was killed and has gone on: each stage once, in order, in one log, to one end.
fn check_chain(before: &[Event], after: &[Event], expected: &[&str]) {
    assert_eq!(&after[..before.len()], before, "nothing is written anew");
    for (number, event) in (1..).zip(after) {
        assert_eq!(event.seq.0, number, "numbers go on");
    }
    let stages = stages(after);
    let words: Vec<&str> = stages.iter().map(|(_, words, _)| words.as_str()).collect();
    assert_eq!(words, expected);
    let again = stages.iter().filter(|(_, _, times)| *times > 1).count();
    assert!(again <= 1, "at most the running turn went on: {stages:?}");
    for (place, (turn, _, _)) in (1..).zip(&stages) {
        assert_eq!(*turn, place);
    }
    let state = fold(after);
    assert_eq!(state.gaps, 0);
    assert_eq!(state.usage(), spent(after), "totals add up");
    for turn in state.turns() {
        let mut labels: Vec<Label> = turn.answers.iter().map(|p| p.answer.label).collect();
        labels.sort_unstable();
        let all = labels.len();
        labels.dedup();
        assert_eq!(labels.len(), all, "an answer is there twice");
        assert!(turn.outcome.is_some());
    }
    let over = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::Run(RunEvent::Stage(StageEvent::Over { .. }))
        )
    };
    assert_eq!(after.iter().filter(over).count(), 1);
}

/// A name, and whether a log has come so far.
type Progress<'a> = (&'a str, &'a dyn Fn(&[Event]) -> bool);

#[test]
fn a_plan_killed_anywhere_goes_on_at_its_chunk() {
    let chunk = |event: &Event, title: &str| {
        matches!(&event.kind, EventKind::Run(RunEvent::Started(start))
            if start.stage.as_ref().is_some_and(|stage| stage.title == title))
    };
    let ended = |events: &[Event]| {
        let end = |event: &&Event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        events.iter().filter(end).count()
    };
    let answers = |events: &[Event]| {
        let answer = |event: &&Event| {
            matches!(
                &event.kind,
                EventKind::Agent {
                    event: AgentEvent::Published(_),
                    ..
                }
            )
        };
        events.iter().filter(answer).count()
    };
    let first = "Collect examples";
    let moments: [Progress; 6] = [
        ("the first plan", &|events| answers(events) >= 1),
        ("between the plan and its first chunk", &|events| {
            ended(events) >= 1
        }),
        ("the first chunk", &|events| {
            events.iter().any(|one| chunk(one, first))
        }),
        ("an answer of the first chunk", &|events| {
            let from = events.iter().position(|one| chunk(one, first));
            from.is_some_and(|from| answers(&events[from..]) > 0)
        }),
        ("between two chunks", &|events| ended(events) >= 2),
        ("the assembly", &|events| ended(events) >= 3),
    ];
    for (name, moment) in moments {
        // Whoever is too late to kill it tries a slower one: what comes out does not depend on that.
        let (home, before) = ["4", "1", "0.25"]
            .into_iter()
            .find_map(|speed| {
                let home = tempfile::tempdir().unwrap();
                let approved = "orchestrator.plan_approval=auto";
                let slow = [
                    "run",
                    "--demo",
                    "plan",
                    "--demo-speed",
                    speed,
                    "--set",
                    approved,
                ];
                let before = kill_in_time(home.path(), &slow, moment)?;
                (ended(&before) < 4).then_some((home, before))
            })
            .unwrap_or_else(|| panic!("killed too late at {name}"));
        let home = home.path();
        // The flag of the first process is not given again: the log knows.
        let ran = run(home, &["resume", "--demo-speed", "max"]);
        assert_eq!(ran.status.code(), Some(0), "{name}: {}", words(&ran.stderr));
        let out = words(&ran.stdout);
        assert!(
            out.starts_with("## An hour with error messages"),
            "{name}: {out}"
        );
        check_chain(
            &before,
            &events(home),
            &[
                "planning",
                "chunk 1 of 2: Collect examples",
                "chunk 2 of 2: Plan the hour",
                "assembling",
            ],
        );
    }
}

#[test]
fn a_plan_killed_while_it_waits_for_approval_is_asked_about_again() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let asked = |event: &Event| {
        matches!(
            event.kind,
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(_)))
        )
    };
    let waits = [
        "run",
        "--demo",
        "plan",
        "--demo-speed",
        "max",
        "--questions",
        "wait",
    ];
    let before = kill_when(home, &waits, |events| events.iter().any(asked));
    let ran = run(
        home,
        &[
            "resume",
            "--demo-speed",
            "max",
            "--set",
            "orchestrator.plan_approval=auto",
        ],
    );
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran.stderr));
    let after = events(home);
    assert_eq!(&after[..before.len()], &before[..]);
    assert_eq!(stages(&after).len(), 4);
}

#[test]
fn a_division_killed_on_its_way_goes_on() {
    for wanted in [0, 1] {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let slow = ["run", "--demo", "divide", "--demo-speed", "2"];
        let ended = |events: &[Event]| {
            let end = |event: &&Event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
            events.iter().filter(end).count()
        };
        let before = kill_when(home, &slow, |events| {
            ended(events) >= wanted && events.len() > 4
        });
        let ran = run(home, &["resume", "--demo-speed", "max"]);
        assert_eq!(ran.status.code(), Some(0), "{}", words(&ran.stderr));
        assert!(words(&ran.stdout).starts_with("## Moving up one floor"));
        check_chain(&before, &events(home), &["dividing", "work"]);
    }
}

#[test]
fn killed_twice_the_second_time_while_it_went_on() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let slow = ["run", "--demo", "turnaround", "--demo-speed", "2"];
    let first = kill_when(home, &slow, |events| !published(events).is_empty());
    let more = first.len() + 30;
    let slow = ["resume", "--demo-speed", "2"];
    let second = kill_when(home, &slow, |events| events.len() >= more);
    assert_eq!(&second[..first.len()], &first[..]);
    let ran = run(home, &["resume", "--demo-speed", "max", "--output", "json"]);
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran.stderr));
    let after = events(home);
    check(&second, &after);
    // A header, then the new events and no old one.
    let lines = words(&ran.stdout);
    assert_eq!(lines.lines().count(), 1 + after.len() - second.len());
}

#[test]
fn a_torn_line_is_cut_with_a_word_about_it() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let slow = ["run", "--demo", "quick", "--demo-speed", "2"];
    let before = kill_when(home, &slow, |events| events.len() >= 9);
    let path = log(home).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"seq\":10,\"at\":17");
    fs::write(&path, bytes).unwrap();
    let ran = run(home, &["resume", "--demo-speed", "max"]);
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran.stderr));
    assert!(words(&ran.stderr).contains("its 17 bytes are kept in torn.txt"));
    check(&before, &events(home));
}

#[test]
fn what_cannot_be_resumed_says_why() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let none = run(home, &["resume"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(words(&none.stderr).contains("There is no session"));

    let mut child = program(home, &["run", "--demo", "quick", "--demo-speed", "0.1"])
        .spawn()
        .unwrap();
    let since = Instant::now();
    while log(home).is_none_or(|log| store::read(&log).is_ok_and(|s| s.events.len() < 5)) {
        assert!(since.elapsed() < HANG);
        std::thread::yield_now();
    }
    let busy = run(home, &["resume"]);
    assert_eq!(busy.status.code(), Some(1));
    let told = words(&busy.stderr);
    assert!(
        told.contains(&format!("still being written by process {}", child.id())),
        "{told}"
    );
    child.kill().unwrap();
    child.wait().unwrap();

    let path = log(home).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let holed: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 3)
        .map(|(_, line)| line)
        .collect();
    fs::write(&path, holed.join("\n") + "\n").unwrap();
    let damaged = run(home, &["resume"]);
    assert!(words(&damaged.stderr).contains("1 event is missing"));
    fs::write(&path, &text).unwrap();

    let other = run(home, &["resume", "--demo", "tie"]);
    let told = words(&other.stderr);
    assert!(told.contains("The team is not the one"), "{told}");

    let done = run(home, &["resume", "--demo-speed", "max"]);
    assert_eq!(done.status.code(), Some(0), "{}", words(&done.stderr));
    let over = run(home, &["resume"]);
    let told = words(&over.stderr);
    assert!(
        told.contains("is over") && told.contains("run --continue"),
        "{told}"
    );
}

#[test]
fn a_session_is_continued_in_one_log_with_right_numbers() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let max = ["--demo-speed", "max"];
    let first = run(home, &[&["run", "--demo", "quick"], &max[..]].concat());
    assert_eq!(first.status.code(), Some(0));
    let next = run(
        home,
        &[&["run", "--continue", "and now shorter"], &max[..]].concat(),
    );
    assert_eq!(next.status.code(), Some(0), "{}", words(&next.stderr));
    let all = events(home);
    let state = fold(&all);
    assert_eq!(state.gaps, 0);
    let turns: Vec<_> = state.turns().collect();
    assert_eq!(turns.len(), 2);
    assert_eq!((turns[0].start.turn, turns[1].start.turn), (1, 2));
    assert_eq!(turns[1].start.prompt, "and now shorter");
    for turn in &turns {
        assert!(turn.agents.iter().all(|agent| agent.round > 0));
        assert!(turn.answers.iter().any(|p| p.answer.label.revision == 1));
    }
    assert_eq!(state.usage(), spent(&all));
    let store = Store::reading(&home.join("state"));
    assert_eq!(store.list(1).unwrap().sessions[0].turns, 2);
}

#[test]
fn a_turn_that_broke_off_can_be_left_for_another_task() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let slow = ["run", "--demo", "turnaround", "--demo-speed", "2"];
    let before = kill_when(home, &slow, |events| !published(events).is_empty());
    let next = run(
        home,
        &[
            "run",
            "--demo-speed",
            "max",
            "--continue",
            "latest",
            "something else",
        ],
    );
    assert_eq!(next.status.code(), Some(0), "{}", words(&next.stderr));
    let after = events(home);
    let state = fold(&after);
    assert_eq!(&after[..before.len()], &before[..]);
    let [first] = &state.history[..] else {
        panic!("one earlier turn");
    };
    assert!(
        matches!(
            &first.outcome,
            Some(Outcome::Answered {
                end: massgen_tui::protocol::OutcomeEnd::Stopped,
                ..
            })
        ),
        "{:?}",
        first.outcome
    );
    let answer = words(&next.stdout);
    assert!(!answer.trim().is_empty());
}

#[test]
fn a_team_inside_killed_anywhere_begins_again_and_its_spending_stays() {
    let below = |event: &Event, wanted: fn(&EventKind) -> bool| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Nested(inner),
            ..
        } => wanted(&inner.kind),
        _ => false,
    };
    let moments: [(&str, Moment); 4] = [
        ("its start", &|event| {
            below(event, |kind| {
                matches!(kind, EventKind::Run(RunEvent::Started(_)))
            })
        }),
        ("its first answer", &|event| {
            below(event, |kind| {
                matches!(
                    kind,
                    EventKind::Agent {
                        event: AgentEvent::Published(_),
                        ..
                    }
                )
            })
        }),
        ("its decision", &|event| {
            below(event, |kind| {
                matches!(kind, EventKind::Run(RunEvent::Decided(_)))
            })
        }),
        ("its end", &|event| {
            below(event, |kind| {
                matches!(kind, EventKind::Run(RunEvent::Ended(_)))
            })
        }),
    ];
    for (name, moment) in moments {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let slow = ["run", "--demo", "teams", "--demo-speed", "3"];
        let before = kill_when(home, &slow, |events| events.iter().any(moment));
        let ran = run(home, &["resume", "--demo-speed", "max"]);
        assert_eq!(ran.status.code(), Some(0), "{name}: {}", words(&ran.stderr));
        let after = events(home);
        check(&before, &after);
        // Whatever it ran, none of its turns is left open.
        let state = fold(&after);
        let agents = state.turn.unwrap().agents;
        let team = agents.iter().find_map(|agent| agent.nested.as_ref());
        assert!(team.unwrap().turns().all(massgen_tui::run::Turn::is_over));
    }
}

/// Killed between the beginning of a turn and what it tells next: nothing that was settled before is
/// lost. The log of a whole run is cut there, line by line, so no timing decides.
#[test]
fn what_was_settled_survives_a_log_that_ends_with_the_next_beginning() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let approved = "orchestrator.plan_approval=auto";
    let whole = [
        "run",
        "--demo",
        "plan",
        "--demo-speed",
        "max",
        "--set",
        approved,
    ];
    assert_eq!(run(home, &whole).status.code(), Some(0));
    let path = log(home).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let beginnings = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains("\"kind\":{\"run\":{\"started\":"))
        .map(|(at, _)| at);
    let cuts: Vec<usize> = beginnings.collect();
    assert_eq!(cuts.len(), 4, "planning, two chunks, the assembly");
    for at in cuts {
        fs::write(&path, lines[..=at].concat()).unwrap();
        let ran = run(home, &["resume", "--demo-speed", "max"]);
        assert_eq!(
            ran.status.code(),
            Some(0),
            "line {at}: {}",
            words(&ran.stderr)
        );
        let out = words(&ran.stdout);
        assert!(
            out.starts_with("## An hour with error messages"),
            "line {at}: {out}"
        );
    }
}
