//! How `ask_others` is offered to the model.

use serde_json::json;

use crate::protocol::{Asking, Degree, Talking, ToolSpec};

/// Name of the tool, MassGen's.
pub const NAME: &str = "ask_others";

/// The tool under these rules; `None` when nobody may be asked.
#[must_use]
pub fn spec(rules: &Talking) -> Option<ToolSpec> {
    let whom = match rules.ask {
        Asking::Nobody => return None,
        Asking::Agents => "other agents. They answer from what they know so far and go on working",
        Asking::Person => "the person who gave the task",
        Asking::Both => {
            "other agents, who answer from what they know so far and go on working, or the person \
             who gave the task"
        }
    };
    let when = match rules.eagerness {
        Degree::Low => "Ask only when you cannot go on without the answer.",
        Degree::Medium => "Ask when the answer would change what you write.",
        Degree::High => "Ask whenever something is unclear or a second opinion would help.",
    };
    let to = match rules.ask {
        Asking::Person => "Leave it out: the person is asked.",
        Asking::Agents | Asking::Nobody => {
            "Agents such as agent2, or answers such as agent2.1. Without it all other agents."
        }
        Asking::Both => {
            "Agents such as agent2, answers such as agent2.1, or \"person\". Without it all other \
             agents."
        }
    };
    Some(ToolSpec {
        name: NAME.into(),
        description: format!("Ask {whom}. {when}"),
        parameters: json!({
            "type": "object",
            "properties": {
                "question": {"type": "string", "description": "One question, with what one must know to answer it."},
                "to": {"type": "array", "items": {"type": "string"}, "description": to},
                "options": {
                    "type": "array", "items": {"type": "string"},
                    "description": "Answers to choose from; other answers stay possible."
                },
                "wait": {
                    "type": "boolean",
                    "description": format!(
                        "false: go on, the answers follow later. Without it {}.", rules.ask_waits
                    )
                }
            },
            "required": ["question"]
        }),
    })
}
