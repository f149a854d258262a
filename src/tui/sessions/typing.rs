//! The lines of the list that take text: filter, name, tags, words to search for.

use super::{Ask, Sessions, Wish, find::Search};
use crate::{
    catalog::{self, Filter, tag},
    protocol::RunId,
    tui::widget::{Edit, Pen},
};

/// Longest text of a line, in bytes.
const LONGEST: usize = 500;

/// What is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// A filter; it holds while it is typed.
    Filter,
    /// The name of a session.
    Name {
        /// Which.
        run: RunId,
        /// So far.
        text: String,
    },
    /// Tags.
    Tags {
        /// Of which sessions.
        runs: Vec<RunId>,
        /// So far.
        text: String,
        /// What is wrong with them.
        wrong: Option<String>,
    },
}

/// What happens to the line that takes text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// More text.
    Text(String),
    /// The cursor moves, or something goes.
    Edit(Edit),
    /// It is done.
    Accept,
    /// It is left.
    Cancel,
    /// The cursor below goes up.
    Up,
    /// The cursor below goes down.
    Down,
}

impl Sessions {
    /// Takes in what happened to the line.
    pub fn typed(&mut self, typed: Typed) -> Vec<Wish> {
        if let Some(search) = self.search.as_mut().filter(|search| search.typing) {
            return search_typed(search, &mut self.pen, typed);
        }
        match self.typing.take() {
            Some(Typing::Filter) => self.filter_typed(typed),
            Some(Typing::Name { run, text }) => self.name_typed(run, text, typed),
            Some(Typing::Tags { runs, text, .. }) => self.tags_typed(runs, text, typed),
            None => Vec::new(),
        }
    }

    fn filter_typed(&mut self, typed: Typed) -> Vec<Wish> {
        self.typing = Some(Typing::Filter);
        match typed {
            Typed::Text(more) => {
                self.pen.write(&mut self.filter.0, &more, LONGEST);
                self.filtered();
            }
            Typed::Edit(edit) => {
                if self.pen.edit(&mut self.filter.0, edit) {
                    self.filtered();
                }
            }
            Typed::Accept if self.filter.1.is_some() => {
                return vec![Wish::Hint("The filter is not understood yet.".to_owned())];
            }
            Typed::Accept => self.typing = None,
            Typed::Cancel => {
                self.typing = None;
                self.filter.0.clear();
                self.filtered();
            }
            Typed::Up => self.list.step(-1),
            Typed::Down => self.list.step(1),
        }
        Vec::new()
    }

    /// The text of the filter has changed.
    fn filtered(&mut self) {
        self.chosen = true;
        self.refilter();
        self.list.arrange(&self.wanted);
        self.list.rewind();
    }

    /// Reads the text of the filter. While it makes no sense, the last that did holds.
    pub(super) fn refilter(&mut self) {
        match Filter::parse(&self.filter.0, &self.ground) {
            Ok(filter) => {
                self.wanted.filter = filter;
                self.filter.1 = None;
            }
            Err(wrong) => self.filter.1 = Some(wrong),
        }
    }

    fn name_typed(&mut self, run: RunId, mut text: String, typed: Typed) -> Vec<Wish> {
        match typed {
            Typed::Text(more) => self.pen.write(&mut text, &more, LONGEST),
            Typed::Edit(edit) => {
                self.pen.edit(&mut text, edit);
            }
            Typed::Accept => {
                return vec![Wish::Ask(Ask::Edit(
                    vec![run],
                    vec![catalog::Edit::Name(text)],
                ))];
            }
            Typed::Cancel => return Vec::new(),
            Typed::Up | Typed::Down => {}
        }
        self.typing = Some(Typing::Name { run, text });
        Vec::new()
    }

    fn tags_typed(&mut self, runs: Vec<RunId>, mut text: String, typed: Typed) -> Vec<Wish> {
        let mut wrong = None;
        match typed {
            Typed::Text(more) => self.pen.write(&mut text, &more, LONGEST),
            Typed::Edit(edit) => {
                self.pen.edit(&mut text, edit);
            }
            Typed::Accept => match edits(&text) {
                Ok(edits) if edits.is_empty() => return Vec::new(),
                Ok(edits) => return vec![Wish::Ask(Ask::Edit(runs, edits))],
                Err(words) => wrong = Some(words),
            },
            Typed::Cancel => return Vec::new(),
            Typed::Up | Typed::Down => {}
        }
        self.typing = Some(Typing::Tags { runs, text, wrong });
        Vec::new()
    }
}

/// `good -draft` as changes.
fn edits(text: &str) -> Result<Vec<catalog::Edit>, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let edits = words.map(|word| {
        let (word, gone) = match word.strip_prefix('-') {
            Some(word) => (word, true),
            None => (word.strip_prefix('+').unwrap_or(word), false),
        };
        let word = tag(word).map_err(|error| error.to_string())?;
        Ok(if gone {
            catalog::Edit::Untag(word)
        } else {
            catalog::Edit::Tag(word)
        })
    });
    edits.collect()
}

fn search_typed(search: &mut Search, pen: &mut Pen, typed: Typed) -> Vec<Wish> {
    match typed {
        Typed::Text(more) => pen.write(&mut search.words, &more, LONGEST),
        Typed::Edit(edit) => {
            if !pen.edit(&mut search.words, edit) {
                return Vec::new();
            }
        }
        Typed::Accept | Typed::Cancel => {
            search.typing = false;
            return Vec::new();
        }
        Typed::Up => {
            search.step(-1);
            return Vec::new();
        }
        Typed::Down => {
            search.step(1);
            return Vec::new();
        }
    }
    let asked = search.ask();
    asked
        .map(|words| Wish::Ask(Ask::Find(words)))
        .into_iter()
        .collect()
}
