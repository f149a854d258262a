//! What else is known of the session under the cursor, beside the list.

use jiff::tz::TimeZone;
use ratatui::text::{Line, Span};

use super::columns;
use crate::{
    catalog::{Entry, Standing},
    run,
    text::width,
    tui::{
        theme::Theme,
        widget::{paragraph, took},
    },
};

/// Cells of the words before the values.
const LABEL: usize = 9;
/// Most lines of the prompt.
const PROMPT: usize = 12;

/// The lines of the pane.
pub(super) fn lines(
    entry: &Entry,
    room: u16,
    theme: &Theme,
    zone: &TimeZone,
) -> Vec<Line<'static>> {
    let mut pane = Pane {
        lines: Vec::new(),
        room,
        theme,
    };
    let summary = &entry.summary;
    if let Some(name) = &entry.labels.name {
        pane.text(name, theme.strong, 2);
    }
    let prompt = match summary.prompt.trim() {
        "" => "(no task)",
        prompt => prompt,
    };
    pane.text(prompt, theme.text, PROMPT);
    pane.lines.push(Line::default());
    pane.fact("outcome", &outcome(entry));
    if let Some(winner) = &summary.winner {
        pane.fact("winner", winner);
    }
    let started = columns::moment(summary.started_ms, zone, "%Y-%m-%d %H:%M:%S");
    pane.fact(
        "started",
        &format!("{started}, took {}", took(summary.duration_ms)),
    );
    pane.fact("turns", &summary.turns.to_string());
    pane.fact("answers", &summary.answers.to_string());
    let cost = summary
        .cost_usd
        .map_or_else(|| "not known".to_owned(), run::usd);
    pane.fact("cost", &cost);
    if let Some(files) = summary.files_changed {
        pane.fact("files", &format!("{files} changed"));
    }
    for (place, member) in summary.team.iter().enumerate() {
        let label = if place == 0 { "agents" } else { "" };
        let model = match member.model.as_str() {
            "" => "model not known",
            model => model,
        };
        pane.fact(label, &format!("{} · {model}", member.name));
    }
    if summary.team.is_empty() {
        pane.fact("agents", &summary.agents.to_string());
    }
    if !entry.labels.tags.is_empty() {
        let tags: Vec<String> = entry
            .labels
            .tags
            .iter()
            .map(|tag| format!("#{tag}"))
            .collect();
        pane.fact("tags", &tags.join(" "));
    }
    let kept = kept(entry);
    if !kept.is_empty() {
        pane.fact("kept", &kept);
    }
    pane.lines.push(Line::default());
    origin(&mut pane, entry, zone);
    pane.lines
}

/// Whose it is, and where it lies.
fn origin(pane: &mut Pane<'_>, entry: &Entry, zone: &TimeZone) {
    let summary = &entry.summary;
    pane.fact("id", &summary.run.0);
    if let Some(from) = &summary.from {
        pane.fact("from", from);
    } else if summary.demo {
        pane.fact("from", "a script: no model was asked");
    }
    if let Some(shared) = &entry.shared {
        let moment = |at| columns::moment(at, zone, "%Y-%m-%d %H:%M");
        pane.fact("shared", &shared.words(moment));
    }
    if !summary.folder.is_empty() {
        pane.fact("folder", &summary.folder);
    }
    if !entry.log.is_empty() {
        pane.fact("log", &entry.log);
    }
}

/// How it ended, or stands, in a few words.
fn outcome(entry: &Entry) -> String {
    let words = match (entry.standing, entry.word()) {
        (Standing::Live, _) => "running; opening it follows it",
        (Standing::Over, "crashed") if entry.is_ours() => {
            "crashed: its program ended in the middle; it can go on"
        }
        (Standing::Over, "crashed") => "crashed: its log ends in the middle",
        (Standing::Over, "damaged") => "damaged: parts of its log cannot be read",
        (Standing::Over, word) => word,
    };
    words.to_owned()
}

/// What was written to it besides a name and tags.
fn kept(entry: &Entry) -> String {
    let count = |number: u32, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{number} {many}")),
    };
    let flag = |set: bool, word: &str| set.then(|| word.to_owned());
    let words = [
        flag(entry.labels.pinned, "pinned"),
        flag(entry.labels.archived, "archived"),
        flag(entry.deleted, "deleted"),
        count(entry.analysed, "analysis", "analyses"),
        count(entry.notes, "note", "notes"),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

struct Pane<'a> {
    lines: Vec<Line<'static>>,
    room: u16,
    theme: &'a Theme,
}

impl Pane<'_> {
    /// Text over the whole width, at most so many lines.
    fn text(&mut self, text: &str, style: ratatui::style::Style, most: usize) {
        let lines = paragraph(text, self.room);
        let more = lines.len() > most;
        let shown = if more { most.saturating_sub(1) } else { most };
        let all = lines.into_iter().take(shown);
        self.lines.extend(all.map(|line| Line::styled(line, style)));
        if more {
            self.lines.push(Line::styled("…", self.theme.dim));
        }
    }

    /// A word and what it is.
    fn fact(&mut self, label: &str, value: &str) {
        let room = usize::from(self.room).saturating_sub(LABEL).max(1);
        let room = u16::try_from(room).unwrap_or(u16::MAX);
        for (row, part) in paragraph(value, room).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(width::pad(label, LABEL), self.theme.dim),
                Span::styled(part, self.theme.text),
            ]));
        }
    }
}
