//! The world behind the list of sessions: the shelf, labels, the trash, logs that grow.
//!
//! Blocking work, called on blocking threads.

use super::{Services, shelf::Shelf};
use crate::{
    catalog::Edit,
    engine::outbox,
    protocol::{Failure, RunId},
    tui::sessions::{Ask, Told, ask::Listed},
};

/// Answers one question.
pub(super) fn answer(services: &Services, ask: Ask) -> Told {
    match ask {
        Ask::List => Told::Listed(listed(&services.shelf())),
        Ask::Edit(runs, edits) => edited(&services.shelf(), runs, &edits),
        Ask::Delete(runs) => {
            let shelf = services.shelf();
            let (done, failed) = each(runs, |run| {
                let volume = shelf.find(&run.0)?;
                shelf.delete(&volume, outbox::now())
            });
            Told::Deleted(done, failed)
        }
        Ask::Undelete(runs) => {
            let shelf = services.shelf();
            let (done, failed) = each(runs, |run| shelf.undelete(&run.0).map(|_| ()));
            Told::Undeleted(done, failed)
        }
        Ask::Index => Told::Indexed(super::finding::index(&services.shelf())),
        Ask::Find(words) => {
            let found = super::finding::found(&services.shelf(), &words);
            Told::Found(words, found)
        }
    }
}

/// All sessions, those in the trash included.
fn listed(shelf: &Shelf) -> Result<Listed, Failure> {
    Ok(Listed {
        entries: shelf.entries()?,
        ground: shelf.ground(),
    })
}

fn edited(shelf: &Shelf, runs: Vec<RunId>, edits: &[Edit]) -> Told {
    let mut labels = Vec::new();
    let (_, failed) = each(runs, |run| {
        let volume = shelf.find(&run.0)?;
        labels.push((run.clone(), shelf.label(&volume, edits)?));
        Ok(())
    });
    Told::Edited(labels, failed)
}

/// Does something to each; those that it worked for, and why it did not for others.
fn each(
    runs: Vec<RunId>,
    mut act: impl FnMut(&RunId) -> Result<(), Failure>,
) -> (Vec<RunId>, Vec<Failure>) {
    let mut failed = Vec::new();
    let mut done = runs;
    done.retain(|run| match act(run) {
        Ok(()) => true,
        Err(failure) => {
            failed.push(failure);
            false
        }
    });
    (done, failed)
}
