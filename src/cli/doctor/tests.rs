//! Tests of the doctor: judging, masking, rendering.

use super::*;
use crate::protocol::{ModelInfo, ServerKind};

fn healthy() -> Facts {
    Facts {
        version: "1.2.3".to_owned(),
        terminal: Terminal {
            tty: true,
            term: Some("xterm-256color".to_owned()),
            colorterm: Some("truecolor".to_owned()),
            no_color: false,
            size: Some((120, 40)),
            locale: Some("en_GB.UTF-8".to_owned()),
            multiplexer: None,
            ssh: false,
        },
        candidates: vec![Candidate {
            path: "./massgen-tui.yaml".into(),
            whose: "this folder's",
            exists: false,
        }],
        config: None,
        keys: vec![KeyFact {
            variable: "OPENAI_API_KEY".to_owned(),
            vendor: "OpenAI".to_owned(),
            masked: mask("sk-abcdefghijklmnopqrstuvwxyz"),
            origin: "environment".to_owned(),
        }],
        conflicts: Vec::new(),
        env_notes: Vec::new(),
        servers: Vec::new(),
        sandbox: super::held::tests::held(),
        git: Some("git version 2.50".to_owned()),
        agents: vec![AgentFact {
            name: "Codex".to_owned(),
            path: Some("/bin/codex".into()),
            install: "npm".to_owned(),
            login: "codex login".to_owned(),
        }],
        state: StateFacts {
            dir: Ok("/state".into()),
            write_error: None,
            mode: Some(0o700),
            free_bytes: Some(50 << 30),
        },
    }
}

fn worst(facts: &Facts) -> (Health, Vec<String>) {
    let lines = report(facts);
    let worst = lines.iter().map(|line| line.health).max().unwrap();
    let texts = lines
        .iter()
        .filter(|line| line.health == worst)
        .map(|line| line.text.clone())
        .collect();
    (worst, texts)
}

