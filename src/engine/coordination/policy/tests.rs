//! The counts against references that are written in another way, and the laws of each policy.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Judgement, Race, Verdict, best_of, count_by, finalists, is_safe, judge, needed};
use crate::protocol::{AgentId, Ballot, Criterion, Gate, Label, Marks, Policy, Scores, TieBreak};

fn label(agent: usize) -> Label {
    Label::new(AgentId(agent as u16 + 1), 1)
}

/// A ballot of a voter that ranks answers by place.
fn ranked(voter: usize, places: &[usize]) -> Ballot {
    let labels: Vec<_> = places.iter().map(|place| label(*place)).collect();
    Ballot {
        voter: AgentId(voter as u16 + 1),
        target: labels.first().copied(),
        reason: String::new(),
        epoch: 1,
        marks: Marks::Rank(labels),
    }
}

fn with(policy: Policy, ranked: &Ballot) -> Ballot {
    let Marks::Rank(labels) = &ranked.marks else {
        panic!("ranked")
    };
    let marks = match policy {
        Policy::Plurality | Policy::Majority | Policy::Unanimity | Policy::Judge => Marks::Single,
        Policy::Approval => Marks::Approve(labels.iter().take(2).copied().collect()),
        Policy::InstantRunoff | Policy::Borda => ranked.marks.clone(),
        Policy::Score => Marks::Score(
            labels
                .iter()
                .enumerate()
                .map(|(place, label)| Scores {
                    label: *label,
                    scores: vec![9_u8.saturating_sub(place as u8), 5, 5],
                })
                .collect(),
        ),
    };
    Ballot {
        marks,
        ..ranked.clone()
    }
}

fn count(policy: Policy, labels: &[Label], ballots: &[Ballot]) -> Option<Verdict> {
    let ballots: Vec<_> = ballots.iter().collect();
    let criteria = Criterion::usual();
    let race = Race {
        labels,
        ballots: &ballots,
        criteria: &criteria,
    };
    count_by(policy, &race)
}

/// Full rankings of `n` answers by `n` voters, and the order of publication.
fn any_race() -> impl Strategy<Value = (Vec<Label>, Vec<Ballot>)> {
    (2_usize..6).prop_flat_map(|n| {
        let places: Vec<usize> = (0..n).collect();
        let ranking = Just(places.clone()).prop_shuffle();
        // Some rankings stop early.
        let ballots = proptest::collection::vec((ranking, 1..=n), 1..=n);
        let order = Just(places).prop_shuffle();
        (order, ballots).prop_map(|(order, ballots)| {
            let labels = order.into_iter().map(label).collect();
            let ballots = ballots
                .into_iter()
                .enumerate()
                .map(|(voter, (ranking, keep))| ranked(voter, &ranking[..keep]))
                .collect();
            (labels, ballots)
        })
    })
}

/// Instant runoff by the book, on lists of lists: strike the weakest until one is left.
fn runoff_reference(labels: &[Label], ballots: &[Ballot]) -> Label {
    let mut lists: Vec<(AgentId, Vec<Label>)> = ballots
        .iter()
        .map(|ballot| match &ballot.marks {
            Marks::Rank(labels) => (ballot.voter, labels.clone()),
            _ => panic!("ranked"),
        })
        .collect();
    let mut left = labels.to_vec();
    while left.len() > 1 {
        let strength = |label: &Label| {
            let own = lists.iter().filter(|(_, list)| list.first() == Some(label));
            let others = own.clone().filter(|(voter, _)| *voter != label.agent);
            (own.count(), others.count())
        };
        let all = lists.iter().filter(|(_, list)| !list.is_empty()).count();
        if let Some(winner) = left.iter().find(|label| strength(label).0 * 2 > all) {
            return *winner;
        }
        let weakest = left.iter().map(strength).min().unwrap();
        let out = left.iter().rposition(|label| strength(label) == weakest);
        let out = left.remove(out.unwrap());
        for (_, list) in &mut lists {
            list.retain(|label| *label != out);
        }
    }
    left[0]
}

