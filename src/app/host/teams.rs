//! Which teams a client can choose from.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Host, blocking, request::Ground};
use crate::{
    app::{Policy, Taken, after_run},
    demo,
    protocol::{Event, Failure, RunId},
    text::clean,
};

/// Saved configurations that are listed.
const SAVED: usize = 200;

/// Teams to choose from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Teams {
    /// The configuration that is used when none is named.
    pub usual: Option<String>,
    /// Names or paths of saved ones.
    pub saved: Vec<String>,
    /// Scripted teams.
    pub demos: Vec<Demo>,
}

/// A scripted team.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Demo {
    /// Its name.
    pub name: String,
    /// A few words.
    pub title: String,
    /// Its agents.
    pub agents: usize,
}

impl Host {
    /// The teams to choose from in a folder.
    ///
    /// # Errors
    /// A folder that may not be named.
    pub async fn teams(&self, cwd: Option<PathBuf>) -> Result<Teams, Failure> {
        let roots = self.bounds.roots.clone();
        blocking(move || {
            let ground = Ground::new(cwd.as_deref(), &roots)?;
            let paths = ground.paths();
            let shown = |path: PathBuf| clean::line(&path.display().to_string()).into_owned();
            let mut saved = Vec::new();
            if let Some(home) = &paths.home {
                saved.extend(yaml_files(&home.join(".config/massgen/agents")));
            }
            if let Some(own) = &paths.config {
                saved.extend(yaml_files(own));
            }
            saved.truncate(SAVED);
            Ok(Teams {
                usual: paths.default_config().map(shown),
                saved: saved.into_iter().map(shown).collect(),
                demos: demo::scenarios()
                    .into_iter()
                    .map(|one| Demo {
                        name: one.name,
                        title: one.title,
                        agents: one.agents,
                    })
                    .collect(),
            })
        })
        .await
    }

    /// All events of a session's log and its whole name.
    ///
    /// # Errors
    /// No session is called so, or its log cannot be read.
    pub async fn events(&self, name: &str) -> Result<(RunId, Vec<Event>), Failure> {
        let run = self.find(name).await?;
        let shelf = self.services.shelf();
        blocking(move || {
            let volume = shelf.find(&run.0)?;
            let session = shelf.read(&volume)?;
            Ok((run, session.events))
        })
        .await
    }

    /// The files that the winner of an ended session changed; nobody is asked, and no file of the person
    /// changes unless the policy says so.
    ///
    /// # Errors
    /// The log or the worktrees cannot be read, or a patch cannot be written.
    pub async fn taken(&self, run: &RunId, policy: Policy) -> Result<Vec<Taken>, Failure> {
        let (services, run) = (std::sync::Arc::clone(&self.services), run.clone());
        blocking(move || after_run(&services, &run, policy, &|_| None)).await
    }
}

/// The configurations in a folder, by name.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("yaml" | "yml")) && path.is_file()
        })
        .collect();
    files.sort();
    files
}
