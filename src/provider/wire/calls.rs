//! Tool calls put together from the fragments of a stream.
//!
//! Servers disagree about fragments: the index may be missing or always 0, the id may be missing or
//! stand on every fragment, the name may be repeated, a whole call may come at once, arguments may be
//! an object instead of a string. Whether the arguments are sane is not judged here.

use serde_json::{Map, Value};

use crate::protocol::ToolCall;

use crate::provider::StreamEvent;

/// How the reply ended, as far as calls are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The reply is whole.
    Whole,
    /// It was cut by the output limit: a call whose arguments do not parse was cut too.
    Truncated,
}

#[derive(Debug)]
struct Building {
    /// The server's index, when it sends one.
    key: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    /// How much of `arguments` was handed out; nothing is before the name is known.
    sent: usize,
    started: bool,
}

/// The calls of one reply.
#[derive(Debug, Default)]
pub struct Assembler {
    calls: Vec<Building>,
}

impl Assembler {
    /// True when no call has begun.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Reads the `tool_calls` of one chunk.
    pub fn chunk(&mut self, fragments: &[Value], out: &mut Vec<StreamEvent>) {
        let mut touched = Vec::new();
        for fragment in fragments {
            let Some(fragment) = fragment.as_object() else {
                continue;
            };
            let position = self.read(fragment, &touched);
            touched.push(position);
            self.announce(position, out);
        }
    }

    /// The reply is over: the calls in order, each with an id of its own. A repeated call is dropped;
    /// `seed` tells made-up ids of different replies apart.
    pub fn finish(&mut self, seed: u64, completeness: Completeness) -> Vec<ToolCall> {
        let mut calls: Vec<ToolCall> = Vec::new();
        for (position, building) in std::mem::take(&mut self.calls).into_iter().enumerate() {
            let cut = completeness == Completeness::Truncated && !is_object(&building.arguments);
            if building.name.is_empty() || cut {
                continue;
            }
            let mut call = ToolCall {
                id: building.id,
                name: building.name,
                arguments: building.arguments,
            };
            if call.id.is_empty() {
                call.id = made_up(seed, position);
            }
            if calls.contains(&call) {
                continue;
            }
            if calls.iter().any(|other| other.id == call.id) {
                call.id = made_up(seed, position);
            }
            calls.push(call);
        }
        calls
    }

    /// Merges one fragment and returns the position of its call.
    fn read(&mut self, fragment: &Map<String, Value>, touched: &[usize]) -> usize {
        let key = fragment.get("index").and_then(Value::as_u64);
        let id = fragment
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let function = fragment
            .get("function")
            .and_then(Value::as_object)
            .unwrap_or(fragment);
        let name = function
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let position = self
            .find(key, id, name, touched)
            .unwrap_or(self.calls.len());
        if position == self.calls.len() {
            self.calls.push(Building {
                key,
                id: String::new(),
                name: String::new(),
                arguments: String::new(),
                sent: 0,
                started: false,
            });
        }
        if let Some(call) = self.calls.get_mut(position) {
            if call.id.is_empty() {
                id.clone_into(&mut call.id);
            }
            if call.name.is_empty() {
                name.clone_into(&mut call.name);
            }
            match function.get("arguments") {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => call.arguments.push_str(text),
                Some(other) => call.arguments.push_str(&other.to_string()),
            }
        }
        position
    }

    /// The call that a fragment continues; `None` when it begins a new one.
    fn find(&self, key: Option<u64>, id: &str, name: &str, touched: &[usize]) -> Option<usize> {
        let last = self.calls.len().checked_sub(1)?;
        if key.is_some() {
            let position = self.calls.iter().rposition(|call| call.key == key)?;
            let call = self.calls.get(position)?;
            // Some servers number every call 0; a new id together with a name is a new call.
            let other = !id.is_empty() && !call.id.is_empty() && call.id != id && !name.is_empty();
            return (!other).then_some(position);
        }
        if !id.is_empty() {
            return self.calls.iter().rposition(|call| call.id == id);
        }
        let call = self.calls.get(last)?;
        let again = !name.is_empty()
            && !call.name.is_empty()
            && (touched.contains(&last) || is_object(&call.arguments));
        (!again).then_some(last)
    }

