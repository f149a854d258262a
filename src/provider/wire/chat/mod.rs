//! `OpenAI`'s chat completions API, as many servers speak it.

pub mod decode;
pub mod encode;
pub mod think;
