//! The full-screen front: the Elm core, its screens, and the loop that runs them.
//!
//! `update(&mut Model, Msg) -> Effects` changes the model and nothing else, `prepare(&mut Model)`
//! derives what a frame needs, `view(&Model, &mut Frame)` paints it; only `runtime` awaits, draws,
//! performs effects and reads the clock. Features (`live`, `setup`, `composer`, `layer`) see their own
//! state and a read-only [`shared::Shared`]; moves across them go through `update` and `flow`.
//!
//! The front never sees the engine, a provider or the store: it gets events, and asks through
//! [`ports::Ports`].

pub mod action;
mod again;
mod aside;
mod browsing;
mod checkup;
pub mod compare;
mod comparing;
pub mod composer;
mod conversation;
mod crew;
pub mod desk;
mod desking;
pub mod detail;
pub mod effect;
mod flow;
pub mod giving;
pub mod guide;
mod guiding;
pub mod keymap;
pub mod layer;
pub mod layout;
mod left;
pub mod live;
pub mod model;
pub mod moves;
pub mod msg;
pub mod notes;
mod noting;
pub mod options;
mod playing;
pub mod ports;
pub mod prepare;
pub mod replay;
pub mod report;
mod reporting;
pub mod review;
mod reviewing;
pub mod rooms;
pub mod route;
pub mod runtime;
pub mod sessions;
pub mod setup;
pub mod shared;
mod status;
pub mod still;
mod stored;
mod talking;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod trusting;
pub mod update;
pub mod view;
mod way;
pub mod widget;

pub use left::{LeftAsk, LeftTold};
pub use options::{ExitReason, ExitSummary, StartOptions};
pub use runtime::run;
