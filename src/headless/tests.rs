//! Streams in, bytes and exit codes out.

use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

use super::*;
use crate::{
    protocol::{AgentId, Label, NoAnswerReason},
    store::samples,
};

const RUN: &str = "20261121-101530-k3f9";

/// A driven session and the far ends of everything.
struct Rig {
    events: mpsc::Sender<Event>,
    commands: mpsc::Receiver<Command>,
    signals: mpsc::Sender<Signal>,
    stdout: DuplexStream,
    stderr: DuplexStream,
    exit: tokio::task::JoinHandle<Exit>,
}

fn rig(format: Format, progress: Progress, pipe: usize) -> Rig {
    let (events, event_receiver) = mpsc::channel(64);
    let (command_sender, commands) = mpsc::channel(4);
    let (signals, signal_receiver) = mpsc::channel(4);
    let (stdout, out) = duplex(pipe);
    let (stderr, err) = duplex(1 << 20);
    let output = Output {
        stdout: Box::new(out),
        stderr: Box::new(err),
        format,
        progress,
    };
    let exit = tokio::spawn(drive(
        event_receiver,
        command_sender,
        signal_receiver,
        output,
    ));
    Rig {
        events,
        commands,
        signals,
        stdout,
        stderr,
        exit,
    }
}

/// Plays a whole session, as the engine does: events end after `Close`. Returns exit, stdout, stderr.
async fn play(format: Format, progress: Progress, events: Vec<Event>) -> (Exit, String, String) {
    let mut rig = rig(format, progress, 1 << 20);
    let ends = events
        .iter()
        .any(|event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_))));
    for event in events {
        rig.events.send(event).await.unwrap();
    }
    if ends {
        assert_eq!(rig.commands.recv().await, Some(Command::Close));
    }
    drop(rig.events);
    let exit = rig.exit.await.unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    rig.stdout.read_to_string(&mut out).await.unwrap();
    rig.stderr.read_to_string(&mut err).await.unwrap();
    (exit, out, err)
}

fn ending(kind: EventKind) -> Vec<Event> {
    samples::numbered(vec![samples::started(RUN, 1, "task"), kind])
}

fn answered(end: OutcomeEnd) -> EventKind {
    samples::ended(Label::new(AgentId(1), 1), "The answer.\n\n", end)
}

#[tokio::test]
async fn text_is_the_answer_alone_and_progress_beside_it() {
    let (exit, out, err) = play(Format::Text, Progress::Shown, samples::session(RUN)).await;
    assert_eq!(exit, Exit::Answered);
    assert_eq!(out, "Short waves scatter more.\n");
    let want = concat!(
        "   0.0s  session 20261121-101530-k3f9, turn 1: ada, brook, chen (demo \"quick\": a script, no model)\n",
        "   2.0s  brook runs grep\n",
        "   3.0s  chen tries again in 3.0s (attempt 2): The stream of demo was cut after 12 bytes.\n",
        "   3.5s  ada published agent1.1 (26 characters)\n",
        "   5.5s  ada voted for agent1.1: It is mine, and it is right.\n",
        "   6.0s  brook published agent2.1 (37 characters)\n",
        "   6.5s  1 vote stopped counting\n",
        "   7.0s  chen was refused (vote): \"agent9\" is not on the ballot.\n",
        "   7.5s  chen is out: The stream of demo was cut after 12 bytes. It is tried again.\n",
        "   8.0s  you said: Name the effect.\n",
        "   9.0s  ada voted for agent2.1: It names the effect.\n",
        "   9.5s  brook voted for agent2.1: Mine is complete.\n",
        "  10.0s  phase: counting\n",
        "  10.5s  agent2.1 by brook won by most votes (2 of 2)\n",
        "  11.0s  phase: presenting\n",
        "  12.0s  warning: chen is out.\n",
        "  12.5s  answered (3,000 tokens, at least $0.0021)\n",
    );
    assert_eq!(err, want);
}

#[tokio::test]
async fn quiet_tells_only_what_went_wrong() {
    let (_, out, err) = play(Format::Text, Progress::Hidden, samples::session(RUN)).await;
    assert_eq!(out, "Short waves scatter more.\n");
    assert_eq!(err.lines().count(), 1);
    assert!(err.contains("chen is out: "), "{err}");
}

#[tokio::test]
async fn json_is_the_log() {
    let (exit, out, _) = play(Format::Json, Progress::Hidden, samples::session(RUN)).await;
    assert_eq!(exit, Exit::Answered);
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    std::fs::write(&path, out).unwrap();
    let session = crate::store::read(&path).unwrap();
    assert_eq!(session.header, Header::new(RunId(RUN.into())));
    assert_eq!(session.events, samples::session(RUN));
    assert_eq!(session.damage, None);
}

