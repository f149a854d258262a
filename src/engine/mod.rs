//! Orchestration: a team, a task, an outcome. Knows no terminal.
//!
//! `coordination` decides (pure), `driver` performs, `seat` is one agent at work, `outbox` is the one
//! ordered way out. A session is a chain of turns over the same team; every turn ends in an outcome.

mod alone;
mod asking;
mod ballot;
mod bank;
mod broken;
mod context;
pub mod coordination;
pub mod desk;
mod draft;
mod driver;
mod dump;
mod forecast;
mod guide;
mod history;
mod intake;
pub mod leave;
mod ledger;
pub mod nested;
pub mod outbox;
mod outside;
mod past;
mod paying;
mod permits;
pub mod premises;
mod prompt;
mod reply;
mod results;
mod roster;
mod seat;
mod stages;
mod talk;
mod tooling;
mod verdict;
mod workflow;

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc, task::JoinHandle};

use self::{
    alone::Order,
    coordination::{Coordination, Input, Setup},
    driver::{Driver, Ways},
    history::Earlier,
    leave::Gate,
    ledger::Ledger,
    outbox::{Aside, Outbox, Sinks},
    premises::{Grounds, Start},
    prompt::Task,
    roster::Roster,
    stages::{Leg, run::Room},
};
use crate::{
    protocol::{
        AgentCard, AgentId, Command, EventKind, Level, Limits, Origin, Rules, RunEvent, RunId,
        TurnStart,
    },
    provider,
    tool::Outside,
};

pub use past::{Open, Past};
pub use workflow::standing as standing_tools;

/// One agent of the team.
#[derive(Clone)]
pub struct Member {
    /// How people and the log see it.
    pub card: AgentCard,
    /// The user's own system message.
    pub system: Option<String>,
    /// Its model.
    pub provider: provider::Shared,
    /// Its tools of servers.
    pub tools: Option<Arc<dyn Outside>>,
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
    /// The folders it works on.
    pub grounds: Grounds,
    /// What decides what programs among the agents may do; without, they may nothing that they ask for.
    pub gate: Option<Gate>,
}

/// A running session.
#[derive(Debug)]
pub struct Session {
    /// Commands; a full channel means the engine is busy.
    pub commands: mpsc::Sender<Command>,
    /// Ends when the session is over and its log is closed.
    pub done: JoinHandle<()>,
    /// Where those beside the session may say something.
    pub aside: Aside,
}

/// Commands that may wait.
const COMMANDS: usize = 64;

/// How a session begins.
#[derive(Clone, Debug)]
pub enum Begin {
    /// With its first task.
    Task(String),
    /// With a further task, after what its log says. A turn that broke off is ended first with what
    /// there is, without asking anybody.
    Continue {
        /// What the log says.
        past: Box<Past>,
        /// The task.
        prompt: String,
        /// Who is asked alone; `None`: everybody.
        asked: Option<AgentId>,
    },
    /// With the turn that broke off, where it broke off.
    Resume(Box<Past>),
}

/// Starts a session with its first task. Turns follow on [`Command::FollowUp`] and
/// [`Command::Ask`] until [`Command::Close`] or until every sender is dropped.
#[must_use]
pub fn spawn(setup: SessionSetup, sinks: Sinks, prompt: String) -> Session {
    begin(setup, sinks, Begin::Task(prompt))
}

/// Starts a session, or goes on with one.
#[must_use]
pub fn begin(setup: SessionSetup, sinks: Sinks, begin: Begin) -> Session {
    let (past, first) = match begin {
        Begin::Task(prompt) => (Past::default(), Some(Order::to_all(prompt))),
        Begin::Continue {
            past,
            prompt,
            asked,
        } => (*past, Some(Order { prompt, asked })),
        Begin::Resume(past) => (*past, None),
    };
    let (commands, receiver) = mpsc::channel(COMMANDS);
    let (outbox, written) = outbox::start(sinks, past.last);
    let aside = outbox.aside();
    let done = tokio::spawn(async move {
        Box::pin(session(setup, outbox, past, first, receiver)).await;
        let _ = written.await;
    });
    Session {
        commands,
        done,
        aside,
    }
}

async fn session(
    mut setup: SessionSetup,
    outbox: Outbox,
    past: Past,
    mut next: Option<Order>,
    commands: mpsc::Receiver<Command>,
) {
    let desk = desk::start(outbox.clone(), past.question);
    let mut commands = intake::start(commands, desk.clone());
    let talking = setup.rules.talking.clone();
    let ways = Ways {
        outbox,
        desk,
        gate: setup.gate.clone(),
        talking,
        around: nested::Around::default(),
        grounds: setup.grounds.clone(),
    };
    for text in &past.notices {
        ways.outbox.emit(notice(text)).await;
    }
    let mut roster = Roster::new(setup.team.clone());
    let mut number = past.turn;
    let mut history = past.earlier();
    if past.is_open() {
        let (prompt, mut ended) = {
            let mut room = Room {
                setup: &setup,
                roster: &mut roster,
                ways: &ways,
                history: &history,
                commands: &mut commands,
                number: &mut number,
            };
            room.go_on(past, next.is_some()).await
        };
        history::remember(&mut history, earlier(prompt, &mut ended));
        if ended.close {
            outside::close(&roster).await;
            return;
        }
        if next.is_none() {
            next = follow_up(&mut commands, &ways).await;
        }
    }
    while let Some(Order { prompt, asked }) = next.take() {
        if let Some(agent) = asked.filter(|agent| roster.find(*agent).is_none()) {
            ways.outbox.emit(alone::nobody(agent)).await;
            next = follow_up(&mut commands, &ways).await;
            continue;
        }
        if number > 0 {
            let files = alone::files(history.last(), asked).to_vec();
            premises::begin(&ways.grounds, Start::Further(files), &ways.outbox).await;
        }
        let narrowed = asked.map(|agent| alone::set_up(&setup, agent));
        let (mut ended, personas) = Room {
            setup: narrowed.as_ref().unwrap_or(&setup),
            roster: &mut roster,
            ways: &ways,
            history: &history,
            commands: &mut commands,
            number: &mut number,
        }
        .task(&prompt)
        .await;
        if let Some(personas) = personas {
            setup.rules.personas.given = personas;
        }
        history::remember(&mut history, earlier(prompt, &mut ended));
        if !ended.close {
            next = follow_up(&mut commands, &ways).await;
        }
    }
    outside::close(&roster).await;
}

