//! The folder: which files are whole, and where they go when they are taken.
//!
//! A file is read once nothing about it has changed between two looks, never while its name says that
//! it is being written, and never through a link. What was read is moved aside before anybody hears
//! of it, so that nothing is taken twice.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Longest file, in bytes.
const MOST_BYTES: u64 = 64 * 1024;
/// Files looked at in one go.
const MOST_FILES: usize = 256;
/// Files taken in one go; the rest waits for the next.
const MOST_TAKEN: usize = 16;
/// Looks after which an empty file is refused.
const EMPTY_LOOKS: u32 = 20;

/// What was seen of a file at a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sight {
    bytes: u64,
    changed: Option<SystemTime>,
}

/// A folder that is looked at again and again.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    seen: BTreeMap<String, (Sight, u32)>,
}

/// A file that was moved aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its name in the inbox.
    pub name: String,
    /// Where it lies now.
    pub path: PathBuf,
    /// Its text, or why it cannot be read.
    pub content: Result<String, String>,
}

impl Folder {
    /// A folder; it is made when it is not there.
    ///
    /// # Errors
    /// It cannot be made, or is no folder.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        Ok(Self {
            path,
            seen: BTreeMap::new(),
        })
    }

    /// Moves aside and reads what is whole, in the order of names.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn look(&mut self) -> io::Result<Vec<Letter>> {
        let mut now = BTreeMap::new();
        for entry in fs::read_dir(&self.path)?.take(MOST_FILES) {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !is_letter(&name) {
                continue;
            }
            // Not through a link: only what lies here is the person's.
            let Ok(found) = fs::symlink_metadata(entry.path()) else {
                continue;
            };
            if found.is_file() {
                let sight = Sight {
                    bytes: found.len(),
                    changed: found.modified().ok(),
                };
                now.insert(name, sight);
            }
        }
        let mut letters = Vec::new();
        let mut seen = BTreeMap::new();
        for (name, sight) in now {
            let looks = match self.seen.get(&name) {
                Some((before, looks)) if *before == sight => looks + 1,
                Some(_) | None => 0,
            };
            let whole = looks > 0 && (sight.bytes > 0 || looks >= EMPTY_LOOKS);
            if whole && letters.len() < MOST_TAKEN {
                letters.extend(self.take(&name, sight));
            } else {
                seen.insert(name, (sight, looks));
            }
        }
        self.seen = seen;
        Ok(letters)
    }

    /// `None` when the file cannot be moved: somebody else took it, or nothing may be moved here.
    fn take(&self, name: &str, sight: Sight) -> Option<Letter> {
        let path = place(&self.path.join("taken"), name).ok()?;
        fs::rename(self.path.join(name), &path).ok()?;
        let content = if sight.bytes > MOST_BYTES {
            Err(format!("It is longer than {} KiB.", MOST_BYTES / 1024))
        } else {
            text(&path)
        };
        Some(Letter {
            name: name.to_owned(),
            path,
            content,
        })
    }

    /// Says beside a letter what became of it. One that was refused goes to a folder of its own.
    pub fn receipt(&self, letter: &Letter, said: &Result<String, String>) -> io::Result<()> {
        let (path, words) = match said {
            Ok(words) => (letter.path.clone(), words),
            Err(words) => {
                let path = place(&self.path.join("refused"), &letter.name)?;
                fs::rename(&letter.path, &path)?;
                (path, words)
            }
        };
        let mut beside = path.into_os_string();
        beside.push(".receipt");
        fs::write(beside, format!("{words}\n"))
    }
}

/// Names of messages and answers. Hidden files, and names that editors and copying programs use while
/// they write, are none.
fn is_letter(name: &str) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    let known = ["md", "txt"];
    !name.starts_with(['.', '#', '~'])
        && ending.is_some_and(|ending| known.iter().any(|one| ending.eq_ignore_ascii_case(one)))
}

