//! Approval: every ballot counts for each answer it approves; most approvals win.

use crate::protocol::TieBreak;

use super::{Race, Verdict, single};

/// Counts approvals: a plain count, in which a ballot supports several answers.
pub(super) fn count(race: &Race) -> Option<Verdict> {
    single::count(race, TieBreak::Approvals)
}
