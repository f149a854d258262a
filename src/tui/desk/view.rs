//! Makes the rows of the screen and paints them: tabs, a head, the page, and below it a line that is typed
//! or the words of the marked line in full.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line as Row, Span},
    widgets::Widget as _,
};

use super::{Desk, Draft, Judged, Page, Setting, Typing, keys};
use crate::{
    text::width,
    tui::{
        shared::Shared,
        theme::Theme,
        widget::{paragraph, scrollbar, tail},
    },
};

/// Rows above the page.
const HEAD: u16 = 2;
/// Most rows below it.
const FOOT: usize = 3;
/// Cells of a setting's name.
const TITLE: usize = 22;
/// Cells of a setting's value before its origin.
const VALUE: usize = 18;

impl Desk {
    /// Makes what the next frame paints.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        let theme = &shared.theme;
        let room = area.width.saturating_sub(2).max(1);
        self.foot = self.foot(theme, room);
        let foot = u16::try_from(self.foot.len()).unwrap_or(0);
        self.body = Rect {
            y: area.y + HEAD.min(area.height),
            height: area.height.saturating_sub(HEAD + foot),
            ..area
        };
        let height = usize::from(self.body.height);
        let (rows, top, total) = match self.page {
            Page::Log => {
                if let Some(words) = self.log.empty() {
                    (plain(words, theme, room), 0, 0)
                } else {
                    let (rows, top) = self.log.rows(theme, (usize::from(room), height));
                    (rows, top, self.log.count())
                }
            }
            Page::Settings | Page::Keys => {
                let (rows, marked) = if self.page == Page::Keys {
                    self.keys.rows(theme, usize::from(room))
                } else {
                    self.sheet(theme, usize::from(room))
                };
                let top = (marked + 2).saturating_sub(height);
                let top = top.min(rows.len().saturating_sub(height));
                let total = rows.len();
                (
                    rows.into_iter().skip(top).take(height).collect(),
                    top,
                    total,
                )
            }
        };
        (self.rows, self.top, self.total) = (rows, top, total);
    }

    /// All rows of the settings, and the one that is marked.
    fn sheet(&self, theme: &Theme, room: usize) -> (Vec<Row<'static>>, usize) {
        let Some(settings) = &self.settings else {
            return (
                vec![Row::styled(" Reading what is in force …", theme.dim)],
                0,
            );
        };
        let mut rows = Vec::new();
        let mut marked = 0;
        let mut group = "";
        for (place, setting) in settings.iter().enumerate() {
            if setting.group != group {
                if !group.is_empty() {
                    rows.push(Row::default());
                }
                group = setting.group;
                rows.push(Row::styled(format!(" {group}"), theme.accent));
            }
            if place == self.at {
                marked = rows.len();
            }
            rows.push(row(setting, place == self.at, theme, room));
        }
        (rows, marked)
    }

    fn foot(&self, theme: &Theme, room: u16) -> Vec<Row<'static>> {
        let cells = usize::from(room);
        match (&self.typing, self.page) {
            (Typing::Value(draft), _) => self.value(draft, theme, room),
            (Typing::Keys(draft), _) => pressed(draft, theme, room),
            (Typing::Words, page) => {
                let words = match page {
                    Page::Keys => &self.keys.words,
                    Page::Settings | Page::Log => &self.log.words,
                };
                let words = tail(words, cells.saturating_sub(4));
                vec![Row::styled(format!(" / {words}▏"), theme.accent)]
            }
            (Typing::Nothing, Page::Log) => {
                let lines = paragraph(self.log.marked(), room).into_iter().take(FOOT);
                let lines: Vec<_> = lines
                    .map(|line| Row::styled(format!(" {line}"), theme.text))
                    .collect();
                // One row shows no more than the list does.
                if lines.len() > 1 { lines } else { Vec::new() }
            }
            (Typing::Nothing, Page::Keys) => {
                let words = self.keys.foot();
                vec![Row::styled(
                    format!(" {}", width::fit(&words, cells)),
                    theme.dim,
                )]
            }
            (Typing::Nothing, Page::Settings) => {
                let setting = self.settings.iter().flatten().nth(self.at);
                let origin = |one: &Setting| match one.origin.as_str() {
                    "" => format!("{}: the default", one.key),
                    origin => format!("{}: {origin}", one.key),
                };
                // Always two rows, so that the page stands still while the cursor moves.
                let lines =
                    setting.map_or_else(Default::default, |one| [one.means.clone(), origin(one)]);
                lines
                    .iter()
                    .map(|line| Row::styled(format!(" {}", width::fit(line, cells)), theme.dim))
                    .collect()
            }
        }
    }

    /// The line on which a value is typed, and what is to be said of it.
    fn value(&self, draft: &Draft, theme: &Theme, room: u16) -> Vec<Row<'static>> {
        let setting = self.settings.iter().flatten();
        let mut setting = setting.filter(|one| one.key == draft.change.key);
        let setting = setting.next();
        let title = setting.map_or("", |one| one.title.as_str());
        let title = width::fit(title, usize::from(room) / 2).into_owned();
        let left = usize::from(room).saturating_sub(width::of(&title) + 4);
        let mut rows = vec![Row::from(vec![
            Span::styled(format!(" {title}: "), theme.strong),
            Span::styled(
                format!("{}▏", tail(&draft.change.value, left)),
                theme.accent,
            ),
        ])];
        let choices = setting.map_or(&[][..], |one| one.choices.as_slice());
        let (words, style) = match &draft.judged {
            Judged::Wrong(why) => (why.clone(), theme.bad),
            Judged::Asked => ("…".to_owned(), theme.dim),
            Judged::Right if draft.change.value.is_empty() => {
                ("Empty takes back what was said here.".to_owned(), theme.dim)
            }
            Judged::Right if !choices.is_empty() => {
                (format!("↑↓ {}", choices.join(", ")), theme.dim)
            }
            Judged::Right => (
                "It can be used. Enter: for this run, Ctrl-S: saved.".to_owned(),
                theme.ok,
            ),
        };
        let lines = paragraph(&words, room).into_iter().take(FOOT - 1);
        rows.extend(lines.map(|line| Row::styled(format!(" {line}"), style)));
        rows
    }

    /// Paints it.
    pub fn view(&self, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let place = |y: u16| Rect {
            y,
            height: 1,
            ..area
        };
        if area.height >= HEAD {
            let tabs = Page::ALL.into_iter().flat_map(|page| {
                let style = if self.page == page {
                    theme.selection
                } else {
                    theme.dim
                };
                [
                    Span::styled(format!(" {} ", page.title()), style),
                    Span::raw(" "),
                ]
            });
            let tabs: Vec<Span<'static>> = tabs.collect();
            Row::from(tabs).render(place(area.y), frame.buffer_mut());
            let head = match self.page {
                Page::Log => self.log.head(),
                Page::Keys => self.keys.head(),
                Page::Settings => {
                    "What the screen shows counts at once, the rest from the next session on."
                        .to_owned()
                }
            };
            let room = usize::from(area.width.saturating_sub(2));
            let head = format!(" {}", width::fit(&head, room));
            Row::styled(head, theme.dim).render(place(area.y + 1), frame.buffer_mut());
        }
        for (row, y) in self.rows.iter().zip(self.body.y..self.body.bottom()) {
            row.render(place(y), frame.buffer_mut());
        }
        for (row, y) in self.foot.iter().zip(self.body.bottom()..area.bottom()) {
            row.render(place(y), frame.buffer_mut());
        }
        scrollbar(self.total, self.top, theme, frame, self.body);
    }
}

