//! Prompts that are kept: a list that typing narrows, then one line for each variable. What comes of it
//! goes into the task editor; nothing is run.

use std::collections::BTreeMap;

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{
    Action, Wish,
    help::{below, filter_line},
    list,
};
use crate::{
    setup::preset::{Preset, Variable},
    text::{clean, width},
    tui::{
        theme::Theme,
        widget::{marked, matches, paragraph, scrollbar, tail, window},
    },
};

/// Frame and the line for the typed text.
const EDGES: u16 = 3;
/// Longest value of a variable, in bytes.
const LONGEST: usize = 64 * 1024;

/// The list, and the form of the prompt that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompts {
    pub(super) list: list::List,
    presets: Vec<Preset>,
    hits: Vec<usize>,
    form: Option<Form>,
    written: Option<Written>,
}

/// What goes into the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The task.
    pub text: String,
    /// Tasks of the conversation that come after it.
    pub later: Vec<String>,
}

/// The variables of a prompt, as far as they are filled in.
#[derive(Clone, Debug, PartialEq)]
struct Form {
    preset: Preset,
    values: Vec<String>,
    at: usize,
    trouble: Option<String>,
}

impl Prompts {
    /// These prompts.
    pub fn new(mut presets: Vec<Preset>) -> Self {
        for preset in &mut presets {
            gated(&mut preset.description);
            for task in &mut preset.tasks {
                *task = clean::text(task).into_owned();
            }
            for variable in &mut preset.variables {
                gated(&mut variable.help);
                variable.default.iter_mut().for_each(gated);
            }
        }
        Self {
            list: list::List::default(),
            hits: (0..presets.len()).collect(),
            presets,
            form: None,
            written: None,
        }
    }

    /// What was filled in, once.
    pub fn take(&mut self) -> Option<Written> {
        self.written.take()
    }

