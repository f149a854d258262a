//! How two answers differ, cut into pieces of one row.
//!
//! Side by side where there is room for two texts, else as a unified diff. Long lines take several rows.
//! Laid out when the width or the comparison changes, never per frame.

use std::ops::Range;

use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

use crate::{
    protocol::comparison::{Line as Told, Marked},
    text::width,
    tui::theme::Theme,
};

/// From this width on two texts stand side by side.
const WIDE: usize = 110;
/// Lines that are the same are shown this near to one that is not.
const CONTEXT: usize = 2;
/// Most pieces of one diff; the files that are written have all of it.
const MOST: usize = 20_000;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Both have it.
    Same,
    /// The first has it.
    Old,
    /// The other has it.
    New,
}

/// One row of a diff.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// So many lines are the same.
    Alike(usize),
    /// Too much to show.
    Cut,
    /// A row of a unified diff.
    One(Half),
    /// A row of two texts.
    Two(Option<Half>, Option<Half>),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Half {
    kind: Kind,
    /// True for the first part of its line.
    first: bool,
    text: Marked,
}

/// The pieces of a diff for a room of this many cells.
pub(super) fn of(lines: &[Told], all: bool, room: usize) -> Vec<Piece> {
    let differs: Vec<usize> = (lines.iter().enumerate())
        .filter(|(_, line)| !matches!(line, Told::Same(_)))
        .map(|(place, _)| place)
        .collect();
    let mut pieces = Vec::new();
    let mut alike = 0;
    for (place, line) in lines.iter().enumerate() {
        let next = differs.partition_point(|at| *at < place);
        let near = |at: Option<&usize>| at.is_some_and(|at| at.abs_diff(place) <= CONTEXT);
        let before = next.checked_sub(1).and_then(|before| differs.get(before));
        if !all && !near(differs.get(next)) && !near(before) {
            alike += 1;
            continue;
        }
        if alike > 0 {
            pieces.push(Piece::Alike(alike));
            alike = 0;
        }
        if pieces.len() > MOST {
            pieces.push(Piece::Cut);
            return pieces;
        }
        put(line, room, &mut pieces);
    }
    if alike > 0 {
        pieces.push(Piece::Alike(alike));
    }
    pieces
}

fn put(line: &Told, room: usize, pieces: &mut Vec<Piece>) {
    let plain = |text: &String| Marked {
        text: text.clone(),
        marks: Vec::new(),
    };
    let (old, new) = match line {
        Told::Same(text) => (
            Some((Kind::Same, plain(text))),
            Some((Kind::Same, plain(text))),
        ),
        Told::Removed(text) => (Some((Kind::Old, plain(text))), None),
        Told::Added(text) => (None, Some((Kind::New, plain(text)))),
        Told::Changed { old, new } => (
            Some((Kind::Old, old.clone())),
            Some((Kind::New, new.clone())),
        ),
    };
    if room < WIDE {
        let same = matches!(line, Told::Same(_));
        let both = [old, new.filter(|_| !same)];
        for (kind, text) in both.into_iter().flatten() {
            pieces.extend(halves(kind, &text, room.saturating_sub(4)).map(Piece::One));
        }
        return;
    }
    let half = half(room);
    let cut = |side: Option<(Kind, Marked)>| -> Vec<Half> {
        side.map_or_else(Vec::new, |(kind, text)| halves(kind, &text, half).collect())
    };
    let (mut left, mut right) = (cut(old).into_iter(), cut(new).into_iter());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return,
            (one, other) => pieces.push(Piece::Two(one, other)),
        }
    }
}

const fn half(room: usize) -> usize {
    room.saturating_sub(7) / 2
}

/// The parts of a line, each with its marks.
fn halves(kind: Kind, line: &Marked, room: usize) -> impl Iterator<Item = Half> {
    let cuts = cuts(&line.text, room.max(1));
    cuts.into_iter().enumerate().map(move |(place, cut)| {
        let marks = line.marks.iter().filter_map(|mark| {
            let (from, to) = (mark.start.max(cut.start), mark.end.min(cut.end));
            (from < to).then(|| from - cut.start..to - cut.start)
        });
        Half {
            kind,
            first: place == 0,
            text: Marked {
                text: line.text.get(cut.clone()).unwrap_or_default().to_owned(),
                marks: marks.collect(),
            },
        }
    })
}

