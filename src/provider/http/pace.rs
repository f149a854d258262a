//! Client-side rate limits: how long a call has to wait so that a key stays within its plan.
//!
//! Pure: time is passed in. Two windows of a minute, for requests and for tokens, and a pause that
//! the server asked for after a 429, which holds for everybody who uses the key. A call is booked
//! when its wait is computed, so calls queue up in the order in which they ask.

use std::collections::VecDeque;

use crate::provider::RateLimit;

/// A minute in milliseconds.
const MINUTE: u64 = 60_000;

/// The pace of one key at one server.
#[derive(Debug, Default)]
pub struct Pace {
    /// Start and estimated tokens of the calls of the last minute, and of those that will start.
    calls: VecDeque<(u64, u64)>,
    /// Nobody starts before.
    paused_until: u64,
}

impl Pace {
    /// Books a call of about `tokens` tokens at `now` (milliseconds) and says when it may start.
    pub fn book(&mut self, plan: RateLimit, tokens: u64, now: u64) -> u64 {
        while self
            .calls
            .front()
            .is_some_and(|(start, _)| start + MINUTE <= now)
        {
            self.calls.pop_front();
        }
        let mut start = now.max(self.paused_until);
        if let Some((last, _)) = self.calls.back().filter(|_| plan != RateLimit::default()) {
            start = start.max(*last);
        }
        while let Some(free) = self.blocked_until(plan, tokens, start) {
            start = free;
        }
        self.calls.push_back((start, tokens));
        start
    }

    /// The server asked for a pause of `wait` milliseconds.
    pub fn pause(&mut self, wait: u64, now: u64) {
        self.paused_until = self.paused_until.max(now + wait);
    }

    /// When the oldest call of the minute before `start` leaves it, if the plan is full until then.
    fn blocked_until(&self, plan: RateLimit, tokens: u64, start: u64) -> Option<u64> {
        let within = || {
            self.calls
                .iter()
                .filter(|(begun, _)| begun + MINUTE > start)
        };
        let count = within().count() as u64;
        let spent: u64 = within().map(|(_, tokens)| tokens).sum();
        let too_many = plan
            .requests
            .is_some_and(|most| count >= u64::from(most.max(1)));
        // One call larger than the plan goes alone: waiting longer would not make it smaller.
        let too_much = plan
            .tokens
            .is_some_and(|most| count > 0 && spent + tokens > most);
        if !too_many && !too_much {
            return None;
        }
        within().map(|(begun, _)| begun + MINUTE).min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plan_spreads_calls_over_minutes() {
        let plan = RateLimit {
            requests: Some(2),
            tokens: None,
        };
        let mut pace = Pace::default();
        let starts: Vec<_> = (0..5).map(|_| pace.book(plan, 10, 1_000)).collect();
        assert_eq!(starts, [1_000, 1_000, 61_000, 61_000, 121_000]);
    }

    #[test]
    fn a_pause_holds_for_everybody() {
        let mut pace = Pace::default();
        assert_eq!(pace.book(RateLimit::default(), 1, 0), 0);
        pace.pause(7_000, 100);
        assert_eq!(pace.book(RateLimit::default(), 1, 200), 7_100);
        assert_eq!(pace.book(RateLimit::default(), 1, 8_000), 8_000);
    }

    #[test]
    fn a_call_larger_than_the_plan_goes_alone() {
        let plan = RateLimit {
            requests: None,
            tokens: Some(100),
        };
        let mut pace = Pace::default();
        assert_eq!(pace.book(plan, 500, 0), 0);
        assert_eq!(pace.book(plan, 10, 1), 60_000);
    }

    proptest! {
        #[test]
        fn no_minute_holds_more_than_the_plan(
            requests in 1u32..5,
            most in 50u64..200,
            calls in prop::collection::vec((0u64..40_000, 1u64..50), 1..40),
        ) {
            let plan = RateLimit { requests: Some(requests), tokens: Some(most) };
            let mut pace = Pace::default();
            let (mut now, mut booked) = (0, Vec::new());
            for (later, tokens) in calls {
                now += later;
                let start = pace.book(plan, tokens, now);
                prop_assert!(start >= now);
                booked.push((start, tokens));
            }
            for (at, _) in &booked {
                let within = booked.iter().filter(|(start, _)| start >= at && *start < at + MINUTE);
                let (count, sum) = within.fold((0, 0), |(n, sum), (_, tokens)| (n + 1, sum + tokens));
                prop_assert!(count <= requests && sum <= most, "{booked:?}");
            }
        }
    }
}
