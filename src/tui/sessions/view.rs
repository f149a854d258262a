//! Makes the rows in sight and paints them.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
    widgets::{Block, BorderType, Borders, Widget as _},
};

use super::{
    Details, Loaded, Sessions,
    columns::{Columns, Look},
    details,
    list::Scope,
    typing::Typing,
};
use crate::{
    catalog::{Direction, Shown},
    text::width,
    tui::{
        shared::Shared,
        theme::Theme,
        widget::{demo_badge, marked, paragraph, scrollbar, spinner, tail},
    },
};

/// Columns from which details stand beside the list without being asked for.
const BESIDE: u16 = 120;
/// Widest pane of details.
const PANE: u16 = 46;
/// Rows from which the columns have headings.
const HEADED: u16 = 7;

/// What is painted.
#[derive(Clone, Debug, Default)]
pub(super) struct Painted {
    title: Line<'static>,
    badge: Option<Span<'static>>,
    /// The line that takes text, and what is wrong with it.
    input: Vec<Line<'static>>,
    heading: Option<Line<'static>>,
    body: Rect,
    /// Rows; true for the one under the cursor.
    rows: Vec<(bool, Line<'static>)>,
    /// All rows there are, and the first in sight.
    scroll: (usize, usize),
    pane: Option<(Rect, Vec<Line<'static>>)>,
}

impl Painted {
    /// The row of the body at a place.
    pub(super) fn row_at(&self, (x, y): (u16, u16)) -> Option<usize> {
        let inside = self.body.contains(Position { x, y });
        inside.then(|| usize::from(y - self.body.y))
    }

    /// Rows of a page.
    pub(super) const fn page(&self) -> i16 {
        self.body.height.cast_signed()
    }

    /// Whether details are in sight.
    pub(super) const fn shows_details(&self) -> bool {
        self.pane.is_some()
    }
}

impl Sessions {
    /// Makes what is painted.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        let theme = &shared.theme;
        let zone = self.ground.zone.clone();
        // Whose team is at work stays said.
        let scripted = shared.running() && shared.demo();
        let badge = scripted.then(|| demo_badge(theme, area.width / 2));
        let taken = badge.as_ref().map_or(0, |badge| badge.width() + 1);
        let taken = u16::try_from(taken).unwrap_or(area.width);
        let mut painted = Painted {
            title: self.title(shared, area.width.saturating_sub(taken)),
            badge,
            ..Painted::default()
        };
        painted.input = self.input(theme, area.width);
        let above = 1 + u16::try_from(painted.input.len()).unwrap_or(u16::MAX);
        let mut body = Rect {
            y: area.y.saturating_add(above),
            height: area.height.saturating_sub(above),
            ..area
        };
        if let Some(pane) = self.pane(&mut body) {
            let room = pane.width.saturating_sub(2);
            let lines = self.list.current();
            let lines = lines.map(|entry| details::lines(entry, room, theme, &zone));
            painted.pane = Some((pane, lines.unwrap_or_default()));
        }
        let look = Look { theme, zone: &zone };
        if let Some((what, hint)) = self.empty() {
            painted.rows = said(&what, &self.keys.say(&hint), body.width, theme);
            painted.body = body;
            self.painted = painted;
            return;
        }
        let room = usize::from(body.width.saturating_sub(1));
        if let Some(search) = &mut self.search {
            painted.rows = search.window(usize::from(body.height), room, &self.list, &look);
        } else {
            let columns = Columns::new(room);
            if body.height >= HEADED {
                painted.heading = Some(columns.heading(theme));
                body.y += 1;
                body.height -= 1;
            }
            let cursor = self.list.cursor();
            let marks = self.list.marked().clone();
            let lines = self.list.window(usize::from(body.height));
            painted.rows = lines
                .into_iter()
                .map(|(line, entry)| {
                    let marked = marks.contains(&entry.summary.run);
                    (line == cursor, columns.row(entry, marked, &look))
                })
                .collect();
            painted.scroll = (self.list.count(), self.list.top());
        }
        painted.body = body;
        self.painted = painted;
    }

    /// Cuts the room for details off.
    fn pane(&self, body: &mut Rect) -> Option<Rect> {
        if self.list.current().is_none() || self.search.is_some() {
            return None;
        }
        match self.details {
            Details::Off => None,
            Details::WithRoom if body.width < BESIDE => None,
            Details::WithRoom | Details::On if body.width >= BESIDE => {
                let width = (body.width / 3).min(PANE);
                body.width -= width;
                Some(Rect {
                    x: body.right(),
                    width,
                    ..*body
                })
            }
            Details::WithRoom | Details::On => {
                // Below the list, which keeps a few rows.
                let rows = (body.height * 3 / 5).min(body.height.saturating_sub(3));
                body.height -= rows;
                (rows > 1).then_some(Rect {
                    y: body.bottom(),
                    height: rows,
                    ..*body
                })
            }
        }
    }

    /// What this is, how much of it, and in which order; the most telling first.
    fn title(&self, shared: &Shared, room: u16) -> Line<'static> {
        let theme = &shared.theme;
        let mut parts: Vec<String> = Vec::new();
        if let Some(search) = &self.search {
            parts.push(search.words_of_count());
        } else if self.load == Loaded::First {
            parts.push(format!("{} reading the list…", spinner(shared.tick)));
        } else if matches!(self.load, Loaded::Failed(_)) {
            parts.push("the list cannot be read".to_owned());
        } else {
            parts.push(format!(
                "{} of {}",
                self.list.count(),
                self.list.entries().len()
            ));
            let marked = self.list.marked().len();
            if marked > 0 {
                parts.push(format!("{marked} marked"));
            }
            parts.push(match self.wanted.scope {
                Scope::Machine => "this machine".to_owned(),
                Scope::Here => "this project".to_owned(),
            });
            let arrow = match self.wanted.sort.direction {
                Direction::Ascending => "↑",
                Direction::Descending => "↓",
            };
            parts.push(format!("by {} {arrow}", self.wanted.sort.key.word()));
            parts.extend(self.hidden_words());
        }
        if shared.running() {
            parts.insert(0, "your team is at work".to_owned());
        }
        let name = if self.search.is_some() {
            "Search"
        } else {
            "Sessions"
        };
        parts.retain(|part| !part.is_empty());
        let left = usize::from(room).saturating_sub(name.len() + 1);
        // Whole parts go, the least telling first.
        let wide = |parts: &[String]| 2 + width::of(&parts.join(" · "));
        while parts.len() > 1 && wide(&parts) > left {
            parts.pop();
        }
        let text = format!("  {}", parts.join(" · "));
        Line::from(vec![
            Span::styled(format!(" {name}"), theme.strong),
            Span::styled(width::fit(&text, left).into_owned(), theme.dim),
        ])
    }

