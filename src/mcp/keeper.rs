//! Who holds one connection: starts it when it is first wanted, lists anew when the server says so,
//! starts it again when it died, ends it when nobody wants it.
//!
//! A task of its own per connection; askers wait for its answers. Starting again is bounded in number,
//! and a server that never came is not tried again for every call of a model.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{OnceCell, mpsc, oneshot, watch},
    time::{sleep, timeout},
};

use super::{
    define::Definition,
    link::{Caller, Link},
};
use crate::{
    config::{ToolServer, servers::Patience},
    logging::{Area, Level, tell},
};

/// Requests that wait.
const POSTS: usize = 64;
/// Times a server that died is started again.
const RESTARTS: u32 = 5;
/// Times its tools are listed anew because it says so.
const RELISTS: u32 = 64;
/// Pause before they are listed anew: a server that changes all at once says so often.
const SETTLING: Duration = Duration::from_millis(200);
/// How often it is looked whether the server is still there.
const WATCH: Duration = Duration::from_secs(2);
/// Longest wait for a connection to end.
const ENDING: Duration = Duration::from_secs(10);

/// How a server is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum State {
    /// Nobody has wanted it yet.
    #[default]
    Idle,
    /// It is being started.
    Starting,
    /// It answers, and has this many tools.
    Up(usize),
    /// It ended, and will be started when a tool of it is called.
    Ended(String),
    /// It could not be used.
    Failed(String),
}

/// A connection that was reached.
#[derive(Clone)]
pub struct Live {
    /// Its number: higher after each start.
    pub number: u32,
    /// The way to call it.
    pub caller: Caller,
}

enum Post {
    /// A connection with a higher number than this.
    Reach {
        past: u32,
        reply: oneshot::Sender<Result<Live, String>>,
    },
    End(oneshot::Sender<()>),
}

/// How a connection is made; another in tests.
pub type Opening = Arc<dyn Fn() -> BoxFuture<'static, Result<Link, String>> + Send + Sync>;

/// The handle of one connection; clones share it.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

/// What a connection is held by.
pub struct Inner {
    opening: Opening,
    patience: Patience,
    posts: OnceCell<mpsc::Sender<Post>>,
    state: watch::Sender<State>,
    tools: watch::Sender<Arc<Vec<Definition>>>,
}

impl Keeper {
    /// A connection that is not made yet.
    #[must_use]
    pub fn new(server: &ToolServer) -> Self {
        let (reached, patience) = (server.reached.clone(), server.patience);
        let opening = move || {
            let reached = reached.clone();
            async move { Link::open(&reached, &patience).await }.boxed()
        };
        Self::with(Arc::new(opening), patience)
    }

    pub(super) fn with(opening: Opening, patience: Patience) -> Self {
        Self(Arc::new(Inner {
            opening,
            patience,
            posts: OnceCell::new(),
            state: watch::channel(State::Idle).0,
            tools: watch::channel(Arc::default()).0,
        }))
    }

    /// A handle that holds nothing.
    pub(super) fn weak(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// The handle again, if anybody still has one.
    pub(super) fn again(weak: &Weak<Inner>) -> Option<Self> {
        weak.upgrade().map(Self)
    }

    /// How it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.state.borrow().clone()
    }

    /// Its tools as it listed them last.
    #[must_use]
    pub fn tools(&self) -> Arc<Vec<Definition>> {
        Arc::clone(&self.0.tools.borrow())
    }

