//! Keys in words: `{take}` in a sentence stands for the key that takes.
//!
//! Sentences of this screen never name a key themselves, so they cannot say anything else than what
//! the keymap says. Braces around anything else stay as they are.

use super::{Action, Place};

/// Parts of the screen with keys of their own, in the order in which they are looked through.
const PLACES: [Place; 3] = [Place::Main, Place::Steps, Place::Writing];

/// The first key of each action, by the part of the screen it holds in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<(Place, Action, String)>);

impl Keys {
    /// The keys, as `key` tells them.
    #[must_use]
    pub fn new(key: impl Fn(Place, Action) -> Option<String>) -> Self {
        let mut keys = Vec::new();
        for place in PLACES {
            for (_, _, action) in Action::TABLE {
                keys.extend(key(place, *action).map(|key| (place, *action, key)));
            }
        }
        Self(keys)
    }

    /// The words with keys in the place of actions: those of `place`, else of another part.
    #[must_use]
    pub fn say(&self, place: Place, words: &str) -> String {
        let mut said = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            said.push_str(before);
            let named = after.split_once('}').and_then(|(name, after)| {
                let mut table = Action::TABLE.iter();
                let (name, _, action) = table.find(|(known, _, _)| *known == name)?;
                Some((self.key(place, *action).unwrap_or(name), after))
            });
            let (word, after) = named.unwrap_or(("{", after));
            said.push_str(word);
            rest = after;
        }
        said.push_str(rest);
        said
    }

    fn key(&self, place: Place, action: Action) -> Option<&str> {
        let mut own = self.0.iter().filter(|(_, known, _)| *known == action);
        let found = own.clone().find(|(known, _, _)| *known == place);
        found.or_else(|| own.next()).map(|(_, _, key)| key.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::review::{Step, Take};

    #[test]
    fn words_name_the_keys_there_are() {
        let keys = Keys::new(|place, action| match (place, action) {
            (Place::Main, Action::Take(Take::This)) => Some("Space".to_owned()),
            (Place::Steps, Action::Take(Take::This)) => Some("x".to_owned()),
            (Place::Steps, Action::Step(Step::Undo)) => Some("U".to_owned()),
            _ => None,
        });
        let check = |place, words: &str, said: &str| assert_eq!(keys.say(place, words), said);
        check(Place::Main, "{take} takes.", "Space takes.");
        check(Place::Steps, "{take} takes.", "x takes.");
        check(Place::Writing, "{undo}, {take}", "U, Space");
        check(Place::Main, "no key: {build}", "no key: build");
        check(Place::Main, "{ {} {what} {take", "{ {} {what} {take");
    }
}
