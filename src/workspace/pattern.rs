//! Lines of a `.gitignore`, matched as gitignore(5) says. Used for `.worktreeinclude` alone: what git
//! ignores, libgit2 tells.

/// Longest file of patterns that is read, in bytes.
pub(super) const LONGEST: usize = 1 << 20;
/// Steps of one match, so that no pattern takes for ever.
const STEPS: u32 = 100_000;

/// A list of patterns.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns(Vec<Pattern>);

#[derive(Clone, Debug)]
struct Pattern {
    glob: Vec<u8>,
    takes_back: bool,
    folders_only: bool,
    /// Matched against the whole path; else against the last part.
    anchored: bool,
}

impl Patterns {
    /// Adds the lines of `text`.
    pub(super) fn add(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(pattern) = parse(line) {
                self.0.push(pattern);
            }
        }
    }

    /// True when there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the last pattern that matches names the path; `None` when none matches.
    pub(super) fn names(&self, path: &[u8], is_folder: bool) -> Option<bool> {
        let last = path
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(path, |at| &path[at + 1..]);
        self.0
            .iter()
            .rev()
            .filter(|pattern| is_folder || !pattern.folders_only)
            .find(|pattern| {
                let text = if pattern.anchored { path } else { last };
                matches(&pattern.glob, text, &mut 0)
            })
            .map(|pattern| !pattern.takes_back)
    }
}

fn parse(line: &[u8]) -> Option<Pattern> {
    if line.is_empty() || line.starts_with(b"#") {
        return None;
    }
    let (takes_back, line) = match line.strip_prefix(b"!") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let mut end = line.len();
    while end > 0 && line[end - 1] == b' ' && (end < 2 || line[end - 2] != b'\\') {
        end -= 1;
    }
    let line = &line[..end];
    let (folders_only, line) = match line.strip_suffix(b"/") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let anchored = line.contains(&b'/');
    let glob = line.strip_prefix(b"/").unwrap_or(line);
    (!glob.is_empty()).then(|| Pattern {
        glob: glob.to_vec(),
        takes_back,
        folders_only,
        anchored,
    })
}

/// Wildcard matching where `*` and `?` stop at `/` and `**` between slashes does not.
fn matches(glob: &[u8], text: &[u8], steps: &mut u32) -> bool {
    *steps += 1;
    if *steps > STEPS {
        return false;
    }
    match glob {
        [] => text.is_empty(),
        [b'*', b'*', b'/', rest @ ..] => {
            matches(rest, text, steps)
                || text
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| **byte == b'/')
                    .any(|(at, _)| matches(rest, &text[at + 1..], steps))
        }
        [b'/', b'*', b'*'] => text.len() > 1 && text.starts_with(b"/"),
        [b'*', b'*'] => true,
        [b'*', rest @ ..] => {
            let rest = rest.strip_prefix(b"*").unwrap_or(rest);
            let end = text
                .iter()
                .position(|byte| *byte == b'/')
                .unwrap_or(text.len());
            (0..=end).any(|at| matches(rest, &text[at..], steps))
        }
        [b'?', rest @ ..] => match text {
            [byte, text @ ..] if *byte != b'/' => matches(rest, text, steps),
            _ => false,
        },
        [b'[', rest @ ..] => match (text, class(rest)) {
            ([byte, text @ ..], Some((set, rest))) if *byte != b'/' => {
                set.has(*byte) && matches(rest, text, steps)
            }
            _ => false,
        },
        [b'\\', byte, rest @ ..] | [byte, rest @ ..] => {
            text.first() == Some(byte) && matches(rest, &text[1..], steps)
        }
    }
}

/// The inside of `[…]`.
struct Class<'a> {
    inside: &'a [u8],
    negated: bool,
}

impl Class<'_> {
    fn has(&self, byte: u8) -> bool {
        let mut at = 0;
        let mut found = false;
        while at < self.inside.len() {
            let low = self.inside[at];
            if let [b'-', high, ..] = self.inside[at + 1..] {
                found |= (low..=high).contains(&byte);
                at += 3;
            } else {
                found |= low == byte;
                at += 1;
            }
        }
        found != self.negated
    }
}

/// Splits what follows `[` into the class and the rest of the glob.
fn class(glob: &[u8]) -> Option<(Class<'_>, &[u8])> {
    let (negated, glob) = match glob {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, glob),
    };
    let end = glob
        .iter()
        .skip(1)
        .position(|byte| *byte == b']')
        .map(|at| at + 1)?;
    Some((
        Class {
            inside: &glob[..end],
            negated,
        },
        &glob[end + 1..],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, path: &str, folder: bool, wanted: Option<bool>) {
        let mut patterns = Patterns::default();
        patterns.add(lines.as_bytes());
        assert_eq!(
            patterns.names(path.as_bytes(), folder),
            wanted,
            "{lines:?} {path}"
        );
    }

    #[test]
    fn patterns_match_as_in_a_gitignore() {
        check(".env", "a/b/.env", false, Some(true));
        check("/.env", "a/.env", false, None);
        check("/.env", ".env", false, Some(true));
        check("*.pem", "k/x.pem", false, Some(true));
        check("*.pem\n!keep.pem", "k/keep.pem", false, Some(false));
        check("node_modules/", "node_modules", false, None);
        check("node_modules/", "x/node_modules", true, Some(true));
        check("a/*/c", "a/b/c", false, Some(true));
        check("a/*/c", "a/b/b/c", false, None);
        check("a/**/c", "a/b/b/c", false, Some(true));
        check("a/**/c", "a/c", false, Some(true));
        check("**/c", "c", false, Some(true));
        check("a/**", "a/x/y", false, Some(true));
        check("a/**", "a", true, None);
        check("[a-c]?.txt", "b1.txt", false, Some(true));
        check("[!a-c].txt", "b.txt", false, None);
        check("# note\n\\#x", "#x", false, Some(true));
        check("x  ", "x", false, Some(true));
        check("x\r\n", "x", false, Some(true));
        check("[", "[", false, None);
        check(&"*a".repeat(60), &"a".repeat(50), false, None);
    }
}
