//! The whole screen: header, files on the left, lines on the right; or one of them where it is narrow.
//!
//! `prepare` makes rows, `view` paints them and nothing else.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{
    Focus, Page, Place, Review, header, list, page,
    pane::{Paper, Shown},
    typing::Purpose,
};
use crate::{
    protocol::change::{Body, ChangeKind, Face, FileChange},
    text::width,
    tui::{
        effect::Load,
        shared::Shared,
        widget::{paragraph, spinner},
    },
};

/// Cells from which files and lines stand side by side.
const WIDE: u16 = 76;
/// Cells of the file list at most.
const LIST: u16 = 48;
/// Cells of a column of lines at least, when agents are compared.
const COLUMN: u16 = 28;

/// Makes what the next frame paints.
pub(super) fn prepare(review: &mut Review, shared: &Shared, area: Rect) {
    review.sight.area = area;
    let room = usize::from(area.width);
    if let Some(set) = review.files.set() {
        let owner = (review.at.agent, review.at.context);
        review.book.count(owner, set);
    }
    review.sight.head = header::rows(review, shared, room);
    let head = head(review).min(area.height);
    let typed = u16::from(review.typing.is_open()).min(area.height - head);
    let body = Rect {
        y: area.y + head,
        height: area.height - head - typed,
        ..area
    };
    review.sight.page.clear();
    review.sight.files = Rect::ZERO;
    review.sight.lines.clear();
    if !matches!(review.page, Page::Diff) {
        review.sight.page = page::rows(review, shared, room, usize::from(body.height));
        return;
    }
    if let Some(words) = state(review, shared) {
        review.sight.page = said(&words, shared, room);
        return;
    }
    let (files, lines) = split(review, body);
    review.sight.files = files;
    let (wide, high) = (usize::from(files.width), usize::from(files.height));
    review.sight.list = list::rows(review, shared, wide, high);
    columns(review, shared, lines);
}

/// Rows above the files and lines.
fn head(review: &Review) -> u16 {
    u16::try_from(review.sight.head.len()).unwrap_or(u16::MAX)
}

/// What stands in place of everything, when there is nothing to show.
fn state(review: &Review, shared: &Shared) -> Option<String> {
    let name = review
        .subject
        .agent(review.at.agent)
        .map_or("", |agent| &agent.name);
    match &review.load {
        Load::Loading(_) => Some(format!(
            "{} Reading the changes of {name}…\n{}",
            spinner(shared.tick),
            review.keyed("{back} stops waiting.")
        )),
        Load::Failed(failure) => Some(format!(
            "The changes of {name} cannot be read.\n{failure}\n\n{}",
            review.keyed("{newest} tries again, {agent-1}-{agent-9} show another agent.")
        )),
        Load::Idle if review.is_cancelled() => Some(format!(
            "The changes of {name} were not waited for.\n{}",
            review.keyed("{newest} asks again, {agent-1}-{agent-9} show another agent.")
        )),
        Load::Idle | Load::Ready(()) => None,
    }
}

/// Where files and lines are.
fn split(review: &Review, body: Rect) -> (Rect, Rect) {
    if body.width < WIDE {
        return match review.at.focus {
            Focus::Files => (body, Rect { width: 0, ..body }),
            Focus::Lines => (Rect { width: 0, ..body }, body),
        };
    }
    if review.at.compare {
        return (Rect { width: 0, ..body }, body);
    }
    let wide = (body.width / 3).clamp(24, LIST);
    let files = Rect {
        width: wide,
        ..body
    };
    let lines = Rect {
        x: body.x + wide + 1,
        width: body.width - wide - 1,
        ..body
    };
    (files, lines)
}

