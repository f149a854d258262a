//! Rows of a code block: language, gutter, lines cut at the width with a mark, nothing lost.

use ratatui::text::{Line, Span};

use super::super::{
    Row, TextStyles, clean, width,
    wrap::{Breaks, Indent, Run, spans_width, wrap},
};

/// Narrower than this, code has no gutter.
const MIN_COLUMNS: usize = 8;

/// The row above the code: what the fence says after its marks. Nothing when it says nothing.
pub(in super::super) fn header(
    info: &str,
    columns: u16,
    indent: &Indent,
    styles: &TextStyles,
    at: u64,
) -> Option<Row> {
    let info = info.trim();
    if info.is_empty() {
        return None;
    }
    let mut spans = indent.first.clone();
    let room = usize::from(columns).saturating_sub(spans_width(&spans));
    let label = format!("┌ {}", clean::line(info));
    spans.push(Span::styled(
        width::fit(&label, room).into_owned(),
        styles.mark,
    ));
    Some(Row::new(Line::from(spans), at))
}

/// The language word of a fence: `rust` of `rust,ignore`, `python` of `{.python}`.
pub(in super::super) fn language(info: &str) -> String {
    info.trim_start_matches(['{', '.'])
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | '{'))
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The rows of one line of code. `highlighted` is used only if it says the same.
pub(in super::super) fn line(
    text: &str,
    highlighted: Option<&Line<'static>>,
    columns: u16,
    indent: &Indent,
    styles: &TextStyles,
    at: u64,
    sink: &mut dyn FnMut(Row),
) {
    let mut indent = indent.clone();
    let taken = spans_width(&indent.first).max(spans_width(&indent.rest));
    if taken + MIN_COLUMNS <= usize::from(columns) {
        indent.first.push(Span::styled("│ ", styles.mark));
        indent.rest.push(Span::styled("↪ ", styles.mark));
    }
    let runs = match highlighted.filter(|line| same(line, text)) {
        Some(line) => styled_runs(line, at),
        None => vec![Run::new(text, styles.code, at)],
    };
    wrap(&runs, columns, &indent, Breaks::Anywhere, sink);
}

fn same(line: &Line<'_>, text: &str) -> bool {
    let mut rest = text;
    for span in &line.spans {
        let Some(after) = rest.strip_prefix(&*span.content) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

fn styled_runs<'a>(line: &'a Line<'static>, at: u64) -> Vec<Run<'a>> {
    let mut at = at;
    line.spans
        .iter()
        .map(|span| {
            let run = Run::new(&*span.content, span.style, at);
            at += span.content.len() as u64;
            run
        })
        .collect()
}
