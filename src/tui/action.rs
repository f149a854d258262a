//! Everything a person can do, as data with stable names.
//!
//! The keymap file, the command palette and the help overlay speak of actions by name, for example
//! `app.help` or `live.zoom`: the feature, a dot, the feature's own name. Names never change their
//! meaning between versions; keys do.

use super::{
    compare, composer, desk, guide, layer, live, moves::Move, notes, replay, report, review,
    rooms::Act, sessions, setup,
};

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The program as a whole.
    App(App),
    /// The running session.
    Run(Run),
    /// The start screen.
    Setup(setup::Action),
    /// The text editor.
    Composer(composer::Action),
    /// The overlay on top.
    Layer(layer::Action),
    /// Questions and messages.
    Talk(layer::Talk),
    /// The team at work.
    Team(layer::Team),
    /// The live screen.
    Live(live::Action),
    /// A room.
    Room(Act),
}

/// Actions of the program as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum App {
    /// Show all keys.
    Help,
    /// Show all commands.
    Palette,
    /// Show the latest notices.
    Notices,
    /// Show how all endpoints are.
    Health,
    /// Leave; asks while a team is at work.
    Quit,
    /// Ctrl-C: clears a draft, then asks, then leaves.
    Interrupt,
    /// Suspend the program.
    Suspend,
    /// Paint everything anew.
    Repaint,
    /// Write a picture of the screen.
    Capture,
    /// Give the mouse to the terminal, or take it back.
    Mouse,
    /// Back to the start screen for a new task.
    Home,
    /// Show what a crash left behind.
    Left,
}

/// Actions on the running session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Run {
    /// Wrap up and decide now.
    AnswerNow,
    /// Stop the turn; asks first.
    Stop,
    /// Put the cursor into the editor.
    Compose,
    /// Leave the editor for the panes.
    Panes,
    /// Go on with a stored session whose turn broke off.
    Resume,
    /// Review what the agents changed in files.
    Review,
    /// The session in figures.
    Report,
    /// Give the session away, or those that are marked.
    Export,
    /// Pick one of the prompts that are kept.
    Prompts,
    /// Back to the team at work, from whatever is on the screen.
    Team,
    /// Leave out the tasks of a conversation that are still to come.
    LeaveOut,
}

/// An action's name within its feature, its line of help, and the action.
pub type Named<A> = (&'static str, &'static str, A);

const APP: &[Named<App>] = &[
    ("help", "show all keys", App::Help),
    ("palette", "show all commands", App::Palette),
    ("notices", "show the latest notices", App::Notices),
    (
        "health",
        "show how servers, keys and agents are",
        App::Health,
    ),
    ("quit", "leave; asks while a team is at work", App::Quit),
    (
        "interrupt",
        "clear the draft, then ask to leave; twice leaves",
        App::Interrupt,
    ),
    ("suspend", "suspend the program", App::Suspend),
    ("repaint", "paint the screen anew", App::Repaint),
    ("capture", "save a picture of the screen", App::Capture),
    (
        "mouse",
        "leave the mouse to the terminal, or take it back",
        App::Mouse,
    ),
    ("home", "go to the start screen for a new task", App::Home),
    (
        "left-behind",
        "get back the worktrees of sessions that were cut off",
        App::Left,
    ),
];

const RUN: &[Named<Run>] = &[
    (
        "answer-now",
        "ask the team to wrap up and decide",
        Run::AnswerNow,
    ),
    ("stop", "stop the turn and keep the best answer", Run::Stop),
    (
        "compose",
        "write to the agents, or the next task",
        Run::Compose,
    ),
    ("panes", "leave the editor for the panes", Run::Panes),
    (
        "resume",
        "go on with a stored session that broke off",
        Run::Resume,
    ),
    (
        "review",
        "review the files that agents changed",
        Run::Review,
    ),
    (
        "report",
        "see the session in figures, and have a model read it",
        Run::Report,
    ),
    (
        "export",
        "give the session away, or those that are marked",
        Run::Export,
    ),
    (
        "prompts",
        "pick a prompt that is kept, and fill in its variables",
        Run::Prompts,
    ),
    (
        "team",
        "go back to the team at work, from another session",
        Run::Team,
    ),
    (
        "leave-out",
        "leave out the tasks of the conversation that are still to come",
        Run::LeaveOut,
    ),
];

/// An action as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Full name, `feature.name`.
    pub name: String,
    /// One line of help.
    pub help: &'static str,
    /// The action.
    pub action: Action,
}

impl Action {
    /// Every action, grouped by feature.
    pub fn all() -> Vec<Entry> {
        let mut all = Vec::new();
        add(&mut all, "app", APP, Self::App);
        add(&mut all, "run", RUN, Self::Run);
        add(&mut all, "start", setup::Action::TABLE, Self::Setup);
        add(&mut all, "edit", composer::Action::TABLE, Self::Composer);
        add(&mut all, "list", layer::Action::TABLE, Self::Layer);
        add(&mut all, "talk", layer::Talk::TABLE, Self::Talk);
        add(&mut all, "team", layer::Team::TABLE, Self::Team);
        all.extend(Self::rooms());
        all.extend(live::Action::all().iter().filter_map(|(name, help)| {
            Some(Entry {
                name: format!("live.{name}"),
                help,
                action: Self::Live(live::Action::from_name(name)?),
            })
        }));
        all
    }

    /// What can be done in rooms: the moves of their rows first, then what is their own.
    fn rooms() -> Vec<Entry> {
        let mut all = Vec::new();
        let mut room = |feature: &str, step: fn(Move) -> Act| {
            add(&mut all, feature, Move::TABLE, |to| Self::Room(step(to)));
        };
        room("review", |to| Act::Review(review::Action::Move(to)));
        room("sessions", |to| Act::Sessions(sessions::Action::Move(to)));
        room("notes", |to| Act::Notes(notes::Action::Move(to)));
        room("compare", |to| Act::Compare(compare::Action::Move(to)));
        room("report", |to| Act::Report(report::Action::Move(to)));
        room("guide", |to| Act::Guide(guide::Action::Move(to)));
        room("desk", |to| Act::Desk(desk::Action::Move(to)));
        add(&mut all, "review", review::Action::TABLE, |action| {
            Self::Room(Act::Review(action))
        });
        add(&mut all, "replay", replay::Action::TABLE, |action| {
            Self::Room(Act::Replay(action))
        });
        add(&mut all, "sessions", sessions::Action::TABLE, |action| {
            Self::Room(Act::Sessions(action))
        });
        add(&mut all, "notes", notes::Action::TABLE, |action| {
            Self::Room(Act::Notes(action))
        });
        add(&mut all, "compare", compare::Action::TABLE, |action| {
            Self::Room(Act::Compare(action))
        });
        add(&mut all, "report", report::Action::TABLE, |action| {
            Self::Room(Act::Report(action))
        });
        add(&mut all, "guide", guide::Action::TABLE, |action| {
            Self::Room(Act::Guide(action))
        });
        add(&mut all, "desk", desk::Action::TABLE, |action| {
            Self::Room(Act::Desk(action))
        });
        all
    }
}

/// Adds the actions of a feature under its name.
fn add<A: Copy>(
    into: &mut Vec<Entry>,
    feature: &str,
    table: &[Named<A>],
    wrap: impl Fn(A) -> Action,
) {
    into.extend(table.iter().map(|(name, help, action)| Entry {
        name: format!("{feature}.{name}"),
        help,
        action: wrap(*action),
    }));
}
