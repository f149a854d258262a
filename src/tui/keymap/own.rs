//! The person's own keys over the delivered ones: what their file says, what can be bound where, and the
//! file with one binding changed.
//!
//! A line of the file stands for all keys of an action in a context. Ctrl-C always interrupts, letters are
//! text where text is typed, and no key hides a pair of keys that begins with it: what would break these
//! is left out and told.

use std::{collections::HashMap, fmt::Write as _};

use crossterm::event::{KeyCode, KeyModifiers};

use super::{Binding, Chord, Context, Key, Keymap, Problem, Room, file};
use crate::tui::{
    action::{Action, App, Entry},
    desk, guide, notes, report, review,
};

/// The beginning of a file that the program writes.
const HEAD: &str = "# Your own keys; docs/keys.md has all names. A line stands for all keys of an action there.\n\
                    # Delete a line to get the program's own keys back.\n";
/// What Ctrl-C means, whatever a file says.
const INTERRUPT: Action = Action::App(App::Interrupt);
/// The words for it.
const ALWAYS: &str = "Ctrl-C always interrupts.";
/// Most keys of one action.
const MOST: usize = 6;

impl Context {
    /// Contexts in which a plain character is text.
    pub const fn takes_text(self) -> bool {
        match self {
            Self::Room(room) => matches!(
                room,
                Room::Desk(desk::Place::Typing | desk::Place::Keys)
                    | Room::Guide(guide::Place::Typing)
                    | Room::Report(report::Place::Models)
                    | Room::Notes(notes::Place::Writing)
                    | Room::Review(review::Place::Writing)
            ),
            Self::Task | Self::Steer | Self::Edit | Self::Search => true,
            Self::Over(over) => matches!(over, super::Over::List),
            Self::Global
            | Self::Command
            | Self::Empty
            | Self::Start
            | Self::Panes
            | Self::Palette => false,
        }
    }

    /// Contexts that hold where this one does and has nothing to say.
    const fn below(self) -> &'static [Self] {
        match self {
            Self::Global | Self::Empty | Self::Palette => &[],
            Self::Command | Self::Over(_) | Self::Room(Room::Desk(desk::Place::Keys)) => {
                &[Self::Global]
            }
            Self::Task
            | Self::Steer
            | Self::Room(
                Room::Notes(notes::Place::Writing) | Room::Review(review::Place::Writing),
            ) => &[Self::Edit, Self::Command, Self::Global],
            Self::Room(Room::Stored(_)) => &[Self::Panes, Self::Command, Self::Global],
            Self::Edit | Self::Start | Self::Panes | Self::Search | Self::Room(_) => {
                &[Self::Command, Self::Global]
            }
        }
    }
}

impl Keymap {
    /// The delivered bindings under those of the person's file. What of the file cannot be used is left out
    /// and told in [`Keymap::problems`].
    pub fn with_own(text: &str) -> Self {
        let mut keymap = Self::builtin();
        let (own, problems) = file::read(text);
        keymap.problems = problems;
        let mut seen: HashMap<(Context, Chord), String> = HashMap::new();
        for binding in own {
            for key in &binding.keys {
                let earlier = seen.insert((binding.context, *key), binding.entry.name.clone());
                if let Some(earlier) = earlier {
                    keymap.problem(&binding.entry, &format!("{key} was given to {earlier}"));
                }
            }
            keymap.lay(binding);
        }
        keymap
    }

    /// Takes a line of the person's file.
    fn lay(&mut self, mut own: Binding) {
        let (context, action) = (own.context, own.entry.action);
        if own.keys.len() > MOST {
            self.problem(&own.entry, &format!("more than {MOST} keys"));
            own.keys.truncate(MOST);
        }
        let wrong: Vec<(Chord, String)> = own
            .keys
            .iter()
            .filter_map(|chord| Some((*chord, self.barred(context, action, *chord)?)))
            .collect();
        for (chord, why) in wrong {
            own.keys.retain(|key| *key != chord);
            self.problem(&own.entry, &why);
        }
        if action == INTERRUPT && context == Context::Global && !own.keys.iter().any(interrupts) {
            let delivered = self.bindings.iter();
            let mut delivered = delivered.filter(|one| one.entry.action == INTERRUPT);
            let keys = delivered.next().map_or(&[][..], |one| one.keys.as_slice());
            own.keys.extend(keys.iter().filter(|key| interrupts(key)));
            self.problem(&own.entry, ALWAYS);
        }
        self.put(own);
    }

