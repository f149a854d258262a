//! Whether a text says something that a known answer does not say: pure, bounded, deterministic.
//!
//! Both texts are cut into clauses, each a set of words that carry meaning (`clauses`); order, form,
//! repetition and filler are gone by then. What the new text has beyond the known one is measured,
//! and the level says how much it takes:
//!
//! - a **fix** changes a fact in its place (a number, a name, a negation, a word of code), or adds or
//!   takes away a line of code: new at every level;
//! - a **correction** changes one to three words in otherwise equal clauses;
//! - **fresh** words are new words of meaning anywhere; something **dropped** makes a shorter text
//!   a different one.
//!
//! A stricter level never accepts what a milder one refuses. It cannot know what is true, nor that
//! two words mean the same: reworded in other words is stopped by the share of common words only.

mod clauses;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::clauses::{Clause, Word};
use crate::protocol::Novelty;

/// Longest text that is compared, in bytes; longer ones are only checked for equality.
const MOST: usize = 128 * 1024;
/// Clauses looked at for one clause; a word that stands in more of them says little.
const CANDIDATES: usize = 64;
/// Words that a correction changes at most, in all and in one clause.
const CORRECTED: usize = 3;
/// Clauses that a correction changes at most.
const CORRECTED_CLAUSES: usize = 2;

/// The percentage of common words when `text` brings too little beyond `known`; `None` when it is
/// new enough. Texts without any word of meaning are not judged.
#[must_use]
pub(super) fn echo(known: &str, text: &str, level: Novelty) -> Option<u32> {
    if level == Novelty::Off || known.len() > MOST || text.len() > MOST {
        return None;
    }
    let known = Text::read(known);
    let text = Text::read(text);
    if known.words.is_empty() || text.words.is_empty() {
        return None;
    }
    let common = known.common(&text);
    let change = Change::between(&known, &text);
    change.is_too_little(level, common).then_some(common)
}

/// A text as clauses, with the places of its words.
struct Text {
    clauses: Vec<Clause>,
    words: BTreeSet<Word>,
    places: BTreeMap<Word, Vec<usize>>,
    /// Words of any kind, filler included.
    length: usize,
}

impl Text {
    fn read(text: &str) -> Self {
        let clauses = clauses::read(text);
        let mut places: BTreeMap<Word, Vec<usize>> = BTreeMap::new();
        for (at, clause) in clauses.iter().enumerate() {
            for word in &clause.words {
                places.entry(word.clone()).or_default().push(at);
            }
        }
        Self {
            words: places.keys().cloned().collect(),
            places,
            clauses,
            length: text.split_whitespace().count(),
        }
    }

    /// Jaccard index of the words of meaning in percent, rounded up.
    fn common(&self, other: &Self) -> u32 {
        let both = self.words.intersection(&other.words).count();
        let all = self.words.len() + other.words.len() - both;
        (both * 100).div_ceil(all.max(1)) as u32
    }

    /// Clauses that share the rarest words with `clause`, and their neighbours.
    fn near(&self, clause: &Clause) -> BTreeSet<usize> {
        let mut lists: Vec<&Vec<usize>> = clause
            .words
            .iter()
            .filter_map(|word| self.places.get(word))
            .collect();
        lists.sort_by_key(|list| list.len());
        lists
            .into_iter()
            .take(2)
            .flat_map(|list| list.iter().take(CANDIDATES))
            .copied()
            .collect()
    }

    /// Whether the clause stands in this text: inside one clause, or made of two that follow each
    /// other, one of them whole.
    fn covers(&self, clause: &Clause) -> bool {
        let words = &clause.words;
        self.near(clause).into_iter().any(|at| {
            let Some(here) = self.clauses.get(at) else {
                return false;
            };
            let beside = |at: Option<usize>| {
                at.and_then(|at| self.clauses.get(at)).is_some_and(|other| {
                    (here.words.is_subset(words) || other.words.is_subset(words))
                        && words
                            .iter()
                            .all(|word| here.words.contains(word) || other.words.contains(word))
                })
            };
            words.is_subset(&here.words) || beside(at.checked_add(1)) || beside(at.checked_sub(1))
        })
    }

    /// The clause most like this one, when they share at least half of the smaller one.
    fn like(&self, clause: &Clause) -> Option<&Clause> {
        let shared = |other: &Clause| other.words.intersection(&clause.words).count();
        self.near(clause)
            .into_iter()
            .filter_map(|at| self.clauses.get(at))
            .max_by_key(|other| (shared(other), usize::MAX - other.words.len()))
            .filter(|other| shared(other) * 2 >= other.words.len().min(clause.words.len()))
    }

    fn has_fact(&self, word: &Word) -> bool {
        word.fact && self.words.contains(word)
    }
}

/// What a text has beyond another.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    /// Facts changed in their place, lines of code added or taken away.
    fixes: usize,
    /// One to three words changed in otherwise equal clauses.
    correction: bool,
    /// New words of meaning.
    fresh: usize,
    /// Statements or facts are gone, and the text is not longer.
    dropped: bool,
}

impl Change {
    fn between(known: &Text, text: &Text) -> Self {
        let mut change = Self::default();
        let (mut touched, mut replaced, mut only_replaced) = (0, 0, true);
        for clause in text.clauses.iter().filter(|clause| !known.covers(clause)) {
            touched += 1;
            change.fresh += clause.words.difference(&known.words).count();
            if clause.code {
                change.fixes += 1;
                continue;
            }
            let Some(like) = known.like(clause) else {
                only_replaced = false;
                continue;
            };
            let came: Vec<&Word> = clause.words.difference(&like.words).collect();
            let went = like.words.difference(&clause.words).count();
            let in_place = came.len() <= CORRECTED && went <= CORRECTED;
            if in_place && came.iter().any(|word| word.fact) && (went > 0 || is_decisive(&came)) {
                change.fixes += 1;
            }
            if in_place && went > 0 {
                replaced += came.len();
            } else {
                only_replaced = false;
            }
        }
        let lost: Vec<&Clause> = known
            .clauses
            .iter()
            .filter(|clause| !text.covers(clause))
            .collect();
        change.fixes += lost.iter().filter(|clause| clause.code).count();
        change.correction = only_replaced
            && (1..=CORRECTED_CLAUSES).contains(&touched)
            && (1..=CORRECTED).contains(&replaced);
        let gone = lost.iter().any(|clause| text.like(clause).is_none())
            || known
                .words
                .iter()
                .any(|word| word.fact && !text.has_fact(word));
        change.dropped = gone && text.length <= known.length;
        change
    }

    fn is_too_little(self, level: Novelty, common: u32) -> bool {
        let strict = self.fixes > 0 || common <= Novelty::Strict.bar();
        let balanced =
            strict || self.correction || self.dropped || common <= Novelty::Balanced.bar();
        match level {
            Novelty::Off => false,
            Novelty::Lenient => !balanced && self.fresh == 0,
            Novelty::Balanced => !balanced,
            Novelty::Strict => !strict,
        }
    }
}

/// Facts that change a clause by merely being added: a negation turns it round.
fn is_decisive(came: &[&Word]) -> bool {
    came.iter().any(|word| word.negated)
}
