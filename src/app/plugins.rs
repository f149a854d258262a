//! The person's plugins: programs in `plugins/NAME` of their settings folder whose tools every agent
//! gets.
//!
//! A plugin is used only while the sum over all its files is one that was approved by name; its folder
//! being the person's own does not count, nor `--trust-config`. Reading and listing start nothing. The
//! sum is taken again before each start (`mcp::seal`).

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Services, trust::Trust};
use crate::{
    config::{
        AgentTools, Environment, ToolServer, clean,
        plugins::{self, MANIFEST, Manifest},
        servers::{Reached, Seal},
    },
    mcp,
    protocol::{Failure, FailureKind},
    store::approvals::How,
};

/// Most plugins that are looked at.
const MOST: usize = 64;
/// Letters of a description in a list.
const SHORT: usize = 200;

/// How a plugin stands with the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// These files were approved.
    Trusted,
    /// They never were.
    New,
    /// Others were.
    Changed,
    /// They have no sum, and why.
    Unreadable(String),
}

/// A folder with a manifest.
#[derive(Debug)]
pub struct Plugin {
    /// The name of the folder; clean.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// What its manifest says.
    pub manifest: Manifest,
    /// Whether it may be used.
    pub standing: Standing,
    /// The sum over its files; empty when there is none.
    pub sum: String,
}

impl Plugin {
    /// What it is for, on one short line.
    #[must_use]
    pub fn description(&self) -> String {
        clean(self.manifest.description.trim(), SHORT)
    }

    /// The server of its tools, bound to these files, whether approved or not.
    #[must_use]
    pub fn server(&self) -> Option<ToolServer> {
        let mut server = self.manifest.server.clone()?;
        if let Reached::Started(started) = &mut server.reached {
            started.seal = Some(Seal {
                folder: self.folder.clone(),
                sum: self.sum.clone(),
            });
        }
        Some(server)
    }

    /// The same, when the person approved it.
    #[must_use]
    pub fn trusted(&self) -> Option<ToolServer> {
        self.server().filter(|_| self.standing == Standing::Trusted)
    }

    /// Why agents do not get it, and what to do; `None` when they do.
    #[must_use]
    pub fn trouble(&self) -> Option<(String, String)> {
        let name = &self.name;
        let said = |what: &str, hint: String| Some((what.to_owned(), hint));
        if self.manifest.server.is_none() {
            return said(
                "its manifest is wrong",
                format!("massgen-tui tools check {name}"),
            );
        }
        match &self.standing {
            Standing::Trusted => None,
            Standing::New => said(
                "not approved",
                format!("Read its files, then: massgen-tui tools trust {name}"),
            ),
            Standing::Changed => said(
                "changed since it was approved",
                format!("Read its files, then: massgen-tui tools trust {name}"),
            ),
            Standing::Unreadable(why) => {
                said("its files cannot be approved", format!("Because {why}."))
            }
        }
    }
}

/// Where plugins are looked for, and what tells how they stand. Every file of them is read, so this goes
/// to a thread for files.
struct Finder {
    root: Option<PathBuf>,
    environment: Environment,
    trust: Arc<Trust>,
}

impl Finder {
    fn new(services: &Services) -> Self {
        Self {
            root: services.own.plugins.clone(),
            environment: services.environment.clone(),
            trust: Arc::clone(&services.trust),
        }
    }

    fn all(&self) -> Vec<Plugin> {
        let entries = self.root.iter().flat_map(fs::read_dir).flatten();
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut folders: Vec<PathBuf> = folders
            .filter(|folder| folder.join(MANIFEST).is_file())
            .collect();
        folders.sort();
        folders.truncate(MOST);
        folders.into_iter().map(|folder| self.one(folder)).collect()
    }

    fn one(&self, folder: PathBuf) -> Plugin {
        let env = |name: &str| self.environment.get(name);
        let manifest = plugins::read(&folder, &env);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let name = clean(&name, 60);
        let (standing, sum) = match mcp::sum(&folder) {
            Ok(sum) if self.trust.approved(&folder, &sum) => (Standing::Trusted, sum),
            Ok(sum) if self.trust.knows(&folder) => (Standing::Changed, sum),
            Ok(sum) => (Standing::New, sum),
            Err(why) => (Standing::Unreadable(why), String::new()),
        };
        Plugin {
            name,
            folder,
            manifest,
            standing,
            sum,
        }
    }

    fn missing(&self, name: &str) -> Failure {
        let names: Vec<String> = self.all().into_iter().map(|one| one.name).collect();
        let place = self
            .root
            .as_deref()
            .map_or_else(|| "the settings folder".to_owned(), shown);
        let hint = if names.is_empty() {
            format!("There is none yet in {place}. `massgen-tui tools new NAME` begins one.")
        } else {
            format!("There are: {}.", names.join(", "))
        };
        let name = clean(name, 60);
        Failure::new(FailureKind::Request, format!("No plugin is called {name}.")).hint(hint)
    }
}

