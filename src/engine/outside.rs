//! The tools of servers, as a seat sees them: offered before each call of its model, run with the
//! person's leave, their progress told.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    asking::Stop,
    notice_of,
    reply::Reply,
    roster::Roster,
    seat::{Called, Directive, Seat},
    talk::Talk,
};
use crate::{
    protocol::{
        AgentEvent, Failure, FailureKind, Level, Purpose, ToolCall, ToolChoice, ToolEvent, ToolNote,
    },
    provider::Request,
    tool::{
        Ran,
        outside::{OutsideCall, Stage},
    },
};

/// Signs of progress that wait to be told.
const SIGNS: usize = 16;
/// Least time between two that are told: more is noise in a log.
const PACE: Duration = Duration::from_millis(500);
/// Signs of one call that are told.
const MOST: u32 = 400;

/// What an agent is at when it is asked for this; `None`: it works without tools of servers.
const fn stage(purpose: Purpose) -> Option<Stage> {
    match purpose {
        Purpose::Work | Purpose::Revote | Purpose::VoteOnly => Some(Stage::Working),
        Purpose::Present => Some(Stage::Presenting),
        Purpose::Weigh | Purpose::Judge | Purpose::Verify => None,
    }
}

/// Ends the servers of every agent: the session is over.
pub(super) async fn close(roster: &Roster) {
    let team = roster.team().iter();
    let tools = team.filter_map(|member| member.tools.as_ref());
    join_all(tools.map(|tools| tools.close())).await;
}

impl Seat {
    /// Offers the tools of servers with the next call. `Some` when the call is not made: a directive
    /// came while servers were starting, or one that is required is not there.
    pub(super) async fn offer_outside(
        &mut self,
        round: u32,
        purpose: Purpose,
        talk: &mut Talk,
    ) -> Option<Called> {
        let outside = Arc::clone(self.tools.outside()?);
        stage(purpose)?;
        let nothing = |talk: &Talk| {
            let request = Request {
                messages: Vec::new(),
                tools: talk.tools.clone(),
                choice: talk.choice,
            };
            Reply::new(purpose, &request)
        };
        let offer = outside.offer();
        tokio::pin!(offer);
        let offer = loop {
            let directive = tokio::select! {
                biased;
                offer = &mut offer => break offer,
                directive = self.directives.recv() => directive,
            };
            match directive {
                Some(Directive::Interrupt { round: of }) if of == round => {
                    return Some(Called::Interrupted(nothing(talk)));
                }
                Some(Directive::Finish { round: of, done }) if of == round => {
                    return Some(Called::Finished(nothing(talk), done));
                }
                Some(_) => {}
                None => return Some(Called::Closed),
            }
        };
        self.beat();
        for text in &offer.news {
            self.outbox.emit(notice_of(Level::Warning, text)).await;
        }
        if let Some(why) = offer.stop {
            let failure = Failure::new(FailureKind::Local, &why)
                .hint("Mend the server, or take `required` away.");
            return Some(Called::Failed(nothing(talk), failure));
        }
        talk.tools.retain(|tool| !outside.knows(&tool.name));
        if !offer.specs.is_empty() {
            talk.tools.extend(offer.specs);
            if talk.choice == ToolChoice::None {
                talk.choice = ToolChoice::Auto;
            }
        }
        None
    }

    /// Whether a call is for a server.
    pub(super) fn is_outside(&self, call: &ToolCall) -> bool {
        let outside = self.tools.outside();
        outside.is_some_and(|outside| outside.knows(&call.name))
    }

    /// Runs a tool of a server, tells its progress, and listens to the driver meanwhile.
    pub(super) async fn reach_out(
        &mut self,
        (call, id): (&ToolCall, &str),
        purpose: Purpose,
        round: u32,
    ) -> (Ran, Option<Stop>) {
        let Some(outside) = self.tools.outside().map(Arc::clone) else {
            return (
                Ran::from(Err("This tool is not on offer.".to_owned())),
                None,
            );
        };
        let (progress, mut signs) = mpsc::channel(SIGNS);
        let work = outside.run(OutsideCall {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            office: self.asking.office(),
            stage: stage(purpose).unwrap_or(Stage::Working),
            progress,
        });
        tokio::pin!(work);
        let mut told = 0;
        let mut waiting: Option<String> = None;
        let mut next = Instant::now();
        let stop = loop {
            let due = waiting.is_some() && told < MOST;
            tokio::select! {
                biased;
                result = &mut work => return (Ran::from(result), None),
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
                Some(words) = signs.recv() => {
                    self.beat();
                    waiting = Some(words);
                }
                () = sleep_until(next), if due => {
                    if let Some(words) = waiting.take() {
                        let call = id.to_owned();
                        let note = ToolNote::Progress { words };
                        self.tell(AgentEvent::Tool(ToolEvent::Noted { call, note })).await;
                    }
                    told += 1;
                    next = Instant::now() + PACE;
                }
            }
        };
        let why = "Stopped before it was done: the round was interrupted, and the server was told. What it \
                   had done by then is done.";
        (Ran::from(Err(why.to_owned())), Some(stop))
    }
}
