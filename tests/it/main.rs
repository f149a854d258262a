//! The one integration binary: rules over the sources, the engine with scripted models, real HTTP,
//! real files, real terminals.

// A test fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agents;
mod analysis;
mod api;
mod app;
mod applying;
mod bad_days;
mod bench;
mod cli;
mod compat;
mod config;
mod config_fuzz;
mod demo;
mod doors;
mod engine;
mod families;
mod hands;
mod harness;
mod keys;
mod listening;
mod lived;
mod modes;
mod notes;
mod notices;
mod owned;
mod pictures;
mod proofs;
mod provider;
mod pty;
mod repair;
mod replaying;
mod resume;
mod review;
mod reviewing;
mod screenshot;
mod search;
mod setup;
mod sharing;
mod shrinking;
mod store;
mod tidy;
mod trust;
mod workspace;
