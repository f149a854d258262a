//! The set-up screen among the others: how it is opened and left, what it asks the world.
//!
//! It stays as it is when it is left, so that nothing that was chosen is lost.

use super::{
    action::{Action, App},
    aside,
    effect::{Effect, Effects, Query, Ticket},
    flow,
    guide::{self, Ask, Guide, Place, Told, Wish},
    layer::{Layer, Prompts},
    model::{Model, Screen},
    moves::Move,
    msg::{Mouse, MouseKind},
    rooms::{self, Act},
    theme::{Named, Theme},
    way,
};
use crate::{protocol::Level, setup::preset::Preset};

/// The screen, and the theme that it found.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub guide: Guide,
    theme: Theme,
}

/// Opens the screen.
pub(super) fn open(model: &mut Model) -> Effects {
    if aside::works(model) {
        return model.hint("The team is at work; a new one is set up when it has ended.");
    }
    if model.screen == Screen::Guide {
        return Effects::none();
    }
    way::enter(model, Screen::Guide);
    let theme = model.shared.theme;
    let wishes = if let Some(open) = &mut model.rooms.guide {
        if !open.guide.has_theme() {
            open.theme = theme;
        }
        // Keys and servers may have come and gone.
        Guide::questions()
    } else {
        let (guide, wishes) = Guide::open();
        model.rooms.guide = Some(Box::new(Opened { guide, theme }));
        wishes
    };
    grant(model, wishes)
}

/// The part of the screen that takes keys.
pub(super) fn place(model: &Model) -> Place {
    let open = model.rooms.guide.as_ref();
    open.map_or(Place::Main, |open| open.guide.place())
}

/// True while a spinner turns on the screen.
pub(super) fn waits(model: &Model) -> bool {
    let open = model.rooms.guide.as_ref();
    open.is_some_and(|open| open.guide.waits())
}

/// Performs an action of the screen.
pub(super) fn perform(model: &mut Model, action: guide::Action) -> Effects {
    if action == guide::Action::Open {
        return open(model);
    }
    if model.screen != Screen::Guide {
        return model.hint("That is for the set-up screen.");
    }
    let open = model.rooms.guide.as_mut();
    let wishes = open.map(|open| open.guide.update(action));
    grant(model, wishes.unwrap_or_default())
}

/// Letters for a search or a key.
pub(super) fn type_text(model: &mut Model, text: &str) -> Effects {
    let open = model.rooms.guide.as_mut();
    if open.is_some_and(|open| open.guide.type_text(text)) {
        return Effects::none();
    }
    model.hint("Nothing takes text here.")
}

/// The mouse over the screen.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    let (to, times) = match mouse.kind {
        MouseKind::WheelUp(notches) => (Move::Up, notches),
        MouseKind::WheelDown(notches) => (Move::Down, notches),
        MouseKind::Click => {
            let main = model.seen.regions.main;
            let row = usize::from(mouse.row.saturating_sub(main.y));
            let open = model.rooms.guide.as_mut();
            let wishes = open.map(|open| open.guide.click(row, main.height));
            return grant(model, wishes.unwrap_or_default());
        }
    };
    let mut effects = Effects::none();
    for _ in 0..times.min(20) {
        effects = effects.and(perform(model, guide::Action::Move(to)));
    }
    effects
}

/// Asks for the prompts that are kept.
pub(super) fn prompts(model: &mut Model) -> Effects {
    ask(model, Ask::Prompts).1
}

/// Shows them over the start screen, if that is still there.
fn offer(model: &mut Model, presets: Vec<Preset>, troubles: Vec<String>) -> Effects {
    let mut effects = Effects::none();
    for trouble in troubles {
        effects = effects.and(model.tell(Level::Warning, trouble));
    }
    if model.screen == Screen::Start && model.layers.top().is_none() {
        let prompts = Prompts::new(presets);
        model.layers.open(Layer::Prompts(prompts));
    }
    effects
}

/// An answer for the screen; it may be left by now.
pub(super) fn told(model: &mut Model, ticket: Ticket, told: Told) -> Effects {
    if let Told::Prompts(presets, troubles) = told {
        return offer(model, presets, troubles);
    }
    let open = model.rooms.guide.as_mut();
    let wishes = open.map(|open| open.guide.told(ticket, told));
    grant(model, wishes.unwrap_or_default())
}

fn grant(model: &mut Model, wishes: Vec<Wish>) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Ask(question) => ask(model, question).1,
            Wish::Try(place) => attempt(model, place),
            Wish::Hint(words) => model.hint(words),
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Leave => way::leave(model),
            Wish::Theme(theme) => {
                dress(model, theme);
                Effects::none()
            }
            Wish::Start(team, given) => {
                // A session that was looked at has ended; the new team has nothing to do with it.
                let home = flow::home(model);
                model.setup.set_up(&team, given);
                home.and(model.hint("Write the task, Enter runs it with your team."))
            }
        };
        effects = effects.and(more);
    }
    effects
}

fn ask(model: &mut Model, question: Ask) -> (Ticket, Effects) {
    let ticket = model.tickets.issue();
    if let Some(open) = &mut model.rooms.guide {
        open.guide.sent(ticket, &question);
    }
    let effects = Effects::one(Effect::Query {
        ticket,
        query: Query::Room(rooms::Ask::Guide(Box::new(question))),
    });
    (ticket, effects)
}

fn attempt(model: &mut Model, place: usize) -> Effects {
    let open = model.rooms.guide.as_ref();
    let Some(agent) = open.and_then(|open| open.guide.agent(place)).cloned() else {
        return Effects::none();
    };
    let (ticket, effects) = ask(model, Ask::Try(agent));
    if let Some(open) = &mut model.rooms.guide {
        open.guide.tried(place, ticket);
    }
    effects
}

/// Shows the screen in a theme, or in the one that it had.
fn dress(model: &mut Model, theme: Option<Named>) {
    let found = model.rooms.guide.as_ref().map(|open| open.theme);
    if let Some(theme) = theme.map(Named::theme).or(found) {
        model.shared.theme = theme;
    }
}

/// The keys that matter now.
pub(super) fn hints(model: &Model) -> &'static [(Action, &'static str)] {
    const fn key(action: guide::Action) -> Action {
        Action::Room(Act::Guide(action))
    }
    const TAKE: (Action, &str) = (key(guide::Action::Take), "take");
    const BACK: (Action, &str) = (key(guide::Action::Back), "back");
    const HELP: (Action, &str) = (Action::App(App::Help), "keys");
    const MAIN: &[(Action, &str)] = &[
        TAKE,
        (key(guide::Action::Next), "next page"),
        BACK,
        (key(guide::Action::More), "change"),
        (key(guide::Action::Refresh), "look again"),
        HELP,
    ];
    const TEAM: &[(Action, &str)] = &[
        TAKE,
        (key(guide::Action::Add), "add"),
        (key(guide::Action::Remove), "remove"),
        (key(guide::Action::Test), "try them"),
        (key(guide::Action::Next), "next page"),
        BACK,
        HELP,
    ];
    const TRYING: &[(Action, &str)] = &[(key(guide::Action::Back), "stop"), HELP];
    const TYPING: &[(Action, &str)] = &[TAKE, BACK, (key(guide::Action::Move(Move::Down)), "down")];
    let open = model.rooms.guide.as_ref();
    match place(model) {
        Place::Typing => TYPING,
        Place::Main if open.is_some_and(|open| open.guide.is_trying()) => TRYING,
        Place::Main if open.is_some_and(|open| open.guide.is_on_team()) => TEAM,
        Place::Main => MAIN,
    }
}
