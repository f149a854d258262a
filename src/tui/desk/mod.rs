//! Settings, keys and log of the program: three pages of one screen.
//!
//! The settings show what is in force and who said it; a value is typed on a line, judged while it is
//! typed by the rules of the configuration, and taken for this run or saved; so are the keys of actions,
//! by the rules of the keymap. The log shows the latest lines. The screen knows all of it as plain data; who
//! reads, judges values, writes and copies is asked.

mod action;
mod ask;
mod keys;
mod log;
mod view;

use ratatui::{layout::Rect, text::Line as Row};

pub use action::{Action, Log as LogAct, Step};
pub use ask::{Ask, Change, Changed, Keep, Line, News, Setting, Told};
pub use keys::Bind;

use self::{keys::Keys, log::Log};
use super::{
    keymap::{Key, Keymap},
    moves::Move,
};
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
    /// A line of keys: those without a meaning there are taken as they are pressed.
    Keys,
}

/// The pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// What is in force.
    Settings,
    /// What keys mean.
    Keys,
    /// What the program did.
    Log,
}

impl Page {
    /// All of them, in the order of the tabs.
    pub const ALL: [Self; 3] = [Self::Settings, Self::Keys, Self::Log];

    /// Its tab.
    const fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Keys => "Keys",
            Self::Log => "Log",
        }
    }

    fn next(self) -> Self {
        let place = Self::ALL.iter().position(|page| *page == self);
        let next = place.map_or(0, |place| (place + 1) % Self::ALL.len());
        Self::ALL.get(next).copied().unwrap_or(self)
    }
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
    Keys(keys::Draft),
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
    /// Give an action other keys.
    Bind(Bind, Keep),
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
    keys: Keys,
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
            keys: Keys::default(),
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
            Page::Keys => Vec::new(),
            Page::Log => vec![self.again()],
        }
    }

    /// Takes in what keys mean now.
    pub fn learn(&mut self, map: &Keymap) {
        self.keys.learn(map);
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
            Typing::Keys(_) => Place::Keys,
        }
    }

    /// Performs an action.
    pub fn update(&mut self, action: Action) -> Vec<Wish> {
        match action {
            Action::Open(page) => self.show(page),
            Action::Move(to) => self.go(to),
            Action::Other => self.show(self.page.next()),
            Action::Take => self.take(Keep::Run),
            Action::Save => self.take(Keep::Saved),
            Action::Back => self.back(),
            Action::Erase => self.erase(),
            Action::Undo if self.page == Page::Settings => vec![Wish::Ask(Ask::Undo)],
            Action::Undo => hint("That is for the settings; Tab shows them."),
            Action::Find if self.page == Page::Settings => {
                hint("That is for the keys and the log; Tab shows them.")
            }
            Action::Find => {
                self.typing = Typing::Words;
                Vec::new()
            }
            Action::Log(act) if self.page == Page::Log => self.log(act),
            Action::Log(_) => hint("That is for the log; Tab shows it."),
            // Done where it is pressed, whatever is on the screen.
            Action::Detail(_) => Vec::new(),
        }
    }

    fn log(&mut self, act: LogAct) -> Vec<Wish> {
        match act {
            LogAct::Level => {
                let least = self.log.turn();
                hint(format!("Lines of level {} and weightier.", least.word()))
            }
            LogAct::Copy => {
                let (count, text) = self.log.text();
                if count == 0 {
                    return hint("There is no line to copy.");
                }
                let mut wishes = hint(format!("Copied {count} lines."));
                wishes.push(Wish::Copy(text));
                wishes
            }
            LogAct::Switch => {
                let on = matches!(self.log.written, log::Written::On(_));
                let level = (!on).then_some(Weight::Debug);
                vec![Wish::Ask(Ask::Level(level)), self.again()]
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
            (Typing::Keys(_), _) => Vec::new(),
            (Typing::Nothing | Typing::Words, Page::Log) => {
                self.log.go(to, page);
                Vec::new()
            }
            (Typing::Nothing | Typing::Words, Page::Keys) => {
                self.keys.go(to, page);
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
            Typing::Keys(draft) => match draft.bind() {
                Ok(bind) => vec![Wish::Bind(bind, keep)],
                Err(why) => {
                    self.typing = Typing::Keys(draft);
                    hint(why)
                }
            },
            Typing::Nothing if self.page == Page::Log => Vec::new(),
            Typing::Nothing if self.page == Page::Keys => {
                self.typing = self.keys.draft().map_or(Typing::Nothing, Typing::Keys);
                Vec::new()
            }
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
        let mut settings = self.settings.iter().flatten();
        let setting = settings.find(|one| one.key == draft.change.key);
        let unsaved = setting.and_then(|one| one.unsaved.as_ref());
        let refused = match (&draft.judged, unsaved) {
            (Judged::Wrong(why), _) => Some(why.clone()),
            (_, Some(why)) if keep == Keep::Saved => {
                Some(format!("{why} Enter changes it for this run."))
            }
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
                self.words().clear();
                self.sift();
            }
            Typing::Value(draft) if draft.change.value != draft.before && !draft.warned => {
                draft.warned = true;
                return hint("Enter takes it for this run, Ctrl-S saves it; Esc again drops it.");
            }
            Typing::Value(_) | Typing::Keys(_) => {}
        }
        self.typing = Typing::Nothing;
        Vec::new()
    }

    fn erase(&mut self) -> Vec<Wish> {
        match &mut self.typing {
            Typing::Nothing if self.page == Page::Keys => match self.keys.reset() {
                Ok(bind) => vec![Wish::Bind(bind, Keep::Saved)],
                Err(why) => hint(why),
            },
            Typing::Nothing => Vec::new(),
            Typing::Keys(draft) => {
                draft.erase();
                self.keys.judge(draft);
                Vec::new()
            }
            Typing::Words => {
                self.words().pop();
                self.sift();
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
            Typing::Keys(draft) => {
                draft.write(line);
                self.keys.judge(draft);
                Some(Vec::new())
            }
            Typing::Words => {
                if self.words().len() + line.len() <= LONGEST {
                    self.words().push_str(line);
                    self.sift();
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

    /// A key without a meaning here: it may be meant for an action.
    pub fn press(&mut self, key: Key) {
        if let Typing::Keys(draft) = &mut self.typing {
            draft.press(key);
            self.keys.judge(draft);
        }
    }

    /// The words that narrow the page.
    fn words(&mut self) -> &mut String {
        match self.page {
            Page::Keys => &mut self.keys.words,
            Page::Settings | Page::Log => &mut self.log.words,
        }
    }

    fn sift(&mut self) {
        match self.page {
            Page::Keys => self.keys.sift(),
            Page::Settings | Page::Log => self.log.sift(),
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
            Told::Changed(Ok(changed)) => {
                self.busy = false;
                self.settle(changed.settings);
                return vec![Wish::Tell(Level::Info, changed.words)];
            }
            Told::Changed(Err(failure)) => {
                self.busy = false;
                return vec![Wish::Tell(Level::Error, failure.words())];
            }
            // Keys are the whole program's.
            Told::Bound(..) => {}
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
