//! What came of applying and of taking back, in rows.

use ratatui::text::Line;

use super::{
    Review, TakenBack,
    header::{self, files, short},
    page::{choice, heading, listed, said},
    undoing::{Deciding, WAYS},
};
use crate::{protocol::change::Applied, tui::theme::Theme};

fn count(files: usize) -> u32 {
    u32::try_from(files).unwrap_or(u32::MAX)
}

/// It was written.
pub(super) fn done(
    review: &Review,
    applied: &Applied,
    theme: &Theme,
    room: usize,
) -> Vec<Line<'static>> {
    let root = review
        .subject
        .place(applied.context)
        .map_or("", |place| place.root.as_str());
    let written = format!(
        "✓ Written: {} to {}, {root}",
        files(count(applied.files.len())),
        header::target(&applied.to)
    );
    let mut rows = said(&written, theme.ok, room);
    if let Some(commit) = &applied.commit {
        rows.extend(said(&format!("commit {}", short(commit)), theme.text, room));
    }
    if !applied.conflicts.is_empty() {
        rows.extend(said("Conflict markers stand in:", theme.bad, room));
        rows.extend(listed(&applied.conflicts, theme, room));
    }
    let back = format!(
        "{{undo}} takes it back, also later with massgen-tui undo {}. {{open}} returns to the changes.",
        applied.id.0
    );
    rows.extend(said(&review.keyed(&back), theme.text, room));
    rows.push(Line::default());
    rows.extend(listed(&applied.files, theme, room));
    rows
}

/// Files were changed since they were applied: what becomes of them?
pub(super) fn deciding(
    review: &Review,
    deciding: &Deciding,
    theme: &Theme,
    room: usize,
) -> Vec<Line<'static>> {
    let changed = &deciding.changed.files;
    let words = format!(
        "Nothing was taken back yet: you changed {} since. {{open}} takes back, {{back}} leaves all as \
         it is.",
        files(count(changed.len()))
    );
    let mut rows = said(&review.keyed(&words), theme.warn, room);
    for (place, (_, way, detail)) in WAYS.iter().enumerate() {
        rows.push(choice(way, detail, place == deciding.cursor, theme, room));
    }
    rows.push(Line::default());
    rows.extend(heading("Changed since", theme, room));
    rows.extend(listed(changed, theme, room));
    rows
}

/// It was taken back.
pub(super) fn undone(
    review: &Review,
    undone: &TakenBack,
    theme: &Theme,
    room: usize,
) -> Vec<Line<'static>> {
    let mut rows = if undone.already {
        let words = "It does not stand any more: it was taken back before, or its copies are gone.";
        said(words, theme.warn, room)
    } else {
        let words = format!(
            "✓ Taken back: {} as before.",
            files(count(undone.files.len()))
        );
        said(&words, theme.ok, room)
    };
    let words = review.keyed("{open} returns to the changes.");
    rows.extend(said(&words, theme.text, room));
    rows.push(Line::default());
    rows.extend(listed(&undone.files, theme, room));
    for (words, paths) in [
        (
            "You changed these since; they stay as they are:",
            &undone.kept,
        ),
        ("Conflict markers stand in:", &undone.conflicts),
    ] {
        if !paths.is_empty() {
            rows.extend(said(words, theme.warn, room));
            rows.extend(listed(paths, theme, room));
        }
    }
    rows
}
