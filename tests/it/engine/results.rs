//! Results of tools that are too long for a window: kept whole, with the way to them in every call.

use std::sync::{Arc, Mutex};

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{
        AgentEvent, AgentId, Command, Context, EventKind, Failure, Limits, Message, Outcome,
        RunEvent, ToolEvent,
    },
    provider::{Provider, Request, StreamEvent},
    run::RunState,
    store::{self, Store, redact::Redactor},
};
use serde_json::json;
use tokio::sync::mpsc;

use super::{act, choices, offers, plain, publish, say, setup, vote};

/// Opens the long answer of the other, then looks for a word in it, then votes.
struct Reader(Arc<Mutex<Vec<Request>>>);

impl Provider for Reader {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let last = request
            .messages
            .iter()
            .rev()
            .find_map(|message| match message {
                Message::Tool { name, .. } => Some(name.as_str()),
                _ => None,
            });
        let steps = match last {
            _ if request.tools.is_empty() => say("the final word"),
            Some("open_answer") => act(
                1,
                "read_result",
                &json!({"id": "agent2-1", "find": "needle"}),
            ),
            Some("read_result") => vote(1, &choices(&request)[0]),
            _ if choices(&request).is_empty() => publish(1, "short"),
            _ => act(1, "open_answer", &json!({"label": "agent1.1"})),
        };
        self.0.lock().unwrap().push(request);
        stream::iter(steps.into_iter().map(|(_, item)| item)).boxed()
    }

    fn context(&self) -> Context {
        Context {
            window: Some(8_000),
            ..Context::default()
        }
    }
}

#[tokio::test]
async fn a_long_result_is_kept_whole_and_read_by_page() {
    let words = format!("{}needle{}", "hay ".repeat(2_000), " hay".repeat(900));
    let long: &'static str = Box::leak(words.into_boxed_str());
    let asked = Arc::default();
    let reader = Arc::new(Reader(Arc::clone(&asked)));
    let setup = setup(vec![plain(1, long, "agent1.1"), reader], Limits::default());
    let place = tempfile::tempdir().expect("a folder");
    let store = Store::open(place.path()).expect("a store");
    let run = store::new_run_id(0);
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: Some(store.write(run.clone()).expect("a log")),
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let session = engine::spawn(setup, sinks, "the task".into());
    let mut state = RunState::default();
    let mut cards = Vec::new();
    while let Some(event) = events.recv().await {
        state.apply(&event);
        match &event.kind {
            EventKind::Agent {
                id: AgentId(2),
                event: AgentEvent::Tool(ToolEvent::Finished { output, .. }),
            } => cards.push(output.clone()),
            EventKind::Run(RunEvent::Ended(_)) => break,
            _ => {}
        }
    }
    let _ = session.commands.send(Command::Close).await;
    drop(events);
    let _ = session.done.await;
    let turn = state.turn.as_ref().expect("a turn");
    assert!(matches!(turn.outcome, Some(Outcome::Answered { .. })));
    let [preview, page, ..] = cards.as_slice() else {
        panic!("{cards:?}");
    };
    assert!(
        preview.contains("All of it is kept as agent2-1"),
        "{preview}"
    );
    assert!(preview.contains("bytes were cut here") && !preview.contains("needle"));
    assert!(
        page.starts_with("agent2-1, bytes ") && page.contains("needle"),
        "{page}"
    );
    let asked: Vec<Request> = asked.lock().unwrap().clone();
    let first = asked.iter().position(|one| offers(one, "read_result"));
    let first = first.expect("it is offered");
    let spec = asked[first].tools.last().expect("a tool");
    assert!(
        spec.description.contains("agent2-1 (open_answer, "),
        "{}",
        spec.description
    );
    // A later process of the session finds it.
    let folder = store.log(&run).with_file_name("results");
    let kept = std::fs::read_to_string(folder.join("agent2-1-open_answer.txt")).expect("a file");
    assert!(kept.contains(long));
    let later = store::ResultFolder::new(folder.parent().expect("a session"), Redactor::new(&[]));
    assert_eq!(later.of(AgentId(2)).len(), 1);
}
