//! Every command that makes sense here, with its key; typing narrows the list.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{
    Action, Wish,
    help::{below, filter_line},
    list,
};
use crate::{
    text::width,
    tui::{
        action,
        keymap::{Context, Keymap},
        theme::Theme,
        widget::{matches, scrollbar, window},
    },
};

/// Frame and the line for the typed text.
const EDGES: u16 = 3;

/// The palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    pub(super) list: list::List,
    commands: Vec<Command>,
    /// Commands that match, by place; settled by `prepare`.
    hits: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
struct Command {
    name: String,
    help: &'static str,
    keys: String,
    action: action::Action,
}

impl Palette {
    /// The commands of these contexts.
    pub fn new(keymap: &Keymap, here: &[Context]) -> Self {
        let commands: Vec<_> = keymap
            .commands(here)
            .into_iter()
            .map(|binding| Command {
                name: binding.entry.name.clone(),
                help: binding.entry.help,
                keys: binding.keys_text(),
                action: binding.entry.action,
            })
            .collect();
        Self {
            list: list::List::default(),
            hits: (0..commands.len()).collect(),
            commands,
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        if self.list.go(action) {
            self.narrow();
            return Wish::Nothing;
        }
        match action {
            Action::Close => Wish::Close,
            Action::Accept => {
                self.narrow();
                self.hits
                    .get(self.list.cursor)
                    .and_then(|place| self.commands.get(*place))
                    .map_or(Wish::Nothing, |command| Wish::Perform(command.action))
            }
            _ => Wish::Nothing,
        }
    }

    /// Settles which commands match and keeps the mark among them.
    fn narrow(&mut self) {
        self.hits = self
            .commands
            .iter()
            .enumerate()
            .filter(|(_, command)| {
                matches(
                    &self.list.filter,
                    &[&command.name, command.help, &command.keys],
                )
            })
            .map(|(place, _)| place)
            .collect();
        self.list.cursor = self.list.cursor.min(self.hits.len().saturating_sub(1));
    }

    pub(super) fn prepare(&mut self, _: &Theme, size: Size) {
        self.narrow();
        // The box keeps its size while the list narrows.
        self.list.settle(size, self.commands.len(), EDGES);
        let height = self.list.height;
        self.list.cursor = self.list.cursor.min(self.hits.len().saturating_sub(1));
        self.list.top = self
            .list
            .top
            .min(self.list.cursor)
            .min(self.hits.len().saturating_sub(height));
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window("Commands", theme, frame, self.list.area);
        filter_line(
            &self.list.filter,
            "type to narrow · Enter runs · Esc closes",
            theme,
            frame,
            inner,
        );
        let body = below(inner);
        if self.hits.is_empty() {
            Line::styled("  No command matches.", theme.dim).render(body, frame.buffer_mut());
            return;
        }
        let rows = self
            .hits
            .iter()
            .enumerate()
            .skip(self.list.top)
            .zip(body.y..body.bottom());
        for ((place, hit), y) in rows {
            if let Some(command) = self.commands.get(*hit) {
                let area = Rect {
                    y,
                    height: 1,
                    ..body
                };
                row(command, place == self.list.cursor, theme, area.width)
                    .render(area, frame.buffer_mut());
            }
        }
        scrollbar(self.hits.len(), self.list.top, theme, frame, body);
    }
}

/// Help on the left, keys on the right.
fn row(command: &Command, marked: bool, theme: &Theme, room: u16) -> Line<'static> {
    // Mark, gap and scrollbar.
    let room = usize::from(room).saturating_sub(4);
    let keys = width::fit(&command.keys, room / 2).into_owned();
    let help = width::pad(command.help, room.saturating_sub(width::of(&keys)));
    let mark = if marked { "▸ " } else { "  " };
    let line = Line::from(vec![
        Span::styled(mark, theme.accent),
        Span::styled(help, if marked { theme.strong } else { theme.text }),
        Span::styled(keys, theme.accent),
    ]);
    if marked {
        line.patch_style(theme.selection)
    } else {
        line
    }
}
