//! What moves the place in a stored session by itself: a clock of its own that runs at a chosen speed.
//!
//! The clock shows the time of the log. Where nothing happened for long, it skips ahead and says so.

use crate::protocol::Timestamp;

/// Speeds, the slowest first.
pub const SPEEDS: [u64; 6] = [1, 2, 4, 8, 16, 32];
/// Longest wait for the next event in front of the screen, in milliseconds.
const PATIENCE: u64 = 2_000;
/// What is left of a longer wait, in milliseconds.
const LEFT: u64 = 1_000;
/// Longest time that one beat stands for, in milliseconds: a program that was stopped does not run ahead.
const LONGEST_BEAT: u64 = 500;

/// What plays a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Player {
    /// It runs.
    pub playing: bool,
    /// Place in [`SPEEDS`].
    speed: usize,
    /// The time of the log.
    pub clock: Timestamp,
    /// The clock on the wall at the last beat.
    wall: Option<Timestamp>,
    /// Milliseconds of the log that were skipped last.
    pub skipped: Option<u64>,
}

impl Player {
    /// One that stands at this moment.
    #[must_use]
    pub fn at(clock: Timestamp) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// Milliseconds of the log that pass in one.
    pub fn speed(&self) -> u64 {
        SPEEDS.get(self.speed).copied().unwrap_or(1)
    }

    /// Twice as fast.
    pub fn faster(&mut self) {
        self.speed = (self.speed + 1).min(SPEEDS.len() - 1);
    }

    /// Half as fast.
    pub fn slower(&mut self) {
        self.speed = self.speed.saturating_sub(1);
    }

    /// Goes on, or stops.
    pub fn toggle(&mut self) {
        self.playing = !self.playing;
        self.wall = None;
        self.skipped = None;
    }

    /// Stops, at a place that was chosen.
    pub fn put(&mut self, clock: Timestamp) {
        self.clock = clock;
        self.wall = None;
        self.skipped = None;
    }

    /// The screen is not there yet: the clock waits for it.
    pub fn hold(&mut self) {
        self.wall = None;
    }

    /// A beat: `wall` is the time now, `next` when the next event happened.
    pub fn beat(&mut self, wall: Timestamp, next: Option<Timestamp>) {
        let passed = self.wall.map_or(0, |last| wall.since(last));
        self.wall = Some(wall);
        if !self.playing {
            return;
        }
        let passed = passed.min(LONGEST_BEAT) * self.speed();
        self.clock = Timestamp(self.clock.0.saturating_add(passed));
        let Some(next) = next else { return };
        let wait = next.since(self.clock);
        if wait > PATIENCE * self.speed() {
            let left = LEFT * self.speed();
            self.skipped = Some(wait - left);
            self.clock = Timestamp(next.0.saturating_sub(left));
        } else if wait == 0 {
            self.skipped = None;
        }
    }
}
