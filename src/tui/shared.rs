//! What every feature may read while it updates, prepares or paints.

use std::collections::BTreeMap;

use super::{detail::Detail, theme::Theme};
use crate::{
    protocol::{Label, Timestamp, change::RepoPath},
    run::RunState,
};

/// Read-only context of the features. Owned by the model, changed only at the top.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The fold over all events so far: the session on the screen, lived or read back.
    pub run: RunState,
    /// Colours.
    pub theme: Theme,
    /// How much of agents' work panes show.
    pub detail: Detail,
    /// The clock as of the last message, for elapsed times. Views never read a clock.
    pub now: Timestamp,
    /// True while events still arrive; false for a session read from the log.
    pub live: bool,
    /// True while a moment of such a session is shown as it was lived: read, played, or at work in another
    /// process.
    pub replayed: bool,
    /// True while another process writes the session and its log is read on.
    pub followed: bool,
    /// What is wrong with the log of a session that was read from it.
    pub flaw: Flaw,
    /// Frame counter of the spinner; advances only while something runs.
    pub tick: u64,
    /// How many threads of notes stand on each event; 0 is the session as a whole.
    pub noted: BTreeMap<u64, u32>,
    /// How many threads of notes stand on a file of an answer.
    pub noted_files: BTreeMap<(Label, RepoPath), u32>,
}

/// What is wrong with the log of the session on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing that is known.
    #[default]
    None,
    /// Parts of it cannot be read.
    Damaged,
    /// Somebody stopped reading it.
    Partial,
}

impl Flaw {
    /// Words for it, and the shortest one.
    #[must_use]
    pub const fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::None => None,
            Self::Damaged => Some(("damaged log", "damaged")),
            Self::Partial => Some(("partly read", "partly")),
        }
    }
}

impl Shared {
    /// Before the first event.
    pub fn new(theme: Theme) -> Self {
        Self {
            run: RunState::default(),
            theme,
            detail: Detail::default(),
            now: Timestamp::default(),
            live: true,
            replayed: false,
            followed: false,
            flaw: Flaw::None,
            tick: 0,
            noted: BTreeMap::new(),
            noted_files: BTreeMap::new(),
        }
    }

    /// True for what looks alive: a session that is, or that is shown as it was.
    pub const fn lively(&self) -> bool {
        self.live || self.replayed
    }

    /// True while a task is under way here and now; also between two turns of a task that takes
    /// several.
    pub fn running(&self) -> bool {
        self.live && self.run.turn.as_ref().is_some_and(|turn| !turn.is_last())
    }

    /// True when the session on the screen is played by the scripted demo team.
    pub fn demo(&self) -> bool {
        self.run.demo().is_some()
    }
}
