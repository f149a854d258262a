//! The room of comparison among the other screens: how it is entered and left, and what it asks the rest.

use super::{
    action::{Action, App},
    browsing,
    compare::{self, Compare, Go, Take, Told, View, Wish, Wishes},
    effect::{Effect, Effects, Query},
    model::{Model, Screen},
    msg::{Mouse, MouseKind},
    rooms::{self, Act},
    way,
};
use crate::protocol::RunId;

/// Puts these sessions side by side.
pub(super) fn open(model: &mut Model, runs: Vec<RunId>) -> Effects {
    if runs.len() < 2 {
        return model.hint("Mark two or more sessions in the list, then compare them.");
    }
    let (room, wishes) = Compare::open(runs);
    model.rooms.compare = Some(Box::new(room));
    way::enter(model, Screen::Compare);
    grant(model, wishes)
}

/// Performs an action of the room.
pub(super) fn perform(model: &mut Model, action: compare::Action) -> Effects {
    match action {
        compare::Action::Take(Take::Show) => return show(model),
        compare::Action::Take(Take::Marked) => return marked(model),
        compare::Action::Take(_)
        | compare::Action::Move(_)
        | compare::Action::Go(_)
        | compare::Action::View(_) => {}
    }
    if model.screen != Screen::Compare {
        return model.hint("That is for sessions side by side.");
    }
    let room = model.rooms.compare.as_mut();
    let wishes = room.map(|room| room.update(action));
    grant(model, wishes.unwrap_or_default())
}

/// Begins with what is marked in the list of sessions.
fn marked(model: &mut Model) -> Effects {
    let sessions = model.rooms.sessions.as_ref();
    let marked = sessions.map(|sessions| sessions.marked().iter().cloned().collect());
    open(model, marked.unwrap_or_default())
}

/// Back to the sessions that were compared last.
fn show(model: &mut Model) -> Effects {
    if model.rooms.compare.is_none() {
        return model.hint(
            "Nothing is compared: mark sessions in the list, or start with `massgen-tui logs compare`.",
        );
    }
    way::enter(model, Screen::Compare);
    Effects::none()
}

/// Does what the room wishes.
fn grant(model: &mut Model, wishes: Wishes) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Ask(ask) => {
                let ticket = model.tickets.issue();
                let query = Query::Room(rooms::Ask::Compare(Box::new(ask)));
                Effects::one(Effect::Query { ticket, query })
            }
            Wish::Hint(words) => model.hint(words),
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Open(run) => browsing::open(model, run, None),
            Wish::Copy(text) => Effects::one(Effect::Copy(text)),
            Wish::Leave => way::leave(model),
        };
        effects = effects.and(more);
    }
    effects
}

/// An answer for the room.
pub(super) fn told(model: &mut Model, told: Told) -> Effects {
    let room = model.rooms.compare.as_mut();
    let wishes = room.map(|room| room.told(told));
    grant(model, wishes.unwrap_or_default())
}

/// True while a spinner turns in the room.
pub(super) fn waits(model: &Model) -> bool {
    let room = model.rooms.compare.as_ref();
    room.is_some_and(|room| room.waits())
}

/// The mouse over the room.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    let wheel = match mouse.kind {
        MouseKind::WheelUp(notches) => -i32::from(notches),
        MouseKind::WheelDown(notches) => i32::from(notches),
        MouseKind::Click => 0,
    };
    if let Some(room) = &mut model.rooms.compare {
        room.mouse((mouse.column, mouse.row), wheel);
    }
    Effects::none()
}

const fn key(action: compare::Action) -> Action {
    Action::Room(Act::Compare(action))
}

/// The keys that matter now.
pub(super) fn hints() -> &'static [(Action, &'static str)] {
    const KEYS: &[(Action, &str)] = &[
        (key(compare::Action::View(View::Differences)), "all rows"),
        (key(compare::Action::View(View::Fold)), "fold"),
        (key(compare::Action::Go(Go::Right)), "column"),
        (key(compare::Action::Take(Take::Open)), "open it"),
        (key(compare::Action::View(View::Base)), "answers against it"),
        (key(compare::Action::Go(Go::NextSection)), "section"),
        (key(compare::Action::Take(Take::Write)), "write files"),
        (key(compare::Action::Take(Take::Copy)), "copy"),
        (Action::App(App::Help), "keys"),
        (key(compare::Action::Take(Take::Back)), "back"),
    ];
    KEYS
}
