//! A run becomes the trace that the conventions describe.

use serde_json::Value;

use super::*;
use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Event, EventKind, Label, Limits, Origin, Outcome, OutcomeEnd,
    Purpose, RoundEnd, Rules, RunEvent, RunId, Seq, Timestamp, ToolEvent, TurnStart, Usage,
};

fn events() -> Vec<Event> {
    let id = AgentId(1);
    let agent = |event| EventKind::Agent { id, event };
    let start = TurnStart {
        run: RunId("r".into()),
        turn: 1,
        prompt: "a secret task".into(),
        team: vec![AgentCard {
            id,
            name: "anna".into(),
            model: "m-1".into(),
            backend: "claude".into(),
        }],
        limits: Limits::default(),
        rules: Rules::default(),
        stage: None,
        origin: Origin::Direct,
        version: "1".into(),
        cwd: "/".into(),
        places: Vec::new(),
        resumed: None,
    };
    let usage = |input, output| {
        AgentEvent::Usage(Usage {
            input,
            output,
            calls: 1,
            ..Usage::default()
        })
    };
    let kinds = vec![
        EventKind::Run(RunEvent::Started(Box::new(start))),
        agent(AgentEvent::RoundStarted {
            round: 1,
            purpose: Purpose::Work,
            view: Vec::new(),
        }),
        agent(usage(10, 3)),
        agent(AgentEvent::Tool(ToolEvent::Started {
            call: "c".into(),
            name: "read_file".into(),
            arguments: "{\"path\":\"secret\"}".into(),
        })),
        agent(AgentEvent::Tool(ToolEvent::Finished {
            call: "c".into(),
            ok: false,
            output: "secret".into(),
            elapsed_ms: 5,
        })),
        agent(usage(20, 4)),
        agent(AgentEvent::RoundEnded {
            round: 1,
            end: RoundEnd::Published,
        }),
        EventKind::Run(RunEvent::Ended(Outcome::Answered {
            winner: Label::new(id, 1),
            text: "secret answer".into(),
            presenter: None,
            end: OutcomeEnd::Consensus,
            changes: Vec::new(),
        })),
    ];
    let numbered = kinds.into_iter().enumerate().map(|(at, kind)| Event {
        seq: Seq(at as u64 + 1),
        at: Timestamp(1000 + at as u64 * 100),
        kind,
    });
    numbered.collect()
}

fn recorded(capture: Capture) -> (Recorder, Vec<Span>) {
    let mut recorder = Recorder::new(capture);
    for event in events() {
        recorder.take(&event);
    }
    let spans = recorder.spans();
    (recorder, spans)
}

#[test]
fn a_run_is_a_tree_of_spans() {
    let (recorder, spans) = recorded(Capture::Nothing);
    let told: Vec<(&str, u64, u64)> = spans
        .iter()
        .map(|span| (span.name.as_str(), span.start, span.end))
        .collect();
    assert_eq!(
        told,
        [
            ("chat m-1", 1100, 1200),
            ("execute_tool read_file", 1300, 1400),
            ("chat m-1", 1400, 1500),
            ("invoke_agent anna", 1100, 1600),
            ("invoke_agent team", 1000, 1700),
        ]
    );
    let (round, turn) = (spans[3].id, spans[4].id);
    assert_eq!(spans[4].parent, None);
    assert_eq!(spans[3].parent, Some(turn));
    assert!(spans[..3].iter().all(|span| span.parent == Some(round)));
    assert!(spans[1].failed.is_some() && spans[0].failed.is_none());
    let figures = recorder.figures();
    assert_eq!(
        figures.durations.values().map(|one| one.count).sum::<u64>(),
        2
    );
    assert!((figures.tokens.values().map(|one| one.sum).sum::<f64>() - 37.0).abs() < 1e-9);
}

#[test]
fn a_call_that_failed_for_good_is_a_span_with_its_error() {
    let mut recorder = Recorder::new(Capture::Nothing);
    let mut events: Vec<Event> = events().into_iter().take(2).collect();
    let failure = crate::protocol::Failure::new(crate::protocol::FailureKind::Auth, "a secret key");
    events.push(Event {
        seq: Seq(3),
        at: Timestamp(1400),
        kind: EventKind::Agent {
            id: AgentId(1),
            event: AgentEvent::Benched(failure),
        },
    });
    for event in &events {
        recorder.take(event);
    }
    let spans = recorder.spans();
    let told: Vec<_> = spans
        .iter()
        .map(|span| {
            (
                span.name.as_str(),
                span.failed.as_deref(),
                span.end - span.start,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("chat m-1", Some("no access"), 300),
            ("invoke_agent anna", Some("no access"), 300)
        ]
    );
    let request = otlp::traces("x", recorder.trace(), &spans);
    let chat = &request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(chat["status"]["code"], 2);
    assert!(request.to_string().contains("no_access"));
    assert!(!request.to_string().contains("secret"));
    let about = recorder.figures().durations.keys().next().unwrap();
    assert!(about.contains(&("error.type", "no_access".to_owned())));
    assert!(recorder.figures().tokens.is_empty());
}

#[test]
fn words_are_in_it_only_when_asked_for() {
    let text = |capture| {
        let (recorder, spans) = recorded(capture);
        otlp::traces("massgen-tui", recorder.trace(), &spans).to_string()
    };
    assert!(!text(Capture::Nothing).contains("secret"));
    let full = text(Capture::Content);
    for word in [
        "a secret task",
        "secret answer",
        "gen_ai.tool.call.arguments",
    ] {
        assert!(full.contains(word), "{word}");
    }
}

#[test]
fn otlp_has_the_form_that_collectors_take() {
    let (recorder, spans) = recorded(Capture::Nothing);
    let traces = otlp::traces("x", recorder.trace(), &spans);
    let first = &traces["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(first["traceId"].as_str().map(str::len), Some(32));
    assert_eq!(first["spanId"].as_str().map(str::len), Some(16));
    assert_eq!(first["startTimeUnixNano"], "1100000000");
    assert_eq!(first["kind"], 3);
    let facts = first["attributes"].as_array().unwrap();
    let fact = |key: &str| {
        facts
            .iter()
            .find(|fact| fact["key"] == key)
            .map(|fact| &fact["value"])
    };
    assert_eq!(
        fact("gen_ai.provider.name").unwrap()["stringValue"],
        "anthropic"
    );
    assert_eq!(fact("gen_ai.usage.input_tokens").unwrap()["intValue"], "10");
    let metrics = otlp::metrics("x", recorder.figures(), 1000, 1700);
    let named: Vec<&Value> = metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| &metric["name"])
        .collect();
    assert_eq!(
        named,
        [
            "gen_ai.client.operation.duration",
            "gen_ai.client.token.usage"
        ]
    );
}

#[test]
fn a_run_that_broke_off_is_closed_and_a_trace_is_repeatable() {
    let mut recorder = Recorder::new(Capture::Nothing);
    for event in events().iter().take(4) {
        recorder.take(event);
    }
    recorder.close(Timestamp(9000));
    let spans = recorder.spans();
    assert_eq!(spans.len(), 4);
    assert!(
        spans
            .iter()
            .any(|span| span.failed.as_deref() == Some("it broke off"))
    );
    assert_eq!(recorded(Capture::Nothing).1, recorded(Capture::Nothing).1);
    let trace = chrome::trace(&spans, &[("start", 1, 2)]);
    let events = trace["traceEvents"].as_array().unwrap();
    assert_eq!(events.len(), 4 + 1 + 3);
}
