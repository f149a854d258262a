//! Analyses as files beside a session.

use std::path::Path;

use crate::{
    protocol::{Failure, FailureKind},
    report::analysis::{Analysis, VERSION},
    store::AnalysisFolder,
};

/// A kept analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its number.
    pub number: u32,
    /// It.
    pub analysis: Analysis,
}

/// What is kept beside a session, oldest first, and how many files are damaged or of a newer program.
#[must_use]
pub fn kept(beside: &Path) -> (Vec<Kept>, usize) {
    let mut unread = 0;
    let mut all = Vec::new();
    for (number, bytes) in AnalysisFolder::beside(beside).all() {
        match serde_json::from_slice::<Analysis>(&bytes) {
            Ok(analysis) if analysis.version <= VERSION => all.push(Kept { number, analysis }),
            Ok(_) | Err(_) => unread += 1,
        }
    }
    (all, unread)
}

/// Keeps an analysis and returns its number.
///
/// # Errors
/// It says nothing, or the file cannot be written.
pub fn keep(beside: &Path, analysis: &Analysis) -> Result<u32, Failure> {
    if analysis.summary.is_empty() && analysis.claims.is_empty() {
        return Err(Failure::new(FailureKind::Request, "The analysis is empty."));
    }
    let bytes = serde_json::to_vec_pretty(analysis).map_err(|error| {
        Failure::new(
            FailureKind::Local,
            format!("The analysis cannot be kept: {error}."),
        )
    })?;
    AnalysisFolder::beside(beside).keep(&bytes)
}
