//! The person's messages of this turn, each with its receipts, the latest first.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Talk, Wish};
use crate::{
    protocol::{Command, SteerId},
    run::{Steering, Turn},
    text::width,
    tui::{layout, theme::Theme, widget::window},
};

/// Cells of the list, where there is room.
const WIDEST: u16 = 90;
/// Rows of a message: its words, its receipts.
const ROWS: usize = 2;

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Messages {
    said: Vec<Message>,
    cursor: usize,
    top: usize,
    area: Rect,
}

#[derive(Clone, Debug, PartialEq)]
struct Message {
    id: SteerId,
    words: String,
    receipts: String,
    /// Somebody has not heard it.
    open: bool,
}

impl Messages {
    /// The messages of a turn.
    pub fn new(turn: &Turn) -> Self {
        let mut list = Self::default();
        list.follow(turn);
        list
    }

    /// Takes in what became of the messages; the mark stays on its message.
    pub fn follow(&mut self, turn: &Turn) {
        let marked = self.said.get(self.cursor).map(|message| message.id);
        self.said = turn
            .steering
            .iter()
            .rev()
            .map(|steering| message(steering, turn))
            .collect();
        let place = self
            .said
            .iter()
            .position(|message| Some(message.id) == marked);
        self.cursor = place.unwrap_or(0);
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        let last = self.said.len().saturating_sub(1);
        let page = (usize::from(self.area.height) / ROWS)
            .saturating_sub(1)
            .max(1);
        match action {
            Action::Close | Action::Accept => return Wish::Close,
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = (self.cursor + 1).min(last),
            Action::PageUp => self.cursor = self.cursor.saturating_sub(page),
            Action::PageDown => self.cursor = (self.cursor + page).min(last),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = last,
            Action::Erase | Action::Refresh | Action::Pick(_) => {}
        }
        Wish::Nothing
    }

    pub(super) fn talk(&mut self, talk: Talk) -> Wish {
        match (talk, self.said.get(self.cursor)) {
            (Talk::Withdraw, Some(message)) if message.open => {
                Wish::Send(Command::Withdraw(message.id))
            }
            (Talk::Withdraw, Some(_)) => Wish::Tell("Everybody it was for has heard it."),
            (Talk::Messages, _) => Wish::Close,
            _ => Wish::Nothing,
        }
    }

    pub(super) fn prepare(&mut self, size: Size) {
        let rows = (self.said.len() * ROWS).max(1);
        let wanted = u16::try_from(rows + 2).unwrap_or(u16::MAX);
        self.area = layout::centred(size, WIDEST, wanted);
        let shown = (usize::from(self.area.height.saturating_sub(2)) / ROWS).max(1);
        self.top = self
            .top
            .max((self.cursor + 1).saturating_sub(shown))
            .min(self.cursor);
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window("Your messages · Delete takes back", theme, frame, self.area);
        let room = usize::from(inner.width.saturating_sub(4));
        if self.said.is_empty() {
            let nothing = Line::styled(" You have said nothing in this turn.", theme.dim);
            nothing.render(inner, frame.buffer_mut());
            return;
        }
        let rows = self.said.iter().enumerate().skip(self.top);
        let lines = rows.flat_map(|(place, message)| {
            let marked = place == self.cursor;
            let style = if marked { theme.strong } else { theme.text };
            let words = Line::from(vec![
                Span::styled(if marked { " ▸ " } else { "   " }, theme.accent),
                Span::styled(width::fit(&message.words, room).into_owned(), style),
            ]);
            let style = if message.open { theme.warn } else { theme.dim };
            let receipts = width::fit(&message.receipts, room).into_owned();
            [words, Line::styled(format!("   {receipts}"), style)]
        });
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

fn message(steering: &Steering, turn: &Turn) -> Message {
    let mut open = false;
    let receipts: Vec<String> = turn
        .agents
        .iter()
        .filter(|agent| steering.target.includes(agent.card.id))
        .map(|agent| {
            let word = steering.word(agent.card.id);
            open |= word == "queued" && !turn.is_over();
            format!("{} {word}", agent.card.name)
        })
        .collect();
    Message {
        id: steering.id,
        words: steering.text.lines().next().unwrap_or_default().to_owned(),
        receipts: receipts.join(" · "),
        open,
    }
}
