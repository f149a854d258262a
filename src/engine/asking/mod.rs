//! `ask_others`: an agent asks its peers or the person while it works.
//!
//! Peers answer from a snapshot of their conversation by a call of their own model beside the one
//! that runs, which nothing disturbs; the asker pays. The person is asked at the desk. Asking never
//! waits longer than the rules say, and whoever is cut off leaves no question and no call behind.

mod errand;
mod read;
mod seat;
mod side;
mod spec;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::watch;

pub use self::{
    errand::{Errand, Told},
    seat::Stop,
    spec::{NAME, spec},
};
use super::{bank::Bank, desk::Desk, leave::Gate, ledger::Ticket};
use crate::{
    protocol::{AgentId, Label, Message, Talking, ToolSpec},
    provider,
    tool::leave::Office,
};

/// A conversation as far as it got, kept by its agent for peers who ask.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// Everything said so far, the request that is being answered included.
    pub messages: Vec<Message>,
    /// What the agent is saying right now.
    pub partial: String,
    /// Tools on offer; kept so that a question hits the provider's cache of the conversation.
    pub tools: Vec<ToolSpec>,
}

/// An agent that can be asked.
#[derive(Clone)]
pub struct Peer {
    /// Its model.
    pub provider: provider::Shared,
    /// Its conversation.
    pub transcript: watch::Receiver<Transcript>,
}

/// The agents that can be asked, kept by the driver.
pub type Peers = Arc<BTreeMap<AgentId, Peer>>;

/// What one agent needs to ask and to be asked.
pub struct Asking {
    agent: AgentId,
    rules: Talking,
    desk: Desk,
    gate: Option<Gate>,
    bank: Bank,
    peers: watch::Receiver<Peers>,
    transcript: watch::Sender<Transcript>,
    /// Questions asked in this turn.
    asked: u32,
    /// Calls of peers that it has paid for.
    calls: u32,
    /// Questions that the agent does not wait for.
    open: Vec<Errand>,
}

impl Asking {
    /// The asking side of `agent`.
    #[must_use]
    pub fn new(
        agent: AgentId,
        rules: Talking,
        (desk, gate, bank): (Desk, Option<Gate>, Bank),
        peers: watch::Receiver<Peers>,
    ) -> (Self, watch::Receiver<Transcript>) {
        let (transcript, receiver) = watch::channel(Transcript::default());
        let asking = Self {
            agent,
            rules,
            desk,
            gate,
            bank,
            peers,
            transcript,
            asked: 0,
            calls: 0,
            open: Vec::new(),
        };
        (asking, receiver)
    }

    /// Where the person is asked, and what decides for the members of a team in this seat.
    #[must_use]
    pub fn below(&self) -> (&Desk, Option<Gate>) {
        let gate = self.gate.as_ref();
        let below = gate.map(|gate| gate.below(self.agent, &self.desk));
        (&self.desk, below)
    }

    /// Who decides what a program in this seat may do; nobody inside a team that has no person.
    #[must_use]
    pub fn office(&self) -> Option<Office> {
        let gate = self.gate.as_ref()?;
        Some(gate.office(self.agent, self.desk.clone()))
    }

    /// Notes what is about to be sent, for peers who ask.
    pub fn note(&self, messages: &[Message], tools: &[ToolSpec]) {
        if self.rules.ask.agents() {
            self.transcript.send_replace(Transcript {
                messages: messages.to_vec(),
                partial: String::new(),
                tools: tools.to_vec(),
            });
        }
    }

    /// Notes what the agent is saying.
    pub fn note_partial(&self, text: &str) {
        if self.rules.ask.agents() {
            self.transcript
                .send_modify(|transcript| transcript.partial.push_str(text));
        }
    }

    /// Begins an errand.
    ///
    /// # Errors
    /// Why nothing was asked, for the model.
    pub fn begin(&mut self, arguments: &str, shown: &BTreeSet<Label>) -> Result<Errand, String> {
        let request = read::read(arguments, self.rules.ask_waits)?;
        let left = self.rules.asks_per_agent.saturating_sub(self.asked);
        let wanted = u32::try_from(request.questions.len()).unwrap_or(u32::MAX);
        if left < wanted {
            return Err(match left {
                0 => "You have asked as often as you may in this turn; decide for yourself.".into(),
                left => format!("You may ask {left} more in this turn; ask less at once."),
            });
        }
        let peers = Arc::clone(&self.peers.borrow());
        let known: Vec<AgentId> = peers.keys().copied().collect();
        let whom = read::address(&request.to, self.agent, self.rules.ask, &known, |label| {
            shown.contains(&label)
        })?;
        if !whom.agents.is_empty() && shown.is_empty() {
            return Err(
                "You have not been shown any answer yet: first answers are written independently. \
                 Publish yours; then you can ask other agents."
                    .into(),
            );
        }
        self.asked += wanted;
        let mut answerers = Vec::new();
        for (agent, label) in &whom.agents {
            let Some(peer) = peers.get(agent) else {
                continue;
            };
            self.calls += 1;
            answerers.push(side::Side::new(
                side::Payer {
                    agent: self.agent,
                    ticket: Ticket::Side(self.calls),
                    bank: self.bank.clone(),
                },
                (*agent, *label),
                &peer.transcript.borrow(),
                Arc::clone(&peer.provider),
                (&request.questions, self.rules.depth),
            ));
        }
        Ok(Errand::begin(errand::Plan {
            asker: self.agent,
            questions: request.questions,
            person: whom.person.then(|| self.desk.clone()),
            sides: answerers,
            seconds: self.rules.ask_seconds,
            waits: request.waits,
        }))
    }

    /// Keeps an errand that the agent does not wait for; returns its number.
    pub fn keep(&mut self, errand: Errand) -> u32 {
        self.open.push(errand);
        self.asked
    }

    /// Errands of this kind that are over.
    pub async fn finished(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        let mut waiting = Vec::new();
        for errand in std::mem::take(&mut self.open) {
            if errand.is_over() {
                told.push(errand.told().await);
            } else {
                waiting.push(errand);
            }
        }
        self.open = waiting;
        told
    }

    /// Ends what is still under way: the round is over.
    pub async fn stop(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        for errand in std::mem::take(&mut self.open) {
            told.push(errand.cut().await);
        }
        told
    }
}
