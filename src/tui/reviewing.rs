//! The review screen among the others: how it is opened and left, what it asks the rest to do.
//!
//! Comments are written in the one editor that all screens share; a draft that stood in it comes back
//! when the comment is done. They reach agents the way all words of the person do: steered while a
//! team is at work, as the next task when it is done.

use super::{
    action::{Action, Run},
    again,
    effect::{Done, Effect, Effects, Ticket},
    keymap::{Context, Room},
    layer, live,
    model::{Focus, Model, Screen},
    moves::Move,
    msg::{Mouse, MouseKind},
    review::{
        self, Find, Keys, Review, Say, Standing, Step, Take, Turn, Typed, View, Wish, Wishes,
    },
    rooms::Act,
    route, stored,
    widget::{Hint, Weight},
};
use crate::protocol::{AgentEvent, Command, Event, EventKind, SteerMode, Target};

/// Opens the review, or returns to it.
pub(super) fn open(model: &mut Model) -> Effects {
    if model.screen == Screen::Start {
        return model.hint("That is for the live screen.");
    }
    if stored::moves(model) {
        return stored::refuse(model);
    }
    if model.rooms.review.is_none() {
        let keys = Keys::new(|place, action| {
            let key = model.keymap.key_for(
                &[Context::Room(Room::Review(place))],
                Action::Room(Act::Review(action)),
            );
            key.map(|key| key.to_string())
        });
        let opened = Review::open(&model.shared.run, &model.shared.theme, keys);
        let Some((review, effects)) = opened else {
            return model
                .hint("The agents of this session work on no folder, so there are no changes.");
        };
        model.rooms.review = Some(Box::new(review));
        model.screen = Screen::Review;
        return effects;
    }
    model.screen = Screen::Review;
    model.focus = Focus::Panes;
    Effects::none()
}

/// Performs an action of the screen.
pub(super) fn perform(model: &mut Model, action: review::Action) -> Effects {
    if model.screen != Screen::Review {
        return model.hint("That is for the review screen.");
    }
    let writing = route::editing(model);
    let Some(review) = &mut model.rooms.review else {
        return Effects::none();
    };
    let wishes = match action {
        review::Action::Say(Say::Save) if writing => {
            let text = model.composer.text();
            review.written(Some(&text))
        }
        review::Action::Say(Say::Cancel) if writing => review.written(None),
        action => review.update(action),
    };
    grant(model, wishes)
}

/// Does what the screen wishes.
fn grant(model: &mut Model, wishes: Wishes) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Do(more) => more,
            Wish::Hint(words) => {
                let said = model
                    .rooms
                    .review
                    .as_ref()
                    .map(|review| review.keyed(&words));
                model.hint(said.unwrap_or(words))
            }
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Leave => {
                model.screen = Screen::Live;
                model.focus = Focus::Panes;
                Effects::none()
            }
            Wish::Write(text) => {
                let draft = model.composer.text();
                if let Some(review) = &mut model.rooms.review {
                    review.set_aside(draft);
                }
                model.composer.set(&text);
                Effects::none()
            }
            Wish::Written => {
                let draft = model
                    .rooms
                    .review
                    .as_mut()
                    .map(|review| review.take_aside());
                model.composer.set(&draft.unwrap_or_default());
                Effects::none()
            }
            Wish::Say { to, text } => say(model, to, text),
        };
        effects = effects.and(more);
    }
    effects
}

/// Lets agents hear the comments.
fn say(model: &mut Model, to: Target, text: String) -> Effects {
    if model.shared.running() {
        let told = model.hint("Sent; they hear it at their next safe point.");
        let command = Command::Steer {
            target: to,
            text,
            mode: SteerMode::Queue,
        };
        return Effects::one(Effect::Engine(command)).and(told);
    }
    let prompt = review::as_task(&to, &text);
    model.screen = Screen::Live;
    model.focus = Focus::Panes;
    match (to, model.shared.live) {
        (Target::One(agent), true) => {
            let told = model.hint("Sent; in the next turn only this agent is asked.");
            Effects::one(Effect::Engine(Command::Ask { agent, prompt })).and(told)
        }
        (Target::One(agent), false) => again::ask(model, agent, prompt),
        (Target::All | Target::Several(_), true) => {
            let told = model.hint("Sent as the next task of this team.");
            Effects::one(Effect::Engine(Command::FollowUp { prompt })).and(told)
        }
        (Target::All | Target::Several(_), false) => {
            model.composer.set(&prompt);
            again::next_task(model)
        }
    }
}

