//! Permissions that a program at work asks for: put before the person, the answer carried back.
//!
//! The program waits for each answer; its other words go on meanwhile. Nobody there, no answer in time or
//! a skipped question refuse. Dropping the stream withdraws what is still asked.

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::task::JoinSet;

use super::desk::{Desk, Draft};
use crate::protocol::{AgentId, Failure, QuestionKind, Reply};
use crate::provider::{Permission, Shared, StreamEvent};

type Item = Result<StreamEvent, Failure>;

/// A reply whose permissions go to the person.
struct Permitted {
    stream: BoxStream<'static, Item>,
    provider: Shared,
    agent: AgentId,
    desk: Desk,
    seconds: u64,
    open: JoinSet<()>,
}

/// `stream` of `provider` without its permissions: they wait `seconds` at the desk for the person.
pub fn through_the_desk(
    stream: BoxStream<'static, Item>,
    provider: Shared,
    (agent, desk, seconds): (AgentId, Desk, u64),
) -> BoxStream<'static, Item> {
    let permitted = Permitted {
        stream,
        provider,
        agent,
        desk,
        seconds,
        open: JoinSet::new(),
    };
    stream::unfold(permitted, |mut permitted| async move {
        loop {
            match permitted.stream.next().await? {
                Ok(StreamEvent::Permission(permission)) => permitted.ask(permission),
                item => return Some((item, permitted)),
            }
        }
    })
    .boxed()
}

impl Permitted {
    fn ask(&mut self, permission: Permission) {
        while self.open.try_join_next().is_some() {}
        let Permission { id, text, options } = permission;
        let draft = Draft {
            asker: Some(self.agent),
            text,
            kind: QuestionKind::Question { options },
            seconds: self.seconds,
        };
        let (desk, provider) = (self.desk.clone(), self.provider.clone());
        self.open.spawn(async move {
            let option = match desk.ask(draft).await {
                Some((_, Reply::Option(number))) => (number as usize).checked_sub(1),
                // Words are no permission.
                Some(_) | None => None,
            };
            provider.permit(id, option);
        });
    }
}
