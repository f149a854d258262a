//! A turn for one agent between turns of the whole team: who is asked, what it reads, what is left of
//! it when the session is opened again.

use std::sync::{Arc, Mutex};

use massgen_tui::{
    engine::{self, Begin, Past},
    protocol::{
        AgentEvent, AgentId, Command, Event, EventKind, Level, Limits, Message, Outcome, RunEvent,
        TurnStart,
    },
    provider::{Provider, Request},
};
use tokio::sync::mpsc;

use super::{choices, laws, model, offers, publish, say, setup, unlogged, vote};

/// Who was asked, with everything it read.
type Calls = Arc<Mutex<Vec<(u16, String)>>>;

/// A team that notes what it is asked; everybody publishes and votes for the first agent.
fn team(size: u16, calls: &Calls) -> Vec<Arc<dyn Provider>> {
    let one = |number: u16| {
        let calls = Arc::clone(calls);
        model(move |_, request| {
            laws::check_request(request);
            let asked = (number, everything(request));
            calls.lock().expect("no panic").push(asked);
            let votes = choices(request);
            if votes.is_empty() && !offers(request, "new_answer") {
                return say("the final word");
            }
            match votes.iter().find(|one| one.starts_with("agent1")) {
                Some(label) => vote(10, label),
                None if offers(request, "new_answer") => {
                    publish(10, &format!("the answer of number {number}"))
                }
                None => vote(10, &votes[0]),
            }
        })
    };
    (1..=size).map(one).collect()
}

fn everything(request: &Request) -> String {
    let text = request.messages.iter().map(|message| match message {
        Message::System { text }
        | Message::User { text }
        | Message::Assistant { text, .. }
        | Message::Tool { text, .. } => text.as_str(),
    });
    text.collect::<Vec<_>>().join("\n")
}

/// The agents whose models were called for a task.
fn asked(calls: &Calls, task: &str) -> Vec<u16> {
    let mark = format!("<task>\n{task}\n");
    let calls = calls.lock().expect("no panic");
    let of = calls.iter().filter(|(_, text)| text.contains(&mark));
    of.map(|(number, _)| *number).collect()
}

fn everybody(calls: &Calls, task: &str) -> bool {
    let asked = asked(calls, task);
    (1..=3).all(|number| asked.contains(&number))
}

fn starts(events: &[Event]) -> Vec<&TurnStart> {
    let start = |event: &'_ Event| matches!(event.kind, EventKind::Run(RunEvent::Started(_)));
    let starts = events.iter().filter(|event| start(event));
    starts
        .filter_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Started(start)) => Some(&**start),
            _ => None,
        })
        .collect()
}

fn is_end(event: &Event) -> bool {
    matches!(event.kind, EventKind::Run(RunEvent::Ended(_)))
}

fn one(agent: u16, prompt: &str) -> Command {
    Command::Ask {
        agent: AgentId(agent),
        prompt: prompt.to_owned(),
    }
}

fn all(prompt: &str) -> Command {
    Command::FollowUp {
        prompt: prompt.to_owned(),
    }
}

/// Plays a session; after the end of each turn comes the next of these, then its close.
async fn play(calls: &Calls, begin: Begin, next: Vec<Command>) -> Vec<Event> {
    let (sender, mut events) = mpsc::channel(1024);
    let setup = setup(team(3, calls), Limits::default());
    let session = engine::begin(setup, unlogged(sender), begin);
    let mut next = next.into_iter();
    let mut heard = Vec::new();
    while let Some(event) = events.recv().await {
        if is_end(&event) {
            let command = next.next().unwrap_or(Command::Close);
            session.commands.send(command).await.expect("it listens");
        }
        heard.push(event);
    }
    session.done.await.expect("the session ends orderly");
    heard
}

