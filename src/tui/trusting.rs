//! A configuration of a project that nobody approved: asked about before anything of it is used.
//!
//! The question stands over the start screen. Until it is answered, and after a no, the team of the
//! configuration is not on offer. What was to be started at once starts after a yes.

use super::{
    effect::{Effect, Effects, Launch, Query},
    layer::{Layer, TrustCard},
    model::Model,
    options::{Given, TeamSummary},
    rooms,
};
use crate::{
    protocol::{Failure, Level},
    text::clean,
};

/// A configuration and what it would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the file.
    pub path: String,
    /// The sum over its content and over all that it includes.
    pub sum: String,
    /// Files that it includes.
    pub included: Vec<String>,
    /// What it would use, one plain line each.
    pub uses: Vec<String>,
    /// What starts as soon as it may be used.
    pub then: Option<Launch>,
}

/// What the person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It may be used until the program ends.
    Once,
    /// It may be used until a byte of it changes.
    Always,
    /// It may not be used.
    No,
}

/// What is asked of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Name of the file.
    pub path: String,
    /// The sum that was shown.
    pub sum: String,
    /// What the person said; never [`Leave::No`].
    pub leave: Leave,
}

/// What the world tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The team may run.
    Team {
        /// The team.
        team: TeamSummary,
        /// What it works on.
        given: Given,
        /// The leave holds for this run alone, because it could not be written down.
        unkept: Option<Failure>,
    },
    /// The file has changed since: asked anew.
    Asked(Box<Asked>),
    /// It cannot be used.
    Failed(Failure),
}

/// Puts the question on the screen.
pub(super) fn open(model: &mut Model, mut asked: Asked) -> Effects {
    let line = |text: &String| clean::line(text).into_owned();
    asked.uses = asked.uses.iter().map(line).collect();
    asked.included = asked.included.iter().map(line).collect();
    if let Some(launch) = &asked.then {
        model.composer.set(&clean::text(&launch.prompt));
    }
    let shown = clean::line(&asked.path).into_owned();
    let card = TrustCard::new(shown, &asked.included, &asked.uses);
    model.layers.open(Layer::Trust(card));
    model.rooms.trust = Some(Box::new(asked));
    Effects::none()
}

/// Does what the person said.
pub(super) fn answer(model: &mut Model, leave: Leave) -> Effects {
    let Some(asked) = &model.rooms.trust else {
        return Effects::none();
    };
    if leave == Leave::No {
        let words = format!(
            "Nothing of {} is used. To be asked again, start anew; to approve it: massgen-tui config trust",
            clean::line(&asked.path)
        );
        model.rooms.trust = None;
        return model.tell(Level::Info, words);
    }
    let ask = Ask {
        path: asked.path.clone(),
        sum: asked.sum.clone(),
        leave,
    };
    let ticket = model.tickets.issue();
    Effects::one(Effect::Query {
        ticket,
        query: Query::Room(rooms::Ask::Trust(Box::new(ask))),
    })
}

/// Takes in what the world tells.
pub(super) fn told(model: &mut Model, told: Told) -> Effects {
    let asked = model.rooms.trust.take();
    match told {
        Told::Team {
            team,
            given,
            unkept,
        } => {
            model.setup.configure(&team, given);
            let words = match unkept {
                None => Effects::none(),
                Some(failure) => {
                    let words = format!("It may be used in this run alone: {failure}");
                    model.tell(Level::Warning, words)
                }
            };
            match asked.and_then(|asked| asked.then) {
                Some(launch) => words.and(model.start(launch)),
                None => words,
            }
        }
        Told::Asked(mut anew) => {
            anew.then = asked.and_then(|asked| asked.then);
            let words = "The file has changed since you were asked.";
            let opened = open(model, *anew);
            opened.and(model.tell(Level::Warning, words))
        }
        Told::Failed(failure) => model.tell(Level::Error, failure.to_string()),
    }
}
