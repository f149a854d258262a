//! What a crash left behind: looked for once the start screen stands, offered there, dealt with in a
//! list of its own. Then what nobody needs any more is cleared away, and told.

use super::{
    effect::{Effect, Effects, Query},
    layer::{Layer, LeftList},
    model::Model,
};
use crate::protocol::{Failure, Left, Level, RunId};

/// What the screen asks about worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftAsk {
    /// Which sessions were cut off and left worktrees? Quick.
    List,
    /// The same, with their bytes on disk.
    Weigh,
    /// Clear away what nobody needs any more.
    Tidy,
    /// Keep what the worktrees of a session hold, and offer it no more.
    Keep(RunId),
    /// The same, and write every agent's files into a new folder.
    WriteOut(RunId),
    /// Remove the worktrees of a session; what is kept nowhere else is put by first.
    Clear(RunId),
}

/// What is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftTold {
    /// The sessions that were cut off.
    Listed(Result<Vec<Left>, Failure>),
    /// What was cleared away by itself, in words; `None` when nothing was.
    Tidied(Option<String>),
    /// What became of one session, in words.
    Done(Result<String, Failure>),
}

/// Asks.
pub(super) fn ask(model: &mut Model, ask: LeftAsk) -> Effects {
    let ticket = model.tickets.issue();
    Effects::one(Effect::Query {
        ticket,
        query: Query::Left(ask),
    })
}

/// Opens the list, and has it weighed.
pub(super) fn open(model: &mut Model) -> Effects {
    let list = LeftList::new(model.setup.left(), model.shared.now);
    model.layers.open(Layer::Left(list));
    ask(model, LeftAsk::Weigh)
}

/// Takes in what was told.
pub(super) fn told(model: &mut Model, told: LeftTold) -> Effects {
    match told {
        LeftTold::Listed(Ok(left)) => {
            model.layers.left(&left, model.shared.now);
            // The first answer comes right after the start: then there is time to clear away.
            let first = model.setup.set_left(left);
            if first {
                ask(model, LeftAsk::Tidy)
            } else {
                Effects::none()
            }
        }
        LeftTold::Tidied(None) => Effects::none(),
        LeftTold::Tidied(Some(words)) => model.tell(Level::Info, words),
        LeftTold::Done(Ok(words)) => {
            let told = model.tell(Level::Info, words);
            told.and(ask(model, LeftAsk::Weigh))
        }
        LeftTold::Listed(Err(failure)) | LeftTold::Done(Err(failure)) => {
            model.layers.left_waits();
            model.tell(Level::Error, failure.to_string())
        }
    }
}
