//! Runs jobs, some at a time, and writes each down as soon as it is over.
//!
//! A run is a session like any other: same engine, same log. Nobody is there to be asked: questions
//! are skipped, plans approved. The first signal closes the sessions that run (they are not counted);
//! the second leaves at once.

use std::{collections::VecDeque, io::Write as _, sync::Arc};

use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::super::launch::Trouble;
use crate::{
    app::{self, Services, Source},
    bench::{
        Meter, Record, Task,
        ledger::Ledger,
        record::{Arm, End, Key},
    },
    headless::{Exit, Signal, words},
    protocol::{
        Command, Event, EventKind, Failure, FailureKind, QuestionEvent, QuestionKind, Reply,
        RunEvent,
    },
    text::clean,
};

/// Events of a run that may wait.
const EVENTS: usize = 256;
/// So many runs in a row without an answer end the bench: something is wrong with the team, not with
/// the tasks.
const FAILURES: usize = 5;

/// One run to make.
#[derive(Clone)]
pub struct Job {
    /// Which.
    pub key: Key,
    /// The task.
    pub task: Arc<Task>,
    /// The team.
    pub source: Source,
}

/// How the running ended.
#[derive(Debug, Default)]
pub struct Stopped {
    signal: Option<Signal>,
    failed: bool,
}

impl Stopped {
    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self.signal {
            Some(signal) => Exit::Stopped(signal).code(),
            None => u8::from(self.failed),
        }
    }
}

/// What runs need.
pub struct Bench {
    /// Where sessions are started.
    pub services: Arc<Services>,
    /// Runs at the same time.
    pub parallel: usize,
    /// Whether progress is told.
    pub progress: bool,
}

/// A job that is over; no record when it was stopped.
type Over = (Job, Result<Option<Record>, Failure>);

impl Bench {
    /// Makes all runs.
    ///
    /// # Errors
    /// Results that cannot be written down.
    pub async fn run(
        &self,
        jobs: Vec<Job>,
        ledger: &mut Ledger,
        mut signals: mpsc::Receiver<Signal>,
    ) -> Result<Stopped, Trouble> {
        let all = jobs.len();
        let mut queue = VecDeque::from(jobs);
        let mut running: JoinSet<Over> = JoinSet::new();
        let leave = CancellationToken::new();
        let mut stopped = Stopped::default();
        let (mut done, mut in_a_row) = (0, 0);
        loop {
            while !leave.is_cancelled()
                && running.len() < self.parallel
                && let Some(job) = queue.pop_front()
            {
                let services = Arc::clone(&self.services);
                running.spawn(one(services, job, leave.clone()));
            }
            if running.is_empty() {
                return Ok(stopped);
            }
            tokio::select! {
                over = running.join_next() => {
                    let Some(over) = over else { return Ok(stopped) };
                    done += 1;
                    match self.settle(over, ledger, (done, all))? {
                        Some(End::Settled | End::Forced) => in_a_row = 0,
                        Some(End::Failed) => in_a_row += 1,
                        None => stopped.failed |= !leave.is_cancelled(),
                    }
                    if in_a_row >= FAILURES && !leave.is_cancelled() {
                        say(&format!(
                            "{FAILURES} runs in a row ended without an answer, so the bench stops here. Find \
                             out why, then go on with --resume --retry-failed."
                        ));
                        stopped.failed = true;
                        leave.cancel();
                    }
                }
                Some(signal) = signals.recv() => {
                    if stopped.signal.replace(signal).is_some() {
                        return Ok(stopped);
                    }
                    say("Stopping; runs that are not over are not counted. Again: leave at once.");
                    leave.cancel();
                }
            }
        }
    }

    /// Writes a run down and tells about it.
    fn settle(
        &self,
        over: Result<Over, JoinError>,
        ledger: &mut Ledger,
        (done, all): (usize, usize),
    ) -> Result<Option<End>, Trouble> {
        let (job, result) = match over {
            Ok(over) => over,
            Err(error) => {
                say(&format!("A run broke off: {error}."));
                return Ok(None);
            }
        };
        let name = format!(
            "{}, sweep {}, {}",
            job.key.task,
            job.key.sweep,
            job.key.arm.words()
        );
        match result {
            Ok(Some(record)) => {
                let (end, told) = (record.end, told(&record));
                // Whoever reads the line may rely on the result being on the disk.
                ledger.append(record)?;
                if self.progress {
                    say(&format!("[{done}/{all}] {name}: {told}"));
                }
                Ok(Some(end))
            }
            Ok(None) => Ok(None),
            Err(failure) => {
                say(&format!("[{done}/{all}] {name}: {}", failure.words()));
                Ok(None)
            }
        }
    }
}

/// A run in a line.
fn told(record: &Record) -> String {
    let right = if record.correct { "right" } else { "wrong" };
    let firsts = record.firsts.iter().filter(|first| first.correct).count();
    let alone = match record.key.arm {
        Arm::Team => format!(", first answers right {firsts} of {}", record.firsts.len()),
        Arm::Alone(_) => String::new(),
    };
    let why = if record.message.is_empty() {
        String::new()
    } else {
        format!(" ({})", record.message)
    };
    format!(
        "{right}, {}{why}, {}, {} tokens{alone}, session {}",
        record.end.word(),
        words::duration(record.times.wall),
        record.usage.input.saturating_add(record.usage.output),
        record.run
    )
}

async fn one(services: Arc<Services>, job: Job, leave: CancellationToken) -> Over {
    let result = follow(&services, &job, &leave).await;
    (job, result)
}

/// Runs one session to its first outcome.
async fn follow(
    services: &Services,
    job: &Job,
    leave: &CancellationToken,
) -> Result<Option<Record>, Failure> {
    let mut team = job.source.build(services).await?;
    if let Arm::Alone(name) = &job.key.arm {
        team.members.retain(|member| member.card.name == *name);
    }
    let (sender, mut events) = mpsc::channel(EVENTS);
    let (_, session) = app::start(services, team, job.task.prompt.clone(), sender).await?;
    let mut meter = Meter::default();
    let mut asked_to_leave = false;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = leave.cancelled(), if !asked_to_leave => {
                asked_to_leave = true;
                // A session that is over takes no command and needs none.
                let _ = session.commands.send(Command::Close).await;
                continue;
            }
        };
        let Some(event) = event else { break };
        meter.apply(&event);
        if let Some(command) = response(&event) {
            let _ = session.commands.send(command).await;
        }
    }
    // The log is complete when the session is.
    let _ = session.done.await;
    let record = meter.record(&job.task, job.key.clone());
    if record.is_none() && !asked_to_leave {
        return Err(Failure::new(
            FailureKind::Local,
            "The session broke off without an outcome.",
        )
        .hint("Its log has what was written; --resume runs it again."));
    }
    Ok(record)
}

/// What somebody who is not there says: nothing to questions, yes to plans, goodbye after the outcome.
fn response(event: &Event) -> Option<Command> {
    match &event.kind {
        EventKind::Run(RunEvent::Ended(_)) => Some(Command::Close),
        EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
            Some(Command::Answer {
                id: question.id,
                reply: match question.kind {
                    QuestionKind::Plan { .. } => Reply::Approved,
                    QuestionKind::Question { .. } | QuestionKind::Approval(_) => Reply::Skipped,
                },
            })
        }
        _ => None,
    }
}

/// A line on stderr; a closed one is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", clean::text(line));
}
