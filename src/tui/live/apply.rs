//! Taking in events and answers of the world.

use std::time::Duration;

use super::{
    Live, Page, Pane, Target,
    flow::Flow,
    pages::Pages,
    transcript::{Transcript, name},
};
use crate::{
    protocol::{
        AgentEvent, AgentId, Channel, Event, EventKind, Phase, Purpose, RunEvent, StageEvent,
        SteerState, Timestamp,
    },
    tui::{
        effect::{Done, Effect, Effects, Ticket},
        shared::Shared,
    },
};

/// How long a short remark stays.
const FLASH: Duration = Duration::from_secs(4);

impl Live {
    /// Takes in one event, after the run's fold has done so. An event already seen changes nothing.
    pub fn apply(&mut self, event: &Event, shared: &Shared) {
        if event.seq.0 <= self.last_seq {
            return;
        }
        self.last_seq = event.seq.0;
        match &event.kind {
            EventKind::Run(run) => {
                self.pages.moved_on();
                self.run_event(run, shared);
            }
            EventKind::Agent { id, event: agent } => {
                match agent {
                    AgentEvent::Delta { .. } | AgentEvent::Usage(_) => {
                        self.pages.counted();
                        if matches!(agent, AgentEvent::Usage(_)) {
                            self.pages.measured();
                        }
                    }
                    _ => self.pages.moved_on(),
                }
                match agent {
                    AgentEvent::Nested(inner) => self.below(*id, inner, shared),
                    AgentEvent::RoundEnded { .. } => self.cut_below(*id, event.at),
                    _ => {}
                }
                self.agent_event(*id, agent, event.at, shared);
            }
        }
    }

    /// Takes in an answer of the world. An answer nobody waits for changes nothing.
    pub fn done(&mut self, ticket: Ticket, done: Done) -> Effects {
        if ticket.0 < self.tickets.base || self.tickets.next < ticket.0 {
            self.done_inside(ticket, &done);
            return Effects::none();
        }
        match done {
            Done::Woke => {
                if self
                    .flash
                    .as_ref()
                    .is_some_and(|(known, _)| *known == ticket)
                {
                    self.flash = None;
                }
            }
            Done::Highlighted(lines) => {
                let target = self.tickets.jobs.remove(&ticket);
                if let Some((flow, block)) = target.and_then(|target| self.target(target)) {
                    flow.edit(block, |block| block.highlighted(lines));
                }
            }
            Done::Discovered(_)
            | Done::Health(_)
            | Done::Sessions(_)
            | Done::Opened(_)
            | Done::Captured(_)
            | Done::Edited(_)
            | Done::LaunchFailed(_)
            | Done::Room(_)
            | Done::Left(_) => {}
        }
        Effects::none()
    }

    /// The column and block that a highlighting answer is for, if still there.
    fn target(&mut self, target: Target) -> Option<(&mut Flow, u64)> {
        match target {
            Target::Pane(id, block) => Some((&mut self.transcript(id)?.flow, block)),
            Target::Page(page, block) => Some((self.pages.flow_mut(page), block)),
            Target::Earlier(index, page, block) => match &mut self.earlier {
                Some((shown, pages)) if *shown == index => Some((pages.flow_mut(page), block)),
                Some(_) | None => None,
            },
        }
    }

    /// Shows a short remark for a while.
    pub(super) fn flash(&mut self, text: String) -> Effects {
        let ticket = self.tickets.take();
        self.flash = Some((ticket, text));
        Effects::one(Effect::Wake {
            ticket,
            after: FLASH,
        })
    }

