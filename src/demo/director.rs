//! The task that owns what is remembered of every session.
//!
//! One task, one channel: requests of all connections are answered in the order in which they come,
//! and a reply is committed before its last byte leaves, so an agent's next request always finds the
//! script moved on. Ends when the last [`Director`] handle is dropped.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use super::{
    cast::{Commit, Progress, Turn},
    offer::Offer,
    script::Scenario,
};

/// Orders waiting at most.
const QUEUE: usize = 64;

/// Agents remembered at most; beyond it everything is forgotten. Far more than any use needs.
const MEMORY: usize = 4096;

/// One agent of one session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Session, from the path.
    pub session: String,
    /// Scenario.
    pub scenario: String,
    /// Name of the agent.
    pub agent: String,
}

/// Handle to the task.
#[derive(Clone, Debug)]
pub struct Director {
    orders: mpsc::Sender<Order>,
}

/// Tells the director that a reply was sent to its end.
#[derive(Clone, Debug)]
pub struct Ledger {
    director: Director,
    part: Part,
}

enum Order {
    Play {
        part: Part,
        scenario: Arc<Scenario>,
        offer: Offer,
        answer: oneshot::Sender<Option<Turn>>,
    },
    Commit {
        part: Part,
        commit: Commit,
    },
}

impl Director {
    /// Starts the task on the current runtime.
    #[must_use]
    pub fn start() -> Self {
        let (orders, inbox) = mpsc::channel(QUEUE);
        tokio::spawn(direct(inbox));
        Self { orders }
    }

    /// The reaction to a request; `None` when the part is not in the scenario or the server stops.
    pub async fn play(&self, part: Part, scenario: Arc<Scenario>, offer: Offer) -> Option<Turn> {
        let (answer, turn) = oneshot::channel();
        let order = Order::Play {
            part,
            scenario,
            offer,
            answer,
        };
        self.orders.send(order).await.ok()?;
        turn.await.ok().flatten()
    }

    /// The ledger of one part.
    #[must_use]
    pub fn ledger(&self, part: Part) -> Ledger {
        Ledger {
            director: self.clone(),
            part,
        }
    }
}

impl Ledger {
    /// Remembers. Nothing is left to remember when the server stops meanwhile.
    pub async fn commit(&self, commit: Commit) {
        let part = self.part.clone();
        let _ = self
            .director
            .orders
            .send(Order::Commit { part, commit })
            .await;
    }
}

async fn direct(mut inbox: mpsc::Receiver<Order>) {
    let mut memory: HashMap<Part, Progress> = HashMap::new();
    while let Some(order) = inbox.recv().await {
        match order {
            Order::Play {
                part,
                scenario,
                offer,
                answer,
            } => {
                if memory.len() >= MEMORY && !memory.contains_key(&part) {
                    memory.clear();
                }
                let actor = scenario
                    .agents
                    .iter()
                    .find(|actor| actor.name == part.agent);
                let turn = actor.map(|actor| {
                    let progress = memory.entry(part).or_default();
                    progress.play(&scenario, actor, &offer)
                });
                // The client may have gone; then nobody is there to hear it.
                let _ = answer.send(turn);
            }
            Order::Commit { part, commit } => {
                if let Some(progress) = memory.get_mut(&part) {
                    progress.commit(commit);
                }
            }
        }
    }
}
