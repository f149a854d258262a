//! From what a person picked to files in their folder, and back.
//!
//! [`build`] makes one tree of parts of several agents' changes.

mod build;
pub(in crate::workspace) mod tree;
#[cfg(test)]
mod workshop;

pub use build::build;
