//! Telling the outside that something happened in a run: to an address (webhooks) or to a program.
//!
//! Pure: which hook wants an event ([`Filter`]), what it is told ([`payload`]), how that is signed
//! ([`sign`]), when a delivery is tried again ([`retry`]). Sending, starting programs and reading the
//! clock is `app`'s. What hooks are there comes from the person's own configuration alone. Events are
//! masked before they come here; without [`Content::Full`] no word of a task or an answer leaves.

mod filter;
mod payload;
pub mod retry;
pub mod sign;

use std::time::Duration;

pub use filter::{Filter, Kind, OUTCOMES, moment};
pub use payload::{Body, body};

/// A hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its name, for messages and records.
    pub name: String,
    /// Where it leads.
    pub target: Target,
    /// What it wants to hear.
    pub filter: Filter,
    /// How much it is told.
    pub content: Content,
    /// Longest time of one try.
    pub timeout: Duration,
}

/// Where a hook leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A POST to this address.
    Url {
        /// The address.
        url: String,
        /// The variable that holds the secret for signing; unsigned without one.
        secret: Option<String>,
        /// Which addresses its name may lead to.
        reach: Reach,
    },
    /// This program with these arguments; it gets the payload on standard input.
    Command(Vec<String>),
}

/// Which addresses a name may lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Public ones; others only when the address itself is written in the configuration.
    #[default]
    Public,
    /// Those of this machine and its network, too.
    Private,
}

/// How much a hook is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Names, numbers, kinds; nothing anybody wrote.
    #[default]
    Short,
    /// The words as well, masked as in the log.
    Full,
}