/// The columns of lines: all of them, or as many as fit around the one with the cursor.
fn columns(review: &mut Review, shared: &Shared, area: Rect) {
    review.sight.titles.clear();
    let total = review.desk.panes.len();
    if area.width == 0 || total == 0 {
        return;
    }
    let fit = usize::from((area.width / COLUMN).max(1)).min(total);
    let focus = review.desk.focus.min(total - 1);
    let first = (focus + 1).saturating_sub(fit).min(total - fit);
    let count = u16::try_from(fit).unwrap_or(1);
    let wide = (area.width - (count - 1)) / count;
    let mut leader = None;
    let mut areas = vec![Rect::ZERO; total];
    // The one with the cursor first: the others follow it.
    let mut order: Vec<usize> = (first..first + fit).collect();
    order.sort_by_key(|index| *index != focus);
    let mut titles = vec![Line::default(); total];
    for index in order {
        let place = u16::try_from(index - first).unwrap_or(0);
        let x = area.x + place * (wide + 1);
        let column = Rect {
            x,
            // The last one gets what is left over.
            width: if place + 1 == count {
                area.right() - x
            } else {
                wide
            },
            ..area
        };
        let body = Rect {
            y: column.y + 1.min(column.height),
            height: column.height.saturating_sub(1),
            ..column
        };
        if let Some(title) = areas.get_mut(index) {
            *title = body;
        }
        follow(review, index, leader);
        if let Some(pane) = review.desk.panes.get(index)
            && let Some(title) = titles.get_mut(index)
        {
            *title = header::title(review, pane, shared, usize::from(column.width));
        }
        lay(review, shared, index, body);
        if index == focus {
            leader = review.desk.panes.get(index).and_then(|pane| {
                let item = pane.sheet.item(pane.top.0)?;
                Some(pane.sheet.lines_of(item))
            });
        }
    }
    review.sight.titles = titles;
    review.sight.lines = areas;
}

/// Brings a column without the cursor to the lines of the one with it.
fn follow(review: &mut Review, index: usize, leader: Option<(u32, u32)>) {
    let (Some((old, new)), Some(pane)) = (leader, review.desk.panes.get_mut(index)) else {
        return;
    };
    let place = if matches!(pane.shown, Shown::Answer) || old == 0 {
        pane.sheet.place_of(Face::New, new)
    } else {
        pane.sheet.place_of(Face::Old, old)
    };
    pane.cursor = place;
    pane.top = (place, 0);
}

fn lay(review: &mut Review, shared: &Shared, index: usize, body: Rect) {
    let Some(pane) = review.desk.panes.get(index) else {
        return;
    };
    let comments = review.comment_states(pane);
    let part = pane
        .file()
        .and_then(|file| review.book.part(pane.agent, review.at.context, file));
    let part = part.cloned();
    let needle = review.typing.needle.clone();
    let paper = Paper {
        part: part.as_ref(),
        comments: &comments,
        look: review.look,
        theme: &shared.theme,
        needle: Some(&*needle).filter(|needle| !needle.is_empty()),
        room: usize::from(body.width.saturating_sub(1)),
        height: usize::from(body.height),
    };
    if let Some(pane) = review.desk.panes.get_mut(index) {
        pane.prepare(&paper);
        let instead = instead(pane, shared, comments.is_empty())
            .map(|words| review.keys.say(Place::Main, &words));
        if let Some(words) = instead {
            let rows = said(&words, shared, usize::from(body.width.saturating_sub(1)));
            pane.rows = rows.into_iter().map(|line| (usize::MAX, line)).collect();
        }
    }
}

/// What stands in place of a file's lines.
fn instead(pane: &super::pane::Pane, shared: &Shared, bare: bool) -> Option<String> {
    match &pane.content {
        Load::Loading(_) => return Some(format!("{} Reading…", spinner(shared.tick))),
        Load::Idle => return Some("Not read. {newest} asks again.".to_owned()),
        Load::Failed(failure) => return Some(format!("This file cannot be shown.\n{failure}")),
        Load::Ready(_) => {}
    }
    let Some(file) = pane.file() else {
        return (pane.sheet.len() == 0).then(|| "This agent has published no answer.".to_owned());
    };
    let size = |side: &Option<crate::protocol::change::Side>| {
        side.as_ref()
            .map_or_else(|| "nothing".to_owned(), |side| bytes(side.size))
    };
    let sizes = format!("{} before, {} after", size(&file.old), size(&file.new));
    match file.body {
        Body::Binary => Some(format!(
            "A binary file: {sizes}.\n{{take}} takes it as a whole."
        )),
        Body::Huge => Some(format!(
            "Too large to be shown line by line: {sizes}.\n{{take}} takes it as a whole."
        )),
        Body::Submodule => Some(
            "A submodule: another repository, which stands at another commit now. Files within it are \
             in no snapshot and are not shown here.\n{take} takes the new commit."
                .to_owned(),
        ),
        Body::Text if !pane.has_hunks() && (bare || pane.sheet.len() == 0) => Some(empty(file)),
        Body::Text => None,
    }
}

