//! Anthropic's Messages API, which several other servers speak as well.

pub mod compact;
pub mod decode;
pub mod encode;
