//! What actions do.

use super::{
    Live, Page,
    action::{Action, Card, Find, Focus, More, Move, Show},
    answers::{self, Against},
    block::Fold,
    calls::Which,
    flow::Flow,
    header::TABS,
    pages::Pages,
    search::{Search, Step},
};
use crate::{
    protocol::{AgentId, Outcome},
    tui::{
        effect::{Effect, Effects},
        shared::Shared,
    },
};

impl Live {
    /// Does what a key or the palette asks for.
    pub fn update(&mut self, action: Action, shared: &Shared) -> Effects {
        self.by_hand.touched = true;
        if let Some(effects) = self.update_inside(action, shared) {
            return effects;
        }
        match action {
            Action::Inside => return self.go_inside(),
            Action::Sift => return self.sift(),
            Action::Focus(focus) => return self.refocus(focus),
            Action::Scroll(by) => self.scroll(by),
            Action::Page(show) => return self.show(show, shared),
            Action::Card(card) => return self.card(card),
            Action::Search(find) => return self.find(find),
            Action::Zoom => {
                if self.shows_panes() {
                    self.zoom = !self.zoom;
                } else {
                    self.leave_pages();
                }
            }
            Action::Copy => return self.copy(shared),
            Action::Capture => return self.capture(),
            Action::Back => self.back(),
        }
        Effects::none()
    }

    fn refocus(&mut self, focus: Focus) -> Effects {
        let agents = self.panes.len();
        if agents == 0 {
            return Effects::none();
        }
        let was_page = !self.shows_panes();
        self.leave_pages();
        match focus {
            // From a page, the first step only leads back to the panes.
            Focus::Next | Focus::Previous if was_page => {}
            Focus::Next => self.focus_on((self.focus + 1) % agents),
            Focus::Previous => self.focus_on((self.focus + agents - 1) % agents),
            Focus::NextPage => self.focus_page(1),
            Focus::PreviousPage => self.focus_page(-1),
            Focus::Nth(place) => {
                let number = AgentId(place.into());
                let Some(index) = self.panes.iter().position(|pane| pane.id == number) else {
                    return self.flash(format!("there is no agent {place}"));
                };
                self.focus_on(index);
            }
        }
        Effects::none()
    }

    /// Focuses the first agent of the page of panes after or before; where one pane is in sight a
    /// page is ten agents.
    fn focus_page(&mut self, step: isize) {
        let agents = self.panes.len();
        let each = match self.sight.geometry.page {
            0 => 10,
            each => each,
        };
        let pages = agents.div_ceil(each).max(1);
        let page = (self.focus / each).checked_add_signed(step);
        let page = page.map_or(pages - 1, |page| page % pages);
        self.focus_on((page * each).min(agents.saturating_sub(1)));
    }

    /// Focuses an agent; a search goes on in its pane.
    pub(super) fn focus_on(&mut self, index: usize) {
        if self.focus != index {
            self.focus = index;
            self.search_again();
        }
    }

    /// Shows the pane of this agent alone, whatever was shown before; one that is not there changes
    /// nothing.
    pub fn alone(&mut self, agent: AgentId) {
        self.by_hand.touched = true;
        if let Some(index) = self.panes.iter().position(|pane| pane.id == agent) {
            self.leave_pages();
            self.focus_on(index);
            self.zoom = true;
        }
    }

    /// Shows the panes of the running or last turn.
    fn leave_pages(&mut self) {
        self.earlier = None;
        self.turn_to(Page::Agents);
        self.by_hand.chosen = Some(Page::Agents);
    }

    pub(super) fn turn_to(&mut self, page: Page) {
        if self.page != page {
            self.page = page;
            self.search_again();
        }
    }

    /// The search is now in another column.
    fn search_again(&mut self) {
        if let Some(search) = &mut self.search {
            search.elsewhere();
        }
    }

    fn scroll(&mut self, by: Move) {
        if let Some(flow) = self.flow_mut() {
            flow.move_by(by);
        }
    }

