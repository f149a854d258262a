//! What an answer comes to: the short result inside a long text, by rules that know no right answer.
//!
//! The one place for it: the plain majority beside every vote, modes that count equal answers, and the
//! bench all ask here. What is taken, the first that there is:
//!
//! 1. the last `\boxed{…}`;
//! 2. what follows the last `####` (as in GSM8K);
//! 3. what follows the last "final answer" or "answer", with `is` or a colon behind it, up to the end
//!    of its line or sentence;
//! 4. the last line that is not blank.
//!
//! [`comparable`] then makes it comparable: marks of Markdown and LaTeX, quotes, brackets and the full
//! stop at the end go, case and blanks do not matter, `(b)` and `b)` are `b`. When a number ends it
//! (3, 4) or is all of it, the number is the result: `1,234.50`, `$1234.5` and `1234.5 apples` are the
//! same. Pure, total, and linear in the text.

/// Characters of a result that are kept.
const LONGEST: usize = 500;
/// Bytes at the end of an answer that are looked at.
const TAIL: usize = 16 * 1024;

/// The result of an answer as it was written; empty when there is none.
#[must_use]
pub fn result(text: &str) -> String {
    bare(found(text)).chars().take(LONGEST).collect()
}

/// The comparable result of an answer; empty for a text without letters and digits.
#[must_use]
pub fn comparable(text: &str) -> String {
    normal(found(text))
}

