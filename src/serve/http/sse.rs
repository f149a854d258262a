//! Server-sent events, as text.

use crate::protocol::{Event, EventKind};

/// Sent while nothing happens, so that both ends notice when the other is gone.
pub const KEEP_ALIVE: &str = ": waiting\n\n";
/// The end of a stream of OpenAI's.
pub const DONE: &str = "data: [DONE]\n\n";

/// An event of a session: its number is the id to go on from.
#[must_use]
pub fn event(event: &Event) -> String {
    let kind = match event.kind {
        EventKind::Run(_) => "run",
        EventKind::Agent { .. } => "agent",
    };
    // Events are plain data that always serialises, on one line.
    let data = serde_json::to_string(event).unwrap_or_default();
    format!("id: {}\nevent: {kind}\ndata: {data}\n\n", event.seq.0)
}

/// The last of a stream; nothing follows, so a client need not come again.
#[must_use]
pub fn end(last: u64) -> String {
    format!("event: end\ndata: {{\"last\":{last}}}\n\n")
}

/// The stream broke off; what came so far is right, and it can be gone on from there.
#[must_use]
pub fn broken(words: &str) -> String {
    let data = serde_json::json!({"detail": words});
    format!("event: broken\ndata: {data}\n\n")
}

/// A value without a name, as OpenAI's clients read them.
#[must_use]
pub fn data(value: &serde_json::Value) -> String {
    format!("data: {value}\n\n")
}

/// Something for people who look on; clients pass over it.
#[must_use]
pub fn comment(text: &str) -> String {
    let mut comment = String::with_capacity(text.len() + 4);
    for line in text.split(['\r', '\n']) {
        // A lone return ends a line there, too.
        comment.push_str(": ");
        comment.push_str(line);
        comment.push('\n');
    }
    comment.push('\n');
    comment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Phase, RunEvent, Seq, Timestamp};

    #[test]
    fn frames_are_whole() {
        let one = Event {
            seq: Seq(7),
            at: Timestamp(1),
            kind: EventKind::Run(RunEvent::Phase(Phase::Work)),
        };
        let frame = event(&one);
        assert!(
            frame.starts_with("id: 7\nevent: run\ndata: {\"seq\":7,"),
            "{frame}"
        );
        assert!(frame.ends_with("}\n\n"));
        assert_eq!(frame.matches('\n').count(), 4);
        assert_eq!(comment("a\rdata: x\ny"), ": a\n: data: x\n: y\n\n");
        assert_eq!(end(9), "event: end\ndata: {\"last\":9}\n\n");
        assert_eq!(
            broken("a\nb"),
            "event: broken\ndata: {\"detail\":\"a\\nb\"}\n\n"
        );
    }
}
