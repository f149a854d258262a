//! Google's `generateContent` API, streamed.

pub mod decode;
pub mod encode;
