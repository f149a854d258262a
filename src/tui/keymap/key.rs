//! One key stroke: its name in files, its name for people, and what terminals make of it.
//!
//! Terminals differ in how they report the same stroke; [`Key::from_event`] brings them to one form,
//! so that a binding has to be written once.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with its modifiers, in normal form: Shift is never kept with a character (`G`, not
/// Shift-g), Ctrl-letters are lower case, Shift-Tab is Tab with Shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Ctrl, Alt, Shift.
    pub modifiers: KeyModifiers,
}

/// Keys with a name of their own: name in files, name for people.
const NAMED: [(&str, &str, KeyCode); 15] = [
    ("enter", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Esc),
    ("tab", "Tab", KeyCode::Tab),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("delete", "Delete", KeyCode::Delete),
    ("space", "Space", KeyCode::Char(' ')),
    ("comma", ",", KeyCode::Char(',')),
    ("up", "↑", KeyCode::Up),
    ("down", "↓", KeyCode::Down),
    ("left", "←", KeyCode::Left),
    ("right", "→", KeyCode::Right),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("pageup", "PgUp", KeyCode::PageUp),
    ("pagedown", "PgDn", KeyCode::PageDown),
];

impl Key {
    /// A key in normal form.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let kept = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let (code, modifiers) = match code {
            KeyCode::BackTab => (KeyCode::Tab, kept | KeyModifiers::SHIFT),
            KeyCode::Char(c) if kept.contains(KeyModifiers::CONTROL) => {
                (KeyCode::Char(control(c)), kept - KeyModifiers::SHIFT)
            }
            KeyCode::Char(_) => (code, kept - KeyModifiers::SHIFT),
            _ => (code, kept),
        };
        Self { code, modifiers }
    }

    /// The stroke behind a terminal event; `None` for a key that was let go.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        (event.kind != KeyEventKind::Release).then(|| Self::new(event.code, event.modifiers))
    }

    /// Its name in files; what [`FromStr`] reads.
    #[must_use]
    pub fn name(self) -> String {
        let mut name = String::new();
        for (flag, word) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(flag) {
                name.push_str(word);
            }
        }
        let named = NAMED.iter().find(|(_, _, code)| *code == self.code);
        match (named, self.code) {
            (Some((word, ..)), _) => name.push_str(word),
            (None, KeyCode::Char(c)) => name.push(c),
            (None, KeyCode::F(number)) => {
                name.push('f');
                name.push_str(&number.to_string());
            }
            // No file can name it.
            (None, _) => name.push_str("none"),
        }
        name
    }

    /// The character this key types into a text, if it types one.
    pub fn text(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c)
                if !self
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                Some(c)
            }
            _ => None,
        }
    }
}

/// Brings a character that came with Ctrl to one form. Without an extended protocol terminals send
/// one byte: 0x1c to 0x1f arrive as Ctrl-4 to Ctrl-7, and Ctrl-/ is the same byte as Ctrl-_.
fn control(c: char) -> char {
    match c.to_ascii_lowercase() {
        '4' => '\\',
        '5' => ']',
        '6' => '^',
        '7' | '/' => '_',
        other => other,
    }
}

/// The text names no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyParseError(pub String);

impl fmt::Display for KeyParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no key is called {}", self.0)
    }
}

impl std::error::Error for KeyParseError {}

impl FromStr for Key {
    type Err = KeyParseError;

    /// Reads `ctrl-p`, `alt-enter`, `f1`, `G`, `?`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        loop {
            let (flag, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (KeyModifiers::CONTROL, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (KeyModifiers::ALT, after)
            } else if let Some(after) = rest.strip_prefix("shift-") {
                (KeyModifiers::SHIFT, after)
            } else {
                break;
            };
            modifiers |= flag;
            rest = after;
        }
        let code = NAMED
            .iter()
            .find(|(name, ..)| *name == rest)
            .map(|(_, _, code)| *code)
            .or_else(|| {
                let number = rest.strip_prefix('f')?.parse().ok()?;
                (1..=12).contains(&number).then_some(KeyCode::F(number))
            })
            .or_else(|| {
                let mut characters = rest.chars();
                let only = characters.next()?;
                characters.next().is_none().then_some(KeyCode::Char(only))
            })
            .ok_or_else(|| KeyParseError(text.to_owned()))?;
        Ok(Self::new(code, modifiers))
    }
}

impl fmt::Display for Key {
    /// As people read it: `Ctrl-P`, `Alt-Enter`, `F1`, `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chord = false;
        for (flag, name) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if self.modifiers.contains(flag) {
                chord = true;
                f.write_str(name)?;
            }
        }
        if let Some((_, name, _)) = NAMED.iter().find(|(_, _, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) if chord && c.is_ascii_lowercase() => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            other => write!(f, "{other}"),
        }
    }
}

/// One key, or two pressed one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The first key.
    pub first: Key,
    /// The second, for a two-key binding.
    pub second: Option<Key>,
}

impl Chord {
    /// Its name in files; what [`FromStr`] reads.
    #[must_use]
    pub fn name(self) -> String {
        match self.second {
            Some(second) => format!("{} {}", self.first.name(), second.name()),
            None => self.first.name(),
        }
    }
}

impl FromStr for Chord {
    type Err = KeyParseError;

    /// Reads one key, or two with a space between.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut keys = text.split(' ');
        let first = keys.next().unwrap_or_default().parse()?;
        let second = keys.next().map(str::parse).transpose()?;
        match keys.next() {
            Some(_) => Err(KeyParseError(text.to_owned())),
            None => Ok(Self { first, second }),
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if let Some(second) = self.second {
            write!(f, " {second}")?;
        }
        Ok(())
    }
}
