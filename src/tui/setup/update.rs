//! Picking a team and a task.

use super::{Action, FIRST_AGENTS, Item, MOST_AGENTS, Pick, Section, Setup, Step};
use crate::{
    protocol::{Discovered, Failure, RunId},
    text::clean,
    tui::effect::{Load, Ticket},
};

/// What the start screen wants from the rest of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// This text in the editor.
    Write(String),
    /// Run what is written.
    Run,
    /// Look for servers.
    Discover,
    /// Show this stored session.
    Open(RunId),
    /// Go on with this stored session, which broke off.
    Resume(RunId),
    /// Tell the person this.
    Tell(&'static str),
}

impl Setup {
    /// Performs an action on the screen's own state.
    pub fn update(&mut self, action: Action) -> Wish {
        match action {
            Action::Run => return Wish::Run,
            Action::Choose => return self.choose(),
            Action::Up => self.go(self.cursor.checked_sub(1)),
            Action::Down => self.go(Some(self.cursor + 1)),
            Action::Adjust(step) => return self.adjust(step),
            Action::NextSection => self.next_section(),
            Action::PreviousSection => self.previous_section(),
            Action::Sample(number) => return self.take_sample(usize::from(number).wrapping_sub(1)),
            Action::Folder => return self.change_folder(true),
            Action::Refresh => return Wish::Discover,
            Action::Editor => self.focus = Section::Editor,
            Action::Dismiss => self.error = None,
        }
        Wish::Nothing
    }

    /// Goes on with the newest session that broke off.
    pub fn resume(&self) -> Wish {
        match self.unfinished() {
            Some(session) => Wish::Resume(session.run.clone()),
            None => Wish::Tell("No stored session broke off."),
        }
    }

    /// From the last row of the editor down into the lists.
    pub fn enter_lists(&mut self) {
        self.focus = Section::Lists;
        self.cursor = 0;
    }

    /// A search for servers is under way.
    pub fn looking(&mut self, ticket: Ticket) {
        self.servers = Load::Loading(ticket);
        self.counts.clear();
        self.rows.clear();
        if matches!(self.picked, Pick::Server(_)) {
            self.picked = if self.offer.configured.is_some() {
                Pick::Configured
            } else {
                Pick::Demo
            };
            self.touched = false;
        }
        self.settle_cursor();
    }

    /// Servers were found. A late answer to an older search changes nothing.
    pub fn found_servers(&mut self, ticket: Ticket, servers: Vec<Discovered>) {
        if !self.servers.waits_for(ticket) {
            return;
        }
        let under_cursor = self.item();
        let mut servers = servers;
        for server in &mut servers {
            server.base_url = clean::line(&server.base_url).into_owned();
            for model in &mut server.models {
                model.id = clean::line(&model.id).into_owned();
            }
        }
        self.counts = servers
            .iter()
            .map(|server| vec![0; server.models.len()])
            .collect();
        self.rows.clear();
        let usable = servers.iter().position(usable);
        self.servers = Load::Ready(servers);
        if let Some(server) = usable
            && !self.touched
            && self.offer.configured.is_none()
        {
            self.pick(Pick::Server(server));
        }
        self.return_to(under_cursor);
    }

    /// The lists have changed: what the cursor was on may have moved.
    pub(super) fn return_to(&mut self, under_cursor: Option<Item>) {
        if let Some(place) =
            under_cursor.and_then(|old| self.items().iter().position(|item| *item == old))
        {
            self.cursor = place;
        }
        self.settle_cursor();
    }

    /// A launch could not be started.
    pub fn failed(&mut self, ticket: Ticket, failure: Failure) {
        if self.launching == Some(ticket) {
            self.launching = None;
            self.error = Some(failure);
        }
    }

    /// A click on a painted row. Rows of a list that has changed since are no more.
    pub fn click(&mut self, row: usize) -> Wish {
        let Some(place) = self.rows.get(self.top + row).and_then(|row| row.item) else {
            return Wish::Nothing;
        };
        self.focus = Section::Lists;
        self.cursor = place;
        self.settle_cursor();
        self.choose()
    }

    fn go(&mut self, place: Option<usize>) {
        match place {
            None => self.focus = Section::Editor,
            Some(place) => {
                self.cursor = place;
                self.settle_cursor();
            }
        }
    }

    fn settle_cursor(&mut self) {
        let items = self.items();
        self.cursor = self.cursor.min(items.len().saturating_sub(1));
        if let Some(Item::Sample(sample)) = items.get(self.cursor)
            && self.focus == Section::Lists
        {
            self.sample = *sample;
        }
    }

