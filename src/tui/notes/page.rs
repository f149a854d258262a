//! What the room shows, laid out for a frame: the list, and the words of the line under the cursor.
//!
//! Words are wrapped when the line, the notes or the width change, never per frame. Everything that
//! people wrote is cleaned here.

use std::fmt::Write as _;

use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Item, Known, Notes, Show, list::told};
use crate::{
    protocol::note::{Note, NoteOn, Thread},
    run::RunState,
    text::{
        Row, clean, width,
        wrap::{self, Indent, Run},
    },
    tui::{
        shared::Shared,
        theme::Theme,
        widget::{ago, demo_badge, paragraph},
    },
};

/// From this width on the words stand beside the list.
const WIDE: u16 = 90;
/// Lines of an answer that are shown here; the session has all of them.
const MOST: usize = 2_000;
/// Cells of what a note is on, in the list.
const ON: usize = 16;

/// Where a mouse report hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hit {
    /// A line of the list.
    Line(usize),
    /// The list, below its lines.
    List,
    /// The words.
    Text,
    /// Nothing.
    Nothing,
}

/// What was laid out.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// The heading.
    pub(super) head: Vec<Line<'static>>,
    /// Where it stands.
    pub(super) head_area: Rect,
    /// Lines of the list that are seen.
    pub(super) lines: Vec<Line<'static>>,
    /// Where they stand.
    pub(super) list: Rect,
    /// The first of them.
    pub(super) top: usize,
    /// Rows of words.
    pub(super) rows: Vec<Row>,
    /// Where they stand.
    pub(super) text: Rect,
    /// The first row that is seen.
    pub(super) from: usize,
    /// What the rows were made for: width, line, and which state of the notes.
    made: Option<(u16, usize, u64)>,
    version: u64,
}

impl Page {
    /// The notes have changed.
    pub(super) fn stale(&mut self) {
        self.version += 1;
    }

    /// A page further down or up in the words.
    pub(super) fn scroll(&mut self, pages: i32) {
        let height = i32::from(self.text.height.saturating_sub(1).max(1));
        self.rows_by(pages * height);
    }

    /// Rows further down or up in the words.
    pub(super) fn rows_by(&mut self, rows: i32) {
        let by = usize::try_from(rows.unsigned_abs()).unwrap_or(0);
        self.from = if rows < 0 {
            self.from.saturating_sub(by)
        } else {
            self.from.saturating_add(by)
        };
        self.hold();
    }

    /// No further than the last row.
    fn hold(&mut self) {
        let most = self
            .rows
            .len()
            .saturating_sub(usize::from(self.text.height));
        self.from = self.from.min(most);
    }

    /// What stands at a place.
    pub(super) fn hit(&self, (column, row): (u16, u16)) -> Hit {
        let place = ratatui::layout::Position { x: column, y: row };
        if self.text.contains(place) {
            return Hit::Text;
        }
        if !self.list.contains(place) {
            return Hit::Nothing;
        }
        let line = usize::from(row - self.list.y);
        if line < self.lines.len() {
            Hit::Line(self.top + line)
        } else {
            Hit::List
        }
    }
}

