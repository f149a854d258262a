//! The world behind the screen of settings and log: what is in force, changes for this run, changes that
//! are saved, and the lines of the log.
//!
//! A change is a setting laid over all layers until the program ends. A saved one is moreover written into
//! `settings.yaml` in the person's folder of settings, a layer over their own configuration that this
//! program owns; what the person wrote by hand is never touched. Every value is judged by the configuration's
//! own rules before it is taken.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Services, Source, guide::Configured, journal::Journal, trust::Chosen};
use crate::{
    config::{
        self, Node, Overlay, Purpose, Severity, clean,
        layers::{Rank, Row, Shown, Tree},
        yaml,
    },
    logging::{self, Area, Level, tell},
    protocol::{Failure, FailureKind, Origin},
    store,
    tui::desk::{Ask, Change, Keep, Line, News, Setting, Told},
};

/// Name of the file of saved settings.
pub const FILE: &str = "settings.yaml";
/// Changes that can be taken back.
const HISTORY: usize = 100;
/// The first lines of the file.
const HEAD: &str = "# Settings saved on the settings screen of massgen-tui (F9), which writes this file anew.\n\
                    # They lie over your own config.yaml; delete a line, or the file, to take them back.\n";

/// Keys that are offered: group, name, key, the values it can have when they are few.
const OFFERED: [(&str, &str, &str, &[&str]); 12] = [
    (
        "Limits",
        "answers per agent",
        "orchestrator.max_new_answers_per_agent",
        &[],
    ),
    (
        "Limits",
        "seconds per task",
        "timeout_settings.orchestrator_timeout_seconds",
        &[],
    ),
    (
        "Limits",
        "US dollars per task",
        "orchestrator.limits.usd",
        &[],
    ),
    (
        "Limits",
        "tokens per task",
        "orchestrator.limits.tokens",
        &[],
    ),
    (
        "Limits",
        "seconds until stalled",
        "orchestrator.stall_seconds",
        &[],
    ),
    (
        "Votes",
        "how votes are counted",
        "orchestrator.policy",
        &[
            "plurality",
            "majority",
            "unanimity",
            "approval",
            "ranked",
            "borda",
            "score",
            "judge",
        ],
    ),
    (
        "Votes",
        "agents on a split",
        "orchestrator.add_on_split",
        &[],
    ),
    (
        "Votes",
        "whose answers are seen",
        "orchestrator.visibility",
        &["all", "after_own", "ring", "islands"],
    ),
    (
        "Votes",
        "what is new enough",
        "orchestrator.answer_novelty_requirement",
        &["off", "lenient", "balanced", "strict"],
    ),
    ("Votes", "quick", "orchestrator.quick", &["true", "false"]),
    (
        "Questions",
        "when nobody is there",
        "orchestrator.questions",
        &["skip", "first", "wait", "fail"],
    ),
    (
        "Questions",
        "tools that need leave",
        "orchestrator.permissions.approve",
        &["never", "ask", "auto"],
    ),
];

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
    /// How it was before each change: the values, and the file when it was written.
    before: Vec<(BTreeMap<String, String>, Option<Saved>)>,
}

/// What is in the file: YAML values by key.
type Saved = BTreeMap<String, String>;

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
            Ok(bytes) => Ok(read(&bytes)),
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
        store::replace_private(file, text(saved).as_bytes())
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
        Ask::Settings => Told::Settings(sheet(services, configured)),
        Ask::Check(change) => {
            let trouble = judged(services, configured, &change).err();
            Told::Checked(change, trouble)
        }
        Ask::Change(change, keep) => Told::Changed(
            changed(services, configured, &change, keep)
                .map(|words| (words, sheet(services, configured))),
        ),
        Ask::Undo => Told::Changed(
            undone(services, configured).map(|words| (words, sheet(services, configured))),
        ),
    }
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

/// Everything that is offered, as it is now.
fn sheet(services: &Services, configured: &Configured) -> Vec<Setting> {
    let file = team_file(configured);
    let env = |name: &str| services.environment.get(name);
    let tree = file.as_ref().and_then(|path| {
        let bytes = std::fs::read(path).ok()?;
        Tree::new(path, &bytes, Rank::User, &env).ok()
    });
    let rows = Shown::new(tree.as_ref(), &services.overlay_now()).rows;
    let mut all: Vec<Setting> = OFFERED
        .iter()
        .map(|(group, title, key, choices)| {
            let row = rows.iter().find(|row| row.key == *key);
            setting((group, title), key, row, choices, true)
        })
        .collect();
    for (place, row) in rows.iter().enumerate() {
        if !(row.key.starts_with("agents[") && row.key.ends_with("].backend.model")) {
            continue;
        }
        let id = row.key.replace(".backend.model", ".id");
        let id = rows.iter().find(|other| other.key == id);
        let title = id.map_or_else(|| format!("agent {}", place + 1), |id| id.value.clone());
        all.push(setting(("Models", &title), &row.key, Some(row), &[], false));
    }
    all
}

