//! From events to the passages that are indexed.
//!
//! An event gives a passage of its own, or continues one: the deltas of one agent and channel are one
//! passage, so that a word that was streamed in two pieces is one word. Passages are bounded and are only
//! cut where no word goes on. The same lines always give the same passages, however often reading stopped
//! between them: a [`Gatherer`] can be kept and goes on as if nothing had been. What is in the log twice,
//! as a draft and as the answer that came of it, is taken once.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{said::said, words::goes_on};
use crate::protocol::{
    AgentEvent, AgentId, Channel, Event, EventKind, Outcome, Passage, RunEvent, Seq, TeamEvent,
    Timestamp, ToolEvent,
};

/// A passage of deltas ends after so many bytes where no word goes on, and after twice as many anywhere.
const LONG_RUN: usize = 64 * 1024;
/// The same for what one event holds.
const LONG_EVENT: usize = 256 * 1024;
/// A passage ends that began more than so many bytes of the log ago.
const WIDE: u64 = 1024 * 1024;
/// Most tool calls that may be under way.
const MOST_CALLS: usize = 1_000;

/// Who speaks: an agent, or a member of the team that an agent is. Empty for the turn as a whole.
pub(super) type Path = Vec<u16>;

/// Words that are indexed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) seq: Seq,
    pub(super) at: Timestamp,
    pub(super) passage: Passage,
    pub(super) path: Path,
    /// Names, outer first.
    pub(super) who: String,
    pub(super) tool: String,
    /// Which piece of a long event.
    pub(super) part: u32,
    pub(super) text: String,
    /// Where the lines stand that it is from.
    pub(super) span: Range<u64>,
}

/// A passage that may go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    path: Path,
    channel: Channel,
    seq: Seq,
    at: Timestamp,
    text: String,
    span: Range<u64>,
}

/// Turns lines into passages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gatherer {
    /// Version of the events; 0 before the first line.
    pub(super) schema: u32,
    names: Vec<(Path, String)>,
    /// Calls under way and their tools.
    calls: Vec<(Path, String, String)>,
    open: Vec<Open>,
    #[serde(skip)]
    ready: Vec<Piece>,
}

/// Where an event stands in the session and in its file.
#[derive(Clone)]
struct Place {
    seq: Seq,
    at: Timestamp,
    span: Range<u64>,
}

impl Gatherer {
    /// Begins amid events of this version.
    pub(super) fn of(schema: u32) -> Self {
        Self {
            schema,
            ..Self::default()
        }
    }

    /// Takes in the event whose line stands at `span`.
    pub(super) fn take(&mut self, event: &Event, span: Range<u64>) {
        let place = Place {
            seq: event.seq,
            at: event.at,
            span,
        };
        self.event(&mut Vec::new(), &event.kind, &place);
        let end = place.span.end;
        self.close(|open| end.saturating_sub(open.span.start) > WIDE);
    }

    /// The passages that are complete.
    pub(super) fn ready(&mut self) -> Vec<Piece> {
        std::mem::take(&mut self.ready)
    }

    /// The passages that may go on, as far as they are there.
    pub(super) fn unfinished(&self) -> Vec<Piece> {
        let mut copy = Self {
            ready: Vec::new(),
            ..self.clone()
        };
        copy.close(|_| true);
        copy.ready
    }

    fn event(&mut self, path: &mut Path, kind: &EventKind, place: &Place) {
        match kind {
            EventKind::Run(event) => {
                self.turn(path, event);
                self.say(path, kind, place);
                if let RunEvent::Started(start) = event {
                    for card in &start.team {
                        self.name(path, card.id, &card.name);
                    }
                }
            }
            EventKind::Agent { id, event } => {
                path.push(id.0);
                match event {
                    AgentEvent::Nested(inner) => self.event(path, &inner.kind, place),
                    AgentEvent::Delta { channel, text } => self.delta(path, *channel, text, place),
                    AgentEvent::Tool(event) => self.tool(path, event, kind, place),
                    _ => {
                        self.act(path, event);
                        self.say(path, kind, place);
                    }
                }
                path.pop();
            }
        }
    }

    /// What an event of the turn means for passages that may go on, and for names.
    fn turn(&mut self, path: &[u16], event: &RunEvent) {
        match event {
            RunEvent::Started(_) => {
                self.close(|open| open.path.starts_with(path));
                self.calls.retain(|(of, _, _)| !of.starts_with(path));
            }
            RunEvent::Ended(outcome) => {
                if let Outcome::Answered {
                    presenter: Some(presenter),
                    ..
                } = outcome
                {
                    // Its words come once more, as a whole.
                    let of = below(path, *presenter);
                    self.drop_open(&of, Channel::Final);
                }
                self.close(|open| open.path.starts_with(path));
            }
            RunEvent::Team(TeamEvent::Added { card, .. } | TeamEvent::Replaced(card)) => {
                self.name(path, card.id, &card.name);
            }
            _ => {}
        }
    }

