//! The arithmetic of the report: intervals, paired differences, how many tasks would tell.
//!
//! Pure functions of numbers. Sources: Wilson (1927); Kish (1965) for the effective size of weighted
//! and clustered samples; `McNemar`'s test in its exact form, which is the sign test over the pairs that
//! differ; Agresti and Min (2005) for the interval of a paired difference; Connor (1987) for the
//! number of pairs. Nothing here returns NaN for finite input.

/// The 97.5 % point of the normal distribution: two-sided intervals of 95 %.
pub const Z95: f64 = 1.959_963_984_540_054;
/// The 80 % point of the normal distribution: the power for which sample sizes are given.
const Z80: f64 = 0.841_621_233_572_914_3;

/// An interval, lower end first.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Wilson's 95 % interval of a share `p` observed in `n` independent trials; everything when there
/// are none. `n` need not be whole: weighted and repeated trials count as fewer.
#[must_use]
pub fn wilson(p: f64, n: f64) -> Interval {
    if n <= 0.0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let p = p.clamp(0.0, 1.0);
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
    }
}

/// Kish's effective number of observations with these weights.
#[must_use]
pub fn effective(weights: impl Iterator<Item = f64> + Clone) -> f64 {
    let sum: f64 = weights.clone().sum();
    let squares: f64 = weights.map(|weight| weight * weight).sum();
    if squares > 0.0 {
        sum * sum / squares
    } else {
        0.0
    }
}

/// How alike repeated runs of one task are: the intraclass correlation of 0-or-1 results by analysis
/// of variance, kept between 0 and 1. Each item is (right, runs) of a task. `1` when it cannot be told:
/// then repeating a task adds nothing, which is the careful reading.
#[must_use]
pub fn intraclass(tasks: &[(f64, f64)]) -> f64 {
    let groups = tasks.len() as f64;
    let runs: f64 = tasks.iter().map(|(_, runs)| runs).sum();
    if tasks.len() < 2 || runs <= groups {
        return 1.0;
    }
    let mean = tasks.iter().map(|(right, _)| right).sum::<f64>() / runs;
    let (mut between, mut within) = (0.0, 0.0);
    for (right, runs) in tasks {
        let share = right / runs;
        between += runs * (share - mean) * (share - mean);
        within += right * (1.0 - share);
    }
    let between = between / (groups - 1.0);
    let within = within / (runs - groups);
    let squares: f64 = tasks.iter().map(|(_, runs)| runs * runs).sum();
    let size = (runs - squares / runs) / (groups - 1.0);
    let spread = between + (size - 1.0) * within;
    if spread <= 0.0 {
        // Every run of every task ended alike.
        return 1.0;
    }
    ((between - within) / spread).clamp(0.0, 1.0)
}

/// The number of independent trials that `tasks` of (right, runs) are worth: between the number of
/// tasks and the number of runs.
#[must_use]
pub fn worth(tasks: &[(f64, f64)]) -> f64 {
    let runs: f64 = tasks.iter().map(|(_, runs)| runs).sum();
    if tasks.is_empty() || runs <= 0.0 {
        return 0.0;
    }
    let each = runs / tasks.len() as f64;
    runs / (1.0 + (each - 1.0).max(0.0) * intraclass(tasks))
}

/// The two-sided p-value of the sign test for `plus` pairs one way and `minus` the other; exact. With
/// one run per task this is `McNemar`'s test.
#[must_use]
pub fn sign_test(plus: u64, minus: u64) -> f64 {
    let n = plus + minus;
    let few = plus.min(minus);
    // The sum of the lower tail of Binomial(n, 1/2), in logarithms so that large n do not underflow.
    let mut log = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = log.exp();
    for k in 1..=few {
        log += ((n - k + 1) as f64 / k as f64).ln();
        tail += log.exp();
    }
    (2.0 * tail).min(1.0)
}

