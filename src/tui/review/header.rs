//! The rows above: what is reviewed and against what; whose tree, with votes; what is left to do.

use std::fmt::Write as _;

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    Focus, Page, Review, Since,
    pane::{Pane, Shown},
    pick,
    subject::Worker,
};
use crate::{
    protocol::change::{Body, Destination, FileChange, FileMode, KeptIn, ObjectId},
    text::{clean, width},
    tui::{shared::Shared, widget::demo_badge},
};

/// Digits of a commit that people read.
const SHORT: usize = 7;

/// Cells that the end of a folder's name needs at least.
const FOLDER: usize = 12;

/// The rows at the top, each at most `room` cells wide: what is reviewed, in two rows where one is too
/// narrow for it, and the agents.
pub(super) fn rows(review: &Review, shared: &Shared, room: usize) -> Vec<Line<'static>> {
    let mut rows = subject(review, shared, room);
    rows.push(chips(review, shared, room));
    rows
}

/// Folder, base, HEAD, target.
fn subject(review: &Review, shared: &Shared, room: usize) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let mut spans = Vec::new();
    let mut left = room;
    if shared.demo() {
        let badge = demo_badge(theme, u16::try_from(room / 3).unwrap_or(u16::MAX));
        left = left.saturating_sub(width::of(&badge.content) + 1);
        spans.push(badge);
        spans.push(Span::raw(" "));
    }
    let Some(place) = review.place() else {
        return vec![Line::from(spans)];
    };
    let base = match review.at.since {
        Since::Start => format!(" · base {}", short(&place.base)),
        Since::LastLook => " · base: your last look".to_owned(),
    };
    let head = place.head.as_deref().unwrap_or(match place.kept {
        KeptIn::Repository => "no commit",
        KeptIn::Shadow => "no repository",
    });
    let head = clean::line(head);
    let target = match &review.page {
        Page::Finish(finish) => target(&finish.destination()),
        Page::Diff | Page::Send(_) => "working tree".to_owned(),
    };
    let many = review.subject.places.len();
    let own = review
        .subject
        .places
        .iter()
        .position(|other| other.context == place.context);
    let folder = match (many, own) {
        (2.., Some(own)) => format!("{} ({} of {many})", place.root, own + 1),
        _ => place.root.clone(),
    };
    let rest = format!("HEAD {head} · target {target}");
    let one = width::of(&base) + 3 + width::of(&rest);
    let folds = width::of(&folder).min(FOLDER) + one > left;
    let facts = if folds {
        base
    } else {
        format!("{base} · {rest}")
    };
    // The folder's end says most of it.
    let folder = tail(&folder, left.saturating_sub(width::of(&facts)).max(4));
    left = left.saturating_sub(width::of(&folder));
    spans.push(Span::styled(folder, theme.strong));
    let facts = width::fit(&facts, left).into_owned();
    spans.push(Span::styled(facts, theme.dim));
    let mut rows = vec![Line::from(spans)];
    if folds {
        let head = format!(" HEAD {}", width::fit(&head, room / 3));
        let rest = format!("{head} · target {target}");
        rows.push(Line::styled(
            width::fit(&rest, room).into_owned(),
            theme.dim,
        ));
    }
    rows
}

/// Where a result goes, in a word or two.
pub(super) fn target(to: &Destination) -> String {
    match to {
        Destination::WorkingTree => "working tree".to_owned(),
        Destination::Index => "index and files".to_owned(),
        Destination::Commit { .. } => "a commit".to_owned(),
        Destination::Branch { name, .. } => format!("branch {}", clean::line(name)),
        Destination::Patch { path } => format!("patch {}", clean::line(path)),
    }
}

