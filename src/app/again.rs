//! Goes on with a stored session: its log, the team that fits it, and the engine.
//!
//! The same log is written on; nothing is copied. What makes that unsafe is refused with a word: a
//! session that is over or still runs, events that are missing, another team than the one that
//! broke off.

use std::path::Path;

use tokio::sync::mpsc;

use super::{Services, Source, Team, ground::Ground, inbox::Inbox};
use crate::{
    config::{self, Purpose},
    engine::{self, Begin, Past, Session},
    protocol::{AgentCard, Event, Failure, FailureKind, Origin, RunId, TurnStart},
    run::RunState,
    store::{Damage, Reopened, redact::Redactor},
};

/// How a stored session goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// With the turn that broke off.
    Resume,
    /// With this further task.
    Continue(String),
}

/// A session that goes on.
pub struct Again {
    /// Its name.
    pub run: RunId,
    /// The engine.
    pub session: Session,
    /// What its log says so far.
    pub state: RunState,
    /// The turn that was asked for; an earlier one that broke off is ended first.
    pub turn: u32,
}

/// Goes on with session `run`. The team is `source`, or without one what the log names.
///
/// # Errors
/// Why it cannot go on, and what can be done instead.
pub async fn go_on(
    services: &Services,
    run: &RunId,
    source: Option<Source>,
    way: Way,
    events: mpsc::Sender<Event>,
) -> Result<Again, Failure> {
    let store = services.store.clone()?;
    let named = run.clone();
    let reopened = tokio::task::spawn_blocking(move || store.reopen(&named))
        .await
        .map_err(|error| local(format!("The log could not be read: {error}.")))??;
    let Reopened {
        log,
        session,
        last: _,
        note,
    } = reopened;
    let mut past = Past::read(&session.events);
    past.notices.extend(note);
    let Some(start) = past.start.clone() else {
        return Err(local(format!("Session {run} holds no task."))
            .hint("Start a new one: massgen-tui run \"task\"."));
    };
    let damage = session.damage.filter(Damage::lost_events);
    if way == Way::Resume {
        resumable(run, &past, damage.is_some())?;
    } else if let Some(damage) = damage {
        past.notices.push(format!("The log is damaged: {damage}."));
    }
    let chosen = source.is_some();
    let source = match source {
        Some(source) => source,
        None => again(run, &start, services)?,
    };
    let mut team = source.build(services).await?;
    if way == Way::Resume {
        past.notices.extend(fits(run, &start, &team, chosen)?);
    }
    let mut state = RunState::default();
    for event in &session.events {
        state.apply(event);
    }
    let turn = match way {
        Way::Resume => past.turn,
        Way::Continue(_) => past.turn + 1,
    };
    let past = Box::new(past);
    let begin = match way {
        Way::Resume => Begin::Resume(past),
        Way::Continue(prompt) => Begin::Continue { past, prompt },
    };
    let inbox = team.inbox.take();
    let redactor = Redactor::new(&team.secrets);
    let gate = super::session::gate(services, run, &start.rules, redactor)?;
    let ground = Ground::reopen(services, run, &start.rules, &session.events, &gate).await?;
    let (mut setup, mut sinks) = super::session::parts(run.clone(), team, Ok(log), events);
    setup.grounds = super::session::premises(ground);
    setup.gate = Some(gate);
    sinks.subscribers.extend(inbox.as_ref().map(Inbox::ear));
    sinks.prompts.clone_from(&services.dump_prompts);
    let session = engine::begin(setup, sinks, begin);
    if let Some(inbox) = inbox {
        inbox.start(&session.commands);
    }
    Ok(Again {
        run: run.clone(),
        session,
        state,
        turn,
    })
}

/// Refuses what has nothing to resume, or nothing safe.
fn resumable(run: &RunId, past: &Past, damaged: bool) -> Result<(), Failure> {
    let follow_up = format!("massgen-tui run --continue {run} \"next task\"");
    let open = past.open.as_ref();
    if !past.is_open() {
        return Err(local(format!(
            "Session {run} is over: its last turn, number {}, has an end.",
            past.turn
        ))
        .hint(format!("Ask the team something further: {follow_up}.")));
    }
    let missing = open.map_or(0, |open| open.missing);
    if missing > 0 || damaged {
        return Err(local(format!(
            "The log of session {run} is damaged{}: going on with its turn could lose or repeat \
             what happened.",
            match missing {
                0 => String::new(),
                1 => " (1 event is missing)".to_owned(),
                count => format!(" ({count} events are missing)"),
            }
        ))
        .hint(format!(
            "Start a new turn that knows what is left: {follow_up}."
        )));
    }
    Ok(())
}

