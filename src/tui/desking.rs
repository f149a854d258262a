//! The screen of settings, keys and log among the others: how it is opened and left, what it asks the world,
//! what a change means for everything else, when the log is looked at again.

use std::time::Duration;

use super::{
    action::{Action, App},
    desk::{self, Ask, Bind, Change, Changed, Desk, Keep, LogAct, Page, Place, Step, Told, Wish},
    effect::{Effect, Effects, Query, Ticket},
    keymap::Key,
    model::{Model, Screen},
    moves::Move,
    msg::{Mouse, MouseKind},
    options::Look,
    rooms::{self, Act},
    way,
};
use crate::protocol::{Failure, Level};

/// The setting that says how much panes show.
const DETAIL: &str = "ui.verbosity";

/// How often the log is looked at while it is on the screen.
const AGAIN: Duration = Duration::from_millis(500);

/// The screen, and what it waits for.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub desk: Desk,
    /// When the log is to be looked at again.
    wake: Option<Ticket>,
}

/// The part of the screen that takes keys.
pub(super) fn place(model: &Model) -> Place {
    let open = model.rooms.desk.as_ref();
    open.map_or(Place::Main, |open| open.desk.place())
}

/// Performs an action of the screen.
pub(super) fn perform(model: &mut Model, action: desk::Action) -> Effects {
    if let desk::Action::Detail(step) = action {
        return detail(model, step);
    }
    if model.screen != Screen::Desk {
        return match action {
            desk::Action::Open(page) => open(model, page),
            _ => model.hint("That is for the screen of settings, keys and log: F9."),
        };
    }
    let open = model.rooms.desk.as_mut();
    let wishes = open.map(|open| open.desk.update(action));
    grant(model, wishes.unwrap_or_default())
}

fn open(model: &mut Model, page: Page) -> Effects {
    way::enter(model, Screen::Desk);
    let wishes = if let Some(open) = &mut model.rooms.desk {
        open.desk.show(page)
    } else {
        let (desk, wishes) = Desk::open(page);
        model.rooms.desk = Some(Box::new(Opened { desk, wake: None }));
        wishes
    };
    learn(model);
    grant(model, wishes)
}

/// Tells the screen what keys mean.
fn learn(model: &mut Model) {
    if let Some(open) = &mut model.rooms.desk {
        open.desk.learn(&model.keymap);
    }
}

/// Has panes show more or less from now on, for this run.
fn detail(model: &mut Model, step: Step) -> Effects {
    let now = model.shared.detail;
    let next = match step {
        Step::More => now.more(),
        Step::Less => now.less(),
    };
    let Some(next) = next else {
        return model.hint(format!("Panes show {} already.", now.words()));
    };
    model.shared.detail = next;
    let change = Change {
        key: DETAIL.to_owned(),
        value: next.word().to_owned(),
    };
    let asked = ask(model, Ask::Change(change, Keep::Run));
    asked.and(model.hint(format!("Panes show {}.", next.words())))
}

/// A key that means nothing on the line of keys is meant for the action; true when it was taken.
pub(super) fn pressed(model: &mut Model, key: Key) -> bool {
    let typing = model.layers.top().is_none() && model.screen == Screen::Desk;
    match &mut model.rooms.desk {
        Some(open) if typing && open.desk.place() == Place::Keys => {
            open.desk.press(key);
            true
        }
        Some(_) | None => false,
    }
}

/// Letters for a value or for words.
pub(super) fn type_text(model: &mut Model, text: &str) -> Effects {
    let open = model.rooms.desk.as_mut();
    match open.and_then(|open| open.desk.type_text(text)) {
        Some(wishes) => grant(model, wishes),
        None => model.hint("Nothing takes text here."),
    }
}

/// The mouse over the screen.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    let (to, times) = match mouse.kind {
        MouseKind::WheelUp(notches) => (Move::Up, notches),
        MouseKind::WheelDown(notches) => (Move::Down, notches),
        MouseKind::Click => return Effects::none(),
    };
    let mut effects = Effects::none();
    for _ in 0..times.min(20) {
        effects = effects.and(perform(model, desk::Action::Move(to)));
    }
    effects
}

/// An answer for the screen; it may be left by now.
pub(super) fn told(model: &mut Model, told: Told) -> Effects {
    let on = model.screen == Screen::Desk;
    match &told {
        Told::Changed(Ok(changed)) if on => settle(model, changed),
        // A step of detail from another screen: what there is to say was said.
        Told::Changed(Ok(_)) => return Effects::none(),
        Told::Changed(Err(failure)) if !on => return model.tell(Level::Error, failure.words()),
        Told::Bound(bind, outcome) => return bound(model, bind, outcome),
        Told::Changed(Err(_)) | Told::Log(_) | Told::Settings(_) | Told::Checked(..) => {}
    }
    let log = matches!(told, Told::Log(_));
    let ticket = model.tickets.issue();
    let Some(open) = &mut model.rooms.desk else {
        return Effects::none();
    };
    let wishes = open.desk.told(told);
    let mut effects = Effects::none();
    if log && on && open.desk.page() == Page::Log && open.wake.is_none() {
        open.wake = Some(ticket);
        effects = Effects::one(Effect::Wake {
            ticket,
            after: AGAIN,
        });
    }
    effects.and(grant(model, wishes))
}

