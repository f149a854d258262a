//! What the terminal front asks of the world; `app` implements it.

use futures_util::future::BoxFuture;

use super::effect::{Done, Launch, Query};
use crate::protocol::{Command, Failure};

/// The world behind the screen. No method blocks.
pub trait Ports: Send + Sync + 'static {
    /// Starts a session in the background; its events arrive on the event channel. A session that
    /// is still open is closed first.
    fn launch(&self, launch: Launch) -> BoxFuture<'static, Result<(), Failure>>;

    /// Passes a command to the running session; dropped when there is none.
    fn command(&self, command: Command);

    /// Answers a question, within a bounded time.
    fn query(&self, query: Query) -> BoxFuture<'static, Done>;

    /// Writes a picture of the screen and returns its path.
    fn save_capture(
        &self,
        svg: String,
        text: String,
    ) -> BoxFuture<'static, Result<String, Failure>>;
}
