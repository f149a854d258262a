//! The short result inside an answer, for a plain majority over the answers themselves.
//!
//! What is taken, the first that there is:
//!
//! 1. the last `\boxed{…}`;
//! 2. what follows the last `####` (as in GSM8K);
//! 3. what follows the last "final answer" or "answer", with `is` or a colon behind it, up to the end
//!    of its line or sentence;
//! 4. the last line that is not blank.
//!
//! It is then made comparable: marks of Markdown and LaTeX, quotes, brackets and the full stop at
//! the end go, case and blanks do not matter, `(b)` and `b)` are `b`. When a number ends it (3, 4) or
//! is all of it, the number is the result: `1,234.50`, `$1234.5` and `1234.5 apples` are the same.

use crate::protocol::{Label, PlainMajority};

/// Characters of a result that are kept: what is longer is a paragraph, compared by its beginning.
const LONGEST: usize = 80;
/// Bytes at the end of an answer that are looked at.
const TAIL: usize = 16 * 1024;

/// The comparable result of an answer; empty for a text without letters and digits.
#[must_use]
pub fn extract(text: &str) -> String {
    let mut start = text.len().saturating_sub(TAIL);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let tail = text.get(start..).unwrap_or(text);
    if let Some(inner) = boxed(tail) {
        return normal(inner);
    }
    if let Some((_, after)) = tail.rsplit_once("####") {
        return normal(first_line(after));
    }
    if let Some(after) = announced(tail) {
        return normal(after);
    }
    let last = tail
        .lines()
        .rev()
        .find(|line| line.chars().any(char::is_alphanumeric));
    normal(last.unwrap_or(""))
}

/// What most of the answers (in order of publication) end with. Of as many the one that was
/// published first; without labels when no two share a result. `None` without answers.
#[must_use]
pub fn majority<'a>(answers: impl Iterator<Item = (Label, &'a str)>) -> Option<PlainMajority> {
    let mut groups: Vec<(String, Vec<Label>)> = Vec::new();
    let mut of = 0;
    for (label, text) in answers {
        of += 1;
        let value = extract(text);
        if value.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, labels)) => labels.push(label),
            None => groups.push((value, vec![label])),
        }
    }
    // The first of the largest: `max_by_key` would take the last.
    let most = groups.iter().map(|(_, labels)| labels.len()).max();
    let shared = groups
        .into_iter()
        .find(|(_, labels)| labels.len() > 1 && Some(labels.len()) == most);
    let (value, mut labels) = shared.unwrap_or_default();
    labels.sort_unstable();
    (of > 0).then_some(PlainMajority { value, labels, of })
}

/// The inside of the last `\boxed{…}`, braces balanced.
fn boxed(text: &str) -> Option<&str> {
    let (_, inside) = text.rsplit_once("\\boxed{")?;
    let mut depth = 1_u32;
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return inside.get(..at);
        }
    }
    None
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or("")
}

/// What follows the last "answer is" or "answer:".
fn announced(text: &str) -> Option<&str> {
    // ASCII case only: the positions stay those of the original.
    let lower = text.to_ascii_lowercase();
    let mut end = lower.len();
    while let Some(at) = lower.get(..end)?.rfind("answer") {
        let after = text.get(at + "answer".len()..)?;
        let open = after.trim_start_matches([' ', '*', '_', '`']);
        let told = open.strip_prefix(':').or_else(|| {
            open.strip_prefix("is")
                .filter(|rest| rest.starts_with([' ', ':']))
        });
        if let Some(told) = told {
            let line = first_line(told.trim_start_matches([':', '*', '_', ' ']));
            let sentence = line.split(". ").next().unwrap_or(line);
            if sentence.chars().any(char::is_alphanumeric) {
                return Some(sentence);
            }
        }
        end = at;
    }
    None
}

/// The comparable form.
fn normal(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !"*_`\\$\"'“”‘’".contains(*c))
        .flat_map(char::to_lowercase)
        .collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_matches(|c: char| !c.is_alphanumeric() && !"-+%".contains(c));
    if let Some(letter) = letter(words) {
        return letter.to_string();
    }
    match number(words) {
        Some(number) => number,
        None => words.chars().take(LONGEST).collect(),
    }
}

/// The letter of a choice: `b`, `b) the second`, `option b`.
fn letter(words: &str) -> Option<char> {
    let rest = words
        .strip_prefix("option ")
        .or_else(|| words.strip_prefix("choice "))
        .unwrap_or(words);
    let mut chars = rest.chars();
    let first = chars.next().filter(|c| ('a'..='j').contains(c))?;
    match chars.next() {
        None | Some(')' | ':') => Some(first),
        Some('.') if chars.next().is_none_or(|c| c == ' ') => Some(first),
        Some(_) => None,
    }
}

