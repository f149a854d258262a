//! From a path as a model writes it to a root and a path below it. Pure.
//!
//! Paths are relative to the first root; where there are several roots they begin with a root's name.
//! Absolute paths are taken when they lie in a root, because commands print such paths. `..` is
//! resolved by words and never leaves the root. Whether a path leads out through links is found out
//! when it is opened ([`super::beneath`]).

use std::path::{Path, PathBuf};

use super::hands::{Ground, TEMP};
use crate::protocol::change::Access;

/// Longest path that is looked at, in bytes.
const LONGEST: usize = 4096;

/// A place below a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The root's folder.
    pub base: PathBuf,
    /// Path below it, without `.` and `..`; empty for the root itself.
    pub below: String,
    /// The path as the agent should know it.
    pub shown: String,
    /// Whether tools write here.
    pub access: Access,
    /// Paths below the root that are not written.
    pub protected: Vec<String>,
}

impl Place {
    /// Whether its path is protected.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.protected.iter().any(|path| {
            let path = path.trim_start_matches("./").trim_matches('/');
            let rest = self.below.strip_prefix(path);
            !path.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Finds the place of a path.
///
/// # Errors
/// It is outside, empty of meaning or too long; in words for the model, with the roots.
pub fn find(ground: &Ground, path: &str) -> Result<Place, String> {
    if path.len() > LONGEST {
        return Err(format!(
            "The path has {} bytes; at most {LONGEST} are taken.",
            path.len()
        ));
    }
    if path.contains('\0') {
        return Err("A path cannot hold a NUL byte.".to_owned());
    }
    let path = path.trim();
    let outside = || {
        format!(
            "\"{path}\" is outside of what you can reach. You can reach: {}.",
            roots(ground)
        )
    };
    if path.starts_with('~') {
        return Err(outside());
    }
    if Path::new(path).is_absolute() {
        return absolute(ground, path).ok_or_else(outside);
    }
    let below = plain(path).ok_or_else(outside)?;
    let (first, rest) = below.split_once('/').unwrap_or((&below, ""));
    if first == TEMP && ground.root(TEMP).is_none() {
        return Ok(temporary(ground, rest));
    }
    let [first_root, others @ ..] = ground.roots.as_slice() else {
        return Err(outside());
    };
    if others.is_empty() {
        return Ok(at(ground, 0, &below).unwrap_or_else(|| temporary(ground, "")));
    }
    match ground.roots.iter().position(|root| root.name == first) {
        Some(index) => at(ground, index, rest).ok_or_else(outside),
        None if below.is_empty() => at(ground, 0, "").ok_or_else(outside),
        None => Err(format!(
            "\"{path}\" names no folder of yours. Begin with one of {}; for example {}/{below}.",
            roots(ground),
            first_root.name
        )),
    }
}

/// The names of all roots, for messages.
#[must_use]
pub fn roots(ground: &Ground) -> String {
    let mut names: Vec<String> = match ground.roots.as_slice() {
        [] => Vec::new(),
        [only] => vec![format!(". ({})", word(only.access))],
        several => several
            .iter()
            .map(|root| format!("{}/ ({})", root.name, word(root.access)))
            .collect(),
    };
    names.push(format!("{TEMP}/ (read and write, temporary)"));
    names.join(", ")
}

const fn word(access: Access) -> &'static str {
    match access {
        Access::Read => "read only",
        Access::Write => "read and write",
    }
}

fn at(ground: &Ground, index: usize, below: &str) -> Option<Place> {
    let root = ground.roots.get(index)?;
    let shown = match (ground.roots.len(), below) {
        (1, "") => ".".to_owned(),
        (1, below) => below.to_owned(),
        (_, "") => root.name.clone(),
        (_, below) => format!("{}/{below}", root.name),
    };
    Some(Place {
        base: root.path.clone(),
        below: below.to_owned(),
        shown,
        access: root.access,
        protected: root.protected.clone(),
    })
}

