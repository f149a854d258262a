//! The start screen: which team, which task.
//!
//! Knows what is on offer (the demo team, the configured team, servers found on this machine, sample
//! tasks, sessions that can be read again) and what is picked; it does not know the editor beside it and starts nothing itself. The
//! picked entry always exists, whatever arrives or goes.

mod action;
mod folder;
mod recent;
mod rows;
mod update;
mod view;

pub use action::{Action, Step};
pub use update::Wish;

use super::{
    effect::{Here, Launch, Load, TeamChoice, Ticket},
    options::{DemoScenario, Given, Sample, StartOptions, TeamSummary},
};
use crate::{
    protocol::{Discovered, Failure},
    text::clean,
};
use rows::Row;

/// Agents that a server gets at first: the smallest team that can outvote one member.
const FIRST_AGENTS: u16 = 3;

/// Most agents of a team put together on this screen.
const MOST_AGENTS: u16 = 32;

/// State of the start screen.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What was known at the start.
    pub offer: Offer,
    /// Where keys go.
    pub focus: Section,
    /// Servers found on this machine.
    pub servers: Load<Vec<Discovered>>,
    /// The team that would run.
    pub picked: Pick,
    /// Why the last launch failed.
    pub error: Option<Failure>,
    /// A launch is under way.
    pub launching: Option<Ticket>,
    /// The newest stored sessions, and the question for them that is under way.
    recent: recent::Recent,
    /// Agents per model, per server; the shape of `servers`.
    counts: Vec<Vec<u16>>,
    /// Which item the cursor is on, when the lists have the focus.
    cursor: usize,
    /// The scenario of the demo team, once the person chose one.
    scenario: Option<usize>,
    /// The sample that an empty editor stands for.
    sample: usize,
    /// What agents may do with the folder.
    here: Here,
    /// The person picked a team; nothing that arrives later picks another.
    touched: bool,
    /// Painted rows, made by `prepare`.
    rows: Vec<Row>,
    /// First painted row.
    top: usize,
}

/// What was known at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The configured team.
    pub configured: Option<TeamSummary>,
    /// Scripted teams.
    pub scenarios: Vec<DemoScenario>,
    /// Tasks to try.
    pub samples: Vec<Sample>,
    /// Version of the program.
    pub version: String,
    /// The folder the program was started in.
    pub folder: String,
    /// What the configuration or the flags give agents to work on.
    pub given: Given,
}

/// Parts of the screen that take keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The task editor.
    Editor,
    /// The lists of teams and samples.
    Lists,
}

/// A team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The demo team.
    Demo,
    /// The configured team.
    Configured,
    /// A server found on this machine, by its place in the list.
    Server(usize),
}

/// Something the cursor can stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A team.
    Team(Pick),
    /// A model of the picked server.
    Model {
        /// The server.
        server: usize,
        /// The model.
        model: usize,
    },
    /// What agents may do with the folder.
    Folder,
    /// A sample task.
    Sample(usize),
    /// A stored session.
    Session(usize),
}

impl Setup {
    /// The screen before anything was looked for.
    pub fn new(options: &StartOptions) -> Self {
        let configured = options.configured.as_ref().map(cleaned);
        let picked = if configured.is_some() {
            Pick::Configured
        } else {
            Pick::Demo
        };
        Self {
            offer: Offer {
                configured,
                scenarios: options.demo_scenarios.clone(),
                samples: options.samples.clone(),
                version: options.version.clone(),
                folder: clean::line(&options.folder).into_owned(),
                given: options.given,
            },
            focus: Section::Editor,
            servers: Load::Idle,
            picked,
            error: None,
            launching: None,
            recent: recent::Recent::default(),
            counts: Vec::new(),
            cursor: 0,
            scenario: None,
            sample: 0,
            here: Here::AsSaid,
            touched: false,
            rows: Vec::new(),
            top: 0,
        }
    }

    /// The team of the configuration may be used after all.
    pub fn configure(&mut self, team: &TeamSummary, given: Given) {
        let under_cursor = self.item();
        self.offer.configured = Some(cleaned(team));
        self.offer.given = given;
        self.rows.clear();
        if !self.touched {
            self.picked = Pick::Configured;
        }
        self.return_to(under_cursor);
    }

    /// The configured team is another one now; what is picked stays.
    pub fn renew(&mut self, team: &TeamSummary) {
        if self.offer.configured.is_some() {
            self.offer.configured = Some(cleaned(team));
            self.rows.clear();
        }
    }

