//! The columns of the list: which have room, and what stands in them.
//!
//! A row is made for the lines in sight only. What is narrow loses columns from the least telling on;
//! how it ended, when, and what it was always stay.

use jiff::tz::TimeZone;
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use crate::{
    catalog::{Entry, Standing},
    run,
    text::width,
    tui::{theme::Theme, widget::took},
};

/// Cells of the marks before each row.
const MARKS: usize = 2;
/// Least cells of the title where other columns compete for room.
const TITLE: usize = 28;
/// Least cells of the title at all.
const NARROW_TITLE: usize = 12;
/// Cells between columns.
const GAP: usize = 1;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Date,
    LongDate,
    Outcome,
    Title,
    Winner,
    Agents,
    Turns,
    Took,
    Cost,
    Files,
    Reports,
    Notes,
}

impl Column {
    /// In the order they stand.
    const ORDER: [Self; 12] = [
        Self::Date,
        Self::LongDate,
        Self::Outcome,
        Self::Title,
        Self::Winner,
        Self::Agents,
        Self::Turns,
        Self::Took,
        Self::Cost,
        Self::Files,
        Self::Reports,
        Self::Notes,
    ];

    /// In the order they get room, after those that always have.
    const BY_WORTH: [Self; 8] = [
        Self::Cost,
        Self::Took,
        Self::Winner,
        Self::Agents,
        Self::Turns,
        Self::Files,
        Self::Notes,
        Self::Reports,
    ];

    const fn heading(self) -> &'static str {
        match self {
            Self::Date | Self::LongDate => "STARTED",
            Self::Outcome => "OUTCOME",
            Self::Title => "SESSION",
            Self::Winner => "WINNER",
            Self::Agents => "AGENTS",
            Self::Turns => "TURNS",
            Self::Took => "TOOK",
            Self::Cost => "COST",
            Self::Files => "FILES",
            Self::Reports => "ANALYSED",
            Self::Notes => "NOTES",
        }
    }

    const fn width(self) -> usize {
        match self {
            Self::LongDate => 16,
            Self::Outcome => 9,
            Self::Title => 0,
            Self::Date | Self::Winner => 12,
            Self::Agents => 6,
            Self::Turns | Self::Files | Self::Notes => 5,
            Self::Took => 7,
            Self::Reports | Self::Cost => 8,
        }
    }

    const fn is_figure(self) -> bool {
        match self {
            Self::Agents
            | Self::Turns
            | Self::Took
            | Self::Cost
            | Self::Files
            | Self::Reports
            | Self::Notes => true,
            Self::Date | Self::LongDate | Self::Outcome | Self::Title | Self::Winner => false,
        }
    }
}

/// The columns of a width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    shown: Vec<(Column, usize)>,
}

impl Columns {
    /// The columns that fit `room` cells.
    pub(super) fn new(room: usize) -> Self {
        let cost = |column: Column| column.width() + GAP;
        let mut left = room.saturating_sub(MARKS);
        let mut shown = vec![Column::Title];
        for column in [Column::Outcome, Column::Date] {
            if left >= cost(column) + NARROW_TITLE {
                left -= cost(column);
                shown.push(column);
            }
        }
        for column in Column::BY_WORTH {
            if left < cost(column) + TITLE {
                break;
            }
            left -= cost(column);
            shown.push(column);
        }
        // The year, when nothing else wants the room.
        let year = Column::LongDate.width() - Column::Date.width();
        let all = shown.len() == Column::BY_WORTH.len() + 3;
        if all && left >= year + TITLE {
            left -= year;
            shown.retain(|column| *column != Column::Date);
            shown.push(Column::LongDate);
        }
        let order = Column::ORDER.into_iter();
        let shown = order.filter(|column| shown.contains(column));
        Self {
            shown: shown
                .map(|column| match column {
                    Column::Title => (column, left),
                    _ => (column, column.width()),
                })
                .collect(),
        }
    }

