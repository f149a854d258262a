//! Where files are looked for: configurations, the state folder. The only door to `directories`.
//!
//! Nothing here creates anything, and nothing panics without a home folder: then there is simply no
//! place, and the error says which flag or variable gives one.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::yaml;

/// Variable that names the state folder. Read from the process environment only, never from a
/// `.env` file.
pub const STATE_VARIABLE: &str = "MASSGEN_TUI_STATE_DIR";

/// The folders everything else is found from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Working folder.
    pub cwd: PathBuf,
    /// Home folder.
    pub home: Option<PathBuf>,
    /// Our own folder for settings.
    pub config: Option<PathBuf>,
    /// Our own folder for what runs leave behind, before flag and variable.
    pub state: Option<PathBuf>,
}

/// One place where a configuration is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub path: PathBuf,
    /// Whose place it is, in words.
    pub whose: &'static str,
    /// Whether it is there.
    pub exists: bool,
}

/// A file or folder that is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is no home folder to put state into.
    #[error(
        "there is no home folder to keep sessions in; give one with --state-dir DIR or {STATE_VARIABLE}"
    )]
    NoState,
    /// A named configuration is nowhere.
    #[error("no configuration `{name}`; looked for {}", list(.tried))]
    NoConfig {
        /// The name as given.
        name: String,
        /// Places that were tried.
        tried: Vec<PathBuf>,
    },
}

/// True for a file with a team, and for one that cannot be understood: it must be told, not passed over.
fn names_agents(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(yaml::MAX_BYTES as u64).read_to_end(&mut bytes));
    let root = yaml::parse(&bytes).root;
    read.is_err()
        || root.is_none_or(|root| root.some("agents").is_some() || root.some("agent").is_some())
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

impl Paths {
    /// The folders of this process.
    #[must_use]
    pub fn discover(cwd: PathBuf) -> Self {
        let project = ProjectDirs::from("", "", "massgen-tui");
        Self {
            cwd,
            home: BaseDirs::new().map(|base| base.home_dir().to_owned()),
            config: project.as_ref().map(|dirs| dirs.config_dir().to_owned()),
            state: project.as_ref().map(|dirs| {
                dirs.state_dir()
                    .unwrap_or_else(|| dirs.data_local_dir())
                    .to_owned()
            }),
        }
    }

    /// The state folder: flag, variable, platform's place, in this order. Absolute. Not created.
    ///
    /// # Errors
    /// There is no home folder, and neither flag nor variable.
    pub fn state_dir(
        &self,
        flag: Option<&Path>,
        variable: Option<&str>,
    ) -> Result<PathBuf, PathError> {
        flag.map(Path::to_owned)
            .or_else(|| variable.filter(|text| !text.is_empty()).map(PathBuf::from))
            .map(|path| self.absolute(&path))
            .or_else(|| self.state.clone())
            .ok_or(PathError::NoState)
    }

    /// Places where a configuration is looked for when none is named, strongest first.
    #[must_use]
    pub fn config_candidates(&self) -> Vec<Candidate> {
        let mut places = vec![
            (
                self.cwd.join(".massgen/config.yaml"),
                "this folder's, shared with MassGen",
            ),
            (self.cwd.join("massgen-tui.yaml"), "this folder's"),
        ];
        if let Some(config) = &self.config {
            places.push((config.join("config.yaml"), "yours"));
        }
        if let Some(home) = &self.home {
            places.push((
                home.join(".config/massgen/config.yaml"),
                "yours, shared with MassGen",
            ));
        }
        places
            .into_iter()
            .map(|(path, whose)| Candidate {
                exists: path.is_file(),
                path,
                whose,
            })
            .collect()
    }

    /// The configuration to use when none is named.
    #[must_use]
    pub fn default_config(&self) -> Option<PathBuf> {
        let there: Vec<PathBuf> = self
            .config_candidates()
            .into_iter()
            .filter(|candidate| candidate.exists)
            .map(|candidate| candidate.path)
            .collect();
        match there.as_slice() {
            [] | [_] => there.into_iter().next(),
            // A file without agents only changes settings of a weaker one.
            several => {
                let team = several.iter().find(|path| names_agents(path));
                team.or(several.first()).cloned()
            }
        }
    }

