//! Asks the model and listens. Cancelling is dropping; what is not whole is not kept.

use futures_util::StreamExt as _;
use serde_json::{Map, Value, json};
use tokio::{sync::mpsc, time::Instant};

use super::{super::Services, Analyst, Plan, plan::request};
use crate::{
    config::Wire,
    headless::words::money,
    protocol::{CallEvent, Event, Failure, FailureKind, RunId, ToolCall, Usage},
    provider::{Endpoint, Provider as _, StopReason, StreamEvent, http::HttpProvider},
    report::{
        self, Of,
        analysis::{self, About, Analysis, Ask, Form, Made, VERSION, check},
    },
    store::redact::Redactor,
};

/// Most bytes of a reply.
const MOST: usize = 2 * 1024 * 1024;

/// What happens on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The model says more of its reply.
    Said(String),
    /// It thinks; so many characters.
    Thought(usize),
    /// Something worth a line: a wait, a simpler form.
    Told(String),
}

/// What came of a call.
#[derive(Default)]
struct Reply {
    text: String,
    /// Arguments of a call that is being written.
    arguments: String,
    calls: Vec<ToolCall>,
    usage: Option<Usage>,
    bytes: usize,
    refused: bool,
}

/// Asks, listens, reads and checks. `tell` hears what happens on the way.
///
/// # Errors
/// The call fails, is refused, breaks off, or the reply says nothing.
pub async fn perform(
    services: &Services,
    plan: &Plan,
    run: &RunId,
    (turn, events): (&Of, &[Event]),
    tell: mpsc::Sender<Step>,
) -> Result<Analysis, Failure> {
    let began = Instant::now();
    let at_ms = crate::engine::outbox::now().0;
    let mut form = plan.analyst.form;
    let mut ask = plan.ask.clone();
    let reply = loop {
        match listen(services, &plan.analyst, &ask, &tell).await {
            Ok(reply) => break reply,
            Err((failure, nothing_said)) => {
                let simpler = form.simpler().filter(|_| {
                    nothing_said && failure.kind == FailureKind::Request && failure.status.is_some()
                });
                let Some(simpler) = simpler else {
                    return Err(failure);
                };
                let words = format!(
                    "The server does not take {}; asking for {} instead.",
                    form.word(),
                    simpler.word()
                );
                let _ = tell.send(Step::Told(words)).await;
                form = simpler;
                ask = analysis::ask(&plan.evidence, form);
            }
        }
    };
    let usage = reply.usage.unwrap_or_default();
    if reply.refused {
        return Err(spent(
            Failure::new(
                FailureKind::Refused,
                "The model refused to analyse the log.",
            ),
            usage,
        ));
    }
    let draft = analysis::read(&reply.text, &reply.calls).map_err(|_| {
        let words = "The model replied without any analysis.";
        let failure =
            Failure::new(FailureKind::Request, words).hint("Try again, or another model.");
        spent(failure, usage)
    })?;
    let exists = |number: u64| {
        let found = events.binary_search_by_key(&number, |event| event.seq.0);
        found.is_ok()
    };
    let mut claims = check(&draft, turn, &plan.evidence, &exists);
    let redactor = Redactor::new(&known(&plan.analyst.endpoint));
    for claim in &mut claims {
        claim.text = redactor.text(&claim.text).into_owned();
    }
    Ok(Analysis {
        version: VERSION,
        of: About {
            run: run.clone(),
            turn: plan.turn.0,
            attempt: plan.turn.1,
            last_event: turn.part.events.1,
            report: report::VERSION,
        },
        by: Made {
            provider: plan.analyst.provider.clone(),
            model: plan.analyst.model.clone(),
            at_ms,
            took_ms: began.elapsed().as_millis() as u64,
            usage,
            scripted: plan.analyst.scripted,
        },
        seen: plan.evidence.seen,
        shape: draft.shape,
        summary: redactor.text(&draft.summary).into_owned(),
        claims,
    })
}

/// A failure that was paid for says so.
fn spent(mut failure: Failure, usage: Usage) -> Failure {
    if usage.calls > 0 && usage.cost.usd > 0.0 {
        failure.message = format!(
            "{} It cost {} all the same.",
            failure.message.trim_end(),
            money(usage.cost)
        );
    }
    failure
}

fn known(endpoint: &Endpoint) -> Vec<String> {
    use secrecy::ExposeSecret as _;
    let key = endpoint.key.iter();
    key.map(|key| key.expose_secret().to_owned()).collect()
}