/// One chip per agent; the one on the screen stands out.
fn chips(review: &Review, shared: &Shared, room: usize) -> Line<'static> {
    let theme = &shared.theme;
    let agents = &review.subject.agents;
    let own = agents
        .iter()
        .position(|agent| agent.id == review.at.agent)
        .unwrap_or(0);
    let newer = review.course.newer.is_some();
    let news = if newer {
        review.keyed(" ↻ {newest}: newer work ")
    } else {
        String::new()
    };
    let chip = |index: usize, long: bool| Some(chip(review, index, agents.get(index)?, long));
    let total = |long: bool| -> usize {
        (0..agents.len())
            .filter_map(|index| chip(index, long))
            .map(|text| width::of(&text))
            .sum()
    };
    // Where not all agents fit beside them, the words at the end are fewer.
    let (whole, brief) = tally(review);
    let used = width::of(&news) + 1;
    let tail = if total(false) + used + width::of(&whole) <= room {
        whole
    } else {
        brief
    };
    let reserved = width::of(&tail) + used;
    let space = room.saturating_sub(reserved);
    let long = total(true) <= space;
    let mut spans = Vec::new();
    let mut used = 0;
    // Where not all fit, the row begins so that the one on the screen is in sight.
    let mut first = 0;
    let sizes: Vec<usize> = (0..agents.len())
        .map(|index| chip(index, long).map_or(0, |text| width::of(&text)))
        .collect();
    while first < own && sizes.iter().take(own + 1).skip(first).sum::<usize>() > space {
        first += 1;
    }
    for index in first..agents.len() {
        let Some(text) = chip(index, long) else {
            continue;
        };
        let wide = width::of(&text);
        if used + wide > space && index > first {
            break;
        }
        used += wide;
        let style = if index == own {
            theme.selection
        } else {
            theme.dim
        };
        spans.push(Span::styled(
            width::fit(&text, space.max(4)).into_owned(),
            style,
        ));
    }
    if newer {
        used += width::of(&news);
        spans.push(Span::styled(news, theme.warn));
    }
    let gap = room.saturating_sub(used + width::of(&tail));
    if gap > 0 {
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(tail, theme.dim));
    }
    Line::from(spans)
}

/// One agent: number, name, whether it leads, votes; where there is room label, files and lines.
fn chip(review: &Review, index: usize, agent: &Worker, long: bool) -> String {
    let name = width::fit(&agent.name, if long { 16 } else { 8 });
    let mut text = format!(" {} {name}", index + 1);
    if review.subject.winner == Some(agent.id) {
        text.push_str(" ★");
    }
    if agent.votes > 0 {
        let _ = write!(text, " ✓{}", agent.votes);
    }
    if long {
        match (agent.label, agent.snapshot(review.at.context)) {
            (Some(label), Some(found)) => {
                let count = files(found.files);
                let (added, removed) = (found.added, found.removed);
                let _ = write!(text, " {label} {count} +{added} -{removed}");
            }
            (Some(label), None) => {
                let _ = write!(text, " {label} no files");
            }
            (None, _) => text.push_str(" no answer"),
        }
    }
    text.push(' ');
    text
}

/// What is left to review, what is taken, what is unsent; in many words and in few.
fn tally(review: &Review) -> (String, String) {
    let (left, all) = review.left();
    let (mut words, mut few) = (Vec::new(), Vec::new());
    if all > 0 {
        words.push(format!("{left} of {all} to review"));
        few.push(format!("{left} left"));
    }
    let (taken, agents) = review.book.taken(review.at.context);
    match (taken, agents) {
        (0, _) => {}
        (taken, 0 | 1) => words.push(format!("{taken} taken")),
        (taken, agents) => words.push(format!("{taken} taken from {agents}")),
    }
    if taken > 0 {
        few.push(format!("{taken} taken"));
    }
    let unsent = review.unsent().len();
    if unsent > 0 {
        words.push(format!("{unsent} unsent"));
        few.push(format!("{unsent} unsent"));
    }
    (words.join(" · "), few.join(" · "))
}

