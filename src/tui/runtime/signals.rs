//! Signals: the polite ways of being told to leave, the return from a stop, a new size.
//!
//! crossterm tells of new sizes too, but only from its first look at the keyboard on; a change before
//! that would be lost.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To leave, by this signal number.
    Leave(i32),
    /// To paint again: the program was stopped and goes on.
    Continue,
    /// To look at the size again.
    Resize,
}

/// The signals that the loop listens to.
pub(super) struct Signals {
    term: Signal,
    hup: Signal,
    int: Signal,
    cont: Signal,
    winch: Signal,
}

impl Signals {
    /// Starts to listen.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            hup: signal(SignalKind::hangup())?,
            int: signal(SignalKind::interrupt())?,
            cont: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            winch: signal(SignalKind::window_change())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            Some(()) = self.term.recv() => leave(SignalKind::terminate()),
            Some(()) = self.hup.recv() => leave(SignalKind::hangup()),
            Some(()) = self.int.recv() => leave(SignalKind::interrupt()),
            Some(()) = self.cont.recv() => Asked::Continue,
            Some(()) = self.winch.recv() => Asked::Resize,
            else => std::future::pending().await,
        }
    }
}

fn leave(kind: SignalKind) -> Asked {
    Asked::Leave(kind.as_raw_value())
}
