//! When a delivery is tried again: bounded in number and in time.

use std::time::Duration;

/// Most tries of one delivery.
pub const TRIES: u32 = 5;
/// Longest time from the first try to the last.
pub const LONGEST: Duration = Duration::from_mins(1);
/// Wait before the second try; it doubles.
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const MOST: Duration = Duration::from_secs(16);

/// What one try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It was taken.
    Taken,
    /// It was refused, or could not be delivered, and will never be.
    Refused(String),
    /// It may work later.
    Later(String),
}

impl Tried {
    /// What a status of HTTP means. Redirects are not followed, so they are refusals.
    #[must_use]
    pub fn status(status: u16) -> Self {
        match status {
            200..=299 => Self::Taken,
            408 | 425 | 429 | 500..=599 => Self::Later(format!("the server says {status}")),
            300..=399 => Self::Refused(format!(
                "the server says {status}: it has moved, and redirects are not followed"
            )),
            _ => Self::Refused(format!("the server says {status}")),
        }
    }
}

/// The wait before another try, after `tries` and `elapsed`; `None` when it is given up.
#[must_use]
pub fn wait(tries: u32, elapsed: Duration) -> Option<Duration> {
    if tries == 0 || tries >= TRIES {
        return None;
    }
    let wait = FIRST.saturating_mul(1 << (tries - 1).min(10)).min(MOST);
    (elapsed + wait <= LONGEST).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_bounded_in_number_and_time() {
        let waits: Vec<Option<u64>> = (0..7)
            .map(|tries| wait(tries, Duration::ZERO).map(|wait| wait.as_secs()))
            .collect();
        assert_eq!(
            waits,
            [None, Some(1), Some(2), Some(4), Some(8), None, None]
        );
        assert_eq!(
            wait(1, Duration::from_secs(59)),
            Some(Duration::from_secs(1))
        );
        assert_eq!(wait(1, Duration::from_mins(1)), None);
        for (status, again) in [
            (200, false),
            (204, false),
            (301, false),
            (404, false),
            (410, false),
            (429, true),
            (503, true),
        ] {
            assert_eq!(
                matches!(Tried::status(status), Tried::Later(_)),
                again,
                "{status}"
            );
        }
    }
}
