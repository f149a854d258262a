//! Pages in place of the lines: who hears the comments; a result on its way to the person's files.

use ratatui::text::{Line, Span};

use super::{
    Page, Review, TakenBack,
    finish::{Choice, Finish, PLACES, Stage},
    header::{self, files, short},
    message::message,
};
use crate::{
    protocol::change::{Applied, Built, Destination, DriftState, Preview, RepoPath},
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
    let theme = &shared.theme;
    let mut rows = match &review.page {
        Page::Diff => Vec::new(),
        Page::Send(cursor) => send(review, *cursor, theme, room),
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

fn send(review: &Review, cursor: usize, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let unsent = review.unsent();
    let mut rows = vec![heading(
        &match unsent.len() {
            1 => "Send 1 comment to".to_owned(),
            count => format!("Send {count} comments, as one message, to"),
        },
        theme,
    )];
    for (place, (_, words)) in review.hearers().into_iter().enumerate() {
        rows.push(choice(&words, "", place == cursor, theme, room));
    }
    rows.push(Line::default());
    rows.push(heading("They will read", theme));
    let text = message(&unsent);
    rows.extend(text.lines().map(|line| plain(line, theme, room)));
    rows
}

fn finishing(review: &Review, finish: &Finish, shared: &Shared, room: usize) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let working = |words: &str| {
        vec![
            Line::default(),
            Line::styled(format!("  {} {words}", spinner(shared.tick)), theme.text),
        ]
    };
    match &finish.stage {
        Stage::Building(_) => working("Building the result… Esc stops waiting."),
        Stage::Previewing(_) => {
            working("Looking at what is in your folder now… Esc stops waiting.")
        }
        Stage::Applying(_) => working("Writing…"),
        Stage::Undoing(_) => working("Taking it back…"),
        Stage::Choosing => choosing(review, finish, theme, room),
        Stage::Asking(preview) => asking(review, finish, preview, theme, room),
        Stage::Done(applied) => done(review, applied, theme, room),
        Stage::Undone(back) => undone(back, theme, room),
        Stage::Failed(failure) => {
            let mut rows = vec![heading("It did not work. Nothing was written.", theme)];
            rows.extend(words(&failure.to_string(), theme, room));
            rows.push(Line::default());
            rows.push(plain("Esc goes back.", theme, room));
            rows
        }
    }
}

fn choosing(review: &Review, finish: &Finish, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    rows.push(heading("Where to", theme));
    for place in 0..PLACES {
        let own = Finish {
            cursor: place,
            ..finish.clone()
        };
        let first = finish.message.lines().next().unwrap_or_default();
        let detail = match own.destination() {
            Destination::WorkingTree => "your files; the index stays as it is".to_owned(),
            Destination::Index => "your files, and staged".to_owned(),
            Destination::Commit { .. } => format!(
                "on the branch you are on: “{}”  e edits",
                clean::line(first)
            ),
            Destination::Branch { .. } => {
                "a commit on it; your files stay as they are  e edits".to_owned()
            }
            Destination::Patch { .. } => {
                "a file for git apply; your files stay as they are  e edits".to_owned()
            }
        };
        rows.push(choice(
            &header::target(&own.destination()),
            &detail,
            place == finish.cursor,
            theme,
            room,
        ));
    }
    rows.push(Line::default());
    if let Some(built) = &finish.built {
        rows.extend(result(review, built, theme, room));
    }
    rows
}

/// What the result is made of.
fn result(review: &Review, built: &Built, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    if !built.clashes.is_empty() {
        rows.push(Line::styled(
            format!(
                "  {} cannot stand beside one another and are left out:",
                parts(built.clashes.len())
            ),
            theme.bad,
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
    rows.push(heading(&format!("The result: {}", files(count)), theme));
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

fn parts(count: usize) -> String {
    match count {
        1 => "1 part".to_owned(),
        count => format!("{count} parts"),
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
        rows.push(heading(
            "Nothing would be written: your files are like this already. Esc goes back.",
            theme,
        ));
        return rows;
    }
    if choices == 0 {
        rows.push(heading(
            &format!("Enter writes {} {where_to}. Esc goes back.", files(count)),
            theme,
        ));
    } else {
        rows.push(Line::styled(
            format!(
                "  Decide about {} first: Space goes through the ways. Esc goes back.",
                files(u32::try_from(choices).unwrap_or(u32::MAX))
            ),
            theme.bad,
        ));
    }
    if let Destination::Commit { message } | Destination::Branch { message, .. } = &to {
        rows.extend(words(message, theme, room));
    }
    rows.extend(drifted(finish, preview, theme, room));
    rows.push(Line::default());
    rows.extend(listed(&preview.files, theme, room));
    rows
}

/// What stands in the way, and what was decided about it.
fn drifted(finish: &Finish, preview: &Preview, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    let open = Finish::open(preview);
    let same = preview.drift.iter();
    let same = same.filter(|drift| drift.state == DriftState::Same).count();
    if !open.is_empty() {
        rows.push(Line::default());
        rows.push(Line::styled(
            "  In the way, most of it what you changed since the session began:",
            theme.warn,
        ));
    }
    let cursor = finish.row.min(open.len().saturating_sub(1));
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
            (None, _) => ("? Space decides", theme.bad),
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
            Span::styled(word, style),
        ]));
    }
    if same > 0 {
        let count = files(u32::try_from(same).unwrap_or(u32::MAX));
        let words = format!("You made the same change in {count}.");
        rows.push(plain(&words, theme, room));
    }
    rows
}

fn done(review: &Review, applied: &Applied, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let count = u32::try_from(applied.files.len()).unwrap_or(u32::MAX);
    let root = review
        .subject
        .place(applied.context)
        .map_or("", |place| place.root.as_str());
    let mut rows = vec![Line::styled(
        format!(
            "  ✓ Written: {} to {}, {root}",
            files(count),
            header::target(&applied.to)
        ),
        theme.ok,
    )];
    if let Some(commit) = &applied.commit {
        rows.push(plain(&format!("commit {}", short(commit)), theme, room));
    }
    if !applied.conflicts.is_empty() {
        rows.push(Line::styled("  Conflict markers stand in:", theme.bad));
        rows.extend(listed(&applied.conflicts, theme, room));
    }
    rows.push(plain(
        &format!(
            "U takes it back, also later with massgen-tui undo {}. Enter returns to the changes.",
            applied.id.0
        ),
        theme,
        room,
    ));
    rows.push(Line::default());
    rows.extend(listed(&applied.files, theme, room));
    rows
}

fn undone(undone: &TakenBack, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let count = u32::try_from(undone.files.len()).unwrap_or(u32::MAX);
    let mut rows = vec![
        Line::styled(
            format!("  ✓ Taken back: {} as before.", files(count)),
            theme.ok,
        ),
        plain("Enter returns to the changes.", theme, room),
        Line::default(),
    ];
    rows.extend(listed(&undone.files, theme, room));
    if !undone.kept.is_empty() {
        rows.push(Line::styled(
            "  You changed these since; they stay as they are:",
            theme.warn,
        ));
        rows.extend(listed(&undone.kept, theme, room));
    }
    rows
}

fn listed(paths: &[RepoPath], theme: &Theme, room: usize) -> Vec<Line<'static>> {
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

fn heading(words: &str, theme: &Theme) -> Line<'static> {
    Line::styled(format!("  {words}"), theme.strong)
}

fn plain(words: &str, theme: &Theme, room: usize) -> Line<'static> {
    let text = clean::line(words);
    Line::styled(
        format!("  {}", width::fit(&text, room.saturating_sub(2))),
        theme.text,
    )
}

fn words(text: &str, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let wide = u16::try_from(room.saturating_sub(4)).unwrap_or(u16::MAX);
    let lines = paragraph(&clean::text(text), wide).into_iter();
    lines
        .map(|line| Line::styled(format!("    {line}"), theme.text))
        .collect()
}

fn choice(words: &str, detail: &str, marked: bool, theme: &Theme, room: usize) -> Line<'static> {
    let text = format!("  {} {words}", if marked { "▸" } else { " " });
    let text = width::fit(&text, room).into_owned();
    let detail = format!("  {detail}");
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
