//! Setting up: what is at hand on this machine, whether a model answers, where the configuration goes.
//!
//! The one place behind `massgen-tui setup`, its screen and `config new`. Keys are looked at for whether
//! they are set, never copied; nothing is written before the person says so.

mod look;
mod save;
mod tried;

pub use look::{Found, FoundKey, FoundProgram, Login, hand, keys, list, look, programs, servers};
pub use save::{Place, Replace, Saved, approve, replace, save, target};
pub use tried::{BOUND, PROGRAM, Tried, attempt};

use crate::config::{Environment, Paths};

use super::Keys;

/// The folders and variables of this process, `.env` files and the keyring included. Reads files and may
/// ask the keyring, so it blocks.
#[must_use]
pub fn surroundings() -> (Paths, Environment) {
    let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
    let process = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let (own, home) = (paths.config.as_deref(), paths.home.as_deref());
    let env = Environment::gather(process, &paths.cwd, own, home);
    let env = match own {
        Some(own) => Keys::new(own.to_owned()).completed(env),
        None => env,
    };
    (paths, env)
}

/// Today here, `2026-11-21`.
#[must_use]
pub fn today() -> String {
    jiff::Zoned::now().date().to_string()
}
