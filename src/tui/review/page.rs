//! Pages in place of the lines: who hears the comments; a result on its way to the person's files.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    Page, Review,
    finish::{Choice, Finish, PLACES, Stage},
    header::{self, files},
    message::{as_task, message},
    outcome,
};
use crate::{
    protocol::Target,
    protocol::change::{Built, Destination, DriftState, Preview, RepoPath},
    text::{clean, width},
    tui::{
        shared::Shared,
        theme::Theme,
        widget::{self, paragraph, spinner},
    },
};

/// Files listed of a result at most.
const LISTED: usize = 2_000;

/// The rows of the page, scrolled.
pub(super) fn rows(
    review: &mut Review,
    shared: &Shared,
    room: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let mut rows = match &review.page {
        Page::Diff => Vec::new(),
        Page::Send(cursor) => send(review, *cursor, shared, room),
        Page::Finish(finish) => finishing(review, finish, shared, room),
    };
    let last = rows.len().saturating_sub(height);
    let top = match &mut review.page {
        Page::Finish(finish) => {
            finish.top = finish.top.min(last);
            finish.top
        }
        Page::Diff | Page::Send(_) => 0,
    };
    rows.drain(..top.min(rows.len()));
    rows.truncate(height);
    rows
}

fn send(review: &Review, cursor: usize, shared: &Shared, room: usize) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let unsent = review.unsent();
    let mut rows = heading(
        &match unsent.len() {
            1 => "Send 1 comment to".to_owned(),
            count => format!("Send {count} comments, as one message, to"),
        },
        theme,
        room,
    );
    let hearers = review.hearers();
    for (place, (_, words)) in hearers.iter().enumerate() {
        rows.push(choice(words, "", place == cursor, theme, room));
    }
    let to = hearers.get(cursor).map_or(&Target::All, |(to, _)| to);
    let detail = match (shared.running(), to) {
        (true, Target::All) => "Everybody hears it at the next safe point.",
        (true, Target::One(_) | Target::Several(_)) => {
            "Nobody else hears it; it is heard at the next safe point."
        }
        (false, Target::All | Target::Several(_)) => {
            "A new round: it is the next task of the whole team."
        }
        (false, Target::One(_)) => {
            "A new round in which only this agent is asked: the others wait for the one after it."
        }
    };
    rows.extend(said(detail, theme.dim, room));
    rows.push(Line::default());
    rows.extend(heading("They will read", theme, room));
    let mut text = message(&unsent);
    if !shared.running() {
        text = as_task(to, &text);
    }
    rows.extend(text.lines().map(|line| plain(line, theme, room)));
    rows
}

fn finishing(review: &Review, finish: &Finish, shared: &Shared, room: usize) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let working = |said: &str| {
        let said = format!("{} {}", spinner(shared.tick), review.keyed(said));
        let mut rows = vec![Line::default()];
        rows.extend(words(&said, theme, room));
        rows
    };
    match &finish.stage {
        Stage::Building(_) => working("Building the result… {back} stops waiting."),
        Stage::Previewing(_) if finish.refused.is_some() => {
            working("It was not written. Looking at your folder anew…")
        }
        Stage::Previewing(_) => {
            working("Looking at what is in your folder now… {back} stops waiting.")
        }
        Stage::Applying(..) => working("Writing…"),
        Stage::Undoing(_) => working("Taking it back…"),
        Stage::Choosing => choosing(review, finish, theme, room),
        Stage::Asking(preview) => asking(review, finish, preview, theme, room),
        Stage::Done(applied) => outcome::done(review, applied, theme, room),
        Stage::Deciding(deciding) => outcome::deciding(review, deciding, theme, room),
        Stage::Undone(back) => outcome::undone(review, back, theme, room),
        Stage::Failed(failure) => {
            let mut rows = heading("It did not work. Nothing was written.", theme, room);
            rows.extend(words(&failure.to_string(), theme, room));
            rows.push(Line::default());
            rows.extend(words(&review.keyed("{back} goes back."), theme, room));
            rows
        }
    }
}

/// Destinations, what the one under the cursor does, and the result.
fn choosing(review: &Review, finish: &Finish, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut rows = heading("Where to", theme, room);
    for place in 0..PLACES {
        let own = Finish {
            cursor: place,
            built: None,
            ..finish.clone()
        };
        let target = header::target(&own.destination());
        rows.push(choice(&target, "", place == finish.cursor, theme, room));
    }
    let to = finish.destination();
    let detail = match &to {
        Destination::WorkingTree => "Your files change; the index stays as it is.".to_owned(),
        Destination::Index => "Your files change, and the change is staged.".to_owned(),
        Destination::Commit { message } => format!(
            "Your files change, and a commit is made on what is checked out: “{}”. {{edit}} edits its \
             message.",
            first_line(message)
        ),
        Destination::Branch { message, .. } => format!(
            "A new branch with one commit on HEAD, “{}”; your files stay as they are. {{edit}} edits \
             its name.",
            first_line(message)
        ),
        Destination::Patch { .. } => {
            "A file for git apply; your files stay as they are. {edit} edits \
                                      its path."
                .to_owned()
        }
    };
    rows.extend(words(&review.keyed(&detail), theme, room));
    rows.push(Line::default());
    if let Some(built) = &finish.built {
        rows.extend(result(review, built, theme, room));
    }
    rows
}