fn setting(
    (group, title): (&'static str, &str),
    key: &str,
    row: Option<&Row>,
    choices: &[&str],
    savable: bool,
) -> Setting {
    Setting {
        group,
        title: clean(title, 60),
        key: key.to_owned(),
        value: row.map_or_else(String::new, |row| row.value.clone()),
        origin: row.map_or_else(String::new, |row| {
            format!("{} {}", row.layer, row.place).trim().to_owned()
        }),
        choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
        savable,
    }
}

/// Judges a value as the configuration would; one sentence when it cannot be used.
fn judged(services: &Services, configured: &Configured, change: &Change) -> Result<(), String> {
    if change.value.trim().is_empty() {
        return Ok(());
    }
    let mut overlay = Overlay::default();
    overlay.screen(&change.key, &change.value)?;
    if let Some(trouble) = overlay.troubles().into_iter().next() {
        return Err(sentence(&trouble));
    }
    let Some(path) = team_file(configured) else {
        return Ok(());
    };
    let mut whole = services.overlay_now();
    whole.screen(&change.key, &change.value)?;
    let env = |name: &str| services.environment.get(name);
    let loaded = config::load_file_with(&path, &env, Purpose::Run, &whole);
    let findings = loaded.report.findings().iter();
    let mut wrong = findings.filter(|one| one.severity == Severity::Error);
    wrong.next().map_or(Ok(()), |one| {
        let words = format!("{} {}", one.message, one.suggestion);
        Err(sentence(words.trim()))
    })
}

fn sentence(words: &str) -> String {
    clean(words, 300)
}

fn changed(
    services: &Services,
    configured: &Configured,
    change: &Change,
    keep: Keep,
) -> Result<String, Failure> {
    judged(services, configured, change).map_err(local)?;
    let before = {
        let state = services.own.settings.held();
        state.now.clone()
    };
    let value = change.value.trim();
    let saved = match keep {
        Keep::Run => None,
        Keep::Saved => {
            let old = services.own.settings.saved()?;
            let mut new = old.clone();
            put(&mut new, &change.key, value);
            services.own.settings.write(&new)?;
            Some(old)
        }
    };
    {
        let mut state = services.own.settings.held();
        put(&mut state.now, &change.key, value);
        state.before.push((before, saved));
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
    let file = services.own.settings.file.as_deref();
    Ok(match keep {
        Keep::Run => "Changed for this run; it counts from the next session on.".to_owned(),
        Keep::Saved => saved_words(services, configured, change, file),
    })
}

/// What is to be said of a saved value: a later start may find a stronger word.
fn saved_words(
    services: &Services,
    configured: &Configured,
    change: &Change,
    file: Option<&Path>,
) -> String {
    let name = file.map_or_else(String::new, |file| clean(&file.display().to_string(), 300));
    if change.value.trim().is_empty() {
        return format!("Taken out of {name}; that counts from the next start on.");
    }
    let team = team_file(configured);
    let env = |name: &str| services.environment.get(name);
    let tree = team.as_ref().and_then(|path| {
        let bytes = std::fs::read(path).ok()?;
        Tree::new(path, &bytes, Rank::User, &env).ok()
    });
    let rows = Shown::new(tree.as_ref(), &services.overlay).rows;
    let row = rows.iter().find(|row| row.key == change.key);
    match row {
        Some(row) if !matches!(row.layer, "yours" | "machine" | "default") => format!(
            "Saved in {name}, and in force now; but at the next start {} counts more.",
            format!("{} {}", row.layer, row.place).trim()
        ),
        _ => format!("Saved in {name}; it counts from the next session on."),
    }
}

fn undone(services: &Services, configured: &Configured) -> Result<String, Failure> {
    let last = services.own.settings.held().before.pop();
    let Some((now, saved)) = last else {
        return Err(local(
            "Nothing was changed, so there is nothing to take back.".to_owned(),
        ));
    };
    if let Some(saved) = &saved
        && let Err(failure) = services.own.settings.write(saved)
    {
        services
            .own
            .settings
            .held()
            .before
            .push((now, Some(saved.clone())));
        return Err(failure);
    }
    services.own.settings.held().now = now;
    reload(services, configured)?;
    Ok(match saved {
        Some(_) => "The last change is taken back, in the file too.".to_owned(),
        None => "The last change is taken back.".to_owned(),
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

/// The values of a file, by key.
fn read(bytes: &[u8]) -> Saved {
    let mut saved = Saved::new();
    if let Some(root) = yaml::parse(bytes).root {
        leaves(&root, "", &mut saved);
    }
    saved
}

fn leaves(node: &Node, path: &str, saved: &mut Saved) {
    if node.entries().is_empty() {
        if let (false, Some(value)) = (path.is_empty(), node.json()) {
            saved.insert(path.to_owned(), value.to_string());
        }
        return;
    }
    for entry in node.entries() {
        let key = match path {
            "" => entry.key.clone(),
            path => format!("{path}.{}", entry.key),
        };
        leaves(&entry.value, &key, saved);
    }
}

/// The text of the file: maps within maps, in the order of the keys.
fn text(saved: &Saved) -> String {
    let mut text = HEAD.to_owned();
    let mut open: Vec<&str> = Vec::new();
    for (key, value) in saved {
        let mut parts: Vec<&str> = key.split('.').collect();
        let leaf = parts.pop().unwrap_or_default();
        let same = open.iter().zip(&parts).take_while(|(a, b)| a == b).count();
        for (depth, part) in parts.iter().enumerate().skip(same) {
            let _ = writeln!(text, "{}{part}:", "  ".repeat(depth));
        }
        let _ = writeln!(text, "{}{leaf}: {value}", "  ".repeat(parts.len()));
        open = parts;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::trust::Trust,
        config::{Environment, Paths},
        demo::Speed,
    };

    const TEAM: &str = "agents: [{id: a, backend: {type: lmstudio, model: m}}]\n\
                        orchestrator: {limits: {usd: 3}}\n";

    struct Place {
        _temp: tempfile::TempDir,
        root: PathBuf,
        services: Services,
        configured: Configured,
    }

    fn place() -> Place {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("own")).unwrap();
        std::fs::write(root.join("own/config.yaml"), TEAM).unwrap();
        let paths = Paths {
            cwd: root.clone(),
            config: Some(root.join("own")),
            ..Paths::default()
        };
        let mut services = Services::new(
            Environment::new([], Vec::new()),
            root.join("state"),
            Speed::default(),
        );
        services.trust = Trust::new(&root.join("state")).owning(&paths);
        services.own.settings = Settings::saved_in(Some(root.join("own").join(FILE)));
        let config = services.configuration(&root.join("own/config.yaml"), Chosen::Found);
        let config = config.unwrap_or_else(|refusal| panic!("{}", refusal.words()));
        Place {
            _temp: temp,
            root,
            services,
            configured: Configured::new(Some(Source::Config(config))),
        }
    }

    impl Place {
        fn change(&self, key: &str, value: &str, keep: Keep) -> Result<String, Failure> {
            let change = Change {
                key: key.to_owned(),
                value: value.to_owned(),
            };
            changed(&self.services, &self.configured, &change, keep)
        }

        fn usd(&self) -> Option<f64> {
            let Some(Source::Config(config)) = self.configured.team() else {
                return None;
            };
            config.limits.budget.usd
        }

        fn file(&self) -> String {
            std::fs::read_to_string(self.root.join("own").join(FILE)).unwrap_or_default()
        }
    }

    #[test]
    fn a_change_counts_for_the_next_session_and_is_taken_back() {
        let place = place();
        let key = "orchestrator.limits.usd";
        assert_eq!(place.usd(), Some(3.0));
        place.change(key, "0.5", Keep::Run).unwrap();
        assert_eq!(place.usd(), Some(0.5));
        assert_eq!(place.file(), "", "nothing is saved");
        let sheet = sheet(&place.services, &place.configured);
        let row = sheet.iter().find(|row| row.key == key).unwrap();
        assert_eq!(
            (row.value.as_str(), row.origin.as_str()),
            ("0.5", "screen F9")
        );
        undone(&place.services, &place.configured).unwrap();
        assert_eq!(place.usd(), Some(3.0));
        assert!(undone(&place.services, &place.configured).is_err());
    }

    #[test]
    fn what_is_saved_is_a_file_of_our_own() {
        let place = place();
        place
            .change("orchestrator.limits.usd", "1", Keep::Saved)
            .unwrap();
        place
            .change("orchestrator.policy", "borda", Keep::Saved)
            .unwrap();
        let file = place.file();
        assert!(
            file.contains("orchestrator:\n  limits:\n    usd: 1\n  policy: "),
            "{file}"
        );
        assert_eq!(read(file.as_bytes()).len(), 2);
        let own = std::fs::read_to_string(place.root.join("own/config.yaml")).unwrap();
        assert_eq!(own, TEAM, "the person's file stays");
        undone(&place.services, &place.configured).unwrap();
        assert!(!place.file().contains("policy"));
        place
            .change("orchestrator.limits.usd", "", Keep::Saved)
            .unwrap();
        assert_eq!(read(place.file().as_bytes()).len(), 0);
        assert_eq!(place.usd(), Some(3.0));
    }

    #[test]
    fn what_cannot_be_used_is_told_and_changes_nothing() {
        let place = place();
        for (key, value) in [
            ("orchestrator.policy", "loudest"),
            ("orchestrator.limits.usd", "-1"),
            ("orchestrator.max_new_answers_per_agent", "many"),
        ] {
            assert!(
                place.change(key, value, Keep::Saved).is_err(),
                "{key}: {value}"
            );
        }
        assert_eq!((place.usd(), place.file().as_str()), (Some(3.0), ""));
    }
}