    /// Places of the first item of each list, from top to bottom: the picked team, the marked
    /// sample, the newest session. Empty lists are left out.
    fn lists(&self) -> Vec<usize> {
        let items = self.items();
        let wanted = [
            Item::Team(self.picked),
            Item::Sample(self.sample),
            Item::Session(0),
        ];
        wanted
            .iter()
            .filter_map(|wanted| items.iter().position(|item| item == wanted))
            .collect()
    }

    /// Which of the lists the cursor is in, counted from 0.
    fn list_here(&self) -> usize {
        let samples = usize::from(!self.offer.samples.is_empty());
        match self.item() {
            Some(Item::Team(_) | Item::Model { .. } | Item::Folder) | None => 0,
            Some(Item::Sample(_)) => 1,
            Some(Item::Session(_)) => 1 + samples,
        }
    }

    fn next_section(&mut self) {
        let next = match self.focus {
            Section::Editor => 0,
            Section::Lists => self.list_here() + 1,
        };
        self.enter_list(self.lists().get(next).copied());
    }

    fn previous_section(&mut self) {
        let lists = self.lists();
        let previous = match self.focus {
            Section::Editor => lists.last(),
            Section::Lists => self
                .list_here()
                .checked_sub(1)
                .and_then(|list| lists.get(list)),
        };
        self.enter_list(previous.copied());
    }

    /// The cursor goes to this item; to the editor without one.
    fn enter_list(&mut self, place: Option<usize>) {
        match place {
            Some(place) => {
                self.focus = Section::Lists;
                self.cursor = place;
            }
            None => self.focus = Section::Editor,
        }
        self.settle_cursor();
    }

    fn choose(&mut self) -> Wish {
        match self.item() {
            Some(Item::Team(pick)) => {
                self.touched = true;
                if let Pick::Server(server) = pick
                    && let Some(found) = self.found().get(server)
                    && !usable(found)
                {
                    return Wish::Tell(if found.needs_key {
                        "This server wants a key: set OPENAI_API_KEY and start with --base-url."
                    } else {
                        "This server offers no model; load one there, then look again with r."
                    });
                }
                self.pick(pick);
                self.focus = Section::Editor;
                Wish::Nothing
            }
            Some(Item::Model { server, model }) => {
                let count = self.count(server, model);
                self.set_count(server, model, u16::from(count == 0))
            }
            Some(Item::Folder) => self.change_folder(true),
            Some(Item::Sample(sample)) => self.take_sample(sample),
            Some(Item::Session(session)) => match self.recent.listed.get(session) {
                Some(summary) => Wish::Open(summary.run.clone()),
                None => Wish::Nothing,
            },
            None => Wish::Nothing,
        }
    }

    fn pick(&mut self, pick: Pick) {
        let under_cursor = self.item();
        self.picked = pick;
        if let Pick::Server(server) = pick
            && self.agents(server) == 0
            && let Some(first) = self
                .counts
                .get_mut(server)
                .and_then(|counts| counts.first_mut())
        {
            *first = FIRST_AGENTS;
        }
        // Models unfold and fold with the pick; the cursor stays on its item.
        self.return_to(under_cursor);
    }

    fn take_sample(&mut self, place: usize) -> Wish {
        match self.offer.samples.get(place) {
            Some(sample) => {
                self.sample = place;
                self.focus = Section::Editor;
                Wish::Write(sample.prompt.clone())
            }
            None => Wish::Tell("There is no such sample."),
        }
    }

    fn adjust(&mut self, step: Step) -> Wish {
        match self.item() {
            Some(Item::Model { server, model }) => {
                let count = self.count(server, model);
                let next = match step {
                    Step::Less => count.saturating_sub(1),
                    Step::More => count + 1,
                };
                self.set_count(server, model, next)
            }
            Some(Item::Team(Pick::Demo)) => {
                let total = self.offer.scenarios.len();
                if total == 0 {
                    return Wish::Tell("There is no other scenario.");
                }
                self.touched = true;
                self.pick(Pick::Demo);
                let now = self.scenario.unwrap_or(0);
                self.scenario = Some(match step {
                    Step::Less => (now + total - 1) % total,
                    Step::More => (now + 1) % total,
                });
                Wish::Nothing
            }
            Some(Item::Folder) => self.change_folder(matches!(step, Step::More)),
            _ => Wish::Tell("Nothing to change on this line."),
        }
    }

    fn set_count(&mut self, server: usize, model: usize, count: u16) -> Wish {
        self.touched = true;
        let others = self
            .agents(server)
            .saturating_sub(self.count(server, model));
        if others + count > MOST_AGENTS {
            return Wish::Tell("A team put together here has at most 32 agents.");
        }
        if let Some(slot) = self
            .counts
            .get_mut(server)
            .and_then(|counts| counts.get_mut(model))
        {
            *slot = count;
        }
        Wish::Nothing
    }
}

/// True for a server that agents can be put on right away.
fn usable(server: &Discovered) -> bool {
    !server.needs_key && !server.models.is_empty()
}
