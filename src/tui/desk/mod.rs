//! Settings and log of the program: two pages of one screen.
//!
//! The settings show what is in force and who said it; a value is typed on a line, judged while it is
//! typed by the rules of the configuration, and taken for this run or saved. The log shows the latest lines.
//! The screen knows both as plain data; who reads, judges, writes and copies is asked.

mod action;
mod ask;
mod log;
mod view;

use ratatui::{layout::Rect, text::Line as Row};

pub use action::Action;
pub use ask::{Ask, Change, Keep, Line, News, Setting, Told};

use self::log::Log;
use super::moves::Move;
use crate::{logging::Level as Weight, protocol::Level};

/// Longest value or words that can be typed, in bytes.
const LONGEST: usize = 400;

/// What takes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The rows.
    Main,
    /// A line of text.
    Typing,
}

/// The pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// What is in force.
    Settings,
    /// What the program did.
    Log,
}

/// What the configuration's rules say to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judged {
    /// Not known yet.
    Asked,
    /// It can be used.
    Right,
    /// What is wrong with it.
    Wrong(String),
}

impl From<Option<String>> for Judged {
    fn from(trouble: Option<String>) -> Self {
        trouble.map_or(Self::Right, Self::Wrong)
    }
}

/// A value that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Draft {
    change: Change,
    /// As it was at first.
    before: String,
    judged: Judged,
    /// The person was told that going back drops it.
    warned: bool,
}

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Typing {
    #[default]
    Nothing,
    Words,
    Value(Draft),
}

/// What the screen wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Ask the world.
    Ask(Ask),
    /// Say a quiet word.
    Hint(String),
    /// Say something that stays.
    Tell(Level, String),
    /// Put text on the clipboard.
    Copy(String),
    /// Leave.
    Leave,
}

/// The screen.
#[derive(Debug)]
pub struct Desk {
    page: Page,
    settings: Option<Vec<Setting>>,
    at: usize,
    typing: Typing,
    log: Log,
    /// A change is on its way.
    busy: bool,
    rows: Vec<Row<'static>>,
    foot: Vec<Row<'static>>,
    top: usize,
    total: usize,
    body: Rect,
}

impl Desk {
    /// The screen with this page, and what to ask first.
    #[must_use]
    pub fn open(page: Page) -> (Self, Vec<Wish>) {
        let mut desk = Self {
            page,
            settings: None,
            at: 0,
            typing: Typing::Nothing,
            log: Log::default(),
            busy: false,
            rows: Vec::new(),
            foot: Vec::new(),
            top: 0,
            total: 0,
            body: Rect::ZERO,
        };
        let wishes = desk.show(page);
        (desk, wishes)
    }

    /// Turns to a page, and asks for what is on it.
    pub fn show(&mut self, page: Page) -> Vec<Wish> {
        self.page = page;
        match page {
            Page::Settings => vec![Wish::Ask(Ask::Settings)],
            Page::Log => vec![self.again()],
        }
    }

    /// Asks for what the log has got since.
    #[must_use]
    pub fn again(&self) -> Wish {
        Wish::Ask(Ask::Log(self.log.last()))
    }

    /// The page that is shown.
    #[must_use]
    pub const fn page(&self) -> Page {
        self.page
    }

