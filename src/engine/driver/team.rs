//! Seats that come and go, and the clock that listens for silence.
//!
//! A change is prepared here (which model, which number), decided by coordination, and performed when
//! its event is told: so a change that was declined has no effect.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{DIRECTIVES, Driver};
use crate::{
    engine::{
        Member,
        asking::{Asking, Peer},
        coordination::{Change, Input, Timer},
        names,
        nested::Place,
        public_name,
        seat::{Addressed, Directive, Seat},
    },
    protocol::{AgentId, TeamCommand, TeamEvent},
};

/// Where agents are reached.
pub(super) struct Seating {
    chairs: BTreeMap<AgentId, Chair>,
    reports: mpsc::Sender<Addressed>,
}

/// One seat from outside.
struct Chair {
    directives: mpsc::Sender<Directive>,
    /// When its model was last heard.
    heard: watch::Receiver<Instant>,
}

impl Seating {
    /// No seats yet.
    pub(super) const fn new(reports: mpsc::Sender<Addressed>) -> Self {
        Self {
            chairs: BTreeMap::new(),
            reports,
        }
    }

    /// The way to a seat.
    pub(super) fn get(&self, agent: AgentId) -> Option<&mpsc::Sender<Directive>> {
        self.chairs.get(&agent).map(|chair| &chair.directives)
    }

    /// Forgets a seat, which ends it.
    pub(super) fn remove(&mut self, agent: AgentId) {
        self.chairs.remove(&agent);
    }

    /// Ends all seats.
    pub(super) fn clear(&mut self) {
        self.chairs.clear();
    }
}

impl Driver<'_> {
    /// Seats a member; whoever sat there leaves.
    pub(super) fn seat(&mut self, member: &Member) {
        let agent = member.card.id;
        let own = member.provider.seated();
        let provider = own.unwrap_or_else(|| Arc::clone(&member.provider));
        let (asking, transcript) = Asking::new(
            agent,
            self.ways.talking.clone(),
            (
                self.ways.desk.clone(),
                self.ways.gate.clone(),
                self.bank.clone(),
            ),
            self.crew.peers.subscribe(),
        );
        let peer = Peer {
            provider: Arc::clone(&provider),
            transcript,
        };
        self.crew.peers.send_modify(|peers| {
            Arc::make_mut(peers).insert(agent, peer);
        });
        let (directives, receiver) = mpsc::channel(DIRECTIVES);
        let (pulse, heard) = watch::channel(Instant::now());
        let seat = Seat {
            agent,
            sitting: self.roster.sit(agent),
            provider,
            tools: self.toolbox(agent).with_outside(member.tools.clone()),
            outbox: self.ways.outbox.clone(),
            reports: self.seating.reports.clone(),
            directives: receiver,
            answers: self.answers.subscribe(),
            told: std::collections::BTreeSet::new(),
            bank: self.bank.clone(),
            called: 0,
            asking,
            place: Place {
                task: Arc::from(self.task.prompt.as_str()),
                depth: self.coordination.limits().depth,
                due: None,
            },
            pulse,
            premises: self.ways.grounds.clone(),
        };
        self.crew.seat(agent, seat);
        let chair = Chair { directives, heard };
        self.seating.chairs.insert(agent, chair);
    }

    /// How long this agent is waited for at most: until its round, the phase or the turn is over.
    pub(super) fn patience(&self, agent: AgentId) -> Option<Instant> {
        let mine = self.timers.iter().filter(|(timer, _)| match timer {
            Timer::Turn | Timer::Phase => true,
            Timer::Round { agent: of, .. } => *of == agent,
            Timer::Silence { .. } | Timer::Stall { .. } | Timer::Pause(_) => false,
        });
        mine.map(|(_, due)| *due).min()
    }

    /// A change that the person asks for.
    pub(super) fn prepare(&mut self, command: TeamCommand) -> Input {
        let prepared = match &command {
            TeamCommand::Add { like, model } => {
                self.roster
                    .another(*like, model.as_deref())
                    .map(|card| Change::Add {
                        card,
                        like: *like,
                        why: String::new(),
                    })
            }
            TeamCommand::Replace { id, model } => {
                self.roster.exchange(*id, model).map(Change::Replace)
            }
            TeamCommand::Retire(id) => Ok(Change::Retire(*id)),
            TeamCommand::Pause(id) => Ok(Change::Pause(*id)),
            TeamCommand::Resume(id) => Ok(Change::Resume(*id)),
            TeamCommand::Retry(id) => {
                self.reseat(*id);
                Ok(Change::Retry(*id))
            }
            TeamCommand::Hide(hiding) => Ok(Change::Hide(*hiding)),
        };
        Input::Team(prepared.unwrap_or_else(|reason| Change::Unavailable {
            change: command,
            reason,
        }))
    }

    /// An agent that the rules ask for: like the one they name, else like the one proposed.
    pub(super) fn recruit(&mut self, proposed: AgentId, why: String) -> Input {
        let like = self
            .coordination
            .rules()
            .scaling
            .add_like
            .as_deref()
            .and_then(|name| self.roster.named(name))
            .map_or(proposed, |member| member.card.id);
        Input::Team(match self.roster.another(like, None) {
            Ok(card) => Change::Add { card, like, why },
            Err(reason) => Change::Unavailable {
                change: TeamCommand::Add { like, model: None },
                reason,
            },
        })
    }

    /// Performs a change that was decided.
    pub(super) fn changed(&mut self, event: &TeamEvent) {
        if let TeamEvent::Hidden(_) = event {
            self.task.names = names(self.roster, self.coordination.rules());
        }
        if let Some(member) = self.roster.note(event) {
            if !self.coordination.rules().seeing.hide_identities {
                let name = public_name(&member.card);
                self.task.names.insert(member.card.id, name);
            }
            self.crew.dismiss(member.card.id);
            self.seat(&member);
        }
    }

    /// A seat that a defect has ended is set up again for another chance.
    fn reseat(&mut self, id: AgentId) {
        let gone = self.seating.get(id).is_none_or(mpsc::Sender::is_closed);
        if let Some(member) = self.roster.find(id).filter(|_| gone).cloned() {
            self.crew.dismiss(id);
            self.seat(&member);
        }
    }

    /// A timer is due. One that listens for silence starts again when something was heard meanwhile.
    pub(super) fn due(&mut self, timer: Timer) -> Option<Input> {
        self.timers.remove(&timer);
        if let Timer::Stall { agent, .. } = timer
            && let Some(seconds) = self.coordination.rules().scaling.stall_seconds
            && let Some(chair) = self.seating.chairs.get(&agent)
        {
            let silent = *chair.heard.borrow() + Duration::from_secs(seconds.max(1));
            if silent > Instant::now() {
                self.timers.insert(timer, silent);
                return None;
            }
        }
        Some(Input::Elapsed(timer))
    }
}
