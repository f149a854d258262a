//! The list of sessions among the other screens: how it is opened and left, what it asks the rest to do.
//!
//! A team at work goes on behind it. While some session is being written by anybody, the list is asked
//! for again every other second, as long as it is on the screen; otherwise nothing moves by itself.

use std::time::Duration;

use super::{
    action::{Action, App},
    aside, compare,
    composer::{self, Edit, Span},
    effect::{Effect, Effects, Query, Ticket},
    keymap::{Context, Room},
    layer, live,
    model::{Model, Screen},
    moves::Move,
    msg::{Mouse, MouseKind},
    reviewing,
    rooms::{Act, Ask},
    sessions::{self, Bin, Keys, Label, Mark, Sessions, Told, Typed, View, Wish},
    way,
};
use crate::protocol::{Command, RunId, Seq};

/// How often the list is looked at again while somebody writes a session.
const AGAIN: Duration = Duration::from_secs(2);

/// Opens the list, or returns to where one came from.
pub(super) fn show(model: &mut Model) -> Effects {
    if model.screen == Screen::Sessions {
        return way::leave(model);
    }
    way::enter(model, Screen::Sessions);
    let here = running(model).or_else(|| shown(model));
    let wishes = if let Some(sessions) = &mut model.rooms.sessions {
        if let Some(run) = &here {
            sessions.seek(run);
        }
        sessions.refresh()
    } else {
        let keys = Keys::new(|action| {
            let action = Action::Room(Act::Sessions(action));
            let contexts = [Context::Room(Room::Sessions)];
            let key = model.keymap.key_for(&contexts, action);
            key.map(|key| key.to_string())
        });
        let (sessions, wishes) = Sessions::new(keys);
        model.rooms.sessions = Some(Box::new(sessions));
        wishes
    };
    grant(model, wishes)
}

/// The session that the team at work here belongs to.
fn running(model: &Model) -> Option<RunId> {
    model.shared.running().then(|| shown(model)).flatten()
}

/// The session on the live screen.
fn shown(model: &Model) -> Option<RunId> {
    let turn = model.shared.run.turn.as_ref();
    turn.map(|turn| turn.start.run.clone())
}

/// Performs an action of the list.
pub(super) fn perform(model: &mut Model, action: sessions::Action) -> Effects {
    if action == sessions::Action::Show {
        return show(model);
    }
    if model.screen != Screen::Sessions {
        return model.hint("That is for the list of sessions.");
    }
    let wishes = model.rooms.sessions.as_mut().map(|all| all.update(action));
    grant(model, wishes.unwrap_or_default())
}

/// Does what the list wishes.
fn grant(model: &mut Model, wishes: Vec<Wish>) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Ask(question) => ask(model, question),
            Wish::Hint(words) => model.hint(words),
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Leave => way::leave(model),
            Wish::Open { run, at } => open(model, run, at),
            Wish::Resume(run) => resume(model, run),
            Wish::Copy(text) => {
                let told = model.hint(format!("Copied {text}."));
                Effects::one(Effect::Copy(text)).and(told)
            }
        };
        effects = effects.and(more);
    }
    effects
}

/// Asks the world.
pub(super) fn ask(model: &mut Model, ask: sessions::Ask) -> Effects {
    let ticket = model.tickets.issue();
    Effects::one(Effect::Query {
        ticket,
        query: Query::Room(Ask::Sessions(Box::new(ask))),
    })
}

/// Shows a session: the one at work here as it lives, another as its log tells. A team at work goes on
/// beside it.
pub(super) fn open(model: &mut Model, run: RunId, at: Option<Seq>) -> Effects {
    if shown(model).as_ref() == Some(&run) && model.shared.live && at.is_none() {
        model.screen = Screen::Live;
        return Effects::none();
    }
    if aside::session(model) == Some(&run) && at.is_none() {
        return aside::back(model);
    }
    if model.setup.launching.is_some() {
        return model.hint("The team is starting.");
    }
    let closed = if model.shared.running() {
        Effects::none()
    } else {
        close(model)
    };
    closed.and(model.open_at(run, at))
}

/// Goes on with a session that broke off.
fn resume(model: &mut Model, run: RunId) -> Effects {
    if model.setup.launching.is_some() {
        return model.hint("The team is starting.");
    }
    if aside::works(model) {
        return aside::busy(model);
    }
    let closed = close(model);
    let opened = model.open(run);
    model.waits.resume = model.waits.open;
    closed.and(opened)
}

/// Closes the session that was lived here and is over, so that another one can be shown.
fn close(model: &mut Model) -> Effects {
    let kept = reviewing::farewell(model);
    if model.shared.live && shown(model).is_some() {
        model.session.fresh = true;
        return kept.and(Effects::one(Effect::Engine(Command::Close)));
    }
    kept
}

/// An answer for the list, which may be out of sight by now.
pub(super) fn told(model: &mut Model, told: Told) -> Effects {
    let listed = matches!(told, Told::Listed(_));
    let wishes = model.rooms.sessions.as_mut().map(|all| all.told(told));
    let effects = grant(model, wishes.unwrap_or_default());
    if listed {
        effects.and(look_again(model))
    } else {
        effects
    }
}

/// Asks for a wake while something moves.
fn look_again(model: &mut Model) -> Effects {
    let sessions = model.rooms.sessions.as_ref();
    let moves = sessions.is_some_and(|sessions| sessions.is_moving());
    if !moves || model.screen != Screen::Sessions {
        model.rooms.wake = None;
        return Effects::none();
    }
    let ticket = model.tickets.issue();
    model.rooms.wake = Some(ticket);
    Effects::one(Effect::Wake {
        ticket,
        after: AGAIN,
    })
}

