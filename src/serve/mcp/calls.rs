//! What the tools do, with a [`Host`] behind them.

use std::{fmt::Write as _, time::Duration};

use rmcp::model::LoggingLevel;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    super::follow::Follower,
    arguments::{self, Awaited, Changed, Listed, Named, Place, Start, Steer, Stopped},
    news::News,
};
use crate::{
    app::{
        Policy,
        host::{Host, RunResult, Seen, State, Status, TeamChoice},
    },
    headless::words,
    protocol::{Command, Failure, FailureKind, RunId, Seq},
    report,
    text::clean,
};

/// News of a call come at most this often, unless something moved the turn.
const PACE: Duration = Duration::from_secs(3);
/// Lines that moved the turn come at most this often; those between go in one piece of news.
const BEAT: Duration = Duration::from_millis(500);
/// Longest piece of news, in characters.
const NEWS: usize = 600;
/// Longest wait for a run that was told to stop.
const STOP: Duration = Duration::from_secs(30);
/// Sessions in a list when no number is named, and at most.
const LISTED: (usize, usize) = (20, 200);

/// What a tool came to.
pub struct Done {
    /// For a model.
    pub text: String,
    /// For a program.
    pub data: Value,
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
            "run_start" => self.start(arguments::read(name, given)?, news).await,
            "run_ask" => self.ask(arguments::read(name, given)?, news, gone).await,
            "run_status" => self.status(arguments::read(name, given)?).await,
            "run_result" => self.result(arguments::read(name, given)?, gone).await,
            "run_list" => self.list(arguments::read(name, given)?).await,
            "run_steer" => self.steer(arguments::read(name, given)?).await,
            "run_stop" => self.stop(arguments::read(name, given)?).await,
            "run_analyze" => self.analyze(arguments::read(name, given)?).await,
            "run_changes" => self.changes(arguments::read(name, given)?).await,
            _ => self.teams(arguments::read(name, given)?).await,
        }
    }

    /// Starts a run; gives its name and the number of the last event before it.
    async fn begin(&self, start: Start) -> Result<(RunId, Seq), Failure> {
        let (after, before) = match start.after() {
            Some(name) => {
                let status = self.host.status(name).await?;
                (Some(status.run), status.last)
            }
            None => (None, Seq(0)),
        };
        let request = start.request(&self.usual, after)?;
        Ok((self.host.start(request).await?, before))
    }

    async fn start(&self, start: Start, news: &News) -> Result<Done, Failure> {
        let (run, _) = self.begin(start).await?;
        let open = format!("massgen-tui open {run}");
        news.log(LoggingLevel::Info, &format!("session {run} started"))
            .await;
        Ok(Done {
            text: format!(
                "Session {run} is at work. run_status says how far it is, run_result gives the answer. A \
                 person looks at it with `{open}`."
            ),
            data: json!({"run": run, "open": open}),
        })
    }

    async fn ask(
        &self,
        start: Start,
        news: &mut News,
        gone: &CancellationToken,
    ) -> Result<Done, Failure> {
        let wait = start.wait_seconds.map(Duration::from_secs);
        let (run, before) = tokio::select! {
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
            return Ok(still(&status));
        }
        let seen = self.host.ended(&run.0).await?;
        let words = seen.status.state.words();
        news.log(LoggingLevel::Notice, &format!("session {run} is {words}"))
            .await;
        concluded(&seen)
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
            data: data(&status),
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

    async fn list(&self, listed: Listed) -> Result<Done, Failure> {
        let entries = self.host.list().await?;
        let here = self.host.running().await?;
        let wanted = listed.filter.unwrap_or_default().to_lowercase();
        let fits: Vec<_> = entries
            .iter()
            .filter(|entry| {
                let whole = format!(
                    "{} {} {}",
                    entry.summary.run,
                    entry.title(),
                    entry.summary.prompt
                );
                let whole = whole.to_lowercase();
                wanted.split_whitespace().all(|word| whole.contains(word))
            })
            .collect();
        let most = listed.limit.unwrap_or(LISTED.0).clamp(1, LISTED.1);
        let (mut text, mut rows) = (String::new(), Vec::new());
        for entry in fits.iter().take(most) {
            let run = &entry.summary.run;
            let title: String = clean::line(entry.title()).chars().take(100).collect();
            let state = clean::line(entry.word()).into_owned();
            let _ = writeln!(text, "{run}  {state}  {title}");
            rows.push(json!({
                "run": run,
                "state": state,
                "task": title,
                "folder": clean::line(&entry.summary.folder),
                "running_here": here.contains(run),
            }));
        }
        if text.is_empty() {
            "There is no such session. run_start begins one.".clone_into(&mut text);
        }
        Ok(Done {
            text,
            data: json!({"sessions": rows, "total": fits.len()}),
        })
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

    async fn analyze(&self, named: Named) -> Result<Done, Failure> {
        let run = self.host.find(&named.id).await?;
        let (run, events) = self.host.events(&run.0).await?;
        let report = report::of(&run, &events);
        let text = clean::text(&report::page(&report::sheet(&report))).into_owned();
        Ok(Done {
            text,
            data: json!({"run": run, "report": data(&report)}),
        })
    }

    async fn changes(&self, changed: Changed) -> Result<Done, Failure> {
        let seen = self.host.seen(&changed.id).await?;
        let run = seen.status.run.clone();
        if seen.status.state.is_running() {
            return Err(Failure::new(
                FailureKind::Local,
                format!("Session {run} is still at work."),
            )
            .hint("Ask again when run_status says that it is over."));
        }
        let policy = if changed.patch {
            Policy::Patch
        } else {
            Policy::Never
        };
        let taken = self.host.taken(&run, policy).await?;
        let open = format!("massgen-tui open {run}");
        let mut text = String::new();
        for one in &taken {
            let folder = clean::line(&one.folder);
            let files = words::counted(one.files.len() as u64, "file");
            let _ = writeln!(text, "{folder}: {files} changed by {}", one.winner);
            for file in &one.files {
                let _ = writeln!(text, "  {}", clean::line(&file.to_string()));
            }
            for line in one.words() {
                let _ = writeln!(text, "{}", clean::line(&line));
            }
        }
        if taken.is_empty() {
            text.push_str("The winner changed no file.");
        } else {
            let _ = write!(text, "A person reviews and applies them: `{open}`.");
        }
        Ok(Done {
            text,
            data: json!({"run": run, "folders": data(&taken), "open": open}),
        })
    }

    async fn teams(&self, place: Place) -> Result<Done, Failure> {
        let teams = self.host.teams(place.cwd).await?;
        let mut text = match &teams.usual {
            Some(path) => format!("When none is named: {path}\n"),
            None => {
                "No configuration is used when none is named; `massgen-tui setup` writes one.\n"
                    .to_owned()
            }
        };
        for name in &teams.saved {
            let _ = writeln!(text, "config {name}");
        }
        for demo in &teams.demos {
            let _ = writeln!(
                text,
                "demo {}: {} ({} agents)",
                demo.name, demo.title, demo.agents
            );
        }
        Ok(Done {
            text,
            data: data(&teams),
        })
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

/// A run that is still at work, where its result was asked for.
fn still(status: &Status) -> Done {
    let text = format!(
        "Session {} is still at work; ask run_result again later.\n{}",
        status.run,
        told(status)
    );
    let open = format!("massgen-tui open {}", status.run);
    Done {
        text,
        data: json!({"run": status.run, "turn": status.turn, "state": status.state, "text": null,
            "message": "still at work", "winner": null, "winner_name": null, "open": open}),
    }
}

/// The answer of a run that is over.
fn concluded(seen: &Seen) -> Result<Done, Failure> {
    let Some(result) = &seen.result else {
        return Ok(still(&seen.status));
    };
    if result.text.is_none() && result.state != State::Stopped {
        let what = format!(
            "Session {} ended without an answer: {}",
            result.run, result.message
        );
        return Err(Failure::new(FailureKind::Local, what)
            .hint(format!("Look at it with `{}`.", result.open)));
    }
    Ok(Done {
        text: answer(result),
        data: data(result),
    })
}

fn answer(result: &RunResult) -> String {
    let mut text = String::new();
    match &result.text {
        Some(answer) => text.push_str(answer),
        None => text.push_str("The run was stopped before anybody had published an answer."),
    }
    let _ = write!(
        text,
        "\n\n---\nSession {} is {}",
        result.run,
        result.state.words()
    );
    if let (Some(winner), Some(name)) = (result.winner, &result.winner_name) {
        let votes = result
            .answers
            .iter()
            .find(|line| line.label == winner)
            .map_or(0, |line| line.voters.len());
        let votes = words::counted(votes as u64, "vote");
        let _ = write!(text, ": {winner} by {name} won with {votes}");
    }
    let _ = write!(
        text,
        " ({}, {}). A person looks at all of it with `{}`.",
        words::duration(result.elapsed_ms),
        words::money(result.usage.cost),
        result.open
    );
    if result.changed_files {
        text.push_str(" Files were changed: run_changes lists them.");
    }
    text
}

/// A status in words.
fn told(status: &Status) -> String {
    let mut text = format!(
        "Session {}: {}, {} after {}; {}, {}\n",
        status.run,
        status.state.words(),
        status.phase.word(),
        words::duration(status.elapsed_ms),
        words::counted(status.answers as u64, "answer"),
        words::money(status.usage.cost),
    );
    for agent in &status.agents {
        let _ = write!(
            text,
            "{} {} ({}): {}",
            agent.id, agent.name, agent.model, agent.doing
        );
        if let Some(answer) = agent.answer {
            let _ = write!(text, ", answer {answer}");
        }
        if let Some(vote) = agent.vote {
            let _ = write!(text, ", votes for {vote}");
        }
        text.push('\n');
    }
    for notice in &status.notices {
        let _ = writeln!(text, "note: {notice}");
    }
    let _ = write!(text, "Look at it: `massgen-tui open {}`", status.run);
    text
}

fn said(run: &RunId, words: &str) -> Done {
    Done {
        text: words.to_owned(),
        data: json!({"run": run, "said": words}),
    }
}

/// Plain data always serialises.
fn data<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn cancelled(what: &str) -> Failure {
    Failure::new(FailureKind::Cancelled, what)
}