/// Borda by duels: a place is worth the answers below it and those left out.
fn borda_reference(labels: &[Label], ballots: &[Ballot]) -> BTreeMap<Label, u64> {
    let mut points: BTreeMap<_, _> = labels.iter().map(|label| (*label, 0)).collect();
    for ballot in ballots {
        let Marks::Rank(list) = &ballot.marks else {
            panic!("ranked")
        };
        for (place, label) in list.iter().enumerate() {
            let beaten = labels
                .iter()
                .filter(|other| *other != label && !list[..place].contains(other));
            *points.get_mut(label).unwrap() += beaten.count() as u64;
        }
    }
    points
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn instant_runoff_is_as_by_the_book((labels, ballots) in any_race()) {
        let verdict = count(Policy::InstantRunoff, &labels, &ballots).unwrap();
        prop_assert_eq!(verdict.winner, runoff_reference(&labels, &ballots));
        let cast = ballots.len() as u32;
        for round in &verdict.rounds {
            let counted: u32 = round.counts.iter().map(|(_, votes)| votes).sum();
            prop_assert_eq!(counted + round.exhausted, cast, "no ballot is lost");
        }
        prop_assert!(verdict.rounds.len() <= labels.len());
    }

    #[test]
    fn borda_is_as_by_duels((labels, ballots) in any_race()) {
        let verdict = count(Policy::Borda, &labels, &ballots).unwrap();
        let reference = borda_reference(&labels, &ballots);
        for row in &verdict.points {
            prop_assert_eq!(row.hundredths, reference[&row.label] * 100);
        }
        let most = reference.values().max().unwrap();
        prop_assert_eq!(&reference[&verdict.winner], most);
    }

    /// Whom everybody puts first wins by any policy.
    #[test]
    fn a_unanimous_first_wins((labels, ballots) in any_race(), pick in any::<prop::sample::Index>()) {
        let first = *pick.get(&labels);
        let ballots: Vec<_> = ballots
            .into_iter()
            .map(|mut ballot| {
                if let Marks::Rank(list) = &mut ballot.marks {
                    list.retain(|label| *label != first);
                    list.insert(0, first);
                }
                ballot.target = Some(first);
                ballot
            })
            .collect();
        for policy in Policy::ALL {
            let mut ballots: Vec<_> = ballots.iter().map(|b| with(policy, b)).collect();
            if policy == Policy::Approval {
                // A second approval by everybody would be a tie.
                for ballot in &mut ballots {
                    ballot.marks = Marks::Approve(vec![first]);
                }
            }
            let verdict = count(policy, &labels, &ballots).unwrap();
            prop_assert_eq!(verdict.winner, first, "{:?}", policy);
        }
    }

    /// Neither the order of ballots nor the numbers of agents matter.
    #[test]
    fn names_and_order_decide_nothing((labels, ballots) in any_race(), turn in 0_u16..8) {
        let renamed = |label: Label| {
            let n = 8;
            Label::new(AgentId((label.agent.0 + turn) % n + 1), label.revision)
        };
        for policy in Policy::ALL {
            let ballots: Vec<_> = ballots.iter().map(|b| with(policy, b)).collect();
            let verdict = count(policy, &labels, &ballots).unwrap();
            let other_labels: Vec<_> = labels.iter().copied().map(renamed).collect();
            let mut others: Vec<_> = ballots
                .iter()
                .map(|ballot| Ballot {
                    voter: renamed(Label::new(ballot.voter, 1)).agent,
                    target: ballot.target.map(renamed),
                    marks: match &ballot.marks {
                        Marks::Single => Marks::Single,
                        Marks::Approve(list) => {
                            Marks::Approve(list.iter().copied().map(renamed).collect())
                        }
                        Marks::Rank(list) => {
                            Marks::Rank(list.iter().copied().map(renamed).collect())
                        }
                        Marks::Score(rows) => Marks::Score(
                            rows.iter()
                                .map(|row| Scores {
                                    label: renamed(row.label),
                                    scores: row.scores.clone(),
                                })
                                .collect(),
                        ),
                    },
                    ..ballot.clone()
                })
                .collect();
            others.reverse();
            let other = count(policy, &other_labels, &others).unwrap();
            prop_assert_eq!(renamed(verdict.winner), other.winner, "{:?}", policy);
            prop_assert_eq!(verdict.by, other.by, "{:?}", policy);
        }
    }

    /// Whatever the missing voters do, a safe leader wins.
    #[test]
    fn nobody_overtakes_a_safe_leader(
        (labels, ballots) in any_race(),
        missing in proptest::collection::vec(Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(), 1..3),
    ) {
        for policy in Policy::ALL {
            let cast: Vec<_> = ballots
                .iter()
                .map(|ballot| match policy {
                    // Scores are complete or they are refused.
                    Policy::Score => with(policy, &complete(ballot, &labels)),
                    _ => with(policy, ballot),
                })
                .collect();
            let refs: Vec<_> = cast.iter().collect();
            let criteria = Criterion::usual();
            let race = Race { labels: &labels, ballots: &refs, criteria: &criteria };
            let Some(leader) = is_safe(policy, &race, missing.len() as u32) else {
                continue;
            };
            let mut all = cast.clone();
            for (at, ranking) in missing.iter().enumerate() {
                let mut ranking = ranking.clone();
                ranking.retain(|place| labels.contains(&label(*place)));
                let voter = labels.len() + at;
                all.push(with(policy, &ranked(voter, &ranking)));
            }
            let verdict = count(policy, &labels, &all).unwrap();
            prop_assert_eq!(verdict.winner, leader, "{:?}", policy);
        }
    }

    /// Higher scores never turn "vote" into "improve"; fewer improvements left never do either.
    #[test]
    fn the_gate_is_monotone_and_converges(
        scores in proptest::collection::vec(0_u8..=10, 3),
        raise in 0_usize..3,
        bar in 0_u32..=100,
        budget in 0_u32..6,
        left in 0_u32..6,
    ) {
        let gate = Gate { bar, budget };
        let criteria = Criterion::usual();
        let votes = |scores: &[u8], left| {
            let row = Scores { label: label(0), scores: scores.to_vec() };
            judge(gate, &criteria, &row, left) == Judgement::Vote
        };
        if votes(&scores, left) {
            let mut higher = scores.clone();
            higher[raise] = (higher[raise] + 1).min(10);
            prop_assert!(votes(&higher, left), "a higher score");
            prop_assert!(votes(&scores, left.saturating_sub(1)), "fewer left");
        }
        prop_assert!(votes(&[0, 0, 0], 0), "who cannot improve votes");
    }
}

