//! The bar of a majority and of unanimity, and who meets in the runoff when nobody clears it.

use std::cmp::Reverse;

use crate::protocol::{Label, Policy};

use super::Race;

/// Votes an answer needs when `of` agents can vote; `None` for policies without a bar.
pub(in crate::engine::coordination) fn needed(policy: Policy, of: u32) -> Option<u32> {
    match policy {
        Policy::Majority => Some(of / 2 + 1),
        Policy::Unanimity => Some(of.max(1)),
        Policy::Plurality
        | Policy::Approval
        | Policy::InstantRunoff
        | Policy::Borda
        | Policy::Score
        | Policy::Judge => None,
    }
}

/// The two answers that lead, by votes, then votes of others, then publication; `None` with fewer
/// than two answers.
pub(in crate::engine::coordination) fn finalists(race: &Race) -> Option<(Label, Label)> {
    let mut order: Vec<usize> = (0..race.labels.len()).collect();
    order.sort_by_key(|place| {
        let label = race.labels[*place];
        (
            Reverse(race.votes(label)),
            Reverse(race.others(label)),
            *place,
        )
    });
    match order.as_slice() {
        [one, other, ..] => Some((race.labels[*one], race.labels[*other])),
        _ => None,
    }
}
