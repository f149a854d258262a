//! `massgen-tui logs import`: sessions that somebody else gave away.

use std::{io::Write, path::PathBuf};

use super::super::{Globals, config_cmd, launch::Trouble};
use crate::{
    app::sharing::{self, Imported},
    text::clean,
};

/// Arguments of `logs import`.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportArgs {
    /// Bundles (`.mgt`), as `export --format bundle` writes them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// One JSON object per bundle instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Runs `logs import`; returns the exit code.
#[must_use]
pub fn run(globals: &Globals, args: &ImportArgs) -> u8 {
    match perform(globals, args) {
        Ok(()) => 0,
        Err(trouble) => trouble.tell(),
    }
}

fn perform(globals: &Globals, args: &ImportArgs) -> Result<(), Trouble> {
    let (paths, _) = config_cmd::surroundings();
    let state = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let mut out = std::io::stdout().lock();
    for file in &args.files {
        let imported = sharing::import(&state, file)?;
        super::written(if args.json {
            let told = serde_json::json!({
                "massgen_tui": "imported", "session": imported.run, "known": imported.known,
                "manifest": imported.manifest,
            });
            writeln!(out, "{told}")
        } else {
            writeln!(out, "{}", told(&imported))
        })?;
    }
    Ok(())
}

/// What came in, in a sentence.
#[must_use]
pub fn told(imported: &Imported) -> String {
    let by = match &imported.manifest.by {
        Some(by) => format!(", shared by {}", clean::line(by)),
        None => String::new(),
    };
    if imported.known {
        format!("Session {} is here already{by}.", imported.run)
    } else {
        format!(
            "Session {} is among the sessions now{by}; it is only looked at. massgen-tui open {}",
            imported.run, imported.run
        )
    }
}
