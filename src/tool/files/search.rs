//! `search` and `glob`: lines by pattern, files by name.

use std::{fmt::Write as _, ops::ControlFlow};

use regex::RegexBuilder;
use serde_json::{Value, json};

use super::{
    Grip, MOST, args, on_disk,
    read::is_binary,
    walk::{Walked, walk},
};
use crate::{
    protocol::{Deed, ToolSpec},
    tool::{
        ToolResult, beneath,
        leave::{Wish, leave},
        pattern::{Pattern, Star},
        permit::Usual,
        place::{self, Place},
    },
};

/// Lines that are shown.
const LINES: usize = 200;
/// Names that are shown.
const NAMES: usize = 500;
/// Bytes of a line that are shown.
const LONG: usize = 300;
/// Files larger than this are not searched.
const FILE: u64 = 4 * 1024 * 1024;
/// Bytes that one search reads.
const READ: u64 = 256 * 1024 * 1024;
/// Largest compiled pattern: a model writes them.
const PATTERN: usize = 4 * 1024 * 1024;

/// How `search` is offered.
pub fn spec() -> ToolSpec {
    ToolSpec {
        name: "search".into(),
        description:
            "Find lines by a regular expression in the files of a folder, or in one file. \
                      Binary and ignored files are left out."
                .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "pattern": { "type": "string", "description": "Regular expression" },
                "path": { "type": "string", "description": "Folder or file; all without it" },
                "files": { "type": "string", "description": "Only files like this, for example **/*.rs" },
                "ignore_case": { "type": "boolean" }
            },
            "required": ["pattern"]
        }),
    }
}

/// How `glob` is offered.
pub fn glob_spec() -> ToolSpec {
    ToolSpec {
        name: "glob".into(),
        description: "Find files by name, for example **/*.rs or *.md. Ignored files are left out."
            .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "pattern": { "type": "string", "description": "Pattern with *, **, ?, [..], {a,b}; without a slash at any depth" },
                "path": { "type": "string", "description": "Folder; your first one without it" }
            },
            "required": ["pattern"]
        }),
    }
}

/// The places that a search begins at: one, or every root.
async fn starts(hands: &Grip, tool: &'static str, arguments: &Value) -> Result<Vec<Place>, String> {
    let path = args::maybe(arguments, "path")?.unwrap_or("").trim();
    let places = if matches!(path, "" | ".") {
        let roots = hands.ground.roots.iter();
        roots
            .map(|root| place::find(&hands.ground, &root.path.to_string_lossy()))
            .collect::<Result<Vec<_>, _>>()?
    } else {
        vec![place::find(&hands.ground, path)?]
    };
    for place in &places {
        let wish = Wish {
            tool: tool.to_owned(),
            deed: Deed::Read {
                path: place.shown.clone(),
            },
            usual: Usual::Allow,
            fixed: false,
            tier: "",
            held: String::new(),
        };
        leave(&hands.office(), wish).await?;
    }
    Ok(places)
}

fn named(pattern: &str) -> Result<impl Fn(&str) -> bool + use<>, String> {
    let whole = pattern.contains('/');
    let pattern = Pattern::new(pattern.trim_start_matches("./"), Star::Component)?;
    Ok(move |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        pattern.matches(if whole { path } else { name })
    })
}

/// Whether a rule denies reading this file: a search over a folder reads what it must not otherwise.
fn denied(hands: &Grip, place: &Place) -> bool {
    let deed = Deed::Read {
        path: place.shown.clone(),
    };
    !matches!(
        hands.permits.judge(&deed, Usual::Allow),
        crate::tool::permit::Verdict::Allow(_)
    )
}

/// Finds files.
pub async fn glob(hands: Grip, arguments: Value) -> ToolResult {
    let fits = named(args::text(&arguments, "pattern")?)?;
    let starts = starts(&hands, "glob", &arguments).await?;
    on_disk(move || {
        let mut text = String::new();
        let (mut shown, mut all, mut cut) = (0, 0, false);
        for start in starts {
            let walked = walk(&start, &mut |path, place, _| {
                if fits(path) && !denied(&hands, place) {
                    all += 1;
                    if shown < NAMES && text.len() < MOST {
                        shown += 1;
                        let _ = writeln!(text, "{}", place.shown);
                    }
                }
                ControlFlow::Continue(())
            })?;
            cut |= walked == Walked::TooMany;
        }
        Ok(finish(text, all - shown, cut, "files"))
    })
    .await
}

/// Finds lines.
pub async fn run(hands: Grip, arguments: Value) -> ToolResult {
    let regex = RegexBuilder::new(args::text(&arguments, "pattern")?)
        .case_insensitive(args::flag(&arguments, "ignore_case")?)
        .size_limit(PATTERN)
        .build()
        .map_err(|error| format!("The pattern is no regular expression: {error}"))?;
    let fits = named(args::maybe(&arguments, "files")?.unwrap_or("**"))?;
    let starts = starts(&hands, "search", &arguments).await?;
    on_disk(move || {
        let mut text = String::new();
        let (mut shown, mut all, mut budget, mut cut) = (0, 0, READ, false);
        let mut look = |place: &Place, bytes: &[u8]| {
            if is_binary(bytes) {
                return;
            }
            for (number, line) in (1..).zip(String::from_utf8_lossy(bytes).lines()) {
                if regex.is_match(line) {
                    all += 1;
                    if shown < LINES && text.len() < MOST {
                        shown += 1;
                        let line = &line[..line.floor_char_boundary(LONG)];
                        let _ = writeln!(text, "{}:{number}: {line}", place.shown);
                    }
                }
            }
        };
        for start in starts {
            if let Ok(bytes) = beneath::read(&start, FILE) {
                look(&start, &bytes);
                continue;
            }
            let walked = walk(&start, &mut |path, place, size| {
                if !fits(path) || size > FILE || denied(&hands, place) {
                    return ControlFlow::Continue(());
                }
                if size > budget {
                    return ControlFlow::Break(());
                }
                budget -= size;
                if let Ok(bytes) = beneath::read(place, FILE) {
                    look(place, &bytes);
                }
                ControlFlow::Continue(())
            })?;
            cut |= walked != Walked::All;
        }
        Ok(finish(text, all - shown, cut, "lines"))
    })
    .await
}

fn finish(mut text: String, more: usize, cut: bool, what: &str) -> String {
    if text.is_empty() {
        text = format!("No {what} found.\n");
    }
    if more > 0 {
        let _ = writeln!(
            text,
            "[{more} {what} more; make the pattern or the path narrower]"
        );
    }
    if cut {
        text.push_str("[not everything was looked at: name a folder]\n");
    }
    text
}
