//! One-row texts with roles, and how they get onto the screen.
//!
//! Rows that are built once and painted often keep roles instead of styles, so a change of theme
//! needs no rebuilding. A row that does not fit ends in `…`; it never wraps.

use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Line};

use crate::{text::width, tui::theme::Theme};

/// What a piece of text is there for; the theme decides how it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Running text.
    #[default]
    Text,
    /// Less important.
    Dim,
    /// Stands out.
    Strong,
    /// Titles and marks.
    Accent,
    /// Good.
    Ok,
    /// Worth a look.
    Warn,
    /// Failed.
    Bad,
    /// Neutral news.
    Info,
    /// No longer counts: struck out.
    Gone,
}

impl Role {
    /// The style of this role.
    pub(super) fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Text => theme.text,
            Self::Dim => theme.dim,
            Self::Strong => theme.strong,
            Self::Accent => theme.accent,
            Self::Ok => theme.ok,
            Self::Warn => theme.warn,
            Self::Bad => theme.bad,
            Self::Info => theme.info,
            Self::Gone => theme.dim.patch(theme.styles.strike),
        }
    }
}

/// One row of text in pieces. Holds cleaned, single-line text only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(Vec<(Role, String)>);

impl Words {
    /// No text.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// One piece.
    pub(super) fn of(role: Role, text: impl Into<String>) -> Self {
        Self::new().and(role, text)
    }

    /// The same with a piece added.
    pub(super) fn and(mut self, role: Role, text: impl Into<String>) -> Self {
        self.push(role, text);
        self
    }

    /// Adds a piece.
    pub(super) fn push(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push((role, text));
        }
    }

    /// Adds all pieces of another row.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Columns it takes.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width::of(text)).sum()
    }

    /// The text without roles.
    pub(super) fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Paints into one row; returns the columns used. What does not fit is cut with `…`.
    pub(super) fn paint(
        &self,
        buffer: &mut Buffer,
        x: u16,
        y: u16,
        room: u16,
        theme: &Theme,
    ) -> u16 {
        let area = clip(buffer, Rect::new(x, y, room, 1));
        if area.is_empty() {
            return 0;
        }
        let fits = self.width() <= usize::from(area.width);
        let mut at = area.x;
        for (role, text) in &self.0 {
            let left = area.right() - at;
            if left == 0 {
                break;
            }
            let style = afresh(role.style(theme));
            let room = usize::from(left);
            let taken = width::of(text);
            if !fits && taken >= room {
                // Exactly full and more to come: the mark takes the last column too.
                let cut = if taken == room {
                    width::fit(&format!("{text} "), room).into_owned()
                } else {
                    width::fit(text, room).into_owned()
                };
                at = set_text(buffer, (at, y), &cut, room, style);
                break;
            }
            at = set_text(buffer, (at, y), text, room, style);
        }
        at - area.x
    }

    /// Paints flush right within the row; returns the column where it starts.
    pub(super) fn paint_right(&self, buffer: &mut Buffer, row: Rect, theme: &Theme) -> u16 {
        let taken = u16::try_from(self.width())
            .unwrap_or(u16::MAX)
            .min(row.width);
        let x = row.right() - taken;
        self.paint(buffer, x, row.y, taken, theme);
        x
    }
}

/// The part of `area` that lies on the screen: painting outside a buffer would panic.
pub(super) fn clip(buffer: &Buffer, area: Rect) -> Rect {
    area.intersection(buffer.area)
}

/// The same style with nothing left over from what was painted below, such as a dimmed frame.
fn afresh(style: Style) -> Style {
    Style::reset().patch(style)
}

/// Paints plain text into one row and returns the columns used.
pub(super) fn put(buffer: &mut Buffer, row: Rect, text: &str, style: Style) -> u16 {
    let row = clip(buffer, row);
    if row.is_empty() {
        return 0;
    }
    let style = afresh(style);
    set_text(buffer, (row.x, row.y), text, usize::from(row.width), style) - row.x
}

/// Paints a line of wrapped text into one row that lies on the screen.
pub(super) fn put_line(buffer: &mut Buffer, row: Rect, line: &Line<'_>) {
    let mut at = row.x;
    for span in &line.spans {
        let room = usize::from(row.right().saturating_sub(at));
        if room == 0 {
            break;
        }
        let style = line.style.patch(span.style);
        at = set_text(buffer, (at, row.y), &span.content, room, style);
    }
}

/// What `Buffer::set_stringn` does, without looking for grapheme clusters where each byte is one:
/// most of a frame is such text, and the search was a quarter of the frame's cost.
fn set_text(buffer: &mut Buffer, at: (u16, u16), text: &str, room: usize, style: Style) -> u16 {
    let (x, y) = at;
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return buffer.set_stringn(x, y, text, room, style).0;
    }
    let mut column = x;
    for index in 0..text.len().min(room) {
        let Some(cell) = buffer.cell_mut((column, y)) else {
            break;
        };
        cell.set_symbol(&text[index..=index]).set_style(style);
        column += 1;
    }
    column
}
