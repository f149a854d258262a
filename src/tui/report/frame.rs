//! The screen: a head, tabs, and below them a page, two pages side by side, the list of models, or an
//! analysis under way.
//!
//! `prepare` makes rows, `view` paints them and nothing else.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Report, Stage, rows, rows::Row};
use crate::{
    text::width,
    tui::{
        effect::Load,
        shared::Shared,
        theme::Theme,
        widget::{demo_badge, marked, paragraph, scrollbar, spinner},
    },
};

/// Cells from which two analyses stand side by side.
const TWO: u16 = 140;
/// Cells between them.
const GAP: u16 = 3;

/// What the last frame showed.
#[derive(Debug, Default)]
pub(super) struct Sight {
    area: Rect,
    body: Rect,
    head: Vec<Line<'static>>,
    /// Rows of the page under the cursor.
    pub rows: Vec<Row>,
    /// What these rows were made from.
    of: Option<Made>,
    /// The page beside it, its rows and its place.
    beside: Option<Beside>,
    /// Where the page stands.
    main: Rect,
    /// Rows instead of a page.
    instead: Option<Vec<Line<'static>>>,
    /// The part on whose head the cursor stays when rows are made anew.
    part: Option<usize>,
}

/// The page that stands beside the one under the cursor, where it was left.
#[derive(Debug)]
struct Beside {
    page: usize,
    of: Made,
    rows: Vec<Row>,
    top: usize,
    place: Rect,
}

/// What rows depend on.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    page: usize,
    room: u16,
    theme: u64,
    folded: std::collections::BTreeSet<usize>,
}

impl Sight {
    /// The papers have changed.
    pub(super) fn forget(&mut self) {
        self.of = None;
        self.beside = None;
    }

    /// Keeps the cursor on the head of a part.
    pub(super) fn stay_on(&mut self, part: usize) {
        self.part = Some(part);
    }

    /// Rows of a page that are seen at once.
    pub(super) fn page(&self) -> usize {
        usize::from(self.main.height)
    }
}

