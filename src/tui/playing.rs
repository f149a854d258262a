//! What a person does with a session that was read from its log: plays it, steps, jumps, clicks the track.
//!
//! Only the place is chosen here; getting there is [`stored`]'s. Looking for the next change of the screen
//! paints it before and after each event, a few events per message.

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};

use super::{
    effect::Effects,
    model::{Model, Screen},
    msg::{Mouse, MouseKind},
    prepare::prepare,
    replay::{self, Action, Bar, Goal, Jump, Rest, Way, Work},
    rooms::Act,
    stored::{self, drive, go_on},
    view::view as paint,
};

/// Events tried in one go while a change of the screen is looked for.
const TRIES: usize = 24;

const fn key(action: Action) -> super::action::Action {
    super::action::Action::Room(Act::Replay(action))
}

/// The keys that matter while such a session is read.
pub(super) const READING: &[(super::action::Action, &str)] = &[
    (key(Action::Leave), "stop reading"),
    (
        super::action::Action::App(super::action::App::Home),
        "start screen",
    ),
    (super::action::Action::App(super::action::App::Help), "keys"),
    (
        super::action::Action::App(super::action::App::Quit),
        "leave",
    ),
];

/// The keys that matter while such a session is played.
pub(super) const HINTS: &[(super::action::Action, &str)] = &[
    (key(Action::Play), "play"),
    (key(Action::Change(Way::On)), "on"),
    (key(Action::Change(Way::Back)), "back"),
    (key(Action::Jump(Jump::Answer, Way::On)), "answer"),
    (key(Action::Jump(Jump::Vote, Way::On)), "vote"),
    (key(Action::Jump(Jump::Error, Way::On)), "error"),
    (key(Action::Leave), "to its end"),
    (key(Action::Faster), "faster"),
    (super::action::Action::App(super::action::App::Help), "keys"),
    (
        super::action::Action::App(super::action::App::Quit),
        "leave",
    ),
];

/// Does what a key asks for.
pub(super) fn perform(model: &mut Model, action: Action) -> Effects {
    let Some(reel) = model
        .session
        .reel
        .as_mut()
        .filter(|_| model.screen == Screen::Live)
    else {
        return model.hint("That is for a session that was opened from its log.");
    };
    if action == Action::Leave {
        if reel.is_reading() {
            reel.halt();
            let percent = reel.percent();
            let words = format!(
                "Stopped at {percent} % of the log. Esc or End reads on, Ctrl-N leaves it."
            );
            return drive(model).and(model.hint(words));
        }
        reel.leave();
        return drive(model);
    }
    if reel.is_reading() {
        return stored::refuse(model);
    }
    reel.seeks = false;
    if reel.tape.is_empty() {
        return model.hint("The log holds no event.");
    }
    let (at, all) = (reel.place(), reel.tape.len());
    match action {
        Action::Leave => {}
        Action::Start | Action::Play => {
            if reel.player.is_none() || (at >= all && !reel.plays()) {
                let from = if at >= all { 1 } else { at };
                reel.seek(from);
            }
            reel.marks = false;
            model.live.unmark();
            reel.player.get_or_insert_default().toggle();
        }
        Action::Faster => reel.player.get_or_insert_default().faster(),
        Action::Slower => reel.player.get_or_insert_default().slower(),
        Action::Event(Way::On) => go(model, at + 1),
        Action::Event(Way::Back) => go(model, at.saturating_sub(1)),
        Action::First => go(model, 1),
        Action::Last => {
            reel.halted = false;
            go(model, usize::MAX);
        }
        Action::Change(Way::On) => {
            go(model, at);
            if let Some(reel) = &mut model.session.reel {
                reel.seeks = true;
            }
            return drive(model).and(go_on(model));
        }
        Action::Change(Way::Back) => match reel.step_back() {
            Some(place) => go(model, place),
            None => go(model, 1),
        },
        Action::Jump(jump, way) => match reel.find(jump, way) {
            Some(place) => go(model, place),
            None if reel.tape.rest() == Rest::More => {
                return model.hint("None in what was read so far; the log is still being read.");
            }
            None => return model.hint(nothing(jump, way)),
        },
    }
    drive(model)
}