impl Notes {
    /// Lays the next frame out. Twice is the same as once.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        let mut page = std::mem::take(&mut self.page);
        page.head = self.head(&shared.theme, area.width, shared.demo());
        let rows = u16::try_from(page.head.len())
            .unwrap_or(u16::MAX)
            .min(area.height);
        page.head_area = Rect {
            height: rows,
            ..area
        };
        let body = Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        };
        (page.list, page.text) = self.split(body);
        let made = Some((page.text.width, self.at, page.version));
        if page.made != made {
            let same = page.made.is_some_and(|(_, at, _)| at == self.at);
            // The bar that says where one is has the last column.
            page.rows = self.words(shared, page.text.width.saturating_sub(1));
            if !same {
                page.from = 0;
            }
            page.made = made;
        }
        page.hold();
        let height = usize::from(page.list.height);
        page.top = page.top.min(self.at);
        if self.at >= page.top + height {
            page.top = (self.at + 1).saturating_sub(height);
        }
        page.top = page.top.min(self.items.len().saturating_sub(height));
        let seen = self.items.iter().enumerate().skip(page.top).take(height);
        page.lines = seen
            .map(|(place, item)| {
                let line = self.line(item, shared, page.list.width);
                if place == self.at {
                    crate::tui::widget::marked(line, shared.theme.selection)
                } else {
                    line
                }
            })
            .collect();
        self.page = page;
    }

    /// The list and the words: side by side where there is room, else one below the other.
    fn split(&self, body: Rect) -> (Rect, Rect) {
        let items = u16::try_from(self.items.len()).unwrap_or(u16::MAX);
        if items == 0 {
            return (Rect { height: 0, ..body }, body);
        }
        if body.width >= WIDE {
            let list = body.width * 2 / 5;
            let text = Rect {
                x: body.x + list + 2,
                width: body.width - list - 2,
                ..body
            };
            return (
                Rect {
                    width: list,
                    ..body
                },
                text,
            );
        }
        let list = items.min((body.height / 2).max(1)).min(body.height);
        let below = body.height - list;
        let rule = u16::from(below > 3);
        let text = Rect {
            y: body.y + list + rule,
            height: below - rule,
            ..body
        };
        (
            Rect {
                height: list,
                ..body
            },
            text,
        )
    }

    fn head(&self, theme: &Theme, room: u16, demo: bool) -> Vec<Line<'static>> {
        let Known::Book(book) = &self.known else {
            return vec![Line::styled("Notes", theme.strong)];
        };
        let badge = demo.then(|| demo_badge(theme, room / 4));
        let threads = &book.threads.0;
        let open = threads.iter().filter(|thread| thread.is_open()).count();
        let mut words = match threads.len() {
            1 => "1 thread".to_owned(),
            many => format!("{many} threads"),
        };
        let _ = write!(words, ", {open} open · {} not looked at", self.unread());
        if self.show != Show::All {
            let _ = write!(words, " · only {}", self.show.words());
        }
        let _ = write!(words, " · you are {}", clean::line(&book.who));
        let taken = badge
            .as_ref()
            .map_or(0, |badge| width::of(&badge.content) + 1);
        let left = usize::from(room.saturating_sub(7)).saturating_sub(taken);
        let words = width::fit(&words, left).into_owned();
        let mut spans = vec![Span::styled("Notes  ", theme.strong)];
        if let Some(badge) = badge {
            spans.extend([badge, Span::raw(" ")]);
        }
        spans.push(Span::styled(words, theme.dim));
        let mut head = vec![Line::from(spans)];
        if let Some(damage) = &book.damage {
            let damage = clean::line(damage);
            let words = width::fit(&damage, usize::from(room)).into_owned();
            head.push(Line::styled(words, theme.warn));
        }
        head
    }

    /// A line of the list.
    fn line(&self, item: &Item, shared: &Shared, room: u16) -> Line<'static> {
        let theme = &shared.theme;
        let unread = self.is_unread(item);
        let sign = if unread { "● " } else { "  " };
        let (kind, style, on, rest) = match item {
            Item::Answer { label, turn, .. } => {
                let several = shared.run.turns().nth(1).is_some();
                let turn = shared.run.turns().nth(*turn);
                let name = turn.map(|turn| turn.name(label.agent));
                let mut who = clean::line(name.unwrap_or("an agent")).into_owned();
                // Labels begin anew in every turn.
                if let Some(turn) = turn.filter(|_| several) {
                    let _ = write!(who, " · turn {}", turn.start.turn);
                }
                let rest = if unread {
                    format!("{who} · not looked at")
                } else {
                    who
                };
                ("answer", theme.ok, label.to_string(), rest)
            }
            Item::Thread(id) => {
                let thread = match &self.known {
                    Known::Book(book) => book.threads.thread_of(*id),
                    Known::Waiting | Known::Failed(_) => None,
                };
                let Some(thread) = thread else {
                    return Line::default();
                };
                let (kind, style) = if thread.is_open() {
                    ("open", theme.warn)
                } else {
                    ("settled", theme.dim)
                };
                (kind, style, short(&thread.first.on), first_words(thread))
            }
        };
        let room = usize::from(room).saturating_sub(2);
        let on = width::pad(&width::fit(&on, ON.min(room / 3)), ON.min(room / 3));
        let used = 9 + width::of(&on) + 1;
        let rest = width::fit(&rest, room.saturating_sub(used)).into_owned();
        Line::from(vec![
            Span::styled(sign, theme.accent),
            Span::styled(width::pad(kind, 9), style),
            Span::styled(on, theme.accent),
            Span::styled(" ", theme.text),
            Span::styled(rest, if unread { theme.strong } else { theme.text }),
        ])
    }

    /// The words of the line under the cursor.
    fn words(&self, shared: &Shared, room: u16) -> Vec<Row> {
        let mut text = Text {
            rows: Vec::new(),
            room,
        };
        let theme = &shared.theme;
        match (&self.known, self.items.get(self.at)) {
            (Known::Waiting, _) => text.say("Reading the notes…", theme.dim),
            (Known::Failed(failure), _) => {
                text.say("The notes could not be read.", theme.bad);
                text.say(&failure.words(), theme.text);
            }
            (Known::Book(_), None) if self.show == Show::All => {
                text.say("Nothing was noted on this session yet.", theme.strong);
                text.say(
                    "Notes are kept beside the session, and nobody's agents hear them. \
                     `massgen-tui logs merge` joins those of another copy.",
                    theme.dim,
                );
            }
            (Known::Book(_), None) => {
                let words = format!("There are no {}.", self.show.words());
                text.say(&words, theme.dim);
            }
            (Known::Book(_), Some(Item::Answer { label, turn, seq })) => {
                let Some(turn) = shared.run.turns().nth(*turn) else {
                    return text.rows;
                };
                let who = turn.name(label.agent);
                let head = format!(
                    "Answer {label} by {who} · turn {} · event {}",
                    turn.start.turn, seq.0
                );
                text.say(&head, theme.strong);
                text.say("", theme.text);
                let answer = turn
                    .answer(*label)
                    .map_or("", |answer| answer.text.as_str());
                let lines = answer.lines().count();
                for line in answer.lines().take(MOST) {
                    text.wrapped(line, theme.text);
                }
                if lines > MOST {
                    let words = format!("… {} more lines.", lines - MOST);
                    text.say(&words, theme.dim);
                }
            }
            (Known::Book(book), Some(Item::Thread(id))) => {
                if let Some(thread) = book.threads.thread_of(*id) {
                    self.thread_words(thread, &shared.run, theme, &mut text);
                }
            }
        }
        text.rows
    }

    fn thread_words(&self, thread: &Thread, run: &RunState, theme: &Theme, text: &mut Text) {
        let Known::Book(book) = &self.known else {
            return;
        };
        let since = |at: crate::protocol::Timestamp| ago(book.now.since(at));
        text.say(&format!("On {}", told(&thread.first.on, run)), theme.strong);
        match &thread.resolved {
            Some((by, at)) => {
                let words = format!("settled by {} {}", clean::line(by), since(*at));
                text.say(&words, theme.ok);
            }
            None => text.say("open", theme.warn),
        }
        for note in thread.notes() {
            text.say("", theme.text);
            let mut head = format!("{} · {}", clean::line(&note.by), since(note.written));
            if note.edited.is_some() {
                head.push_str(" · changed since");
            }
            if self.seen.lacks(note, &book.who) {
                head.push_str(" · new to you");
            }
            text.say(&head, theme.accent);
            if note.removed {
                text.say("taken back", theme.dim);
            }
            for line in clean::text(&note.text).lines() {
                text.wrapped(line, theme.text);
            }
        }
    }
}