    fn show(&mut self, show: Show, shared: &Shared) -> Effects {
        match show {
            Show::Final => self.turn_to(Page::Final),
            Show::Agents => self.turn_to(Page::Agents),
            Show::Votes => self.toggle(Page::Votes),
            Show::Timeline => self.toggle(Page::Timeline),
            Show::Team => self.toggle(Page::Team),
            Show::Cost => self.toggle(Page::Cost),
            Show::More(More::Answers) => self.toggle(Page::Answers),
            Show::More(More::Calls) => self.toggle(Page::Calls),
            Show::More(More::About) => self.toggle(Page::About),
            Show::More(More::Metrics) => self.toggle(Page::Metrics),
            Show::Next => self.turn_by(1),
            Show::Previous => self.turn_by(TABS.len() - 1),
            Show::Earlier => return self.earlier(shared),
            Show::Later => return self.later(shared),
        }
        self.by_hand.chosen = Some(self.page);
        Effects::none()
    }

    /// Compares the answers with something else, or shows other tool calls.
    fn sift(&mut self) -> Effects {
        let page = self.page;
        let pages = match &mut self.earlier {
            Some((_, pages)) => pages,
            None => &mut self.pages,
        };
        match page {
            Page::Answers => {
                let flow = pages.flow(page);
                let selected = flow.selected.and_then(|id| answers::label_of(flow, id));
                let against = match (pages.against, selected) {
                    (Against::Nothing, Some(label)) => Against::One(label),
                    (Against::Nothing, None) => Against::Before,
                    (Against::Before | Against::One(_), _) => Against::Nothing,
                };
                pages.compare(against);
            }
            Page::Calls => {
                pages.calls.which = match pages.calls.which {
                    Which::All => Which::Failed,
                    Which::Failed => Which::All,
                };
            }
            Page::Agents
            | Page::Team
            | Page::Votes
            | Page::Timeline
            | Page::Cost
            | Page::Final
            | Page::About
            | Page::Metrics => {
                return self
                    .flash("u shows the answers, C the tool calls; U acts there".to_owned());
            }
        }
        self.search_again();
        Effects::none()
    }

    fn toggle(&mut self, page: Page) {
        let page = if self.page == page {
            Page::Agents
        } else {
            page
        };
        self.turn_to(page);
    }

    fn turn_by(&mut self, places: usize) {
        let at = TABS
            .iter()
            .position(|(page, ..)| *page == self.page)
            .unwrap_or(0);
        if let Some((page, ..)) = TABS.get((at + places) % TABS.len()) {
            self.turn_to(*page);
        }
    }

    fn earlier(&mut self, shared: &Shared) -> Effects {
        let shown = self
            .earlier
            .as_ref()
            .map_or(shared.run.history.len(), |(index, _)| *index);
        match shown.checked_sub(1) {
            Some(index) => self.show_turn(index, shared),
            None => self.flash("this is the first turn".to_owned()),
        }
    }

    fn later(&mut self, shared: &Shared) -> Effects {
        match &self.earlier {
            None => self.flash("this is the last turn".to_owned()),
            Some((index, _)) if index + 1 < shared.run.history.len() => {
                self.show_turn(index + 1, shared)
            }
            Some(_) => {
                self.earlier = None;
                self.page = if shared.run.is_over() {
                    Page::Final
                } else {
                    Page::Agents
                };
                self.search_again();
                Effects::none()
            }
        }
    }

    fn show_turn(&mut self, index: usize, shared: &Shared) -> Effects {
        let Some(turn) = shared.run.history.get(index) else {
            return Effects::none();
        };
        self.earlier = Some((index, Pages::of(turn, self.pages.past.calls(index))));
        self.page = Page::Final;
        self.search_again();
        Effects::none()
    }

    fn card(&mut self, card: Card) -> Effects {
        let Some(flow) = self.flow_mut() else {
            return Effects::none();
        };
        if !flow.any_foldable() {
            return self.flash("there is no thought or tool call here".to_owned());
        }
        match card {
            Card::Next => flow.select(Step::Next),
            Card::Previous => flow.select(Step::Previous),
            Card::Toggle => {
                if flow.selected.is_none() {
                    flow.select(Step::Previous);
                }
                if let Some(id) = flow.selected {
                    flow.toggle(id);
                }
            }
            Card::ToggleAll => flow.toggle_all(),
        }
        Effects::none()
    }

    fn find(&mut self, find: Find) -> Effects {
        match (find, &mut self.search) {
            (Find::Open, None) => self.search = Some(Search::open()),
            (Find::Open, Some(search)) => search.editing = true,
            (Find::Next, Some(search)) => search.step(Step::Next),
            (Find::Previous, Some(search)) => search.step(Step::Previous),
            (Find::Next | Find::Previous, None) => {
                return self.flash("nothing is searched for yet".to_owned());
            }
            (Find::Close, _) => self.search = None,
        }
        Effects::none()
    }

