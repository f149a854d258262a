//! Rows of the file list, those in sight only.

use std::fmt::Write as _;

use ratatui::text::{Line as Row, Span};

use super::{Focus, Review, files::Line, header::tail, pick};
use crate::{
    protocol::change::{Body, ChangeKind, FileChange},
    text::width,
    tui::{shared::Shared, widget},
};

/// Room from which the word of a change is written beside its letter.
const WORDS: usize = 56;

/// Settles the scroll and returns the rows in sight.
pub(super) fn rows(
    review: &mut Review,
    shared: &Shared,
    room: usize,
    height: usize,
) -> Vec<Row<'static>> {
    let files = &mut review.files;
    let last = files.lines().len().saturating_sub(1);
    files.cursor = files.cursor.min(last);
    files.top = files.top.min(files.cursor);
    if files.cursor >= files.top + height {
        files.top = files.cursor + 1 - height.max(1);
    }
    let (top, cursor) = (files.top, files.cursor);
    let files = &review.files;
    let lines = files.lines().iter().enumerate().skip(top).take(height);
    lines
        .map(|(place, line)| {
            let marked = place == cursor;
            let row = row(review, shared, line, room, marked);
            if marked && review.at.focus == Focus::Files {
                widget::marked(row, shared.theme.selection)
            } else {
                row
            }
        })
        .collect()
}

fn row(review: &Review, shared: &Shared, line: &Line, room: usize, marked: bool) -> Row<'static> {
    let theme = &shared.theme;
    let mark = Span::styled(if marked { "▸" } else { " " }, theme.accent);
    let rest = room.saturating_sub(1);
    let mut spans = vec![mark];
    match line {
        Line::Answer => {
            let agent = review.subject.agent(review.at.agent);
            let label = agent.and_then(|agent| agent.label);
            let words = match label {
                Some(label) => format!("  ¶ answer {label}"),
                None => "  ¶ no answer yet".to_owned(),
            };
            spans.push(Span::styled(width::pad(&words, rest), theme.info));
        }
        Line::Folder {
            path,
            depth,
            files,
            open,
        } => {
            let sign = if *open { "▾" } else { "▸" };
            let name = path
                .rsplit_once('/')
                .filter(|_| *depth > 0)
                .map_or(&**path, |(_, name)| name);
            let count = format!(" {files} ");
            let words = format!("{}{sign} {name}/", "  ".repeat(*depth + 1));
            let words = width::pad(&words, rest.saturating_sub(width::of(&count)));
            spans.push(Span::styled(words, theme.strong));
            spans.push(Span::styled(count, theme.dim));
        }
        Line::File { index, depth } => {
            let set = review.files.set();
            if let Some(file) = set.and_then(|set| set.files.get(*index)) {
                let path = review.files.path_of(*index);
                spans.extend(file_row(review, shared, (file, path, *depth), rest));
            }
        }
    }
    Row::from(spans)
}

fn file_row(
    review: &Review,
    shared: &Shared,
    (file, path, depth): (&FileChange, &str, usize),
    room: usize,
) -> Vec<Span<'static>> {
    let theme = &shared.theme;
    let (agent, context) = (review.at.agent, review.at.context);
    let taken = pick::of_file(review.book.part(agent, context, file));
    let others = review.book.others_take(agent, context, &file.path);
    let reviewed = review.book.is_reviewed(agent, context, file);
    let tone = match file.kind {
        ChangeKind::Added => theme.ok,
        ChangeKind::Deleted => theme.bad,
        ChangeKind::Modified | ChangeKind::Renamed | ChangeKind::Retyped => theme.warn,
    };
    let kind = if room >= WORDS {
        format!("{} {:<8} ", file.kind.letter(), file.kind.word())
    } else {
        format!("{} ", file.kind.letter())
    };
    let counts = match (file.added, file.removed) {
        (0, 0) => match file.body {
            Body::Submodule => " submodule".to_owned(),
            Body::Binary => " binary".to_owned(),
            Body::Huge => " huge".to_owned(),
            Body::Text => String::new(),
        },
        (added, 0) => format!(" +{added}"),
        (0, removed) => format!(" -{removed}"),
        (added, removed) => format!(" +{added} -{removed}"),
    };
    let name = if depth > 0 {
        path.rsplit_once('/').map_or(path, |(_, name)| name)
    } else {
        path
    };
    let indent = "  ".repeat(depth);
    let notes = review.book.comments_on(agent, context, &file.path);
    let mut notes = if notes > 0 {
        format!(" ¤{notes}")
    } else {
        String::new()
    };
    let label = review.subject.agent(agent).and_then(|agent| agent.label);
    let noted = label.and_then(|label| shared.noted_files.get(&(label, file.path.clone())));
    if let Some(noted) = noted {
        let _ = write!(notes, " ✍{noted}");
    }
    let used = 5 + indent.len() + width::of(&kind) + width::of(&counts) + width::of(&notes);
    let name = tail(name, room.saturating_sub(used).max(4));
    let name = width::pad(&name, room.saturating_sub(used));
    let pick_style = if taken == pick::Taken::None {
        theme.dim
    } else {
        theme.ok
    };
    let path_style = if reviewed { theme.dim } else { theme.text };
    vec![
        Span::styled(taken.glyph(), pick_style),
        Span::styled(if others { "+" } else { " " }, theme.info),
        Span::styled(if reviewed { "✓ " } else { "  " }, theme.ok),
        Span::raw(indent),
        Span::styled(kind, tone),
        Span::styled(name, path_style),
        Span::styled(notes, theme.warn),
        Span::styled(counts, theme.dim),
        Span::raw(" "),
    ]
}
