//! Keys in words: `{undo}` in a sentence stands for the key that undoes.

use super::Action;

/// The first key of each action, by the action's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<(&'static str, String)>);

impl Keys {
    /// The keys, as `key` tells them.
    #[must_use]
    pub fn new(key: impl Fn(Action) -> Option<String>) -> Self {
        let table = Action::TABLE.iter();
        Self(
            table
                .filter_map(|(name, _, action)| Some((*name, key(*action)?)))
                .collect(),
        )
    }

    /// The words with keys in the place of names; a name without a key stays as it is.
    #[must_use]
    pub fn say(&self, words: &str) -> String {
        let mut said = words.to_owned();
        for (name, key) in &self.0 {
            let place = format!("{{{name}}}");
            if said.contains(&place) {
                said = said.replace(&place, key);
            }
        }
        said
    }
}
