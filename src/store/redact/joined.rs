//! Finds what has to be masked and is cut in pieces by deltas: what an agent streams is looked at as one
//! text.
//!
//! Whatever else an agent does ends what it was saying. Long streams are looked at in windows that overlap,
//! so memory is bounded and a secret at their border is found.

use std::{collections::BTreeMap, ops::Range};

use super::find::Hit;
use crate::protocol::{AgentEvent, AgentId, Channel, Event, EventKind};

/// Longest run of deltas that is looked at as one text, in bytes.
const WINDOW: usize = 256 * 1024;
/// Most bytes that go over into the next window.
const OVERLAP: usize = 4 * 1024;

/// Where a delta belongs: the agents around it, itself last, and the stream.
type Stream = (Vec<AgentId>, Channel);

/// What is to be masked of a text.
type Find<'a> = &'a dyn Fn(&str) -> Vec<Hit>;

/// Finds secrets that are cut in pieces by deltas.
pub struct Joined<'a> {
    find: Find<'a>,
    windows: BTreeMap<(Vec<AgentId>, u8), Window>,
    cuts: BTreeMap<u64, Vec<Cut>>,
    hits: Vec<(u64, Hit)>,
}

/// Deltas of a stream as one text.
#[derive(Default)]
struct Window {
    text: String,
    /// Numbers of the events, and where their texts begin.
    pieces: Vec<(u64, usize)>,
}

/// What has to be cut out of deltas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts(BTreeMap<u64, Vec<Cut>>);

