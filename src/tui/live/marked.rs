//! The place of one event on the screen: the block of a pane, or the line of the timeline, that it made.

use super::{
    Live, Page, Pane,
    block::{Draft, Head},
    flow::Flow,
    scroll::Scroll,
    timeline,
};
use crate::{
    protocol::{AgentEvent, Event, EventKind, Label},
    tui::shared::Shared,
};

/// Which row of a block has the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Where it begins.
    First,
    /// Where it was written to last.
    Last,
}

/// A marked row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    /// Its block.
    block: u64,
    /// Where in it.
    spot: Spot,
    /// It was not yet brought into sight.
    sought: bool,
}

impl Live {
    /// Marks the place of an event that was just taken in, and brings it into sight.
    pub fn mark(&mut self, event: &Event, shared: &Shared) {
        self.unmark();
        self.by_hand.touched = true;
        self.earlier = None;
        match &event.kind {
            EventKind::Agent { id, event } => {
                let Some(index) = self.panes.iter().position(|pane| pane.id == *id) else {
                    return;
                };
                self.focus = index;
                self.page = Page::Agents;
                let Some(pane) = self.panes.get_mut(index) else {
                    return;
                };
                let flow = &mut pane.transcript.flow;
                let block = match event {
                    AgentEvent::Published(answer) => flow.draft_of(answer.label),
                    _ => None,
                };
                match (block, flow.last_id(), event) {
                    (Some(block), ..) => flow.mark(block, Spot::First),
                    (None, Some(last), AgentEvent::Delta { .. }) => flow.mark(last, Spot::Last),
                    (None, Some(last), _) => flow.mark(last, Spot::First),
                    (None, None, _) => {}
                }
            }
            EventKind::Run(_) => {
                let Some(turn) = &shared.run.turn else {
                    return;
                };
                self.page = Page::Timeline;
                self.pages.refresh(Page::Timeline, turn, shared);
                let before = timeline::rows_until(turn, event.seq.0);
                let flow = self.pages.flow_mut(Page::Timeline);
                let first = flow.ids().start;
                if let Some(line) = (before as u64).checked_sub(1) {
                    flow.mark(first + line, Spot::First);
                }
            }
        }
    }

    /// Takes the mark away.
    pub fn unmark(&mut self) {
        for pane in &mut self.panes {
            pane.transcript.flow.unmark();
        }
        if self.pages.flow_mut(Page::Timeline).unmark() && self.page == Page::Timeline {
            self.page = Page::Agents;
        }
    }

    /// Looks at the same things as `before` did: for a screen that is folded anew.
    pub fn look_as(&mut self, before: &Self) {
        self.focus = before.focus;
        self.zoom = before.zoom;
        self.by_hand.was_chosen = before.by_hand.chosen.or(before.by_hand.was_chosen);
        self.end_key.clone_from(&before.end_key);
        self.number_after(before);
        self.by_hand.touched = false;
    }

    /// What was asked for on another screen is not taken for what is asked for from now on.
    pub fn number_after(&mut self, other: &Self) {
        self.tickets.next = self.tickets.next.max(other.tickets.next);
    }

    /// True when somebody did something here since the fold began: it is no longer what events alone make.
    #[must_use]
    pub const fn touched(&self) -> bool {
        self.by_hand.touched
    }

    /// Bytes of text that this holds and an earlier copy of it does not.
    #[must_use]
    pub fn beside(&self, earlier: Option<&Self>) -> usize {
        let pane = |pane: &Pane| {
            let old = earlier.and_then(|old| old.panes.iter().find(|old| old.id == pane.id));
            pane.transcript
                .flow
                .beside(old.map(|old| &old.transcript.flow))
        };
        let panes: usize = self.panes.iter().map(pane).sum();
        let finale = &self.pages.finale.flow;
        panes
            + finale.beside(earlier.map(|old| &old.pages.finale.flow))
            + self.pages.calls.beside(earlier.map(|old| &old.pages.calls))
            + self.pages.past.beside(earlier.map(|old| &old.pages.past))
            + self.inside.beside(earlier.map(|old| &old.inside))
    }

    /// Turns to the page that was chosen before this screen was folded anew.
    pub fn look_again(&mut self) {
        if let Some(page) = self.by_hand.was_chosen.take() {
            self.page = page;
            self.by_hand.chosen = Some(page);
            self.by_hand.touched = true;
        }
    }
}

impl Flow {
    fn mark(&mut self, block: u64, spot: Spot) {
        self.marked = Some(Marked {
            block,
            spot,
            sought: true,
        });
    }

    /// Takes the mark away and follows the end again; false when there was none.
    fn unmark(&mut self) -> bool {
        let was = self.marked.take().is_some();
        if was {
            self.scroll = Scroll::Follow;
        }
        was
    }

    /// The row of the marked block that has the mark.
    pub(super) fn marked_row(&self, id: u64) -> Option<usize> {
        let marked = self.marked.filter(|marked| marked.block == id)?;
        let block = self.block(id)?;
        Some(match marked.spot {
            Spot::First => block.first_row(),
            Spot::Last => block.rows().saturating_sub(1),
        })
    }

    /// Brings a new mark into sight, once.
    pub(super) fn find_mark(&mut self) {
        let Some(marked) = self.marked.as_mut().filter(|marked| marked.sought) else {
            return;
        };
        marked.sought = false;
        let block = marked.block;
        if let Some(row) = self.marked_row(block) {
            self.reveal(block, row);
            self.settle();
        }
    }

    /// The block of the answer with this label.
    fn draft_of(&self, label: Label) -> Option<u64> {
        let is = |id: &u64| {
            matches!(
                self.block(*id).map(|block| &block.head),
                Some(Head::Draft(Draft::Published(known) | Draft::Auto(known))) if *known == label
            )
        };
        self.ids().rev().find(is)
    }
}
