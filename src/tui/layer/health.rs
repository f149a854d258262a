//! How all endpoints are: the team's, the vendors', the servers of this machine, programs.
//!
//! Every row has its state as a sign and a word, and what to do where something is to be done. While
//! the endpoints are asked again the last answer stays in sight. A key is never in here: the world
//! only says whether there is one.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish, list};
use crate::{
    protocol::{Health, HealthOf, HealthState},
    text::width,
    tui::{
        effect::Ticket,
        theme::Theme,
        widget::{paragraph, scrollbar, window},
    },
};

/// Frame.
const EDGES: u16 = 2;
/// Cells of a frame, a margin and a scrollbar.
const SIDES: u16 = 5;
/// Longest name in cells; a longer one is cut.
const NAME: usize = 28;

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthList {
    list: list::List,
    /// The last answer.
    known: Option<Vec<Health>>,
    asking: Option<Ticket>,
    rows: Vec<Line<'static>>,
}

impl HealthList {
    /// The endpoints are being asked.
    pub(super) fn asking(&mut self, ticket: Ticket) {
        self.asking = Some(ticket);
    }

    /// Whether this is the answer that is waited for.
    pub(super) fn waits_for(&self, ticket: Ticket) -> bool {
        self.asking == Some(ticket)
    }

    /// The answer.
    pub(super) fn take(&mut self, rows: Vec<Health>) {
        self.asking = None;
        self.known = Some(rows);
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        if self.list.go(action) {
            return Wish::Nothing;
        }
        match action {
            Action::Close | Action::Accept => Wish::Close,
            Action::Refresh if self.asking.is_some() => Wish::Tell("Still asking."),
            Action::Refresh => Wish::CheckUp,
            _ => Wish::Nothing,
        }
    }

    pub(super) fn prepare(&mut self, theme: &Theme, size: Size) {
        let room = list::WIDEST.min(size.width).saturating_sub(SIDES).max(1);
        let mut rows = self.summary(theme, room);
        let known = self.known.iter().flatten();
        let name = known.clone().map(|row| width::of(&row.name)).max();
        let name = name.unwrap_or(0).min(NAME).min(usize::from(room) / 2);
        for of in HealthOf::ALL {
            let part: Vec<&Health> = known.clone().filter(|row| row.of == of).collect();
            if part.is_empty() {
                continue;
            }
            rows.push(Line::default());
            rows.push(Line::styled(format!(" {}", of.title()), theme.accent));
            for row in part {
                rows.extend(lines(row, theme, name, room));
            }
        }
        self.rows = rows;
        self.list.settle_page(size, self.rows.len(), EDGES);
    }

    /// How many there are, how many cannot be used, and whether they are being asked.
    fn summary(&self, theme: &Theme, room: u16) -> Vec<Line<'static>> {
        let count = self.known.as_ref().map(Vec::len);
        let (words, style) = match (count, self.asking) {
            (None, _) => (
                "Asking every server and program at once, half a second each …".to_owned(),
                theme.dim,
            ),
            (Some(0), _) => (
                "Nothing to ask: no configuration, no key in the environment, no server on this \
                 machine, no command-line agent. The demo team needs none of them."
                    .to_owned(),
                theme.warn,
            ),
            (Some(count), asking) => {
                let rows = self.known.iter().flatten();
                let bad = rows.filter(|row| !row.state.is_usable()).count();
                let again = if asking.is_some() {
                    " · asking again …"
                } else {
                    ""
                };
                match bad {
                    0 => (format!("All {count} can be used{again}"), theme.ok),
                    bad => (
                        format!("{count} listed, {bad} cannot be used{again}"),
                        theme.warn,
                    ),
                }
            }
        };
        paragraph(&words, room.saturating_sub(1))
            .into_iter()
            .map(|line| Line::styled(format!(" {line}"), style))
            .collect()
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let body = window("Servers, keys, agents", theme, frame, self.list.area);
        for (row, y) in self
            .rows
            .iter()
            .skip(self.list.top)
            .zip(body.y..body.bottom())
        {
            let place = Rect {
                y,
                height: 1,
                ..body
            };
            row.render(place, frame.buffer_mut());
        }
        scrollbar(self.rows.len(), self.list.top, theme, frame, body);
    }
}

/// Sign and style of a state.
const fn mark(state: HealthState, theme: &Theme) -> (&'static str, Style) {
    match state {
        HealthState::Up | HealthState::Installed => ("✓", theme.ok),
        HealthState::Busy | HealthState::Slow | HealthState::NoModel => ("!", theme.warn),
        HealthState::NoKey
        | HealthState::KeyRefused
        | HealthState::Strange
        | HealthState::Down
        | HealthState::NotInstalled => ("✗", theme.bad),
    }
}

/// One endpoint: how it is, what it is, what to do.
fn lines(row: &Health, theme: &Theme, name: usize, room: u16) -> Vec<Line<'static>> {
    let (sign, style) = mark(row.state, theme);
    let shown = width::fit(&row.name, name);
    let gap = " ".repeat(name.saturating_sub(width::of(&shown)) + 2);
    let mut first = vec![
        Span::styled(format!(" {sign} "), style),
        Span::styled(shown.into_owned(), theme.strong),
        Span::raw(gap),
        Span::styled(row.state.word(), style),
    ];
    if let Some(latency) = row.latency_ms {
        first.push(Span::styled(format!("  {latency} ms"), theme.dim));
    }
    let mut lines = vec![Line::from(first)];
    let inner = room.saturating_sub(3);
    let known = match row.base_url.as_str() {
        "" => row.facts(),
        address => format!("{} · {address}", row.facts()),
    };
    let facts = paragraph(&known, inner);
    let facts = facts.into_iter();
    lines.extend(facts.map(|line| Line::styled(format!("   {line}"), theme.dim)));
    if !row.hint.is_empty() {
        let hint = paragraph(&row.hint, inner.saturating_sub(2)).into_iter();
        let hint = hint.enumerate().map(|(at, line)| {
            let lead = if at == 0 { "→" } else { " " };
            Line::styled(format!("   {lead} {line}"), theme.text)
        });
        lines.extend(hint);
    }
    lines
}
