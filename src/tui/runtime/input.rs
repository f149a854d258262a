//! Terminal events to what the loop works on, and a flood of them to a few.
//!
//! Keys keep their order and are never merged. Wheel notches in a row become one report, a resize is
//! only worth its last size, mouse motion is dropped. Engine events are not merged here: the engine's
//! outbox has merged deltas already, and a second merge would leave gaps in the numbering that the
//! fold counts.

use crossterm::event::{Event as Terminal, MouseButton, MouseEventKind};
use ratatui::layout::Size;

use crate::{
    protocol::Event,
    text::clean,
    tui::{
        effect::{Done, Ticket},
        keymap::Key,
        msg::{Mouse, MouseKind},
    },
};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Happening {
    /// A key.
    Key(Key),
    /// A paste, cleaned.
    Paste(String),
    /// The mouse.
    Mouse(Mouse),
    /// A new size.
    Resized(Size),
    /// An event of the engine, not yet through the gate.
    Engine(Box<Event>),
    /// An answer.
    Done(Ticket, Done),
}

/// What a terminal event is for the loop; `None` for what it does not care about.
pub(super) fn happening(event: Terminal) -> Option<Happening> {
    match event {
        Terminal::Key(key) => Key::from_event(key).map(Happening::Key),
        Terminal::Paste(text) => Some(Happening::Paste(clean::text(&text).into_owned())),
        Terminal::Resize(width, height) => Some(Happening::Resized(Size { width, height })),
        Terminal::Mouse(mouse) => {
            let kind = match mouse.kind {
                MouseEventKind::ScrollUp => MouseKind::WheelUp(1),
                MouseEventKind::ScrollDown => MouseKind::WheelDown(1),
                MouseEventKind::Down(MouseButton::Left) => MouseKind::Click,
                MouseEventKind::Down(_)
                | MouseEventKind::Up(_)
                | MouseEventKind::Drag(_)
                | MouseEventKind::Moved
                | MouseEventKind::ScrollLeft
                | MouseEventKind::ScrollRight => return None,
            };
            Some(Happening::Mouse(Mouse {
                kind,
                column: mouse.column,
                row: mouse.row,
            }))
        }
        Terminal::FocusGained | Terminal::FocusLost => None,
    }
}

/// Merges what may be merged, in order.
pub(super) fn coalesce(batch: Vec<Happening>) -> Vec<Happening> {
    let last_size = batch
        .iter()
        .rposition(|happening| matches!(happening, Happening::Resized(_)));
    let mut merged: Vec<Happening> = Vec::with_capacity(batch.len());
    for (place, happening) in batch.into_iter().enumerate() {
        match (&happening, merged.last_mut()) {
            (Happening::Resized(_), _) if Some(place) != last_size => {}
            (Happening::Mouse(mouse), Some(Happening::Mouse(before))) => {
                match joined(*before, *mouse) {
                    Some(kind) => before.kind = kind,
                    None => merged.push(happening),
                }
            }
            _ => merged.push(happening),
        }
    }
    merged
}

/// Two wheel reports in the same direction at the same place are one.
fn joined(before: Mouse, mouse: Mouse) -> Option<MouseKind> {
    if (before.column, before.row) != (mouse.column, mouse.row) {
        return None;
    }
    match (before.kind, mouse.kind) {
        (MouseKind::WheelUp(a), MouseKind::WheelUp(b)) => {
            Some(MouseKind::WheelUp(a.saturating_add(b)))
        }
        (MouseKind::WheelDown(a), MouseKind::WheelDown(b)) => {
            Some(MouseKind::WheelDown(a.saturating_add(b)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn wheel(kind: MouseKind, row: u16) -> Happening {
        Happening::Mouse(Mouse {
            kind,
            column: 1,
            row,
        })
    }

    fn key(c: char) -> Happening {
        Happening::Key(Key::new(KeyCode::Char(c), KeyModifiers::NONE))
    }

    #[test]
    fn wheel_notches_in_a_row_become_one() {
        let merged = coalesce(vec![
            wheel(MouseKind::WheelUp(1), 1),
            wheel(MouseKind::WheelUp(1), 1),
            wheel(MouseKind::WheelDown(1), 1),
            wheel(MouseKind::WheelDown(1), 2),
            key('a'),
            wheel(MouseKind::WheelDown(1), 2),
        ]);
        assert_eq!(
            merged,
            [
                wheel(MouseKind::WheelUp(2), 1),
                wheel(MouseKind::WheelDown(1), 1),
                wheel(MouseKind::WheelDown(1), 2),
                key('a'),
                wheel(MouseKind::WheelDown(1), 2),
            ]
        );
    }

    #[test]
    fn only_the_last_size_counts_and_keys_keep_their_order() {
        let size = |width| Happening::Resized(Size { width, height: 9 });
        assert_eq!(
            coalesce(vec![
                size(1),
                key('a'),
                size(2),
                key('b'),
                size(3),
                key('c')
            ]),
            [key('a'), key('b'), size(3), key('c')]
        );
    }

    #[test]
    fn pastes_are_cleaned_and_their_line_ends_unified() {
        assert_eq!(
            happening(Terminal::Paste("a\r\nb\rc\u{1b}[31md\u{202e}".to_owned())),
            Some(Happening::Paste("a\nb\nc␛d⇄".to_owned()))
        );
    }
}
