//! Claude Code, by its own commands; every one is bounded in time.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
    time::timeout,
};

use super::files::Start;

/// The name of the marketplace and of the plugin in it.
const MARKET: &str = "massgen-tui";
const PLUGIN: &str = "massgen-tui@massgen-tui";
/// Longest wait for one command of Claude Code.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longest wait for our own server.
const OWN: Duration = Duration::from_secs(15);
/// Longest part of what a program said, in characters.
const SAID: usize = 400;

/// The program.
pub struct Claude {
    program: PathBuf,
}

/// What a person types where Claude Code is not found.
pub fn by_hand(folder: &Path) -> [String; 2] {
    [
        format!("claude plugin marketplace add {}", quoted(folder)),
        format!("claude plugin install {PLUGIN}"),
    ]
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if path.chars().all(plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

impl Claude {
    /// The program of that name, or this one.
    pub fn find(named: Option<&Path>) -> Option<Self> {
        if let Some(program) = named {
            let program = program.to_owned();
            return program.is_file().then_some(Self { program });
        }
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join("claude"))
            .find(|program| program.is_file())
            .map(|program| Self { program })
    }

    /// Registers the folder and installs the plugin of it.
    pub async fn add(&self, folder: &Path) -> Result<(), String> {
        let folder = folder.display().to_string();
        let listed = self.ask(&["plugin", "marketplace", "list", "--json"]).await;
        let listed = listed.unwrap_or_default();
        if names(&listed, MARKET) && names(&listed, &folder) {
            // It may be of an older version.
            self.ask(&["plugin", "marketplace", "update", MARKET])
                .await?;
        } else {
            if names(&listed, MARKET) {
                // It stands for another folder, of another state folder.
                self.ask(&["plugin", "marketplace", "remove", MARKET])
                    .await?;
            }
            self.ask(&["plugin", "marketplace", "add", &folder]).await?;
        }
        if self.knows().await.unwrap_or(false) {
            self.ask(&["plugin", "update", PLUGIN]).await.map(drop)
        } else {
            self.ask(&["plugin", "install", PLUGIN]).await.map(drop)
        }
    }

    /// Takes the plugin and the marketplace out; says what came of it.
    pub async fn remove(&self) -> Vec<String> {
        let mut told = Vec::new();
        for (arguments, done) in [
            (
                &["plugin", "uninstall", PLUGIN][..],
                "Claude Code let go of the plugin.",
            ),
            (
                &["plugin", "marketplace", "remove", MARKET][..],
                "Claude Code let go of its marketplace.",
            ),
        ] {
            told.push(match self.ask(arguments).await {
                Ok(_) => done.to_owned(),
                Err(why) => why,
            });
        }
        told
    }

    /// Its version.
    pub async fn version(&self) -> Result<String, String> {
        let said = self.ask(&["--version"]).await?;
        Ok(said.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// Whether it has the plugin.
    pub async fn knows(&self) -> Result<bool, String> {
        let listed = self.ask(&["plugin", "list", "--json"]).await?;
        Ok(names(&listed, PLUGIN))
    }

    async fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let line = format!("claude {}", arguments.join(" "));
        let output = timeout(PATIENCE, command.output())
            .await
            .map_err(|_| format!("`{line}` did not end within {} s.", PATIENCE.as_secs()))?
            .map_err(|error| format!("`{line}` cannot be started: {error}."))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let wrong = String::from_utf8_lossy(&output.stderr);
        let both = format!("{} {}", wrong.trim(), said.trim());
        let short: String = both.trim().chars().take(SAID).collect();
        Err(format!("`{line}` failed: {short}"))
    }
}

/// Whether a list of Claude Code holds a name, in whatever field it stands.
fn names(listed: &str, name: &str) -> bool {
    fn holds(value: &Value, name: &str) -> bool {
        match value {
            Value::String(text) => text == name,
            Value::Array(all) => all.iter().any(|one| holds(one, name)),
            Value::Object(all) => {
                all.contains_key(name) || all.values().any(|one| holds(one, name))
            }
            _ => false,
        }
    }
    serde_json::from_str::<Value>(listed).is_ok_and(|listed| holds(&listed, name))
}

/// Starts our own server as Claude Code would, and counts its tools.
pub async fn greet(start: &Start) -> Result<usize, String> {
    let mut command = Command::new(&start.program);
    command
        .args(start.arguments())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no streams".to_owned());
    };
    let talk = async {
        let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "massgen-tui plugin doctor", "version": env!("CARGO_PKG_VERSION")}}});
        let begun = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let ask = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
        let mut lines = BufReader::new(output).lines();
        let wrong = |error: std::io::Error| error.to_string();
        input
            .write_all(format!("{hello}\n").as_bytes())
            .await
            .map_err(wrong)?;
        let none = || "it ended at once".to_owned();
        lines.next_line().await.map_err(wrong)?.ok_or_else(none)?;
        let rest = format!("{begun}\n{ask}\n");
        input.write_all(rest.as_bytes()).await.map_err(wrong)?;
        let line = lines.next_line().await.map_err(wrong)?.ok_or_else(none)?;
        drop(input);
        let answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let tools = answer.pointer("/result/tools").and_then(Value::as_array);
        tools
            .map(Vec::len)
            .ok_or_else(|| "it lists no tools".to_owned())
    };
    let tools = timeout(OWN, talk)
        .await
        .map_err(|_| format!("no answer within {} s", OWN.as_secs()))??;
    let _ = timeout(OWN, child.wait()).await;
    Ok(tools)
}
