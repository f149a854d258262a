//! Searching the text of all sessions: the words, what was found, the line the cursor is on.
//!
//! One question at a time: words that change while it is asked are asked for when it is answered, and
//! the answer to the old ones is dropped. While logs are still being read, what is known so far stands
//! there with how far it is, and the question is asked again whenever more is known.

use ratatui::text::{Line, Span};

use super::{
    ask::{Found, FoundSession, Hit, Reading},
    columns::{self, Look},
    list::List,
};
use crate::{
    protocol::{Failure, RunId, Seq},
    text::width,
    tui::theme::Theme,
};

/// Least characters that are searched for.
const LEAST: usize = 2;

/// A search.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    /// The words.
    pub(super) words: String,
    /// They are being typed.
    pub(super) typing: bool,
    /// What is asked for now; other words wait until it is answered.
    asking: Option<String>,
    /// More was read since it was asked.
    stale: bool,
    /// How far logs are read; `None` when all are.
    reading: Option<Reading>,
    state: State,
    cursor: usize,
    top: usize,
}

/// What was found last.
#[derive(Clone, Debug, Default)]
enum State {
    /// Nothing was asked.
    #[default]
    Nothing,
    /// Here.
    Found(Found),
    /// It could not be searched.
    Failed(Failure),
}

/// One line of what was found.
#[derive(Clone, Copy, Debug)]
enum Spot<'a> {
    /// A session.
    Session(&'a FoundSession),
    /// A place in it.
    Hit(&'a FoundSession, &'a Hit),
}

impl Search {
    /// A search whose words are being typed.
    pub(super) fn begun() -> Self {
        Self {
            typing: true,
            ..Self::default()
        }
    }

    /// Words that are worth searching for.
    fn question(&self) -> Option<String> {
        let words = self.words.trim();
        (words.chars().count() >= LEAST).then(|| words.to_owned())
    }

    /// The words have changed, or more is read: what to ask now, if anything.
    pub(super) fn ask(&mut self) -> Option<String> {
        let Some(words) = self.question() else {
            self.state = State::Nothing;
            (self.cursor, self.top) = (0, 0);
            return None;
        };
        if self.asking.is_some() {
            self.stale = true;
            return None;
        }
        self.asking = Some(words.clone());
        Some(words)
    }

    /// Takes in an answer; what to ask next, when the words have changed since.
    pub(super) fn told(&mut self, words: &str, found: Result<Found, Failure>) -> Option<String> {
        self.asking = None;
        let stale = std::mem::take(&mut self.stale);
        if self.question().as_deref() != Some(words) {
            return self.ask();
        }
        self.state = match found {
            Ok(found) => State::Found(found),
            Err(failure) => State::Failed(failure),
        };
        self.cursor = self.cursor.min(self.spots().len().saturating_sub(1));
        if stale { self.ask() } else { None }
    }

    /// Takes in how far reading is; what to ask now, with more to know.
    pub(super) fn read(&mut self, reading: Option<Reading>) -> Option<String> {
        self.reading = reading;
        self.question().and_then(|_| self.ask())
    }

    /// True while something is waited for.
    pub(super) fn waits(&self) -> bool {
        self.asking.is_some() || self.reading.is_some()
    }

    fn found(&self) -> Option<&Found> {
        match &self.state {
            State::Found(found) => Some(found),
            State::Nothing | State::Failed(_) => None,
        }
    }

