//! The real screen without a terminal: the same model, the same painting, over a session's events.
//!
//! A [`Still`] takes events one by one, as the program does while a team is at work, and is looked at
//! whenever one likes: what it shows is the screen as it was lived. Nothing here reads a clock: the time
//! is that of the last event, or a later one that the caller names; notices pass and spinners turn by
//! that time, so the same events give the same cells on every machine. Memory is bounded as it is for
//! the screen: a column keeps its latest rows.
//!
//! What a screen asks of the world (the lines of a review) is handed out by [`Still::asks`]; whoever has
//! the answers gives them back. Questions that write something are never handed out.

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, layout::Size};

use super::{
    action::{Action, Run},
    compare, comparing,
    effect::{Done, Effect, Effects, Query, Ticket},
    live::{self, Live, More, Show},
    model::{Focus, Model, Screen},
    msg::Msg,
    notes,
    options::StartOptions,
    prepare::prepare,
    rooms::Act,
    runtime, sessions,
    theme::Theme,
    update::update,
    view::view,
};
use crate::{
    protocol::{AgentId, Event, RunId, Timestamp},
    text::{clean::Gate, highlight::highlight},
};

/// Milliseconds of a spinner's frame.
const SPIN: u64 = 160;
/// Layouts after which code that is still not coloured stays plain.
const LAYOUTS: usize = 8;

/// Which screen is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scene {
    /// The live screen with whatever it shows by itself: panes, and the final answer once there is one.
    #[default]
    Live,
    /// The agents' panes.
    Agents,
    /// The final answer.
    Answer,
    /// Every answer with all its revisions.
    Answers,
    /// Ballots and their reasons.
    Votes,
    /// What happened when.
    Timeline,
    /// Tokens and money.
    Cost,
    /// The team and its rules.
    Team,
    /// The files that agents changed.
    Review,
    /// A room about sessions.
    Room(Room),
}

/// A room about sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// The list of all of them.
    Browser,
    /// The session in figures.
    Report,
    /// Notes of people.
    Notes,
    /// This session and others side by side.
    Compare,
}

impl Scene {
    /// Every scene with its name on the command line.
    pub const ALL: [(&'static str, Self); 13] = [
        ("live", Self::Live),
        ("agents", Self::Agents),
        ("answer", Self::Answer),
        ("answers", Self::Answers),
        ("votes", Self::Votes),
        ("timeline", Self::Timeline),
        ("cost", Self::Cost),
        ("team", Self::Team),
        ("review", Self::Review),
        ("browser", Self::Room(Room::Browser)),
        ("report", Self::Room(Room::Report)),
        ("notes", Self::Room(Room::Notes)),
        ("compare", Self::Room(Room::Compare)),
    ];

    /// The page of the live screen; `None` for what is none, or what is shown by itself.
    const fn page(self) -> Option<Show> {
        match self {
            Self::Live | Self::Review | Self::Room(_) => None,
            Self::Agents => Some(Show::Agents),
            Self::Answer => Some(Show::Final),
            Self::Answers => Some(Show::More(More::Answers)),
            Self::Votes => Some(Show::Votes),
            Self::Timeline => Some(Show::Timeline),
            Self::Cost => Some(Show::Cost),
            Self::Team => Some(Show::Team),
        }
    }

    /// What opens the room that it is.
    const fn room(self) -> Option<Action> {
        match self {
            Self::Review => Some(Action::Run(Run::Review)),
            Self::Room(Room::Report) => Some(Action::Run(Run::Report)),
            Self::Room(Room::Browser) => Some(Action::Room(Act::Sessions(sessions::Action::Show))),
            Self::Room(Room::Notes) => Some(Action::Room(Act::Notes(notes::Action::Here(
                notes::Here::Open,
            )))),
            Self::Room(Room::Compare) => Some(Action::Room(Act::Compare(compare::Action::Take(
                compare::Take::Show,
            )))),
            Self::Live
            | Self::Agents
            | Self::Answer
            | Self::Answers
            | Self::Votes
            | Self::Timeline
            | Self::Cost
            | Self::Team => None,
        }
    }
}

/// Why a scene or a pane cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No event was taken that began a turn: there is no team to show.
    Team,
    /// The session works on no folder, so there is nothing to review.
    Folder,
    /// No other session was named, so there is nothing to compare.
    Others,
    /// No agent of this name or number; these are there.
    Agent(Vec<String>),
}

