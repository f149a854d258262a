//! `OpenAI`'s Responses API, stateless: nothing is stored there, reasoning travels encrypted.

pub mod decode;
pub mod encode;
