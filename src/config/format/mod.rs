//! `config fmt`: the same file with even indentation and the usual order of keys.
//!
//! Changes where lines stand, never what is on them: every line with its comment comes out again, two
//! blanks deeper per level. Before anything is given back it is proven: the lines are the same ones, and
//! they read as the same values. Where that cannot be shown, or the text has forms that this does not
//! know, the file is left alone with the reason.

mod lines;
mod order;
mod write;

use super::node::{Kind, Node};
use super::yaml;

/// The text with even indentation and order; the same text when it has both.
///
/// # Errors
/// One sentence: why the text is left alone.
pub fn format(text: &str) -> Result<String, String> {
    let before = yaml::sound(text).ok_or_else(|| {
        "it cannot be read as it is; `massgen-tui config check` says why".to_owned()
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let new = if text.trim_start().starts_with('{') {
        json(text)?
    } else {
        let mut page = lines::read(text)?;
        if !has_anchors(text) {
            order::put(&mut page.block, "top");
        }
        write::write(&page)
    };
    let after = yaml::sound(&new).ok_or("the result could not be read again")?;
    if values(&before) != values(&after) {
        return Err("the result would mean something else".to_owned());
    }
    if !text.trim_start().starts_with('{') && marks(text) != marks(&new) {
        return Err("a line or a comment would be lost".to_owned());
    }
    Ok(new)
}

/// A value without places, the keys of maps in order of the alphabet.
fn values(node: &Node) -> String {
    match &node.kind {
        Kind::List(items) => {
            let items: Vec<String> = items.iter().map(values).collect();
            format!("[{}]", items.join(","))
        }
        Kind::Map(entries) => {
            let mut pairs: Vec<String> = entries
                .iter()
                .map(|entry| format!("{:?}:{}", entry.key, values(&entry.value)))
                .collect();
            pairs.sort_unstable();
            format!("{{{}}}", pairs.join(","))
        }
        kind => format!("{kind:?}"),
    }
}

/// All lines that are not blank, without blanks and dashes before them, in order of the alphabet; and how
/// many dashes there are.
fn marks(text: &str) -> (Vec<&str>, usize) {
    let mut dashes = 0;
    let mut marks: Vec<&str> = text
        .lines()
        .map(|line| {
            let mut rest = line.trim();
            while let Some(after) = rest
                .strip_prefix('-')
                .filter(|after| after.is_empty() || after.starts_with(' '))
            {
                dashes += 1;
                rest = after.trim_start();
            }
            rest
        })
        .filter(|line| !line.is_empty())
        .collect();
    marks.sort_unstable();
    (marks, dashes)
}

/// Keys that are moved could come before what they refer to.
fn has_anchors(text: &str) -> bool {
    text.split([' ', '\n', '[', '{', ','])
        .any(|word| word.len() > 1 && word.starts_with(['&', '*']))
}

/// JSON has no comments: it is written anew.
fn json(text: &str) -> Result<String, String> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => serde_json::to_string_pretty(&value)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string()),
        Err(_) => Err("its top level is written in braces, and it is not JSON".to_owned()),
    }
}

#[cfg(test)]
mod tests;
