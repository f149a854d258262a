//! The set-up screen: what is at hand, what the team is for, who is in it, its limits, where it is saved.
//!
//! Five pages; Enter takes, Tab goes on, Esc goes back, and nothing that was chosen is lost on the way,
//! also when the screen is left and opened again. It writes nothing before the last page, and shows the
//! file there as it will be. Pure: questions go out as wishes.

mod action;
pub mod ask;
mod pages;
mod picker;
mod rows;
#[cfg(test)]
mod tests;
mod trial;
mod update;
mod view;

pub use action::Action;
pub use ask::{Ask, Keys, Mark, Part, Saved, Seen, Spot, Store, Told, Typed};

use picker::Picker;
use rows::Row;
use trial::Trial;

use super::{
    effect::Load,
    options::{Given, TeamSummary},
    theme::Named,
};
use crate::{
    protocol::Level,
    setup::{Draft, Hand},
};

/// Which part of the screen takes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The pages.
    Main,
    /// A list that is searched, or a key that is typed.
    Typing,
}

/// What the screen wishes.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// To ask the world.
    Ask(Ask),
    /// To have this agent tried; its place in the team.
    Try(usize),
    /// A quiet word.
    Hint(String),
    /// A word that stays listed.
    Tell(Level, String),
    /// To have the screen in this theme from now on; `None` is the one it had.
    Theme(Option<Named>),
    /// Back to where it was opened.
    Leave,
    /// To the start screen, with this team and what it gives agents to work on.
    Start(TeamSummary, Given),
}

/// Pages in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Page {
    /// What is at hand.
    #[default]
    Found,
    /// What it is for.
    Purpose,
    /// Who is in it.
    Team,
    /// What it may.
    Limits,
    /// Where it is saved.
    Save,
}

impl Page {
    const ALL: [Self; 5] = [
        Self::Found,
        Self::Purpose,
        Self::Team,
        Self::Limits,
        Self::Save,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Found => "What is here",
            Self::Purpose => "What for",
            Self::Team => "Team",
            Self::Limits => "Limits",
            Self::Save => "Save",
        }
    }

    fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|page| *page > self)
    }

    fn before(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|page| *page < self)
    }
}

/// The screen.
#[derive(Debug, Default)]
pub struct Guide {
    keys: Load<Box<Keys>>,
    servers: Load<Part>,
    programs: Load<Part>,
    page: Page,
    /// Where the cursor stands on each page.
    cursors: [usize; 5],
    /// The team, once its purpose was chosen.
    draft: Option<Draft>,
    /// What the purpose lacks on this machine.
    missing: Option<String>,
    /// How the agents answered, in their order.
    trials: Vec<Trial>,
    stage: Stage,
    /// The file that is there and that Enter would put aside.
    armed: Option<usize>,
    saving: bool,
    saved: Option<Box<Saved>>,
    sight: Sight,
}

/// What the last frame showed.
#[derive(Debug, Default)]
struct Sight {
    /// Rows, made by `prepare`.
    rows: Vec<Row>,
    /// The first one that is seen.
    top: usize,
    /// How far the file on the last page was read on.
    scroll: usize,
    /// Rows that are seen at once.
    height: usize,
}

/// What lies over the pages.
#[derive(Debug, Default)]
enum Stage {
    /// Nothing.
    #[default]
    Pages,
    /// A key is typed.
    Key(KeyForm),
    /// A model is picked.
    Picking(Box<Picker>),
}

/// A key that is typed.
#[derive(Debug)]
struct KeyForm {
    name: String,
    variable: String,
    typed: Typed,
    store: Store,
    /// Why it could not be kept.
    trouble: Option<String>,
    keeping: bool,
}

impl Guide {
    /// The screen, and its first questions.
    #[must_use]
    pub fn open() -> (Self, Vec<Wish>) {
        let guide = Self {
            // The way on is under the cursor wherever there is nothing that must be done.
            cursors: [usize::MAX, 0, usize::MAX, usize::MAX, 0],
            ..Self::default()
        };
        (guide, Self::questions())
    }

    /// What is asked on opening it and on looking again.
    #[must_use]
    pub fn questions() -> Vec<Wish> {
        vec![
            Wish::Ask(Ask::Keys),
            Wish::Ask(Ask::Servers),
            Wish::Ask(Ask::Programs),
        ]
    }

    /// Which part takes keys.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self.stage {
            Stage::Pages => Place::Main,
            Stage::Key(_) | Stage::Picking(_) => Place::Typing,
        }
    }

    /// True while something moves by itself.
    #[must_use]
    pub fn waits(&self) -> bool {
        let picking = matches!(&self.stage, Stage::Picking(picker) if picker.is_loading());
        matches!(self.keys, Load::Loading(_))
            || matches!(self.servers, Load::Loading(_))
            || matches!(self.programs, Load::Loading(_))
            || self.trials.iter().any(Trial::is_running)
            || self.saving
            || picking
    }

    /// True while agents are tried.
    #[must_use]
    pub fn is_trying(&self) -> bool {
        self.trials.iter().any(Trial::is_running)
    }

    /// The agents, in their order.
    #[must_use]
    pub fn agent(&self, place: usize) -> Option<&crate::setup::Agent> {
        self.draft.as_ref()?.agents.get(place)
    }

    /// True when a theme was chosen.
    #[must_use]
    pub fn has_theme(&self) -> bool {
        let draft = self.draft.as_ref();
        draft.is_some_and(|draft| draft.theme.is_some())
    }

    /// True on the page of the team.
    #[must_use]
    pub fn is_on_team(&self) -> bool {
        self.page == Page::Team
    }

    /// What agents can be put on, as far as it is known.
    fn hand(&self) -> Hand {
        let mut ways = Vec::new();
        if let Load::Ready(keys) = &self.keys {
            ways.extend(keys.part.ways.iter().cloned());
        }
        for part in [&self.servers, &self.programs] {
            if let Load::Ready(part) = part {
                ways.extend(part.ways.iter().cloned());
            }
        }
        Hand { ways }
    }

    /// True when every search has ended.
    const fn has_looked(&self) -> bool {
        matches!(self.keys, Load::Ready(_))
            && matches!(self.servers, Load::Ready(_))
            && matches!(self.programs, Load::Ready(_))
    }

    /// The file as it would be saved.
    fn text(&self) -> Option<String> {
        let draft = self.draft.as_ref()?;
        let day = match &self.keys {
            Load::Ready(keys) => keys.day.clone(),
            Load::Idle | Load::Loading(_) | Load::Failed(_) => String::new(),
        };
        let origin = crate::setup::Origin {
            made_by: "`massgen-tui setup`".to_owned(),
            day,
        };
        Some(crate::setup::yaml(draft, &self.hand(), &origin))
    }

    fn spots(&self) -> &[Spot] {
        match &self.keys {
            Load::Ready(keys) => &keys.spots,
            Load::Idle | Load::Loading(_) | Load::Failed(_) => &[],
        }
    }
}
