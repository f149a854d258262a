//! The line above a list of models that every letter narrows, and what fits the words that are sought in
//! any list.

use ratatui::text::{Line, Span};

use crate::{text::width, tui::theme::Theme};

/// Most letters of it.
const LETTERS: usize = 80;

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    letters: String,
}

impl Sought {
    /// Adds letters, as long as there is room.
    pub fn type_text(&mut self, text: &str) {
        let letters = text.chars().filter(|c| !c.is_control());
        self.letters.extend(letters);
        if let Some((cut, _)) = self.letters.char_indices().nth(LETTERS) {
            self.letters.truncate(cut);
        }
    }

    /// Takes the last letter away.
    pub fn erase(&mut self) {
        self.letters.pop();
    }

    /// As it was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        self.letters.trim()
    }

    /// The words that something has to hold, small.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let letters = self.letters.to_lowercase();
        letters.split_whitespace().map(str::to_owned).collect()
    }

    /// The line.
    #[must_use]
    pub fn line(&self, theme: &Theme, room: usize) -> Line<'static> {
        let letters = width::fit(&self.letters, room.saturating_sub(9));
        Line::from(vec![
            Span::styled("Model: ", theme.dim),
            Span::styled(letters.into_owned(), theme.strong),
            Span::styled("▏", theme.accent),
        ])
    }
}

/// True when every typed word occurs in one of the texts, upper and lower case alike.
#[must_use]
pub fn matches(filter: &str, texts: &[&str]) -> bool {
    filter.split_whitespace().all(|word| {
        let word = word.to_lowercase();
        texts.iter().any(|text| text.to_lowercase().contains(&word))
    })
}
