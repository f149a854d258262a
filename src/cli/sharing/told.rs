//! What is told about a file before it is written or sent: what is in it, what is not, what is masked, and
//! what stands in the way.

use std::{fmt::Write as _, path::Path};

use serde_json::{Value, json};

use crate::{app::sharing::Prepared, headless::words, text::clean};

/// Findings that are listed.
const SHOWN: usize = 20;

/// A size as people read it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Everything, for a look before.
pub fn preview(prepared: &Prepared) -> String {
    let (turns, events) = prepared.extent();
    let task = prepared.task().trim().lines().next().unwrap_or_default();
    let task: String = clean::line(task).chars().take(100).collect();
    let mut out = format!(
        "{}\n  task: {task}\n  size: {}\n  holds: {}, {}",
        prepared.name(),
        size(prepared.bytes),
        words::counted(turns as u64, "turn"),
        words::counted(events, "event"),
    );
    let files = prepared.about.attachments.len() as u64;
    if files > 0 {
        let _ = write!(out, ", {}", words::counted(files, "file"));
    }
    out.push('\n');
    out.push_str(&aside(prepared));
    if !prepared.suspects.is_empty() {
        out.push_str(&suspects(prepared));
    }
    out
}

fn place(event: u64) -> String {
    match event {
        0 => "beside the events".to_owned(),
        event => format!("event {event}"),
    }
}

/// What is masked and what is not in it, a line each.
pub fn aside(prepared: &Prepared) -> String {
    let mut out = String::new();
    for one in &prepared.about.masked {
        let events = one.events.iter().take(SHOWN);
        let events: Vec<String> = events.map(|event| place(*event)).collect();
        let more = if one.events.len() > SHOWN { " …" } else { "" };
        let _ = writeln!(
            out,
            "  masked: {} ({}) in {}{more}",
            one.kind.word(),
            words::counted(one.times, "time"),
            events.join(", ")
        );
    }
    for one in &prepared.left_out {
        let (what, why) = (clean::line(&one.what), clean::line(&one.why));
        let _ = writeln!(out, "  not in it: {what} ({why})");
    }
    out
}

/// What may be a secret, and how to go on.
pub fn suspects(prepared: &Prepared) -> String {
    let all = &prepared.suspects;
    let mut out = match all.len() {
        1 => "One text may be a secret and is not masked:\n".to_owned(),
        many => format!("{many} texts may be secrets and are not masked:\n"),
    };
    for (event, hit) in all.iter().take(SHOWN) {
        let excerpt = clean::line(&hit.excerpt);
        let _ = writeln!(out, "  {}: {}: {excerpt}", place(*event), hit.kind);
    }
    if all.len() > SHOWN {
        let _ = writeln!(out, "  … and {} more", all.len() - SHOWN);
    }
    out.push_str("--redact suspects masks them; --redact WORD masks a word of your choice.\n");
    out
}

/// The same as data.
pub fn json(prepared: &Prepared, written: Option<&Path>) -> Value {
    let (turns, events) = prepared.extent();
    let files = prepared.about.attachments.iter().map(|one| &one.title);
    let suspects: Vec<Value> = (prepared.suspects.iter())
        .map(|(event, hit)| json!({"event": event, "kind": hit.kind, "excerpt": hit.excerpt}))
        .collect();
    json!({
        "massgen_tui": "exported",
        "session": prepared.run,
        "format": prepared.format,
        "name": prepared.name(),
        "bytes": prepared.bytes,
        "turns": turns,
        "events": events,
        "files": files.collect::<Vec<_>>(),
        "masked": prepared.about.masked,
        "left_out": prepared.left_out,
        "suspects": suspects,
        "file": written.map(|path| path.display().to_string()),
    })
}
