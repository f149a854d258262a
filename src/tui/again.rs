//! A session that was read from its log goes on: with a further task, or with the turn that broke
//! off.
//!
//! The screen stays as it is until the first event arrives; from then on the session is a living
//! one. When it cannot go on, the reason is told and everything is as before.

use super::{
    action::{Action, Run},
    aside,
    effect::{Effect, Effects, Here, Launch, Onward, TeamChoice, Ticket},
    keymap::Context,
    model::{Focus, Model},
    replay::Stops,
    stored,
};
use crate::{
    protocol::{AgentId, Failure, Level, Origin},
    run::Turn,
};

/// True when the session on the screen is a log that ends in the middle of a turn.
pub(super) fn broke_off(model: &Model) -> bool {
    let turn = model.shared.run.turn.as_ref();
    let elsewhere = model
        .session
        .reel
        .as_ref()
        .is_some_and(|reel| reel.follows());
    !model.shared.live
        && !elsewhere
        && turn.is_some_and(|turn| !turn.is_last() && !is_foreign(turn))
}

/// True for a log of another program, which can be looked at and not gone on with.
fn is_foreign(turn: &Turn) -> bool {
    matches!(turn.start.origin, Origin::Imported { .. })
}

/// Goes on with the turn that broke off.
pub(super) fn resume(model: &mut Model) -> Effects {
    if model.shared.live {
        return model.hint("This session is running or has just run: nothing broke off.");
    }
    if !broke_off(model) {
        return model.hint("Its last turn has an end; write the next task instead.");
    }
    go_on(model, Onward::BrokenOff, String::new())
}

/// Asks the team of the stored session further.
pub(super) fn next_task(model: &mut Model) -> Effects {
    if model.composer.is_empty() {
        return model.hint("Type the next task first.");
    }
    let task = model.composer.text();
    go_on(model, Onward::Next, task)
}

/// Asks one agent of the stored session further.
pub(super) fn ask(model: &mut Model, agent: AgentId, prompt: String) -> Effects {
    go_on(model, Onward::Ask(agent), prompt)
}

fn go_on(model: &mut Model, onward: Onward, prompt: String) -> Effects {
    if stored::moves(model) {
        return stored::refuse(model);
    }
    if model.waits.again.is_some() {
        return model.hint("The session is being opened for writing.");
    }
    if aside::works(model) {
        return aside::busy(model);
    }
    let Some(turn) = &model.shared.run.turn else {
        return model.hint("The log holds no team that could go on.");
    };
    let team = TeamChoice::Stored {
        run: turn.start.run.clone(),
        onward,
    };
    let closed = aside::close(model);
    let ticket = model.tickets.issue();
    model.waits.again = Some(ticket);
    let told = model.hint("Going on with this session…");
    closed
        .and(Effects::one(Effect::Launch {
            ticket,
            launch: Launch {
                team,
                prompt,
                folder: Here::AsSaid,
            },
        }))
        .and(told)
}

/// The first event of a session that goes on: it lives.
pub(super) fn lives(model: &mut Model) {
    if model.waits.again.take().is_some() && !model.shared.live {
        model.shared.live = true;
        model.shared.replayed = false;
        model.session.reel = None;
        model.session.stops = Stops::default();
        model.focus = Focus::Panes;
        let _ = model.composer.take();
    }
}

/// It could not go on. False when the ticket is another one's.
pub(super) fn failed(model: &mut Model, ticket: Ticket, failure: &Failure) -> Option<Effects> {
    if model.waits.again != Some(ticket) {
        return None;
    }
    model.waits.again = None;
    Some(model.tell(Level::Error, failure.words()))
}

/// The offer under a log that ends in the middle of a turn.
pub(super) fn offer(model: &mut Model) -> Effects {
    let turn = model.shared.run.turn.as_ref();
    if turn.is_some_and(|turn| is_foreign(turn) && !turn.is_last()) {
        let text = "The log ends in the middle of this turn; what it had come to is shown.";
        return model.tell(Level::Warning, text);
    }
    if !broke_off(model) || turn.is_none() {
        return Effects::none();
    }
    let key = |run| {
        let key = model.keymap.key_for(&[Context::Panes], Action::Run(run));
        key.map_or_else(|| "the palette".to_owned(), |key| key.to_string())
    };
    let text = format!(
        "This turn broke off. {} goes on with it, {} writes another task.",
        key(Run::Resume),
        key(Run::Compose)
    );
    model.tell(Level::Warning, text)
}
