//! The replay: what happened as data within the page, and the controls for it.
//!
//! Streamed text of an agent is put together for a moment, so that the data stays smaller than the log;
//! beyond [`MOST`] bytes streams are left out and that is told. In the data, whatever a browser could take
//! for markup is written as an escape.

use std::{collections::BTreeMap, io};

use serde_json::json;

use super::Out;
use crate::{
    export::{LeftOut, Survey, Tape},
    headless::words,
    protocol::{
        AgentEvent, AgentId, BallotEvent, CallEvent, Channel, EventKind, Outcome, RoundEnd,
        RunEvent, ToolEvent,
    },
    text::clean,
};

/// Bytes of data after which streams are left out.
const MOST: u64 = 12 * 1024 * 1024;
/// Streamed text is put together for so many milliseconds, or so many bytes.
const MOMENT: u64 = 700;
const PIECE: usize = 4 * 1024;

/// Writes controls and data.
pub(super) fn write(
    page: &mut Out<'_>,
    tape: &dyn Tape,
    survey: &Survey,
    left_out: &mut Vec<LeftOut>,
) -> io::Result<()> {
    page.raw(concat!(
        "<section id=\"replay\" hidden>\n<h2>Replay</h2>\n<div class=\"bar\">",
        "<button type=\"button\" id=\"play\">Play</button>",
        "<button type=\"button\" id=\"back\">−1</button><button type=\"button\" id=\"step\">+1</button>",
        "<label>Speed <select id=\"speed\"><option value=\"1\">1x</option><option value=\"2\">2x</option>",
        "<option value=\"4\">4x</option><option value=\"8\" selected>8x</option><option value=\"16\">16x</option>",
        "<option value=\"32\">32x</option></select></label>",
        "<button type=\"button\" id=\"to-answer\">Next answer</button>",
        "<button type=\"button\" id=\"to-vote\">Next vote</button>",
        "<button type=\"button\" id=\"to-error\">Next error</button>",
        "<span id=\"now\" class=\"dim\"></span>",
        "<input type=\"range\" id=\"scrub\" min=\"0\" value=\"0\" aria-label=\"Position\"></div>\n",
        "<div id=\"panes\"></div>\n<ul id=\"happened\" class=\"timeline\"></ul>\n</section>\n",
        "<script type=\"application/json\" id=\"replay-data\">{\"names\":",
    ))?;
    let names: BTreeMap<String, String> = (survey.state.turns())
        .flat_map(|turn| &turn.agents)
        .map(|agent| {
            (
                agent.card.id.0.to_string(),
                clean::line(&agent.card.name).into_owned(),
            )
        })
        .collect();
    let mut steps = Steps {
        page,
        names: BTreeMap::new(),
        began: None,
        pending: BTreeMap::new(),
        written: 0,
        any: false,
        dropped: 0,
    };
    steps.data(&json!(names))?;
    steps.page.raw(",\"steps\":[")?;
    tape.play(&mut |event| steps.event(event.at.0, event.kind))?;
    steps.flush()?;
    if steps.dropped > 0 {
        left_out.push(LeftOut::new(
            format!(
                "{} bytes of streamed text in the replay",
                words::count(steps.dropped)
            ),
            "the replay's data would be larger than 12 MB",
        ));
    }
    page.raw("]}</script>\n")
}

/// Streamed text of an agent that was not written yet.
struct Pending {
    at: u64,
    text: String,
    word: &'static str,
}

struct Steps<'a, 'b> {
    page: &'a mut Out<'b>,
    names: BTreeMap<AgentId, String>,
    began: Option<u64>,
    pending: BTreeMap<AgentId, Pending>,
    written: u64,
    any: bool,
    dropped: u64,
}

impl Steps<'_, '_> {
    fn data(&mut self, value: &serde_json::Value) -> io::Result<()> {
        let text = escaped(&value.to_string());
        self.written += text.len() as u64;
        self.page.out.write_all(text.as_bytes())
    }

    fn step(&mut self, at: u64, kind: &str, id: AgentId, text: &str, word: &str) -> io::Result<()> {
        if std::mem::replace(&mut self.any, true) {
            self.page.raw(",\n")?;
        }
        let ms = at.saturating_sub(self.began.unwrap_or(at));
        self.data(&json!([ms, kind, id.0, clean::text(text), word]))
    }

    /// Something that happened to the team, or that is told of an agent.
    fn told(&mut self, at: u64, kind: &str, id: AgentId, text: &str) -> io::Result<()> {
        self.flush()?;
        self.step(at, kind, id, &clean::line(text), "")
    }

    fn flush(&mut self) -> io::Result<()> {
        for (id, pending) in std::mem::take(&mut self.pending) {
            self.step(pending.at, "d", id, &pending.text, pending.word)?;
        }
        Ok(())
    }

    fn who(&self, id: AgentId) -> String {
        self.names
            .get(&id)
            .cloned()
            .unwrap_or_else(|| id.to_string())
    }

    fn event(&mut self, at: u64, kind: EventKind) -> io::Result<()> {
        self.began.get_or_insert(at);
        match kind {
            EventKind::Run(event) => self.run(at, event),
            EventKind::Agent { id, event } => self.agent(at, id, event),
        }
    }

