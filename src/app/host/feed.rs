//! The events of one session, from any number on, in order and without gaps.
//!
//! Old events come from the log, new ones from the run. A reader that falls behind by more than the run
//! remembers reads the log again from where it was; the run never waits for it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::sync::broadcast::{self, error::RecvError};

use super::{super::shelf::Shelf, blocking, keeper::Tail};
use crate::{
    protocol::{Event, Failure, Mark, RunId, Seq},
    store::Bound,
};

/// Read from a log at a time.
const PIECE: Bound = Bound {
    bytes: 512 * 1024,
    events: 1024,
};
/// Between two looks at a log whose last events are still being written.
const LOOK: Duration = Duration::from_millis(10);
/// Looks in vain before events are given up.
const LOOKS: usize = 500;

/// One of the things a feed tells.
#[derive(Clone, Debug)]
pub enum Told {
    /// The next event.
    Event(Arc<Event>),
    /// Events of these numbers cannot be had: there is no log, or it is damaged.
    Missing {
        /// First that is missing.
        from: Seq,
        /// First that is there again.
        to: Seq,
    },
}

/// A reader of the events of one session.
pub struct Feed {
    shelf: Shelf,
    run: RunId,
    /// Number of the event that comes next.
    next: Seq,
    /// Where the log is read on.
    mark: Mark,
    /// Events of the log that were read and not yet told.
    ready: VecDeque<Arc<Event>>,
    /// An event of the run that comes after those.
    ahead: Option<Arc<Event>>,
    /// The run; `None` when it is over.
    tail: Option<broadcast::Receiver<Arc<Event>>>,
    /// Everything before this number is in the log, or soon will be.
    written: Seq,
    /// Looks in vain.
    looks: usize,
    /// Whether nothing more is in the log.
    done: bool,
}

impl Feed {
    /// Of a run of this process.
    pub(super) fn live(shelf: Shelf, run: RunId, from: Seq, tail: Tail) -> Self {
        let mut feed = Self::stored(shelf, run, from);
        feed.tail = Some(tail.events);
        feed.written = Seq(tail.told.0 + 1);
        feed
    }

    /// Of a session that does not run here.
    pub(super) fn stored(shelf: Shelf, run: RunId, from: Seq) -> Self {
        Self {
            shelf,
            run,
            next: Seq(from.0.max(1)),
            mark: Mark::default(),
            ready: VecDeque::new(),
            ahead: None,
            tail: None,
            written: Seq(0),
            looks: 0,
            done: false,
        }
    }

    /// The session.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The next thing to tell; `None` when the session is over and everything was told. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// The log of a session that does not run here cannot be read.
    pub async fn next(&mut self) -> Result<Option<Told>, Failure> {
        loop {
            if let Some(told) = self.ready() {
                return Ok(Some(told));
            }
            if self.next < self.written {
                if let Some(told) = self.catch_up().await {
                    return Ok(Some(told));
                }
                continue;
            }
            if let Some(event) = self.ahead.take() {
                self.ready.push_back(event);
                continue;
            }
            let Some(tail) = &mut self.tail else {
                if self.done {
                    return Ok(None);
                }
                self.read().await?;
                continue;
            };
            match tail.recv().await {
                Ok(event) => {
                    self.written = self.written.max(event.seq);
                    self.ahead = Some(event);
                }
                // The next one that is still there says how far the log has to be read.
                Err(RecvError::Lagged(_)) => {}
                // The last event was told, so nothing more is in the log either.
                Err(RecvError::Closed) => {
                    self.tail = None;
                    self.done = true;
                }
            }
        }
    }

    /// What can be told without waiting.
    fn ready(&mut self) -> Option<Told> {
        while let Some(event) = self.ready.pop_front() {
            let from = self.next;
            if event.seq < from {
                continue;
            }
            let to = event.seq;
            if to > from {
                self.next = to;
                self.ready.push_front(event);
                return Some(Told::Missing { from, to });
            }
            self.next = Seq(to.0 + 1);
            return Some(Told::Event(event));
        }
        None
    }

    /// Reads the log on towards where the run is; says what is missing when that leads nowhere.
    async fn catch_up(&mut self) -> Option<Told> {
        match self.read().await {
            Ok(0) => {
                self.looks += 1;
                tokio::time::sleep(LOOK).await;
            }
            Ok(_) => self.looks = 0,
            Err(_) => self.looks = LOOKS,
        }
        if self.looks < LOOKS {
            return None;
        }
        self.looks = 0;
        let (from, to) = (self.next, self.written);
        self.next = to;
        Some(Told::Missing { from, to })
    }

    /// Reads a piece of the log; gives the number of events in it.
    async fn read(&mut self) -> Result<usize, Failure> {
        let (shelf, run, mark) = (self.shelf.clone(), self.run.clone(), self.mark.clone());
        let piece = blocking(move || {
            let volume = shelf.find(&run.0)?;
            shelf.piece(&volume, &mark, PIECE)
        })
        .await
        .inspect_err(|_| self.done = true)?;
        let read = piece.events.len();
        self.ready.extend(piece.events.into_iter().map(Arc::new));
        self.mark = piece.next;
        self.done = piece.end;
        Ok(read)
    }
}
