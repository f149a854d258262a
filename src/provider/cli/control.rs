//! The permissions of Claude Code on its standard streams: a request in, its answer out. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::claude::word;
use super::deed;
use super::heard::Heard;
use super::place::Place;
use crate::provider::{Change, Permission, Permitted};

/// Who answers its requests.
#[derive(Debug)]
pub struct Asking {
    place: Place,
    /// Requests that wait: by our number, its id and the input of the tool.
    asked: BTreeMap<u64, (Value, Value)>,
    asks: u64,
}

impl Asking {
    /// For a process at this place.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        Self {
            place: place.clone(),
            asked: BTreeMap::new(),
            asks: 0,
        }
    }

    /// A request: a permission to ask for, or an answer at once to what is not known here.
    pub fn ask(&mut self, line: &Value) -> Heard {
        let (id, request) = (&line["request_id"], &line["request"]);
        if word(request, "subtype") != "can_use_tool" {
            let error = json!({"subtype": "error", "request_id": id, "error": "not known here"});
            return Heard::Say(json!({"type": "control_response", "response": error}).to_string());
        }
        let (tool, input) = (word(request, "tool_name"), &request["input"]);
        self.asks += 1;
        self.asked.insert(self.asks, (id.clone(), input.clone()));
        let why = match word(request, "decision_reason") {
            "" => "Claude Code asks before it does this.".to_owned(),
            reason => format!("Claude Code asks: {}.", reason.trim_end_matches('.')),
        };
        let deed = deed::of_claude(tool, input, &self.place.home());
        Heard::Asks(Permission {
            id: self.asks,
            tool: tool.to_owned(),
            custom: self.place.custom(&deed),
            deed,
            why,
            held: self.place.held(),
            change: Change::Taken,
        })
    }

    /// The answer to a request; `None` when it does not wait.
    pub fn answer(&mut self, ask: u64, said: &Permitted) -> Option<String> {
        let (id, mut input) = self.asked.remove(&ask)?;
        let answer = match said {
            Permitted::Yes => json!({"behavior": "allow", "updatedInput": input}),
            Permitted::Instead(line) => {
                if let Some(input) = input.as_object_mut() {
                    input.insert("command".to_owned(), line.as_str().into());
                }
                json!({"behavior": "allow", "updatedInput": input})
            }
            Permitted::No(why) => json!({"behavior": "deny", "message": why}),
        };
        let response = json!({"subtype": "success", "request_id": id, "response": answer});
        Some(json!({"type": "control_response", "response": response}).to_string())
    }
}