/// Pauses at a place.
fn go(model: &mut Model, place: usize) {
    model.live.unmark();
    if let Some(reel) = &mut model.session.reel {
        reel.seek(place);
        if let Some(player) = &mut reel.player {
            player.playing = false;
        }
    }
}

const fn nothing(jump: Jump, way: Way) -> &'static str {
    match (jump, way) {
        (Jump::Answer, Way::On) => "There is no later answer.",
        (Jump::Answer, Way::Back) => "There is no earlier answer.",
        (Jump::Vote, Way::On) => "There is no later vote.",
        (Jump::Vote, Way::Back) => "There is no earlier vote.",
        (Jump::Error, Way::On) => "Nothing fails after this.",
        (Jump::Error, Way::Back) => "Nothing failed before this.",
        (Jump::Decision, Way::On) => "Nothing is decided after this.",
        (Jump::Decision, Way::Back) => "Nothing was decided before this.",
    }
}

/// Goes on event by event until the screen looks different, apart from its clocks.
pub(super) fn look_for_change(model: &mut Model) -> Effects {
    for _ in 0..TRIES {
        let Some(reel) = &mut model.session.reel else {
            return Effects::none();
        };
        if reel.work() != Work::Arrived || reel.tape.missing(reel.at).is_some() {
            // On the way there, or the events have to be fetched first.
            let next = reel.at + 1;
            if reel.work() == Work::Arrived {
                reel.goal = Goal::At(next);
            }
            return drive(model).and(go_on(model));
        }
        let Some(event) = reel.tape.event(reel.at).cloned() else {
            reel.seeks = false;
            return drive(model).and(model.hint("This is the end of the log."));
        };
        // Both pictures are of the same moment, so that clocks alone are no change.
        model.shared.now = event.at.max(model.shared.now);
        let before = picture(model);
        model.shared.run.apply(&event);
        model.live.apply(&event, &model.shared);
        let after = picture(model);
        if let Some(reel) = &mut model.session.reel {
            let place = reel.at + 1;
            reel.at = place;
            reel.seek(place);
            if before == after {
                reel.seeks = true;
            } else {
                return drive(model);
            }
        }
    }
    go_on(model)
}

/// The screen above the bar.
pub(super) fn picture(model: &mut Model) -> Buffer {
    prepare(model);
    let size = model.size;
    let mut picture = Buffer::empty(model.seen.regions.main);
    let Ok(mut terminal) = Terminal::new(TestBackend::new(size.width, size.height));
    let Ok(_) = terminal.draw(|frame| paint(model, frame));
    let painted = terminal.backend().buffer();
    for position in picture.area.positions() {
        if let (Some(to), Some(from)) = (picture.cell_mut(position), painted.cell(position)) {
            *to = from.clone();
        }
    }
    picture
}

/// The mouse on the bar: a click goes there, the wheel goes on or back.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    match mouse.kind {
        MouseKind::WheelUp(_) => perform(model, Action::Change(Way::Back)),
        MouseKind::WheelDown(_) => perform(model, Action::Event(Way::On)),
        MouseKind::Click => {
            let area = model.seen.regions.composer;
            let zone = model.session.zone;
            let Some(reel) = &model.session.reel else {
                return Effects::none();
            };
            if reel.is_reading() {
                return stored::refuse(model);
            }
            let track = Bar { reel, zone }.track(area);
            match replay::seek(track, mouse.column, reel.tape.len()) {
                Some(place) => {
                    go(model, place);
                    drive(model)
                }
                None => perform(model, Action::Play),
            }
        }
    }
}
