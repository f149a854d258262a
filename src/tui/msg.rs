//! The few doors through which anything reaches `update`.

use ratatui::layout::Size;

use super::{
    action::Action,
    effect::{Done, Ticket},
    keymap::Key,
};
use crate::protocol::Event;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key after the keymap, or a command of the palette.
    Action(Action),
    /// Text, paste or mouse for whatever has the focus.
    Input(Input),
    /// The terminal has a new size.
    Resized(Size),
    /// The engine told something; already through the text gate.
    Engine(Box<Event>),
    /// The answer to an effect.
    Done(Ticket, Done),
}

/// Input that is no action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A typed character.
    Char(char),
    /// Pasted text; already through the text gate.
    Paste(String),
    /// The mouse.
    Mouse(Mouse),
    /// The first key of a two-key binding.
    Prefix(Key),
    /// A key, or two, without a meaning here.
    Unbound(Key),
}

/// A mouse report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub kind: MouseKind,
    /// Column, from 0.
    pub column: u16,
    /// Row, from 0.
    pub row: u16,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The wheel turned up by this many notches.
    WheelUp(u16),
    /// The wheel turned down by this many notches.
    WheelDown(u16),
    /// The left button went down.
    Click,
}
