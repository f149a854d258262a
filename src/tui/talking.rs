//! Questions of the team and messages to it, from whatever is on the screen.

use super::{
    aside,
    effect::Effects,
    layer::{Layer, Messages, Questions, Talk},
    model::{Model, Screen},
    update,
};

/// Opens the card of questions or the list of messages, or acts on the one that is open.
pub(super) fn talk(model: &mut Model, talk: Talk) -> Effects {
    aside::with_team(model, |model| talk_here(model, talk))
}

fn talk_here(model: &mut Model, talk: Talk) -> Effects {
    let there = model.shared.running() || session_screen(model) == Screen::Live;
    let Some(turn) = model.shared.run.turn.as_ref().filter(|_| there) else {
        return model.hint("No team is at work.");
    };
    let layer = match (talk, model.layers.top()) {
        // Whatever is open stays below: who waits for leave is answered from anywhere.
        (Talk::Questions, top) if !matches!(top, Some(Layer::Questions(_))) => {
            let live = model.shared.live;
            Questions::new(turn).filter(|_| live).map(Layer::Questions)
        }
        (Talk::Messages, None) => Some(Layer::Messages(Messages::new(turn))),
        _ => {
            let wish = model.layers.talk(talk);
            return update::grant(model, wish);
        }
    };
    match layer {
        Some(layer) => {
            model.layers.open(layer);
            Effects::none()
        }
        None => model.hint("Nobody asks you anything."),
    }
}

/// The screen, where rooms count as parts of the live one.
const fn session_screen(model: &Model) -> Screen {
    match model.screen {
        Screen::Start | Screen::Compare | Screen::Guide | Screen::Desk => Screen::Start,
        Screen::Live | Screen::Review | Screen::Sessions | Screen::Notes | Screen::Report => {
            Screen::Live
        }
    }
}
