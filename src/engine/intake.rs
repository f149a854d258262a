//! The way in: answers to questions go to the desk at once, everything else to whoever runs the
//! session.
//!
//! So a question can be answered while a turn is being prepared, runs, or is over, and nobody who
//! asks has to read commands. The order of all other commands is kept.

use tokio::sync::mpsc;

use super::desk::Desk;
use crate::protocol::Command;

/// Commands that may wait for the session.
const DEPTH: usize = 64;

/// Starts the way in between `commands` and the receiver it returns. It ends with either side.
pub(super) fn start(mut commands: mpsc::Receiver<Command>, desk: Desk) -> mpsc::Receiver<Command> {
    let (inner, receiver) = mpsc::channel(DEPTH);
    tokio::spawn(async move {
        loop {
            let command = tokio::select! {
                command = commands.recv() => command,
                () = inner.closed() => None,
            };
            match command {
                Some(Command::Answer { id, reply }) => desk.answer(id, reply).await,
                Some(command) => {
                    if inner.send(command).await.is_err() {
                        return;
                    }
                }
                None => return,
            }
        }
    });
    receiver
}