/// The screen over the events so far.
#[derive(Debug)]
pub struct Still {
    model: Model,
    painter: Terminal<TestBackend>,
    gate: Gate,
    /// When a notice passes.
    timers: Vec<(Timestamp, Ticket)>,
    /// Questions of the screen that is looked at.
    asked: Vec<(Ticket, Query)>,
    now: Timestamp,
}

impl Still {
    /// A screen before the first event.
    #[must_use]
    pub fn new(size: Size, theme: Theme) -> Self {
        let (mut model, _) = Model::new(&StartOptions::new(theme));
        // The session is on the screen already, also when its log has lost its first event.
        model.session.fresh = false;
        model.screen = Screen::Live;
        model.live = Live::new();
        let _ = update(&mut model, Msg::Resized(size));
        let size = model.size;
        let Ok(painter) = Terminal::new(TestBackend::new(size.width, size.height));
        Self {
            model,
            painter,
            gate: Gate::default(),
            timers: Vec::new(),
            asked: Vec::new(),
            now: Timestamp::default(),
        }
    }

    /// Takes in the next event; texts pass the gate here.
    pub fn take(&mut self, event: Event) {
        self.pass(event.at);
        let event = self.gate.pass(event);
        let effects = update(&mut self.model, Msg::Engine(Box::new(event)));
        self.perform(effects);
    }

    /// Lets time pass until `now`: notices go, clocks move. Never goes back.
    pub fn pass(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let now = self.now;
        let (mut due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.timers)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.timers = waiting;
        due.sort_by_key(|(at, ticket)| (*at, ticket.0));
        self.model.clock(now);
        self.model.shared.tick = now.0 / SPIN;
        for (_, ticket) in due {
            let effects = update(&mut self.model, Msg::Done(ticket, Done::Woke));
            self.perform(effects);
        }
    }

    /// The time on the screen.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The fold over the events so far, its texts clean.
    #[must_use]
    pub const fn run(&self) -> &crate::run::RunState {
        &self.model.shared.run
    }

    /// The screen's title: what goes on, and the task.
    #[must_use]
    pub fn title(&self) -> String {
        self.model.title()
    }

    /// Shows another screen.
    ///
    /// # Errors
    /// What the session does not have.
    pub fn show(&mut self, scene: Scene) -> Result<(), Missing> {
        if self.model.shared.run.turn.is_none() {
            return Err(Missing::Team);
        }
        self.model.screen = Screen::Live;
        self.model.focus = Focus::Panes;
        if let Some(page) = scene.page() {
            // Asking for a page that is open would close it.
            self.act(Action::Live(live::Action::Page(Show::Agents)));
            self.act(Action::Live(live::Action::Page(page)));
        }
        if let Some(room) = scene.room() {
            self.act(room);
        }
        match (scene, self.model.screen) {
            (Scene::Review, screen) if screen != Screen::Review => Err(Missing::Folder),
            (Scene::Room(Room::Compare), screen) if screen != Screen::Compare => {
                Err(Missing::Others)
            }
            _ => Ok(()),
        }
    }

    /// The sessions of [`Room::Compare`], in this order; fewer than two are none.
    pub fn beside(&mut self, runs: Vec<RunId>) {
        if runs.len() > 1 {
            let effects = comparing::open(&mut self.model, runs);
            self.perform(effects);
        }
    }

    /// Shows the pane of one agent alone, named by its name or number.
    ///
    /// # Errors
    /// There is no such agent.
    pub fn alone(&mut self, name: &str) -> Result<(), Missing> {
        let id = self.agent(name)?;
        self.model.screen = Screen::Live;
        self.model.focus = Focus::Panes;
        self.model.live.alone(id);
        Ok(())
    }

