//! The team that an agent is, one level down: the same screen over its own fold.
//!
//! A screen below is fed from the first nested event on, so it can be opened at any time and shows
//! the same whether it was lived or read back. While one is open, keys, mouse and painting go to it;
//! one row above it says where it is. What is typed for the team goes to the agent that it is.

use ratatui::{Frame, layout::Rect};

use super::{
    Action, Input, Live,
    grid::take_top,
    ink::{Role, Words},
    phrase,
};
use crate::{
    protocol::{AgentEvent, AgentId, BallotEvent, Event, EventKind, Outcome, RunEvent, Timestamp},
    run::Turn,
    tui::{
        effect::{Done, Effects, Ticket},
        shared::Shared,
    },
};

/// Levels of screens below one another; teams inside deeper ones are not opened.
const DEEPEST: u32 = 2;
/// Tickets of one screen at most: those of screens below come after them.
const TICKETS: u64 = 1 << 20;

/// Screens of the teams that agents are.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside {
    /// How many screens are above this one.
    level: u32,
    below: Vec<Below>,
    /// Whose team is on the screen.
    open: Option<AgentId>,
}

/// The screen of one team.
#[derive(Clone, Debug)]
struct Below {
    id: AgentId,
    live: Live,
    /// What its features read: the fold of the nested run.
    shared: Shared,
}

impl Below {
    /// What holds for the whole program, as of now.
    fn follow(&mut self, above: &Shared) {
        self.shared.theme = above.theme;
        self.shared.detail = above.detail;
        self.shared.now = above.now;
        self.shared.live = above.live;
        self.shared.replayed = above.replayed;
        self.shared.tick = above.tick;
    }
}

impl Below {
    /// `team of 3`.
    fn size(&self) -> String {
        let team = self.shared.run.turn.as_ref();
        let members = team.map_or(0, |team| team.agents.len());
        format!("team of {members}")
    }
}

impl Inside {
    /// A new turn: other agents, other teams.
    pub(super) fn clear(&mut self) {
        self.below.clear();
        self.open = None;
    }

    fn find(&mut self, id: AgentId) -> Option<&mut Below> {
        self.below.iter_mut().find(|below| below.id == id)
    }

    /// Bytes that this holds and an earlier copy of it does not.
    pub(super) fn beside(&self, earlier: Option<&Self>) -> usize {
        let team = |below: &Below| {
            let old = earlier.and_then(|old| old.below.iter().find(|old| old.id == below.id));
            below.live.beside(old.map(|old| &old.live)) + below.shared.run.weight()
        };
        self.below.iter().map(team).sum()
    }

    fn opened(&mut self) -> Option<&mut Below> {
        let id = self.open?;
        self.find(id)
    }

    fn shown(&self) -> Option<&Below> {
        let id = self.open?;
        self.below.iter().find(|below| below.id == id)
    }
}

impl Live {
    /// Something happened in the team of an agent.
    pub(super) fn below(&mut self, id: AgentId, event: &Event, above: &Shared) {
        let level = self.inside.level + 1;
        if level > DEEPEST {
            return;
        }
        if self.inside.find(id).is_none() {
            let mut live = Self::new();
            // Room for every agent of every level.
            let place = u64::from(id.0) + 1;
            let step = if level == 1 { TICKETS << 17 } else { TICKETS };
            live.tickets.next = self.tickets.base + place.saturating_mul(step);
            live.tickets.base = live.tickets.next;
            live.inside.level = level;
            live.end_key.clone_from(&self.end_key);
            let mut shared = Shared::new(above.theme);
            shared.live = above.live;
            shared.replayed = above.replayed;
            self.inside.below.push(Below { id, live, shared });
        }
        let words = self.inside.find(id).and_then(|below| {
            below.follow(above);
            below.take(event);
            words(event, below.shared.run.turn.as_ref()?)
        });
        let pane = self.panes.iter_mut().find(|pane| pane.id == id);
        if let (Some(words), Some(pane)) = (words, pane) {
            pane.transcript.inside(&words);
        }
    }

    /// Nobody waits for the team of an agent any more.
    pub(super) fn cut_below(&mut self, id: AgentId, at: Timestamp) {
        if let Some(below) = self.inside.find(id)
            && let Some(event) = below.shared.run.cut_off(at)
        {
            below.live.apply(&event, &below.shared);
        }
    }

    /// Opens the team of the agent with the focus, or goes back up.
    pub(super) fn go_inside(&mut self) -> Effects {
        let Some(id) = self.panes.get(self.focus).map(|pane| pane.id) else {
            return Effects::none();
        };
        if self.inside.find(id).is_none() {
            return self.flash("this agent is no team, or its team has not begun".to_owned());
        }
        self.inside.open = Some(id);
        Effects::none()
    }