/// A part of a text, and what stands in its place.
type Cut = (Range<usize>, &'static str);

impl<'a> Joined<'a> {
    /// One that has seen nothing and looks for what `find` finds, such as [`super::hits`].
    #[must_use]
    pub fn new(find: Find<'a>) -> Self {
        Self {
            find,
            windows: BTreeMap::new(),
            cuts: BTreeMap::new(),
            hits: Vec::new(),
        }
    }

    /// Takes in the next event of a session.
    pub fn push(&mut self, event: &Event) {
        match delta(event) {
            Some(((path, channel), text)) => {
                let window = self.windows.entry((path, channel as u8)).or_default();
                window.pieces.push((event.seq.0, window.text.len()));
                window.text.push_str(text);
                if window.text.len() > WINDOW {
                    let all = std::mem::take(window);
                    let rest = self.settle(&all, OVERLAP);
                    let key = delta(event).map(|((path, channel), _)| (path, channel as u8));
                    if let Some(key) = key {
                        self.windows.insert(key, rest);
                    }
                }
            }
            None => {
                // Whatever else an agent does ends what it was saying.
                if let EventKind::Agent { id, event: inner } = &event.kind
                    && !matches!(inner, AgentEvent::Nested(_))
                {
                    let own = |path: &[AgentId]| path == [*id];
                    let ended: Vec<_> = self
                        .windows
                        .keys()
                        .filter(|(path, _)| own(path))
                        .cloned()
                        .collect();
                    for key in ended {
                        if let Some(window) = self.windows.remove(&key) {
                            self.settle(&window, 0);
                        }
                    }
                }
            }
        }
    }

    /// What was found: where to cut, and the hits with the numbers of their events. Hits within a single
    /// text are among them.
    #[must_use]
    pub fn finish(mut self) -> (Cuts, Vec<(u64, Hit)>) {
        for (_, window) in std::mem::take(&mut self.windows) {
            self.settle(&window, 0);
        }
        self.cuts.retain(|_, cuts| !cuts.is_empty());
        self.hits.sort_by_key(|(event, _)| *event);
        (Cuts(self.cuts), self.hits)
    }

    /// Looks at a window; the last deltas, which may go on in the next one, come back and are looked at again.
    fn settle(&mut self, window: &Window, overlap: usize) -> Window {
        let mut rest = Window::default();
        let from = window.text.len().saturating_sub(overlap);
        let kept = window
            .pieces
            .iter()
            .filter(|(_, start)| overlap > 0 && *start >= from);
        let kept: Vec<(u64, usize)> = kept.copied().collect();
        if let Some((_, first)) = kept.first() {
            window
                .text
                .get(*first..)
                .unwrap_or_default()
                .clone_into(&mut rest.text);
            rest.pieces = kept
                .iter()
                .map(|(event, start)| (*event, start - first))
                .collect();
        }
        for hit in (self.find)(&window.text) {
            let mut first = true;
            let starts = window.pieces.iter();
            let ends = window
                .pieces
                .iter()
                .skip(1)
                .map(|(_, start)| *start)
                .chain([window.text.len()]);
            for ((event, start), end) in starts.zip(ends) {
                if !overlap_of(&hit.at, *start, end) {
                    continue;
                }
                let local = hit.at.start.max(*start) - start..hit.at.end.min(end) - start;
                let cuts = self.cuts.entry(*event).or_default();
                let known = cuts
                    .iter()
                    .any(|(cut, _)| overlap_of(cut, local.start, local.end));
                if hit.sure && !known {
                    cuts.push((local, if first { hit.with } else { "" }));
                }
                if first && !known {
                    self.hits.push((*event, hit.clone()));
                }
                first = false;
            }
        }
        rest
    }
}

fn overlap_of(at: &Range<usize>, start: usize, end: usize) -> bool {
    at.start < end && start < at.end
}

impl Cuts {
    /// Whether there is nothing to cut.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The event with a mask where a secret began and nothing where it went on.
    #[must_use]
    pub fn apply(&self, mut event: Event) -> Event {
        let Some(cuts) = self.0.get(&event.seq.0) else {
            return event;
        };
        let Some(text) = delta_mut(&mut event) else {
            return event;
        };
        let mut cuts = cuts.clone();
        cuts.sort_by_key(|(at, _)| at.start);
        for (at, with) in cuts.iter().rev() {
            if text.get(at.clone()).is_some() {
                text.replace_range(at.clone(), with);
            }
        }
        event
    }
}

/// The text of an event that is a delta, also of a team within.
fn delta(event: &Event) -> Option<(Stream, &str)> {
    let mut path = Vec::new();
    let mut event = event;
    loop {
        let EventKind::Agent { id, event: inner } = &event.kind else {
            return None;
        };
        path.push(*id);
        match inner {
            AgentEvent::Nested(inner) => event = inner,
            AgentEvent::Delta { channel, text } => return Some(((path, *channel), text)),
            _ => return None,
        }
    }
}

fn delta_mut(event: &mut Event) -> Option<&mut String> {
    match &mut event.kind {
        EventKind::Agent {
            event: AgentEvent::Nested(inner),
            ..
        } => delta_mut(inner),
        EventKind::Agent {
            event: AgentEvent::Delta { text, .. },
            ..
        } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{MASK, Redactor, hits},
        *,
    };
    use crate::protocol::{Seq, Timestamp};

    const KEY: &str = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";

    fn delta_of(seq: u64, agent: u16, text: &str) -> Event {
        Event {
            seq: Seq(seq),
            at: Timestamp(seq),
            kind: EventKind::Agent {
                id: AgentId(agent),
                event: AgentEvent::Delta {
                    channel: Channel::Text,
                    text: text.to_owned(),
                },
            },
        }
    }

    /// The texts of agent 1 after masking, as one.
    fn masked(events: &[Event]) -> String {
        let redactor = Redactor::default();
        let find = |text: &str| hits(&redactor, text);
        let mut joined = Joined::new(&find);
        for event in events {
            joined.push(event);
        }
        let (cuts, _) = joined.finish();
        let texts = events.iter().map(|event| cuts.apply(event.clone()));
        texts
            .filter_map(|event| {
                delta(&event)
                    .filter(|((path, _), _)| path[0].0 == 1)
                    .map(|(_, text)| text.to_owned())
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_secret_in_pieces_is_masked_like_a_whole_one(size in 1_usize..20, before in "[a-z ]{0,30}") {
            let text = format!("{before} {KEY} after");
            let chars: Vec<char> = text.chars().collect();
            let mut events = Vec::new();
            for piece in chars.chunks(size) {
                events.push(delta_of(events.len() as u64 + 1, 1, &piece.iter().collect::<String>()));
                // Another agent speaks in between.
                events.push(delta_of(events.len() as u64 + 1, 2, "word "));
            }
            prop_assert_eq!(masked(&events), format!("{before} sk-proj-{MASK} after"));
        }
    }

    #[test]
    fn long_streams_are_looked_at_in_windows() {
        let mut events = Vec::new();
        for seq in 0..6_000_u64 {
            events.push(delta_of(
                seq + 1,
                1,
                if seq % 500 == 499 {
                    KEY
                } else {
                    " some words that go on and on and on and on and on and on, of one agent alone "
                },
            ));
        }
        let masked = masked(&events);
        assert!(masked.len() > WINDOW, "several windows");
        assert!(!masked.contains("0123456789"), "none is left");
        assert_eq!(masked.matches(MASK).count(), 12);
    }
}
