//! The first look at a session: its fold, its figures, its size.
//!
//! The report needs the moments of the events and not their texts, so the events are kept for it without
//! what streams: one delta stands for a run of them, outputs are empty, long arguments are their sums. A log with more than
//! [`MOST`] events even so has no figures, and says so.

use std::{collections::BTreeMap, io};

use super::{LeftOut, Tape, hex, sha256};
use crate::{
    protocol::{
        AgentEvent, AgentId, Channel, Event, EventKind, RunEvent, RunId, ToolEvent, ToolNote,
    },
    report::{self, Report},
    run::RunState,
};

/// Most events that figures are made of, streams left out.
const MOST: usize = 200_000;

/// What the first look found.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The session at its end.
    pub state: RunState,
    /// Its figures; `None` when there are too many events to count.
    pub report: Option<Report>,
    /// Events on the tape.
    pub events: u64,
    /// Tool calls that began.
    pub tools: u64,
    /// Events of teams inside the team.
    pub nested: u64,
    /// Tool calls that began in such teams.
    pub nested_calls: u64,
    /// Bytes of streamed text.
    pub streamed: u64,
    /// The turns by their numbers, in order.
    pub turns: Vec<u32>,
    /// What could not be made of it.
    pub left_out: Vec<LeftOut>,
}

/// Plays a tape once.
///
/// # Errors
/// It cannot be played.
pub fn survey(run: &RunId, tape: &dyn Tape) -> io::Result<Survey> {
    let mut state = RunState::default();
    let mut thin = Vec::new();
    let mut last: Option<(AgentId, Channel)> = None;
    let (mut events, mut tools, mut streamed) = (0, 0, 0);
    let (mut nested, mut nested_calls) = (0, 0);
    let mut turns = Vec::new();
    let mut weights = Weights::default();
    tape.play(&mut |event| {
        state.apply(&event);
        weights.take(&event);
        events += 1;
        let delta = match &event.kind {
            EventKind::Agent {
                id,
                event: AgentEvent::Delta { channel, text },
            } => {
                streamed += text.len() as u64;
                Some((*id, *channel))
            }
            EventKind::Agent {
                event: AgentEvent::Tool(ToolEvent::Started { .. }),
                ..
            } => {
                tools += 1;
                None
            }
            EventKind::Agent {
                event: AgentEvent::Nested(inner),
                ..
            } => {
                nested += 1;
                nested_calls += u64::from(begins_call(inner));
                None
            }
            EventKind::Run(RunEvent::Started(start)) => {
                if start.resumed.is_none() || turns.is_empty() {
                    turns.push(start.turn);
                }
                None
            }
            _ => None,
        };
        if (delta.is_none() || delta != last) && thin.len() <= MOST {
            thin.push(thinned(event));
        }
        last = delta;
        Ok(())
    })?;
    let mut left_out = Vec::new();
    let report = if thin.len() > MOST {
        left_out.push(LeftOut::new(
            "figures of phases, rounds and tools",
            format!("the session has more than {MOST} events beside its streams"),
        ));
        None
    } else {
        let mut report = report::of(run, &thin);
        weights.put(&mut report);
        Some(report)
    };
    Ok(Survey {
        state,
        report,
        events,
        tools,
        nested,
        nested_calls,
        streamed,
        turns,
        left_out,
    })
}

/// Whether an event of a team inside the team, however deep, begins a call.
fn begins_call(event: &Event) -> bool {
    let mut event = event;
    while let EventKind::Agent {
        event: AgentEvent::Nested(inner),
        ..
    } = &event.kind
    {
        event = inner;
    }
    matches!(
        &event.kind,
        EventKind::Agent {
            event: AgentEvent::Tool(ToolEvent::Started { .. }),
            ..
        }
    )
}

/// Bytes of results by turn and tool: the report cannot count outputs that it is not given.
#[derive(Default)]
struct Weights {
    turn: usize,
    running: BTreeMap<(AgentId, String), String>,
    bytes: BTreeMap<(usize, String), u64>,
}

impl Weights {
    fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Run(RunEvent::Started(start)) if start.resumed.is_none() => self.turn += 1,
            EventKind::Agent {
                id,
                event: AgentEvent::Tool(ToolEvent::Started { call, name, .. }),
            } => {
                self.running.insert((*id, call.clone()), name.clone());
            }
            EventKind::Agent {
                id,
                event: AgentEvent::Tool(ToolEvent::Finished { call, output, .. }),
            } => {
                if let Some(name) = self.running.remove(&(*id, call.clone())) {
                    *self.bytes.entry((self.turn, name)).or_default() += output.len() as u64;
                }
            }
            _ => {}
        }
    }

    fn put(&self, report: &mut Report) {
        for (place, turn) in report.turns.iter_mut().enumerate() {
            for tool in &mut turn.tools {
                let bytes = self.bytes.get(&(place + 1, tool.name.clone()));
                tool.output_bytes = bytes.copied().unwrap_or_default();
            }
        }
    }
}

/// An event without the texts that no figure is made of; new empty ones, so that their room is free.
fn thinned(mut event: Event) -> Event {
    if let EventKind::Agent { event, .. } = &mut event.kind {
        match event {
            AgentEvent::Delta { text, .. } => *text = String::new(),
            // Whether two calls are the same is all that is asked of them.
            AgentEvent::Tool(ToolEvent::Started { arguments, .. }) if arguments.len() > 64 => {
                *arguments = hex(&sha256(arguments.as_bytes()));
            }
            AgentEvent::Tool(ToolEvent::Finished { output, .. }) => *output = String::new(),
            AgentEvent::Tool(ToolEvent::Noted {
                note: ToolNote::Change { diff, .. },
                ..
            }) => *diff = String::new(),
            _ => {}
        }
    }
    event
}
