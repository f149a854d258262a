//! Another text in the place of one value of a file, every other byte kept.
//!
//! Only a value that stands in the file as a plain or quoted word is replaced: no variable, no alias. What
//! comes of it is read again and must differ in that value alone.

use super::layers::at;
use super::migrate::edits::Edits;
use super::node::{Kind, Node};
use super::overlay::{put, steps};
use super::yaml;

/// Longest word that is put in.
const LONGEST: usize = 200;

/// The text with `word` as the value of `key` (`agents[0].backend.model`).
///
/// # Errors
/// Why it cannot be replaced there, as a sentence.
pub fn replaced(text: &str, key: &str, word: &str) -> Result<String, String> {
    if !is_word(word) {
        return Err(
            "It can be written into the file only if it is letters, digits and . _ : / @ + -."
                .to_owned(),
        );
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lead = text.get(..text.len() - body.len()).unwrap_or_default();
    let root = parsed(body).ok_or("The file cannot be read as it is now.")?;
    // A team of one is told without a list.
    let key = match key.strip_prefix("agents[0]") {
        Some(rest) if root.get("agents").is_none() => format!("agent{rest}"),
        _ => key.to_owned(),
    };
    let node = at(&root, &key).ok_or_else(|| format!("The file itself has no `{key}`."))?;
    let Some(old) = node.text() else {
        return Err(format!("`{key}` is no text in the file."));
    };
    if old.contains("${") {
        return Err(format!("`{key}` is the variable {old}; change that."));
    }
    let mut edits = Edits::new(body);
    if !edits.replace_word(node, old, word) {
        return Err(format!(
            "`{key}` does not stand in the file as a word of its own; change it by hand."
        ));
    }
    let new = edits.apply();
    let mut wanted = root.clone();
    let value = Node::new(Kind::Text(word.to_owned()), node.span);
    put(&mut wanted, &steps(&key).unwrap_or_default(), &value);
    let differs = parsed(&new).and_then(|new| new.json()) != wanted.json();
    if differs {
        return Err(format!(
            "`{key}` cannot be replaced without changing more; change it by hand."
        ));
    }
    Ok(format!("{lead}{new}"))
}

/// True for what means the same with and without quotes.
fn is_word(word: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || ".-_:/@+".contains(c);
    word.len() <= LONGEST
        && word.starts_with(char::is_alphanumeric)
        && word.ends_with(|c: char| c != ':')
        && word.chars().all(good)
}

fn parsed(text: &str) -> Option<Node> {
    yaml::parse(text.as_bytes()).root
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "agents[1].backend.model";

    #[test]
    fn one_word_changes_and_nothing_else() {
        let check = |old: &str, new: &str| {
            let told = replaced(old, MODEL, "vendor/new:4b").expect("replaced");
            assert_eq!(told, new);
        };
        check(
            "# mine\nagents:\n  - {id: a, backend: {type: x, model: old}}\n\
             \x20 - id: b\n    backend:\n      type: x\n      model: old  # why\n",
            "# mine\nagents:\n  - {id: a, backend: {type: x, model: old}}\n\
             \x20 - id: b\n    backend:\n      type: x\n      model: vendor/new:4b  # why\n",
        );
        check(
            "agents: [{}, {backend: {model: \"old\"}}]\n",
            "agents: [{}, {backend: {model: \"vendor/new:4b\"}}]\n",
        );
        check(
            "{\"agents\": [{}, {\"backend\": {\"model\": \"old\"}}]}",
            "{\"agents\": [{}, {\"backend\": {\"model\": \"vendor/new:4b\"}}]}",
        );
        let one = replaced(
            "agent: {backend: {model: old}}\n",
            "agents[0].backend.model",
            "new",
        );
        assert_eq!(one.as_deref(), Ok("agent: {backend: {model: new}}\n"));
    }

    #[test]
    fn what_would_change_more_is_left() {
        let refused = |text: &str, word: &str, why: &str| {
            let told = replaced(text, MODEL, word).expect_err("refused");
            assert!(told.contains(why), "{told}");
        };
        let plain = "agents: [{}, {backend: {model: old}}]\n";
        for word in ["", "a b", "a: b", "x:", "#x", "[x]", "\"x\"", "a\nb"] {
            refused(plain, word, "letters, digits");
        }
        // These are no texts without quotes.
        for word in ["4", "1.5", "true", "null", "yes"] {
            refused(plain, word, "by hand");
        }
        refused("agents: [{}]\n", "new", "has no");
        refused(
            "agents: [{}, {backend: {model: '${MODEL}'}}]\n",
            "new",
            "variable",
        );
        refused(
            "m: &m old\nagents: [{}, {backend: {model: *m}}]\n",
            "new",
            "by hand",
        );
        refused(
            "agents: [{}, {backend: {model: >-\n  old\n  one\n}}]\n",
            "new",
            "",
        );
    }
}
