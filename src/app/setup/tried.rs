//! One tiny call to a member: does it answer, how soon, for how much.
//!
//! A model is asked for one word. A program is only started for its version: a call would be a whole
//! session of it. Dropping the future ends either.

use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::look::{FoundProgram, Login, programs};
use crate::{
    app::sentence,
    config::{self, Environment, Severity, backends},
    protocol::{Cost, Failure, FailureKind, Message, ToolChoice},
    provider::{Provider as _, Request, StopReason, StreamEvent, http::Client, http::HttpProvider},
    setup::Agent,
    text::clean,
};

/// Longest wait for a member; a model that is still being loaded needs a while.
pub const BOUND: Duration = Duration::from_secs(45);
/// Longest wait for a program to say its version.
const VERSION: Duration = Duration::from_secs(10);
/// Most tokens of the reply: enough for models that think before they speak.
const REPLY: u64 = 300;

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// How long it took.
    pub took_ms: u64,
    /// What it cost; `None` when nothing was asked of a model.
    pub cost: Option<Cost>,
    /// What is worth a word: the version of a program, a login that is missing.
    pub words: String,
}

/// Tries a member.
///
/// # Errors
/// Why it does not answer, with what to do.
pub async fn attempt(client: &Client, env: &Environment, agent: &Agent) -> Result<Tried, Failure> {
    let is_program = backends::find(&agent.backend).is_some_and(|one| one.program.is_some());
    if is_program {
        return version(env, agent).await;
    }
    match timeout(BOUND, asked(client, env, agent)).await {
        Ok(tried) => tried,
        Err(_) => Err(Failure::new(
            FailureKind::Transient,
            format!("It said nothing within {} s.", BOUND.as_secs()),
        )
        .hint("It may still be loading the model; try again.")),
    }
}

async fn asked(client: &Client, env: &Environment, agent: &Agent) -> Result<Tried, Failure> {
    let lookup = |name: &str| env.get(name);
    let (url, model) = (agent.base_url.as_deref(), agent.model.as_deref());
    let backend =
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
        })?;
    let mut endpoint = crate::app::endpoint(&backend);
    endpoint
        .parameters
        .insert("max_tokens".to_owned(), Value::from(REPLY));
    let began = Instant::now();
    let provider = HttpProvider::new(client.clone(), endpoint).impatient();
    let mut stream = provider.stream(Request {
        messages: vec![Message::User {
            text: "Reply with the one word: ok".to_owned(),
        }],
        tools: Vec::new(),
        choice: ToolChoice::Auto,
    });
    let (mut cost, mut spoke, mut refused) = (Cost::default(), false, false);
    while let Some(event) = stream.next().await {
        match event? {
            StreamEvent::Usage(usage) => cost = usage.cost,
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
        cost: Some(cost),
        words: String::new(),
    })
}

/// Starts a program for its version, and looks for its login.
async fn version(env: &Environment, agent: &Agent) -> Result<Tried, Failure> {
    let found = programs(env).await;
    let Some(program) = found.into_iter().find(|one| one.backend == agent.backend) else {
        let entry = backends::find(&agent.backend).and_then(|one| one.program.as_ref());
        let install = entry.map_or("", |entry| entry.install.as_str());
        let failure = Failure::new(FailureKind::Local, "It is not installed.");
        return Err(if install.is_empty() {
            failure.hint("`massgen-tui config check` says what its configuration needs.")
        } else {
            failure.hint(format!("Install it: `{install}`."))
        });
    };
    let began = Instant::now();
    let mut command = tokio::process::Command::new(&program.path);
    command
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in ["PATH", "HOME", "LANG", "TMPDIR"] {
        if let Some(value) = env.process(name) {
            command.env(name, value);
        }
    }
    let output = match timeout(VERSION, command.output()).await {
        Ok(Ok(output)) if output.status.success() => output,
        Ok(Ok(output)) => return Err(broken(&program, &format!("ended with {}", output.status))),
        Ok(Err(error)) => return Err(broken(&program, &error.to_string())),
        Err(_) => return Err(broken(&program, "did not say its version in time")),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let first: String = said
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    let first = clean::line(first.trim()).into_owned();
    if program.login == Login::NotFound {
        let failure = Failure::new(FailureKind::Auth, format!("{first}: no login was found."));
        return Err(failure.hint(format!("Log in once with `{}`.", program.how)));
    }
    Ok(Tried {
        took_ms: began.elapsed().as_millis() as u64,
        cost: None,
        words: format!("{first}, logged in; not asked"),
    })
}

fn broken(program: &FoundProgram, what: &str) -> Failure {
    let what = clean::line(what);
    Failure::new(FailureKind::Local, format!("{} {what}.", program.path))
        .hint("Start it yourself once to see what it says.")
}
