//! Configurations as files: broken ones with the findings they must give, good ones, the shipped
//! examples, and (when at hand) MassGen's own.
//!
//! A broken fixture says what it expects in lines `#~ LINE:COLUMN severity[code]` at its end, so
//! that places count from its first line.

use std::path::{Path, PathBuf};

use massgen_tui::config::{
    self, Config, Loaded, Purpose, Severity, ToolCalling, load_bytes, load_file,
};
use massgen_tui::protocol::Finish;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

fn env(name: &str) -> Option<String> {
    let set = name.ends_with("_API_KEY")
        && !["MISSING", "CEREBRAS", "MOONSHOT", "KIMI"]
            .iter()
            .any(|unset| name.starts_with(unset));
    set.then(|| format!("value-of-{name}"))
}

fn fixtures(folder: &str) -> Vec<PathBuf> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
}

/// Every file in a folder and those below, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn valid(name: &str) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/config/valid")
        .join(name);
    config::load(&path, &env)
        .unwrap_or_else(|report| panic!("{}", report.render_all(Severity::Note)))
}

/// `LINE:COLUMN severity[code]` of errors and warnings.
fn found(loaded: &Loaded) -> Vec<String> {
    loaded
        .report
        .findings()
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .map(|finding| {
            let (line, column) = (finding.span.line, finding.span.column);
            format!(
                "{line}:{column} {}[{}]",
                finding.severity.word(),
                finding.code
            )
        })
        .collect()
}

