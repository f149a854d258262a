//! Doors through which other programs reach a team: runs of this process that a program drives.
//!
//! A door translates what its own protocol asks into runs and what runs tell back; it knows no engine, no
//! provider and no screen. What it needs of the rest of the program comes in through a port.

pub mod acp;
mod follow;
pub mod http;
pub mod mcp;
#[cfg(test)]
mod testing;
