//! How far a stored session is folded, and where it should be.

use super::{Jump, Kind, Piece, Player, Reading, Rest, Tape, Way};
use crate::{
    protocol::{Mark, Timestamp},
    tui::{effect::Ticket, shared::Flaw},
};

/// Events folded in one go.
const SLICE: usize = 2_048;
/// Events that may be read ahead of the folding while all of them are wanted.
const AHEAD: usize = 32_768;

/// Where the screen should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// At the end of the log.
    End,
    /// After this many events.
    At(usize),
    /// After the event with this number.
    Seq(u64),
}

/// What is to be done next to get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Begin from nothing: the goal lies behind.
    Again,
    /// Fold the events up to here.
    Fold(usize),
    /// These events are not in memory.
    Fetch(Mark),
    /// Read on first.
    Wait,
    /// Nothing: the goal is reached.
    Arrived,
}

/// A stored session on the screen.
#[derive(Debug)]
pub struct Reel {
    /// What is known of the log.
    pub tape: Tape,
    /// Events that are folded into what the screen shows.
    pub at: usize,
    /// Where it should be.
    pub goal: Goal,
    /// What plays it; `None` when the session is shown as it ended.
    pub player: Option<Player>,
    /// The event at the goal is marked once the goal is reached.
    pub marks: bool,
    /// Going on, event by event, until the screen changes.
    pub seeks: bool,
    /// What followed the log when it was told what there is to tell about it.
    pub settled: Option<Rest>,
    /// Nobody wants to read on.
    pub halted: bool,
    /// The part that was asked for.
    asked: Option<Ticket>,
    /// The message to itself that is on its way.
    pub woken: Option<Ticket>,
}

impl Reel {
    /// A session of which the first piece has come.
    #[must_use]
    pub fn new(piece: Piece, goal: Goal) -> Self {
        let mut tape = Tape::new(piece.run.clone());
        tape.take(piece);
        Self {
            tape,
            at: 0,
            goal,
            player: None,
            marks: matches!(goal, Goal::Seq(_)),
            seeks: false,
            settled: None,
            halted: false,
            asked: None,
            woken: None,
        }
    }

    /// Where the goal lies, as far as is known, and whether it may lie further on.
    fn target(&self) -> (usize, bool) {
        let more = self.tape.rest() == Rest::More && !self.halted;
        match self.goal {
            Goal::End => (self.tape.len(), more),
            Goal::At(place) => (place.min(self.tape.len()), more && place > self.tape.len()),
            Goal::Seq(seq) => (self.tape.up_to(seq), more && self.tape.next().seq < seq),
        }
    }

    /// The place it goes to, as far as that is known.
    #[must_use]
    pub fn aim(&self) -> usize {
        self.target().0
    }

    /// What is to be done next.
    #[must_use]
    pub fn work(&self) -> Work {
        let (target, further) = self.target();
        if self.at > target {
            return Work::Again;
        }
        if self.at < target {
            return match self.tape.missing(self.at) {
                Some(mark) => Work::Fetch(mark.clone()),
                None => Work::Fold(target.min(self.at + SLICE)),
            };
        }
        if further { Work::Wait } else { Work::Arrived }
    }

    /// True while the screen is not where it should be.
    pub fn is_under_way(&self) -> bool {
        self.seeks || self.work() != Work::Arrived
    }

    /// True while the log is read for the first time, to be shown as it ended.
    pub fn is_reading(&self) -> bool {
        self.player.is_none() && self.goal == Goal::End && self.work() != Work::Arrived
    }

    /// How far opening is, in hundredths: reading and folding both count.
    pub fn percent(&self) -> u64 {
        let read = self.tape.percent();
        let folded = self.at as u64 * 100 / (self.tape.len() as u64).max(1);
        read * folded / 100
    }

    /// The part to ask for now, if any; `ticket` is that of the answer.
    pub fn ask(&mut self, ticket: impl FnOnce() -> Ticket) -> Option<(Ticket, Reading)> {
        if self.asked.is_some() {
            return None;
        }
        let from = match self.work() {
            Work::Fetch(mark) => mark,
            _ if self.halted || self.tape.rest() != Rest::More => return None,
            // Nobody has seen these yet: what is read too early would have to be read again.
            _ if self.goal == Goal::End && self.tape.len() - self.at > AHEAD => return None,
            _ => self.tape.next().clone(),
        };
        let run = self.tape.run().clone();
        let ticket = ticket();
        self.asked = Some(ticket);
        Some((ticket, Reading { run, from }))
    }