    fn problem(&mut self, entry: &Entry, why: &str) {
        let what = format!("{}: {why}", entry.name);
        self.problems.push(Problem { line: 0, what });
    }

    /// Gives an action these keys in a context; keys that meant something else there mean this now.
    fn put(&mut self, own: Binding) {
        for other in &mut self.bindings {
            if other.context == own.context && other.entry.action != own.entry.action {
                other.keys.retain(|key| !own.keys.contains(key));
            }
        }
        let same =
            |one: &&mut Binding| one.context == own.context && one.entry.action == own.entry.action;
        match self.bindings.iter_mut().find(same) {
            Some(known) => known.keys = own.keys,
            None => self.bindings.push(own),
        }
        self.index = self
            .bindings
            .iter()
            .flat_map(|one| {
                let action = one.entry.action;
                one.keys
                    .iter()
                    .map(move |key| ((one.context, *key), action))
            })
            .collect();
    }

    /// Gives an action other keys in a context; `None` is the delivered ones.
    pub fn bind(&mut self, context: Context, action: Action, keys: Option<&[Chord]>) {
        let entry = |keymap: &Self| {
            let mut all = keymap.bindings.iter();
            let known = all.find(|one| one.context == context && one.entry.action == action);
            known.map(|one| (one.entry.clone(), one.keys.clone()))
        };
        let keys = match keys {
            Some(keys) => Some(keys.to_vec()),
            None => entry(&Self::builtin()).map(|(_, keys)| keys),
        };
        if let (Some((entry, _)), Some(keys)) = (entry(self), keys) {
            self.put(Binding {
                context,
                entry,
                keys,
            });
        }
    }

    /// Whether an action could have these keys in a context, and what else there is to say about it.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub fn judge(
        &self,
        context: Context,
        action: Action,
        keys: &[Chord],
    ) -> Result<Option<String>, String> {
        if keys.len() > MOST {
            return Err(format!("An action has at most {MOST} keys."));
        }
        if action == INTERRUPT {
            return Err(ALWAYS.to_owned());
        }
        let mut note = None;
        for (at, chord) in keys.iter().enumerate() {
            if keys.iter().take(at).any(|other| other == chord) {
                return Err(format!("{chord} stands there twice."));
            }
            if let Some(why) = self.barred(context, action, *chord) {
                return Err(why);
            }
            let help = |context: Context| {
                let mut there = self.bindings.iter().filter(|one| {
                    one.context == context && one.entry.action != action && one.keys.contains(chord)
                });
                there.next().map(|one| one.entry.help)
            };
            if let Some(help) = help(context) {
                return Err(format!(
                    "{chord} already means here: {help}. Give that another key first."
                ));
            }
            if let Some(help) = context.below().iter().find_map(|below| help(*below)) {
                note = Some(format!("{chord} then no longer means there: {help}."));
            }
            let above = Context::ALL.into_iter();
            let above = above.filter(|above| above.below().contains(&context));
            if let Some(over) = above.into_iter().find(|above| help(*above).is_some()) {
                note = Some(format!(
                    "{chord} keeps another meaning in: {}.",
                    over.title()
                ));
            }
        }
        Ok(note)
    }

    /// Why a key can never mean this there, whatever else is bound.
    fn barred(&self, context: Context, action: Action, chord: Chord) -> Option<String> {
        if interrupts(&chord) && action != INTERRUPT {
            return Some(ALWAYS.to_owned());
        }
        if context == Context::Palette {
            return Some("No key reaches the palette's own list.".to_owned());
        }
        if chord.first.text().is_some() && context.takes_text() {
            return Some(format!("{chord} is text where text is typed."));
        }
        let stack = || std::iter::once(&context).chain(context.below());
        let others = self.bindings.iter().filter(|one| {
            stack().any(|context| *context == one.context)
                && (one.context, one.entry.action) != (context, action)
        });
        others.flat_map(|one| &one.keys).find_map(|other| {
            let same = other.first == chord.first;
            match (chord.second, other.second) {
                (None, Some(_)) if same => Some(format!("{chord} begins {other} there.")),
                (Some(_), None) if same => {
                    Some(format!("{other} means something by itself there."))
                }
                _ => None,
            }
        })
    }
}

