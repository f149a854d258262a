//! What a server wants back unchanged: encrypted reasoning, signatures, item ids.
//!
//! Such items are bound to the server and the model that made them. One rule covers every switch of
//! model, server or family: they go back only to where they came from; everyone else gets the neutral
//! form of the message, without them.

use serde_json::Value;

use crate::config::Wire;
use crate::protocol::{Carried, Message};
use crate::provider::Endpoint;

/// Most text of a reply, in bytes, that is kept to go back. No model writes so much; a server that writes
/// without end takes no memory, and its reply goes back in its neutral form.
pub const MOST: usize = 1024 * 1024;

/// The items of a reply of this endpoint; `None` when there is nothing to keep.
#[must_use]
pub fn keep(endpoint: &Endpoint, items: Vec<Value>) -> Option<Carried> {
    (!items.is_empty()).then(|| Carried {
        origin: origin(endpoint),
        items,
    })
}

/// The items, when this endpoint is where they came from.
#[must_use]
pub fn back<'a>(carried: Option<&'a Carried>, endpoint: &Endpoint) -> Option<&'a [Value]> {
    carried
        .filter(|carried| carried.origin == origin(endpoint))
        .map(|carried| carried.items.as_slice())
}

/// A mark: what a server made of everything before it, and no words.
#[must_use]
pub fn mark(carried: Carried) -> Message {
    Message::Assistant {
        text: String::new(),
        calls: Vec::new(),
        carried: Some(Box::new(carried)),
    }
}

/// True for a mark. Whoever cannot read it still has everything before it.
#[must_use]
pub fn is_mark(message: &Message) -> bool {
    matches!(message, Message::Assistant { text, calls, carried: Some(_) }
        if text.is_empty() && calls.is_empty())
}

fn origin(endpoint: &Endpoint) -> String {
    let wire = match endpoint.wire {
        Wire::Chat => "chat",
        Wire::Responses => "responses",
        Wire::Messages => "messages",
        Wire::Gemini => "gemini",
    };
    format!("{wire} {} {}", endpoint.base_url, endpoint.model)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::test_support::endpoint;

    #[test]
    fn items_go_back_only_to_where_they_came_from() {
        let here = endpoint("http://h/v1");
        assert_eq!(keep(&here, vec![]), None);
        let carried = keep(&here, vec![json!({"type": "reasoning"})]);
        assert!(back(carried.as_ref(), &here).is_some());
        let mut model = here.clone();
        model.model = "other".to_owned();
        let mut wire = here.clone();
        wire.wire = Wire::Responses;
        for elsewhere in [endpoint("http://i/v1"), model, wire] {
            assert_eq!(back(carried.as_ref(), &elsewhere), None);
        }
    }
}
