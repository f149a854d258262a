//! Prompts that are kept: a text with variables, and what they stand for when nothing is said.
//!
//! A file is Markdown with a head between two lines of `---`: a `description:`, and one line per variable
//! with its default (none: it must be given) and, behind ` # `, what it is. The text below says
//! `{{name}}` where a variable goes. A line `=== next ===` begins the next task of a conversation. What is
//! put in is never read again, so that nothing in a value is a variable.

use std::collections::BTreeMap;

/// Largest file, in bytes.
pub const LARGEST: usize = 256 * 1024;
/// The line between two tasks of a conversation.
const NEXT: &str = "=== next ===";
/// Most variables of a prompt.
const VARIABLES: usize = 20;

/// A prompt that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name: that of its file.
    pub name: String,
    /// What it is for, in a line.
    pub description: String,
    /// Its variables, in their order.
    pub variables: Vec<Variable>,
    /// Its tasks, at least one; more are a conversation.
    pub tasks: Vec<String>,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// What it is when nothing is said; `None` when something must be said.
    pub default: Option<String>,
    /// What it is, in words; may be empty.
    pub help: String,
}

/// The prompts that come with the program, as name and text.
pub const SHIPPED: [(&str, &str); 6] = [
    (
        "review-change",
        include_str!("../../assets/setup/prompts/review-change.md"),
    ),
    (
        "find-bug",
        include_str!("../../assets/setup/prompts/find-bug.md"),
    ),
    (
        "explain",
        include_str!("../../assets/setup/prompts/explain.md"),
    ),
    (
        "compare-options",
        include_str!("../../assets/setup/prompts/compare-options.md"),
    ),
    (
        "polish-text",
        include_str!("../../assets/setup/prompts/polish-text.md"),
    ),
    (
        "decide-in-steps",
        include_str!("../../assets/setup/prompts/decide-in-steps.md"),
    ),
];

/// What a new prompt looks like.
pub const BLANK: &str = "---\n\
description: What it is for, in a line\n\
subject:               # must be given\n\
length: one page       # may be left out\n\
---\n\
Write about {{subject}}, {{length}}.\n";

/// Whether a prompt can have this name: letters, digits, `-` and `_`, a letter or digit first.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 64
        && name.chars().all(good)
}

/// Reads a prompt.
///
/// # Errors
/// What is wrong, with the line, as a sentence.
pub fn parse(name: &str, text: &str) -> Result<Preset, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LARGEST {
        return Err(format!("A prompt has at most {} KiB.", LARGEST / 1024));
    }
    let mut lines = text.lines().enumerate().peekable();
    let begins = lines.next_if(|(_, line)| line.trim_end() == "---");
    let (description, mut variables) = match begins {
        Some(_) => head(&mut lines)?,
        None => (String::new(), Vec::new()),
    };
    let mut tasks = vec![String::new()];
    for (_, line) in lines {
        if line.trim() == NEXT {
            tasks.push(String::new());
        } else if let Some(task) = tasks.last_mut() {
            task.push_str(line);
            task.push('\n');
        }
    }
    let tasks: Vec<String> = tasks
        .iter()
        .map(|task| task.trim().to_owned())
        .filter(|task| !task.is_empty())
        .collect();
    if tasks.is_empty() {
        return Err("It has no text below its head.".to_owned());
    }
    for used in tasks.iter().flat_map(|task| names(task)) {
        // A variable that the head does not name must be given.
        if variables.iter().all(|one| one.name != used) {
            variables.push(Variable {
                name: used.to_owned(),
                default: None,
                help: String::new(),
            });
        }
    }
    Ok(Preset {
        name: name.to_owned(),
        description,
        variables,
        tasks,
    })
}

/// What the head says, up to and with the line that ends it.
fn head<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
) -> Result<(String, Vec<Variable>), String> {
    let mut description = String::new();
    let mut variables: Vec<Variable> = Vec::new();
    for (number, line) in lines {
        if line.trim_end() == "---" {
            return Ok((description, variables));
        }
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let at = number + 1;
        let Some((key, value)) = line.split_once(':') else {
            return Err(format!("Line {at}: a line of the head is `name: default`."));
        };
        let key = key.trim();
        if key == "description" {
            value.trim().clone_into(&mut description);
            continue;
        }
        if !is_variable(key) {
            return Err(format!(
                "Line {at}: a variable is named in small letters, digits and `_`."
            ));
        }
        if variables.iter().any(|one| one.name == key) {
            return Err(format!("Line {at}: `{key}` stands twice."));
        }
        if variables.len() == VARIABLES {
            return Err(format!(
                "Line {at}: a prompt has at most {VARIABLES} variables."
            ));
        }
        let (value, help) = match value.split_once(" #") {
            Some((value, help)) => (value, help.trim()),
            None => (value, ""),
        };
        let value = value.trim();
        variables.push(Variable {
            name: key.to_owned(),
            default: (!value.is_empty()).then(|| value.to_owned()),
            help: help.to_owned(),
        });
    }
    Err("Its head does not end: a line `---` is missing.".to_owned())
}

