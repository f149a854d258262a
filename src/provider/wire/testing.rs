//! What the tests of all decoders share: a reply in one piece, and how it is read from frames.

use std::sync::Arc;

use super::{Decoder, Setup, ToolStyle};
use crate::config::Wire;
use crate::protocol::{Carried, Failure, FailureKind, ToolCall, Usage};
use crate::provider::test_support::endpoint;
use crate::provider::{StopReason, StreamEvent};

/// What a reply comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Reply {
    pub text: String,
    pub thinking: String,
    pub calls: Vec<ToolCall>,
    pub carried: Option<Carried>,
    pub usage: Option<Usage>,
    pub stop: Option<StopReason>,
    pub failure: Option<FailureKind>,
}

/// The setup of a call to a plain endpoint.
pub fn setup(wire: Wire, tools: ToolStyle) -> Setup {
    let mut endpoint = endpoint("http://h/v1");
    endpoint.wire = wire;
    Setup {
        endpoint: Arc::new(endpoint),
        tools,
        price: None,
        prompt_tokens: 7,
        id_seed: 0xab,
    }
}

/// Puts events together; checks the laws that hold for every decoder.
pub fn collect(events: Vec<StreamEvent>, failure: Option<&Failure>) -> Reply {
    let mut reply = Reply {
        failure: failure.map(|failure| failure.kind),
        ..Reply::default()
    };
    for event in events {
        assert_eq!(reply.stop, None, "nothing follows the stop");
        match event {
            StreamEvent::Text(text) => reply.text.push_str(&text),
            StreamEvent::Thinking(text) => reply.thinking.push_str(&text),
            StreamEvent::ToolStart { .. } | StreamEvent::ToolArguments { .. } => {}
            StreamEvent::ToolCall(call) => reply.calls.push(call),
            StreamEvent::Carried(carried) => {
                assert_eq!(reply.carried.replace(carried), None, "carried once");
            }
            StreamEvent::Usage(usage) => {
                assert_eq!(reply.usage.replace(usage), None, "usage once");
            }
            StreamEvent::Stop(stop) => reply.stop = Some(stop),
            StreamEvent::Call(_)
            | StreamEvent::Tool(_)
            | StreamEvent::Nested(_)
            | StreamEvent::Permission(_) => {
                panic!("not the decoder's business")
            }
        }
    }
    reply
}

/// Reads frames to the end, or to the first failure.
pub fn decode(setup: Setup, frames: &[&str]) -> Reply {
    let mut decoder = Decoder::new(setup);
    let mut out = Vec::new();
    let mut failure = None;
    for frame in frames {
        if let Err(error) = decoder.frame(frame, &mut out) {
            failure = Some(error);
            break;
        }
    }
    if failure.is_none() {
        failure = decoder.end(&mut out).err();
    }
    collect(out, failure.as_ref())
}

/// Reads a whole document.
pub fn document(setup: Setup, body: &str) -> Reply {
    let mut decoder = Decoder::new(setup);
    let mut out = Vec::new();
    let result = decoder
        .document(body, &mut out)
        .and_then(|()| decoder.end(&mut out));
    collect(out, result.err().as_ref())
}
