//! The chain that settles ties, the same for every policy.

use crate::protocol::{Label, TieBreak};

use super::Race;

/// The one of `tied` that wins: most voters other than the author, then first on most ballots, then
/// published first. `clear` is the rule that is named when there is nothing to settle. `None` only
/// for an empty list.
pub(super) fn settle(race: &Race, tied: &[Label], clear: TieBreak) -> Option<(Label, TieBreak)> {
    if let [only] = tied {
        return Some((*only, clear));
    }
    let others = best(tied, |label| race.others(label));
    if let [only] = others.as_slice() {
        return Some((*only, TieBreak::OtherVoters));
    }
    let firsts = best(&others, |label| race.firsts(label));
    if let [only] = firsts.as_slice() {
        return Some((*only, TieBreak::FirstChoices));
    }
    race.labels
        .iter()
        .find(|label| firsts.contains(label))
        .map(|label| (*label, TieBreak::Earliest))
}

/// Those with the highest value, in the same order.
pub(super) fn best<K: Ord>(labels: &[Label], value: impl Fn(Label) -> K) -> Vec<Label> {
    let Some(most) = labels.iter().map(|label| value(*label)).max() else {
        return Vec::new();
    };
    let mut labels = labels.to_vec();
    labels.retain(|label| value(*label) == most);
    labels
}