    pub(super) fn type_text(&mut self, text: &str) {
        match &mut self.form {
            None => self.list.type_text(text),
            Some(form) => {
                if let Some(value) = form.values.get_mut(form.at)
                    && value.len() + text.len() <= LONGEST
                {
                    value.push_str(text);
                }
                form.trouble = None;
            }
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        if let Some(form) = &mut self.form {
            return match form.update(action) {
                After::Stay => Wish::Nothing,
                After::Back => {
                    self.form = None;
                    Wish::Nothing
                }
                After::Done(written) => {
                    self.written = Some(written);
                    Wish::Close
                }
            };
        }
        if self.list.go(action) {
            self.narrow();
            return Wish::Nothing;
        }
        match action {
            Action::Close => Wish::Close,
            Action::Accept => {
                self.narrow();
                let hit = self.hits.get(self.list.cursor);
                let Some(preset) = hit.and_then(|place| self.presets.get(*place)) else {
                    return Wish::Nothing;
                };
                let mut form = Form {
                    values: vec![String::new(); preset.variables.len()],
                    preset: preset.clone(),
                    at: 0,
                    trouble: None,
                };
                if form.values.is_empty()
                    && let After::Done(written) = form.update(Action::Accept)
                {
                    self.written = Some(written);
                    return Wish::Close;
                }
                self.form = Some(form);
                Wish::Nothing
            }
            _ => Wish::Nothing,
        }
    }

    fn narrow(&mut self) {
        let filter = &self.list.filter;
        let all = self.presets.iter().enumerate();
        self.hits = all
            .filter(|(_, preset)| matches(filter, &[&preset.name, &preset.description]))
            .map(|(place, _)| place)
            .collect();
        self.list.cursor = self.list.cursor.min(self.hits.len().saturating_sub(1));
    }

    pub(super) fn prepare(&mut self, size: Size) {
        self.narrow();
        let rows = match &self.form {
            Some(form) => form.preset.variables.len() * 2 + 3,
            None => self.presets.len(),
        };
        // The box keeps its size while the list narrows.
        let cursor = self.list.cursor;
        self.list.settle(size, rows.max(self.presets.len()), EDGES);
        self.list.cursor = cursor;
        let height = self.list.height;
        self.list.top = self
            .list
            .top
            .max((cursor + 1).saturating_sub(height))
            .min(cursor)
            .min(self.hits.len().saturating_sub(height));
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        if let Some(form) = &self.form {
            let inner = window(&form.preset.name, theme, frame, self.list.area);
            form.view(theme, frame, inner);
            return;
        }
        let inner = window("Prompts", theme, frame, self.list.area);
        let how = "type to narrow · Enter takes · Esc closes";
        filter_line(&self.list.filter, how, theme, frame, inner);
        let body = below(inner);
        if self.hits.is_empty() {
            Line::styled("  No prompt matches.", theme.dim).render(body, frame.buffer_mut());
            return;
        }
        let seen = self.hits.iter().enumerate().skip(self.list.top);
        for ((place, hit), y) in seen.zip(body.y..body.bottom()) {
            let Some(preset) = self.presets.get(*hit) else {
                continue;
            };
            let room = usize::from(body.width).saturating_sub(3);
            let name = width::pad(&width::fit(&preset.name, 18), 18);
            let rest = room.saturating_sub(20);
            let line = Line::from(vec![
                Span::styled(format!("  {name} "), theme.strong),
                Span::styled(
                    width::pad(&width::fit(&preset.description, rest), rest),
                    theme.text,
                ),
            ]);
            let line = if place == self.list.cursor {
                marked(line, theme.selection)
            } else {
                line
            };
            let area = Rect {
                y,
                height: 1,
                ..body
            };
            line.render(area, frame.buffer_mut());
        }
        scrollbar(self.hits.len(), self.list.top, theme, frame, body);
    }
}

/// A line of a file as it may be shown: prompts are passed from hand to hand.
fn gated(line: &mut String) {
    *line = clean::line(line).into_owned();
}

/// What is after a key in the form.
enum After {
    Stay,
    Back,
    Done(Written),
}

impl Form {
    fn update(&mut self, action: Action) -> After {
        let last = self.values.len().saturating_sub(1);
        match action {
            Action::Up | Action::PageUp => self.at = self.at.saturating_sub(1),
            Action::Down | Action::PageDown => self.at = (self.at + 1).min(last),
            Action::First => self.at = 0,
            Action::Last => self.at = last,
            Action::Erase => {
                if let Some(value) = self.values.get_mut(self.at) {
                    let end = width::cells(value).last().map_or(0, |cell| cell.start);
                    value.truncate(end);
                }
            }
            Action::Close => return After::Back,
            Action::Accept if self.at < last => self.at += 1,
            Action::Accept => return self.done(),
            Action::Refresh | Action::Pick(_) => {}
        }
        After::Stay
    }

    fn done(&mut self) -> After {
        let pairs = self.preset.variables.iter().zip(&self.values);
        let values: BTreeMap<String, String> = pairs
            .map(|(variable, value)| (variable.name.clone(), value.clone()))
            .collect();
        match self.preset.fill(&values) {
            Ok(tasks) => {
                let mut tasks = tasks.into_iter();
                After::Done(Written {
                    text: tasks.next().unwrap_or_default(),
                    later: tasks.collect(),
                })
            }
            Err(words) => {
                let missing = |(variable, value): (&Variable, &String)| {
                    variable.default.is_none() && value.trim().is_empty()
                };
                let mut pairs = self.preset.variables.iter().zip(&self.values);
                self.at = pairs.position(missing).unwrap_or(self.at);
                self.trouble = Some(words);
                After::Stay
            }
        }
    }

