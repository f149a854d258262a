//! When to draw and when to wake: pure, told the time instead of asking for it.
//!
//! A frame is drawn soon after a key, later for streamed text, later still for a spinner, and never
//! when nothing happened. Times are counted from the start of the loop.

use std::time::Duration;

use crate::tui::effect::Ticket;

/// Why a frame is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A person pressed a key and looks.
    Input,
    /// Text arrived.
    Stream,
    /// Something turns.
    Animation,
}

impl Urgency {
    /// Least time between the frame before and this one.
    const fn gap(self) -> Duration {
        match self {
            // 120 frames a second: no hand is quicker.
            Self::Input => Duration::from_millis(8),
            // 11 frames a second: some words each, which is how people read.
            Self::Stream => Duration::from_millis(90),
            // Less often than text arrives, so that streams turn the spinner on their frames.
            Self::Animation => Duration::from_millis(120),
        }
    }
}

/// Wait for the rest of a burst: agents are heard at the same moments, one after the other.
const BURST: Duration = Duration::from_millis(4);

/// When the next frame is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FrameClock {
    drawn: Option<Duration>,
    due: Option<Duration>,
}

impl FrameClock {
    /// Asks for a frame; the earliest request wins.
    pub(super) fn request(&mut self, now: Duration, urgency: Urgency) {
        let soonest = match urgency {
            Urgency::Stream => now + BURST,
            Urgency::Input | Urgency::Animation => now,
        };
        let at = self
            .drawn
            .map_or(soonest, |drawn| soonest.max(drawn + urgency.gap()));
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// When to draw.
    pub(super) const fn due(&self) -> Option<Duration> {
        self.due
    }

    /// A frame was drawn.
    pub(super) const fn drawn(&mut self, now: Duration) {
        self.drawn = Some(now);
        self.due = None;
    }
}

/// Timers under way. A handful at most, so a list is quick enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Timers(Vec<(Duration, Ticket)>);

impl Timers {
    /// Wakes at this time.
    pub(super) fn add(&mut self, at: Duration, ticket: Ticket) {
        self.0.push((at, ticket));
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.iter().map(|(at, _)| *at).min()
    }

    /// Takes out what has fired, the earliest first.
    pub(super) fn fired(&mut self, now: Duration) -> Vec<Ticket> {
        let (mut fired, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.0 = waiting;
        fired.sort_by_key(|(at, _)| *at);
        fired.into_iter().map(|(_, ticket)| ticket).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_first_frame_is_drawn_at_once() {
        let mut clock = FrameClock::default();
        assert_eq!(clock.due(), None, "nothing happened, nothing is drawn");
        clock.request(ms(5), Urgency::Animation);
        assert_eq!(clock.due(), Some(ms(5)));
    }

    #[test]
    fn each_reason_has_its_gap_and_the_earliest_wins() {
        let mut clock = FrameClock::default();
        clock.drawn(ms(100));
        clock.request(ms(101), Urgency::Animation);
        assert_eq!(clock.due(), Some(ms(220)));
        clock.request(ms(102), Urgency::Stream);
        assert_eq!(clock.due(), Some(ms(190)));
        clock.request(ms(103), Urgency::Input);
        assert_eq!(clock.due(), Some(ms(108)));
        clock.request(ms(104), Urgency::Stream);
        assert_eq!(clock.due(), Some(ms(108)), "a later wish does not delay");
        clock.drawn(ms(108));
        assert_eq!(clock.due(), None, "idle draws nothing");
        clock.request(ms(500), Urgency::Input);
        assert_eq!(clock.due(), Some(ms(500)), "an idle screen answers at once");
    }

    #[test]
    fn a_flood_of_events_draws_eleven_frames_a_second() {
        let mut clock = FrameClock::default();
        let mut frames = 0;
        for millisecond in 0..990 {
            clock.request(ms(millisecond), Urgency::Stream);
            if clock.due().is_some_and(|due| due <= ms(millisecond)) {
                clock.drawn(ms(millisecond));
                frames += 1;
            }
        }
        assert_eq!(frames, 11);
    }

    #[test]
    fn timers_fire_once_and_in_order() {
        let mut timers = Timers::default();
        timers.add(ms(30), Ticket(3));
        timers.add(ms(10), Ticket(1));
        timers.add(ms(20), Ticket(2));
        assert_eq!(timers.next(), Some(ms(10)));
        assert_eq!(timers.fired(ms(20)), [Ticket(1), Ticket(2)]);
        assert_eq!(timers.fired(ms(20)), []);
        assert_eq!(timers.next(), Some(ms(30)));
    }
}
