//! The hands of agents with real files, real commands and the real sandbox: nothing leads out.
//!
//! Where the system holds nothing the tests assert that this is said and asked about; they print the
//! tier that they ran with (`cargo test --test it hands -- --nocapture`).

mod escape;
mod resources;
mod rig;
mod tools;
