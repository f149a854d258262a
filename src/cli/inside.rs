//! The processes around a command of an agent, which are this program, too.
//!
//! Known by their first word and run before anything else: they bind their own process, which must
//! have one thread only.

use std::{ffi::OsString, path::Path};

use super::USAGE;
use crate::tool::sandbox;

/// Runs one of them; `None` when the words are for people.
pub fn main(words: impl Iterator<Item = OsString>) -> Option<u8> {
    let words: Vec<OsString> = words.skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    Some(match (words.first()?.to_str()?, rest) {
        ("sandbox-keep", []) => sandbox::keep(),
        ("sandbox-enter", []) => sandbox::enter(),
        ("sandbox-probe", [folder, program]) => match program.to_str()?.parse() {
            Ok(program) => sandbox::probe(Path::new(folder), program),
            Err(_) => USAGE,
        },
        (sandbox::HOLD, rest) => sandbox::hold(rest),
        _ => return None,
    })
}
