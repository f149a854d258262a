//! What a person does to sessions on the shelf without opening them: labels, deleting, undoing it.
//!
//! A session of ours is deleted by moving it into the trash; a log of MassGen is never touched, it is
//! only taken off the list. Blocking.

use super::shelf::{Shelf, Volume};
use crate::{
    catalog::{Edit, Labels},
    protocol::{Failure, FailureKind, RunId, Timestamp},
    store,
};

impl Shelf {
    /// Changes the labels of a session; gives them as they are now.
    ///
    /// # Errors
    /// The session is not there, a word can be no tag, or the file cannot be written.
    pub fn label(&self, volume: &Volume, edits: &[Edit]) -> Result<Labels, Failure> {
        if let Volume::Ours(run) = volume
            && !self.store().log(run).is_file()
        {
            return Err(gone(run));
        }
        store::edit_labels(&self.beside(volume), edits)
    }

    /// Takes a session off the list.
    ///
    /// # Errors
    /// It is being written, is not there, or cannot be moved.
    pub fn delete(&self, volume: &Volume, now: Timestamp) -> Result<(), Failure> {
        match volume {
            Volume::Ours(run) => self.store().delete(run, now),
            Volume::MassGen(_) => self.label(volume, &[Edit::Hidden(true)]).map(|_| ()),
        }
    }

    /// Puts a deleted session back on the list; `name` is as for [`Shelf::find`].
    ///
    /// # Errors
    /// No deleted session is called so, or it cannot be moved.
    pub fn undelete(&self, name: &str) -> Result<RunId, Failure> {
        let trash = self.store().trash();
        if let Ok(run) = trash.find(name) {
            self.store().undelete(&run)?;
            return Ok(run);
        }
        match self.find(name) {
            Ok(volume @ Volume::MassGen(_)) => {
                let beside = self.beside(&volume);
                if !store::labels(&beside).hidden {
                    return Err(local(format!("{name} is not deleted.")));
                }
                self.label(&volume, &[Edit::Hidden(false)])?;
                let run = beside.file_name().unwrap_or_default().to_string_lossy();
                Ok(RunId(run.into_owned()))
            }
            Ok(Volume::Ours(run)) => Err(local(format!("Session {run} is not deleted."))),
            Err(_) => Err(
                local(format!("No deleted session is called {name:?}.")).hint(format!(
                    "Deleted sessions are kept for {} days; the list of sessions shows them on demand.",
                    store::TRASH_DAYS
                )),
            ),
        }
    }
}

fn gone(run: &RunId) -> Failure {
    local(format!("Session {run} is no longer there.")).hint("Was it deleted by somebody else?")
}

fn local(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Local, message)
}
