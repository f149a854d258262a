//! The live screen: what a team of agents does, as it does it, and what came of it.
//!
//! A second fold over the same events as the run's: per agent a bounded column of blocks whose rows
//! are laid out once (`transcript`, `flow`), shown in panes (`grid`, `pane`); pages for the final
//! answer, the votes and the timeline (`pages`). A session read from the log takes the same
//! way and looks the same.
//!
//! Invariants: `update`, `apply`, `input` and `done` change state, `prepare` derives rows and
//! settles scroll (twice is once), `view` paints and changes nothing; nothing is wrapped, parsed or
//! counted per frame; no clock is read, times come from [`Shared::now`]. The composer, the hint line
//! and layers above are not painted here. For a session read from the log, `Shared::now` should be
//! the time of its last event.

mod about;
mod action;
mod answers;
mod apply;
mod block;
mod calls;
mod card;
mod count;
mod files;
mod finale;
mod flow;
mod grid;
mod header;
mod ink;
mod input;
mod inside;
mod marked;
mod metrics;
mod pages;
mod pane;
mod past;
mod phrase;
mod places;
mod roster;
mod scroll;
mod search;
mod show;
mod spending;
mod strip;
mod team;
#[cfg(test)]
mod tests;
mod timeline;
mod transcript;
mod update;
mod votes;

use std::collections::HashMap;

use ratatui::{Frame, layout::Rect};

pub use action::{Action, Card, Find, Focus, More, Move, Show};
pub use input::Input;

use self::{
    flow::Flow, grid::Geometry, inside::Inside, pages::Pages, search::Search, strip::Strip,
    transcript::Transcript,
};
use super::{
    effect::{Effect, Effects, Ticket},
    shared::Shared,
};
use crate::{protocol::AgentId, run::Turn, text::HighlightJob};

/// Tickets of the live screen start here, so that they meet no other feature's.
pub const FIRST_TICKET: u64 = 1 << 40;
/// Highlighting answers waited for at most; beyond, code stays plain.
const MOST_JOBS: usize = 4_096;

/// What the body shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    /// The agents' panes.
    #[default]
    Agents,
    /// The rules in force and who is in the team.
    Team,
    /// Ballots with reasons.
    Votes,
    /// What happened when.
    Timeline,
    /// Where tokens and money went.
    Cost,
    /// The final answer.
    Final,
    /// Every answer, and what changed from one to another.
    Answers,
    /// Every tool call.
    Calls,
    /// Where the session ran, with what, and the files it changed.
    About,
    /// How quickly models answer, and how often they fail.
    Metrics,
}

/// Whose block a highlighting answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// A block of an agent's pane.
    Pane(AgentId, u64),
    /// A block of a page.
    Page(Page, u64),
    /// A block of a page of the earlier turn with this place in the history.
    Earlier(usize, Page, u64),
}

/// One agent's pane.
#[derive(Clone, Debug)]
struct Pane {
    id: AgentId,
    transcript: Transcript,
}

/// Where things were when the last frame was prepared; for painting and for the mouse.
#[derive(Clone, Debug, Default)]
struct Sight {
    geometry: Geometry,
    strip: Strip,
}

/// What the person did on a screen, beside what events made of it.
#[derive(Clone, Copy, Debug, Default)]
struct ByHand {
    /// The page that the person turned to, while nothing else turned it since.
    chosen: Option<Page>,
    /// The same of a screen that this one replaces, until it is where that was.
    was_chosen: Option<Page>,
    /// Something was done here since the fold began.
    touched: bool,
}

/// Answers waited for.
#[derive(Clone, Debug)]
struct Tickets {
    next: u64,
    /// Where the numbers of this screen begin.
    base: u64,
    jobs: HashMap<Ticket, Target>,
    /// Code that a layout found and that nobody has been asked about yet.
    found: Vec<(Target, HighlightJob)>,
}

impl Tickets {
    fn take(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }
}

