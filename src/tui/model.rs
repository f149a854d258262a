//! Everything the screen is made of, in one value.
//!
//! Changed by `update`, brought up to date for a frame by `prepare`, painted by `view`. No terminal,
//! no clock, no channel: whatever happens to the program can be told to it in a test.

use ratatui::layout::{Rect, Size};

use super::{
    action::Action,
    aside, browsing, comparing,
    composer::Composer,
    conversation::Later,
    effect::{Effect, Effects, Launch, Load, MouseReports, Query, Ticket, Tickets},
    flow, guiding,
    keymap::{Context, Key, Keymap},
    layer::{Layers, Notices},
    layout::{self, Regions},
    left::{self, LeftAsk},
    live::{self, Live},
    options::{Begin, ExitReason, ExitSummary, First, StartOptions},
    replay::{Reel, Stops},
    rooms::Rooms,
    setup::Setup,
    shared::Shared,
    stored::{self, Fold, Then},
    trusting,
};
use crate::{
    protocol::{Level, Outcome, QuestionId, RunId, Seq, Timestamp},
    text::{clean, width},
};

/// Longest task in the terminal's title, in cells.
const TITLE_TASK: usize = 40;

/// The state of the screen.
#[derive(Debug)]
pub struct Model {
    /// Start or live.
    pub screen: Screen,
    /// Where keys go on the live screen.
    pub focus: Focus,
    /// Overlays.
    pub layers: Layers,
    /// The start screen.
    pub setup: Setup,
    /// The editor, the same one on both screens.
    pub composer: Composer,
    /// The session and what else features may read.
    pub shared: Shared,
    /// The live screen.
    pub live: Live,
    /// The passing line.
    pub notices: Notices,
    /// Size of the terminal.
    pub size: Size,
    /// What keys mean.
    pub keymap: Keymap,
    /// The screens about sessions beside the live one.
    pub rooms: Rooms,
    /// What the session on the screen is to the person.
    pub(super) session: Session,
    /// What is waited for.
    pub(super) waits: Waits,
    /// Tickets given out.
    pub(super) tickets: Tickets,
    /// Where things are, as of the last `prepare`.
    pub(super) seen: Seen,
}

/// Screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Which team, which task.
    Start,
    /// The team at work, or a session read from the log.
    Live,
    /// What the agents changed in files.
    Review,
    /// All sessions.
    Sessions,
    /// What people noted on the session.
    Notes,
    /// Sessions side by side.
    Compare,
    /// The figures of a session, and what models make of it.
    Report,
    /// A team is set up.
    Guide,
    /// Settings and log.
    Desk,
}

/// Parts of the live screen that take keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Panes and pages.
    Panes,
    /// The editor.
    Editor,
}

/// Who hears what is sent while a team is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearers {
    /// All agents.
    All,
    /// The agent whose pane has the focus.
    Focused,
}

/// The session from the person's side.
#[derive(Debug)]
pub(super) struct Session {
    /// Events before the start of a turn belong to a session that was left.
    pub(super) fresh: bool,
    /// Who hears a message.
    pub(super) hearers: Hearers,
    /// How far leaving the program got.
    pub(super) leaving: Leaving,
    /// Whether the mouse is ours.
    pub(super) mouse: MouseReports,
    /// The session on the screen, when it was read from its log.
    pub(super) reel: Option<Box<Reel>>,
    /// States on the way through it, to go back from.
    pub(super) stops: Stops<Fold>,
    /// What is done when it was read to its end.
    pub(super) then: Then,
    /// The session that is lived here, while that one is on the screen.
    pub(super) aside: Option<Box<aside::Aside>>,
    /// Tasks of a conversation that are still to come.
    pub(super) later: Later,
    /// The clock on the wall.
    pub(super) wall: Timestamp,
    /// Seconds that clocks here are ahead of UTC.
    pub(super) zone: i32,
}

/// How far leaving got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Nobody wants to.
    No,
    /// One more Ctrl-C leaves.
    Armed,
    /// The turn is being stopped; then the program ends.
    Stopping,
}

