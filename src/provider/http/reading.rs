//! The bytes of an answer on their way into the decoder.
//!
//! What they are shows with the first character: events, one JSON document, or a web page.

use super::loading;
use super::{Body, Item, MAX_EVENT, Parser, Progress, Reading};
use crate::protocol::{CallEvent, Failure};
use crate::provider::classify::{self, Reply};
use crate::provider::{Endpoint, StreamEvent};

impl Reading {
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<StreamEvent>,
        endpoint: &Endpoint,
    ) -> Result<Progress, Failure> {
        let (held, known) = match &mut self.body {
            Body::Events(_) => return self.events(bytes, out, endpoint),
            Body::Unknown(held) => (held, false),
            Body::Document(held) => (held, true),
        };
        if held.len() + bytes.len() > MAX_EVENT {
            return Err(classify::oversized(MAX_EVENT, endpoint));
        }
        held.extend_from_slice(bytes);
        if known {
            return Ok(Progress::More);
        }
        let text = held.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(held);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Ok(Progress::More),
            Some(b'{' | b'[' | b'<') => {
                self.body = Body::Document(std::mem::take(held));
                Ok(Progress::More)
            }
            // A byte order mark may still be on its way; the parser knows it.
            Some(_) => {
                let held = std::mem::take(held);
                self.body = Body::Events(Parser::new());
                self.events(&held, out, endpoint)
            }
        }
    }

    fn events(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<StreamEvent>,
        endpoint: &Endpoint,
    ) -> Result<Progress, Failure> {
        let Body::Events(parser) = &mut self.body else {
            return Ok(Progress::More);
        };
        let mut items = Vec::new();
        let fed = parser.feed(bytes, &mut items);
        for item in items {
            match item {
                Item::Frame(frame) => match loading::frame(&frame.data) {
                    Some(loading) => {
                        out.push(StreamEvent::Call(CallEvent::Loading { loading }));
                    }
                    None => self.decoder.frame(&frame.data, out)?,
                },
                Item::KeepAlive => {}
            }
        }
        fed.map_err(|large| classify::oversized(large.limit, endpoint))?;
        Ok(if self.decoder.is_done() {
            Progress::End
        } else {
            Progress::More
        })
    }

    /// The bytes are over: reads what is left and closes the reply.
    pub(super) fn finish(
        &mut self,
        out: &mut Vec<StreamEvent>,
        endpoint: &Endpoint,
    ) -> Result<Progress, Failure> {
        match std::mem::replace(&mut self.body, Body::Unknown(Vec::new())) {
            Body::Events(parser) => {
                // Half a frame is a cut stream, which `end` reports; it is no malformed frame.
                let rest = parser.finish().map(|frame| frame.data);
                if let Some(data) = rest.filter(|data| whole(data)) {
                    self.decoder.frame(&data, out)?;
                }
            }
            Body::Document(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                if classify::is_html(&text) {
                    let reply = Reply {
                        status: self.response.status().as_u16(),
                        body: &text,
                        ..Reply::default()
                    };
                    return Err(classify::classify(reply, endpoint));
                }
                self.decoder
                    .document(text.trim_start_matches('\u{feff}'), out)?;
            }
            Body::Unknown(_) => {}
        }
        self.decoder.end(out)?;
        Ok(Progress::End)
    }
}

fn whole(data: &str) -> bool {
    data.trim() == "[DONE]" || serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok()
}
