//! Sessions that a crash cut off, with their worktrees: kept, written out or cleared away.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish};
use crate::{
    protocol::{Left, Timestamp},
    text::width,
    tui::{
        layout,
        left::LeftAsk,
        theme::Theme,
        widget::{ago, bytes, paragraph, window},
    },
};

/// Cells of the list, where there is room.
const WIDEST: u16 = 90;
/// Rows of a session: what and when, where.
const ROWS: usize = 2;
/// What can be done with the marked one.
const DEEDS: [(&str, &str); 3] = [
    ("1", "keep what they hold as snapshots"),
    ("2", "that, and write the files into a folder"),
    ("3", "clear them away; what is kept nowhere is put by"),
];

/// The list.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftList {
    left: Vec<Left>,
    now: Timestamp,
    /// Something is being done with one of them.
    busy: bool,
    cursor: usize,
    top: usize,
    words: Vec<String>,
    area: Rect,
}

impl LeftList {
    /// The list of these sessions.
    pub fn new(left: &[Left], now: Timestamp) -> Self {
        Self {
            left: left.to_vec(),
            now,
            busy: false,
            cursor: 0,
            top: 0,
            words: Vec::new(),
            area: Rect::ZERO,
        }
    }

    /// Takes in how they are now; the mark stays on its session.
    pub(super) fn take(&mut self, left: &[Left], now: Timestamp) {
        let marked = self.left.get(self.cursor).map(|left| left.run.clone());
        let place = left
            .iter()
            .position(|left| Some(&left.run) == marked.as_ref());
        self.cursor = place
            .unwrap_or(self.cursor)
            .min(left.len().saturating_sub(1));
        self.left = left.to_vec();
        self.now = now;
        self.busy = false;
    }

    /// Nothing is being done any more.
    pub(super) const fn settle(&mut self) {
        self.busy = false;
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        let last = self.left.len().saturating_sub(1);
        match action {
            Action::Close => return Wish::Close,
            Action::Up | Action::PageUp => self.cursor = self.cursor.saturating_sub(1),
            Action::Down | Action::PageDown => self.cursor = (self.cursor + 1).min(last),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = last,
            Action::Accept => {
                return match self.left.get(self.cursor) {
                    Some(left) => Wish::Open(left.run.clone()),
                    None => Wish::Close,
                };
            }
            Action::Pick(number) => return self.pick(number),
            Action::Erase | Action::Refresh => {}
        }
        Wish::Nothing
    }

    fn pick(&mut self, number: u8) -> Wish {
        let Some(left) = self.left.get(self.cursor) else {
            return Wish::Tell("There is nothing left to deal with.");
        };
        if self.busy {
            return Wish::Tell("Still at work on the last one.");
        }
        let run = left.run.clone();
        let ask = match number {
            1 => LeftAsk::Keep(run),
            2 => LeftAsk::WriteOut(run),
            3 => LeftAsk::Clear(run),
            _ => return Wish::Nothing,
        };
        self.busy = true;
        Wish::Left(ask)
    }

    pub(super) fn prepare(&mut self, size: Size) {
        let width = WIDEST.min(size.width);
        let words = if self.left.is_empty() {
            "No session was cut off with worktrees left."
        } else if self.busy {
            "At work …"
        } else {
            "These sessions were cut off. What their agents did is still in worktrees:"
        };
        self.words = paragraph(words, width.saturating_sub(4).max(1));
        let deeds = if self.left.is_empty() {
            0
        } else {
            DEEDS.len() + 2
        };
        let rows = self.words.len() + self.left.len() * ROWS + deeds;
        let wanted = u16::try_from(rows + 2).unwrap_or(u16::MAX);
        self.area = layout::centred(size, width, wanted);
        let room = usize::from(self.area.height.saturating_sub(2));
        let shown = (room.saturating_sub(self.words.len() + deeds) / ROWS).max(1);
        self.top = self
            .top
            .max((self.cursor + 1).saturating_sub(shown))
            .min(self.cursor);
        if !self.left.is_empty() {
            // Where the box is too low for everything, the sessions matter more than the words.
            self.words.truncate(room.saturating_sub(ROWS));
        }
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window("Left behind by a crash", theme, frame, self.area);
        let room = usize::from(inner.width.saturating_sub(4));
        let words = self.words.iter();
        let words = words.map(|line| Line::styled(format!(" {line}"), theme.text));
        let deeds: Vec<Line<'_>> = if self.left.is_empty() {
            Vec::new()
        } else {
            deeds(theme, room)
        };
        let free = usize::from(inner.height).saturating_sub(self.words.len() + deeds.len());
        let shown = (free / ROWS).max(1) * ROWS;
        let sessions = self.left.iter().enumerate().skip(self.top);
        let sessions = sessions.flat_map(|(place, left)| self.session(place, left, theme, room));
        let lines = words.chain(sessions.take(shown)).chain(deeds);
        for (line, y) in lines.zip(inner.y..inner.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..inner
            };
            line.render(place, frame.buffer_mut());
        }
    }

    fn session(&self, place: usize, left: &Left, theme: &Theme, room: usize) -> [Line<'_>; ROWS] {
        let marked = place == self.cursor;
        let style = if marked { theme.strong } else { theme.text };
        let trees = counted(left.trees, "worktree");
        let files = counted(left.files as usize, "changed file");
        let size = left.bytes.map_or_else(|| "…".to_owned(), bytes);
        let age = ago(self.now.since(left.touched));
        let what = format!("{age} · {trees} · {files} · {size}");
        let where_ = format!("{}  {}", left.run, left.folders.join(", "));
        [
            Line::from(vec![
                Span::styled(if marked { " ▸ " } else { "   " }, theme.accent),
                Span::styled(width::fit(&what, room).into_owned(), style),
            ]),
            dimmed(&where_, room, theme.dim),
        ]
    }
}

fn dimmed(text: &str, room: usize, style: Style) -> Line<'static> {
    Line::styled(format!("   {}", width::fit(text, room)), style)
}

fn deeds(theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let each = DEEDS.iter().map(|(key, words)| {
        let words = width::fit(words, room.saturating_sub(2)).into_owned();
        Line::from(vec![
            Span::styled(format!(" {key} "), theme.accent),
            Span::styled(words, theme.text),
        ])
    });
    let open = "Enter opens the session: there it can be gone on with.";
    std::iter::once(Line::default())
        .chain(each)
        .chain(std::iter::once(Line::styled(
            format!(" {}", width::fit(open, room)),
            theme.dim,
        )))
        .collect()
}

/// `1 worktree`, `3 worktrees`.
fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
