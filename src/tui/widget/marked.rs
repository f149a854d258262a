//! A row under the cursor: one bar from edge to edge.
//!
//! Reversed colours of a coloured row are a row of coloured blocks, so the colours go and the bar says
//! it all; what they meant stands in words and letters anyway.

use ratatui::{style::Style, text::Line};

/// The row in one style.
pub fn marked(mut row: Line<'static>, style: Style) -> Line<'static> {
    for span in &mut row.spans {
        span.style = style;
    }
    row.style = style;
    row
}
