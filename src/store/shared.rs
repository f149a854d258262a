//! The mark of a session that somebody gave away: `shared.json` beside its log, what its bundle said.
//!
//! Whoever takes a bundle in writes it; here it is only read, and only what the list tells.

use std::{io::Read as _, path::Path, time::UNIX_EPOCH};

use serde::Deserialize;

use super::{SHARED_FILE, files};
use crate::catalog::Shared;

/// Largest mark that is read; it lists every part of a bundle.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Who gave the session in `folder` away; `None` for one that was lived here.
#[must_use]
pub fn shared(folder: &Path) -> Option<Shared> {
    #[derive(Default, Deserialize)]
    struct Mark {
        #[serde(default)]
        by: Option<String>,
        #[serde(default)]
        at_ms: Option<u64>,
    }
    let file = files::open_read(&folder.join(SHARED_FILE)).ok()?;
    let written = file.metadata().and_then(|meta| meta.modified()).ok();
    let taken = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text).ok()?;
    // One that cannot be understood is still the mark of a session that is not ours.
    let mark: Mark = serde_json::from_slice(&text).unwrap_or_default();
    Some(Shared {
        by: mark.by.filter(|by| !by.trim().is_empty()),
        at_ms: mark.at_ms,
        taken_ms: taken.and_then(|taken| u64::try_from(taken.as_millis()).ok()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_mark_tells_who_and_when_and_marks_even_when_it_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let of = |text: &str| {
            fs::write(folder.path().join(SHARED_FILE), text).unwrap();
            shared(folder.path()).unwrap()
        };
        assert_eq!(shared(folder.path()), None);
        let ann = of(r#"{"massgen_tui":"bundle","by":"Ann","at_ms":5,"parts":[]}"#);
        assert_eq!((ann.by.as_deref(), ann.at_ms), (Some("Ann"), Some(5)));
        assert!(ann.taken_ms.is_some());
        assert_eq!(of(r#"{"by":" "}"#).by, None);
        assert_eq!(of("rubbish").by, None);
    }
}
