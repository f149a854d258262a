//! How a vote is counted and was settled: the policy by name, marks on ballots, points, counts of a
//! runoff, and what stands beside the result.
//!
//! The numbers are the decision's; nothing is counted here.

use super::{
    block::Block,
    flow::Flow,
    ink::{Role, Words},
    phrase::clean,
    transcript::name,
    votes,
};
use crate::{
    protocol::{Ballot, Decision, Elimination, Label, Marks, Policy},
    run::Turn,
};

/// The policy by name, unless it is the usual one.
pub(super) fn policy(turn: &Turn) -> Option<&'static str> {
    match turn.start.rules.deciding.policy {
        Policy::Plurality => None,
        policy => Some(policy.word()),
    }
}

/// `ranks agent1.1 > agent2.1`, `approves 2`, `agent1.1: correct 8, clear 9`; empty for one vote.
pub(super) fn marks(turn: &Turn, ballot: &Ballot) -> String {
    let list = |labels: &[Label], between: &str| {
        let labels: Vec<_> = labels.iter().map(Label::to_string).collect();
        labels.join(between)
    };
    match &ballot.marks {
        Marks::Single => String::new(),
        Marks::Approve(labels) => format!("approves {}", list(labels, ", ")),
        Marks::Rank(labels) => format!("ranks {}", list(labels, " > ")),
        Marks::Score(rows) => {
            let criteria = turn.start.rules.deciding.criteria();
            let row = |row: &crate::protocol::Scores| {
                let marks: Vec<_> = criteria
                    .iter()
                    .zip(&row.scores)
                    .map(|(criterion, score)| format!("{} {score}", clean(&criterion.name)))
                    .collect();
                format!("{}: {}", row.label, marks.join(", "))
            };
            let rows: Vec<_> = rows.iter().map(row).collect();
            rows.join(" · ")
        }
    }
}

/// Everything that a plain count does not show.
pub(super) fn settled(flow: &mut Flow, turn: &Turn, decision: &Decision) {
    if !decision.points.is_empty() {
        let unit = match decision.policy {
            Policy::Score => "Mean scores",
            _ => "Points",
        };
        votes::heading(flow, Role::Accent, unit);
        for row in &decision.points {
            let words = answer(turn, row.label).and(Role::Strong, row.words());
            flow.push(Block::row(words));
        }
    }
    if !decision.rounds.is_empty() {
        votes::heading(flow, Role::Accent, "Instant runoff");
        for (number, round) in (1..).zip(&decision.rounds) {
            flow.push(Block::row(elimination(turn, number, round)));
        }
    }
    let remarks = decision.remarks();
    if !remarks.is_empty() {
        votes::heading(flow, Role::Accent, "Beside the result");
        for remark in remarks {
            flow.push(Block::note("·", Role::Text, &clean(&remark)));
        }
    }
}

/// `agent1.2 mia `.
fn answer(turn: &Turn, label: Label) -> Words {
    Words::of(Role::Info, label.to_string())
        .and(Role::Strong, format!(" {} ", name(turn, label.agent)))
}

/// `count 1: mia 2, ada 1 · struck: ada`.
fn elimination(turn: &Turn, number: u32, round: &Elimination) -> Words {
    let counts: Vec<_> = round
        .counts
        .iter()
        .map(|(label, votes)| format!("{} {votes}", name(turn, label.agent)))
        .collect();
    let mut words =
        Words::of(Role::Dim, format!("count {number}: ")).and(Role::Text, counts.join(", "));
    if round.exhausted > 0 {
        words.push(
            Role::Dim,
            format!(" · {} ranked nobody left", round.exhausted),
        );
    }
    if let Some(out) = round.out {
        words.push(Role::Dim, " · struck: ");
        words.push(Role::Gone, name(turn, out.agent));
    }
    words
}
