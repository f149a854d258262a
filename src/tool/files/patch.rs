//! Hunks of a unified diff, applied to one text. Pure.
//!
//! Models count lines badly, so a hunk goes where its old lines stand: at the line that it names, or
//! at the nearest place after the hunk before. Its old lines must stand there exactly; nothing is
//! guessed. All hunks or none.

use super::edit::{is_crlf, to_crlf};

/// A hunk.
#[derive(Debug, Default)]
struct Hunk {
    /// The line it names, from 0.
    at: usize,
    old: Vec<String>,
    new: Vec<String>,
}

/// Applies hunks.
///
/// # Errors
/// The patch cannot be read, or a hunk has no place.
pub fn apply(text: &str, patch: &str) -> Result<String, String> {
    let hunks = read(patch)?;
    let crlf = is_crlf(text);
    let plain = if crlf {
        text.replace("\r\n", "\n")
    } else {
        text.to_owned()
    };
    let ends = plain.is_empty() || plain.ends_with('\n');
    let lines: Vec<&str> = plain.lines().collect();
    let mut out: Vec<&str> = Vec::new();
    let mut done = 0;
    for (number, hunk) in (1..).zip(&hunks) {
        let place = find(&lines, hunk, done).ok_or_else(|| {
            format!(
                "Hunk {number} of the patch has no place: its old lines do not stand in the file \
                 (begins with \"{}\"). Read the file and make the patch again.",
                hunk.old.first().map_or("", String::as_str)
            )
        })?;
        out.extend(lines.get(done..place).unwrap_or_default());
        out.extend(hunk.new.iter().map(String::as_str));
        done = place + hunk.old.len();
    }
    out.extend(lines.get(done..).unwrap_or_default());
    let mut new = out.join("\n");
    if ends && !out.is_empty() {
        new.push('\n');
    }
    Ok(if crlf { to_crlf(&new) } else { new })
}

/// The nearest place at or after `from` where the old lines stand.
fn find(lines: &[&str], hunk: &Hunk, from: usize) -> Option<usize> {
    if hunk.old.is_empty() {
        return (hunk.at >= from || lines.is_empty()).then_some(hunk.at.min(lines.len()));
    }
    let stands = |place: &usize| {
        let there = lines.get(*place..place + hunk.old.len());
        there.is_some_and(|there| there.iter().zip(&hunk.old).all(|(line, old)| line == old))
    };
    (from..lines.len())
        .filter(stands)
        .min_by_key(|place| place.abs_diff(hunk.at))
}

fn read(patch: &str) -> Result<Vec<Hunk>, String> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for line in patch.lines() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with("@@") {
            hunks.push(Hunk {
                at: named(line),
                ..Hunk::default()
            });
            continue;
        }
        let Some(hunk) = hunks.last_mut() else {
            // The head of a patch: file names, index lines.
            continue;
        };
        match line.split_at_checked(1) {
            Some((" ", rest)) => {
                hunk.old.push(rest.to_owned());
                hunk.new.push(rest.to_owned());
            }
            Some(("-", rest)) => hunk.old.push(rest.to_owned()),
            Some(("+", rest)) => hunk.new.push(rest.to_owned()),
            Some(("\\", _)) => {}
            // An empty line of context often loses its blank.
            None => {
                hunk.old.push(String::new());
                hunk.new.push(String::new());
            }
            Some(_) => {
                return Err(format!(
                    "The patch has a line that begins with none of \" \", \"-\", \"+\": \"{line}\"."
                ));
            }
        }
    }
    if hunks.iter().all(|hunk| hunk.old == hunk.new) {
        return Err(
            "The patch has no hunk: begin each with a line \"@@ -1,3 +1,4 @@\".".to_owned(),
        );
    }
    Ok(hunks)
}

/// The old line that a head such as `@@ -12,3 +12,4 @@` names, from 0.
fn named(head: &str) -> usize {
    let after = head.split('-').nth(1).unwrap_or_default();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let (number, counts_none) = (digits.parse::<usize>().unwrap_or(1), after.contains(",0 "));
    if counts_none {
        number
    } else {
        number.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use similar::TextDiff;

    use super::*;

    #[test]
    fn hunks_find_their_place_and_wrong_ones_say_so() {
        let text = "a\nb\nc\nd\n";
        let patch = "--- a/f\n+++ b/f\n@@ -9,2 +9,2 @@\n b\n-c\n+C\n";
        assert_eq!(apply(text, patch), Ok("a\nb\nC\nd\n".into()));
        assert_eq!(
            apply("a\r\nb\r\n", "@@ @@\n-a\n+x"),
            Ok("x\r\nb\r\n".into())
        );
        for (patch, told) in [
            ("@@ -1 +1 @@\n-z\n+y", "no place"),
            ("nothing", "no hunk"),
            ("@@ -1 +1 @@\n-a\n*b", "begins with none"),
        ] {
            let error = apply(text, patch).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_diff_applied_gives_the_other_text(
            old in proptest::collection::vec("[a-c]{0,2}", 0..30),
            new in proptest::collection::vec("[a-c]{0,2}", 0..30),
        ) {
            let text = |lines: &[String]| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
            let (old, new) = (text(&old), text(&new));
            prop_assume!(old != new);
            let patch = TextDiff::from_lines(&old, &new).unified_diff().to_string();
            prop_assert_eq!(apply(&old, &patch), Ok(new));
        }

        #[test]
        fn no_patch_breaks_it(patch in "[-+ @ab\\\\\n0-9,]{0,60}") {
            let _ = apply("a\nb\n", &patch);
        }
    }
}
