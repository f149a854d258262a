//! Whether a configuration may be used: the person's own may, one that lies in a project only when
//! its exact content was approved.
//!
//! The sum is over the bytes that were read, the configuration's and those of every file that it
//! includes, so that nothing can change between the check and the use. Reading and checking a file
//! contacts nobody and starts nothing; what comes out of it leaves this module only when it may be
//! used. What is enforced and what is not is told in `docs/trust.md`.

pub mod screen;
mod uses;

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::Services;
use crate::{
    config::{self, Config, Loaded, Overlay, Paths, Purpose, Report, Severity, layers::ReadFile},
    engine::outbox,
    export::hash::{Sha256, hex},
    logging::{Area, Level, tell},
    protocol::{Failure, FailureKind},
    store::{
        approvals::{Approval, Approvals, How},
        redact::Redactor,
    },
    text::clean,
};

pub use uses::{Use, uses, variables};

/// The folder of the whole machine's settings.
pub const MACHINE: &str = "/etc/massgen-tui";
/// Most lines of what a configuration would use in a message without a screen.
const TOLD: usize = 24;

/// How it came that this file is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The person named it on the command line. That is an act: its content counts as approved.
    ByHand,
    /// It lay where one is looked for, a log or another program named it.
    Found,
}

/// What a file is to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It and all that it includes lies in the person's own or the machine's folder of settings.
    Own,
    /// This content was approved.
    Approved,
    /// It was not.
    Unapproved {
        /// The sum over its content.
        sum: String,
    },
}

/// A configuration that waits for the person's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The file, as it was found.
    pub path: PathBuf,
    /// The sum over its content.
    pub sum: String,
    /// Files that it includes, itself left out.
    pub included: Vec<PathBuf>,
    /// What it would use, in plain words; cleaned.
    pub uses: Vec<Use>,
}

/// Why a configuration is not used.
#[derive(Debug)]
pub enum Refusal {
    /// It is wrong.
    Broken(Box<Report>),
    /// Nobody approved it.
    Unapproved(Box<Asked>),
}

/// What is approved, and for whom the folders are.
#[derive(Debug)]
pub struct Trust {
    approvals: Approvals,
    /// Folders whose files are the person's own.
    own: Vec<PathBuf>,
    /// Every configuration may be used in this run: `--trust-config`.
    all: bool,
    /// Contents that may be used until the program ends.
    once: Mutex<Vec<(PathBuf, String)>>,
}

impl Trust {
    /// The approvals of a state folder; nothing counts as the person's own.
    #[must_use]
    pub fn new(state_dir: &Path) -> Self {
        Self {
            approvals: Approvals::new(state_dir),
            own: Vec::new(),
            all: false,
            once: Mutex::default(),
        }
    }

    /// The same, with these folders as the person's own.
    #[must_use]
    pub fn owning(mut self, paths: &Paths) -> Self {
        self.own = vec![PathBuf::from(MACHINE)];
        self.own.extend(paths.config.clone());
        if let Some(home) = &paths.home {
            self.own.push(home.join(".config/massgen"));
            self.own.push(home.join(".massgen"));
        }
        self
    }

    /// The same, with leave for every configuration of this run.
    #[must_use]
    pub fn all(mut self, all: bool) -> Self {
        self.all = all;
        self
    }

    /// What this file is to the person, from the bytes that were read of it and of what it includes.
    #[must_use]
    pub fn of(&self, path: &Path, files: &[ReadFile]) -> Standing {
        if !files.is_empty() && files.iter().all(|file| self.is_own(&file.path)) {
            return Standing::Own;
        }
        let (path, sum) = (known_as(path), sum(files));
        let once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = once
            .iter()
            .any(|(other, one)| *other == path && *one == sum);
        if self.all || allowed || self.approvals.has(&path, &sum) {
            Standing::Approved
        } else {
            Standing::Unapproved { sum }
        }
    }

    /// Lets this content be used until the program ends.
    pub fn allow_once(&self, path: &Path, sum: &str) {
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        once.push((known_as(path), sum.to_owned()));
    }

