//! Deciding without a vote: by most equal answers, or by putting parts together.

use std::cmp::Reverse;

use crate::protocol::{AgentId, Answer, Decision, Label, NoVote, Policy, TallyRow, TieBreak};

use super::extract;

/// The answer that most say. `current` is in order of publication; of groups of the same size the
/// one that was there first wins, and in a group the answer that was there first. `None` without
/// answers.
pub(super) fn most_equal(current: &[&Answer]) -> Option<Decision> {
    let keys: Vec<String> = (current.iter().map(|answer| extract::extract(&answer.text))).collect();
    let size = |key: &String| keys.iter().filter(|other| *other == key).count();
    let best = keys.iter().map(size).max()?;
    let at = keys.iter().position(|key| size(key) == best)?;
    let tied = keys
        .iter()
        .any(|key| size(key) == best && keys.get(at) != Some(key));
    let by = match (current.len(), tied) {
        (1, _) => TieBreak::NoVote(NoVote::OnlyAnswer),
        (_, false) => TieBreak::NoVote(NoVote::Agreement),
        (_, true) => TieBreak::Earliest,
    };
    let winner = current.get(at)?.label;
    Some(decision(current, winner, by))
}

/// The parts belong together; the presenter's own stands for them, else the first.
pub(super) fn parts(current: &[&Answer], presenter: Option<AgentId>) -> Option<Decision> {
    let own = current
        .iter()
        .find(|answer| Some(answer.label.agent) == presenter);
    let winner = own.or_else(|| current.first())?.label;
    Some(decision(
        current,
        winner,
        TieBreak::NoVote(NoVote::Assembled),
    ))
}

fn decision(current: &[&Answer], winner: Label, by: TieBreak) -> Decision {
    let mut rows: Vec<TallyRow> = current
        .iter()
        .map(|answer| TallyRow {
            label: answer.label,
            voters: Vec::new(),
        })
        .collect();
    rows.sort_by_key(|row| Reverse(row.label == winner));
    let texts = current.iter().map(|one| (one.label, one.text.as_str()));
    Decision {
        winner,
        tally: rows,
        abstained: Vec::new(),
        by,
        policy: Policy::default(),
        points: Vec::new(),
        rounds: Vec::new(),
        bar: None,
        majority: extract::majority(texts),
        saved_calls: 0,
        end: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: Option<(u16, TieBreak)>) {
        let answers: Vec<Answer> = texts
            .iter()
            .zip(1..)
            .map(|(text, agent)| Answer {
                label: Label::new(AgentId(agent), 1),
                text: (*text).to_owned(),
                auto: false,
                changes: Vec::new(),
            })
            .collect();
        let current: Vec<&Answer> = answers.iter().collect();
        let got = most_equal(&current).map(|decision| (decision.winner.agent.0, decision.by));
        assert_eq!(got, expected, "{texts:?}");
    }

    #[test]
    fn most_equal_answers_win() {
        check(&[], None);
        check(&["42"], Some((1, TieBreak::NoVote(NoVote::OnlyAnswer))));
        check(
            &["41", "42", "42"],
            Some((2, TieBreak::NoVote(NoVote::Agreement))),
        );
        check(&["41", "42"], Some((1, TieBreak::Earliest)));
        check(&["1", "2", "2", "1"], Some((1, TieBreak::Earliest)));
    }
}
