//! Tools: how often, how long, how often in vain.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::protocol::{AgentEvent, AgentId, Event, EventKind, ToolEvent};

/// One tool over all agents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Calls that were begun.
    pub calls: usize,
    /// Calls that failed; a command that ends with another code than 0 is one.
    pub failures: usize,
    /// Milliseconds in all.
    pub ms: u64,
    /// Milliseconds of the longest call.
    pub longest_ms: u64,
    /// Bytes of results.
    pub output_bytes: u64,
    /// Numbers of the events in which it failed.
    pub failed_events: Vec<u64>,
}

/// The tools of a turn, most time first.
pub fn of(events: &[Event]) -> Vec<Tool> {
    let mut tools: BTreeMap<String, Tool> = BTreeMap::new();
    let mut names: BTreeMap<(AgentId, String), String> = BTreeMap::new();
    for event in events {
        let EventKind::Agent {
            id,
            event: AgentEvent::Tool(tool),
        } = &event.kind
        else {
            continue;
        };
        match tool {
            ToolEvent::Started { call, name, .. } => {
                names.insert((*id, call.clone()), name.clone());
                let row = tools.entry(name.clone()).or_default();
                row.name.clone_from(name);
                row.calls += 1;
            }
            ToolEvent::Finished {
                call,
                ok,
                output,
                elapsed_ms,
            } => {
                let name = names.remove(&(*id, call.clone()));
                let Some(row) = name.and_then(|name| tools.get_mut(&name)) else {
                    continue;
                };
                row.ms += elapsed_ms;
                row.longest_ms = row.longest_ms.max(*elapsed_ms);
                row.output_bytes += output.len() as u64;
                if !ok {
                    row.failures += 1;
                    row.failed_events.push(event.seq.0);
                }
            }
            ToolEvent::Noted { .. } => {}
        }
    }
    let mut tools: Vec<Tool> = tools.into_values().collect();
    tools.sort_by_key(|tool| (u64::MAX - tool.ms, usize::MAX - tool.calls));
    tools
}
