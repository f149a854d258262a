//! `read_file`: a file, or some of its lines, with line numbers.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Grip, LARGEST, MOST, args, on_disk};
use crate::{
    protocol::{Deed, ToolSpec},
    tool::{
        ToolResult, beneath,
        leave::{Wish, leave},
        permit::Usual,
        place,
    },
};

/// Longest line that is shown whole, in bytes.
const LONG: usize = 2_000;

/// How it is offered.
pub fn spec() -> ToolSpec {
    ToolSpec {
        name: "read_file".into(),
        description: "Read a text file; lines come with their numbers. Long files come in parts: \
                      go on with \"from\"."
            .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "description": "File" },
                "from": { "type": "integer", "description": "First line, from 1" },
                "lines": { "type": "integer", "description": "How many lines" }
            },
            "required": ["path"]
        }),
    }
}

/// Reads.
pub async fn run(hands: Grip, arguments: Value) -> ToolResult {
    let path = args::text(&arguments, "path")?;
    let from = args::number(&arguments, "from")?.unwrap_or(1).max(1);
    let lines = args::number(&arguments, "lines")?;
    let place = place::find(&hands.ground, path)?;
    let wish = Wish {
        tool: "read_file".to_owned(),
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
        let bytes =
            beneath::read(&place, LARGEST).map_err(|error| beneath::words(&place.shown, &error))?;
        part(&place.shown, &bytes, from, lines)
    })
    .await
}

/// Lines `from` on, as many as fit.
pub fn part(shown: &str, bytes: &[u8], from: u64, lines: Option<u64>) -> ToolResult {
    if is_binary(bytes) {
        return Err(format!(
            "\"{shown}\" is no text ({} bytes); run_command can look into it.",
            bytes.len()
        ));
    }
    let text = String::from_utf8_lossy(bytes);
    if text.is_empty() {
        return Ok(format!("{shown} is empty."));
    }
    let all = text.lines().count() as u64;
    if from > all {
        return Err(format!("{shown} has {all} lines; there is no line {from}."));
    }
    let mut out = String::new();
    let mut last = from - 1;
    let wanted = lines.unwrap_or(u64::MAX);
    let skipped = usize::try_from(from - 1).unwrap_or(usize::MAX);
    for line in text.lines().skip(skipped) {
        if last + 1 - from >= wanted || out.len() > MOST {
            break;
        }
        last += 1;
        let cut = line.floor_char_boundary(LONG);
        let _ = match line.len() - cut {
            0 => writeln!(out, "{last:>6}\t{line}"),
            left => writeln!(
                out,
                "{last:>6}\t{}[{left} bytes more in this line]",
                &line[..cut]
            ),
        };
    }
    if last < all {
        let _ = writeln!(
            out,
            "[{shown} has {all} lines; go on with from: {}]",
            last + 1
        );
    }
    Ok(out)
}

/// True for bytes that are no text.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8_192).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_come_in_parts_without_a_gap() {
        let lines: Vec<String> = (1..=9_000).map(|n| format!("line {n}")).collect();
        let text = lines.join("\n");
        let (mut from, mut seen) = (1, 0);
        loop {
            let part = part("a", text.as_bytes(), from, None).unwrap();
            assert!(part.len() < MOST + 5_000);
            for line in part.lines().filter(|line| !line.starts_with('[')) {
                seen += 1;
                let (number, words) = line.trim_start().split_once('\t').unwrap();
                assert_eq!(words, format!("line {number}"));
                assert_eq!(number.parse(), Ok(seen));
            }
            match part.rsplit_once("from: ") {
                Some((_, next)) => from = next.trim_end_matches("]\n").parse().unwrap(),
                None => break,
            }
        }
        assert_eq!(seen, 9_000);
    }

    #[test]
    fn odd_files_say_what_they_are() {
        assert!(part("a", b"\x7fELF\0\0", 1, None).is_err());
        assert_eq!(part("a", b"", 1, None), Ok("a is empty.".into()));
        assert!(part("a", b"x\ny", 3, None).unwrap_err().contains("2 lines"));
        let long = part("a", "é".repeat(5_000).as_bytes(), 1, None).unwrap();
        assert!(long.contains("8000 bytes more in this line"), "{long}");
        assert_eq!(
            part("a", b"a\nb\nc", 2, Some(1)),
            Ok("     2\tb\n[a has 3 lines; go on with from: 3]\n".into())
        );
    }
}