/// What changed on the screen changes elsewhere, too.
fn settle(model: &mut Model, changed: &Changed) {
    let Look { theme, detail } = changed.look;
    model.shared.theme = theme;
    model.shared.detail = detail;
    if let Some(team) = &changed.team {
        model.setup.renew(team);
    }
}

/// The person's file has other keys.
fn bound(model: &mut Model, bind: &Bind, outcome: &Result<String, Failure>) -> Effects {
    match outcome {
        Ok(words) => {
            rebind(model, bind);
            model.tell(Level::Info, words.clone())
        }
        Err(failure) => model.tell(Level::Error, failure.words()),
    }
}

fn rebind(model: &mut Model, bind: &Bind) {
    let action = bind.binding.entry.action;
    let keys = bind.keys.as_deref();
    model.keymap.bind(bind.binding.context, action, keys);
    model.keys_changed();
    learn(model);
}

/// A timer fired: if it is the log's, the log is looked at again while somebody sees it.
pub(super) fn woke(model: &mut Model, ticket: Ticket) -> Option<Effects> {
    let on = model.screen == Screen::Desk;
    let open = model.rooms.desk.as_mut()?;
    if open.wake != Some(ticket) {
        return None;
    }
    open.wake = None;
    if !on || open.desk.page() != Page::Log {
        return Some(Effects::none());
    }
    let again = open.desk.again();
    Some(grant(model, vec![again]))
}

fn grant(model: &mut Model, wishes: Vec<Wish>) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Ask(question) => ask(model, question),
            Wish::Hint(words) => model.hint(words),
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Bind(bind, Keep::Saved) => ask(model, Ask::Bind(bind)),
            Wish::Bind(bind, Keep::Run) => {
                rebind(model, &bind);
                model.hint("Changed until the program ends; Ctrl-S on the line keeps it for good.")
            }
            Wish::Copy(text) => Effects::one(Effect::Copy(text)),
            Wish::Leave => way::leave(model),
        };
        effects = effects.and(more);
    }
    effects
}

fn ask(model: &mut Model, question: Ask) -> Effects {
    let ticket = model.tickets.issue();
    Effects::one(Effect::Query {
        ticket,
        query: Query::Room(rooms::Ask::Desk(Box::new(question))),
    })
}

/// The keys that matter now.
pub(super) fn hints(model: &Model) -> &'static [(Action, &'static str)] {
    const fn key(action: desk::Action) -> Action {
        Action::Room(Act::Desk(action))
    }
    const BACK: (Action, &str) = (key(desk::Action::Back), "back");
    const HELP: (Action, &str) = (Action::App(App::Help), "keys");
    const SETTINGS: &[(Action, &str)] = &[
        (key(desk::Action::Take), "change"),
        (key(desk::Action::Undo), "undo"),
        (key(desk::Action::Other), "keys, log"),
        BACK,
        HELP,
    ];
    const KEYS: &[(Action, &str)] = &[
        (key(desk::Action::Take), "other keys"),
        (key(desk::Action::Erase), "the program's own"),
        (key(desk::Action::Find), "find"),
        (key(desk::Action::Other), "log"),
        BACK,
        HELP,
    ];
    const LOG: &[(Action, &str)] = &[
        (key(desk::Action::Log(LogAct::Level)), "level"),
        (key(desk::Action::Find), "find"),
        (key(desk::Action::Move(Move::Last)), "follow"),
        (key(desk::Action::Log(LogAct::Copy)), "copy"),
        (key(desk::Action::Log(LogAct::Switch)), "on or off"),
        (key(desk::Action::Other), "settings"),
        BACK,
        HELP,
    ];
    const TYPING: &[(Action, &str)] = &[
        (key(desk::Action::Take), "take"),
        (key(desk::Action::Save), "save"),
        BACK,
    ];
    const WORDS: &[(Action, &str)] = &[
        (key(desk::Action::Take), "keep"),
        (key(desk::Action::Back), "all"),
    ];
    let page = model.rooms.desk.as_ref().map(|open| open.desk.page());
    match (place(model), page) {
        (Place::Typing, Some(Page::Log | Page::Keys)) => WORDS,
        (Place::Typing | Place::Keys, _) => TYPING,
        (Place::Main, Some(Page::Log)) => LOG,
        (Place::Main, Some(Page::Keys)) => KEYS,
        (Place::Main, _) => SETTINGS,
    }
}
