//! Goes on with a stored session: its log, the team that fits it, and the engine.
//!
//! The same log is written on; nothing is copied. What makes that unsafe is refused with a word: a
//! session that is over or still runs, events that are missing, another team than the one that
//! broke off.

use std::{collections::BTreeSet, path::Path};

use tokio::sync::mpsc;

use super::{Services, Source, ground::Ground, inbox::Inbox, trust::Chosen};
use crate::{
    config::{Overlay, Purpose},
    engine::{self, Begin, Past, Session},
    massgen,
    protocol::{
        AgentCard, AgentId, Event, EventKind, Failure, FailureKind, Origin, RunEvent, RunId,
        TeamEvent, TurnStart,
    },
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
    /// With this further task, asked of one agent alone.
    Ask(AgentId, String),
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
    let overlay = services.overlay_now();
    go_on_under(services, &overlay, run, source, way, events).await
}

/// The same under these settings in place of the program's own.
///
/// # Errors
/// As for [`go_on`].
pub(super) async fn go_on_under(
    services: &Services,
    overlay: &Overlay,
    run: &RunId,
    source: Option<Source>,
    way: Way,
    events: mpsc::Sender<Event>,
) -> Result<Again, Failure> {
    if massgen::is_named(run) {
        return Err(local(format!(
            "{run} is a log of MassGen: it can be read, not gone on with."
        ))
        .hint("Start a new session with your task."));
    }
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
        None => again(run, &start, services, overlay)?,
    };
    let mut team = source.build_over(services, overlay).await?;
    if way == Way::Resume {
        let cards: Vec<&AgentCard> = team.members.iter().map(|member| &member.card).collect();
        let moves = Moves::read(&session.events);
        past.notices
            .extend(fits(run, &start, &cards, &moves, chosen)?);
    }
    let mut state = RunState::default();
    for event in &session.events {
        state.apply(event);
    }
    let (turn, begin) = beginning(past, way);
    let inbox = team.inbox.take();
    let redactor = Redactor::new(&team.secrets);
    let gate = super::session::gate(services, run, &start.rules, redactor)?;
    let ground = Ground::reopen(services, run, &start.rules, &session.events, &gate).await?;
    let (mut setup, mut sinks) = super::session::parts(run.clone(), team, Ok(log), events);
    setup.grounds = super::session::premises(ground);
    setup.gate = Some(gate);
    sinks.subscribers.extend(inbox.as_ref().map(Inbox::ear));
    let (ear, told) = services.ear(run).unzip();
    sinks.subscribers.extend(ear);
    sinks.prompts.clone_from(&services.dump_prompts);
    let session = engine::begin(setup, sinks, begin);
    super::listening::pass_on(told, &session);
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

