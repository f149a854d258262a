//! What a key costs in the list of sessions, without the painting: the filter is read, the entries that it
//! means are found and put in order.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use massgen_tui::catalog::{self, Entry, Filter, Ground, Shown, Sort, SortKey};

/// What is typed, letter by letter.
const TYPED: &str = "build slow outcome:answered agents:>1 -tag:old";
/// Every order there is.
const ORDERS: [SortKey; 7] = [
    SortKey::Date,
    SortKey::Cost,
    SortKey::Duration,
    SortKey::Agents,
    SortKey::Turns,
    SortKey::Outcome,
    SortKey::Name,
];

/// Every beginning of the filter in every order; the median and the slowest.
pub fn arranged(entries: &[Entry], ground: &Ground) -> (Duration, Duration) {
    let mut times = Vec::new();
    for end in 0..=TYPED.len() {
        for key in ORDERS {
            let began = Instant::now();
            // What is no filter yet leaves the list as it is.
            if let Ok(filter) = Filter::parse(&TYPED[..end], ground) {
                let sort = Sort {
                    key,
                    ..Sort::default()
                };
                black_box(catalog::select(entries, &filter, sort, Shown::Usual));
                times.push(began.elapsed());
            }
        }
    }
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() - 1])
}
