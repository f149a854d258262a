//! Looking around: facts about terminal, configuration, keys, git and the state folder.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{AgentFact, ConfigFacts, Facts, KeyFact, Probe, StateFacts, Terminal};
use crate::config::dotenv::Origin;
use crate::config::{Environment, Purpose, Severity, backends, clean, load_file, program};

/// Looks around. Creates the state folder when it is not there, as a run would.
#[must_use]
pub fn gather(probe: Probe) -> Facts {
    Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        terminal: terminal(&probe),
        candidates: probe.paths.config_candidates(),
        config: config(&probe),
        keys: keys(probe.env),
        conflicts: conflicts(probe.env),
        env_notes: env_notes(probe.env),
        agents: agents(probe.env),
        git: git(),
        state: state(&probe),
        servers: probe.servers,
        sandbox: probe.sandbox,
    }
}

fn terminal(probe: &Probe) -> Terminal {
    use std::io::IsTerminal as _;
    let var = |name| probe.env.process(name).map(str::to_owned);
    Terminal {
        tty: std::io::stdout().is_terminal(),
        term: var("TERM"),
        colorterm: var("COLORTERM"),
        no_color: var("NO_COLOR").is_some(),
        size: probe.size,
        locale: var("LC_ALL")
            .or_else(|| var("LC_CTYPE"))
            .or_else(|| var("LANG")),
        multiplexer: if var("TMUX").is_some() {
            Some("tmux")
        } else {
            var("STY").map(|_| "screen")
        },
        ssh: var("SSH_CONNECTION").is_some() || var("SSH_TTY").is_some(),
    }
}

fn config(probe: &Probe) -> Option<ConfigFacts> {
    let path = match probe.named_config {
        Some(name) => probe
            .paths
            .named_config(name)
            .unwrap_or_else(|_| name.to_owned()),
        None => probe.paths.default_config()?,
    };
    let loaded = load_file(&path, &|name| probe.env.get(name), Purpose::Run);
    let report = &loaded.report;
    let error = report
        .findings()
        .iter()
        .find(|finding| finding.severity == Severity::Error)
        .map(|finding| report.headline(finding));
    Some(ConfigFacts {
        agents: loaded.config.as_ref().map(|config| config.agents.len()),
        summary: report.summary(),
        error,
        warnings: report.count(Severity::Warning) > 0,
        path,
    })
}

fn keys(env: &Environment) -> Vec<KeyFact> {
    let mut facts: Vec<KeyFact> = Vec::new();
    for backend in backends::all() {
        for variable in &backend.keys {
            let known = facts.iter().any(|fact| fact.variable == *variable);
            if let (false, Some(key), Some(origin)) =
                (known, env.get(variable), env.origin(variable))
            {
                facts.push(KeyFact {
                    variable: variable.clone(),
                    vendor: backend.name.clone(),
                    masked: mask(&key),
                    origin: origin.words(),
                });
            }
        }
    }
    facts
}

/// The first three and the last four characters of a long key; of a short one only that it is set.
#[must_use]
pub fn mask(key: &str) -> String {
    let chars: Vec<char> = key.trim().chars().collect();
    if chars.len() < 20 {
        return "••••".to_owned();
    }
    let head: String = chars.iter().take(3).collect();
    let tail: String = chars.iter().skip(chars.len() - 4).collect();
    clean(&format!("{head}…{tail}"), 8)
}

fn conflicts(env: &Environment) -> Vec<(String, String)> {
    env.conflicts()
        .into_iter()
        .map(|(name, places)| {
            let places: Vec<String> = places.iter().map(Origin::words).collect();
            (name, places.join(", "))
        })
        .collect()
}

fn env_notes(env: &Environment) -> Vec<String> {
    let mut notes = Vec::new();
    for file in env.files() {
        let path = file.path.display();
        for line in &file.bad_lines {
            notes.push(format!("{path}:{line} is not a line like NAME=value"));
        }
        for name in &file.refused {
            notes.push(format!(
                "{path} sets {name}, which is not taken from a file"
            ));
        }
    }
    notes
}

/// The command-line agents of the backend table.
fn agents(env: &Environment) -> Vec<AgentFact> {
    let folders = env.get("PATH").unwrap_or_default();
    let programs = backends::all().iter().filter_map(|backend| {
        let program = backend.program.as_ref()?;
        let command = program.command.first()?;
        Some(AgentFact {
            name: backend.name.clone(),
            path: program::find(command, &folders),
            install: program.install.clone(),
            login: program.login.clone(),
        })
    });
    programs.collect()
}

fn git() -> Option<String> {
    let text = said(Command::new("git").arg("--version"))?;
    Some(clean(text.trim(), 60))
}

fn state(probe: &Probe) -> StateFacts {
    let dir = match &probe.state_dir {
        Ok(dir) => dir,
        Err(error) => {
            return StateFacts {
                dir: Err(error.to_string()),
                write_error: None,
                mode: None,
                free_bytes: None,
            };
        }
    };
    StateFacts {
        write_error: try_write(dir).err().map(|error| error.to_string()),
        mode: mode(dir),
        free_bytes: free_bytes(dir),
        dir: Ok(dir.clone()),
    }
}

/// What a program printed, when it ran well.
fn said(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

/// Free bytes on the disk of a folder, as POSIX `df` tells.
fn free_bytes(dir: &Path) -> Option<u64> {
    let text = said(Command::new("df").arg("-Pk").arg(dir).env("LC_ALL", "C"))?;
    let fields: Vec<&str> = text.lines().nth(1)?.split_whitespace().collect();
    // Device names may hold blanks: count from the percentage.
    let percent = fields.iter().rposition(|field| field.ends_with('%'))?;
    let kilobytes: u64 = fields.get(percent.checked_sub(1)?)?.parse().ok()?;
    Some(kilobytes.saturating_mul(1024))
}

/// Writes and removes a file.
fn try_write(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    let file = dir.join(format!(".doctor-{}", std::process::id()));
    // Never through a file or link that somebody else has put there.
    std::fs::File::create_new(&file)?;
    std::fs::remove_file(&file)
}

fn mode(dir: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(dir).ok().map(|meta| meta.mode() & 0o777)
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        None
    }
}