/// How the engine begins, and the turn that was asked for.
fn beginning(past: Past, way: Way) -> (u32, Begin) {
    let past = Box::new(past);
    let (prompt, asked) = match way {
        Way::Resume => return (past.turn, Begin::Resume(past)),
        Way::Continue(prompt) => (prompt, None),
        Way::Ask(agent, prompt) => (prompt, Some(agent)),
    };
    let turn = past.turn + 1;
    (
        turn,
        Begin::Continue {
            past,
            prompt,
            asked,
        },
    )
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
fn again(
    run: &RunId,
    start: &TurnStart,
    services: &Services,
    overlay: &Overlay,
) -> Result<Source, Failure> {
    match &start.origin {
        Origin::Demo { scenario } => Ok(Source::Demo(scenario.clone())),
        Origin::Config { path } => {
            let path = Path::new(&start.cwd).join(path);
            let config = services.configuration_over(&path, Chosen::Found, Purpose::Run, overlay);
            config.map(Source::Config).map_err(|refusal| {
                let failure = refusal.failure();
                let message = format!(
                    "The configuration of session {run} cannot be used: {}",
                    failure.message
                );
                let hint = format!("{} Or give another with --with FILE.", failure.hint);
                Failure::new(FailureKind::Request, message).hint(hint)
            })
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

/// How the team of a session changed while it was at work, as its log tells: the configuration knows
/// nothing of that, and the engine repeats it.
#[derive(Debug, Default)]
struct Moves {
    joined: BTreeSet<AgentId>,
    left: BTreeSet<AgentId>,
    replaced: BTreeSet<AgentId>,
}

impl Moves {
    fn read(events: &[Event]) -> Self {
        let mut moves = Self::default();
        for event in events {
            let EventKind::Run(RunEvent::Team(change)) = &event.kind else {
                continue;
            };
            match change {
                TeamEvent::Added { card, .. } => moves.joined.insert(card.id),
                TeamEvent::Retired(id) => moves.left.insert(*id),
                TeamEvent::Retried(id) => moves.left.remove(id),
                TeamEvent::Replaced(card) => {
                    moves.left.remove(&card.id);
                    moves.replaced.insert(card.id)
                }
                TeamEvent::Paused(_)
                | TeamEvent::Overdue(_)
                | TeamEvent::Resumed(_)
                | TeamEvent::Hidden(_)
                | TeamEvent::Declined { .. } => false,
            };
        }
        moves
    }
}

/// Whether a team can take the seats of the one that broke off, and what has changed: refused when
/// the log's own configuration has changed, told when the person chose the team. Who joined, left or
/// got another model while the team was at work did so by the log and not by the configuration.
fn fits(
    run: &RunId,
    start: &TurnStart,
    team: &[&AgentCard],
    moves: &Moves,
    chosen: bool,
) -> Result<Option<String>, Failure> {
    let mut changes = Vec::new();
    let mut seats = Vec::new();
    for old in &start.team {
        match team.iter().find(|new| new.id == old.id) {
            None if moves.joined.contains(&old.id) => {}
            None => seats.push(format!("{} ({}) is missing", old.id, old.name)),
            Some(_) if moves.replaced.contains(&old.id) => {}
            Some(new) => changes.extend(change(old, new)),
        }
    }
    for new in team {
        // A stage of a chain need not be played by all.
        let whole = start.stage.is_none() && !moves.left.contains(&new.id);
        if whole && start.team.iter().all(|old| old.id != new.id) {
            seats.push(format!("{} ({}) is new", new.id, new.name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Limits, Rules, Seq, Timestamp};

    fn card(number: u16, model: &str) -> AgentCard {
        AgentCard {
            id: AgentId(number),
            name: format!("a{number}"),
            model: model.to_owned(),
            backend: "b".to_owned(),
        }
    }

    fn start(team: Vec<AgentCard>) -> TurnStart {
        TurnStart {
            run: RunId("run".to_owned()),
            turn: 2,
            prompt: "Go on.".to_owned(),
            team,
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Direct,
            version: "0".to_owned(),
            cwd: ".".to_owned(),
            places: Vec::new(),
            resumed: None,
            stage: None,
        }
    }

    #[test]
    fn a_team_that_grew_or_shrank_at_work_is_still_the_team() {
        let check = |now: &[AgentCard], told: Vec<TeamEvent>, fitting: bool| {
            let events: Vec<Event> = told
                .into_iter()
                .map(|change| Event {
                    seq: Seq(1),
                    at: Timestamp(1),
                    kind: EventKind::Run(RunEvent::Team(change)),
                })
                .collect();
            let configured = [card(1, "m"), card(2, "m")];
            let cards: Vec<&AgentCard> = configured.iter().collect();
            let run = RunId("run".to_owned());
            let moves = Moves::read(&events);
            let result = fits(&run, &start(now.to_vec()), &cards, &moves, false);
            assert_eq!(result == Ok(None), fitting, "{events:?} {result:?}");
        };
        let added = TeamEvent::Added {
            card: card(3, "m"),
            like: AgentId(1),
            why: String::new(),
        };
        let grown = [card(1, "m"), card(2, "m"), card(3, "m")];
        check(&grown, vec![added], true);
        check(&grown, Vec::new(), false);
        let shrunk = [card(1, "m")];
        check(&shrunk, vec![TeamEvent::Retired(AgentId(2))], true);
        check(&shrunk, Vec::new(), false);
        let back = vec![
            TeamEvent::Retired(AgentId(2)),
            TeamEvent::Retried(AgentId(2)),
        ];
        check(&shrunk, back, false);
        let other = [card(1, "m"), card(2, "other")];
        check(&other, vec![TeamEvent::Replaced(card(2, "other"))], true);
        check(&other, Vec::new(), false);
    }
}
