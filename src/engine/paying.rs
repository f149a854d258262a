//! A seat asks before it calls: what the budget lets it say, or why it says nothing.

use tokio::sync::oneshot;

use super::{
    ledger::Ticket,
    reply::Reply,
    seat::{Called, Directive, Done, Seat},
};
use crate::{
    protocol::BudgetScope,
    provider::{Request, tokens},
};

/// Why a call was not made.
pub(super) enum Denied {
    Unaffordable(BudgetScope),
    Interrupted,
    Finished(Done),
    Closed,
}

impl Denied {
    /// What the call came to: nothing was sent, so it costs nothing.
    pub(super) fn called(self, mut reply: Reply) -> Called {
        reply.fail();
        match self {
            Self::Unaffordable(scope) => Called::Unaffordable(scope),
            Self::Interrupted => Called::Interrupted(reply),
            Self::Finished(done) => Called::Finished(reply, done),
            Self::Closed => Called::Closed,
        }
    }
}

impl Seat {
    /// Asks for the call: the longest reply it may have.
    pub(super) async fn afford(
        &mut self,
        round: u32,
        request: &Request,
    ) -> Result<Option<u64>, Denied> {
        let prompt = tokens::prompt(request);
        let price = self.provider.price();
        let payer = (self.agent, Ticket::Own);
        let Some(granted) = self.bank.reserve(payer, prompt, price).await else {
            return Ok(None);
        };
        Ok(self.granted(round, granted).await?.flatten())
    }

    /// Waits for the bank; `None` when it is gone.
    pub(super) async fn granted<T>(
        &mut self,
        round: u32,
        mut granted: oneshot::Receiver<Result<T, BudgetScope>>,
    ) -> Result<Option<T>, Denied> {
        loop {
            tokio::select! {
                biased;
                directive = self.directives.recv() => match directive {
                    Some(Directive::Interrupt { round: of }) if of == round => {
                        return Err(Denied::Interrupted);
                    }
                    Some(Directive::Finish { round: of, done }) if of == round => {
                        return Err(Denied::Finished(done));
                    }
                    Some(_) => {}
                    None => return Err(Denied::Closed),
                },
                granted = &mut granted => {
                    return granted.ok().transpose().map_err(Denied::Unaffordable);
                }
            }
        }
    }
}
