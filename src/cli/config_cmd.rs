//! `massgen-tui config`: `check`, `path`, `schema`, `explain`; the other commands stand beside it.
//!
//! `check` prints every finding of every file at once and exits with 2 when one is an error. What
//! only this machine lacks (a key, a variable) is a warning: a file is right or wrong wherever it is.

use std::io::{self, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::config_help as help;
use crate::config::{Environment, Loaded, Paths, Purpose, Severity, load_bytes, load_file};

/// Arguments of `config`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with configurations.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check configuration files and print everything that is wrong with them
    #[command(after_help = help::CHECK)]
    Check(CheckArgs),
    /// Show where a configuration is looked for and which one is used
    #[command(after_help = help::PATH)]
    Path,
    /// Print the JSON Schema of configurations, for editors
    #[command(after_help = help::SCHEMA)]
    Schema,
    /// Explain a key: what it means, what it may be, what becomes of it here
    #[command(after_help = help::EXPLAIN)]
    Explain {
        /// Name or path of the key: `temperature`, `orchestrator.policy`
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Format files: even indentation, the usual order of keys, comments kept
    #[command(after_help = help::FMT)]
    Fmt(super::config_edit::FmtArgs),
    /// Bring old keys up to date: show what would change, or write it
    #[command(after_help = help::MIGRATE)]
    Migrate(super::config_edit::MigrateArgs),
    /// Show what is in force here, and where each value comes from
    #[command(after_help = help::SHOW)]
    Show(Box<super::showing::Args>),
    /// Approve the exact content of a project's configuration
    #[command(after_help = help::TRUST)]
    Trust(super::trusting::TrustArgs),
    /// Take an approval back
    #[command(after_help = help::UNTRUST)]
    Untrust(super::trusting::UntrustArgs),
    /// Write a commented configuration from a template, with the models that are at hand
    #[command(after_help = help::NEW)]
    New(super::new::Args),
}

/// Arguments of `config check`.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArgs {
    /// Files to check, `-` for standard input; without any, the one a run would use
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
    /// Exit with 2 on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Leave out notes: keys that are kept but not used, defaults that were filled in
    #[arg(long)]
    pub no_notes: bool,
}

/// Exit code when something is wrong with a file.
const WRONG: u8 = 2;

/// Runs the command on this process's own folders, variables and output; returns the exit code.
#[must_use]
pub fn run(globals: &super::Globals, args: &Args) -> u8 {
    match &args.command {
        Command::Trust(args) => return super::trusting::trust(globals, args),
        Command::Untrust(args) => return super::trusting::untrust(globals, args),
        Command::Show(args) => return super::showing::run(globals, args),
        Command::Check(_)
        | Command::Path
        | Command::New(_)
        | Command::Schema
        | Command::Explain { .. }
        | Command::Fmt(_)
        | Command::Migrate(_) => {}
    }
    let (paths, env) = surroundings();
    let mut out = io::BufWriter::new(io::stdout().lock());
    run_on(args, &paths, &env, &mut out)
}

/// The folders and variables of this process, `.env` files and the keyring included.
#[must_use]
pub fn surroundings() -> (Paths, Environment) {
    crate::app::setup::surroundings()
}

/// Runs the command anywhere and returns the exit code: 0, or 2 when a file has an error (or cannot
/// be found). A reader that went away (`| head`) changes nothing.
pub fn run_on(args: &Args, paths: &Paths, env: &Environment, out: &mut dyn Write) -> u8 {
    let (code, written) = match &args.command {
        Command::Check(args) => check(args, paths, env, out),
        Command::Path => (0, path(paths, out)),
        Command::Schema => (0, schema(out)),
        Command::Fmt(args) => written(super::config_edit::fmt(args, paths, out)),
        Command::Migrate(args) => written(super::config_edit::migrate(args, paths, out)),
        Command::Explain { key } => match crate::config::explain(key) {
            Ok(text) => (0, write!(out, "{text}")),
            Err(message) => {
                super::complain(&message);
                (WRONG, Ok(()))
            }
        },
        // They need more than folders and variables, and are done before.
        Command::Trust(_) | Command::Untrust(_) | Command::Show(_) | Command::New(_) => (0, Ok(())),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            super::complain(&format!("The output cannot be written: {error}."));
            super::ERROR
        }
        _ => code,
    }
}

fn check(
    args: &CheckArgs,
    paths: &Paths,
    env: &Environment,
    out: &mut dyn Write,
) -> (u8, io::Result<()>) {
    let files = if args.files.is_empty() {
        paths.default_config().into_iter().collect()
    } else {
        args.files.clone()
    };
    if files.is_empty() {
        super::complain(super::config_edit::NONE);
        return (WRONG, Ok(()));
    }
    let checked: Vec<Loaded> = files
        .iter()
        .map(|file| check_file(file, paths, env))
        .collect();
    let count = |severity| {
        checked
            .iter()
            .map(|one| one.report.count(severity))
            .sum::<usize>()
    };
    let wrong = count(Severity::Error) > 0 || args.strict && count(Severity::Warning) > 0;
    let written = if args.json {
        write_json(&checked, args, out)
    } else {
        checked
            .iter()
            .try_for_each(|one| write_text(one, args, out))
    };
    (if wrong { WRONG } else { 0 }, written)
}

