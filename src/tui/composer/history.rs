//! Texts sent in this session, to be fetched back.

/// Most texts kept.
const LIMIT: usize = 100;

/// The list and where the person is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    sent: Vec<String>,
    /// Which text is shown, with the draft it replaced.
    browsing: Option<(usize, String)>,
}

impl History {
    /// Keeps a sent text; the same text twice in a row is kept once.
    pub(super) fn remember(&mut self, text: &str) {
        self.browsing = None;
        if self.sent.last().is_some_and(|last| last == text) {
            return;
        }
        self.sent.push(text.to_owned());
        if self.sent.len() > LIMIT {
            self.sent.remove(0);
        }
    }

    /// The text before the one shown; `draft` is what stands in the editor now.
    pub(super) fn older(&mut self, draft: String) -> Option<String> {
        let (place, draft) = match self.browsing.take() {
            Some((place, kept)) => (place, kept),
            None => (self.sent.len(), draft),
        };
        let next = place.checked_sub(1);
        self.browsing = match next {
            Some(next) => Some((next, draft)),
            None if place < self.sent.len() => Some((place, draft)),
            None => None,
        };
        next.and_then(|next| self.sent.get(next).cloned())
    }

    /// The text after the one shown; after the last one the draft.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (place, draft) = self.browsing.take()?;
        match self.sent.get(place + 1) {
            Some(text) => {
                let text = text.clone();
                self.browsing = Some((place + 1, draft));
                Some(text)
            }
            None => Some(draft),
        }
    }

    /// Back to the present.
    pub(super) fn leave(&mut self) {
        self.browsing = None;
    }
}
