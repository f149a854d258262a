//! The words around what was found, on one line.

use std::ops::Range;

use super::{query::Term, words::each_word};
use crate::protocol::Bit;

/// Bytes before the first mark that are shown at most.
const BEFORE: usize = 60;
/// Bytes that are shown at most.
const ALL: usize = 240;

/// The part of a text that holds most of what was looked for; its beginning where nothing was.
pub(super) fn excerpt(text: &str, terms: &[Term]) -> Vec<Bit> {
    let marks = marks(text, terms);
    let within = |start: usize| {
        let shown = marks
            .iter()
            .filter(|(at, _)| at.start >= start && at.end <= start + ALL - BEFORE);
        let mut terms: Vec<usize> = shown.map(|(_, term)| *term).collect();
        terms.sort_unstable();
        terms.dedup();
        terms.len()
    };
    // The last of equals is what `max_by_key` gives: the first is wanted.
    let best = marks
        .iter()
        .map(|(at, _)| at.start)
        .rev()
        .max_by_key(|start| within(*start));
    let from = match best {
        Some(best) => border(text, best.saturating_sub(BEFORE)),
        None => 0,
    };
    let to = border(text, (from + ALL).min(text.len()));
    let mut bits = Vec::new();
    let mut at = from;
    if from > 0 {
        push(&mut bits, "…", false);
    }
    for (mark, _) in marks {
        if mark.start < at || mark.end > to {
            continue;
        }
        push(
            &mut bits,
            text.get(at..mark.start).unwrap_or_default(),
            false,
        );
        push(&mut bits, text.get(mark.clone()).unwrap_or_default(), true);
        at = mark.end;
    }
    push(&mut bits, text.get(at..to).unwrap_or_default(), false);
    if to < text.len() {
        push(&mut bits, "…", false);
    }
    bits
}

/// Where terms stand, and which.
fn marks(text: &str, terms: &[Term]) -> Vec<(Range<usize>, usize)> {
    let mut marks = Vec::new();
    if terms.is_empty() {
        return marks;
    }
    let longest = terms.iter().map(|term| term.words.len()).max().unwrap_or(1);
    let mut last: Vec<(String, Range<usize>)> = Vec::new();
    each_word(text, |word, at| {
        if last.len() == longest {
            last.remove(0);
        }
        last.push((word.to_owned(), at));
        for (number, term) in terms.iter().enumerate() {
            let first = last.len().checked_sub(term.words.len());
            let here = first
                .and_then(|first| last.get(first..))
                .unwrap_or_default();
            if let (true, Some((_, start)), Some((_, end))) =
                (is_it(here, term), here.first(), here.last())
            {
                marks.push((start.start..end.end, number));
            }
        }
    });
    marks.sort_by_key(|(at, _)| (at.start, at.end));
    marks
}

fn is_it(words: &[(String, Range<usize>)], term: &Term) -> bool {
    let last = term.words.len().saturating_sub(1);
    words.len() == term.words.len()
        && words
            .iter()
            .zip(&term.words)
            .enumerate()
            .all(|(at, ((word, _), wanted))| {
                word == wanted || (term.open && at == last && word.starts_with(wanted.as_str()))
            })
}

/// The next border of characters.
fn border(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

/// Puts a piece behind the others, with one blank for all that is empty.
fn push(bits: &mut Vec<Bit>, text: &str, hit: bool) {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    let mut plain = String::new();
    let mut after_blank = bits.last().is_none_or(|bit: &Bit| bit.text.ends_with(' '));
    for c in text.chars() {
        let is_blank = blank(c);
        if !is_blank {
            plain.push(c);
        } else if !after_blank {
            plain.push(' ');
        }
        after_blank = is_blank;
    }
    if !plain.is_empty() {
        bits.push(Bit { text: plain, hit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::search::Query;

    fn shown(text: &str, query: &str) -> String {
        let query = Query::parse(query).unwrap();
        let bits = excerpt(text, &query.terms);
        let bits = bits.iter().map(|bit| {
            if bit.hit {
                format!("[{}]", bit.text)
            } else {
                bit.text.clone()
            }
        });
        bits.collect()
    }

    #[test]
    fn what_was_found_is_marked() {
        let check = |text: &str, query: &str, want: &str| assert_eq!(shown(text, query), want);
        check("The Sky is\n\n blue.", "sky", "The [Sky] is blue.");
        check("a b c b c d", "\"b c\"", "a [b c] [b c] d");
        check("retrying retries", "retr*", "[retrying] [retries]");
        check("in 東京都 now", "京都", "in 東[京都] now");
        check("Café", "cafe", "[Café]");
        check("nothing here", "x in:text", "nothing here");
        check("snake_case", "snake_case", "[snake_case]");
        check("\u{1b}[31mred\u{7} sky", "sky", "[31mred [sky]");
    }

    #[test]
    fn the_best_part_of_a_long_text_is_shown() {
        let filler = "word ".repeat(200);
        let text = format!("one {filler} one and two {filler} two");
        let shown = shown(&text, "one two");
        assert!(shown.contains("[one] and [two]"), "{shown}");
        assert!(shown.starts_with("… ") || shown.starts_with('…'), "{shown}");
        assert!(shown.ends_with('…') && shown.len() < 300, "{shown}");
    }
}
