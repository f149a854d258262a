//! `write_file`: a file whole.

use serde_json::{Value, json};

use super::{Grip, args, change};
use crate::{protocol::ToolSpec, tool::Ran};

/// How it is offered.
pub fn spec() -> ToolSpec {
    ToolSpec {
        name: "write_file".into(),
        description: "Write a whole file, new or old; missing folders are made. For a change \
                      within a file use edit_file."
            .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "description": "File" },
                "content": { "type": "string", "description": "Everything that it will hold" }
            },
            "required": ["path", "content"]
        }),
    }
}

/// Writes.
pub async fn run(hands: Grip, arguments: Value) -> Ran {
    let read = async {
        let path = args::text(&arguments, "path")?;
        let content = args::text(&arguments, "content")?.to_owned();
        let target = change::target(&hands, path).await?;
        Ok::<_, String>((target, content))
    };
    match read.await {
        Ok((target, content)) => change::write(hands, "write_file", target, content.into()).await,
        Err(why) => Ran::from(Err(why)),
    }
}