/// Every plugin, by name. Nothing is started.
pub async fn all(services: &Services) -> Vec<Plugin> {
    let finder = Finder::new(services);
    let found = tokio::task::spawn_blocking(move || finder.all());
    found.await.unwrap_or_default()
}

/// The plugin of a name. Blocking.
///
/// # Errors
/// There is none, with the names that there are.
pub fn named(services: &Services, name: &str) -> Result<Plugin, Failure> {
    let finder = Finder::new(services);
    let root = finder.root.as_ref().filter(|_| plugins::is_name(name));
    let folder = root.map(|root| root.join(name));
    match folder.filter(|folder| folder.join(MANIFEST).is_file()) {
        Some(folder) => Ok(finder.one(folder)),
        None => Err(finder.missing(name)),
    }
}

/// Approves the files of a plugin as they were read.
///
/// # Errors
/// They have no sum, the manifest is wrong, or the approval cannot be written.
pub fn approve(services: &Services, plugin: &Plugin) -> Result<(), Failure> {
    if let Standing::Unreadable(why) = &plugin.standing {
        let words = format!("{} cannot be approved: {why}.", plugin.name);
        return Err(Failure::new(FailureKind::Request, words));
    }
    services
        .trust
        .approve(&plugin.folder, &plugin.sum, How::Approved)
}

/// The servers of every plugin that was approved.
pub async fn servers(services: &Services) -> Vec<ToolServer> {
    let all = all(services).await;
    all.iter().filter_map(Plugin::trusted).collect()
}

/// Gives an agent these plugins; a server of its own with the same name stays.
pub fn add(tools: &mut AgentTools, plugins: &[ToolServer]) {
    for plugin in plugins {
        if tools.servers.iter().all(|own| own.name != plugin.name) {
            tools.servers.push(plugin.clone());
        }
    }
}

/// A language to begin a plugin in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shell script.
    Shell,
    /// A Python script.
    Python,
}

impl Kind {
    /// Name, content and mode of each file of an example.
    const fn files(self) -> [(&'static str, &'static str, u32); 2] {
        match self {
            Self::Shell => [
                (
                    MANIFEST,
                    include_str!("../../assets/plugins/word-count/plugin.yaml"),
                    0o600,
                ),
                (
                    "word_count.sh",
                    include_str!("../../assets/plugins/word-count/word_count.sh"),
                    0o700,
                ),
            ],
            Self::Python => [
                (
                    MANIFEST,
                    include_str!("../../assets/plugins/csv-stats/plugin.yaml"),
                    0o600,
                ),
                (
                    "csv_stats.py",
                    include_str!("../../assets/plugins/csv-stats/csv_stats.py"),
                    0o700,
                ),
            ],
        }
    }

    /// The name that the example has in its manifest.
    const fn name(self) -> &'static str {
        match self {
            Self::Shell => "name: word-count",
            Self::Python => "name: csv-stats",
        }
    }
}

/// Begins a plugin: a working example under another name, to be changed. Nothing is overwritten.
///
/// # Errors
/// The name cannot be used or is taken, or the files cannot be written.
pub fn begin(services: &Services, name: &str, kind: Kind) -> Result<PathBuf, Failure> {
    let request = |words: String| Failure::new(FailureKind::Request, words);
    if !plugins::is_name(name) {
        let words = format!("A plugin cannot be called {}.", clean(name, 60));
        return Err(request(words).hint("Small letters, digits and `-`, at most 24."));
    }
    let root = services
        .own
        .plugins
        .as_ref()
        .ok_or_else(|| request("There is no settings folder here.".to_owned()))?;
    let folder = root.join(name);
    write(&folder, name, kind).map_err(|error| {
        let words = format!("{} cannot be made: {error}.", shown(&folder));
        Failure::new(FailureKind::Local, words)
    })?;
    Ok(folder)
}

fn write(folder: &Path, name: &str, kind: Kind) -> io::Result<()> {
    use std::{
        io::Write as _,
        os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    };
    if let Some(root) = folder.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)?;
    }
    // A folder that is there already is somebody's.
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    let mut files = kind.files().into_iter();
    let written = files.try_for_each(|(file, content, mode)| {
        let content = content.replace(kind.name(), &format!("name: {name}"));
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(folder.join(file))?;
        file.write_all(content.as_bytes())
    });
    if written.is_err() {
        // A part of a plugin is of no use, and would be in the way of another try.
        let _ = fs::remove_dir_all(folder);
    }
    written
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string(), 400)
}

#[cfg(test)]
mod tests;
