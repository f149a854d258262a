//! Measuring a team: tasks with known answers, what each run came to, and what the figures say.
//!
//! `task` reads the file, `oracle` judges an answer (what it comes to is `protocol::result`), `meter`
//! turns the events of one run into a [`Record`], `ledger` keeps records in an append-only file,
//! `stats` is the arithmetic, `summary` folds records into a report, and `table` and `csv` print it. All
//! of it but `ledger` is pure: no clock, no I/O, no randomness. Who runs the tasks is `cli/bench`.

pub mod csv;
pub mod ledger;
mod meter;
mod oracle;
pub mod record;
pub mod stats;
pub mod summary;
pub mod table;
pub mod task;
pub mod verdict;

pub use meter::Meter;
pub use oracle::Oracle;
pub use record::Record;
pub use summary::Summary;
pub use task::Task;

/// A short name for a text: 64-bit FNV-1a in hexadecimal. Tells accidental changes apart; no defence
/// against someone who wants two texts to have the same.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn digests_are_the_published_function() {
        assert_eq!(super::digest(""), "cbf29ce484222325");
        assert_eq!(super::digest("a"), "af63dc4c8601ec8c");
        assert_eq!(super::digest("foobar"), "85944171f73967e8");
    }
}
