//! A chat completion: a run is started, followed to its answer, and stopped when the client leaves.

use std::{collections::VecDeque, sync::Arc};

use futures_util::{Stream, StreamExt as _, stream};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    chat::{Asked, Completion, Show},
    port::{Events, Hears, Pick, Runs, Why, Wish},
    problem::Problem,
    reply::{self, Reply},
    running::QUIET,
    sse,
};
use crate::{
    headless::{Progress, progress},
    protocol::{Command, Event, Failure, FailureKind, Outcome, RunId, Seq, Usage},
    run::RunState,
};

/// There is no team of this name.
#[must_use]
pub fn unknown(name: &str) -> Problem {
    let what = format!("There is no team `{name}`.");
    missing(Failure::new(FailureKind::Model, what).hint("/v1/models lists the teams."))
}

/// A team that is not there, or has nobody to work, as OpenAI's clients expect it.
fn missing(failure: Failure) -> Problem {
    Problem::new(404, "model-not-found", failure.message, failure.hint)
}

/// Answers a conversation.
///
/// # Errors
/// There is no such team, it cannot start, or it came to no answer.
pub async fn answer(runs: Arc<dyn Runs>, asked: Asked) -> Result<Reply, Problem> {
    let wish = Wish {
        prompt: asked.prompt.clone(),
        after: None,
        team: Pick::Named(asked.team.clone()),
        folders: Vec::new(),
        settings: Vec::new(),
        hears: Hears::Nobody,
    };
    let run = match runs.start(wish).await {
        Ok(begun) => begun.run,
        Err(refused) if refused.why == Why::Missing => return Err(missing(refused.failure)),
        // The API that this stands for knows no other word for it.
        Err(refused) if refused.why == Why::Unusable => {
            let failure = refused.failure;
            return Err(Problem::wrong(failure.message, failure.hint));
        }
        Err(refused) => return Err(refused.into()),
    };
    let guard = Leaving {
        runs: Arc::clone(&runs),
        run: Some(run.clone()),
    };
    let events = runs.events(run.clone(), Seq(0)).await?;
    let mut talk = Talk {
        events,
        guard,
        state: RunState::default(),
        completion: Completion {
            run,
            created: 0,
            model: asked.team.clone(),
        },
        asked,
        ready: VecDeque::new(),
        over: false,
    };
    if talk.asked.streamed {
        talk.begin().await?;
        return Ok(reply::stream(frames(talk)));
    }
    let mut reasoning = String::new();
    loop {
        match talk.next().await? {
            Step::Line(line) if talk.asked.show == Show::Reasoning => {
                reasoning.push_str(&line);
                reasoning.push('\n');
            }
            Step::Line(_) | Step::Quiet => {}
            Step::Answer(text, usage) => {
                let whole = talk.completion.whole(&text, &reasoning, usage);
                return Ok(reply::json(200, &whole));
            }
        }
    }
}

/// Stops its run when it is dropped before the run is over: then the client has left.
struct Leaving {
    runs: Arc<dyn Runs>,
    run: Option<RunId>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            let runs = Arc::clone(&self.runs);
            tokio::spawn(async move {
                // It may be over by now.
                let _ = runs.command(run, Command::Stop).await;
            });
        }
    }
}

/// A conversation under way.
struct Talk {
    events: Events,
    guard: Leaving,
    state: RunState,
    completion: Completion,
    asked: Asked,
    ready: VecDeque<String>,
    over: bool,
}

/// What happened.
enum Step {
    /// Something to tell about the work.
    Line(String),
    /// Nothing for a while.
    Quiet,
    /// The answer.
    Answer(String, Usage),
}

impl Talk {
    /// Waits for the first event, which has the time, and says that there will be an answer.
    async fn begin(&mut self) -> Result<(), Problem> {
        match self.events.next().await {
            Some(Ok(event)) => {
                self.take(&event);
            }
            Some(Err(failure)) => return Err(broken(&failure)),
            None => return Err(silent()),
        }
        self.put(&self.completion.opening());
        Ok(())
    }

    async fn next(&mut self) -> Result<Step, Problem> {
        loop {
            let event = match timeout(QUIET, self.events.next()).await {
                Err(_) => return Ok(Step::Quiet),
                Ok(Some(Ok(event))) => event,
                Ok(Some(Err(failure))) => return Err(broken(&failure)),
                Ok(None) => return Err(silent()),
            };
            let line = self.take(&event);
            let turn = self.state.turn.as_ref();
            match turn.and_then(|turn| turn.last_word()) {
                Some(Outcome::Answered { text, .. }) => {
                    let step = Step::Answer(text.clone(), self.state.usage());
                    self.guard.run = None;
                    return Ok(step);
                }
                Some(Outcome::NoAnswer { message, .. }) => {
                    let problem = Problem::new(
                        500,
                        "no-answer",
                        format!("The team came to no answer: {message}"),
                        format!(
                            "GET /api/v1/runs/{} has what happened.",
                            self.completion.run
                        ),
                    );
                    self.guard.run = None;
                    return Err(problem);
                }
                None => {}
            }
            if let Some(line) = line {
                return Ok(Step::Line(line));
            }
        }
    }

    /// Takes an event in; gives the line about it, if there is one.
    fn take(&mut self, event: &Event) -> Option<String> {
        if self.completion.created == 0 {
            self.completion.created = event.at.0 / 1000;
        }
        self.state.apply(event);
        progress::line(event, &self.state, Progress::Shown)
    }

    fn put(&mut self, value: &Value) {
        self.ready.push_back(sse::data(value));
    }

    /// Goes on until there is something to send.
    async fn advance(&mut self) {
        match self.next().await {
            Ok(Step::Quiet) => self.ready.push_back(sse::KEEP_ALIVE.to_owned()),
            Ok(Step::Line(line)) => match self.asked.show {
                Show::Reasoning => self.put(&self.completion.reasoning(&format!("{line}\n"))),
                Show::Comments => self.ready.push_back(sse::comment(&line)),
                Show::Nothing => {}
            },
            Ok(Step::Answer(text, usage)) => {
                for piece in self.completion.content(&text) {
                    self.put(&piece);
                }
                if self.asked.usage {
                    self.put(&self.completion.usage(usage));
                }
                self.ready.push_back(sse::DONE.to_owned());
                self.over = true;
            }
            Err(problem) => {
                self.put(&problem.openai());
                self.over = true;
            }
        }
    }
}

/// What is sent.
fn frames(talk: Talk) -> impl Stream<Item = String> + Send {
    stream::unfold(talk, |mut talk| async move {
        loop {
            if let Some(frame) = talk.ready.pop_front() {
                return Some((frame, talk));
            }
            if talk.over {
                return None;
            }
            talk.advance().await;
        }
    })
}

fn broken(failure: &Failure) -> Problem {
    Problem::new(500, "broken", failure.message.clone(), failure.hint.clone())
}

fn silent() -> Problem {
    Problem::new(
        500,
        "broken",
        "The run broke off without an outcome.",
        "Ask again.",
    )
}
