//! What keys mean: contexts, keys and actions, read from `assets/keymap.toml`.
//!
//! The help overlay, the palette and `docs/keys.md` are printed from this one table, so they cannot
//! say anything else than what the keys do. The meaning of a key is settled here, before `update`
//! sees it. This module knows nothing of the model: who asks names the contexts that hold.

mod file;
mod key;
mod own;
mod page;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use file::Problem;
pub use key::{Chord, Key, KeyParseError};
pub use own::written;
pub use page::markdown;

use super::{
    action::{Action, Entry},
    desk, guide, notes, report,
    review::Place,
};

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere, overlays included.
    Global,
    /// Everywhere but in overlays.
    Command,
    /// In an empty editor: single characters that mean something else than themselves.
    Empty,
    /// In the editor of the start screen.
    Task,
    /// In the lists of the start screen.
    Start,
    /// In the editor of the live screen.
    Steer,
    /// In every editor.
    Edit,
    /// On the live screen, outside its editor.
    Panes,
    /// While text to search for is typed.
    Search,
    /// In a room.
    Room(Room),
    /// In an overlay.
    Over(Over),
    /// Nowhere: only the palette offers it.
    Palette,
}

/// Rooms and their parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// The review screen.
    Review(Place),
    /// The notes of a session.
    Notes(notes::Place),
    /// Sessions side by side.
    Compare,
    /// The report screen.
    Report(report::Place),
    /// The set-up screen.
    Guide(guide::Place),
    /// Settings and log.
    Desk(desk::Place),
    /// The live screen over a session that was read from its log.
    Stored(Shown),
    /// The list of sessions.
    Sessions,
}

/// How a session that was read from its log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// As it ended.
    Ended,
    /// As it was in between: it is read or played.
    Between,
}

/// Kinds of overlays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// With a list: help, palette, notices, endpoints.
    List,
    /// A question.
    Confirm,
}

impl Context {
    /// All contexts, in the order of the help overlay.
    pub const ALL: [Self; 29] = [
        Self::Command,
        Self::Room(Room::Stored(Shown::Ended)),
        Self::Room(Room::Stored(Shown::Between)),
        Self::Panes,
        Self::Steer,
        Self::Room(Room::Review(Place::Main)),
        Self::Room(Room::Review(Place::Writing)),
        Self::Room(Room::Review(Place::Steps)),
        Self::Room(Room::Sessions),
        Self::Room(Room::Notes(notes::Place::Main)),
        Self::Room(Room::Notes(notes::Place::Writing)),
        Self::Room(Room::Compare),
        Self::Room(Room::Report(report::Place::Main)),
        Self::Room(Room::Report(report::Place::Models)),
        Self::Room(Room::Report(report::Place::Asking)),
        Self::Room(Room::Guide(guide::Place::Main)),
        Self::Room(Room::Guide(guide::Place::Typing)),
        Self::Room(Room::Desk(desk::Place::Main)),
        Self::Room(Room::Desk(desk::Place::Typing)),
        Self::Room(Room::Desk(desk::Place::Keys)),
        Self::Task,
        Self::Start,
        Self::Empty,
        Self::Edit,
        Self::Search,
        Self::Over(Over::List),
        Self::Over(Over::Confirm),
        Self::Global,
        Self::Palette,
    ];

    /// Its section in the keymap file.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Command => "command",
            Self::Empty => "empty",
            Self::Task => "task",
            Self::Start => "start",
            Self::Room(Room::Stored(Shown::Ended)) => "opened",
            Self::Room(Room::Stored(Shown::Between)) => "replay",
            Self::Steer => "steer",
            Self::Edit => "edit",
            Self::Panes => "panes",
            Self::Search => "search",
            Self::Room(Room::Review(Place::Main)) => "review",
            Self::Room(Room::Review(Place::Writing)) => "review-writing",
            Self::Room(Room::Review(Place::Steps)) => "review-steps",
            Self::Room(Room::Sessions) => "sessions",
            Self::Room(Room::Notes(notes::Place::Main)) => "notes",
            Self::Room(Room::Notes(notes::Place::Writing)) => "notes-writing",
            Self::Room(Room::Compare) => "compare",
            Self::Room(Room::Report(report::Place::Main)) => "report",
            Self::Room(Room::Report(report::Place::Models)) => "report-models",
            Self::Room(Room::Report(report::Place::Asking)) => "report-asking",
            Self::Room(Room::Guide(guide::Place::Main)) => "guide",
            Self::Room(Room::Guide(guide::Place::Typing)) => "guide-typing",
            Self::Room(Room::Desk(desk::Place::Main)) => "desk",
            Self::Room(Room::Desk(desk::Place::Typing)) => "desk-typing",
            Self::Room(Room::Desk(desk::Place::Keys)) => "desk-keys",
            Self::Over(Over::List) => "list",
            Self::Over(Over::Confirm) => "confirm",
            Self::Palette => "palette",
        }
    }

    /// Its heading for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Global => "Always",
            Self::Command => "Anywhere outside overlays (single characters: outside editors)",
            Self::Empty => "In an empty editor",
            Self::Task => "Start screen, editor",
            Self::Start => "Start screen, lists",
            Self::Room(Room::Stored(Shown::Ended)) => "A session read from its log",
            Self::Room(Room::Stored(Shown::Between)) => "While such a session is read or played",
            Self::Steer => "Live screen, editor",
            Self::Edit => "In every editor",
            Self::Panes => "Live screen, panes and pages",
            Self::Search => "While typing a search",
            Self::Room(Room::Review(Place::Main)) => "Review screen",
            Self::Room(Room::Review(Place::Writing)) => "Review screen, while a comment is written",
            Self::Room(Room::Review(Place::Steps)) => "Review screen, sending and applying",
            Self::Room(Room::Sessions) => "List of sessions",
            Self::Room(Room::Notes(notes::Place::Main)) => "Notes",
            Self::Room(Room::Notes(notes::Place::Writing)) => "Notes, while one is written",
            Self::Room(Room::Compare) => "Sessions side by side",
            Self::Room(Room::Report(report::Place::Main)) => "Report screen",
            Self::Room(Room::Report(report::Place::Models)) => "Report screen, list of models",
            Self::Room(Room::Report(report::Place::Asking)) => "Report screen, asking a model",
            Self::Room(Room::Guide(guide::Place::Main)) => "Set-up screen",
            Self::Room(Room::Guide(guide::Place::Typing)) => {
                "Set-up screen, list of models and keys"
            }
            Self::Room(Room::Desk(desk::Place::Main)) => "Settings, keys and log",
            Self::Room(Room::Desk(desk::Place::Typing)) => {
                "Settings and log, while something is typed"
            }
            Self::Room(Room::Desk(desk::Place::Keys)) => {
                "Settings and log, while keys are pressed for an action"
            }
            Self::Over(Over::List) => "In help, commands, notices and endpoints",
            Self::Over(Over::Confirm) => "In a question",
            Self::Palette => "Without a key, from the palette",
        }
    }
}

