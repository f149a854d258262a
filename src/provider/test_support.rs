//! What the unit tests of this module share.

use serde_json::Map;

use super::{Endpoint, Manners, RateLimit, ToolCalling, Wire};

/// A plain endpoint with a key, not local.
pub(in crate::provider) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint {
        backend: "openai".to_owned(),
        wire: Wire::Chat,
        base_url: base_url.to_owned(),
        model: "test-model".to_owned(),
        key: Some("sk-secret-123".to_owned().into()),
        key_variable: Some("OPENAI_API_KEY".to_owned()),
        parameters: Map::new(),
        tool_calling: ToolCalling::Auto,
        local: false,
        price: None,
        rate_limit: RateLimit::default(),
        manners: Manners::default(),
        context: crate::protocol::Context::default(),
    }
}
