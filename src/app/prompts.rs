//! The prompts of a person: files in `prompts/` of their settings folder, and those that come with the
//! program. A file with the name of a shipped one takes its place.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::{
    config::nearest,
    protocol::{Failure, FailureKind},
    setup::preset::{self, Preset, SHIPPED},
};

/// Most files that are read.
const MOST: usize = 500;

/// A prompt, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// It, or why it cannot be read.
    pub preset: Result<Preset, String>,
    /// Its file; `None` for one that comes with the program.
    pub file: Option<PathBuf>,
}

/// The folder of a person's own prompts.
#[must_use]
pub fn folder(settings: &Path) -> PathBuf {
    settings.join("prompts")
}

/// All prompts by name.
#[must_use]
pub fn all(settings: Option<&Path>) -> Vec<Kept> {
    let mut all: BTreeMap<String, Kept> = SHIPPED
        .iter()
        .map(|(name, text)| {
            let kept = Kept {
                name: (*name).to_owned(),
                preset: preset::parse(name, text),
                file: None,
            };
            (kept.name.clone(), kept)
        })
        .collect();
    let files = settings.and_then(|settings| std::fs::read_dir(folder(settings)).ok());
    for entry in files.into_iter().flatten().flatten().take(MOST) {
        let path = entry.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let (Some(name), Some("md")) = (name, path.extension().and_then(|one| one.to_str())) else {
            continue;
        };
        if !preset::is_name(name) {
            continue;
        }
        let read = read(&path).and_then(|text| preset::parse(name, &text));
        let kept = Kept {
            name: name.to_owned(),
            preset: read,
            file: Some(path.clone()),
        };
        all.insert(kept.name.clone(), kept);
    }
    all.into_values().collect()
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| {
            let bound = preset::LARGEST as u64 + 1;
            file.take(bound).read_to_string(&mut text)
        })
        .map_err(|error| format!("It cannot be read: {error}."))?;
    Ok(text)
}

/// The prompt of a name.
///
/// # Errors
/// There is none, or its file is wrong.
pub fn named(settings: Option<&Path>, name: &str) -> Result<Preset, Failure> {
    let all = all(settings);
    let Some(kept) = all.iter().find(|one| one.name == name) else {
        let near = nearest(name, all.iter().map(|one| one.name.as_str()));
        let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        let message = format!("There is no prompt named \"{name}\".{near}");
        return Err(Failure::new(FailureKind::Request, message)
            .hint("`massgen-tui prompts list` lists all."));
    };
    kept.preset.clone().map_err(|words| {
        let file = kept.file.as_ref().map(|file| file.display().to_string());
        let message = format!("{}: {words}", file.unwrap_or_default());
        Failure::new(FailureKind::Request, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_place_of_a_shipped_prompt() {
        let settings = tempfile::tempdir().expect("a folder");
        let prompts = folder(settings.path());
        std::fs::create_dir(&prompts).expect("a folder");
        let shipped = all(Some(settings.path())).len();
        std::fs::write(prompts.join("explain.md"), "Explain it.").expect("a file");
        std::fs::write(prompts.join("broken.md"), "---\n").expect("a file");
        std::fs::write(prompts.join("notes.txt"), "x").expect("a file");
        let kept = all(Some(settings.path()));
        assert_eq!(kept.len(), shipped + 1);
        let own = named(Some(settings.path()), "explain").expect("a prompt");
        assert_eq!(own.tasks, ["Explain it."]);
        let told = named(Some(settings.path()), "broken").expect_err("it is wrong");
        assert!(
            told.words().contains("broken.md: Its head does not end"),
            "{told}"
        );
        let told = named(None, "explian").expect_err("unknown");
        assert!(told.words().contains("Did you mean explain?"), "{told}");
    }
}
