//! `share.targets`: names for places that sessions are given to; `notes.author`: who writes notes.
//!
//! Read from the person's own configurations alone, never from one that lies in a project: whoever made a
//! project does not say where a person's sessions go.

use std::{collections::BTreeMap, fs, io::Read as _, path::PathBuf};

use super::{Node, Paths, yaml};

/// Largest configuration that is read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The named targets; of two with the same name that of our own folder counts.
///
/// # Errors
/// A file that cannot be understood, or a target that is no text.
pub fn targets(paths: &Paths) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for (path, root) in own(paths)? {
        let named = root.some("share").and_then(|share| share.some("targets"));
        for entry in named.map(Node::entries).unwrap_or_default() {
            let Some(target) = entry.value.text() else {
                return Err(format!(
                    "{}: share.targets.{} has to be a text",
                    path.display(),
                    entry.key
                ));
            };
            all.entry(entry.key.clone())
                .or_insert_with(|| target.to_owned());
        }
    }
    Ok(all)
}

/// Who the person is in notes; `None` when they did not write it down, or it cannot be understood: then
/// they are called as without it.
#[must_use]
pub fn author(paths: &Paths) -> Option<String> {
    let roots = own(paths).ok()?;
    let mut names = roots.iter().filter_map(|(_, root)| {
        let name = root.some("notes")?.some("author")?.text()?;
        Some(name.trim().to_owned())
    });
    names.find(|name| !name.is_empty())
}

/// The person's own configurations, the one that counts most first.
fn own(paths: &Paths) -> Result<Vec<(PathBuf, Node)>, String> {
    let own = paths
        .config
        .as_ref()
        .map(|folder| folder.join("config.yaml"));
    let home = paths
        .home
        .as_ref()
        .map(|home| home.join(".config/massgen/config.yaml"));
    let mut all = Vec::new();
    for path in own.into_iter().chain(home) {
        let Ok(file) = fs::File::open(&path) else {
            continue;
        };
        let mut bytes = Vec::new();
        file.take(LARGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let Some(root) = yaml::parse(&bytes).root else {
            return Err(format!(
                "{} cannot be understood; `massgen-tui config check` says why",
                path.display()
            ));
        };
        all.push((path, root));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_persons_own_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (own, home, cwd) = ("own", "home", "cwd");
        let path = |name: &str| folder.path().join(name);
        for (file, text) in [
            (
                "own/config.yaml",
                "share: {targets: {team: 'https://dav.example/s/'}}",
            ),
            (
                "home/.config/massgen/config.yaml",
                "share:\n  targets:\n    team: gist\n    disk: /mnt/s\n",
            ),
            (
                "cwd/.massgen/config.yaml",
                "share: {targets: {evil: 'https://evil.example/'}}",
            ),
        ] {
            fs::create_dir_all(path(file).parent().unwrap()).unwrap();
            fs::write(path(file), text).unwrap();
        }
        let paths = Paths {
            cwd: path(cwd),
            home: Some(path(home)),
            config: Some(path(own)),
            ..Paths::default()
        };
        let targets = targets(&paths).unwrap();
        let got: Vec<(&str, &str)> = targets
            .iter()
            .map(|(name, to)| (name.as_str(), to.as_str()))
            .collect();
        assert_eq!(
            got,
            [("disk", "/mnt/s"), ("team", "https://dav.example/s/")]
        );
        fs::write(path("own/config.yaml"), "share: {targets: {team: [1]}}").unwrap();
        assert!(
            super::targets(&paths)
                .unwrap_err()
                .contains("share.targets.team")
        );
    }
}
