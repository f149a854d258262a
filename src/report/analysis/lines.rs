//! Events as the lines that a model reads: a head in our words, a body in somebody else's.

use crate::protocol::{
    AgentEvent, AgentId, BallotEvent, CallEvent, Channel, Event, EventKind, Outcome, RunEvent,
    ToolEvent,
};

/// How much an event says about how the answer came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Figures, thinking, what happens to a call on its way.
    Low,
    /// What agents say and do.
    Middle,
    /// Answers, votes, ends, failures.
    High,
}

/// One or several events that read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Number of the first.
    pub first: u64,
    /// Number of the last.
    pub last: u64,
    /// Milliseconds from the turn's start.
    pub at_ms: u64,
    /// Our words.
    pub head: String,
    /// Words of others.
    pub body: String,
    /// How much it says.
    pub weight: Weight,
}

/// Our words, somebody else's, and how much they say.
type Told = (String, String, Weight);

/// What an event is, in our words only: for a line below a claim.
#[must_use]
pub fn words_of(event: &Event, name: &dyn Fn(AgentId) -> String) -> String {
    // What somebody else said would come after a colon.
    told(event, name).0.trim_end_matches(':').to_owned()
}

/// The entries of a turn. Pieces of one stream of text become one.
pub(super) fn entries(events: &[Event], name: &dyn Fn(AgentId) -> String) -> Vec<Entry> {
    let start = events.first().map_or(0, |event| event.at.0);
    let mut entries: Vec<Entry> = Vec::new();
    let mut stream: Option<(AgentId, Channel)> = None;
    for event in events {
        let (head, body, weight) = told(event, name);
        let now = match &event.kind {
            EventKind::Agent {
                id,
                event: AgentEvent::Delta { channel, .. },
            } => Some((*id, *channel)),
            _ => None,
        };
        if now.is_some()
            && now == stream
            && let Some(last) = entries.last_mut()
        {
            last.body.push_str(&body);
            last.last = event.seq.0;
            continue;
        }
        stream = now;
        entries.push(Entry {
            first: event.seq.0,
            last: event.seq.0,
            at_ms: event.at.0.saturating_sub(start),
            head,
            body,
            weight,
        });
    }
    entries
}

fn told(event: &Event, name: &dyn Fn(AgentId) -> String) -> Told {
    match &event.kind {
        EventKind::Run(what) => of_run(what),
        EventKind::Agent { id, event } => {
            let (head, body, weight) = of_agent(event);
            (format!("{} {head}", name(*id)), body, weight)
        }
    }
}

fn of_run(event: &RunEvent) -> Told {
    let plain = |head: &str, weight| (head.to_owned(), json(event), weight);
    match event {
        RunEvent::Started(start) => {
            let mode = if start.resumed.is_some() {
                "the turn goes on"
            } else {
                "the turn begins"
            };
            let head = format!("{mode} with {} agents; the task:", start.team.len());
            (head, start.prompt.clone(), Weight::High)
        }
        RunEvent::Phase(phase) => (
            format!("phase: {}", phase.word()),
            String::new(),
            Weight::Middle,
        ),
        RunEvent::BallotsDropped(drops) => {
            let votes: Vec<String> = drops
                .iter()
                .map(|drop| format!("{} ({})", drop.ballot.voter, drop.reason.words()))
                .collect();
            let head = format!("votes stopped counting: {}", votes.join(", "));
            (head, String::new(), Weight::High)
        }
        RunEvent::Decided(decision) => {
            let rows = decision.tally.iter();
            let rows: Vec<String> = rows
                .map(|row| format!("{} has {}", row.label, row.voters.len()))
                .collect();
            let head = format!(
                "the vote is settled: {} won by {} ({})",
                decision.winner,
                decision.by.words(),
                rows.join(", ")
            );
            (head, String::new(), Weight::High)
        }
        RunEvent::Ended(Outcome::Answered {
            winner, text, end, ..
        }) => {
            let head = format!("the turn ended with {winner} ({end:?}); the final text:");
            (head, text.clone(), Weight::High)
        }
        RunEvent::Ended(Outcome::NoAnswer { reason, message }) => {
            let head = format!("the turn ended without an answer ({reason:?})");
            (head, message.clone(), Weight::High)
        }
        RunEvent::Notice { level, text } => {
            (format!("notice ({level:?})"), text.clone(), Weight::High)
        }
        RunEvent::Steer { text, .. } if !text.is_empty() => {
            ("the person said".to_owned(), text.clone(), Weight::High)
        }
        RunEvent::Steer { .. } => plain("a word of the person got on", Weight::Low),
        RunEvent::Question(_) => plain("a question to the person", Weight::Middle),
        RunEvent::Team(_) => plain("the team", Weight::Middle),
        RunEvent::Budget(_) => plain("budget", Weight::Low),
        RunEvent::Review(_) => plain("verification", Weight::High),
        RunEvent::Stage(_) => plain("a step of the mode", Weight::Middle),
    }
}