fn winner(events: &[Event]) -> AgentId {
    let end = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Ended(Outcome::Answered { winner, .. })) => Some(winner.agent),
        _ => None,
    });
    end.expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn one_is_asked_alone_and_the_next_task_is_everybodys() {
    let calls = Calls::default();
    let next = vec![one(2, "work it in"), all("and on")];
    let events = play(&calls, Begin::Task("first".into()), next).await;
    laws::check(&events, "no secret");
    assert!(everybody(&calls, "first"));
    assert_eq!(
        asked(&calls, "work it in"),
        [2],
        "one call, no vote, no presentation"
    );
    assert!(everybody(&calls, "and on"));
    let starts = starts(&events);
    let told: Vec<_> = starts.iter().map(|start| start.rules.asked).collect();
    assert_eq!(told, [None, Some(AgentId(2)), None]);
    assert!(starts.iter().all(|start| start.team.len() == 3));
    assert_eq!(starts[0].limits, starts[2].limits);
    assert_eq!(starts[0].rules, starts[2].rules);
    // It reads what came of the task, and its own answer, which did not win.
    let calls = calls.lock().expect("no panic");
    let read = calls.iter().find(|(_, text)| text.contains("work it in"));
    let (_, read) = read.expect("it was asked");
    for words in [
        "only you are asked",
        "<answer given>\nthe final word\n",
        "<answer given>\nthe answer of number 2\n",
    ] {
        assert!(read.contains(words), "{words}: {read}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_winner_is_told_that_the_result_is_its_own() {
    let calls = Calls::default();
    let next = vec![one(1, "work it in")];
    let events = play(&calls, Begin::Task("first".into()), next).await;
    assert_eq!(asked(&calls, "work it in"), [1]);
    assert_eq!(winner(&events), AgentId(1));
    let calls = calls.lock().expect("no panic");
    let (_, read) = calls.last().expect("it was asked");
    assert!(
        read.contains("The answer given above is your own."),
        "{read}"
    );
    assert!(!read.contains("the answer of number 1"), "{read}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_there_is_named_and_nobody_is_asked() {
    let (sender, mut events) = mpsc::channel(1024);
    let calls = Calls::default();
    let setup = setup(team(3, &calls), Limits::default());
    let session = engine::spawn(setup, unlogged(sender), "first".into());
    let mut told = false;
    while let Some(event) = events.recv().await {
        let command = match &event.kind {
            EventKind::Run(RunEvent::Ended(_)) => one(9, "work it in"),
            EventKind::Run(RunEvent::Notice {
                level: Level::Warning,
                text,
            }) if text.contains("agent9 is not in this team") => {
                told = true;
                Command::Close
            }
            _ => continue,
        };
        session.commands.send(command).await.expect("it listens");
    }
    session.done.await.expect("the session ends orderly");
    assert!(told);
    assert_eq!(asked(&calls, "work it in"), [0_u16; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_for_one_that_broke_off_goes_on_for_one_and_ends_with_it() {
    let calls = Calls::default();
    let next = vec![one(2, "work it in")];
    let log = play(&calls, Begin::Task("first".into()), next).await;
    let second = log
        .iter()
        .position(|event| {
            matches!(&event.kind, EventKind::Run(RunEvent::Started(start)) if start.turn == 2)
        })
        .expect("a second turn");
    let (mut told, mut cuts) = (0, 0);
    for cut in second + 1..log.len() {
        let past = Past::read(&log[..cut]);
        if !past.is_open() {
            continue;
        }
        cuts += 1;
        let calls = Calls::default();
        let next = vec![all("and on")];
        let events = play(&calls, Begin::Resume(Box::new(past)), next).await;
        let again = asked(&calls, "work it in");
        assert!(again.iter().all(|number| *number == 2), "{cut}: {again:?}");
        told += again.len();
        assert!(everybody(&calls, "and on"), "{cut}");
        let starts = starts(&events);
        let asked: Vec<_> = starts.iter().map(|start| start.rules.asked).collect();
        assert_eq!(asked, [Some(AgentId(2)), None], "{cut}");
        let calls = calls.lock().expect("no panic");
        let alone = |text: &&String| text.contains("<task>\nwork it in\n");
        for read in calls.iter().map(|(_, text)| text).filter(alone) {
            assert!(read.contains("only you are asked"), "{read}");
            assert!(read.contains("the answer of number 2"), "{read}");
        }
    }
    assert!(told > 0 && cuts > 3, "{told} of {cuts}");
}

#[tokio::test(start_paused = true)]
async fn a_stored_session_asks_one_or_all() {
    let calls = Calls::default();
    let next = vec![one(3, "work it in")];
    let log = play(&calls, Begin::Task("first".into()), next).await;
    // All: what the turn before was for one does not last.
    let calls = Calls::default();
    let begin = Begin::Continue {
        past: Box::new(Past::read(&log)),
        prompt: "and on".into(),
        asked: None,
    };
    let events = play(&calls, begin, Vec::new()).await;
    assert!(everybody(&calls, "and on"));
    assert_eq!(starts(&events)[0].rules.asked, None);
    // One, who has its answer of the first turn no more: the turn before was another's.
    let calls = Calls::default();
    let begin = Begin::Continue {
        past: Box::new(Past::read(&log)),
        prompt: "and you".into(),
        asked: Some(AgentId(2)),
    };
    let events = play(&calls, begin, Vec::new()).await;
    assert_eq!(asked(&calls, "and you"), [2]);
    let published = events.iter().any(|event| {
        matches!(&event.kind, EventKind::Agent { id, event: AgentEvent::Published(_) } if *id == AgentId(2))
    });
    assert!(published);
}