    /// What an act of an agent means for what it was saying.
    fn act(&mut self, path: &[u16], event: &AgentEvent) {
        match event {
            AgentEvent::Published(_) => {
                self.drop_open(path, Channel::Draft);
                self.close_round(path);
            }
            AgentEvent::RoundStarted { .. } => self.close(|open| open.path == path),
            AgentEvent::RoundEnded { .. }
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Benched(_) => self.close_round(path),
            AgentEvent::Delta { .. }
            | AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Usage(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Nested(_) => {}
        }
    }

    fn delta(&mut self, path: &[u16], channel: Channel, text: &str, place: &Place) {
        if text.is_empty() {
            return;
        }
        let mut same = self.open.iter();
        let same = same.position(|open| open.path == path && open.channel == channel);
        if let Some(open) = same.and_then(|at| self.open.get_mut(at)) {
            let word = goes_on(open.text.chars().last(), text.chars().next());
            let full = open.text.len() >= LONG_RUN && !word;
            if !full && open.text.len() < 2 * LONG_RUN {
                open.text.push_str(text);
                open.span.end = place.span.end;
                return;
            }
            self.close(|open| open.path == path && open.channel == channel);
        }
        self.open.push(Open {
            path: path.to_vec(),
            channel,
            seq: place.seq,
            at: place.at,
            text: text.to_owned(),
            span: place.span.clone(),
        });
    }

    fn tool(&mut self, path: &[u16], event: &ToolEvent, kind: &EventKind, place: &Place) {
        let call = match event {
            ToolEvent::Started { call, name, .. } => {
                self.close_round(path);
                self.calls.retain(|(of, old, _)| of != path || old != call);
                if self.calls.len() >= MOST_CALLS {
                    self.calls.remove(0);
                }
                self.calls.push((path.to_vec(), call.clone(), name.clone()));
                call
            }
            ToolEvent::Noted { call, .. } | ToolEvent::Finished { call, .. } => call,
        };
        let mut calls = self.calls.iter();
        let tool = calls.find(|(of, old, _)| of == path && old == call);
        let tool = tool.map_or(String::new(), |(_, _, tool)| tool.clone());
        for (passage, text) in said(kind) {
            self.whole(path, passage, &tool, &text, place);
        }
        if let ToolEvent::Finished { call, .. } = event {
            self.calls.retain(|(of, old, _)| of != path || old != call);
        }
    }

    /// What an event says by itself.
    fn say(&mut self, path: &[u16], kind: &EventKind, place: &Place) {
        for (passage, text) in said(kind) {
            let speaker = match kind {
                EventKind::Run(RunEvent::Ended(Outcome::Answered {
                    presenter: Some(presenter),
                    ..
                })) => below(path, *presenter),
                _ => path.to_vec(),
            };
            self.whole(&speaker, passage, "", &text, place);
        }
    }

    fn whole(&mut self, path: &[u16], passage: Passage, tool: &str, text: &str, place: &Place) {
        for (part, text) in (0..).zip(parts(text)) {
            self.ready.push(Piece {
                seq: place.seq,
                at: place.at,
                passage,
                path: path.to_vec(),
                who: self.who(path),
                tool: tool.to_owned(),
                part,
                text: text.to_owned(),
                span: place.span.clone(),
            });
        }
    }

    /// Ends what an agent was saying in this round; what it presents may go on.
    fn close_round(&mut self, path: &[u16]) {
        self.close(|open| open.path == path && open.channel != Channel::Final);
    }

    /// Forgets a passage, because its words come once more.
    fn drop_open(&mut self, path: &[u16], channel: Channel) {
        self.open
            .retain(|open| open.path != path || open.channel != channel);
    }

    /// Ends the passages that are meant.
    fn close(&mut self, mut which: impl FnMut(&Open) -> bool) {
        let closed: Vec<Open> = self.open.extract_if(.., |open| which(open)).collect();
        for open in closed {
            self.ready.push(Piece {
                seq: open.seq,
                at: open.at,
                passage: match open.channel {
                    Channel::Thinking => Passage::Thinking,
                    Channel::Final => Passage::Answer,
                    Channel::Text | Channel::Draft => Passage::Text,
                },
                who: self.who(&open.path),
                path: open.path,
                tool: String::new(),
                part: 0,
                text: open.text,
                span: open.span,
            });
        }
    }

    fn name(&mut self, path: &[u16], id: AgentId, name: &str) {
        let of = below(path, id);
        self.names.retain(|(other, _)| *other != of);
        self.names.push((of, name.to_owned()));
    }

    /// The names on the way to a speaker.
    fn who(&self, path: &[u16]) -> String {
        let mut names = Vec::new();
        for (depth, id) in path.iter().enumerate() {
            let of = path.get(..=depth).unwrap_or_default();
            let name = self.names.iter().find(|(other, _)| other == of);
            names.push(match name {
                Some((_, name)) => name.clone(),
                None => AgentId(*id).to_string(),
            });
        }
        names.join(" › ")
    }
}

/// An agent of the team that speaks at `path`.
fn below(path: &[u16], id: AgentId) -> Path {
    let mut of = path.to_vec();
    of.push(id.0);
    of
}

/// A long text in pieces that are cut where no word goes on.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > LONG_EVENT {
        let mut before = None;
        let cut = rest.char_indices().find_map(|(at, c)| {
            let cut = at >= LONG_EVENT && (at >= 2 * LONG_EVENT || !goes_on(before, Some(c)));
            before = Some(c);
            cut.then_some(at)
        });
        let Some(cut) = cut else { break };
        let (part, behind) = rest.split_at(cut);
        parts.push(part);
        rest = behind;
    }
    if !rest.trim().is_empty() {
        parts.push(rest);
    }
    parts
}
