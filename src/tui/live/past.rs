//! The tool calls of earlier turns of a session, bounded: the oldest turn goes first.

use super::calls::Calls;

/// Bytes of all turns together.
const BYTES: usize = 8 * 1024 * 1024;

/// What earlier turns left behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// Place in the history, and the calls, oldest first.
    turns: Vec<(usize, Calls)>,
}

impl Past {
    /// Keeps the calls of the turn with this place in the history.
    pub(super) fn keep(&mut self, place: usize, mut calls: Calls) {
        calls.cut(None);
        self.turns.retain(|(known, _)| *known != place);
        self.turns.push((place, calls));
        while self.turns.len() > 1 && self.beside(None) > BYTES {
            self.turns.remove(0);
        }
    }

    /// The calls of a turn; `None` when they had to go.
    pub(super) fn calls(&self, place: usize) -> Option<Calls> {
        let found = self.turns.iter().find(|(known, _)| *known == place);
        found.map(|(_, calls)| calls.clone())
    }

    /// Bytes that this holds and an earlier copy of it does not.
    pub(super) fn beside(&self, earlier: Option<&Self>) -> usize {
        let turn = |(place, calls): &(usize, Calls)| {
            let old = earlier.and_then(|old| old.turns.iter().find(|(known, _)| known == place));
            calls.beside(old.map(|(_, calls)| calls))
        };
        self.turns.iter().map(turn).sum()
    }
}
