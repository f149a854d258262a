//! Search on rows.

use std::collections::VecDeque;

use super::super::{Row, width};

/// A search hit on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Row of the last layout.
    pub row: usize,
    /// First cell.
    pub start_col: u16,
    /// Cell after the last.
    pub end_col: u16,
}

/// Most hits of one search.
const MAX_HITS: usize = 10_000;

/// Hits of `needle` in rows, in order, not overlapping.
pub(super) fn find<'a>(rows: impl Iterator<Item = &'a Row>, needle: &str) -> Vec<Hit> {
    let exact = needle.chars().any(char::is_uppercase);
    let needle: Vec<char> = needle.chars().flat_map(|c| fold(c, exact)).collect();
    let mut hits = Vec::new();
    if needle.is_empty() {
        return hits;
    }
    for (index, row) in rows.enumerate() {
        let mut column = 0;
        let mut window: VecDeque<(char, usize)> = VecDeque::with_capacity(needle.len());
        for cell in row
            .line
            .spans
            .iter()
            .flat_map(|span| width::cells(&span.content))
        {
            for c in cell.text.chars().flat_map(|c| fold(c, exact)) {
                if window.len() == needle.len() {
                    window.pop_front();
                }
                window.push_back((c, column));
                if window.len() == needle.len() && window.iter().map(|(c, _)| c).eq(&needle) {
                    let start = window.front().map_or(0, |(_, column)| *column);
                    hits.push(Hit {
                        row: index,
                        start_col: u16::try_from(start).unwrap_or(u16::MAX),
                        end_col: u16::try_from(column + cell.width).unwrap_or(u16::MAX),
                    });
                    window.clear();
                    if hits.len() == MAX_HITS {
                        return hits;
                    }
                }
            }
            column += cell.width;
        }
    }
    hits
}

/// A character as it is compared.
fn fold(c: char, exact: bool) -> impl Iterator<Item = char> {
    let lower = (!exact).then(|| c.to_lowercase());
    lower.into_iter().flatten().chain(exact.then_some(c))
}