    /// What takes keys.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self.typing {
            Typing::Nothing => Place::Main,
            Typing::Words | Typing::Value(_) => Place::Typing,
        }
    }

    /// Performs an action.
    pub fn update(&mut self, action: Action) -> Vec<Wish> {
        match action {
            Action::Open(page) => self.show(page),
            Action::Move(to) => self.go(to),
            Action::Other => match self.page {
                Page::Settings => self.show(Page::Log),
                Page::Log => self.show(Page::Settings),
            },
            Action::Take => self.take(Keep::Run),
            Action::Save => self.take(Keep::Saved),
            Action::Back => self.back(),
            Action::Erase => self.erase(),
            Action::Undo if self.page == Page::Settings => vec![Wish::Ask(Ask::Undo)],
            Action::Level if self.page == Page::Log => {
                let least = self.log.turn();
                hint(format!("Lines of level {} and weightier.", least.word()))
            }
            Action::Find if self.page == Page::Log => {
                self.typing = Typing::Words;
                Vec::new()
            }
            Action::Copy if self.page == Page::Log => {
                let (count, text) = self.log.text();
                if count == 0 {
                    return hint("There is no line to copy.");
                }
                let mut wishes = hint(format!("Copied {count} lines."));
                wishes.push(Wish::Copy(text));
                wishes
            }
            Action::Switch if self.page == Page::Log => {
                let on = matches!(self.log.written, log::Written::On(_));
                let level = (!on).then_some(Weight::Debug);
                vec![Wish::Ask(Ask::Level(level)), self.again()]
            }
            Action::Undo => hint("That is for the settings; Tab shows them."),
            Action::Level | Action::Find | Action::Copy | Action::Switch => {
                hint("That is for the log; Tab shows it.")
            }
        }
    }

    fn go(&mut self, to: Move) -> Vec<Wish> {
        let page = usize::from(self.body.height);
        match (&mut self.typing, self.page) {
            (Typing::Value(draft), _) => {
                let choices = self.settings.iter().flatten();
                let mut choices = choices.filter(|one| one.key == draft.change.key);
                let choices = choices.next().map_or(&[][..], |one| one.choices.as_slice());
                let at = choices.iter().position(|one| *one == draft.change.value);
                let next = match at {
                    Some(at) => to.over(at, choices.len(), page),
                    None => 0,
                };
                let Some(value) = choices.get(next).cloned() else {
                    return Vec::new();
                };
                draft.change.value = value;
                self.judge()
            }
            (Typing::Nothing | Typing::Words, Page::Log) => {
                self.log.go(to, page);
                Vec::new()
            }
            (Typing::Nothing | Typing::Words, Page::Settings) => {
                let count = self.settings.as_ref().map_or(0, Vec::len);
                self.at = to.over(self.at, count, page);
                Vec::new()
            }
        }
    }

    fn take(&mut self, keep: Keep) -> Vec<Wish> {
        match std::mem::take(&mut self.typing) {
            Typing::Words => Vec::new(),
            Typing::Value(draft) => self.send(draft, keep),
            Typing::Nothing if self.page == Page::Log => Vec::new(),
            Typing::Nothing if self.busy => hint("Still at work on the last change."),
            Typing::Nothing => {
                let setting = self.settings.iter().flatten().nth(self.at);
                let Some(setting) = setting else {
                    return Vec::new();
                };
                self.typing = Typing::Value(Draft {
                    change: Change {
                        key: setting.key.clone(),
                        value: setting.value.clone(),
                    },
                    before: setting.value.clone(),
                    judged: Judged::Right,
                    warned: false,
                });
                Vec::new()
            }
        }
    }

    fn send(&mut self, draft: Draft, keep: Keep) -> Vec<Wish> {
        let savable = self.settings.iter().flatten();
        let savable = savable
            .filter(|one| one.key == draft.change.key)
            .all(|one| one.savable);
        let refused = match &draft.judged {
            Judged::Wrong(why) => Some(why.clone()),
            _ if keep == Keep::Saved && !savable => Some(
                "It belongs to the team's own file; here it can be changed for this run, with Enter."
                    .to_owned(),
            ),
            _ => None,
        };
        if let Some(why) = refused {
            self.typing = Typing::Value(draft);
            return hint(why);
        }
        if draft.change.value == draft.before && keep == Keep::Run {
            return hint("It is as it was.");
        }
        self.busy = true;
        vec![Wish::Ask(Ask::Change(draft.change, keep))]
    }

    fn back(&mut self) -> Vec<Wish> {
        match &mut self.typing {
            Typing::Nothing => return vec![Wish::Leave],
            Typing::Words => {
                self.log.words.clear();
                self.log.sift();
            }
            Typing::Value(draft) if draft.change.value != draft.before && !draft.warned => {
                draft.warned = true;
                return hint("Enter takes it for this run, Ctrl-S saves it; Esc again drops it.");
            }
            Typing::Value(_) => {}
        }
        self.typing = Typing::Nothing;
        Vec::new()
    }

    fn erase(&mut self) -> Vec<Wish> {
        match &mut self.typing {
            Typing::Nothing => Vec::new(),
            Typing::Words => {
                self.log.words.pop();
                self.log.sift();
                Vec::new()
            }
            Typing::Value(draft) => {
                draft.change.value.pop();
                self.judge()
            }
        }
    }

    /// Letters for the line; `None` when there is none.
    pub fn type_text(&mut self, text: &str) -> Option<Vec<Wish>> {
        let line = text.lines().next().unwrap_or_default();
        match &mut self.typing {
            Typing::Nothing => None,
            Typing::Words => {
                if self.log.words.len() + line.len() <= LONGEST {
                    self.log.words.push_str(line);
                    self.log.sift();
                }
                Some(Vec::new())
            }
            Typing::Value(draft) => {
                if draft.change.value.len() + line.len() <= LONGEST {
                    draft.change.value.push_str(line);
                }
                Some(self.judge())
            }
        }
    }

    /// Has the typed value judged.
    fn judge(&mut self) -> Vec<Wish> {
        let Typing::Value(draft) = &mut self.typing else {
            return Vec::new();
        };
        draft.warned = false;
        draft.judged = Judged::Asked;
        vec![Wish::Ask(Ask::Check(draft.change.clone()))]
    }

    /// An answer of the world.
    pub fn told(&mut self, told: Told) -> Vec<Wish> {
        match told {
            Told::Log(news) => self.log.take(news),
            Told::Settings(settings) => self.settle(settings),
            Told::Checked(change, trouble) => {
                if let Typing::Value(draft) = &mut self.typing
                    && draft.change == change
                {
                    draft.judged = trouble.into();
                }
            }
            Told::Changed(Ok((words, settings))) => {
                self.busy = false;
                self.settle(settings);
                return vec![Wish::Tell(Level::Info, words)];
            }
            Told::Changed(Err(failure)) => {
                self.busy = false;
                return vec![Wish::Tell(Level::Error, failure.words())];
            }
        }
        Vec::new()
    }

    fn settle(&mut self, settings: Vec<Setting>) {
        self.at = self.at.min(settings.len().saturating_sub(1));
        self.settings = Some(settings);
    }
}

fn hint(words: impl Into<String>) -> Vec<Wish> {
    vec![Wish::Hint(words.into())]
}
