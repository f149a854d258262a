//! An endpoint that keeps failing is left alone by everybody, and a model that has to be loaded first
//! is waited for without counting an attempt.

use std::time::Duration;

use futures_util::StreamExt as _;
use massgen_tui::protocol::{CallEvent, CircuitState, FailureKind, LoadProgress, Message};
use massgen_tui::provider::discovery::Targets;
use massgen_tui::provider::http::{Client, HttpProvider, Rules, Timeouts};
use massgen_tui::provider::retry::Policy;
use massgen_tui::provider::{Compaction, Endpoint, Provider as _, StreamEvent, Wire, discovery};

use super::{Call, LONG, TEXT, client_with, endpoint, patient, stream_once};
use crate::harness::sse_server::Server;

/// Opens after two failures, for `rest_ms`.
fn easily_tired(rest_ms: u64, wait_ms: u64) -> Client {
    let timeouts = Timeouts {
        cloud: patient(),
        local: patient(),
        tail: LONG,
        listing: LONG,
        probe_connect: LONG,
    };
    let circuit = Rules {
        failures: 2,
        rest_ms,
        growth: 200,
        longest_ms: rest_ms,
        wait_ms,
    };
    let policy = Policy {
        base_ms: 2,
        attempts: 2,
        circuit,
        ..Policy::default()
    };
    Client::with(timeouts, policy)
}

