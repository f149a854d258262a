//! A cursor in a line of text that is typed.
//!
//! It counts characters from the end, so a line that is set anew has its cursor at the end. Line ends
//! become blanks; a line has a longest length, beyond which nothing is added.

pub use crate::tui::composer::Edit;

use ratatui::text::Span;

use crate::{
    text::width,
    tui::{
        composer::{Motion, Span as Part},
        theme::Theme,
    },
};

/// Where the next character goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pen {
    /// Characters behind the cursor.
    behind: usize,
}

impl Pen {
    /// The byte at which the cursor stands.
    fn at(self, text: &str) -> usize {
        let mut places = text.char_indices().rev().map(|(place, _)| place);
        match self.behind {
            0 => text.len(),
            behind => places.nth(behind - 1).unwrap_or(0),
        }
    }

    /// Writes what fits into `longest` bytes.
    pub fn write(self, text: &mut String, more: &str, longest: usize) {
        let at = self.at(text);
        let mut room = longest.saturating_sub(text.len());
        let fits = |c: &char| match room.checked_sub(c.len_utf8()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        let more = more.chars();
        let more = more.map(|c| if c.is_whitespace() { ' ' } else { c });
        let more: String = more.take_while(fits).collect();
        text.insert_str(at, &more);
    }

    /// Moves, or takes away. True when the text has changed.
    pub fn edit(&mut self, text: &mut String, edit: Edit) -> bool {
        let all = text.chars().count();
        self.behind = self.behind.min(all);
        let at = self.at(text);
        let (before, after) = text.split_at(at);
        match edit {
            Edit::Move(motion) => {
                self.behind = match motion {
                    Motion::Left => (self.behind + 1).min(all),
                    Motion::Right => self.behind.saturating_sub(1),
                    Motion::WordLeft => self.behind + word(before.chars().rev()),
                    Motion::WordRight => self.behind - word(after.chars()),
                    Motion::LineStart | Motion::TextStart => all,
                    Motion::LineEnd | Motion::TextEnd => 0,
                    Motion::Up | Motion::Down => self.behind,
                };
                false
            }
            Edit::Delete(part) => {
                let back = |count: usize| {
                    let mut places = before.char_indices().rev().map(|(place, _)| place);
                    match count {
                        0 => at,
                        count => places.nth(count - 1).unwrap_or(0),
                    }
                };
                let range = match part {
                    Part::Back => back(1)..at,
                    Part::Word => back(word(before.chars().rev()))..at,
                    Part::ToStart => 0..at,
                    Part::Forward => at..at + after.chars().next().map_or(0, char::len_utf8),
                    Part::ToEnd => at..text.len(),
                };
                let changed = !range.is_empty();
                match part {
                    Part::Back | Part::Word | Part::ToStart => {}
                    Part::Forward => self.behind = self.behind.saturating_sub(1),
                    Part::ToEnd => self.behind = 0,
                }
                text.replace_range(range, "");
                changed
            }
            Edit::Newline | Edit::Yank | Edit::Undo | Edit::Redo => false,
        }
    }

    /// The line in so many cells, with the cursor in sight.
    #[must_use]
    pub fn spans(self, text: &str, room: usize, theme: &Theme) -> Vec<Span<'static>> {
        let (before, after) = text.split_at(self.at(text));
        let mut rest = after.chars();
        let under = rest.next().map_or_else(|| " ".to_owned(), String::from);
        let rest = rest.as_str();
        let free = room.saturating_sub(width::of(&under));
        // What stands behind the cursor gets a third of the line at least, as far as it needs that.
        let ahead = width::of(rest).min((free / 3).max(free.saturating_sub(width::of(before))));
        let before = tail(before, free.saturating_sub(ahead));
        let rest = width::fit(rest, free.saturating_sub(width::of(&before))).into_owned();
        vec![
            Span::styled(before, theme.text),
            Span::styled(under, theme.selection),
            Span::styled(rest, theme.text),
        ]
    }
}

/// How many characters a word is, with the blanks before it.
fn word(chars: impl Iterator<Item = char>) -> usize {
    let mut inside = false;
    chars
        .take_while(|c| {
            let blank = c.is_whitespace();
            let goes_on = !(inside && blank);
            inside |= !blank;
            goes_on
        })
        .count()
}

/// The end of a text that is too wide, behind `…`.
#[must_use]
pub fn tail(text: &str, room: usize) -> String {
    if width::of(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut kept: Vec<char> = Vec::new();
    for c in text.chars().rev() {
        let cells = width::character(c);
        if cells > left {
            break;
        }
        left -= cells;
        kept.push(c);
    }
    let kept: String = kept.into_iter().rev().collect();
    format!("…{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 40;

    #[test]
    fn a_line_is_typed_and_changed_in_the_middle() {
        let (mut pen, mut text) = (Pen::default(), String::new());
        pen.write(&mut text, "outcome:failed cost:>1", LONGEST);
        pen.edit(&mut text, Edit::Move(Motion::WordLeft));
        pen.write(&mut text, "agent:日本\n", LONGEST);
        assert_eq!(text, "outcome:failed agent:日本 cost:>1");
        pen.edit(&mut text, Edit::Delete(Part::Word));
        assert_eq!(text, "outcome:failed cost:>1");
        pen.edit(&mut text, Edit::Move(Motion::Left));
        assert!(pen.edit(&mut text, Edit::Delete(Part::Forward)));
        assert_eq!(text, "outcome:failedcost:>1");
        pen.edit(&mut text, Edit::Delete(Part::ToStart));
        assert_eq!(text, "cost:>1");
        assert!(!pen.edit(&mut text, Edit::Delete(Part::Back)));
        pen.edit(&mut text, Edit::Move(Motion::Right));
        pen.edit(&mut text, Edit::Delete(Part::ToEnd));
        assert_eq!(text, "c");
        pen.edit(&mut text, Edit::Move(Motion::LineStart));
        pen.write(&mut text, &"x".repeat(100), LONGEST);
        assert_eq!(text.len(), LONGEST);
        assert!(text.ends_with("xc"));
    }

    #[test]
    fn the_cursor_is_in_sight_wherever_it_stands() {
        let theme = Theme::ansi();
        let mut text = "一二三 some words that are wider than the line".to_owned();
        let mut pen = Pen::default();
        for _ in 0..60 {
            for room in [3, 8, 20, 90] {
                let spans = pen.spans(&text, room, &theme);
                let wide: usize = spans.iter().map(|span| width::of(&span.content)).sum();
                assert!(wide <= room.max(2), "{spans:?}");
            }
            pen.edit(&mut text, Edit::Move(Motion::Left));
        }
    }
}