/// The part of an answer that holds its result.
fn found(text: &str) -> &str {
    let tail = text
        .get(text.ceil_char_boundary(text.len().saturating_sub(TAIL))..)
        .unwrap_or(text);
    if let Some(inner) = boxed(tail) {
        return inner;
    }
    if let Some((_, after)) = tail.rsplit_once("####") {
        return first_line(after);
    }
    if let Some(after) = announced(tail) {
        return after;
    }
    tail.lines()
        .rev()
        .find(|line| line.chars().any(char::is_alphanumeric))
        .unwrap_or("")
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

/// Without blanks, Markdown marks and quotes around it, and without a full stop at its end.
fn bare(text: &str) -> String {
    let around = |c: char| c.is_whitespace() || "*_`\"'#>$“”‘’".contains(c);
    let text = text.trim_matches(around);
    let text = text.strip_prefix("- ").unwrap_or(text);
    text.trim_end_matches(|c: char| around(c) || c == '.')
        .trim_start_matches(around)
        .to_owned()
}

/// The comparable form of a result.
#[must_use]
pub fn normal(text: &str) -> String {
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
    match plain_number(words) {
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
fn plain_number(words: &str) -> Option<String> {
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

/// The number that a text comes to: the last one of its result, else the last of all. Signs, thousands
/// separators, exponents and plain fractions are read; `%` and units are passed over.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    last_number(&result(text)).or_else(|| last_number(text))
}

fn last_number(text: &str) -> Option<f64> {
    let text = text.replace('\u{2212}', "-");
    let mut last = None;
    let mut rest = text.as_str();
    // Of a text that ends with `rest`, what stands before a place in `rest`.
    let until = |rest: &str, place: usize| text.get(..text.len() - rest.len() + place);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let before = until(rest, start)?;
        let mut length = rest
            .get(start..)?
            .find(|c: char| !(c.is_ascii_digit() || ",._".contains(c)))
            .unwrap_or(rest.len() - start);
        let tail = rest.get(start + length..)?;
        length += exponent(tail);
        // A dot, comma or low line at the end belongs to the sentence.
        let token = rest.get(start..start + length)?;
        let digits = token.trim_end_matches([',', '.', '_']);
        let mut value = parse(digits, before);
        let tail = rest.get(start + length..)?;
        if let Some(below) = tail.strip_prefix('/')
            && token.len() == digits.len()
            && below.starts_with(|c: char| c.is_ascii_digit())
        {
            let end = below
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(below.len());
            let divisor: Option<f64> = below.get(..end)?.parse().ok();
            value = value.zip(divisor).map(|(above, below)| above / below);
            length += 1 + end;
        }
        last = value.filter(|value| value.is_finite()).or(last);
        rest = rest.get(start + length..)?;
    }
    last
}

/// The length of an exponent at the start of `tail`.
fn exponent(tail: &str) -> usize {
    let Some(after) = tail.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        0
    } else {
        tail.len() - digits.len() + count
    }
}

/// Plain digits with separators; a minus directly before them counts when no word or number stands
/// before it (so that "2020-21" is not negative).
fn parse(digits: &str, before: &str) -> Option<f64> {
    let plain: String = digits.chars().filter(|c| !",_".contains(*c)).collect();
    let value: f64 = plain.parse().ok()?;
    let mut letters = before.chars().rev();
    let minus = letters.next() == Some('-') && letters.next().is_none_or(|c| !c.is_alphanumeric());
    // ".5" without a digit before the point.
    let point = before.ends_with('.')
        && !before
            .trim_end_matches('.')
            .ends_with(char::is_alphanumeric);
    let value = if point && !plain.contains('.') {
        format!("0.{plain}").parse().ok()?
    } else {
        value
    };
    Some(if minus || before.ends_with("-.") {
        -value
    } else {
        value
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn results_are_found_where_models_put_them() {
        for (text, expected) in [
            ("Paris", "Paris"),
            ("The capital is Paris.", "The capital is Paris"),
            ("Long story.\n\n**Answer: Paris.**\n", "Paris"),
            ("Final answer:\n\n  `x = 3`\n", "x = 3"),
            ("The answer is 42.", "42"),
            ("Answer: 1\nI was wrong.\nAnswer: 2", "2"),
            ("So \\boxed{\\frac{1}{2}} it is. Answer: no", "\\frac{1}{2}"),
            ("\\boxed{never closed", "\\boxed{never closed"),
            ("first line\nlast line\n\n", "last line"),
            ("ANSWER: “Yes”", "Yes"),
            ("", ""),
            ("***", ""),
            ("answer is", "answer is"),
        ] {
            assert_eq!(result(text), expected, "{text:?}");
        }
        assert_eq!(normal(" **New   York**. "), "new york");
    }

    #[test]
    fn numbers_are_read_the_way_people_write_them() {
        for (text, expected) in [
            ("42", Some(42.0)),
            ("The answer is 1,234.5 metres.", Some(1234.5)),
            ("-3", Some(-3.0)),
            ("\u{2212}3", Some(-3.0)),
            ("x = -0.5", Some(-0.5)),
            (".25", Some(0.25)),
            ("6.02e23", Some(6.02e23)),
            ("1e-3 s", Some(0.001)),
            ("3/4", Some(0.75)),
            ("between 2020-21", Some(21.0)),
            ("50 %", Some(50.0)),
            ("$12.", Some(12.0)),
            ("1, 2, 3", Some(3.0)),
            ("Answer: none, though 7 was close\n", Some(7.0)),
            ("It is 7.\nAnswer: none of them", Some(7.0)),
            ("no number", None),
            ("1/0", None),
            ("", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
    }

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
            assert_eq!(comparable(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_trouble(text in "\\PC{0,80}") {
            let _ = (result(&text), normal(&text), number(&text));
        }

        #[test]
        fn numbers_read_back(value in -1_000_000_i64..1_000_000) {
            prop_assert_eq!(number(&format!("Answer: {value}.")), Some(value as f64));
        }

        #[test]
        fn the_normal_form_is_final(text in "\\PC{0,60}") {
            let once = normal(&text);
            prop_assert_eq!(normal(&once), once);
        }

        #[test]
        fn any_text_has_a_short_result(text in "\\PC*|[a \\\\boxed{}#:.answeris0-9\n]{0,60}") {
            let value = comparable(&text);
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
                prop_assert_eq!(comparable(&dressed), plain.clone(), "{}", dressed);
            }
        }
    }
}
