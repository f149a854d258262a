//! The pages as rows, made once per frame in `prepare`.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{Guide, KeyForm, Mark, Page, Store, pages::Item, trial::Trial};
use crate::{
    setup::{Agent, Draft, Limit, Template},
    text::width,
    tui::{
        effect::Load,
        theme::Theme,
        widget::{marked, paragraph, spinner},
    },
};

/// Cells from which a name and what is said of it share a row.
const WIDE: usize = 64;

/// One painted row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What it shows.
    pub(super) line: Line<'static>,
    /// The item it belongs to.
    pub(super) item: Option<usize>,
}

/// What rows are made for.
pub(super) struct Maker<'a> {
    guide: &'a Guide,
    theme: &'a Theme,
    tick: u64,
    room: usize,
    cursor: usize,
    rows: Vec<Row>,
}

/// An entry: a sign, a name, what is said of it, what to do.
struct Entry<'a> {
    sign: (&'static str, Style),
    name: &'a str,
    note: String,
    help: String,
}

impl<'a> Maker<'a> {
    pub(super) fn new(guide: &'a Guide, theme: &'a Theme, tick: u64, room: usize) -> Self {
        Self {
            guide,
            theme,
            tick,
            room: room.max(8),
            cursor: guide.cursor(),
            rows: Vec::new(),
        }
    }

    /// The rows of the page.
    pub(super) fn page(mut self) -> Vec<Row> {
        let items = self.guide.items();
        match self.guide.page {
            Page::Found => self.found(&items),
            Page::Purpose => self.purposes(&items),
            Page::Team => self.team(&items),
            Page::Limits => self.limits(&items),
            Page::Save => self.save(&items),
        }
        self.rows
    }

    fn found(&mut self, items: &[Item]) {
        for (load, what) in [
            (matches!(self.guide.keys, Load::Loading(_)), "keys"),
            (
                matches!(self.guide.servers, Load::Loading(_)),
                "model servers on this machine",
            ),
            (
                matches!(self.guide.programs, Load::Loading(_)),
                "agent programs",
            ),
        ] {
            if load {
                let words = format!("{} looking for {what}…", spinner(self.tick));
                self.words(&words, self.theme.dim);
            }
        }
        let guide = self.guide;
        let seen = guide.seen();
        if guide.has_looked() && guide.ready() == 0 {
            let words = "Nothing is here yet that a team could be put on. Enter a key below, start a \
                         model server, or install an agent program; Ctrl-R looks again.";
            self.words(words, self.theme.warn);
        }
        for (place, item) in items.iter().enumerate() {
            match item {
                Item::Found(at) => {
                    let Some(row) = seen.get(*at) else { continue };
                    if *at == guide.ready() {
                        self.blank();
                        self.words("Could be added", self.theme.strong);
                    }
                    self.entry(
                        place,
                        &Entry {
                            sign: self.sign(row.mark),
                            name: &row.name,
                            note: row.note.clone(),
                            help: row.help.clone(),
                        },
                    );
                }
                _ => self.next(place, "Go on: what is the team for?"),
            }
        }
    }

    fn purposes(&mut self, items: &[Item]) {
        let guide = self.guide;
        let hand = guide.hand();
        for (place, item) in items.iter().enumerate() {
            let Item::Purpose(template) = item else {
                continue;
            };
            let (draft, missing) = Draft::of(*template, &hand);
            let chosen = guide.draft.as_ref().map(|draft| draft.template) == Some(*template);
            let sign = match (chosen, missing.is_some() && guide.has_looked()) {
                (_, true) => ("!", self.theme.warn),
                (true, _) => ("●", self.theme.ok),
                (false, _) => ("○", self.theme.dim),
            };
            let help = match missing {
                Some(missing) if guide.has_looked() => missing,
                _ => {
                    let needs = template.needs();
                    let needs = needs.map_or_else(String::new, |needs| format!(" · needs {needs}"));
                    format!("{} · {}{needs}", agents(&draft), draft.cost(&hand).words())
                }
            };
            self.entry(
                place,
                &Entry {
                    sign,
                    name: template.name(),
                    note: template.purpose().to_owned(),
                    help,
                },
            );
        }
    }