impl Report {
    /// Makes what the next frame paints.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        let theme = &shared.theme;
        self.sight.area = area;
        self.sight.head = self.head(shared, area.width);
        let head = u16::try_from(self.sight.head.len())
            .unwrap_or(0)
            .min(area.height);
        let body = Rect {
            y: area.y + head,
            height: area.height - head,
            ..area
        };
        self.sight.body = body;
        self.sight.main = body;
        let before = self.sight.beside.take();
        self.sight.instead = self.instead(shared, body);
        if self.sight.instead.is_some() {
            return;
        }
        let other = self.other(area.width);
        if other.is_some() {
            let half = (body.width - GAP) / 2;
            let left = Rect {
                width: half,
                ..body
            };
            let right = Rect {
                x: body.x + half + GAP,
                width: body.width - half - GAP,
                ..body
            };
            let first = other.is_some_and(|other| other > self.page);
            self.sight.main = if first { left } else { right };
            let place = if first { right } else { left };
            self.sight.beside = other.and_then(|page| {
                let of = self.depends(page, theme, place.width);
                let rows = match before.filter(|before| before.of == of) {
                    Some(before) => before.rows,
                    None => self.made(page, theme, place.width)?,
                };
                let left = self.spots.get(page).map_or(0, |spot| spot.top);
                let top = left.min(rows.len().saturating_sub(usize::from(place.height)));
                Some(Beside {
                    page,
                    of,
                    rows,
                    top,
                    place,
                })
            });
        }
        self.refresh(theme);
        self.keep_in_sight();
    }

    /// The page that stands beside the one under the cursor: another analysis, where there is room.
    fn other(&self, room: u16) -> Option<usize> {
        let analyses = self.papers()?.analyses.len();
        if room < TWO || self.page == 0 || analyses < 2 {
            return None;
        }
        Some(if self.page < analyses {
            self.page + 1
        } else {
            self.page - 1
        })
    }

    fn made(&self, page: usize, theme: &Theme, room: u16) -> Option<Vec<Row>> {
        let paper = self.papers()?.paper(page)?;
        let folded = self.spots.get(page).map(|spot| spot.folded.clone());
        // The last column is the scrollbar's.
        let room = usize::from(room.saturating_sub(2));
        Some(rows::rows(
            &paper.sheet,
            &folded.unwrap_or_default(),
            theme,
            room,
        ))
    }

    fn depends(&self, page: usize, theme: &Theme, room: u16) -> Made {
        let spot = self.spots.get(page);
        Made {
            page,
            room,
            theme: theme.revision,
            folded: spot.map(|spot| spot.folded.clone()).unwrap_or_default(),
        }
    }

    /// Makes the rows anew when what they depend on has changed.
    fn refresh(&mut self, theme: &Theme) {
        let made = self.depends(self.page, theme, self.sight.main.width);
        if self.sight.of.as_ref() == Some(&made) {
            return;
        }
        self.sight.rows = self.made(self.page, theme, made.room).unwrap_or_default();
        self.sight.of = Some(made);
        if let Some(part) = self.sight.part.take() {
            let mut rows = self.sight.rows.iter();
            let place = rows.position(|row| row.head && row.part == part);
            if let (Some(place), Some(spot)) = (place, self.spots.get_mut(self.page)) {
                spot.cursor = place;
            }
        }
    }

    fn keep_in_sight(&mut self) {
        let (rows, height) = (self.sight.rows.len(), self.sight.page());
        if let Some(spot) = self.spots.get_mut(self.page) {
            spot.cursor = spot.cursor.min(rows.saturating_sub(1));
            let least = (spot.cursor + 1).saturating_sub(height);
            // No empty rows below the last while there are rows above.
            let last = rows.saturating_sub(height);
            spot.top = spot.top.min(last).min(spot.cursor).max(least);
        }
    }

    /// What it is about, and the tabs.
    fn head(&self, shared: &Shared, room: u16) -> Vec<Line<'static>> {
        let theme = &shared.theme;
        let mut spans = Vec::new();
        let mut left = usize::from(room);
        let own = shared
            .run
            .turn
            .as_ref()
            .is_some_and(|turn| turn.start.run == self.run);
        let scripted = self.papers().is_some_and(|papers| papers.scripted);
        if scripted || (own && shared.demo()) {
            let badge = demo_badge(theme, room / 3);
            left = left.saturating_sub(width::of(&badge.content) + 1);
            spans.push(badge);
            spans.push(Span::raw(" "));
        }
        let title = format!("Report · session {}", self.run);
        spans.push(Span::styled(
            width::fit(&title, left).into_owned(),
            theme.strong,
        ));
        let mut head = vec![Line::from(spans)];
        if own && shared.running() && matches!(self.stage, Stage::Reading) {
            let words = "The team is at work: these figures have no end yet; r counts anew.";
            let words = width::fit(words, usize::from(room)).into_owned();
            head.push(Line::styled(words, theme.warn));
        }
        if let Some(papers) = self.papers().filter(|papers| !papers.analyses.is_empty()) {
            let names = papers.analyses.iter().map(|analysis| {
                let stale = if analysis.stale { " (stale)" } else { "" };
                format!("{} {}{stale}", analysis.number, analysis.name)
            });
            let tabs: Vec<String> = std::iter::once("figures".to_owned()).chain(names).collect();
            head.push(self.tabs(&tabs, theme, usize::from(room)));
        }
        head
    }

    /// As many tabs as fit, the one that is shown among them.
    fn tabs(&self, tabs: &[String], theme: &Theme, room: usize) -> Line<'static> {
        let wide = |from: usize| {
            let tabs = tabs.iter().skip(from).take(self.page + 1 - from);
            tabs.map(|tab| width::of(tab) + 3).sum::<usize>()
        };
        let from = (0..=self.page)
            .find(|from| wide(*from) <= room)
            .unwrap_or(self.page);
        let mut spans = Vec::new();
        let mut left = room;
        for (place, tab) in tabs.iter().enumerate().skip(from) {
            let words = width::fit(&format!(" {tab} "), left).into_owned();
            left = left.saturating_sub(width::of(&words) + 1);
            let style = if place == self.page {
                theme.selection
            } else {
                theme.dim
            };
            spans.push(Span::styled(words, style));
            if left < 4 {
                break;
            }
            spans.push(Span::raw(" "));
        }
        Line::from(spans)
    }

    /// What stands in the place of a page.
    fn instead(&mut self, shared: &Shared, body: Rect) -> Option<Vec<Line<'static>>> {
        let theme = &shared.theme;
        let room = (usize::from(body.width), usize::from(body.height));
        match &mut self.stage {
            Stage::Picking(picker) => Some(picker.rows(theme, shared.tick, room)),
            Stage::Asking(asking) => Some(asking.rows(theme, shared.tick, body)),
            Stage::Running(running) => Some(running.rows(theme, shared.tick, body)),
            Stage::Reading => match &self.papers {
                Load::Ready(_) => None,
                Load::Idle | Load::Loading(_) => {
                    let words = format!("{} Counting…", spinner(shared.tick));
                    Some(vec![Line::styled(words, theme.dim)])
                }
                Load::Failed(failure) => {
                    let lines = paragraph(&failure.words(), body.width).into_iter();
                    Some(lines.map(|words| Line::styled(words, theme.bad)).collect())
                }
            },
        }
    }

    /// Paints it.
    pub fn view(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let theme = &shared.theme;
        let sight = &self.sight;
        paint(sight.head.iter().cloned(), frame, sight.area);
        if let Some(rows) = &sight.instead {
            paint(rows.iter().cloned(), frame, sight.body);
            return;
        }
        let Some(spot) = self.spots.get(self.page) else {
            return;
        };
        let height = usize::from(sight.main.height);
        let seen = sight.rows.iter().enumerate().skip(spot.top).take(height);
        let lines = seen.map(|(place, row)| {
            if place == spot.cursor {
                let mut line = row.line.clone();
                // One bar from edge to edge.
                let air = usize::from(sight.main.width.saturating_sub(2));
                let air = air.saturating_sub(line.width());
                line.spans.push(Span::raw(" ".repeat(air)));
                marked(line, theme.selection)
            } else {
                row.line.clone()
            }
        });
        paint(lines, frame, sight.main);
        scrollbar(sight.rows.len(), spot.top, theme, frame, sight.main);
        if let Some(beside) = &sight.beside {
            let seen = usize::from(beside.place.height);
            let lines = beside.rows.iter().skip(beside.top).take(seen);
            paint(lines.map(|row| row.line.clone()), frame, beside.place);
            scrollbar(beside.rows.len(), beside.top, theme, frame, beside.place);
        }
    }

    /// The page under a place of the screen, and its row there.
    pub(super) fn at(&self, column: u16, row: u16) -> Option<(usize, usize)> {
        if self.sight.instead.is_some() {
            return None;
        }
        let position = ratatui::layout::Position { x: column, y: row };
        let main = std::iter::once((self.page, self.sight.main));
        let beside = self.sight.beside.iter();
        main.chain(beside.map(|beside| (beside.page, beside.place)))
            .find(|(_, place)| place.contains(position))
            .map(|(page, place)| (page, usize::from(row - place.y)))
    }
}