    /// Asks for what another process has written since.
    pub fn follow(&mut self, ticket: Ticket) -> Option<Reading> {
        let quiet = self.asked.is_none() && self.tape.rest() == Rest::Growing;
        quiet.then(|| {
            self.asked = Some(ticket);
            Reading {
                run: self.tape.run().clone(),
                from: self.tape.next().clone(),
            }
        })
    }

    /// True when this is the answer that is waited for.
    pub fn answered(&mut self, ticket: Ticket) -> bool {
        self.asked.take_if(|asked| *asked == ticket).is_some()
    }

    /// Stops reading; the screen stays where it is.
    pub fn halt(&mut self) {
        self.asked = None;
        self.halted = true;
        self.seek(self.at);
    }

    /// Shows the session as it ended, reading on if need be.
    pub fn leave(&mut self) {
        self.player = None;
        self.goal = Goal::End;
        self.marks = false;
        self.seeks = false;
        self.halted = false;
    }

    /// True while the session is read, played or shown as it was in between; false while it stands as it
    /// ended.
    pub fn moves(&self) -> bool {
        self.player.is_some() || self.work() != Work::Arrived
    }

    /// What is wrong with the log; `gaps` counts the events that are missing in what is shown.
    #[must_use]
    pub fn flaw(&self, gaps: u64) -> Flaw {
        if self.halted && self.tape.rest() == Rest::More {
            Flaw::Partial
        } else if gaps > 0 || !self.tape.next().damage.is_none() {
            Flaw::Damaged
        } else {
            Flaw::None
        }
    }

    /// True while another process writes on and the screen follows.
    pub fn follows(&self) -> bool {
        self.player.is_none() && self.tape.rest() == Rest::Growing
    }

    /// True while the player runs.
    pub fn plays(&self) -> bool {
        self.player.as_ref().is_some_and(|player| player.playing)
    }

    /// When the event before this place happened.
    pub fn moment(&self, place: usize) -> Timestamp {
        let tick = self.tape.tick(place.saturating_sub(1));
        tick.map(|tick| tick.at).unwrap_or_default()
    }

    /// Goes to a place that somebody chose.
    pub fn seek(&mut self, place: usize) {
        let place = place.clamp(1.min(self.tape.len()), self.tape.len());
        let clock = self.moment(place);
        self.goal = Goal::At(place);
        self.marks = false;
        self.seeks = false;
        self.player.get_or_insert_default().put(clock);
    }

    /// The place after the next event of a kind, or the one before.
    pub fn find(&self, jump: Jump, way: Way) -> Option<usize> {
        let kind = match jump {
            Jump::Answer => Kind::Answer,
            Jump::Vote => Kind::Vote,
            Jump::Error => Kind::Error,
            Jump::Decision => Kind::Decision,
        };
        self.find_by(way, |found| found == kind)
    }

    /// The place after the event before this one that is more than streamed text.
    pub fn step_back(&self) -> Option<usize> {
        self.find_by(Way::Back, |found| found != Kind::Stream)
    }

    fn find_by(&self, way: Way, wanted: impl Fn(Kind) -> bool) -> Option<usize> {
        let ticks = self.tape.ticks();
        let from = self.place().min(ticks.len());
        match way {
            Way::On => {
                let found = ticks.get(from..)?.iter().position(|tick| wanted(tick.kind));
                found.map(|index| from + index + 1)
            }
            Way::Back => {
                let before = ticks.get(..from.saturating_sub(1))?;
                let found = before.iter().rposition(|tick| wanted(tick.kind));
                found.map(|index| index + 1)
            }
        }
    }

    /// Where the screen is, or is on its way to.
    pub fn place(&self) -> usize {
        match self.goal {
            Goal::At(place) => place.min(self.tape.len()),
            Goal::End | Goal::Seq(_) => self.at,
        }
    }

    /// A beat of the player: where it should be now.
    pub fn beat(&mut self, wall: Timestamp) {
        if self.is_under_way() {
            if let Some(player) = &mut self.player {
                player.hold();
            }
            return;
        }
        let next = self.tape.tick(self.at).map(|tick| tick.at);
        let over = self.at >= self.tape.len() && self.tape.rest() == Rest::End;
        let Some(player) = &mut self.player else {
            return;
        };
        if over {
            player.playing = false;
            return;
        }
        player.beat(wall, next);
        let due = self.tape.until(player.clock);
        self.goal = Goal::At(due.max(self.at));
    }
}
