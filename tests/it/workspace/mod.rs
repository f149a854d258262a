//! Git with real repositories, beside what the `git` binary itself reports.

mod bench_of_git;
mod chance;
mod cli;
mod flow;
mod full;
mod grounds;
mod housekeeping;
mod kill;
mod odd;
mod picks;
mod side_by_side;
mod trees;
mod turns;
mod untouched;
mod yard;

pub use bench_of_git::Bench;