    /// Copies the answer in sight and says which.
    fn copy(&mut self, shared: &Shared) -> Effects {
        let Some(turn) = self.turn(shared) else {
            return self.flash("there is nothing to copy yet".to_owned());
        };
        let final_text = match &turn.outcome {
            Some(Outcome::Answered { text, .. }) => Some(("the final answer".to_owned(), text)),
            Some(Outcome::NoAnswer { .. }) | None => None,
        };
        let found = if self.shows_panes() {
            turn.agents
                .get(self.focus)
                .and_then(|agent| agent.current)
                .and_then(|label| turn.answer(label))
                .map(|answer| (format!("answer {}", answer.label), &answer.text))
        } else {
            final_text
        };
        match found {
            Some((what, text)) => {
                let count = text.chars().count();
                let text = text.clone();
                let flash = self.flash(format!("copied {what} ({count} characters)"));
                Effects::one(Effect::Copy(text)).and(flash)
            }
            None if self.shows_panes() => {
                self.flash("this agent has not published an answer yet".to_owned())
            }
            None => self.flash("there is no final answer to copy".to_owned()),
        }
    }

    /// A picture of the focused pane, or of the page that is open.
    fn capture(&mut self) -> Effects {
        let geometry = &self.sight.geometry;
        let mut panes = geometry.panes.iter();
        let pane = panes.find(|(index, _)| *index == self.focus);
        let part = pane.map_or(geometry.body, |(_, place)| *place);
        if part.is_empty() {
            return self.flash("there is nothing to take a picture of yet".to_owned());
        }
        let ticket = self.tickets.take();
        Effects::one(Effect::Capture {
            ticket,
            part: Some(part),
        })
    }

    fn back(&mut self) {
        if self.search.is_some() {
            self.search = None;
        } else if self.shows_panes() {
            self.zoom = false;
            if let Some(flow) = self.flow_mut() {
                flow.selected = None;
            }
        } else {
            self.leave_pages();
        }
    }
}

impl Flow {
    /// True when a block can open or close.
    fn any_foldable(&self) -> bool {
        self.ids()
            .any(|id| self.block(id).is_some_and(super::block::Block::foldable))
    }

    /// Selects the next or previous block that can open, beginning with what is in sight.
    fn select(&mut self, step: Step) {
        let foldable = |id: &u64| self.block(*id).is_some_and(super::block::Block::foldable);
        let from = self.selected;
        let (top, bottom) = (self.top, self.top + self.height);
        let ids = self.ids();
        let next = match step {
            Step::Near | Step::Next => {
                let from = from.map_or_else(
                    || self.locate(top).map_or(ids.start, |(id, _)| id),
                    |id| id + 1,
                );
                (from.max(ids.start)..ids.end).find(foldable)
            }
            Step::Previous => {
                let from = from.unwrap_or_else(|| {
                    self.locate(bottom.saturating_sub(1))
                        .map_or(ids.end, |(id, _)| id + 1)
                });
                (ids.start..from.min(ids.end)).rev().find(foldable)
            }
        };
        if let Some(id) = next {
            self.selected = Some(id);
            let head = self
                .block(id)
                .map_or(0, |block| block.lead().saturating_sub(1));
            self.reveal(id, head);
        }
    }

    /// Opens or closes one block.
    pub(super) fn toggle(&mut self, id: u64) {
        self.edit(id, |block| {
            block.set_fold(if block.is_closed() {
                Fold::Open
            } else {
                Fold::Closed
            });
        });
    }

    /// Opens all blocks, or closes them when all are open.
    fn toggle_all(&mut self) {
        let closed: Vec<_> = self
            .ids()
            .filter(|id| {
                self.block(*id)
                    .is_some_and(|block| block.foldable() && block.is_closed())
            })
            .collect();
        let (ids, fold) = if closed.is_empty() {
            (self.ids().collect(), Fold::Closed)
        } else {
            (closed, Fold::Open)
        };
        for id in ids {
            if self.block(id).is_some_and(super::block::Block::foldable) {
                self.edit(id, |block| block.set_fold(fold));
            }
        }
    }
}