fn of_agent(event: &AgentEvent) -> Told {
    let bare = |head: String, weight| (head, String::new(), weight);
    match event {
        AgentEvent::RoundStarted {
            round,
            purpose,
            view,
        } => {
            let view: Vec<String> = view.iter().map(ToString::to_string).collect();
            let view = if view.is_empty() {
                "no answer".to_owned()
            } else {
                view.join(", ")
            };
            let head = format!("begins round {round} ({purpose:?}) with {view} in view");
            bare(head, Weight::Middle)
        }
        AgentEvent::RoundEnded { round, end } => {
            bare(format!("ends round {round}: {end:?}"), Weight::Middle)
        }
        AgentEvent::Delta { channel, text } => {
            let (word, weight) = match channel {
                Channel::Text => ("says", Weight::Middle),
                Channel::Thinking => ("thinks", Weight::Low),
                // Published word for word soon.
                Channel::Draft => ("drafts", Weight::Low),
                Channel::Final => ("presents", Weight::Middle),
            };
            (word.to_owned(), text.clone(), weight)
        }
        AgentEvent::Tool(tool) => of_tool(tool),
        AgentEvent::Call(
            CallEvent::Retrying { failure, .. } | CallEvent::Switched { failure, .. },
        ) => {
            let head = format!("a model call failed ({}) and goes on", failure.kind.word());
            (head, failure.message.clone(), Weight::High)
        }
        AgentEvent::Call(_) => ("a model call".to_owned(), json(event), Weight::Low),
        AgentEvent::Usage(usage) => bare(
            format!(
                "used {} tokens in, {} out, {} USD{}",
                usage.input,
                usage.output,
                usage.cost.usd,
                if usage.cost.partial { " at least" } else { "" }
            ),
            Weight::Low,
        ),
        AgentEvent::Published(answer) => {
            let head = format!("published {}:", answer.label);
            (head, answer.text.clone(), Weight::High)
        }
        AgentEvent::Refused { act, reason, .. } => {
            let head = "did something that was not taken".to_owned();
            (head, format!("{act}: {reason}"), Weight::Middle)
        }
        AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
            let target = ballot.target;
            let target = target.map_or_else(|| "nobody".to_owned(), |label| label.to_string());
            let head = format!("voted for {target}:");
            (head, ballot.reason.clone(), Weight::High)
        }
        AgentEvent::Delivered { labels } => {
            let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
            bare(format!("was shown {}", labels.join(", ")), Weight::Middle)
        }
        AgentEvent::Nested(inner) => {
            let name = |id: AgentId| id.to_string();
            let (head, body, weight) = told(inner, &name);
            (format!("(its own team) {head}"), body, weight)
        }
        AgentEvent::Benched(failure) => {
            let head = format!("was lost ({})", failure.kind.word());
            (head, failure.message.clone(), Weight::High)
        }
    }
}

fn of_tool(event: &ToolEvent) -> Told {
    match event {
        ToolEvent::Started {
            name, arguments, ..
        } => {
            let body = format!("{name} {arguments}");
            ("calls a tool:".to_owned(), body, Weight::Middle)
        }
        ToolEvent::Noted { .. } => (
            "a tool did".to_owned(),
            serde_json::to_string(event).unwrap_or_default(),
            Weight::Low,
        ),
        ToolEvent::Finished {
            ok,
            output,
            elapsed_ms,
            ..
        } => {
            let how = if *ok { "worked" } else { "failed" };
            let weight = if *ok { Weight::Middle } else { Weight::High };
            let head = format!("the tool {how} after {elapsed_ms} ms:");
            (head, output.clone(), weight)
        }
    }
}

/// What has no words of its own.
fn json<T: serde::Serialize>(event: &T) -> String {
    serde_json::to_string(event).unwrap_or_default()
}
