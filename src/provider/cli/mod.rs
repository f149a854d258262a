//! Command-line agents in the place of models: Claude Code, Codex, Gemini CLI, and whatever speaks
//! the Agent Client Protocol.
//!
//! One task per agent owns its [`session`]; requests reach it in their order. Pure parts: a file per
//! program for its command line and its lines ([`claude`], [`codex`], [`gemini`], [`acp`]), [`talk`]
//! (what it does not know yet), [`mcp`] (the protocol of our tools), [`tally`] (what it used). Impure:
//! [`process`], [`tools`] (the socket), [`folder`], [`place`] (where it is started and what holds it).
//! Without folders agents read and change nothing.

mod acp;
mod claude;
mod codex;
mod control;
mod deed;
mod folder;
mod gemini;
mod heard;
mod home;
mod launch;
pub mod lines;
mod mcp;
mod place;
mod process;
mod reply;
mod session;
mod talk;
mod tally;
#[cfg(test)]
mod tests;
mod tools;

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use self::launch::Offer;
use self::session::Session;
use super::{Alone, Folders, HeldBy, Permitted, Price, Provider, Request, Shared, StreamEvent};
use crate::config::Program;
use crate::protocol::{Failure, FailureKind, ToolSpec};

/// Requests on their way to the session; there is one at a time.
const REQUESTS: usize = 4;
/// Answers to permissions on their way to the session.
const PERMITS: usize = 64;
/// Events between a program and its reader; a slow reader slows the program.
const EVENTS: usize = 64;

/// Tools of the team that every program brings itself. What only we have stays: answers of others, their
/// trees, and commands in our sandbox.
const THEIRS: [&str; 6] = [
    "read_file",
    "list_dir",
    "glob",
    "search",
    "write_file",
    "edit_file",
];

/// What a reply consists of.
type Item = Result<StreamEvent, Failure>;

/// Everything that a program is run with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program.
    pub program: Program,
    /// Command and first arguments of the tool server that passes lines to our socket.
    pub relay: Vec<String>,
    /// Tools that are listed from the beginning, since not every program notices new ones.
    pub standing: Vec<ToolSpec>,
    /// What its model costs, when that is known.
    pub price: Option<Price>,
}

/// What a session is run with.
#[derive(Clone, Debug)]
pub struct Post {
    /// The program.
    pub setup: Arc<Setup>,
    /// Where it works; without, it reads the current folder.
    pub folders: Option<Arc<Folders>>,
}

/// A program in the place of a model.
#[derive(Debug)]
pub struct CliProvider {
    setup: Arc<Setup>,
    folders: OnceLock<Arc<Folders>>,
    session: OnceLock<Desk>,
}

/// The ends that reach a session.
#[derive(Debug)]
struct Desk {
    asks: mpsc::Sender<Ask>,
    permits: mpsc::Sender<Permit>,
}

/// What was said to a permission, with its number.
type Permit = (u64, Permitted);

/// A request and who hears the reply.
#[derive(Debug)]
struct Ask {
    request: Request,
    out: mpsc::Sender<Item>,
}

impl CliProvider {
    /// A provider that starts its program at the first request.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            setup: Arc::new(setup),
            folders: OnceLock::new(),
            session: OnceLock::new(),
        }
    }

    /// What a session of it is run with.
    fn post(&self) -> Post {
        Post {
            setup: Arc::clone(&self.setup),
            folders: self.folders.get().cloned(),
        }
    }
}

impl Provider for CliProvider {
    fn stream(&self, mut request: Request) -> BoxStream<'static, Item> {
        let theirs = |tool: &ToolSpec| THEIRS.contains(&tool.name.as_str());
        request.tools.retain(|tool| !theirs(tool));
        let session = self.session.get_or_init(|| {
            let (sender, asks) = mpsc::channel(REQUESTS);
            let (permits, permitted) = mpsc::channel(PERMITS);
            let session = Session::new(self.post(), Offer::Ours, permitted);
            tokio::spawn(work(session, asks));
            Desk {
                asks: sender,
                permits,
            }
        });
        let (out, events) = mpsc::channel(EVENTS);
        if session.asks.try_send(Ask { request, out }).is_err() {
            let message = format!(
                "{} is still busy with earlier requests.",
                self.setup.program.name
            );
            return stream::once(async { Err(Failure::new(FailureKind::Local, message)) }).boxed();
        }
        replies(events)
    }

    fn aside(&self, request: Request) -> BoxStream<'static, Item> {
        // Nobody is asked on the side.
        let (_, permitted) = mpsc::channel(1);
        let mut session = Session::new(self.post(), Offer::Nothing, permitted);
        let (out, events) = mpsc::channel(EVENTS);
        tokio::spawn(async move {
            let request = Request {
                tools: Vec::new(),
                ..request
            };
            session.serve(&request, &out).await;
            session.stop().await;
        });
        replies(events)
    }

    fn permit(&self, ask: u64, said: Permitted) {
        if let Some(session) = self.session.get() {
            // A program that asks for more at once than this hears a refusal from its own patience.
            let _ = session.permits.try_send((ask, said));
        }
    }

    fn with_model(&self, model: &str) -> Option<Shared> {
        let mut setup = (*self.setup).clone();
        setup.program.model = Some(model.to_owned());
        // The price was that of the other model.
        setup.price = None;
        Some(Arc::new(Self::new(setup)))
    }

    fn seated(&self) -> Option<Shared> {
        Some(Arc::new(Self {
            setup: Arc::clone(&self.setup),
            folders: OnceLock::new(),
            session: OnceLock::new(),
        }))
    }

    fn program(&self) -> Option<Alone> {
        Some(Alone {
            name: self.setup.program.name.clone(),
            held: if place::holds_itself(&self.setup.program) {
                HeldBy::Itself
            } else {
                HeldBy::Us
            },
        })
    }

    fn place(&self, folders: Folders) {
        // Asked again, it stays where it is: its session belongs to its folder.
        let _ = self.folders.set(Arc::new(folders));
    }

    fn price(&self) -> Option<Price> {
        self.setup.price
    }
}

/// Serves requests until the provider is dropped, then ends the program.
async fn work(mut session: Session, mut asks: mpsc::Receiver<Ask>) {
    while let Some(ask) = asks.recv().await {
        session.serve(&ask.request, &ask.out).await;
    }
    session.stop().await;
}

/// The reply as a stream; dropping it cuts the program off.
fn replies(events: mpsc::Receiver<Item>) -> BoxStream<'static, Item> {
    stream::unfold(events, |mut events| async move {
        events.recv().await.map(|item| (item, events))
    })
    .boxed()
}