    fn team(&mut self, items: &[Item]) {
        let guide = self.guide;
        let Some(draft) = &guide.draft else {
            return;
        };
        let about = format!("{}: {}", draft.template.name(), draft.template.purpose());
        self.words(&about, self.theme.dim);
        if let Some(missing) = &guide.missing {
            self.words(&format!("! {missing}"), self.theme.warn);
        }
        self.blank();
        for (place, item) in items.iter().enumerate() {
            match item {
                Item::Agent(at) => {
                    let (Some(agent), trial) = (draft.agents.get(*at), guide.trials.get(*at))
                    else {
                        continue;
                    };
                    self.agent(place, agent, trial.unwrap_or(&Trial::Not));
                }
                Item::Add => {
                    self.blank();
                    self.action(place, "+", "Add an agent");
                }
                Item::Test => self.action(place, "?", "Try them: one tiny call each"),
                _ => self.next(place, "Go on: limits"),
            }
        }
        self.blank();
        let cost = draft.cost(&guide.hand()).words();
        self.words(&cost, self.theme.dim);
    }

    fn agent(&mut self, place: usize, agent: &Agent, trial: &Trial) {
        let model = agent.model.as_deref().unwrap_or("its own model");
        let (sign, words) = match trial {
            Trial::Not => (("•", self.theme.accent), String::new()),
            Trial::Running(_) => (
                (spinner(self.tick), self.theme.accent),
                "asking; Esc stops it".to_owned(),
            ),
            Trial::Good(words) => (("✓", self.theme.ok), words.clone()),
            Trial::Bad(failure) => (("✗", self.theme.bad), failure.words()),
            Trial::Stopped => (("•", self.theme.dim), "stopped".to_owned()),
        };
        self.entry(
            place,
            &Entry {
                sign,
                name: &agent.id,
                note: format!("{}/{model}", agent.backend),
                help: words,
            },
        );
    }

    fn limits(&mut self, items: &[Item]) {
        let guide = self.guide;
        let Some(draft) = &guide.draft else {
            return;
        };
        let minutes = if draft.minutes == 1 {
            "1 minute".to_owned()
        } else {
            format!("{} minutes", draft.minutes)
        };
        for (place, item) in items.iter().enumerate() {
            let (name, value, help) = match item {
                Item::Files => (
                    "Files",
                    draft.write.words().to_owned(),
                    "of the folder that a run starts in",
                ),
                Item::Money => (
                    "Money",
                    match draft.cents {
                        Limit::Open => draft.cents.dollars(),
                        Limit::Most(_) => format!("{} a task at most", draft.cents.dollars()),
                    },
                    "the best answer so far stands when it is used up",
                ),
                Item::Time => (
                    "Time",
                    format!("{minutes} a turn at most"),
                    "then the team votes on what there is",
                ),
                Item::Theme => (
                    "Theme",
                    draft.theme.clone().unwrap_or_else(|| "as it is".to_owned()),
                    "colours of the screen, seen at once; F9 changes them later",
                ),
                _ => {
                    self.blank();
                    self.next(place, "Go on: see the file, and save it");
                    continue;
                }
            };
            self.entry(
                place,
                &Entry {
                    sign: ("•", self.theme.accent),
                    name,
                    note: format!("‹ {value} ›"),
                    help: help.to_owned(),
                },
            );
        }
        self.blank();
        let cost = draft.cost(&guide.hand()).words();
        self.words(&cost, self.theme.dim);
    }

    fn save(&mut self, items: &[Item]) {
        let guide = self.guide;
        if let Some(saved) = &guide.saved {
            self.words(&format!("✓ Saved: {}", saved.path), self.theme.ok);
            if let Some(old) = &saved.old {
                self.words(&format!("The one before is kept as {old}."), self.theme.dim);
            }
            self.blank();
        } else if guide.saving {
            let words = format!("{} saving…", spinner(self.tick));
            self.words(&words, self.theme.dim);
        } else {
            self.words("Where is it saved?", self.theme.strong);
        }
        for (place, item) in items.iter().enumerate() {
            let Item::Spot(at) = item else {
                self.next(place, "Begin: write the first task");
                continue;
            };
            let Some(spot) = guide.spots().get(*at) else {
                continue;
            };
            let help = match (spot.exists, guide.armed == Some(*at)) {
                (true, true) => {
                    "! Enter again replaces it; the one that is there is kept with .old \
                                 behind its name"
                        .to_owned()
                }
                (true, false) => "there is one already".to_owned(),
                (false, _) => String::new(),
            };
            self.entry(
                place,
                &Entry {
                    sign: ("•", self.theme.accent),
                    name: &spot.whose,
                    note: spot.path.clone(),
                    help,
                },
            );
        }
        self.blank();
        self.words("The file (PgDn reads on):", self.theme.strong);
        for line in guide.text().unwrap_or_default().lines() {
            let style = if line.trim_start().starts_with('#') {
                self.theme.dim
            } else {
                self.theme.text
            };
            let fitted = width::fit(line, self.room).into_owned();
            self.plain(Line::styled(fitted, style));
        }
    }

