//! Notes of people that go along: what is kept beside the session, as threads, masked.

use std::path::Path;

use super::veil::Veil;
use crate::{
    export::{LeftOut, Remark, Words},
    protocol::note::{Note, Thread, Threads},
    store::{NOTES_FILE, read_notes},
};

/// The notes beside a session on what is `wanted` of it (by the number of the event), and what could
/// not be taken along.
pub(super) fn read(
    beside: &Path,
    veil: &Veil,
    wanted: &dyn Fn(u64) -> bool,
) -> (Vec<Remark>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let kept = match read_notes(&beside.join(NOTES_FILE)) {
        Ok(None) => return (Vec::new(), left_out),
        Ok(Some(kept)) => kept,
        Err(failure) => {
            left_out.push(LeftOut::new("notes of people", failure.message));
            return (Vec::new(), left_out);
        }
    };
    if kept.damage.is_some() {
        // Where the file lies is nobody else's business.
        let why = "their lines could not be read";
        left_out.push(LeftOut::new("some notes of people", why));
    }
    let threads = Threads::of(&kept.records).0;
    let all = threads.len();
    let inside = |thread: &Thread| thread.first.on.seq().is_none_or(|seq| wanted(seq.0));
    let taken = threads.iter().filter(|thread| inside(thread));
    let remarks: Vec<Remark> = taken.map(|thread| remark(thread, veil)).collect();
    if remarks.len() < all {
        let gone = all - remarks.len();
        left_out.push(LeftOut::new(
            format!("{gone} notes on the other turns"),
            "--turns",
        ));
    }
    (remarks, left_out)
}

fn remark(thread: &Thread, veil: &Veil) -> Remark {
    let cover = |text: &str| veil.cover(text.to_owned(), 0);
    let words = |note: &Note| Words {
        author: cover(&note.by),
        at_ms: note.written.0,
        edited: note.edited.is_some(),
        text: (!note.removed).then(|| cover(&note.text)),
    };
    Remark {
        first: words(&thread.first),
        on: cover(&thread.first.on.words()),
        event: thread.first.on.seq().map(|seq| seq.0),
        resolved: thread.resolved.as_ref().map(|(who, _)| cover(who)),
        replies: thread.replies.iter().map(words).collect(),
    }
}