    /// The agent that a name or number means.
    fn agent(&self, name: &str) -> Result<AgentId, Missing> {
        let turn = self.model.shared.run.turn.as_ref().ok_or(Missing::Team)?;
        let name = name.trim();
        let agents = || turn.agents.iter().map(|agent| &agent.card);
        let found = agents()
            .find(|card| card.name == name)
            .or_else(|| agents().find(|card| card.name.eq_ignore_ascii_case(name)))
            .or_else(|| agents().find(|card| card.id.0.to_string() == name));
        found
            .map(|card| card.id)
            .ok_or_else(|| Missing::Agent(agents().map(|card| card.name.clone()).collect()))
    }

    /// Questions of the screen that is looked at, each handed out once. Asked again after each answer
    /// until there are none: an answer may lead to the next question.
    pub fn asks(&mut self) -> Vec<(Ticket, Query)> {
        // Painting is what finds out that a file's lines are wanted.
        self.prepare();
        std::mem::take(&mut self.asked)
    }

    /// An answer to a question that was handed out.
    pub fn told(&mut self, ticket: Ticket, done: Done) {
        let done = runtime::clean_done(done);
        let effects = update(&mut self.model, Msg::Done(ticket, done));
        self.perform(effects);
    }

    /// What is on the screen.
    pub fn picture(&mut self) -> &Buffer {
        self.prepare();
        let model = &self.model;
        let Ok(painted) = self.painter.draw(|frame| view(model, frame));
        painted.buffer
    }

    fn act(&mut self, action: Action) {
        let effects = update(&mut self.model, Msg::Action(action));
        self.perform(effects);
    }

    /// Lays out, and colours the code that the layout found.
    fn prepare(&mut self) {
        for _ in 0..LAYOUTS {
            prepare(&mut self.model);
            let found = self.model.live.found();
            if found.0.is_empty() {
                return;
            }
            self.perform(found);
        }
        prepare(&mut self.model);
    }

    /// Performs what needs nobody (time, the colours of code), and keeps the questions of a room that
    /// only look.
    fn perform(&mut self, effects: Effects) {
        for effect in effects.0 {
            match effect {
                // Spinners turn by the time of the events.
                Effect::Wake { ticket, .. } if self.model.waits.beat == Some(ticket) => {}
                Effect::Wake { ticket, after } => {
                    let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                    let at = Timestamp(self.now.0.saturating_add(after));
                    self.timers.push((at, ticket));
                }
                Effect::Highlight { ticket, job } => {
                    let done = Done::Highlighted(highlight(&job));
                    let more = update(&mut self.model, Msg::Done(ticket, done));
                    self.perform(more);
                }
                Effect::Query {
                    ticket,
                    query: Query::Room(ask),
                } => {
                    // Notes are asked for by whatever session begins; wanted are they on their own screen.
                    let aside = matches!(ask, super::rooms::Ask::Notes(_))
                        && self.model.screen != Screen::Notes;
                    if !ask.writes() && !aside {
                        self.asked.push((ticket, Query::Room(ask)));
                    }
                }
                Effect::Query { .. }
                | Effect::Launch { .. }
                | Effect::Engine(_)
                | Effect::Copy(_)
                | Effect::Capture { .. }
                | Effect::Edit { .. }
                | Effect::Mouse(_)
                | Effect::Repaint
                | Effect::Suspend
                | Effect::Exit => {}
            }
        }
    }
}

/// The screen after these events: the whole of [`Still`] in one call, for what asks the world nothing.
///
/// # Errors
/// What the session does not have.
pub fn still(
    events: impl IntoIterator<Item = Event>,
    (size, theme): (Size, Theme),
    scene: Scene,
) -> Result<Buffer, Missing> {
    let mut still = Still::new(size, theme);
    for event in events {
        still.take(event);
    }
    still.show(scene)?;
    Ok(still.picture().clone())
}

#[cfg(test)]
mod tests;
