//! One agent's place in the team: what can be done with it, and a line for a model's name.
//!
//! What is on offer depends on the agent's state when the card opens. Whether a change can be made is
//! the engine's business; it answers with an event either way.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish};
use crate::{
    protocol::{AgentId, Command, TeamCommand},
    run::{Activity, AgentState, Away},
    text::{clean, width},
    tui::{action::Named, layout, theme::Theme, widget::window},
};

/// Cells of the card, where there is room.
const WIDEST: u16 = 72;
/// Longest name of a model, in bytes.
const LONGEST: usize = 200;

/// Changes of the team, as keys and commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Team {
    /// Show what can be done with the focused agent.
    Card,
    /// Pause it, or let it go on.
    Pause,
    /// Take it out.
    Retire,
    /// Give it another chance.
    Retry,
    /// Add an agent like it.
    Add,
    /// Put another model into its seat.
    Replace,
    /// Let all agents see the running count of votes, or hide it from them.
    Tally,
    /// Let all agents see who wrote and voted what, or hide it from them.
    Names,
}

impl Team {
    /// Name, help and meaning of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("card", "change the team: the focused agent", Self::Card),
        (
            "pause",
            "pause the focused agent, or let it go on",
            Self::Pause,
        ),
        ("retire", "take the focused agent out", Self::Retire),
        (
            "retry",
            "give the focused agent another chance",
            Self::Retry,
        ),
        ("add", "add an agent like the focused one", Self::Add),
        (
            "replace",
            "put another model into the focused seat",
            Self::Replace,
        ),
        (
            "tally",
            "let agents see the count of votes, or hide it",
            Self::Tally,
        ),
        (
            "names",
            "let agents see who wrote what, or hide it",
            Self::Names,
        ),
    ];
}

/// One row of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Pause,
    Resume,
    Retry,
    Replace,
    Add,
    Retire,
}

impl Row {
    const fn words(self) -> &'static str {
        match self {
            Self::Pause => "Pause it; its text is kept",
            Self::Resume => "Let it go on",
            Self::Retry => "Give it another chance",
            Self::Replace => "Seat the model below here",
            Self::Add => "Add one like it (model below)",
            Self::Retire => "Take it out; its answers stay",
        }
    }
}

/// The card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crew {
    id: AgentId,
    title: String,
    rows: Vec<Row>,
    cursor: usize,
    model: String,
    area: Rect,
}

impl Crew {
    /// The card of an agent, with the row of an action marked.
    pub fn new(agent: &AgentState, action: Team) -> Self {
        let mut rows = match &agent.activity {
            Activity::Away(Away::Paused | Away::Overdue) => vec![Row::Resume],
            Activity::Away(Away::Failed(_) | Away::Retired) => vec![Row::Retry],
            _ => vec![Row::Pause],
        };
        rows.extend([Row::Replace, Row::Add]);
        if agent.activity != Activity::Away(Away::Retired) {
            rows.push(Row::Retire);
        }
        let wanted = match action {
            Team::Add => Some(Row::Add),
            Team::Replace => Some(Row::Replace),
            Team::Retire => Some(Row::Retire),
            Team::Card | Team::Pause | Team::Retry | Team::Tally | Team::Names => None,
        };
        let name = clean::line(&agent.card.name);
        let model = clean::line(&agent.card.model);
        Self {
            id: agent.card.id,
            title: format!("{} · {name} · {model}", agent.card.id),
            cursor: rows
                .iter()
                .position(|row| Some(*row) == wanted)
                .unwrap_or(0),
            rows,
            model: String::new(),
            area: Rect::ZERO,
        }
    }

    pub(super) fn type_text(&mut self, text: &str) {
        let line = clean::line(text.lines().next().unwrap_or_default());
        if self.model.len() + line.len() <= LONGEST {
            self.model.push_str(&line);
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        let last = self.rows.len().saturating_sub(1);
        match action {
            Action::Close => return Wish::Close,
            Action::Accept => return self.accept(),
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = (self.cursor + 1).min(last),
            Action::First | Action::PageUp => self.cursor = 0,
            Action::Last | Action::PageDown => self.cursor = last,
            Action::Erase => {
                let cut = width::cells(&self.model)
                    .last()
                    .map_or(0, |cell| cell.start);
                self.model.truncate(cut);
            }
            Action::Refresh | Action::Pick(_) => {}
        }
        Wish::Nothing
    }

    fn accept(&self) -> Wish {
        let id = self.id;
        let model = self.model.trim();
        let Some(row) = self.rows.get(self.cursor) else {
            return Wish::Close;
        };
        let command = match row {
            Row::Pause => TeamCommand::Pause(id),
            Row::Resume => TeamCommand::Resume(id),
            Row::Retry => TeamCommand::Retry(id),
            Row::Retire => TeamCommand::Retire(id),
            Row::Replace if model.is_empty() => {
                return Wish::Tell("Type the name of the model first.");
            }
            Row::Replace => TeamCommand::Replace {
                id,
                model: model.to_owned(),
            },
            Row::Add => TeamCommand::Add {
                like: id,
                model: (!model.is_empty()).then(|| model.to_owned()),
            },
        };
        Wish::CloseAndSend(Command::Team(command))
    }

    pub(super) fn prepare(&mut self, size: Size) {
        // Rows, the line for the model, the frame.
        let rows = u16::try_from(self.rows.len()).unwrap_or(u16::MAX);
        self.area = layout::centred(size, WIDEST, rows.saturating_add(3));
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window(&self.title, theme, frame, self.area);
        let room = usize::from(inner.width.saturating_sub(4));
        let rows = self.rows.iter().enumerate().map(|(place, row)| {
            let marked = place == self.cursor;
            let style = if marked { theme.strong } else { theme.text };
            let line = Line::from(vec![
                Span::styled(if marked { " ▸ " } else { "   " }, theme.accent),
                Span::styled(width::fit(row.words(), room).into_owned(), style),
            ]);
            if marked {
                line.patch_style(theme.selection)
            } else {
                line
            }
        });
        let field = Line::from(vec![
            Span::styled("   Model: ", theme.dim),
            Span::styled(
                width::fit(&self.model, room.saturating_sub(8)).into_owned(),
                theme.strong,
            ),
            Span::styled("▏", theme.accent),
        ]);
        for (line, y) in rows.chain([field]).zip(inner.y..inner.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..inner
            };
            line.render(place, frame.buffer_mut());
        }
    }
}
