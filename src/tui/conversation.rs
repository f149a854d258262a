//! The tasks of a conversation template after the first: each is sent when the one before was answered.
//!
//! They belong to the draft they came with: they go when it is emptied or the session is left. Whatever
//! stands in the way (a turn that was stopped or has no answer, words that the person is writing) holds
//! them; nothing is sent then before the person says so.

use std::collections::VecDeque;

use super::{
    action::{Action, Run},
    effect::{Effect, Effects},
    keymap::Context,
    model::{Model, Screen},
};
use crate::{
    protocol::{Command, Level, Outcome},
    text::{clean, width},
};

/// Longest beginning of a task in a notice, in cells.
const SHOWN: usize = 60;

/// The tasks that are still to come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Later {
    tasks: VecDeque<String>,
    total: usize,
    /// The first task is being worked on, or was.
    begun: bool,
    /// The person has to say that it goes on.
    held: bool,
}

impl Later {
    /// These, after a first one.
    pub(super) fn new(tasks: Vec<String>) -> Self {
        Self {
            total: tasks.len() + 1,
            tasks: tasks.into(),
            ..Self::default()
        }
    }

    /// `task 2 of 3`, the next one.
    fn next_words(&self) -> String {
        format!(
            "task {} of {}",
            self.total - self.tasks.len() + 1,
            self.total
        )
    }
}

/// What stands over the editor of the start screen.
pub(super) fn title(model: &Model) -> String {
    let later = &model.session.later;
    match later.tasks.len() {
        0 => " Task ".to_owned(),
        _ => format!(" Task 1 of {}, the others follow ", later.total),
    }
}

/// What the editor of the live screen says about them; nothing when there are none.
pub(super) fn placeholder(model: &Model) -> Option<String> {
    let later = &model.session.later;
    if !later.begun || later.tasks.is_empty() || !model.shared.live {
        return None;
    }
    let next = later.next_words();
    Some(if model.shared.running() {
        format!("{next} follows · i writes to the agents")
    } else {
        format!("{next} waits: Enter in the empty editor sends it")
    })
}

/// A draft that was emptied takes them along.
pub(super) fn settle(model: &mut Model) {
    let waiting = !model.session.later.begun && !model.session.later.tasks.is_empty();
    let idle = model.screen == Screen::Start && model.setup.launching.is_none();
    if waiting && idle && model.composer.is_empty() {
        model.session.later = Later::default();
    }
}

/// A session began on the start screen.
pub(super) fn begins(model: &mut Model) {
    let later = &mut model.session.later;
    if later.begun {
        *later = Later::default();
    }
    later.begun = !later.tasks.is_empty();
}

/// The person stopped the turn.
pub(super) fn hold(model: &mut Model) {
    model.session.later.held = true;
}

/// A turn has ended: the next task goes out, or it is said why not.
pub(super) fn ended(model: &mut Model) -> Effects {
    let later = &model.session.later;
    if !later.begun || later.tasks.is_empty() {
        return Effects::none();
    }
    let turn = model.shared.run.turn.as_ref();
    let outcome = turn.and_then(|turn| turn.outcome.as_ref());
    let answered = matches!(outcome, Some(Outcome::Answered { .. }));
    if answered && !later.held && model.composer.is_empty() {
        return send(model);
    }
    let next = later.next_words();
    model.session.later.held = true;
    let key = |action: Action| {
        let key = model.keymap.key_for(&[Context::Panes], action);
        key.map_or_else(|| "the palette".to_owned(), |key| key.to_string())
    };
    let words = format!(
        "The conversation waits: {next} goes out with Enter in the empty editor ({}); {} leaves the rest out.",
        key(Action::Run(Run::Compose)),
        key(Action::Run(Run::LeaveOut)),
    );
    model.tell(Level::Info, words)
}

/// Sends the next one, if there is one and it may go out now.
pub(super) fn resume(model: &mut Model) -> Option<Effects> {
    let later = &mut model.session.later;
    if !later.begun || later.tasks.is_empty() {
        return None;
    }
    later.held = false;
    Some(send(model))
}

fn send(model: &mut Model) -> Effects {
    let next = model.session.later.next_words();
    let Some(prompt) = model.session.later.tasks.pop_front() else {
        return Effects::none();
    };
    let first = prompt.lines().next().unwrap_or_default();
    let first = width::fit(&clean::line(first), SHOWN).into_owned();
    let told = model.tell(Level::Info, format!("Sent {next}: {first}"));
    Effects::one(Effect::Engine(Command::FollowUp { prompt })).and(told)
}

/// Forgets them on the person's word.
pub(super) fn leave_out(model: &mut Model) -> Effects {
    let left = std::mem::take(&mut model.session.later).tasks.len();
    match left {
        0 => model.hint("There are no further tasks of a conversation."),
        1 => model.hint("The last task of the conversation is left out."),
        left => model.hint(format!("{left} tasks of the conversation are left out.")),
    }
}