    fn spots(&self) -> Vec<Spot<'_>> {
        let sessions = self.found().map_or(&[][..], |found| &found.sessions);
        let spots = sessions.iter().flat_map(|one| {
            let hits = one.hits.iter().map(move |hit| Spot::Hit(one, hit));
            std::iter::once(Spot::Session(one)).chain(hits)
        });
        spots.collect()
    }

    /// Moves the cursor by so many lines.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.spots().len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor on a row of the window.
    pub(super) fn click(&mut self, row: usize) {
        let last = self.spots().len().saturating_sub(1);
        self.cursor = (self.top + row).min(last);
    }

    /// What opens: the session, and the event when the cursor is on one.
    pub(super) fn chosen(&self) -> Option<(RunId, Option<Seq>)> {
        match *self.spots().get(self.cursor)? {
            Spot::Session(one) => {
                let first = one.hits.first().and_then(|hit| hit.seq);
                Some((one.run.clone(), first))
            }
            Spot::Hit(one, hit) => Some((one.run.clone(), hit.seq)),
        }
    }

    /// What stands in the title.
    pub(super) fn words_of_count(&self) -> String {
        let mut parts = Vec::new();
        if let Some(found) = self.found() {
            let listed: usize = found.sessions.iter().map(|one| one.hits.len()).sum();
            let places = match (listed, found.more) {
                (_, true) => format!("the newest {listed} places"),
                (1, false) => "1 place".to_owned(),
                (_, false) => format!("{listed} places"),
            };
            parts.push(format!(
                "{places} in {}",
                super::count(found.sessions.len())
            ));
        } else if self.asking.is_some() {
            parts.push("searching…".to_owned());
        }
        if let Some(Reading { done, of }) = self.reading {
            parts.push(format!("{done} of {of} logs read so far"));
        }
        parts.join(" · ")
    }

    /// What to say instead of lines; `None` when there are lines.
    pub(super) fn empty(&self) -> Option<(String, String)> {
        let reading = self.reading.is_some();
        match &self.state {
            State::Failed(failure) => Some((failure.message.clone(), failure.hint.clone())),
            State::Nothing if self.asking.is_some() => {
                Some(("Searching…".to_owned(), String::new()))
            }
            State::Nothing => Some((
                "Searches everything that was written in all sessions: tasks, answers, tools, \
                 reasons."
                    .to_owned(),
                "Type at least two characters; the words of the filter narrow it down.".to_owned(),
            )),
            State::Found(found) if found.sessions.is_empty() && reading => {
                let words = format!("Nothing was found so far for {:?}.", self.words.trim());
                let hint = "Not all logs are read yet; what is found appears here.";
                Some((words, hint.to_owned()))
            }
            // What was found belongs to other words.
            State::Found(found) if found.sessions.is_empty() && self.asking.is_some() => {
                Some(("Searching…".to_owned(), String::new()))
            }
            State::Found(found) if found.sessions.is_empty() => {
                let words = self.words.trim();
                let hint = if self.typing {
                    "Try fewer or other words; Enter keeps these, then {back} goes back."
                } else {
                    "Try fewer or other words: {search} changes them, {back} goes back."
                };
                Some((format!("Nothing was found for {words:?}."), hint.to_owned()))
            }
            State::Found(_) => None,
        }
    }

    /// The lines in sight; true for the one under the cursor.
    pub(super) fn window(
        &mut self,
        rows: usize,
        room: usize,
        list: &List,
        look: &Look<'_>,
    ) -> Vec<(bool, Line<'static>)> {
        let rows = rows.max(1);
        let count = self.spots().len();
        let least = (self.cursor + 1).saturating_sub(rows);
        self.top = self.top.clamp(least, self.cursor.max(least));
        self.top = self.top.min(count.saturating_sub(rows).max(least));
        let (top, cursor) = (self.top, self.cursor);
        let spots = self.spots();
        let lines = spots.iter().enumerate().skip(top).take(rows);
        lines
            .map(|(place, spot)| {
                let line = match *spot {
                    Spot::Session(one) => session(one, room, list, look),
                    Spot::Hit(_, hit) => snippet(hit, room, look.theme),
                };
                (place == cursor, line)
            })
            .collect()
    }
}

fn session(one: &FoundSession, room: usize, list: &List, look: &Look<'_>) -> Line<'static> {
    let theme = look.theme;
    let places = match one.hits.len() {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    };
    let Some(entry) = list.get(&one.run) else {
        let text = format!("{} · {places}", one.run);
        return Line::styled(width::fit(&text, room).into_owned(), theme.strong);
    };
    let date = columns::moment(entry.summary.started_ms, look.zone, "%d %b %H:%M");
    let end = format!(" · {places}");
    let start = format!("{date} ");
    let word = format!("{} ", entry.word());
    let used = width::of(&start) + width::of(&word) + width::of(&end);
    let title = width::fit(entry.title(), room.saturating_sub(used)).into_owned();
    Line::from(vec![
        Span::styled(start, theme.dim),
        Span::styled(word, columns::outcome_style(entry, theme)),
        Span::styled(title, theme.strong),
        Span::styled(end, theme.dim),
    ])
}

/// A place, with what was looked for marked by weight and line, not by colour alone.
fn snippet(hit: &Hit, room: usize, theme: &Theme) -> Line<'static> {
    let mut left = room;
    let mut spans = Vec::new();
    let who = format!("    {}: ", hit.who);
    for (text, style) in
        std::iter::once((who.as_str(), theme.dim)).chain(hit.snippet.iter().map(|(found, text)| {
            (
                text.as_str(),
                if *found { theme.found() } else { theme.text },
            )
        }))
    {
        let fitted = width::fit(text, left).into_owned();
        left = left.saturating_sub(width::of(&fitted));
        spans.push(Span::styled(fitted, style));
        if left == 0 {
            break;
        }
    }
    Line::from(spans)
}