/// An answer for the screen; it may be left by now.
pub(super) fn done(model: &mut Model, ticket: Ticket, done: Done) -> Effects {
    let Some(review) = &mut model.rooms.review else {
        return Effects::none();
    };
    let wishes = review.done(ticket, done);
    grant(model, wishes)
}

/// The review is being closed: what was noted in it is kept.
pub(super) fn farewell(model: &mut Model) -> Effects {
    let review = model.rooms.review.as_mut();
    review.map_or_else(Effects::none, |review| review.keep_last())
}

/// Closes the review: a comment that is being written is kept as it is, and so is all that was noted.
pub(super) fn close(model: &mut Model) -> Effects {
    let text = model.composer.text();
    let review = model.rooms.review.as_mut();
    let wishes = review
        .filter(|review| review.context() == review::Place::Writing)
        .map(|review| review.written(Some(&text)));
    let written = grant(model, wishes.unwrap_or_default());
    let kept = farewell(model);
    model.rooms.review = None;
    written.and(kept)
}

/// The run has gone on.
pub(super) fn follow(model: &mut Model, event: &Event) {
    let matters = match &event.kind {
        EventKind::Run(_) => true,
        EventKind::Agent { event, .. } => {
            matches!(event, AgentEvent::Published(_) | AgentEvent::Ballot(_))
        }
    };
    if let Some(review) = &mut model.rooms.review
        && matters
    {
        review.follow(&model.shared.run);
    }
}

/// True while a spinner turns on the screen.
pub(super) fn waits(model: &Model) -> bool {
    model
        .rooms
        .review
        .as_ref()
        .is_some_and(|review| review.waits())
}

/// Text for the line of the screen that takes some.
pub(super) fn type_text(model: &mut Model, text: &str) -> Effects {
    let Some(review) = model
        .rooms
        .review
        .as_mut()
        .filter(|review| review.capturing_text())
    else {
        let words = "Nothing takes text here; {comment} writes a comment.";
        let said = model
            .rooms
            .review
            .as_ref()
            .map(|review| review.keyed(words));
        return model.hint(said.unwrap_or_default());
    };
    let wishes = review.type_text(text);
    grant(model, wishes)
}

/// A key of the line that takes text.
pub(super) fn typed(model: &mut Model, action: layer::Action) -> Effects {
    let typed = match action {
        layer::Action::Accept => Typed::Accept,
        layer::Action::Erase => Typed::Erase,
        layer::Action::Close => Typed::Close,
        layer::Action::Up
        | layer::Action::Down
        | layer::Action::PageUp
        | layer::Action::PageDown
        | layer::Action::First
        | layer::Action::Last
        | layer::Action::Refresh
        | layer::Action::Pick(_) => return Effects::none(),
    };
    let wishes = model
        .rooms
        .review
        .as_mut()
        .map(|review| review.typed(typed));
    grant(model, wishes.unwrap_or_default())
}

/// A key of the live screen that means the same here: up and down while searching.
pub(super) fn live_key(model: &mut Model, action: live::Action) -> Effects {
    let typed = match action {
        live::Action::Search(live::Find::Next) => Typed::Down,
        live::Action::Search(live::Find::Previous) => Typed::Up,
        _ => return model.hint("That is for the live screen."),
    };
    let wishes = model
        .rooms
        .review
        .as_mut()
        .map(|review| review.typed(typed));
    grant(model, wishes.unwrap_or_default())
}

/// The mouse over the screen.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Effects {
    if route::editing(model) {
        return Effects::none();
    }
    let wheel = match mouse.kind {
        MouseKind::WheelUp(notches) => -i32::from(notches),
        MouseKind::WheelDown(notches) => i32::from(notches),
        MouseKind::Click => 0,
    };
    let place = (mouse.column, mouse.row);
    let wishes = model
        .rooms
        .review
        .as_mut()
        .map(|review| review.mouse(place, wheel));
    grant(model, wishes.unwrap_or_default())
}

