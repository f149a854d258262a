//! The events of a session as they may leave: chosen turns, masked.
//!
//! A log of ours is read from the disk each time it is played; one of MassGen is small and stays in memory.

use std::{io, path::PathBuf};

use super::{veil::Veil, watch::Watch};
use crate::{
    export::{Selection, Tape},
    protocol::{Event, Failure},
    store::{
        Reader,
        redact::{self, Cuts, Joined},
    },
};

/// Where events come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A log of ours, and who watches it being read.
    Log(PathBuf, Watch),
    /// Events that are there already.
    Events(Vec<Event>),
}

impl Tape for Source {
    fn play(&self, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Events(events) => events.play(each),
            Self::Log(path, watch) => {
                let told = |failure: Failure| io::Error::other(failure.words());
                let mut reader = Reader::open(path).map_err(told)?;
                while let Some(event) = reader.next().map_err(told)? {
                    watch.read()?;
                    each(event)?;
                }
                Ok(())
            }
        }
    }
}

/// A session that is given away.
pub(super) struct Masked {
    source: Source,
    selection: Selection,
    veil: Veil,
    cuts: Cuts,
}

impl Masked {
    /// The tape; what deltas hide is found with a first pass.
    ///
    /// # Errors
    /// The session cannot be read.
    pub(super) fn new(source: Source, selection: Selection, veil: Veil) -> io::Result<Self> {
        let find = |text: &str| veil.find(text);
        let mut joined = Joined::new(&find);
        selection.play(&source, &mut |event| {
            joined.push(&event);
            Ok(())
        })?;
        let (cuts, hits) = joined.finish();
        for (event, hit) in hits.iter().filter(|(_, hit)| hit.sure) {
            veil.count(&hit.kind, *event);
        }
        Ok(Self {
            source,
            selection,
            veil,
            cuts,
        })
    }

    /// What masks.
    pub(super) const fn veil(&self) -> &Veil {
        &self.veil
    }
}

impl Tape for Masked {
    fn play(&self, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        self.selection.play(&self.source, &mut |event| {
            let event = self.cuts.apply(event);
            let number = event.seq.0;
            each(redact::texts(event, &|text| self.veil.cover(text, number)))
        })
    }
}