    /// What is kept out of sight, or shown that usually is.
    fn hidden_words(&self) -> Option<String> {
        let words = |archived: usize, deleted: usize| {
            let mut words = Vec::new();
            if archived > 0 {
                words.push(format!("{archived} archived"));
            }
            if deleted > 0 {
                words.push(format!("{deleted} deleted"));
            }
            (!words.is_empty()).then(|| format!("{} not shown", words.join(", ")))
        };
        let (archived, deleted) = self.out_of_sight();
        words(archived, deleted).or_else(|| match self.wanted.shown {
            Shown::Usual => None,
            Shown::Archived => Some("with archived".to_owned()),
            Shown::All => Some("with archived and deleted".to_owned()),
        })
    }

    /// The line that takes text, or the filter that holds; below it what is wrong.
    fn input(&self, theme: &Theme, room: u16) -> Vec<Line<'static>> {
        let (label, text, typing, wrong) = match (&self.search, &self.typing) {
            (Some(search), _) => ("search", search.words.as_str(), search.typing, None),
            (None, Some(Typing::Name { text, .. })) => ("name", text.as_str(), true, None),
            (None, Some(Typing::Tags { text, wrong, runs })) => {
                let label = if runs.len() > 1 {
                    "tags of all marked"
                } else {
                    "tags"
                };
                (label, text.as_str(), true, wrong.clone())
            }
            (None, Some(Typing::Filter)) => {
                let wrong = self.filter.1.as_ref().map(ToString::to_string);
                ("filter", self.filter.0.as_str(), true, wrong)
            }
            (None, None) if self.filter.0.is_empty() => return Vec::new(),
            (None, None) => {
                let wrong = self.filter.1.as_ref().map(ToString::to_string);
                ("filter", self.filter.0.as_str(), false, wrong)
            }
        };
        let lead = format!(" {label}: ");
        let left = usize::from(room).saturating_sub(width::of(&lead) + 1);
        let mut spans = vec![Span::styled(lead, theme.accent)];
        if typing {
            spans.extend(self.pen.spans(text, left + 1, theme));
        } else {
            spans.push(Span::styled(tail(text, left), theme.text));
        }
        if let (true, "", Some(example)) = (typing, text, example(label)) {
            let shown = width::fit(example, left.saturating_sub(2)).into_owned();
            spans.push(Span::styled(format!(" {shown}"), theme.dim));
        }
        let mut lines = vec![Line::from(spans)];
        if let Some(wrong) = wrong {
            let told = paragraph(&wrong, room.saturating_sub(2))
                .into_iter()
                .take(5);
            lines.extend(told.map(|line| Line::styled(format!(" {line}"), theme.warn)));
        }
        lines
    }

    /// What to say instead of rows; `None` when there are rows.
    fn empty(&self) -> Option<(String, String)> {
        if let Some(search) = &self.search {
            return search.empty();
        }
        match &self.load {
            Loaded::First => Some(("Looking for sessions…".to_owned(), String::new())),
            Loaded::Failed(failure) => {
                let hint = format!("{} {{refresh}} tries again.", failure.hint);
                Some((failure.message.clone(), hint.trim().to_owned()))
            }
            Loaded::Here { .. } if self.list.count() > 0 => None,
            Loaded::Here { .. } => Some(self.nothing()),
        }
    }

    /// Why nothing is listed, and what to do.
    fn nothing(&self) -> (String, String) {
        let all = self.list.entries().len();
        if all == 0 {
            return (
                "There is no session yet.".to_owned(),
                "{back} goes back: a task, or the demo team without any key, makes one. Logs of \
                 MassGen are found in .massgen/massgen_logs here and at home, and where \
                 MASSGEN_LOG_BASE_DIR points."
                    .to_owned(),
            );
        }
        if self.filter.1.is_some() {
            let words = "The filter is not understood; before it, nothing fitted.";
            return (words.to_owned(), String::new());
        }
        if !self.filter.0.trim().is_empty() {
            let hint = match self.wanted.scope {
                Scope::Here => {
                    "{filter} changes it; {scope} looks on the whole machine, {hidden} at archived \
                     and deleted ones."
                }
                Scope::Machine => {
                    "{filter} changes it; {hidden} looks at archived and deleted ones."
                }
            };
            return (
                format!("None of {all} sessions fits the filter."),
                hint.to_owned(),
            );
        }
        match self.wanted.scope {
            Scope::Here if self.out_of_sight() != (0, 0) => (
                "All sessions of this project are archived or deleted.".to_owned(),
                "{hidden} shows them, {scope} those of the whole machine.".to_owned(),
            ),
            Scope::Here => (
                format!("None of {all} sessions was run in this project."),
                "{scope} lists those of the whole machine.".to_owned(),
            ),
            Scope::Machine => (
                format!("All {all} sessions are archived or deleted."),
                "{hidden} shows them.".to_owned(),
            ),
        }
    }

    /// Paints what was made.
    pub fn view(&self, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let painted = &self.painted;
        let row = |y: u16| Rect {
            y,
            height: 1,
            ..area
        };
        let buffer = frame.buffer_mut();
        (&painted.title).render(row(area.y), buffer);
        if let Some(badge) = &painted.badge {
            let cells = u16::try_from(width::of(&badge.content)).unwrap_or(area.width);
            let at = Rect {
                x: area.right().saturating_sub(cells),
                width: cells.min(area.width),
                ..row(area.y)
            };
            badge.render(at, buffer);
        }
        for (line, y) in painted.input.iter().zip(area.y + 1..area.bottom()) {
            line.render(row(y), buffer);
        }
        let body = painted.body;
        if let Some(heading) = &painted.heading {
            let above = Rect {
                y: body.y.saturating_sub(1),
                height: 1,
                ..body
            };
            heading.render(above, buffer);
        }
        for ((cursor, line), y) in painted.rows.iter().zip(body.y..body.bottom()) {
            let at = Rect {
                y,
                height: 1,
                ..body
            };
            if *cursor {
                buffer.set_style(at, theme.selection);
                marked(line.clone(), theme.selection).render(at, buffer);
            } else {
                line.render(at, buffer);
            }
        }
        let (total, top) = painted.scroll;
        scrollbar(total, top, theme, frame, body);
        if let Some((pane, lines)) = &painted.pane {
            let beside = pane.x > area.x;
            let side = if beside { Borders::LEFT } else { Borders::TOP };
            let block = Block::new()
                .borders(side)
                .border_type(BorderType::Plain)
                .border_style(theme.border);
            let inner = block.inner(*pane);
            block.render(*pane, frame.buffer_mut());
            for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
                let at = Rect {
                    x: inner.x + 1,
                    y,
                    width: inner.width.saturating_sub(1),
                    height: 1,
                };
                line.render(at, frame.buffer_mut());
            }
        }
    }
}

/// What may be typed.
fn example(label: &str) -> Option<&'static str> {
    match label {
        "filter" => Some("outcome:failed cost:>1 agent:critic since:2d is:pinned -tag:done words"),
        "tags" | "tags of all marked" => Some("good -draft"),
        "name" => Some("empty takes the name away"),
        "search" => Some("words in tasks, answers, tools"),
        _ => None,
    }
}

/// A sentence and what to do, in the place of rows.
fn said(what: &str, hint: &str, room: u16, theme: &Theme) -> Vec<(bool, Line<'static>)> {
    let inner = room.saturating_sub(4);
    let mut rows = vec![(false, Line::default())];
    let mut put = |text: &str, style| {
        for line in paragraph(text, inner) {
            rows.push((false, Line::styled(format!("  {line}"), style)));
        }
    };
    put(what, theme.text);
    put(hint, theme.dim);
    rows
}
