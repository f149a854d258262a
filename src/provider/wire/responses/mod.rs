//! `OpenAI`'s Responses API, stateless: nothing is stored there, reasoning travels encrypted.

pub mod compact;
pub mod decode;
pub mod encode;
