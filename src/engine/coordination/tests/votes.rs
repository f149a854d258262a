//! Ballots of every form for random players, and rules of deciding for random turns.

use proptest::prelude::*;

use crate::{
    engine::coordination::{Brief, Choice},
    protocol::{AgentId, Criterion, Deciding, Form, Gate, Label, Mode, Policy},
};

/// A lawful ballot of the form that the brief asks for; `n` picks which, and how it is written.
pub fn ballot(brief: &Brief, criteria: &[Criterion], n: u8) -> Choice {
    let n = usize::from(n);
    let len = brief.choices.len();
    if len == 0 {
        return Choice::One(String::new());
    }
    let word = |label: &Label| {
        if n.is_multiple_of(2) {
            label.to_string()
        } else {
            label.agent.to_string()
        }
    };
    let mut words: Vec<String> = brief.choices.iter().map(word).collect();
    words.rotate_left(n % len);
    let keep = 1 + n / 7 % len;
    match brief.vote.form {
        Form::One => words.swap_remove(0).into(),
        Form::Several => Choice::Several(words.into_iter().take(keep).collect()),
        Form::Ranking if n.is_multiple_of(11) => words.swap_remove(0).into(),
        Form::Ranking => Choice::Ranking(words.into_iter().take(keep).collect()),
        Form::Scores => {
            let score = |at: usize| i64::try_from((n * 31 + at * 7) % 11).unwrap_or(0);
            let rows = words.into_iter().enumerate().map(|(at, word)| {
                let names = criteria.iter().enumerate();
                let marks = names.map(|(of, c)| (c.name.clone(), score(at * 3 + of)));
                (word, marks.collect())
            });
            Choice::Scores(rows.collect())
        }
    }
}

/// A ballot that cannot be counted, in one of many ways.
pub fn nonsense(brief: &Brief, n: u8) -> Choice {
    let first = brief
        .choices
        .first()
        .map_or("agent1.1".into(), Label::to_string);
    let twice = vec![first.clone(), first.clone()];
    match n % 7 {
        0 => Choice::Several(vec![]),
        1 => Choice::Ranking(twice),
        2 => Choice::Ranking(vec![first, "agent9.9".into()]),
        3 => Choice::Scores(vec![]),
        4 => Choice::Scores(vec![(first, vec![("correct".into(), 99)])]),
        5 => Choice::Scores(vec![("the best".into(), vec![])]),
        _ => Choice::Several(vec![String::new(), first]),
    }
}

/// Other modes than the team's own decide by votes of every form, but without gate, judge and early
/// stop, which are the team's.
pub fn fit(deciding: Deciding, mode: &Mode) -> Deciding {
    match (mode, deciding.policy) {
        (Mode::Team, _) => deciding,
        (_, policy) => Deciding {
            policy: match policy {
                Policy::Judge => Policy::Plurality,
                policy => policy,
            },
            gate: None,
            judge: None,
            early_stop: false,
            ..deciding
        },
    }
}

prop_compose! {
    /// Rules of deciding: the usual ones half of the time.
    pub fn any_deciding()(
        voting in 0_u8..6,
        policy in prop_oneof![
            Just(Policy::Plurality),
            proptest::sample::select(Policy::ALL.to_vec()),
        ],
        gate in proptest::option::weighted(0.3, (0_u32..=100, 0_u32..4)),
        judge in proptest::option::of(1_u16..6),
        early_stop in any::<bool>(),
    ) -> Deciding {
        Deciding {
            defer_voting: voting == 0,
            skip_voting: voting == 1,
            policy,
            gate: gate.map(|(bar, budget)| Gate { bar, budget }),
            judge: judge.map(AgentId),
            early_stop,
            ..Deciding::default()
        }
    }
}
