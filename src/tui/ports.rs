//! What the terminal front asks of the world; `app` implements it.

use futures_util::future::BoxFuture;
use ratatui::buffer::Buffer;

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

    /// Writes a picture of the screen and returns its path. It is made here too: that takes longer than
    /// a frame.
    fn save_capture(&self, picture: Picture) -> BoxFuture<'static, Result<String, Failure>>;
}

/// What is to be a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What is on the screen, or a part of it.
    pub buffer: Buffer,
    /// What it is called.
    pub title: String,
}
