//! The page of the log: the latest lines, narrowed by level and words, followed while the cursor is on the
//! last.

use ratatui::text::{Line as Row, Span};

use super::ask::{Line, News};
use crate::{
    logging::Level,
    text::width,
    tui::{moves::Move, theme::Theme, widget::matches},
};

/// Lines kept.
const KEPT: usize = 2000;

/// What is written down, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The world was asked and has not answered.
    Unknown,
    /// Nothing.
    Off,
    /// Lines of this weight and weightier.
    On(Level),
}

/// The page.
#[derive(Debug)]
pub struct Log {
    lines: Vec<Line>,
    /// What the world said last.
    pub(super) written: Written,
    pub(super) place: String,
    /// The least weighty that is shown.
    pub(super) least: Level,
    pub(super) words: String,
    /// Places of the lines that are shown.
    shown: Vec<usize>,
    at: usize,
    follows: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            written: Written::Unknown,
            place: String::new(),
            least: Level::Trace,
            words: String::new(),
            shown: Vec::new(),
            at: 0,
            follows: true,
        }
    }
}

impl Log {
    /// The number of the last line.
    pub(super) fn last(&self) -> u64 {
        self.lines.last().map_or(0, |line| line.number)
    }

    pub(super) fn take(&mut self, news: News) {
        self.written = news.level.map_or(Written::Off, Written::On);
        self.place = news.place;
        let last = self.last();
        let new = news.lines.into_iter().filter(|line| line.number > last);
        self.lines.extend(new);
        let more = self.lines.len().saturating_sub(KEPT);
        let on = self
            .shown
            .get(self.at)
            .and_then(|place| self.lines.get(*place));
        let on = on.map(|line| line.number);
        self.lines.drain(..more);
        self.sift();
        if let (false, Some(on)) = (self.follows, on) {
            let numbers = self.shown.iter().filter_map(|place| self.lines.get(*place));
            self.at = numbers.take_while(|line| line.number < on).count();
            self.at = self.at.min(self.shown.len().saturating_sub(1));
        }
    }

    /// Finds anew what is shown.
    pub(super) fn sift(&mut self) {
        let fits = |line: &Line| {
            line.level <= self.least && matches(&self.words, &[&line.text, line.area])
        };
        let places = self.lines.iter().enumerate();
        self.shown = places
            .filter(|(_, line)| fits(line))
            .map(|(place, _)| place)
            .collect();
        let last = self.shown.len().saturating_sub(1);
        self.at = if self.follows {
            last
        } else {
            self.at.min(last)
        };
    }

    pub(super) fn go(&mut self, to: Move, page: usize) {
        self.at = to.over(self.at, self.shown.len(), page);
        self.follows = self.at + 1 >= self.shown.len();
    }

    /// The next level in turn.
    pub(super) fn turn(&mut self) -> Level {
        let place = Level::ALL.iter().position(|level| *level == self.least);
        let next = place.map_or(0, |place| (place + 1) % Level::ALL.len());
        self.least = Level::ALL.get(next).copied().unwrap_or(Level::Trace);
        self.sift();
        self.least
    }

    /// What is shown, as text.
    pub(super) fn text(&self) -> (usize, String) {
        let lines = self.shown.iter().filter_map(|place| self.lines.get(*place));
        let text = lines.map(|line| {
            let (level, area) = (line.level.word(), line.area);
            format!("{} {level:<5} {area:<7} {}\n", line.time, line.text)
        });
        (self.shown.len(), text.collect())
    }

    /// What is said above the lines.
    pub(super) fn head(&self) -> String {
        let level = match self.written {
            Written::Unknown => return "Reading the log …".to_owned(),
            Written::Off => "off".to_owned(),
            Written::On(level) => format!("log level {}", level.word()),
        };
        let total = self.lines.len();
        let shown = match self.shown.len() {
            all if all == total => format!("{total} lines"),
            some => format!("{some} of {total} lines"),
        };
        let least = match self.least {
            Level::Trace => String::new(),
            least => format!(" · {} and weightier", least.word()),
        };
        let follows = if self.follows { " · follows" } else { "" };
        format!("{level} · {shown}{least}{follows} · {}", self.place)
    }

    /// What is said instead of lines, if there are none.
    pub(super) fn empty(&self) -> Option<&'static str> {
        if !self.shown.is_empty() {
            return None;
        }
        Some(match (self.written, self.lines.is_empty()) {
            (Written::Unknown, _) => "",
            (Written::Off, true) => {
                "The log is off. l turns it on for this run, from now on. To have it from the first moment: \
                 massgen-tui --debug, or MASSGEN_TUI_LOG=info."
            }
            (Written::On(_), true) => "Nothing was told so far.",
            (_, false) => "No line fits. v shows other levels, / other words.",
        })
    }

    /// The rows of a window of this size, and the first of them.
    pub(super) fn rows(
        &self,
        theme: &Theme,
        (room, height): (usize, usize),
    ) -> (Vec<Row<'static>>, usize) {
        let top = (self.at + 1).saturating_sub(height);
        let shown = self.shown.iter().enumerate().skip(top).take(height);
        let rows = shown.filter_map(|(row, place)| {
            let line = self.lines.get(*place)?;
            let style = match line.level {
                Level::Error => theme.bad,
                Level::Warn => theme.warn,
                Level::Info => theme.text,
                Level::Debug | Level::Trace => theme.dim,
            };
            let marked = if row == self.at { "▸" } else { " " };
            let head = format!(
                "{marked}{} {:<5} {:<7} ",
                line.time,
                line.level.word(),
                line.area
            );
            // Where there is little room the time alone stands before the words.
            let head = if room < 60 {
                format!("{marked}{} ", line.time)
            } else {
                head
            };
            let left = room.saturating_sub(width::of(&head));
            Some(Row::from(vec![
                Span::styled(
                    head,
                    if row == self.at {
                        theme.accent
                    } else {
                        theme.dim
                    },
                ),
                Span::styled(width::fit(&line.text, left).into_owned(), style),
            ]))
        });
        (rows.collect(), top)
    }

    /// How many lines are shown.
    pub(super) fn count(&self) -> usize {
        self.shown.len()
    }

    /// The words of the line under the cursor.
    pub(super) fn marked(&self) -> &str {
        let place = self.shown.get(self.at);
        place
            .and_then(|place| self.lines.get(*place))
            .map_or("", |line| &line.text)
    }
}
