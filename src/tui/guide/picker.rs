//! The list of models: every way at hand with its models, searched by typing.

use ratatui::text::Line;

use super::ask::priced;
use crate::{
    setup::{Hand, Kind, Place, Way},
    text::width,
    tui::{
        effect::{Load, Ticket},
        moves::Move,
        theme::Theme,
        widget::{Sought, marked, spinner},
    },
};

/// Rows that a page of it moves.
const PAGE: usize = 10;
/// Cells from which a model is one row.
const WIDE: usize = 72;

/// The list.
#[derive(Debug)]
pub(super) struct Picker {
    /// The agent whose model it is; `None` for a new one.
    pub(super) agent: Option<usize>,
    lists: Load<()>,
    choices: Vec<Choice>,
    /// What could not be listed.
    troubles: Vec<String>,
    sought: Sought,
    cursor: usize,
    top: usize,
}

/// A model that can be picked.
#[derive(Clone, Debug, PartialEq)]
struct Choice {
    place: Place,
    name: String,
    note: String,
    suggested: bool,
}

impl Picker {
    /// The list of what is at hand; the suggested models are there at once.
    pub(super) fn new(hand: &Hand, agent: Option<usize>) -> Self {
        Self {
            agent,
            lists: Load::Idle,
            choices: choices(&hand.ways),
            troubles: Vec::new(),
            sought: Sought::default(),
            cursor: 0,
            top: 0,
        }
    }

    pub(super) const fn is_loading(&self) -> bool {
        matches!(self.lists, Load::Loading(_))
    }

    pub(super) fn sent(&mut self, ticket: Ticket) {
        self.lists = Load::Loading(ticket);
    }

    pub(super) fn arrived(&mut self, ticket: Ticket, ways: &[Way], troubles: Vec<String>) {
        if !self.lists.waits_for(ticket) {
            return;
        }
        let under = self.found().get(self.cursor).map(|one| one.place.clone());
        self.lists = Load::Ready(());
        self.choices = choices(ways);
        self.troubles = troubles;
        let place = under.and_then(|under| self.found().iter().position(|one| one.place == under));
        self.cursor = place.unwrap_or(0);
    }

    pub(super) fn type_text(&mut self, text: &str) {
        self.sought.type_text(text);
        self.cursor = 0;
    }

    pub(super) fn erase(&mut self) {
        self.sought.erase();
        self.cursor = 0;
    }

    pub(super) fn go(&mut self, to: Move) {
        self.cursor = to.over(self.cursor, self.found().len(), PAGE);
    }

    /// The model under the cursor; or what is typed, where it names a way and a model that its list does
    /// not have.
    pub(super) fn chosen(&self) -> Result<Place, String> {
        if let Some(choice) = self.found().get(self.cursor) {
            return Ok(choice.place.clone());
        }
        let typed = self.sought.typed();
        let own = typed.split_once('/').and_then(|(backend, model)| {
            let mut ways = self.choices.iter().map(|one| &one.place);
            let way = ways.find(|place| place.backend == backend && !model.is_empty())?;
            Some(Place {
                model: Some(model.to_owned()),
                ..way.clone()
            })
        });
        own.ok_or_else(|| {
            "No model fits. A name that is not listed is typed as provider/model.".to_owned()
        })
    }

    /// The choices that hold every word that is typed.
    fn found(&self) -> Vec<&Choice> {
        let words = self.sought.words();
        let fits = |choice: &&Choice| {
            let text = format!("{} {}", choice.name, choice.note).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        self.choices.iter().filter(fits).collect()
    }

    /// The rows of the list.
    pub(super) fn rows(
        &mut self,
        theme: &Theme,
        tick: u64,
        (room, height): (usize, usize),
    ) -> Vec<Line<'static>> {
        let mut rows = vec![self.sought.line(theme, room)];
        let found = self.found();
        let mut count = format!("{} of {} models", found.len(), self.choices.len());
        if self.is_loading() {
            count = format!("{} {count}; asking for the lists…", spinner(tick));
        } else if let Some(trouble) = self.troubles.first() {
            count = format!("{count} · {trouble}");
        } else if room >= WIDE {
            let dated = crate::setup::dated();
            count = format!("{count} · ★ suggested, as of {dated} · USD per million tokens in/out");
        }
        let count = width::fit(&count, room).into_owned();
        rows.push(Line::styled(count, theme.dim));
        let each = if room >= WIDE { 1 } else { 2 };
        let seen = (height.saturating_sub(rows.len()) / each).max(1);
        let cursor = self.cursor.min(found.len().saturating_sub(1));
        let top = self.top.min(cursor).max((cursor + 1).saturating_sub(seen));
        for (place, choice) in found.iter().enumerate().skip(top).take(seen) {
            for line in choice.lines(theme, room, each == 1) {
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

impl Choice {
    fn lines(&self, theme: &Theme, room: usize, one: bool) -> Vec<Line<'static>> {
        let star = if self.suggested { "★ " } else { "  " };
        let name = format!("{star}{}", self.name);
        let fill = |words: &str, wide: usize| width::pad(&width::fit(words, wide), wide);
        if one {
            let wide = room.saturating_sub(38).clamp(30, 70);
            let line = format!("{}  {}", fill(&name, wide), self.note);
            return vec![Line::styled(fill(&line, room), theme.text)];
        }
        vec![
            Line::styled(fill(&name, room), theme.text),
            Line::styled(fill(&format!("    {}", self.note), room), theme.dim),
        ]
    }
}

fn choices(ways: &[Way]) -> Vec<Choice> {
    let mut all: Vec<Choice> = ways.iter().flat_map(of_way).collect();
    all.sort_by_key(|choice| !choice.suggested);
    all
}

fn of_way(way: &Way) -> Vec<Choice> {
    let place = |model: Option<&str>| Place {
        backend: way.backend.clone(),
        model: model.map(str::to_owned),
        base_url: way.base_url.clone(),
    };
    if way.kind == Kind::Program {
        return vec![Choice {
            place: place(None),
            name: way.backend.clone(),
            note: format!("{} · program with its own login", way.name),
            suggested: true,
        }];
    }
    let model = |model: &crate::setup::Model| {
        let mut notes = Vec::new();
        if way.kind == Kind::Vendor {
            notes.push(priced(model));
        } else {
            notes.push("runs here".to_owned());
        }
        notes.extend(model.tier.map(|tier| tier.word().to_owned()));
        if model.loaded == Some(true) {
            notes.push("loaded".to_owned());
        }
        notes.extend(model.context.map(window));
        Choice {
            place: place(Some(&model.id)),
            name: format!("{}/{}", way.backend, model.id),
            note: notes.join(" · "),
            suggested: model.tier.is_some() || model.loaded == Some(true),
        }
    };
    way.models.iter().map(model).collect()
}

fn window(tokens: u64) -> String {
    match tokens {
        0..1_000 => format!("window {tokens}"),
        1_000..1_000_000 => format!("window {}k", tokens / 1_000),
        _ => format!("window {:.1}M", tokens as f64 / 1_000_000.0),
    }
}