    /// How long its calls are waited for.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.0.patience
    }

    /// The connection, with a higher number than `past`: made, or made again, when it has to be.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn reach(&self, past: u32) -> Result<Live, String> {
        let gone = || "the connection is closed".to_owned();
        let (reply, answer) = oneshot::channel();
        let posts = self.0.posts.get_or_init(|| async { self.begin() }).await;
        let post = Post::Reach { past, reply };
        posts.send(post).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Ends it, within a bound.
    pub async fn close(&self) {
        let Some(posts) = self.0.posts.get() else {
            return;
        };
        let (done, over) = oneshot::channel();
        if posts.send(Post::End(done)).await.is_ok() {
            let _ = timeout(ENDING, over).await;
        }
    }

    /// Starts the task; it ends with the last handle.
    fn begin(&self) -> mpsc::Sender<Post> {
        let (sender, posts) = mpsc::channel(POSTS);
        let task = Task {
            opening: Arc::clone(&self.0.opening),
            patience: self.0.patience,
            state: self.0.state.clone(),
            tools: self.0.tools.clone(),
            link: None,
            number: 0,
            relists: 0,
        };
        tokio::spawn(task.run(posts));
        sender
    }
}

struct Task {
    opening: Opening,
    patience: Patience,
    state: watch::Sender<State>,
    tools: watch::Sender<Arc<Vec<Definition>>>,
    link: Option<Link>,
    /// How often it was started.
    number: u32,
    relists: u32,
}

impl Task {
    async fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        loop {
            let watched = self.link.is_some();
            let changed = async {
                match &mut self.link {
                    Some(link) => link.changed.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                post = posts.recv() => match post {
                    Some(Post::Reach { past, reply }) => {
                        let live = self.reach(past).await;
                        let _ = reply.send(live);
                    }
                    Some(Post::End(done)) => {
                        self.end().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return self.end().await,
                },
                sign = changed => match sign {
                    Some(()) => self.relist().await,
                    None => self.lost().await,
                },
                () = sleep(WATCH), if watched => {
                    if self.link.as_ref().is_some_and(Link::is_closed) {
                        self.lost().await;
                    }
                }
            }
        }
    }

    async fn end(&mut self) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    /// The connection ended by itself.
    async fn lost(&mut self) {
        let Some(link) = self.link.take() else { return };
        let words = link.last_words();
        tell(Level::Warn, Area::Mcp, || {
            format!("a tool server ended: {words}")
        });
        self.state.send_replace(State::Ended(words));
        link.close().await;
    }

    async fn reach(&mut self, past: u32) -> Result<Live, String> {
        if self.link.as_ref().is_some_and(Link::is_closed) || self.number <= past {
            self.lost().await;
        }
        if let Some(link) = &self.link {
            return Ok(self.live(link));
        }
        if let State::Failed(why) = &*self.state.borrow() {
            return Err(why.clone());
        }
        if self.number > RESTARTS {
            let why = format!("it ended {RESTARTS} times and is not started again");
            self.state.send_replace(State::Failed(why.clone()));
            return Err(why);
        }
        self.start().await.inspect_err(|why| {
            tell(Level::Warn, Area::Mcp, || {
                format!("a tool server cannot be reached: {why}")
            });
            self.state.send_replace(State::Failed(why.clone()));
        })
    }

    fn live(&self, link: &Link) -> Live {
        Live {
            number: self.number,
            caller: link.caller(),
        }
    }

    async fn start(&mut self) -> Result<Live, String> {
        self.state.send_replace(State::Starting);
        self.number += 1;
        let link = (self.opening)().await?;
        match link.list(&self.patience).await {
            Ok(tools) => {
                let count = tools.len();
                tell(Level::Info, Area::Mcp, || {
                    format!("a tool server is up: {count} tools")
                });
                self.state.send_replace(State::Up(count));
                self.tools.send_replace(Arc::new(tools));
                let live = self.live(&link);
                self.link = Some(link);
                Ok(live)
            }
            Err(why) => {
                link.close().await;
                Err(why)
            }
        }
    }

    /// The server says that its tools are others now.
    async fn relist(&mut self) {
        self.relists += 1;
        if self.relists > RELISTS {
            return;
        }
        sleep(SETTLING).await;
        let Some(link) = &self.link else { return };
        if let Ok(tools) = link.list(&self.patience).await {
            self.state.send_replace(State::Up(tools.len()));
            self.tools.send_replace(Arc::new(tools));
        }
    }
}
