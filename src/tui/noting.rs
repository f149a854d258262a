//! The room of notes among the other screens: how it is entered and left, and what it asks the rest.
//!
//! Notes are written in the one editor that all screens share; a draft that stood in it comes back when
//! the note is done.

use std::collections::BTreeMap;

use super::{
    action::{Action, App},
    aside,
    effect::{Effect, Effects, Query},
    live,
    model::{Focus, Model, Screen},
    msg::{Mouse, MouseKind},
    notes::{self, Ask, Go, Here, Notes, Place, Say, Told, View, Wish, Wishes},
    rooms::{self, Act},
    route, stored, way,
};
use crate::protocol::{Seq, note::NoteOn};

/// Performs an action of the room, or enters it.
pub(super) fn perform(model: &mut Model, action: notes::Action) -> Effects {
    match action {
        notes::Action::Here(Here::Open) => open(model),
        notes::Action::Here(Here::Write) => write_here(model),
        notes::Action::Here(Here::Unread) => unread(model),
        notes::Action::Move(_)
        | notes::Action::Go(_)
        | notes::Action::Say(_)
        | notes::Action::View(_) => {
            if model.screen != Screen::Notes {
                return model.hint("That is for the notes of a session.");
            }
            let draft = model.composer.text();
            let run = &model.shared.run;
            let room = model.rooms.notes.as_mut();
            let wishes = room.map(|room| room.update(action, run, &draft));
            grant(model, wishes.unwrap_or_default())
        }
    }
}

/// Asks for the notes of the session that came on the screen, for the marks.
pub(super) fn look(model: &mut Model) -> Effects {
    model.rooms.notes = None;
    model.shared.noted = BTreeMap::new();
    model.shared.noted_files = BTreeMap::new();
    let Some((room, wishes)) = Notes::open(&model.shared.run, Vec::new()) else {
        return Effects::none();
    };
    model.rooms.notes = Some(Box::new(room));
    grant(model, wishes)
}

/// Enters the room, or makes it when there is none yet.
fn enter(model: &mut Model) -> Result<Wishes, Effects> {
    let session = model.shared.run.turn.as_ref().map(|turn| &turn.start.run);
    let (Some(session), false) = (session, model.screen == Screen::Start) else {
        return Err(model.hint("Notes belong to a session: open one first."));
    };
    let places = places(model);
    let wishes = match &mut model.rooms.notes {
        Some(room) if room.run() == session => room.enter(places),
        _ => {
            let Some((room, wishes)) = Notes::open(&model.shared.run, places) else {
                return Err(Effects::none());
            };
            model.rooms.notes = Some(Box::new(room));
            wishes
        }
    };
    way::enter(model, Screen::Notes);
    Ok(wishes)
}

fn open(model: &mut Model) -> Effects {
    if model.screen == Screen::Notes {
        return perform(model, notes::Action::View(View::Back));
    }
    match enter(model) {
        Ok(wishes) => grant(model, wishes),
        Err(told) => told,
    }
}

/// Enters the room at the next note that was not looked at.
fn unread(model: &mut Model) -> Effects {
    let next = notes::Action::Go(Go::NextUnread);
    if model.screen == Screen::Notes {
        return perform(model, next);
    }
    if route::editing(model) && model.screen == Screen::Review {
        return model.hint("Finish the comment first.");
    }
    match enter(model) {
        Ok(wishes) => {
            let entered = grant(model, wishes);
            entered.and(perform(model, next))
        }
        Err(told) => told,
    }
}

fn write_here(model: &mut Model) -> Effects {
    if model.screen == Screen::Notes {
        return perform(model, notes::Action::Say(Say::New));
    }
    if route::editing(model) && model.screen == Screen::Review {
        return model.hint("Finish the comment first.");
    }
    let mut wishes = match enter(model) {
        Ok(wishes) => wishes,
        Err(told) => return told,
    };
    // What was looked at is known to the room by now.
    let draft = model.composer.text();
    if let Some(room) = &mut model.rooms.notes {
        wishes.extend(room.write_here(draft));
    }
    grant(model, wishes)
}

/// What the person looks at, the nearest first; the session as a whole is the last.
fn places(model: &Model) -> Vec<NoteOn> {
    let run = &model.shared.run;
    let mut places = Vec::new();
    if model.screen == Screen::Review
        && let Some(spot) = model.rooms.review.as_ref().and_then(|review| review.spot())
        && let Some(seq) = run
            .turns()
            .filter_map(|turn| turn.published_by(spot.label))
            .last()
    {
        places.push(NoteOn::Code { seq, spot });
    }
    let here = stored::event_here(model).map(|seq| NoteOn::Event { seq });
    for on in here.into_iter().chain(model.live.places(&model.shared)) {
        if !places.contains(&on) {
            places.push(on);
        }
    }
    places.push(NoteOn::Session);
    places
}

