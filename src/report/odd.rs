//! What somebody who reads the session should look at. Each finding names the event it rests on.

use std::collections::HashMap;

use serde::Serialize;

use super::{rounds::Round, tools::Tool, votes::Voting};
use crate::{
    protocol::{AgentEvent, Event, EventKind, Level, Outcome, OutcomeEnd, RunEvent, ToolEvent},
    run::Turn,
};

/// Calls of a tool before its failures say anything.
const CALLS: usize = 4;

/// The same call, as often as this, is a loop.
const REPEATS: usize = 3;

/// A round this many times longer than the middle one stands out.
const SLOW: u64 = 3;

/// Of a turn without an end.
pub(super) const BROKEN_OFF: &str = "The log stops before the turn has an end.";

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Odd {
    /// The event it rests on.
    pub event: u64,
    /// What is odd, one sentence.
    pub words: String,
}

/// What is odd about a turn, in the order it happened.
pub fn of(
    turn: &Turn,
    events: &[Event],
    rounds: &[Round],
    voting: &Voting,
    tools: &[Tool],
) -> Vec<Odd> {
    let mut all = Vec::new();
    let mut tell = |event: u64, words: String| all.push(Odd { event, words });
    let last = events.last().map_or(0, |event| event.seq.0);
    ends(turn, last, &mut tell);
    votes(turn, voting, &mut tell);
    slow(turn, rounds, &mut tell);
    for tool in tools {
        if tool.calls >= CALLS && tool.failures * 2 > tool.calls {
            let event = tool.failed_events.first().copied().unwrap_or(last);
            let words = format!(
                "{} failed in {} of {} calls.",
                tool.name, tool.failures, tool.calls
            );
            tell(event, words);
        }
    }
    repeats(turn, events, &mut tell);
    told(turn, events, &mut tell);
    all.sort_by_key(|odd| odd.event);
    all
}

/// Odd ends.
fn ends(turn: &Turn, last: u64, tell: &mut dyn FnMut(u64, String)) {
    let words = match &turn.outcome {
        None => BROKEN_OFF,
        Some(Outcome::NoAnswer { .. }) => "Nobody published an answer.",
        Some(Outcome::Answered { end, text, .. }) => match end {
            _ if text.trim().is_empty() => "The final answer is empty.",
            OutcomeEnd::Limit => "A limit ended it, not agreement.",
            OutcomeEnd::AgentsLost => "Every agent was lost before all had voted.",
            OutcomeEnd::AnswerNow | OutcomeEnd::Stopped => "The person ended it.",
            OutcomeEnd::Consensus => return,
        },
    };
    tell(last, words.to_owned());
}

/// Odd votes.
fn votes(turn: &Turn, voting: &Voting, tell: &mut dyn FnMut(u64, String)) {
    let at = voting.edges.last().map_or(0, |edge| edge.event);
    let counted: Vec<_> = voting.edges.iter().filter(|edge| edge.counted).collect();
    let own = |edge: &&super::Edge| edge.target.is_some_and(|label| label.agent == edge.voter);
    if counted.len() > 1 && counted.iter().all(own) {
        tell(
            at,
            "Everybody voted for their own answer: the vote says nothing.".to_owned(),
        );
    }
    if let Some(decision) = &turn.decision {
        let tie = decision.tally.get(1).is_some_and(|second| {
            let first = decision.tally.first();
            first.is_some_and(|first| {
                !first.voters.is_empty() && first.voters.len() == second.voters.len()
            })
        });
        if tie {
            tell(
                at,
                format!(
                    "The vote was a tie; it was settled by {}.",
                    decision.by.words()
                ),
            );
        }
        if let Some(plain) = &decision.majority
            && plain.exists()
            && !plain.labels.contains(&decision.winner)
        {
            let words = format!(
                "Most answers come to {:?}, but an answer with another result won.",
                plain.value
            );
            tell(at, words);
        }
    }
    let mut texts: HashMap<&str, crate::protocol::Label> = HashMap::new();
    for published in &turn.answers {
        let answer = &published.answer;
        let before = texts.insert(answer.text.trim(), answer.label);
        if let Some(before) = before.filter(|_| !answer.text.trim().is_empty()) {
            tell(
                at,
                format!("{} says word for word what {before} says.", answer.label),
            );
        }
    }
}

/// Rounds that took far longer than the others.
fn slow(turn: &Turn, rounds: &[Round], tell: &mut dyn FnMut(u64, String)) {
    let mut lengths: Vec<u64> = rounds.iter().map(|round| round.ms).collect();
    lengths.sort_unstable();
    let Some(middle) = lengths.get(lengths.len() / 2).copied().filter(|ms| *ms > 0) else {
        return;
    };
    for round in rounds {
        if rounds.len() >= 4 && round.ms > middle * SLOW && round.ms > 10_000 {
            let words = format!(
                "Round {} of {} took {} s, the middle one {} s.",
                round.round,
                turn.name(round.agent),
                round.ms / 1000,
                middle / 1000
            );
            tell(round.event, words);
        }
    }
}

/// The same call again and again.
fn repeats(turn: &Turn, events: &[Event], tell: &mut dyn FnMut(u64, String)) {
    let mut seen: HashMap<(u16, &str, &str), usize> = HashMap::new();
    for event in events {
        let EventKind::Agent {
            id,
            event:
                AgentEvent::Tool(ToolEvent::Started {
                    name, arguments, ..
                }),
        } = &event.kind
        else {
            continue;
        };
        let times = seen.entry((id.0, name, arguments)).or_default();
        *times += 1;
        if *times == REPEATS {
            let who = turn.name(*id);
            tell(
                event.seq.0,
                format!("{who} called {name} {REPEATS} times with the same arguments."),
            );
        }
    }
}

/// What the session itself found worth telling.
fn told(turn: &Turn, events: &[Event], tell: &mut dyn FnMut(u64, String)) {
    for event in events {
        match &event.kind {
            EventKind::Run(RunEvent::Notice { level, text }) if *level != Level::Info => {
                tell(event.seq.0, text.clone());
            }
            EventKind::Agent {
                id,
                event: AgentEvent::Benched(failure),
            } => {
                let who = turn.name(*id);
                tell(event.seq.0, format!("{who} was lost: {}", failure.message));
            }
            _ => {}
        }
    }
}
