//! The pages beside the panes, of the running turn or of an earlier one.
//!
//! Votes and timeline are made again from the fold when the run has moved on and they are looked at;
//! they keep their place because the same happening always gets the same block.

use super::{
    Page, about,
    answers::{self, Against},
    block::{Block, Draft, Head},
    calls::Calls,
    finale::Finale,
    flow::Flow,
    ink::{Role, Words},
    metrics,
    past::Past,
    roster,
    scroll::Scroll,
    spending, timeline,
    transcript::name,
    votes,
};
use crate::{protocol::Outcome, run::Turn, tui::shared::Shared};

/// All pages of one turn.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    /// The final answer.
    pub(super) finale: Finale,
    team: Flow,
    votes: Flow,
    timeline: Flow,
    cost: Flow,
    revisions: Flow,
    /// What the answers are compared with.
    pub(super) against: Against,
    /// Every tool call.
    pub(super) calls: Calls,
    about: Flow,
    metrics: Flow,
    /// The calls of earlier turns.
    pub(super) past: Past,
    /// Every published answer: stands in for the panes of an earlier turn.
    pub(super) answers: Flow,
    /// Pages that no longer tell the latest.
    stale: Vec<Page>,
}

impl Pages {
    /// Pages of a turn that begins.
    pub(super) fn new() -> Self {
        Self {
            finale: Finale::new(),
            team: Flow::new(Scroll::TOP),
            votes: Flow::new(Scroll::TOP),
            timeline: Flow::new(Scroll::Follow),
            cost: Flow::new(Scroll::TOP),
            revisions: Flow::new(Scroll::TOP),
            against: Against::default(),
            calls: Calls::new(),
            about: Flow::new(Scroll::TOP),
            metrics: Flow::new(Scroll::TOP),
            past: Past::default(),
            answers: Flow::new(Scroll::TOP),
            stale: Vec::new(),
        }
    }

    /// Pages of an earlier turn, with its calls if they are still there.
    pub(super) fn of(turn: &Turn, calls: Option<Calls>) -> Self {
        let mut pages = Self::new();
        pages.finale = Finale::of(turn);
        pages.timeline.scroll = Scroll::TOP;
        pages.calls = calls.unwrap_or_else(Calls::unknown);
        for published in &turn.answers {
            let answer = &published.answer;
            let who = Words::of(Role::Strong, name(turn, answer.label.agent));
            let block = Block::row(who);
            let block = if pages.answers.is_empty() {
                block
            } else {
                block.apart()
            };
            pages.answers.push(block);
            let head = Head::Draft(Draft::Published(answer.label));
            pages
                .answers
                .push(Block::markdown(head).saying(&answer.text));
        }
        if turn.answers.is_empty() {
            let words = Words::of(Role::Dim, "No answer was published in this turn.");
            pages.answers.push(Block::row(words));
        }
        pages.moved_on();
        pages
    }

    /// The run has moved on.
    pub(super) fn moved_on(&mut self) {
        self.stale = vec![
            Page::Final,
            Page::Team,
            Page::Votes,
            Page::Timeline,
            Page::Cost,
            Page::Answers,
            Page::About,
            Page::Metrics,
        ];
    }

    /// The answers are compared with something else.
    pub(super) fn compare(&mut self, against: Against) {
        self.against = against;
        self.revisions = Flow::new(Scroll::TOP);
        self.stale.push(Page::Answers);
    }

    /// Only counts and states have moved on: the final page has the sums, and the state of who presents.
    pub(super) fn counted(&mut self) {
        for page in [Page::Final, Page::Team, Page::Cost] {
            if !self.stale.contains(&page) {
                self.stale.push(page);
            }
        }
    }

    /// A model call has ended.
    pub(super) fn measured(&mut self) {
        if !self.stale.contains(&Page::Metrics) {
            self.stale.push(Page::Metrics);
        }
    }

    /// The turn is over.
    pub(super) fn settle(&mut self, outcome: &Outcome) {
        self.finale.settle(outcome);
    }

    /// Makes a page again when it no longer tells the latest.
    pub(super) fn refresh(&mut self, page: Page, turn: &Turn, shared: &Shared) {
        if !self.stale.contains(&page) {
            return;
        }
        self.stale.retain(|stale| *stale != page);
        match page {
            Page::Agents | Page::Calls => {}
            Page::Answers => {
                let page = answers::page(turn, self.against, self.revisions.scroll, shared);
                self.revisions.become_like(page);
            }
            Page::About => self.about.become_like(about::page(turn, self.about.scroll)),
            Page::Metrics => {
                let page = metrics::page(turn, &shared.run, self.metrics.scroll);
                self.metrics.become_like(page);
            }
            Page::Final => self.finale.dress(turn, shared),
            Page::Team => self
                .team
                .become_like(roster::page(turn, self.team.scroll, shared)),
            Page::Cost => self
                .cost
                .become_like(spending::page(turn, self.cost.scroll)),
            Page::Votes => self.votes.become_like(votes::page(turn, self.votes.scroll)),
            Page::Timeline => {
                let page = timeline::page(turn, self.timeline.scroll, shared);
                self.timeline.become_like(page);
            }
        }
    }

    /// The column of a page.
    pub(super) fn flow(&self, page: Page) -> &Flow {
        match page {
            Page::Agents => &self.answers,
            Page::Final => &self.finale.flow,
            Page::Team => &self.team,
            Page::Cost => &self.cost,
            Page::Votes => &self.votes,
            Page::Timeline => &self.timeline,
            Page::Answers => &self.revisions,
            Page::Calls => self.calls.flow(),
            Page::About => &self.about,
            Page::Metrics => &self.metrics,
        }
    }

    /// The column of a page, to scroll and lay out.
    pub(super) fn flow_mut(&mut self, page: Page) -> &mut Flow {
        match page {
            Page::Agents => &mut self.answers,
            Page::Final => &mut self.finale.flow,
            Page::Team => &mut self.team,
            Page::Cost => &mut self.cost,
            Page::Votes => &mut self.votes,
            Page::Timeline => &mut self.timeline,
            Page::Answers => &mut self.revisions,
            Page::Calls => self.calls.flow_mut(),
            Page::About => &mut self.about,
            Page::Metrics => &mut self.metrics,
        }
    }
}
