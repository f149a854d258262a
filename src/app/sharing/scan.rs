//! The scan for secrets over sessions of ours and logs of MassGen.
//!
//! Ours are masked by the store, under their lock. A log of MassGen belongs to the person: its files are
//! masked only when that was said in so many words, one by one, each as a whole.

use crate::{
    app::shelf::{Shelf, Volume},
    massgen,
    protocol::{Failure, RunId},
    store::{
        redact::Redactor,
        scrub::{Scan, files},
    },
};

/// What is done with what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It is told.
    Look,
    /// It is masked.
    Mask,
}

/// The name of a session and whether it is ours.
#[must_use]
pub fn name(volume: &Volume) -> (RunId, bool) {
    match volume {
        Volume::Ours(run) => (run.clone(), true),
        Volume::MassGen(root) => (massgen::name(root), false),
    }
}

/// Looks through a session, and masks what it finds when that is wanted.
///
/// # Errors
/// It cannot be read, is being written, or cannot be changed.
pub fn scan(
    shelf: &Shelf,
    volume: &Volume,
    redactor: &Redactor,
    doing: Doing,
) -> Result<Scan, Failure> {
    match (volume, doing) {
        (Volume::Ours(run), Doing::Look) => shelf.store().scan(run, redactor),
        (Volume::Ours(run), Doing::Mask) => shelf.store().scrub(run, redactor),
        (Volume::MassGen(root), doing) => {
            let mut scan = Scan::default();
            // What belongs to the log and stands on our side is ours.
            let beside = shelf.beside(volume);
            for path in files::all(root).into_iter().chain(files::all(&beside)) {
                let from = scan.findings.len();
                files::scan(&path, redactor, &mut scan);
                let found = scan.findings.get(from..).unwrap_or_default();
                if doing == Doing::Look || !found.iter().any(|one| one.hit.sure) {
                    continue;
                }
                match files::rewrite(&path, redactor) {
                    Ok(()) => scan.changed.push(path),
                    Err(error) => scan
                        .passed_over
                        .push((path, format!("not masked: {error}"))),
                }
            }
            Ok(scan)
        }
    }
}
