//! What several integration tests share.

pub mod app;
pub mod beside;
pub mod git;
pub mod home;
pub mod keyless;
pub mod scripted;
pub mod sse_server;
