//! The keymap file holds together, and its page is up to date.

use std::collections::HashSet;

use super::{Chord, Context, Key, Keymap, Meaning, Over, Room, Shown, markdown};
use crate::tui::{action::Action, desk, guide, notes, report, review::Place};

/// Every stack of contexts that the program can be in, most specific first.
const STACKS: &[&[Context]] = &[
    &[Context::Empty],
    &[
        Context::Task,
        Context::Edit,
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Steer,
        Context::Edit,
        Context::Command,
        Context::Global,
    ],
    &[Context::Start, Context::Command, Context::Global],
    &[Context::Panes, Context::Command, Context::Global],
    &[
        Context::Room(Room::Stored(Shown::Ended)),
        Context::Panes,
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Stored(Shown::Between)),
        Context::Panes,
        Context::Command,
        Context::Global,
    ],
    &[Context::Search, Context::Command, Context::Global],
    &[Context::Over(Over::List), Context::Global],
    &[Context::Over(Over::Confirm), Context::Global],
    &[
        Context::Room(Room::Review(Place::Main)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Sessions),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Review(Place::Steps)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Compare),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Notes(notes::Place::Main)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Notes(notes::Place::Writing)),
        Context::Edit,
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Review(Place::Writing)),
        Context::Edit,
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Report(report::Place::Main)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Report(report::Place::Models)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Report(report::Place::Asking)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Guide(guide::Place::Main)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Guide(guide::Place::Typing)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Desk(desk::Place::Main)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Desk(desk::Place::Typing)),
        Context::Command,
        Context::Global,
    ],
    &[
        Context::Room(Room::Desk(desk::Place::Keys)),
        Context::Global,
    ],
];

#[test]
fn the_delivered_keymap_has_no_problems() {
    assert_eq!(Keymap::builtin().problems(), []);
}

#[test]
fn every_action_is_bound_or_in_the_palette() {
    let keymap = Keymap::builtin();
    let named: HashSet<_> = keymap
        .bindings()
        .iter()
        .map(|binding| binding.entry.action)
        .collect();
    for entry in Action::all() {
        assert!(named.contains(&entry.action), "{} has neither", entry.name);
    }
    for binding in keymap.bindings() {
        assert_eq!(
            binding.keys.is_empty(),
            binding.context == Context::Palette,
            "{} in [{}]",
            binding.entry.name,
            binding.context.section()
        );
    }
}

#[test]
fn every_key_has_its_effect_somewhere() {
    let keymap = Keymap::builtin();
    for binding in keymap.bindings() {
        for chord in &binding.keys {
            let typed = chord.first.text().is_some() && chord.first != key("space");
            assert!(
                !(typed && binding.context.takes_text()),
                "{chord} would be text in [{}]",
                binding.context.section()
            );
            let reached = STACKS.iter().any(|stack| {
                let meant = match chord.second {
                    None => keymap.lookup(stack, None, chord.first),
                    Some(second) => keymap.lookup(stack, Some(chord.first), second),
                };
                stack.contains(&binding.context) && meant == Meaning::Action(binding.entry.action)
            });
            assert!(
                reached,
                "{chord} in [{}] never means {}",
                binding.context.section(),
                binding.entry.name
            );
        }
    }
}

#[test]
fn names_of_actions_are_unique() {
    let mut names = HashSet::new();
    for entry in Action::all() {
        assert!(!entry.help.is_empty(), "{} has no help", entry.name);
        assert!(
            names.insert(entry.name.clone()),
            "{} stands twice",
            entry.name
        );
    }
}

#[test]
fn keys_are_read_and_shown() {
    let check = |name: &str, shown: &str| {
        assert_eq!(chord(name).to_string(), shown, "{name}");
    };
    check("ctrl-p", "Ctrl-P");
    check("alt-enter", "Alt-Enter");
    check("shift-tab", "Shift-Tab");
    check("G", "G");
    check("?", "?");
    check("f12", "F12");
    check("pageup", "PgUp");
    check("space", "Space");
    check("ctrl-x ctrl-e", "Ctrl-X Ctrl-E");
    check("alt-<", "Alt-<");
    for binding in Keymap::builtin().bindings() {
        for chord in &binding.keys {
            assert_eq!(chord.name().parse(), Ok(*chord), "{chord}");
        }
    }
    for wrong in ["", "hyper-x", "f13", "f0", "enterr", "ctrl-", "a b c"] {
        assert!(wrong.parse::<Chord>().is_err(), "{wrong}");
    }
}

#[test]
fn different_reports_of_one_stroke_are_one_key() {
    assert_eq!(key("ctrl-7"), key("ctrl-_"));
    assert_eq!(key("ctrl-/"), key("ctrl-_"));
    assert_eq!(key("ctrl-P"), key("ctrl-p"));
    assert_eq!(key("shift-G"), key("G"));
}

#[test]
fn two_keys_make_one_binding() {
    let keymap = Keymap::builtin();
    let stack = STACKS[1];
    let first = key("ctrl-x");
    assert_eq!(keymap.lookup(stack, None, first), Meaning::Prefix);
    assert!(matches!(
        keymap.lookup(stack, Some(first), key("ctrl-e")),
        Meaning::Action(_)
    ));
    assert_eq!(
        keymap.lookup(stack, Some(first), key("a")),
        Meaning::Unbound
    );
    assert_eq!(keymap.lookup(STACKS[4], None, first), Meaning::Unbound);
}

#[test]
fn bad_lines_are_told_with_their_number() {
    let check = |text: &str, line: usize, words: &str| {
        let keymap = Keymap::parse(text);
        let problem = keymap.problems().first().expect("a problem");
        assert_eq!(problem.line, line, "{problem}");
        assert!(problem.what.contains(words), "{problem}");
    };
    check("\"app.help\" = [\"f1\"]", 1, "before the first");
    check("[nowhere]", 1, "no context");
    check("[global]\n\"app.nothing\" = [\"f1\"]", 2, "no action");
    check("[global]\n\"app.help\" = \"f1\"", 2, "brackets");
    check(
        "[global]\n\n# comment\n\"app.help\" = [\"f77\"]",
        4,
        "no key",
    );
    check(
        "[global]\n\"app.help\" = [\"f1\"]\n\"app.quit\" = [\"f1\"]",
        0,
        "twice",
    );
}

/// With `MASSGEN_TUI_WRITE_DOCS` set, writes the page instead.
#[test]
fn the_page_of_keys_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    let page = markdown(&Keymap::builtin());
    if std::env::var_os("MASSGEN_TUI_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, page, "run `just keys`");
}

fn key(name: &str) -> Key {
    name.parse().expect("a key")
}

fn chord(name: &str) -> Chord {
    name.parse().expect("a chord")
}
