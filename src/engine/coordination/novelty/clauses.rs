//! Cuts a text into clauses and its words into those that carry meaning.
//!
//! A clause ends at a mark of punctuation or at the end of a line. Filler is left out, endings of
//! inflection are cut off, a negation joins the word it negates. In code every word is a fact and
//! every line a clause; its remarks are prose.

use std::collections::BTreeSet;

use super::words;

/// A word of meaning in its plain form. Compared by that form alone.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Lower case, without inflection; `!` before a negated one.
    form: String,
    /// A number, a name, a word of code, a word that turns a statement round.
    pub(super) fact: bool,
    /// It is negated.
    pub(super) negated: bool,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Word {}

impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.form.cmp(&other.form)
    }
}

/// What is said between two marks of punctuation.
#[derive(Clone, Debug, Default)]
pub(super) struct Clause {
    /// Its words of meaning; never empty.
    pub(super) words: BTreeSet<Word>,
    /// A line of code.
    pub(super) code: bool,
}

/// The clauses of a text in their order.
#[must_use]
pub(super) fn read(text: &str) -> Vec<Clause> {
    let mut reader = Reader::default();
    let mut fence = None;
    for line in text.lines() {
        let bare = line.trim();
        match (fence, mark(bare)) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) if !is_remark(bare) => reader.code(bare),
            (Some(_) | None, _) => reader.prose(bare),
        }
        reader.end();
    }
    reader.clauses
}

/// The letter of a fence that this line opens or closes.
fn mark(line: &str) -> Option<char> {
    ["```", "~~~"]
        .iter()
        .find(|fence| line.starts_with(**fence))
        .and_then(|fence| fence.chars().next())
}

/// A remark in code says what prose says.
fn is_remark(line: &str) -> bool {
    ["//", "#", "--", "/*", "*"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

#[derive(Default)]
struct Reader {
    clauses: Vec<Clause>,
    open: Clause,
    /// The next word is negated.
    negated: bool,
    /// The next word begins a sentence, so its capital says nothing.
    begins: bool,
}

impl Reader {
    fn end(&mut self) {
        self.negated = false;
        if !self.open.words.is_empty() {
            self.clauses.push(std::mem::take(&mut self.open));
        }
        self.open.code = false;
    }

    fn code(&mut self, line: &str) {
        self.open.code = true;
        for word in words::pieces(line) {
            self.open.words.insert(Word {
                form: word.to_lowercase(),
                fact: true,
                negated: false,
            });
        }
    }

    fn prose(&mut self, line: &str) {
        self.begins = true;
        for written in line.split_whitespace() {
            for (piece, script) in words::scripts(written) {
                self.word(piece, script);
            }
            if words::ends_clause(written) {
                self.end();
                self.begins = words::ends_sentence(written);
            }
        }
    }

    fn word(&mut self, written: &str, script: words::Script) {
        let bare = words::bare(written);
        if bare.is_empty() {
            return;
        }
        let begins = std::mem::take(&mut self.begins);
        let lower = bare.to_lowercase();
        if words::negates(&lower) {
            self.negated = true;
            return;
        }
        if words::is_filler(&lower) {
            return;
        }
        let fact = words::is_fact(bare, &lower) || (!begins && words::is_name(bare));
        let negated = std::mem::take(&mut self.negated);
        let form = if fact || script == words::Script::Dense {
            lower
        } else {
            words::stem(&lower)
        };
        self.open.words.insert(Word {
            form: if negated { format!("!{form}") } else { form },
            fact: fact || negated,
            negated,
        });
    }
}
