//! One tiny call to a member: does it answer, how soon, for how much.
//!
//! A model is asked for one word. A program is asked for the same, in a conversation of its own without
//! tools, through what a run asks it through. Dropping the future ends either.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::look::{Login, programs};
use crate::{
    app::{sentence, ways::Ways},
    config::{self, BackendConfig, Environment, Severity},
    protocol::{Cost, Failure, FailureKind, Form, Message, ToolChoice},
    provider::{Provider as _, Request, StopReason, StreamEvent, http::Client, http::HttpProvider},
    setup::Agent,
};

/// Longest wait for a member; a model that is still being loaded needs a while.
pub const BOUND: Duration = Duration::from_secs(45);
/// Longest wait for a program: it starts, looks at its login, and asks its model.
pub const PROGRAM: Duration = Duration::from_mins(2);
/// Most tokens of the reply: enough for models that think before they speak.
const REPLY: u64 = 300;

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// How long it took.
    pub took_ms: u64,
    /// What it cost; `None` when a program did not say.
    pub cost: Option<Cost>,
}

/// Tries a member.
///
/// # Errors
/// Why it does not answer, with what to do.
pub async fn attempt(client: &Client, env: &Environment, agent: &Agent) -> Result<Tried, Failure> {
    let backend = backend(env, agent)?;
    let bound = if backend.program.is_some() {
        PROGRAM
    } else {
        BOUND
    };
    let tried = timeout(bound, asked(client, &backend)).await;
    let outcome = tried.unwrap_or_else(|_| {
        let words = format!("It said nothing within {} s.", bound.as_secs());
        Err(Failure::new(FailureKind::Transient, words)
            .hint("It may still be starting or loading its model; try again."))
    });
    match outcome {
        Err(failure) if backend.program.is_some() => Err(advised(env, agent, failure).await),
        outcome => outcome,
    }
}

/// A program that does not answer and was not logged in, as far as its traces tell: that comes first.
async fn advised(env: &Environment, agent: &Agent, failure: Failure) -> Failure {
    let found = programs(env).await.into_iter();
    let mut found = found.filter(|one| one.backend == agent.backend);
    match found.next() {
        Some(one) if one.login == Login::NotFound && failure.kind != FailureKind::Auth => {
            let how = one.how;
            failure.hint(format!(
                "No login of it was found: log in once with `{how}`."
            ))
        }
        _ => failure,
    }
}

fn backend(env: &Environment, agent: &Agent) -> Result<BackendConfig, Failure> {
    let lookup = |name: &str| env.get(name);
    let (url, model) = (agent.base_url.as_deref(), agent.model.as_deref());
    config::direct(Some(&agent.backend), url, model, &lookup).map_err(|findings| {
        let mut errors = findings.into_iter();
        let first = errors.find(|finding| finding.severity == Severity::Error);
        first.map_or_else(
            || Failure::new(FailureKind::Request, "It cannot be reached."),
            |finding| {
                Failure::new(FailureKind::Request, sentence(&finding.message))
                    .hint(sentence(&finding.suggestion))
            },
        )
    })
}

async fn asked(client: &Client, backend: &BackendConfig) -> Result<Tried, Failure> {
    let began = Instant::now();
    let request = Request {
        messages: vec![Message::User {
            text: "Reply with the one word: ok".to_owned(),
        }],
        tools: Vec::new(),
        choice: ToolChoice::Auto,
    };
    let (mut cost, mut spoke, mut refused) = (None, false, false);
    let mut stream = if backend.program.is_some() {
        let program = Ways::of(backend).connect(client, Form::default());
        program.aside(request)
    } else {
        let mut endpoint = crate::app::endpoint(backend);
        endpoint
            .parameters
            .insert("max_tokens".to_owned(), Value::from(REPLY));
        cost = Some(Cost::default());
        HttpProvider::new(client.clone(), endpoint)
            .impatient()
            .stream(request)
    };
    while let Some(event) = stream.next().await {
        match event? {
            StreamEvent::Usage(usage) => cost = Some(usage.cost),
            StreamEvent::Stop(reason) => {
                // One that thinks until its tokens are used up is there all the same.
                spoke |= reason == StopReason::Length;
                refused = reason == StopReason::Refused;
            }
            other => spoke |= other.is_content(),
        }
    }
    if refused || !spoke {
        let words = if refused {
            "It answered with a refusal."
        } else {
            "It answered without a word."
        };
        return Err(Failure::new(FailureKind::Model, words).hint("Try again, or another model."));
    }
    Ok(Tried {
        took_ms: began.elapsed().as_millis() as u64,
        cost,
    })
}
