//! The badge that says that a script and no model is at work.

use ratatui::text::Span;

use crate::tui::theme::Theme;

/// The badge, in the longest wording that fits `width` cells. Never empty: on every screen that shows
/// a scripted session these words stand somewhere.
pub fn demo_badge(theme: &Theme, width: u16) -> Span<'static> {
    let words = match width {
        40.. => " DEMO · script, no model ",
        20.. => " DEMO, no model ",
        _ => " DEMO ",
    };
    Span::styled(words, theme.demo)
}