/// A difference between two ways over the same tasks.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Paired {
    /// Tasks compared.
    pub tasks: u64,
    /// Mean difference, first way minus second, in shares (0.1 is ten points).
    pub mean: f64,
    /// Its 95 % interval (Agresti and Min's adjusted one).
    pub interval: Interval,
    /// Tasks on which the first way was better.
    pub better: u64,
    /// Tasks on which it was worse.
    pub worse: u64,
    /// Two-sided p-value of the sign test over tasks that differ.
    pub p: f64,
    /// Mean of the squared differences: with one run per task, the share of tasks that differ.
    pub spread: f64,
}

/// Compares two ways by the differences (and weights) of tasks.
#[must_use]
pub fn paired(differences: &[(f64, f64)]) -> Paired {
    /// Differences of shares below this are rounding.
    const NOTHING: f64 = 1e-9;
    let weights = differences.iter().map(|(_, weight)| *weight);
    let total: f64 = weights.clone().sum();
    let mean_of = |value: &dyn Fn(f64) -> f64| {
        let sum: f64 = differences.iter().map(|(d, w)| value(*d) * w).sum();
        if total > 0.0 { sum / total } else { 0.0 }
    };
    let mean = mean_of(&|d| d);
    let spread = mean_of(&|d| d * d);
    let n = effective(weights);
    // Two pairs are added, half a pair to each of the four outcomes.
    let sum = n * mean;
    let squares = n * spread + 1.0;
    let size = n + 2.0;
    let centre = sum / size;
    let half = Z95 * (squares - sum * sum / size).max(0.0).sqrt() / size;
    let count = |test: &dyn Fn(f64) -> bool| differences.iter().filter(|(d, _)| test(*d)).count();
    let better = count(&|d| d > NOTHING) as u64;
    let worse = count(&|d| d < -NOTHING) as u64;
    Paired {
        tasks: differences.len() as u64,
        mean,
        interval: Interval {
            low: (centre - half).max(-1.0),
            high: (centre + half).min(1.0),
        },
        better,
        worse,
        p: sign_test(better, worse),
        spread,
    }
}

