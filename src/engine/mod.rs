//! Orchestration: a team, a task, an outcome. Knows no terminal.
//!
//! `coordination` decides (pure), `driver` performs, `seat` is one agent at work, `outbox` is the one
//! ordered way out. A session is a chain of turns over the same team; every turn ends in an outcome.

pub mod coordination;
pub mod desk;
mod draft;
mod driver;
mod intake;
pub mod outbox;
mod prompt;
mod reply;
mod seat;
mod talk;
mod workflow;

use tokio::{sync::mpsc, task::JoinHandle};

use self::{
    coordination::{Coordination, Setup},
    desk::Desk,
    driver::{Driver, Ways},
    outbox::{Outbox, Sinks},
    prompt::Task,
};
use crate::{
    protocol::{
        AgentCard, Command, EventKind, Level, Limits, Origin, Outcome, Rules, RunEvent, RunId,
        TurnStart,
    },
    provider,
    tool::Toolbox,
};

/// One agent of the team.
#[derive(Clone)]
pub struct Member {
    /// How people and the log see it.
    pub card: AgentCard,
    /// The user's own system message.
    pub system: Option<String>,
    /// Its model.
    pub provider: provider::Shared,
}

/// Everything fixed for a session.
#[derive(Clone)]
pub struct SessionSetup {
    /// Its name.
    pub run: RunId,
    /// The team in configuration order.
    pub team: Vec<Member>,
    /// Limits of each turn.
    pub limits: Limits,
    /// Rules of each turn.
    pub rules: Rules,
    /// Where the team comes from.
    pub origin: Origin,
    /// Working folder, for the log.
    pub cwd: String,
}

/// A running session.
#[derive(Debug)]
pub struct Session {
    /// Commands; a full channel means the engine is busy.
    pub commands: mpsc::Sender<Command>,
    /// Ends when the session is over and its log is closed.
    pub done: JoinHandle<()>,
}

/// Commands that may wait.
const COMMANDS: usize = 64;

/// Starts a session with its first task. Turns follow on [`Command::FollowUp`] until
/// [`Command::Close`] or until every sender is dropped.
#[must_use]
pub fn spawn(setup: SessionSetup, sinks: Sinks, prompt: String) -> Session {
    let (commands, receiver) = mpsc::channel(COMMANDS);
    let (outbox, written) = outbox::start(sinks);
    let done = tokio::spawn(async move {
        session(setup, outbox, prompt, receiver).await;
        let _ = written.await;
    });
    Session { commands, done }
}

async fn session(
    setup: SessionSetup,
    outbox: Outbox,
    first: String,
    commands: mpsc::Receiver<Command>,
) {
    let desk = desk::start(outbox.clone());
    let mut commands = intake::start(commands, desk.clone());
    let mut history = Vec::new();
    let mut next = Some(first);
    let mut number = 0;
    while let Some(prompt) = next.take() {
        number += 1;
        let ended = turn(
            &setup,
            &outbox,
            &desk,
            number,
            &prompt,
            &history,
            &mut commands,
        )
        .await;
        if let Some(Outcome::Answered { text, .. }) = ended.outcome {
            history.push((prompt, text));
        }
        if !ended.close {
            next = follow_up(&mut commands).await;
        }
    }
}

async fn turn(
    setup: &SessionSetup,
    outbox: &Outbox,
    desk: &Desk,
    number: u32,
    prompt: &str,
    history: &[(String, String)],
    commands: &mut mpsc::Receiver<Command>,
) -> driver::Ended {
    let start = TurnStart {
        run: setup.run.clone(),
        turn: number,
        prompt: prompt.to_owned(),
        team: setup
            .team
            .iter()
            .map(|member| member.card.clone())
            .collect(),
        limits: setup.limits,
        rules: setup.rules.clone(),
        stage: None,
        origin: setup.origin.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cwd: setup.cwd.clone(),
        resumed: None,
    };
    outbox
        .emit(EventKind::Run(RunEvent::Started(Box::new(start))))
        .await;
    let coordination = Coordination::new(Setup {
        agents: setup.team.iter().map(|member| member.card.id).collect(),
        limits: setup.limits,
        rules: setup.rules.clone(),
    });
    let task = Task {
        prompt: prompt.to_owned(),
        history: history.to_vec(),
    };
    let tools = Toolbox::standard();
    let ways = Ways {
        outbox: outbox.clone(),
        desk: desk.clone(),
    };
    Driver::new(&setup.team, task, ways, coordination, tools)
        .run(commands)
        .await
}

/// Waits for the next task; `None` when the session is to end.
async fn follow_up(commands: &mut mpsc::Receiver<Command>) -> Option<String> {
    loop {
        match commands.recv().await? {
            Command::FollowUp { prompt } => return Some(prompt),
            Command::Close => return None,
            // Answers never come this far.
            Command::Steer { .. }
            | Command::Withdraw(_)
            | Command::Answer { .. }
            | Command::AnswerNow
            | Command::Stop => {}
        }
    }
}

/// A notice for the person.
fn notice(text: &str) -> EventKind {
    EventKind::Run(RunEvent::Notice {
        level: Level::Info,
        text: text.to_owned(),
    })
}
