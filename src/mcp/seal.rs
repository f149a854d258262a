//! The sum over a plugin's files, and whether it is still what was approved.
//!
//! Every file of the folder counts, by its name, whether it may be run, and its bytes. A link could
//! lead out of what was approved, so a folder with one has no sum. Reads only; what an interpreter
//! outside of the folder does is not covered.

use std::{fs, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path};

use crate::{
    config::servers::Seal,
    export::hash::{Sha256, hex},
    text::clean,
};

/// Most files of a plugin.
const FILES: usize = 2_000;
/// Most bytes of them together.
const BYTES: u64 = 64 * 1024 * 1024;
/// Deepest folder.
const DEPTH: usize = 16;

/// The sum over all files of a folder.
///
/// # Errors
/// A file cannot be read, it is a link, or there are too many; in words for a person.
pub fn sum(folder: &Path) -> Result<String, String> {
    let mut summing = Summing {
        sum: Sha256::default(),
        files: 0,
        bytes: 0,
    };
    summing.folder(folder, Path::new(""), 0)?;
    Ok(hex(&summing.sum.finish()))
}

/// Nothing, when the files are what was approved.
///
/// # Errors
/// They are not, or cannot be read.
pub(super) async fn holds(seal: Option<Seal>) -> Result<(), String> {
    let Some(seal) = seal else { return Ok(()) };
    let now = tokio::task::spawn_blocking(move || Ok((sum(&seal.folder)?, seal.sum))).await;
    match now.map_err(|error| error.to_string())? {
        Ok((now, approved)) if now == approved => Ok(()),
        Ok(_) => Err(
            "its files are not what you approved any more; look at them, then approve them \
                      with `massgen-tui tools trust`"
                .to_owned(),
        ),
        Err(why) => Err(why),
    }
}

struct Summing {
    sum: Sha256,
    files: usize,
    bytes: u64,
}

impl Summing {
    fn folder(&mut self, root: &Path, below: &Path, depth: usize) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{} cannot be read: {error}", shown(below));
        if depth > DEPTH {
            return Err(format!("{} lies too deep", shown(below)));
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(root.join(below)).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
            if names.len() > FILES {
                return Err(format!("a plugin has at most {FILES} files"));
            }
        }
        names.sort();
        for name in names {
            let path = below.join(name);
            let about = fs::symlink_metadata(root.join(&path)).map_err(failed)?;
            if about.is_dir() {
                self.folder(root, &path, depth + 1)?;
            } else if about.is_file() {
                let may_run = about.permissions().mode() & 0o111 != 0;
                self.file(root, &path, may_run)?;
            } else {
                return Err(format!("{} is a link or no file", shown(&path)));
            }
        }
        Ok(())
    }

    fn file(&mut self, root: &Path, path: &Path, may_run: bool) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{} cannot be read: {error}", shown(path));
        let mut bytes = Vec::new();
        let left = BYTES - self.bytes;
        let file = fs::File::open(root.join(path)).map_err(failed)?;
        file.take(left + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        self.files += 1;
        let count = bytes.len() as u64;
        if count > left || self.files > FILES {
            let most = BYTES >> 20;
            return Err(format!("a plugin has at most {FILES} files and {most} MB"));
        }
        self.bytes += count;
        let name = path.as_os_str().as_encoded_bytes();
        for part in [name, &[u8::from(may_run)], &*bytes] {
            self.sum.update(&(part.len() as u64).to_le_bytes());
            self.sum.update(part);
        }
        Ok(())
    }
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        return "the folder".to_owned();
    }
    format!("`{}`", clean::line(&path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_name_and_mode_counts_and_links_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::create_dir(root.join("lib")).unwrap();
        fs::write(root.join("plugin.yaml"), "name: x").unwrap();
        fs::write(root.join("lib/a"), "12").unwrap();
        let first = sum(root).unwrap();
        assert_eq!(sum(root).unwrap(), first);
        fs::write(root.join("lib/a"), "13").unwrap();
        assert_ne!(sum(root).unwrap(), first, "a byte");
        fs::write(root.join("lib/a"), "12").unwrap();
        assert_eq!(sum(root).unwrap(), first);
        fs::set_permissions(root.join("lib/a"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(sum(root).unwrap(), first, "what may be run");
        fs::set_permissions(root.join("lib/a"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(root.join("lib/a"), root.join("lib/b")).unwrap();
        assert_ne!(sum(root).unwrap(), first, "a name");
        fs::rename(root.join("lib/b"), root.join("lib/a")).unwrap();
        fs::write(root.join("more"), "").unwrap();
        assert_ne!(sum(root).unwrap(), first, "a new file");
        std::os::unix::fs::symlink("/etc/hostname", root.join("link")).unwrap();
        assert!(sum(root).unwrap_err().contains("`link`"));
    }
}