/// A timer of the list fired; `None` when it is another one's.
pub(super) fn woke(model: &mut Model, ticket: Ticket) -> Option<Effects> {
    model.rooms.wake.take_if(|waiting| *waiting == ticket)?;
    if model.screen != Screen::Sessions {
        return Some(Effects::none());
    }
    let wishes = model.rooms.sessions.as_mut().map(|all| all.refresh());
    Some(grant(model, wishes.unwrap_or_default()))
}

/// True while a spinner turns on the screen.
pub(super) fn waits(model: &Model) -> bool {
    let sessions = model.rooms.sessions.as_ref();
    sessions.is_some_and(|sessions| sessions.waits())
}

/// True while the screen takes text on its one line.
pub(super) fn capturing(model: &Model) -> bool {
    let sessions = model.rooms.sessions.as_ref();
    sessions.is_some_and(|sessions| sessions.capturing_text())
}

/// The keys of a line that takes text.
pub(super) fn typed(model: &mut Model, action: layer::Action) -> Effects {
    let typed = match action {
        layer::Action::Accept => Typed::Accept,
        layer::Action::Erase => Typed::Edit(Edit::Delete(Span::Back)),
        layer::Action::Close => Typed::Cancel,
        layer::Action::Up => Typed::Up,
        layer::Action::Down => Typed::Down,
        layer::Action::PageUp
        | layer::Action::PageDown
        | layer::Action::First
        | layer::Action::Last
        | layer::Action::Refresh
        | layer::Action::Pick(_) => return Effects::none(),
    };
    pass(model, typed)
}

/// A key of the live screen that means the same here: up and down while something is typed.
pub(super) fn live_key(model: &mut Model, action: live::Action) -> Effects {
    match action {
        live::Action::Search(live::Find::Next) => pass(model, Typed::Down),
        live::Action::Search(live::Find::Previous) => pass(model, Typed::Up),
        _ => model.hint("That is for the live screen."),
    }
}

/// A key of the editor, for the line that takes text.
pub(super) fn edited(model: &mut Model, action: composer::Action) -> Effects {
    match action {
        composer::Action::Edit(edit) => pass(model, Typed::Edit(edit)),
        composer::Action::Submit(_) | composer::Action::Target | composer::Action::Editor => {
            Effects::none()
        }
    }
}

/// Text for the line that takes some.
pub(super) fn type_text(model: &mut Model, text: &str) -> Effects {
    if !capturing(model) {
        return model.hint("Nothing takes text here.");
    }
    pass(model, Typed::Text(text.to_owned()))
}

fn pass(model: &mut Model, typed: Typed) -> Effects {
    let wishes = model.rooms.sessions.as_mut().map(|all| all.typed(typed));
    grant(model, wishes.unwrap_or_default())
}

/// The mouse over the screen.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    let wheel = match mouse.kind {
        MouseKind::WheelUp(notches) => -i32::from(notches),
        MouseKind::WheelDown(notches) => i32::from(notches),
        MouseKind::Click => 0,
    };
    if let Some(sessions) = &mut model.rooms.sessions {
        sessions.mouse((mouse.column, mouse.row), wheel);
    }
    Effects::none()
}

/// The keys that matter now.
pub(super) fn hints(model: &Model) -> &'static [(Action, &'static str)] {
    const fn key(action: sessions::Action) -> Action {
        Action::Room(Act::Sessions(action))
    }
    const COMPARE: Action =
        Action::Room(Act::Compare(compare::Action::Take(compare::Take::Marked)));
    const LIST: &[(Action, &str)] = &[
        (key(sessions::Action::Open), "open"),
        (key(sessions::Action::View(View::Filter)), "filter"),
        (key(sessions::Action::View(View::Search)), "search"),
        (key(sessions::Action::Back), "back"),
        (key(sessions::Action::View(View::Sort)), "sort"),
        (key(sessions::Action::Mark(Mark::This)), "mark"),
        (COMPARE, "compare"),
        (Action::Run(super::action::Run::Export), "export"),
        (Action::Run(super::action::Run::Report), "figures"),
        (key(sessions::Action::Label(Label::Rename)), "name"),
        (key(sessions::Action::Label(Label::Tag)), "tag"),
        (key(sessions::Action::Bin(Bin::Delete)), "delete"),
        (key(sessions::Action::View(View::Scope)), "project, machine"),
        (key(sessions::Action::View(View::Hidden)), "hidden"),
        (key(sessions::Action::View(View::Details)), "details"),
        (Action::App(App::Help), "keys"),
    ];
    const FOUND: &[(Action, &str)] = &[
        (key(sessions::Action::Open), "open there"),
        (key(sessions::Action::Back), "back to the list"),
        (key(sessions::Action::View(View::Search)), "other words"),
        (key(sessions::Action::Move(Move::Down)), "down"),
        (Action::App(App::Help), "keys"),
    ];
    const TYPING: &[(Action, &str)] = &[
        (Action::Layer(layer::Action::Accept), "done"),
        (Action::Layer(layer::Action::Close), "leave it"),
    ];
    let searching = model.rooms.sessions.as_ref();
    match searching.is_some_and(|sessions| sessions.searching()) {
        _ if capturing(model) => TYPING,
        true => FOUND,
        false => LIST,
    }
}
