//! The list of all sessions: look through it, label, delete, search, open.
//!
//! State, and what each key makes of it ([`update`]); rows are made for the lines in sight in
//! `prepare`. It asks through [`Wish`]es and is told by [`Told`]; it holds no file and no clock. Texts
//! are clean when they arrive ([`ask::cleaned`]).

mod action;
pub mod ask;
mod columns;
mod details;
mod find;
mod keys;
mod list;
mod typing;
mod update;
mod view;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

pub use action::{Action, Bin, Label, Mark, View};
pub use ask::{Ask, Told};
pub use keys::Keys;
pub use list::{List, Scope, Wanted};
pub use typing::Typed;
use typing::Typing;

use crate::{
    catalog::{Entry, Ground, Shown, Wrong},
    protocol::{Failure, Level, RunId, Seq},
    tui::widget::Pen,
};

/// The list of sessions.
#[derive(Debug)]
pub struct Sessions {
    list: List,
    wanted: Wanted,
    load: Loaded,
    /// What words are relative to, as of the last list.
    ground: Ground,
    /// The text of the filter, and what is wrong with it.
    filter: (String, Option<Wrong>),
    typing: Option<Typing>,
    /// Where in it.
    pen: Pen,
    search: Option<find::Search>,
    /// Logs are being read for the search.
    indexing: bool,
    details: Details,
    /// What was deleted last.
    undo: Vec<RunId>,
    /// The person has chosen what is listed; it is not changed for them any more.
    chosen: bool,
    keys: Keys,
    painted: view::Painted,
}

/// How far the list is.
#[derive(Clone, Debug, PartialEq)]
enum Loaded {
    /// The first list is on its way.
    First,
    /// There is a list; a newer one may be on its way.
    Here {
        /// It is.
        asked: bool,
        /// It was asked for before something changed.
        stale: bool,
    },
    /// The list could not be had.
    Failed(Failure),
}

/// Whether details are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Details {
    /// Where there is room for both.
    #[default]
    WithRoom,
    /// Also where there is none.
    On,
    /// Nowhere.
    Off,
}

/// What the list wants of the rest.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// To have this asked.
    Ask(Ask),
    /// To have this said.
    Hint(String),
    /// To have this said and listed.
    Tell(Level, String),
    /// To be left.
    Leave,
    /// To have a session shown.
    Open {
        /// Which.
        run: RunId,
        /// At which event.
        at: Option<Seq>,
    },
    /// To have a session gone on with.
    Resume(RunId),
    /// To have this on the clipboard.
    Copy(String),
}

impl Sessions {
    /// The list before anything is known, and what to ask first.
    #[must_use]
    pub fn new(keys: Keys) -> (Self, Vec<Wish>) {
        let sessions = Self {
            list: List::default(),
            wanted: Wanted::default(),
            load: Loaded::First,
            ground: Ground {
                now: crate::protocol::Timestamp(0),
                zone: TimeZone::UTC,
                here: None,
            },
            filter: (String::new(), None),
            typing: None,
            pen: Pen::default(),
            search: None,
            indexing: false,
            details: Details::default(),
            undo: Vec::new(),
            chosen: false,
            keys,
            painted: view::Painted::default(),
        };
        (sessions, vec![Wish::Ask(Ask::List)])
    }