/// Tasks in all that show a true difference of `gain` with a chance of 80 %, when the squared
/// differences average `spread`. `None` when there is no gain to show.
#[must_use]
pub fn needed(gain: f64, spread: f64) -> Option<u64> {
    if gain <= 0.0 || !gain.is_finite() || !spread.is_finite() {
        return None;
    }
    let spread = spread.max(gain);
    let root = Z95 * spread.sqrt() + Z80 * (spread - gain * gain).max(0.0).sqrt();
    Some((root / gain).powi(2).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 5e-4, "{a} is not {b}");
    }

    #[test]
    fn wilson_gives_the_textbook_intervals() {
        for (right, n, low, high) in [
            (8.0, 10.0, 0.4902, 0.9433),
            (0.0, 10.0, 0.0, 0.2775),
            (10.0, 10.0, 0.7225, 1.0),
            (50.0, 100.0, 0.4038, 0.5962),
            (81.0, 263.0, 0.2553, 0.3662),
        ] {
            let interval = wilson(right / n, n);
            near(interval.low, low);
            near(interval.high, high);
        }
        near(wilson(0.5, 0.0).high, 1.0);
    }

    #[test]
    fn the_sign_test_is_the_binomial_tail() {
        for (plus, minus, p) in [
            (0, 0, 1.0),
            (5, 5, 1.0),
            (9, 1, 0.021_484),
            (0, 6, 0.031_25),
            (6, 16, 0.052_479),
            (2, 12, 0.012_939),
        ] {
            near(sign_test(plus, minus), p);
        }
        assert!(sign_test(100_000, 90_000) < 1e-20);
    }

    #[test]
    fn a_paired_difference_has_agresti_and_mins_interval() {
        // 100 tasks: 15 won, 5 lost. Adjusted: (15.5 - 5.5) / 102, and its standard error.
        let mut differences = vec![(0.0, 1.0); 80];
        differences.extend([(1.0, 1.0); 15]);
        differences.extend([(-1.0, 1.0); 5]);
        let paired = paired(&differences);
        near(paired.mean, 0.10);
        let centre: f64 = 10.0 / 102.0;
        let half = Z95 * f64::sqrt(21.0 - 100.0 / 102.0) / 102.0;
        near(paired.interval.low, centre - half);
        near(paired.interval.high, centre + half);
        assert_eq!((paired.better, paired.worse), (15, 5));
        near(paired.p, 0.041_389);
        near(paired.spread, 0.2);
    }

    #[test]
    fn the_number_of_pairs_is_connors() {
        // A fifth of the pairs differ, ten points of gain.
        assert_eq!(needed(0.1, 0.2), Some(155));
        assert_eq!(needed(0.0, 0.2), None);
        assert_eq!(needed(-0.1, 0.2), None);
        assert_eq!(needed(1.0, 1.0), Some(4));
    }

    #[test]
    fn repeating_a_task_that_always_ends_alike_adds_nothing() {
        near(intraclass(&[(3.0, 3.0), (0.0, 3.0), (3.0, 3.0)]), 1.0);
        near(worth(&[(3.0, 3.0), (0.0, 3.0), (3.0, 3.0)]), 3.0);
        // Every task is a coin: each run counts.
        near(worth(&[(2.0, 4.0), (2.0, 4.0), (2.0, 4.0)]), 12.0);
        near(worth(&[(1.0, 1.0), (0.0, 1.0)]), 2.0);
        near(worth(&[(2.0, 3.0)]), 1.0);
        near(worth(&[]), 0.0);
    }

    proptest! {
        #[test]
        fn intervals_hold_their_share_and_shrink(right in 0_u32..200, wrong in 0_u32..200) {
            let n = f64::from(right + wrong);
            prop_assume!(n > 0.0);
            let p = f64::from(right) / n;
            let interval = wilson(p, n);
            prop_assert!(0.0 <= interval.low && interval.low <= p + 1e-12);
            prop_assert!(p - 1e-12 <= interval.high && interval.high <= 1.0);
            let more = wilson(p, 2.0 * n);
            prop_assert!(more.high - more.low <= interval.high - interval.low);
            // Success and failure are treated alike.
            let mirror = wilson(1.0 - p, n);
            prop_assert!((mirror.low - (1.0 - interval.high)).abs() < 1e-9);
        }

        #[test]
        fn tests_are_symmetric_and_probabilities(plus in 0_u64..300, minus in 0_u64..300) {
            let p = sign_test(plus, minus);
            prop_assert!(p > 0.0 && p <= 1.0);
            prop_assert!((p - sign_test(minus, plus)).abs() < 1e-15);
        }

        #[test]
        fn comparisons_are_finite_and_turn_round(
            differences in proptest::collection::vec((-1.0_f64..=1.0, 0.1_f64..10.0), 0..40),
        ) {
            let here = paired(&differences);
            let turned: Vec<_> = differences.iter().map(|(d, w)| (-d, *w)).collect();
            let there = paired(&turned);
            prop_assert!(here.interval.low <= here.interval.high);
            prop_assert!((here.mean + there.mean).abs() < 1e-9);
            prop_assert!((here.interval.low + there.interval.high).abs() < 1e-9);
            prop_assert_eq!(here.better, there.worse);
            prop_assert!(here.interval.low.is_finite() && here.p.is_finite());
        }

        #[test]
        fn runs_are_worth_something_between_tasks_and_runs(
            tasks in proptest::collection::vec((0_u32..5, 1_u32..5), 1..20),
        ) {
            let tasks: Vec<_> = tasks
                .into_iter()
                .map(|(right, runs)| (f64::from(right.min(runs)), f64::from(runs)))
                .collect();
            let runs: f64 = tasks.iter().map(|(_, runs)| runs).sum();
            let worth = worth(&tasks);
            prop_assert!(worth <= runs + 1e-9);
            prop_assert!(worth >= tasks.len() as f64 - 1e-9);
        }

        #[test]
        fn a_larger_gain_needs_no_more_tasks(gain in 0.01_f64..0.5, spread in 0.01_f64..1.0) {
            let few = needed(gain * 1.5, spread.max(gain * 1.5));
            let many = needed(gain, spread.max(gain * 1.5));
            prop_assert!(few <= many);
        }
    }
}
