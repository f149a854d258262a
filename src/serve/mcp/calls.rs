//! What the tools do, with a [`Host`] behind them.

use std::time::Duration;

use rmcp::model::LoggingLevel;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    super::follow::Follower,
    answering::Answer,
    arguments::{self, Awaited, Named, Start, Steer, Stopped},
    news::News,
    words::{concluded, standing, still, told},
};
use crate::{
    app::host::{Host, TeamChoice},
    headless::words,
    protocol::{Command, Failure, FailureKind, RunId, Seq},
};

/// News of a call come at most this often, unless something moved the turn.
pub(super) const PACE: Duration = Duration::from_secs(3);
/// Lines that moved the turn come at most this often; those between go in one piece of news.
const BEAT: Duration = Duration::from_millis(500);
/// Longest piece of news, in characters.
const NEWS: usize = 600;
/// Longest wait for a run that was told to stop.
const STOP: Duration = Duration::from_secs(30);
/// What a tool came to.
pub struct Done {
    /// For a model.
    pub text: String,
    /// For a program.
    pub data: Value,
}

impl Done {
    /// The same with what there is to say of the request, for a model and for a program.
    fn noting(mut self, notes: &[String]) -> Self {
        for note in notes {
            self.text.push_str("\nnote: ");
            self.text.push_str(note);
        }
        if let Some(data) = self.data.as_object_mut() {
            data.insert("notes".to_owned(), json!(notes));
        }
        self
    }
}

/// A run that has begun.
struct Begun {
    run: RunId,
    /// Number of the last event before it.
    before: Seq,
    /// What there is to say of the request, a sentence each.
    notes: Vec<String>,
}

/// The tools.
pub struct Calls {
    /// The runs.
    pub host: Host,
    /// The team when none is named.
    pub usual: TeamChoice,
}

impl Calls {
    /// Does what one tool does.
    ///
    /// # Errors
    /// In words for whoever called.
    pub async fn call(
        &self,
        name: &str,
        given: Option<Map<String, Value>>,
        news: &mut News,
        gone: &CancellationToken,
    ) -> Result<Done, Failure> {
        match name {
            "run_start" => self.start(arguments::start(name, given)?, news).await,
            "run_ask" => self.ask(arguments::start(name, given)?, news, gone).await,
            "run_status" => self.status(arguments::read(name, given)?).await,
            "run_result" => self.result(arguments::read(name, given)?, gone).await,
            "run_list" => self.list(arguments::read(name, given)?).await,
            "run_steer" => self.steer(arguments::read(name, given)?).await,
            "run_answer" => self.answer(arguments::read(name, given)?).await,
            "run_stop" => self.stop(arguments::read(name, given)?).await,
            "run_analyze" => {
                let asked = arguments::read(name, given)?;
                self.analyze(asked, news, gone).await
            }
            "run_changes" => self.changes(arguments::read(name, given)?).await,
            _ => self.teams(arguments::read(name, given)?).await,
        }
    }

    /// Starts a run.
    async fn begin(&self, start: Start) -> Result<Begun, Failure> {
        let (after, before) = match start.after() {
            Some(name) => {
                let status = self.host.status(name).await?;
                (Some(status.run), status.last)
            }
            None => (None, Seq(0)),
        };
        let request = start.request(&self.usual, after)?;
        let notes = self.host.lowered(&request.settings);
        Ok(Begun {
            run: self.host.start(request).await?,
            before,
            notes,
        })
    }

    async fn start(&self, start: Start, news: &News) -> Result<Done, Failure> {
        let Begun { run, notes, .. } = self.begin(start).await?;
        let open = format!("massgen-tui open {run}");
        news.log(LoggingLevel::Info, &format!("session {run} started"))
            .await;
        Ok(Done {
            text: format!(
                "Session {run} is at work. run_status says how far it is, run_result gives the answer. A \
                 person looks at it with `{open}`."
            ),
            data: json!({"run": run, "open": open}),
        }
        .noting(&notes))
    }

    async fn ask(
        &self,
        start: Start,
        news: &mut News,
        gone: &CancellationToken,
    ) -> Result<Done, Failure> {
        if start.hears() {
            let what = "run_ask waits for the end, so nobody could answer questions.";
            return Err(Failure::new(FailureKind::Request, what)
                .hint("Use run_start with questions: wait, then run_status and run_answer."));
        }
        let wait = start.wait_seconds.map(Duration::from_secs);
        let Begun { run, before, notes } = tokio::select! {
            begun = self.begin(start) => begun?,
            // The host stops what nobody waits for.
            () = gone.cancelled() => return Err(cancelled("The call was cancelled before the run began.")),
        };
        let mut follower = Follower::new(&self.host, &run, before).await?;
        let followed = follow(&mut follower, news);
        let waited = tokio::select! {
            followed = followed => followed.map(|()| true)?,
            () = gone.cancelled() => {
                self.end(&run).await;
                return Err(cancelled(&format!(
                    "The call was cancelled and session {run} stopped; its log is kept: massgen-tui open {run}."
                )));
            }
            () = elapsed(wait) => false,
        };
        if !waited {
            let status = self.host.status(&run.0).await?;
            return Ok(still(&status).noting(&notes));
        }
        let seen = self.host.ended(&run.0).await?;
        let words = seen.status.state.words();
        news.log(LoggingLevel::Notice, &format!("session {run} is {words}"))
            .await;
        Ok(concluded(&seen)?.noting(&notes))
    }

