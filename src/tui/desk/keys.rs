//! The page of keys: every action with its keys, narrowed by words; others are typed or pressed on a line
//! and judged while they are.

use ratatui::text::{Line as Row, Span};

use crate::{
    text::width,
    tui::{
        keymap::{Binding, Chord, Context, Key, Keymap},
        moves::Move,
        theme::Theme,
        widget::matches,
    },
};

/// Longest line of keys, in bytes.
const LONGEST: usize = 120;

/// The page.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// What keys mean now.
    map: Keymap,
    /// What they mean as the program is delivered.
    delivered: Keymap,
    /// Places of the bindings that are shown.
    shown: Vec<usize>,
    at: usize,
    pub(super) words: String,
}

/// Keys that are typed for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    binding: Binding,
    /// As they are written in files, commas between.
    pub(super) typed: String,
    /// Nothing was typed yet: the first letter takes the place of what stands there.
    fresh: bool,
    /// What there is to say about them, or why they cannot be taken.
    pub(super) judged: Result<Option<String>, String>,
}

/// Keys for an action in a context; `None` is the delivered ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// The action, and where.
    pub binding: Binding,
    /// Its keys.
    pub keys: Option<Vec<Chord>>,
}

impl Keys {
    /// Takes in what keys mean now.
    pub(super) fn learn(&mut self, map: &Keymap) {
        if self.delivered.bindings().is_empty() {
            self.delivered = Keymap::builtin();
        }
        self.map = map.clone();
        self.sift();
    }

    /// Finds anew what is shown.
    pub(super) fn sift(&mut self) {
        let fits = |one: &Binding| {
            let keys = one.keys_text();
            let texts = [one.entry.help, &one.entry.name, &keys, one.context.title()];
            one.context != Context::Palette && matches(&self.words, &texts)
        };
        // Grouped by context, in the order of the help.
        let all = self.map.bindings().iter().enumerate();
        let mut shown: Vec<(usize, usize)> = all
            .filter(|(_, one)| fits(one))
            .map(|(place, one)| {
                let context = Context::ALL.iter().position(|all| *all == one.context);
                (context.unwrap_or(usize::MAX), place)
            })
            .collect();
        shown.sort_unstable();
        self.shown = shown.into_iter().map(|(_, place)| place).collect();
        self.at = self.at.min(self.shown.len().saturating_sub(1));
    }

    pub(super) fn go(&mut self, to: Move, page: usize) {
        self.at = to.over(self.at, self.shown.len(), page);
    }

    fn marked(&self) -> Option<&Binding> {
        let place = self.shown.get(self.at)?;
        self.map.bindings().get(*place)
    }

    /// True where the person's keys stand for the delivered ones.
    fn is_own(&self, one: &Binding) -> bool {
        let mut all = self.delivered.bindings().iter();
        let same = all.find(|other| other.context == one.context && other.entry == one.entry);
        same.is_none_or(|other| other.keys != one.keys)
    }

    /// A line for the keys of the marked action.
    pub(super) fn draft(&self) -> Option<Draft> {
        let binding = self.marked()?.clone();
        let names: Vec<String> = binding.keys.iter().map(|key| key.name()).collect();
        Some(Draft {
            typed: names.join(", "),
            fresh: true,
            judged: Ok(None),
            binding,
        })
    }

    /// The delivered keys for the marked action, or why there is nothing to do.
    pub(super) fn reset(&self) -> Result<Bind, String> {
        let Some(binding) = self.marked() else {
            return Err("There is no action to give its keys back to.".to_owned());
        };
        if !self.is_own(binding) {
            return Err("It has the program's own keys.".to_owned());
        }
        let mut all = self.delivered.bindings().iter();
        let same = all.find(|one| one.context == binding.context && one.entry == binding.entry);
        let keys = same.map_or(&[][..], |one| one.keys.as_slice());
        let action = binding.entry.action;
        self.map.judge(binding.context, action, keys)?;
        Ok(Bind {
            binding: binding.clone(),
            keys: None,
        })
    }

    /// Judges what is typed.
    pub(super) fn judge(&self, draft: &mut Draft) {
        let context = draft.binding.context;
        let action = draft.binding.entry.action;
        let keys = parsed(&draft.typed);
        draft.judged = keys.and_then(|keys| self.map.judge(context, action, &keys));
    }

