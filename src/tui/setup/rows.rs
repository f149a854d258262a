//! The lists of the start screen as rows, made once per frame in `prepare`.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{Item, Pick, Section, Setup, recent};
use crate::{
    protocol::{Discovered, Timestamp},
    text::width,
    tui::{
        effect::Load,
        shared::Shared,
        theme::Theme,
        widget::{demo_badge, paragraph, spinner},
    },
};

/// Columns from which the offer to go on is said in full.
const OFFERED: u16 = 70;

/// One painted row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What it shows.
    pub(super) line: Line<'static>,
    /// The item it belongs to.
    pub(super) item: Option<usize>,
}

/// What the rows are made for.
pub(super) struct Maker<'a> {
    pub(super) setup: &'a Setup,
    pub(super) theme: &'a Theme,
    items: Vec<Item>,
    pub(super) room: u16,
    tick: u64,
    now: Timestamp,
    /// Nothing is written, so the marked sample stands for the task.
    empty: bool,
}

impl Setup {
    /// Makes the rows and keeps the cursor's row in sight.
    pub fn prepare(&mut self, shared: &Shared, empty: bool, area: Rect) {
        let height = usize::from(area.height);
        let mut maker = Maker {
            setup: self,
            theme: &shared.theme,
            items: self.items(),
            room: area.width,
            tick: shared.tick,
            now: shared.now,
            empty,
        };
        let mut rows = maker.rows();
        if rows.len() > height {
            // The scrollbar takes the last column.
            maker.room = area.width.saturating_sub(1);
            rows = maker.rows();
        }
        let mut top = self.top.min(rows.len().saturating_sub(height));
        if self.focus == Section::Lists && self.launching.is_none() {
            let first = rows.iter().position(|row| row.item == Some(self.cursor));
            let last = rows.iter().rposition(|row| row.item == Some(self.cursor));
            if let (Some(first), Some(last)) = (first, last) {
                // A heading above the first item comes along.
                let first = if first <= 1 { 0 } else { first };
                top = top.max((last + 1).saturating_sub(height)).min(first);
            }
        } else {
            top = 0;
        }
        self.top = top;
        self.rows = rows;
    }
}