/// The live screen's state.
#[derive(Clone, Debug)]
pub struct Live {
    panes: Vec<Pane>,
    focus: usize,
    /// One pane alone.
    zoom: bool,
    page: Page,
    /// What the person did here.
    by_hand: ByHand,
    pages: Pages,
    /// An earlier turn that is shown: its place in the history.
    earlier: Option<(usize, Pages)>,
    search: Option<Search>,
    sight: Sight,
    flash: Option<(Ticket, String)>,
    tickets: Tickets,
    /// Number of the last event taken in.
    last_seq: u64,
    end_key: String,
    inside: Inside,
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Live {
    /// A screen before the first event.
    #[must_use]
    pub fn new() -> Self {
        Self {
            panes: Vec::new(),
            focus: 0,
            zoom: false,
            page: Page::default(),
            by_hand: ByHand::default(),
            pages: Pages::new(),
            earlier: None,
            search: None,
            sight: Sight::default(),
            flash: None,
            tickets: Tickets {
                next: FIRST_TICKET,
                base: FIRST_TICKET,
                jobs: HashMap::new(),
                found: Vec::new(),
            },
            last_seq: 0,
            end_key: "End".to_owned(),
            inside: Inside::default(),
        }
    }

    /// Tells which key follows the end, for the mark below a column that is scrolled up.
    pub fn set_end_key(&mut self, key: impl Into<String>) {
        self.end_key = key.into();
    }

    /// The agent whose pane has the focus; `None` before the team is known and while an earlier turn
    /// is shown.
    #[must_use]
    pub fn focused_agent(&self) -> Option<AgentId> {
        if let Some((id, _)) = self.inner() {
            return Some(id);
        }
        if self.earlier.is_some() {
            return None;
        }
        self.panes.get(self.focus).map(|pane| pane.id)
    }

    /// True while typed characters belong to the search line.
    #[must_use]
    pub fn capturing_text(&self) -> bool {
        match self.inner() {
            Some((_, inner)) => inner.capturing_text(),
            None => self.search.as_ref().is_some_and(|search| search.editing),
        }
    }

    /// Derives what the next [`Self::view`] paints within `area`. Twice is the same as once.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        if !self.prepare_inside(shared, area) {
            show::prepare(self, shared, area);
        }
    }

    /// Paints what was prepared for `area`.
    pub fn view(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        if !self.view_inside(shared, frame, area) {
            show::view(self, shared, frame.buffer_mut(), area);
        }
    }

    /// The turn on the screen.
    fn turn<'a>(&self, shared: &'a Shared) -> Option<&'a Turn> {
        match &self.earlier {
            Some((index, _)) => shared.run.history.get(*index),
            None => shared.run.turn.as_ref(),
        }
    }

    /// True when the body shows panes and no page.
    fn shows_panes(&self) -> bool {
        self.page == Page::Agents && self.earlier.is_none()
    }

    /// The column that keys and search act on.
    fn flow(&self) -> Option<&Flow> {
        match &self.earlier {
            Some((_, pages)) => Some(pages.flow(self.page)),
            None if self.page == Page::Agents => {
                self.panes.get(self.focus).map(|pane| &pane.transcript.flow)
            }
            None => Some(self.pages.flow(self.page)),
        }
    }

    /// The column that keys and search act on, to change it.
    fn flow_mut(&mut self) -> Option<&mut Flow> {
        match &mut self.earlier {
            Some((_, pages)) => Some(pages.flow_mut(self.page)),
            None if self.page == Page::Agents => self
                .panes
                .get_mut(self.focus)
                .map(|pane| &mut pane.transcript.flow),
            None => Some(self.pages.flow_mut(self.page)),
        }
    }

    /// Effects that preparing a frame found a need for: highlighting of code that became complete.
    /// The runtime calls it after each [`Self::prepare`].
    pub fn found(&mut self) -> Effects {
        let mut effects = Vec::new();
        for (target, job) in std::mem::take(&mut self.tickets.found) {
            if self.tickets.jobs.len() < MOST_JOBS {
                let ticket = self.tickets.take();
                self.tickets.jobs.insert(ticket, target);
                effects.push(Effect::Highlight { ticket, job });
            }
        }
        let mut effects = Effects(effects);
        self.found_inside(&mut effects);
        effects
    }
}
