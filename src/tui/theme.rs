//! Colour by role. The usual theme has ANSI colours only, so the terminal's own palette decides; two have
//! colours of the fixed 256 for palettes that cannot be read; `NO_COLOR` keeps bold, dim and reverse.
//! Every state also has a word and a glyph, so colour is never the only sign.
//!
//! Quiet text is the terminal's own text dimmed, never "bright black": several palettes (Solarized
//! among them) give that colour to the background. Where dimming is unknown, it is plain text.

use ratatui::style::{Color, Modifier, Style};

use crate::text::TextStyles;

/// Themes by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Named {
    /// The terminal's own 16 colours.
    #[default]
    Terminal,
    /// Colours for a dark ground, whatever the terminal's palette.
    Dark,
    /// Colours for a light ground, whatever the terminal's palette.
    Light,
    /// Nothing dimmed, weight where others have quiet colours.
    Contrast,
    /// No colour.
    Plain,
}

impl Named {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Terminal,
        Self::Dark,
        Self::Light,
        Self::Contrast,
        Self::Plain,
    ];

    /// Its name in flags and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "contrast",
            Self::Plain => "plain",
        }
    }

    /// By its name.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Its styles.
    #[must_use]
    pub fn theme(self) -> Theme {
        match self {
            Self::Terminal => Theme::ansi(),
            Self::Dark => Theme::fixed(&DARK),
            Self::Light => Theme::fixed(&LIGHT),
            Self::Contrast => Theme::contrast(),
            Self::Plain => Theme::plain(),
        }
    }
}

/// Colours of the fixed 256 by role, as their numbers.
struct Fixed {
    quiet: u8,
    accent: u8,
    ok: u8,
    warn: u8,
    bad: u8,
    info: u8,
    border: u8,
    /// Behind a selected row.
    ground: u8,
    /// On and behind a badge.
    badge: (u8, u8),
    revision: u64,
}

/// Read on black: each has a contrast of 4.5 or more with it, frames aside.
const DARK: Fixed = Fixed {
    quiet: 246,
    accent: 80,
    ok: 114,
    warn: 221,
    bad: 210,
    info: 111,
    border: 241,
    ground: 238,
    badge: (16, 221),
    revision: 3,
};

/// Read on white: each has a contrast of 4.5 or more with it, frames aside.
const LIGHT: Fixed = Fixed {
    quiet: 241,
    accent: 24,
    ok: 22,
    warn: 94,
    bad: 124,
    info: 25,
    border: 248,
    ground: 253,
    badge: (231, 94),
    revision: 4,
};

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

    /// Colours that no palette changes.
    fn fixed(by: &Fixed) -> Self {
        let fg = |number| Style::new().fg(Color::Indexed(number));
        let (on, behind) = by.badge;
        let badge = fg(on).bg(Color::Indexed(behind));
        Self {
            dim: fg(by.quiet),
            accent: fg(by.accent),
            ok: fg(by.ok),
            warn: fg(by.warn),
            bad: fg(by.bad),
            info: fg(by.info),
            border: fg(by.border),
            border_focus: fg(by.accent),
            selection: Style::new()
                .bg(Color::Indexed(by.ground))
                .add_modifier(Modifier::BOLD),
            demo: badge.add_modifier(Modifier::BOLD),
            styles: TextStyles {
                heading: fg(by.accent).add_modifier(Modifier::BOLD),
                code: fg(by.ok),
                mark: fg(by.quiet),
                link: fg(by.info).add_modifier(Modifier::UNDERLINED),
                hit: badge,
                ..Self::ansi().styles
            },
            revision: by.revision,
            ..Self::ansi()
        }
    }

    /// The terminal's colours with nothing dimmed, and weight on what has a meaning.
    fn contrast() -> Self {
        let plain = Self::ansi();
        let bold = |style: Style| style.add_modifier(Modifier::BOLD);
        Self {
            dim: Style::new(),
            accent: bold(plain.accent),
            ok: bold(plain.ok),
            warn: bold(plain.warn),
            bad: bold(plain.bad).add_modifier(Modifier::UNDERLINED),
            info: bold(plain.info),
            border: Style::new(),
            border_focus: bold(plain.border_focus),
            styles: TextStyles {
                code: bold(plain.styles.code),
                mark: Style::new(),
                link: bold(plain.styles.link),
                ..plain.styles
            },
            revision: 5,
            ..plain
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// How bright a colour of the fixed 256 is, as WCAG reckons.
    fn light(number: u8) -> f64 {
        let (red, green, blue) = if number < 232 {
            let steps = [0, 95, 135, 175, 215, 255];
            let at = usize::from(number - 16);
            (steps[at / 36], steps[at / 6 % 6], steps[at % 6])
        } else {
            let grey = 8 + 10 * i32::from(number - 232);
            (grey, grey, grey)
        };
        let part = |value: i32| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }

    fn contrast(one: u8, other: u8) -> f64 {
        let (one, other) = (light(one), light(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn fixed_colours_can_be_read_on_their_ground() {
        for (by, ground) in [(&DARK, 16), (&LIGHT, 231)] {
            for number in [by.quiet, by.accent, by.ok, by.warn, by.bad, by.info] {
                let reads = contrast(number, ground);
                assert!(reads >= 4.5, "{number} on {ground}: {reads:.1}");
                let marked = contrast(number, by.ground);
                assert!(marked >= 3.0, "{number} on {}: {marked:.1}", by.ground);
            }
            assert!(contrast(by.badge.0, by.badge.1) >= 4.5);
        }
    }

    #[test]
    fn themes_are_found_by_name_and_told_apart() {
        let revisions: HashSet<u64> = Named::ALL.iter().map(|one| one.theme().revision).collect();
        assert_eq!(revisions.len(), Named::ALL.len());
        for one in Named::ALL {
            assert_eq!(Named::find(one.word()), Some(one));
            assert_eq!(one.theme().colour, one != Named::Plain);
        }
        assert_eq!(Named::find("solar"), None);
    }

    #[test]
    fn contrast_dims_nothing() {
        let theme = Named::Contrast.theme();
        for style in [theme.dim, theme.border, theme.styles.mark, theme.text] {
            assert!(!style.add_modifier.contains(Modifier::DIM));
        }
    }
}
