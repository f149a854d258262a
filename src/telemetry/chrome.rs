//! Spans as a trace that `chrome://tracing`, Perfetto and Speedscope show.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Span;

/// Lane of the program's own phases.
pub const PROGRAM: u16 = u16::MAX;

/// A phase of the program itself: name, start and end in microseconds since the epoch.
pub type Phase = (&'static str, u64, u64);

/// The trace of a session and of what the program did around it.
#[must_use]
pub fn trace(spans: &[Span], phases: &[Phase]) -> Value {
    let mut lanes: BTreeMap<u16, String> = BTreeMap::new();
    let mut events = Vec::with_capacity(spans.len() + phases.len() + 4);
    for span in spans {
        let name = || match span.lane {
            0 => "team".to_owned(),
            lane => {
                let mut facts = span.attributes.iter();
                facts
                    .find(|(key, _)| *key == "gen_ai.agent.name")
                    .and_then(|(_, name)| name.as_str())
                    .map_or_else(|| format!("agent{lane}"), str::to_owned)
            }
        };
        lanes.entry(span.lane).or_insert_with(name);
        let mut facts: Map<String, Value> = span
            .attributes
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        if let Some(why) = &span.failed {
            facts.insert("failed".to_owned(), json!(why));
        }
        let (from, to) = (span.start * 1000, span.end * 1000);
        events.push(whole(&span.name, span.lane, (from, to), &facts));
    }
    for (name, from, to) in phases {
        lanes.entry(PROGRAM).or_insert_with(|| "program".to_owned());
        events.push(whole(name, PROGRAM, (*from, *to), &Map::new()));
    }
    for (lane, name) in lanes {
        events.push(json!({"name": "thread_name", "ph": "M", "pid": 1, "tid": lane, "args": {"name": name}}));
    }
    json!({"traceEvents": events, "displayTimeUnit": "ms"})
}

fn whole(name: &str, lane: u16, (from, to): (u64, u64), facts: &Map<String, Value>) -> Value {
    json!({"name": name, "cat": "massgen", "ph": "X", "pid": 1, "tid": lane,
        "ts": from, "dur": to.saturating_sub(from), "args": facts})
}
