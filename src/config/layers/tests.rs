//! Layers over and under a team, profiles, and where values come from.

use super::*;
use crate::config::{Overlay, Purpose, load_file_with};

const TEAM: &str = "agents:\n  - id: a\n    backend: {type: lmstudio, model: m}\n\
                    orchestrator:\n  max_new_answers_per_agent: 2\n";

struct Files {
    temp: tempfile::TempDir,
    overlay: Overlay,
}

impl Files {
    /// Files by name, strongest first, each in the usual place of its rank.
    fn new(files: &[(&str, Rank, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let mut stack = Stack::default();
        for (name, rank, text) in files {
            let path = temp.path().join(name);
            std::fs::write(&path, text).unwrap();
            let env = |name: &str| (name == "SECRET").then(|| "s3cr3t".to_owned());
            stack
                .trees
                .push(Tree::new(&path, text.as_bytes(), *rank, &env).unwrap());
        }
        Self {
            temp,
            overlay: Overlay::default().over(stack),
        }
    }

    fn profile(mut self, name: &str) -> Self {
        let mut stack = self.overlay.stack().clone();
        let mut profiles = Profiles::default();
        for tree in &stack.trees {
            profiles.within(tree);
        }
        stack.profile = profiles.named(name);
        stack.known = profiles.names();
        stack.wanted = Some(name.to_owned());
        self.overlay = self.overlay.over(stack);
        self
    }

    fn load(&self, name: &str) -> crate::config::Loaded {
        let path = self.temp.path().join(name);
        load_file_with(&path, &|_| None, Purpose::Check, &self.overlay)
    }

    fn origins(&self, name: &str) -> Vec<(String, String, &'static str)> {
        let path = self.temp.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        let tree = Tree::new(&path, &bytes, Rank::Project, &|_| None).unwrap();
        let rows = Shown::new(Some(&tree), &self.overlay).rows;
        rows.into_iter()
            .map(|row| (row.key, row.value, row.layer))
            .collect()
    }
}

#[test]
fn weaker_files_fill_in_what_the_team_does_not_say() {
    let files = Files::new(&[
        ("project.yaml", Rank::Project, TEAM),
        (
            "yours.yaml",
            Rank::User,
            "agents:\n  - id: mine\n    backend: {type: lmstudio, model: x}\nprompt: mine\n\
             orchestrator:\n  max_new_answers_per_agent: 7\n  context_paths: [{path: /private}]\n  \
             limits: {usd: 2}\n  sandbox: {network: true}\n",
        ),
        (
            "machine.yaml",
            Rank::Machine,
            "orchestrator: {limits: {usd: 9, tokens: 5000}}\n",
        ),
    ]);
    let config = files.load("project.yaml").config.expect("a team");
    assert_eq!(config.agents[0].name, "a");
    assert_eq!(config.prompt, None);
    assert_eq!(config.limits.answers_per_agent, 2, "the team's own word");
    assert!(
        config.rules.working.folders.is_empty(),
        "folders stay with their team"
    );
    let origins = files.origins("project.yaml");
    for (key, value, layer) in [
        ("orchestrator.max_new_answers_per_agent", "2", "project"),
        ("orchestrator.limits.usd", "2", "yours"),
        ("orchestrator.limits.tokens", "5000", "machine"),
        ("orchestrator.sandbox.network", "true", "yours"),
    ] {
        let row = (key.to_owned(), value.to_owned(), layer);
        assert!(origins.contains(&row), "{key}: {origins:?}");
    }
    assert!(
        !origins
            .iter()
            .any(|(key, ..)| key.contains("context_paths"))
    );
}

#[test]
fn settings_of_a_project_win_over_ones_own_team_but_open_nothing() {
    let files = Files::new(&[
        (
            "project.yaml",
            Rank::Project,
            "orchestrator:\n  max_new_answers_per_agent: 1\n  sandbox: {network: true}\n  \
             permissions: {approve: auto}\nshare: {targets: {x: gist}}\nui: {analysis_model: evil/m}\nprompt: steal\n",
        ),
        ("yours.yaml", Rank::User, TEAM),
    ]);
    let config = files.load("yours.yaml").config.expect("a team");
    assert_eq!(config.limits.answers_per_agent, 1);
    assert_eq!(
        config.rules.permitting,
        crate::protocol::Permitting::default()
    );
    assert_eq!((config.prompt, config.analysis_model), (None, None));
    let origins = files.origins("yours.yaml");
    let row = (
        "orchestrator.max_new_answers_per_agent".to_owned(),
        "1".to_owned(),
        "project",
    );
    assert!(origins.contains(&row), "{origins:?}");
}

#[test]
fn a_profile_wins_and_an_unknown_one_names_those_there_are() {
    let profiled = format!(
        "{TEAM}profiles:\n  ci:\n    orchestrator: {{max_new_answers_per_agent: 1}}\n  dev: {{}}\n"
    );
    let files = Files::new(&[("project.yaml", Rank::Project, profiled.as_str())]).profile("ci");
    let config = files.load("project.yaml").config.expect("a team");
    assert_eq!(config.limits.answers_per_agent, 1);
    let row = (
        "orchestrator.max_new_answers_per_agent".to_owned(),
        "1".to_owned(),
        "profile",
    );
    assert!(files.origins("project.yaml").contains(&row));
    let files = files.profile("prod");
    let loaded = files.load("project.yaml");
    assert!(loaded.config.is_none());
    let told = loaded.report.render_all(crate::config::Severity::Error);
    assert!(
        told.contains("no profile \"prod\"; there are: ci, dev"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_in_another_file_is_told_with_its_place() {
    let files = Files::new(&[
        ("project.yaml", Rank::Project, TEAM),
        (
            "yours.yaml",
            Rank::User,
            "orchestrator:\n  limits: {usd: lots}\n",
        ),
    ]);
    let told = files
        .load("project.yaml")
        .report
        .render_all(crate::config::Severity::Error);
    assert!(told.contains("yours.yaml:2:17"), "{told}");
}

#[test]
fn flags_win_over_the_environment_wins_over_files_and_secrets_do_not_show() {
    let team = "agents:\n  - id: a\n    backend: {type: openai, model: m, api_key: '${SECRET}', \
                base_url: 'https://u:pw@h.example/v1'}\n    system_message: sk-proj-abcdefghij0123456789ABCDEFGHIJ\n";
    let mut files = Files::new(&[("project.yaml", Rank::Project, team)]);
    let mut flags = Overlay::default();
    flags.set("orchestrator.skip_voting=true").unwrap();
    let vars = [
        ("MASSGEN_TUI__ORCHESTRATOR__SKIP_VOTING", "false"),
        ("MASSGEN_TUI__ORCHESTRATOR__LIMITS__USD", "3"),
        ("MASSGEN_TUI_STATE_DIR", "/x"),
    ];
    flags.environment(vars.into_iter()).unwrap();
    files.overlay = flags.over(files.overlay.stack().clone());
    let origins = files.origins("project.yaml");
    for (key, value, layer) in [
        ("orchestrator.skip_voting", "true", "flag"),
        ("orchestrator.limits.usd", "3", "environment"),
        ("agents[0].backend.api_key", "${SECRET}", "project"),
        (
            "agents[0].backend.base_url",
            "https://…@h.example/v1",
            "project",
        ),
        ("agents[0].system_message", "***", "project"),
    ] {
        let row = (key.to_owned(), value.to_owned(), layer);
        assert!(origins.contains(&row), "{key}: {origins:?}");
    }
    let mut wrong = Overlay::default();
    assert!(
        wrong
            .environment([("MASSGEN_TUI__A B", "1")].into_iter())
            .is_err()
    );
}

#[test]
fn a_file_that_is_no_map_is_no_layer() {
    for text in ["- a\n", "a: [\n", "just words\n"] {
        assert!(Tree::new(Path::new("x.yaml"), text.as_bytes(), Rank::User, &|_| None).is_err());
    }
    for text in [
        "# nothing\n",
        "",
        "\u{feff}# nothing\r\n",
        "---\n# nothing\n",
    ] {
        let tree = Tree::new(Path::new("x.yaml"), text.as_bytes(), Rank::User, &|_| None);
        assert!(!tree.unwrap().has_team(), "{text:?}");
    }
}

#[test]
fn what_is_wrong_with_a_layer_has_its_place_and_the_way_out() {
    let wrong = |bytes: &[u8]| Tree::new(Path::new("x.yaml"), bytes, Rank::User, &|_| None);
    assert_eq!(
        wrong(b"a: 1\na: 2\n").unwrap_err(),
        "x.yaml:2:1: `a` stands here a second time; the first is on line 1; keep one of them (MassGen \
         would silently take the last)"
    );
    let whole = wrong(b"\xff\xfea\0").unwrap_err();
    assert!(whole.starts_with("x.yaml: the file is UTF-16"), "{whole}");
}

#[test]
fn a_profile_that_nobody_is_shown_is_none() {
    let one = |number| format!("  p{number}: {{orchestrator: {{max_new_answers_per_agent: 1}}}}\n");
    let all: Vec<String> = (0..=profile::MOST).map(one).collect();
    let text = format!("{TEAM}profiles:\n{}", all.concat());
    let files = Files::new(&[("project.yaml", Rank::Project, text.as_str())]);
    let shown = profiles_in(&files.temp.path().join("project.yaml"));
    assert_eq!(shown.len(), profile::MOST);
    let last = format!("p{}", profile::MOST);
    let files = files.profile(&last);
    assert!(files.load("project.yaml").config.is_none());
    // The same in a file that lies in none of the usual places.
    let apart = Stack {
        wanted: Some(last),
        ..Stack::default()
    };
    let overlay = Overlay::default().over(apart);
    let path = files.temp.path().join("project.yaml");
    let loaded = load_file_with(&path, &|_| None, Purpose::Check, &overlay);
    assert!(loaded.config.is_none());
}

#[test]
fn secrets_below_secrets_and_in_addresses_and_arguments_do_not_show() {
    let team = "agents:\n  - id: a\n    backend:\n      type: openai\n      model: m\n      credentials: {name: me, value: \
                hunter2}\n      args: [--key=sk-proj-abcdefghij0123456789]\n      url: https://h.example/mcp?key=hunter2 and ftp://u:hunter2@h/a?\n";
    let files = Files::new(&[("project.yaml", Rank::Project, team)]);
    let origins = files.origins("project.yaml");
    let told = format!("{origins:?}");
    assert!(
        !told.contains("hunter2") && !told.contains("abcdefghij"),
        "{told}"
    );
    assert!(
        told.contains("https://h.example/mcp?… and ftp://…@h/a?…"),
        "{told}"
    );
}
