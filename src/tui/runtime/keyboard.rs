//! Reads the terminal's events on a thread of their own.
//!
//! Not on the loop's task: when a terminal goes away, crossterm reads its end over and over inside one
//! call and never returns. The loop must not be caught in there, because it has to hear the signal
//! that tells of the loss. The thread ends when the stream is dropped; if it is caught, it ends with
//! the process.

use std::{io, sync::mpsc as waiting, thread, time::Duration};

use crossterm::event::{Event, EventStream};
use futures_util::{StreamExt as _, stream};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::Keys;

/// Events that may wait for the loop at once; more wait in the terminal.
const WAITING: usize = 64;

/// How long to wait for the reader to let go of the terminal.
const PATIENCE: Duration = Duration::from_millis(250);

/// Tells when a reader has let go of the terminal.
pub(super) struct Gone(waiting::Receiver<()>);

impl Gone {
    /// Waits until the reader reads no more, for a moment at most.
    pub(super) fn wait(&self) {
        // Nothing is ever sent; the reader's end goes away with it.
        let _ = self.0.recv_timeout(PATIENCE);
    }
}

/// Starts to read. Dropping the stream ends it.
pub(super) fn read() -> io::Result<(Keys, Gone)> {
    let (events, mut received) = mpsc::channel(WAITING);
    let (stop, stopped) = oneshot::channel::<()>();
    let (here, gone) = waiting::sync_channel::<()>(1);
    let handle = Handle::current();
    thread::Builder::new()
        .name("keyboard".to_owned())
        .spawn(move || {
            handle.block_on(forward(events, stopped));
            drop(here);
        })?;
    let stream = stream::poll_fn(move |context| {
        // The stream owns the order to stop, so that dropping it gives the order.
        let _order = &stop;
        received.poll_recv(context)
    });
    Ok((stream.boxed(), Gone(gone)))
}

async fn forward(events: mpsc::Sender<io::Result<Event>>, mut stopped: oneshot::Receiver<()>) {
    let mut keys = EventStream::new();
    loop {
        let event = tokio::select! {
            biased;
            _ = &mut stopped => return,
            event = keys.next() => event,
        };
        let Some(event) = event else { return };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
