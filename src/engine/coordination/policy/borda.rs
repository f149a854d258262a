//! Borda: with n answers the first place is worth n − 1 points, the next one less, and so on; an
//! answer that a ballot leaves out gets nothing from it. Most points win.

use crate::protocol::{Label, Points, TieBreak};

use super::{Race, Verdict, runoff::ranking, ties};

/// Counts points.
pub(super) fn count(race: &Race) -> Option<Verdict> {
    let tied = ties::best(race.labels, |label| points(race, label));
    let (winner, by) = ties::settle(race, &tied, TieBreak::Points)?;
    let mut rows: Vec<_> = race
        .labels
        .iter()
        .map(|label| Points {
            label: *label,
            hundredths: points(race, *label) * 100,
        })
        .collect();
    rows.sort_by_key(|row| (row.label != winner, std::cmp::Reverse(row.hundredths)));
    Some(Verdict {
        winner,
        by,
        points: rows,
        rounds: Vec::new(),
    })
}

/// Points of an answer over all ballots.
pub(super) fn points(race: &Race, label: Label) -> u64 {
    let most = race.labels.len() as u64;
    race.cast()
        .filter_map(|ballot| ranking(race, ballot).position(|ranked| ranked == label))
        .map(|place| most.saturating_sub(place as u64 + 1))
        .sum()
}
