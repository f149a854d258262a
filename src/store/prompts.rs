//! A folder of readable prompts, for `--dump-prompts`: private files and one index.
//!
//! Text comes masked. A file of an earlier run with the same name is replaced, the index grows.

use std::{fs, io::Write as _, path::PathBuf};

use super::files;
use crate::protocol::Failure;

/// Name of the index: one JSON object per line.
const INDEX: &str = "index.jsonl";

/// The folder; made when the first file is written.
#[derive(Debug)]
pub struct PromptFolder {
    folder: PathBuf,
    made: bool,
}

impl PromptFolder {
    /// The folder at this place. Nothing is touched yet.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            made: false,
        }
    }

    /// Writes one file, readable by its owner only.
    ///
    /// # Errors
    /// The folder cannot be made, or the file cannot be written.
    pub fn write(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        self.make()?;
        let path = self.folder.join(name);
        files::replace(&path, text.as_bytes())
            .map_err(|error| files::trouble("write the prompt", &path, &error))
    }

    /// Adds a line to the index.
    ///
    /// # Errors
    /// The folder cannot be made, or the index cannot be written.
    pub fn append(&mut self, line: &str) -> Result<(), Failure> {
        self.make()?;
        let path = self.folder.join(INDEX);
        files::open_shared(&path)
            .and_then(|mut file| {
                std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0))?;
                file.write_all(format!("{line}\n").as_bytes())
            })
            .map_err(|error| files::trouble("write the index of prompts", &path, &error))
    }

    fn make(&mut self) -> Result<(), Failure> {
        if !self.made {
            // A folder that was there keeps its rights: it is the person's.
            if !fs::exists(&self.folder).unwrap_or(false) {
                files::create_dirs(&self.folder)?;
            }
            self.made = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn prompts_are_private_and_the_index_grows() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("deep/prompts");
        let mut prompts = PromptFolder::new(folder.clone());
        for round in 1..3 {
            prompts
                .write("a.md", &format!("round {round}"))
                .expect("written");
            prompts.append("{}").expect("written");
        }
        let text = fs::read_to_string(folder.join("a.md")).expect("a file");
        assert_eq!(text, "round 2");
        let index = fs::read_to_string(folder.join(INDEX)).expect("an index");
        assert_eq!(index, "{}\n{}\n");
        for name in ["a.md", INDEX] {
            let mode = fs::metadata(folder.join(name))
                .expect("a file")
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_told_with_its_path() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("file");
        fs::write(&file, "").expect("a file");
        let failure = PromptFolder::new(file.join("prompts"))
            .write("a.md", "")
            .expect_err("a file is no folder");
        assert!(failure.to_string().contains("prompts"), "{failure}");
    }
}