/// The ranking with the answers it leaves out at its end.
fn complete(ballot: &Ballot, labels: &[Label]) -> Ballot {
    let Marks::Rank(list) = &ballot.marks else {
        panic!("ranked")
    };
    let mut list = list.clone();
    for label in labels {
        if !list.contains(label) {
            list.push(*label);
        }
    }
    Ballot {
        marks: Marks::Rank(list),
        ..ballot.clone()
    }
}

#[test]
fn a_bar_and_its_finalists() {
    assert_eq!(needed(Policy::Majority, 4), Some(3));
    assert_eq!(needed(Policy::Majority, 5), Some(3));
    assert_eq!(needed(Policy::Unanimity, 4), Some(4));
    assert_eq!(needed(Policy::Plurality, 4), None);
    let labels = [label(2), label(0), label(1)];
    // One vote each: agent 3 its own, agent 1 that of another.
    let ballots = [ranked(2, &[2]), ranked(1, &[0])];
    let refs: Vec<_> = ballots.iter().collect();
    let race = |labels| Race {
        labels,
        ballots: &refs,
        criteria: &[],
    };
    assert_eq!(finalists(&race(&labels)), Some((label(0), label(2))));
    assert_eq!(finalists(&race(&labels[..1])), None);
}

#[test]
fn a_tie_of_scores_goes_to_what_more_put_first() {
    let rows = |first: u8, second: u8| {
        Marks::Score(vec![
            Scores {
                label: label(0),
                scores: vec![first; 3],
            },
            Scores {
                label: label(1),
                scores: vec![second; 3],
            },
        ])
    };
    let ballot = |voter: usize, target: usize, marks| Ballot {
        marks,
        ..ranked(voter, &[target])
    };
    // 7 + 7 + 4 against 6 + 6 + 6: the same mean, more ballots for the first.
    let ballots = [
        ballot(2, 0, rows(7, 6)),
        ballot(3, 0, rows(7, 6)),
        ballot(4, 1, rows(4, 6)),
    ];
    let verdict = count(Policy::Score, &[label(1), label(0)], &ballots).unwrap();
    assert_eq!(verdict.winner, label(0));
    assert_eq!(verdict.by, TieBreak::OtherVoters);
    assert_eq!(verdict.points[0].hundredths, 600);
}

#[test]
fn of_equal_scores_another_authors_answer_is_the_choice() {
    let row = |agent| Scores {
        label: label(agent),
        scores: vec![7, 7, 7],
    };
    let rows = [row(0), row(1), row(2)];
    let criteria = Criterion::usual();
    let best = |voter| best_of(&criteria, &rows, AgentId(voter)).map(|row| row.label);
    assert_eq!(best(1), Some(label(1)));
    assert_eq!(best(2), Some(label(0)));
}

#[test]
fn no_ballot_no_verdict() {
    for policy in Policy::ALL {
        assert_eq!(count(policy, &[label(0)], &[]), None);
    }
}
