//! The gate of scored votes: whether the best answer is good enough to vote, or the voter improves.
//!
//! Monotone: raising a score never turns "vote" into "improve". Converging: the bar falls with the
//! improvements a voter has left ([`Gate::bar_with`]), and is gone when it has none.

use crate::protocol::{Criterion, Gate, Label, Scores};

use super::score::Mean;

/// What the gate says about a row of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::coordination) enum Judgement {
    /// The ballot counts.
    Vote,
    /// No answer reaches the bar.
    Improve {
        /// The best answer.
        best: Label,
        /// Its mean in hundredths.
        mean: u64,
        /// The bar in tenths.
        bar: u32,
    },
}

/// Judges the best answer of a ballot for a voter with `left` improvements.
pub(in crate::engine::coordination) fn judge(
    gate: Gate,
    criteria: &[Criterion],
    best: &Scores,
    left: u32,
) -> Judgement {
    let mean = Mean::of(criteria, &best.scores);
    let bar = gate.bar_with(left);
    if mean.reaches(bar) {
        Judgement::Vote
    } else {
        Judgement::Improve {
            best: best.label,
            mean: mean.hundredths(),
            bar,
        }
    }
}
