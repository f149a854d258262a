//! Profiles: settings under a name, `dev` or `ci` perhaps, that one run takes in.
//!
//! `profiles: {NAME: {…}}` of any layer, and a file `profiles/NAME.yaml` beside it, which is the stronger
//! of the two. Those of all layers with the name are joined, the project's over the person's over the
//! machine's.

use std::collections::BTreeSet;

use super::tree::Tree;
use crate::config::node::{Entry, Node};

/// Most profiles of one file. There are no others: whoever approves a file is shown what each of these uses.
pub(super) const MOST: usize = 32;

/// The profiles that stand in a file.
pub(super) fn inside(root: &Node) -> &[Entry] {
    let all = root.some("profiles").map(Node::entries).unwrap_or_default();
    all.get(..MOST).unwrap_or(all)
}

/// What there is of profiles.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Name and content, strongest first.
    all: Vec<(String, Tree)>,
}

impl Profiles {
    /// Takes in those that stand in a file; files come strongest first.
    pub fn within(&mut self, tree: &Tree) {
        for entry in inside(&tree.root) {
            self.all.push((entry.key.clone(), tree.with(&entry.value)));
        }
    }

    /// Takes in a file that is one.
    pub fn file(&mut self, name: &str, tree: Tree) {
        self.all.push((name.to_owned(), tree));
    }

    /// Everything under this name, strongest first; empty when there is nothing.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<Tree> {
        let named = self.all.iter().filter(|(other, _)| other == name);
        named.map(|(_, tree)| tree.clone()).collect()
    }

    /// Every name once, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.all.iter().map(|(name, _)| name).collect();
        let clean = |name: &String| crate::config::clean(name, 60);
        names.into_iter().map(clean).collect()
    }
}
