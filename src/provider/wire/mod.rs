//! The wire families: how each API wants to be asked, and how its streams are read.
//!
//! Pure: requests become bytes, frames become [`StreamEvent`]s; nothing here knows sockets, retries or
//! money beyond the price it is handed. One directory per family, each with `encode` and `decode`;
//! `reply` is the book that all decoders keep, `calls` puts calls together, `carried` is what goes
//! back unchanged. A new family is a directory and an arm in each `match` here.

pub mod adaptation;
pub mod calls;
pub mod carried;
pub mod chat;
pub mod gemini;
pub mod messages;
pub mod native;
pub mod reply;
pub mod responses;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use crate::config::Wire;
use crate::protocol::Failure;

use super::{Endpoint, Request, StreamEvent};

pub use adaptation::{Adaptation, as_text};
pub use reply::{Setup, ToolStyle};

/// A request, ready to be sent but for its address and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Path behind the base URL, with its own query when it has one.
    pub path: String,
    /// JSON.
    pub body: Vec<u8>,
    /// Betas of the vendor that it needs.
    pub betas: Vec<&'static str>,
}

/// Where the key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// A header of its own that holds nothing but the key.
    Named(&'static str),
}

/// Where the key of an endpoint goes.
#[must_use]
pub const fn key_header(wire: Wire) -> KeyHeader {
    match wire {
        Wire::Chat | Wire::Responses => KeyHeader::Bearer,
        Wire::Messages => KeyHeader::Named("x-api-key"),
        // Never as `?key=`: addresses end up in logs.
        Wire::Gemini => KeyHeader::Named("x-goog-api-key"),
    }
}

/// Headers that every request of a family has, without the key.
#[must_use]
pub const fn headers(wire: Wire) -> &'static [(&'static str, &'static str)] {
    match wire {
        Wire::Chat | Wire::Responses | Wire::Gemini => &[],
        Wire::Messages => &[("anthropic-version", messages::encode::VERSION)],
    }
}

/// The endpoint as it is spoken to, with what its server turned out not to know.
#[must_use]
pub fn effective(endpoint: &Arc<Endpoint>, adaptation: Adaptation) -> Arc<Endpoint> {
    if adaptation.only_chat && endpoint.wire == Wire::Responses {
        let mut plain = (**endpoint).clone();
        plain.wire = Wire::Chat;
        return Arc::new(plain);
    }
    Arc::clone(endpoint)
}

/// A request in the words of the endpoint's family.
#[must_use]
pub fn encode(endpoint: &Endpoint, request: &Request, adaptation: Adaptation) -> Outgoing {
    let reads_marks = native::reads_marks(endpoint, adaptation);
    let plain = (!reads_marks && request.messages.iter().any(carried::is_mark)).then(|| {
        let mut plain = request.clone();
        plain.messages.retain(|message| !carried::is_mark(message));
        plain
    });
    let request = plain.as_ref().unwrap_or(request);
    let (path, body) = match endpoint.wire {
        Wire::Chat => (
            "/chat/completions".to_owned(),
            chat::encode::encode(endpoint, request, adaptation),
        ),
        Wire::Responses => (
            "/responses".to_owned(),
            responses::encode::encode(endpoint, request, adaptation),
        ),
        Wire::Messages => (
            "/messages".to_owned(),
            messages::encode::encode(endpoint, request, adaptation),
        ),
        Wire::Gemini => (
            gemini::encode::path(&endpoint.model),
            gemini::encode::encode(endpoint, request, adaptation),
        ),
    };
    Outgoing {
        path,
        betas: match endpoint.wire {
            Wire::Messages => messages::compact::betas(&body),
            Wire::Chat | Wire::Responses | Wire::Gemini => Vec::new(),
        },
        body: body.to_string().into_bytes(),
    }
}

/// The decoder of one reply, of whichever family.
///
/// Fed with frames, then closed once; see the decoders for the laws they keep.
#[derive(Debug)]
pub enum Decoder {
    /// Chat completions.
    Chat(chat::decode::Decoder),
    /// Responses.
    Responses(responses::decode::Decoder),
    /// Anthropic's Messages.
    Messages(messages::decode::Decoder),
    /// Google's `generateContent`.
    Gemini(gemini::decode::Decoder),
}

/// Calls the same method of whichever decoder it is.
macro_rules! each {
    ($self:ident, $decoder:ident => $body:expr) => {
        match $self {
            Decoder::Chat($decoder) => $body,
            Decoder::Responses($decoder) => $body,
            Decoder::Messages($decoder) => $body,
            Decoder::Gemini($decoder) => $body,
        }
    };
}

impl Decoder {
    /// A decoder for one reply of the endpoint in `setup`.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        match setup.endpoint.wire {
            Wire::Chat => Self::Chat(chat::decode::Decoder::new(setup)),
            Wire::Responses => Self::Responses(responses::decode::Decoder::new(setup)),
            Wire::Messages => Self::Messages(messages::decode::Decoder::new(setup)),
            Wire::Gemini => Self::Gemini(gemini::decode::Decoder::new(setup)),
        }
    }

    /// Reads the data of one frame.
    ///
    /// # Errors
    ///
    /// An error sent inside the stream, or a frame that is not JSON.
    pub fn frame(&mut self, data: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        each!(self, decoder => decoder.frame(data, out))
    }

    /// Reads a whole reply that came as one JSON document, because the server does not stream.
    ///
    /// # Errors
    ///
    /// An error object, or a document that is no reply.
    pub fn document(&mut self, body: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        each!(self, decoder => decoder.document(body, out))
    }

    /// The stream is over: what was held back, the calls, the usage and the stop reason.
    ///
    /// # Errors
    ///
    /// A cut stream, and a reply with nothing in it; both are worth another attempt.
    pub fn end(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        each!(self, decoder => decoder.end(out))
    }

    /// True when the server said that nothing more comes.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        each!(self, decoder => decoder.is_done())
    }

    /// True when the reply is complete, though the end mark or the usage may still come.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        each!(self, decoder => decoder.is_finished())
    }

    /// What a reply that failed midway has cost so far; `None` when nothing was generated.
    #[must_use]
    pub fn spent(&self) -> Option<StreamEvent> {
        each!(self, decoder => decoder.spent())
    }
}