#[tokio::test]
async fn every_outcome_has_its_code() {
    let none = |reason| {
        EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
            reason,
            message: "Nobody answered.".into(),
        }))
    };
    for (kind, exit, code) in [
        (answered(OutcomeEnd::Consensus), Exit::Answered, 0),
        (answered(OutcomeEnd::AnswerNow), Exit::Answered, 0),
        (answered(OutcomeEnd::AgentsLost), Exit::Answered, 0),
        (answered(OutcomeEnd::Limit), Exit::Limit, 4),
        (
            answered(OutcomeEnd::Stopped),
            Exit::Stopped(Signal::Interrupt),
            130,
        ),
        (none(NoAnswerReason::AllFailed), Exit::NoAnswer, 3),
        (none(NoAnswerReason::Limit), Exit::NoAnswer, 3),
        (none(NoAnswerReason::Cancelled), Exit::NoAnswer, 3),
    ] {
        let (got, out, err) = play(Format::Text, Progress::Hidden, ending(kind.clone())).await;
        assert_eq!((got, got.code()), (exit, code), "{kind:?}");
        let answer = matches!(
            kind,
            EventKind::Run(RunEvent::Ended(Outcome::Answered { .. }))
        );
        assert_eq!(out, if answer { "The answer.\n" } else { "" });
        assert_eq!(
            err.contains("no answer: Nobody answered."),
            !answer,
            "{err}"
        );
    }
}

#[tokio::test]
async fn a_session_that_breaks_off_is_an_error() {
    let mut events = samples::session(RUN);
    events.pop();
    let (exit, out, err) = play(Format::Text, Progress::Hidden, events).await;
    assert_eq!((exit, out.as_str()), (Exit::Error, ""));
    assert!(err.contains("broke off"), "{err}");
}

#[tokio::test]
async fn the_first_signal_stops_and_keeps_the_answer() {
    for (signal, code) in [
        (Signal::Interrupt, 130),
        (Signal::Terminate, 143),
        (Signal::Hangup, 129),
    ] {
        let mut rig = rig(Format::Text, Progress::Shown, 1 << 20);
        rig.signals.send(signal).await.unwrap();
        assert_eq!(rig.commands.recv().await, Some(Command::Stop));
        for event in ending(answered(OutcomeEnd::Stopped)) {
            rig.events.send(event).await.unwrap();
        }
        assert_eq!(rig.commands.recv().await, Some(Command::Close));
        drop(rig.events);
        assert_eq!(rig.exit.await.unwrap().code(), code);
        let mut out = String::new();
        rig.stdout.read_to_string(&mut out).await.unwrap();
        assert_eq!(out, "The answer.\n");
    }
}

#[tokio::test]
async fn the_second_signal_leaves_at_once_even_when_nobody_reads() {
    // One byte of pipe and no reader: the first event blocks.
    let mut rig = rig(Format::Json, Progress::Hidden, 1);
    for event in samples::session(RUN) {
        rig.events.send(event).await.unwrap();
    }
    rig.signals.send(Signal::Interrupt).await.unwrap();
    assert_eq!(rig.commands.recv().await, Some(Command::Stop));
    rig.signals.send(Signal::Interrupt).await.unwrap();
    assert_eq!(rig.exit.await.unwrap(), Exit::Stopped(Signal::Interrupt));
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_the_session() {
    let mut rig = rig(Format::Json, Progress::Shown, 1 << 20);
    drop(rig.stdout);
    let mut events = samples::session(RUN).into_iter();
    rig.events.send(events.next().unwrap()).await.unwrap();
    assert_eq!(rig.commands.recv().await, Some(Command::Close));
    for event in events {
        rig.events.send(event).await.unwrap();
    }
    drop(rig.events);
    let exit = rig.exit.await.unwrap();
    assert_eq!((exit, exit.code()), (Exit::PipeClosed, 141));
}

#[tokio::test]
async fn outside_text_cannot_reach_the_terminal_as_it_is() {
    let nasty = "red \u{1b}[31mred\u{7} \u{202e}txet\nsecond line";
    let label = Label::new(AgentId(1), 1);
    let (_, out, err) = play(
        Format::Text,
        Progress::Shown,
        samples::numbered(vec![
            samples::started(RUN, 1, nasty),
            samples::published(1, 1, nasty),
            samples::voted(2, label, &nasty.repeat(40)),
            samples::ended(label, nasty, OutcomeEnd::Consensus),
        ]),
    )
    .await;
    for text in [&out, &err] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
    assert!(out.contains("\nsecond line"), "an answer keeps its lines");
    assert!(err.lines().all(|line| line.chars().count() <= 200), "{err}");
    assert_eq!(err.lines().count(), 4, "one event, one line: {err}");
}