    /// The file that `--config NAME` means: the path as given (`~` expanded), or a file of that name
    /// among MassGen's saved agents.
    ///
    /// # Errors
    /// There is no such file; the error lists where it was looked for.
    pub fn named_config(&self, name: &Path) -> Result<PathBuf, PathError> {
        let direct = self.expand_home(name);
        if direct.exists() || direct.is_absolute() && self.home.is_none() {
            return Ok(direct);
        }
        let mut tried = vec![direct];
        if let Some(home) = &self.home
            && name.is_relative()
        {
            let saved = home.join(".config/massgen/agents").join(name);
            if name.extension().is_none() {
                tried.push(saved.with_extension("yaml"));
            }
            tried.push(saved);
        }
        match tried.iter().find(|path| path.is_file()) {
            Some(path) => Ok(path.clone()),
            None => Err(PathError::NoConfig {
                name: name.display().to_string(),
                tried,
            }),
        }
    }

    /// `~` and `~/…` below the home folder, when there is one.
    #[must_use]
    pub fn expand_home(&self, path: &Path) -> PathBuf {
        match (&self.home, path.strip_prefix("~")) {
            (Some(home), Ok(rest)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.join(self.expand_home(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(cwd: &Path) -> Paths {
        Paths {
            cwd: cwd.to_owned(),
            home: Some(cwd.join("home")),
            config: Some(cwd.join("home/.config/massgen-tui")),
            state: Some(cwd.join("home/state")),
        }
    }

    #[test]
    fn the_flag_beats_the_variable_beats_the_platform() {
        let cwd = Path::new("/c");
        let paths = paths(cwd);
        for (flag, variable, expected) in [
            (Some("/f"), Some("/v"), "/c/../f"),
            (Some("f"), None, "/c/f"),
            (Some("~/f"), None, "/c/home/f"),
            (None, Some("/v"), "/v"),
            (None, Some(""), "/c/home/state"),
            (None, None, "/c/home/state"),
        ] {
            let got = paths.state_dir(flag.map(Path::new), variable).unwrap();
            let expected = expected.replace("/c/../", "/");
            assert_eq!(got, Path::new(&expected));
        }
        let homeless = Paths::default();
        assert_eq!(homeless.state_dir(None, None), Err(PathError::NoState));
        assert!(homeless.default_config().is_none());
        assert_eq!(homeless.config_candidates().len(), 2);
    }

    #[test]
    fn the_first_existing_place_is_used() {
        let temp = tempfile::tempdir().unwrap();
        let paths = paths(temp.path());
        assert_eq!(paths.default_config(), None);
        let candidates = paths.config_candidates();
        for candidate in candidates.iter().rev() {
            std::fs::create_dir_all(candidate.path.parent().unwrap()).unwrap();
            std::fs::write(&candidate.path, "agents: [{id: a}]").unwrap();
            assert_eq!(paths.default_config().as_ref(), Some(&candidate.path));
        }
        std::fs::write(&candidates[0].path, "ui: {}").unwrap();
        assert_eq!(paths.default_config().as_ref(), Some(&candidates[1].path));
    }

    #[test]
    fn a_name_is_looked_for_among_saved_agents() {
        let temp = tempfile::tempdir().unwrap();
        let paths = paths(temp.path());
        let saved = temp.path().join("home/.config/massgen/agents/team.yaml");
        std::fs::create_dir_all(saved.parent().unwrap()).unwrap();
        std::fs::write(&saved, "").unwrap();
        assert_eq!(paths.named_config(Path::new("team")), Ok(saved.clone()));
        assert_eq!(paths.named_config(Path::new("team.yaml")), Ok(saved));
        let error = paths.named_config(Path::new("nope")).unwrap_err();
        assert!(error.to_string().contains("nope.yaml"), "{error}");
    }
}