/// Tickets of answers under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// The next beat of spinner and clocks.
    pub(super) beat: Option<Ticket>,
    /// The text that `$EDITOR` has.
    pub(super) edit: Option<Ticket>,
    /// The answer that `$EDITOR` has, and to which question.
    pub(super) answer: Option<(Ticket, QuestionId)>,
    /// A stored session whose first part is being read.
    pub(super) open: Option<Ticket>,
    /// The event at which it is to be shown.
    pub(super) place: Option<Seq>,
    /// The same, when it is to go on as soon as it is there.
    pub(super) resume: Option<Ticket>,
    /// A stored session that is being gone on with.
    pub(super) again: Option<Ticket>,
    /// The end of patience while stopping.
    pub(super) leave: Option<Ticket>,
    /// The first key of a two-key binding.
    pub(super) prefix: Option<Key>,
}

/// Where things were in the last frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Title of the start screen.
    pub(super) title: Rect,
    /// Everything else.
    pub(super) regions: Regions,
}

impl Model {
    /// The first state, and what to do first.
    pub fn new(options: &StartOptions) -> (Self, Effects) {
        let mut model = Self {
            screen: Screen::Start,
            focus: Focus::Panes,
            layers: Layers::default(),
            setup: Setup::new(options),
            composer: Composer::default(),
            shared: Shared {
                detail: options.own.look.detail,
                ..Shared::new(options.own.look.theme)
            },
            live: Live::new(),
            notices: Notices::default(),
            size: layout::FALLBACK,
            keymap: Keymap::with_own(&options.own.keys),
            rooms: Rooms::default(),
            session: Session {
                fresh: true,
                hearers: Hearers::All,
                leaving: Leaving::No,
                mouse: options.mouse,
                reel: None,
                stops: Stops::default(),
                then: Then::Nothing,
                aside: None,
                later: Later::default(),
                wall: Timestamp::default(),
                zone: options.zone,
            },
            waits: Waits::default(),
            tickets: Tickets::default(),
            seen: Seen::default(),
        };
        model.keys_changed();
        model.composer.set(&clean::text(&options.draft));
        let mut effects = Effects::none();
        let keys = model.keymap.problems().iter();
        let keys: Vec<String> = keys
            .map(|problem| {
                let words = problem.to_string();
                let words = words.trim_end_matches('.');
                format!("Your {words}. The line is left out; Alt-K shows what keys mean.")
            })
            .collect();
        for notice in options.notices.iter().chain(&keys) {
            let ticket = model.tickets.issue();
            let text = clean::line(notice).into_owned();
            effects = effects.and(model.notices.tell(Level::Warning, text, ticket));
        }
        effects = effects.and(match (&options.opened, &options.launch) {
            (Some(opening), launch) => {
                let then = match (launch, opening.first) {
                    (Some(_), _) => Then::Resume,
                    (None, First::Review) => Then::Review,
                    (None, First::Session) => Then::Nothing,
                };
                stored::show(&mut model, opening.piece.clone(), opening.at, then)
            }
            (None, Some(launch)) => model.start(launch.clone()),
            (None, None) => {
                let servers = model.discover();
                let sessions = model.list_sessions();
                let left = left::ask(&mut model, LeftAsk::List);
                let asked = servers.and(sessions).and(left);
                match &options.begin {
                    Begin::Sessions => asked.and(browsing::show(&mut model)),
                    Begin::Guide => asked.and(guiding::open(&mut model)),
                    Begin::Start => asked,
                    Begin::Trust(question) => {
                        asked.and(trusting::open(&mut model, (**question).clone()))
                    }
                }
            }
        });
        if !options.compared.is_empty() {
            effects = effects.and(comparing::open(&mut model, options.compared.clone()));
        }
        let beat = model.beat();
        (model, effects.and(beat))
    }

    /// Tells the time. The runtime does so before each batch of messages. For a session read from
    /// its log, time stands still at its last event.
    pub fn clock(&mut self, now: Timestamp) {
        self.session.wall = now;
        if self.shared.live {
            self.shared.now = now;
        }
        aside::clock(self, now);
    }