fn temporary(ground: &Ground, below: &str) -> Place {
    Place {
        base: ground.temp.clone(),
        below: below.to_owned(),
        shown: match below {
            "" => TEMP.to_owned(),
            below => format!("{TEMP}/{below}"),
        },
        access: Access::Write,
        protected: Vec::new(),
    }
}

fn absolute(ground: &Ground, path: &str) -> Option<Place> {
    let whole = format!("/{}", plain(path.trim_start_matches('/'))?);
    let below = |root: &Path| -> Option<String> {
        let rest = Path::new(&whole).strip_prefix(root).ok()?;
        rest.to_str().map(str::to_owned)
    };
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    for (index, root) in ground.roots.iter().enumerate() {
        if let Some(rest) = below(&root.path) {
            found.push((root.path.as_os_str().len(), index, rest));
        }
    }
    // The innermost root is the one that is meant.
    found.sort();
    match found.pop() {
        Some((_, index, rest)) => at(ground, index, &rest),
        None => below(&ground.temp).map(|rest| temporary(ground, &rest)),
    }
}

/// Resolves `.` and `..` by words; `None` when it leaves.
fn plain(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tool::hands::Root;

    fn ground(names: &[&str]) -> Ground {
        Ground {
            roots: names
                .iter()
                .map(|name| Root {
                    name: (*name).to_owned(),
                    path: format!("/w/{name}").into(),
                    access: Access::Write,
                    protected: vec!["keep".into(), "./a/b/".into()],
                })
                .collect(),
            temp: "/t".into(),
            ..Ground::default()
        }
    }

    #[test]
    fn paths_find_their_root_or_none() {
        let one = ground(&["app"]);
        let two = ground(&["app", "lib"]);
        for (ground, path, expected) in [
            (&one, "src/a.rs", Some(("/w/app", "src/a.rs", "src/a.rs"))),
            (&one, ".", Some(("/w/app", "", "."))),
            (&one, "", Some(("/w/app", "", "."))),
            (&one, "./a//b/../c", Some(("/w/app", "a/c", "a/c"))),
            (&one, "/w/app/x", Some(("/w/app", "x", "x"))),
            (&one, "tmp/x", Some(("/t", "x", "tmp/x"))),
            (&one, "/t/x", Some(("/t", "x", "tmp/x"))),
            (&one, "..", None),
            (&one, "a/../../b", None),
            (&one, "/etc/passwd", None),
            (&one, "/w/application/x", None),
            (&one, "/w/app/../lib/x", None),
            (&one, "~/.ssh/id", None),
            (&one, "a\0b", None),
            (&two, "lib/x", Some(("/w/lib", "x", "lib/x"))),
            (&two, "lib", Some(("/w/lib", "", "lib"))),
            (&two, "x", None),
            (&two, "/w/lib/x", Some(("/w/lib", "x", "lib/x"))),
            (&two, "app/../lib/x", Some(("/w/lib", "x", "lib/x"))),
        ] {
            let found = find(ground, path).ok();
            let found = found.as_ref().map(|place| {
                (
                    place.base.to_str().unwrap(),
                    place.below.as_str(),
                    place.shown.as_str(),
                )
            });
            assert_eq!(found, expected, "{path:?}");
        }
        assert!(find(&one, &"a/".repeat(4000)).is_err());
        let place = |path: &str| find(&one, path).unwrap();
        assert!(place("keep/x").is_protected() && place("a/b").is_protected());
        assert!(!place("keeper").is_protected() && !place("a").is_protected());
    }

    proptest! {
        #[test]
        fn nothing_leaves_by_words(path in "[a/.~t]{0,30}") {
            if let Ok(place) = find(&ground(&["a"]), &path) {
                prop_assert!(!place.below.split('/').any(|part| part == ".." || part == "."));
                prop_assert!(!place.below.starts_with('/'));
            }
        }
    }
}
