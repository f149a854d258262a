//! What keys do on the pages, and what answers change.

use super::{
    Action, Ask, Guide, KeyForm, Mark, Page, Part, Saved, Stage, Store, Told, Typed, Wish,
    pages::{Item, money, neighbour, theme},
    picker::Picker,
    trial::Trial,
};
use crate::{
    protocol::{Failure, Level},
    setup::{Agent, Draft, Limit, MOST_AGENTS, Place, Template, Write, free_id, short},
    tui::{
        effect::{Load, Ticket},
        moves::Move,
    },
};

/// Longest key that is taken, in letters.
const LONGEST_KEY: usize = 4_096;

fn hint(words: impl Into<String>) -> Vec<Wish> {
    vec![Wish::Hint(words.into())]
}

impl Guide {
    /// Does what a person wants.
    pub fn update(&mut self, action: Action) -> Vec<Wish> {
        match &self.stage {
            Stage::Pages => self.on_page(action),
            Stage::Key(_) => self.on_key(action),
            Stage::Picking(_) => self.on_list(action),
        }
    }

    fn on_page(&mut self, action: Action) -> Vec<Wish> {
        match action {
            Action::Move(to @ (Move::PageDown | Move::PageUp)) if self.page == Page::Save => {
                self.sight.scroll =
                    to.over(self.sight.scroll, self.sight.rows.len(), self.sight.height);
                Vec::new()
            }
            Action::Move(to) => {
                self.sight.scroll = 0;
                let at = to.over(self.cursor(), self.items().len(), self.sight.height);
                self.put(at);
                Vec::new()
            }
            Action::Take => self.take(),
            Action::Less => self.adjust(false),
            Action::More => self.adjust(true),
            Action::Next => self.go_on(),
            Action::Back => self.back(),
            Action::Add if self.page == Page::Team => self.pick(None),
            Action::Remove if self.page == Page::Team => self.remove(),
            Action::Test if self.page == Page::Team => self.test(),
            Action::Refresh => {
                self.armed = None;
                Self::questions()
            }
            Action::Add | Action::Remove | Action::Test => {
                hint("That is for the page of the team.")
            }
            Action::Open | Action::Erase => Vec::new(),
        }
    }

    fn take(&mut self) -> Vec<Wish> {
        match self.item() {
            Some(Item::Next) => self.go_on(),
            Some(Item::Found(place)) => self.found_row(place),
            Some(Item::Purpose(template)) => self.purpose(template),
            Some(Item::Agent(place)) => self.pick(Some(place)),
            Some(Item::Add) => self.pick(None),
            Some(Item::Test) => self.test(),
            Some(Item::Files | Item::Money | Item::Time | Item::Theme) => self.adjust(true),
            Some(Item::Spot(place)) => self.save(place),
            None => Vec::new(),
        }
    }

    /// A key is entered where one is missing; of everything else there is only something to say.
    fn found_row(&mut self, place: usize) -> Vec<Wish> {
        let seen = self.seen();
        let Some(row) = seen.get(place) else {
            return Vec::new();
        };
        match &row.variable {
            Some(variable) => {
                let form = KeyForm {
                    name: row.name.clone(),
                    variable: variable.clone(),
                    typed: Typed::default(),
                    store: Store::Keyring,
                    trouble: None,
                    keeping: false,
                };
                self.stage = Stage::Key(form);
                Vec::new()
            }
            None if row.mark == Mark::Ready => hint(format!("{} is ready.", row.name)),
            None => hint(row.help.clone()),
        }
    }

    fn purpose(&mut self, template: Template) -> Vec<Wish> {
        let kept = self.draft.as_ref().map(|draft| draft.template);
        if kept != Some(template) || self.missing.is_some() {
            if !self.has_looked() {
                return hint("Still looking; a moment.");
            }
            let (mut draft, missing) = Draft::of(template, &self.hand());
            // The team has nothing to do with it.
            draft.theme = self.draft.take().and_then(|before| before.theme);
            self.trials = vec![Trial::Not; draft.agents.len()];
            self.draft = Some(draft);
            self.missing = missing;
            self.saved = None;
            if let Some(at) = self.cursors.get_mut(Page::Team as usize) {
                *at = usize::MAX;
            }
        }
        self.page = Page::Team;
        Vec::new()
    }