    /// Takes an action to the screen below; `None` when none is open, or it was closed by it.
    pub(super) fn update_inside(&mut self, action: Action, above: &Shared) -> Option<Effects> {
        let level = self.inside.level;
        let below = self.inside.opened()?;
        below.follow(above);
        let deeper = below.live.inside.open.is_some();
        let leaves = match action {
            Action::Back => !deeper && below.live.is_plain(),
            // The same key leads in and out where there is nothing further in.
            Action::Inside => !deeper && (level + 1 >= DEEPEST || !below.live.can_go_inside()),
            _ => false,
        };
        if leaves {
            self.inside.open = None;
            return Some(Effects::none());
        }
        Some(below.live.update(action, &below.shared))
    }

    /// Nothing is open here that one step back would close.
    fn is_plain(&self) -> bool {
        self.search.is_none() && self.shows_panes() && !self.zoom
    }

    fn can_go_inside(&mut self) -> bool {
        let id = self.panes.get(self.focus).map(|pane| pane.id);
        id.is_some_and(|id| self.inside.find(id).is_some())
    }

    /// Takes text or the mouse to the screen below, if one is open.
    pub(super) fn input_inside(&mut self, input: &Input, above: &Shared) -> Option<Effects> {
        let below = self.inside.opened()?;
        below.follow(above);
        Some(below.live.input(input.clone(), &below.shared))
    }

    /// Takes an answer of the world to the screens below: one of them waits for it, or nobody.
    pub(super) fn done_inside(&mut self, ticket: Ticket, done: &Done) {
        for below in &mut self.inside.below {
            let _ = below.live.done(ticket, done.clone());
        }
    }

    /// Prepares the screen below; false when none is open.
    pub(super) fn prepare_inside(&mut self, above: &Shared, area: Rect) -> bool {
        let Some(below) = self.inside.opened() else {
            return false;
        };
        below.follow(above);
        let mut rest = area;
        take_top(&mut rest, 1);
        below.live.prepare(&below.shared, rest);
        true
    }

    /// Paints the screen below and where it is; false when none is open.
    pub(super) fn view_inside(&self, above: &Shared, frame: &mut Frame<'_>, area: Rect) -> bool {
        let Some(below) = self.inside.shown() else {
            return false;
        };
        let mut rest = area;
        let row = take_top(&mut rest, 1);
        let name = above
            .run
            .turn
            .as_ref()
            .map_or("", |turn| turn.name(below.id));
        let words = Words::of(Role::Accent, "▸ ")
            .and(Role::Text, format!("inside {}", phrase::clean(name)))
            .and(Role::Dim, format!(" · {}", below.size()));
        words.paint(frame.buffer_mut(), row.x, row.y, row.width, &above.theme);
        below.live.view(&below.shared, frame, rest);
        true
    }

    /// Highlighting that screens below found a need for.
    pub(super) fn found_inside(&mut self, effects: &mut Effects) {
        for below in &mut self.inside.below {
            effects.0.extend(below.live.found().0);
        }
    }

    /// True when [`Action::Inside`] leads somewhere: further in, or back up.
    #[must_use]
    pub fn leads_inside(&self) -> bool {
        let focused = self.panes.get(self.focus).map(|pane| pane.id);
        let has = |id| self.inside.below.iter().any(|below| below.id == id);
        self.inside.open.is_some() || (self.shows_panes() && focused.is_some_and(has))
    }

    /// The screen below that is open.
    pub(super) fn inner(&self) -> Option<(AgentId, &Self)> {
        self.inside.shown().map(|below| (below.id, &below.live))
    }
}

impl Below {
    /// Takes in an event of the nested run; one that begins again counts from 1 again.
    fn take(&mut self, event: &Event) {
        if self.shared.run.begins_again(event) {
            self.live.last_seq = self.shared.run.last_seq;
        }
        self.shared.run.apply(event);
        self.live.apply(event, &self.shared);
    }
}

/// What is worth a line in the pane of the agent that is a team.
fn words(event: &Event, team: &Turn) -> Option<String> {
    Some(match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => {
            let names: Vec<&str> = start.team.iter().map(|card| card.name.as_str()).collect();
            format!("team begins: {}", phrase::clean(&names.join(", ")))
        }
        EventKind::Run(RunEvent::Decided(decision)) => format!(
            "{} by {} won by {}",
            decision.winner,
            phrase::clean(team.name(decision.winner.agent)),
            decision.how(),
        ),
        EventKind::Run(RunEvent::Ended(Outcome::NoAnswer { message, .. })) => {
            format!("team without answer: {}", phrase::clean(message))
        }
        EventKind::Run(_) => return None,
        EventKind::Agent { id, event } => {
            let what = match event {
                AgentEvent::Published(answer) => format!("published {}", answer.label),
                AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                    match ballot.target {
                        Some(label) => format!("voted for {label}"),
                        None => "abstained".to_owned(),
                    }
                }
                AgentEvent::Benched(failure) => format!("is out: {}", failure.kind.word()),
                _ => return None,
            };
            format!("{} {what}", phrase::clean(team.name(*id)))
        }
    })
}
