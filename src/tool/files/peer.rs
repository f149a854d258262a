//! `read_peer`: published trees of other agents, by label, as data.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Grip, MOST, args, read::part};
use crate::{
    protocol::{Label, ToolSpec},
    tool::{Context, ToolResult, fence},
};

/// How it is offered.
pub fn spec() -> ToolSpec {
    ToolSpec {
        name: crate::tool::READ_PEER.into(),
        description: "Look at the files behind a published answer: agent2.1 lists its top, \
                      agent2.1/src/main.rs reads a file; with \"diff\" what it changed."
            .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "description": "Label of the answer, then a path" },
                "diff": { "type": "boolean", "description": "Show what it changed there" },
                "from": { "type": "integer", "description": "First line, from 1" }
            },
            "required": ["path"]
        }),
    }
}

/// Reads. Only answers that the agent has been shown are reachable.
pub async fn run(hands: Grip, context: Context, arguments: Value) -> ToolResult {
    let asked = args::text(&arguments, "path")?.trim().trim_matches('/');
    let (name, path) = asked.split_once('/').unwrap_or((asked, ""));
    let known: Vec<String> = context.answers.keys().map(Label::to_string).collect();
    let label = name.parse::<Label>().ok();
    let label = label.filter(|label| context.answers.contains_key(label));
    let (Some(label), Some(peers)) = (label, &hands.peers) else {
        return Err(match known.as_slice() {
            [] => "No answer has been shown to you yet.".to_owned(),
            known => format!(
                "\"{name}\" was not shown to you. You can look at: {}.",
                known.join(", ")
            ),
        });
    };
    if path.split('/').any(|part| part == "..") {
        return Err("\"..\" leads nowhere here; begin with the label.".to_owned());
    }
    let from = args::number(&arguments, "from")?.unwrap_or(1).max(1);
    if args::flag(&arguments, "diff")? {
        let path = (!path.is_empty()).then_some(path);
        let diff = peers.diff(label, path).await?;
        if diff.trim().is_empty() {
            return Ok(format!("{asked} changes nothing."));
        }
        let text = part(asked, diff.as_bytes(), from, None)?;
        return Ok(fence::block(label, &text));
    }
    if let Ok(files) = peers.list(label, path).await {
        let mut text = String::new();
        for (index, file) in files.iter().enumerate() {
            if text.len() > MOST {
                let _ = writeln!(text, "[{} entries more]", files.len() - index);
                break;
            }
            let _ = match file.size {
                Some(size) => writeln!(text, "{}  {size}", file.path),
                None => writeln!(text, "{}/", file.path),
            };
        }
        return Ok(fence::block(label, &text));
    }
    let bytes = peers.read(label, path).await?;
    let text = part(asked, &bytes, from, None)?;
    Ok(fence::block(label, &text))
}
