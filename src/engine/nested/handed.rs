//! What a team in the place of an agent gets of the session: its folders, and what decides what its
//! members may do.
//!
//! Providers carry it along without knowing what it is.

use std::sync::Arc;

use crate::{
    engine::{
        SessionSetup, leave::Gate, notice_of, outbox::Outbox, premises::Premises, seat::Seat,
        stages::files_of,
    },
    protocol::{AgentId, Folder, Level, Outcome},
    provider::{self, Errand},
};

/// What a nested team gets.
#[derive(Clone)]
pub(in crate::engine) struct Handed {
    /// In whose place it is.
    seat: AgentId,
    folders: Option<Folders>,
    gate: Option<Gate>,
}

/// The same folders, twice.
#[derive(Clone)]
struct Folders {
    /// As its seat knows them.
    above: Arc<dyn Premises>,
    /// As its members do.
    below: Arc<dyn Premises>,
}

impl Handed {
    /// What comes with an errand.
    pub(super) fn of(errand: &Errand) -> Option<Self> {
        let handed = errand.handed.0.as_ref()?;
        handed.downcast_ref::<Self>().cloned()
    }

    /// What decides what its members may do.
    pub(super) fn gate(&self) -> Option<Gate> {
        self.gate.clone()
    }

    /// A setup of a team that works on the folders. Members are told of them; no other rule changes.
    pub(super) fn set_up(&self, mut setup: SessionSetup) -> SessionSetup {
        let Some(Folders { below, .. }) = &self.folders else {
            return setup;
        };
        let places = below.places().into_iter();
        let folders = places.map(|place| Folder {
            path: place.path,
            access: place.access,
            protected: Vec::new(),
        });
        setup.rules.working.folders = folders.collect();
        setup.grounds = Some(Arc::clone(below));
        setup
    }

    /// The team has ended: what it made becomes what its seat has.
    pub(super) async fn take_up(&self, outcome: &Outcome, outbox: &Outbox) {
        let files = files_of(outcome);
        let Some(Folders { above, .. }) = &self.folders else {
            return;
        };
        if files.is_empty() {
            return;
        }
        if let Err(failure) = above.stand(self.seat, files.to_vec()).await {
            let words = format!(
                "The files of the team could not be taken up: {}",
                failure.words()
            );
            outbox.emit(notice_of(Level::Error, &words)).await;
        }
    }
}

impl Seat {
    /// What a team in this seat gets along.
    pub(super) async fn hand_down(&self) -> provider::Handed {
        let (desk, gate) = self.asking.below();
        let mut folders = None;
        if let Some(above) = &self.premises {
            match above.below(self.agent, desk).await {
                Ok(below) => {
                    let above = Arc::clone(above);
                    folders = Some(Folders { above, below });
                }
                Err(failure) => {
                    let words = format!(
                        "The team of {} works without the folders: {}",
                        self.agent,
                        failure.words()
                    );
                    self.outbox.emit(notice_of(Level::Error, &words)).await;
                }
            }
        }
        provider::Handed(Some(Arc::new(Handed {
            seat: self.agent,
            folders,
            gate,
        })))
    }
}