fn first_line(message: &str) -> String {
    clean::line(message.lines().next().unwrap_or_default()).into_owned()
}

/// What the result is made of.
fn result(review: &Review, built: &Built, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    if !built.clashes.is_empty() {
        rows.extend(said(
            &format!(
                "{}; nothing of what clashes is in the result:",
                places(built.clashes.len())
            ),
            theme.bad,
            room,
        ));
        for clash in built.clashes.iter().take(LISTED) {
            let names: Vec<&str> = clash
                .agents
                .iter()
                .filter_map(|id| review.subject.agent(*id))
                .map(|agent| agent.name.as_str())
                .collect();
            let lines = match clash.lines {
                (0, 0) => String::new(),
                (first, last) if first == last => format!(":{first}"),
                (first, last) => format!(":{first}-{last}"),
            };
            let text = format!(
                "    {}{lines}  {}  {}",
                path(&clash.path),
                names.join(" and "),
                clean::line(&clash.why)
            );
            rows.push(Line::styled(
                width::fit(&text, room).into_owned(),
                theme.warn,
            ));
        }
        rows.push(Line::default());
    }
    let count = u32::try_from(built.provenance.len()).unwrap_or(u32::MAX);
    let result = format!("The result: {}", files(count));
    rows.extend(heading(&result, theme, room));
    for file in built.provenance.iter().take(LISTED) {
        let names: Vec<&str> = file
            .agents
            .iter()
            .filter_map(|id| review.subject.agent(*id))
            .map(|agent| agent.name.as_str())
            .collect();
        let from = format!("  {}", names.join(", "));
        let name = header::tail(
            &path(&file.path),
            room.saturating_sub(width::of(&from) + 4).max(8),
        );
        rows.push(Line::from(vec![
            Span::styled(format!("    {name}"), theme.text),
            Span::styled(from, theme.dim),
        ]));
    }
    if built.provenance.len() > LISTED {
        rows.push(plain(
            &format!("and {} more", built.provenance.len() - LISTED),
            theme,
            room,
        ));
    }
    rows
}

fn places(count: usize) -> String {
    match count {
        1 => "In 1 place parts cannot stand beside one another".to_owned(),
        count => format!("In {count} places parts cannot stand beside one another"),
    }
}

/// Exactly what would be written, and where.
fn asking(
    review: &Review,
    finish: &Finish,
    preview: &Preview,
    theme: &Theme,
    room: usize,
) -> Vec<Line<'static>> {
    let root = review
        .subject
        .place(preview.context)
        .map_or("", |place| place.root.as_str());
    let count = u32::try_from(preview.files.len()).unwrap_or(u32::MAX);
    let to = finish.destination();
    let where_to = match &to {
        Destination::WorkingTree => format!("into {root}"),
        Destination::Index => format!("into {root} and its index"),
        Destination::Commit { .. } => format!("into {root}, and committed"),
        Destination::Branch { name, .. } => {
            format!("as a commit on the new branch {}", clean::line(name))
        }
        Destination::Patch { path } => format!("as a patch into {}", clean::line(path)),
    };
    let choices = finish.undecided(preview);
    let mut rows = Vec::new();
    if preview.files.is_empty() {
        let words = "Nothing would be written: your files are like this already. {back} goes back.";
        return heading(&review.keyed(words), theme, room);
    }
    if finish.moved {
        rows.extend(said(
            "Nothing was written: your folder has changed since you looked. This is how it is now.",
            theme.warn,
            room,
        ));
    }
    if choices == 0 {
        let words = format!(
            "{} writes {} {where_to}. {} goes back.",
            review.keyed("{open}"),
            files(count),
            review.keyed("{back}")
        );
        rows.extend(heading(&words, theme, room));
    } else {
        let count = files(u32::try_from(choices).unwrap_or(u32::MAX));
        let words = format!(
            "Decide about {count} first: {{take}} goes through the ways. {{back}} goes back."
        );
        rows.extend(said(&review.keyed(&words), theme.bad, room));
    }
    if let Destination::Commit { message } | Destination::Branch { message, .. } = &to {
        rows.extend(words(message, theme, room));
    }
    rows.extend(drifted(review, finish, preview, theme, room));
    rows.push(Line::default());
    rows.extend(listed(&preview.files, theme, room));
    rows
}

