//! The world behind the room of comparison.

use std::{path::Path, sync::Arc};

use super::{Services, compare};
use crate::{
    engine::outbox::now,
    protocol::{Failure, RunId, comparison::Comparison},
    report,
    store::{self, PageFolder},
    tui::compare::{Ask, News, Told},
};

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
        Ask::Write(runs) => write(&services.state_dir, &read(&runs)?).map(News::Written),
    }
}

/// Writes the three files and returns their paths.
fn write(state_dir: &Path, comparison: &Comparison) -> Result<Vec<String>, Failure> {
    let name = store::new_run_id(now().0).0;
    let json = serde_json::to_string_pretty(comparison).unwrap_or_default();
    let files = [
        ("csv", report::csv(comparison)),
        ("json", json),
        ("md", report::compare_markdown(comparison)),
    ];
    let folder = PageFolder::comparisons(state_dir);
    let paths = files.into_iter().map(|(ending, text)| {
        let path = folder.write(&format!("{name}.{ending}"), &text)?;
        Ok(path.display().to_string())
    });
    paths.collect()
}
