//! What an editor sends as a prompt: text, links to files, texts of files.

use std::{fmt::Write as _, path::PathBuf};

use serde::Deserialize;

use crate::{app::host::fenced, text::percent::decoded};

/// A prompt as the task of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// The words.
    pub text: String,
    /// Files whose contents go with it.
    pub files: Vec<PathBuf>,
}

/// One block of a prompt.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Words.
    Text {
        /// They.
        text: String,
    },
    /// A file that the person pointed at.
    ResourceLink {
        /// Where it is.
        uri: String,
    },
    /// A text that the editor sends along.
    Resource {
        /// It.
        resource: Embedded,
    },
    /// Anything else.
    #[serde(other)]
    Other,
}

/// A text that the editor sends along.
#[derive(Clone, Debug, Deserialize)]
pub struct Embedded {
    uri: String,
    text: Option<String>,
}

/// The task of a prompt.
///
/// # Errors
/// A part that a team cannot be given.
pub fn task(blocks: Vec<Block>) -> Result<Task, String> {
    let mut task = Task::default();
    for block in blocks {
        match block {
            Block::Text { text } => task.text.push_str(&text),
            Block::ResourceLink { uri } => {
                if let Some(path) = path(&uri) {
                    let _ = write!(task.text, "{}", path.display());
                    task.files.push(path);
                } else {
                    task.text.push_str(&uri);
                }
            }
            Block::Resource { resource } => {
                let Some(text) = resource.text else {
                    return Err("A file in the prompt is no text; a team takes text only.".into());
                };
                let name =
                    path(&resource.uri).map_or(resource.uri, |path| path.display().to_string());
                let _ = write!(task.text, "\n\n{}\n", fenced(&name, &text));
            }
            Block::Other => {
                return Err("A team takes text and files; leave pictures and sounds out.".into());
            }
        }
    }
    Ok(task)
}

/// The path of a `file://` address.
fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.split(['#', '?']).next().unwrap_or_default();
    let path = PathBuf::from(decoded(rest)?);
    path.is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(blocks: serde_json::Value) -> Result<Task, String> {
        task(serde_json::from_value(blocks).expect("blocks"))
    }

    #[test]
    fn prompts_become_tasks() {
        let told = of(json!([
            {"type": "text", "text": "Look at "},
            {"type": "resource_link", "uri": "file:///a%20b/c.rs#L3", "name": "c.rs"},
            {"type": "resource_link", "uri": "https://h/x", "name": "x"},
            {"type": "resource", "resource": {"uri": "file:///d.md", "text": "hi"}},
        ]))
        .expect("a task");
        assert_eq!(told.files, [PathBuf::from("/a b/c.rs")]);
        assert_eq!(
            told.text,
            "Look at /a b/c.rshttps://h/x\n\nFile /d.md:\n\n```\nhi\n```\n"
        );
        assert!(of(json!([{"type": "image", "data": "x", "mimeType": "image/png"}])).is_err());
        assert!(
            of(json!([{"type": "resource", "resource": {"uri": "file:///d", "blob": "x"}}]))
                .is_err()
        );
        for odd in [
            "file://relative",
            "file:///a%f",
            "file:///a%+f",
            "file:///%ff",
            "http://h",
        ] {
            assert_eq!(path(odd), None, "{odd}");
        }
    }
}
