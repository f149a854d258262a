//! Where keys go: which contexts hold now, and what a key means there.
//!
//! The top-most overlay comes first, then whatever has the focus. Where text is typed, a plain
//! character is text and nothing else, except in an empty editor (see [`Context::Empty`]).

use super::{
    browsing, desk, desking, guide, guiding,
    keymap::{Context, Key, Meaning, Room},
    model::{Focus, Model, Screen},
    msg::{Input, Msg},
    notes, noting, report, reporting, review,
    setup::Section,
    stored,
};

/// What the focus makes of a plain character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typing {
    /// It is text.
    Text,
    /// It is a key like others.
    Keys,
}

/// The contexts beneath any overlay, most specific first.
pub fn base_contexts(model: &Model) -> Vec<Context> {
    let mut contexts = Vec::new();
    if editing(model) {
        if model.composer.is_empty() {
            contexts.push(Context::Empty);
        }
        contexts.push(match model.screen {
            Screen::Start => Context::Task,
            Screen::Live => Context::Steer,
            Screen::Review => Context::Room(Room::Review(review::Place::Writing)),
            Screen::Sessions => Context::Room(Room::Sessions),
            // Where sessions stand side by side, nothing is edited.
            Screen::Notes | Screen::Compare => Context::Room(Room::Notes(notes::Place::Writing)),
            // Nothing is written there.
            Screen::Report => report_place(model),
            Screen::Guide => Context::Room(Room::Guide(guiding::place(model))),
            Screen::Desk => Context::Room(Room::Desk(desking::place(model))),
        });
        contexts.push(Context::Edit);
    } else {
        match model.screen {
            Screen::Start => contexts.push(Context::Start),
            Screen::Live if model.live.capturing_text() => contexts.push(Context::Search),
            Screen::Live => {
                contexts.extend(stored::context(model));
                contexts.push(Context::Panes);
            }
            Screen::Review if capturing(model) => contexts.push(Context::Search),
            Screen::Review => contexts.push(Context::Room(Room::Review(place(model)))),
            Screen::Sessions if browsing::capturing(model) => contexts.push(Context::Search),
            Screen::Sessions => contexts.push(Context::Room(Room::Sessions)),
            Screen::Notes => contexts.push(Context::Room(Room::Notes(noting::place(model)))),
            Screen::Compare => contexts.push(Context::Room(Room::Compare)),
            Screen::Report => contexts.push(report_place(model)),
            Screen::Guide => contexts.push(Context::Room(Room::Guide(guiding::place(model)))),
            Screen::Desk => contexts.push(Context::Room(Room::Desk(desking::place(model)))),
        }
    }
    // Where keys are pressed for an action, only few mean something themselves.
    if contexts.first() != Some(&Context::Room(Room::Desk(desk::Place::Keys))) {
        contexts.push(Context::Command);
    }
    contexts.push(Context::Global);
    contexts
}

/// The contexts that hold now, most specific first.
pub fn contexts(model: &Model) -> Vec<Context> {
    match model.layers.top() {
        Some(layer) => vec![layer.context(), Context::Global],
        None => base_contexts(model),
    }
}

/// What the palette offers: the commands of the screen, whatever has the focus on it.
pub fn command_contexts(model: &Model) -> Vec<Context> {
    let screen = match model.screen {
        Screen::Start => vec![Context::Task, Context::Start],
        Screen::Live => {
            let stored = stored::context(model).into_iter();
            stored.chain([Context::Panes, Context::Steer]).collect()
        }
        Screen::Review => {
            let places = [review::Place::Main, review::Place::Writing];
            places
                .map(|place| Context::Room(Room::Review(place)))
                .to_vec()
        }
        Screen::Sessions => vec![Context::Room(Room::Sessions)],
        Screen::Notes => {
            let places = [notes::Place::Main, notes::Place::Writing];
            places
                .map(|place| Context::Room(Room::Notes(place)))
                .to_vec()
        }
        Screen::Compare => vec![Context::Room(Room::Compare)],
        Screen::Guide => vec![Context::Room(Room::Guide(guide::Place::Main))],
        Screen::Desk => vec![Context::Room(Room::Desk(desk::Place::Main))],
        Screen::Report => {
            let places = [report::Place::Main, report::Place::Asking];
            places
                .map(|place| Context::Room(Room::Report(place)))
                .into()
        }
    };
    screen
        .into_iter()
        .chain([Context::Command, Context::Global])
        .collect()
}

/// True when the editor has the focus.
pub fn editing(model: &Model) -> bool {
    match model.screen {
        Screen::Start => model.setup.focus == Section::Editor,
        Screen::Live => model.focus == Focus::Editor,
        Screen::Review => place(model) == review::Place::Writing,
        Screen::Notes => noting::writing(model),
        Screen::Sessions | Screen::Compare | Screen::Report | Screen::Guide | Screen::Desk => false,
    }
}

/// The part of the report screen that takes keys.
fn report_place(model: &Model) -> Context {
    Context::Room(Room::Report(reporting::place(model)))
}

/// The part of the review screen that takes keys.
fn place(model: &Model) -> review::Place {
    let open = model.rooms.review.as_ref();
    open.map_or(review::Place::Main, |review| review.context())
}

/// True while the review screen takes text on its one line.
fn capturing(model: &Model) -> bool {
    let open = model.rooms.review.as_ref();
    open.is_some_and(|review| review.capturing_text())
}

/// The message a key makes.
pub fn translate(model: &Model, key: Key) -> Msg {
    let contexts = contexts(model);
    let prefix = model.waits.prefix;
    if prefix.is_none()
        && let Some(c) = key.text()
        && typing(model) == Typing::Text
    {
        let special = contexts.contains(&Context::Empty);
        return match model.keymap.lookup(&[Context::Empty], None, key) {
            Meaning::Action(action) if special => Msg::Action(action),
            _ => Msg::Input(Input::Char(c)),
        };
    }
    match (model.keymap.lookup(&contexts, prefix, key), key.text()) {
        (Meaning::Action(action), _) => Msg::Action(action),
        (Meaning::Prefix, _) => Msg::Input(Input::Prefix(key)),
        // Whoever starts to type in the lists of the start screen means the task.
        (Meaning::Unbound, Some(c))
            if model.layers.top().is_none() && model.screen == Screen::Start =>
        {
            Msg::Input(Input::Char(c))
        }
        (Meaning::Unbound, _) => Msg::Input(Input::Unbound(key)),
    }
}

fn typing(model: &Model) -> Typing {
    let text = match model.layers.top() {
        Some(layer) => layer.takes_text(),
        None => {
            editing(model)
                || match model.screen {
                    Screen::Start | Screen::Notes | Screen::Compare => false,
                    Screen::Live => model.live.capturing_text(),
                    Screen::Review => capturing(model),
                    Screen::Sessions => browsing::capturing(model),
                    Screen::Report => reporting::place(model) == report::Place::Models,
                    Screen::Guide => guiding::place(model) == guide::Place::Typing,
                    Screen::Desk => desking::place(model) != desk::Place::Main,
                }
        }
    };
    if text { Typing::Text } else { Typing::Keys }
}
