//! What each key means, in a sentence, and its default: `assets/config_words.json`.
//!
//! Kept beside the table of keys ([`super::schema`]), which says what a key may be and what becomes of
//! it; a test holds both to the same keys. Keys without effect and keys that were taken away have no
//! words: the table says why.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// Words on one key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What it means, one sentence or two.
    pub means: String,
    /// What holds when it is left out; `None` where that depends.
    #[serde(default)]
    pub default: Option<Value>,
}

impl Words {
    /// What holds when the key is left out, as it would be written.
    #[must_use]
    pub fn usual(&self) -> Option<String> {
        let default = self.default.as_ref()?.to_string();
        Some(default.trim_matches('"').to_owned())
    }
}

static WORDS: LazyLock<BTreeMap<String, BTreeMap<String, Words>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../assets/config_words.json")).unwrap_or_default()
});

/// Words on a key of a scope.
#[must_use]
pub fn words(scope: &str, key: &str) -> Option<&'static Words> {
    WORDS.get(scope)?.get(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::{Use, scopes};

    #[test]
    fn every_key_that_does_something_or_could_has_words_and_no_other() {
        for (scope, keys) in scopes() {
            for (name, key) in keys {
                let said = words(scope, name);
                match &key.usage {
                    Use::Honoured | Use::Kept(_) => {
                        let said = said.unwrap_or_else(|| {
                            panic!("{scope}.{name}: say what it means in assets/config_words.json")
                        });
                        assert!(said.means.ends_with(['.', '`']), "{scope}.{name}");
                    }
                    Use::Dead(_) | Use::Removed(_) => assert!(said.is_none(), "{scope}.{name}"),
                }
            }
        }
        for (scope, keys) in WORDS.iter() {
            for key in keys.keys() {
                assert!(scopes()[scope].contains_key(key), "{scope}.{key} is no key");
            }
        }
    }

    #[test]
    fn a_default_is_a_value_that_the_key_may_have() {
        for (scope, keys) in WORDS.iter() {
            for (name, said) in keys {
                let Some(default) = &said.default else {
                    continue;
                };
                let key = &scopes()[scope][name];
                let text = default.to_string();
                let node = crate::config::yaml::parse(format!("k: {text}").as_bytes())
                    .root
                    .unwrap();
                let value = node.get("k").unwrap();
                assert!(key.fits(value), "{scope}.{name}: {text}");
                if let Some(word) = value.text()
                    && !key.values.is_empty()
                {
                    assert!(
                        key.values.iter().any(|one| one == word),
                        "{scope}.{name}: {text}"
                    );
                }
            }
        }
    }
}