fn check_file(file: &Path, paths: &Paths, env: &Environment) -> Loaded {
    let env = |name: &str| env.get(name);
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        // Text that cannot be read to its end is checked as far as it goes.
        let _ = io::stdin().lock().take(8 << 20).read_to_end(&mut bytes);
        return load_bytes("<stdin>", &bytes, &env, Purpose::Check);
    }
    let file = paths.named_config(file).unwrap_or_else(|_| file.to_owned());
    load_file(&file, &env, Purpose::Check)
}

fn write_text(checked: &Loaded, args: &CheckArgs, out: &mut dyn Write) -> io::Result<()> {
    let least = if args.no_notes {
        Severity::Warning
    } else {
        Severity::Note
    };
    let report = &checked.report;
    out.write_all(report.render_all(least).as_bytes())?;
    let team = match &checked.config {
        Some(config) if config.agents.len() == 1 => "ok, 1 agent; ".to_owned(),
        Some(config) => format!("ok, {} agents; ", config.agents.len()),
        None => String::new(),
    };
    let name = crate::config::clean(&report.source.name, 400);
    writeln!(out, "{name}: {team}{}", report.summary())
}

fn write_json(checked: &[Loaded], args: &CheckArgs, out: &mut dyn Write) -> io::Result<()> {
    let count = |severity| {
        checked
            .iter()
            .map(|one| one.report.count(severity))
            .sum::<usize>()
    };
    let files: Vec<_> = checked
        .iter()
        .map(|one| {
            let mut findings = one.report.json();
            if args.no_notes {
                findings.retain(|finding| finding.get("severity") != Some(&json!("note")));
            }
            json!({
                "file": one.report.source.name,
                "ok": !one.report.has_errors(),
                "agents": one.config.as_ref().map(|config| config.agents.len()),
                "findings": findings,
            })
        })
        .collect();
    let all = json!({
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
        "files": files,
    });
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

/// The exit code beside what came of writing.
fn written(result: io::Result<u8>) -> (u8, io::Result<()>) {
    match result {
        Ok(code) => (code, Ok(())),
        Err(error) => (1, Err(error)),
    }
}

fn schema(out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &crate::config::json_schema())?;
    writeln!(out)
}

fn path(paths: &Paths, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "--config FILE")?;
    let used = paths.default_config();
    for candidate in paths.config_candidates() {
        let state = if Some(&candidate.path) == used.as_ref() {
            "used"
        } else if candidate.exists {
            "found, not used"
        } else {
            "not there"
        };
        let path = crate::config::clean(&candidate.path.display().to_string(), 400);
        writeln!(out, "{path}  ({}; {state})", candidate.whose)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that goes away at once.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn checked(text: &str, args: &CheckArgs) -> (u8, String) {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("team.yaml");
        std::fs::write(&file, text).unwrap();
        let args = Args {
            command: Command::Check(CheckArgs {
                files: vec![file],
                ..args.clone()
            }),
        };
        let env = Environment::default();
        let mut out = Vec::new();
        let code = run_on(&args, &Paths::default(), &env, &mut out);
        assert_eq!(run_on(&args, &Paths::default(), &env, &mut Gone), code);
        (code, String::from_utf8(out).unwrap())
    }

    fn flags() -> CheckArgs {
        CheckArgs {
            files: Vec::new(),
            json: false,
            strict: false,
            no_notes: false,
        }
    }

    const GOOD: &str = "agents:\n  - id: a\n    backend: {type: lmstudio, model: m}\n";
    const KEYLESS: &str = "agents:\n  - id: a\n    backend: {type: groq, model: m}\n";
    const BAD: &str = "agents:\n  - id: a\n    backend: {type: grok, model: 5}\nui: x\n";

    #[test]
    fn the_exit_code_tells_good_from_bad() {
        let strict = CheckArgs {
            strict: true,
            ..flags()
        };
        for (text, args, code, end) in [
            (GOOD, flags(), 0, "ok, 1 agent; no findings\n"),
            (KEYLESS, flags(), 0, "ok, 1 agent; 1 warning\n"),
            (KEYLESS, strict, 2, "ok, 1 agent; 1 warning\n"),
            (BAD, flags(), 2, "team.yaml: 2 errors\n"),
        ] {
            let (got, text) = checked(text, &args);
            assert_eq!(got, code, "{text}");
            assert!(text.ends_with(end), "{text}");
        }
    }

    #[test]
    fn json_has_every_finding_with_its_place() {
        let (code, text) = checked(
            BAD,
            &CheckArgs {
                json: true,
                ..flags()
            },
        );
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((code, &all["errors"]), (2, &json!(2)));
        let first = &all["files"][0]["findings"][0];
        assert_eq!(first["line"], 3);
        assert_eq!(first["column"], 34);
        assert_eq!(first["key"], "agents[0].backend.model");
        assert_eq!(first["code"], "wrong-type");
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let args = Args {
            command: Command::Check(CheckArgs {
                files: vec!["no/such/file.yaml".into()],
                ..flags()
            }),
        };
        let mut out = Vec::new();
        let code = run_on(&args, &Paths::default(), &Environment::default(), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(code, 2);
        assert!(
            text.starts_with("no/such/file.yaml: error[unreadable]"),
            "{text}"
        );
    }
}
