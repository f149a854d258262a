//! A team in the place of an agent: a turn inside a turn.
//!
//! A nested team works once per conversation: when its agent is asked for an answer and has said
//! nothing yet. From then on its voice, one model, speaks for it in the same conversation: it votes,
//! improves, judges and presents with ordinary calls. So a vote of a team costs one call.
//!
//! The nested turn is run inside the stream of the call: dropping the stream drops the driver of the
//! nested turn and with it every seat and every running model call, at any depth. Whatever happens
//! in it goes through an outbox of its own, which masks secrets, and up as [`StreamEvent::Nested`].
//!
//! Nothing outlives what the larger team waits for: limits are the smaller of its own and of what is
//! left above (`inherit`); time is shared out so that an answer comes before the larger team's patience
//! ends, and at nine tenths of it the nested team is stopped and answers with the best it has.
//!
//! It has no desk: its agents cannot ask the person, a plan is approved without asking, and it has no
//! inbox. The person's words reach it through the conversation of its agent.
//!
//! What its members need leave for, programs and tools alike, waits at the session's desk under the
//! name of the seat, and is recorded under it with the member's name ([`Handed`]).
//!
//! Where the session works on folders, its members have worktrees and tools of their own. The files
//! that it ends with become what the seat's own worktrees hold before its answer is told, so that they
//! are the answer's.

mod around;
mod below;
mod handed;
mod inherit;
mod place;

pub use around::Around;
pub use below::Below;
pub(in crate::engine) use handed::Handed;
pub use place::Place;

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;

use super::{
    SessionSetup, desk,
    driver::Ways,
    outbox::{self, Sinks},
    roster::Roster,
    stages::run::Room,
    workflow,
};
use crate::{
    protocol::{
        Command, Failure, FailureKind, Message, NoAnswerReason, Outcome, QuestionId, Seq, ToolCall,
    },
    provider::{self, Errand, Group, Permitted, Price, Provider, Request, StopReason, StreamEvent},
    store::redact::Redactor,
};

/// Events between the nested team and its reader; a slow reader slows the team.
const DEPTH: usize = 64;

/// A team that can sit in the place of a model.
pub struct NestedTeam {
    /// Its members, limits and rules.
    pub setup: SessionSetup,
    /// Who speaks for it once it has worked.
    pub voice: provider::Shared,
    /// Masks secrets in its events.
    pub redactor: Redactor,
}

impl Provider for NestedTeam {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        self.voice.stream(request)
    }

    fn aside(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        self.voice.aside(request)
    }

    fn permit(&self, ask: u64, said: Permitted) {
        self.voice.permit(ask, said);
    }

    fn reads(&self, messages: &[Message]) -> bool {
        self.voice.reads(messages)
    }

    fn seated(&self) -> Option<provider::Shared> {
        let voice = self.voice.seated()?;
        Some(Arc::new(Self {
            setup: self.setup.clone(),
            voice,
            redactor: self.redactor.clone(),
        }))
    }

    fn program(&self) -> Option<provider::Alone> {
        self.voice.program()
    }

    fn place(&self, folders: provider::Folders) {
        self.voice.place(folders);
    }

    fn price(&self) -> Option<Price> {
        self.voice.price()
    }

    fn context(&self) -> crate::protocol::Context {
        self.voice.context()
    }

    fn compact(
        &self,
        work: provider::Compaction,
    ) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
        self.voice.compact(work)
    }

    fn group(&self) -> Option<&dyn Group> {
        Some(self)
    }
}

impl Group for NestedTeam {
    fn work(&self, errand: Errand) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        if errand.allowance.depth == 0 {
            return stream::once(async { Err(too_deep()) }).boxed();
        }
        let (items, receiver) = mpsc::channel(DEPTH);
        let setup = SessionSetup {
            limits: inherit::limits(&self.setup.limits, errand.allowance),
            rules: inherit::rules(&self.setup.rules),
            ..self.setup.clone()
        };
        let handed = Handed::of(&errand);
        let setup = match &handed {
            Some(handed) => handed.set_up(setup),
            None => setup,
        };
        let run = run((setup, handed), self.redactor.clone(), errand, items);
        let told = stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|item| (item, receiver))
        });
        // The run is polled by whoever reads, and by nobody else.
        stream::select(told, run.into_stream().filter_map(|()| async { None })).boxed()
    }

    fn prices(&self) -> Vec<Option<Price>> {
        let team = self.setup.team.iter();
        team.flat_map(|member| match member.provider.group() {
            Some(group) => group.prices(),
            None => vec![member.provider.price()],
        })
        .collect()
    }
}

