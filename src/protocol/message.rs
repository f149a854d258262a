//! The conversation with one model, in a vendor-neutral form.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "role")]
pub enum Message {
    /// Instructions of the engine and of the user's configuration.
    System {
        /// Text.
        text: String,
    },
    /// What the person (or the engine in their place) says.
    User {
        /// Text.
        text: String,
    },
    /// What the model said: text and calls, either may be empty.
    Assistant {
        /// Text.
        text: String,
        /// Tool calls, in the order the model made them.
        calls: Vec<ToolCall>,
        /// The same as the server sent it, when it wants that back unchanged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carried: Option<Box<Carried>>,
    },
    /// The result of one tool call. Every call of a transcript has exactly one.
    Tool {
        /// The call this answers.
        call_id: String,
        /// Tool name.
        name: String,
        /// Result text, errors included.
        text: String,
    },
}

/// A reply in the server's own form: encrypted reasoning, signatures, item ids. Bound to the server
/// and model that made it; anyone else gets the neutral form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Wire family, base URL and model, as the provider code writes them.
    pub origin: String,
    /// The items, unchanged, in their order.
    pub items: Vec<Value>,
}

/// A complete tool call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Id given by the server, or made by the provider code when the server gives none.
    pub id: String,
    /// Tool name.
    pub name: String,
    /// Arguments as the model wrote them: usually JSON, possibly broken. Empty means `{}`.
    pub arguments: String,
}

/// A tool as offered to the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Name, `[a-z_]+`.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of the arguments, an object.
    pub parameters: Value,
}

/// How strongly the model is asked to call a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// Some tool must be called; providers that cannot force fall back to `Auto`.
    Required,
    /// No tool may be called.
    None,
}
