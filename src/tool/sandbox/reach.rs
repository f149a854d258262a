//! What a command may reach: which folders it reads, which it writes, and its environment.
//!
//! Reading is by list: the system, tool chains in the home folder, what the run allows. Everything
//! else of a home folder is closed without being named; the best known secrets are named all the
//! same, so that no wider setting opens them. Blocking.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{Job, Program, Tier, plan};

/// Folders of the system that are read and run.
const SYSTEM: [&str; 20] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix",
    "/gnu",
    "/snap",
    "/etc",
    "/proc",
    "/sys",
    "/run/current-system",
    "/run/wrappers",
    "/run/systemd/resolve",
    "/var/lib/alternatives",
    "/var/cache/ldconfig",
    "/dev/fd",
];

/// Devices that are used.
const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
];

/// Tool chains in a home folder.
const TOOLS: [&str; 24] = [
    ".cargo/bin",
    ".cargo/registry",
    ".cargo/git",
    ".cargo/config.toml",
    ".cargo/env",
    ".rustup",
    ".nvm",
    ".fnm",
    ".volta",
    ".deno/bin",
    ".bun/bin",
    ".pyenv",
    ".rbenv",
    ".asdf",
    ".sdkman",
    ".local/bin",
    ".local/lib",
    ".local/pipx",
    ".local/share/mise",
    ".local/share/uv",
    ".local/share/fnm",
    ".local/share/pnpm",
    "go/bin",
    "go/pkg",
];

/// What is never read, also where a wider folder is.
const SECRETS: [&str; 30] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".netrc",
    ".git-credentials",
    ".npmrc",
    ".pypirc",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".config/gcloud",
    ".config/gh",
    ".config/git/credentials",
    ".config/op",
    ".config/massgen-tui",
    ".massgen",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".password-store",
    ".mozilla",
    ".config/google-chrome",
    ".config/chromium",
    ".claude",
    ".codex",
    ".gemini",
    ".bash_history",
    ".zsh_history",
    ".python_history",
];

/// The same of the system, which root could read.
const SYSTEM_SECRETS: [&str; 8] = [
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh",
    "/etc/ssl/private",
];

/// Variables that are passed on.
const PASSED: [&str; 14] = [
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "JAVA_HOME",
    "GOROOT",
    "RUSTUP_TOOLCHAIN",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Most folders that one list grows to.
const MOST: usize = 8_192;

/// What is known about the machine.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The person's home folder.
    pub home: Option<PathBuf>,
    /// The person's variables; only a few are passed on.
    pub variables: BTreeMap<String, String>,
    /// Where the program was started; programs from there are not trusted to hold anything.
    pub cwd: PathBuf,
}

