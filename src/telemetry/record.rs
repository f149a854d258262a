//! The fold: events to spans and figures.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Capture, Figures, Span, SpanId, SpanKind, TraceId};
use crate::{
    export::sha256,
    protocol::{
        AgentCard, AgentEvent, AgentId, CallEvent, Event, EventKind, FailureKind, Outcome,
        RoundEnd, RunEvent, Timestamp, ToolEvent, TurnStart, Usage,
    },
};

/// Finished spans that are kept until they are taken; more are counted and dropped.
const MOST: usize = 20_000;
/// Tool calls of one agent that are under way.
const MOST_TOOLS: usize = 256;
/// Longest text of an attribute, in bytes.
const LONGEST: usize = 32 * 1024;

/// Makes spans and figures of events.
#[derive(Debug, Default)]
pub struct Recorder {
    capture: Capture,
    run: String,
    turn: Option<Turn>,
    agents: BTreeMap<AgentId, Agent>,
    done: Vec<Span>,
    dropped: u64,
    figures: Figures,
}

#[derive(Debug)]
struct Turn {
    span: Span,
}

#[derive(Debug)]
struct Agent {
    card: AgentCard,
    round: Option<Round>,
}

/// A round of an agent that is under way.
#[derive(Debug)]
struct Round {
    span: Span,
    /// Since when the model has been asked.
    asked: u64,
    calls: u32,
    retries: Vec<String>,
    usage: Usage,
    tools: BTreeMap<String, Span>,
}

/// The id of a session's trace.
#[must_use]
pub fn trace_id(run: &str) -> TraceId {
    let mut id = TraceId::default();
    for (byte, of) in id.iter_mut().zip(sha256(format!("trace {run}").as_bytes())) {
        *byte = of;
    }
    id
}

fn span_id(run: &str, what: &str) -> SpanId {
    let mut id = SpanId::default();
    for (byte, of) in id
        .iter_mut()
        .zip(sha256(format!("span {run} {what}").as_bytes()))
    {
        *byte = of;
    }
    id
}

/// The name that the conventions have for a backend.
fn provider(backend: &str) -> &str {
    match backend {
        "claude" | "claude_code" => "anthropic",
        "gemini" => "gcp.gemini",
        "azure_openai" => "azure.ai.openai",
        "grok" => "x_ai",
        "mistral" => "mistral_ai",
        "chatcompletion" => "openai",
        other => other,
    }
}

/// Whether a failure is one of a call to a model.
const fn is_of_a_call(kind: FailureKind) -> bool {
    !matches!(
        kind,
        FailureKind::Cancelled | FailureKind::Local | FailureKind::Team
    )
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST.min(text.len())))
        .unwrap_or_default()
}

fn message(role: &str, text: &str) -> Value {
    let part = json!({"type": "text", "content": cut(text)});
    json!(json!([{"role": role, "parts": [part]}]).to_string())
}

impl Recorder {
    /// An empty one.
    #[must_use]
    pub fn new(capture: Capture) -> Self {
        Self {
            capture,
            ..Self::default()
        }
    }

