//! How much of a model's window a conversation may fill, and what is done before it is full.

use serde::{Deserialize, Serialize};

/// Upkeep of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The window in tokens, where the person has said so; else what is known about the model.
    pub window: Option<u64>,
    /// Percent of the window at which a conversation is made smaller; `None`: never.
    pub full: Option<u8>,
    /// The model that writes the summary; `None`: the agent's own.
    pub model: Option<String>,
    /// Whether a server that can do it by itself is asked to.
    pub native: bool,
    /// Tokens that the result of a tool may have in a conversation; a longer one is kept in a file.
    pub result: u64,
}

impl Context {
    /// True for what is so unless somebody says otherwise.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Every text of these rules, for masking and cleaning.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self {
            window: _,
            full: _,
            model,
            native: _,
            result: _,
        } = self;
        if let Some(model) = model {
            change(model);
        }
    }
}

impl Default for Context {
    /// At three quarters of the window, by the server where it can.
    fn default() -> Self {
        Self {
            window: None,
            full: Some(75),
            model: None,
            native: true,
            result: 16_000,
        }
    }
}