/// The number that is all of a text, begins it with a unit behind it, or ends it after `=`.
fn number(words: &str) -> Option<String> {
    let last = words.rsplit('=').next().unwrap_or(words).trim();
    let mut parts = last.split(' ');
    let first = parts.next()?.trim_start_matches(['€', '£']);
    // A sentence that happens to begin with a number is no number.
    if parts.count() > 2 {
        return None;
    }
    let digits = first.trim_end_matches(['%', '€', '£']).replace(',', "");
    let unsigned = digits.trim_start_matches(['-', '+']);
    let plain = !unsigned.is_empty()
        && unsigned.chars().all(|c| c.is_ascii_digit() || c == '.')
        && unsigned.chars().any(|c| c.is_ascii_digit())
        && unsigned.matches('.').count() < 2;
    if !plain {
        return None;
    }
    let sign = if digits.starts_with('-') { "-" } else { "" };
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let value = match part {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    };
    let zero = value == "0";
    let value: String = value.chars().take(LONGEST).collect();
    Some(if zero {
        value
    } else {
        format!("{sign}{value}")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::AgentId;

    #[test]
    fn results_are_found_and_compare() {
        for (text, expected) in [
            ("", ""),
            ("***\n---", ""),
            ("so we get\n\n42\n", "42"),
            ("The answer is 42.", "42"),
            ("**Answer:** 1,234.50", "1234.5"),
            ("Final answer: $1234.5", "1234.5"),
            ("The answer is 1234.5 apples.", "1234.5"),
            ("My answer: **-7**", "-7"),
            ("answer: -0.0", "0"),
            ("x = 3\n\\boxed{\\frac{1}{2}}", "frac{1}{2"),
            ("\\boxed{007}", "7"),
            ("some steps\n#### 18", "18"),
            ("2 + 2 = 4", "4"),
            ("(B)", "b"),
            ("B) the second", "b"),
            ("b. Paris", "b"),
            ("The answer is **(C)**", "c"),
            ("Option D", "d"),
            ("Answer: b", "b"),
            ("Answer: Paris.", "paris"),
            ("The answer is Paris. It lies on the Seine.", "paris"),
            ("answer is a\nThe answer is b.", "b"),
            ("He had no answer for me\n12", "12"),
            (
                "A long line of words that says it",
                "a long line of words that says it",
            ),
            (
                "3 days after that nobody came",
                "3 days after that nobody came",
            ),
            ("**Yes**", "yes"),
            ("50%", "50"),
        ] {
            assert_eq!(extract(text), expected, "{text:?}");
        }
    }

    fn vote(texts: &[&str]) -> Option<(String, Vec<u16>, u32)> {
        let labels = (1..).map(|n| Label::new(AgentId(n), 1));
        let plain = majority(labels.zip(texts.iter().copied()))?;
        let agents = plain.labels.iter().map(|label| label.agent.0).collect();
        Some((plain.value, agents, plain.of))
    }

    #[test]
    fn most_share_or_nobody_does() {
        assert_eq!(vote(&[]), None);
        assert_eq!(vote(&["1"]), Some((String::new(), vec![], 1)));
        assert_eq!(vote(&["1", "2"]), Some((String::new(), vec![], 2)));
        assert_eq!(vote(&["1", "2", "x\n2"]), Some(("2".into(), vec![2, 3], 3)));
        let tied = vote(&["b", "a", "a", "b"]);
        assert_eq!(tied, Some(("b".into(), vec![1, 4], 4)), "the first of two");
    }

    proptest! {
        #[test]
        fn any_text_has_a_short_result(text in "\\PC*|[a \\\\boxed{}#:.answeris0-9\n]{0,60}") {
            let value = extract(&text);
            prop_assert!(value.chars().count() <= LONGEST + 1);
            prop_assert!(!value.contains('\n'));
        }

        #[test]
        fn dressing_changes_nothing(number in 0_u32..1_000_000) {
            let plain = number.to_string();
            for dressed in [
                format!("The answer is {number}."),
                format!("work\n\n**{number}**"),
                format!("\\boxed{{{number}}}"),
                format!("#### {number}"),
                format!("Answer: {number}.00"),
            ] {
                prop_assert_eq!(extract(&dressed), plain.clone(), "{}", dressed);
            }
        }
    }
}