/// The next event about the breaker.
async fn circuit(call: &mut Call) -> CircuitState {
    loop {
        if let Ok(StreamEvent::Call(CallEvent::Circuit { server, state })) = call.next().await {
            assert!(server.contains("openai"), "{server}");
            return state;
        }
    }
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_left_alone_by_every_agent() {
    let server = Server::start().await;
    let client = easily_tired(60_000, 0);
    let first = Call::start(client.clone(), endpoint(server.base_url()));
    for _ in 0..2 {
        server.accept().await.reply(500, &[], "{}").await;
    }
    let failure = first.rest().await.failure.expect("it fails");
    assert_eq!(failure.kind, FailureKind::Transient);
    // Another agent with the same client: nobody is asked, and the time of the next try is told.
    let other = Call::start(client.clone(), endpoint(server.base_url()));
    let failure = other.rest().await.failure.expect("it fails at once");
    let words = failure.words();
    assert!(words.contains("failed 2 times in a row"), "{words}");
    assert!(words.contains("The next try is in 60 s"), "{words}");
    assert!(failure.retry_after_ms.is_some_and(|wait| wait > 0));
    assert!(client.rests(&endpoint(server.base_url())).is_some());
    // Another server is not meant.
    let well = Server::start().await;
    let call = Call::start(client, endpoint(well.base_url()));
    stream_once(&well, TEXT).await;
    assert_eq!(call.rest().await.failure, None);
}

#[tokio::test]
async fn a_call_waits_for_the_next_try_and_tells_when_the_server_is_back() {
    let server = Server::start().await;
    let client = easily_tired(1, 600_000);
    let mut call = Call::start(client.clone(), endpoint(server.base_url()));
    server.accept().await.reply(503, &[], "{}").await;
    server.accept().await.reply(503, &[], "{}").await;
    let opened = circuit(&mut call).await;
    assert!(
        matches!(opened, CircuitState::Open { next_ms: 1 }),
        "{opened:?}"
    );
    // Busy servers are tried six times; the third attempt is the trial. If the rest is not over by
    // then, the wait for it is told first.
    let mut next = circuit(&mut call).await;
    if matches!(next, CircuitState::Open { .. }) {
        next = circuit(&mut call).await;
    }
    assert_eq!(next, CircuitState::Trial);
    stream_once(&server, TEXT).await;
    assert_eq!(circuit(&mut call).await, CircuitState::Closed);
    let reply = call.rest().await;
    assert_eq!((reply.text.is_empty(), reply.failure), (false, None));
    assert_eq!(client.rests(&endpoint(server.base_url())), None);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_opens_nothing() {
    let server = Server::start().await;
    let client = easily_tired(60_000, 0);
    for _ in 0..3 {
        let call = Call::start(client.clone(), endpoint(server.base_url()));
        server.accept().await.reply(401, &[], "{}").await;
        let failure = call.rest().await.failure.expect("it fails");
        assert_eq!(failure.kind, FailureKind::Auth);
    }
}

#[tokio::test]
async fn a_dropped_trial_makes_room_for_another() {
    let server = Server::start().await;
    let client = easily_tired(1, 600_000);
    let first = Call::start(client.clone(), endpoint(server.base_url()));
    for _ in 0..2 {
        server.accept().await.reply(500, &[], "{}").await;
    }
    assert!(first.rest().await.failure.is_some());
    let trial = Call::start(client.clone(), endpoint(server.base_url()));
    let connection = server.accept().await;
    let other = Call::start(client, endpoint(server.base_url()));
    drop(trial);
    drop(connection);
    stream_once(&server, TEXT).await;
    assert_eq!(other.rest().await.failure, None);
}

#[tokio::test]
async fn a_model_that_is_being_loaded_is_waited_for_and_no_failure() {
    let server = Server::start().await;
    let mut call = Call::start(client_with(patient()), endpoint(server.base_url()));
    let loading = |progress: f64| {
        format!(r#"{{"error":{{"code":503,"message":"Loading model","progress":{progress}}}}}"#)
    };
    // More often than there are attempts.
    for step in 0..10 {
        let body = loading(f64::from(step) / 10.0);
        server.accept().await.reply(503, &[], &body).await;
    }
    stream_once(&server, TEXT).await;
    let mut told = Vec::new();
    loop {
        match call.next().await.expect("no failure") {
            StreamEvent::Call(CallEvent::Loading {
                loading: LoadProgress::Percent(percent),
            }) => told.push(percent),
            StreamEvent::Call(other) => panic!("{other:?}"),
            StreamEvent::Stop(_) => break,
            _ => {}
        }
    }
    assert_eq!(told, [0, 20, 40, 60, 80]);
}

#[tokio::test]
async fn a_model_that_never_loads_fails_with_what_the_server_says() {
    let server = Server::start().await;
    let patience = massgen_tui::provider::http::Patience {
        first_byte: Duration::ZERO,
        ..patient()
    };
    // Not `first_byte` of the connection itself: the answer is there before it is looked for.
    let client = client_with(patience);
    let call = Call::start(client, endpoint(server.base_url()));
    let reply = tokio::spawn(call.rest());
    let body = r#"{"error":{"code":503,"message":"Loading model"}}"#;
    let serve = async {
        loop {
            // Out of patience, it may leave before it has asked.
            if let Some(connection) = server.accept_if_asked().await {
                connection.reply(503, &[], body).await;
            }
        }
    };
    tokio::select! {
        () = serve => {}
        reply = reply => assert!(reply.expect("it ends").failure.is_some()),
    }
}

#[tokio::test]
async fn windows_come_from_the_server_itself() {
    let server = Server::start().await;
    let base_url = server.base_url();
    let list = r#"{"data":[{"id":"test-model","owned_by":"vllm","max_model_len":4096}]}"#;
    let root = server.root();
    let serving = server.serve(vec![("/v1/models", 200, list.to_owned())]);
    let client = client_with(patient());
    let provider = HttpProvider::new(client.clone(), endpoint(base_url.clone()));
    assert_eq!(provider.context().window, None);
    // Found by the search for servers …
    let targets = Targets {
        roots: vec![root],
        bound: LONG,
    };
    discovery::discover(&client, &targets).await;
    assert_eq!(provider.context().window, Some(4_096));
    // … or before the first call, where the configuration names such a server, or only its address.
    for backend in ["vllm", "chatcompletion"] {
        let other = client_with(patient());
        let named = Endpoint {
            backend: backend.to_owned(),
            ..endpoint(base_url.clone())
        };
        let provider = HttpProvider::new(other.clone(), named.clone());
        let reply = Call::start(other, named).rest().await;
        assert!(reply.failure.is_some(), "this server only lists");
        assert_eq!(provider.context().window, Some(4_096), "{backend}");
    }
    serving.abort();
}

#[tokio::test]
async fn a_model_that_is_not_in_memory_is_told_before_the_call() {
    let server = Server::start().await;
    let base_url = server.base_url();
    let rows = r#"{"data":[{"id":"test-model","state":"not-loaded","max_context_length":32768}]}"#;
    let serving = server.serve(vec![
        ("/v1/models", 200, rows.to_owned()),
        ("/api/v0/models", 200, rows.to_owned()),
        ("/lmstudio-greeting", 200, r#"{"lmstudio":true}"#.to_owned()),
    ]);
    let named = Endpoint {
        backend: "lmstudio".to_owned(),
        ..endpoint(base_url)
    };
    let mut call = Call::start(client_with(patient()), named);
    let first = call.next().await;
    let loads = StreamEvent::Call(CallEvent::Loading {
        loading: LoadProgress::Unknown,
    });
    assert_eq!(first, Ok(loads));
    serving.abort();
}

#[tokio::test]
async fn a_server_that_cuts_every_stream_is_left_alone_and_a_whole_reply_forgets_it() {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
    for (bodies, rests) in [
        ([half, half].as_slice(), true),
        (&[half, TEXT, half], false),
    ] {
        let server = Server::start().await;
        let client = easily_tired(60_000, 0);
        for body in bodies {
            let call = Call::start(client.clone(), endpoint(server.base_url()));
            stream_once(&server, body).await;
            let failure = call.rest().await.failure;
            assert_eq!(failure.is_some(), *body == half, "{failure:?}");
        }
        assert_eq!(client.rests(&endpoint(server.base_url())).is_some(), rests);
    }
}

#[tokio::test]
async fn calls_that_make_a_conversation_smaller_count_and_wait_for_nothing() {
    let server = Server::start().await;
    let client = easily_tired(60_000, 600_000);
    let endpoint = Endpoint {
        wire: Wire::Responses,
        ..endpoint(server.base_url())
    };
    let provider = HttpProvider::new(client.clone(), endpoint.clone());
    let work = || Compaction {
        before: vec![Message::User {
            text: "the task".into(),
        }],
        kept: Vec::new(),
        tools: Vec::new(),
    };
    let stream = provider.compact(work()).expect("it is asked");
    let told = tokio::spawn(stream.collect::<Vec<_>>());
    for _ in 0..2 {
        server.accept().await.reply(500, &[], "{}").await;
    }
    let told = told.await.expect("no panic");
    let opened = told.iter().any(|item| {
        let open = |state: &CircuitState| matches!(state, CircuitState::Open { .. });
        matches!(item, Ok(StreamEvent::Call(CallEvent::Circuit { state, .. })) if open(state))
    });
    assert!(opened && matches!(told.last(), Some(Err(_))), "{told:?}");
    assert!(client.rests(&endpoint).is_some());
    // The endpoint rests: the next one fails at once.
    let stream = provider.compact(work()).expect("a stream");
    let told: Vec<_> = stream.collect().await;
    let [Err(failure)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(failure.words().contains("is left alone"), "{failure}");
}
