//! Configurations that stand over each other, and what was read to build one.

mod seen;

pub use seen::{ReadFile, Seen};
