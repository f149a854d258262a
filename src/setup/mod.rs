//! What a person begins with: templates of teams, the members that are at hand, and the commented
//! configuration that comes of them; and prompts that are kept with variables.
//!
//! Pure: what was found on the machine comes in as a [`Hand`], a file goes out as text. Nothing here
//! looks for keys, asks a server or writes a file, and no key ever gets into what is written.

mod choose;
mod curated;
mod draft;
mod hand;
pub mod preset;
mod template;
#[cfg(test)]
mod tests;
mod write;

pub use choose::{Chosen, Place, fitting, members, seated, short};
pub use curated::{Curated, Tier, curated, dated, of_backend};
pub use draft::{Agent, Cost, Draft, Limit, MOST_AGENTS, Write, cost, free_id};
pub use hand::{Hand, Kind, Model, Way};
pub use template::{Template, Wanted};
pub use write::{Origin, yaml};
