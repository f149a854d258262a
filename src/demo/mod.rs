//! The demo team: scripted agents behind a model server of the program's own.
//!
//! A person without a key or a local model can watch a whole run. Nothing about it is faked on the
//! screen's side: the scripts are served over HTTP in the wire format of a real model server, and the
//! program reaches them through its provider code only. No model is involved, and every place that
//! shows a demo run says so.
//!
//! `script` is the form of a scenario, `offer` reads what a request allows, `cast` finds the line that
//! fits, `score` turns it into tokens, `player` paces them, `wire` writes them, `route` and `server`
//! serve them, `director` remembers who has said what. Beside the teams stand `analyst`, a script that reads
//! logs, and `guest`, one that calls a team from another program. Scripts live in `assets/demo/*.yaml`; how
//! to write one is told in `docs/demo.md`.

mod analyst;
mod bench;
mod cast;
mod director;
mod guest;
mod library;
mod marks;
mod offer;
mod pace;
mod player;
mod route;
mod score;
mod script;
mod server;
mod token;
mod wire;

#[cfg(test)]
mod simulation;

use std::sync::Arc;

pub use pace::{Speed, SpeedParseError};
pub use script::{Actor, Scenario};
pub use server::{DemoServer, Options};

use crate::protocol::{Failure, FailureKind};

/// Name of the scenario that is played when none is named.
pub const DEFAULT: &str = "quick";

/// A scenario in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Name for `--demo`.
    pub name: String,
    /// Title.
    pub title: String,
    /// What there is to see.
    pub about: String,
    /// The task it answers.
    pub prompt: String,
    /// Number of agents.
    pub agents: usize,
}

/// A sample task for the start screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// A few words.
    pub title: &'static str,
    /// The task.
    pub prompt: &'static str,
    /// The scenario that answers it.
    pub scenario: &'static str,
}

/// Sample tasks. Written out here, and not read from the scripts, so that the start screen need not
/// parse any; a test keeps the two equal.
const SAMPLES: &[Sample] = &[
    Sample {
        title: "Hash maps and collisions",
        prompt: "Explain how a hash map handles collisions, and when it gets slow.",
        scenario: "quick",
    },
    Sample {
        title: "A safe shell one-liner",
        prompt: "Write a shell one-liner that lists the ten largest files below the current folder, safe for any file name.",
        scenario: "turnaround",
    },
    Sample {
        title: "Unicode for programmers",
        prompt: "Write a field guide to Unicode for programmers: what a character is, how to count, compare and cut text, with code.",
        scenario: "markdown",
    },
];

/// The scenarios people may pick, the default one first.
#[must_use]
pub fn scenarios() -> Vec<Info> {
    let all = library::all().iter();
    all.map(|scenario| Info {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        prompt: scenario.prompt.trim().to_owned(),
        agents: scenario.agents.len(),
    })
    .collect()
}

/// Three sample tasks.
#[must_use]
pub const fn samples() -> &'static [Sample] {
    SAMPLES
}

/// The scenario with this name; `bench-TOKENS` and `bench-AGENTSxTOKENS` are generated.
///
/// # Errors
///
/// [`FailureKind::Local`] with the names there are.
pub fn find(name: &str) -> Result<Arc<Scenario>, Failure> {
    library::load(name).ok_or_else(|| {
        let names: Vec<_> = library::SOURCES.iter().map(|(name, _)| *name).collect();
        Failure::new(
            FailureKind::Local,
            format!("There is no demo scenario named \"{name}\"."),
        )
        .hint(format!("Choose one of: {}.", names.join(", ")))
    })
}
