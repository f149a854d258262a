//! Single words: which carry meaning, which are facts, and their plain form. English lists; words of
//! other languages simply count as words of meaning.

use std::{collections::HashSet, sync::LazyLock};

/// How a piece of text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Words with blanks between them.
    Spaced,
    /// Every sign is a word.
    Dense,
}

/// Words that say nothing by themselves, or only praise what is there.
const FILLER: &str = "\
    a about above-mentioned absolutely accordingly actually additionally again also \
    altogether am an and anyway are as at basically be because been being but by can \
    carefully certain certainly checked clear clearly comprehensive conclude conclusion \
    confident consequently considering could course definitely detailed did do does done \
    double-checked essentially evidently exactly fact final finally for from fully further \
    furthermore had has have having hence here hope however i if important importantly \
    improved in indeed into is it its itself just kind let likewise look me moreover my \
    namely naturally note noted noting now obvious obviously of on or order otherwise our \
    overall perfectly please pleased precisely quite rather really regarding sake say see \
    shall should similarly simply so sort still such summarise summarize summary sure \
    surely than that the their them then there thereby therefore these they this thorough \
    thoroughly those thus to together too totally truly undoubtedly upon us verified very \
    was we well were what which while who whole will with would yet you your";

/// Words that turn a statement round; the opposite of each is among them.
const TURNING: &str = "\
    above after always any ascending before below decrease decreases descending down even \
    except exclusive false fewer first greater higher inclusive increase increases last \
    left less lower max maximum min minimum more most negative odd off only positive right \
    smaller true under unless until up wrong yes";

/// Operators that stand alone.
const OPERATORS: [&str; 14] = [
    "<", ">", "<=", ">=", "=", "==", "!=", "+", "×", "÷", "≤", "≥", "≠", "±",
];

static FILLER_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| FILLER.split(' ').collect());
static TURNING_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| TURNING.split(' ').collect());

/// True for a word that only joins, hedges or praises.
pub(super) fn is_filler(lower: &str) -> bool {
    FILLER_SET.contains(lower)
}

/// True for a word that negates the next.
pub(super) fn negates(lower: &str) -> bool {
    matches!(
        lower,
        "not" | "no" | "never" | "none" | "nor" | "neither" | "without" | "cannot"
    ) || lower.ends_with("n't")
        || lower.ends_with("n’t")
}

/// True for a number, a word of code or a word that turns a statement round.
pub(super) fn is_fact(bare: &str, lower: &str) -> bool {
    let inside = bare.trim_matches(|c: char| "'’-".contains(c));
    bare.chars().any(char::is_numeric)
        || OPERATORS.contains(&bare)
        || inside.contains(|c: char| "_/\\@=<>+^~|{}()[]$.:".contains(c))
        || has_inner_capital(bare)
        || TURNING_SET.contains(lower)
}

/// `camelCase`; a word all in capitals is only loud.
fn has_inner_capital(word: &str) -> bool {
    let capital = word.chars().skip(1).any(char::is_uppercase);
    capital && word.chars().any(char::is_lowercase)
}

/// True for a word with one capital, at its beginning.
pub(super) fn is_name(bare: &str) -> bool {
    let mut letters = bare.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase)
}

/// A word without the marks around it; a sign stays before a number, a unit behind it.
pub(super) fn bare(written: &str) -> &str {
    if OPERATORS.contains(&written) {
        return written;
    }
    let end = written.trim_end_matches(|c: char| !c.is_alphanumeric() && !"%°+$€£".contains(c));
    let start = end.trim_start_matches(|c: char| !c.is_alphanumeric() && !"-+$€£/".contains(c));
    let unsigned = start.trim_start_matches(['-', '+']);
    if unsigned.starts_with(['$', '€', '£']) {
        return unsigned;
    }
    if unsigned.starts_with(char::is_numeric) {
        let signs = start.len() - unsigned.len();
        start.get(signs.saturating_sub(1)..).unwrap_or(start)
    } else {
        unsigned.trim_matches(|c: char| !c.is_alphanumeric() && c != '/')
    }
}

/// True when a clause ends behind this word.
pub(super) fn ends_clause(written: &str) -> bool {
    matches!(written, "|" | "-" | "–" | "—")
        || written
            .trim_end_matches(['*', '_', '"', '”', '`'])
            .ends_with([',', ';', ':', '.', '!', '?', ')', '。', '，', '、'])
}

/// True when a sentence ends behind this word.
pub(super) fn ends_sentence(written: &str) -> bool {
    written
        .trim_end_matches(['*', '_', '"', '”', '`', ')'])
        .ends_with(['.', '!', '?', ':', '|'])
}

/// A word without the usual endings of inflection.
pub(super) fn stem(lower: &str) -> String {
    const ENDINGS: [&str; 7] = ["ingly", "edly", "ing", "ed", "ly", "es", "s"];
    const SHORTEST: usize = 4;
    ENDINGS
        .iter()
        .filter_map(|ending| lower.strip_suffix(ending))
        .find(|rest| rest.chars().count() >= SHORTEST)
        .map_or_else(
            || lower.trim_end_matches("'s").to_owned(),
            |rest| rest.trim_end_matches(['e', '\'', '’']).to_owned(),
        )
}

/// Pieces of code: names and numbers, and everything between them.
pub(super) fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.split_whitespace().flat_map(move |part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = rest
                .find(|c: char| is_name(c) != is_name(first))
                .unwrap_or(rest.len());
            let (piece, tail) = rest.split_at(end);
            rest = tail;
            Some(piece)
        })
    })
}

/// A word cut where it is written without blanks: each sign of such a script is a piece.
pub(super) fn scripts(word: &str) -> impl Iterator<Item = (&str, Script)> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let (end, script) = if is_dense(first) {
            (first.len_utf8(), Script::Dense)
        } else {
            (rest.find(is_dense).unwrap_or(rest.len()), Script::Spaced)
        };
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some((piece, script))
    })
}

/// Signs of Chinese, Japanese and Thai, which have no blanks between words.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order_and_apart() {
        assert!(FILLER.split(' ').is_sorted() && TURNING.split(' ').is_sorted());
        for word in TURNING.split(' ') {
            assert!(!word.is_empty() && !is_filler(word), "{word}");
        }
    }

    #[test]
    fn a_word_loses_its_marks_and_keeps_its_sign() {
        for (written, expected) in [
            ("**bold**,", "bold"),
            ("-5", "-5"),
            ("--5", "-5"),
            ("$1,200.", "$1,200"),
            ("20%.", "20%"),
            ("-", ""),
            ("---", ""),
            ("(see", "see"),
            ("`foo_bar()`", "foo_bar"),
            ("/etc/hosts.", "/etc/hosts"),
            ("<=", "<="),
            ("…", ""),
        ] {
            assert_eq!(bare(written), expected, "{written:?}");
        }
    }

    #[test]
    fn inflection_goes_and_words_stay() {
        for (word, expected) in [
            ("painted", "paint"),
            ("painting", "paint"),
            ("paints", "paint"),
            ("is", "is"),
            ("gas", "gas"),
            ("sing", "sing"),
        ] {
            assert_eq!(stem(word), expected);
        }
    }
}
