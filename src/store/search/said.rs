//! What an event says in words.
//!
//! Exhaustive on purpose: a new kind of event does not compile until someone decides whether a person
//! would look for it. Deltas are not here: what they say is put together first. What only repeats another
//! event says nothing.

use serde_json::Value;

use crate::protocol::{
    AgentEvent, BallotEvent, CallEvent, EventKind, Failure, Outcome, Passage, Question,
    QuestionEvent, QuestionKind, Reply, ReviewEvent, RunEvent, StageEvent, SteerState, TeamEvent,
    ToolEvent, ToolNote, Verdict,
};

/// The words of an event and what they are.
pub(super) fn said(kind: &EventKind) -> Vec<(Passage, String)> {
    let words = match kind {
        EventKind::Run(event) => run(event),
        EventKind::Agent { id: _, event } => agent(event),
    };
    words
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .collect()
}

fn run(event: &RunEvent) -> Option<(Passage, String)> {
    let notice = |text: String| Some((Passage::Notice, text));
    match event {
        RunEvent::Started(start) if start.resumed.is_none() => {
            Some((Passage::Prompt, start.prompt.clone()))
        }
        RunEvent::Steer {
            text,
            state: SteerState::Queued,
            ..
        } => Some((Passage::Prompt, text.clone())),
        RunEvent::Question(event) => question(event),
        RunEvent::Team(
            TeamEvent::Added { why: text, .. } | TeamEvent::Declined { reason: text, .. },
        )
        | RunEvent::Review(
            ReviewEvent::Verdict(Verdict {
                instructions: text, ..
            })
            | ReviewEvent::Skipped { why: text },
        )
        | RunEvent::Notice { text, .. }
        | RunEvent::Ended(Outcome::NoAnswer { message: text, .. }) => notice(text.clone()),
        // Without a presenter the text is that of the published answer.
        RunEvent::Ended(Outcome::Answered {
            text,
            presenter: Some(_),
            ..
        }) => Some((Passage::Answer, text.clone())),
        RunEvent::Stage(StageEvent::Over { .. })
        | RunEvent::Started(_)
        | RunEvent::Steer { .. }
        | RunEvent::Team(_)
        | RunEvent::Review(ReviewEvent::Asked { .. } | ReviewEvent::Again { .. })
        | RunEvent::Ended(Outcome::Answered { .. })
        | RunEvent::Phase(_)
        | RunEvent::BallotsDropped(_)
        | RunEvent::Decided(_)
        | RunEvent::Budget(_) => None,
        RunEvent::Stage(event) => {
            let mut texts = Vec::new();
            event
                .clone()
                .texts_mut(&mut |text| texts.push(std::mem::take(text)));
            notice(texts.join("\n"))
        }
    }
}

fn question(event: &QuestionEvent) -> Option<(Passage, String)> {
    match event {
        QuestionEvent::Asked(Question { text, kind, .. }) => {
            let mut texts = vec![text.clone()];
            match kind {
                QuestionKind::Question { options } => texts.extend(options.iter().cloned()),
                QuestionKind::Plan { plan } => texts.push(plan.clone()),
                QuestionKind::Approval(approval) => approval
                    .clone()
                    .texts_mut(&mut |text| texts.push(std::mem::take(text))),
            }
            Some((Passage::Notice, texts.join("\n")))
        }
        QuestionEvent::Answered { reply, .. } => match reply {
            Reply::Text(text) | Reply::Edited(text) | Reply::Rejected(text) => {
                Some((Passage::Prompt, text.clone()))
            }
            Reply::Option(_) | Reply::Skipped | Reply::Approved | Reply::Always => None,
        },
        QuestionEvent::Withdrawn { .. } | QuestionEvent::Expired { .. } => None,
    }
}

fn agent(event: &AgentEvent) -> Option<(Passage, String)> {
    match event {
        AgentEvent::Published(answer) => Some((Passage::Answer, answer.text.clone())),
        AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
            Some((Passage::Vote, ballot.reason.clone()))
        }
        AgentEvent::Tool(event) => tool(event).map(|text| (Passage::Tool, text)),
        AgentEvent::Refused { reason, .. } => Some((Passage::Notice, reason.clone())),
        AgentEvent::Benched(failure)
        | AgentEvent::Call(
            CallEvent::Retrying { failure, .. } | CallEvent::Switched { failure, .. },
        ) => Some((Passage::Notice, failed(failure))),
        AgentEvent::Call(CallEvent::Compacted { instead, .. }) => {
            instead.as_ref().map(|why| (Passage::Notice, failed(why)))
        }
        AgentEvent::Call(
            CallEvent::Held { .. } | CallEvent::Loading { .. } | CallEvent::Circuit { .. },
        )
        | AgentEvent::RoundStarted { .. }
        | AgentEvent::RoundEnded { .. }
        | AgentEvent::Delta { .. }
        | AgentEvent::Usage(_)
        | AgentEvent::Delivered { .. }
        | AgentEvent::Nested(_) => None,
    }
}

fn failed(failure: &Failure) -> String {
    format!("{} {}", failure.message, failure.hint)
}

fn tool(event: &ToolEvent) -> Option<String> {
    match event {
        ToolEvent::Started {
            name, arguments, ..
        } => Some(format!("{name} {}", plain(arguments))),
        ToolEvent::Noted { note, .. } => match note {
            ToolNote::Exit { .. } | ToolNote::Progress { .. } => None,
            ToolNote::Change { path, diff, .. } => Some(format!("{path}\n{diff}")),
        },
        ToolEvent::Finished { output, .. } => Some(output.clone()),
    }
}

/// Arguments without the signs of JSON, where they are JSON: a line break in a string is none of its
/// letters.
fn plain(arguments: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(arguments) else {
        return arguments.to_owned();
    };
    let mut text = String::new();
    collect(&value, &mut text);
    text
}

fn collect(value: &Value, text: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(value) => text.push_str(&value.to_string()),
        Value::Number(value) => text.push_str(&value.to_string()),
        Value::String(value) => text.push_str(value),
        Value::Array(values) => {
            for value in values {
                collect(value, text);
                text.push('\n');
            }
        }
        Value::Object(values) => {
            for (key, value) in values {
                text.push_str(key);
                text.push_str(": ");
                collect(value, text);
                text.push('\n');
            }
        }
    }
}
