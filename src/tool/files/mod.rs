//! The tools that work on files, one file each.
//!
//! Every call goes the same way: arguments, place, leave ([`super::leave`]), work on a thread that may wait,
//! a bounded result. What is wrong is a result with what to do next.

mod args;
mod change;
mod edit;
mod fetch;
mod list;
mod patch;
mod peer;
mod read;
mod run;
mod search;
mod walk;
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
    Glob,
    Search,
    WriteFile,
    EditFile,
    RunCommand,
    ReadPeer,
    WebFetch,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::ReadFile,
        Self::ListDir,
        Self::Glob,
        Self::Search,
        Self::WriteFile,
        Self::EditFile,
        Self::RunCommand,
        Self::ReadPeer,
        Self::WebFetch,
    ];

    const fn is_offered(self, permitting: &Permitting) -> bool {
        match self {
            Self::RunCommand => permitting.commands.is_yes(),
            Self::WebFetch => permitting.web_fetch.is_yes(),
            Self::ReadFile
            | Self::ListDir
            | Self::Glob
            | Self::Search
            | Self::WriteFile
            | Self::EditFile
            | Self::ReadPeer => true,
        }
    }
}

/// One tool on files.
struct FileTool {
    kind: Kind,
    crew: Arc<dyn Crew>,
    permitting: Arc<Permitting>,
}

/// The tools on files, as far as they are offered.
pub(super) fn all(crew: &Arc<dyn Crew>, permitting: &Permitting) -> Vec<Arc<dyn Tool>> {
    let shared = Arc::new(permitting.clone());
    Kind::ALL
        .into_iter()
        .filter(|kind| kind.is_offered(permitting))
        .map(|kind| {
            let tool = FileTool {
                kind,
                crew: Arc::clone(crew),
                permitting: Arc::clone(&shared),
            };
            Arc::new(tool) as Arc<dyn Tool>
        })
        .collect()
}

impl Tool for FileTool {
    fn spec(&self) -> ToolSpec {
        match self.kind {
            Kind::ReadFile => read::spec(),
            Kind::ListDir => list::spec(),
            Kind::Glob => search::glob_spec(),
            Kind::Search => search::spec(),
            Kind::WriteFile => write::spec(),
            Kind::EditFile => edit::spec(),
            Kind::RunCommand => run::spec(&self.permitting),
            Kind::ReadPeer => peer::spec(),
            Kind::WebFetch => fetch::spec(),
        }
    }

    fn run(&self, arguments: Value, context: Context) -> BoxFuture<'static, Ran> {
        let kind = self.kind;
        let permitting = Arc::clone(&self.permitting);
        let hands = self.crew.hands(context.agent);
        async move {
            let hands = match hands.await {
                Ok(hands) => hands,
                Err(why) => return Ran::from(Err(why)),
            };
            match kind {
                Kind::ReadFile => read::run(hands, arguments).await.into(),
                Kind::ListDir => list::run(hands, arguments).await.into(),
                Kind::Glob => search::glob(hands, arguments).await.into(),
                Kind::Search => search::run(hands, arguments).await.into(),
                Kind::WriteFile => write::run(hands, arguments).await,
                Kind::EditFile => edit::run(hands, arguments).await,
                Kind::RunCommand => run::run(hands, &permitting, arguments).await,
                Kind::ReadPeer => peer::run(hands, context, arguments).await.into(),
                Kind::WebFetch => fetch::run(hands, arguments).await.into(),
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
