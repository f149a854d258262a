//! Conversations that get too long, under paused time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use massgen_tui::{
    protocol::{
        AgentEvent, CallEvent, Carried, Command, CompactedBy, Context, Event, EventKind, Failure,
        FailureKind, Limits, Message, Outcome, RunEvent, SteerMode, Target, Usage,
    },
    provider::{
        Compaction, Provider, Request, StopReason, StreamEvent,
        chain::{Chain, Link},
        tokens,
        wire::carried::is_mark,
    },
};
use serde_json::json;

use super::{Step, Turn, act, choices, failure, laws, ms, offers, publish, say, turn_with, vote};

/// How the server's own compaction goes.
#[derive(Clone, Copy, PartialEq)]
enum Native {
    None,
    Works,
    Fails,
}

/// How the notes go.
#[derive(Clone, Copy, PartialEq)]
enum Notes {
    Written,
    Empty,
    Fail,
    Hang,
}

/// A model that works in long steps and has a window.
struct Long {
    window: Option<u64>,
    /// What it refuses as too long, and the words.
    refuses: Option<(u64, &'static str)>,
    native: Native,
    notes: Notes,
    full: Option<u8>,
    steps: usize,
    asked: Arc<Mutex<Vec<Request>>>,
    /// It has no access any more once it has been asked so often.
    barred: usize,
    /// It cannot read what the other one made.
    stranger: bool,
}

type Asked = Arc<Mutex<Vec<Request>>>;

impl Long {
    fn new() -> (Self, Asked) {
        let asked = Asked::default();
        let model = Self {
            window: Some(4_000),
            refuses: None,
            native: Native::None,
            notes: Notes::Written,
            full: Some(75),
            steps: 7,
            asked: Arc::clone(&asked),
            barred: usize::MAX,
            stranger: false,
        };
        (model, asked)
    }

    fn script(&self, request: &Request) -> Vec<Step> {
        if is_note(request) {
            return match self.notes {
                Notes::Written => say("the planted fact is 4711"),
                Notes::Empty => say("  "),
                Notes::Fail => vec![(Duration::ZERO, Err(failure(FailureKind::Overloaded)))],
                Notes::Hang => vec![ms(10_000_000, StreamEvent::Stop(StopReason::EndTurn))],
            };
        }
        let noted = request.messages.iter().any(
            |message| matches!(message, Message::Assistant { text, .. } if text.starts_with("[My notes")),
        );
        if let Some((most, words)) = self.refuses
            && (tokens::prompt(request) > most || (noted && words == "for ever"))
        {
            let refused = Failure::new(FailureKind::Context, words);
            return vec![(Duration::ZERO, Err(refused))];
        }
        if request.tools.is_empty() {
            return say("the final word");
        }
        let worked = self.asked.lock().unwrap().len();
        if worked < self.steps && offers(request, "new_answer") {
            let pad = "work ".repeat(800);
            return act(10, "open_answer", &json!({"label": "agent9.9", "pad": pad}));
        }
        if offers(request, "vote") {
            return vote(10, &choices(request)[0]);
        }
        publish(10, "the answer")
    }
}

impl Provider for Long {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let barred = self.asked.lock().unwrap().len() >= self.barred;
        let steps = if barred {
            vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))]
        } else {
            self.script(&request)
        };
        self.asked.lock().unwrap().push(request);
        stream::iter(steps)
            .then(|(wait, item)| async move {
                tokio::time::sleep(wait).await;
                item
            })
            .boxed()
    }

    fn context(&self) -> Context {
        Context {
            window: self.window,
            full: self.full,
            ..Context::default()
        }
    }

    fn reads(&self, messages: &[Message]) -> bool {
        !(self.stranger && messages.iter().any(is_mark))
    }

    fn compact(&self, _: Compaction) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
        let carried = Carried {
            origin: "here".into(),
            items: vec![json!({"type": "compaction", "encrypted_content": "OPAQUE"})],
        };
        let items = match self.native {
            Native::None => return None,
            Native::Fails => vec![Err(failure(FailureKind::Transient))],
            Native::Works => vec![
                Ok(StreamEvent::Carried(carried)),
                Ok(StreamEvent::Usage(Usage {
                    input: 3000,
                    output: 50,
                    calls: 1,
                    ..Usage::default()
                })),
                Ok(StreamEvent::Stop(StopReason::EndTurn)),
            ],
        };
        Some(stream::iter(items).boxed())
    }
}

