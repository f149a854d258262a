//! Places of a stored session whose folded state is kept, so that going back begins near where one goes.
//!
//! Two kinds: *posts* stand at even distances over the whole session (the distance doubles when there are
//! too many), *near* ones at growing distances before the place that was gone to, so that one more step
//! back costs a few events. What is kept is whoever's state is folded: nothing here looks into it.
//!
//! Invariants: at most [`MOST_POSTS`] posts and [`MOST_NEAR`] near ones, and what they weigh stays below
//! [`ROOM`] (one alone may weigh more than that by itself: then none is kept).

/// Posts at most.
const MOST_POSTS: usize = 32;
/// Near ones at most.
const MOST_NEAR: usize = 12;
/// Events between two posts, to begin with.
const DISTANCE: usize = 512;
/// How many events before a place the near ones stand.
const NEAR: [usize; 4] = [8, 64, 512, 4_096];
/// Bytes that all of them may hold.
pub const ROOM: usize = 64 * 1024 * 1024;

/// Why a state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It stands at an even distance.
    Post,
    /// It is near to where one went; the number grows with every one laid.
    Near(u64),
}

/// A state that is kept.
#[derive(Clone, Debug)]
struct Stop<T> {
    /// How many events are folded into it.
    at: usize,
    why: Why,
    bytes: usize,
    state: T,
}

/// The states of one session.
#[derive(Clone, Debug)]
pub struct Stops<T> {
    /// In order of their places.
    kept: Vec<Stop<T>>,
    distance: usize,
    laid: u64,
}

impl<T> Default for Stops<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            distance: DISTANCE,
            laid: 0,
        }
    }
}

impl<T> Stops<T> {
    /// The place of the last state at or before `goal`; 0 when there is none.
    pub fn before(&self, goal: usize) -> usize {
        self.last(goal).map_or(0, |stop| stop.at)
    }

    /// That state.
    pub fn state(&self, goal: usize) -> Option<&T> {
        self.last(goal).map(|stop| &stop.state)
    }

    /// The same, to change what does not belong to the fold.
    pub fn state_mut(&mut self, goal: usize) -> Option<&mut T> {
        let index = self.index(goal)?;
        self.kept.get_mut(index).map(|stop| &mut stop.state)
    }

    fn index(&self, goal: usize) -> Option<usize> {
        self.kept
            .partition_point(|stop| stop.at <= goal)
            .checked_sub(1)
    }

    fn last(&self, goal: usize) -> Option<&Stop<T>> {
        self.kept.get(self.index(goal)?)
    }

    /// True when the state after `at` events, on the way to `goal`, is worth keeping.
    pub fn wants(&self, at: usize, goal: usize) -> bool {
        let near = goal
            .checked_sub(at)
            .is_some_and(|before| NEAR.contains(&before));
        (near || at.is_multiple_of(self.distance)) && at > 0 && self.before(at) != at
    }

    /// Keeps a state that is wanted. `weigh` is told the state and the one before it.
    pub fn keep(&mut self, at: usize, state: T, weigh: impl Fn(&T, Option<&T>) -> usize) {
        let before = self.state(at);
        let bytes = weigh(&state, before);
        self.laid += 1;
        let why = if at.is_multiple_of(self.distance) {
            Why::Post
        } else {
            Why::Near(self.laid)
        };
        let place = self.kept.partition_point(|stop| stop.at < at);
        let stop = Stop {
            at,
            why,
            bytes,
            state,
        };
        self.kept.insert(place, stop);
        self.bound(&weigh);
    }

    fn bound(&mut self, weigh: &impl Fn(&T, Option<&T>) -> usize) {
        loop {
            let posts = self.count(|why| why == Why::Post);
            let near = self.kept.len() - posts;
            let heavy = self.bytes() > ROOM;
            if near > MOST_NEAR || (heavy && near > 0) {
                let oldest = self.kept.iter().filter_map(|stop| match stop.why {
                    Why::Near(laid) => Some(laid),
                    Why::Post => None,
                });
                let oldest = oldest.min();
                self.retain(weigh, |stop| {
                    oldest.is_none_or(|old| stop.why != Why::Near(old))
                });
            } else if posts > MOST_POSTS || (heavy && posts > 0) {
                self.distance = self.distance.saturating_mul(2);
                let distance = self.distance;
                self.retain(weigh, |stop| {
                    stop.why != Why::Post || stop.at.is_multiple_of(distance)
                });
            } else {
                return;
            }
        }
    }

    /// Lets go of some; whoever stood behind one of them may hold alone what they shared.
    fn retain(
        &mut self,
        weigh: &impl Fn(&T, Option<&T>) -> usize,
        keep: impl Fn(&Stop<T>) -> bool,
    ) {
        self.kept.retain(keep);
        let mut before: Option<&T> = None;
        for stop in &mut self.kept {
            stop.bytes = weigh(&stop.state, before);
            before = Some(&stop.state);
        }
    }

    fn count(&self, is: impl Fn(Why) -> bool) -> usize {
        self.kept.iter().filter(|stop| is(stop.why)).count()
    }

    /// What all of them weigh.
    pub fn bytes(&self) -> usize {
        self.kept.iter().map(|stop| stop.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folds `all` events and keeps what is wanted on the way; a state is its own place.
    fn folded(all: usize, weight: usize) -> Stops<usize> {
        let mut stops = Stops::default();
        for at in 1..=all {
            if stops.wants(at, all) {
                stops.keep(at, at, |_, _| weight);
            }
        }
        stops
    }

    #[test]
    fn a_state_is_what_was_kept_at_its_place() {
        let stops = folded(300_000, 1);
        for goal in [0, 1, 511, 512, 40_000, 299_990, 299_999, 300_000] {
            let before = stops.before(goal);
            assert!(before <= goal);
            assert_eq!(stops.state(goal).copied().unwrap_or(0), before);
        }
    }

    #[test]
    fn going_back_is_never_far_and_one_step_is_near() {
        let stops = folded(200_000, 1);
        assert!(stops.count(|why| why == Why::Post) <= MOST_POSTS);
        for goal in (0..200_000).step_by(97) {
            assert!(
                goal - stops.before(goal) < 200_000 / (MOST_POSTS / 2),
                "{goal}"
            );
        }
        assert_eq!(stops.before(199_999), 199_992);
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let stops = folded(100_000, ROOM / 5);
        assert!(stops.bytes() <= ROOM, "{}", stops.bytes());
        assert!(stops.before(100_000) > 0, "some are kept");
        let none = folded(10_000, ROOM + 1);
        assert_eq!(none.before(10_000), 0);
    }

    #[test]
    fn near_ones_follow_where_one_goes() {
        let mut stops = folded(20_000, 1);
        for goal in (100..20_000).rev().step_by(61) {
            let from = stops.before(goal);
            for at in from + 1..=goal {
                if stops.wants(at, goal) {
                    stops.keep(at, at, |_, _| 1);
                }
            }
            assert!(stops.count(|why| why != Why::Post) <= MOST_NEAR);
            assert_eq!(stops.state(goal).copied(), Some(stops.before(goal)));
        }
    }
}
