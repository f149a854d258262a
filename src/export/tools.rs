//! Tool calls with what came of them, one after the other as they end.
//!
//! Only calls that run are held; one that never ends is told at the end of the tape.

use std::{collections::BTreeMap, io};

use super::Tape;
use crate::{
    protocol::{AgentEvent, AgentId, EventKind, RunEvent, ToolEvent, ToolNote},
    text::clean,
};

/// Most calls that are held while they run; a log with more is broken, and told as it comes.
const RUNNING: usize = 2_000;

/// What there is to tell, in the order of the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A turn begins, with this number.
    Turn(u32),
    /// A call is over.
    Call(Box<Call>),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Number of the event that began it.
    pub event: u64,
    /// Milliseconds since the turn began.
    pub at_ms: u64,
    /// The configured name of the agent.
    pub who: String,
    /// Name of the tool.
    pub name: String,
    /// As the model wrote them.
    pub arguments: String,
    /// What it did.
    pub notes: Vec<ToolNote>,
    /// Whether it went well, its output, its milliseconds; `None` when it has no end.
    pub end: Option<(bool, String, u64)>,
}

impl Call {
    /// How it ended, in a few words.
    pub fn outcome(&self) -> &'static str {
        match &self.end {
            None => "has no end",
            Some((true, ..)) => "done",
            Some((false, ..)) => "failed",
        }
    }

    /// What notes say, a line each, without diffs.
    pub fn remarks(&self) -> Vec<String> {
        let remark = |note: &ToolNote| match note {
            // How far it was says nothing once it is done.
            ToolNote::Progress { .. } => None,
            ToolNote::Exit { code, cut, tier } => {
                let end = match (code, cut) {
                    (_, Some(cut)) => clean::line(cut).into_owned(),
                    (Some(code), None) => format!("exit code {code}"),
                    (None, None) => "ended".to_owned(),
                };
                Some(format!("{end}, held by {}", clean::line(tier)))
            }
            ToolNote::Change {
                path,
                added,
                removed,
                ..
            } => Some(format!("{}: +{added} −{removed}", clean::line(path))),
        };
        self.notes.iter().filter_map(remark).collect()
    }

    /// The diffs of files it changed.
    pub fn diffs(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().filter_map(|note| match note {
            ToolNote::Change { diff, .. } if !diff.is_empty() => Some(diff.as_str()),
            _ => None,
        })
    }
}

/// Plays a tape and tells its calls.
pub(super) fn play(
    tape: &dyn Tape,
    each: &mut dyn FnMut(Told) -> io::Result<()>,
) -> io::Result<()> {
    let mut running: BTreeMap<(AgentId, String), Call> = BTreeMap::new();
    let mut names: BTreeMap<AgentId, String> = BTreeMap::new();
    let mut began = 0;
    tape.play(&mut |event| {
        let (seq, at) = (event.seq.0, event.at.0);
        match event.kind {
            EventKind::Run(RunEvent::Started(start)) => {
                if start.resumed.is_none() {
                    began = at;
                }
                names = start
                    .team
                    .into_iter()
                    .map(|card| (card.id, card.name))
                    .collect();
                if start.resumed.is_none() {
                    each(Told::Turn(start.turn))?;
                }
            }
            EventKind::Run(RunEvent::Team(crate::protocol::TeamEvent::Added { card, .. })) => {
                names.insert(card.id, card.name);
            }
            EventKind::Agent {
                id,
                event: AgentEvent::Tool(tool),
            } => match tool {
                ToolEvent::Started {
                    call,
                    name,
                    arguments,
                } => {
                    let who = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
                    let begun = Call {
                        event: seq,
                        at_ms: at.saturating_sub(began),
                        who,
                        name,
                        arguments,
                        notes: Vec::new(),
                        end: None,
                    };
                    if running.len() >= RUNNING
                        && let Some((_, lost)) = running.pop_first()
                    {
                        each(Told::Call(Box::new(lost)))?;
                    }
                    if let Some(twice) = running.insert((id, call), begun) {
                        each(Told::Call(Box::new(twice)))?;
                    }
                }
                ToolEvent::Noted { call, note } => {
                    if let Some(running) = running.get_mut(&(id, call)) {
                        running.notes.push(note);
                    }
                }
                ToolEvent::Finished {
                    call,
                    ok,
                    output,
                    elapsed_ms,
                } => {
                    if let Some(mut call) = running.remove(&(id, call)) {
                        call.end = Some((ok, output, elapsed_ms));
                        each(Told::Call(Box::new(call)))?;
                    }
                }
            },
            _ => {}
        }
        Ok(())
    })?;
    let mut left: Vec<Call> = running.into_values().collect();
    left.sort_by_key(|call| call.event);
    left.into_iter()
        .try_for_each(|call| each(Told::Call(Box::new(call))))
}

/// A text that is shown whole, or its beginning and how much there is.
pub(super) fn shortened(text: &str, most: usize) -> (&str, usize) {
    if text.len() <= most {
        return (text, 0);
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (shown, rest) = text.split_at(end);
    (shown, rest.len())
}
