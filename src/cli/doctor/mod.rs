//! `massgen-tui doctor`: what this machine offers, one line each: ok, warning or problem, and what to
//! do.
//!
//! [`gather`] looks around, [`report`] judges, [`render`] and [`json`] write. Judging is pure. Keys
//! are masked before they become facts. What needs waiting or a terminal (servers, size) comes in
//! with the [`Probe`].

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{launch, rules::RuleArgs};
use crate::config::paths::{Candidate, PathError};
use crate::config::{Environment, Paths, clean};
use crate::protocol::Discovered;
use crate::provider::discovery::{Targets, discover};
use crate::provider::http::Client;
use crate::tool::sandbox::{Found, Launcher};

mod held;
mod judge;
mod probe;
#[cfg(test)]
mod tests;
mod tools;
mod trusted;

pub use judge::{is_utf8, report};
pub use probe::{gather, mask};

/// Arguments of `doctor`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `gather` is given.
#[derive(Debug)]
pub struct Probe<'a> {
    /// Folders.
    pub paths: &'a Paths,
    /// Variables.
    pub env: &'a Environment,
    /// `--config`, when given.
    pub named_config: Option<&'a Path>,
    /// The state folder.
    pub state_dir: Result<PathBuf, PathError>,
    /// Columns and rows of the terminal, when there is one.
    pub size: Option<(u16, u16)>,
    /// Model servers that answered.
    pub servers: Vec<Discovered>,
    /// What holds commands of agents, as a trial found out.
    pub sandbox: Found,
}

/// Everything there is to judge.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Version of the program.
    pub version: String,
    /// The terminal.
    pub terminal: Terminal,
    /// Places of configurations.
    pub candidates: Vec<Candidate>,
    /// The configuration a run would use.
    pub config: Option<ConfigFacts>,
    /// Keys that are set.
    pub keys: Vec<KeyFact>,
    /// Names set to different values in two places, with the places.
    pub conflicts: Vec<(String, String)>,
    /// Things to say about `.env` files.
    pub env_notes: Vec<String>,
    /// Model servers.
    pub servers: Vec<Discovered>,
    /// Command-line agents, and where they are.
    pub agents: Vec<AgentFact>,
    /// What holds commands of agents.
    pub sandbox: Found,
    /// What `git --version` said.
    pub git: Option<String>,
    /// The state folder.
    pub state: StateFacts,
}

/// The terminal.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    /// Standard output is a terminal.
    pub tty: bool,
    /// `TERM`.
    pub term: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// Columns and rows.
    pub size: Option<(u16, u16)>,
    /// The locale that decides the character set.
    pub locale: Option<String>,
    /// Inside tmux or screen.
    pub multiplexer: Option<&'static str>,
    /// Over SSH.
    pub ssh: bool,
}

/// The configuration a run would use.
#[derive(Clone, Debug)]
pub struct ConfigFacts {
    /// The file.
    pub path: PathBuf,
    /// Agents, when it can be run.
    pub agents: Option<usize>,
    /// Counts in words.
    pub summary: String,
    /// The first error, when there is one.
    pub error: Option<String>,
    /// Whether there are warnings.
    pub warnings: bool,
}

/// A command-line agent that could be a member of a team.
#[derive(Clone, Debug)]
pub struct AgentFact {
    /// Product.
    pub name: String,
    /// Where it is, if it is there.
    pub path: Option<PathBuf>,
    /// What installs it.
    pub install: String,
    /// What logs it in.
    pub login: String,
}

/// A key that is set.
#[derive(Clone, Debug)]
pub struct KeyFact {
    /// Variable.
    pub variable: String,
    /// Whose key.
    pub vendor: String,
    /// The key, masked.
    pub masked: String,
    /// Where it is set, in words.
    pub origin: String,
}

/// The state folder.
#[derive(Clone, Debug)]
pub struct StateFacts {
    /// Where, or why nowhere.
    pub dir: Result<PathBuf, String>,
    /// Why nothing can be written, when that is so.
    pub write_error: Option<String>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// Free bytes on its disk.
    pub free_bytes: Option<u64>,
}

/// How good a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Works, but not fully.
    Warning,
    /// Does not work.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Section.
    pub section: &'static str,
    /// How good.
    pub health: Health,
    /// What was found.
    pub text: String,
    /// What to do; empty when nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
}

/// Looks around, prints the report on stdout, returns the exit code.
pub async fn run(globals: &super::Globals, args: &Args) -> u8 {
    let (paths, env) = super::config_cmd::surroundings();
    let targets = Targets::from_env(|name| env.get(name));
    let servers = discover(&Client::new(), &targets).await;
    let launcher = Launcher::here(paths.home.clone(), paths.cwd.clone());
    let sandbox = launcher.found().await.clone();
    let tty = std::io::stdout().is_terminal();
    let facts = gather(Probe {
        state_dir: paths.state_dir(globals.state_dir.as_deref(), None),
        paths: &paths,
        env: &env,
        named_config: None,
        size: tty.then(crossterm::terminal::size).and_then(Result::ok),
        servers,
        sandbox,
    });
    let mut lines = report(&facts);
    if let Ok((services, paths)) = launch::services(globals, "1", &RuleArgs::default()) {
        trusted::put(&mut lines, trusted::lines(&services, &paths));
        lines.extend(tools::lines(&services, &paths).await);
    }
    let text = if args.json {
        format!("{:#}\n", json(&facts, &lines))
    } else {
        render(&lines, is_utf8(&facts.terminal))
    };
    // A reader that went away (`| head`) has seen what it wanted.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    exit_code(&lines)
}

/// The exit code: 1 when there is a problem.
#[must_use]
pub fn exit_code(lines: &[Line]) -> u8 {
    u8::from(lines.iter().any(|line| line.health == Health::Problem))
}

/// The report for people: sections, a glyph and a word per line, help below. Plain ASCII glyphs when
/// the locale is not UTF-8.
#[must_use]
pub fn render(lines: &[Line], unicode: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut section = "";
    for line in lines {
        if line.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{}", line.section);
            section = line.section;
        }
        let (glyph, word) = match (line.health, unicode) {
            (Health::Ok, true) => ("✓", "ok"),
            (Health::Ok, false) => ("+", "ok"),
            (Health::Warning, _) => ("!", "warning"),
            (Health::Problem, true) => ("✗", "problem"),
            (Health::Problem, false) => ("x", "problem"),
        };
        let _ = writeln!(text, "  {glyph} {word:<7}  {}", clean(&line.text, 300));
        if !line.help.is_empty() {
            let _ = writeln!(text, "             → {}", clean(&line.help, 300));
        }
    }
    let count = |health| lines.iter().filter(|line| line.health == health).count();
    let plural = |count| if count == 1 { "" } else { "s" };
    let (problems, warnings) = (count(Health::Problem), count(Health::Warning));
    let _ = writeln!(
        text,
        "\n{problems} problem{}, {warnings} warning{}",
        plural(problems),
        plural(warnings)
    );
    if unicode { text } else { ascii(&text) }
}

fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => plain.push_str("..."),
            '→' => plain.push_str("->"),
            '•' => plain.push('*'),
            c if c.is_ascii() => plain.push(c),
            _ => plain.push('?'),
        }
    }
    plain
}

/// The report as JSON.
#[must_use]
pub fn json(facts: &Facts, lines: &[Line]) -> serde_json::Value {
    serde_json::json!({
        "version": facts.version,
        "problems": lines.iter().filter(|line| line.health == Health::Problem).count(),
        "warnings": lines.iter().filter(|line| line.health == Health::Warning).count(),
        "lines": lines,
    })
}
