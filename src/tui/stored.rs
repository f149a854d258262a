//! A session that was read from its log, among the rest of the program.
//!
//! The folding of such a session is here, one bounded step per message: pieces of the log come as answers,
//! what is left to fold goes on with a message to itself, and keys are heard in between. What a step shows
//! is what the same events showed when they were lived. Nothing moves on its own unless it is played, or
//! another process writes on.

use std::time::Duration;

use ratatui::buffer::Buffer;

use super::{
    again, aside,
    effect::{Effect, Effects, Query, Ticket},
    keymap::{Context, Room, Shown},
    live::Live,
    model::{Focus, Model, Screen},
    noting, playing,
    prepare::prepare,
    replay::{Bar, Goal, Piece, Player, Reading, Reel, Rest, Stops, Work},
    reviewing,
    shared::Flaw,
};
use crate::{
    protocol::{Event, Failure, Level, Mark, RunId, Seq},
    run::RunState,
};

/// Beat of a session that is played.
const FRAME: Duration = Duration::from_millis(40);
/// Beat of a session that another process writes on.
const LOOK: Duration = Duration::from_secs(1);
/// Events from which on a kept state further on is taken instead of folding up to there.
const LEAP: usize = 2_048;

/// Answers whoever wants something of a session that is not shown as it ended.
pub(super) fn refuse(model: &mut Model) -> Effects {
    model.hint(if reads(model) {
        "The log is still being read; Esc stops that."
    } else {
        "This shows the session as it was; Esc leads to its end first."
    })
}

/// What is done when a session was read to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Then {
    /// It is only shown.
    #[default]
    Nothing,
    /// The turn that broke off goes on.
    Resume,
    /// The files that its agents changed are shown.
    Review,
}

/// Asks for the first part of a stored session.
pub(super) fn ask(model: &mut Model, run: RunId, at: Option<Seq>) -> Effects {
    let ticket = model.tickets.issue();
    model.waits.open = Some(ticket);
    model.waits.place = at;
    let from = Mark::default();
    query(ticket, Reading { run, from })
}

fn query(ticket: Ticket, reading: Reading) -> Effects {
    Effects::one(Effect::Query {
        ticket,
        query: Query::Open(reading),
    })
}

/// A part came, or cannot be had.
pub(super) fn told(
    model: &mut Model,
    ticket: Ticket,
    told: Result<Box<Piece>, Failure>,
) -> Effects {
    if model.waits.open == Some(ticket) {
        model.waits.open = None;
        let on = model.waits.resume.take() == Some(ticket);
        let then = if on { Then::Resume } else { Then::Nothing };
        let at = model.waits.place.take();
        return match told {
            Ok(piece) => {
                // It was about the session before; the list of notices keeps it.
                model.notices.put_away();
                show(model, *piece, at, then)
            }
            Err(failure) => model.tell(Level::Error, failure.to_string()),
        };
    }
    let Some(reel) = &mut model.session.reel else {
        return Effects::none();
    };
    if !reel.answered(ticket) {
        return Effects::none();
    }
    match told {
        Ok(piece) => {
            if reel.tape.take(*piece) {
                return drive(model);
            }
            reel.halt();
            model.tell(
                Level::Error,
                "The log was changed while it was shown; open it again to see it whole.",
            )
        }
        Err(failure) => {
            reel.halt();
            let words = format!("The log could not be read any further: {failure}");
            drive(model).and(model.tell(Level::Error, words))
        }
    }
}

/// Shows a session of which the first part has come.
pub(super) fn show(model: &mut Model, piece: Piece, at: Option<Seq>, then: Then) -> Effects {
    let put = aside::put(model);
    model.screen = Screen::Live;
    model.focus = Focus::Panes;
    model.session.fresh = false;
    model.session.then = then;
    model.setup.launching = None;
    model.waits.open = None;
    model.waits.again = None;
    model.rooms.review = None;
    model.rooms.notes = None;
    model.shared.noted.clear();
    model.shared.noted_files.clear();
    model.shared.live = false;
    model.shared.flaw = Flaw::None;
    let goal = at.map_or(Goal::End, |seq| Goal::Seq(seq.0));
    let mut reel = Reel::new(piece, goal);
    reel.player = at.map(|_| Player::default());
    unfold(model);
    model.session.stops = Stops::default();
    model.session.reel = Some(Box::new(reel));
    put.and(drive(model))
}

/// The session on the screen is left, and what was to be opened in its place is not waited for.
pub(super) fn put_away(model: &mut Model) {
    model.session.reel = None;
    model.session.stops = Stops::default();
    model.session.then = Then::Nothing;
    model.waits.open = None;
    model.waits.place = None;
    model.waits.resume = None;
}

/// Puts the screen to where it was before the first event.
fn unfold(model: &mut Model) {
    model.shared.run = RunState::default();
    let before = std::mem::take(&mut model.live);
    model.live.look_as(&before);
}