    fn go_on(&mut self) -> Vec<Wish> {
        if self.page == Page::Purpose {
            return match self.item() {
                Some(Item::Purpose(template)) => self.purpose(template),
                _ => Vec::new(),
            };
        }
        if self.page == Page::Team
            && self
                .draft
                .as_ref()
                .is_none_or(|draft| draft.agents.is_empty())
        {
            return hint("A team has at least one agent: a adds one.");
        }
        if self.page == Page::Save {
            return match self.saved.take() {
                Some(saved) => {
                    let Saved { team, given, .. } = *saved;
                    self.page = Page::Found;
                    vec![Wish::Start(team, given)]
                }
                None => hint("Choose where it is saved."),
            };
        }
        if let Some(page) = self.page.next() {
            self.page = page;
        }
        self.sight.scroll = 0;
        self.armed = None;
        Vec::new()
    }

    fn back(&mut self) -> Vec<Wish> {
        if self.is_trying() {
            for trial in &mut self.trials {
                if trial.is_running() {
                    *trial = Trial::Stopped;
                }
            }
            return vec![Wish::Ask(Ask::Stop), Wish::Hint("Stopped.".to_owned())];
        }
        if self.armed.take().is_some() {
            return Vec::new();
        }
        match self.page.before() {
            Some(page) => {
                self.page = page;
                Vec::new()
            }
            None => vec![Wish::Leave],
        }
    }

    fn adjust(&mut self, forward: bool) -> Vec<Wish> {
        let item = self.item();
        let Some(draft) = &mut self.draft else {
            return Vec::new();
        };
        let before = draft.clone();
        let mut wishes = Vec::new();
        match item {
            Some(Item::Files) => draft.write = neighbour(&Write::ALL, draft.write, forward),
            Some(Item::Money) => draft.cents = money(draft.cents, forward),
            Some(Item::Time) => draft.minutes = neighbour(&Limit::MINUTES, draft.minutes, forward),
            Some(Item::Theme) => {
                let next = theme(draft.theme.as_deref(), forward);
                draft.theme = next.map(|theme| theme.word().to_owned());
                wishes.push(Wish::Theme(next));
            }
            _ => return hint("Nothing to change on this line."),
        }
        if *draft == before {
            return hint("The list ends here.");
        }
        self.saved = None;
        wishes
    }

    /// Opens the list of models for an agent, or for a new one.
    fn pick(&mut self, agent: Option<usize>) -> Vec<Wish> {
        let full = self.draft.as_ref().map(|draft| draft.agents.len());
        if agent.is_none() && full.is_some_and(|count| count >= MOST_AGENTS) {
            return hint(format!(
                "A team that is set up has at most {MOST_AGENTS} agents."
            ));
        }
        let hand = self.hand();
        if hand.ways.is_empty() {
            return hint("Nothing is at hand: go back and enter a key, or start a model server.");
        }
        self.stage = Stage::Picking(Box::new(Picker::new(&hand, agent)));
        vec![Wish::Ask(Ask::Models(hand.ways))]
    }

    fn remove(&mut self) -> Vec<Wish> {
        let Some(Item::Agent(place)) = self.item() else {
            return hint("Put the cursor on an agent first.");
        };
        if let Some(draft) = &mut self.draft {
            if draft.agents.len() < 2 {
                return hint("A team has at least one agent.");
            }
            if place < draft.agents.len() {
                draft.agents.remove(place);
                if place < self.trials.len() {
                    self.trials.remove(place);
                }
            }
        }
        self.saved = None;
        Vec::new()
    }

