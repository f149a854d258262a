//! How an agent answered its tiny call.

use crate::{protocol::Failure, tui::effect::Ticket};

/// How it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Trial {
    /// Not tried with this model.
    #[default]
    Not,
    /// On its way.
    Running(Ticket),
    /// It answered: time and price.
    Good(String),
    /// It did not, and why.
    Bad(Failure),
    /// The person stopped it.
    Stopped,
}

impl Trial {
    pub(super) const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }
}