fn paint(lines: impl Iterator<Item = Line<'static>>, frame: &mut Frame<'_>, area: Rect) {
    for (line, y) in lines.zip(area.y..area.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        line.render(row, frame.buffer_mut());
    }
}

impl super::Asking {
    fn rows(&mut self, theme: &Theme, tick: u64, body: Rect) -> Vec<Line<'static>> {
        let mut rows = Vec::new();
        let room = body.width;
        match &self.preview {
            Load::Idle | Load::Loading(_) => {
                let words = format!(
                    "{} Putting together what {} would read…",
                    spinner(tick),
                    self.model
                );
                rows.extend(
                    paragraph(&words, room)
                        .into_iter()
                        .map(|words| Line::styled(words, theme.dim)),
                );
            }
            Load::Failed(failure) => {
                let lines = paragraph(&failure.words(), room).into_iter();
                rows.extend(lines.map(|words| Line::styled(words, theme.bad)));
                rows.push(Line::default());
                rows.push(Line::styled("Esc goes back to the list.", theme.dim));
            }
            Load::Ready(preview) => {
                let seen = usize::from(body.height).max(1);
                let all = match self.lines.take() {
                    Some((wide, lines)) if wide == room => lines,
                    _ => lines(preview, theme, room),
                };
                self.tops = all.len().saturating_sub(seen);
                self.top = self.top.min(self.tops);
                rows.extend(all.iter().skip(self.top).take(seen).cloned());
                self.lines = Some((room, all));
            }
        }
        rows
    }
}

/// All of a preview in a width: what it costs, then what is sent.
fn lines(preview: &super::Preview, theme: &Theme, room: u16) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    if preview.scripted {
        rows.push(Line::from(demo_badge(theme, room)));
    }
    let wrapped = |words: &String, style| {
        let lines = paragraph(words, room).into_iter();
        lines.map(move |words| Line::styled(words, style))
    };
    rows.extend(
        preview
            .words
            .iter()
            .flat_map(|words| wrapped(words, theme.text)),
    );
    rows.push(Line::styled("Enter sends it, Esc goes back.", theme.accent));
    rows.push(Line::styled("─".repeat(usize::from(room)), theme.border));
    for line in &preview.prompt {
        if line.trim().is_empty() {
            rows.push(Line::default());
        } else {
            rows.extend(wrapped(line, theme.dim));
        }
    }
    rows
}

impl super::Running {
    fn rows(&self, theme: &Theme, tick: u64, body: Rect) -> Vec<Line<'static>> {
        let heard = &self.heard;
        let what = match (self.stopping, heard.said, heard.thought) {
            (true, _, _) => "is being stopped".to_owned(),
            (_, 0, 0) => "has been asked".to_owned(),
            (_, 0, thought) => format!("thinks: {thought} characters"),
            (_, said, _) => format!("writes: {said} characters"),
        };
        let words = format!("{} {} {what}", spinner(tick), self.model);
        let head = paragraph(&words, body.width).into_iter();
        let mut rows: Vec<Line> = head
            .map(|words| Line::styled(words, theme.strong))
            .collect();
        let told = heard
            .told
            .iter()
            .flat_map(|words| paragraph(words, body.width));
        rows.extend(told.map(|words| Line::styled(words, theme.warn)));
        rows.push(Line::default());
        let said = heard
            .rows
            .iter()
            .flat_map(|words| paragraph(words, body.width));
        let said: Vec<Line> = said.map(|words| Line::styled(words, theme.text)).collect();
        let room = usize::from(body.height).saturating_sub(rows.len());
        let hidden = said.len().saturating_sub(room);
        rows.extend(said.into_iter().skip(hidden));
        rows
    }
}