    fn test(&mut self) -> Vec<Wish> {
        if self.is_trying() {
            return hint("They are being tried; Esc stops it.");
        }
        let count = self.draft.as_ref().map_or(0, |draft| draft.agents.len());
        (0..count).map(Wish::Try).collect()
    }

    /// A place in the list of models was taken.
    fn placed(&mut self, agent: Option<usize>, place: Place) {
        let Some(draft) = &mut self.draft else {
            return;
        };
        self.saved = None;
        self.missing = None;
        let Some(at) = agent else {
            if draft.agents.len() < MOST_AGENTS {
                let id = free_id(short(&place.backend), &draft.agents);
                draft.agents.push(Agent {
                    id,
                    backend: place.backend,
                    model: place.model,
                    base_url: place.base_url,
                    duty: None,
                });
                self.trials.push(Trial::Not);
            }
            return;
        };
        if let (Some(agent), Some(trial)) = (draft.agents.get_mut(at), self.trials.get_mut(at)) {
            agent.backend = place.backend;
            agent.model = place.model;
            agent.base_url = place.base_url;
            *trial = Trial::Not;
        }
    }

    fn on_list(&mut self, action: Action) -> Vec<Wish> {
        let Stage::Picking(picker) = &mut self.stage else {
            return Vec::new();
        };
        match action {
            Action::Move(to) => picker.go(to),
            Action::Erase => picker.erase(),
            Action::Back => self.stage = Stage::Pages,
            Action::Refresh => return vec![Wish::Ask(Ask::Models(self.hand().ways))],
            Action::Take => match picker.chosen() {
                Ok(place) => {
                    let agent = picker.agent;
                    self.stage = Stage::Pages;
                    self.placed(agent, place);
                }
                Err(words) => return hint(words),
            },
            Action::Open
            | Action::Less
            | Action::More
            | Action::Next
            | Action::Add
            | Action::Remove
            | Action::Test => {}
        }
        Vec::new()
    }

    fn on_key(&mut self, action: Action) -> Vec<Wish> {
        let Stage::Key(form) = &mut self.stage else {
            return Vec::new();
        };
        match action {
            Action::Erase => {
                form.typed.0.pop();
            }
            Action::Back => self.stage = Stage::Pages,
            Action::Take if form.keeping => {}
            Action::Take if form.typed.0.is_empty() => return hint("Type or paste the key first."),
            Action::Take => {
                form.keeping = true;
                return vec![Wish::Ask(Ask::Keep {
                    variable: form.variable.clone(),
                    key: form.typed.clone(),
                    store: form.store,
                })];
            }
            _ => {}
        }
        Vec::new()
    }

    /// Takes letters: of a search, or of a key.
    pub fn type_text(&mut self, text: &str) -> bool {
        match &mut self.stage {
            Stage::Picking(picker) => {
                picker.type_text(text);
                true
            }
            Stage::Key(form) => {
                let room = LONGEST_KEY.saturating_sub(form.typed.0.chars().count());
                let letters = text
                    .chars()
                    .filter(|c| !c.is_control() && !c.is_whitespace());
                form.typed.0.extend(letters.take(room));
                true
            }
            Stage::Pages => false,
        }
    }

    fn save(&mut self, place: usize) -> Vec<Wish> {
        if self.saving {
            return hint("It is being saved.");
        }
        let (Some(text), Some(spot)) = (self.text(), self.spots().get(place).cloned()) else {
            return Vec::new();
        };
        if spot.exists && self.armed != Some(place) {
            self.armed = Some(place);
            return Vec::new();
        }
        self.saving = true;
        vec![Wish::Ask(Ask::Save {
            path: spot.path,
            text,
            replace: spot.exists,
        })]
    }

