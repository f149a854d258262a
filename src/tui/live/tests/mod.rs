//! Tests of the live screen: folding, keys and mouse, screens, laws.

mod alone;
mod deciding;
mod detail;
mod fold;
mod inside;
mod laws;
mod metrics;
mod pages;
mod parts;
mod scenes;
mod screens;
mod stage;
mod use_cases;
