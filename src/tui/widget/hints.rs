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
}

/// As many hints as fit `room` cells, in order; one that does not fit ends the line.
pub fn hints(hints: &[Hint], theme: &Theme, room: u16) -> Line<'static> {
    let mut spans = Vec::new();
    let mut used = 0;
    for hint in hints {
        let gap = if spans.is_empty() { 0 } else { 3 };
        let wide = gap + width::of(&hint.key) + 1 + width::of(hint.does);
        if used + wide > usize::from(room) {
            break;
        }
        used += wide;
        if gap > 0 {
            spans.push(Span::styled(" · ", theme.dim));
        }
        spans.push(Span::styled(hint.key.clone(), theme.accent));
        spans.push(Span::styled(format!(" {}", hint.does), theme.dim));
    }
    Line::from(spans)
}
