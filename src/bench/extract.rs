//! What an answer comes to: the short result inside a long text, by rules that know no right answer.
//!
//! The rules, first that fits: the last `\boxed{…}`; what follows the last "answer:" or "answer is" on
//! its line (or the next line, when nothing follows); the whole text, when it is one line; the last
//! line with words in it. Markdown marks, quotes and a full stop at the end are taken off.

/// Longest result in characters; a longer one is cut.
const LONGEST: usize = 500;

/// The result of an answer as it was written; empty when there is none.
#[must_use]
pub fn result(text: &str) -> String {
    let found = boxed(text)
        .or_else(|| announced(text))
        .or_else(|| last_line(text))
        .unwrap_or_default();
    bare(&found).chars().take(LONGEST).collect()
}

/// The form in which two results are compared: bare, lower case, blanks single.
#[must_use]
pub fn normal(text: &str) -> String {
    bare(text)
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The content of the last `\boxed{…}`, braces within it balanced.
fn boxed(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("\\boxed{")?;
    let mut depth = 1_u32;
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(rest.get(..at)?.to_owned());
        }
    }
    None
}

/// What follows the last "answer:" or "answer is".
fn announced(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().enumerate().rev().find_map(|(number, line)| {
        // Lower case in ASCII only, so that places stay the same.
        let lower = line.to_ascii_lowercase();
        let end = ["answer is:", "answer:", "answer**:", "answer is"]
            .iter()
            .filter_map(|mark| Some(lower.rfind(mark)? + mark.len()))
            .max()?;
        let rest = bare(line.get(end..)?);
        if !rest.is_empty() {
            return Some(rest);
        }
        let after = lines.get(number + 1..)?;
        let next = after.iter().find(|line| !bare(line).is_empty())?;
        Some((*next).to_owned())
    })
}

fn last_line(text: &str) -> Option<String> {
    let line = text.lines().rev().find(|line| !bare(line).is_empty())?;
    Some(line.to_owned())
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
    }
}