    /// What is said above the actions.
    pub(super) fn head(&self) -> String {
        let all = self.map.bindings().iter();
        let all = all.filter(|one| one.context != Context::Palette).count();
        match self.shown.len() {
            some if some == all => format!("{all} actions · Enter gives one other keys"),
            some => format!("{some} of {all} actions · Enter gives one other keys"),
        }
    }

    /// What is said below them.
    pub(super) fn foot(&self) -> String {
        let Some(one) = self.marked() else {
            return "No action fits. / takes other words.".to_owned();
        };
        let own = if self.is_own(one) {
            " · yours; Backspace gives the program's own back"
        } else {
            ""
        };
        format!("{} in [{}]{own}", one.entry.name, one.context.section())
    }

    /// All rows, and the one that is marked.
    pub(super) fn rows(&self, theme: &Theme, room: usize) -> (Vec<Row<'static>>, usize) {
        let mut rows = Vec::new();
        let mut marked = 0;
        let mut group = None;
        let bindings = self.map.bindings();
        let shown = self.shown.iter().enumerate();
        for (row, one) in shown.filter_map(|(row, place)| Some((row, bindings.get(*place)?))) {
            if group != Some(one.context) {
                if group.is_some() {
                    rows.push(Row::default());
                }
                group = Some(one.context);
                let title = width::fit(one.context.title(), room.saturating_sub(1));
                rows.push(Row::styled(format!(" {title}"), theme.accent));
            }
            if row == self.at {
                marked = rows.len();
            }
            rows.push(self.row(one, row == self.at, theme, room));
        }
        (rows, marked)
    }

    fn row(&self, one: &Binding, marked: bool, theme: &Theme, room: usize) -> Row<'static> {
        let sign = if marked { " ▸ " } else { "   " };
        let wide = (room / 2).clamp(14, 52).min(room.saturating_sub(3));
        let help = width::pad(&width::fit(one.entry.help, wide), wide);
        let left = room.saturating_sub(width::of(&help) + 4);
        let own = if self.is_own(one) { " · yours" } else { "" };
        let keys = match one.keys.as_slice() {
            [] => format!("no key{own}"),
            _ => format!("{}{own}", one.keys_text()),
        };
        let style = if own.is_empty() {
            theme.dim
        } else {
            theme.info
        };
        Row::from(vec![
            Span::styled(sign, theme.accent),
            Span::styled(help, if marked { theme.strong } else { theme.text }),
            Span::raw(" "),
            Span::styled(width::fit(&keys, left).into_owned(), style),
        ])
    }
}

impl Draft {
    /// What it is for.
    pub(super) const fn title(&self) -> &'static str {
        self.binding.entry.help
    }

    /// Adds letters of names of keys.
    pub(super) fn write(&mut self, text: &str) {
        if std::mem::take(&mut self.fresh) {
            self.typed.clear();
        }
        if self.typed.len() + text.len() <= LONGEST {
            self.typed.push_str(text);
        }
    }

    /// Adds a key that was pressed.
    pub(super) fn press(&mut self, key: Key) {
        if std::mem::take(&mut self.fresh) {
            self.typed.clear();
        }
        let name = key.name();
        let gap = match self.typed.trim_end().chars().last() {
            None => "",
            Some(',') => " ",
            Some(_) => ", ",
        };
        let typed = format!("{}{gap}{name}", self.typed.trim_end());
        if typed.len() <= LONGEST {
            self.typed = typed;
        }
    }

    /// Takes a letter back; at first, everything.
    pub(super) fn erase(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.typed.clear();
        }
        self.typed.pop();
    }

    /// What is to be bound.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(super) fn bind(&self) -> Result<Bind, String> {
        self.judged.clone()?;
        let keys = parsed(&self.typed)?;
        if keys == self.binding.keys {
            return Err("These are its keys already.".to_owned());
        }
        Ok(Bind {
            binding: self.binding.clone(),
            keys: Some(keys),
        })
    }
}

/// Keys with commas between; nothing is no key.
fn parsed(typed: &str) -> Result<Vec<Chord>, String> {
    let names = typed.split(',').map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    names
        .into_iter()
        .map(|name| {
            let chord = name.parse::<Chord>();
            chord.map_err(|error| {
                format!(
                    "{error}. Names: ctrl-k, alt-x, f5, tab, pageup, comma, G; g g is two keys."
                )
            })
        })
        .collect()
}
