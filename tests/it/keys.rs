//! Keys: kept in a keyring or a private file, found again, and never seen by anybody.
//!
//! The keyring is a script in the place of `secret-tool` that writes down how it was called.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

/// A key of a usual form.
const KEY: &str = "sk-test-0123456789abcdefghij";

/// A home with a keyring.
struct Home {
    folder: tempfile::TempDir,
}

/// Keeps what it is given in files; notes its arguments.
const KEYRING: &str = r#"#!/bin/sh
echo "$@" >> "$HOME/asked"
for last; do :; done
case "$1" in
  store) cat > "$HOME/kept-$last" ;;
  lookup) cat "$HOME/kept-$last" 2>/dev/null ;;
  clear) rm -f "$HOME/kept-$last" ;;
esac
"#;

impl Home {
    fn new(keyring: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("secret-tool");
        fs::write(&program, keyring).expect("a script");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn settings(&self) -> PathBuf {
        self.path().join(".config/massgen-tui")
    }

    /// Runs the program with `input` on its standard input; everything it says, and its code.
    fn run(&self, arguments: &[&str], input: &str) -> (Option<i32>, String) {
        let folders = format!("{}:/usr/bin:/bin", self.path().display());
        let mut child = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(arguments)
            .env_clear()
            .env("PATH", folders)
            .env("HOME", self.path())
            .env("XDG_RUNTIME_DIR", self.path())
            .env("MASSGEN_TUI_STATE_DIR", self.path().join("state"))
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut stdin = child.stdin.take().expect("a pipe");
        // It may have ended without reading.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().expect("an end");
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8(said).expect("text"))
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_in_the_keyring_is_found_by_name_and_never_shown() {
    let home = Home::new(KEYRING);
    let (code, said) = home.run(&["keys", "set", "OPENAI_API_KEY"], &format!("{KEY}\n"));
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("OPENAI_API_KEY is kept in the keyring"),
        "{said}"
    );
    let mut all = said;
    for (arguments, expected) in [
        (&["keys"] as &[&str], "OPENAI_API_KEY  keyring"),
        (&["keys", "list", "--json"], "\"from\": \"keyring\""),
        (&["doctor"], "from keyring"),
    ] {
        let (_, said) = home.run(arguments, "");
        assert!(said.contains(expected), "{said}");
        all.push_str(&said);
    }
    let asked = fs::read_to_string(home.path().join("asked")).expect("it was asked");
    assert!(
        asked.contains("lookup service massgen-tui name OPENAI_API_KEY"),
        "{asked}"
    );
    let names = fs::read_to_string(home.settings().join("keys.json")).expect("names");
    for text in [&all, &asked, &names] {
        assert!(!text.contains(KEY), "the key leaks: {text}");
    }
    let (code, said) = home.run(&["keys", "remove", "OPENAI_API_KEY"], "");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no longer in the keyring"), "{said}");
    let (_, said) = home.run(&["keys"], "");
    assert!(said.contains("No key is set"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_keyring_that_hangs_holds_nobody_up_and_one_that_refuses_is_told() {
    let home = Home::new("#!/bin/sh\nexec sleep 100000\n");
    fs::create_dir_all(home.settings()).expect("a folder");
    let names = r#"{"names": ["OPENAI_API_KEY"]}"#;
    fs::write(home.settings().join("keys.json"), names).expect("names");
    let (code, said) = home.run(&["keys"], "");
    assert_eq!(
        (code, said.contains("No key is set")),
        (Some(0), true),
        "{said}"
    );
    let home = Home::new("#!/bin/sh\ncat > /dev/null\nexit 1\n");
    let (code, said) = home.run(&["keys", "set", "OPENAI_API_KEY"], KEY);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("did not keep it") && said.contains("--file"),
        "{said}"
    );
    assert!(!said.contains(KEY), "{said}");
}

#[test]
fn a_key_in_our_own_file_counts_like_one_in_the_environment() {
    let home = Home::new(KEYRING);
    let (code, said) = home.run(&["keys", "set", "XAI_API_KEY", "--file"], KEY);
    assert_eq!(code, Some(0), "{said}");
    let file = home.settings().join(".env");
    let mode = file.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (_, said) = home.run(&["keys"], "");
    assert!(
        said.contains("XAI_API_KEY") && said.contains(".env"),
        "{said}"
    );
    let config = "agents: [{id: a, backend: {type: grok, model: grok-4}}]\n";
    fs::write(home.path().join("team.yaml"), config).expect("a file");
    let (code, said) = home.run(&["config", "check", "team.yaml"], "");
    assert_eq!((code, said.contains("no-key")), (Some(0), false), "{said}");
}

#[test]
fn a_key_as_an_argument_is_refused_and_not_repeated() {
    let home = Home::new(KEYRING);
    for arguments in [
        &["keys", "set", "OPENAI_API_KEY", KEY] as &[&str],
        &["keys", "set", KEY],
        &["keys", "remove", KEY],
    ] {
        let (code, said) = home.run(arguments, "");
        assert_eq!(code, Some(2), "{said}");
        assert!(
            said.contains("never an argument") && !said.contains(KEY),
            "{said}"
        );
    }
}

/// Answers every request with an error that repeats its headers and body.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = vec![0; 64 * 1024];
            let read = stream.read(&mut bytes).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..read]);
            let heard = serde_json::json!({"error": {"message": text}}).to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 400 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{heard}",
                heard.len()
            );
        }
    });
    format!("http://{address}/v1")
}

/// Every file below a folder.
fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, all);
        } else {
            all.push(path);
        }
    }
}

#[test]
fn a_key_in_a_configuration_is_warned_about_and_masked_everywhere() {
    let home = Home::new(KEYRING);
    let url = echo();
    let config = format!(
        "agents:\n  - id: a\n    backend: {{type: chatcompletion, model: m, base_url: \"{url}\", api_key: {KEY}}}\n"
    );
    let file = home.path().join("team.yaml");
    fs::write(&file, config).expect("a file");
    let (_, checked) = home.run(&["config", "check", "team.yaml"], "");
    assert!(
        checked.contains("the key stands in the file itself"),
        "{checked}"
    );
    let dumps = home.path().join("dumps");
    let dumps = dumps.to_str().expect("a path");
    let arguments = [
        "run",
        "--config",
        "team.yaml",
        "--output",
        "json",
        "--dump-prompts",
        dumps,
        "Q",
    ];
    let (code, ran) = home.run(&arguments, "");
    assert_ne!(code, Some(0));
    assert!(ran.contains("\"ended\""), "{ran}");
    let (_, health) = home.run(&["health", "--config", "team.yaml", "--json"], "");
    let (_, logs) = home.run(&["logs", "show", "latest"], "");
    for said in [checked, ran, health, logs] {
        assert!(!said.contains(KEY), "the key leaks: {said}");
    }
    fs::remove_file(file).expect("the configuration itself");
    let mut all = Vec::new();
    files(home.path(), &mut all);
    assert!(
        all.iter().any(|path| path.ends_with("events.jsonl")),
        "{all:?}"
    );
    assert!(all.iter().any(|path| path.starts_with(dumps)), "{all:?}");
    for path in all {
        let bytes = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(KEY), "the key leaks into {}", path.display());
    }
}
