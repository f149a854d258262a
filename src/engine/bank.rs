//! The ledger as a task: seats ask before each model call and settle after it.
//!
//! A call that could fit once others are settled waits here; every running call ends, so every wait
//! does. A refusal is told before its agent hears of it. Without limits nobody is asked: calls are
//! only counted.

use tokio::sync::{mpsc, oneshot};

use super::{
    ledger::{Answer, Ledger, Tier, Wish},
    outbox::Outbox,
};
use crate::{
    protocol::{
        AgentId, BudgetEvent, BudgetScope, EventKind, Phase, Purpose, RunEvent, Share, Usage,
    },
    provider::Price,
};

/// Orders that may wait.
const ORDERS: usize = 64;

/// What the bank is told.
enum Order {
    Phase(Phase),
    Begin(AgentId, u32, Purpose),
    Reserve {
        agent: AgentId,
        prompt: u64,
        price: Option<Price>,
        answer: oneshot::Sender<Granted>,
    },
    Settle(AgentId, Option<Usage>),
    Charge(AgentId, Usage),
    Tool(AgentId, u32, oneshot::Sender<Option<String>>),
    Shares(oneshot::Sender<Vec<Share>>),
}

/// The longest reply in tokens (`None`: nobody limits it), or whose budget refuses the call.
pub type Granted = Result<Option<u64>, BudgetScope>;

/// A way to the bank.
#[derive(Clone, Debug)]
pub struct Bank {
    orders: mpsc::Sender<Order>,
    /// Nothing is limited: no call waits for an answer.
    open: bool,
}

/// Opens the bank; it closes when the last way to it is dropped.
#[must_use]
pub fn open(ledger: Ledger, outbox: Outbox) -> Bank {
    let (orders, receiver) = mpsc::channel(ORDERS);
    let bank = Bank {
        orders,
        open: ledger.is_open(),
    };
    tokio::spawn(
        Teller {
            ledger,
            outbox,
            phase: Phase::Work,
            purposes: Vec::new(),
            waiting: Vec::new(),
        }
        .serve(receiver),
    );
    bank
}

impl Bank {
    /// The turn moved on.
    pub async fn phase(&self, phase: Phase) {
        let _ = self.orders.send(Order::Phase(phase)).await;
    }

    /// A round begins.
    pub async fn begin(&self, agent: AgentId, round: u32, purpose: Purpose) {
        let _ = self.orders.send(Order::Begin(agent, round, purpose)).await;
    }

    /// Asks for a call; the answer may have to wait for other calls to end.
    pub async fn reserve(
        &self,
        agent: AgentId,
        prompt: u64,
        price: Option<Price>,
    ) -> Option<oneshot::Receiver<Granted>> {
        if self.open {
            return None;
        }
        let (answer, granted) = oneshot::channel();
        let order = Order::Reserve {
            agent,
            prompt,
            price,
            answer,
        };
        let _ = self.orders.send(order).await;
        Some(granted)
    }

    /// A call is over; `None` when it never reached the model.
    pub async fn settle(&self, agent: AgentId, usage: Option<Usage>) {
        let _ = self.orders.send(Order::Settle(agent, usage)).await;
    }

    /// Counts a call that was made on behalf of an agent, beside its own.
    pub async fn charge(&self, agent: AgentId, usage: Usage) {
        let _ = self.orders.send(Order::Charge(agent, usage)).await;
    }

    /// Counts a tool call, the `number`th of its round; `Some` says why it must not run.
    pub async fn tool(&self, agent: AgentId, number: u32) -> Option<String> {
        let (answer, refused) = oneshot::channel();
        let _ = self.orders.send(Order::Tool(agent, number, answer)).await;
        refused.await.ok().flatten()
    }

    /// Where everything went so far.
    pub async fn shares(&self) -> Vec<Share> {
        let (answer, shares) = oneshot::channel();
        let _ = self.orders.send(Order::Shares(answer)).await;
        shares.await.unwrap_or_default()
    }
}

/// Serves one order after the other.
struct Teller {
    ledger: Ledger,
    outbox: Outbox,
    phase: Phase,
    /// What the latest round of each agent is for.
    purposes: Vec<(AgentId, Purpose)>,
    waiting: Vec<(Wish, oneshot::Sender<Granted>)>,
}

impl Teller {
    async fn serve(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Phase(phase) => self.phase = phase,
                Order::Begin(agent, round, purpose) => {
                    self.purposes.retain(|(id, _)| *id != agent);
                    self.purposes.push((agent, purpose));
                    self.ledger.begin(agent, round, purpose, self.phase);
                }
                Order::Reserve {
                    agent,
                    prompt,
                    price,
                    answer,
                } => {
                    let known = self.purposes.iter().find(|(id, _)| *id == agent);
                    let purpose = known.map_or(Purpose::Work, |(_, purpose)| *purpose);
                    let wish = Wish {
                        agent,
                        tier: Tier::of(purpose, self.phase),
                        prompt,
                        price,
                    };
                    self.decide(wish, answer).await;
                }
                Order::Settle(agent, usage) => {
                    self.ledger.settle(agent, usage);
                    for (wish, answer) in std::mem::take(&mut self.waiting) {
                        self.decide(wish, answer).await;
                    }
                }
                Order::Charge(agent, usage) => self.ledger.charge(agent, usage),
                Order::Tool(agent, number, answer) => {
                    let _ = answer.send(self.ledger.tool(agent, number));
                }
                Order::Shares(answer) => {
                    let _ = answer.send(self.ledger.shares());
                }
            }
        }
    }

    async fn decide(&mut self, wish: Wish, answer: oneshot::Sender<Granted>) {
        // Nobody waits for it any more.
        if answer.is_closed() {
            return;
        }
        let granted = match self.ledger.reserve(wish) {
            Answer::Later => {
                self.waiting.push((wish, answer));
                return;
            }
            Answer::Granted(reply) => Ok(reply),
            Answer::Refused(refused) => {
                let event = BudgetEvent::Refused(refused);
                self.outbox
                    .emit(EventKind::Run(RunEvent::Budget(event)))
                    .await;
                Err(refused.scope)
            }
        };
        let left = granted.is_ok();
        if answer.send(granted).is_err() && left {
            self.ledger.settle(wish.agent, None);
        }
    }
}
