//! The votes of a turn as rows of a table: those that count, then those that were dropped, and why.

use crate::{protocol::Ballot, run::Turn};

/// The names of the columns.
pub(super) const HEADS: [&str; 4] = ["voter", "for", "stands", "reason"];

/// One row for each ballot; none when nobody voted.
pub(super) fn rows(turn: &Turn) -> Vec<Vec<String>> {
    let counted = (turn.ballots()).map(|ballot| row(turn, ballot, "counts".to_owned()));
    let dropped = (turn.dropped.iter()).map(|drop| {
        let why = drop.reason.words();
        row(turn, &drop.ballot, format!("dropped: {why}"))
    });
    counted.chain(dropped).collect()
}

fn row(turn: &Turn, ballot: &Ballot, stands: String) -> Vec<String> {
    let target = ballot.target.map_or_else(
        || "abstained".to_owned(),
        |label| format!("{label} by {}", turn.name(label.agent)),
    );
    let voter = turn.name(ballot.voter).to_owned();
    vec![voter, target, stands, ballot.reason.clone()]
}
