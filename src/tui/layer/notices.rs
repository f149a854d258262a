//! Notices: one line that passes, and the list of the latest ones.
//!
//! A notice always has a word for its weight; colour is never the only sign. Hints (quiet answers to
//! a key) pass too, but are not listed.

use std::{collections::VecDeque, time::Duration};

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish, list::List};
use crate::{
    protocol::Level,
    text::width,
    tui::{
        effect::{Effect, Effects, Ticket},
        theme::Theme,
        widget::{paragraph, scrollbar, window},
    },
};

/// How long a notice stays, long enough to read a full line twice.
const NOTICE_STAYS: Duration = Duration::from_secs(8);

/// How long a hint stays.
const HINT_STAYS: Duration = Duration::from_secs(3);

/// Most notices listed.
const LISTED: usize = 100;

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its weight; `None` for a hint.
    pub level: Option<Level>,
    /// One sentence.
    pub text: String,
}

impl Notice {
    /// The line within `room` cells, with the word for its weight. One that is cut names the key
    /// that shows all of it.
    pub fn line(&self, theme: &Theme, room: u16, key: Option<&str>) -> Line<'static> {
        let room = usize::from(room);
        let Some(level) = self.level else {
            let text = width::fit(&self.text, room).into_owned();
            return Line::styled(text, theme.dim);
        };
        let (word, style) = mark(level, theme);
        let word = format!("{word}: ");
        let left = room.saturating_sub(width::of(&word));
        let word = Span::styled(word, style.patch(theme.strong));
        if width::of(&self.text) <= left {
            return Line::from(vec![word, Span::styled(self.text.clone(), style)]);
        }
        let more = key.map_or_else(String::new, |key| format!(" {key} all"));
        let text = width::fit(&self.text, left.saturating_sub(width::of(&more)));
        let text = Span::styled(text.into_owned(), style);
        Line::from(vec![word, text, Span::styled(more, theme.accent)])
    }
}

fn mark(level: Level, theme: &Theme) -> (&'static str, ratatui::style::Style) {
    match level {
        Level::Info => ("note", theme.info),
        Level::Warning => ("warning", theme.warn),
        Level::Error => ("error", theme.bad),
    }
}

/// The passing line and what was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    shown: Option<(Notice, Ticket)>,
    log: VecDeque<Notice>,
}

impl Notices {
    /// What is on the line now.
    pub fn shown(&self) -> Option<&Notice> {
        self.shown.as_ref().map(|(notice, _)| notice)
    }

    /// Says something and keeps it for the list.
    pub fn tell(&mut self, level: Level, text: impl Into<String>, ticket: Ticket) -> Effects {
        let notice = Notice {
            level: Some(level),
            text: text.into(),
        };
        self.log.push_back(notice.clone());
        if self.log.len() > LISTED {
            self.log.pop_front();
        }
        self.show(notice, ticket, NOTICE_STAYS)
    }

    /// Answers a key quietly. A warning or error on the line stays.
    pub fn hint(&mut self, text: impl Into<String>, ticket: Ticket) -> Effects {
        let heavy = |level| matches!(level, Level::Warning | Level::Error);
        if self
            .shown()
            .and_then(|notice| notice.level)
            .is_some_and(heavy)
        {
            return Effects::none();
        }
        let notice = Notice {
            level: None,
            text: text.into(),
        };
        self.show(notice, ticket, HINT_STAYS)
    }

    /// Frees the line for the keys of an overlay that opens; the list keeps what was told.
    pub fn put_away(&mut self) {
        self.shown = None;
    }

    /// Another key was pressed: a hint was about the one before.
    pub fn dismiss_hint(&mut self) {
        if self.shown().is_some_and(|notice| notice.level.is_none()) {
            self.shown = None;
        }
    }

    /// A timer fired: if it is the one of the shown notice, the line is free again.
    pub fn woke(&mut self, ticket: Ticket) -> bool {
        let mine = self
            .shown
            .as_ref()
            .is_some_and(|(_, shown)| *shown == ticket);
        if mine {
            self.shown = None;
        }
        mine
    }

    fn show(&mut self, notice: Notice, ticket: Ticket, after: Duration) -> Effects {
        self.shown = Some((notice, ticket));
        Effects::one(Effect::Wake { ticket, after })
    }
}

/// The list of the latest notices.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeList {
    list: List,
    notices: Vec<Notice>,
    rows: Vec<Line<'static>>,
}

/// Frame.
const EDGES: u16 = 2;

impl NoticeList {
    /// The notices so far, the latest first.
    pub fn new(notices: &Notices) -> Self {
        Self {
            list: List::default(),
            notices: notices.log.iter().rev().cloned().collect(),
            rows: Vec::new(),
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        if !self.list.go(action) && matches!(action, Action::Close | Action::Accept) {
            return Wish::Close;
        }
        Wish::Nothing
    }

    pub(super) fn prepare(&mut self, theme: &Theme, size: Size) {
        let room = 86.min(size.width.saturating_sub(6));
        self.rows = self
            .notices
            .iter()
            .filter_map(|notice| notice.level.map(|level| (level, notice)))
            .flat_map(|(level, notice)| {
                let (word, style) = mark(level, theme);
                paragraph(&format!("{word}: {}", notice.text), room)
                    .into_iter()
                    .map(move |line| Line::styled(format!(" {line}"), style))
            })
            .collect();
        if self.rows.is_empty() {
            self.rows
                .push(Line::styled(" Nothing was reported so far.", theme.dim));
        }
        self.list.settle_page(size, self.rows.len(), EDGES);
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let body = window("Notices · Esc closes", theme, frame, self.list.area);
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