#[test]
fn broken_files_are_told_what_is_wrong_and_where() {
    let paths = fixtures("tests/fixtures/config/invalid");
    assert!(paths.len() > 30);
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let expected: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("#~ "))
            .collect();
        let loaded = load_file(&path, &env, Purpose::Run);
        let name = path.file_name().unwrap().to_string_lossy();
        if found(&loaded) != expected || expected.is_empty() {
            wrong.push(format!(
                "{name}:\n{}",
                loaded.report.render_all(Severity::Warning)
            ));
        }
        assert_eq!(
            loaded.config.is_none(),
            loaded.report.has_errors(),
            "{name}"
        );
        for finding in loaded.report.findings() {
            let line = loaded.report.render(finding);
            assert!(!line.contains("abcdefghijkl"), "a key is shown: {line}");
            assert!(
                !line.contains("value-of-"),
                "a variable's value is shown: {line}"
            );
            let silent = finding.severity == Severity::Error
                && finding.suggestion.is_empty()
                && !matches!(finding.code, "syntax" | "out-of-range" | "wrong-type");
            assert!(!silent, "an error says what to do: {line}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_finding_reads_like_a_compilers() {
    let text = "agents:\n  - id: a\n    sytem_message: Be brief.\n    backend: {type: openai}\n";
    let loaded = load_bytes("team.yaml", text.as_bytes(), &env, Purpose::Run);
    insta::assert_snapshot!(loaded.report.render_all(Severity::Warning), @r"
    team.yaml:3:5: error[unknown-key]: `sytem_message` is not a known key of an agent
     3 |     sytem_message: Be brief.
       |     ^^^^^^^^^^^^^
      = help: did you mean `system_message`?
    ");
}

#[test]
fn good_files_become_teams() {
    for path in fixtures("tests/fixtures/config/valid") {
        let loaded = load_file(&path, &env, Purpose::Run);
        let config = loaded
            .config
            .unwrap_or_else(|| panic!("{}", loaded.report.render_all(Severity::Note)));
        assert!(!config.agents.is_empty(), "{}", path.display());
    }
}

#[test]
fn other_names_of_backends_are_understood() {
    let config = valid("aliases.yaml");
    let kinds: Vec<&str> = config
        .agents
        .iter()
        .map(|agent| agent.backend.kind.as_str())
        .collect();
    assert_eq!(kinds, ["claude", "gemini", "grok", "ollama"]);
    let claude = &config.agents[0].backend;
    assert_eq!(claude.base_url, "https://api.anthropic.com/v1");
    assert_eq!(claude.key_variable.as_deref(), Some("ANTHROPIC_API_KEY"));
    let key = claude
        .key
        .as_ref()
        .map(|key| key.expose_secret().to_owned());
    assert_eq!(key.as_deref(), Some("value-of-ANTHROPIC_API_KEY"));
    let ollama = &config.agents[3].backend;
    assert!(ollama.local && ollama.key.is_none());
    assert!(
        !format!("{config:?}").contains("value-of-"),
        "debug output shows a key"
    );
}

#[test]
fn anchors_fill_backends() {
    let config = valid("anchors.yaml");
    let temperature = |agent: usize| config.agents[agent].backend.parameters["temperature"].clone();
    assert_eq!(temperature(0), 0.2);
    assert_eq!(temperature(1), 1);
    assert_eq!(config.agents[1].backend.model, "llama-3.3-70b-versatile");
}

#[test]
fn what_is_left_out_is_guessed_and_said() {
    let config = valid("guessed.yaml");
    let names: Vec<&str> = config
        .agents
        .iter()
        .map(|agent| agent.name.as_str())
        .collect();
    assert_eq!(names, ["agent1", "agent2", "agent3"]);
    let kinds: Vec<&str> = config
        .agents
        .iter()
        .map(|agent| agent.backend.kind.as_str())
        .collect();
    assert_eq!(kinds, ["openai", "claude", "chatcompletion"]);
    let local = &config.agents[2].backend;
    assert_eq!(local.base_url, "http://127.0.0.1:9000/v1");
    assert_eq!(local.tool_calling, ToolCalling::Auto);
    assert!(local.local);
    assert_eq!(config.report.count(Severity::Note), 6);
}

#[test]
fn limits_and_options_are_read() {
    let config = valid("limits.yaml");
    assert_eq!(config.limits.answers_per_agent, 1);
    assert_eq!(config.limits.answers_total, 2);
    assert_eq!(config.limits.turn_seconds, 600);
    assert_eq!(config.limits.round_seconds, 150);
    assert_eq!(config.rules.finishing.finish, Finish::Reuse);
    assert_eq!(config.rules.improving.lead, None);
    assert!(config.rules.deciding.defer_voting);
    let single = valid("single.yaml");
    assert_eq!(single.prompt.as_deref(), Some("What is 2 + 2?"));
}

#[test]
fn shipped_examples_have_nothing_to_complain_about() {
    let paths = fixtures("configs");
    assert!(paths.len() >= 8);
    let all = |_: &str| Some("key".to_owned());
    for path in paths {
        let loaded = load_file(&path, &all, Purpose::Run);
        assert_eq!(found(&loaded), Vec::<String>::new(), "{}", path.display());
        assert!(loaded.config.is_some(), "{}", path.display());
    }
}

#[test]
fn every_example_is_explained_and_every_one_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let modes = page("docs/modes.md");
    let pages = [
        modes.clone(),
        page("docs/config.md"),
        page("docs/providers.md"),
    ]
    .concat();
    let mut shipped = Vec::new();
    for path in fixtures("configs") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            pages.contains(&format!("`{name}`")),
            "{name} stands on no page"
        );
        shipped.push(name);
    }
    let named = modes
        .split('`')
        .filter(|word| word.strip_suffix(".yaml").is_some() && !word.contains('/'));
    for name in named {
        assert!(
            shipped.iter().any(|one| one == name),
            "{name} is not shipped"
        );
    }
    // The last column of the first table holds demos.
    let rows = modes.lines().filter(|line| line.contains(".yaml`"));
    for row in rows.filter(|line| line.starts_with('|')) {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap();
        for demo in last.split('`').skip(1).step_by(2) {
            assert!(massgen_tui::demo::find(demo).is_ok(), "{demo}");
        }
    }
}

#[test]
fn a_key_is_never_sent_to_another_vendor() {
    for (backend, key) in [
        (
            "{type: chatcompletion, model: m, base_url: 'https://unknown.example/v1'}",
            None,
        ),
        (
            "{type: chatcompletion, model: m, base_url: 'https://api.groq.com/openai/v1'}",
            Some("GROQ_API_KEY"),
        ),
        (
            "{type: openai, model: m, base_url: 'https://openrouter.ai/api/v1'}",
            Some("OPENROUTER_API_KEY"),
        ),
        (
            "{type: openai, model: m, base_url: 'http://localhost:4000/v1'}",
            Some("OPENAI_API_KEY"),
        ),
        (
            "{type: vllm, model: m, base_url: 'https://api.openai.com/v1'}",
            Some("OPENAI_API_KEY"),
        ),
        ("{type: lmstudio, model: m}", None),
        (
            "{type: openai, model: m, api_key: '${GROQ_API_KEY}'}",
            Some("GROQ_API_KEY"),
        ),
    ] {
        let text = format!("agent: {{id: a, backend: {backend}}}");
        let loaded = load_bytes("x", text.as_bytes(), &env, Purpose::Run);
        let config = loaded.config.unwrap_or_else(|| panic!("{backend}"));
        let sent = config.agents[0]
            .backend
            .key
            .as_ref()
            .map(|key| key.expose_secret().to_owned());
        assert_eq!(
            sent,
            key.map(|name| format!("value-of-{name}")),
            "{backend}"
        );
    }
}