    /// The headings.
    pub(super) fn heading(&self, theme: &Theme) -> Line<'static> {
        let mut text = " ".repeat(MARKS);
        for (column, width) in &self.shown {
            text.push_str(&cell(*column, column.heading(), *width));
        }
        Line::styled(text, theme.dim)
    }

    /// The row of a session.
    pub(super) fn row(&self, entry: &Entry, marked: bool, look: &Look<'_>) -> Line<'static> {
        let theme = look.theme;
        let mark = if marked { "✓" } else { " " };
        let pin = if entry.labels.pinned { "↑" } else { " " };
        let mut spans = vec![
            Span::styled(mark, theme.accent),
            Span::styled(pin, theme.accent),
        ];
        for (column, width) in &self.shown {
            if *column == Column::Title {
                title(entry, *width, theme, &mut spans);
                continue;
            }
            let text = words(*column, entry, look.zone);
            let style = match column {
                Column::Outcome => outcome_style(entry, theme),
                Column::Winner => theme.text,
                _ => theme.dim,
            };
            spans.push(Span::styled(cell(*column, &text, *width), style));
        }
        Line::from(spans)
    }
}

/// What rows are painted with.
pub(super) struct Look<'a> {
    pub(super) theme: &'a Theme,
    pub(super) zone: &'a TimeZone,
}

/// A word in its column, and the gap.
fn cell(column: Column, text: &str, width: usize) -> String {
    let text = width::fit(text, width);
    let blanks = width.saturating_sub(width::of(&text));
    if column.is_figure() {
        format!("{}{text}{}", " ".repeat(blanks), " ".repeat(GAP))
    } else {
        format!("{text}{}", " ".repeat(blanks + GAP))
    }
}

fn words(column: Column, entry: &Entry, zone: &TimeZone) -> String {
    let summary = &entry.summary;
    let some = |count: u32| {
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    };
    match column {
        Column::Date => moment(summary.started_ms, zone, "%d %b %H:%M"),
        Column::LongDate => moment(summary.started_ms, zone, "%Y-%m-%d %H:%M"),
        Column::Outcome => entry.word().to_owned(),
        Column::Title => entry.title().to_owned(),
        Column::Winner => summary.winner.clone().unwrap_or_else(|| "-".to_owned()),
        Column::Agents => summary.agents.to_string(),
        Column::Turns => summary.turns.to_string(),
        Column::Took => took(summary.duration_ms),
        Column::Cost => summary.cost_usd.map_or_else(|| "-".to_owned(), run::usd),
        Column::Files => summary
            .files_changed
            .map_or_else(|| "-".to_owned(), |files| files.to_string()),
        Column::Reports => some(entry.analysed),
        Column::Notes => some(entry.notes),
    }
}

/// Name or prompt, with what must be known of it before, and its tags behind when there is room.
fn title(entry: &Entry, room: usize, theme: &Theme, spans: &mut Vec<Span<'static>>) {
    let mut left = room;
    let mut put = |text: String, style: Style| {
        let fitted = width::fit(&text, left).into_owned();
        left = left.saturating_sub(width::of(&fitted));
        spans.push(Span::styled(fitted, style));
        left
    };
    for word in badges(entry) {
        put(format!("[{word}] "), theme.dim);
    }
    let style = if entry.labels.name.is_some() {
        theme.strong
    } else {
        theme.text
    };
    let title = match entry.title() {
        "" => "(no task)",
        title => title,
    };
    let mut rest = put(title.to_owned(), style);
    for tag in &entry.labels.tags {
        if rest < width::of(tag) + 2 {
            break;
        }
        rest = put(format!(" #{tag}"), theme.accent);
    }
    spans.push(Span::raw(" ".repeat(rest + GAP)));
}

/// What a session is, besides how it ended.
fn badges(entry: &Entry) -> Vec<&str> {
    let mut badges = Vec::new();
    if entry.deleted {
        badges.push("deleted");
    }
    if entry.labels.archived {
        badges.push("archived");
    }
    if let Some(from) = &entry.summary.from {
        // The version stands in the details.
        badges.push(from.split(' ').next().unwrap_or(from));
    } else if entry.summary.demo {
        badges.push("demo");
    }
    badges
}

/// A moment in this zone; `-` when it is not known.
pub(super) fn moment(ms: u64, zone: &TimeZone, format: &str) -> String {
    let known = i64::try_from(ms).ok().filter(|ms| *ms > 0);
    known
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(
            || "-".to_owned(),
            |at| at.to_zoned(zone.clone()).strftime(format).to_string(),
        )
}

/// The colour of how it ended; the word says it as well.
pub(super) fn outcome_style(entry: &Entry, theme: &Theme) -> Style {
    match (entry.standing, entry.word()) {
        (Standing::Live, _) => theme.info,
        (Standing::Over, "answered") => theme.ok,
        (Standing::Over, "no answer" | "damaged") => theme.bad,
        (Standing::Over, _) => theme.warn,
    }
}
