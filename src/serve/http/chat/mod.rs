//! OpenAI's chat completions, where the model is a team.
//!
//! What differs from a model is told in docs/api.md: sampling parameters mean nothing to a team and are
//! passed over; what would change what comes back (`n`, tools that must be called, forms of JSON) is
//! refused, never ignored.

mod reply;
mod request;

pub use reply::{Completion, model, models};
pub use request::{Ask, Asked, Show};