fn is_variable(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= 40 && name.chars().all(good)
}

/// A text as pieces: words as they are, and names of variables.
fn pieces(text: &str) -> Vec<Result<&str, &str>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find("{{")) {
        let start = from + at;
        let inside = rest.get(start + 2..).unwrap_or_default();
        let name = inside.split("}}").next().unwrap_or_default();
        if inside.len() > name.len() && is_variable(name.trim_matches(' ')) {
            pieces.push(Ok(rest.get(..start).unwrap_or_default()));
            pieces.push(Err(name.trim_matches(' ')));
            rest = inside.get(name.len() + 2..).unwrap_or_default();
            from = 0;
        } else {
            // Braces that are no variable stand for themselves.
            from = start + 2;
        }
    }
    pieces.push(Ok(rest));
    pieces
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(Result::err)
}

impl Preset {
    /// Its tasks with these values.
    ///
    /// # Errors
    /// A value for a variable that it does not have, or none for one that must be given; as a sentence.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
        for name in values.keys() {
            if self.variables.iter().all(|one| one.name != *name) {
                let known: Vec<&str> = self.variables.iter().map(|one| one.name.as_str()).collect();
                let known = if known.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has {}", known.join(", "))
                };
                return Err(format!("{} has no variable `{name}`; {known}.", self.name));
            }
        }
        let value = |name: &str| {
            let given = values.get(name).filter(|value| !value.trim().is_empty());
            let variable = self.variables.iter().find(|one| one.name == name);
            given.or_else(|| variable?.default.as_ref())
        };
        let missing: Vec<&str> = self
            .variables
            .iter()
            .map(|one| one.name.as_str())
            .filter(|name| value(name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(format!(
                "{} needs a value for {}.",
                self.name,
                missing.join(", ")
            ));
        }
        let filled = |task: &String| {
            let piece = |piece: Result<&str, &str>| match piece {
                Ok(words) => words.to_owned(),
                Err(name) => value(name).cloned().unwrap_or_default(),
            };
            pieces(task).into_iter().map(piece).collect::<String>()
        };
        Ok(self.tasks.iter().map(filled).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn what_comes_with_the_program_can_be_read() {
        for (name, text) in SHIPPED {
            let preset = parse(name, text).expect(name);
            assert!(is_name(name) && !preset.description.is_empty(), "{name}");
            assert!(!preset.variables.is_empty(), "{name}");
        }
        let (_, text) = SHIPPED[5];
        assert_eq!(parse("x", text).expect("a conversation").tasks.len(), 3);
        assert_eq!(parse("blank", BLANK).expect("a prompt").variables.len(), 2);
    }

    #[test]
    fn values_go_in_once() {
        let preset = parse(
            "p",
            "---\ndescription: d\na: one # the first\nb:\n---\n{{a}} {{ b }} {{c}} {{ }} {{x",
        )
        .expect("a prompt");
        let names: Vec<&str> = preset
            .variables
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(preset.variables[0].help, "the first");
        let told = preset.fill(&values(&[("b", " ")])).expect_err("missing");
        assert_eq!(told, "p needs a value for b, c.");
        let told = preset.fill(&values(&[("z", "1")])).expect_err("unknown");
        assert_eq!(told, "p has no variable `z`; it has a, b, c.");
        let filled = preset.fill(&values(&[("b", "{{a}}"), ("c", "3")]));
        assert_eq!(filled, Ok(vec!["one {{a}} 3 {{ }} {{x".to_owned()]));
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        for (text, told) in [
            ("---\nx", "Line 2"),
            ("---\na: 1", "does not end"),
            ("---\nBad Name: 1\n---\nx", "Line 2"),
            ("---\na: 1\na: 2\n---\nx", "Line 3: `a` stands twice"),
            ("---\na: 1\n---\n \n", "no text"),
            ("", "no text"),
        ] {
            let words = parse("p", text).expect_err(text);
            assert!(words.contains(told), "{words}");
        }
        assert!(!is_name("../x") && !is_name("") && !is_name(".x") && is_name("a-1_B"));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_of_a_text(text in "[a{} }\n]{0,60}") {
            let whole: String = pieces(&text)
                .into_iter()
                .map(|piece| match piece {
                    Ok(words) => words.to_owned(),
                    Err(name) => format!("{{{{{name}}}}}"),
                })
                .collect();
            let plain = |text: &str| text.replace(' ', "");
            prop_assert_eq!(plain(&whole), plain(&text));
            let _ = parse("p", &text);
        }
    }
}
