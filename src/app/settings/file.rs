//! The file of saved settings: YAML that the program owns, key by key.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::config::{Node, yaml};

/// The first lines of the file.
const HEAD: &str = "# Settings saved on the settings screen of massgen-tui (F9), which writes this file anew.\n\
                    # They lie over your own config.yaml; delete a line, or the file, to take them back.\n";

/// What is in the file: YAML values by key.
pub(super) type Saved = BTreeMap<String, String>;

/// The values of a file, by key.
pub(super) fn read(bytes: &[u8]) -> Saved {
    let mut saved = Saved::new();
    if let Some(root) = yaml::parse(bytes).root {
        leaves(&root, "", &mut saved);
    }
    saved
}

fn leaves(node: &Node, path: &str, saved: &mut Saved) {
    if node.entries().is_empty() {
        if let (false, Some(value)) = (path.is_empty(), node.json()) {
            saved.insert(path.to_owned(), value.to_string());
        }
        return;
    }
    for entry in node.entries() {
        let key = match path {
            "" => entry.key.clone(),
            path => format!("{path}.{}", entry.key),
        };
        leaves(&entry.value, &key, saved);
    }
}

/// The text of the file: maps within maps, in the order of the keys.
pub(super) fn text(saved: &Saved) -> String {
    let mut text = HEAD.to_owned();
    let mut open: Vec<&str> = Vec::new();
    for (key, value) in saved {
        let mut parts: Vec<&str> = key.split('.').collect();
        let leaf = parts.pop().unwrap_or_default();
        let same = open.iter().zip(&parts).take_while(|(a, b)| a == b).count();
        for (depth, part) in parts.iter().enumerate().skip(same) {
            let _ = writeln!(text, "{}{part}:", "  ".repeat(depth));
        }
        let _ = writeln!(text, "{}{leaf}: {value}", "  ".repeat(parts.len()));
        open = parts;
    }
    text
}
