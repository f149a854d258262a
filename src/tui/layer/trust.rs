//! May this configuration of a project be used? What it would use, in plain words, and three answers.
//!
//! The answer that is marked at first is no: a key pressed in haste approves nothing.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Reply, Wish};
use crate::tui::{
    layout,
    theme::Theme,
    trusting::Leave,
    widget::{paragraph, window},
};

/// Cells of the card, where there is room.
const WIDEST: u16 = 96;
/// The answers.
const REPLIES: [(Leave, &str); 3] = [
    (Leave::Once, "Use it this once"),
    (Leave::Always, "Use it until a byte of it changes"),
    (Leave::No, "Do not use it"),
];

/// The question.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustCard {
    path: String,
    /// What it would use, and where that comes from.
    said: Vec<String>,
    cursor: usize,
    /// First shown line of what it would use.
    top: usize,
    /// Words above, wrapped.
    words: Vec<String>,
    /// What it would use, wrapped; the first line of each has the mark.
    uses: Vec<String>,
    area: Rect,
}

impl TrustCard {
    /// Asks, with the no marked. Texts are clean.
    pub fn new(path: String, included: &[String], uses: &[String]) -> Self {
        let mut said = uses.to_vec();
        said.extend(included.iter().map(|file| format!("with the file {file}")));
        Self {
            path,
            said,
            cursor: REPLIES.len() - 1,
            top: 0,
            words: Vec::new(),
            uses: Vec::new(),
            area: Rect::ZERO,
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        let total = REPLIES.len();
        match action {
            Action::Close => return Wish::Answer(Reply::Trust(Leave::No)),
            Action::Accept => return answer(self.cursor),
            Action::Pick(number) => return answer(usize::from(number).wrapping_sub(1)),
            Action::Up => self.cursor = (self.cursor + total - 1) % total,
            Action::Down => self.cursor = (self.cursor + 1) % total,
            Action::PageUp => self.top = self.top.saturating_sub(self.shown().max(1)),
            Action::PageDown => self.top = self.lowest().min(self.top + self.shown().max(1)),
            Action::First => self.top = 0,
            Action::Last => self.top = self.lowest(),
            Action::Erase | Action::Refresh => {}
        }
        Wish::Nothing
    }

    /// Lines of what it would use that have room; the line that tells of more left out.
    fn shown(&self) -> usize {
        let room = usize::from(self.area.height.saturating_sub(2));
        let fixed = self.words.len() + REPLIES.len() + 1;
        let room = room.saturating_sub(fixed);
        if self.uses.len() > room {
            room.saturating_sub(1)
        } else {
            room
        }
    }

    fn lowest(&self) -> usize {
        self.uses.len().saturating_sub(self.shown())
    }

    pub(super) fn prepare(&mut self, size: Size) {
        let width = WIDEST.min(size.width);
        let room = width.saturating_sub(4).max(1);
        self.words = paragraph(
            &format!(
                "{} lies in this project, and you have not approved what is in it. Nothing of it was \
                 used so far. It would:",
                self.path
            ),
            room,
        );
        self.uses = Vec::new();
        for one in &self.said {
            for (place, line) in paragraph(one, room.saturating_sub(2).max(1))
                .into_iter()
                .enumerate()
            {
                let mark = if place == 0 { "• " } else { "  " };
                self.uses.push(format!("{mark}{line}"));
            }
        }
        let rows = self.words.len() + self.uses.len() + 1 + REPLIES.len() + 2;
        let wanted = u16::try_from(rows).unwrap_or(u16::MAX);
        self.area = layout::centred(size, width, wanted);
        // Where the box is too low for everything, what it would use and the answers matter more.
        let room = usize::from(self.area.height.saturating_sub(2));
        self.words.truncate(room.saturating_sub(REPLIES.len() + 4));
        self.top = self.top.min(self.lowest());
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window("A configuration of this project", theme, frame, self.area);
        let words = self.words.iter();
        let words = words.map(|line| Line::styled(format!(" {line}"), theme.text));
        let shown = self.shown();
        let uses = self.uses.iter().skip(self.top).take(shown);
        let uses = uses.map(|line| Line::styled(format!(" {line}"), theme.warn));
        let hidden = self.uses.len().saturating_sub(self.top + shown);
        let more = (self.uses.len() > shown).then(|| {
            let words = match hidden {
                0 => " PgUp shows what is above".to_owned(),
                1 => " 1 more line: PgDn".to_owned(),
                lines => format!(" {lines} more lines: PgDn"),
            };
            Line::styled(words, theme.accent)
        });
        let replies = REPLIES.iter().enumerate().map(|(place, (_, words))| {
            let marked = place == self.cursor;
            let line = Line::from(vec![
                Span::styled(if marked { " ▸ " } else { "   " }, theme.accent),
                Span::styled(format!("{} ", place + 1), theme.accent),
                Span::styled(*words, if marked { theme.strong } else { theme.text }),
            ]);
            if marked {
                line.patch_style(theme.selection)
            } else {
                line
            }
        });
        let gap = std::iter::once(Line::default());
        let lines = words.chain(uses).chain(more).chain(gap).chain(replies);
        for (line, y) in lines.zip(inner.y..inner.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..inner
            };
            line.render(place, frame.buffer_mut());
        }
    }
}

fn answer(place: usize) -> Wish {
    REPLIES.get(place).map_or(Wish::Nothing, |(leave, _)| {
        Wish::Answer(Reply::Trust(*leave))
    })
}
