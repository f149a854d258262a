//! What happens in a run as an editor shows it: a plan of phases, a card for every round of an agent and
//! every tool, the final text as the message.

use serde_json::{Value, json};

use crate::{
    protocol::{
        AgentEvent, AgentId, BallotEvent, Channel, Event, EventKind, Phase, RoundEnd, RunEvent,
        ToolEvent,
    },
    run::{RunState, Turn},
    text::clean,
};

/// Longest text in a card, in characters.
const CARD: usize = 20_000;

/// What has been shown of one prompt.
#[derive(Debug, Default)]
pub struct Show {
    /// The step of the plan that is at work.
    step: Option<usize>,
    /// The final text as far as it has come.
    final_text: String,
}

impl Show {
    /// The updates for an event that `state` has already taken in; `line` is the event in words.
    pub fn updates(&mut self, event: &Event, state: &RunState, line: Option<&str>) -> Vec<Value> {
        let Some(turn) = &state.turn else {
            return Vec::new();
        };
        match &event.kind {
            EventKind::Run(RunEvent::Started(_)) => self.phase(Phase::Work),
            EventKind::Run(RunEvent::Phase(phase)) => self.phase(*phase),
            EventKind::Run(_) => line.map(thought).into_iter().collect(),
            EventKind::Agent { id, event } => self.agent(*id, event, turn, line),
        }
    }

    /// What is still missing of the final text.
    pub fn rest(&self, text: &str) -> Option<String> {
        if self.final_text.trim() == text.trim() {
            return None;
        }
        Some(match text.strip_prefix(self.final_text.as_str()) {
            Some(rest) => rest.to_owned(),
            None => format!("\n\n{text}"),
        })
    }

    /// The plan when the turn moves on; nothing when it stays in the same step.
    fn phase(&mut self, phase: Phase) -> Vec<Value> {
        let step = match phase {
            Phase::Work | Phase::PublishNow => 0,
            Phase::VoteNow | Phase::Deciding => 1,
            Phase::Presenting | Phase::Verifying => 2,
            Phase::Done => 3,
        };
        if self.step == Some(step) {
            return Vec::new();
        }
        self.step = Some(step);
        let steps = [
            "The team answers and improves",
            "It votes",
            "The winner presents",
        ];
        let entries: Vec<Value> = (0..)
            .zip(steps)
            .map(|(number, words)| {
                let status = match step {
                    step if number < step => "completed",
                    step if number == step => "in_progress",
                    _ => "pending",
                };
                json!({"content": words, "priority": "medium", "status": status})
            })
            .collect();
        vec![json!({"sessionUpdate": "plan", "entries": entries})]
    }

    fn agent(
        &mut self,
        id: AgentId,
        event: &AgentEvent,
        turn: &Turn,
        line: Option<&str>,
    ) -> Vec<Value> {
        let name = turn.name(id);
        let round = turn.agent(id).map_or(0, |agent| agent.round);
        let card = format!("turn{}-{id}-round{round}", turn.start.turn);
        match event {
            AgentEvent::RoundStarted { .. } => {
                let title = clean::line(&format!("{name}: round {round}")).into_owned();
                vec![
                    json!({"sessionUpdate": "tool_call", "toolCallId": card, "title": title,
                    "kind": "think", "status": "in_progress"}),
                ]
            }
            AgentEvent::RoundEnded { end, .. } => {
                let status = if *end == RoundEnd::Failed {
                    "failed"
                } else {
                    "completed"
                };
                vec![
                    json!({"sessionUpdate": "tool_call_update", "toolCallId": card, "status": status}),
                ]
            }
            AgentEvent::Published(answer) => {
                let title = format!("{name}: answer {}", answer.label);
                vec![told(&card, &title, &answer.text)]
            }
            AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                let title = match ballot.target {
                    Some(label) => format!("{name}: votes for {label}"),
                    None => format!("{name}: abstains"),
                };
                vec![told(&card, &title, &ballot.reason)]
            }
            AgentEvent::Delta {
                channel: Channel::Final,
                text,
            } => {
                let text = clean::text(text).into_owned();
                self.final_text.push_str(&text);
                vec![message(&text)]
            }
            AgentEvent::Tool(tool) => self::tool(id, name, turn, tool),
            _ => line.map(thought).into_iter().collect(),
        }
    }
}

/// A tool of an agent as a card of its own.
fn tool(id: AgentId, name: &str, turn: &Turn, event: &ToolEvent) -> Vec<Value> {
    let card = |call: &str| format!("turn{}-{id}-tool-{}", turn.start.turn, clean::line(call));
    match event {
        ToolEvent::Started {
            call,
            name: tool,
            arguments,
        } => {
            let title = clean::line(&format!("{name}: {tool}")).into_owned();
            let kind = kind(tool);
            vec![
                json!({"sessionUpdate": "tool_call", "toolCallId": card(call), "title": title,
                "kind": kind, "status": "in_progress", "content": content(arguments)}),
            ]
        }
        ToolEvent::Noted { .. } => Vec::new(),
        ToolEvent::Finished {
            call, ok, output, ..
        } => {
            let status = if *ok { "completed" } else { "failed" };
            vec![
                json!({"sessionUpdate": "tool_call_update", "toolCallId": card(call),
                "status": status, "content": content(output)}),
            ]
        }
    }
}

/// What kind of thing a tool does, in the words of the protocol.
fn kind(tool: &str) -> &'static str {
    let is = |words: &[&str]| words.iter().any(|word| tool.contains(word));
    if is(&["command", "shell", "exec"]) {
        "execute"
    } else if is(&["write", "edit", "patch"]) {
        "edit"
    } else if is(&["grep", "search", "find", "glob"]) {
        "search"
    } else if is(&["read", "list", "view"]) {
        "read"
    } else if is(&["fetch", "http", "web"]) {
        "fetch"
    } else {
        "other"
    }
}

/// A card with a new title and text.
fn told(card: &str, title: &str, text: &str) -> Value {
    json!({"sessionUpdate": "tool_call_update", "toolCallId": card,
        "title": clean::line(title), "content": content(text)})
}

/// The text of a card.
fn content(text: &str) -> Value {
    let mut short: String = text.chars().take(CARD).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    json!([{"type": "content", "content": {"type": "text", "text": clean::text(&short)}}])
}

/// A part of the message.
#[must_use]
pub fn message(text: &str) -> Value {
    json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}})
}

/// A line beside the message.
#[must_use]
pub fn thought(line: &str) -> Value {
    let text = format!("{}\n", line.trim());
    json!({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": text}})
}
