//! Who may see whom: the visibility of a team as a graph.
//!
//! Pure. Neighbours are those in the order of the configuration, so other numbers for the same team
//! change nothing. The relation is symmetric and everybody sees itself. Every graph is connected, so
//! what one agent finds can reach all. When the team grows the graph changes; a peer that comes out
//! of sight by that stays shown, but can no longer be voted for.

use crate::protocol::Visibility;

/// Whether the agent at `one` may see what the agent at `other` publishes, in a team of `team`.
/// Places count from 0.
#[must_use]
pub(super) const fn sees(rule: Visibility, team: usize, one: usize, other: usize) -> bool {
    if one == other {
        return true;
    }
    match rule {
        Visibility::All | Visibility::AfterOwn => true,
        Visibility::Ring => beside(one, other, team),
        Visibility::Islands { neighbours } => {
            let most = if neighbours == 0 { 1 } else { neighbours };
            let size = most as usize + 1;
            let bridges = one.is_multiple_of(size) && other.is_multiple_of(size);
            one / size == other / size
                || (bridges && beside(one / size, other / size, team.div_ceil(size)))
        }
    }
}

/// Next to each other on a ring of this many.
const fn beside(one: usize, other: usize, all: usize) -> bool {
    let apart = one.abs_diff(other);
    apart == 1 || (apart > 0 && apart + 1 == all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn seen(rule: Visibility, team: u16, reader: u16) -> Vec<u16> {
        let place = |number: u16| usize::from(number) - 1;
        (1..=team)
            .filter(|author| sees(rule, team.into(), place(reader), place(*author)))
            .collect()
    }

    #[test]
    fn each_graph_has_its_shape() {
        let islands = |neighbours| Visibility::Islands { neighbours };
        for (rule, team, reader, expected) in [
            (Visibility::All, 4, 2, vec![1, 2, 3, 4]),
            (Visibility::AfterOwn, 3, 1, vec![1, 2, 3]),
            (Visibility::Ring, 5, 1, vec![1, 2, 5]),
            (Visibility::Ring, 5, 3, vec![2, 3, 4]),
            (Visibility::Ring, 2, 1, vec![1, 2]),
            (Visibility::Ring, 1, 1, vec![1]),
            // Islands 1-3, 4-6, 7-9, 10: the first of each sees the first of those beside it.
            (islands(2), 10, 2, vec![1, 2, 3]),
            (islands(2), 10, 4, vec![1, 4, 5, 6, 7]),
            (islands(2), 10, 10, vec![1, 7, 10]),
            (islands(9), 5, 3, vec![1, 2, 3, 4, 5]),
            (islands(0), 4, 1, vec![1, 2, 3]),
        ] {
            assert_eq!(
                seen(rule, team, reader),
                expected,
                "{rule:?} {team} {reader}"
            );
        }
    }

    fn any_rule() -> impl Strategy<Value = Visibility> {
        prop_oneof![
            Just(Visibility::All),
            Just(Visibility::AfterOwn),
            Just(Visibility::Ring),
            (0_u16..12).prop_map(|neighbours| Visibility::Islands { neighbours }),
        ]
    }

    proptest! {
        /// Symmetric, connected, everybody sees itself and few enough others.
        #[test]
        fn every_graph_is_sound(rule in any_rule(), team in 1_u16..101) {
            let mut reached = BTreeSet::from([1]);
            let mut open = vec![1];
            while let Some(reader) = open.pop() {
                for author in seen(rule, team, reader) {
                    prop_assert!(seen(rule, team, author).contains(&reader), "symmetric");
                    if reached.insert(author) {
                        open.push(author);
                    }
                }
                let most = match rule {
                    Visibility::All | Visibility::AfterOwn => team.into(),
                    Visibility::Ring => 3,
                    Visibility::Islands { neighbours } => usize::from(neighbours.max(1)) + 3,
                };
                let mine = seen(rule, team, reader);
                prop_assert!(mine.contains(&reader) && mine.len() <= most, "{mine:?}");
            }
            prop_assert_eq!(reached.len(), usize::from(team), "connected");
        }
    }
}
