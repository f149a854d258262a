//! A turn that was cut off and goes on in another process, without the time between: figures are about
//! work, and nobody worked then.

use std::borrow::Cow;

use crate::protocol::{Event, EventKind, RunEvent, Timestamp};

/// The events by the clock of their turn, which stands still between two processes.
pub(super) fn without(events: &[Event]) -> Cow<'_, [Event]> {
    let goes_on = |event: &Event| matches!(&event.kind, EventKind::Run(RunEvent::Started(start)) if start.resumed.is_some());
    if !events.iter().any(goes_on) {
        return Cow::Borrowed(events);
    }
    let (mut began, mut paused) = (None, 0_u64);
    let events = events.iter().cloned().map(|mut event| {
        if let EventKind::Run(RunEvent::Started(start)) = &event.kind {
            if let (Some(resumed), Some(began)) = (&start.resumed, began) {
                let since = event.at.since(began);
                paused = since.saturating_sub(resumed.used_ms).max(paused);
            } else {
                (began, paused) = (Some(event.at), 0);
            }
        }
        event.at = Timestamp(event.at.0.saturating_sub(paused));
        event
    });
    events.collect()
}