/// One call. The failure comes with whether nothing was said before it.
async fn listen(
    services: &Services,
    analyst: &Analyst,
    ask: &Ask,
    tell: &mpsc::Sender<Step>,
) -> Result<Reply, (Failure, bool)> {
    let mut endpoint = analyst.endpoint.clone();
    parameters(&mut endpoint, ask, analyst.reply());
    let provider = HttpProvider::new(services.client.clone(), endpoint);
    let mut stream = provider.stream(request(ask));
    let mut reply = Reply::default();
    while let Some(event) = stream.next().await {
        let event = match event {
            Ok(event) => event,
            Err(failure) => {
                let silent = reply.bytes == 0 && reply.calls.is_empty();
                let usage = reply.usage.unwrap_or_default();
                return Err((spent(failure, usage), silent));
            }
        };
        if let Some(step) = reply.take(event) {
            // Nobody listens any more: then nobody waits for the reply either.
            if tell.send(step).await.is_err() {
                let failure = Failure::new(FailureKind::Cancelled, "The analysis was cancelled.");
                return Err((failure, false));
            }
        }
        if reply.bytes > MOST {
            let failure = Failure::new(FailureKind::Request, "The reply does not end.");
            return Err((failure.hint("Try another model."), false));
        }
    }
    Ok(reply)
}

impl Reply {
    fn take(&mut self, event: StreamEvent) -> Option<Step> {
        match event {
            StreamEvent::Text(text) => {
                self.bytes += text.len();
                self.text.push_str(&text);
                Some(Step::Said(text))
            }
            StreamEvent::ToolArguments { fragment, .. } => {
                self.bytes += fragment.len();
                self.arguments.push_str(&fragment);
                Some(Step::Said(fragment))
            }
            StreamEvent::Thinking(text) => {
                self.bytes += text.len();
                Some(Step::Thought(text.chars().count()))
            }
            StreamEvent::ToolCall(call) => {
                self.calls.push(call);
                None
            }
            StreamEvent::Usage(usage) => {
                self.usage = Some(usage);
                None
            }
            StreamEvent::Stop(reason) => {
                self.refused = reason == StopReason::Refused;
                // A call that was cut off by the limit is no call; what it says so far is mended.
                if reason == StopReason::Length
                    && self.calls.is_empty()
                    && self.text.trim().is_empty()
                {
                    self.text = std::mem::take(&mut self.arguments);
                }
                None
            }
            StreamEvent::Call(event) => told(&event).map(Step::Told),
            StreamEvent::ToolStart { .. }
            | StreamEvent::Tool(_)
            | StreamEvent::Carried(_)
            | StreamEvent::Permission(_)
            | StreamEvent::Nested(_) => None,
        }
    }
}

/// What happens to the call, in a sentence.
fn told(event: &CallEvent) -> Option<String> {
    Some(match event {
        CallEvent::Retrying {
            attempt,
            wait_ms,
            failure,
        } => format!(
            "{} Attempt {attempt} in {} s.",
            failure.words(),
            wait_ms.div_ceil(1000)
        ),
        CallEvent::Switched { to, failure } => format!("{} It goes on at {to}.", failure.words()),
        CallEvent::Held { held_ms } => {
            format!("The call is held back for {} s.", held_ms.div_ceil(1000))
        }
        CallEvent::Circuit { server, state } => state.words(server),
        CallEvent::Loading { loading } => loading.words(),
        CallEvent::Compacted { .. } => return None,
    })
}

/// Request fields: the longest reply, and the schema in the words of the family.
fn parameters(endpoint: &mut Endpoint, ask: &Ask, longest: u64) {
    let said = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
    if !said
        .iter()
        .any(|name| endpoint.parameters.contains_key(*name))
    {
        let most = Value::from(longest);
        endpoint.parameters.insert("max_tokens".to_owned(), most);
    }
    let Some(schema) = &ask.schema else {
        return;
    };
    let (name, value) = match endpoint.wire {
        // Structured replies of this family are asked for by a call.
        Wire::Messages => return,
        Wire::Chat => (
            "response_format",
            json!({"type": "json_schema", "json_schema": {
                "name": "analysis", "strict": true, "schema": schema
            }}),
        ),
        Wire::Responses => (
            "text",
            json!({"format": {
                "type": "json_schema", "name": "analysis", "strict": true, "schema": schema
            }}),
        ),
        Wire::Gemini => (
            "generation_config",
            json!({"responseMimeType": "application/json", "responseSchema": google(schema)}),
        ),
    };
    // What the configuration says besides stays.
    let mut merged = match endpoint.parameters.get(name) {
        Some(Value::Object(own)) => own.clone(),
        _ => Map::new(),
    };
    if let Value::Object(fields) = value {
        merged.extend(fields);
    }
    endpoint
        .parameters
        .insert(name.to_owned(), Value::Object(merged));
}

/// The schema without what Google's dialect does not know.
fn google(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| *key != "additionalProperties");
            Value::Object(
                kept.map(|(key, value)| (key.clone(), google(value)))
                    .collect(),
            )
        }
        Value::Array(list) => list.iter().map(google).collect(),
        other => other.clone(),
    }
}

impl Plan {
    /// The form in which the reply is wanted first.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.analyst.form
    }
}