#[test]
fn flags_give_a_backend_too() {
    let backend = config::direct(None, Some("http://localhost:1234/v1/"), Some("m"), &env).unwrap();
    assert_eq!(backend.base_url, "http://localhost:1234/v1");
    assert!(backend.local && backend.key.is_none());
    let backend = config::direct(None, None, Some("gpt-5"), &env).unwrap();
    assert_eq!(backend.kind, "openai");
    let findings = config::direct(None, None, Some("mystery"), &env).unwrap_err();
    assert_eq!(findings[0].code, "no-type");
    let none = |_: &str| None;
    let findings = config::direct(Some("openai"), None, None, &none).unwrap_err();
    assert!(
        findings
            .iter()
            .any(|finding| finding.message.contains("OPENAI_API_KEY"))
    );
}

/// MassGen's own files and deliberately broken ones, when the data is at hand.
fn shared(folder: &str) -> Option<Vec<PathBuf>> {
    let root = PathBuf::from(std::env::var_os("MASSGEN_TUI_SHARED")?);
    let folder = root.join("data").join(folder);
    folder.is_dir().then(|| files(&folder))
}

#[test]
fn massgens_own_files_are_understood() {
    let Some(paths) = shared("massgen_configs") else {
        return;
    };
    let (mut whole, mut unserved) = (0, 0);
    for path in &paths {
        if path.ends_with("rate_limits.yaml") {
            continue; // not a configuration of a run
        }
        let loaded = load_file(path, &env, Purpose::Check);
        for finding in loaded.report.findings() {
            let fine = match finding.severity {
                Severity::Error => finding.code == "backend-not-served",
                Severity::Warning => {
                    matches!(
                        finding.code,
                        "unset-variable"
                            | "no-key"
                            | "no-program"
                            | "unknown-model"
                            | "missing-path"
                    )
                }
                Severity::Note => finding.code != "parameter",
            };
            assert!(fine, "{}", loaded.report.render(finding));
        }
        if loaded.config.is_some() {
            whole += 1;
        } else {
            unserved += 1;
        }
    }
    println!(
        "{whole} of {} files can be run, {unserved} need a backend of a later version",
        paths.len()
    );
    assert!(whole > unserved);
}

#[test]
fn mistakes_that_massgen_finds_are_found() {
    let Some(paths) = shared("malformed_configs") else {
        return;
    };
    let caught = paths
        .iter()
        .filter(|path| !found(&load_file(path, &env, Purpose::Check)).is_empty())
        .count();
    println!(
        "{caught} of {} broken files give an error or a warning",
        paths.len()
    );
    assert!(caught * 10 >= paths.len() * 8);
}

fn tree() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-z_]{1,12}",
        prop::sample::select(vec![
            "agents",
            "agent",
            "id",
            "backend",
            "type",
            "model",
            "base_url",
            "api_key",
            "orchestrator",
            "coordination",
            "timeout_settings",
            "ui",
            "mcp_servers",
            "hooks",
            "max_new_answers_per_agent",
            "orchestrator_timeout_seconds",
            "reasoning",
            "extra_body",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        "[ -~]{0,12}".prop_map(|text| format!("{text:?}")),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "null", "true", "-1", "1e300", ".nan", "openai", "[]", "{}", "'${X}'"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec((key.clone(), inner.clone()), 0..6).prop_map(|pairs| {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            }),
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let loaded = load_bytes("x", &bytes, &env, Purpose::Run);
        let _ = loaded.report.render_all(Severity::Note);
        prop_assert!(loaded.config.is_none() || !loaded.report.has_errors());
    }

    #[test]
    fn any_tree_is_survived_and_explained(text in tree()) {
        let loaded = load_bytes("x", text.as_bytes(), &env, Purpose::Run);
        prop_assert!(loaded.config.is_some() || loaded.report.has_errors(), "{}", text);
        prop_assert!(!loaded.report.render_all(Severity::Note).contains("value-of-"));
        let mut last = 0;
        for finding in loaded.report.findings() {
            prop_assert!(finding.span.offset >= last);
            last = finding.span.offset;
        }
    }
}