/// The team that the log names.
fn again(run: &RunId, start: &TurnStart, services: &Services) -> Result<Source, Failure> {
    match &start.origin {
        Origin::Demo { scenario } => Ok(Source::Demo(scenario.clone())),
        Origin::Config { path } => {
            let path = Path::new(&start.cwd).join(path);
            let env = |name: &str| services.environment.get(name);
            let loaded = config::load_file_with(&path, &env, Purpose::Run, &services.overlay);
            match loaded.config {
                Some(config) => Ok(Source::Config(std::sync::Arc::new(config))),
                None => Err(Failure::new(
                    FailureKind::Request,
                    format!(
                        "The configuration of session {run}, {}, cannot be used any more: {}",
                        path.display(),
                        loaded.report.summary()
                    ),
                )
                .hint(format!(
                    "Look at it with `massgen-tui config check {}`, or give another with --with FILE.",
                    path.display()
                ))),
            }
        }
        Origin::Direct => {
            let models: Vec<&str> = start.team.iter().map(|card| card.model.as_str()).collect();
            Err(Failure::new(
                FailureKind::Request,
                format!(
                    "The team of session {run} came from the command line ({}), and a log holds no \
                     addresses or keys.",
                    models.join(", ")
                ),
            )
            .hint(
                "Give the same --base-url and --model again, or a configuration with --with FILE.",
            ))
        }
        Origin::Imported { program } => Err(Failure::new(
            FailureKind::Request,
            format!("Session {run} is a log of {program}."),
        )
        .hint("Give a team with --with FILE.")),
    }
}

/// Whether a team can take the seats of the one that broke off, and what has changed: refused when
/// the log's own configuration has changed, told when the person chose the team.
fn fits(
    run: &RunId,
    start: &TurnStart,
    team: &Team,
    chosen: bool,
) -> Result<Option<String>, Failure> {
    let mut changes = Vec::new();
    let mut seats = Vec::new();
    for old in &start.team {
        match team.members.iter().find(|new| new.card.id == old.id) {
            None => seats.push(format!("{} ({}) is missing", old.id, old.name)),
            Some(new) => changes.extend(change(old, &new.card)),
        }
    }
    for new in &team.members {
        // A stage of a chain need not be played by all.
        let whole = start.stage.is_none();
        if whole && start.team.iter().all(|old| old.id != new.card.id) {
            seats.push(format!("{} ({}) is new", new.card.id, new.card.name));
        }
    }
    let refuse = |what: &[String], hint: String| {
        Err(Failure::new(
            FailureKind::Request,
            format!(
                "The team is not the one of session {run}: {}.",
                what.join("; ")
            ),
        )
        .hint(hint))
    };
    if !seats.is_empty() {
        seats.extend(changes);
        return refuse(
            &seats,
            format!(
                "Use a team of the same {} agents, or start a new turn: massgen-tui run --continue \
                 {run} \"next task\".",
                start.team.len()
            ),
        );
    }
    if changes.is_empty() {
        return Ok(None);
    }
    if !chosen {
        return refuse(
            &changes,
            format!(
                "Undo the change, or go on with the team as it is now: massgen-tui resume {run} \
                 --with FILE."
            ),
        );
    }
    Ok(Some(format!(
        "The turn goes on with another team: {}.",
        changes.join("; ")
    )))
}

fn change(old: &AgentCard, new: &AgentCard) -> Option<String> {
    let model = |card: &AgentCard| format!("{} of {}", card.model, card.backend);
    let mut parts = Vec::new();
    if old.name != new.name {
        parts.push(format!("was called {} and is {} now", old.name, new.name));
    }
    if (&old.model, &old.backend) != (&new.model, &new.backend) {
        parts.push(format!("was {} and is {} now", model(old), model(new)));
    }
    (!parts.is_empty()).then(|| format!("{} {}", old.id, parts.join(", ")))
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}