/// Where a line is cut: behind blanks where there are some, else where the room ends.
fn cuts(text: &str, room: usize) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let (mut start, mut used, mut blank) = (0, 0, None);
    for cell in width::cells(text) {
        while used + cell.width > room && cell.start > start {
            let end = blank.filter(|end| *end > start).unwrap_or(cell.start);
            cuts.push(start..end);
            used = width::of(text.get(end..cell.start).unwrap_or_default());
            start = end;
            blank = None;
        }
        used += cell.width;
        if cell.text == " " {
            blank = Some(cell.start + cell.text.len());
        }
    }
    cuts.push(start..text.len());
    cuts
}

impl Piece {
    /// The row.
    pub(super) fn line(&self, theme: &Theme, room: usize) -> Line<'static> {
        match self {
            Self::Alike(lines) => {
                let words = if *lines == 1 { "line" } else { "lines" };
                Line::styled(format!("    ⋯ {lines} {words} the same"), theme.dim)
            }
            Self::Cut => Line::styled(
                "    ⋯ the rest is only in the files that are written",
                theme.warn,
            ),
            Self::One(one) => {
                let sign = match (one.kind, one.first) {
                    (Kind::Old, true) => "  - ",
                    (Kind::New, true) => "  + ",
                    (Kind::Same, _) | (_, false) => "    ",
                };
                let mut spans = vec![Span::styled(sign, style(one.kind, theme))];
                spans.extend(one.spans(theme, room.saturating_sub(4)));
                Line::from(spans)
            }
            Self::Two(left, right) => {
                let half = half(room);
                let mut spans = vec![Span::raw("    ")];
                for (place, side) in [left, right].into_iter().enumerate() {
                    if place > 0 {
                        spans.push(Span::styled(" │ ", theme.border));
                    }
                    match side {
                        Some(side) => spans.extend(side.spans(theme, half)),
                        None => spans.push(Span::raw(" ".repeat(half))),
                    }
                }
                Line::from(spans)
            }
        }
    }
}

const fn style(kind: Kind, theme: &Theme) -> Style {
    match kind {
        Kind::Same => theme.dim,
        Kind::Old => theme.bad,
        Kind::New => theme.ok,
    }
}

impl Half {
    /// Its text with what differs underlined, padded to the room.
    fn spans(&self, theme: &Theme, room: usize) -> Vec<Span<'static>> {
        let style = style(self.kind, theme);
        let strong = style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        let text = &self.text.text;
        let mut spans = Vec::new();
        let mut at = 0;
        for mark in &self.text.marks {
            if let (Some(before), Some(inside)) = (text.get(at..mark.start), text.get(mark.clone()))
            {
                spans.push(Span::styled(before.to_owned(), style));
                spans.push(Span::styled(inside.to_owned(), strong));
                at = mark.end;
            }
        }
        let rest = text.get(at..).unwrap_or_default();
        spans.push(Span::styled(rest.to_owned(), style));
        let pad = room.saturating_sub(width::of(text));
        spans.push(Span::raw(" ".repeat(pad)));
        spans
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cutting_loses_nothing_and_fits(text in "[a日 é]{0,60}", room in 2..20usize) {
            let cuts = cuts(&text, room);
            let whole: String = cuts.iter().map(|cut| &text[cut.clone()]).collect();
            prop_assert_eq!(&whole, &text);
            for cut in cuts {
                prop_assert!(width::of(&text[cut]) <= room);
            }
        }
    }

    #[test]
    fn what_is_alike_is_left_out_and_long_lines_go_on() {
        let same = |text: &str| Told::Same(text.to_owned());
        let mut lines: Vec<Told> = (0..9).map(|line| same(&line.to_string())).collect();
        lines.push(Told::Added(
            "a line that is longer than there is room".to_owned(),
        ));
        let told: Vec<String> = of(&lines, false, 24)
            .iter()
            .map(|piece| {
                let line = piece.line(&Theme::ansi(), 24);
                let text: String = line.spans.iter().map(|span| &*span.content).collect();
                text.trim_end().to_owned()
            })
            .collect();
        let expected = [
            "    ⋯ 7 lines the same",
            "    7",
            "    8",
            "  + a line that is",
            "    longer than there",
            "    is room",
        ];
        assert_eq!(told, expected);
        assert_eq!(of(&lines, true, 24).len(), 12);
    }
}