/// The key tables of `docs/config.md`, made from the tables the program uses.
fn key_tables() -> String {
    use massgen_tui::config::schema::{Use, scopes};
    use std::fmt::Write as _;
    let places = [
        ("top", "Top level"),
        ("agent", "An agent"),
        ("backend", "`backend` of an agent"),
        ("reasoning", "`backend.reasoning`"),
        ("text", "`backend.text`"),
        ("orchestrator", "`orchestrator`"),
        ("coordination", "`orchestrator.coordination`"),
        ("timeout_settings", "`timeout_settings`"),
        ("ui", "`ui`"),
    ];
    let mut text = String::new();
    for (scope, title) in places {
        let _ = writeln!(text, "### {title}\n");
        let keys = &scopes()[scope];
        let named = |wanted: fn(&Use) -> bool| {
            let names: Vec<String> = keys
                .iter()
                .filter(|(_, key)| wanted(&key.usage))
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            names.join(", ")
        };
        let used = named(|usage| *usage == Use::Honoured);
        if !used.is_empty() {
            let _ = writeln!(text, "Used: {used}.\n");
        }
        let mut kept: std::collections::BTreeMap<&str, Vec<String>> =
            std::collections::BTreeMap::new();
        for (name, key) in keys {
            if let Use::Kept(needs) = &key.usage {
                kept.entry(needs).or_default().push(format!("`{name}`"));
            }
        }
        if !kept.is_empty() {
            let _ = writeln!(text, "| kept, not used | why |\n|---|---|");
            for (needs, names) in kept {
                let _ = writeln!(text, "| {} | {needs} |", names.join(", "));
            }
            text.push('\n');
        }
        let dead = named(|usage| matches!(usage, Use::Dead(_)));
        if !dead.is_empty() {
            let _ = writeln!(text, "No effect, in MassGen neither: {dead}.\n");
        }
        let removed = named(|usage| matches!(usage, Use::Removed(_)));
        if !removed.is_empty() {
            let _ = writeln!(text, "An error: {removed}.\n");
        }
    }
    text
}

/// The variables that hold its key, in words.
fn keys_of(backend: &config::backends::Backend) -> String {
    match backend.keys.join(" or ") {
        keys if keys.is_empty() => "what it wants".to_owned(),
        keys => keys,
    }
}

/// The backend table of `docs/config.md`.
fn backend_table() -> String {
    use std::fmt::Write as _;
    let mut text = String::from("| type | address | key | default model |\n|---|---|---|---|\n");
    for backend in config::backends::all() {
        let name = &backend.r#type;
        if let Some(instead) = &backend.instead {
            let _ = writeln!(text, "| `{name}` | not in this version: {instead} | | |");
            continue;
        }
        if let Some(program) = &backend.program {
            let command = program.command.join(" ");
            let address = if command.is_empty() {
                "`command`".to_owned()
            } else {
                format!("the program `{command}`")
            };
            let _ = writeln!(
                text,
                "| `{name}` | {address} | its login or {} | its own |",
                keys_of(backend)
            );
            continue;
        }
        let address = match (&backend.base_url, &backend.base_variable) {
            (Some(url), _) => url.clone(),
            (None, Some(variable)) => format!("`base_url`, or {variable}"),
            (None, None) => "`base_url`".to_owned(),
        };
        let keys = backend.keys.join(" or ");
        let keys = match (keys.is_empty(), backend.optional_key) {
            (true, _) => "none".to_owned(),
            (false, true) => format!("{keys} if set"),
            (false, false) => keys,
        };
        let model = backend.model.as_deref().unwrap_or("must be named");
        let _ = writeln!(text, "| `{name}` | {address} | {keys} | {model} |");
    }
    text.push('\n');
    text
}

/// Compares (or with `MASSGEN_TUI_BLESS` writes) the generated parts of the documentation.
#[test]
fn the_documentation_lists_the_keys_that_are_known() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (name, table) in [("keys", key_tables()), ("backends", backend_table())] {
        let (start, end) = (
            format!("<!-- {name} -->\n"),
            format!("<!-- end of {name} -->\n"),
        );
        let (before, rest) = text.split_once(&start).unwrap();
        let (old, after) = rest.split_once(&end).unwrap();
        if std::env::var_os("MASSGEN_TUI_BLESS").is_some() {
            text = format!("{before}{start}{table}{end}{after}");
        } else {
            assert_eq!(
                old, table,
                "run this test with MASSGEN_TUI_BLESS=1 to renew docs/config.md"
            );
        }
    }
    if std::env::var_os("MASSGEN_TUI_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
}

#[test]
fn every_code_is_explained() {
    let text = include_str!("../../docs/config.md");
    for path in fixtures("tests/fixtures/config") {
        let loaded = load_file(&path, &env, Purpose::Run);
        for finding in loaded.report.findings() {
            let code = finding.code;
            assert!(
                text.contains(&format!("`{code}`")),
                "{code} is not in docs/config.md"
            );
        }
    }
}