/// What stands in the way, and what was decided about it.
fn drifted(
    review: &Review,
    finish: &Finish,
    preview: &Preview,
    theme: &Theme,
    room: usize,
) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    let open = Finish::open(preview);
    let same = preview.drift.iter();
    let same = same.filter(|drift| drift.state == DriftState::Same).count();
    if !open.is_empty() {
        rows.push(Line::default());
        rows.extend(said(
            "In the way, most of it what you changed since the session began:",
            theme.warn,
            room,
        ));
    }
    let cursor = finish.row.min(open.len().saturating_sub(1));
    let undecided = review.keyed("? {take} decides");
    for (place, (own, choices)) in open.into_iter().take(LISTED).enumerate() {
        let stop = preview.stops.iter().find(|stop| stop.path == *own);
        let drift = preview.drift.iter().find(|drift| drift.path == *own);
        let state = drift.map(|drift| drift.state);
        let why = match (stop, state) {
            (Some(stop), _) => clean::line(&stop.why).into_owned(),
            (None, Some(DriftState::Conflict)) => "the same lines".to_owned(),
            (None, Some(DriftState::Choice)) => "cannot be merged".to_owned(),
            (None, _) => "other lines".to_owned(),
        };
        let (word, style) = match (finish.decided(own, choices), state) {
            (None, _) => (undecided.as_str(), theme.bad),
            (Some(Choice::Mine), _) => ("yours stays", theme.ok),
            (Some(Choice::Theirs), _) => ("yours is given up", theme.warn),
            (Some(Choice::Both), Some(DriftState::Conflict)) => {
                ("both, with conflict markers", theme.bad)
            }
            (Some(Choice::Both), _) => ("both are kept", theme.ok),
        };
        let mark = if place == cursor { "  ▸ " } else { "    " };
        let said = format!("{why} · ");
        let used = width::of(word) + width::of(&said) + 6;
        let name = header::tail(&path(own), room.saturating_sub(used).max(8));
        rows.push(Line::from(vec![
            Span::styled(mark, theme.accent),
            Span::styled(format!("{name}  "), theme.text),
            Span::styled(said, theme.dim),
            Span::styled(word.to_owned(), style),
        ]));
    }
    if same > 0 {
        let count = files(u32::try_from(same).unwrap_or(u32::MAX));
        let words = format!("You made the same change in {count}.");
        rows.extend(said(&words, theme.text, room));
    }
    rows
}

pub(super) fn listed(paths: &[RepoPath], theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut rows: Vec<Line<'static>> = paths
        .iter()
        .take(LISTED)
        .map(|own| {
            let name = header::tail(&path(own), room.saturating_sub(4).max(8));
            Line::styled(format!("    {name}"), theme.text)
        })
        .collect();
    if paths.len() > LISTED {
        rows.push(plain(
            &format!("and {} more", paths.len() - LISTED),
            theme,
            room,
        ));
    }
    rows
}

fn path(path: &RepoPath) -> String {
    clean::line(&path.to_string()).into_owned()
}

pub(super) fn heading(words: &str, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    said(words, theme.strong, room)
}

/// Words in as many rows as they take.
pub(super) fn said(words: &str, style: Style, room: usize) -> Vec<Line<'static>> {
    let wide = u16::try_from(room.saturating_sub(3)).unwrap_or(u16::MAX);
    let lines = paragraph(&clean::text(words), wide).into_iter();
    lines
        .map(|line| Line::styled(format!("  {line}"), style))
        .collect()
}

fn plain(words: &str, theme: &Theme, room: usize) -> Line<'static> {
    let text = clean::line(words);
    Line::styled(
        format!("  {}", width::fit(&text, room.saturating_sub(2))),
        theme.text,
    )
}

pub(super) fn words(text: &str, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let wide = u16::try_from(room.saturating_sub(4)).unwrap_or(u16::MAX);
    let lines = paragraph(&clean::text(text), wide).into_iter();
    lines
        .map(|line| Line::styled(format!("    {line}"), theme.text))
        .collect()
}

pub(super) fn choice(
    words: &str,
    detail: &str,
    marked: bool,
    theme: &Theme,
    room: usize,
) -> Line<'static> {
    let text = format!("  {} {words}", if marked { "▸" } else { " " });
    let text = width::fit(&text, room).into_owned();
    let detail = if detail.is_empty() {
        String::new()
    } else {
        format!("  {detail}")
    };
    let detail = width::fit(&detail, room.saturating_sub(width::of(&text))).into_owned();
    let line = Line::from(vec![
        Span::styled(text, if marked { theme.accent } else { theme.text }),
        Span::styled(detail, theme.dim),
    ]);
    if marked {
        widget::marked(line, theme.selection)
    } else {
        line
    }
}
