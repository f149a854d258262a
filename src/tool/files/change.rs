//! What `write_file` and `edit_file` share: leave with the diff in sight, writing, the note.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::{Grip, LARGEST, on_disk};
use crate::{
    protocol::{Deed, ToolNote, change::Access},
    tool::{
        Ran, beneath,
        leave::{Wish, leave},
        permit::Usual,
        place::{self, Place},
    },
};

/// Longest diff that is shown, in bytes.
const DIFF: usize = 16 * 1024;
/// Texts beyond this many bytes are not compared line by line.
const COMPARED: usize = 2 * 1024 * 1024;

/// A diff for eyes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Unified, bounded.
    pub diff: String,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// A file that may be written, and what it holds now.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub place: Place,
    /// What it holds; `None` when it is new.
    pub old: Option<Vec<u8>>,
}

/// Looks at the file of a writing tool.
///
/// # Errors
/// It is outside, read-only, protected, or no file.
pub async fn target(hands: &Grip, path: &str) -> Result<Target, String> {
    let place = place::find(&hands.ground, path)?;
    let shown = place.shown.clone();
    if place.below.is_empty() {
        return Err(format!("\"{shown}\" is a folder; name a file."));
    }
    if place.access == Access::Read {
        return Err(format!(
            "\"{shown}\" is read only. You can write in: {}.",
            place::roots(&hands.ground)
        ));
    }
    if place.is_protected() {
        return Err(format!(
            "\"{shown}\" is protected by the configuration; it stays as it is."
        ));
    }
    on_disk(move || match beneath::read(&place, LARGEST) {
        Ok(bytes) => Ok(Target {
            place,
            old: Some(bytes),
        }),
        Err(error) if beneath::is_missing(&error) => Ok(Target { place, old: None }),
        Err(error) => Err(beneath::words(&place.shown, &error)),
    })
    .await
}

/// Writes the new content, when there is leave for it.
pub async fn write(hands: Grip, tool: &'static str, target: Target, new: Vec<u8>) -> Ran {
    if new.len() as u64 > LARGEST {
        let why = format!(
            "The content has {} bytes; at most {LARGEST} are written.",
            new.len()
        );
        return Ran::from(Err(why));
    }
    let Target { place, old } = target;
    let shown = compare(&place.shown, old.as_deref(), &new);
    let wish = Wish {
        tool: tool.to_owned(),
        deed: Deed::Write {
            path: place.shown.clone(),
            diff: shown.diff.clone(),
        },
        usual: Usual::Allow,
        fixed: false,
        tier: "",
        held: String::new(),
    };
    if let Err(why) = leave(&hands.office(), wish).await {
        return Ran::from(Err(why));
    }
    let path = place.shown.clone();
    let is_new = old.is_none();
    let written = on_disk(move || {
        // Somebody else may have written while leave was asked for.
        let now = match beneath::read(&place, LARGEST) {
            Ok(bytes) => Some(bytes),
            Err(error) if beneath::is_missing(&error) => None,
            Err(error) => return Err(beneath::words(&place.shown, &error)),
        };
        if now != old {
            return Err(format!(
                "\"{}\" has changed meanwhile; read it again.",
                place.shown
            ));
        }
        beneath::write(&place, &new).map_err(|error| beneath::words(&place.shown, &error))
    })
    .await;
    match written {
        Err(why) => Ran::from(Err(why)),
        Ok(()) => Ran {
            result: Ok(format!(
                "{} {path}: {} lines added, {} removed.",
                if is_new { "Created" } else { "Changed" },
                shown.added,
                shown.removed
            )),
            note: Some(ToolNote::Change {
                path,
                diff: shown.diff,
                added: shown.added,
                removed: shown.removed,
            }),
        },
    }
}

/// A diff of two contents.
pub fn compare(path: &str, old: Option<&[u8]>, new: &[u8]) -> Shown {
    let old_bytes = old.unwrap_or_default();
    let texts = (std::str::from_utf8(old_bytes), std::str::from_utf8(new));
    let (Ok(before), Ok(after)) = texts else {
        return Shown {
            diff: format!(
                "{path}: {} bytes before, {} after\n",
                old_bytes.len(),
                new.len()
            ),
            ..Shown::default()
        };
    };
    if before.len() + after.len() > COMPARED {
        return Shown {
            diff: format!("{path}: too large to be shown line by line\n"),
            added: count(after),
            removed: count(before),
        };
    }
    let diff = TextDiff::from_lines(before, after);
    let tags = |wanted: ChangeTag| {
        let all = diff
            .iter_all_changes()
            .filter(|change| change.tag() == wanted);
        u32::try_from(all.count()).unwrap_or(u32::MAX)
    };
    let (added, removed) = (tags(ChangeTag::Insert), tags(ChangeTag::Delete));
    let from = if old.is_some() {
        format!("a/{path}")
    } else {
        "/dev/null".to_owned()
    };
    let mut text = diff
        .unified_diff()
        .context_radius(3)
        .header(&from, &format!("b/{path}"))
        .to_string();
    if text.len() > DIFF {
        let cut = text.floor_char_boundary(DIFF);
        let cut = text[..cut].rfind('\n').map_or(cut, |end| end + 1);
        let left = text[cut..].lines().count();
        text.truncate(cut);
        let _ = writeln!(text, "[{left} lines more]");
    }
    Shown {
        diff: text,
        added,
        removed,
    }
}

fn count(text: &str) -> u32 {
    u32::try_from(text.lines().count()).unwrap_or(u32::MAX)
}