fn apply(model: &mut Model, event: &Event) {
    model.shared.now = event.at;
    model.shared.run.apply(event);
    model.live.apply(event, &model.shared);
}

/// The screen and what it tells of, as the events before a place made them and nobody else.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    run: RunState,
    live: Live,
}

impl Fold {
    /// Bytes that it holds, those aside that it shares with an earlier one.
    fn weigh(&self, before: Option<&Self>) -> usize {
        self.live.beside(before.map(|fold| &fold.live)) + self.run.weight()
    }
}

/// Puts the screen to the last state that was kept at or before `goal`, and says how many events that is.
fn go_back(model: &mut Model, goal: usize) -> usize {
    let at = model.session.stops.before(goal);
    let Some(kept) = model.session.stops.state(goal).cloned() else {
        unfold(model);
        return 0;
    };
    model.shared.run = kept.run;
    let before = std::mem::replace(&mut model.live, kept.live);
    model.live.look_as(&before);
    // Pages are made anew: notes may have come since.
    model.live.noted();
    // What is in sight is laid out once for all who begin here again.
    prepare(model);
    if let Some(kept) = model.session.stops.state_mut(goal) {
        kept.live = model.live.clone();
    }
    at
}

/// Keeps the state on the screen, when it is worth it and nobody has changed it.
fn keep(model: &mut Model, at: usize, goal: usize) {
    if model.live.touched() || !model.session.stops.wants(at, goal) {
        return;
    }
    let fold = Fold {
        run: model.shared.run.clone(),
        live: model.live.clone(),
    };
    model.session.stops.keep(at, fold, Fold::weigh);
}

/// One step towards where the screen should be.
pub(super) fn drive(model: &mut Model) -> Effects {
    let Some(mut reel) = model.session.reel.take() else {
        return Effects::none();
    };
    model.shared.replayed = true;
    let aim = reel.aim();
    let ahead = !model.live.touched() && model.session.stops.before(aim) > reel.at + LEAP;
    if reel.work() == Work::Again || ahead {
        reel.at = go_back(model, aim);
    }
    if let Work::Fold(to) = reel.work() {
        while reel.at < to
            && let Some(event) = reel.tape.event(reel.at)
        {
            apply(model, event);
            reel.at += 1;
            keep(model, reel.at, aim);
        }
    }
    reel.tape.trim(reel.at);
    let asked = reel.ask(|| model.tickets.issue());
    let mut effects = asked.map_or_else(Effects::none, |(ticket, reading)| query(ticket, reading));
    let work = reel.work();
    model.shared.flaw = reel.flaw(model.shared.run.gaps);
    model.shared.followed = reel.follows();
    model.shared.replayed = reel.moves() || model.shared.followed;
    model.shared.now = match &reel.player {
        Some(player) if work == Work::Arrived => player.clock.max(reel.moment(reel.at)),
        _ => reel.moment(reel.at),
    };
    model.session.reel = Some(reel);
    match work {
        Work::Fold(_) | Work::Again => effects = effects.and(go_on(model)),
        Work::Arrived => effects = effects.and(arrived(model)),
        Work::Fetch(_) | Work::Wait => {}
    }
    effects
}

/// Goes on as soon as keys were heard.
pub(super) fn go_on(model: &mut Model) -> Effects {
    let ticket = model.tickets.issue();
    let Some(reel) = &mut model.session.reel else {
        return Effects::none();
    };
    reel.woken = Some(ticket);
    Effects::one(Effect::Wake {
        ticket,
        after: Duration::ZERO,
    })
}

/// The screen is where it should be.
fn arrived(model: &mut Model) -> Effects {
    model.live.look_again();
    let Some(reel) = &mut model.session.reel else {
        return Effects::none();
    };
    if let Goal::Seq(seq) = reel.goal {
        reel.goal = Goal::At(reel.at);
        let clock = reel.moment(reel.at);
        if let Some(player) = &mut reel.player {
            player.put(clock);
        }
        let last = reel.at.checked_sub(1).and_then(|at| reel.tape.event(at));
        let last = last.filter(|_| reel.marks).cloned();
        let exact = last.as_ref().is_some_and(|event| event.seq.0 == seq);
        if let Some(event) = last {
            model.live.mark(&event, &model.shared);
        }
        if !exact {
            let words = format!("There is no event {seq} in this log; this is the one before it.");
            return model.tell(Level::Warning, words);
        }
        return Effects::none();
    }
    let rest = reel.tape.rest();
    if reel.player.is_some() || reel.settled == Some(rest) {
        return Effects::none();
    }
    let before = reel.settled.replace(rest);
    settled(model, rest, before)
}