/// Everything about a command.
#[must_use]
pub fn plan(machine: &Machine, job: &Job, tier: Tier, own: &Path) -> plan::Plan {
    let closed = closed(machine, job);
    let mut read = Vec::new();
    for folder in wanted(machine, job, own) {
        open_around(&folder, &closed, &mut read, 0);
    }
    // A root may lie inside of what is closed: the state folder holds the worktrees.
    read.extend(job.ground.roots.iter().map(|root| root.path.clone()));
    let words = match &job.program {
        Program::Line(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
        Program::Words(words) => words.clone(),
    };
    plan::Plan {
        words,
        folder: job.folder.clone(),
        environment: environment(machine, job),
        write: job.ground.writable().map(Path::to_owned).collect(),
        read,
        devices: DEVICES.iter().map(PathBuf::from).collect(),
        network: job.network,
        limits: plan::Limits {
            cpu_seconds: job.seconds.saturating_mul(4).max(60),
            ..plan::Limits::default()
        },
        hold: match tier {
            Tier::Nothing => plan::Hold::Nothing,
            Tier::Landlock => plan::Hold::Full,
            Tier::Bubblewrap => plan::Hold::Further,
        },
        wrap: Vec::new(),
    }
}

/// Folders that are read, before what is closed is taken out.
fn wanted(machine: &Machine, job: &Job, own: &Path) -> Vec<PathBuf> {
    let mut wanted: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    let home = machine.home.iter();
    wanted.extend(home.flat_map(|home| TOOLS.iter().map(|tool| home.join(tool))));
    wanted.extend(programs(machine));
    wanted.extend(job.ground.git_dirs.iter().cloned());
    wanted.extend(job.read.iter().cloned());
    wanted.push(own.to_owned());
    wanted
}

/// Folders of programs: absolute, and no home as a whole.
fn programs(machine: &Machine) -> Vec<PathBuf> {
    let path = machine
        .variables
        .get("PATH")
        .map_or("/usr/bin:/bin", String::as_str);
    std::env::split_paths(OsStr::new(path))
        .filter(|folder| folder.is_absolute())
        .filter(|folder| !machine.home.iter().any(|home| home.starts_with(folder)))
        .collect()
}

/// What is never read, without links in the paths.
fn closed(machine: &Machine, job: &Job) -> Vec<PathBuf> {
    let home = machine.home.iter();
    let secrets = home.flat_map(|home| SECRETS.iter().map(|name| home.join(name)));
    let system = SYSTEM_SECRETS.iter().map(PathBuf::from);
    let mut all: Vec<PathBuf> = secrets
        .chain(system)
        .chain(job.ground.closed.iter().cloned())
        .collect();
    for folder in &job.ground.git_dirs {
        all.push(folder.join("refs/massgen-tui"));
        all.push(folder.join("logs/refs/massgen-tui"));
        // Other agents' worktrees have their index and their head there.
        let worktrees = folder.join("worktrees");
        if let Ok(entries) = std::fs::read_dir(&worktrees) {
            let entries = entries.flatten().map(|entry| entry.path());
            all.extend(entries.filter(|path| !job.ground.git_dirs.contains(path)));
        }
    }
    all.into_iter()
        .map(|path| std::fs::canonicalize(&path).unwrap_or(path))
        .collect()
}

/// Adds a folder, or, where something closed lies inside, what stands around that.
fn open_around(path: &Path, closed: &[PathBuf], open: &mut Vec<PathBuf>, depth: u32) {
    const DEEPEST: u32 = 32;
    let Ok(real) = std::fs::canonicalize(path) else {
        return;
    };
    if depth > DEEPEST || open.len() >= MOST || closed.iter().any(|shut| real.starts_with(shut)) {
        return;
    }
    if !closed.iter().any(|shut| shut.starts_with(&real)) {
        open.push(real);
        return;
    }
    let Ok(entries) = std::fs::read_dir(&real) else {
        return;
    };
    for entry in entries.flatten() {
        open_around(&entry.path(), closed, open, depth + 1);
    }
}

/// All of a command's environment.
fn environment(machine: &Machine, job: &Job) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = PASSED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), machine.variables.get(*name)?.clone())))
        .collect();
    let path = std::env::join_paths(programs(machine)).unwrap_or_default();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut set = |name: &str, value: String| all.push((name.to_owned(), value));
    set("PATH", path.to_string_lossy().into_owned());
    set("HOME", text(&job.ground.temp.join("home")));
    for name in ["TMPDIR", "TMP", "TEMP"] {
        set(name, text(&job.ground.temp));
    }
    if let Some(home) = &machine.home {
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            let kept = machine.variables.get(name).map(PathBuf::from);
            let folder = kept.unwrap_or_else(|| home.join(folder));
            if folder.is_dir() {
                set(name, text(&folder));
            }
        }
    }
    for (name, value) in [
        ("TERM", "dumb"),
        ("PAGER", "cat"),
        ("GIT_PAGER", "cat"),
        ("GIT_EDITOR", "true"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_COUNT", "3"),
        ("GIT_CONFIG_KEY_0", "core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", "/dev/null"),
        ("GIT_CONFIG_KEY_1", "core.fsmonitor"),
        ("GIT_CONFIG_VALUE_1", "false"),
        ("GIT_CONFIG_KEY_2", "safe.directory"),
        ("GIT_CONFIG_VALUE_2", "*"),
    ] {
        set(name, value.to_owned());
    }
    all
}
