//! Every question comes to exactly one end.

use tokio::sync::mpsc;

use super::*;
use crate::{
    engine::outbox::{self, Sinks},
    protocol::{Event, Seq},
    store::redact::Redactor,
};

struct Rig {
    desk: Desk,
    events: mpsc::Receiver<Event>,
}

impl Rig {
    fn new() -> Self {
        let (sender, events) = mpsc::channel(256);
        let (outbox, _) = outbox::start(
            Sinks {
                log: None,
                subscribers: vec![sender],
                redactor: Redactor::default(),
                trouble: None,
                prompts: None,
            },
            Seq::default(),
        );
        Self {
            desk: start(outbox, QuestionId::default()),
            events,
        }
    }

    fn asks(&self, text: &str, seconds: u64) -> tokio::task::JoinHandle<Option<Reply>> {
        let desk = self.desk.clone();
        let draft = Draft {
            asker: Some(AgentId(1)),
            text: text.into(),
            kind: QuestionKind::Question {
                options: vec!["yes".into(), "no".into()],
            },
            seconds,
        };
        tokio::spawn(async move { desk.ask(draft).await.map(|(_, reply)| reply) })
    }

    async fn next(&mut self) -> QuestionEvent {
        loop {
            match self.events.recv().await.expect("an event").kind {
                EventKind::Run(RunEvent::Question(event)) => return event,
                EventKind::Run(RunEvent::Notice { .. }) => {}
                other => panic!("not a question: {other:?}"),
            }
        }
    }

    async fn notice(&mut self) -> String {
        match self.events.recv().await.expect("an event").kind {
            EventKind::Run(RunEvent::Notice { text, .. }) => text,
            other => panic!("not a notice: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_question_may_be_answered_first_and_skipping_is_an_answer() {
    let mut rig = Rig::new();
    let first = rig.asks("a?", 60);
    let one = rig.next().await.id();
    let second = rig.asks("b?", 60);
    let two = rig.next().await.id();
    assert_ne!(one, two);
    rig.desk.answer(two, Reply::Option(2)).await;
    assert_eq!(second.await.unwrap(), Some(Reply::Option(2)));
    rig.desk.answer(one, Reply::Skipped).await;
    assert_eq!(first.await.unwrap(), Some(Reply::Skipped));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_does_not_fit_is_told_and_the_question_goes_on_waiting() {
    let mut rig = Rig::new();
    let asker = rig.asks("a?", 60);
    let id = rig.next().await.id();
    rig.desk.answer(id, Reply::Option(3)).await;
    assert_eq!(rig.notice().await, "q1 has options 1 to 2.");
    rig.desk.answer(id, Reply::Approved).await;
    assert_eq!(rig.notice().await, "q1 is a question, not a plan.");
    rig.desk.answer(QuestionId(9), Reply::Skipped).await;
    assert_eq!(rig.notice().await, "q9 is not waiting for an answer.");
    rig.desk.answer(id, Reply::Text("so".into())).await;
    assert_eq!(asker.await.unwrap(), Some(Reply::Text("so".into())));
}

#[tokio::test(start_paused = true)]
async fn patience_ends_and_an_asker_that_is_gone_is_withdrawn() {
    let mut rig = Rig::new();
    let late = rig.asks("a?", 30);
    let id = rig.next().await.id();
    assert_eq!(late.await.unwrap(), None);
    assert_eq!(rig.next().await, QuestionEvent::Expired { id });
    let gone = rig.asks("b?", 30);
    let id = rig.next().await.id();
    gone.abort();
    assert_eq!(rig.next().await, QuestionEvent::Withdrawn { id });
    rig.desk.answer(id, Reply::Skipped).await;
    assert_eq!(rig.notice().await, "q2 is not waiting for an answer.");
}

#[tokio::test(start_paused = true)]
async fn more_questions_than_anybody_could_answer_are_not_asked() {
    let mut rig = Rig::new();
    let mut asked = Vec::new();
    for _ in 0..MOST {
        asked.push(rig.asks("?", 60));
        rig.next().await;
    }
    assert_eq!(rig.asks("one more?", 60).await.unwrap(), None);
    rig.desk.clear().await;
    for asker in asked {
        assert_eq!(asker.await.unwrap(), None);
    }
}
