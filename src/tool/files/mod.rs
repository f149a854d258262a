//! The tools that work on files, one file each.
//!
//! Every call goes the same way: arguments, place, leave ([`leave`]), work on a thread that may wait,
//! a bounded result. What is wrong is a result with what to do next.

mod args;
mod change;
mod edit;
mod leave;
mod list;
mod patch;
mod read;
mod write;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::Value;

use super::{
    Context, Ran, Tool,
    hands::{Crew, Hands},
};
use crate::protocol::{Permitting, ToolSpec};

/// Bytes of a result beyond which it is cut, with a note where the rest is.
const MOST: usize = 32 * 1024;
/// Largest file that tools read or write, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Which tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    ReadFile,
    ListDir,
    WriteFile,
    EditFile,
}

/// One tool on files.
struct FileTool {
    kind: Kind,
    crew: Arc<dyn Crew>,
}

/// The tools on files, as far as they are offered.
pub(super) fn all(crew: &Arc<dyn Crew>, _permitting: &Permitting) -> Vec<Arc<dyn Tool>> {
    [
        Kind::ReadFile,
        Kind::ListDir,
        Kind::WriteFile,
        Kind::EditFile,
    ]
    .into_iter()
    .map(|kind| {
        let crew = Arc::clone(crew);
        Arc::new(FileTool { kind, crew }) as Arc<dyn Tool>
    })
    .collect()
}

impl Tool for FileTool {
    fn spec(&self) -> ToolSpec {
        match self.kind {
            Kind::ReadFile => read::spec(),
            Kind::ListDir => list::spec(),
            Kind::WriteFile => write::spec(),
            Kind::EditFile => edit::spec(),
        }
    }

    fn run(&self, arguments: Value, context: Context) -> BoxFuture<'static, Ran> {
        let kind = self.kind;
        let hands = self.crew.hands(context.agent);
        async move {
            let hands = match hands.await {
                Ok(hands) => hands,
                Err(why) => return Ran::from(Err(why)),
            };
            match kind {
                Kind::ReadFile => read::run(hands, arguments).await.into(),
                Kind::ListDir => list::run(hands, arguments).await.into(),
                Kind::WriteFile => write::run(hands, arguments).await,
                Kind::EditFile => edit::run(hands, arguments).await,
            }
        }
        .boxed()
    }
}

/// Does work that waits for a disk on a thread of its own.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err("The tool broke off; try another way.".to_owned()),
    }
}

/// The hands of a tool call.
type Grip = Arc<Hands>;
