//! What can be done in the editor, as data with stable names.

use crate::tui::action::Named;

/// One thing to do in the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send the text.
    Submit(When),
    /// Choose who hears it.
    Target,
    /// Go on in `$EDITOR`.
    Editor,
    /// Change the text or move in it.
    Edit(Edit),
}

/// When a message to working agents is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// At the next safe point.
    Queue,
    /// At once: the model call under way is cut short.
    Now,
}

/// A change of the text, or a move in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    /// Begin a new line.
    Newline,
    /// Move the cursor.
    Move(Motion),
    /// Delete.
    Delete(Span),
    /// Insert what was deleted last by word or line.
    Yank,
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
}

/// Moves of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One character left.
    Left,
    /// One character right.
    Right,
    /// One row up; from the first row to the text sent before.
    Up,
    /// One row down; from the last row to the text sent after.
    Down,
    /// To the start of the word.
    WordLeft,
    /// To the start of the next word.
    WordRight,
    /// To the start of the line.
    LineStart,
    /// To the end of the line.
    LineEnd,
    /// To the start of the text.
    TextStart,
    /// To the end of the text.
    TextEnd,
}

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// The character before the cursor.
    Back,
    /// The character at the cursor.
    Forward,
    /// The word before the cursor.
    Word,
    /// From the start of the line to the cursor.
    ToStart,
    /// From the cursor to the end of the line.
    ToEnd,
}

impl Action {
    /// Name, help and meaning of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("submit", "send", Self::Submit(When::Queue)),
        (
            "submit-now",
            "send and interrupt the agents at once",
            Self::Submit(When::Now),
        ),
        ("target", "choose who hears it", Self::Target),
        ("newline", "begin a new line", Self::Edit(Edit::Newline)),
        ("editor", "go on in $EDITOR", Self::Editor),
        (
            "left",
            "one character left",
            Self::Edit(Edit::Move(Motion::Left)),
        ),
        (
            "right",
            "one character right",
            Self::Edit(Edit::Move(Motion::Right)),
        ),
        (
            "up",
            "one row up, or the text sent before",
            Self::Edit(Edit::Move(Motion::Up)),
        ),
        (
            "down",
            "one row down, or the text sent after",
            Self::Edit(Edit::Move(Motion::Down)),
        ),
        (
            "word-left",
            "one word left",
            Self::Edit(Edit::Move(Motion::WordLeft)),
        ),
        (
            "word-right",
            "one word right",
            Self::Edit(Edit::Move(Motion::WordRight)),
        ),
        (
            "line-start",
            "to the start of the line",
            Self::Edit(Edit::Move(Motion::LineStart)),
        ),
        (
            "line-end",
            "to the end of the line",
            Self::Edit(Edit::Move(Motion::LineEnd)),
        ),
        (
            "text-start",
            "to the start of the text",
            Self::Edit(Edit::Move(Motion::TextStart)),
        ),
        (
            "text-end",
            "to the end of the text",
            Self::Edit(Edit::Move(Motion::TextEnd)),
        ),
        (
            "delete-back",
            "delete the character before the cursor",
            Self::Edit(Edit::Delete(Span::Back)),
        ),
        (
            "delete-forward",
            "delete the character at the cursor",
            Self::Edit(Edit::Delete(Span::Forward)),
        ),
        (
            "delete-word",
            "delete the word before the cursor",
            Self::Edit(Edit::Delete(Span::Word)),
        ),
        (
            "delete-to-start",
            "delete to the start of the line",
            Self::Edit(Edit::Delete(Span::ToStart)),
        ),
        (
            "delete-to-end",
            "delete to the end of the line",
            Self::Edit(Edit::Delete(Span::ToEnd)),
        ),
        (
            "yank",
            "insert what was deleted last",
            Self::Edit(Edit::Yank),
        ),
        ("undo", "take the last change back", Self::Edit(Edit::Undo)),
        ("redo", "make it again", Self::Edit(Edit::Redo)),
    ];
}