    /// The id of the trace.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        trace_id(&self.run)
    }

    /// The session.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The spans that ended since the last time.
    pub fn spans(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.done)
    }

    /// Spans for which there was no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// All figures since the beginning.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Event) {
        let at = event.at;
        match &event.kind {
            EventKind::Run(RunEvent::Started(start)) => self.started(start, event.seq.0, at),
            EventKind::Run(RunEvent::Ended(outcome)) => self.ended(outcome, at),
            EventKind::Run(_) => {}
            EventKind::Agent { id, event: what } => self.agent(*id, what, event.seq.0, at),
        }
    }

    /// Ends what is still open, for a session that broke off.
    pub fn close(&mut self, at: Timestamp) {
        let ids: Vec<AgentId> = self.agents.keys().copied().collect();
        for id in ids {
            self.end_round(id, None, at);
        }
        if let Some(mut turn) = self.turn.take() {
            turn.span.end = at.0.max(turn.span.start);
            turn.span.failed = Some("it broke off".to_owned());
            self.put(turn.span);
        }
    }

    fn put(&mut self, span: Span) {
        if self.done.len() < MOST {
            self.done.push(span);
        } else {
            self.dropped += 1;
        }
    }

    fn started(&mut self, start: &TurnStart, seq: u64, at: Timestamp) {
        self.close(at);
        self.run.clone_from(&start.run.0);
        self.agents = start
            .team
            .iter()
            .map(|card| {
                let card = card.clone();
                (card.id, Agent { card, round: None })
            })
            .collect();
        let mut attributes = vec![
            ("gen_ai.operation.name", json!("invoke_agent")),
            ("gen_ai.agent.name", json!("team")),
            ("gen_ai.conversation.id", json!(start.run.0)),
            ("massgen.turn", json!(start.turn)),
            ("massgen.agents", json!(start.team.len())),
        ];
        if self.capture == Capture::Content {
            attributes.push(("gen_ai.input.messages", message("user", &start.prompt)));
        }
        self.turn = Some(Turn {
            span: Span {
                id: span_id(&self.run, &format!("turn {seq}")),
                parent: None,
                name: "invoke_agent team".to_owned(),
                kind: SpanKind::Internal,
                lane: 0,
                start: at.0,
                end: at.0,
                attributes,
                failed: None,
            },
        });
    }

    fn ended(&mut self, outcome: &Outcome, at: Timestamp) {
        let ids: Vec<AgentId> = self.agents.keys().copied().collect();
        for id in ids {
            self.end_round(id, None, at);
        }
        let Some(Turn { mut span }) = self.turn.take() else {
            return;
        };
        span.end = at.0.max(span.start);
        match outcome {
            Outcome::Answered {
                winner, end, text, ..
            } => {
                span.attributes.push(("massgen.winner", json!(winner)));
                span.attributes.push(("massgen.end", json!(end)));
                if self.capture == Capture::Content {
                    span.attributes
                        .push(("gen_ai.output.messages", message("assistant", text)));
                }
            }
            Outcome::NoAnswer { reason, .. } => {
                span.attributes.push(("error.type", json!(reason)));
                span.failed = Some("no answer".to_owned());
            }
        }
        self.put(span);
    }

    fn agent(&mut self, id: AgentId, event: &AgentEvent, seq: u64, at: Timestamp) {
        match event {
            AgentEvent::RoundStarted { round, purpose, .. } => {
                self.end_round(id, None, at);
                self.begin_round(id, (*round, json!(purpose)), seq, at);
            }
            AgentEvent::RoundEnded { end, .. } => {
                if *end == RoundEnd::Failed {
                    self.called(id, Err("failed"), seq, at);
                }
                self.end_round(id, Some(*end), at);
            }
            AgentEvent::Usage(usage) => self.called(id, Ok(*usage), seq, at),
            AgentEvent::Call(
                CallEvent::Retrying { failure, .. } | CallEvent::Switched { failure, .. },
            ) => {
                if let Some(round) = self.round(id) {
                    round.retries.push(failure.kind.word().to_owned());
                }
            }
            AgentEvent::Tool(event) => self.tool(id, event, seq, at),
            AgentEvent::Benched(failure) => {
                let word = failure.kind.word();
                if is_of_a_call(failure.kind) {
                    self.called(id, Err(word), seq, at);
                }
                if let Some(round) = self.round(id) {
                    round.span.failed = Some(word.to_owned());
                }
                self.end_round(id, Some(RoundEnd::Failed), at);
            }
            AgentEvent::Call(_)
            | AgentEvent::Delta { .. }
            | AgentEvent::Published(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Nested(_) => {}
        }
    }

    fn round(&mut self, id: AgentId) -> Option<&mut Round> {
        self.agents.get_mut(&id)?.round.as_mut()
    }

    fn begin_round(
        &mut self,
        id: AgentId,
        (round, purpose): (u32, Value),
        seq: u64,
        at: Timestamp,
    ) {
        let parent = self.turn.as_ref().map(|turn| turn.span.id);
        let run = self.run.clone();
        let Some(agent) = self.agents.get_mut(&id) else {
            return;
        };
        let card = &agent.card;
        let span = Span {
            id: span_id(&run, &format!("round {seq}")),
            parent,
            name: format!("invoke_agent {}", card.name),
            kind: SpanKind::Internal,
            lane: id.0,
            start: at.0,
            end: at.0,
            attributes: vec![
                ("gen_ai.operation.name", json!("invoke_agent")),
                ("gen_ai.agent.id", json!(id.to_string())),
                ("gen_ai.agent.name", json!(card.name)),
                ("gen_ai.provider.name", json!(provider(&card.backend))),
                ("gen_ai.request.model", json!(card.model)),
                ("gen_ai.conversation.id", json!(run)),
                ("massgen.round", json!(round)),
                ("massgen.purpose", purpose),
            ],
            failed: None,
        };
        agent.round = Some(Round {
            span,
            asked: at.0,
            calls: 0,
            retries: Vec::new(),
            usage: Usage::default(),
            tools: BTreeMap::new(),
        });
    }

    fn end_round(&mut self, id: AgentId, end: Option<RoundEnd>, at: Timestamp) {
        let Some(round) = self
            .agents
            .get_mut(&id)
            .and_then(|agent| agent.round.take())
        else {
            return;
        };
        for (_, mut tool) in round.tools {
            tool.end = at.0.max(tool.start);
            tool.failed = Some("it was not finished".to_owned());
            self.put(tool);
        }
        let mut span = round.span;
        span.end = at.0.max(span.start);
        span.attributes
            .push(("gen_ai.usage.input_tokens", json!(round.usage.input)));
        span.attributes
            .push(("gen_ai.usage.output_tokens", json!(round.usage.output)));
        span.attributes.push(("massgen.calls", json!(round.calls)));
        if let Some(end) = end {
            span.attributes.push(("massgen.round.end", json!(end)));
        }
        if end == Some(RoundEnd::Failed) {
            let why = span.failed.get_or_insert_with(|| "failed".to_owned());
            let why = json!(why.replace(' ', "_"));
            span.attributes.push(("error.type", why));
        }
        self.put(span);
    }

    /// A model call ended: its usage is told when it does, or why it failed for good.
    fn called(&mut self, id: AgentId, came_to: Result<Usage, &str>, seq: u64, at: Timestamp) {
        let run = self.run.clone();
        let Some(agent) = self.agents.get_mut(&id) else {
            return;
        };
        let card = agent.card.clone();
        let Some(round) = agent.round.as_mut() else {
            return;
        };
        let usage = came_to.unwrap_or_default();
        let failed = came_to.err().map(str::to_owned);
        round.calls += u32::from(failed.is_none());
        round.usage += usage;
        let retries = std::mem::take(&mut round.retries);
        let mut attributes = vec![
            ("gen_ai.operation.name", json!("chat")),
            ("gen_ai.provider.name", json!(provider(&card.backend))),
            ("gen_ai.request.model", json!(card.model)),
            ("gen_ai.agent.name", json!(card.name)),
            ("gen_ai.conversation.id", json!(run)),
        ];
        let class = failed.as_ref().map(|why| why.replace(' ', "_"));
        match &class {
            Some(class) => attributes.push(("error.type", json!(class))),
            None => attributes.extend([
                ("gen_ai.usage.input_tokens", json!(usage.input)),
                ("gen_ai.usage.output_tokens", json!(usage.output)),
                ("gen_ai.usage.cache_read.input_tokens", json!(usage.cached)),
                ("massgen.usage.estimated", json!(usage.estimated)),
            ]),
        }
        if !retries.is_empty() {
            attributes.push(("massgen.retries", json!(retries)));
        }
        let span = Span {
            id: span_id(&run, &format!("call {seq}")),
            parent: Some(round.span.id),
            name: format!("chat {}", card.model),
            kind: SpanKind::Client,
            lane: id.0,
            start: round.asked,
            end: at.0.max(round.asked),
            attributes,
            failed,
        };
        let took = span.end - span.start;
        round.asked = at.0;
        let about = |more: Option<&str>| {
            let mut about = vec![
                ("gen_ai.operation.name", "chat".to_owned()),
                ("gen_ai.provider.name", provider(&card.backend).to_owned()),
                ("gen_ai.request.model", card.model.clone()),
            ];
            about.extend(more.map(|kind| ("gen_ai.token.type", kind.to_owned())));
            about
        };
        if let Some(class) = class {
            let mut about = about(None);
            about.push(("error.type", class));
            self.figures.took(about, took);
        } else {
            self.figures.took(about(None), took);
            self.figures.used(about(Some("input")), usage.input);
            self.figures.used(about(Some("output")), usage.output);
        }
        self.put(span);
    }

    fn tool(&mut self, id: AgentId, event: &ToolEvent, seq: u64, at: Timestamp) {
        let (run, capture) = (self.run.clone(), self.capture);
        let Some(agent) = self.agents.get_mut(&id) else {
            return;
        };
        let name = agent.card.name.clone();
        let Some(round) = agent.round.as_mut() else {
            return;
        };
        match event {
            ToolEvent::Started {
                call,
                name: tool,
                arguments,
            } => {
                let mut attributes = vec![
                    ("gen_ai.operation.name", json!("execute_tool")),
                    ("gen_ai.tool.name", json!(tool)),
                    ("gen_ai.tool.call.id", json!(call)),
                    ("gen_ai.agent.name", json!(name)),
                ];
                if capture == Capture::Content {
                    attributes.push(("gen_ai.tool.call.arguments", json!(cut(arguments))));
                }
                let span = Span {
                    id: span_id(&run, &format!("tool {seq}")),
                    parent: Some(round.span.id),
                    name: format!("execute_tool {tool}"),
                    kind: SpanKind::Internal,
                    lane: id.0,
                    start: at.0,
                    end: at.0,
                    attributes,
                    failed: None,
                };
                if round.tools.len() < MOST_TOOLS {
                    round.tools.insert(call.clone(), span);
                }
            }
            ToolEvent::Finished {
                call, ok, output, ..
            } => {
                // The model is asked again when the results are there.
                round.asked = at.0;
                let Some(mut span) = round.tools.remove(call) else {
                    return;
                };
                span.end = at.0.max(span.start);
                if !ok {
                    span.attributes.push(("error.type", json!("tool_error")));
                    span.failed = Some("the tool failed".to_owned());
                }
                if capture == Capture::Content {
                    span.attributes
                        .push(("gen_ai.tool.call.result", json!(cut(output))));
                }
                self.put(span);
            }
            ToolEvent::Noted { .. } => {}
        }
    }
}
