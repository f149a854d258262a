//! What a program asks leave for, as a deed: from the names and arguments of its own tools. Pure.
//!
//! What is not known is told in the program's own words, whole, so that nobody allows what was not
//! shown.

use std::fmt::Write as _;
use std::path::{Component, Path};

use serde_json::Value;

use super::claude::word;
use super::heard::shown;
use crate::protocol::Deed;

/// What a tool of Claude Code with this input would do, in the folder where it works.
#[must_use]
pub fn of_claude(tool: &str, input: &Value, home: &Path) -> Deed {
    let path = |key: &str| within(word(input, key), home);
    match tool {
        "Bash" => Deed::Command {
            line: word(input, "command").to_owned(),
            folder: ".".to_owned(),
        },
        "Edit" => Deed::Write {
            path: path("file_path"),
            diff: diff(word(input, "old_string"), word(input, "new_string")),
        },
        "Write" => Deed::Write {
            path: path("file_path"),
            diff: diff("", word(input, "content")),
        },
        "NotebookEdit" => Deed::Write {
            path: path("notebook_path"),
            diff: diff("", word(input, "new_source")),
        },
        "Read" => Deed::Read {
            path: path("file_path"),
        },
        "WebFetch" => Deed::Fetch {
            url: word(input, "url").to_owned(),
        },
        _ => Deed::Other {
            words: shown(&format!("{tool} {input}")),
        },
    }
}

/// What a call of an agent of the Agent Client Protocol would do; `title` is how it is called.
#[must_use]
pub fn of_acp(call: &Value, title: &str, home: &Path) -> Deed {
    let input = &call["rawInput"];
    let content = call["content"].as_array().into_iter().flatten();
    let diffs: Vec<&Value> = content
        .filter(|part| word(part, "type") == "diff")
        .collect();
    let place = word(&call["locations"][0], "path");
    let kind = word(call, "kind");
    if let [first, ..] = diffs.as_slice() {
        let mut text = String::new();
        for part in &diffs {
            if diffs.len() > 1 {
                let _ = writeln!(text, "{}", within(word(part, "path"), home));
            }
            text.push_str(&diff(word(part, "oldText"), word(part, "newText")));
        }
        return Deed::Write {
            path: within(word(first, "path"), home),
            diff: text,
        };
    }
    match kind {
        "execute" => Deed::Command {
            line: command(input).unwrap_or_else(|| title.to_owned()),
            folder: match word(input, "cwd") {
                "" => ".".to_owned(),
                folder => within(folder, home),
            },
        },
        "edit" | "delete" | "move" if !place.is_empty() => Deed::Write {
            path: within(place, home),
            diff: String::new(),
        },
        "read" | "search" if !place.is_empty() => Deed::Read {
            path: within(place, home),
        },
        "fetch" if word(input, "url").contains("://") => Deed::Fetch {
            url: word(input, "url").to_owned(),
        },
        _ if input.is_null() => Deed::Other {
            words: title.to_owned(),
        },
        _ => Deed::Other {
            words: format!("{title}\n{}", shown(&input.to_string())),
        },
    }
}

/// A command as agents write it: a line, or a list of words; what a shell is given is the line.
fn command(input: &Value) -> Option<String> {
    match &input["command"] {
        Value::String(line) => Some(line.clone()),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            match words.as_slice() {
                [] => None,
                [shell, flag, line] if shell.ends_with("sh") && flag.starts_with('-') => {
                    Some((*line).to_owned())
                }
                words => Some(words.join(" ")),
            }
        }
        _ => None,
    }
}

/// A path as seen from where the program works; what is outside stays whole.
fn within(path: &str, home: &Path) -> String {
    let path = Path::new(path);
    let climbs = path.components().any(|part| part == Component::ParentDir);
    match path.strip_prefix(home) {
        _ if climbs => path.to_string_lossy().into_owned(),
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => inside.to_string_lossy().into_owned(),
        Err(_) => path.to_string_lossy().into_owned(),
    }
}

/// Lines that go and lines that come, without those that both begin and end with.
fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count();
    let mut text = String::new();
    for line in &old[..old.len() - tail] {
        let _ = writeln!(text, "-{line}");
    }
    for line in &new[..new.len() - tail] {
        let _ = writeln!(text, "+{line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_diff_is_what_differs() {
        for (old, new, expected) in [
            ("a\nb\nc", "a\nx\nc", "-b\n+x\n"),
            ("", "a\nb", "+a\n+b\n"),
            ("a\na", "a", "-a\n"),
            ("a", "a", ""),
        ] {
            assert_eq!(diff(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn calls_of_an_acp_agent_are_read_as_far_as_they_can_be() {
        let home = Path::new("/w");
        let command = |line: &str, folder: &str| Deed::Command {
            line: line.into(),
            folder: folder.into(),
        };
        for (call, expected) in [
            (
                json!({"kind": "execute", "rawInput": {"command": ["bash", "-lc", "make | tee x"], "cwd": "/w/a"}}),
                command("make | tee x", "a"),
            ),
            (
                json!({"kind": "execute", "rawInput": {"command": "make"}}),
                command("make", "."),
            ),
            (json!({"kind": "execute"}), command("title", ".")),
            (
                json!({"kind": "edit", "content": [{"type": "diff", "path": "/w/a.rs", "oldText": "x", "newText": "y"}]}),
                Deed::Write {
                    path: "a.rs".into(),
                    diff: "-x\n+y\n".into(),
                },
            ),
            (
                json!({"kind": "delete", "locations": [{"path": "/etc/passwd"}]}),
                Deed::Write {
                    path: "/etc/passwd".into(),
                    diff: String::new(),
                },
            ),
            (
                json!({"kind": "other", "rawInput": {"a": 1}}),
                Deed::Other {
                    words: "title\n{\"a\":1}".into(),
                },
            ),
            (
                json!({"kind": "edit"}),
                Deed::Other {
                    words: "title".into(),
                },
            ),
        ] {
            assert_eq!(of_acp(&call, "title", home), expected, "{call}");
        }
    }

    #[test]
    fn tools_of_claude_code_are_deeds() {
        let home = Path::new("/w");
        let input = json!({"file_path": "/w/src/a.rs", "old_string": "x", "new_string": "y"});
        let deed = of_claude("Edit", &input, home);
        assert_eq!((deed.action(), deed.target()), ("write_file", "src/a.rs"));
        let deed = of_claude("Bash", &json!({"command": "make"}), home);
        assert_eq!((deed.action(), deed.target()), ("command", "make"));
        let deed = of_claude("Odd", &json!({"a": 1}), home);
        assert_eq!(deed.target(), "Odd {\"a\":1}");
    }
}