/// Rows of words as they are put together.
struct Text {
    rows: Vec<Row>,
    room: u16,
}

impl Text {
    /// A sentence of ours.
    fn say(&mut self, words: &str, style: Style) {
        let lines = match words {
            "" => vec![String::new()],
            words => paragraph(&clean::line(words), self.room),
        };
        for line in lines {
            self.rows.push(Row::new(Line::styled(line, style), 0));
        }
    }

    /// A line of somebody's, blanks kept.
    fn wrapped(&mut self, line: &str, style: Style) {
        let run = Run::new(line, style, 0);
        self.rows
            .extend(wrap::rows(&[run], self.room, &Indent::default()));
    }
}

/// What a note is on, for a column.
fn short(on: &NoteOn) -> String {
    let words = match on {
        NoteOn::Session => "session".to_owned(),
        NoteOn::Answer { label, .. } => label.to_string(),
        NoteOn::Agent { agent, .. } => agent.to_string(),
        NoteOn::Turn { .. } | NoteOn::Event { .. } | NoteOn::Code { .. } => on.words(),
    };
    clean::line(&words).into_owned()
}

/// Who says what, and how many answered.
fn first_words(thread: &Thread) -> String {
    let first = &thread.first;
    let mut lines = first.text.lines();
    let text = if first.removed {
        "(taken back)"
    } else {
        lines.next().unwrap_or_default()
    };
    let replies = match thread.replies.len() {
        0 => String::new(),
        many => format!("(+{many}) "),
    };
    format!("{replies}{}: {}", clean::line(&first.by), clean::line(text))
}

/// A thread as plain text.
pub(super) fn plain(thread: &Thread) -> String {
    let said = |note: &Note| format!("{}: {}", clean::line(&note.by), clean::text(&note.text));
    let notes = thread.notes().filter(|note| !note.removed);
    notes.map(said).collect::<Vec<_>>().join("\n\n")
}