fn is_note(request: &Request) -> bool {
    matches!(request.messages.first(), Some(Message::System { text }) if text.starts_with("You write the notes"))
}

/// What was done to the conversation: how, tokens before and after, why nothing better.
fn compactions(turn: &Turn) -> Vec<(CompactedBy, u64, u64, Option<FailureKind>)> {
    let events = turn.events.iter().filter_map(|event| match &event.kind {
        EventKind::Agent {
            event:
                AgentEvent::Call(CallEvent::Compacted {
                    before,
                    after,
                    way,
                    instead,
                    ..
                }),
            ..
        } => Some((
            *way,
            *before,
            *after,
            instead.as_ref().map(|failure| failure.kind),
        )),
        _ => None,
    });
    events.collect()
}

async fn play(model: Long, react: impl Fn(&Event) -> Option<Command>) -> Turn {
    let turn = turn_with(vec![Arc::new(model)], Limits::default(), react).await;
    laws::check(&turn.events, "no secret");
    turn
}

/// Every request is one that a server takes: the task is in it, and every call has its result.
fn sound(asked: &Asked) -> Vec<Request> {
    let asked = asked.lock().unwrap().clone();
    for request in &asked {
        let text = serde_json::to_string(&request.messages).unwrap();
        assert!(text.contains("the task"), "{text}");
        let mut open = 0_usize;
        for message in &request.messages {
            match message {
                Message::Assistant { calls, .. } => {
                    assert_eq!(open, 0, "a call without a result");
                    open = calls.len();
                }
                Message::Tool { .. } => open = open.checked_sub(1).expect("a call before"),
                Message::User { .. } | Message::System { .. } => assert_eq!(open, 0),
            }
        }
    }
    asked
}

