//! One vote each: most votes win.

use crate::protocol::TieBreak;

use super::{Race, Verdict, ties};

/// Counts votes; `clear` names the rule when there is no tie.
pub(super) fn count(race: &Race, clear: TieBreak) -> Option<Verdict> {
    let tied = ties::best(race.labels, |label| race.votes(label));
    let (winner, by) = ties::settle(race, &tied, clear)?;
    Some(Verdict {
        winner,
        by,
        points: Vec::new(),
        rounds: Vec::new(),
    })
}
