//! What servers on this machine say about their models: which are in memory, with which window.
//!
//! Kept for all agents, by address and model. Asked before a call as long as the model is not known
//! to be in memory, within the bound of the search for servers; never asked of servers elsewhere.

use std::sync::PoisonError;

use super::Client;
use crate::protocol::ModelInfo;
use crate::provider::{Endpoint, discovery, listing};

/// Backends whose servers tell what they have loaded.
const TELLING: [&str; 5] = ["lmstudio", "ollama", "vllm", "sglang", "llamacpp"];

/// Type of any server that speaks chat completions.
const ANY: &str = "chatcompletion";

/// What a server says about a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The window in force, in tokens.
    pub window: Option<u64>,
    /// Whether it is in memory.
    pub loaded: Option<bool>,
}

impl Client {
    /// What is known of an endpoint's model.
    #[must_use]
    pub fn known(&self, endpoint: &Endpoint) -> Known {
        let known = self.0.known.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        let place = (address(&endpoint.base_url), endpoint.model.clone());
        known.get(&place).copied().unwrap_or_default()
    }

    /// Remembers a server's list.
    pub fn note(&self, base_url: &str, models: &[ModelInfo]) {
        let known = self.0.known.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        for model in models {
            let row = Known {
                window: model.context,
                loaded: model.loaded,
            };
            known.insert((address(base_url), model.id.clone()), row);
        }
    }

    /// A server of no known kind says nothing of what it has in memory: it is not asked again.
    fn asked_in_vain(&self, endpoint: &Endpoint) {
        let row = Known {
            loaded: Some(true),
            ..self.known(endpoint)
        };
        let known = self.0.known.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        known.insert((address(&endpoint.base_url), endpoint.model.clone()), row);
    }

    /// Asks the server, where it tells and the model is not known to be in memory.
    pub(super) async fn survey(&self, endpoint: &Endpoint) -> Known {
        let known = self.known(endpoint);
        let tells = endpoint.local && TELLING.contains(&endpoint.backend.as_str());
        // A server that the configuration names by its address alone may be one of those.
        let may = endpoint.local && endpoint.backend == ANY && endpoint.context.window.is_none();
        if !(tells || may) || known.loaded == Some(true) {
            return known;
        }
        let models = discovery::models(self, endpoint).await.unwrap_or_default();
        if let Some(model) = listing::matching(endpoint, &models) {
            // Under the name by which it is asked for.
            let id = endpoint.model.clone();
            let model = ModelInfo {
                id,
                ..model.clone()
            };
            self.note(&endpoint.base_url, &[model]);
        }
        if may && self.known(endpoint).loaded.is_none() {
            self.asked_in_vain(endpoint);
        }
        self.known(endpoint)
    }
}

/// One spelling of this machine.
fn address(base_url: &str) -> String {
    let url = base_url.trim().trim_end_matches('/');
    url.replacen("://localhost", "://127.0.0.1", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::test_support::endpoint;

    fn model(id: &str) -> ModelInfo {
        ModelInfo {
            id: id.to_owned(),
            context: Some(4_096),
            loaded: Some(false),
        }
    }

    #[test]
    fn a_list_is_remembered_by_address_and_model() {
        let client = Client::new();
        client.note("http://127.0.0.1:1234/v1", &[model("test-model")]);
        let mut here = endpoint("http://localhost:1234/v1/");
        assert_eq!(client.known(&here).window, Some(4_096));
        here.model = "other".to_owned();
        assert_eq!(client.known(&here), Known::default());
    }
}