    /// Stops a run whose caller has gone, and waits for its end.
    async fn end(&self, run: &RunId) {
        // What cannot be stopped now has just ended, or is stopped with the server.
        if self.host.command(&run.0, Command::Stop).await.is_ok() {
            let _ = timeout(STOP, self.host.ended(&run.0)).await;
        }
    }

    async fn status(&self, named: Named) -> Result<Done, Failure> {
        let status = self.host.status(&named.id).await?;
        Ok(Done {
            text: told(&status),
            data: standing(&status),
        })
    }

    async fn result(&self, named: Awaited, gone: &CancellationToken) -> Result<Done, Failure> {
        let run = self.host.find(&named.id).await?;
        if named.wait_seconds > 0 {
            let wait = Duration::from_secs(named.wait_seconds);
            tokio::select! {
                _ = timeout(wait, self.host.ended(&run.0)) => {}
                () = gone.cancelled() => return Err(cancelled("The call was cancelled; the run goes on.")),
            }
        }
        let seen = self.host.seen(&run.0).await?;
        if seen.result.is_none() {
            return Ok(still(&seen.status));
        }
        concluded(&seen)
    }

    async fn steer(&self, steer: Steer) -> Result<Done, Failure> {
        let status = self.host.status(&steer.id).await?;
        let agents: Vec<_> = status
            .agents
            .iter()
            .map(|agent| (agent.id, agent.name.clone()))
            .collect();
        let (target, mode) = steer.target(&agents)?;
        let text = steer.text;
        let command = Command::Steer { target, text, mode };
        self.host.command(&status.run.0, command).await?;
        Ok(said(
            &status.run,
            "The message is on its way to the agents.",
        ))
    }

    async fn answer(&self, answer: Answer) -> Result<Done, Failure> {
        let status = self.host.status(&answer.id).await?;
        let run = status.run;
        let number = answer.question;
        let mut questions = status.questions.iter();
        let Some(question) = questions.find(|one| one.id.0 == number) else {
            let what = format!("Session {run} has no question {number} that waits.");
            return Err(
                Failure::new(FailureKind::Request, what).hint("run_status shows those that wait.")
            );
        };
        let (id, reply) = (question.id, answer.reply(question)?);
        let command = Command::Answer { id, reply };
        self.host.command(&run.0, command).await?;
        Ok(said(&run, "The answer is on its way to who asked."))
    }

    async fn stop(&self, stopped: Stopped) -> Result<Done, Failure> {
        let status = self.host.status(&stopped.id).await?;
        let run = status.run;
        if !status.state.is_running() {
            let words = format!("Session {run} was over already: {}.", status.state.words());
            return Ok(said(&run, &words));
        }
        let (command, words) = if stopped.answer_now {
            let words = "The team wraps up: it votes and presents what it has.";
            (Command::AnswerNow, words)
        } else {
            (
                Command::Stop,
                "The run is stopped; the best answer so far stands.",
            )
        };
        self.host.command(&run.0, command).await?;
        Ok(said(&run, words))
    }
}

/// Tells the client how the run goes until it is over.
async fn follow(follower: &mut Follower, news: &mut News) -> Result<(), Failure> {
    let began = Instant::now();
    let mut waiting: Vec<String> = Vec::new();
    let mut next = began + PACE;
    loop {
        tokio::select! {
            beat = follower.next() => {
                let Some(beat) = beat? else { break };
                if let Some(line) = beat.line {
                    news.log(LoggingLevel::Debug, line.trim()).await;
                    waiting.push(line.trim().to_owned());
                    next = next.min(Instant::now() + BEAT);
                }
            }
            () = sleep_until(next) => {
                let elapsed = words::duration(began.elapsed().as_millis() as u64);
                let message = if waiting.is_empty() {
                    follower.summary(&elapsed)
                } else {
                    short(&waiting)
                };
                waiting.clear();
                news.progress(message).await;
                next = Instant::now() + PACE;
            }
        }
    }
    if !waiting.is_empty() {
        news.progress(short(&waiting)).await;
    }
    Ok(())
}

/// Several lines as one piece of news.
fn short(lines: &[String]) -> String {
    let whole = lines.join("\n");
    if whole.chars().count() <= NEWS {
        return whole;
    }
    // The newest says most.
    let skip = whole.chars().count() - NEWS;
    let tail: String = whole.chars().skip(skip).collect();
    format!("…{tail}")
}

/// Waits this long; without a bound for ever.
async fn elapsed(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn said(run: &RunId, words: &str) -> Done {
    Done {
        text: words.to_owned(),
        data: json!({"run": run, "said": words}),
    }
}

pub(super) fn cancelled(what: &str) -> Failure {
    Failure::new(FailureKind::Cancelled, what)
}