/// Does what the room wishes.
fn grant(model: &mut Model, wishes: Wishes) -> Effects {
    let mut effects = Effects::none();
    for wish in wishes {
        let more = match wish {
            Wish::Ask(what) => {
                let Some(run) = model.rooms.notes.as_ref().map(|room| room.run().clone()) else {
                    continue;
                };
                let ticket = model.tickets.issue();
                let query = Query::Room(rooms::Ask::Notes(Box::new(Ask { run, what })));
                Effects::one(Effect::Query { ticket, query })
            }
            Wish::Hint(words) => model.hint(words),
            Wish::Tell(level, words) => model.tell(level, words),
            Wish::Write(text) | Wish::Written(text) => {
                model.composer.set(&text);
                Effects::none()
            }
            Wish::Jump(seq) => {
                model.screen = Screen::Live;
                model.focus = Focus::Panes;
                match seq {
                    Some(seq) => show(model, seq),
                    None => model.hint("It is about the session as a whole."),
                }
            }
            Wish::Copy(text) => Effects::one(Effect::Copy(text)),
            Wish::Leave if model.screen == Screen::Notes => way::leave(model),
            Wish::Leave => Effects::none(),
        };
        effects = effects.and(more);
    }
    effects
}

/// Shows the session at an event.
fn show(model: &mut Model, seq: Seq) -> Effects {
    if let Some(shown) = stored::show_at(model, seq) {
        return shown;
    }
    let timeline = live::Action::Page(live::Show::Timeline);
    let shown = model.live.update(timeline, &model.shared);
    shown.and(model.hint(format!("It is about event {}.", seq.0)))
}

/// The notes of a session are here.
pub(super) fn told(model: &mut Model, told: Told) -> Effects {
    let here = model.rooms.notes.as_ref();
    let here = here.is_some_and(|room| *room.run() == told.run);
    if !here && aside::session(model) == Some(&told.run) {
        return aside::with_team(model, |model| told_here(model, told));
    }
    told_here(model, told)
}

fn told_here(model: &mut Model, told: Told) -> Effects {
    let Some(room) = &mut model.rooms.notes else {
        return Effects::none();
    };
    if *room.run() != told.run {
        return Effects::none();
    }
    let wishes = room.told(told.news, &model.shared.run);
    let mut noted: BTreeMap<u64, u32> = BTreeMap::new();
    for (seq, _) in room.marks() {
        *noted.entry(seq).or_default() += 1;
    }
    let mut files = BTreeMap::new();
    for (label, path) in room.files() {
        *files.entry((label, path.clone())).or_default() += 1;
    }
    model.shared.noted_files = files;
    if noted != model.shared.noted {
        model.shared.noted = noted;
        model.live.noted();
    }
    // Somebody who only looks at the session is not told that its notes cannot be read.
    if model.screen == Screen::Notes {
        grant(model, wishes)
    } else {
        Effects::none()
    }
}

/// The run has gone on.
pub(super) fn follow(model: &mut Model) {
    if let Some(room) = &mut model.rooms.notes {
        room.follow(&model.shared.run);
    }
}

/// True while the editor has a note.
pub(super) fn writing(model: &Model) -> bool {
    let room = model.rooms.notes.as_ref();
    room.is_some_and(|room| room.is_writing())
}

/// The part of the room that takes keys.
pub(super) fn place(model: &Model) -> Place {
    if writing(model) {
        Place::Writing
    } else {
        Place::Main
    }
}

/// True while a spinner turns in the room.
pub(super) fn waits(model: &Model) -> bool {
    let room = model.rooms.notes.as_ref();
    room.is_some_and(|room| room.waits())
}

/// The mouse over the room.
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
    let room = model.rooms.notes.as_mut();
    let wishes = room.map(|room| room.mouse(place, wheel));
    grant(model, wishes.unwrap_or_default())
}

const fn key(action: notes::Action) -> Action {
    Action::Room(Act::Notes(action))
}

/// The keys that matter now.
pub(super) fn hints(model: &Model) -> &'static [(Action, &'static str)] {
    const MAIN: &[(Action, &str)] = &[
        (key(notes::Action::Go(Go::NextUnread)), "next unread"),
        (key(notes::Action::Say(Say::New)), "note"),
        (key(notes::Action::Say(Say::Reply)), "reply"),
        (key(notes::Action::Say(Say::Resolve)), "settle"),
        (key(notes::Action::View(View::Jump)), "go there"),
        (key(notes::Action::View(View::Filter)), "filter"),
        (key(notes::Action::Say(Say::Edit)), "edit"),
        (key(notes::Action::Say(Say::Session)), "on the session"),
        (Action::App(App::Help), "keys"),
        (key(notes::Action::View(View::Back)), "back"),
    ];
    const WRITING: &[(Action, &str)] = &[
        (key(notes::Action::Say(Say::Save)), "note it"),
        (key(notes::Action::Say(Say::Other)), "on something else"),
        (key(notes::Action::Say(Say::Cancel)), "leave it"),
    ];
    match place(model) {
        Place::Main => MAIN,
        Place::Writing => WRITING,
    }
}
