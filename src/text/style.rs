//! Styles the text engine paints with; the theme fills them in.

use ratatui::style::Style;

/// One style per role of text. ANSI colours only, so that the user's palette decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextStyles {
    /// Running text.
    pub body: Style,
    /// `**strong**`.
    pub strong: Style,
    /// `*emphasis*`.
    pub emphasis: Style,
    /// Headings.
    pub heading: Style,
    /// Inline code and code without highlighting.
    pub code: Style,
    /// Quotes, rules, table borders, list marks, fold marks.
    pub mark: Style,
    /// Link targets.
    pub link: Style,
    /// Struck-out text.
    pub strike: Style,
    /// Search hits.
    pub hit: Style,
}