    /// Whether exactly this content was approved. Nothing else counts: not whose folder it is, and no
    /// leave for a whole run.
    #[must_use]
    pub fn approved(&self, path: &Path, sum: &str) -> bool {
        self.approvals.has(&known_as(path), sum)
    }

    /// Whether any content of this path was approved.
    #[must_use]
    pub fn knows(&self, path: &Path) -> bool {
        let path = known_as(path);
        self.approvals.all().iter().any(|one| one.path == path)
    }

    /// Approves this content for good.
    ///
    /// # Errors
    /// The approval cannot be written.
    pub fn approve(&self, path: &Path, sum: &str, how: How) -> Result<(), Failure> {
        self.approvals.add(Approval {
            path: known_as(path),
            sum: sum.to_owned(),
            at: outbox::now(),
            how,
        })
    }

    /// Takes back every approval of a file; says how many contents were approved.
    ///
    /// # Errors
    /// The approvals cannot be written.
    pub fn forget(&self, path: &Path) -> Result<usize, Failure> {
        self.approvals.remove(&known_as(path))
    }

    /// Every approval, the oldest first.
    #[must_use]
    pub fn approvals(&self) -> Vec<Approval> {
        self.approvals.all()
    }

    /// True for a file in one of the person's own folders that nobody else may write.
    fn is_own(&self, path: &Path) -> bool {
        let path = plain(path);
        let inside = self.own.iter().any(|own| path.starts_with(plain(own)));
        inside && fs::metadata(&path).is_ok_and(|about| about.mode() & 0o002 == 0)
    }

    /// Lets a configuration that was read through, or says what is to be asked first.
    fn judge(&self, path: &Path, loaded: Loaded, chosen: Chosen) -> Result<Arc<Config>, Refusal> {
        let Some(config) = loaded.config else {
            return Err(Refusal::Broken(Box::new(loaded.report)));
        };
        let Standing::Unapproved { sum } = self.of(path, &loaded.files) else {
            return Ok(Arc::new(config));
        };
        if chosen == Chosen::ByHand {
            // Where it cannot be written down, going on with the session later asks once more.
            let _ = self.approve(path, &sum, How::Named);
            return Ok(Arc::new(config));
        }
        let uses = uses(&config);
        Err(Refusal::Unapproved(Box::new(asked(
            path,
            sum,
            uses,
            &loaded.files,
        ))))
    }
}

impl Services {
    /// The team of a configuration file: the one way to it, whoever asks. Nothing of a configuration
    /// that was not approved comes out of here but words for a question.
    ///
    /// # Errors
    /// It is wrong, or it lies in a project and its content was not approved.
    pub fn configuration(&self, path: &Path, chosen: Chosen) -> Result<Arc<Config>, Refusal> {
        self.configuration_for(path, chosen, Purpose::Run)
    }

    /// The same, read for another purpose than a run.
    ///
    /// # Errors
    /// As [`Self::configuration`].
    pub fn configuration_for(
        &self,
        path: &Path,
        chosen: Chosen,
        purpose: Purpose,
    ) -> Result<Arc<Config>, Refusal> {
        self.configuration_over(path, chosen, purpose, &self.overlay_now())
    }

    /// The same under these settings in place of the program's own.
    ///
    /// # Errors
    /// As [`Self::configuration`].
    pub fn configuration_over(
        &self,
        path: &Path,
        chosen: Chosen,
        purpose: Purpose,
        overlay: &Overlay,
    ) -> Result<Arc<Config>, Refusal> {
        let env = |name: &str| self.environment.get(name);
        let loaded = config::load_file_with(path, &env, purpose, overlay);
        tell(Level::Info, Area::Config, || {
            let path = path.display();
            format!("{path} was read: {}", loaded.report.summary())
        });
        let judged = self.trust.judge(path, loaded, chosen);
        if let Err(refusal) = &judged {
            tell(Level::Warn, Area::Config, || refusal.failure().message);
        }
        judged.map_err(|refusal| match refusal {
            Refusal::Unapproved(mut asked) => {
                self.add_profiles(&mut asked);
                Refusal::Unapproved(asked)
            }
            broken @ Refusal::Broken(_) => broken,
        })
    }
}