/// The keys that matter now.
pub(super) fn hints(model: &Model) -> &'static [(Action, &'static str)] {
    const MAIN: &[(Action, &str)] = &[
        (
            Action::Room(Act::Review(review::Action::Take(Take::This))),
            "take",
        ),
        (
            Action::Room(Act::Review(review::Action::Take(Take::Reviewed))),
            "reviewed",
        ),
        (
            Action::Room(Act::Review(review::Action::Say(Say::Comment))),
            "comment",
        ),
        (
            Action::Room(Act::Review(review::Action::Step(Step::Build))),
            "build",
        ),
        (
            Action::Room(Act::Review(review::Action::View(View::Focus))),
            "files, lines",
        ),
        (
            Action::Room(Act::Review(review::Action::Turn(Turn::Next))),
            "agent",
        ),
        (
            Action::Room(Act::Review(review::Action::View(View::Compare))),
            "compare",
        ),
        (
            Action::Room(Act::Review(review::Action::View(View::Split))),
            "side by side",
        ),
        (
            Action::Room(Act::Review(review::Action::Find(Find::Search))),
            "search",
        ),
        (Action::App(super::action::App::Help), "keys"),
        (
            Action::Room(Act::Review(review::Action::Step(Step::Back))),
            "back",
        ),
    ];
    const WRITING: &[(Action, &str)] = &[
        (
            Action::Room(Act::Review(review::Action::Say(Say::Save))),
            "note it",
        ),
        (
            Action::Room(Act::Review(review::Action::Say(Say::Kind))),
            "issue, suggestion…",
        ),
        (
            Action::Room(Act::Review(review::Action::Say(Say::Cancel))),
            "leave it",
        ),
    ];
    const SEARCH: &[(Action, &str)] = &[
        (Action::Layer(layer::Action::Accept), "done"),
        (Action::Layer(layer::Action::Close), "away with it"),
    ];
    let Some(review) = &model.rooms.review else {
        return MAIN;
    };
    match review.context() {
        _ if review.capturing_text() => SEARCH,
        review::Place::Main => MAIN,
        review::Place::Writing => WRITING,
        review::Place::Steps => on_page(review.standing()),
    }
}

/// The keys of a page that covers the lines.
fn on_page(standing: Standing) -> &'static [(Action, &'static str)] {
    const fn key(action: review::Action) -> Action {
        Action::Room(Act::Review(action))
    }
    const ON: Action = key(review::Action::View(View::Open));
    const DOWN: Action = key(review::Action::Move(Move::Down));
    const PAGE: Action = key(review::Action::Move(Move::PageDown));
    const BACK: Action = key(review::Action::Step(Step::Back));
    const UNDO: Action = key(review::Action::Step(Step::Undo));
    const EDIT: Action = key(review::Action::Take(Take::Edit));
    const TAKE: Action = key(review::Action::Take(Take::This));
    match standing {
        Standing::Sending => &[(ON, "send"), (DOWN, "down"), (BACK, "back")],
        Standing::Choosing => &[
            (ON, "go on"),
            (DOWN, "down"),
            (BACK, "back"),
            (PAGE, "page"),
        ],
        Standing::Naming => &[
            (ON, "go on"),
            (EDIT, "edit"),
            (DOWN, "down"),
            (BACK, "back"),
            (PAGE, "page"),
        ],
        Standing::Asking => &[(ON, "write"), (BACK, "back"), (PAGE, "page")],
        Standing::Deciding => &[
            (ON, "write"),
            (TAKE, "whose"),
            (DOWN, "down"),
            (BACK, "back"),
            (PAGE, "page"),
        ],
        Standing::Written => &[
            (ON, "return"),
            (UNDO, "take back"),
            (BACK, "back"),
            (PAGE, "page"),
        ],
        Standing::Other => &[(ON, "go on"), (BACK, "back"), (PAGE, "page")],
    }
}

/// The key that opens the review, on a live screen whose session has changes.
pub(super) fn offer(model: &Model) -> Option<Hint> {
    if model.screen != Screen::Live || !Review::offers(&model.shared.run) {
        return None;
    }
    let key = model
        .keymap
        .key_for(&[Context::Panes], Action::Run(Run::Review))?;
    Some(Hint {
        key: key.to_string(),
        does: "review changes",
        weight: Weight::Usual,
    })
}
