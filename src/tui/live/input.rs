//! Typed text for the search line, and the mouse.

use ratatui::layout::{Position, Rect};

use super::{
    Live, Page,
    flow::Flow,
    header,
    pane::{self, Parts, Searching},
    show,
};
use crate::tui::{effect::Effects, shared::Shared};

/// Rows one notch of the wheel scrolls.
const NOTCH: i32 = 3;

/// Text and mouse, as the terminal sends them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A typed character.
    Char(char),
    /// Take the last character away.
    Backspace,
    /// Done typing.
    Enter,
    /// Give up typing.
    Esc,
    /// A click on a cell of the screen.
    Click {
        /// Column of the screen.
        column: u16,
        /// Row of the screen.
        row: u16,
    },
    /// The wheel over a cell of the screen.
    Wheel {
        /// Column of the screen.
        column: u16,
        /// Row of the screen.
        row: u16,
        /// Notches, down when positive.
        delta: i32,
    },
    /// Pasted text.
    Paste(String),
}

impl Live {
    /// Takes in text for the search line, or the mouse.
    pub fn input(&mut self, input: Input, shared: &Shared) -> Effects {
        self.by_hand.touched = true;
        if let Some(effects) = self.input_inside(&input, shared) {
            return effects;
        }
        match input {
            Input::Click { column, row } => self.click(Position::new(column, row)),
            Input::Wheel { column, row, delta } => {
                self.wheel(Position::new(column, row), delta.saturating_mul(NOTCH));
            }
            typed => self.type_in(&typed),
        }
        Effects::none()
    }

    fn type_in(&mut self, input: &Input) {
        let Some(search) = self.search.as_mut().filter(|search| search.editing) else {
            return;
        };
        match input {
            Input::Char(letter) => search.type_in(letter.encode_utf8(&mut [0; 4])),
            Input::Paste(text) => search.type_in(text),
            Input::Backspace | Input::Enter if search.needle.is_empty() => self.search = None,
            Input::Backspace => search.erase(),
            Input::Enter => search.editing = false,
            Input::Esc => self.search = None,
            Input::Click { .. } | Input::Wheel { .. } => {}
        }
    }

    fn click(&mut self, at: Position) {
        let geometry = &self.sight.geometry;
        if geometry.tabs.contains(at) {
            let hit = header::tabs(geometry.tabs, self.page)
                .into_iter()
                .find(|(_, place)| place.contains(at));
            if let Some((page, _)) = hit {
                self.turn_to(page);
            }
            return;
        }
        if let Some(index) = self.sight.strip.hit(at.x, at.y) {
            self.focus_on(index);
            return;
        }
        if geometry.votes.contains(at) {
            self.turn_to(Page::Votes);
            return;
        }
        let pane = self.pane_at(at);
        if let Some((index, _)) = pane {
            self.focus_on(index);
        }
        let place = pane.map_or(self.sight.geometry.body, |(_, place)| place);
        if place.contains(at) {
            let parts = self.parts(place, pane.is_some());
            let key = self.end_key.clone();
            if let Some(flow) = self.flow_mut() {
                click_column(flow, parts.column, at, &key);
            }
        }
    }

    /// The pane at a place on the screen.
    fn pane_at(&self, at: Position) -> Option<(usize, Rect)> {
        self.sight
            .geometry
            .panes
            .iter()
            .find(|(_, place)| place.contains(at))
            .copied()
    }

    fn parts(&self, place: Rect, is_pane: bool) -> Parts {
        let searching = show::searching(self, Searching::Here);
        if is_pane {
            Parts::of(place, self.sight.geometry.part, searching)
        } else {
            Parts::page(place, searching)
        }
    }

    fn wheel(&mut self, at: Position, rows: i32) {
        match self.pane_at(at) {
            Some((index, _)) => {
                if let Some(pane) = self.panes.get_mut(index) {
                    pane.transcript.flow.wheel(rows);
                }
            }
            None if self.sight.geometry.body.contains(at) => {
                if let Some(flow) = self.flow_mut() {
                    flow.wheel(rows);
                }
            }
            None => {}
        }
    }
}

/// A click on the mark at the bottom goes to the end; one on a head opens or closes its block.
fn click_column(flow: &mut Flow, column: Rect, at: Position, end_key: &str) {
    if pane::pill_place(flow, column, end_key).is_some_and(|(place, _)| place.contains(at)) {
        flow.move_by(super::Move::End);
        return;
    }
    if !column.contains(at) {
        return;
    }
    let row = flow.top + usize::from(at.y - column.y);
    if let Some((id, row)) = flow.locate(row) {
        let on_head = flow
            .block(id)
            .is_some_and(|block| block.foldable() && row < block.lead() && row < block.rows());
        if on_head {
            flow.selected = Some(id);
            flow.toggle(id);
        }
    }
}
