//! The list of models: what each can, what it may cost for this log, whether it can be asked now.

use ratatui::text::Line;

use super::{Choice, Turn};
use crate::tui::moves::Move;
use crate::{
    protocol::Failure,
    text::width,
    tui::{
        effect::{Load, Ticket},
        theme::Theme,
        widget::{Sought, marked, spinner},
    },
};

/// Rows that a page of it moves.
const PAGE: usize = 10;
/// Cells from which a model is one row.
const WIDE: usize = 96;

/// The list, filtered by what is typed.
#[derive(Debug)]
pub(super) struct Picker {
    turn: Turn,
    all: Load<Vec<Choice>>,
    sought: Sought,
    cursor: usize,
    top: usize,
}

impl Picker {
    /// An empty list for a turn.
    pub(super) fn new(turn: Turn) -> Self {
        Self {
            turn,
            all: Load::Idle,
            sought: Sought::default(),
            cursor: 0,
            top: 0,
        }
    }

    pub(super) const fn turn(&self) -> Turn {
        self.turn
    }

    pub(super) const fn is_loading(&self) -> bool {
        matches!(self.all, Load::Idle | Load::Loading(_))
    }

    pub(super) fn sent(&mut self, ticket: Ticket) {
        self.all = Load::Loading(ticket);
    }

    pub(super) fn arrived(&mut self, ticket: Ticket, models: Result<Vec<Choice>, Failure>) {
        if !self.all.waits_for(ticket) {
            return;
        }
        self.all = match models {
            Ok(models) => {
                let usual = models.iter().position(|choice| choice.usual);
                self.cursor = usual.unwrap_or(0);
                Load::Ready(models)
            }
            Err(failure) => Load::Failed(failure),
        };
    }

    pub(super) fn type_text(&mut self, text: &str) {
        self.sought.type_text(text);
        self.cursor = 0;
    }

    pub(super) fn erase(&mut self) {
        self.sought.erase();
        self.cursor = 0;
    }

    pub(super) fn step(&mut self, step: Move) {
        self.cursor = step.over(self.cursor, self.found().len(), PAGE);
    }

    /// The model under the cursor, or why it cannot be asked.
    pub(super) fn chosen(&self) -> Result<String, String> {
        let found = self.found();
        let Some(choice) = found.get(self.cursor) else {
            return Err("No model fits what is typed.".to_owned());
        };
        if choice.ready {
            Ok(choice.name.clone())
        } else {
            Err(format!(
                "{}: {}. `massgen-tui keys set` keeps a key.",
                choice.name, choice.key
            ))
        }
    }

    /// The models that hold every word that is typed.
    fn found(&self) -> Vec<&Choice> {
        let Load::Ready(all) = &self.all else {
            return Vec::new();
        };
        let words = self.sought.words();
        let fits = |choice: &&Choice| {
            let text = format!("{} {} {}", choice.name, choice.can, choice.key).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        all.iter().filter(fits).collect()
    }

    /// The rows of the list.
    pub(super) fn rows(
        &mut self,
        theme: &Theme,
        tick: u64,
        (room, height): (usize, usize),
    ) -> Vec<Line<'static>> {
        let mut rows = vec![self.sought.line(theme, room)];
        let note = match &self.all {
            Load::Idle | Load::Loading(_) => Some(format!(
                "{} Counting the log and looking for model servers on this machine…",
                spinner(tick)
            )),
            Load::Failed(failure) => Some(failure.words()),
            Load::Ready(_) => None,
        };
        if let Some(note) = note {
            let note = width::fit(&note, room).into_owned();
            rows.push(Line::styled(note, theme.dim));
            return rows;
        }
        let found = self.found();
        let all = match &self.all {
            Load::Ready(all) => all.len(),
            Load::Idle | Load::Loading(_) | Load::Failed(_) => 0,
        };
        let count = format!("{} of {all} models", found.len());
        rows.push(Line::styled(
            width::fit(&count, room).into_owned(),
            theme.dim,
        ));
        let each = if room >= WIDE { 1 } else { 2 };
        let seen = (height.saturating_sub(rows.len()) / each).max(1);
        let cursor = self.cursor.min(found.len().saturating_sub(1));
        let top = self.top.min(cursor).max((cursor + 1).saturating_sub(seen));
        for (place, choice) in found.iter().enumerate().skip(top).take(seen) {
            let lines = if each == 1 {
                vec![wide(choice, theme, room)]
            } else {
                narrow(choice, theme, room)
            };
            for line in lines {
                rows.push(if place == cursor {
                    marked(line, theme.selection)
                } else {
                    line
                });
            }
        }
        self.top = top;
        self.cursor = cursor;
        rows
    }
}

fn mark(choice: &Choice) -> &'static str {
    match (choice.usual, choice.ready) {
        (true, true) => "★ ",
        (_, true) => "  ",
        (_, false) => "· ",
    }
}

fn wide(choice: &Choice, theme: &Theme, room: usize) -> Line<'static> {
    let style = if choice.ready { theme.text } else { theme.dim };
    let columns = [
        (choice.name.as_str(), room.saturating_sub(84).clamp(24, 48)),
        (choice.price.as_str(), 14),
        (choice.window.as_str(), 23),
        (choice.key.as_str(), 30),
    ];
    let mut line = mark(choice).to_owned();
    for (words, wide) in columns {
        line.push_str(&width::pad(&width::fit(words, wide), wide));
        line.push_str("  ");
    }
    line.push_str(&choice.can);
    Line::styled(width::pad(&width::fit(line.trim_end(), room), room), style)
}

fn narrow(choice: &Choice, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let style = if choice.ready { theme.text } else { theme.dim };
    let name = format!("{}{}", mark(choice), choice.name);
    let parts = [&choice.price, &choice.key, &choice.window, &choice.can];
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.as_str())
        .filter(|part| !part.is_empty())
        .collect();
    let rest = format!("    {}", parts.join(" · "));
    let line = |words: &str| width::pad(&width::fit(words, room), room);
    vec![
        Line::styled(line(&name), style),
        Line::styled(line(&rest), theme.dim),
    ]
}
