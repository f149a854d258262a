//! A seat while its agent asks: it waits for the answers and listens to the driver at the same time.

use std::fmt::Write as _;

use super::{Told, spec};
use crate::{
    engine::{
        seat::{Addition, Directive, Done, Seat},
        talk::Talk,
    },
    protocol::{AgentEvent, ToolCall},
    tool::ToolResult,
};

/// Why a wait for answers was cut off.
pub enum Stop {
    /// The person speaks, or time is up: the round goes on.
    Interrupted,
    /// The round is over.
    Finished(Done),
    /// The turn is over.
    Closed,
}

impl Seat {
    /// Performs `ask_others`.
    pub(in crate::engine) async fn ask(
        &mut self,
        talk: &Talk,
        call: &ToolCall,
        round: u32,
    ) -> (ToolResult, Option<Stop>) {
        let mut errand = match self.asking.begin(&call.arguments, &talk.seen) {
            Ok(errand) => errand,
            Err(why) => return (Err(why), None),
        };
        if !errand.waits {
            let number = self.asking.keep(errand);
            let text = format!(
                "Your question {number} is on its way. Go on; the answers follow when they come. \
                 When your round ends before, they are dropped."
            );
            return (Ok(text), None);
        }
        let stop = loop {
            tokio::select! {
                biased;
                directive = self.directives.recv() => match directive {
                    Some(Directive::Interrupt { round: of }) if of == round => {
                        break Some(Stop::Interrupted);
                    }
                    Some(Directive::Finish { round: of, done }) if of == round => {
                        break Some(Stop::Finished(done));
                    }
                    Some(_) => {}
                    None => break Some(Stop::Closed),
                },
                () = errand.ended() => break None,
            }
        };
        let told = match stop {
            None => errand.told().await,
            Some(_) => errand.cut().await,
        };
        self.tell_costs(&told).await;
        (Ok(told.text), stop)
    }

    /// True when this call is `ask_others` and the rules offer it.
    pub(in crate::engine) fn asks(&self, call: &ToolCall) -> bool {
        call.name == super::NAME && spec::spec(&self.asking.rules).is_some()
    }

    /// Puts answers that came later into what is said next.
    pub(in crate::engine) async fn late_answers(&mut self, add: &mut Addition) {
        for told in self.asking.finished().await {
            self.tell_costs(&told).await;
            let _ = write!(
                add.text,
                "\nAnswers to a question you asked before:\n{}",
                told.text
            );
        }
    }

    /// Ends the round for everyone who waits on this seat: nothing more will be told about it.
    pub(in crate::engine) async fn leave(&mut self, talk: &Talk, done: Done) {
        for told in self.asking.stop().await {
            self.tell_costs(&told).await;
        }
        self.asking.note(&talk.messages, &talk.tools);
        drop(done);
    }

    /// Tells what the asker has paid for; the bank has counted it.
    async fn tell_costs(&self, told: &Told) {
        for usage in &told.usages {
            self.outbox
                .agent(self.agent, AgentEvent::Usage(*usage))
                .await;
        }
    }
}
