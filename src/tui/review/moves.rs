//! Moving about: lines, hunks, files, hits of the search, agents.

use super::{
    Find, Focus, Go, Page, Review, Since, Turn, Typed, Wish, Wishes, paint, typing::Purpose,
};
use crate::tui::{effect::Effects, moves::Move};

impl Review {
    pub(super) fn go(&mut self, go: Go) -> Wishes {
        match go {
            Go::NextHunk => self.go_to_hunk(false),
            Go::PreviousHunk => self.go_to_hunk(true),
            Go::NextFile => self.go_to_file(false),
            Go::PreviousFile => self.go_to_file(true),
            Go::HalfUp => self.leap(Move::PageUp, 2),
            Go::HalfDown => self.leap(Move::PageDown, 2),
        }
    }

    pub(super) fn step(&mut self, step: Move) -> Wishes {
        self.leap(step, 1)
    }

    /// A move over files or lines; a page is cut into so many parts.
    fn leap(&mut self, step: Move, parts: usize) -> Wishes {
        match self.at.focus {
            Focus::Files => {
                let page = usize::from(self.sight.files.height).max(2) / parts;
                let place = step.over(self.files.cursor, self.files.lines().len(), page);
                self.files.go(place);
                vec![Wish::Do(self.show_file())]
            }
            Focus::Lines => {
                let Some(pane) = self.pane_mut() else {
                    return Wishes::new();
                };
                let place = step.over(pane.cursor, pane.sheet.len(), pane.height / parts);
                pane.go(place);
                Wishes::new()
            }
        }
    }

    fn go_to_hunk(&mut self, back: bool) -> Wishes {
        self.at.focus = Focus::Lines;
        let Some(pane) = self.pane_mut() else {
            return hint("There is no hunk here.");
        };
        match pane.sheet.next_head(pane.cursor, back) {
            Some(place) => {
                pane.go(place);
                Wishes::new()
            }
            None if back => {
                hint("This is the first hunk; {previous-file} goes to the file before.")
            }
            None => hint("This is the last hunk; {next-file} goes to the next file."),
        }
    }

    fn go_to_file(&mut self, back: bool) -> Wishes {
        match self.files.next_file(back, |_| true) {
            Some(place) => {
                self.files.go(place);
                vec![Wish::Do(self.show_file())]
            }
            None if back => hint("This is the first file."),
            None => hint("This is the last file."),
        }
    }

    pub(super) fn find(&mut self, find: Find) -> Wishes {
        match find {
            Find::Search => {
                self.typing.begin(Purpose::Search, "");
                self.at.focus = Focus::Lines;
                Wishes::new()
            }
            Find::Filter => {
                let now = self.files.filter().to_owned();
                self.typing.begin(Purpose::Filter, &now);
                Wishes::new()
            }
            Find::Next => self.go_to_hit(false),
            Find::Previous => self.go_to_hit(true),
        }
    }

    fn go_to_hit(&mut self, back: bool) -> Wishes {
        if self.typing.needle.is_empty() {
            return hint("Nothing was searched for yet; {search} begins.");
        }
        self.at.focus = Focus::Lines;
        let needle = self.typing.needle.clone();
        let Some(pane) = self.pane_mut() else {
            return hint("There are no lines here.");
        };
        let hit = |place: &usize| {
            let lines = pane.text(*place);
            lines.iter().any(|line| paint::holds(line, &needle))
        };
        let (total, cursor) = (pane.sheet.len(), pane.cursor);
        let place = if back {
            let before = (0..cursor).rev().find(hit);
            before.or_else(|| (cursor..total).rev().find(hit))
        } else {
            let after = (cursor + 1..total).find(hit);
            after.or_else(|| (0..(cursor + 1).min(total)).find(hit))
        };
        match place {
            Some(place) => {
                let round = if back {
                    place >= cursor
                } else {
                    place <= cursor
                };
                pane.go(place);
                if round {
                    hint("From the other end.")
                } else {
                    Wishes::new()
                }
            }
            None => hint(
                "Not found in the lines shown; {more} shows more of them, {next-file} is the next file.",
            ),
        }
    }

    /// A key for the line that is typed on.
    pub fn typed(&mut self, typed: Typed) -> Wishes {
        match typed {
            Typed::Erase => {
                self.typing.erase();
                self.retyped()
            }
            Typed::Up => self.go_to_hit(true),
            Typed::Down => self.go_to_hit(false),
            Typed::Accept => match self.typing.end() {
                Some((Purpose::Search, text)) => {
                    self.typing.needle = text.to_lowercase();
                    if self.typing.needle.is_empty() {
                        return Wishes::new();
                    }
                    self.go_to_hit(false)
                }
                Some((Purpose::Filter, _)) => {
                    self.at.focus = Focus::Files;
                    Wishes::new()
                }
                None => Wishes::new(),
            },
            Typed::Close => match self.typing.end() {
                Some((Purpose::Filter, _)) => {
                    self.files.narrow("");
                    vec![Wish::Do(self.show_file())]
                }
                Some((Purpose::Search, _)) | None => {
                    self.typing.needle.clear();
                    Wishes::new()
                }
            },
        }
    }

    /// Text for the line that is typed on.
    pub fn type_text(&mut self, text: &str) -> Wishes {
        self.typing.push(text);
        self.retyped()
    }

