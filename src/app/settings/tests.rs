//! Changes for a run, saved ones, models in the team's file, and that what cannot be used changes nothing.

use std::path::PathBuf;

use super::{sheet::sheet, *};
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
    services.trust = Trust::new(&root.join("state")).owning(&paths).into();
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
    assert_eq!(file::read(file.as_bytes()).len(), 2);
    let own = std::fs::read_to_string(place.root.join("own/config.yaml")).unwrap();
    assert_eq!(own, TEAM, "the person's file stays");
    undone(&place.services, &place.configured).unwrap();
    assert!(!place.file().contains("policy"));
    place
        .change("orchestrator.limits.usd", "", Keep::Saved)
        .unwrap();
    assert_eq!(file::read(place.file().as_bytes()).len(), 0);
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

const COMMENTED: &str = "# The team of this project.\nagents:\n  - id: a  # reads\n    backend:\n      \
                         type: lmstudio\n      model: m  # small\n";

/// A project whose team was approved.
fn project(approved: bool) -> (Place, PathBuf) {
    let mut place = place();
    let file = place.root.join("massgen-tui.yaml");
    std::fs::write(&file, COMMENTED).unwrap();
    let chosen = if approved {
        Chosen::ByHand
    } else {
        Chosen::Found
    };
    if let Ok(config) = place.services.configuration(&file, chosen) {
        place.configured = Configured::new(Some(Source::Config(config)));
    }
    (place, file)
}

#[test]
fn a_model_is_saved_in_the_teams_own_file_and_nothing_else_of_it_changes() {
    let (place, file) = project(true);
    let key = "agents[0].backend.model";
    place.change(key, "other", Keep::Run).unwrap();
    place.change(key, "vendor/new:4b", Keep::Saved).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        COMMENTED.replace("model: m ", "model: vendor/new:4b ")
    );
    // Nothing lies over it, and it is still approved, so the next start uses it without a question.
    let sheet = sheet(&place.services, &place.configured);
    let row = sheet.iter().find(|row| row.key == key).unwrap();
    assert_eq!(row.value, "vendor/new:4b");
    assert!(row.origin.contains("massgen-tui.yaml:6:"), "{}", row.origin);
    let again = place.services.configuration(&file, Chosen::Found);
    assert_eq!(again.unwrap().agents[0].backend.model, "vendor/new:4b");
    undone(&place.services, &place.configured).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), COMMENTED);
    assert!(place.services.configuration(&file, Chosen::Found).is_ok());
}

#[test]
fn a_project_that_changed_since_it_was_approved_is_not_written() {
    let (place, file) = project(true);
    let other = format!("{COMMENTED}orchestrator: {{quick: true}}\n");
    std::fs::write(&file, &other).unwrap();
    let key = "agents[0].backend.model";
    let told = place.change(key, "new", Keep::Saved).unwrap_err();
    assert!(told.words().contains("was not approved"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), other);
    assert!(place.services.configuration(&file, Chosen::Found).is_err());
}

#[test]
fn leave_for_one_run_does_not_become_leave_for_good() {
    let (mut place, file) = project(false);
    let key = "agents[0].backend.model";
    let asked = place.services.configuration(&file, Chosen::Found);
    let Err(crate::app::trust::Refusal::Unapproved(asked)) = asked else {
        panic!("nobody approved it");
    };
    place.services.trust.allow_once(&file, &asked.sum);
    let config = place.services.configuration(&file, Chosen::Found).unwrap();
    place.configured = Configured::new(Some(Source::Config(config)));
    place.change(key, "new", Keep::Saved).unwrap();
    assert!(place.services.configuration(&file, Chosen::Found).is_ok());
    assert!(place.services.trust.approvals().is_empty());
}

#[test]
fn the_look_is_judged_by_its_words_and_saved_with_the_rest() {
    let place = place();
    assert!(place.change("ui.theme", "solar", Keep::Run).is_err());
    let words = place.change("ui.theme", "light", Keep::Saved).unwrap();
    assert!(words.contains("at once"), "{words}");
    assert!(
        place.file().contains("ui:\n  theme: light\n"),
        "{}",
        place.file()
    );
    assert_eq!(place.services.look_now().0.theme.revision, 4);
    undone(&place.services, &place.configured).unwrap();
    assert_eq!(place.services.look_now().0.theme.revision, 1);
}

#[test]
fn what_nobody_says_has_its_default_and_its_meaning() {
    let place = place();
    let sheet = sheet(&place.services, &place.configured);
    let usual = |key: &str| {
        let setting = sheet.iter().find(|setting| setting.key == key).unwrap();
        assert!(setting.means.ends_with('.'), "{setting:?}");
        setting.usual.as_str()
    };
    assert_eq!(usual("ui.theme"), "terminal");
    assert_eq!(usual("orchestrator.policy"), "plurality");
    assert_eq!(
        usual("timeout_settings.orchestrator_timeout_seconds"),
        "1800"
    );
    assert_eq!(usual("orchestrator.limits.tokens"), "no limit");
}
