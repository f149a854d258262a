//! `edit_file`: an exact replacement that matches once, or a patch.

use serde_json::{Value, json};

use super::{Grip, args, change, patch};
use crate::{protocol::ToolSpec, tool::Ran};

/// How it is offered.
pub fn spec() -> ToolSpec {
    ToolSpec {
        name: "edit_file".into(),
        description: "Change part of a text file. Either \"old\" and \"new\": \"old\" must occur \
                      exactly once, or say \"all\". Or \"patch\": hunks of a unified diff for this \
                      file."
            .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "description": "File" },
                "old": { "type": "string", "description": "Text to replace, as it stands in the file" },
                "new": { "type": "string", "description": "What replaces it" },
                "all": { "type": "boolean", "description": "Replace every occurrence" },
                "patch": { "type": "string", "description": "Hunks of a unified diff, instead of old and new" }
            },
            "required": ["path"]
        }),
    }
}

/// Edits.
pub async fn run(hands: Grip, arguments: Value) -> Ran {
    let read = async {
        let path = args::text(&arguments, "path")?;
        let target = change::target(&hands, path).await?;
        let shown = &target.place.shown;
        let Some(old) = &target.old else {
            return Err(format!(
                "There is no \"{shown}\"; write_file makes new files."
            ));
        };
        let Ok(text) = std::str::from_utf8(old) else {
            return Err(format!(
                "\"{shown}\" is not UTF-8 text; change it with run_command."
            ));
        };
        let new = if let Some(hunks) = args::maybe(&arguments, "patch")? {
            patch::apply(text, hunks)?
        } else {
            let wanted = Replacement {
                old: args::text(&arguments, "old")?,
                new: args::text(&arguments, "new")?,
                all: args::flag(&arguments, "all")?,
            };
            replace(shown, text, &wanted)?
        };
        if new == text {
            return Err(format!("That changes nothing in \"{shown}\"."));
        }
        Ok((target, new))
    };
    match read.await {
        Ok((target, new)) => change::write(hands, "edit_file", target, new.into()).await,
        Err(why) => Ran::from(Err(why)),
    }
}

struct Replacement<'a> {
    old: &'a str,
    new: &'a str,
    all: bool,
}

/// Replaces; the line ends of the file are kept.
fn replace(shown: &str, text: &str, wanted: &Replacement<'_>) -> Result<String, String> {
    if wanted.old.is_empty() {
        return Err("\"old\" is empty; name the text to replace.".to_owned());
    }
    let (mut old, mut new) = (wanted.old.to_owned(), wanted.new.to_owned());
    if is_crlf(text) {
        old = to_crlf(&old);
        new = to_crlf(&new);
    }
    match text.matches(&old).count() {
        0 => Err(format!(
            "\"old\" does not occur in \"{shown}\".{} Read the file and copy the text exactly.",
            hint(text, &old)
        )),
        1 => Ok(text.replacen(&old, &new, 1)),
        _ if wanted.all => Ok(text.replace(&old, &new)),
        count => Err(format!(
            "\"old\" occurs {count} times in \"{shown}\"; add lines around it until it is one, or \
             say \"all\": true."
        )),
    }
}

/// Where a text that does not occur would, if blanks did not count.
fn hint(text: &str, old: &str) -> String {
    let first = old.lines().map(str::trim).find(|line| !line.is_empty());
    let Some(first) = first else {
        return String::new();
    };
    let near = (1..)
        .zip(text.lines())
        .find(|(_, line)| line.trim() == first);
    near.map_or_else(String::new, |(number, _)| {
        format!(" Line {number} is like its first line; blanks or later lines differ.")
    })
}

/// True when most lines end in CR LF.
pub fn is_crlf(text: &str) -> bool {
    let all = text.matches('\n').count();
    all > 0 && text.matches("\r\n").count() * 2 > all
}

/// With CR LF at the end of every line.
pub fn to_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, old: &str, new: &str, all: bool) -> Result<String, String> {
        replace("f", text, &Replacement { old, new, all })
    }

    #[test]
    fn a_replacement_matches_once_or_says_why_not() {
        assert_eq!(edit("a b c", "b", "x", false), Ok("a x c".into()));
        assert!(
            edit("a a", "a", "x", false)
                .unwrap_err()
                .contains("2 times")
        );
        assert_eq!(edit("a a", "a", "x", true), Ok("x x".into()));
        let error = edit("  one\n  two\n", "one\ntwo", "x", false).unwrap_err();
        assert!(error.contains("Line 1"), "{error}");
        assert!(edit("a", "", "x", false).is_err());
    }

    #[test]
    fn line_ends_are_kept() {
        assert_eq!(
            edit("a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", false),
            Ok("x\r\ny\r\nz\r\nc\r\n".into())
        );
        assert_eq!(edit("a\nb\n", "a\nb", "x", false), Ok("x\n".into()));
    }
}