    fn run_event(&mut self, event: &RunEvent, shared: &Shared) {
        match event {
            RunEvent::Started(_) => {
                let turn = shared.run.turn.as_ref();
                // A turn that goes on keeps its panes.
                if self.panes.is_empty() || turn.is_none_or(|turn| turn.pauses.is_empty()) {
                    self.start(shared);
                }
            }
            RunEvent::Phase(phase) => {
                if *phase == Phase::Presenting {
                    self.turn_to_final();
                }
            }
            RunEvent::BallotsDropped(drops) => {
                for drop in drops {
                    if let Some(transcript) = self.transcript(drop.ballot.voter) {
                        transcript.dropped(drop);
                    }
                }
            }
            RunEvent::Steer { id, state, .. } => {
                let words = shared
                    .run
                    .turn
                    .as_ref()
                    .and_then(|turn| turn.steering.iter().find(|known| known.id == *id))
                    .map_or("", |known| known.text.as_str());
                self.steer(*state, words);
            }
            RunEvent::Ended(outcome) => {
                for pane in &mut self.panes {
                    pane.transcript.end();
                }
                self.pages.calls.cut(None);
                self.pages.settle(outcome);
                self.turn_to_final();
            }
            RunEvent::Team(change) => self.team(change, shared),
            // The top of the program shows notices at once; the final page keeps them.
            RunEvent::Question(_)
            | RunEvent::Decided(_)
            | RunEvent::Budget(_)
            | RunEvent::Review(_)
            | RunEvent::Notice { .. } => {}
            RunEvent::Stage(event) => {
                if let StageEvent::Over {
                    outcome: Some(outcome),
                } = event
                {
                    self.pages.settle(outcome);
                }
            }
        }
    }

    /// A turn begins: new panes, new pages.
    fn start(&mut self, shared: &Shared) {
        let agents = shared
            .run
            .turn
            .as_ref()
            .map_or(&[][..], |turn| &turn.agents);
        self.inside.clear();
        self.panes = agents
            .iter()
            .map(|agent| Pane {
                id: agent.card.id,
                transcript: Transcript::new(),
            })
            .collect();
        self.focus = self.focus.min(self.panes.len().saturating_sub(1));
        let before = std::mem::replace(&mut self.pages, Pages::new());
        self.pages.past = before.past;
        if let Some(place) = shared.run.history.len().checked_sub(1) {
            self.pages.past.keep(place, before.calls);
        }
        self.pages.moved_on();
        self.earlier = None;
        self.page = Page::Agents;
        self.by_hand.chosen = None;
        self.search = None;
        self.tickets.jobs.clear();
        self.tickets.found.clear();
    }

    /// Shows the final answer, unless the person is searching or looks at an earlier turn.
    fn turn_to_final(&mut self) {
        if self.search.is_none() && self.earlier.is_none() {
            self.page = Page::Final;
            self.by_hand.chosen = None;
        }
    }

    fn steer(&mut self, state: SteerState, words: &str) {
        match state {
            SteerState::Queued | SteerState::Seen(_) | SteerState::Withdrawn(_) => {}
            SteerState::Delivered(id) => {
                if let Some(transcript) = self.transcript(id) {
                    transcript.steered(words);
                }
            }
            SteerState::Missed(id) => {
                if let Some(transcript) = self.transcript(id) {
                    transcript.missed(words);
                }
            }
        }
    }

    fn transcript(&mut self, id: AgentId) -> Option<&mut Transcript> {
        self.panes
            .iter_mut()
            .find(|pane| pane.id == id)
            .map(|pane| &mut pane.transcript)
    }

    fn agent_event(&mut self, id: AgentId, event: &AgentEvent, at: Timestamp, shared: &Shared) {
        let Some(turn) = &shared.run.turn else {
            return;
        };
        let Some(transcript) = self.transcript(id) else {
            return;
        };
        transcript.apply(event, at, turn);
        match event {
            AgentEvent::RoundStarted { purpose, .. } => {
                if *purpose == Purpose::Present {
                    self.pages.finale.begin();
                }
            }
            AgentEvent::Delta { channel, text } => {
                if *channel == Channel::Final {
                    self.pages.finale.stream(text);
                }
            }
            AgentEvent::Tool(tool) => {
                let who = name(turn, id);
                self.pages.calls.take((id, &who), tool, at);
            }
            AgentEvent::RoundEnded { .. } => self.pages.calls.cut(Some(id)),
            AgentEvent::Published(_)
            | AgentEvent::Call(_)
            | AgentEvent::Usage(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Nested(_)
            | AgentEvent::Benched(_) => {}
        }
    }
}
