//! Git with real repositories, beside what the `git` binary itself reports.

mod bench_of_git;
mod cli;
mod grounds;
mod housekeeping;
mod kill;
mod side_by_side;
mod trees;
mod turns;
mod untouched;
mod yard;

pub use bench_of_git::Bench;
