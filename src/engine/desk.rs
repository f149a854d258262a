//! The desk: where questions to the person wait for their answers.
//!
//! One desk per session, usable from seats and from the session itself. Asking never stops anything
//! else: every asker waits by itself, within its own bound. Each question that is asked comes to
//! exactly one end: answered, withdrawn because its asker is gone (dropping the future of
//! [`Desk::ask`] is enough), or expired. The desk knows no agent and no rule of coordination.

use std::{
    collections::BTreeMap,
    future::{Future as _, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Sleep,
};

use super::outbox::Outbox;
use crate::protocol::{
    AgentId, EventKind, Level, Question, QuestionEvent, QuestionId, QuestionKind, Reply, RunEvent,
};

/// Questions that may wait at a time; a further one is not asked.
const MOST: usize = 64;
/// Requests that may wait for the desk.
const DEPTH: usize = 64;
/// Longest patience, in seconds: a day.
const LONGEST: u64 = 24 * 60 * 60;

/// A question that has no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Who asks; `None` is the program itself.
    pub asker: Option<AgentId>,
    /// The question.
    pub text: String,
    /// What can be answered.
    pub kind: QuestionKind,
    /// Seconds to wait for the person.
    pub seconds: u64,
}

/// The asking end; clones share one desk.
#[derive(Clone, Debug)]
pub struct Desk {
    posts: mpsc::Sender<Post>,
}

#[derive(Debug)]
enum Post {
    Ask {
        draft: Draft,
        asker: oneshot::Sender<(Question, Reply)>,
    },
    Answer {
        id: QuestionId,
        reply: Reply,
    },
    Clear {
        done: oneshot::Sender<()>,
    },
}

/// A question that waits.
struct Waiting {
    question: Question,
    asker: oneshot::Sender<(Question, Reply)>,
    patience: Pin<Box<Sleep>>,
}

/// Why a question ends without an answer.
enum Ending {
    /// Its asker is gone.
    Gone,
    /// Its asker's patience is.
    Late,
}

impl Desk {
    /// Asks the person and waits for the answer; `None` when there was none within the draft's
    /// seconds, or when too many questions wait already. Dropping the future withdraws the question.
    pub async fn ask(&self, draft: Draft) -> Option<(Question, Reply)> {
        let (asker, answer) = oneshot::channel();
        self.posts.send(Post::Ask { draft, asker }).await.ok()?;
        answer.await.ok()
    }

    /// Passes on what the person says. A question that does not wait any more, or a reply that does
    /// not fit, is told with a notice.
    pub async fn answer(&self, id: QuestionId, reply: Reply) {
        let _ = self.posts.send(Post::Answer { id, reply }).await;
    }

    /// Withdraws every question that waits: a turn is over. Returns when that has been told.
    pub async fn clear(&self) {
        let (done, cleared) = oneshot::channel();
        if self.posts.send(Post::Clear { done }).await.is_ok() {
            let _ = cleared.await;
        }
    }
}

/// Starts the desk; it ends when every [`Desk`] is dropped. Questions are numbered after `last`, which
/// is 0 for a new session.
#[must_use]
pub fn start(outbox: Outbox, last: QuestionId) -> Desk {
    let (posts, receiver) = mpsc::channel(DEPTH);
    let clerk = Clerk {
        outbox,
        waiting: BTreeMap::new(),
        last: last.0,
    };
    tokio::spawn(clerk.run(receiver));
    Desk { posts }
}

struct Clerk {
    outbox: Outbox,
    waiting: BTreeMap<QuestionId, Waiting>,
    last: u32,
}

impl Clerk {
    async fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        loop {
            tokio::select! {
                biased;
                post = posts.recv() => match post {
                    Some(post) => self.take(post).await,
                    None => break,
                },
                (id, ending) = ending(&mut self.waiting) => self.end(id, ending).await,
            }
        }
        self.clear().await;
    }

    async fn take(&mut self, post: Post) {
        match post {
            Post::Ask { draft, asker } => self.ask(draft, asker).await,
            Post::Answer { id, reply } => self.answer(id, reply).await,
            Post::Clear { done } => {
                self.clear().await;
                drop(done);
            }
        }
    }

    async fn ask(&mut self, draft: Draft, asker: oneshot::Sender<(Question, Reply)>) {
        if self.waiting.len() >= MOST {
            return;
        }
        self.last += 1;
        let seconds = draft.seconds.min(LONGEST);
        let question = Question {
            id: QuestionId(self.last),
            asker: draft.asker,
            text: draft.text,
            kind: draft.kind,
            seconds,
        };
        self.tell(QuestionEvent::Asked(question.clone())).await;
        let waiting = Waiting {
            question,
            asker,
            patience: Box::pin(tokio::time::sleep(Duration::from_secs(seconds))),
        };
        self.waiting.insert(QuestionId(self.last), waiting);
    }

    async fn answer(&mut self, id: QuestionId, reply: Reply) {
        let objection = match self.waiting.get(&id) {
            None => Some(format!("{id} is not waiting for an answer.")),
            Some(waiting) if waiting.asker.is_closed() => {
                return self.end(id, Ending::Gone).await;
            }
            Some(waiting) => waiting.question.objection(&reply),
        };
        if let Some(text) = objection {
            let level = Level::Warning;
            let notice = RunEvent::Notice { level, text };
            return self.outbox.emit(EventKind::Run(notice)).await;
        }
        if let Some(waiting) = self.waiting.remove(&id) {
            self.tell(QuestionEvent::Answered {
                id,
                reply: reply.clone(),
            })
            .await;
            let _ = waiting.asker.send((waiting.question, reply));
        }
    }

    async fn end(&mut self, id: QuestionId, ending: Ending) {
        if self.waiting.remove(&id).is_some() {
            self.tell(match ending {
                Ending::Gone => QuestionEvent::Withdrawn { id },
                Ending::Late => QuestionEvent::Expired { id },
            })
            .await;
        }
    }

    async fn clear(&mut self) {
        while let Some(id) = self.waiting.keys().next().copied() {
            self.end(id, Ending::Gone).await;
        }
    }

    async fn tell(&self, event: QuestionEvent) {
        self.outbox
            .emit(EventKind::Run(RunEvent::Question(event)))
            .await;
    }
}

/// The next question that ends without an answer.
async fn ending(waiting: &mut BTreeMap<QuestionId, Waiting>) -> (QuestionId, Ending) {
    poll_fn(|context| {
        for (id, waiting) in waiting.iter_mut() {
            if waiting.asker.poll_closed(context).is_ready() {
                return Poll::Ready((*id, Ending::Gone));
            }
            if waiting.patience.as_mut().poll(context).is_ready() {
                return Poll::Ready((*id, Ending::Late));
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests;
