//! One row with all agents, for when their panes are not all in sight.
//!
//! Every agent has its number, name, sign and word of its state; when not all agents would fit the
//! words go, then the names. The row scrolls so that the focused agent is in sight; `‹` and `›` say
//! that there are more. Agents whose panes are in sight stand between brackets, on another ground.

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    ink::{Role, Words, put},
    phrase::{self, clean},
};
use crate::{
    run::{AgentState, Turn},
    text::width,
    tui::shared::Shared,
};

/// Columns of a name at most.
const NAME: usize = 16;
/// Columns of a name at most when not all agents fit.
const SHORT_NAME: usize = 10;

/// Agents in sight and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Strip {
    places: Vec<(usize, Rect)>,
    length: Length,
    /// Agents before the first in sight.
    before: bool,
    /// Agents after the last in sight.
    after: bool,
    /// Agents whose panes are in sight; empty when that is the focused one alone.
    page: Range<usize>,
}

impl Strip {
    /// Lays out a row around the focused agent; `each` is how many panes a page has, 0 for one.
    pub(super) fn of(
        row: Rect,
        turn: &Turn,
        (focus, each): (usize, usize),
        shared: &Shared,
    ) -> Self {
        let agents = turn.agents.len();
        if row.is_empty() || agents == 0 {
            return Self::default();
        }
        let focus = focus.min(agents - 1);
        // One column at each end for the marks.
        let room = row.width.saturating_sub(2);
        let measure = |length| -> Vec<u16> {
            let entries = turn.agents.iter();
            entries
                .map(|agent| entry(agent, (Focused::No, length), shared).width())
                .map(|width| u16::try_from(width).unwrap_or(u16::MAX))
                .collect()
        };
        // The longest form in which all fit, else the shortest.
        let fits = |widths: &[u16]| {
            let all: usize = widths.iter().map(|width| usize::from(*width)).sum();
            all <= usize::from(room)
        };
        let mut length = Length::Words;
        let mut widths = measure(length);
        for shorter in [Length::Signs, Length::Numbers] {
            if fits(&widths) {
                break;
            }
            length = shorter;
            widths = measure(length);
        }
        let mut first = focus;
        let mut used = widths.get(focus).copied().unwrap_or(0);
        let mut last = focus + 1;
        // Grow to both sides in turn while it fits, so that the row moves by little.
        loop {
            let before = first
                .checked_sub(1)
                .and_then(|index| widths.get(index))
                .filter(|width| used.saturating_add(**width) <= room);
            if let Some(width) = before {
                first -= 1;
                used += width;
            }
            let after = widths
                .get(last)
                .filter(|width| used.saturating_add(**width) <= room);
            if let Some(width) = after {
                last += 1;
                used += width;
            }
            if before.is_none() && after.is_none() {
                break;
            }
        }
        let mut x = row.x + 1;
        let mut places = Vec::new();
        for (index, width) in widths.iter().enumerate().take(last).skip(first) {
            let width = (*width).min(row.right().saturating_sub(x));
            places.push((index, Rect::new(x, row.y, width, 1)));
            x += width;
        }
        Self {
            places,
            length,
            before: first > 0,
            after: last < agents,
            page: focus
                .checked_div(each)
                .map_or(0..0, |page| page * each..(page + 1) * each),
        }
    }

    /// The agent at a column and row of the screen.
    pub(super) fn hit(&self, column: u16, row: u16) -> Option<usize> {
        self.places
            .iter()
            .find(|(_, place)| place.contains((column, row).into()))
            .map(|(index, _)| *index)
    }

    /// Paints the row.
    pub(super) fn paint(
        &self,
        buffer: &mut Buffer,
        row: Rect,
        (turn, focus): (&Turn, usize),
        shared: &Shared,
    ) {
        for (index, place) in &self.places {
            if let Some(agent) = turn.agents.get(*index) {
                let focused = if *index == focus {
                    Focused::Yes
                } else {
                    Focused::No
                };
                entry(agent, (focused, self.length), shared).paint(
                    buffer,
                    place.x,
                    place.y,
                    place.width,
                    &shared.theme,
                );
                self.mark(buffer, (*index, *place), (turn, focus), shared);
            }
        }
        if self.before {
            put(buffer, Rect { width: 1, ..row }, "‹", shared.theme.accent);
        }
        if self.after && row.width > 0 {
            let end = Rect::new(row.right() - 1, row.y, 1, 1);
            put(buffer, end, "›", shared.theme.accent);
        }
    }
}

impl Strip {
    /// Marks an agent whose pane is in sight.
    fn mark(
        &self,
        buffer: &mut Buffer,
        (index, place): (usize, Rect),
        (turn, focus): (&Turn, usize),
        shared: &Shared,
    ) {
        if !self.page.contains(&index) || place.is_empty() {
            return;
        }
        buffer.set_style(place.intersection(buffer.area), shared.theme.selection);
        let style = shared.theme.accent.patch(shared.theme.selection);
        if index == self.page.start && index != focus {
            put(buffer, Rect { width: 1, ..place }, "[", style);
        }
        if index + 1 == self.page.end.min(turn.agents.len()) {
            put(
                buffer,
                Rect::new(place.right() - 1, place.y, 1, 1),
                "]",
                style,
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Focused {
    Yes,
    No,
}

/// How much an entry says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    /// Name, sign and word.
    #[default]
    Words,
    /// Name and sign, when not all would fit otherwise.
    Signs,
    /// Number and sign, for large teams.
    Numbers,
}

fn entry(agent: &AgentState, (focused, length): (Focused, Length), shared: &Shared) -> Words {
    let (mark, role) = match focused {
        Focused::Yes => ("▸", Role::Accent),
        Focused::No => (" ", Role::Text),
    };
    let name = match length {
        Length::Words => NAME,
        Length::Signs => SHORT_NAME,
        Length::Numbers => 0,
    };
    let number = agent.card.id.0.to_string();
    let mut words = Words::of(Role::Accent, mark).and(Role::Dim, number);
    if name > 0 {
        words.push(Role::Dim, " ");
        let name = width::fit(&clean(&agent.card.name), name).into_owned();
        words.push(role, name);
        words.push(Role::Text, " ");
    }
    match length {
        Length::Words => words.append(phrase::short_state(agent, shared)),
        Length::Signs | Length::Numbers => {
            words.push(phrase::role(agent), phrase::glyph(agent, shared));
        }
    }
    words.push(Role::Text, " ");
    words
}