    /// A question has gone out under this ticket.
    pub fn sent(&mut self, ticket: Ticket, ask: &Ask) {
        match ask {
            // What is there stays until the new comes.
            Ask::Keys if !matches!(self.keys, Load::Ready(_)) => self.keys = Load::Loading(ticket),
            Ask::Servers => self.servers = Load::Loading(ticket),
            Ask::Programs => self.programs = Load::Loading(ticket),
            Ask::Models(_) => {
                if let Stage::Picking(picker) = &mut self.stage {
                    picker.sent(ticket);
                }
            }
            Ask::Keys
            | Ask::Prompts
            | Ask::Try(_)
            | Ask::Stop
            | Ask::Keep { .. }
            | Ask::Save { .. } => {}
        }
    }

    /// The try of an agent has gone out.
    pub fn tried(&mut self, place: usize, ticket: Ticket) {
        if let Some(trial) = self.trials.get_mut(place) {
            *trial = Trial::Running(ticket);
        }
    }

    /// Takes an answer of the world.
    pub fn told(&mut self, ticket: Ticket, told: Told) -> Vec<Wish> {
        match told {
            Told::Keys(keys) => self.keys = Load::Ready(keys),
            Told::Part(part) => self.part(ticket, part),
            Told::Models(ways, troubles) => {
                if let Stage::Picking(picker) = &mut self.stage {
                    picker.arrived(ticket, &ways, troubles);
                }
            }
            // The start screen shows them.
            Told::Prompts(..) => {}
            Told::Tried(outcome) => {
                let waits = |trial: &&mut Trial| **trial == Trial::Running(ticket);
                if let Some(trial) = self.trials.iter_mut().find(waits) {
                    *trial = match outcome {
                        Ok(words) => Trial::Good(words),
                        Err(failure) => Trial::Bad(failure),
                    };
                }
            }
            Told::Kept(outcome) => return self.kept(outcome),
            Told::Saved(outcome) => return self.done(outcome),
        }
        Vec::new()
    }

    fn part(&mut self, ticket: Ticket, part: Part) {
        if self.servers.waits_for(ticket) {
            self.servers = Load::Ready(part);
        } else if self.programs.waits_for(ticket) {
            self.programs = Load::Ready(part);
        }
    }

    fn kept(&mut self, outcome: Result<String, String>) -> Vec<Wish> {
        match outcome {
            Ok(place) => {
                let words = match &self.stage {
                    Stage::Key(form) => format!("{} is kept in {place}.", form.variable),
                    Stage::Pages | Stage::Picking(_) => format!("The key is kept in {place}."),
                };
                if matches!(self.stage, Stage::Key(_)) {
                    self.stage = Stage::Pages;
                }
                // The rows move: the way on is the next thing to do.
                self.put(usize::MAX);
                vec![Wish::Tell(Level::Info, words), Wish::Ask(Ask::Keys)]
            }
            Err(words) => {
                if let Stage::Key(form) = &mut self.stage {
                    form.keeping = false;
                    form.trouble = Some(words);
                    form.store = Store::File;
                }
                Vec::new()
            }
        }
    }

    fn done(&mut self, outcome: Result<Box<Saved>, Failure>) -> Vec<Wish> {
        self.saving = false;
        self.armed = None;
        match outcome {
            Ok(saved) => {
                self.put(0);
                self.saved = Some(saved);
                // What is there now is told anew.
                vec![Wish::Ask(Ask::Keys)]
            }
            Err(failure) => vec![
                Wish::Tell(Level::Error, failure.words()),
                Wish::Ask(Ask::Keys),
            ],
        }
    }

    /// A click on a row of the screen, which is so high.
    pub fn click(&mut self, row: usize, height: u16) -> Vec<Wish> {
        let Some(row) = row.checked_sub(usize::from(super::view::head(height))) else {
            return Vec::new();
        };
        if !self.is_plain() {
            return Vec::new();
        }
        let Some(place) = self
            .sight
            .rows
            .get(self.sight.top + row)
            .and_then(|row| row.item)
        else {
            return Vec::new();
        };
        if self.cursor() == place {
            return self.take();
        }
        self.put(place);
        Vec::new()
    }
}
