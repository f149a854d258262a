//! Changes of the text, grapheme by grapheme.
//!
//! The text area counts characters; people count graphemes. A move or a deletion here always covers
//! whole graphemes, so that half a family emoji never remains.

use std::cmp::Ordering;

use tui_textarea::CursorMove;

use super::{Composer, Edit, MOST_BYTES, Motion, Span};
use crate::text::width;

/// Where a move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// In the text.
    Inside,
    /// It wanted to leave the text downwards.
    PastEnd,
}

impl Composer {
    /// Inserts typed or pasted text at the cursor, as much as there is room for, and returns how many
    /// bytes that was. Control characters other than line breaks are left out.
    pub fn insert(&mut self, text: &str) -> usize {
        let held: usize = self.area.lines().iter().map(|line| line.len() + 1).sum();
        let mut room = MOST_BYTES.saturating_sub(held).min(text.len());
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        let taken: String = text[..room]
            .chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .collect();
        self.area.insert_str(taken);
        self.changed();
        room
    }

    /// Changes the text or moves in it.
    pub fn edit(&mut self, edit: Edit) -> Moved {
        match edit {
            Edit::Newline => self.area.insert_newline(),
            Edit::Move(motion) => return self.go(motion),
            Edit::Delete(span) => self.delete(span),
            Edit::Yank => {
                self.area.paste();
            }
            Edit::Undo => {
                self.area.undo();
            }
            Edit::Redo => {
                self.area.redo();
            }
        }
        self.snap();
        self.changed();
        Moved::Inside
    }

    fn changed(&mut self) {
        self.revision += 1;
        self.history.leave();
    }

    fn go(&mut self, motion: Motion) -> Moved {
        let before = self.area.cursor();
        match motion {
            Motion::Left => self.left(),
            Motion::Right => self.right(),
            Motion::Up => self.area.move_cursor(CursorMove::Up),
            Motion::Down => self.area.move_cursor(CursorMove::Down),
            Motion::WordLeft => self.area.move_cursor(CursorMove::WordBack),
            Motion::WordRight => self.area.move_cursor(CursorMove::WordForward),
            Motion::LineStart => self.area.move_cursor(CursorMove::Head),
            Motion::LineEnd => self.area.move_cursor(CursorMove::End),
            Motion::TextStart => {
                self.area.move_cursor(CursorMove::Top);
                self.area.move_cursor(CursorMove::Head);
            }
            Motion::TextEnd => {
                self.area.move_cursor(CursorMove::Bottom);
                self.area.move_cursor(CursorMove::End);
            }
        }
        self.snap();
        let stuck = self.area.cursor() == before;
        match motion {
            Motion::Up if stuck => {
                if let Some(text) = self.history.older(self.text()) {
                    self.set(&text);
                }
                Moved::Inside
            }
            Motion::Down if stuck => match self.history.newer() {
                Some(text) => {
                    self.set(&text);
                    Moved::Inside
                }
                None => Moved::PastEnd,
            },
            _ => Moved::Inside,
        }
    }

    fn left(&mut self) {
        match self.before() {
            0 => self.area.move_cursor(CursorMove::Back),
            count => self.place(self.area.cursor().1 - count),
        }
    }

    fn right(&mut self) {
        match self.after() {
            0 => self.area.move_cursor(CursorMove::Forward),
            count => self.place(self.area.cursor().1 + count),
        }
    }

    /// Puts the cursor before this character of its line. Absolute, because single steps count cells
    /// in places, and some characters have none.
    fn place(&mut self, column: usize) {
        let row = self.area.cursor().0;
        if let (Ok(row), Ok(column)) = (u16::try_from(row), u16::try_from(column)) {
            self.area.move_cursor(CursorMove::Jump(row, column));
            return;
        }
        // Beyond what a jump can name, step by step, as long as a step leads anywhere.
        loop {
            let before = self.area.cursor();
            let step = match before.1.cmp(&column) {
                Ordering::Equal => return,
                Ordering::Greater => CursorMove::Back,
                Ordering::Less => CursorMove::Forward,
            };
            self.area.move_cursor(step);
            let after = self.area.cursor();
            if after == before || after.0 != row {
                return;
            }
        }
    }

    fn delete(&mut self, span: Span) {
        match span {
            Span::Back => match self.before() {
                0 => {
                    self.area.delete_newline();
                }
                count => {
                    self.place(self.area.cursor().1 - count);
                    self.cut(count);
                }
            },
            Span::Forward => match self.after() {
                0 => {
                    self.area.delete_next_char();
                }
                count => self.cut(count),
            },
            Span::Word => {
                self.area.delete_word();
            }
            Span::ToStart => {
                self.area.delete_line_by_head();
            }
            Span::ToEnd => {
                self.area.delete_line_by_end();
            }
        }
    }

    /// Deletes characters after the cursor without touching what a yank would insert.
    fn cut(&mut self, count: usize) {
        let kept = self.area.yank_text();
        self.area.delete_str(count);
        self.area.set_yank_text(kept);
    }

    /// How many characters the grapheme before the cursor has; 0 at the start of a line.
    fn before(&self) -> usize {
        let cursor = self.area.cursor();
        let head: String = self.line().chars().take(cursor.1).collect();
        graphemes(&head).last().map_or(0, |last| *last)
    }

    /// How many characters the grapheme at the cursor has.
    fn after(&self) -> usize {
        let cursor = self.area.cursor();
        let tail: String = self.line().chars().skip(cursor.1).collect();
        graphemes(&tail).first().map_or(0, |first| *first)
    }

    fn line(&self) -> &str {
        self.area
            .lines()
            .get(self.area.cursor().0)
            .map_or("", String::as_str)
    }

    /// Moves a cursor that stands inside a grapheme to its start.
    fn snap(&mut self) {
        let column = self.area.cursor().1;
        let line = self.line();
        if line.is_ascii() {
            return;
        }
        let mut start = 0;
        for count in graphemes(line) {
            if start + count > column {
                break;
            }
            start += count;
        }
        if start < column {
            self.place(start);
        }
    }
}

/// Characters of each grapheme of a line, in order.
fn graphemes(line: &str) -> Vec<usize> {
    width::cells(line)
        .map(|cell| cell.text.chars().count())
        .collect()
}