    fn retyped(&mut self) -> Wishes {
        match self.typing.text() {
            Some((Purpose::Filter, text)) => {
                let text = text.to_owned();
                self.files.narrow(&text);
                vec![Wish::Do(self.show_file())]
            }
            Some((Purpose::Search, text)) => {
                self.typing.needle = text.to_lowercase();
                Wishes::new()
            }
            None => Wishes::new(),
        }
    }

    pub(super) fn turn(&mut self, turn: Turn) -> Wishes {
        let agents = self.subject.agents.len();
        let own = self
            .subject
            .agents
            .iter()
            .position(|agent| agent.id == self.at.agent);
        let own = own.unwrap_or(0);
        match turn {
            Turn::Agent(number) => self.go_to_agent(usize::from(number).wrapping_sub(1)),
            Turn::Next => self.go_to_agent((own + 1) % agents.max(1)),
            Turn::Previous => self.go_to_agent((own + agents.max(1) - 1) % agents.max(1)),
            Turn::Place => self.next_place(),
            Turn::Newest => self.newest(),
        }
    }

    fn go_to_agent(&mut self, place: usize) -> Wishes {
        let Some(agent) = self.subject.agents.get(place).map(|agent| agent.id) else {
            return hint("There is no agent with this number.");
        };
        if self.at.compare {
            // All are on the screen: the cursor goes to the agent's column.
            let column = self.desk.panes.iter().position(|pane| pane.agent == agent);
            let Some(column) = column else {
                return hint("This agent has not changed this file.");
            };
            self.desk.focus = column;
        }
        self.look_back();
        self.at.agent = agent;
        if self.at.since == Since::LastLook
            && !self.course.before.contains_key(&(agent, self.at.context))
        {
            self.at.since = Since::Start;
        }
        let shown = if self.at.compare {
            self.show_list()
        } else {
            self.show_tree()
        };
        vec![Wish::Do(shown)]
    }

    /// The list of the agent whose column has the cursor; the columns stay.
    fn show_list(&mut self) -> Effects {
        let panes = std::mem::take(&mut self.desk);
        let effects = self.show_tree();
        if panes.panes.len() > 1 {
            self.desk = panes;
        }
        effects
    }

    fn next_place(&mut self) -> Wishes {
        let places = &self.subject.places;
        let own = places
            .iter()
            .position(|place| place.context == self.at.context);
        let next = own.map_or(0, |own| (own + 1) % places.len().max(1));
        match places.get(next).map(|place| place.context) {
            Some(context) if context != self.at.context => {
                self.look_back();
                self.at.context = context;
                self.at.since = Since::Start;
                vec![Wish::Do(self.show_tree())]
            }
            _ => hint("This session works on one folder."),
        }
    }

    fn newest(&mut self) -> Wishes {
        if let Some(newer) = self.course.newer.take() {
            self.look_back();
            self.subject = newer;
            if self.subject.agent(self.at.agent).is_none()
                && let Some(first) = self.subject.agents.first()
            {
                self.at.agent = first.id;
            }
            if self.place().is_none()
                && let Some(place) = self.subject.places.first()
            {
                self.at.context = place.context;
            }
            return vec![
                Wish::Do(self.show_tree()),
                Wish::Hint("This is what the agents have come to by now.".to_owned()),
            ];
        }
        if matches!(self.load, crate::tui::effect::Load::Ready(())) {
            let filled = self.fill();
            return vec![
                Wish::Do(filled),
                Wish::Hint("Nothing newer has been published.".to_owned()),
            ];
        }
        vec![Wish::Do(self.show_tree())]
    }

    /// The tree on the screen was looked at.
    pub(super) fn look_back(&mut self) {
        if self.files.set().is_none() {
            return;
        }
        if let Some(tree) = self.tree(self.at.agent).cloned() {
            self.book.look(self.at.agent, self.at.context, &tree);
        }
    }

    /// The wheel over the files or the lines, or a click.
    pub fn mouse(&mut self, (column, row): (u16, u16), wheel: i32) -> Wishes {
        if !matches!(self.page, Page::Diff) {
            return self.wheel_on_page(wheel);
        }
        let position = ratatui::layout::Position { x: column, y: row };
        if self.sight.files.contains(position) {
            self.at.focus = Focus::Files;
            let place = if wheel == 0 {
                self.files.top + usize::from(row - self.sight.files.y)
            } else {
                self.files.cursor.saturating_add_signed(wheel as isize)
            };
            self.files.go(place);
            return vec![Wish::Do(self.show_file())];
        }
        let mut areas = self.sight.lines.iter();
        let Some(index) = areas.position(|area| area.contains(position)) else {
            return Wishes::new();
        };
        self.at.focus = Focus::Lines;
        let top = self.sight.lines.get(index).map_or(0, |area| area.y);
        self.desk.focus = index.min(self.desk.panes.len().saturating_sub(1));
        let Some(pane) = self.pane_mut() else {
            return Wishes::new();
        };
        let place = if wheel == 0 {
            let rows = pane.rows.get(usize::from(row - top));
            rows.map_or(pane.cursor, |(place, _)| *place)
        } else {
            pane.cursor.saturating_add_signed(wheel as isize * 3)
        };
        pane.go(place);
        Wishes::new()
    }
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
