//! A session as a cast: its screens as they were lived, one after the other.
//!
//! Screens are taken on a grid of ten a second, and at once where something is decided (an answer, a
//! ballot, the end), with a mark: there a player shows exactly what a still of that event shows. Memory
//! holds the screen and what it keeps, however long the session was.

use std::io::{self, Write};

use ratatui::layout::Size;

use super::tape::Tape;
use crate::{
    capture::{
        Tone,
        cast::{Cast, Head},
    },
    protocol::{
        AgentEvent, BallotEvent, Event, EventKind, Failure, FailureKind, Outcome, Phase, RunEvent,
        Timestamp,
    },
    text::clean,
    tui::{
        still::{Missing, Still},
        theme::Theme,
    },
};

/// Milliseconds from one screen to the next.
const GRID: u64 = 100;
/// Milliseconds after which clocks have moved on while nothing else happens.
const CLOCK: u64 = 1_000;

/// How a cast is made.
#[derive(Clone, Debug)]
pub struct Casting {
    /// Columns and rows.
    pub size: Size,
    /// Colours of the screen.
    pub theme: Theme,
    /// Colours of the player.
    pub tone: Tone,
    /// One pane alone, by the name of its agent.
    pub pane: Option<String>,
    /// Longest pause, in milliseconds.
    pub pause: u64,
}

impl Default for Casting {
    fn default() -> Self {
        Self {
            size: Size::new(120, 36),
            theme: Theme::ansi(),
            tone: Tone::Dark,
            pane: None,
            pause: 2_000,
        }
    }
}

/// What a cast came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Events that are in it.
    pub events: u64,
    /// Lines of the file, without its head.
    pub lines: u64,
    /// Milliseconds it plays.
    pub plays: u64,
}

/// Writes the events it is given as an asciicast.
pub struct Film<W: Write> {
    casting: Casting,
    still: Still,
    /// Where lines go, until the first event is there; then the camera has it.
    out: Option<W>,
    camera: Option<Camera<W>>,
    events: u64,
}

impl<W: Write> Film<W> {
    /// A cast without a line.
    #[must_use]
    pub fn new(casting: Casting, out: W) -> Self {
        Self {
            still: Still::new(casting.size, casting.theme),
            casting,
            out: Some(out),
            camera: None,
            events: 0,
        }
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// The cast cannot be written, or there is no such agent ([`io::ErrorKind::NotFound`]).
    pub fn take(&mut self, event: Event) -> io::Result<()> {
        let began = event.at;
        if let Some(camera) = &mut self.camera {
            pause(camera, &mut self.still, event.at, self.casting.pause)?;
        }
        let words = mark(&event, &self.still);
        self.events += 1;
        self.still.take(event);
        if let Some(pane) = &self.casting.pane {
            alone(&mut self.still, pane)?;
        }
        if let Some(out) = self.out.take() {
            let head = Head {
                size: self.casting.size,
                title: self.still.title(),
                began: began.0 / 1_000,
                tone: self.casting.tone,
                pause: self.casting.pause,
            };
            self.camera = Some(Camera {
                cast: Cast::begin(out, &head)?,
                slot: began.0 / GRID,
            });
        }
        if let (Some(camera), Some(words)) = (&mut self.camera, words) {
            camera.look(&mut self.still)?;
            camera.cast.mark(self.still.now().0, &words)?;
        }
        Ok(())
    }

    /// Writes the last screen. A cast without events is an error: there is nothing to play.
    ///
    /// # Errors
    /// The cast cannot be written, or has no events ([`io::ErrorKind::NotFound`]).
    pub fn end(mut self) -> io::Result<Made> {
        let Some(mut camera) = self.camera else {
            return Err(missing(
                "The log holds no events, so there is nothing to play.",
            ));
        };
        camera.look(&mut self.still)?;
        let (lines, plays) = camera.cast.end()?;
        Ok(Made {
            events: self.events,
            lines,
            plays,
        })
    }
}

/// Writes a session as an asciicast.
///
/// # Errors
/// The log cannot be read, the cast cannot be written, there is no such agent.
pub fn cast(tape: &mut Tape, casting: Casting, out: impl Write) -> Result<Made, Failure> {
    let mut film = Film::new(casting, out);
    while let Some(event) = tape.next()? {
        film.take(event).map_err(|error| unwritten(&error))?;
    }
    film.end().map_err(|error| unwritten(&error))
}

/// What takes the screens.
struct Camera<W> {
    cast: Cast<W>,
    /// The part of the grid whose events are being taken in.
    slot: u64,
}

impl<W: Write> Camera<W> {
    fn look(&mut self, still: &mut Still) -> io::Result<()> {
        let at = still.now().0;
        self.cast.screen(at, still.picture())
    }
}

/// The time before the next event: the screen of the grid's part that ends, and clocks that move on as long
/// as the pause is played.
fn pause<W: Write>(
    camera: &mut Camera<W>,
    still: &mut Still,
    next: Timestamp,
    longest: u64,
) -> io::Result<()> {
    let slot = next.0 / GRID;
    if slot <= camera.slot {
        return Ok(());
    }
    camera.look(still)?;
    camera.slot = slot;
    let from = still.now().0;
    let until = next.0.min(from.saturating_add(longest));
    let mut at = from + CLOCK;
    while at < until {
        still.pass(Timestamp(at));
        camera.look(still)?;
        at += CLOCK;
    }
    if until < next.0 {
        camera.cast.leap(until, next.0);
    }
    Ok(())
}

/// The pane of an agent, once there is a team.
fn alone(still: &mut Still, pane: &str) -> io::Result<()> {
    match still.alone(pane) {
        Ok(()) | Err(Missing::Team | Missing::Folder | Missing::Others) => Ok(()),
        Err(Missing::Agent(known)) => Err(missing(&format!(
            "There is no agent {:?} in this session; there are: {}.",
            clean::line(pane),
            known.join(", ")
        ))),
    }
}

/// Words for an event that is marked.
fn mark(event: &Event, still: &Still) -> Option<String> {
    match &event.kind {
        EventKind::Agent {
            id,
            event: AgentEvent::Published(answer),
        } => {
            let turn = still.run().turn.as_ref();
            let name = turn.map_or("", |turn| turn.name(*id));
            Some(format!("answer {} ({name})", answer.label))
        }
        EventKind::Agent {
            id,
            event: AgentEvent::Ballot(BallotEvent::Cast(ballot)),
        } => {
            let turn = still.run().turn.as_ref();
            let name = turn.map_or("", |turn| turn.name(*id));
            Some(match ballot.target {
                Some(label) => format!("{name} votes {label}"),
                None => format!("{name} abstains"),
            })
        }
        EventKind::Run(RunEvent::Started(start)) => Some(format!("turn {}", start.turn)),
        EventKind::Run(RunEvent::Phase(phase)) => match phase {
            Phase::Presenting => Some("the winner presents".to_owned()),
            _ => None,
        },
        EventKind::Run(RunEvent::Ended(outcome)) => Some(match outcome {
            Outcome::Answered { winner, .. } => format!("answered: {winner}"),
            Outcome::NoAnswer { .. } => "no answer".to_owned(),
        }),
        EventKind::Agent { .. } | EventKind::Run(_) => None,
    }
}

fn missing(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, words)
}

fn unwritten(error: &io::Error) -> Failure {
    let words = match error.kind() {
        io::ErrorKind::NotFound => error.to_string(),
        _ => format!("The cast could not be written: {error}."),
    };
    Failure::new(FailureKind::Local, words)
}

#[cfg(test)]
mod tests;
