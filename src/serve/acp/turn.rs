//! One prompt: starts the run or goes on with it, shows what happens, asks what is asked, and ends with
//! the reason that the protocol has for it.

use std::{fmt::Write as _, path::PathBuf};

use futures_util::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream::FuturesUnordered,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    super::follow::{Beat, Follower},
    Out, asking,
    prompt::Task,
    show::{self, Show},
    wire,
};
use crate::{
    app::host::{Host, Presence, RunResult, StartRequest, State, TeamChoice},
    headless::words,
    protocol::{
        Command, Event, EventKind, Failure, FailureKind, Outcome, Question, QuestionEvent, Reply,
        RunEvent, RunId, Seq,
    },
    text::clean,
};

/// A prompt that is at work.
pub struct Job {
    /// The runs.
    pub host: Host,
    /// To the client.
    pub out: mpsc::Sender<Out>,
    /// The session.
    pub run: RunId,
    /// Whether it has a log already.
    pub begun: bool,
    /// Where its paths begin.
    pub cwd: PathBuf,
    /// The team.
    pub team: TeamChoice,
    /// The task.
    pub task: Task,
    /// Ends it.
    pub cancel: CancellationToken,
}

/// What comes back for a question.
type Waiting = BoxFuture<'static, (Question, Option<Value>)>;

/// How a prompt ended.
pub struct End {
    /// Whether the session has a log now.
    pub begun: bool,
    /// The reason that the protocol has for it.
    pub reason: Result<&'static str, Failure>,
}

impl Job {
    /// Works until the run is over.
    pub async fn run(self) -> End {
        let before = self.start().await;
        let begun = self.begun || matches!(before, Ok(Some(_)));
        let reason = match before {
            Ok(Some(before)) => self.follow(before).await,
            Ok(None) => Ok(CANCELLED),
            Err(failure) => Err(failure),
        };
        End { begun, reason }
    }

    /// Starts the run; gives the number of the last event before it, and nothing when it was cancelled
    /// before it could start.
    async fn start(&self) -> Result<Option<Seq>, Failure> {
        let before = if self.begun {
            self.host.status(&self.run.0).await?.last
        } else {
            Seq(0)
        };
        let request = StartRequest {
            prompt: self.task.text.clone(),
            team: self.team.clone(),
            cwd: Some(self.cwd.clone()),
            files: self.task.files.clone(),
            after: self.begun.then(|| self.run.clone()),
            name: (!self.begun).then(|| self.run.clone()),
            presence: Presence::Somebody,
            ..StartRequest::default()
        };
        // Also when it is cancelled meanwhile: whether there is a log decides how the next prompt begins.
        match self.host.start(request).await {
            Ok(_) => Ok(Some(before)),
            Err(_) if self.cancel.is_cancelled() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Shows what happens until the run is over; gives the reason it stopped.
    async fn follow(&self, before: Seq) -> Result<&'static str, Failure> {
        let mut follower = Follower::new(&self.host, &self.run, before).await?;
        let mut show = Show::default();
        let mut answers = FuturesUnordered::<Waiting>::new();
        let mut stopping = false;
        loop {
            tokio::select! {
                beat = follower.next() => match beat? {
                    Some(beat) => answers.extend(self.show(&beat, &follower, &mut show).await),
                    None => break,
                },
                Some((question, answer)) = answers.next() => {
                    let reply = asking::reply(&question, answer);
                    self.answer(&question, reply).await;
                }
                () = self.cancel.cancelled(), if !stopping => {
                    stopping = true;
                    // It may just have ended by itself.
                    let _ = self.host.command(&self.run.0, Command::Stop).await;
                }
            }
        }
        let seen = self.host.ended(&self.run.0).await?;
        if stopping {
            return Ok(CANCELLED);
        }
        match seen.result {
            Some(result) => self.end(&result, &show).await,
            None => Ok(END),
        }
    }

    /// Shows what happened; what it asks for comes back.
    async fn show(&self, beat: &Beat, follower: &Follower, show: &mut Show) -> Option<Waiting> {
        let event = beat.event.as_ref()?;
        for update in show.updates(event, follower.state(), beat.line.as_deref()) {
            self.update(&update).await;
        }
        let EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) = &event.kind else {
            return None;
        };
        let turn = follower.state().turn.as_ref();
        let asker = question
            .asker
            .and_then(|id| turn.map(|turn| turn.name(id)))
            .unwrap_or("The program");
        let Some(params) = asking::request(&self.run.0, question, asker) else {
            // The protocol has no way to ask for words: the team decides for itself.
            self.answer(question, Reply::Skipped).await;
            return None;
        };
        let (reply, answer) = oneshot::channel();
        let ask = Out::Ask("session/request_permission", params, reply);
        self.out.send(ask).await.ok()?;
        let question = question.clone();
        Some(async move { (question, answer.await.ok()) }.boxed())
    }

    async fn answer(&self, question: &Question, reply: Reply) {
        let id = question.id;
        // A question that is settled by now needs no answer.
        let _ = self
            .host
            .command(&self.run.0, Command::Answer { id, reply })
            .await;
    }

    async fn update(&self, update: &Value) {
        let message = wire::update(&self.run.0, update);
        // A client that is gone needs no news.
        let _ = self.out.send(Out::Update(message)).await;
    }

    /// The rest of the answer, and who won.
    async fn end(&self, result: &RunResult, show: &Show) -> Result<&'static str, Failure> {
        let Some(text) = &result.text else {
            let what = format!("The team has no answer: {}", result.message);
            return Err(Failure::new(FailureKind::Local, what)
                .hint(format!("Look at it with `{}`.", result.open)));
        };
        if let Some(rest) = show.rest(text) {
            self.update(&show::message(&rest)).await;
        }
        self.update(&show::message(&footer(result))).await;
        Ok(match result.state {
            State::Limit => "max_turn_requests",
            State::Stopped => CANCELLED,
            _ => END,
        })
    }
}

/// The turn ended as it should.
const END: &str = "end_turn";
/// The turn was stopped.
const CANCELLED: &str = "cancelled";

/// Who won, and where to look at it.
fn footer(result: &RunResult) -> String {
    let mut line = "\n\n---\n".to_owned();
    if let (Some(winner), Some(name)) = (result.winner, &result.winner_name) {
        let voters = result.answers.iter().find(|line| line.label == winner);
        let votes = voters.map_or(0, |line| line.voters.len());
        let votes = words::counted(votes as u64, "vote");
        let _ = write!(line, "{winner} by {name} won with {votes}. ");
    }
    if result.changed_files {
        line.push_str("Files were changed in the winner's copy; review them there. ");
    }
    let _ = write!(line, "Look at all of it: `{}`", result.open);
    line
}

/// The tasks and answers of a stored session.
pub fn told_again(events: &[Event]) -> Vec<Value> {
    let said = |kind: &str, text: &str| json!({"sessionUpdate": kind, "content": {"type": "text", "text": clean::text(text)}});
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Started(start)) if start.resumed.is_none() => {
                Some(said("user_message_chunk", &start.prompt))
            }
            EventKind::Run(RunEvent::Ended(Outcome::Answered { text, .. })) => {
                Some(said("agent_message_chunk", text))
            }
            EventKind::Run(RunEvent::Ended(Outcome::NoAnswer { message, .. })) => {
                Some(said("agent_message_chunk", message))
            }
            _ => None,
        })
        .collect()
}