/// What is to be asked about a configuration.
fn asked(path: &Path, sum: String, mut uses: Vec<Use>, files: &[ReadFile]) -> Asked {
    uses.extend(variables(files));
    Asked {
        path: path.to_owned(),
        sum,
        included: files.iter().skip(1).map(|file| file.path.clone()).collect(),
        uses,
    }
}

impl Services {
    /// Adds to a question what each profile in the file would use: they are approved along.
    fn add_profiles(&self, asked: &mut Asked) {
        let env = |name: &str| self.environment.get(name);
        for name in config::layers::profiles_in(&asked.path) {
            let stack = config::layers::Stack {
                wanted: Some(name),
                ..config::layers::Stack::default()
            };
            let overlay = self.overlay.clone().over(stack);
            let loaded = config::load_file_with(&asked.path, &env, Purpose::Check, &overlay);
            for one in loaded.config.iter().flat_map(uses) {
                if !asked.uses.contains(&one) {
                    asked.uses.push(one);
                }
            }
        }
        let redactor = Redactor::new(&self.environment.secrets());
        let mask = |text: &str| redactor.text(text).into_owned();
        let uses = std::mem::take(&mut asked.uses).into_iter();
        asked.uses = uses.map(|one| one.masked(&mask)).collect();
    }
}

impl Refusal {
    /// Everything that is to be said without a screen.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Broken(report) => format!(
                "the configuration cannot be run\n\n{}\n{}",
                report.render_all(Severity::Warning),
                report.summary()
            ),
            Self::Unapproved(asked) => asked.words(),
        }
    }

    /// The same for where one sentence has room.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Broken(report) => {
                let name = clean::line(&report.source.name).into_owned();
                Failure::new(
                    FailureKind::Request,
                    format!("{} in {name}: nothing of it is used.", report.summary()),
                )
                .hint(format!(
                    "`massgen-tui config check {name}` lists what is wrong."
                ))
            }
            Self::Unapproved(asked) => {
                let name = asked.name();
                Failure::new(
                    FailureKind::Request,
                    format!("{name} lies in a project, and its content was not approved."),
                )
                .hint(format!(
                    "Read it, then approve it: massgen-tui config trust {name}"
                ))
            }
        }
    }
}

impl Asked {
    /// The file's name, fit to be shown.
    #[must_use]
    pub fn name(&self) -> String {
        clean::line(&self.path.display().to_string()).into_owned()
    }

    /// What it would do and how to let it, in several lines.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.name();
        let mut words = format!(
            "{name} lies in a project, and its content was not approved. Nothing of it was used. It would:\n"
        );
        for one in self.uses.iter().take(TOLD) {
            let _ = writeln!(words, "  {one}");
        }
        if let Some(more) = self.uses.len().checked_sub(TOLD).filter(|more| *more > 0) {
            let _ = writeln!(words, "  and {more} more; read the file");
        }
        let _ = write!(
            words,
            "If that is what you want, approve this content: massgen-tui config trust {name}\n\
             For this run alone: --trust-config"
        );
        words
    }
}

/// The sum over files: their names as the system knows them and their bytes, each with its length, so
/// that nothing can be moved from one into another.
#[must_use]
pub fn sum(files: &[ReadFile]) -> String {
    let mut sum = Sha256::default();
    for file in files {
        let name = known_as(&file.path);
        let name = name.as_os_str().as_encoded_bytes();
        for part in [name, &*file.bytes] {
            sum.update(&(part.len() as u64).to_le_bytes());
            sum.update(part);
        }
    }
    hex(&sum.finish())
}

/// A path as the system knows it.
fn known_as(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| plain(path))
}

/// An absolute path without `.` and `..`; links stay.
fn plain(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
