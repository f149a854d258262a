//! The way through the screens: a room is entered from any screen, and leaving it leads back there.
//!
//! A room stands on the way at most once, so that leaving, again and again, always ends on the start screen
//! or, with a session, on the live one: those are the ground, and nothing is behind them.

use super::{
    effect::Effects,
    model::{Model, Screen},
};

/// Shows a room; leaving it leads back to the screen that is shown now.
pub(super) fn enter(model: &mut Model, room: Screen) {
    let from = std::mem::replace(&mut model.screen, room);
    if from == room {
        return;
    }
    let way = &mut model.rooms.way;
    match from {
        Screen::Start | Screen::Live => way.clear(),
        _ => way.retain(|screen| ![from, room].contains(screen)),
    }
    way.push(from);
}

/// Shows the nearest screen on the way back that is still there: sessions come and go meanwhile.
pub(super) fn leave(model: &mut Model) -> Effects {
    while let Some(screen) = model.rooms.way.pop() {
        if stands(model, screen) {
            model.screen = screen;
            return Effects::none();
        }
    }
    model.screen = match model.shared.run.turn {
        Some(_) => Screen::Live,
        None => Screen::Start,
    };
    Effects::none()
}

/// True when there is something to show on a screen.
fn stands(model: &Model, screen: Screen) -> bool {
    let rooms = &model.rooms;
    let session = model.shared.run.turn.is_some();
    match screen {
        Screen::Start => !session,
        Screen::Live => session,
        Screen::Review => session && rooms.review.is_some(),
        Screen::Notes => session && rooms.notes.is_some(),
        Screen::Sessions => rooms.sessions.is_some(),
        Screen::Compare => rooms.compare.is_some(),
        Screen::Report => rooms.report.is_some(),
        Screen::Guide => rooms.guide.is_some(),
        Screen::Desk => rooms.desk.is_some(),
    }
}
