//! A stored session on the screen: read in pieces, folded as far as wanted, played again.
//!
//! [`Piece`] is what the world gives, [`Tape`] what is known of the log (a light line for every event; the
//! events themselves as long as there is room, else they are fetched again), [`Reel`] how far it is folded
//! and where it should be, [`Player`] what moves that place by itself, [`Stops`] where going back begins. What is on the screen at any place is
//! what the events before it fold to, nothing else: the folding itself is done at the top, with the same
//! functions that take in the events of a living session.
//!
//! Invariants: nothing here waits or reads a clock; at most [`Tape::ROOM`] bytes of a log of ours stand in
//! memory as events; every step of work is bounded, so keys are heard in between.

mod action;
mod bar;
mod piece;
mod player;
mod reel;
mod stops;
mod tape;
#[cfg(test)]
mod tests;

pub use action::{Action, Jump, Way};
pub use bar::{Bar, seek};
pub use piece::{Piece, Reading, Rest};
pub use player::{Player, SPEEDS};
pub use reel::{Goal, Reel, Work};
pub use stops::Stops;
pub use tape::{Kind, Tape, Tick};