    /// A team was set up: it is the configured one now, and it is picked.
    pub fn set_up(&mut self, team: &TeamSummary, given: Given) {
        self.offer.configured = Some(cleaned(team));
        self.offer.given = given;
        self.picked = Pick::Configured;
        self.touched = true;
        self.focus = Section::Editor;
        self.cursor = 0;
        self.rows.clear();
    }

    /// The servers found so far.
    pub fn found(&self) -> &[Discovered] {
        match &self.servers {
            Load::Ready(servers) => servers,
            Load::Idle | Load::Loading(_) | Load::Failed(_) => &[],
        }
    }

    /// Everything the cursor can stand on, from top to bottom. Never empty: the demo team is there.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        if self.offer.configured.is_some() {
            items.push(Item::Team(Pick::Configured));
        }
        for (server, found) in self.found().iter().enumerate() {
            items.push(Item::Team(Pick::Server(server)));
            if self.picked == Pick::Server(server) {
                items.extend((0..found.models.len()).map(|model| Item::Model { server, model }));
            }
        }
        items.push(Item::Team(Pick::Demo));
        if self.works_here() {
            items.push(Item::Folder);
        }
        items.extend((0..self.offer.samples.len()).map(Item::Sample));
        items.extend((0..self.recent.listed.len()).map(Item::Session));
        items
    }

    /// The item under the cursor.
    pub fn item(&self) -> Option<Item> {
        self.items().get(self.cursor).copied()
    }

    /// How many agents this model gets.
    pub fn count(&self, server: usize, model: usize) -> u16 {
        self.counts
            .get(server)
            .and_then(|counts| counts.get(model))
            .copied()
            .unwrap_or(0)
    }

    /// Agents of a server in all.
    fn agents(&self, server: usize) -> u16 {
        self.counts
            .get(server)
            .map_or(0, |counts| counts.iter().sum())
    }

    /// The launch that Enter would start with this text in the editor.
    ///
    /// # Errors
    /// What is missing, as a sentence for the person.
    pub fn launch(&self, prompt: &str) -> Result<Launch, &'static str> {
        let prompt = prompt.trim();
        let team = match self.picked {
            Pick::Demo => {
                let prompt = self.demo_prompt(prompt).ok_or("Type a task first.")?;
                let scenario = self.demo_scenario(prompt);
                return Ok(Launch {
                    team: TeamChoice::Demo { scenario },
                    prompt: prompt.to_owned(),
                    folder: Here::AsSaid,
                });
            }
            Pick::Configured => TeamChoice::Configured,
            Pick::Server(server) => self.local_team(server)?,
        };
        if prompt.is_empty() {
            return Err("Type a task first, or pick a sample with Tab.");
        }
        Ok(Launch {
            team,
            prompt: prompt.to_owned(),
            folder: self.here,
        })
    }

    /// The written task, or the marked sample in its place.
    fn demo_prompt<'a>(&'a self, prompt: &'a str) -> Option<&'a str> {
        if prompt.is_empty() {
            self.offer
                .samples
                .get(self.sample)
                .map(|sample| sample.prompt.as_str())
        } else {
            Some(prompt)
        }
    }

    /// The chosen scenario; else the one that fits the task; else the first.
    fn demo_scenario(&self, prompt: &str) -> String {
        let chosen = self
            .scenario
            .and_then(|place| self.offer.scenarios.get(place))
            .map(|scenario| scenario.name.clone());
        let fitting = || {
            self.offer
                .samples
                .iter()
                .find(|sample| sample.prompt.trim() == prompt)
                .and_then(|sample| sample.scenario.clone())
        };
        let first = || {
            self.offer
                .scenarios
                .first()
                .map(|scenario| scenario.name.clone())
        };
        chosen.or_else(fitting).or_else(first).unwrap_or_default()
    }

    fn local_team(&self, server: usize) -> Result<TeamChoice, &'static str> {
        let found = self.found().get(server).ok_or("That server is gone.")?;
        let models: Vec<String> = found
            .models
            .iter()
            .enumerate()
            .flat_map(|(model, info)| {
                std::iter::repeat_n(info.id.clone(), usize::from(self.count(server, model)))
            })
            .collect();
        if models.is_empty() {
            return Err("Give at least one model an agent: Tab, then → on the model.");
        }
        Ok(TeamChoice::Local {
            base_url: found.base_url.clone(),
            models,
        })
    }
}

/// A team with texts that can be shown.
fn cleaned(team: &TeamSummary) -> TeamSummary {
    let line = |text: &str| clean::line(text).into_owned();
    TeamSummary {
        title: line(&team.title),
        agents: team
            .agents
            .iter()
            .map(|(name, model)| (line(name), line(model)))
            .collect(),
        origin: team.origin.clone(),
    }
}
