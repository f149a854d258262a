//! Sessions given away from the screen: written as files into the working folder, or put on the
//! clipboard, or brought to a place that a person types. Which ones, what is asked of the world, and what
//! becomes of the answers; the card where a person chooses is [`Give`].
//!
//! Nothing leaves the machine unseen: size and what is masked stand on the card before.

use super::{
    effect::{Effect, Effects, Query},
    layer::{Give, Layer, Taken},
    model::{Model, Screen},
    rooms,
};
use crate::protocol::{Failure, FailureKind, Level, RunId};

/// As what a session is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One page.
    Html,
    /// Markdown.
    Md,
    /// Data.
    Json,
    /// A file that another `massgen-tui` opens.
    Bundle,
    /// The screens, for `asciinema`.
    Cast,
}

impl Format {
    /// All of them, in the order of the card.
    pub const ALL: [Self; 5] = [Self::Html, Self::Md, Self::Json, Self::Bundle, Self::Cast];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Md => "md",
            Self::Json => "json",
            Self::Bundle => "bundle",
            Self::Cast => "cast",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Html => "one page that needs nothing else, with a replay",
            Self::Md => "Markdown that reads well on GitHub",
            Self::Json => "data, with every event",
            Self::Bundle => "one file that another massgen-tui opens",
            Self::Cast => "the screens as a recording, for asciinema",
        }
    }
}

/// What becomes of texts that may be secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suspects {
    /// They stop it.
    #[default]
    Stop,
    /// They are masked.
    Mask,
}

/// Which turns go along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turns {
    /// All of them.
    #[default]
    All,
    /// The last one.
    Latest,
    /// This one.
    One(u32),
}

/// Whether files and diffs of agents go along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// They do.
    #[default]
    With,
    /// They do not.
    Without,
}

/// What is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The sessions.
    pub runs: Vec<RunId>,
    /// As what.
    pub format: Format,
    /// Which turns.
    pub turns: Turns,
    /// Whether files go along.
    pub files: Files,
    /// What becomes of texts that may be secrets.
    pub suspects: Suspects,
}

/// What is wanted of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// To know all about the files.
    Look,
    /// The files in the working folder.
    File,
    /// The text, for the clipboard.
    Text,
    /// To bring them here: `gist`, `snippet`, a name of the configuration, a file, a folder, an address.
    Send(String),
    /// To hear how far it is, after a moment.
    Hear,
    /// To end it.
    Stop,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What is to be given.
    pub order: Order,
    /// What is wanted.
    pub what: What,
}

impl Ask {
    /// True for what takes a while, and tells how far it is.
    #[must_use]
    pub const fn works(&self) -> bool {
        match self.what {
            What::Look | What::File | What::Text | What::Send(_) => true,
            What::Hear | What::Stop => false,
        }
    }

    /// True for what is written down.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(self.what, What::File | What::Send(_))
    }
}

/// What is known of files before they are written; every text is clean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Names and sizes in bytes.
    pub files: Vec<(String, u64)>,
    /// The folder they would stand in.
    pub folder: String,
    /// What is masked in them.
    pub masked: Vec<String>,
    /// What is not in them.
    pub left_out: Vec<String>,
    /// What may be a secret and is not masked.
    pub suspects: Vec<String>,
    /// The numbers of its turns, when it is one session.
    pub turns: Vec<u32>,
}

/// How far something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub doing: Doing,
    /// Events that were read, or bytes that were written or sent.
    pub done: u64,
    /// Bytes in all.
    pub of: u64,
    /// The session that is at it, from 1 on.
    pub nth: u64,
    /// Sessions in all.
    pub many: u64,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// The session is read, more than once.
    #[default]
    Reading,
    /// The file is written.
    Writing,
    /// It is sent.
    Sending,
    /// A program has it.
    Waiting,
}

/// An answer, with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What was asked.
    pub ask: Ask,
    /// What came of it.
    pub news: Result<News, Failure>,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// What is known of the files.
    Look(Look),
    /// They were written here.
    Written(Vec<String>),
    /// The text.
    Text(String),
    /// They are there now; what there is to say about it.
    Sent(Vec<String>),
    /// How far it is.
    Progress(Progress),
    /// It was told to end.
    Stopping,
}

/// Opens the card for the session on the screen, or for those that are marked in the list.
pub(super) fn open(model: &mut Model) -> Effects {
    let runs = match model.screen {
        Screen::Sessions => {
            let sessions = model.rooms.sessions.as_ref();
            let marked = |sessions: &super::sessions::Sessions| -> Vec<RunId> {
                if sessions.marked().is_empty() {
                    sessions.under().into_iter().collect()
                } else {
                    sessions.marked().iter().cloned().collect()
                }
            };
            sessions.map_or_else(Vec::new, |sessions| marked(sessions))
        }
        Screen::Report => {
            let report = model.rooms.report.as_ref();
            report
                .map(|report| report.run().clone())
                .into_iter()
                .collect()
        }
        Screen::Start | Screen::Guide | Screen::Desk => Vec::new(),
        Screen::Live | Screen::Review | Screen::Notes | Screen::Compare => {
            if model.shared.running() {
                return model
                    .hint("The team is still at work; export the session when it is done.");
            }
            let turn = model.shared.run.turn.as_ref();
            turn.map(|turn| turn.start.run.clone())
                .into_iter()
                .collect()
        }
    };
    if runs.is_empty() {
        return model.hint("Open a session first, or choose one in the list (F6).");
    }
    let (card, first) = Give::new(runs);
    model.layers.open(Layer::Give(card));
    ask(model, first)
}

/// Asks the world.
pub(super) fn ask(model: &mut Model, ask: Ask) -> Effects {
    let ticket = model.tickets.issue();
    let hear = ask.works().then(|| Ask {
        what: What::Hear,
        ..ask.clone()
    });
    let query = Query::Room(rooms::Ask::Give(Box::new(ask)));
    let asked = Effects::one(Effect::Query { ticket, query });
    match hear {
        Some(hear) => asked.and(self::ask(model, hear)),
        None => asked,
    }
}

/// The card on top is about to be closed: nobody waits for its look any more.
pub(super) fn closing(model: &mut Model) -> Effects {
    let stop = match model.layers.top() {
        Some(Layer::Give(card)) => card.look_ends(),
        _ => None,
    };
    stop.map_or_else(Effects::none, |stop| ask(model, stop))
}

/// An answer; the card may be closed by now.
pub(super) fn told(model: &mut Model, told: Told) -> Effects {
    let copied = match &told.news {
        Ok(News::Text(text)) => Effects::one(Effect::Copy(text.clone()))
            .and(model.hint("Copied. The terminal has it now.")),
        _ => Effects::none(),
    };
    let after = match model.layers.given(&told) {
        Taken::Ask(next) => ask(model, next),
        Taken::Yes => Effects::none(),
        Taken::Nobody => match told.news {
            Ok(News::Written(paths)) => {
                model.tell(Level::Info, format!("Written: {}", paths.join(", ")))
            }
            Ok(News::Sent(said)) => model.tell(Level::Info, format!("Sent: {}", said.join(", "))),
            Err(_) if told.ask.what == What::Look => Effects::none(),
            Err(failure) if failure.kind == FailureKind::Cancelled => model.hint(failure.message),
            Err(failure) => model.tell(Level::Error, failure.words()),
            Ok(_) => Effects::none(),
        },
    };
    copied.and(after)
}