    fn run(&mut self, at: u64, event: RunEvent) -> io::Result<()> {
        const TEAM: AgentId = AgentId(0);
        match event {
            RunEvent::Started(start) => {
                self.names = start
                    .team
                    .into_iter()
                    .map(|card| (card.id, card.name))
                    .collect();
                let words = format!("turn {} began: {}", start.turn, start.prompt);
                self.told(at, "s", TEAM, &words)
            }
            RunEvent::Phase(phase) => self.told(at, "p", TEAM, &format!("phase: {}", phase.word())),
            RunEvent::BallotsDropped(drops) => {
                for drop in drops {
                    let words = format!(
                        "the vote of {} stopped counting: {}",
                        self.who(drop.ballot.voter),
                        drop.reason.words()
                    );
                    self.told(at, "x", TEAM, &words)?;
                }
                Ok(())
            }
            RunEvent::Decided(decision) => {
                let words = format!(
                    "{} by {} won",
                    decision.winner,
                    self.who(decision.winner.agent)
                );
                self.told(at, "w", TEAM, &words)
            }
            RunEvent::Ended(Outcome::Answered { .. }) => {
                self.told(at, "w", TEAM, "ended with an answer")
            }
            RunEvent::Ended(Outcome::NoAnswer { message, .. }) => self.told(
                at,
                "e",
                TEAM,
                &format!("ended without an answer: {message}"),
            ),
            RunEvent::Notice { text, .. } => self.told(at, "n", TEAM, &text),
            RunEvent::Steer { text, .. } if !text.is_empty() => {
                self.told(at, "n", TEAM, &format!("you said: {text}"))
            }
            RunEvent::Team(event) => {
                if let crate::protocol::TeamEvent::Added { card, .. } = event {
                    self.names.insert(card.id, card.name.clone());
                    let words = format!("{} joined", card.name);
                    return self.told(at, "n", TEAM, &words);
                }
                Ok(())
            }
            RunEvent::Steer { .. }
            | RunEvent::Question(_)
            | RunEvent::Budget(_)
            | RunEvent::Review(_)
            | RunEvent::Stage(_) => Ok(()),
        }
    }

    fn agent(&mut self, at: u64, id: AgentId, event: AgentEvent) -> io::Result<()> {
        let who = self.who(id);
        match event {
            AgentEvent::Delta { channel, text } => self.stream(at, id, channel, &text),
            AgentEvent::RoundStarted { round, .. } => {
                self.flush()?;
                self.step(at, "r", id, "", &format!("round {round}"))
            }
            AgentEvent::RoundEnded { end, .. } => {
                self.flush()?;
                let word = match end {
                    RoundEnd::Published => "published",
                    RoundEnd::Voted => "voted",
                    RoundEnd::Failed => "failed",
                    RoundEnd::Interrupted => "cut off",
                    _ => "waits",
                };
                // The text stays: it is what the round came to.
                self.step(at, "q", id, "", word)
            }
            AgentEvent::Published(answer) => {
                self.told(at, "a", id, &format!("{who} published {}", answer.label))
            }
            AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                let target = ballot.target.map_or_else(
                    || "abstained".to_owned(),
                    |label| format!("voted for {label}"),
                );
                self.told(at, "v", id, &format!("{who} {target}: {}", ballot.reason))
            }
            AgentEvent::Tool(ToolEvent::Started { name, .. }) => {
                self.told(at, "t", id, &format!("{who} called {name}"))
            }
            AgentEvent::Tool(ToolEvent::Finished { ok: false, .. }) => {
                self.told(at, "e", id, &format!("a tool call of {who} failed"))
            }
            AgentEvent::Benched(failure) => {
                self.told(at, "e", id, &format!("{who} is out: {}", failure.message))
            }
            AgentEvent::Refused { act, reason, .. } => self.told(
                at,
                "n",
                id,
                &format!("{act} of {who} was not taken: {reason}"),
            ),
            AgentEvent::Call(CallEvent::Retrying { failure, .. }) => self.told(
                at,
                "e",
                id,
                &format!("{who} tries again: {}", failure.message),
            ),
            AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Usage(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Nested(_) => Ok(()),
        }
    }

    fn stream(&mut self, at: u64, id: AgentId, channel: Channel, text: &str) -> io::Result<()> {
        let word = match channel {
            Channel::Text => "writing",
            Channel::Thinking => "thinking",
            Channel::Draft => "drafting",
            Channel::Final => "presenting",
        };
        let full = |pending: &Pending| {
            at.saturating_sub(pending.at) > MOMENT
                || pending.text.len() > PIECE
                || pending.word != word
        };
        if self.pending.get(&id).is_some_and(full) {
            self.flush()?;
        }
        if self.written > MOST {
            self.dropped += text.len() as u64;
            return Ok(());
        }
        let pending = self.pending.entry(id).or_insert_with(|| Pending {
            at,
            text: String::new(),
            word,
        });
        pending.text.push_str(text);
        Ok(())
    }
}

/// JSON that no browser takes for markup, wherever in a page it stands.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}
