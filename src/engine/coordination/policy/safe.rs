//! Whether the winner is certain though votes are missing.

use crate::protocol::{Label, Policy};

use super::{Race, borda, count_by, score::mean};

/// The highest score.
const TOP: u64 = 10;

/// The answer that wins whatever the `missing` voters do, when there is one. Ties are not counted
/// on: the leader must be ahead by more than what they could make up.
pub(in crate::engine::coordination) fn is_safe(
    policy: Policy,
    race: &Race,
    missing: u32,
) -> Option<Label> {
    let leader = count_by(policy, race)?.winner;
    let rivals = || race.labels.iter().copied().filter(|label| *label != leader);
    let ahead = |value: &dyn Fn(Label) -> u64, worth: u64| {
        rivals().all(|rival| value(leader) > value(rival) + worth * u64::from(missing))
    };
    let votes = |label| u64::from(race.votes(label));
    let all = u64::from(super::count(race.ballots.iter())) + u64::from(missing);
    let safe = match policy {
        Policy::Plurality | Policy::Approval => ahead(&votes, 1),
        // More than half of all there will be: no second count can change that.
        Policy::Majority => votes(leader) * 2 > all,
        Policy::InstantRunoff => u64::from(race.firsts(leader)) * 2 > all,
        Policy::Borda => {
            let worth = (race.labels.len() as u64).saturating_sub(1);
            ahead(&|label| borda::points(race, label), worth)
        }
        Policy::Score => {
            let weight: u64 = race.criteria.iter().map(|c| u64::from(c.weight)).sum();
            // Sums compare only when every ballot scores every answer.
            let whole = race.labels.iter().all(|label| {
                mean(race, *label).weight() == weight * u64::from(super::count(race.cast()))
            });
            whole && ahead(&|label| mean(race, label).sum(), TOP * weight)
        }
        // One more vote can always break it, or is the only one.
        Policy::Unanimity | Policy::Judge => false,
    };
    safe.then_some(leader)
}
