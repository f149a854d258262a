//! Opening a stored session on the screen: ours and MassGen's, read in pieces. Blocking.

use super::shelf::{Shelf, Volume};
use crate::{
    protocol::{Failure, Mark, RunId},
    store::Bound,
    tui::replay::{Piece, Reading, Rest},
};

/// The first piece: little, so that something is on the screen at once.
const FIRST: Bound = Bound {
    bytes: 256 * 1024,
    events: 2_048,
};

/// Each further piece.
const LATER: Bound = Bound {
    bytes: 1024 * 1024,
    events: 8_192,
};

/// The part of a session that is asked for.
///
/// # Errors
/// No session is called so, or it cannot be read.
pub fn piece(shelf: &Shelf, reading: &Reading) -> Result<Piece, Failure> {
    // Looking through all folders is for names that were typed.
    let volume = if shelf.store().has(&reading.run) {
        Volume::Ours(reading.run.clone())
    } else {
        shelf.find(&reading.run.0)?
    };
    part(shelf, &volume, &reading.from)
}

/// The first part of a session on the shelf.
///
/// # Errors
/// It cannot be read.
pub fn first(shelf: &Shelf, volume: &Volume) -> Result<Piece, Failure> {
    part(shelf, volume, &Mark::default())
}

fn part(shelf: &Shelf, volume: &Volume, from: &Mark) -> Result<Piece, Failure> {
    let bound = if from.offset == 0 { FIRST } else { LATER };
    // Asked before reading: what is written in between is then read with the next piece.
    let written = shelf.is_written(volume);
    let piece = shelf.piece(volume, from, bound)?;
    Ok(Piece {
        run: name(volume, piece.header.run),
        from: from.clone(),
        events: piece.events,
        next: piece.next,
        length: piece.length,
        rest: match (piece.end, written) {
            (false, _) => Rest::More,
            (true, true) => Rest::Growing,
            (true, false) => Rest::End,
        },
    })
}

/// The name under which further parts are found.
fn name(volume: &Volume, told: RunId) -> RunId {
    match volume {
        Volume::Ours(run) => run.clone(),
        Volume::MassGen(_) => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Paths,
        protocol::Event,
        store::{Store, samples},
    };

    /// Waits until the writer has written this much.
    async fn after(shelf: &Shelf, reading: &Reading, events: usize) -> Piece {
        loop {
            let piece = piece(shelf, reading).unwrap();
            if piece.events.len() >= events {
                return piece;
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn pieces_come_one_after_the_other_and_follow_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunId("20261121-101530-k3f9".into());
        let shelf = Shelf::new(folder.path(), &Paths::default(), None);
        let store = Store::open(folder.path()).unwrap();
        let events = samples::session(&run.0);
        let (now, later): (&[Event], &[Event]) = events.split_at(events.len() / 2);
        let writer = store.write(run.clone()).unwrap();
        for event in now {
            writer.append(event.clone()).await;
        }
        let reading = |from: Mark| Reading {
            run: run.clone(),
            from,
        };
        let one = after(&shelf, &reading(Mark::default()), now.len()).await;
        assert_eq!((one.events.as_slice(), one.rest), (now, Rest::Growing));
        for event in later {
            writer.append(event.clone()).await;
        }
        let two = after(&shelf, &reading(one.next), later.len()).await;
        assert_eq!((two.events.as_slice(), two.rest), (later, Rest::Growing));
        assert_eq!(writer.close().await, None);
        let three = piece(&shelf, &reading(two.next.clone())).unwrap();
        assert_eq!((three.events.len(), three.rest), (0, Rest::End));
        assert_eq!(three.next, two.next);
    }
}
