//! The world behind the screen of settings and log: what is in force, changes for this run, changes that
//! are saved, and the lines of the log.
//!
//! A change is a setting laid over all layers until the program ends. A saved one is moreover written into
//! `settings.yaml` in the person's folder of settings, a layer over their own configuration that this
//! program owns; the person's own configuration is never touched. Models alone stand in the team's file:
//! there one word is replaced. Every value is judged by the configuration's own rules before it is taken.

mod file;
mod look;
mod sheet;
mod team;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use look::KEYS;

use self::file::Saved;
use super::{Services, Source, guide::Configured, journal::Journal, trust::Chosen, trust::screen};
use crate::{
    config::{
        Overlay, clean,
        layers::{Rank, Shown, Tree},
    },
    logging::{self, Area, Level, tell},
    protocol::{Failure, FailureKind, Origin},
    store,
    tui::desk::{Ask, Change, Changed, Keep, Line, News, Told},
};

/// Name of the file of saved settings.
pub const FILE: &str = "settings.yaml";
/// Changes that can be taken back.
const HISTORY: usize = 100;
/// What the person changed while the program runs.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where changes are saved; `None` where there is no folder for it.
    pub file: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Values for this run, by key.
    now: BTreeMap<String, String>,
    /// How it was before each change.
    before: Vec<Before>,
}

/// How it was before a change.
#[derive(Clone, Debug, Default)]
struct Before {
    /// Values for this run, by key.
    now: BTreeMap<String, String>,
    /// What was saved, when that was changed.
    saved: Option<Saved>,
    /// The file of the team, when that was changed.
    team: Option<team::Swap>,
}

