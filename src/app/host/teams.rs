//! Which teams a client can choose from.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Host, blocking, request::Ground};
use crate::{
    app::prompts,
    config::Paths,
    demo,
    protocol::Failure,
    setup::{Template, preset::Preset},
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
    /// Templates of the set-up, which take the models that are at hand.
    pub templates: Vec<TemplateLine>,
    /// Scripted teams.
    pub demos: Vec<Demo>,
}

/// A template of the set-up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemplateLine {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// What it needs, where that is not just any model.
    pub needs: Option<&'static str>,
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
                templates: Template::ALL
                    .map(|template| TemplateLine {
                        name: template.name(),
                        purpose: template.purpose(),
                        needs: template.needs(),
                    })
                    .to_vec(),
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

    /// The prompts that are kept: those of the person and those that come with the program. What cannot be
    /// read is left out.
    ///
    /// # Errors
    /// The program is leaving.
    pub async fn presets(&self) -> Result<Vec<Preset>, Failure> {
        blocking(|| {
            let settings = settings();
            let all = prompts::all(settings.as_deref()).into_iter();
            Ok(all.filter_map(|kept| kept.preset.ok()).collect())
        })
        .await
    }

    /// One of them.
    ///
    /// # Errors
    /// There is none of that name, or its file is wrong.
    pub async fn preset(&self, name: &str) -> Result<Preset, Failure> {
        let name = name.to_owned();
        blocking(move || prompts::named(settings().as_deref(), &name)).await
    }
}

/// The person's settings folder. Blocking.
fn settings() -> Option<PathBuf> {
    Paths::discover(std::env::current_dir().unwrap_or_default()).config
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
