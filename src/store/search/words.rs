//! What a word is: the one rule for what is indexed, what is asked and what is marked.
//!
//! Letters and digits that stand together are a word, in small letters and without accents. In scripts
//! that put no blanks between words each character is one, so that any part of a sentence is found as a
//! phrase. Everything else only separates.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
};

/// Most characters of a word; the rest is not looked at. Keys, hashes and encoded files are long.
const LONGEST: usize = 64;

/// Calls `each` with every word of a text and its place there, in order.
pub(super) fn each_word(text: &str, mut each: impl FnMut(&str, Range<usize>)) {
    let mut word = String::new();
    let mut start = 0;
    let mut length = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if stands_alone(c) {
            if !word.is_empty() {
                each(&word, start..at);
            }
            word.clear();
            word.push(c);
            each(&word, at..end);
            word.clear();
        } else if is_part(c) {
            if word.is_empty() {
                start = at;
                length = 0;
            }
            if length < LONGEST {
                push(&mut word, c);
                length += 1;
            }
        } else if !is_silent(c) && !word.is_empty() {
            each(&word, start..at);
            word.clear();
        }
    }
    if !word.is_empty() {
        each(&word, start..text.len());
    }
}

/// Most letters of a beginning that is a word of its own in the index ([`beginnings`]). Longer ones have
/// few enough words to be put together when they are asked for.
const SHORT: usize = 3;

/// The short beginnings of words, each once and shorter ones of its own included: without them `a*` would
/// have to be put together from every word with an a, whatever is asked besides. `words` are as
/// [`each_word`] gives them.
pub(super) fn beginnings<'a>(words: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
    let mut all = HashSet::new();
    for word in words.filter(|word| !is_alone(word)) {
        let ends = word.char_indices().skip(1).map(|(end, _)| end);
        let ends = ends.chain([word.len()]).take(SHORT);
        let mut found: [&str; SHORT] = [""; SHORT];
        for (place, end) in found.iter_mut().zip(ends) {
            *place = word.get(..end).unwrap_or_default();
        }
        for beginning in found.into_iter().rev().filter(|found| !found.is_empty()) {
            // Where a longer one was, the shorter ones were before.
            if !all.insert(beginning) {
                break;
            }
        }
    }
    all
}

/// Whether the index has this beginning of a word as [`beginnings`] gives it.
pub(super) fn is_short(beginning: &str) -> bool {
    !beginning.is_empty() && !is_alone(beginning) && beginning.chars().count() <= SHORT
}

/// Whether it is a character that is a word by itself, so that nothing begins with it but itself.
fn is_alone(word: &str) -> bool {
    word.chars().next().is_none_or(stands_alone)
}

/// What stands between the two words of a joint; no word of a text has it.
const JOINT: char = '\u{e001}';

/// The joints of a text: two words each that nothing but signs stands between, as in `snake_case`. Those
/// of one chain (`a.b.c`) stand in a row, with blanks between; each chain is given once. Without them a
/// beginning behind a sign (`snake_c*`) would have to be put together from every word with a c.
pub(super) fn chains(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut chain = String::new();
    let mut before: Option<(String, usize)> = None;
    each_word(text, |word, at| {
        let joined = before.as_ref().filter(|(_, end)| {
            let between = text.get(*end..at.start).unwrap_or_default();
            !is_alone(word) && !between.contains(|c: char| c.is_whitespace() || c.is_control())
        });
        if let Some((before, _)) = joined {
            if !chain.is_empty() {
                chain.push(' ');
            }
            chain.push_str(&joint(before, word));
        } else if !chain.is_empty() {
            all.insert(std::mem::take(&mut chain));
        }
        before = Some((word.to_owned(), at.end));
    });
    if !chain.is_empty() {
        all.insert(chain);
    }
    all
}

fn joint(one: &str, other: &str) -> String {
    format!("{one}{JOINT}{other}")
}

/// The joints of words that stand one behind the other, as [`chains`] gives them; `None` when some of
/// them have none in the index.
pub(super) fn joints(words: &[String]) -> Option<String> {
    let (_, behind) = words
        .split_first()
        .filter(|(_, behind)| !behind.is_empty())?;
    if behind.iter().any(|word| is_alone(word)) {
        return None;
    }
    let pairs = words.iter().zip(behind);
    let joints = pairs.map(|(one, other)| joint(one, other));
    Some(joints.collect::<Vec<_>>().join(" "))
}

/// Whether a word that ends with `before` goes on with `after`.
pub(super) fn goes_on(before: Option<char>, after: Option<char>) -> bool {
    let inner = |c: char| (is_part(c) && !stands_alone(c)) || is_silent(c);
    before.is_some_and(inner) && after.is_some_and(inner)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric()
}

