//! One line of keys and what they do.

use ratatui::text::{Line, Span};

use crate::{text::width, tui::theme::Theme};

/// A key and a word or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as people read it.
    pub key: String,
    /// What it does.
    pub does: &'static str,
    /// Whether it gives way where there is little room.
    pub weight: Weight,
}

/// How long a hint stays on a line that becomes too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The later it stands, the earlier it goes.
    Usual,
    /// Goes when nothing else is left: how to get help, how to leave.
    Last,
}

/// Cells between two hints.
const GAP: usize = 3;

impl Hint {
    fn wide(&self) -> usize {
        width::of(&self.key) + 1 + width::of(self.does)
    }
}

/// As many hints as fit `room` cells, in order.
pub fn hints(hints: &[Hint], theme: &Theme, room: u16) -> Line<'static> {
    let mut shown: Vec<&Hint> = hints.iter().collect();
    let wide = |shown: &[&Hint]| {
        let gaps = GAP * shown.len().saturating_sub(1);
        gaps + shown.iter().map(|hint| hint.wide()).sum::<usize>()
    };
    while wide(&shown) > usize::from(room) {
        let goes = shown
            .iter()
            .rposition(|hint| hint.weight == Weight::Usual)
            .unwrap_or(shown.len() - 1);
        shown.remove(goes);
    }
    let mut spans = Vec::new();
    for hint in shown {
        if !spans.is_empty() {
            spans.push(Span::styled(" · ", theme.dim));
        }
        spans.push(Span::styled(hint.key.clone(), theme.accent));
        spans.push(Span::styled(format!(" {}", hint.does), theme.dim));
    }
    Line::from(spans)
}
