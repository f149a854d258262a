//! Permissions that a program at work asks for: judged, put before the person, recorded, the answer
//! carried back.
//!
//! The program waits for each answer; its other words go on meanwhile. They go the way of all tool calls:
//! the rules of the run, the person where those ask, a line in the record. Dropping the stream withdraws
//! what is still asked.

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::task::JoinSet;

use crate::protocol::{Deed, Failure};
use crate::provider::{Change, Custom, Permission, Permitted, Shared, StreamEvent};
use crate::tool::{
    leave::{Office, Wish, leave},
    permit::Usual,
};

type Item = Result<StreamEvent, Failure>;

/// What a program is told where nobody decides about it.
const NOBODY: &str = "Nobody can be asked here, which means no. Go on without.";

/// What the person is told where nothing of ours holds a program.
const UNHELD: &str = "Nothing of massgen-tui holds this program; its own rules do.";

/// A reply whose permissions are decided here.
struct Asking {
    stream: BoxStream<'static, Item>,
    provider: Shared,
    office: Option<Office>,
    open: JoinSet<()>,
}

/// `stream` of `provider` without its permissions: the office decides about them.
pub fn decided(
    stream: BoxStream<'static, Item>,
    provider: Shared,
    office: Option<Office>,
) -> BoxStream<'static, Item> {
    let asking = Asking {
        stream,
        provider,
        office,
        open: JoinSet::new(),
    };
    stream::unfold(asking, |mut asking| async move {
        loop {
            match asking.stream.next().await? {
                Ok(StreamEvent::Permission(permission)) => asking.ask(permission),
                item => return Some((item, asking)),
            }
        }
    })
    .boxed()
}

impl Asking {
    fn ask(&mut self, permission: Permission) {
        while self.open.try_join_next().is_some() {}
        let (provider, office) = (self.provider.clone(), self.office.clone());
        self.open.spawn(async move {
            let id = permission.id;
            let said = match office {
                Some(office) => decide(&office, permission).await,
                None => Permitted::No(NOBODY.to_owned()),
            };
            provider.permit(id, said);
        });
    }
}

/// What is said to a permission.
async fn decide(office: &Office, permission: Permission) -> Permitted {
    let asked = permission.deed.clone();
    let wish = Wish {
        tool: permission.tool,
        deed: permission.deed,
        usual: match permission.custom {
            Custom::Allowed => Usual::Allow,
            Custom::Asked => Usual::Ask(permission.why),
        },
        fixed: permission.change == Change::NotTaken,
        tier: if permission.held.is_empty() {
            "nothing"
        } else {
            "landlock"
        },
        held: match permission.held {
            held if held.is_empty() => UNHELD.to_owned(),
            held => held,
        },
    };
    match leave(office, wish).await {
        Err(why) => Permitted::No(why),
        Ok(leave) if leave.deed == asked => Permitted::Yes,
        Ok(leave) => match leave.deed {
            Deed::Command { line, .. } => Permitted::Instead(line),
            _ => Permitted::Yes,
        },
    }
}
