//! What the program is started with, and what it leaves behind.
//!
//! Plain data between `app` and the screens. Texts from outside (configured names, titles) pass the
//! text gate when the model takes them in.

use super::{
    detail::Detail,
    effect::{Launch, MouseReports},
    replay::Piece,
    theme::Theme,
    trusting,
};
use crate::protocol::{Origin, RunId, Seq};

/// What is shown when nothing is started and nothing opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// The start screen.
    #[default]
    Start,
    /// The list of all sessions.
    Sessions,
    /// The start screen, with a question over it.
    Trust(Box<trusting::Asked>),
    /// The set-up screen.
    Guide,
}

/// What a configuration or the flags give agents to work on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given {
    /// Nothing: they only talk.
    #[default]
    Nothing,
    /// So many folders.
    Folders(usize),
    /// An empty folder that is made for the run, perhaps with others to look at.
    Own,
}

/// Everything that is known before the first frame.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// The team of the configuration or of the flags; `None` without either.
    pub configured: Option<TeamSummary>,
    /// Scripted teams, the default one first.
    pub demo_scenarios: Vec<DemoScenario>,
    /// Tasks to try.
    pub samples: Vec<Sample>,
    /// Start this at once instead of showing the start screen.
    pub launch: Option<Launch>,
    /// Show this stored session instead of the start screen.
    pub opened: Option<Opening>,
    /// What is shown when nothing is started and nothing opened.
    pub begin: Begin,
    /// The folder the program was started in.
    pub folder: String,
    /// What the configuration or the flags give agents to work on.
    pub given: Given,
    /// Seconds that clocks here are ahead of UTC.
    pub zone: i32,
    /// Show these stored sessions side by side.
    pub compared: Vec<RunId>,
    /// Text the task editor starts with.
    pub draft: String,
    /// Problems met before the screen was there, one sentence each; shown as notices.
    pub notices: Vec<String>,
    /// What the person set for the screen.
    pub own: Own,
    /// Mouse reports (`--no-mouse` switches them off).
    pub mouse: MouseReports,
    /// Version of the program, for the title line.
    pub version: String,
}

/// What the person set for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// How it looks.
    pub look: Look,
    /// Their keys, as their file has them; empty without one.
    pub keys: String,
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// How much of agents' work panes show.
    pub detail: Detail,
}

impl StartOptions {
    /// The start screen with nothing configured and nothing on offer.
    pub fn new(theme: Theme) -> Self {
        Self {
            configured: None,
            demo_scenarios: Vec::new(),
            samples: Vec::new(),
            launch: None,
            opened: None,
            begin: Begin::Start,
            zone: 0,
            compared: Vec::new(),
            folder: String::new(),
            given: Given::Nothing,
            draft: String::new(),
            notices: Vec::new(),
            own: Own {
                look: Look {
                    theme,
                    detail: Detail::default(),
                },
                keys: String::new(),
            },
            mouse: MouseReports::On,
            version: String::new(),
        }
    }
}

/// A stored session that is shown at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Its first part; the rest is asked for.
    pub piece: Piece,
    /// Show it as it was right after the event with this number.
    pub at: Option<Seq>,
    /// What is shown first.
    pub first: First,
}

impl Opening {
    /// A session as it ended.
    #[must_use]
    pub fn whole(piece: Piece) -> Self {
        Self {
            piece,
            at: None,
            first: First::Session,
        }
    }
}

/// What is shown first of a stored session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum First {
    /// Its last turn.
    #[default]
    Session,
    /// What its agents changed in files.
    Review,
}

/// The configured team, as offered on the start screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamSummary {
    /// What it is called, for example the name of its file.
    pub title: String,
    /// Name and model of each agent, in configuration order.
    pub agents: Vec<(String, String)>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A scripted team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoScenario {
    /// Name, as for `--demo NAME`.
    pub name: String,
    /// What happens in it, a few words.
    pub title: String,
    /// Number of agents.
    pub agents: usize,
}

/// A task to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The task.
    pub prompt: String,
    /// The demo scenario that fits it.
    pub scenario: Option<String>,
}

/// What remains when the screen is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct ExitSummary {
    /// Final answer of the last turn, Markdown.
    pub final_answer: Option<String>,
    /// The session, when one was started or opened.
    pub session: Option<RunId>,
    /// True when the scripted demo team made it.
    pub demo: bool,
    /// True when the session was read from its log.
    pub stored: bool,
    /// Why the program left.
    pub reason: ExitReason,
}

/// Why the program left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// The person left.
    Person,
    /// A signal asked for it; its number.
    Signal(i32),
    /// The terminal is gone.
    TerminalLost,
}
