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
        Seq, Timestamp,
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
    /// The last event of it; `None` is the end.
    pub until: Option<Seq>,
}

impl Default for Casting {
    fn default() -> Self {
        Self {
            size: Size::new(120, 36),
            theme: Theme::ansi(),
            tone: Tone::Dark,
            pane: None,
            pause: 2_000,
            until: None,
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

/// Writes a session as an asciicast.
///
/// # Errors
/// The log cannot be read, the cast cannot be written, there is no such agent.
pub fn cast(tape: &mut Tape, casting: &Casting, out: &mut dyn Write) -> Result<Made, Failure> {
    let mut made = Made::default();
    let Some(first) = tape.next()? else {
        return Err(local(
            "The log holds no events, so there is nothing to play.",
        ));
    };
    let mut still = Still::new(casting.size, casting.theme);
    let began = first.at;
    let mut camera = None;
    let mut next = Some(first);
    while let Some(event) = next.take() {
        if casting.until.is_some_and(|until| event.seq > until) {
            break;
        }
        if let Some(camera) = &mut camera {
            pause(camera, &mut still, event.at, casting.pause).map_err(unwritten)?;
        }
        let words = mark(&event, &still);
        made.events += 1;
        still.take(event);
        if let Some(pane) = &casting.pane {
            alone(&mut still, pane)?;
        }
        if camera.is_none() {
            let head = Head {
                size: casting.size,
                title: still.title(),
                began: began.0 / 1_000,
                tone: casting.tone,
                pause: casting.pause,
            };
            let cast = Cast::begin(&mut *out, &head).map_err(unwritten)?;
            camera = Some(Camera {
                cast,
                slot: began.0 / GRID,
            });
        }
        if let (Some(camera), Some(words)) = (&mut camera, words) {
            camera.look(&mut still).map_err(unwritten)?;
            camera.cast.mark(still.now().0, &words).map_err(unwritten)?;
        }
        next = tape.next()?;
    }
    if let Some(mut camera) = camera {
        camera.look(&mut still).map_err(unwritten)?;
        (made.lines, made.plays) = camera.cast.end().map_err(unwritten)?;
    }
    Ok(made)
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
    Ok(())
}

/// The pane of an agent, once there is a team; an agent that joins later is waited for.
fn alone(still: &mut Still, pane: &str) -> Result<(), Failure> {
    match still.alone(pane) {
        Ok(()) | Err(Missing::Team | Missing::Folder) => Ok(()),
        Err(Missing::Agent(known)) => Err(local(&format!(
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

fn unwritten(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return local("Nobody reads the cast any more.");
    }
    local(&format!("The cast could not be written: {error}."))
}

fn local(message: &str) -> Failure {
    Failure::new(FailureKind::Local, message)
}
