//! A model reads a log: which one, for how much, what it said, and where that is kept.
//!
//! The words and their check are `report::analysis`; here are keys, prices, connections and files. What
//! failed, was cancelled or says nothing leaves no file. Analyses are files beside a session, no
//! sessions of their own, so none is ever "the latest".

mod desk;
mod models;
mod pick;
mod plan;
mod run;
mod shelf;

pub use desk::{Desk, meant};
pub use models::{Candidate, KeyNeed, Offer, candidates, of_team};
pub use pick::{AUTO, DEMO, Wanted, pick, usual};
pub use plan::{Analyst, Money, Plan, plan};
pub use run::{Step, perform};
pub use shelf::{Kept, keep, kept};

/// The variable that names the model for analyses.
pub const VARIABLE: &str = "MASSGEN_TUI_ANALYSIS_MODEL";