/// What there is to say of a change without lines.
fn empty(file: &FileChange) -> String {
    match file.kind {
        ChangeKind::Added => "A new file, and it is empty.\n{take} takes it.",
        ChangeKind::Deleted => "The file was empty, and is gone.\n{take} takes that.",
        ChangeKind::Modified | ChangeKind::Renamed | ChangeKind::Retyped => {
            "No line is another one: only its name or mode changed.\n{take} takes that."
        }
    }
    .to_owned()
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{} KB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// Words in place of rows.
fn said(words: &str, shared: &Shared, room: usize) -> Vec<Line<'static>> {
    let wide = u16::try_from(room.saturating_sub(2)).unwrap_or(u16::MAX);
    let lines = paragraph(words, wide).into_iter();
    std::iter::once(Line::default())
        .chain(lines.map(|line| Line::styled(format!("  {line}"), shared.theme.text)))
        .collect()
}

/// Paints what was prepared.
pub(super) fn view(review: &Review, shared: &Shared, buffer: &mut Buffer, area: Rect) {
    if area != review.sight.area {
        return;
    }
    let theme = &shared.theme;
    put(
        &review.sight.head,
        buffer,
        Rect {
            height: area.height.min(head(review)),
            ..area
        },
    );
    let head = head(review).min(area.height);
    let body = Rect {
        y: area.y + head,
        height: area.height - head,
        ..area
    };
    if review.sight.page.is_empty() {
        put(&review.sight.list, buffer, review.sight.files);
        if review.sight.files.width > 0 && review.sight.files.width < area.width {
            bar(buffer, review.sight.files.right(), body, theme.border);
        }
        lines(review, shared, buffer, body);
    } else {
        put(&review.sight.page, buffer, body);
    }
    typed(review, shared, buffer, area);
}

fn lines(review: &Review, shared: &Shared, buffer: &mut Buffer, body: Rect) {
    let theme = &shared.theme;
    for (index, area) in review.sight.lines.iter().enumerate() {
        let Some(pane) = review.desk.panes.get(index).filter(|_| area.width > 0) else {
            continue;
        };
        let title = Rect {
            y: area.y.saturating_sub(1),
            height: 1,
            ..*area
        };
        if let Some(line) = review.sight.titles.get(index) {
            line.render(title, buffer);
        }
        if area.right() < body.right() {
            bar(buffer, area.right(), body, theme.border);
        }
        let focused = review.at.focus == Focus::Lines && index == review.desk.focus;
        let (from, to) = pane.range();
        let mut before = None;
        for ((place, line), y) in pane.rows.iter().zip(area.y..area.bottom()) {
            let first = before != Some(*place);
            before = Some(*place);
            let mark = if *place == usize::MAX {
                " "
            } else if *place == pane.cursor && first {
                "▸"
            } else if pane.anchor.is_some() && (from..=to).contains(place) {
                "┃"
            } else {
                " "
            };
            let style = if focused { theme.accent } else { theme.dim };
            let row = Rect {
                y,
                height: 1,
                ..*area
            };
            Span::styled(mark, style).render(row, buffer);
            let text = Rect {
                x: row.x + 1,
                width: row.width.saturating_sub(1),
                ..row
            };
            line.render(text, buffer);
            if focused && *place == pane.cursor {
                buffer.set_style(
                    row,
                    Style::new().add_modifier(ratatui::style::Modifier::BOLD),
                );
            }
        }
    }
}

/// The line that is typed on, above the last row.
fn typed(review: &Review, shared: &Shared, buffer: &mut Buffer, area: Rect) {
    let Some((purpose, text)) = review.typing.text() else {
        return;
    };
    let word = match purpose {
        Purpose::Search => "/",
        Purpose::Filter => "files with ",
    };
    let row = Rect {
        y: area.bottom().saturating_sub(1),
        height: 1,
        ..area
    };
    let room = usize::from(area.width).saturating_sub(width::of(word) + 1);
    let line = Line::from(vec![
        Span::styled(word, shared.theme.accent),
        Span::styled(header::tail(text, room), shared.theme.text),
        Span::styled("▏", shared.theme.accent),
    ]);
    line.render(row, buffer);
}

fn put(rows: &[Line<'static>], buffer: &mut Buffer, area: Rect) {
    for (line, y) in rows.iter().zip(area.y..area.bottom()) {
        line.render(
            Rect {
                y,
                height: 1,
                ..area
            },
            buffer,
        );
    }
}

fn bar(buffer: &mut Buffer, x: u16, body: Rect, style: Style) {
    for y in body.y..body.bottom() {
        Span::styled("│", style).render(Rect::new(x, y, 1, 1), buffer);
    }
}