impl Settings {
    /// Changes that are saved into this file.
    #[must_use]
    pub fn saved_in(file: Option<PathBuf>) -> Self {
        Self {
            file,
            state: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn saved(&self) -> Result<Saved, Failure> {
        let Some(file) = &self.file else {
            return Ok(Saved::new());
        };
        match std::fs::read(file) {
            Ok(bytes) => Ok(file::read(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Saved::new()),
            Err(error) => Err(local(format!(
                "{} cannot be read: {error}.",
                file.display()
            ))),
        }
    }

    fn write(&self, saved: &Saved) -> Result<(), Failure> {
        let Some(file) = &self.file else {
            return Err(local(
                "There is no folder for settings on this machine.".to_owned(),
            ));
        };
        store::replace_private(file, file::text(saved).as_bytes())
    }
}

impl Services {
    /// The settings over all files with what was changed on the screen.
    #[must_use]
    pub fn overlay_now(&self) -> Overlay {
        over(&self.overlay, &self.own.settings.held().now)
    }
}

/// The overlay with these values on top; they were judged when they were taken.
fn over(overlay: &Overlay, values: &BTreeMap<String, String>) -> Overlay {
    let mut overlay = overlay.clone();
    for (key, value) in values {
        let _ = overlay.screen(key, value);
    }
    overlay
}

/// Answers the screen.
pub(super) fn answer(services: &Services, configured: &Configured, ask: Ask) -> Told {
    match ask {
        Ask::Log(after) => Told::Log(news(after)),
        Ask::Level(level) => {
            switch(services, level);
            Told::Log(news(u64::MAX))
        }
        Ask::Settings => Told::Settings(sheet::sheet(services, configured)),
        Ask::Check(change) => {
            let trouble = sheet::judged(services, configured, &change).err();
            Told::Checked(change, trouble)
        }
        Ask::Change(change, keep) => {
            let done = changed(services, configured, &change, keep);
            Told::Changed(done.map(|words| outcome(services, configured, words)))
        }
        Ask::Undo => {
            let done = undone(services, configured);
            Told::Changed(done.map(|words| outcome(services, configured, words)))
        }
        Ask::Bind(bind) => {
            let done = look::bind(services, &bind);
            Told::Bound(bind, done)
        }
    }
}

/// Everything as it is after a change.
fn outcome(services: &Services, configured: &Configured, words: String) -> Box<Changed> {
    Box::new(Changed {
        words,
        settings: sheet::sheet(services, configured),
        look: services.look_now().0,
        team: configured.team().as_ref().map(screen::summary),
    })
}

fn news(after: u64) -> News {
    let journal = Journal::now();
    let lines = journal.iter().flat_map(|journal| journal.after(after));
    News {
        level: logging::level(),
        lines: lines
            .map(|entry| Line {
                number: entry.number,
                time: entry.time,
                level: entry.level,
                area: entry.area.word(),
                text: entry.text,
            })
            .collect(),
        place: journal.map_or_else(String::new, |journal| match journal.file() {
            Ok(path) => clean(&path.display().to_string(), 300),
            Err(why) => clean(why, 300),
        }),
    }
}

fn switch(services: &Services, level: Option<Level>) {
    if level.is_some() {
        let _ = Journal::start(&services.state_dir, &services.environment.secrets());
        logging::set(level);
    }
    tell(Level::Info, Area::Config, || match level {
        Some(level) => format!("the log is on, level {}", level.word()),
        None => "the log is turned off".to_owned(),
    });
    logging::set(level);
}

/// The file of the team that a session here would start with.
fn team_file(configured: &Configured) -> Option<PathBuf> {
    match configured.team()?.origin() {
        Origin::Config { path } => Some(PathBuf::from(path)),
        Origin::Demo { .. } | Origin::Direct | Origin::Imported { .. } => None,
    }
}

fn changed(
    services: &Services,
    configured: &Configured,
    change: &Change,
    keep: Keep,
) -> Result<String, Failure> {
    sheet::judged(services, configured, change).map_err(local)?;
    let mut before = Before {
        now: services.own.settings.held().now.clone(),
        ..Before::default()
    };
    let value = change.value.trim();
    // What stands in the team's own file needs no word over it.
    let mut over = value;
    match keep {
        Keep::Run => {}
        Keep::Saved if team::is_model(&change.key) => {
            let file = team_file(configured);
            let file = file.ok_or_else(|| local("There is no file of a team.".to_owned()))?;
            if value.is_empty() {
                return Err(local("A model has a name.".to_owned()));
            }
            before.team = Some(team::save(services, &file, &change.key, value)?);
            over = "";
        }
        Keep::Saved => {
            let old = services.own.settings.saved()?;
            let mut new = old.clone();
            put(&mut new, &change.key, value);
            services.own.settings.write(&new)?;
            before.saved = Some(old);
        }
    }
    {
        let mut state = services.own.settings.held();
        put(&mut state.now, &change.key, over);
        state.before.push(before);
        let more = state.before.len().saturating_sub(HISTORY);
        state.before.drain(..more);
    }
    reload(services, configured)?;
    tell(Level::Info, Area::Config, || {
        let kept = if keep == Keep::Saved {
            "saved"
        } else {
            "for this run"
        };
        format!("{} was changed on the screen, {kept}", change.key)
    });
    Ok(match keep {
        Keep::Run => format!("Changed for this run; it counts {}.", from(change)),
        Keep::Saved => saved_words(services, configured, change),
    })
}

/// From when on a change counts.
fn from(change: &Change) -> &'static str {
    if sheet::is_look(&change.key) {
        "at once"
    } else {
        "from the next session on"
    }
}

/// What is to be said of a saved value: a later start may find a stronger word.
fn saved_words(services: &Services, configured: &Configured, change: &Change) -> String {
    let team = team_file(configured);
    if let (true, Some(file)) = (team::is_model(&change.key), &team) {
        return format!(
            "Saved in {}; it counts from the next session on.",
            team::shown(file)
        );
    }
    let file = services.own.settings.file.as_deref();
    let name = file.map_or_else(String::new, team::shown);
    if change.value.trim().is_empty() {
        return format!("Taken out of {name}; that counts from the next start on.");
    }
    let env = |name: &str| services.environment.get(name);
    let tree = team.as_ref().and_then(|path| {
        let bytes = team::bytes(path)?;
        Tree::new(path, &bytes, Rank::User, &env).ok()
    });
    let rows = Shown::new(tree.as_ref(), &services.overlay).rows;
    let row = rows.iter().find(|row| row.key == change.key);
    match row {
        Some(row) if !matches!(row.layer, "yours" | "machine" | "default") => format!(
            "Saved in {name}, and in force now; but at the next start {} counts more.",
            format!("{} {}", row.layer, row.place).trim()
        ),
        _ => format!("Saved in {name}; it counts {}.", from(change)),
    }
}

fn undone(services: &Services, configured: &Configured) -> Result<String, Failure> {
    let last = services.own.settings.held().before.pop();
    let Some(before) = last else {
        return Err(local(
            "Nothing was changed, so there is nothing to take back.".to_owned(),
        ));
    };
    let written = match (&before.saved, &before.team) {
        (Some(saved), _) => services.own.settings.write(saved),
        (None, Some(swap)) => team::undo(services, swap),
        (None, None) => Ok(()),
    };
    if let Err(failure) = written {
        // What someone else changed since stays theirs; what could not be written may be tried again.
        if before.team.is_none() {
            services.own.settings.held().before.push(before);
        }
        return Err(failure);
    }
    let in_file = before.saved.is_some() || before.team.is_some();
    services.own.settings.held().now = before.now;
    reload(services, configured)?;
    Ok(if in_file {
        "The last change is taken back, in the file too.".to_owned()
    } else {
        "The last change is taken back.".to_owned()
    })
}

/// The configured team under the settings of now: sessions that start from here on have them.
fn reload(services: &Services, configured: &Configured) -> Result<(), Failure> {
    let Some(path) = team_file(configured) else {
        return Ok(());
    };
    let config = services.configuration(&path, Chosen::Found);
    let config = config.map_err(|refusal| refusal.failure())?;
    configured.set(Source::Config(config));
    Ok(())
}

fn put(values: &mut BTreeMap<String, String>, key: &str, value: &str) {
    if value.is_empty() {
        values.remove(key);
    } else {
        values.insert(key.to_owned(), value.to_owned());
    }
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}
