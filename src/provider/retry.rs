//! When a failed attempt is repeated, and after which wait.
//!
//! Pure: randomness is passed in, nobody sleeps here. Only failures that may pass by themselves are
//! repeated; a wait that the server asks for is never shortened, and one that is too long ends the
//! call with the wait told.

use super::http::{Rules, grown};
use crate::config::BackoffSaid;
use crate::protocol::{Failure, FailureKind};

/// The rules of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Attempts for connection trouble and rate limits, the first included.
    pub attempts: u32,
    /// Attempts for a busy server, the first included.
    pub overloaded_attempts: u32,
    /// First wait in milliseconds.
    pub base_ms: u64,
    /// How it grows with every attempt, in percent.
    pub growth: u32,
    /// Percent of a wait that chance takes away at most.
    pub jitter: u32,
    /// First wait for a busy server.
    pub overloaded_base_ms: u64,
    /// Longest wait of our own choice.
    pub cap_ms: u64,
    /// Longest wait that a server may ask for.
    pub asked_cap_ms: u64,
    /// Random part added to a wait the server asked for, so that agents do not wake together.
    pub spread_ms: u64,
    /// When an endpoint that keeps failing is left alone.
    pub circuit: Rules,
}

impl Default for Policy {
    /// 4 attempts, 6 when busy; waits from 0.5 s (busy: 2 s) up to 30 s; at most 120 s when asked.
    fn default() -> Self {
        Self {
            attempts: 4,
            overloaded_attempts: 6,
            base_ms: 500,
            growth: 200,
            jitter: 50,
            overloaded_base_ms: 2_000,
            cap_ms: 30_000,
            asked_cap_ms: 120_000,
            spread_ms: 250,
            circuit: Rules::default(),
        }
    }
}

impl Policy {
    /// With what a configuration says about waits.
    #[must_use]
    pub fn with(self, said: BackoffSaid) -> Self {
        Self {
            attempts: said.attempts.unwrap_or(self.attempts),
            overloaded_attempts: said.attempts.unwrap_or(self.overloaded_attempts),
            base_ms: said.first_ms.unwrap_or(self.base_ms),
            overloaded_base_ms: said.first_ms.unwrap_or(self.overloaded_base_ms),
            growth: said.growth.unwrap_or(self.growth),
            jitter: said.jitter.unwrap_or(self.jitter),
            cap_ms: said.longest_ms.unwrap_or(self.cap_ms),
            ..self
        }
    }

