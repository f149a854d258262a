//! Colour by role. ANSI colours only, so the terminal's own palette decides; `NO_COLOR` keeps bold,
//! dim and reverse. Every state also has a word and a glyph, so colour is never the only sign.
//!
//! Quiet text is the terminal's own text dimmed, never "bright black": several palettes (Solarized
//! among them) give that colour to the background. Where dimming is unknown, it is plain text.

use ratatui::style::{Color, Modifier, Style};

use crate::text::TextStyles;

/// Styles by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Running text.
    pub text: Style,
    /// Less important text.
    pub dim: Style,
    /// Text that stands out.
    pub strong: Style,
    /// Titles, keys, the marked line.
    pub accent: Style,
    /// Good.
    pub ok: Style,
    /// Worth a look.
    pub warn: Style,
    /// Failed.
    pub bad: Style,
    /// Neutral news.
    pub info: Style,
    /// Frames.
    pub border: Style,
    /// Frame of the focused pane.
    pub border_focus: Style,
    /// Selected row.
    pub selection: Style,
    /// The badge that says that a script and no model is at work.
    pub demo: Style,
    /// Styles of the text engine.
    pub styles: TextStyles,
    /// Changes whenever any style changes, so cached rows know that they are old.
    pub revision: u64,
    /// False under `NO_COLOR`.
    pub colour: bool,
}

impl Theme {
    /// The default theme.
    #[must_use]
    pub fn ansi() -> Self {
        let fg = |colour| Style::new().fg(colour);
        Self {
            text: Style::new(),
            dim: Style::new().add_modifier(Modifier::DIM),
            strong: Style::new().add_modifier(Modifier::BOLD),
            accent: fg(Color::Cyan),
            ok: fg(Color::Green),
            warn: fg(Color::Yellow),
            bad: fg(Color::Red),
            info: fg(Color::Blue),
            border: Style::new().add_modifier(Modifier::DIM),
            border_focus: fg(Color::Cyan),
            selection: Style::new().add_modifier(Modifier::REVERSED),
            demo: Style::new()
                .fg(Color::Black)
                .bg(Color::Yellow)
                .add_modifier(Modifier::BOLD),
            styles: TextStyles {
                body: Style::new(),
                strong: Style::new().add_modifier(Modifier::BOLD),
                emphasis: Style::new().add_modifier(Modifier::ITALIC),
                heading: fg(Color::Cyan).add_modifier(Modifier::BOLD),
                code: fg(Color::Green),
                mark: Style::new().add_modifier(Modifier::DIM),
                link: fg(Color::Blue).add_modifier(Modifier::UNDERLINED),
                strike: Style::new().add_modifier(Modifier::CROSSED_OUT),
                hit: Style::new().fg(Color::Black).bg(Color::Yellow),
            },
            revision: 1,
            colour: true,
        }
    }

    /// Words that were looked for: weight and a line say it where colours do not.
    #[must_use]
    pub fn found(&self) -> Style {
        self.styles
            .hit
            .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// The theme for `NO_COLOR` (<https://no-color.org>): attributes only.
    #[must_use]
    pub fn plain() -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let dim = Style::new().add_modifier(Modifier::DIM);
        let plain = Style::new();
        let reverse = Style::new().add_modifier(Modifier::REVERSED);
        Self {
            text: plain,
            dim,
            strong: bold,
            accent: bold,
            ok: plain,
            warn: bold,
            bad: bold,
            info: plain,
            border: dim,
            border_focus: bold,
            selection: reverse,
            demo: reverse,
            styles: TextStyles {
                body: plain,
                strong: bold,
                emphasis: Style::new().add_modifier(Modifier::ITALIC),
                heading: bold,
                code: plain,
                mark: dim,
                link: Style::new().add_modifier(Modifier::UNDERLINED),
                strike: Style::new().add_modifier(Modifier::CROSSED_OUT),
                hit: reverse,
            },
            revision: 2,
            colour: false,
        }
    }
}
