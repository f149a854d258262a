//! Comments as one message: numbered, each with its place and the lines it is about.
//!
//! The quoted code is an agent's and data: it stands in a fence that it cannot close. The words are
//! the person's.

use std::fmt::Write as _;

use crate::{
    protocol::{
        Target,
        change::{Comment, Face, Spot},
    },
    text::clean,
};

/// Lines of a comment's range that are quoted.
const QUOTED: usize = 40;

/// The message for some comments; empty without any.
#[must_use]
pub fn message(comments: &[&Comment]) -> String {
    if comments.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "Review comments on your changes. Work each of them in; a question wants an answer, a note \
         asks for nothing.\n",
    );
    for (number, comment) in (1..).zip(comments) {
        let _ = write!(
            text,
            "\n{number}. [{}] {}\n",
            comment.kind.word(),
            place(&comment.on)
        );
        if !comment.quote.is_empty() {
            let shown: Vec<&str> = comment
                .quote
                .iter()
                .take(QUOTED)
                .map(String::as_str)
                .collect();
            let fence = fence(&shown);
            let _ = writeln!(text, "{fence}");
            for line in &shown {
                let _ = writeln!(text, "{line}");
            }
            let more = comment.quote.len() - shown.len();
            let _ = writeln!(text, "{fence}");
            if more > 0 {
                let _ = writeln!(text, "({more} more lines)");
            }
        }
        let _ = writeln!(text, "{}", comment.text.trim());
    }
    text
}

/// A message as the next task of a team that is done. Where one agent is asked alone it says so, for
/// whoever reads of it later.
#[must_use]
pub fn as_task(to: &Target, text: &str) -> String {
    match to {
        Target::One(agent) => {
            format!("For {agent} alone, whose changes are reviewed here.\n\n{text}")
        }
        Target::All | Target::Several(_) => text.to_owned(),
    }
}

/// What a comment is about, for people and agents alike.
#[must_use]
pub fn place(spot: &Spot) -> String {
    let side = match spot.face {
        Face::Old => ", removed",
        Face::New => "",
    };
    let lines = match spot.lines {
        None => String::new(),
        Some((first, last)) if first == last => format!(":{first}"),
        Some((first, last)) => format!(":{first}-{last}"),
    };
    match &spot.file {
        Some(file) => {
            let path = file.path.to_string();
            format!("{}{lines} ({}{side})", clean::line(&path), spot.label)
        }
        None => format!("answer {}{lines}", spot.label),
    }
}

/// A fence longer than any run of backticks within.
fn fence(lines: &[&str]) -> String {
    let mut longest = 0;
    for line in lines {
        let mut run = 0;
        for c in line.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    "`".repeat(longest.max(2) + 1)
}
