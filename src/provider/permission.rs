//! What a program that works by itself wants to be allowed, and what it is told. Plain data.

use crate::protocol::Deed;

/// A question of a program that works by itself: may it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its number, for [`super::Provider::permit`].
    pub id: u64,
    /// The tool, as the program calls it.
    pub tool: String,
    /// What it would do.
    pub deed: Deed,
    /// Why it is asked.
    pub why: String,
    /// What is usual for it.
    pub custom: Custom,
    /// What holds the program, in a sentence; empty when nothing of ours does.
    pub held: String,
    /// Whether the program takes another command in the place of its own.
    pub change: Change,
}

/// What is done where no rule says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Custom {
    /// It is allowed: it changes the agent's own copies, and something holds it there.
    Allowed,
    /// The person is asked.
    Asked,
}

/// Whether what is asked for can be changed by who allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It can.
    Taken,
    /// Yes or no, as it is.
    NotTaken,
}

/// What is said to a [`Permission`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permitted {
    /// Yes, this once.
    Yes,
    /// Yes, with this command instead.
    Instead(String),
    /// No, and what the program is told.
    No(String),
}
