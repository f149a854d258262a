//! Notes of people in the index: `notes.jsonl` beside a session, as it stands when all is folded.
//!
//! A file of notes is a source of its own, known by the session's key behind [`BEFORE`], and is read
//! whole when it looks different than before: records are few and any of them may change what others
//! come to. What was taken back is not there, what was edited is there with its last words. The texts
//! are other people's: secrets are masked, and they are kept in the index as they then are.

use std::{collections::HashMap, path::Path};

use super::{
    Index,
    gather::Piece,
    log,
    put::{self, Change, Put, Source},
    update::{Go, Held, Progress, TRIES, key},
};
use crate::{
    protocol::{
        Failure, Passage, RunId, Seq,
        note::{Note, Threads},
    },
    store::{Imported, NOTES_FILE, Store, read_notes, redact::Redactor},
};

/// What the key of a source of notes begins with. Names of sessions have no `/`, folders begin with it.
const BEFORE: &str = "notes/";
/// Longest file of notes that is read, in bytes; nobody's notes are near it.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Stands for the end of the session in a note's passage: events are counted from 1.
pub(super) const AT_THE_END: Seq = Seq(0);

/// The key of the session that a source belongs to.
pub(super) fn session(key: &str) -> &str {
    key.strip_prefix(BEFORE).unwrap_or(key)
}

impl Index {
    /// Brings the notes of all sessions up to date; says whether they are.
    pub(super) fn update_notes(
        &mut self,
        store: &Store,
        (runs, imported): (&[RunId], &[Imported]),
        held: &HashMap<String, Held>,
        progress: Progress,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Result<Go, Failure> {
        let ours = runs
            .iter()
            .map(|run| (run.0.clone(), run, store.beside(run)));
        let theirs =
            (imported.iter()).map(|log| (key(log), &log.run, store.beside_imported(&log.run)));
        let sessions = ours.map(|one| (one, false));
        for ((session, run, beside), theirs) in sessions.chain(theirs.map(|one| (one, true))) {
            let path = beside.join(NOTES_FILE);
            let key = format!("{BEFORE}{session}");
            let known = held.get(&key).map(|held| held.look.as_str());
            let look = log::look(&path);
            match (look, known) {
                (None, None) => {}
                (None, Some(_)) => self.db.with(|sql| put::forget(sql, &key))?,
                (Some((look, _)), Some(known)) if look == known => {}
                (Some(_), _) => {
                    if watch(progress) == Go::Stop {
                        return Ok(Go::Stop);
                    }
                    let source = Source {
                        key: &key,
                        run: &run.0,
                        theirs,
                    };
                    self.read_notes(&source, &path)?;
                }
            }
        }
        Ok(Go::On)
    }

    fn read_notes(&mut self, source: &Source<'_>, path: &Path) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let held = self.held_of(source.key)?;
            // Asked before reading: what is written in between looks new the next time.
            let Some((look, length)) = log::look(path) else {
                return Ok(());
            };
            if held.as_ref().is_some_and(|held| held.look == look) {
                return Ok(());
            }
            let Some(complete) = passages(path, length) else {
                return Ok(());
            };
            let change = Change {
                anew: true,
                complete: &complete,
                unfinished: &[],
                look: &look,
                state: "",
                step: held.map_or(0, |held| held.step + 1),
                keep_texts: true,
            };
            if self.db.with(|sql| put::put(sql, source, &change))? == Put::Done {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The notes in a file; `None` when it cannot be read now, or is none of ours.
fn passages(path: &Path, length: u64) -> Option<Vec<Piece>> {
    if length > LARGEST {
        return None;
    }
    let kept = read_notes(path).ok().flatten()?;
    let mask = Redactor::default();
    let threads = Threads::of(&kept.records);
    let notes = threads.notes().filter(|note| !note.removed);
    Some(notes.map(|note| passage(note, &mask)).collect())
}

fn passage(note: &Note, mask: &Redactor) -> Piece {
    Piece {
        seq: note.on.seq().unwrap_or(AT_THE_END),
        at: note.changed(),
        passage: Passage::Note,
        // Whose work it is on is not who says it.
        path: Vec::new(),
        who: mask.text(&note.by).into_owned(),
        tool: String::new(),
        part: 0,
        text: mask.text(&note.text).into_owned(),
        span: 0..0,
    }
}
