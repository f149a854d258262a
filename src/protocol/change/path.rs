//! A path inside a repository: any bytes but NUL, parts joined by `/`.
//!
//! Git's paths are bytes. They are written as text in which a byte that is not UTF-8 stands as
//! `\xNN` and a backslash as `\\`, so that writing and reading back gives the same bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A path inside a repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// The path with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for RepoPath {
    /// The path that is spelt so, byte for byte; nothing in it is an escape.
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for part in chunk.valid().split_inclusive('\\') {
                f.write_str(part)?;
                if part.ends_with('\\') {
                    f.write_str("\\")?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// The text has a backslash that begins no escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathParseError;

impl fmt::Display for PathParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backslash in a path is written `\\\\`, a byte that is not UTF-8 `\\xNN`")
    }
}

impl std::error::Error for PathParseError {}

impl FromStr for RepoPath {
    type Err = PathParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            let escape = &rest[at + 1..];
            if let Some(after) = escape.strip_prefix('\\') {
                bytes.push(b'\\');
                rest = after;
            } else {
                let digits = escape
                    .strip_prefix('x')
                    .and_then(|digits| digits.get(..2))
                    .ok_or(PathParseError)?;
                bytes.push(u8::from_str_radix(digits, 16).map_err(|_| PathParseError)?);
                rest = &escape[3..];
            }
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(Self(bytes))
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_path_survives_being_written(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let path = RepoPath::new(bytes);
            prop_assert_eq!(path.to_string().parse(), Ok(path.clone()));
            let json = serde_json::to_string(&path).unwrap();
            prop_assert_eq!(serde_json::from_str::<RepoPath>(&json).unwrap(), path);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = text.parse::<RepoPath>();
        }
    }

    #[test]
    fn people_see_the_odd_bytes() {
        let path = RepoPath::new(b"a\\b/\xff.rs".as_slice());
        assert_eq!(path.to_string(), r"a\\b/\xff.rs");
    }
}