impl Maker<'_> {
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.setup.launching.is_some() {
            rows.push(self.note(&format!("{} starting the team…", spinner(self.tick))));
            return rows;
        }
        self.error(&mut rows);
        self.left(&mut rows);
        self.first_run(&mut rows);
        rows.push(self.heading("Team"));
        for (place, item) in self.items.iter().enumerate() {
            match *item {
                Item::Team(Pick::Demo) => {
                    self.demo(&mut rows, place);
                    self.search(&mut rows);
                }
                Item::Team(Pick::Configured) => self.configured(&mut rows, place),
                Item::Team(Pick::Server(server)) => self.server(&mut rows, place, server),
                Item::Model { server, model } => self.model(&mut rows, place, server, model),
                Item::Folder => self.folder(&mut rows, place),
                Item::Sample(sample) => self.sample(&mut rows, place, sample),
                Item::Session(session) => self.session(&mut rows, place, session),
            }
        }
        let all = match self.setup.recent.total {
            0 => return rows,
            1 => "1 session: F6 lists it".to_owned(),
            total => format!("all {total} sessions: F6 lists them"),
        };
        rows.push(self.note(&all));
        rows
    }

    fn error(&self, rows: &mut Vec<Row>) {
        let Some(failure) = &self.setup.error else {
            return;
        };
        let told = format!("✗ {}: {}", failure.kind.word(), failure.message);
        for line in paragraph(&told, self.room) {
            rows.push(plain(Line::styled(line, self.theme.bad)));
        }
        for line in paragraph(&failure.hint, self.room.saturating_sub(2)) {
            rows.push(plain(Line::styled(format!("  {line}"), self.theme.text)));
        }
        rows.push(plain(Line::default()));
    }

    /// Offers what a crash left behind.
    fn left(&self, rows: &mut Vec<Row>) {
        let words = match self.setup.left() {
            [] => return,
            [_] => "A session was cut off and left worktrees".to_owned(),
            all => format!("{} sessions were cut off and left worktrees", all.len()),
        };
        let (words, offer) = if self.room >= OFFERED {
            (words, ": Alt-O gets the files back")
        } else {
            ("Files left by a crash".to_owned(), ": Alt-O")
        };
        let spans = vec![
            Span::styled(format!("! {words}"), self.theme.warn),
            Span::styled(offer, self.theme.accent),
        ];
        rows.push(plain(cut(Line::from(spans), self.room)));
        rows.push(plain(Line::default()));
    }

    /// Offers to set up a team, while there is none.
    fn first_run(&self, rows: &mut Vec<Row>) {
        if self.setup.offer.configured.is_some() {
            return;
        }
        let (words, offer) = if self.room >= OFFERED {
            ("No team is set up yet", ": Alt-S sets one up in a minute")
        } else {
            ("No team yet", ": Alt-S sets one up")
        };
        let spans = vec![
            Span::styled(words, self.theme.text),
            Span::styled(offer, self.theme.accent),
        ];
        rows.push(plain(cut(Line::from(spans), self.room)));
        if self.room >= OFFERED {
            rows.push(plain(Line::default()));
        }
    }

    /// How the search for servers goes; nothing once some were found.
    fn search(&self, rows: &mut Vec<Row>) {
        let words = match &self.setup.servers {
            Load::Loading(_) => format!("{} looking for local servers…", spinner(self.tick)),
            Load::Ready(found) if found.is_empty() => {
                "no local model server found · Ctrl-R looks again".to_owned()
            }
            Load::Idle | Load::Ready(_) => return,
            Load::Failed(failure) => {
                format!("looking for local servers failed: {}", failure.message)
            }
        };
        rows.push(self.note(&words));
    }

    fn demo(&self, rows: &mut Vec<Row>, place: usize) {
        let mut spans = self.lead(place, Pick::Demo);
        spans.push(Span::styled("Demo team ", self.strong(Pick::Demo)));
        spans.push(demo_badge(self.theme, self.room.saturating_sub(16)));
        rows.push(self.row(spans, place));
        let Some(scenario) = self
            .setup
            .offer
            .scenarios
            .get(self.setup.scenario.unwrap_or(0))
        else {
            return;
        };
        if self.setup.picked != Pick::Demo {
            return;
        }
        let chosen = match self.setup.scenario {
            Some(_) => format!("‹ {} › {}", scenario.name, scenario.title),
            None => "‹ scenario that fits the task ›".to_owned(),
        };
        let spans = vec![Span::styled(format!("      {chosen}"), self.theme.dim)];
        rows.push(self.row(spans, place));
    }

    fn configured(&self, rows: &mut Vec<Row>, place: usize) {
        let Some(team) = &self.setup.offer.configured else {
            return;
        };
        let mut spans = self.lead(place, Pick::Configured);
        spans.push(Span::styled(
            team.title.clone(),
            self.strong(Pick::Configured),
        ));
        spans.push(Span::styled(
            format!("  {}", agents(team.agents.len())),
            self.theme.dim,
        ));
        rows.push(self.row(spans, place));
        if self.setup.picked == Pick::Configured {
            let members = team
                .agents
                .iter()
                .map(|(name, model)| format!("{name} ({model})"))
                .collect::<Vec<_>>()
                .join(", ");
            let spans = vec![Span::styled(format!("      {members}"), self.theme.dim)];
            rows.push(self.row(spans, place));
        }
    }

    fn server(&self, rows: &mut Vec<Row>, place: usize, server: usize) {
        let Some(found) = self.setup.found().get(server) else {
            return;
        };
        let pick = Pick::Server(server);
        let mut spans = self.lead(place, pick);
        spans.push(Span::styled(found.kind.name(), self.strong(pick)));
        spans.push(Span::styled(
            format!("  {} · {}", host(found), offers(found)),
            self.theme.dim,
        ));
        rows.push(self.row(spans, place));
    }

    fn model(&self, rows: &mut Vec<Row>, place: usize, server: usize, model: usize) {
        let Some(info) = self
            .setup
            .found()
            .get(server)
            .and_then(|found| found.models.get(model))
        else {
            return;
        };
        let count = self.setup.count(server, model);
        let (mark, style) = if count > 0 {
            ("✓", self.theme.ok)
        } else {
            ("·", self.theme.dim)
        };
        let room = usize::from(self.room).saturating_sub(26).max(8);
        let mut spans = vec![
            Span::styled(self.cursor(place), self.theme.accent),
            Span::raw("    "),
            Span::styled(mark, style),
            Span::raw(" "),
            Span::styled(width::fit(&info.id, room).into_owned(), self.theme.text),
        ];
        spans.push(Span::styled(
            format!("  ‹ {} ›", agents(usize::from(count))),
            if count > 0 {
                self.theme.accent
            } else {
                self.theme.dim
            },
        ));
        if info.loaded == Some(true) {
            spans.push(Span::styled("  loaded", self.theme.dim));
        }
        rows.push(self.row(spans, place));
    }

    fn sample(&self, rows: &mut Vec<Row>, place: usize, sample: usize) {
        let Some(task) = self.setup.offer.samples.get(sample) else {
            return;
        };
        if sample == 0 {
            rows.push(plain(Line::default()));
            rows.push(self.heading("Try one of these"));
        }
        let stands = self.empty && self.setup.picked == Pick::Demo && self.setup.sample == sample;
        let mut spans = vec![
            Span::styled(self.cursor(place), self.theme.accent),
            Span::styled(format!("{} ", sample + 1), self.theme.accent),
        ];
        let room = usize::from(self.room).saturating_sub(if stands { 19 } else { 4 });
        let style = if stands {
            self.theme.strong
        } else {
            self.theme.text
        };
        let first = task.prompt.lines().next().unwrap_or_default();
        spans.push(Span::styled(width::fit(first, room).into_owned(), style));
        if stands {
            spans.push(Span::styled("  Enter runs it", self.theme.dim));
        }
        rows.push(self.row(spans, place));
    }

    fn session(&self, rows: &mut Vec<Row>, place: usize, session: usize) {
        let Some(summary) = self.setup.recent.listed.get(session) else {
            return;
        };
        if session == 0 {
            rows.push(plain(Line::default()));
            rows.push(self.heading("Recent sessions"));
        }
        let mut spans = vec![Span::styled(self.cursor(place), self.theme.accent)];
        let newest = self.setup.unfinished().map(|session| &session.run);
        let offer = match newest == Some(&summary.run) {
            true if self.room >= OFFERED => "  Alt-R goes on with it",
            true => "  Alt-R",
            false => "",
        };
        let room = usize::from(self.room).saturating_sub(2 + offer.len());
        spans.extend(recent::spans(summary, self.now, self.theme, room));
        spans.push(Span::styled(offer, self.theme.accent));
        rows.push(self.row(spans, place));
    }

    /// The cursor and the round mark before a team.
    fn lead(&self, place: usize, pick: Pick) -> Vec<Span<'static>> {
        let (mark, style) = if self.setup.picked == pick {
            ("● ", self.theme.ok)
        } else {
            ("○ ", self.theme.dim)
        };
        vec![
            Span::styled(self.cursor(place), self.theme.accent),
            Span::styled(mark, style),
        ]
    }

    pub(super) fn cursor(&self, place: usize) -> &'static str {
        let here = self.setup.focus == Section::Lists && self.setup.cursor == place;
        if here { "▸ " } else { "  " }
    }

    fn strong(&self, pick: Pick) -> ratatui::style::Style {
        if self.setup.picked == pick {
            self.theme.strong
        } else {
            self.theme.text
        }
    }

    fn heading(&self, text: &'static str) -> Row {
        plain(Line::styled(text, self.theme.strong))
    }

    fn note(&self, text: &str) -> Row {
        let line = Line::styled(format!("    {text}"), self.theme.dim);
        plain(cut(line, self.room))
    }

    pub(super) fn row(&self, spans: Vec<Span<'static>>, place: usize) -> Row {
        Row {
            line: cut(Line::from(spans), self.room),
            item: Some(place),
        }
    }
}

/// Cuts a line at the edge, with a mark where something is missing.
fn cut(line: Line<'static>, room: u16) -> Line<'static> {
    let mut left = usize::from(room);
    let mut spans = Vec::new();
    for span in line.spans {
        if left == 0 {
            break;
        }
        let fitted = width::fit(&span.content, left).into_owned();
        left -= width::of(&fitted).min(left);
        spans.push(Span::styled(fitted, span.style));
    }
    Line::from(spans)
}

pub(super) fn plain(line: Line<'static>) -> Row {
    Row { line, item: None }
}

fn agents(count: usize) -> String {
    match count {
        1 => "1 agent".to_owned(),
        _ => format!("{count} agents"),
    }
}

fn offers(found: &Discovered) -> String {
    match found.models.len() {
        _ if found.needs_key => "wants a key".to_owned(),
        0 => "no model".to_owned(),
        1 => "1 model".to_owned(),
        count => format!("{count} models"),
    }
}

/// Host and port of a base URL.
fn host(found: &Discovered) -> &str {
    let rest = found
        .base_url
        .split_once("://")
        .map_or(found.base_url.as_str(), |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