    fn announce(&mut self, position: usize, out: &mut Vec<StreamEvent>) {
        let Some(call) = self.calls.get_mut(position) else {
            return;
        };
        if call.name.is_empty() {
            return;
        }
        if !std::mem::replace(&mut call.started, true) {
            out.push(StreamEvent::ToolStart {
                index: position,
                name: call.name.clone(),
            });
        }
        let fragment = call.arguments.get(call.sent..).unwrap_or_default();
        if !fragment.is_empty() {
            out.push(StreamEvent::ToolArguments {
                index: position,
                fragment: fragment.to_owned(),
            });
            call.sent = call.arguments.len();
        }
    }
}

/// Id of a call that the server gave none.
#[must_use]
pub fn made_up(seed: u64, position: usize) -> String {
    format!("call_{seed:x}_{position}")
}

fn is_object(text: &str) -> bool {
    text.ends_with('}') && serde_json::from_str::<Map<String, Value>>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(chunks: &[Value]) -> (Vec<StreamEvent>, Vec<ToolCall>) {
        let mut assembler = Assembler::default();
        let mut out = Vec::new();
        for chunk in chunks {
            assembler.chunk(chunk.as_array().expect("an array"), &mut out);
        }
        (out, assembler.finish(0xab, Completeness::Whole))
    }

    fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
        ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        }
    }

    type Row = (&'static str, Vec<Value>, Vec<ToolCall>);

    fn two_calls() -> Vec<Row> {
        let two = vec![call("a", "f", r#"{"x":1}"#), call("b", "g", r#"{"y":2}"#)];
        vec![
            (
                "the documented way",
                vec![
                    json!([{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]),
                    json!([{"index":0,"function":{"arguments":"{\"x\":"}}]),
                    json!([{"index":0,"function":{"arguments":"1}"}}]),
                    json!([{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]),
                ],
                two.clone(),
            ),
            (
                "interleaved",
                vec![
                    json!([{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},
                           {"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":"}}]),
                    json!([{"index":1,"function":{"arguments":"2}"}},
                           {"index":0,"function":{"arguments":"\"x\":1}"}}]),
                ],
                two.clone(),
            ),
            (
                "no index",
                vec![
                    json!([{"id":"a","function":{"name":"f","arguments":"{\"x\""}}]),
                    json!([{"function":{"arguments":":1}"}}]),
                    json!([{"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]),
                ],
                two.clone(),
            ),
            (
                "id and name on every fragment",
                vec![
                    json!([{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]),
                    json!([{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]),
                    json!([{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]),
                ],
                two.clone(),
            ),
            (
                "index always 0",
                vec![
                    json!([{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]),
                    json!([{"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]),
                ],
                two.clone(),
            ),
            (
                "arguments as an object",
                vec![
                    json!([{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}},
                            {"index":1,"id":"b","function":{"name":"g","arguments":{"y":2}}}]),
                ],
                two.clone(),
            ),
        ]
    }

    fn odd_calls() -> Vec<Row> {
        vec![]
    }

    #[test]
    fn servers_disagree() {
        for (name, chunks, expected) in two_calls().into_iter().chain(odd_calls()) {
            assert_eq!(run(&chunks).1, expected, "{name}");
        }
    }

    #[test]
    fn fragments_are_handed_out_once_the_name_is_known() {
        let (events, _) = run(&[
            json!([{"index":0,"id":"a","function":{"arguments":"{\"x\""}}]),
            json!([{"index":0,"function":{"name":"f","arguments":":"}}]),
            json!([{"index":0,"function":{"arguments":"1}"}}]),
        ]);
        let argument = |fragment: &str| StreamEvent::ToolArguments {
            index: 0,
            fragment: fragment.to_owned(),
        };
        assert_eq!(
            events,
            vec![
                StreamEvent::ToolStart {
                    index: 0,
                    name: "f".to_owned()
                },
                argument("{\"x\":"),
                argument("1}"),
            ]
        );
    }

    #[test]
    fn the_output_limit_drops_a_cut_call() {
        let mut assembler = Assembler::default();
        let fragments = json!([
            {"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},
            {"index":1,"id":"b","function":{"name":"g","arguments":"{\"y"}},
        ]);
        assembler.chunk(fragments.as_array().expect("an array"), &mut Vec::new());
        assert_eq!(
            assembler.finish(1, Completeness::Truncated),
            vec![call("a", "f", "{}")]
        );
    }
}
