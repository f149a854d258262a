//! The layers of this machine, this person and this project, read and judged before anything runs.
//!
//! A file that may not be used, or that is no YAML, is no layer; it is told in one sentence.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::{
    app::{
        settings,
        trust::{MACHINE, Standing, Trust},
    },
    config::{
        self, Environment, Paths, Purpose, clean,
        layers::{Profiles, Rank, ReadFile, Stack, Tree, places},
        yaml,
    },
};

/// Most files of profiles in one folder.
const PROFILES: usize = 200;

/// What was found.
#[derive(Debug, Default)]
pub struct Layers {
    /// The files that may be used.
    pub stack: Stack,
    /// What is to be said of the others.
    pub notices: Vec<String>,
}

/// Reads every layer there is.
pub fn gather(paths: &Paths, env: &Environment, trust: &Trust, profile: Option<&str>) -> Layers {
    let mut layers = Layers::default();
    let mut profiles = Profiles::default();
    let machine = PathBuf::from(MACHINE);
    let team = paths.default_config();
    for (path, rank) in places(paths, &machine) {
        let folder = path.parent().unwrap_or(&path).join("profiles");
        if is_home_of_profiles(&path, rank) {
            for (name, tree) in layers.profiles(&folder, rank, env, trust) {
                profiles.file(&name, tree);
            }
        }
        let is_team = team.as_ref() == Some(&path);
        if let Some(tree) = layers.read(&path, rank, (env, trust), is_team) {
            profiles.within(&tree);
            layers.stack.trees.push(tree);
        }
    }
    layers.stack.known = profiles.names();
    layers.stack.profile = profile.map_or_else(Vec::new, |name| profiles.named(name));
    layers.stack.wanted = profile.map(str::to_owned);
    layers
}

/// Beside `massgen-tui.yaml` anything may lie; a folder of that name there is the project's own.
fn is_home_of_profiles(path: &Path, rank: Rank) -> bool {
    match rank {
        Rank::Project => path.ends_with(".massgen/config.yaml"),
        // It lies beside the person's own file, whose profiles are taken in anyway.
        Rank::User => !path.ends_with(settings::FILE),
        Rank::Machine => true,
    }
}

impl Layers {
    /// One file; nothing when it is not there, may not be used, or is no configuration. Of the team that
    /// a run here would use, others speak.
    fn read(
        &mut self,
        path: &Path,
        rank: Rank,
        (env, trust): (&Environment, &Trust),
        is_team: bool,
    ) -> Option<Tree> {
        let lookup = |name: &str| env.get(name);
        if !path.is_file() {
            return None;
        }
        let bytes = match bytes(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let name = shown(path);
                self.notices
                    .push(format!("{name} cannot be read, and is not used: {error}."));
                return None;
            }
        };
        let tree = match Tree::new(path, &bytes, rank, &lookup) {
            Ok(tree) => tree,
            Err(_) if is_team => return None,
            Err(why) => {
                self.notices
                    .push(format!("{} Nothing of it is used.", clean(&why, 400)));
                return None;
            }
        };
        let mut files = vec![ReadFile {
            path: path.to_owned(),
            bytes: bytes.into(),
        }];
        if rank == Rank::Project && tree.has_team() {
            // What was approved is the team with all that it includes.
            let loaded = config::load_file(path, &lookup, Purpose::Check);
            if loaded.files.first() != files.first() {
                return None;
            }
            files = loaded.files;
        }
        if matches!(trust.of(path, &files), Standing::Unapproved { .. }) {
            if !is_team {
                let name = shown(path);
                self.notices.push(format!(
                    "The settings in {name} are not used: their content was not approved. Read them, then: \
                     massgen-tui config trust {name}"
                ));
            }
            return None;
        }
        Some(tree)
    }

    /// The files of a folder of profiles, by name.
    fn profiles(
        &mut self,
        folder: &Path,
        rank: Rank,
        env: &Environment,
        trust: &Trust,
    ) -> Vec<(String, Tree)> {
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|suffix| suffix == "yaml"))
            .take(PROFILES)
            .collect();
        files.sort();
        let named = |path: &PathBuf| path.file_stem()?.to_str().map(str::to_owned);
        files
            .iter()
            .filter_map(|path| {
                let name = named(path)?;
                Some((name, self.read(path, rank, (env, trust), false)?))
            })
            .collect()
    }
}

/// The bytes of a file, at most a little more than a configuration may have.
pub(super) fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(yaml::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string(), 300)
}