/// True for Ctrl-C, alone or as the first of two.
fn interrupts(chord: &Chord) -> bool {
    let ctrl_c = Key::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    chord.first == ctrl_c
}

/// The person's file with other keys for an action in a context; `None` takes its line away. Comments and
/// other lines stay.
pub fn written(text: &str, context: Context, action: &str, keys: Option<&[Chord]>) -> String {
    let line = keys.map(|keys| {
        let keys: Vec<String> = keys.iter().map(|key| quoted(&key.name())).collect();
        format!("{} = [{}]", quoted(action), keys.join(", "))
    });
    let section = format!("[{}]", context.section());
    let begins = format!("{} ", quoted(action));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_head = |line: &String| line.trim().starts_with('[');
    let Some(start) = lines.iter().position(|line| line.trim() == section) else {
        let mut text = text.to_owned();
        if let Some(line) = line {
            if text.trim().is_empty() {
                HEAD.clone_into(&mut text);
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
            let _ = write!(text, "\n{section}\n{line}\n");
        }
        return text;
    };
    let rest = lines.iter().skip(start + 1);
    let end = start + 1 + rest.take_while(|line| !is_head(line)).count();
    let known = (start + 1..end).find(|at| {
        let line = lines.get(*at).map_or("", |line| line.trim());
        line.replace('=', " =").starts_with(&begins)
    });
    match (known, line) {
        (Some(at), Some(line)) => {
            if let Some(old) = lines.get_mut(at) {
                *old = line;
            }
        }
        (Some(at), None) => {
            lines.remove(at);
        }
        (None, Some(line)) => {
            let filled = (start + 1..end)
                .rev()
                .find(|at| lines.get(*at).is_some_and(|line| !line.trim().is_empty()));
            lines.insert(filled.map_or(start + 1, |at| at + 1), line);
        }
        (None, None) => {}
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// As the keymap file quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chord(name: &str) -> Chord {
        name.parse().expect("a chord")
    }

    fn named(name: &str) -> Action {
        let mut all = Action::all().into_iter();
        all.find(|entry| entry.name == name)
            .expect("an action")
            .action
    }

    fn means(keymap: &Keymap, context: Context, key: &str) -> super::super::Meaning {
        keymap.lookup(&[context], None, chord(key).first)
    }

    #[test]
    fn a_file_lies_over_the_delivered_keys() {
        use super::super::Meaning;
        let file = "# mine\n[command]\n\"app.help\" = [\"f9\", \"alt-h\"]\n\"app.health\" = []\n";
        let keymap = Keymap::with_own(file);
        assert_eq!(keymap.problems(), []);
        let help = Meaning::Action(named("app.help"));
        assert_eq!(means(&keymap, Context::Command, "f9"), help);
        assert_eq!(means(&keymap, Context::Command, "f1"), Meaning::Unbound);
        assert_eq!(means(&keymap, Context::Command, "f5"), Meaning::Unbound);
        // What had the key lost it, and is still in the palette.
        let open = named("desk.open");
        assert_eq!(keymap.key_for(&[Context::Command], open), None);
        let offered = keymap.commands(&[Context::Command]);
        assert!(offered.iter().any(|one| one.entry.action == open));
    }

    #[test]
    fn what_would_break_the_keyboard_is_left_out_and_told() {
        let check = |file: &str, words: &str| {
            let keymap = Keymap::with_own(file);
            let told: Vec<String> = keymap.problems().iter().map(ToString::to_string).collect();
            assert!(told.iter().any(|one| one.contains(words)), "{told:?}");
            let interrupt = super::super::Meaning::Action(named("app.interrupt"));
            assert_eq!(means(&keymap, Context::Global, "ctrl-c"), interrupt);
        };
        check(
            "[global]\n\"app.interrupt\" = [\"f10\"]\n\"app.repaint\" = [\"ctrl-c\"]\n",
            "always",
        );
        check("[edit]\n\"edit.undo\" = [\"u\"]\n", "is text");
        check(
            "[edit]\n\"edit.undo\" = [\"ctrl-x\"]\n",
            "begins Ctrl-X Ctrl-E",
        );
        check("[panes]\n\"live.zoom\" = [\"z z\", \"k k\"]\n", "by itself");
        check("[panes]\n\"live.zum\" = [\"z\"]\n", "no action");
        check(
            "[panes]\n\"live.zoom\" = [\"Z\"]\n\"live.search\" = [\"Z\"]\n",
            "Z was given to live.zoom",
        );
    }

    #[test]
    fn a_key_is_judged_where_it_would_hold() {
        let keymap = Keymap::builtin();
        let judge = |context, action: &str, keys: &[&str]| {
            let keys: Vec<Chord> = keys.iter().map(|key| chord(key)).collect();
            keymap.judge(context, named(action), &keys)
        };
        assert_eq!(judge(Context::Panes, "live.zoom", &["Z"]), Ok(None));
        assert_eq!(judge(Context::Panes, "live.zoom", &["z", "Z"]), Ok(None));
        let refused = |context, action: &str, keys: &[&str], words: &str| {
            let told = judge(context, action, keys).expect_err("refused");
            assert!(told.contains(words), "{told}");
        };
        refused(Context::Panes, "live.zoom", &["k"], "already means");
        refused(Context::Panes, "live.zoom", &["Z", "Z"], "twice");
        refused(Context::Global, "app.interrupt", &["f10"], "always");
        let noted = |context, action: &str, keys: &[&str], words: &str| {
            let told = judge(context, action, keys)
                .expect("taken")
                .expect("a note");
            assert!(told.contains(words), "{told}");
        };
        noted(
            Context::Panes,
            "live.zoom",
            &["f1"],
            "no longer means there: show all keys",
        );
        noted(
            Context::Command,
            "app.health",
            &["z"],
            "keeps another meaning in",
        );
    }

    #[test]
    fn one_line_of_the_file_changes() {
        let keys = [chord("alt-h"), chord("\"")];
        let new = written("", Context::Command, "app.help", Some(&keys));
        assert!(
            new.ends_with("\n[command]\n\"app.help\" = [\"alt-h\", \"\\\"\"]\n"),
            "{new}"
        );
        let file = "# mine\n[panes]\n\"live.zoom\" = [\"Z\"]\n\n# more\n[command]\n\"app.help\"=[\"f1\"]\n";
        let told = written(file, Context::Command, "app.help", Some(&[chord("f10")]));
        assert_eq!(
            told,
            file.replace("\"app.help\"=[\"f1\"]", "\"app.help\" = [\"f10\"]")
        );
        let told = written(file, Context::Panes, "live.search", Some(&[chord("?")]));
        assert!(
            told.contains("# more\n\"live.search\" = [\"?\"]\n[command]"),
            "{told}"
        );
        let told = written(file, Context::Command, "app.help", None);
        assert_eq!(told, file.replace("\"app.help\"=[\"f1\"]\n", ""));
        assert_eq!(written(file, Context::Global, "app.help", None), file);
    }

    proptest! {
        /// Whatever keys a file gives, what is written is read back as it was meant.
        #[test]
        fn what_is_written_is_read_back(picks in prop::collection::vec((0usize..200, 0usize..40), 1..8)) {
            let built = Keymap::builtin();
            let all: Vec<&Binding> = built
                .bindings()
                .iter()
                .filter(|one| one.context == Context::Panes)
                .collect();
            let mut text = String::new();
            for (action, key) in picks {
                let action = &all[action % all.len()].entry;
                let key = chord(&format!("alt-{}", char::from(b'!' + u8::try_from(key).unwrap())));
                let before = Keymap::with_own(&text);
                if before.judge(Context::Panes, action.action, &[key]).is_err() {
                    continue;
                }
                text = written(&text, Context::Panes, &action.name, Some(&[key]));
                let keymap = Keymap::with_own(&text);
                prop_assert_eq!(keymap.problems(), &[]);
                prop_assert_eq!(keymap.key_for(&[Context::Panes], action.action), Some(key));
            }
        }
    }
}
