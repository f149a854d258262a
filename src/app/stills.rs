//! Screens of stored sessions, without a terminal: which moment, which screen, and whoever answers what the
//! screen asks.
//!
//! The log is streamed, whatever its size, and nothing is written.

use ratatui::{buffer::Buffer, layout::Size};

use super::tape::Tape;
use crate::{
    protocol::{AgentEvent, Event, EventKind, Failure, Label, RunId, Seq, Timestamp},
    tui::{
        ports::Ports,
        still::{Missing, Scene, Still},
        theme::Theme,
    },
};

/// Questions a screen may ask one after the other.
const ROUNDS: usize = 64;

/// A moment of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// Its last event.
    #[default]
    End,
    /// After this event.
    Event(Seq),
    /// When this answer was published.
    Answer(Label),
    /// So many milliseconds after its first event.
    After(u64),
    /// At this time.
    At(Timestamp),
    /// After this share of its time, in percent.
    Share(u8),
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// When.
    pub moment: Moment,
    /// Which screen.
    pub scene: Scene,
    /// The sessions of [`Room::Compare`](crate::tui::still::Room::Compare); empty for any other.
    pub compared: Vec<RunId>,
    /// One pane alone, by the name of its agent.
    pub pane: Option<String>,
    /// Columns and rows.
    pub size: Size,
    /// Colours.
    pub theme: Theme,
}

/// A screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    /// What is on it.
    pub buffer: Buffer,
    /// What it is called.
    pub title: String,
    /// The last event that is on it.
    pub seq: Seq,
    /// The time on it.
    pub at: Timestamp,
    /// What could not be read of the log before it.
    pub damage: Option<String>,
}

/// Why there is no screen.
#[derive(Clone, Debug, PartialEq)]
pub enum NoShot {
    /// The log cannot be read.
    Failed(Failure),
    /// The session has no such moment: it has these numbers of events, and lasts so many milliseconds.
    Moment {
        /// The first and the last event.
        events: Option<(Seq, Seq)>,
        /// Milliseconds from the first to the last.
        lasts: u64,
    },
    /// The session has no such screen or pane.
    Missing(Missing),
}

impl From<Failure> for NoShot {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Takes a picture of the session on a tape, which was not played yet.
///
/// # Errors
/// The session cannot be read, or has nothing of what is wanted.
pub async fn take(mut tape: Tape, world: &dyn Ports, wanted: &Wanted) -> Result<Shot, NoShot> {
    let mut still = Still::new(wanted.size, wanted.theme);
    let stop = stop(&tape, wanted.moment)?;
    let mut seen = Seen::default();
    while let Some(event) = tape.next()? {
        if stop.before(&event, &seen) {
            seen.reached = true;
            break;
        }
        seen.note(&event);
        let last = stop.after(&event);
        still.take(event);
        if last {
            seen.reached = true;
            break;
        }
    }
    let (Some(last), true) = (seen.last, seen.reached || stop == Stop::Never) else {
        return Err(seen.nothing());
    };
    if let Stop::At(at) = stop {
        still.pass(at);
    }
    still.beside(wanted.compared.clone());
    still.show(wanted.scene).map_err(NoShot::Missing)?;
    if let Some(pane) = &wanted.pane {
        still.alone(pane).map_err(NoShot::Missing)?;
    }
    answer(world, &mut still).await;
    Ok(Shot {
        buffer: still.picture().clone(),
        title: still.title(),
        seq: last.0,
        at: still.now(),
        damage: tape.damage(),
    })
}

/// Answers what the screen asks, until it asks no more.
async fn answer(world: &dyn Ports, still: &mut Still) {
    for _ in 0..ROUNDS {
        let asks = still.asks();
        if asks.is_empty() {
            return;
        }
        for (ticket, query) in asks {
            let done = world.query(query).await;
            still.told(ticket, done);
        }
    }
}

/// Where reading stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Never,
    Event(Seq),
    Answer(Label),
    At(Timestamp),
}

impl Stop {
    /// True when the moment is over before this event.
    fn before(self, event: &Event, seen: &Seen) -> bool {
        match self {
            Self::Never | Self::Answer(_) => false,
            Self::Event(seq) => event.seq > seq && seen.last.is_some(),
            Self::At(at) => event.at > at && seen.last.is_some(),
        }
    }

    /// True when this event is the moment.
    fn after(self, event: &Event) -> bool {
        match self {
            Self::Never | Self::At(_) => false,
            Self::Event(seq) => event.seq == seq,
            Self::Answer(label) => matches!(
                &event.kind,
                EventKind::Agent { event: AgentEvent::Published(answer), .. }
                    if answer.label == label
            ),
        }
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    first: Option<(Seq, Timestamp)>,
    last: Option<(Seq, Timestamp)>,
    /// The moment was there.
    reached: bool,
}

impl Seen {
    fn note(&mut self, event: &Event) {
        self.first.get_or_insert((event.seq, event.at));
        self.last = Some((event.seq, event.at));
    }

    fn lasts(&self) -> u64 {
        match (self.first, self.last) {
            (Some((_, first)), Some((_, last))) => last.0.saturating_sub(first.0),
            _ => 0,
        }
    }

    fn nothing(&self) -> NoShot {
        let events = self.first.zip(self.last);
        NoShot::Moment {
            events: events.map(|((first, _), (last, _))| (first, last)),
            lasts: self.lasts(),
        }
    }
}

/// Where to stop for a moment.
fn stop(tape: &Tape, moment: Moment) -> Result<Stop, NoShot> {
    match moment {
        Moment::End => Ok(Stop::Never),
        Moment::Event(seq) => Ok(Stop::Event(seq)),
        Moment::Answer(label) => Ok(Stop::Answer(label)),
        Moment::After(_) | Moment::At(_) | Moment::Share(_) => {
            let Some((first, last)) = tape.span() else {
                return Err(Seen::default().nothing());
            };
            let seen = Seen {
                first: Some(first),
                last: Some(last),
                reached: false,
            };
            let (first, last) = (first.1, last.1);
            let at = match moment {
                Moment::After(milliseconds) => first.0.saturating_add(milliseconds),
                Moment::At(at) => at.0,
                Moment::Share(percent) => {
                    first.0
                        + seen.lasts() / 100 * u64::from(percent)
                        + seen.lasts() % 100 * u64::from(percent) / 100
                }
                Moment::End | Moment::Event(_) | Moment::Answer(_) => last.0,
            };
            if at < first.0 || at > last.0 {
                return Err(seen.nothing());
            }
            Ok(if at == last.0 {
                Stop::Never
            } else {
                Stop::At(Timestamp(at))
            })
        }
    }
}
