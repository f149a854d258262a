//! All files below a folder, in the order of their paths, without links, without git's own files,
//! without what `.gitignore` files name. Bounded; blocking.

use std::ops::ControlFlow;

use crate::tool::{
    beneath::{self, Kind},
    pattern::{Pattern, Star},
    place::Place,
};

/// Entries that are looked at, at most.
const MOST: usize = 200_000;
/// Deepest folder that is looked into.
const DEEPEST: usize = 64;
/// Largest `.gitignore` that is read, in bytes.
const IGNORE: u64 = 256 * 1024;

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walked {
    /// Everything was seen.
    All,
    /// It was stopped by its visitor.
    Stopped,
    /// There is more than is looked at.
    TooMany,
}

/// A rule of a `.gitignore` file.
#[derive(Debug)]
struct Ignore {
    /// Folder of the file, below the start.
    folder: String,
    pattern: Pattern,
    /// Brings back what an earlier rule left out.
    negated: bool,
    folders_only: bool,
    /// Compared with the whole path, not with the name.
    anchored: bool,
}

impl Ignore {
    fn read(folder: &str, line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (negated, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (folders_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let anchored = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        // Braces have no meaning there.
        let line = line.replace('{', "\\{").replace('}', "\\}");
        Some(Self {
            folder: folder.to_owned(),
            pattern: Pattern::new(&line, Star::Component).ok()?,
            negated,
            folders_only,
            anchored,
        })
    }

    fn fits(&self, path: &str, name: &str, is_folder: bool) -> bool {
        if self.folders_only && !is_folder {
            return false;
        }
        if !self.anchored {
            return self.pattern.matches(name);
        }
        let below = match self.folder.as_str() {
            "" => Some(path),
            folder => path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        below.is_some_and(|below| self.pattern.matches(below))
    }
}

/// A walk under way.
struct Walk<'a> {
    start: &'a Place,
    rules: Vec<Ignore>,
    left: usize,
    visit: &'a mut dyn FnMut(&str, &Place, u64) -> ControlFlow<()>,
}

/// Calls `visit` with every file: its path below the start, its place, its size.
///
/// # Errors
/// The folder itself cannot be listed; in words for the model.
pub fn walk(
    start: &Place,
    visit: &mut dyn FnMut(&str, &Place, u64) -> ControlFlow<()>,
) -> Result<Walked, String> {
    beneath::list(start, 0).map_err(|error| beneath::words(&start.shown, &error))?;
    let mut walk = Walk {
        start,
        rules: Vec::new(),
        left: MOST,
        visit,
    };
    Ok(match walk.folder("", 0) {
        ControlFlow::Continue(()) => Walked::All,
        ControlFlow::Break(how) => how,
    })
}

impl Walk<'_> {
    fn place(&self, below: &str) -> Place {
        let join = |path: &str| match (path, below) {
            ("" | ".", below) => below.to_owned(),
            (path, "") => path.to_owned(),
            (path, below) => format!("{path}/{below}"),
        };
        Place {
            below: join(&self.start.below),
            shown: join(&self.start.shown),
            ..self.start.clone()
        }
    }

    fn folder(&mut self, below: &str, depth: usize) -> ControlFlow<Walked> {
        if depth > DEEPEST {
            return ControlFlow::Continue(());
        }
        let Ok((entries, all)) = beneath::list(&self.place(below), self.left) else {
            return ControlFlow::Continue(());
        };
        if all > self.left {
            return ControlFlow::Break(Walked::TooMany);
        }
        self.left -= all;
        let known = self.rules.len();
        if entries.iter().any(|entry| entry.name == ".gitignore") {
            self.learn(below);
        }
        for entry in entries {
            let path = match below {
                "" => entry.name.clone(),
                below => format!("{below}/{}", entry.name),
            };
            let is_folder = entry.kind == Kind::Folder;
            if entry.name == ".git" || self.ignores(&path, &entry.name, is_folder) {
                continue;
            }
            match entry.kind {
                Kind::Folder => self.folder(&path, depth + 1)?,
                Kind::File(size) => {
                    let place = self.place(&path);
                    if (self.visit)(&path, &place, size).is_break() {
                        return ControlFlow::Break(Walked::Stopped);
                    }
                }
                Kind::Link | Kind::Other => {}
            }
        }
        self.rules.truncate(known);
        ControlFlow::Continue(())
    }

    fn learn(&mut self, below: &str) {
        let file = match below {
            "" => ".gitignore".to_owned(),
            below => format!("{below}/.gitignore"),
        };
        if let Ok(bytes) = beneath::read(&self.place(&file), IGNORE) {
            let text = String::from_utf8_lossy(&bytes);
            let rules = text.lines().filter_map(|line| Ignore::read(below, line));
            self.rules.extend(rules);
        }
    }

    /// The last rule that fits decides.
    fn ignores(&self, path: &str, name: &str, is_folder: bool) -> bool {
        let last = self.rules.iter().rev();
        last.into_iter()
            .find(|rule| rule.fits(path, name, is_folder))
            .is_some_and(|rule| !rule.negated)
    }
}