/// A free name in a folder that is made when it is not there.
fn place(folder: &Path, name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let free = (1_u32..1_000).map(|number| match number {
        1 => folder.join(name),
        number => folder.join(format!("{number}-{name}")),
    });
    free.into_iter()
        .find(|path| fs::symlink_metadata(path).is_err())
        .ok_or_else(|| io::Error::other("no free name"))
}

/// The text of a file, read within bounds.
fn text(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("It cannot be read: {error}.");
    let mut bytes = Vec::new();
    fs::File::open(path)
        .map_err(unreadable)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("It is longer than {} KiB.", MOST_BYTES / 1024));
    }
    String::from_utf8(bytes).map_err(|_| "It is no text (UTF-8).".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(letters: &[Letter]) -> Vec<&str> {
        letters.iter().map(|letter| letter.name.as_str()).collect()
    }

    #[test]
    fn a_file_that_grows_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let box_ = home.path().join("box");
        let mut folder = Folder::open(box_.clone()).unwrap();
        fs::write(box_.join("a.md"), "half").unwrap();
        assert_eq!(folder.look().unwrap(), []);
        fs::write(box_.join("a.md"), "half and half").unwrap();
        assert_eq!(folder.look().unwrap(), [], "it has changed");
        let letters = folder.look().unwrap();
        assert_eq!(names(&letters), ["a.md"]);
        assert_eq!(letters[0].content, Ok("half and half".into()));
        assert!(!box_.join("a.md").exists());
        assert_eq!(folder.look().unwrap(), [], "taken once");
    }

    #[test]
    fn names_of_files_in_the_making_folders_and_links_are_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let box_ = home.path().join("box");
        let mut folder = Folder::open(box_.clone()).unwrap();
        for name in [
            ".hidden.md",
            "a.md.part",
            "b.tmp",
            "c.md~",
            "d.json",
            "#e.md",
        ] {
            fs::write(box_.join(name), "words").unwrap();
        }
        fs::create_dir(box_.join("folder.md")).unwrap();
        fs::write(home.path().join("secret.txt"), "secret").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(home.path().join("secret.txt"), box_.join("link.md")).unwrap();
        fs::write(box_.join("empty.md"), "").unwrap();
        for _ in 0..3 {
            assert_eq!(folder.look().unwrap(), []);
        }
        fs::rename(box_.join("a.md.part"), box_.join("a.md")).unwrap();
        let _ = folder.look().unwrap();
        assert_eq!(names(&folder.look().unwrap()), ["a.md"]);
        let empty = (0..EMPTY_LOOKS).flat_map(|_| folder.look().unwrap());
        let empty: Vec<Letter> = empty.collect();
        assert_eq!(names(&empty), ["empty.md"], "refused in the end");
    }

    #[test]
    fn receipts_lie_beside_what_was_taken_and_what_was_refused() {
        let home = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(home.path().to_owned()).unwrap();
        fs::write(home.path().join("a.md"), "words").unwrap();
        fs::write(home.path().join("b.md"), [0xff, 0xfe]).unwrap();
        fs::write(home.path().join("c.md"), "x".repeat(70_000)).unwrap();
        let _ = folder.look().unwrap();
        let letters = folder.look().unwrap();
        assert_eq!(names(&letters), ["a.md", "b.md", "c.md"]);
        for letter in &letters {
            let said = letter.content.clone().map(|_| "message to all".to_owned());
            folder.receipt(letter, &said).unwrap();
        }
        let read = |path: &str| fs::read_to_string(home.path().join(path)).unwrap();
        assert_eq!(read("taken/a.md.receipt"), "message to all\n");
        assert_eq!(read("taken/a.md"), "words");
        assert_eq!(read("refused/b.md.receipt"), "It is no text (UTF-8).\n");
        assert!(read("refused/c.md.receipt").contains("longer than 64 KiB"));
        // The same name again overwrites nothing.
        fs::write(home.path().join("a.md"), "again").unwrap();
        let _ = folder.look().unwrap();
        let letters = folder.look().unwrap();
        assert!(letters[0].path.ends_with("taken/2-a.md"));
        assert_eq!(read("taken/a.md"), "words");
    }
}
