//! The front as a whole, without a terminal: messages in, effects and screens out.

mod again;
mod aside;
mod compare;
mod conversation;
mod crew;
mod desk;
mod flows;
mod give;
mod guide;
mod health;
pub mod kit;
mod laws;
mod left;
mod notes;
mod replay;
mod report;
mod review;
mod screens;
mod sessions;
mod talking;
mod trust;
mod way;
