//! What becomes of the lines of the program's own log: masked, cleaned, cut to a length, written to a
//! private file, and the latest kept in memory for the screen.
//!
//! One thread of its own does all of it, so that nobody who tells a line waits for a disk. A line that
//! cannot be written is still in memory, and the reason is the next line there.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc::Receiver},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    logging::{self, Area, Item, Level, Line},
    store::{logfile::LogFile, redact::Redactor},
    text::clean,
};

/// Lines kept for the screen.
pub const KEPT: usize = 2000;
/// Longest text of a line, in characters.
const LONGEST: usize = 2000;
/// Longest wait for the last lines when the program ends.
const LEAVE: Duration = Duration::from_millis(500);

static JOURNAL: OnceLock<Journal> = OnceLock::new();

/// A line as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// Time of day, in the clock of this machine.
    pub time: String,
    /// How weighty.
    pub level: Level,
    /// What about.
    pub area: Area,
    /// The words; masked and cleaned, one line.
    pub text: String,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    told: u64,
}

/// The latest lines: one thread writes them, whoever asks gets copies.
#[derive(Debug, Default)]
struct Latest(Mutex<Ring>);

/// The log of this program.
#[derive(Clone, Debug)]
pub struct Journal {
    ring: Arc<Latest>,
    /// The file, or why there is none.
    file: Result<PathBuf, String>,
}

impl Journal {
    /// Begins to take lines in; the second call finds the journal of the first. Values in `secrets` are
    /// masked wherever they stand.
    #[must_use]
    pub fn start(state_dir: &Path, secrets: &[String]) -> Self {
        let Some(lines) = logging::open() else {
            return Self::now().unwrap_or_else(|| Self::with(Err("It is not open.".to_owned())));
        };
        let (file, path) = match LogFile::open(state_dir) {
            Ok(file) => {
                let path = file.path().to_owned();
                (Some(file), Ok(path))
            }
            Err(failure) => (None, Err(failure.words())),
        };
        let journal = JOURNAL.get_or_init(|| Self::with(path)).clone();
        let keeper = Keeper {
            ring: Arc::clone(&journal.ring),
            file,
            redactor: Redactor::new(secrets),
        };
        std::thread::spawn(move || keeper.run(&lines));
        journal
    }

    /// The journal, if lines are taken in.
    #[must_use]
    pub fn now() -> Option<Self> {
        JOURNAL.get().cloned()
    }

    fn with(file: Result<PathBuf, String>) -> Self {
        Self {
            ring: Arc::default(),
            file,
        }
    }

    /// The file, or why there is none.
    ///
    /// # Errors
    /// Why nothing can be written.
    pub fn file(&self) -> Result<&Path, &str> {
        self.file.as_deref().map_err(String::as_str)
    }

    /// The latest lines behind this number, the oldest first.
    #[must_use]
    pub fn after(&self, number: u64) -> Vec<Entry> {
        let ring = held(&self.ring);
        let later = ring.entries.iter().filter(|entry| entry.number > number);
        later.cloned().collect()
    }
}

/// Has the last lines written before the program ends.
pub fn settle() {
    if JOURNAL.get().is_some() {
        logging::settle(LEAVE);
    }
}

fn held(ring: &Latest) -> MutexGuard<'_, Ring> {
    ring.0.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Keeper {
    ring: Arc<Latest>,
    file: Option<LogFile>,
    redactor: Redactor,
}

impl Keeper {
    fn run(mut self, lines: &Receiver<Item>) {
        while let Ok(item) = lines.recv() {
            match item {
                Item::Line(line) => {
                    let lost = logging::lost();
                    if lost > 0 {
                        self.take(&Line {
                            level: Level::Warn,
                            text: format!("{lost} lines found no room and are left out"),
                            ..line.clone()
                        });
                    }
                    self.take(&line);
                }
                // Whoever asked may have left.
                Item::Settle(done) => {
                    let _ = done.try_send(());
                }
            }
        }
    }

    fn take(&mut self, line: &Line) {
        let at = Timestamp::try_from(line.at).unwrap_or_default();
        let text = shown(&self.redactor, &line.text);
        let written = written(at, line, &text);
        self.keep(at, line.level, line.area, text);
        let appended = self.file.as_mut().map(|file| file.append(&written));
        if let Some(Err(error)) = appended {
            // The disk may be full; the screen has the lines all the same.
            self.file = None;
            let text = format!("the log cannot be written any more: {error}");
            self.keep(at, Level::Error, Area::Store, text);
        }
    }

    fn keep(&self, at: Timestamp, level: Level, area: Area, text: String) {
        let time = at.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f");
        let time = time.to_string();
        let mut ring = held(&self.ring);
        ring.told += 1;
        let number = ring.told;
        ring.entries.push_back(Entry {
            number,
            time,
            level,
            area,
            text,
        });
        if ring.entries.len() > KEPT {
            ring.entries.pop_front();
        }
    }
}

/// The words as they may be read: one line, no secret, no control character, not endless.
fn shown(redactor: &Redactor, text: &str) -> String {
    let masked = redactor.text(text);
    let line = clean::line(&masked);
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.into_owned(),
    }
}

/// The line of the file: time in UTC, process, weight, area, words.
fn written(at: Timestamp, line: &Line, text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 64);
    let process = std::process::id();
    let (level, area) = (line.level.word(), line.area.word());
    // Writing into a text never fails.
    let _ = writeln!(
        written,
        "{} {process} {level:<5} {area:<7} {text}",
        at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    );
    written
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn keeper(file: Option<LogFile>) -> Keeper {
        Keeper {
            ring: Arc::default(),
            file,
            redactor: Redactor::new(&["my-long-secret-value".to_owned()]),
        }
    }

    fn line(text: &str) -> Line {
        Line {
            at: SystemTime::UNIX_EPOCH,
            level: Level::Debug,
            area: Area::Http,
            text: text.to_owned(),
        }
    }

    #[test]
    fn lines_are_masked_cleaned_and_cut_in_the_file_and_in_memory() {
        let state = tempfile::tempdir().unwrap();
        let mut keeper = keeper(Some(LogFile::open(state.path()).unwrap()));
        keeper.take(&line("key my-long-secret-value\n\u{1b}[31mred\u{202e}"));
        keeper.take(&line(&"x".repeat(5000)));
        let ring = held(&keeper.ring);
        let first = &ring.entries[0];
        let path = state.path().join("log/massgen-tui.log");
        let file = std::fs::read_to_string(path).unwrap();
        for text in [&first.text, &file] {
            assert!(!text.contains("my-long-secret"), "{text}");
            assert!(
                !text.contains('\u{1b}') && !text.contains('\u{202e}'),
                "{text:?}"
            );
        }
        assert_eq!(ring.entries[1].text.chars().count(), LONGEST + 1);
        assert_eq!(file.lines().count(), 2);
        let head = file.lines().next().unwrap();
        assert!(head.starts_with("1970-01-01T00:00:00.000Z "), "{head}");
        assert!(head.contains(" debug http    key "), "{head}");
    }

    #[test]
    fn only_the_latest_lines_are_kept_in_memory() {
        let mut keeper = keeper(None);
        for number in 0..KEPT + 10 {
            keeper.take(&line(&number.to_string()));
        }
        let journal = Journal {
            ring: Arc::clone(&keeper.ring),
            file: Err("none".to_owned()),
        };
        let all = journal.after(0);
        assert_eq!((all.len(), all[0].number), (KEPT, 11));
        assert_eq!(journal.after(KEPT as u64 + 9).len(), 1);
    }
}
