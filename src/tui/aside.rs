//! The team at work here, while another session is on the screen.
//!
//! A session that is lived keeps all of its screen when a stored one is shown in its place: its events are
//! taken in as before, by the same functions, its questions ring through and are answered, and one key leads
//! back to it. Its review alone is closed; that is made anew from the log.
//!
//! Invariants: there is one team in a program; what stands aside is that one, and only what was read from a
//! log stands before it. While it is at work no other team is started or gone on with.

use super::{
    action::{Action, App, Run},
    composer::Composer,
    conversation::Later,
    effect::{Done, Effect, Effects, Ticket},
    flow,
    live::Live,
    model::{Focus, Hearers, Model, Screen},
    notes::Notes,
    reviewing, route,
    shared::Shared,
    stored,
};
use crate::protocol::{Command, Event, Level, RunId, Timestamp};

/// A lived session that another one is shown in place of.
#[derive(Debug)]
pub(super) struct Aside {
    shared: Shared,
    live: Live,
    composer: Composer,
    hearers: Hearers,
    notes: Option<Box<Notes>>,
    later: Later,
}

impl Aside {
    /// Trades places with the session on the screen.
    fn swap(&mut self, model: &mut Model) {
        std::mem::swap(&mut self.shared, &mut model.shared);
        std::mem::swap(&mut self.live, &mut model.live);
        std::mem::swap(&mut self.composer, &mut model.composer);
        std::mem::swap(&mut self.hearers, &mut model.session.hearers);
        std::mem::swap(&mut self.notes, &mut model.rooms.notes);
        std::mem::swap(&mut self.later, &mut model.session.later);
    }
}

/// Puts the lived session on the screen aside, when there is one that was not closed.
pub(super) fn put(model: &mut Model) -> Effects {
    let lived = model.shared.live && model.shared.run.turn.is_some() && !model.session.fresh;
    if !lived {
        return Effects::none();
    }
    let closed = reviewing::close(model);
    let mut live = Live::new();
    live.look_as(&model.live);
    let mut aside = Aside {
        shared: Shared {
            tick: model.shared.tick,
            detail: model.shared.detail,
            ..Shared::new(model.shared.theme)
        },
        live,
        composer: Composer::default(),
        hearers: Hearers::All,
        notes: None,
        later: Later::default(),
    };
    aside.swap(model);
    model.session.aside = Some(Box::new(aside));
    closed
}

/// Does something with the team in the place that it has when it is on the screen.
pub(super) fn with_team<T>(model: &mut Model, act: impl FnOnce(&mut Model) -> T) -> T {
    let Some(mut aside) = model.session.aside.take() else {
        return act(model);
    };
    aside.swap(model);
    let done = act(model);
    aside.swap(model);
    model.session.aside = Some(aside);
    done
}

/// Takes in an event of the team.
pub(super) fn event(model: &mut Model, event: &Event) -> Effects {
    if model.session.aside.is_none() {
        return flow::event(model, event);
    }
    let worked = works(model);
    let effects = with_team(model, |model| flow::event(model, event));
    // The next task of a conversation goes out at once.
    let goes_on = |effect: &Effect| matches!(effect, Effect::Engine(Command::FollowUp { .. }));
    if !worked || works(model) || effects.0.iter().any(goes_on) {
        return effects;
    }
    let words = format!("Your team is done; {} leads to it.", key(model));
    effects.and(model.tell(Level::Info, words))
}

/// An answer that may be for the screen that stands aside.
pub(super) fn done(model: &mut Model, ticket: Ticket, done: &Done) -> Effects {
    let Some(aside) = &mut model.session.aside else {
        return Effects::none();
    };
    aside.live.done(ticket, done.clone())
}

/// Tells what stands aside the time.
pub(super) fn clock(model: &mut Model, now: Timestamp) {
    if let Some(aside) = &mut model.session.aside {
        aside.shared.now = now;
    }
}

/// Leads back to the team.
pub(super) fn back(model: &mut Model) -> Effects {
    let Some(mut aside) = model.session.aside.take() else {
        if !model.shared.running() {
            return model.hint("No team is at work.");
        }
        stored::put_away(model);
        model.screen = Screen::Live;
        model.focus = Focus::Panes;
        return Effects::none();
    };
    let closed = reviewing::close(model);
    stored::put_away(model);
    // It was about the other session; the list of notices keeps it.
    model.notices.put_away();
    aside.swap(model);
    model.live.number_after(&aside.live);
    model.shared.theme = aside.shared.theme;
    model.shared.detail = aside.shared.detail;
    model.shared.tick = aside.shared.tick;
    model.screen = Screen::Live;
    model.focus = Focus::Panes;
    closed
}

/// Closes what stands aside, for another team.
pub(super) fn close(model: &mut Model) -> Effects {
    match model.session.aside.take() {
        Some(_) => Effects::one(Effect::Engine(Command::Close)),
        None => Effects::none(),
    }
}

/// What is known of the team here: on the screen, or aside.
pub(super) fn team(model: &Model) -> &Shared {
    let aside = model.session.aside.as_ref();
    aside.map_or(&model.shared, |aside| &aside.shared)
}

/// True while a team is at work here, whatever is on the screen.
pub(super) fn works(model: &Model) -> bool {
    team(model).running()
}

/// The session that stands aside.
pub(super) fn session(model: &Model) -> Option<&RunId> {
    let turn = model.session.aside.as_ref()?.shared.run.turn.as_ref();
    turn.map(|turn| &turn.start.run)
}

/// Whether an action of a stored session has to wait until the team that stands aside is done.
pub(super) fn refuses(model: &Model, action: Action) -> bool {
    let waits = matches!(
        action,
        Action::Run(Run::Compose | Run::Resume) | Action::App(App::Home)
    );
    waits && model.session.aside.is_some() && works(model)
}

/// Answers whoever wants something of a team that is not on the screen, or is not there.
pub(super) fn nobody(model: &mut Model) -> Effects {
    if works(model) {
        return busy(model);
    }
    model.hint("No team is at work.")
}

/// Answers whoever wants another team while this one is at work.
pub(super) fn busy(model: &mut Model) -> Effects {
    let words = format!("Your team is at work; {} leads back to it.", key(model));
    model.hint(words)
}

/// What is said of the team in the last row, long and short; `None` while it is on the screen.
pub(super) fn words(model: &Model) -> Option<[String; 2]> {
    model.session.aside.as_ref()?;
    let (long, short) = if works(model) {
        ("1 team at work", "team")
    } else {
        ("your team is done", "done")
    };
    let key = key(model);
    Some([long, short].map(|words| format!(" {words} {key} ")))
}

/// The key that leads back.
fn key(model: &Model) -> String {
    let contexts = route::base_contexts(model);
    let key = model.keymap.key_for(&contexts, Action::Run(Run::Team));
    key.map_or_else(|| "the palette".to_owned(), |key| key.to_string())
}
