//! The world behind the room of comparison.

use std::{
    fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc,
};

use super::{Services, compare};
use crate::{
    engine::outbox::now,
    protocol::{Failure, FailureKind, RunId, comparison::Comparison},
    report, store,
    tui::compare::{Ask, News, Told},
};

/// Folder of what was written, in the state folder.
const FOLDER: &str = "comparisons";

/// Answers one question.
pub(super) fn answer(services: &Services, ask: Ask) -> Told {
    let shelf = services.shelf();
    let read = |runs: &[RunId]| {
        let names: Vec<String> = runs.iter().map(|run| run.0.clone()).collect();
        compare::compare(&shelf, &names)
    };
    match ask {
        Ask::Read(runs) => {
            let comparison = read(&runs)?;
            Ok(News::Here(runs, Arc::new(comparison)))
        }
        Ask::Page(runs) => Ok(News::Page(report::compare_markdown(&read(&runs)?))),
        Ask::Write(runs) => {
            let folder = services.state_dir.join(FOLDER);
            write(&folder, &read(&runs)?).map(News::Written)
        }
    }
}

/// Writes the three files and returns their paths.
fn write(folder: &Path, comparison: &Comparison) -> Result<Vec<String>, Failure> {
    let name = store::new_run_id(now().0).0;
    let json = serde_json::to_string_pretty(comparison).unwrap_or_default();
    let files = [
        ("csv", report::csv(comparison)),
        ("json", json),
        ("md", report::compare_markdown(comparison)),
    ];
    let trouble = |path: &Path, error: std::io::Error| {
        let words = format!("{} could not be written: {error}.", path.display());
        Failure::new(FailureKind::Local, words)
    };
    std::fs::create_dir_all(folder).map_err(|error| trouble(folder, error))?;
    let mut paths = Vec::new();
    for (ending, text) in files {
        let path = folder.join(format!("{name}.{ending}"));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| trouble(&path, error))?;
        paths.push(path.display().to_string());
    }
    Ok(paths)
}
