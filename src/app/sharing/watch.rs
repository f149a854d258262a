//! How far the giving of a session is, told to whoever looks, and the way to end it.
//!
//! The worker counts, others read; nobody waits for anybody. Who stops it gets an error at the next event
//! or the next piece of the file.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// The session is read; events are counted.
    Reading,
    /// The file is written; bytes are counted.
    Writing,
    /// It is sent; bytes are counted.
    Sending,
    /// A program has it.
    Waiting,
}

impl Doing {
    const ALL: [Self; 4] = [Self::Reading, Self::Writing, Self::Sending, Self::Waiting];
}

/// A clone looks at the same work.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    doing: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
    of: Arc<AtomicU64>,
    stop: CancellationToken,
}

impl Watch {
    /// Something begins, of so many bytes.
    pub fn begin(&self, doing: Doing, of: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
        self.doing.store(doing as u64, Ordering::Relaxed);
    }

    /// What is done, how much of it, and of how much.
    #[must_use]
    pub fn seen(&self) -> (Doing, u64, u64) {
        let doing = self.doing.load(Ordering::Relaxed);
        let doing = Doing::ALL.into_iter().find(|one| *one as u64 == doing);
        (
            doing.unwrap_or(Doing::Reading),
            self.done.load(Ordering::Relaxed),
            self.of.load(Ordering::Relaxed),
        )
    }

    /// The bytes that are done, for those who count them.
    #[must_use]
    pub fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done)
    }

    /// Ends it.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until it is stopped.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Goes on, unless it was stopped.
    ///
    /// # Errors
    /// It was stopped.
    pub(super) fn go_on(&self) -> io::Result<()> {
        if self.is_stopped() {
            return Err(io::Error::other("it was stopped"));
        }
        Ok(())
    }

    /// One more event was read.
    ///
    /// # Errors
    /// It was stopped.
    pub(super) fn read(&self) -> io::Result<()> {
        if self.doing.load(Ordering::Relaxed) == Doing::Reading as u64 {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        self.go_on()
    }
}

/// An output whose bytes are counted.
pub(super) struct Counted<'a, W> {
    pub(super) out: W,
    pub(super) watch: &'a Watch,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.watch.go_on()?;
        let count = self.out.write(bytes)?;
        self.watch.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_until_it_is_stopped() {
        let watch = Watch::default();
        watch.begin(Doing::Writing, 5);
        let mut out = Counted {
            out: Vec::new(),
            watch: &watch,
        };
        out.write_all(b"abc").unwrap();
        assert_eq!(watch.seen(), (Doing::Writing, 3, 5));
        // Events that are read again for writing are no bytes.
        watch.read().unwrap();
        assert_eq!(watch.seen(), (Doing::Writing, 3, 5));
        watch.clone().stop();
        assert!(out.write_all(b"de").is_err() && watch.read().is_err());
        assert_eq!(out.out, b"abc");
    }
}
