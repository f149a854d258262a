//! The report screen among the others: whose report it is, where it returns to, what it asks the world.
//!
//! An analysis under way goes on when the screen is left, and is heard when it is opened again.

use super::{
    action::{Action, App},
    browsing,
    effect::{Effect, Effects, Query, Ticket},
    model::{Model, Screen},
    moves::Move,
    msg::{Mouse, MouseKind},
    report::{self, Ask, Fold, Place, Report, Save, Told, What, Wish},
    rooms::{self, Act},
    way,
};
use crate::protocol::{RunId, Seq};

/// Opens the report of the session on the screen, or returns from it.
pub(super) fn open(model: &mut Model) -> Effects {
    if model.screen == Screen::Report {
        return way::leave(model);
    }
    let run = match (model.screen, &model.rooms.sessions) {
        (Screen::Start, _) => None,
        (Screen::Sessions, Some(sessions)) => sessions.under(),
        _ => {
            let turn = model.shared.run.turn.as_ref();
            turn.map(|turn| turn.start.run.clone())
        }
    };
    match run {
        Some(run) => open_for(model, run),
        None => model.hint("Open a session first: a report is of one session."),
    }
}

/// Opens the report of any session that is stored.
pub(super) fn open_for(model: &mut Model, run: RunId) -> Effects {
    way::enter(model, Screen::Report);
    if let Some(report) = &model.rooms.report
        && *report.run() == run
    {
        // What was counted may be older than the session by now.
        return grant(model, vec![Wish::Ask(What::Papers)]);
    }
    let (report, wishes) = Report::open(run);
    model.rooms.report = Some(Box::new(report));
    grant(model, wishes)
}

/// The part of the screen that takes keys.
pub(super) fn place(model: &Model) -> Place {
    let report = model.rooms.report.as_ref();
    report.map_or(Place::Main, |report| report.place())
}

/// True while a spinner turns on the screen.
pub(super) fn waits(model: &Model) -> bool {
    model
        .rooms
        .report
        .as_ref()
        .is_some_and(|report| report.waits())
}

/// Performs an action of the screen.
pub(super) fn perform(model: &mut Model, action: report::Action) -> Effects {
    if model.screen != Screen::Report {
        return model.hint("That is for the report screen.");
    }
    let report = model.rooms.report.as_mut();
    let wishes = report.map(|report| report.update(action));
    grant(model, wishes.unwrap_or_default())
}

/// Letters for the search in the list of models.
pub(super) fn type_text(model: &mut Model, text: &str) -> Effects {
    let report = model.rooms.report.as_mut();
    if report.is_some_and(|report| report.type_text(text)) {
        return Effects::none();
    }
    model.hint("Nothing takes text here.")
}

/// The mouse over the screen.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    let (step, times) = match mouse.kind {
        MouseKind::WheelUp(notches) => (Move::Up, notches),
        MouseKind::WheelDown(notches) => (Move::Down, notches),
        MouseKind::Click => {
            if let Some(report) = &mut model.rooms.report {
                report.click(mouse.column, mouse.row);
            }
            return Effects::none();
        }
    };
    let mut effects = Effects::none();
    for _ in 0..times.min(20) {
        effects = effects.and(perform(model, report::Action::Move(step)));
    }
    effects
}

/// An answer for the screen; it may be left by now.
pub(super) fn told(model: &mut Model, ticket: Ticket, told: Told) -> Effects {
    let report = model.rooms.report.as_mut();
    let wishes = report.map(|report| report.told(ticket, told));
    grant(model, wishes.unwrap_or_default())
}

fn grant(model: &mut Model, wishes: Vec<Wish>) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Ask(what) => ask(model, what),
            Wish::Hint(words) => model.hint(words),
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Copy(text) => Effects::one(Effect::Copy(text)),
            Wish::Open(seq) => open_event(model, seq),
            Wish::Leave => way::leave(model),
        };
        effects = effects.and(more);
    }
    effects
}

fn ask(model: &mut Model, what: What) -> Effects {
    let ticket = model.tickets.issue();
    let Some(report) = &mut model.rooms.report else {
        return Effects::none();
    };
    report.sent(ticket, &what);
    let ask = Ask {
        run: report.run().clone(),
        what,
    };
    Effects::one(Effect::Query {
        ticket,
        query: Query::Room(rooms::Ask::Report(Box::new(ask))),
    })
}

/// The session at an event.
fn open_event(model: &mut Model, seq: Seq) -> Effects {
    let Some(report) = &model.rooms.report else {
        return Effects::none();
    };
    let run = report.run().clone();
    browsing::open(model, run, Some(seq))
}

/// The keys that matter now.
pub(super) fn hints(model: &Model) -> &'static [(Action, &'static str)] {
    const fn key(action: report::Action) -> Action {
        Action::Room(Act::Report(action))
    }
    const TAKE: Action = key(report::Action::Take);
    const BACK: Action = key(report::Action::Back);
    const DOWN: Action = key(report::Action::Move(Move::Down));
    const MAIN: &[(Action, &str)] = &[
        (TAKE, "open there"),
        (key(report::Action::Ask), "ask a model"),
        (key(report::Action::NextPage), "next analysis"),
        (key(report::Action::Fold(Fold::This)), "fold"),
        (key(report::Action::Save(Save::Clipboard)), "copy"),
        (key(report::Action::Save(Save::Markdown)), "write"),
        (BACK, "back"),
        (Action::App(App::Help), "keys"),
    ];
    const ALONE: &[(Action, &str)] = &[
        (TAKE, "open there"),
        (key(report::Action::Ask), "ask a model"),
        (key(report::Action::Fold(Fold::This)), "fold"),
        (key(report::Action::Save(Save::Clipboard)), "copy"),
        (key(report::Action::Save(Save::Markdown)), "write"),
        (BACK, "back"),
        (Action::App(App::Help), "keys"),
    ];
    const MODELS: &[(Action, &str)] = &[
        (TAKE, "see what it costs"),
        (DOWN, "down"),
        (BACK, "back"),
        (key(report::Action::Refresh), "look again"),
    ];
    const ASKING: &[(Action, &str)] = &[(TAKE, "send"), (BACK, "back"), (DOWN, "down")];
    const RUNNING: &[(Action, &str)] = &[(BACK, "stop it")];
    let report = model.rooms.report.as_ref();
    match place(model) {
        Place::Asking if report.is_some_and(|report| report.is_running()) => RUNNING,
        Place::Main if report.is_some_and(|report| report.is_alone()) => ALONE,
        Place::Main => MAIN,
        Place::Models => MODELS,
        Place::Asking => ASKING,
    }
}
