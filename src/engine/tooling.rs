//! What a seat does with the calls of a reply: the one terminal call that counts, ids for events,
//! what tools may see.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    asking::Stop,
    coordination::Report,
    results::READ_RESULT,
    seat::{Directive, Seat},
    talk::Talk,
    workflow::Terminal,
};
use crate::{
    protocol::{AgentEvent, Purpose, Setback, ToolCall, ToolEvent},
    tool::{Context, Ran},
};

impl Seat {
    /// Runs one call; `Some` when a directive ended the wait for it.
    pub(super) async fn run_tool(
        &mut self,
        talk: &mut Talk,
        call: &ToolCall,
        (round, purpose): (u32, Purpose),
    ) -> Option<Stop> {
        let started = Instant::now();
        let id = self.event_id(&call.id);
        self.tell(AgentEvent::Tool(ToolEvent::Started {
            call: id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        }))
        .await;
        self.called = self.called.saturating_add(1);
        let (ran, stop) = match self.bank.tool(self.agent, self.called).await {
            Some(refused) => (Ran::from(Err(refused)), None),
            None if call.name == READ_RESULT => {
                (Ran::from(self.read_result(&call.arguments).await), None)
            }
            None if self.asks(call) => {
                let (result, stop) = self.ask(talk, call, round).await;
                (Ran::from(result), stop)
            }
            None if self.is_outside(call) => self.reach_out((call, &id), purpose, round).await,
            None => self.perform(talk, call, round).await,
        };
        let Ran { result, note } = ran;
        if let Some(note) = note {
            let call = id.clone();
            self.tell(AgentEvent::Tool(ToolEvent::Noted { call, note }))
                .await;
        }
        self.beat();
        let ok = result.is_ok();
        let output = match result {
            Ok(text) | Err(text) => text,
        };
        let output = self.bounded(call, output).await;
        talk.result(call, &output);
        self.tell(AgentEvent::Tool(ToolEvent::Finished {
            call: id,
            ok,
            output,
            elapsed_ms: started.elapsed().as_millis() as u64,
        }))
        .await;
        stop
    }

    /// Runs a tool and listens to the driver meanwhile. A call that is cut off is dropped, and what it
    /// started ends with it.
    async fn perform(&mut self, talk: &Talk, call: &ToolCall, round: u32) -> (Ran, Option<Stop>) {
        let context = self.context(talk);
        let tools = self.tools.clone();
        let work = tools.run(&call.name, &call.arguments, context);
        tokio::pin!(work);
        let stop = loop {
            tokio::select! {
                biased;
                ran = &mut work => return (ran, None),
                directive = self.directives.recv() => match directive {
                    Some(Directive::Interrupt { round: of }) if of == round => {
                        break Stop::Interrupted;
                    }
                    Some(Directive::Finish { round: of, done }) if of == round => {
                        break Stop::Finished(done);
                    }
                    Some(_) => {}
                    None => break Stop::Closed,
                },
            }
        };
        let why = "Stopped before it was done: the round was interrupted. What it had changed by then \
                   is changed.";
        (Ran::from(Err(why.to_owned())), Some(stop))
    }

    /// An id for events: the server's, with a number when it was used before by this seat, or may
    /// have been by an earlier one.
    pub(super) fn event_id(&mut self, id: &str) -> String {
        let id = match self.sitting {
            0 => id.to_owned(),
            sitting => format!("{id}~{sitting}"),
        };
        let mut unique = id.clone();
        let mut number = 1_u32;
        while !self.told.insert(unique.clone()) {
            number += 1;
            unique = format!("{id}#{number}");
        }
        unique
    }

    pub(super) fn context(&self, talk: &Talk) -> Context {
        let answers = self.answers.borrow();
        Context {
            agent: self.agent,
            answers: talk
                .seen
                .iter()
                .filter_map(|label| answers.get(label).map(|text| (*label, Arc::clone(text))))
                .collect(),
        }
    }

    /// Chooses the one terminal call that counts (the last `new_answer`, else the last `vote`) and
    /// gives every other one its result.
    pub(super) async fn terminal(
        &mut self,
        talk: &mut Talk,
        calls: Vec<(ToolCall, Result<Terminal, String>)>,
    ) -> Option<Report> {
        let publishes = |(_, read): &(ToolCall, Result<Terminal, String>)| {
            matches!(read, Ok(Terminal::Publish { .. }))
        };
        let good = |(_, read): &(ToolCall, Result<Terminal, String>)| read.is_ok();
        let chosen = calls
            .iter()
            .rposition(publishes)
            .or_else(|| calls.iter().rposition(good));
        let mut report = None;
        let mut broken = false;
        for (index, (call, read)) in calls.into_iter().enumerate() {
            match read {
                Ok(terminal) if Some(index) == chosen => {
                    report = Some(match terminal {
                        Terminal::Publish { text } => Report::Publish {
                            text,
                            changes: self.snapshot().await,
                        },
                        Terminal::Vote { choice, reason } => Report::Vote { choice, reason },
                        Terminal::Verdict(called) => Report::Verdict {
                            accept: called.accept,
                            instructions: called.instructions,
                            agents: called.agents,
                        },
                    });
                    talk.open = Some(call);
                }
                Ok(_) => {
                    let why = "Only one of new_answer and vote counts in a reply; this call was not recorded.";
                    self.refused(talk, &call, why).await;
                }
                Err(why) => {
                    broken = true;
                    self.refused(talk, &call, &why).await;
                }
            }
        }
        report.or_else(|| {
            broken.then(|| Report::Miss {
                text: String::new(),
            })
        })
    }

    async fn refused(&self, talk: &mut Talk, call: &ToolCall, why: &str) {
        talk.result(call, why);
        let event = AgentEvent::Refused {
            act: call.name.clone(),
            reason: why.to_owned(),
            setback: Setback::Refused,
        };
        self.tell(event).await;
    }
}
