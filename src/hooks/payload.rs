//! What a hook is told: one JSON object.

use serde_json::{Value, json};

use super::{Content, Hook, Kind, filter::ending};
use crate::{
    protocol::{
        AgentEvent, BallotEvent, Event, EventKind, Origin, Outcome, QuestionEvent, RunEvent,
        ToolEvent,
    },
    run::{RunState, Turn},
};

/// Version of the payload.
const VERSION: u32 = 1;
/// Longest text of a payload, in bytes.
const LONGEST: usize = 64 * 1024;

/// A payload and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The same for every try of one delivery, and for no other.
    pub id: String,
    /// The moment.
    pub kind: Kind,
    /// JSON.
    pub text: String,
}

/// The payload of a moment for a hook; `state` has taken the event in.
#[must_use]
pub fn body(hook: &Hook, kind: Kind, event: &Event, state: &RunState) -> Option<Body> {
    let turn = state.turn.as_ref()?;
    let start = &turn.start;
    let id = format!("{}-{}-{}", start.run, event.seq.0, hook.name);
    let agents: Vec<&str> = start.team.iter().map(|card| card.name.as_str()).collect();
    let mut value = json!({
        "massgen_tui": "hook",
        "version": VERSION,
        "id": id,
        "hook": hook.name,
        "event": kind.word(),
        "run": start.run,
        "turn": start.turn,
        "seq": event.seq,
        "at_ms": event.at,
        "demo": matches!(start.origin, Origin::Demo { .. }),
        "agents": agents,
    });
    if let EventKind::Agent { id, .. } = &event.kind {
        value["agent"] = json!(turn.name(*id));
    }
    facts(&mut value, kind, event, turn, state);
    if hook.content == Content::Full {
        words(&mut value, kind, event, turn);
    }
    Some(Body {
        id,
        kind,
        text: value.to_string(),
    })
}

/// Names and numbers.
fn facts(value: &mut Value, kind: Kind, event: &Event, turn: &Turn, state: &RunState) {
    match &event.kind {
        EventKind::Run(RunEvent::Phase(phase)) => value["phase"] = json!(phase),
        EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
            value["question"] = json!({"id": question.id, "seconds": question.seconds});
        }
        EventKind::Run(RunEvent::Decided(decision)) => value["winner"] = json!(decision.winner),
        EventKind::Run(RunEvent::Notice { level, .. }) => value["level"] = json!(level),
        EventKind::Agent { event, .. } => match event {
            AgentEvent::Published(answer) => value["label"] = json!(answer.label),
            AgentEvent::Ballot(BallotEvent::Cast(ballot)) => value["target"] = json!(ballot.target),
            AgentEvent::Tool(ToolEvent::Finished { ok, elapsed_ms, .. }) => {
                value["tool"] = json!({"ok": ok, "elapsed_ms": elapsed_ms});
            }
            AgentEvent::Benched(failure) => value["failure"] = json!(failure.kind),
            _ => {}
        },
        EventKind::Run(_) => {}
    }
    if let (Kind::Ended, Some(outcome)) = (kind, turn.last_word()) {
        let usage = state.usage();
        value["outcome"] = json!(ending(outcome));
        if let Outcome::Answered { winner, .. } = outcome {
            value["winner"] = json!(winner);
        }
        value["elapsed_ms"] = json!(turn.elapsed(event.at));
        value["usage"] = json!({
            "input": usage.input,
            "output": usage.output,
            "calls": usage.calls,
            "usd": usage.cost.usd,
            "usd_partial": usage.cost.partial,
        });
    }
}

/// What somebody wrote.
fn words(value: &mut Value, kind: Kind, event: &Event, turn: &Turn) {
    let cut = |text: &str| {
        let end = text.floor_char_boundary(LONGEST.min(text.len()));
        text.get(..end).unwrap_or_default().to_owned()
    };
    value["prompt"] = json!(cut(&turn.start.prompt));
    let text = match &event.kind {
        EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => &question.text,
        EventKind::Run(RunEvent::Notice { text, .. }) => text,
        EventKind::Agent { event, .. } => match event {
            AgentEvent::Published(answer) => &answer.text,
            AgentEvent::Ballot(BallotEvent::Cast(ballot)) => &ballot.reason,
            AgentEvent::Tool(ToolEvent::Finished { output, .. }) => output,
            AgentEvent::Benched(failure) => &failure.message,
            _ => return,
        },
        EventKind::Run(_) => match (kind, turn.last_word()) {
            (Kind::Ended, Some(Outcome::Answered { text, .. })) => text,
            (Kind::Ended, Some(Outcome::NoAnswer { message, .. })) => message,
            _ => return,
        },
    };
    value["text"] = json!(cut(text));
}
