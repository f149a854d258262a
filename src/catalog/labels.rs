//! What a person wrote to a session: name, tags, pinned, archived.
//!
//! Every change is an [`Edit`] of one thing, so that two processes that label the same session at once
//! lose nothing of each other. Tags are one word of small letters, sorted, each once.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// Most characters of a name.
pub const LONGEST_NAME: usize = 120;
/// Most characters of a tag.
pub const LONGEST_TAG: usize = 32;
/// Most tags of a session.
pub const MOST_TAGS: usize = 32;

/// The labels of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Shown in the place of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Stands above all others.
    #[serde(skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// Out of sight, kept.
    #[serde(skip_serializing_if = "is_false")]
    pub archived: bool,
    /// Taken off the list: what deleting is for a log of another program.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
}

// The signature is what serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// One change of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Another name; an empty one takes it away.
    Name(String),
    /// One more tag.
    Tag(String),
    /// One tag less.
    Untag(String),
    /// Pinned or not.
    Pinned(bool),
    /// Archived or not.
    Archived(bool),
    /// Off the list or on it.
    Hidden(bool),
}

impl Labels {
    /// True when nothing was written to the session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Makes a change. Too long names are cut, tags beyond [`MOST_TAGS`] are refused.
    ///
    /// # Errors
    /// A word that can be no tag, or one tag too many.
    pub fn edit(&mut self, edit: &Edit) -> Result<(), TagError> {
        match edit {
            Edit::Name(name) => {
                let name: String = name.trim().chars().take(LONGEST_NAME).collect();
                self.name = (!name.is_empty()).then_some(name);
            }
            Edit::Tag(word) => {
                let word = tag(word)?;
                if self.tags.len() >= MOST_TAGS && !self.tags.contains(&word) {
                    return Err(TagError::TooMany);
                }
                self.tags.insert(word);
            }
            Edit::Untag(word) => {
                self.tags.remove(&tag(word)?);
            }
            Edit::Pinned(pinned) => self.pinned = *pinned,
            Edit::Archived(archived) => self.archived = *archived,
            Edit::Hidden(hidden) => self.hidden = *hidden,
        }
        Ok(())
    }
}

/// Why a word is no tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagError {
    /// There is nothing in it.
    Empty,
    /// It has a character that a tag has not.
    Character(char),
    /// It has more than [`LONGEST_TAG`] characters.
    TooLong,
    /// The session has [`MOST_TAGS`] already.
    TooMany,
}

impl fmt::Display for TagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("A tag needs at least one letter or digit."),
            Self::Character(c) => write!(
                f,
                "{:?} cannot stand in a tag; letters, digits, - _ . / can.",
                c.to_string()
            ),
            Self::TooLong => write!(f, "A tag has at most {LONGEST_TAG} characters."),
            Self::TooMany => write!(f, "A session has at most {MOST_TAGS} tags."),
        }
    }
}

impl std::error::Error for TagError {}

/// A word as a tag: small letters, without a leading `#`.
///
/// # Errors
/// Nothing is left, it is too long, or has characters that a tag has not.
pub fn tag(word: &str) -> Result<String, TagError> {
    let word = word.trim();
    let word = word.strip_prefix('#').unwrap_or(word).to_lowercase();
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if let Some(wrong) = word.chars().find(|c| !fits(c)) {
        return Err(TagError::Character(wrong));
    }
    if word.chars().count() > LONGEST_TAG {
        return Err(TagError::TooLong);
    }
    // A minus in front takes a tag away on the command line.
    if word.starts_with('-') {
        return Err(TagError::Character('-'));
    }
    if !word.contains(char::is_alphanumeric) {
        return Err(TagError::Empty);
    }
    Ok(word)
}