#[test]
fn a_healthy_machine_has_nothing_to_do() {
    let lines = report(&healthy());
    assert!(
        lines
            .iter()
            .all(|line| line.health == Health::Ok && line.help.is_empty())
    );
    assert_eq!(exit_code(&lines), 0);
    insta::assert_snapshot!(render(&lines, true), @r"
    program
      ✓ ok       massgen-tui 1.2.3

    terminal
      ✓ ok       TERM is xterm-256color
      ✓ ok       120x40 cells
      ✓ ok       true colour
      ✓ ok       locale en_GB.UTF-8

    configuration
      ✓ ok       none; looked for ./massgen-tui.yaml

    keys
      ✓ ok       OPENAI_API_KEY (OpenAI) sk-…wxyz from environment

    local servers
      ✓ ok       none on the usual ports (1234, 11434, 8000, 30000, 8080)

    command-line agents
      ✓ ok       Codex: /bin/codex (log in once with `codex login`)

    git
      ✓ ok       git version 2.50

    sandbox
      ✓ ok       commands of agents are held by landlock; landlock: all of it (ABI 7)
      ✓ ok       tried and prevented: reading outside, writing outside, the network, signals to other programs
      ✓ ok       bubblewrap is not used: bwrap is not installed

    state folder
      ✓ ok       /state can be written
      ✓ ok       50.0 GB free on its disk

    0 problems, 0 warnings
    ");
}

#[test]
fn each_trouble_is_named() {
    type Change = fn(&mut Facts);
    let cases: &[(Change, Health, &str)] = &[
        (
            |f| f.terminal.term = None,
            Health::Warning,
            "TERM is not set",
        ),
        (
            |f| f.terminal.size = Some((20, 5)),
            Health::Warning,
            "20x5 is too small",
        ),
        (
            |f| f.terminal.locale = Some("C".to_owned()),
            Health::Warning,
            "not UTF-8",
        ),
        (|f| f.git = None, Health::Warning, "git is not there"),
        (|f| f.keys.clear(), Health::Warning, "only the demo team"),
        (
            |f| {
                f.conflicts
                    .push(("A".to_owned(), "environment, .env".to_owned()));
            },
            Health::Warning,
            "A is set differently in environment, .env",
        ),
        (|f| f.state.mode = Some(0o755), Health::Warning, "mode 755"),
        (
            |f| f.state.free_bytes = Some(50 << 20),
            Health::Warning,
            "only 50 MB",
        ),
        (
            |f| f.state.free_bytes = Some(1),
            Health::Problem,
            "only 0 MB",
        ),
        (
            |f| f.state.write_error = Some("read-only".to_owned()),
            Health::Problem,
            "cannot be written: read-only",
        ),
        (
            |f| f.state.dir = Err("no home".to_owned()),
            Health::Problem,
            "no home",
        ),
        (
            |f| {
                f.config = Some(ConfigFacts {
                    path: "c.yaml".into(),
                    agents: None,
                    summary: "1 error".to_owned(),
                    error: Some("c.yaml:1:1: error[x]: y".to_owned()),
                    warnings: false,
                });
            },
            Health::Problem,
            "c.yaml: 1 error; first: c.yaml:1:1: error[x]: y",
        ),
        (
            |f| {
                f.servers.push(Discovered {
                    kind: ServerKind::Ollama,
                    base_url: "http://localhost:11434/v1".to_owned(),
                    models: Vec::<ModelInfo>::new(),
                    needs_key: false,
                });
            },
            Health::Warning,
            "Ollama at http://localhost:11434/v1 has no model",
        ),
    ];
    for (change, health, text) in cases {
        let mut facts = healthy();
        change(&mut facts);
        let (got, texts) = worst(&facts);
        assert_eq!(got, *health, "{text}");
        assert!(
            texts.iter().any(|line| line.contains(text)),
            "{text}: {texts:?}"
        );
        let lines = report(&facts);
        assert_eq!(exit_code(&lines), u8::from(*health == Health::Problem));
        let silent = |line: &&Line| line.health != Health::Ok && line.help.is_empty();
        assert_eq!(
            lines.iter().find(silent),
            None,
            "every trouble says what to do"
        );
    }
}

#[test]
fn keys_are_masked() {
    assert_eq!(mask("sk-abcdefghijklmnopqrstuvwxyz"), "sk-…wxyz");
    assert_eq!(mask("short"), "••••");
    assert_eq!(mask(""), "••••");
}

#[test]
fn plain_locales_get_plain_glyphs() {
    let mut facts = healthy();
    facts.terminal.locale = None;
    facts.state.dir = Err("none".to_owned());
    let text = render(&report(&facts), is_utf8(&facts.terminal));
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn facts_come_from_the_machine() {
    let temp = tempfile::tempdir().unwrap();
    let config = temp.path().join("massgen-tui.yaml");
    std::fs::write(
        &config,
        "agents: [{id: a, backend: {type: groq, model: m}}]",
    )
    .unwrap();
    let paths = Paths {
        cwd: temp.path().to_owned(),
        ..Paths::default()
    };
    let env = Environment::new(
        [(
            "GROQ_API_KEY".to_owned(),
            "gsk_0123456789abcdefghij".to_owned(),
        )],
        Vec::new(),
    );
    let facts = gather(Probe {
        paths: &paths,
        env: &env,
        named_config: None,
        state_dir: Ok(temp.path().join("state/deep")),
        size: None,
        servers: Vec::new(),
        sandbox: held::tests::held(),
    });
    assert_eq!(
        facts.config.as_ref().and_then(|config| config.agents),
        Some(1)
    );
    assert_eq!(facts.keys.len(), 1);
    assert_eq!(facts.keys[0].masked, "gsk…ghij");
    assert_eq!(facts.state.write_error, None);
    assert!(
        !json(&facts, &report(&facts))
            .to_string()
            .contains("0123456789")
    );
    #[cfg(unix)]
    assert_eq!(facts.state.mode, Some(0o700));
}
