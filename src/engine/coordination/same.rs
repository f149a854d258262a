//! When two texts are the same answer: blanks, the place of a workspace and labels of the session
//! make no difference.
//!
//! Agents that work in folders of their own write the same path in different ways; an answer that
//! differs only in that is no new one. Pure and in one pass; nothing here judges content.

/// What stands for everything up to the root of a workspace.
const ROOT: &str = "…";
/// Beginnings of folder names that are somebody's own root.
const ROOTS: [&str; 7] = [
    "agent",
    "workspace",
    "worktree",
    "wt-",
    "session",
    ".worktree",
    ".massgen",
];
/// Folders whose entries are somebody's own root.
const TEMPORARY: [&str; 4] = ["tmp", "temp", "worktrees", "workspaces"];

/// True when both texts are the same answer.
#[must_use]
pub(super) fn same(one: &str, other: &str) -> bool {
    words(one).eq(words(other))
}

/// The words of a text in a form that does not depend on who wrote it where.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(word)
}

/// One word; paths lose their root, labels their number.
fn word(written: &str) -> String {
    let start = written.find(|c: char| c.is_alphanumeric() || "/~\\.".contains(c));
    let (before, rest) = written.split_at(start.unwrap_or(0));
    if let Some(inside) = below_root(rest) {
        return format!("{before}{ROOT}/{inside}");
    }
    match label_end(rest) {
        Some(end) => format!("{before}agent{}", &rest[end..]),
        None => written.to_owned(),
    }
}

/// What a path is below the root of a workspace; `None` for anything else.
fn below_root(path: &str) -> Option<String> {
    let drive = path
        .get(1..3)
        .is_some_and(|two| two == ":\\" || two == ":/");
    if !(path.starts_with('/') || path.starts_with("~/") || drive) {
        return None;
    }
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    // The last part is the file itself, never a root.
    let folders = parts.len().saturating_sub(1);
    let root = (1..folders).rev().find(|at| {
        let name = parts[*at].to_ascii_lowercase();
        let above = parts[at - 1].to_ascii_lowercase();
        ROOTS.iter().any(|root| name.starts_with(root)) || TEMPORARY.contains(&above.as_str())
    })?;
    Some(parts[root + 1..].join("/"))
}

/// Where a label such as `agent2.1` ends, when the word begins with one.
fn label_end(word: &str) -> Option<usize> {
    let number = word.strip_prefix("agent")?;
    let agent = number.bytes().take_while(u8::is_ascii_digit).count();
    let revision = number.get(agent..)?.strip_prefix('.')?;
    let digits = revision.bytes().take_while(u8::is_ascii_digit).count();
    (agent > 0 && digits > 0).then_some("agent".len() + agent + 1 + digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_and_labels_make_no_difference_and_words_do() {
        for (one, other, expected) in [
            ("a b", " a\n b ", true),
            ("a b", "a c", false),
            ("", "  ", true),
            ("/w/agent1/src/main.rs", "/home/x/agent2/src/main.rs", true),
            ("see `/tmp/a1b2/out.txt`.", "see `/tmp/zz/out.txt`.", true),
            ("/tmp/a/out.txt", "/tmp/a/in.txt", false),
            (
                "/repo/worktrees/wt-7/x.py",
                "/repo/worktrees/wt-9/x.py",
                true,
            ),
            ("C:\\Temp\\one\\x.py", "C:\\Temp\\two\\x.py", true),
            ("/etc/passwd", "/etc/group", false),
            ("/srv/a/x", "/srv/b/x", false),
            ("as agent1.2 says", "as agent3.1 says", true),
            ("(agent1.2)", "(agent2.1)", true),
            ("vote agent1", "vote agent2", false),
            ("agent1.", "agent2.", false),
            ("/tmp/x", "/tmp/y", false),
            ("a/b", "a/c", false),
            ("/", "//", false),
        ] {
            assert_eq!(same(one, other), expected, "{one:?} and {other:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_itself_in_any_layout(text in any::<String>()) {
            prop_assert!(same(&text, &text));
            let laid_out = text.split_whitespace().collect::<Vec<_>>().join("\n\t");
            prop_assert!(same(&text, &laid_out));
        }
    }
}