    /// Keys mean something else than before.
    pub(super) fn keys_changed(&mut self) {
        let follow = Action::Live(live::Action::Scroll(live::Move::End));
        let key = self.keymap.key_for(&[Context::Panes], follow);
        let key = key.map_or_else(|| "palette".to_owned(), |key| key.to_string());
        self.live.set_end_key(key);
    }

    /// Starts a launch; the screen changes when the first event arrives.
    pub(super) fn start(&mut self, launch: Launch) -> Effects {
        let ticket = self.tickets.issue();
        self.waits.open = None;
        self.setup.launching = Some(ticket);
        self.setup.error = None;
        self.composer.set(&clean::text(&launch.prompt));
        Effects::one(Effect::Launch { ticket, launch })
    }

    /// Looks for local servers.
    pub(super) fn discover(&mut self) -> Effects {
        let ticket = self.tickets.issue();
        self.setup.looking(ticket);
        Effects::one(Effect::Query {
            ticket,
            query: Query::Discover,
        })
    }

    /// Asks for the sessions that can be read again.
    pub(super) fn list_sessions(&mut self) -> Effects {
        let ticket = self.tickets.issue();
        self.setup.listing(ticket);
        Effects::one(Effect::Query {
            ticket,
            query: Query::Sessions,
        })
    }

    /// Asks for a stored session; the screen changes when its first part is there.
    pub(super) fn open(&mut self, run: RunId) -> Effects {
        self.open_at(run, None)
    }

    /// The same, shown as it was right after the event with this number; that event is marked. The session
    /// may be one of ours or a log of MassGen, by its name or its folder.
    pub(super) fn open_at(&mut self, run: RunId, at: Option<Seq>) -> Effects {
        stored::ask(self, run, at)
    }

    /// Answers a key with a quiet word.
    pub(super) fn hint(&mut self, text: impl Into<String>) -> Effects {
        let ticket = self.tickets.issue();
        self.notices.hint(text, ticket)
    }

    /// Says something that stays listed.
    pub(super) fn tell(&mut self, level: Level, text: impl Into<String>) -> Effects {
        let ticket = self.tickets.issue();
        self.notices.tell(level, text, ticket)
    }

    /// Asks for the next beat, when something on the screen moves by itself.
    pub(super) fn beat(&mut self) -> Effects {
        if self.waits.beat.is_some() {
            return Effects::none();
        }
        let Some(after) = flow::pulse(self) else {
            return Effects::none();
        };
        let ticket = self.tickets.issue();
        self.waits.beat = Some(ticket);
        Effects::one(Effect::Wake { ticket, after })
    }

    /// True while the search for servers is under way.
    pub(super) fn looking(&self) -> bool {
        matches!(self.setup.servers, Load::Loading(_))
    }

    /// A short title for the terminal's tab: what is going on, and the task.
    pub fn title(&self) -> String {
        let Some(turn) = self
            .shared
            .run
            .turn
            .as_ref()
            .filter(|_| self.screen != Screen::Start)
        else {
            return "massgen-tui".to_owned();
        };
        let state = if self.shared.running() {
            turn.phase.word()
        } else if self.shared.live {
            "done"
        } else {
            "log"
        };
        let demo = if self.shared.demo() { " (demo)" } else { "" };
        let task = turn.start.prompt.lines().next().unwrap_or_default();
        let task = width::fit(task, TITLE_TASK);
        format!("massgen-tui{demo} · {state} · {task}")
    }

    /// What remains when the program leaves now.
    pub fn summary(&self, reason: ExitReason) -> ExitSummary {
        // The session that was lived, also when another one was looked at.
        let shared = aside::team(self);
        let run = &shared.run;
        let last_answer = run
            .turns()
            .filter_map(|turn| match &turn.outcome {
                Some(Outcome::Answered { text, .. }) => Some(text.clone()),
                Some(Outcome::NoAnswer { .. }) | None => None,
            })
            .last();
        ExitSummary {
            final_answer: last_answer,
            session: run.turn.as_ref().map(|turn| turn.start.run.clone()),
            demo: shared.demo(),
            stored: !shared.live,
            reason,
        }
    }
}