    /// The session under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        self.list.current()
    }

    /// How many sessions are listed.
    #[must_use]
    pub fn listed_now(&self) -> usize {
        self.list.count()
    }

    /// All sessions there are, in no order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.list.entries()
    }

    /// The sessions that are marked, for what is done to several.
    #[must_use]
    pub const fn marked(&self) -> &BTreeSet<RunId> {
        self.list.marked()
    }

    /// True while text is typed into one of its lines.
    #[must_use]
    pub fn capturing_text(&self) -> bool {
        self.typing.is_some() || self.search.as_ref().is_some_and(|search| search.typing)
    }

    /// True while the text of sessions is searched.
    #[must_use]
    pub const fn searching(&self) -> bool {
        self.search.is_some()
    }

    /// True while a spinner turns.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.load == Loaded::First || self.search.as_ref().is_some_and(find::Search::waits)
    }

    /// True while some session is being written: the list is to be looked at again soon.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.list.has_live()
    }

    /// Asks for the list again, unless that was done already.
    pub fn refresh(&mut self) -> Vec<Wish> {
        match &mut self.load {
            Loaded::First | Loaded::Here { asked: true, .. } => Vec::new(),
            Loaded::Here { asked, stale } => {
                (*asked, *stale) = (true, false);
                vec![Wish::Ask(Ask::List)]
            }
            Loaded::Failed(_) => {
                self.load = Loaded::First;
                vec![Wish::Ask(Ask::List)]
            }
        }
    }

    /// Puts the cursor on a session.
    pub fn seek(&mut self, run: &RunId) {
        self.list.seek(run);
    }

    /// Takes in an answer.
    pub fn told(&mut self, told: Told) -> Vec<Wish> {
        match told {
            Told::Listed(Ok(listed)) => self.listed(listed),
            Told::Listed(Err(failure)) => {
                let words = failure.words();
                match self.load {
                    // What was listed before is still worth looking at.
                    Loaded::Here { .. } => {
                        self.load = Loaded::Here {
                            asked: false,
                            stale: false,
                        };
                        vec![Wish::Tell(Level::Error, words)]
                    }
                    Loaded::First | Loaded::Failed(_) => {
                        self.load = Loaded::Failed(failure);
                        Vec::new()
                    }
                }
            }
            Told::Edited(labels, failures) => {
                for (run, labels) in labels {
                    self.list.relabel(&run, labels);
                }
                self.changed();
                problems(&failures)
            }
            Told::Deleted(runs, failures) => {
                self.list.set_deleted(&runs, true);
                self.changed();
                let mut wishes = problems(&failures);
                if !runs.is_empty() {
                    let them = if runs.len() == 1 { "it" } else { "them" };
                    let said = format!("{} deleted; {{undo}} gets {them} back.", count(runs.len()));
                    self.undo = runs;
                    wishes.push(Wish::Tell(Level::Info, self.keys.say(&said)));
                }
                wishes
            }
            Told::Undeleted(runs, failures) => {
                self.list.set_deleted(&runs, false);
                self.undo.retain(|run| !runs.contains(run));
                self.changed();
                let mut wishes = problems(&failures);
                if let Some(first) = runs.first() {
                    self.list.seek(first);
                    wishes.push(Wish::Hint(format!("{} back.", count(runs.len()))));
                }
                wishes
            }
            Told::Indexed(reading) => self.indexed(reading),
            Told::Found(words, found) => {
                let search = self.search.as_mut();
                let next = search.and_then(|search| search.told(&words, found));
                let ask = next.map(|words| Wish::Ask(Ask::Find(words)));
                ask.into_iter().collect()
            }
        }
    }

    /// Reads on in logs, unless that is being done.
    fn index(&mut self) -> Vec<Wish> {
        if self.indexing {
            return Vec::new();
        }
        self.indexing = true;
        vec![Wish::Ask(Ask::Index)]
    }

    /// Logs were read for a while; goes on as long as somebody searches.
    fn indexed(&mut self, reading: Result<Option<ask::Reading>, Failure>) -> Vec<Wish> {
        self.indexing = false;
        let Some(search) = &mut self.search else {
            return Vec::new();
        };
        let (more, mut wishes) = match reading {
            Ok(reading) => (reading, Vec::new()),
            Err(failure) => {
                let words = format!("Not everything can be searched: {}", failure.words());
                (None, vec![Wish::Tell(Level::Warning, words)])
            }
        };
        let find = search.read(more);
        wishes.extend(find.map(|words| Wish::Ask(Ask::Find(words))));
        if more.is_some() {
            wishes.extend(self.index());
        }
        wishes
    }

    fn listed(&mut self, listed: ask::Listed) -> Vec<Wish> {
        let stale = matches!(self.load, Loaded::Here { stale: true, .. });
        let first = self.load == Loaded::First;
        self.load = Loaded::Here {
            asked: false,
            stale: false,
        };
        self.ground = listed.ground;
        self.wanted.here.clone_from(&self.ground.here);
        if first && !self.chosen {
            let here = self.ground.here.as_deref();
            let some = here.is_some_and(|here| {
                let mut usual = listed.entries.iter().filter(|entry| !entry.deleted);
                usual.any(|entry| entry.is_in(here))
            });
            self.wanted.scope = if some { Scope::Here } else { Scope::Machine };
        }
        // Days are counted from now.
        self.refilter();
        self.list.fill(listed.entries, &self.wanted);
        if stale { self.refresh() } else { Vec::new() }
    }

    /// Something was changed: a list that was asked for before does not know it.
    fn changed(&mut self) {
        if let Loaded::Here { asked: true, stale } = &mut self.load {
            *stale = true;
        }
        self.list.arrange(&self.wanted);
    }

    /// Which are usually out of sight, and are now: archived, deleted.
    fn out_of_sight(&self) -> (usize, usize) {
        let entries = self.list.entries().iter();
        let wanted = &self.wanted;
        let hidden = entries
            .filter(|one| wanted.is_in_scope(one) && !wanted.shown.allows(one, &wanted.filter));
        let (deleted, archived): (Vec<_>, Vec<_>) = hidden.partition(|entry| entry.deleted);
        (archived.len(), deleted.len())
    }

    const fn shows_deleted(&self) -> bool {
        matches!(self.wanted.shown, Shown::All)
    }
}

/// `1 session`, `3 sessions`.
fn count(sessions: usize) -> String {
    match sessions {
        1 => "1 session".to_owned(),
        _ => format!("{sessions} sessions"),
    }
}

/// The first thing that could not be done, and how many more.
fn problems(failures: &[Failure]) -> Vec<Wish> {
    let Some(first) = failures.first() else {
        return Vec::new();
    };
    let more = match failures.len() - 1 {
        0 => String::new(),
        more => format!(" ({more} more)"),
    };
    vec![Wish::Tell(
        Level::Warning,
        format!("{}{more}", first.words()),
    )]
}