/// Accents that stand behind their letter, and signs that only say how a word is broken.
fn is_silent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{fe0f}')
}

/// Characters of scripts without blanks, and pictures.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Myanmar
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'   // Hiragana, Katakana
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'   // Han
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'   // Hangul
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{1f300}'..='\u{1faff}' // pictures
        | '\u{20000}'..='\u{3ffff}')
}

fn push(word: &mut String, c: char) {
    if c.is_ascii() {
        word.push(c.to_ascii_lowercase());
        return;
    }
    let c = match c {
        // Full width.
        '\u{ff10}'..='\u{ff5a}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    word.extend(c.to_lowercase().filter(|c| !is_silent(*c)).map(plain));
}

/// A small letter without its accent.
fn plain(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ς' => 'σ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word, at| {
            assert!(text.get(at).is_some_and(|part| !part.is_empty()));
            words.push(word.to_owned());
        });
        words
    }

    #[test]
    fn words_of_many_scripts() {
        let check = |text: &str, want: &[&str]| assert_eq!(words(text), want, "{text:?}");
        check("", &[]);
        check(" .,;-- \0\u{1b}[31m", &["31m"]);
        check("Hello, World", &["hello", "world"]);
        check(
            "don't snake_case a.b",
            &["don", "t", "snake", "case", "a", "b"],
        );
        check("Café CAFE cafe\u{301}", &["cafe", "cafe", "cafe"]);
        check("Łódź Ünïcödé ＡＢ１", &["lodz", "unicode", "ab1"]);
        check("İstanbul ΟΔΟΣ οδος", &["istanbul", "οδοσ", "οδοσ"]);
        check("東京tower", &["東", "京", "tower"]);
        check("ค้น 한국", &["ค", "้", "น", "한", "국"]);
        check("done🎉", &["done", "🎉"]);
        check("Привет мир", &["привет", "мир"]);
        check("co\u{ad}operate", &["cooperate"]);
        check(&"x".repeat(100), &[&"x".repeat(64)]);
    }

    #[test]
    fn short_beginnings_stand_once_and_whole_words_are_among_them() {
        let check = |text: &str, want: &[&str]| {
            let mut found: Vec<_> = beginnings(text.split(' ')).into_iter().collect();
            found.sort_unstable();
            assert_eq!(found, want, "{text:?}");
        };
        check("", &[]);
        check("a", &["a"]);
        check("tower town to", &["t", "to", "tow"]);
        check("при 東 ab", &["a", "ab", "п", "пр", "при"]);
        assert!(is_short("tow") && is_short("при") && is_short("a"));
        assert!(!is_short("towe") && !is_short("東") && !is_short(""));
    }

    #[test]
    fn chains_are_words_with_nothing_but_signs_between() {
        let check = |text: &str, want: &[&str]| {
            let found = chains(text).into_iter();
            let found: Vec<String> = found.map(|chain| chain.replace(JOINT, "+")).collect();
            assert_eq!(found, want, "{text:?}");
        };
        check("", &[]);
        check("two words", &[]);
        check("A snake_case, snake_case!", &["snake+case"]);
        check("std::fs a.b.c x", &["a+b b+c", "std+fs"]);
        check("a\tb a\nb a\u{0}b", &[]);
        // Characters that stand alone are found as phrases; what follows one is joined to it.
        check("東京都 京tower", &["京+tower"]);
        let joined = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            joints(&words).map(|joints| joints.replace(JOINT, "+"))
        };
        assert_eq!(joined(&["a", "b", "c"]), Some("a+b b+c".to_owned()));
        assert_eq!(joined(&["京", "to"]), Some("京+to".to_owned()));
        assert_eq!(joined(&["a"]), None);
        assert_eq!(joined(&["a", "京"]), None);
    }

    proptest! {
        #[test]
        fn what_is_found_is_found_again_in_itself(text in "\\PC{0,40}") {
            for word in words(&text) {
                prop_assert_eq!(words(&word), vec![word.clone()]);
            }
        }

        #[test]
        fn words_of_two_texts_are_those_of_both_unless_one_goes_on(one in "\\PC{0,20}", other in "\\PC{0,20}") {
            if !goes_on(one.chars().last(), other.chars().next()) {
                let mut both = words(&one);
                // A silent sign in front belongs to what is before it, or to nothing.
                both.extend(words(&other));
                prop_assert_eq!(words(&format!("{one}{other}")), both);
            }
        }
    }
}