    fn view(&self, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let room = usize::from(area.width);
        let mut rows = vec![Line::styled(
            width::fit(&self.preset.description, room).into_owned(),
            theme.dim,
        )];
        let mut first = 0;
        for (place, (variable, value)) in self.preset.variables.iter().zip(&self.values).enumerate()
        {
            if place == self.at {
                first = rows.len();
            }
            rows.push(field(variable, value, place == self.at, theme, room));
            if place == self.at && !variable.help.is_empty() {
                let help = format!("    {}", variable.help);
                rows.push(Line::styled(
                    width::fit(&help, room).into_owned(),
                    theme.dim,
                ));
            }
        }
        let (words, style) = match &self.trouble {
            Some(trouble) => (trouble.as_str(), theme.warn),
            None => (
                "Enter: the next line, at the end into the editor · Esc: back",
                theme.dim,
            ),
        };
        for line in paragraph(words, area.width) {
            rows.push(Line::styled(line, style));
        }
        let height = usize::from(area.height);
        let top = (first + 3)
            .min(rows.len())
            .saturating_sub(height)
            .min(rows.len().saturating_sub(height));
        for (line, y) in rows.into_iter().skip(top).zip(area.y..area.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..area
            };
            line.render(place, frame.buffer_mut());
        }
    }
}

/// One variable: its name, what is typed, or what stands there without it.
fn field(
    variable: &Variable,
    value: &str,
    here: bool,
    theme: &Theme,
    room: usize,
) -> Line<'static> {
    let lead = if here { "▸ " } else { "  " };
    let name = format!("{}: ", variable.name);
    let rest = room.saturating_sub(4 + width::of(&name));
    let mut spans = vec![
        Span::styled(lead, theme.accent),
        Span::styled(name, theme.strong),
    ];
    if value.is_empty() {
        let words = variable.default.as_deref().unwrap_or("must be given");
        if here {
            spans.push(Span::styled("▏", theme.accent));
        }
        spans.push(Span::styled(
            width::fit(words, rest).into_owned(),
            theme.dim,
        ));
    } else {
        // The end of a long value is what is being typed.
        let line = clean::line(value);
        spans.push(Span::styled(tail(&line, rest), theme.text));
        if here {
            spans.push(Span::styled("▏", theme.accent));
        }
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::preset;

    fn opened() -> Prompts {
        let text = "---\ndescription: For a test\na: one # the first\nb:\n---\n{{a}} and {{b}}";
        let other = preset::parse("plain", "As it is.").unwrap();
        Prompts::new(vec![other, preset::parse("pair", text).unwrap()])
    }

    #[test]
    fn variables_are_asked_and_the_text_is_written() {
        let mut prompts = opened();
        prompts.type_text("pair");
        assert_eq!(prompts.update(Action::Accept), Wish::Nothing);
        prompts.update(Action::Accept);
        // The second must be given.
        assert_eq!(prompts.update(Action::Accept), Wish::Nothing);
        assert!(prompts.form.as_ref().unwrap().trouble.is_some());
        prompts.type_text("two!");
        prompts.update(Action::Erase);
        assert_eq!(prompts.update(Action::Accept), Wish::Close);
        let written = prompts.take().unwrap();
        assert_eq!(
            (written.text.as_str(), written.later.len()),
            ("one and two", 0)
        );
    }

    #[test]
    fn what_a_file_says_passes_the_gate() {
        let text = "---\ndescription: a\u{1b}[31m\u{202e}b\nx: c\u{7}d # e\u{9b}f\n---\n\u{1b}]0;t\u{7}{{x}}";
        let prompts = Prompts::new(vec![preset::parse("p", text).unwrap()]);
        let shown = format!("{:?}", prompts.presets);
        for hostile in ["\\u{1b}", "\\u{202e}", "\\u{7}", "\\u{9b}"] {
            assert!(!shown.contains(hostile), "{shown}");
        }
    }

    #[test]
    fn without_variables_it_is_written_at_once_and_esc_goes_back() {
        let mut prompts = opened();
        assert_eq!(prompts.update(Action::Accept), Wish::Close);
        assert_eq!(prompts.take().unwrap().text, "As it is.");
        let mut prompts = opened();
        prompts.update(Action::Down);
        prompts.update(Action::Accept);
        assert!(prompts.form.is_some());
        assert_eq!(prompts.update(Action::Close), Wish::Nothing);
        assert_eq!(prompts.update(Action::Close), Wish::Close);
        assert_eq!(prompts.take(), None);
    }
}