type Items = mpsc::Sender<Result<StreamEvent, Failure>>;

/// Runs the nested turn and tells what it came to.
async fn run(
    (setup, handed): (SessionSetup, Option<Handed>),
    redactor: Redactor,
    errand: Errand,
    items: Items,
) {
    let (told, mut heard) = mpsc::channel(DEPTH);
    let (outbox, _) = outbox::start(
        Sinks {
            log: None,
            subscribers: vec![told],
            redactor,
            trouble: None,
            prompts: None,
        },
        Seq(0),
    );
    let (orders, mut commands) = mpsc::channel(1);
    let seconds = errand.allowance.seconds;
    let play = async {
        let ways = Ways {
            desk: desk::start(outbox.clone(), QuestionId(0)),
            outbox,
            gate: handed.as_ref().and_then(Handed::gate),
            talking: setup.rules.talking.clone(),
            around: Around::of(&errand.request),
            grounds: setup.grounds.clone(),
        };
        let mut roster = Roster::new(setup.team.clone());
        let mut room = Room {
            setup: &setup,
            roster: &mut roster,
            ways: &ways,
            history: &[],
            commands: &mut commands,
            number: &mut 0,
        };
        let (ended, _) = room.task(&errand.task).await;
        if let (Some(handed), Some(outcome)) = (&handed, &ended.outcome) {
            handed.take_up(outcome, &ways.outbox).await;
        }
        ended.outcome
    };
    let pass_on = async {
        while let Some(event) = heard.recv().await {
            let _ = items.send(Ok(StreamEvent::Nested(Box::new(event)))).await;
        }
    };
    // Never sent, the sender must still be there: without it the person would be leaving.
    let clock = async {
        if let Some(seconds) = seconds {
            tokio::time::sleep(Duration::from_secs(inherit::usable(seconds))).await;
            let _ = orders.send(Command::Stop).await;
        }
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        (outcome, ()) = async { tokio::join!(play, pass_on) } => outcome,
        () = clock => None,
    };
    for item in last_words(outcome) {
        let _ = items.send(item).await;
    }
}

/// The outcome as the reply of a model.
fn last_words(outcome: Option<Outcome>) -> Vec<Result<StreamEvent, Failure>> {
    match outcome {
        Some(Outcome::Answered { text, .. }) => vec![
            Ok(StreamEvent::ToolCall(ToolCall {
                id: "team".to_owned(),
                name: workflow::NEW_ANSWER.to_owned(),
                arguments: serde_json::json!({ "content": text }).to_string(),
            })),
            Ok(StreamEvent::Stop(StopReason::ToolUse)),
        ],
        Some(Outcome::NoAnswer { reason, message }) => vec![Err(no_answer(reason, &message))],
        None => vec![Err(no_answer(NoAnswerReason::Cancelled, ""))],
    }
}

fn no_answer(reason: NoAnswerReason, message: &str) -> Failure {
    let kind = match reason {
        NoAnswerReason::Cancelled => FailureKind::Cancelled,
        NoAnswerReason::AllFailed | NoAnswerReason::Limit => FailureKind::Team,
    };
    let words = format!("The team in this place has no answer. {message}");
    Failure::new(kind, words.trim_end())
        .hint("Open the team to see what each of its agents ran into.")
}

fn too_deep() -> Failure {
    Failure::new(
        FailureKind::Local,
        "A team inside a team is deeper than the limit `depth` allows; it was not started.",
    )
    .hint("Raise `orchestrator.limits.depth`, or put a model in its place.")
}