    /// The form for a key.
    pub(super) fn key(mut self, form: &KeyForm) -> Vec<Row> {
        let words = format!("The key of {} ({}):", form.name, form.variable);
        self.words(&words, self.theme.strong);
        let shown = form
            .typed
            .0
            .chars()
            .count()
            .min(self.room.saturating_sub(3));
        self.plain(Line::from(vec![
            Span::styled("  ".to_owned(), self.theme.text),
            Span::styled("•".repeat(shown), self.theme.accent),
            Span::styled("▏", self.theme.accent),
        ]));
        self.blank();
        if let Some(trouble) = &form.trouble {
            self.words(&format!("! {trouble}"), self.theme.warn);
        }
        let words = match (form.keeping, form.store) {
            (true, _) => "keeping it…",
            (false, Store::Keyring) => {
                "Enter keeps it in the keyring of this machine; it is never written into a \
                 configuration, and never shown."
            }
            (false, Store::File) => {
                "Enter keeps it in the .env of your settings folder instead, which only you can read."
            }
        };
        self.words(words, self.theme.dim);
        self.rows
    }

    fn sign(&self, mark: Mark) -> (&'static str, Style) {
        match mark {
            Mark::Ready => ("✓", self.theme.ok),
            Mark::Half => ("!", self.theme.warn),
            Mark::Absent => ("·", self.theme.dim),
        }
    }

    fn next(&mut self, place: usize, words: &str) {
        self.action(place, "→", words);
    }

    fn action(&mut self, place: usize, sign: &'static str, words: &str) {
        let entry = Entry {
            sign: (sign, self.theme.accent),
            name: words,
            note: String::new(),
            help: String::new(),
        };
        self.entry(place, &entry);
    }

    /// One entry: a row where there is room, else the rest below the name; what to do is said under the
    /// cursor only, and what went wrong always.
    fn entry(&mut self, place: usize, entry: &Entry<'_>) {
        let here = place == self.cursor;
        let lead = if here { "▸ " } else { "  " };
        let (sign, style) = entry.sign;
        let mut spans = vec![
            Span::styled(lead, self.theme.accent),
            Span::styled(format!("{sign} "), style),
        ];
        let room = self.room.saturating_sub(4);
        // Under the cursor nothing is cut.
        let wide = (self.room / 4).clamp(16, 30);
        let is_cut = here && width::of(&entry.note) > room.saturating_sub(wide + 2);
        let one = self.room >= WIDE && !entry.note.is_empty() && !is_cut;
        if one {
            let name = width::pad(&width::fit(entry.name, wide), wide);
            spans.push(Span::styled(name, self.theme.strong));
            let rest = room.saturating_sub(wide + 2);
            let note = width::fit(&entry.note, rest).into_owned();
            spans.push(Span::styled(format!("  {note}"), self.theme.text));
        } else {
            let name = width::fit(entry.name, room).into_owned();
            spans.push(Span::styled(name, self.theme.strong));
        }
        self.push(Line::from(spans), Some(place), here);
        let cells = u16::try_from(room).unwrap_or(u16::MAX);
        if !one && !entry.note.is_empty() {
            for words in paragraph(&entry.note, cells) {
                let line = Line::styled(format!("    {words}"), self.theme.dim);
                self.push(line, Some(place), false);
            }
        }
        let loud = matches!(sign, "✗" | "✓") && self.guide.page == Page::Team;
        if (here || loud || entry.help.starts_with('!')) && !entry.help.is_empty() {
            let style = if sign == "✗" || entry.help.starts_with('!') {
                self.theme.warn
            } else {
                self.theme.dim
            };
            for words in paragraph(&entry.help, cells) {
                self.push(
                    Line::styled(format!("    {words}"), style),
                    Some(place),
                    false,
                );
            }
        }
    }

    fn push(&mut self, line: Line<'static>, item: Option<usize>, here: bool) {
        let line = if here {
            marked(line, self.theme.selection)
        } else {
            line
        };
        self.rows.push(Row { line, item });
    }

    fn plain(&mut self, line: Line<'static>) {
        self.push(line, None, false);
    }

    fn blank(&mut self) {
        self.plain(Line::default());
    }

    fn words(&mut self, words: &str, style: Style) {
        let cells = u16::try_from(self.room).unwrap_or(u16::MAX);
        for line in paragraph(words, cells) {
            self.plain(Line::styled(line, style));
        }
    }
}

fn agents(draft: &Draft) -> String {
    let tries = draft.template == Template::Benchmark;
    match draft.agents.len() {
        1 if tries => "1 agent, five tries".to_owned(),
        1 => "1 agent".to_owned(),
        count => format!("{count} agents"),
    }
}
