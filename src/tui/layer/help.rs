//! All keys, printed from the keymap: what holds here first, then the rest.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish, list};
use crate::{
    text::width,
    tui::{
        keymap::{Context, Keymap},
        layout,
        theme::Theme,
        widget::{matches, paragraph, scrollbar, window},
    },
};

/// Cells of the key column.
const KEYS: usize = 26;

/// Cells from which help stands beside its keys.
const BESIDE: usize = 56;

/// Frame and the line for the typed text.
const EDGES: u16 = 3;

/// Frame and scrollbar.
const SIDES: u16 = 3;

/// The help overlay.
#[derive(Clone, Debug, PartialEq)]
pub struct Help {
    pub(super) list: list::List,
    sections: Vec<Section>,
    rows: Vec<Line<'static>>,
}

/// The keys of one context.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    title: &'static str,
    /// Keys, help, name.
    lines: Vec<(String, &'static str, String)>,
}

impl Help {
    /// All keys; those of `here` first.
    pub fn new(keymap: &Keymap, here: &[Context]) -> Self {
        let rest = Context::ALL
            .into_iter()
            .filter(|context| !here.contains(context));
        let sections = here
            .iter()
            .copied()
            .chain(rest)
            .map(|context| Section {
                title: context.title(),
                lines: keymap
                    .bindings()
                    .iter()
                    .filter(|binding| binding.context == context)
                    .map(|binding| {
                        let name = binding.entry.name.clone();
                        (binding.keys_text(), binding.entry.help, name)
                    })
                    .collect(),
            })
            .collect();
        Self {
            list: list::List::default(),
            sections,
            rows: Vec::new(),
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        if self.list.go(action) {
            return Wish::Nothing;
        }
        match action {
            Action::Close | Action::Accept => Wish::Close,
            _ => Wish::Nothing,
        }
    }

    pub(super) fn prepare(&mut self, theme: &Theme, size: Size) {
        let room = layout::centred(size, list::WIDEST, size.height)
            .width
            .saturating_sub(SIDES);
        let mut rows = Vec::new();
        for section in &self.sections {
            let hits: Vec<_> = section
                .lines
                .iter()
                .filter(|(keys, help, name)| {
                    matches(&self.list.filter, &[keys, help, name, section.title])
                })
                .collect();
            if hits.is_empty() {
                continue;
            }
            if !rows.is_empty() {
                rows.push(Line::default());
            }
            rows.push(Line::styled(section.title, theme.strong));
            for (keys, help, _) in hits {
                rows.extend(lines(keys, help, theme, room));
            }
        }
        if rows.is_empty() {
            rows.push(Line::styled("No key matches.", theme.dim));
        }
        self.list.settle_page(size, rows.len(), EDGES);
        self.rows = rows;
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window("Keys", theme, frame, self.list.area);
        filter_line(
            &self.list.filter,
            "type to search · Esc closes",
            theme,
            frame,
            inner,
        );
        let body = below(inner);
        for (row, y) in self
            .rows
            .iter()
            .skip(self.list.top)
            .zip(body.y..body.bottom())
        {
            row.render(
                Rect {
                    y,
                    height: 1,
                    ..body
                },
                frame.buffer_mut(),
            );
        }
        scrollbar(self.rows.len(), self.list.top, theme, frame, body);
    }
}

/// One binding. Keys that need more room than their column, and all keys where there is too little
/// for two columns, stand on a line of their own.
fn lines(keys: &str, help: &'static str, theme: &Theme, room: u16) -> Vec<Line<'static>> {
    let beside = usize::from(room) >= BESIDE;
    let indent = if beside { KEYS } else { 2 };
    let words = room.saturating_sub(u16::try_from(indent).unwrap_or(0));
    let mut helps = paragraph(help, words).into_iter();
    let mut lines = Vec::new();
    if beside && width::of(keys) < KEYS {
        lines.push(Line::from(vec![
            Span::styled(width::pad(keys, KEYS), theme.accent),
            Span::styled(helps.next().unwrap_or_default(), theme.text),
        ]));
    } else {
        let keys = paragraph(keys, room).into_iter();
        lines.extend(keys.map(|keys| Line::styled(keys, theme.accent)));
    }
    lines.extend(helps.map(|help| Line::styled(format!("{:indent$}{help}", ""), theme.text)));
    lines
}

/// The typed text, or what can be typed.
pub(super) fn filter_line(
    filter: &str,
    empty: &'static str,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    if area.is_empty() {
        return;
    }
    let room = usize::from(area.width).saturating_sub(3);
    let line = if filter.is_empty() {
        Line::styled(format!("  {empty}"), theme.dim)
    } else {
        Line::from(vec![
            Span::styled("/ ", theme.accent),
            Span::styled(width::fit(filter, room).into_owned(), theme.strong),
        ])
    };
    line.render(Rect { height: 1, ..area }, frame.buffer_mut());
    let typed = u16::try_from(width::of(filter).min(room)).unwrap_or(0);
    frame.set_cursor_position((
        area.x + (2 + typed).min(area.width.saturating_sub(1)),
        area.y,
    ));
}

/// The rows below the typed text.
pub(super) fn below(inner: Rect) -> Rect {
    let taken = 1.min(inner.height);
    Rect {
        y: inner.y + taken,
        height: inner.height - taken,
        ..inner
    }
}