#[tokio::test(start_paused = true)]
async fn a_long_conversation_is_made_smaller_before_it_is_full() {
    let (model, asked) = Long::new();
    let turn = play(model, |_| None).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    let told = compactions(&turn);
    assert!(told.len() >= 2, "{told:?}");
    for (way, before, after, instead) in told {
        assert_eq!((way, instead), (CompactedBy::Summary, None));
        assert!(before >= 3_000 && after < 3_000, "{before} → {after}");
    }
    let asked = sound(&asked);
    for request in asked.iter().filter(|request| !is_note(request)) {
        assert!(tokens::prompt(request) < 4_000);
    }
    let later = asked.iter().rfind(|request| offers(request, "new_answer"));
    let text = serde_json::to_string(&later.expect("a request").messages).unwrap();
    assert!(text.contains("the planted fact is 4711"), "{text}");
    // Notes are paid for, and the page of money can tell what they saved.
    let turn = turn.state.turn.as_ref().expect("a turn");
    assert!(turn.record.spending.compactions.all().times >= 2);
    assert!(turn.record.spending.compactions.all().spent.calls >= 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_touched_below_the_threshold_or_when_it_is_off() {
    for (window, full) in [
        (Some(100_000), Some(75)),
        (None, Some(75)),
        (Some(1_000), None),
    ] {
        let (model, asked) = Long::new();
        let turn = play(
            Long {
                window,
                full,
                ..model
            },
            |_| None,
        )
        .await;
        assert_eq!(compactions(&turn), []);
        assert!(!sound(&asked).iter().any(is_note));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_window_and_the_call_goes_on() {
    let (model, asked) = Long::new();
    let words = "This model's maximum context length is 3500 tokens.";
    let turn = play(
        Long {
            window: None,
            refuses: Some((3_500, words)),
            ..model
        },
        |_| None,
    )
    .await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    let told = compactions(&turn);
    assert!(!told.is_empty());
    let refused = sound(&asked)
        .iter()
        .filter(|request| tokens::prompt(request) > 3_500 && !is_note(request))
        .count();
    assert_eq!(refused, 1, "the window is known from then on");
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_gives_up_in_clear_words() {
    let (model, _) = Long::new();
    let turn = play(
        Long {
            window: None,
            // Even what is left after it was made smaller is too long.
            refuses: Some((3_500, "for ever")),
            notes: Notes::Written,
            ..model
        },
        |_| None,
    )
    .await;
    let hints: Vec<String> = turn
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Agent {
                event: AgentEvent::Benched(failure),
                ..
            } => Some(failure.hint.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(compactions(&turn).len(), 1);
    assert!(
        hints.iter().any(|hint| hint.contains("made smaller once")),
        "{hints:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_can_do_it_is_asked_and_nothing_is_thrown_away() {
    let (model, asked) = Long::new();
    let turn = play(
        Long {
            native: Native::Works,
            ..model
        },
        |_| None,
    )
    .await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    let told = compactions(&turn);
    assert!(told.iter().all(|(way, ..)| *way == CompactedBy::Native));
    assert!(!told.is_empty());
    let asked = sound(&asked);
    assert!(!asked.iter().any(is_note));
    let last = asked.iter().rfind(|request| offers(request, "new_answer"));
    let text = serde_json::to_string(&last.expect("a request").messages).unwrap();
    assert!(text.contains("OPAQUE"));
    assert!(
        text.matches("agent9.9").count() >= 6,
        "another model reads all"
    );
}

#[tokio::test(start_paused = true)]
async fn each_way_falls_back_to_the_next_and_says_so() {
    for (native, notes, way, why) in [
        (
            Native::Fails,
            Notes::Written,
            CompactedBy::Summary,
            FailureKind::Transient,
        ),
        (
            Native::None,
            Notes::Fail,
            CompactedBy::Trim,
            FailureKind::Overloaded,
        ),
        (
            Native::None,
            Notes::Empty,
            CompactedBy::Trim,
            FailureKind::Transient,
        ),
        (
            Native::Fails,
            Notes::Fail,
            CompactedBy::Trim,
            FailureKind::Overloaded,
        ),
    ] {
        let (model, asked) = Long::new();
        let turn = play(
            Long {
                native,
                notes,
                ..model
            },
            |_| None,
        )
        .await;
        assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
        let told = compactions(&turn);
        assert!(!told.is_empty());
        for (got, before, after, instead) in told {
            assert_eq!((got, instead), (way, Some(why)));
            assert!(after < before);
        }
        sound(&asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_stopped_midway_ends_at_once() {
    let (model, asked) = Long::new();
    let noted = Arc::clone(&asked);
    let begun = tokio::time::Instant::now();
    let turn = play(
        Long {
            notes: Notes::Hang,
            ..model
        },
        move |event| {
            // Three long steps are in; notes are being written.
            let finished = matches!(
                &event.kind,
                EventKind::Agent {
                    event: AgentEvent::Tool(_),
                    ..
                }
            );
            (finished && noted.lock().unwrap().len() >= 3).then_some(Command::Stop)
        },
    )
    .await;
    assert_eq!(compactions(&turn), []);
    assert!(
        begun.elapsed() < Duration::from_mins(5),
        "nobody waits for the notes"
    );
    let ended = turn
        .events
        .iter()
        .any(|event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_))));
    assert!(ended);
}

#[tokio::test(start_paused = true)]
async fn what_the_person_said_stands_word_for_word() {
    let (model, asked) = Long::new();
    let sent = Mutex::new(false);
    let turn = play(model, |event| {
        let worked = matches!(
            &event.kind,
            EventKind::Agent {
                event: AgentEvent::Tool(_),
                ..
            }
        );
        (worked && !std::mem::replace(&mut *sent.lock().unwrap(), true)).then(|| Command::Steer {
            target: Target::All,
            text: "never use tabs".into(),
            mode: SteerMode::Queue,
        })
    })
    .await;
    assert!(compactions(&turn).len() >= 2);
    let asked = sound(&asked);
    let last = asked.iter().rfind(|request| offers(request, "new_answer"));
    let text = serde_json::to_string(&last.expect("a request").messages).unwrap();
    assert!(text.contains("never use tabs"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_single_step_that_is_too_long_is_cut() {
    let asked = Asked::default();
    let notes = Arc::clone(&asked);
    let model = super::model(move |_, request| {
        notes.lock().unwrap().push(request.clone());
        if tokens::prompt(request) > 6_000 {
            let words = "prompt is too long: 9000 tokens > 6000 maximum";
            return vec![(
                Duration::ZERO,
                Err(Failure::new(FailureKind::Context, words)),
            )];
        }
        if request.tools.is_empty() {
            return say("final");
        }
        let opened = request
            .messages
            .iter()
            .any(|message| matches!(message, Message::Tool { name, .. } if name == "open_answer"));
        if opened && offers(request, "vote") {
            return vote(5, &choices(request)[0]);
        }
        if opened {
            return publish(5, "short answer");
        }
        let mut steps = vec![ms(1, StreamEvent::Text("long words ".repeat(4_000)))];
        steps.extend(act(5, "open_answer", &json!({"label": "agent1.1"})));
        steps
    });
    let turn = super::turn(vec![model]).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    let told = compactions(&turn);
    assert!(
        told.iter().all(|(way, ..)| *way == CompactedBy::Trim) && !told.is_empty(),
        "{told:?}"
    );
    sound(&asked);
}

/// A conversation that one server has made smaller goes on at another.
#[tokio::test(start_paused = true)]
async fn what_another_server_cannot_read_is_told_in_notes_before_it_goes_on_there() {
    for (full, native) in [
        (Some(75), Native::None),
        (Some(75), Native::Works),
        (None, Native::None),
    ] {
        let (first, asked_first) = Long::new();
        let (second, asked) = Long::new();
        let first = Long {
            native: Native::Works,
            barred: 5,
            ..first
        };
        let second = Long {
            window: Some(60_000),
            full,
            native,
            stranger: true,
            steps: 0,
            ..second
        };
        let link = |name: &str, model: Long| Link {
            name: name.into(),
            provider: Arc::new(model),
        };
        let chain = Chain::new(vec![link("first", first), link("second", second)], 1);
        let turn = turn_with(vec![Arc::new(chain)], Limits::default(), |_| None).await;
        laws::check(&turn.events, "no secret");
        assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
        let told = compactions(&turn);
        assert!(
            told.iter()
                .any(|(way, _, _, instead)| (*way, instead) == (CompactedBy::Native, &None)),
            "{told:?}"
        );
        assert!(
            asked_first
                .lock()
                .unwrap()
                .iter()
                .any(|one| one.messages.iter().any(is_mark))
        );
        let asked = sound(&asked);
        let works = asked.iter().find(|one| !is_note(one)).expect("a call");
        let foreign = told
            .iter()
            .find(|(_, _, _, instead)| *instead == Some(FailureKind::Local));
        match (full, native) {
            // Nothing is made smaller there: the conversation stands as it was.
            (None, _) => {
                assert_eq!(foreign, None);
                assert!(!works.messages.iter().any(is_mark));
            }
            (Some(_), Native::Works) => {
                assert_eq!(foreign.map(|one| one.0), Some(CompactedBy::Native));
            }
            (Some(_), _) => {
                let (way, before, after, _) = foreign.expect("it is told");
                assert_eq!(*way, CompactedBy::Summary);
                assert!(after < before, "{told:?}");
                assert!(!works.messages.iter().any(is_mark), "no bare mark");
                let text = serde_json::to_string(&works.messages).unwrap();
                assert!(text.contains("the planted fact is 4711"), "{text}");
            }
        }
        let switched = turn.events.iter().filter(|event| {
            let call =
                |event: &AgentEvent| matches!(event, AgentEvent::Call(CallEvent::Switched { .. }));
            matches!(&event.kind, EventKind::Agent { event, .. } if call(event))
        });
        assert_eq!(switched.count(), 1, "and then it stays there");
    }
}
