//! Set-up without a screen: templates that pass the check, members that answer, files that are not
//! overwritten, prompts with variables. The built program in a home of its own.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::harness::keyless::Keyless;

/// A key of a usual form.
const KEY: &str = "sk-test-0123456789abcdefghij";

/// Runs the program without a terminal; its code, what it says on stdout and on stderr.
fn run(home: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("MASSGEN_TUI_STATE_DIR", home.join("state"))
        .current_dir(home)
        .stdin(Stdio::null());
    for (name, value) in variables {
        command.env(name, value);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(stdout), text(stderr));
    assert!(
        !out.contains(KEY) && !err.contains(KEY),
        "nobody sees the key"
    );
    (status.code().unwrap(), out, err)
}

/// Keys of several vendors.
const KEYS: [(&str, &str); 3] = [
    ("OPENAI_API_KEY", KEY),
    ("ANTHROPIC_API_KEY", KEY),
    ("GEMINI_API_KEY", KEY),
];

#[test]
fn every_template_passes_the_check_without_a_warning() {
    let home = tempfile::tempdir().unwrap();
    let names = [
        "mixed",
        "research",
        "code-review",
        "bug-hunt",
        "writing",
        "benchmark",
        "local-only",
        "cheap",
    ];
    for name in names {
        for keys in [&KEYS[..], &KEYS[..1]] {
            let file = format!("{name}-{}.yaml", keys.len());
            let new = ["config", "new", "--template", name, "-o", &file];
            let (code, out, err) = run(home.path(), keys, &new);
            assert_eq!(code, 0, "{name}: {out}{err}");
            let check = ["config", "check", "--strict", "--no-notes", &file];
            let (code, out, err) = run(home.path(), keys, &check);
            assert_eq!(code, 0, "{name}: {out}{err}");
            let text = fs::read_to_string(home.path().join(&file)).unwrap();
            assert!(text.starts_with("# ") && !text.contains(KEY), "{text}");
        }
    }
    let (code, out, _) = run(home.path(), &KEYS, &["config", "new", "--list"]);
    assert_eq!(code, 0);
    for name in names {
        assert!(out.lines().any(|line| line == name), "{out}");
    }
    assert!(out.contains("a task"), "{out}");
}