fn earlier(prompt: String, ended: &mut driver::Ended) -> Earlier {
    Earlier {
        prompt,
        outcome: ended.outcome.take(),
        best: None,
        answers: std::mem::take(&mut ended.answers),
    }
}

/// One turn: its number, its task, and its place in a chain when it has one.
async fn turn(
    setup: &SessionSetup,
    roster: &mut Roster,
    ways: &Ways,
    (number, prompt, leg): (u32, &str, Option<&Leg>),
    history: &[Earlier],
    commands: &mut mpsc::Receiver<Command>,
) -> driver::Ended {
    let rules = leg.map_or(&setup.rules, |leg| &leg.rules);
    let limits = leg.map_or(&setup.limits, |leg| &leg.limits);
    let start = TurnStart {
        run: setup.run.clone(),
        turn: number,
        prompt: prompt.to_owned(),
        limits: limits.clone(),
        team: roster.cards(),
        rules: rules.clone(),
        stage: leg.map(|leg| leg.stage.clone()),
        origin: setup.origin.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cwd: setup.cwd.clone(),
        places: ways
            .grounds
            .as_ref()
            .map_or_else(Vec::new, |premises| premises.places()),
        resumed: None,
    };
    let ways = &alone::ways(ways, rules);
    ways.outbox
        .emit(EventKind::Run(RunEvent::Started(Box::new(start))))
        .await;
    if number == 1 {
        premises::warn(&ways.grounds, roster.team(), &ways.outbox).await;
    }
    for event in leg.map_or(&[][..], |leg| &leg.news) {
        let event = RunEvent::Stage(event.clone());
        ways.outbox.emit(EventKind::Run(event)).await;
    }
    let coordination = Coordination::new(Setup {
        limits: limits.clone(),
        agents: roster.team().iter().map(|member| member.card.id).collect(),
        rules: rules.clone(),
    });
    let task = Task {
        prompt: prompt.to_owned(),
        history: ways.around.before.clone()
            + &history::render(history)
            + &alone::words(history.last(), rules.asked),
        step: ways.around.after.clone() + leg.map_or("", |leg| leg.stage.step.as_str()),
        notes: BTreeMap::new(),
        names: names(roster, rules),
    };
    let ledger = Ledger::new(limits.clone(), roster.team().len());
    let asked = alone::asked(roster.team(), rules);
    forecast::tell((limits, rules), &asked, prompt, &ways.outbox).await;
    let bank = bank::open(ledger, ways.outbox.clone());
    let ended = Driver::new(roster, task, ways.clone(), (coordination, bank))
        .run(Input::Start, commands)
        .await;
    roster.settle();
    ended
}

/// Waits for the next task; `None` when the session is to end.
async fn follow_up(commands: &mut mpsc::Receiver<Command>, ways: &Ways) -> Option<Order> {
    loop {
        match commands.recv().await? {
            Command::FollowUp { prompt } => return Some(Order::to_all(prompt)),
            Command::Ask { agent, prompt } => {
                return Some(Order {
                    prompt,
                    asked: Some(agent),
                });
            }
            Command::Close => return None,
            Command::Team(_) => {
                let words = "The team can be changed while a turn runs.";
                ways.outbox.emit(notice(words)).await;
            }
            // Answers never come this far.
            Command::Steer { .. }
            | Command::Withdraw(_)
            | Command::Answer { .. }
            | Command::AnswerNow
            | Command::Stop => {}
        }
    }
}

/// The names that agents know each other by: none, unless the rules say so.
fn names(
    roster: &Roster,
    rules: &Rules,
) -> std::collections::BTreeMap<crate::protocol::AgentId, String> {
    let cards = roster.team().iter().map(|member| &member.card);
    cards
        .filter(|_| !rules.seeing.hide_identities)
        .map(|card| (card.id, public_name(card)))
        .collect()
}

/// How an agent is called where identities are told.
fn public_name(card: &AgentCard) -> String {
    format!("{} ({})", card.name, card.model)
}

/// A notice for the person.
fn notice(text: &str) -> EventKind {
    notice_of(Level::Info, text)
}

/// A notice of some weight.
fn notice_of(level: Level, text: &str) -> EventKind {
    EventKind::Run(RunEvent::Notice {
        level,
        text: text.to_owned(),
    })
}
