//! Paints the start screen: title, lists. The editor between them is painted at the top.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::Setup;
use crate::{
    text::width,
    tui::{theme::Theme, widget::scrollbar},
};

/// What the program does, in one sentence.
const SENTENCE: &str = "One task, a team of agents: they answer, read each other, improve and vote. The winner presents.";

/// The same for narrow screens.
const SHORT_SENTENCE: &str = "One task, a team of agents, one voted answer.";

impl Setup {
    /// Paints the title and the lists.
    pub fn view(&self, theme: &Theme, frame: &mut Frame<'_>, title: Rect, lists: Rect) {
        self.title(theme, frame, title);
        let height = usize::from(lists.height);
        let overflows = self.rows.len() > height;
        let room = Rect {
            width: lists.width.saturating_sub(u16::from(overflows)),
            ..lists
        };
        for (row, y) in self.rows.iter().skip(self.top).take(height).zip(lists.y..) {
            let place = Rect {
                y,
                height: 1,
                ..room
            };
            (&row.line).render(place, frame.buffer_mut());
        }
        scrollbar(self.rows.len(), self.top, theme, frame, lists);
    }

    fn title(&self, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        if area.is_empty() {
            return;
        }
        // On a tall title area the first row stays free.
        let top = u16::from(area.height >= 4);
        let name = Line::from(vec![
            Span::styled("massgen-tui", theme.accent.patch(theme.strong)),
            Span::styled(format!(" {}", self.offer.version), theme.dim),
        ]);
        let row = |y: u16| Rect {
            y: area.y + y,
            height: 1,
            ..area
        };
        name.render(row(top), frame.buffer_mut());
        if area.height >= 2 {
            let fits = width::of(SENTENCE) <= usize::from(area.width);
            let words = if fits { SENTENCE } else { SHORT_SENTENCE };
            Line::styled(words, theme.dim).render(row(top + 1), frame.buffer_mut());
        }
    }
}
