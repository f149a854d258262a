//! What several integration tests share.

pub mod scripted;
pub mod sse_server;