/// One action in one context, with its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where.
    pub context: Context,
    /// What.
    pub entry: Entry,
    /// Its keys; empty in [`Context::Palette`].
    pub keys: Vec<Chord>,
}

impl Binding {
    /// Its keys for people, for example `Ctrl-P or :`.
    pub fn keys_text(&self) -> String {
        self.keys
            .iter()
            .map(Chord::to_string)
            .collect::<Vec<_>>()
            .join(" or ")
    }
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This action.
    Action(Action),
    /// The first of two keys.
    Prefix,
    /// Nothing here.
    Unbound,
}

/// All bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
    index: HashMap<(Context, Chord), Action>,
    problems: Vec<Problem>,
}

impl Keymap {
    /// The bindings that the program is delivered with. A test proves that they have no problems.
    pub fn builtin() -> Self {
        Self::parse(include_str!("../../../assets/keymap.toml"))
    }

    /// Reads a keymap file; lines that cannot be read are left out and told in
    /// [`Keymap::problems`].
    pub fn parse(text: &str) -> Self {
        let (bindings, mut problems) = file::read(text);
        let mut index = HashMap::new();
        for binding in &bindings {
            for chord in &binding.keys {
                if index
                    .insert((binding.context, *chord), binding.entry.action)
                    .is_some()
                {
                    problems.push(Problem {
                        line: 0,
                        what: format!("{chord} stands twice in [{}]", binding.context.section()),
                    });
                }
            }
        }
        Self {
            bindings,
            index,
            problems,
        }
    }

    /// What could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All bindings in the order of the file.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The meaning of `key`, after `prefix` if there was one, in the first context that knows it.
    pub fn lookup(&self, contexts: &[Context], prefix: Option<Key>, key: Key) -> Meaning {
        let chord = match prefix {
            Some(first) => Chord {
                first,
                second: Some(key),
            },
            None => Chord {
                first: key,
                second: None,
            },
        };
        for context in contexts {
            if let Some(action) = self.index.get(&(*context, chord)) {
                return Meaning::Action(*action);
            }
        }
        let opens = prefix.is_none()
            && self.bindings.iter().any(|binding| {
                contexts.contains(&binding.context)
                    && binding
                        .keys
                        .iter()
                        .any(|chord| chord.first == key && chord.second.is_some())
            });
        if opens {
            Meaning::Prefix
        } else {
            Meaning::Unbound
        }
    }

    /// The first key of an action in these contexts, for hints.
    pub fn key_for(&self, contexts: &[Context], action: Action) -> Option<Chord> {
        contexts.iter().find_map(|context| {
            self.bindings
                .iter()
                .find(|binding| binding.context == *context && binding.entry.action == action)
                .and_then(|binding| binding.keys.first().copied())
        })
    }

    /// What the palette offers in these contexts: each action once, in their order, then the
    /// actions without a key.
    pub fn commands(&self, contexts: &[Context]) -> Vec<&Binding> {
        let mut commands: Vec<&Binding> = Vec::new();
        for context in contexts.iter().chain(std::iter::once(&Context::Palette)) {
            for binding in &self.bindings {
                if binding.context == *context
                    && !commands
                        .iter()
                        .any(|known| known.entry.action == binding.entry.action)
                {
                    commands.push(binding);
                }
            }
        }
        commands
    }
}
