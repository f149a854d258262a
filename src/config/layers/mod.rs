//! Configurations that stand over each other: the machine's, the person's, the project's, a profile,
//! the environment, flags; each wins over those before it.
//!
//! One file is the team: the one that is named, or the strongest that lies in a usual place and has
//! agents. Weaker files fill in settings that it does not have, stronger ones without agents replace
//! some. Maps are joined key by key, everything else, lists too, is taken whole. What belongs to a team
//! alone (its agents, its folders, who of them does what) never comes from another file
//! ([`may_fill`]). A file that may not be used is no layer at all; that is decided elsewhere.

mod profile;
mod seen;
mod show;
mod tree;

pub use profile::Profiles;
pub use seen::{ReadFile, Seen};
pub use show::{Row, Shown};
pub use tree::{Rank, Tree, may_fill};
pub(super) use tree::{at, placeless};

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::diagnostic::Finding;
use super::node::{Entry, Kind, Node};

/// The layers below flags and environment.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Files in the usual places, strongest first.
    pub trees: Vec<Tree>,
    /// What the profile of this run says, strongest first.
    pub profile: Vec<Tree>,
    /// Its name.
    pub wanted: Option<String>,
    /// The names of all profiles of these files.
    pub known: Vec<String>,
}

impl Stack {
    /// Lays the files and the profile over and under the team in `file`.
    pub fn lay(&self, root: &mut Node, file: Option<&Path>) {
        let (over, under) = self.around(file);
        for tree in under {
            tree::fill(root, &tree.root, tree.rank, "");
        }
        for tree in over.iter().rev() {
            tree::cover(root, &tree.root, Some(tree.rank), "");
        }
        for tree in self.profile.iter().rev() {
            tree::cover(root, &tree.root, None, "");
        }
        if let Some(own) = self.own_profile(root, file) {
            tree::cover(root, &own, None, "");
        }
    }

    /// The profile within a team's own file, when that lies in none of the usual places.
    fn own_profile(&self, root: &Node, file: Option<&Path>) -> Option<Node> {
        let known = file.map(tree::known_as);
        if self
            .trees
            .iter()
            .any(|tree| Some(&tree.known) == known.as_ref())
        {
            return None;
        }
        let name = self.wanted.as_ref()?;
        let own = profile::inside(root).iter().find(|one| one.key == *name)?;
        (own.value.kind != Kind::Null).then(|| own.value.clone())
    }

    /// What is to be said when there is no profile of the wanted name; `root` is the team's own file, if it
    /// has one.
    #[must_use]
    pub fn missing(&self, root: Option<&Node>) -> Option<String> {
        let name = self.wanted.as_ref()?;
        let inside = root.map(profile::inside).unwrap_or_default();
        let there = |one: &Entry| one.key == *name && one.value.kind != Kind::Null;
        if !self.profile.is_empty() || inside.iter().any(there) {
            return None;
        }
        let mut known = self.known.clone();
        known.extend(
            inside
                .iter()
                .map(|entry| super::excerpt::clean(&entry.key, 60)),
        );
        known.sort();
        known.dedup();
        let name = super::excerpt::clean(name, 60);
        Some(match known.as_slice() {
            [] => format!("there is no profile \"{name}\", and no other"),
            known => format!(
                "there is no profile \"{name}\"; there are: {}",
                known.join(", ")
            ),
        })
    }

    /// Files that are stronger than the team's and those that are weaker, strongest first.
    fn around(&self, file: Option<&Path>) -> (&[Tree], &[Tree]) {
        let known = file.map(tree::known_as);
        let place = self
            .trees
            .iter()
            .position(|tree| Some(&tree.known) == known.as_ref());
        match place {
            Some(place) => {
                let (over, rest) = self.trees.split_at(place);
                (over, rest.get(1..).unwrap_or_default())
            }
            None => (&[], &self.trees),
        }
    }

    /// Where the value of a key comes from that the team's own file does not say.
    #[must_use]
    pub fn origin(&self, key: &str, file: Option<&Path>) -> Option<(&Tree, &Node)> {
        let (over, under) = self.around(file);
        let profile = self.profile.iter().map(|tree| (tree, None));
        let over = over.iter().map(|tree| (tree, Some(tree.rank)));
        let under = under.iter().map(|tree| (tree, Some(tree.rank)));
        profile
            .chain(over)
            .chain(under)
            .filter(|(_, rank)| rank.is_none_or(|rank| may_fill(rank, key)))
            .find_map(|(tree, _)| Some((tree, tree::at(&tree.root, key)?)))
    }

    /// Says of findings about values from other files where those stand.
    pub fn place(&self, findings: &mut [Finding], file: Option<&Path>) {
        for finding in findings {
            if finding.span.line > 0 || finding.key.is_empty() {
                continue;
            }
            if let Some((tree, node)) = self.origin(&finding.key, file) {
                let file = super::excerpt::clean(&tree.path.display().to_string(), 300);
                let (line, column) = (node.span.line, node.span.column);
                let _ = write!(finding.message, " (in {file}:{line}:{column})");
            }
        }
    }
}

/// The names of the profiles that stand in a file; none when it cannot be read.
#[must_use]
pub fn profiles_in(path: &Path) -> Vec<String> {
    let root = std::fs::read(path)
        .ok()
        .and_then(|bytes| super::yaml::parse(&bytes).root);
    let inside = root.as_ref().map(profile::inside).unwrap_or_default();
    inside.iter().map(|entry| entry.key.clone()).collect()
}

/// The places of layers, strongest first; whether something is there is not looked at.
#[must_use]
pub fn places(paths: &super::Paths, machine: &Path) -> Vec<(PathBuf, Rank)> {
    let mut places: Vec<(PathBuf, Rank)> = paths
        .config_candidates()
        .into_iter()
        .map(|candidate| {
            let rank = if candidate.path.starts_with(&paths.cwd)
                && !candidate.whose.starts_with("yours")
            {
                Rank::Project
            } else {
                Rank::User
            };
            (candidate.path, rank)
        })
        .collect();
    // What the program saved for the person counts more than what they wrote by hand, and less than a
    // project.
    if let Some(own) = &paths.config {
        let behind = places.iter().position(|(_, rank)| *rank == Rank::User);
        let place = behind.unwrap_or(places.len());
        places.insert(place, (own.join("settings.yaml"), Rank::User));
    }
    places.push((machine.join("config.yaml"), Rank::Machine));
    places
}

#[cfg(test)]
mod tests;
