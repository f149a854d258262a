//! Git with real repositories, beside what the `git` binary itself reports.

mod bench_of_git;
mod grounds;
mod trees;
mod untouched;
mod yard;