    /// For a call that can go elsewhere: two attempts, no long waits.
    #[must_use]
    pub fn impatient(self) -> Self {
        Self {
            attempts: self.attempts.min(2),
            overloaded_attempts: self.overloaded_attempts.min(2),
            asked_cap_ms: self.asked_cap_ms.min(5_000),
            circuit: Rules {
                wait_ms: 0,
                ..self.circuit
            },
            ..self
        }
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Wait, then try again.
    Again {
        /// Number of the attempt that follows.
        attempt: u32,
        /// Wait in milliseconds.
        wait_ms: u64,
        /// What went wrong.
        failure: Failure,
    },
    /// It is over.
    GiveUp(Failure),
}

impl Policy {
    /// Decides after attempt number `attempt` (from 1) failed. `random` lies in 0..1.
    #[must_use]
    pub fn decide(&self, attempt: u32, failure: Failure, random: f64) -> Decision {
        if !failure.kind.retryable() {
            return Decision::GiveUp(failure);
        }
        let (attempts, base) = if failure.kind == FailureKind::Overloaded {
            (self.overloaded_attempts, self.overloaded_base_ms)
        } else {
            (self.attempts, self.base_ms)
        };
        if attempt >= attempts {
            return Decision::GiveUp(tried(failure, attempt));
        }
        let asked = failure.retry_after_ms.unwrap_or(0);
        if asked > self.asked_cap_ms {
            return Decision::GiveUp(too_long(failure, asked));
        }
        let random = random.clamp(0.0, 1.0);
        let wait = grown(base, self.growth, attempt.saturating_sub(1), self.cap_ms);
        let jitter = f64::from(self.jitter.min(100)) / 100.0;
        let backoff = wait as f64 * (1.0 - jitter + random * jitter);
        let polite = if asked > 0 {
            asked + (self.spread_ms as f64 * random) as u64
        } else {
            0
        };
        Decision::Again {
            attempt: attempt + 1,
            wait_ms: polite.max(backoff as u64),
            failure,
        }
    }
}

fn tried(mut failure: Failure, attempts: u32) -> Failure {
    if attempts > 1 {
        failure.message = format!("{} (after {attempts} attempts)", failure.message);
    }
    failure
}

fn too_long(failure: Failure, asked_ms: u64) -> Failure {
    let seconds = asked_ms.div_ceil(1000);
    let words = if seconds < 120 {
        format!("{seconds} s")
    } else if seconds < 7_200 {
        format!("{} min", seconds.div_ceil(60))
    } else {
        format!("{} h", seconds.div_ceil(3_600))
    };
    let mut hint = format!("The server asks to wait {words}.");
    if !failure.hint.is_empty() {
        hint.push(' ');
        hint.push_str(&failure.hint);
    }
    failure.hint(hint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failure(kind: FailureKind, asked: Option<u64>) -> Failure {
        Failure {
            retry_after_ms: asked,
            ..Failure::new(kind, "no")
        }
    }

    fn wait(attempt: u32, kind: FailureKind, asked: Option<u64>, random: f64) -> Option<u64> {
        match Policy::default().decide(attempt, failure(kind, asked), random) {
            Decision::Again {
                attempt: next,
                wait_ms,
                ..
            } => {
                assert_eq!(next, attempt + 1);
                Some(wait_ms)
            }
            Decision::GiveUp(_) => None,
        }
    }

    #[test]
    fn by_kind_attempt_and_wish() {
        use FailureKind as K;
        for (attempt, kind, asked, random, expected) in [
            (1, K::Transient, None, 0.0, Some(250)),
            (1, K::Transient, None, 1.0, Some(500)),
            (2, K::Transient, None, 1.0, Some(1_000)),
            (3, K::RateLimit, None, 1.0, Some(2_000)),
            (4, K::Transient, None, 1.0, None),
            (1, K::Overloaded, None, 1.0, Some(2_000)),
            (5, K::Overloaded, None, 1.0, Some(30_000)),
            (6, K::Overloaded, None, 1.0, None),
            (1, K::RateLimit, Some(7_000), 0.0, Some(7_000)),
            (1, K::RateLimit, Some(7_000), 1.0, Some(7_250)),
            (1, K::RateLimit, Some(10), 1.0, Some(500)),
            (1, K::RateLimit, Some(120_000), 0.0, Some(120_000)),
            (1, K::RateLimit, Some(120_001), 0.0, None),
            (1, K::Auth, None, 1.0, None),
            (1, K::Quota, Some(1), 1.0, None),
            (1, K::Context, None, 1.0, None),
            (1, K::Request, None, 1.0, None),
            (1, K::Model, None, 1.0, None),
            (1, K::Refused, None, 1.0, None),
            (1, K::Cancelled, None, 1.0, None),
            (1, K::Local, None, 1.0, None),
        ] {
            assert_eq!(
                wait(attempt, kind, asked, random),
                expected,
                "{attempt} {kind:?} {asked:?} {random}"
            );
        }
    }

    #[test]
    fn giving_up_says_why() {
        let policy = Policy::default();
        let Decision::GiveUp(given) = policy.decide(4, failure(FailureKind::Transient, None), 0.0)
        else {
            panic!("the last attempt");
        };
        assert_eq!(given.message, "no (after 4 attempts)");
        let asked = Some(600_000);
        let Decision::GiveUp(given) = policy.decide(1, failure(FailureKind::RateLimit, asked), 0.0)
        else {
            panic!("too long a wait");
        };
        assert_eq!(given.hint, "The server asks to wait 10 min.");
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_never_shorter_than_asked(
            attempt in 1u32..8,
            asked in prop::option::of(0u64..200_000),
            random in 0.0f64..1.0,
        ) {
            let policy = Policy::default();
            if let Some(wait) = wait(attempt, FailureKind::Overloaded, asked, random) {
                prop_assert!(wait >= asked.unwrap_or(0));
                prop_assert!(wait <= policy.asked_cap_ms + policy.spread_ms);
            }
        }
    }
}