/// A log was read to its end: what there is to tell about it, and what was to be done then.
fn settled(model: &mut Model, rest: Rest, before: Option<Rest>) -> Effects {
    let Some(reel) = &model.session.reel else {
        return Effects::none();
    };
    let (empty, damage) = (reel.tape.is_empty(), reel.tape.next().damage.clone());
    let mut effects = Effects::none();
    if empty {
        effects = effects.and(model.tell(Level::Warning, "The log of this session is empty."));
    }
    if damage.is_none() && model.shared.run.gaps > 0 {
        let gaps = model.shared.run.gaps;
        let text = format!("{gaps} events are missing in the log; what is left is shown.");
        effects = effects.and(model.tell(Level::Warning, text));
    } else if !damage.is_none() && rest == Rest::End {
        let text = format!("The log is damaged: {damage}. What is left is shown.");
        effects = effects.and(model.tell(Level::Warning, text));
    }
    match (rest, before) {
        (Rest::Growing, _) => {
            let shown = model.shared.run.turn.as_ref().map(|turn| &turn.start.run);
            let words = if shown.is_some() && aside::session(model) == shown {
                "This is your team's session as its log tells it; it is followed from here."
            } else {
                "This session is at work in another process; it is followed from here."
            };
            return effects.and(model.tell(Level::Info, words));
        }
        (_, Some(Rest::Growing)) => {
            let words = "The process that wrote this session has ended.";
            effects = effects.and(model.tell(Level::Info, words));
        }
        _ => {}
    }
    effects = effects.and(noting::look(model));
    match std::mem::take(&mut model.session.then) {
        Then::Nothing => effects.and(again::offer(model)),
        Then::Resume => effects.and(again::resume(model)),
        Then::Review => effects.and(reviewing::open(model)),
    }
}

/// A message to itself arrived; `None` when it is another one's.
pub(super) fn woke(model: &mut Model, ticket: Ticket) -> Option<Effects> {
    let reel = model.session.reel.as_mut()?;
    reel.woken.take_if(|woken| *woken == ticket)?;
    Some(if reel.seeks {
        playing::look_for_change(model)
    } else {
        drive(model)
    })
}

/// How soon something moves by itself.
pub(super) fn pulse(model: &Model) -> Option<Duration> {
    let reel = model.session.reel.as_ref()?;
    if reel.plays() {
        return Some(FRAME);
    }
    reel.follows().then_some(LOOK)
}

/// A beat.
pub(super) fn beat(model: &mut Model) -> Effects {
    let wall = model.session.wall;
    let Some(reel) = &mut model.session.reel else {
        return Effects::none();
    };
    if reel.plays() {
        reel.beat(wall);
        return drive(model);
    }
    if !reel.follows() || reel.is_under_way() {
        return Effects::none();
    }
    let ticket = model.tickets.issue();
    model.shared.now = wall.max(model.shared.now);
    let Some(reel) = &mut model.session.reel else {
        return Effects::none();
    };
    let reading = reel.follow(ticket);
    reading.map_or_else(Effects::none, |reading| query(ticket, reading))
}

/// True while the session on the screen is read, played or shown as it was in between.
pub(super) fn moves(model: &Model) -> bool {
    model.session.reel.as_ref().is_some_and(|reel| reel.moves())
}

/// True while it is read for the first time.
pub(super) fn reads(model: &Model) -> bool {
    let reel = model.session.reel.as_ref();
    reel.is_some_and(|reel| reel.is_reading())
}

/// What keys mean with a session that was read from its log.
pub(super) fn context(model: &Model) -> Option<Context> {
    let reel = model.session.reel.as_ref()?;
    Some(Context::Room(Room::Stored(if reel.moves() {
        Shown::Between
    } else {
        Shown::Ended
    })))
}

/// Paints the bar; false when there is none.
pub(super) fn view(model: &Model, buffer: &mut Buffer) -> bool {
    let Some(reel) = model.session.reel.as_ref().filter(|reel| reel.moves()) else {
        return false;
    };
    let zone = model.session.zone;
    let area = model.seen.regions.composer;
    Bar { reel, zone }.paint(buffer, area, &model.shared.theme);
    true
}

/// Shows the session on the screen as it was right after an event, which is marked; `None` when it was not
/// read from a log.
pub(super) fn show_at(model: &mut Model, seq: Seq) -> Option<Effects> {
    let reel = model.session.reel.as_mut()?;
    reel.goal = Goal::Seq(seq.0);
    reel.marks = true;
    reel.seeks = false;
    reel.player.get_or_insert_default().playing = false;
    Some(drive(model))
}

/// The event that the session is shown at; `None` when it is shown as it ended.
pub(super) fn event_here(model: &Model) -> Option<Seq> {
    let reel = model.session.reel.as_ref().filter(|reel| reel.moves())?;
    let last = reel.place().checked_sub(1)?;
    reel.tape.event(last).map(|event| event.seq)
}