#[test]
fn a_file_that_is_there_stays() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("massgen-tui.yaml");
    fs::write(&file, "mine").unwrap();
    let (code, out, err) = run(home.path(), &KEYS, &["config", "new"]);
    assert_eq!(code, 1, "{out}");
    assert!(err.contains("--force"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let (code, out, err) = run(home.path(), &KEYS, &["config", "new", "--force"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("massgen-tui.yaml.old"), "{out}");
    let old = fs::read_to_string(home.path().join("massgen-tui.yaml.old")).unwrap();
    assert_eq!(old, "mine");
    let (code, out, _) = run(
        home.path(),
        &KEYS,
        &["config", "new", "-o", "-", "-m", "claude-opus-5-5"],
    );
    assert_eq!(code, 0);
    assert!(
        out.contains("model: claude-opus-5-5") && !out.contains("gpt"),
        "{out}"
    );
    let (code, _, err) = run(
        home.path(),
        &KEYS,
        &["config", "new", "--template", "nothing"],
    );
    assert_eq!(code, 2);
    assert!(err.contains("bug-hunt"), "{err}");
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let home = tempfile::tempdir().unwrap();
    // A server of another test may stand at a usual place; a vendor that is not there is no such thing.
    let agent = "id=a,provider=openai,model=m,base_url=http://127.0.0.1:9/v1";
    let test = ["setup", "--agent", agent, "--test", "--json"];
    let (code, out, err) = run(home.path(), &[], &test);
    assert_eq!(code, 4, "{out}{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["agents"][0]["test"]["ok"], false, "{told}");
    assert_eq!(told["saved"], Value::Null);
    for (arguments, says) in [
        (&["setup", "--agent", "x"][..], "has no `=`"),
        (&["setup", "--template", "x"], "There is no template"),
        (&["setup", "--budget", "-1", "--agent", agent], "budget"),
        (
            &["setup", "--model", "nobody"],
            "It is not known who serves",
        ),
    ] {
        let (code, out, err) = run(home.path(), &KEYS, arguments);
        assert_eq!(code, 2, "{out}{err}");
        assert!(err.contains(says), "{err}");
    }
}

#[test]
fn a_server_nearby_is_found_tried_saved_and_run() {
    let home = tempfile::tempdir().unwrap();
    let server = Keyless::start("turnaround");
    let near = [("OPENAI_BASE_URL", server.base_url.as_str())];
    let (code, out, err) = run(home.path(), &near, &["setup", "--headless", "--json"]);
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{code} {out}{err}"));
    let servers = told["found"]["servers"].as_array().unwrap();
    let found = servers
        .iter()
        .find(|one| one["base_url"] == server.base_url.as_str());
    let models = found.unwrap()["models"].as_array().unwrap();
    assert!(models.len() > 1, "{told}");
    let agents: Vec<String> = models
        .iter()
        .map(|model| {
            let model = model.as_str().unwrap();
            format!(
                "provider=chatcompletion,model={model},base_url={}",
                server.base_url
            )
        })
        .collect();
    let mut arguments = vec![
        "setup",
        "--test",
        "--save",
        "user",
        "--budget",
        "0",
        "--minutes",
        "3",
        "--theme",
        "dark",
    ];
    for agent in &agents {
        arguments.extend(["--agent", agent]);
    }
    let (code, out, err) = run(home.path(), &near, &arguments);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("ok, ") && out.contains("config.yaml"), "{out}");
    let saved = home.path().join(".config/massgen-tui/config.yaml");
    let text = fs::read_to_string(&saved).unwrap();
    assert!(text.contains("orchestrator_timeout_seconds: 180"), "{text}");
    let (code, out, err) = run(home.path(), &near, &["config", "show", "--origin"]);
    assert_eq!(code, 0, "{out}{err}");
    let theme = out.lines().find(|line| line.contains("ui.theme"));
    let theme = theme.unwrap_or_else(|| panic!("{out}"));
    assert!(
        theme.contains("dark") && theme.contains("config.yaml"),
        "{theme}"
    );
    let task = ["run", "Say something."];
    let (code, out, err) = run(home.path(), &near, &task);
    assert_eq!(code, 0, "{out}{err}");
    assert!(!out.trim().is_empty(), "{err}");
    let (code, _, err) = run(home.path(), &near, &arguments);
    assert_eq!(code, 1, "{err}");
    assert_eq!(fs::read_to_string(&saved).unwrap(), text);
}

#[test]
fn prompts_have_variables() {
    let home = tempfile::tempdir().unwrap();
    let settings = [];
    let (code, out, _) = run(home.path(), &settings, &["prompts"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("find-bug") && out.contains("must be given"),
        "{out}"
    );
    let show = ["prompts", "show", "explain", "--var", "subject=locks"];
    let (code, out, _) = run(home.path(), &settings, &show);
    assert_eq!(code, 0);
    assert!(out.starts_with("Explain locks to an experienced"), "{out}");
    let (code, out, _) = run(home.path(), &settings, &["prompts", "new", "mine"]);
    assert_eq!(code, 0);
    let file = home.path().join(".config/massgen-tui/prompts/mine.md");
    assert!(out.contains("--preset mine") && file.is_file(), "{out}");
    let (code, _, err) = run(home.path(), &settings, &["prompts", "new", "mine"]);
    assert_eq!(code, 2);
    assert!(err.contains("there already"), "{err}");
    let demo = [
        "run",
        "--demo",
        "quick",
        "--demo-speed",
        "max",
        "--output",
        "json",
    ];
    let with = |more: &[&'static str]| {
        let arguments = [&demo[..], more].concat();
        run(home.path(), &settings, &arguments)
    };
    let (code, out, err) = with(&["--preset", "mine", "--var", "subject=whales"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Write about whales, one page."), "{out}");
    for (more, says) in [
        (&["--preset", "mine"][..], "needs a value for subject"),
        (&["--preset", "nine"], "Did you mean mine?"),
        (&["--preset", "mine", "--var", "x"], "has no `=`"),
        (&["--var", "a=b", "a task"], "--preset"),
        (
            &["--preset", "mine", "--var", "subject=x", "a task"],
            "--preset",
        ),
    ] {
        let (code, _, err) = with(more);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(says), "{err}");
    }
}

#[test]
fn a_conversation_is_one_session_of_several_turns() {
    let home = tempfile::tempdir().unwrap();
    let prompts = home.path().join(".config/massgen-tui/prompts");
    fs::create_dir_all(&prompts).unwrap();
    let text = "---\nwhat:\n---\nFirst {{what}}.\n=== next ===\nThen {{what}} again.\n";
    fs::write(prompts.join("twice.md"), text).unwrap();
    let arguments = [
        "run",
        "--demo",
        "quick",
        "--demo-speed",
        "max",
        "--preset",
        "twice",
        "--var",
        "what=look",
    ];
    let (code, out, err) = run(home.path(), &[], &arguments);
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, _) = run(
        home.path(),
        &[],
        &["logs", "list", "--filter", "turns:>1", "--json"],
    );
    assert_eq!(code, 0);
    assert!(out.contains("First look."), "{out}");
}

/// A stand-in for Claude Code in a folder for `PATH`, which says these lines.
fn stand_in(home: &Path, lines: &[Value]) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = home.join("bin");
    fs::create_dir_all(&folder).unwrap();
    let said: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let said = said.join("\n");
    let script = format!("#!/bin/sh\ncat <<'END'\n{said}\nEND\n");
    fs::write(folder.join("claude"), script).unwrap();
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.join("claude"), mode).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

#[test]
fn a_program_is_asked_for_a_word_and_says_when_it_is_not_logged_in() {
    let test = [
        "setup",
        "--test",
        "--json",
        "--agent",
        "id=a,provider=claude_code",
    ];
    let outcome = |lines: &[Value]| {
        let home = tempfile::tempdir().unwrap();
        let path = stand_in(home.path(), lines);
        // Which variable the login is in does not matter here.
        let login = ("CLAUDE_CODE_OAUTH_TOKEN", "x");
        let (code, out, err) = run(home.path(), &[("PATH", &path), login], &test);
        let said: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        (code, said["agents"][0]["test"].clone())
    };
    let content = serde_json::json!([{"type": "text", "text": "ok"}]);
    let (code, told) = outcome(&[
        serde_json::json!({"type": "system", "subtype": "init", "session_id": "s"}),
        serde_json::json!({"type": "assistant", "message": {"id": "m", "content": content}}),
        serde_json::json!({"type": "result", "subtype": "success", "is_error": false,
            "session_id": "s", "usage": {"input_tokens": 9, "output_tokens": 1},
            "total_cost_usd": 0.25}),
    ]);
    assert_eq!((code, &told["ok"]), (0, &Value::Bool(true)), "{told}");
    assert_eq!(told["usd"], 0.25, "{told}");
    let please = "Please run /login";
    let content = serde_json::json!([{"type": "text", "text": please}]);
    let (code, told) = outcome(&[
        serde_json::json!({"type": "assistant", "error": "authentication_failed",
            "message": {"id": "m", "content": content}}),
        serde_json::json!({"type": "result", "subtype": "success", "is_error": true,
            "result": please, "session_id": "s"}),
    ]);
    assert_eq!((code, &told["ok"]), (4, &Value::Bool(false)), "{told}");
    let words = told["words"].as_str().unwrap();
    assert!(words.contains("Log in with `"), "{words}");
}