/// What stands above a column of lines.
pub(super) fn title(review: &Review, pane: &Pane, shared: &Shared, room: usize) -> Line<'static> {
    let theme = &shared.theme;
    let agent = review.subject.agent(pane.agent);
    let label = agent.and_then(|agent| agent.label);
    let label = label.map_or_else(String::new, |label| format!("{label} "));
    let focused =
        review.at.focus == Focus::Lines && review.pane().is_some_and(|own| own.agent == pane.agent);
    let style = if focused { theme.accent } else { theme.dim };
    let Shown::File(file) = &pane.shown else {
        let name = agent.map_or("", |agent| agent.name.as_str());
        let text = format!(" {name} · answer {label}");
        return Line::styled(width::fit(&text, room).into_owned(), style);
    };
    let part = review.book.part(pane.agent, review.at.context, file);
    let taken = pick::of_file(part);
    let facts = facts(file);
    let counts = format!(" +{} -{}", file.added, file.removed);
    let path = clean::line(&file.path.to_string()).into_owned();
    let (letter, word) = (file.kind.letter(), file.kind.word());
    let mut state = format!(" {letter} {word} · {facts}{}", taken.word());
    let own = review.subject.agents.iter();
    let number = own.take_while(|own| own.id != pane.agent).count() + 1;
    let who = match agent.filter(|_| review.at.compare) {
        Some(agent) => format!("{number} {} ", width::fit(&agent.name, room / 3)),
        None => String::new(),
    };
    let fixed = width::of(&counts) + width::of(&who) + 2;
    let short = width::of(&path).min(FOLDER);
    if review.at.compare || fixed + width::of(&state) + short > room {
        // Narrow: the sign of what is taken, and what is special.
        state = format!(" {letter} {facts}{}", taken.glyph());
    }
    let left = room.saturating_sub(fixed + width::of(&state)).max(10);
    let path = format!("{who}{}", tail(&path, left));
    let used = width::of(&path) + 1;
    let tone: Style = match taken {
        pick::Taken::None => theme.dim,
        pick::Taken::Part | pick::Taken::All => theme.ok,
    };
    let state = width::fit(&state, room.saturating_sub(used)).into_owned();
    let counts = width::fit(&counts, room.saturating_sub(used + width::of(&state))).into_owned();
    Line::from(vec![
        Span::styled(format!(" {path}"), style),
        Span::styled(state, tone),
        Span::styled(counts, theme.dim),
    ])
}

/// What is special about a file.
fn facts(file: &FileChange) -> String {
    let mut facts = String::new();
    if let Some(was) = &file.was {
        let _ = write!(facts, "was {} · ", clean::line(&was.to_string()));
    }
    let modes = (
        file.old.as_ref().map(|side| side.mode),
        file.new.as_ref().map(|side| side.mode),
    );
    match modes {
        (Some(old), Some(new)) if old != new => {
            let _ = write!(facts, "{} to {} · ", mode(old), mode(new));
        }
        (None, Some(new)) if new != FileMode::File => {
            let _ = write!(facts, "{} · ", mode(new));
        }
        _ => {}
    }
    match file.body {
        Body::Text => {}
        Body::Binary => facts.push_str("binary · "),
        Body::Huge => facts.push_str("huge · "),
        Body::Submodule => facts.push_str("submodule · "),
    }
    facts
}

const fn mode(mode: FileMode) -> &'static str {
    match mode {
        FileMode::File => "file",
        FileMode::Executable => "executable",
        FileMode::Symlink => "symbolic link",
        FileMode::Submodule => "submodule",
    }
}

/// A count of files.
pub(super) fn files(count: u32) -> String {
    match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

/// The first digits of an object's id.
pub(super) fn short(id: &ObjectId) -> String {
    id.0.chars().take(SHORT).collect()
}

/// The end of a text, with a mark where something was cut.
pub(super) fn tail(text: &str, room: usize) -> String {
    let wide = width::of(text);
    if wide <= room {
        return text.to_owned();
    }
    let mut skip = wide + 1 - room.max(1);
    let mut start = text.len();
    for cell in width::cells(text) {
        if skip == 0 {
            start = cell.start;
            break;
        }
        skip = skip.saturating_sub(cell.width);
    }
    format!(
        "{}{}",
        width::ELLIPSIS,
        text.get(start..).unwrap_or_default()
    )
}
