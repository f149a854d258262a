//! `list_dir`: what stands in a folder.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Grip, args, on_disk};
use crate::{
    protocol::{Deed, ToolSpec},
    tool::{
        ToolResult,
        beneath::{self, Kind},
        leave::{Wish, leave},
        permit::Usual,
        place,
    },
};

/// Entries that are shown.
const ENTRIES: usize = 500;

/// How it is offered.
pub fn spec() -> ToolSpec {
    ToolSpec {
        name: "list_dir".into(),
        description: "List a folder: names, sizes, folders end in /.".into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "path": {
                    "type": "string",
                    "description": "Folder; without it your folders are listed, or the only one's contents"
                }
            }
        }),
    }
}

/// Lists.
pub async fn run(hands: Grip, arguments: Value) -> ToolResult {
    let path = args::maybe(&arguments, "path")?.unwrap_or("");
    if hands.ground.roots.len() != 1 && matches!(path.trim(), "" | "." | "./") {
        return Ok(format!("Your folders: {}.", place::roots(&hands.ground)));
    }
    let place = place::find(&hands.ground, path)?;
    let wish = Wish {
        tool: "list_dir".to_owned(),
        deed: Deed::Read {
            path: place.shown.clone(),
        },
        usual: Usual::Allow,
        fixed: false,
        tier: "",
        held: String::new(),
    };
    leave(&hands.office(), wish).await?;
    on_disk(move || {
        let (entries, all) =
            beneath::list(&place, ENTRIES).map_err(|error| beneath::words(&place.shown, &error))?;
        if all == 0 {
            return Ok(format!("{} is empty.", place.shown));
        }
        let mut text = String::new();
        for entry in &entries {
            let name = &entry.name;
            let _ = match entry.kind {
                Kind::File(size) => writeln!(text, "{name}  {size}"),
                Kind::Folder => writeln!(text, "{name}/"),
                Kind::Link => writeln!(text, "{name}  (link)"),
                Kind::Other => writeln!(text, "{name}  (no file)"),
            };
        }
        if all > entries.len() {
            let _ = writeln!(
                text,
                "[{} entries more; glob finds names by pattern]",
                all - entries.len()
            );
        }
        Ok(text)
    })
    .await
}
