//! The ledger as a task: seats ask before each model call and settle after it.
//!
//! A call that could fit once others are settled waits here; every running call ends, so every wait
//! does. A refusal is told before its agent hears of it; one of a peer's answer is told to the asker
//! alone, whose work goes on. Without limits nobody is asked: calls are only counted.

use tokio::sync::{mpsc, oneshot};

use super::{
    ledger::{Allotment, Answer, Ledger, Ticket, Tier, Wish},
    outbox::Outbox,
};
use crate::{
    protocol::{
        AgentId, BudgetEvent, BudgetScope, EventKind, Phase, Purpose, Refused, RunEvent, Share,
        Usage,
    },
    provider::{Allowance, Price},
};

/// Orders that may wait.
const ORDERS: usize = 64;

/// What the bank is told.
enum Order {
    Phase(Phase),
    Begin(AgentId, u32, Purpose),
    Reserve {
        agent: AgentId,
        ticket: Ticket,
        prompt: u64,
        price: Option<Price>,
        asker: Asker,
    },
    Settle(AgentId, Ticket, Option<Usage>),
    Draw(AgentId, Usage),
    ToolBelow(AgentId),
    Tool(AgentId, u32, oneshot::Sender<Option<String>>),
    Shares(oneshot::Sender<Vec<Share>>),
}

/// The longest reply in tokens (`None`: nobody limits it), or whose budget refuses the call.
pub type Granted = Result<Option<u64>, BudgetScope>;

/// What a team in the place of an agent may use, or whose budget refuses it.
pub type Allotted = Result<Allowance, BudgetScope>;

/// Who waits for the answer to a reservation.
enum Asker {
    Call(oneshot::Sender<Granted>),
    Team(oneshot::Sender<Allotted>),
}

impl Asker {
    fn is_gone(&self) -> bool {
        match self {
            Self::Call(answer) => answer.is_closed(),
            Self::Team(answer) => answer.is_closed(),
        }
    }
}

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
        (agent, ticket): (AgentId, Ticket),
        prompt: u64,
        price: Option<Price>,
    ) -> Option<oneshot::Receiver<Granted>> {
        if self.open {
            return None;
        }
        let (answer, granted) = oneshot::channel();
        let order = Order::Reserve {
            agent,
            ticket,
            prompt,
            price,
            asker: Asker::Call(answer),
        };
        let _ = self.orders.send(order).await;
        Some(granted)
    }

    /// Asks what a whole team in the place of an agent may use; the answer may have to wait.
    pub async fn allot(
        &self,
        agent: AgentId,
        prompt: u64,
        price: Option<Price>,
    ) -> Option<oneshot::Receiver<Allotted>> {
        if self.open {
            return None;
        }
        let (answer, granted) = oneshot::channel();
        let order = Order::Reserve {
            agent,
            ticket: Ticket::Own,
            prompt,
            price,
            asker: Asker::Team(answer),
        };
        let _ = self.orders.send(order).await;
        Some(granted)
    }

    /// A call inside a team was paid for, out of what the team may use.
    pub async fn draw(&self, agent: AgentId, usage: Usage) {
        let _ = self.orders.send(Order::Draw(agent, usage)).await;
    }

    /// Counts a tool call inside a team.
    pub async fn tool_below(&self, agent: AgentId) {
        let _ = self.orders.send(Order::ToolBelow(agent)).await;
    }

    /// A call is over; `None` when it never reached the model.
    pub async fn settle(&self, agent: AgentId, ticket: Ticket, usage: Option<Usage>) {
        let order = Order::Settle(agent, ticket, usage);
        let _ = self.orders.send(order).await;
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
    waiting: Vec<(Wish, Asker)>,
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
                    ticket,
                    prompt,
                    price,
                    asker,
                } => {
                    let known = self.purposes.iter().find(|(id, _)| *id == agent);
                    let purpose = known.map_or(Purpose::Work, |(_, purpose)| *purpose);
                    let wish = Wish {
                        agent,
                        ticket,
                        tier: Tier::of(purpose, self.phase),
                        prompt,
                        price,
                    };
                    self.decide(wish, asker).await;
                }
                Order::Settle(agent, ticket, usage) => {
                    self.ledger.settle(agent, ticket, usage);
                    for (wish, asker) in std::mem::take(&mut self.waiting) {
                        self.decide(wish, asker).await;
                    }
                }
                Order::Draw(agent, usage) => self.ledger.draw(agent, usage),
                Order::ToolBelow(agent) => self.ledger.tool_below(agent),
                Order::Tool(agent, number, answer) => {
                    let _ = answer.send(self.ledger.tool(agent, number));
                }
                Order::Shares(answer) => {
                    let _ = answer.send(self.ledger.shares());
                }
            }
        }
    }

    async fn decide(&mut self, wish: Wish, asker: Asker) {
        // Nobody waits for it any more.
        if asker.is_gone() {
            return;
        }
        let unheard = match asker {
            Asker::Call(answer) => match self.ledger.reserve(wish) {
                Answer::Later => return self.waiting.push((wish, Asker::Call(answer))),
                Answer::Granted(reply) => answer.send(Ok(reply)).is_err(),
                Answer::Refused(refused) => {
                    let scope = self.refuse(wish.ticket, refused).await;
                    let _ = answer.send(Err(scope));
                    false
                }
            },
            Asker::Team(answer) => match self.ledger.allot(wish) {
                Allotment::Later => return self.waiting.push((wish, Asker::Team(answer))),
                Allotment::Granted(allowance) => answer.send(Ok(allowance)).is_err(),
                Allotment::Refused(refused) => {
                    let scope = self.refuse(wish.ticket, refused).await;
                    let _ = answer.send(Err(scope));
                    false
                }
            },
        };
        if unheard {
            self.ledger.settle(wish.agent, wish.ticket, None);
        }
    }

    /// Tells a refusal, before its agent hears of it. One of a peer's answer ends nothing: the asker
    /// alone is told.
    async fn refuse(&self, ticket: Ticket, refused: Refused) -> BudgetScope {
        if ticket == Ticket::Own {
            let event = BudgetEvent::Refused(refused);
            self.outbox
                .emit(EventKind::Run(RunEvent::Budget(event)))
                .await;
        }
        refused.scope
    }
}
