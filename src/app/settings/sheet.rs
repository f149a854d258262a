//! What is offered on the page of settings, what is in force of it, and whether a value could be.

use super::{Configured, Services, team, team_file};
use crate::{
    config::{
        self, Overlay, Purpose, Severity, clean,
        layers::{Rank, Row, Shown, Tree},
        words::Words,
    },
    tui::desk::{Change, Setting},
};

/// The group of what bounds a run.
const LIMITS: &str = "Limits";
/// Keys that are offered: group, name, key, the values it can have when they are few.
const OFFERED: [(&str, &str, &str, &[&str]); 14] = [
    (
        "Screen, at once",
        "theme",
        "ui.theme",
        &["terminal", "dark", "light", "contrast", "plain"],
    ),
    (
        "Screen, at once",
        "what panes show",
        "ui.verbosity",
        &["answers", "tools", "usual", "full"],
    ),
    (
        LIMITS,
        "answers per agent",
        "orchestrator.max_new_answers_per_agent",
        &[],
    ),
    (
        LIMITS,
        "seconds per task",
        "timeout_settings.orchestrator_timeout_seconds",
        &[],
    ),
    (
        LIMITS,
        "US dollars per task",
        "orchestrator.limits.usd",
        &[],
    ),
    (LIMITS, "tokens per task", "orchestrator.limits.tokens", &[]),
    (
        LIMITS,
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

/// True for keys of the screen: they count at once.
pub(super) fn is_look(key: &str) -> bool {
    key.starts_with("ui.")
}

/// Everything that is offered, as it is now.
pub(super) fn sheet(services: &Services, configured: &Configured) -> Vec<Setting> {
    let file = team_file(configured);
    let bytes = file.as_ref().and_then(|path| team::bytes(path));
    let env = |name: &str| services.environment.get(name);
    let tree = file.as_ref().zip(bytes.as_ref());
    let tree = tree.and_then(|(path, bytes)| Tree::new(path, bytes, Rank::User, &env).ok());
    let rows = Shown::new(tree.as_ref(), &services.overlay_now()).rows;
    let mut all: Vec<Setting> = OFFERED
        .iter()
        .map(|(group, title, key, choices)| {
            let row = rows.iter().find(|row| row.key == *key);
            Setting {
                choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
                ..setting((group, title), key, row)
            }
        })
        .collect();
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    for row in rows.iter().filter(|row| team::is_model(&row.key)) {
        let id = row.key.replace(".backend.model", ".id");
        let id = rows.iter().find(|other| other.key == id);
        let title = id.map_or("agent", |id| id.value.as_str());
        let unsaved = match &text {
            // Any word shows whether one could stand there.
            Some(text) => config::replaced(text, &row.key, "model").err(),
            None => Some("The file of the team cannot be read now.".to_owned()),
        };
        all.push(Setting {
            unsaved: unsaved.map(|why| clean(&why, 300)),
            ..setting(("Models", title), &row.key, Some(row))
        });
    }
    all
}

fn setting((group, title): (&'static str, &str), key: &str, row: Option<&Row>) -> Setting {
    let said = config::said(key);
    let usual = said.and_then(Words::usual);
    let unset = if group == LIMITS {
        "no limit"
    } else {
        "not set"
    };
    Setting {
        group,
        title: clean(title, 60),
        key: key.to_owned(),
        means: said.map_or_else(String::new, |said| said.means.clone()),
        usual: usual.unwrap_or_else(|| unset.to_owned()),
        value: row.map_or_else(String::new, |row| row.value.clone()),
        origin: row.map_or_else(String::new, |row| {
            format!("{} {}", row.layer, row.place).trim().to_owned()
        }),
        choices: Vec::new(),
        unsaved: None,
    }
}

/// Judges a value as the configuration would; one sentence when it cannot be used.
pub(super) fn judged(
    services: &Services,
    configured: &Configured,
    change: &Change,
) -> Result<(), String> {
    if change.value.trim().is_empty() {
        return Ok(());
    }
    let offered = OFFERED.iter().find(|(_, _, key, _)| *key == change.key);
    if let Some((_, title, _, choices)) = offered.filter(|(_, _, key, _)| is_look(key))
        && !choices.contains(&change.value.trim())
    {
        // A file may hold words of MassGen's own screens; here they would do nothing.
        return Err(format!("{title} is one of: {}.", choices.join(", ")));
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