/// The line on which keys are typed or pressed, and what is to be said of them.
fn pressed(draft: &keys::Draft, theme: &Theme, room: u16) -> Vec<Row<'static>> {
    let title = width::fit(draft.title(), usize::from(room) / 2).into_owned();
    let left = usize::from(room).saturating_sub(width::of(&title) + 4);
    let mut rows = vec![Row::from(vec![
        Span::styled(format!(" {title}: "), theme.strong),
        Span::styled(format!("{}▏", tail(&draft.typed, left)), theme.accent),
    ])];
    let (words, style) = match &draft.judged {
        Err(why) => (why.as_str(), theme.bad),
        Ok(Some(note)) => (note.as_str(), theme.warn),
        Ok(None) if draft.typed.trim().is_empty() => (
            "No key: the palette still offers it. Press a key, or type its name.",
            theme.dim,
        ),
        Ok(None) => (
            "Press a key, or type its name. Enter: for this run, Ctrl-S: saved.",
            theme.dim,
        ),
    };
    let lines = paragraph(words, room).into_iter().take(FOOT - 1);
    rows.extend(lines.map(|line| Row::styled(format!(" {line}"), style)));
    rows
}

fn row(setting: &Setting, marked: bool, theme: &Theme, room: usize) -> Row<'static> {
    let title = width::fit(&setting.title, TITLE.min(room / 2)).into_owned();
    let gap = " ".repeat(TITLE.min(room / 2).saturating_sub(width::of(&title)) + 1);
    let sign = if marked { " ▸ " } else { "   " };
    let (value, style) = match setting.value.as_str() {
        "" => (setting.usual.as_str(), theme.dim),
        value => (value, theme.text),
    };
    let left = room.saturating_sub(width::of(&title) + gap.len() + 3);
    let value = width::fit(value, left).into_owned();
    let gap_behind = " ".repeat(VALUE.saturating_sub(width::of(&value)) + 1);
    let left = left.saturating_sub(width::of(&value) + gap_behind.len());
    let mut spans = vec![
        Span::styled(sign, theme.accent),
        Span::styled(title, if marked { theme.strong } else { theme.text }),
        Span::raw(gap),
        Span::styled(value, style),
    ];
    if left > 8 {
        let origin = width::fit(&setting.origin, left).into_owned();
        spans.push(Span::raw(gap_behind));
        spans.push(Span::styled(origin, theme.dim));
    }
    Row::from(spans)
}

fn plain(words: &str, theme: &Theme, room: u16) -> Vec<Row<'static>> {
    let lines = paragraph(words, room).into_iter();
    lines
        .map(|line| Row::styled(format!(" {line}"), theme.text))
        .collect()
}
