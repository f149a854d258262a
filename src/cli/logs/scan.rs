//! `massgen-tui logs scan`: secrets in what was written before.
//!
//! Only where and what kind is told, never the secret. Exit code 1 while something is there, 0 when nothing
//! is or everything was masked.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use serde_json::{Value, json};

use super::super::{Globals, USAGE, complain, config_cmd, launch::Trouble};
use crate::{
    app::{
        sharing::scan::{self, Doing},
        shelf::Volume,
    },
    headless::words,
    protocol::Failure,
    store::{redact::Redactor, scrub::Scan},
    text::clean,
};

/// Arguments of `logs scan`.
#[derive(Clone, Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line are what they are"
)]
pub struct ScanArgs {
    /// Which sessions, or folders of MassGen; without any all of this machine.
    pub ids: Vec<String>,
    /// All sessions, ours and MassGen's, as without an id.
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Mask what was found in our own sessions.
    #[arg(long)]
    pub fix: bool,
    /// With --fix: in the files of MassGen, too. They are yours and are changed in place.
    #[arg(long, requires = "fix")]
    pub massgen: bool,
    /// Do not ask before files of MassGen are changed.
    #[arg(long, requires = "massgen")]
    pub yes: bool,
    /// One JSON object per session instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Runs `logs scan`; returns the exit code.
#[must_use]
pub fn run(globals: &Globals, args: &ScanArgs) -> u8 {
    match perform(globals, args) {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

/// What came of all sessions.
#[derive(Default)]
struct Sum {
    sessions: u64,
    found: u64,
    suspects: u64,
    left: u64,
    /// Of what is left, what stands in files of MassGen and could be masked.
    theirs: u64,
    changed: u64,
    failed: u64,
}

fn perform(globals: &Globals, args: &ScanArgs) -> Result<u8, Trouble> {
    let (paths, environment) = config_cmd::surroundings();
    let state = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let shelf = super::shelf(&state);
    let volumes: Vec<Volume> = if args.ids.is_empty() {
        shelf.volumes()?
    } else {
        let found = args.ids.iter().map(|id| shelf.find(id));
        found.collect::<Result<_, Failure>>()?
    };
    let redactor = Redactor::new(&environment.secrets());
    let mut may = args.yes;
    if args.massgen && !args.yes {
        let logs = volumes
            .iter()
            .filter(|one| matches!(one, Volume::MassGen(_)));
        match asked(logs.count()) {
            Answer::Yes => may = true,
            Answer::No => complain("MassGen's files stay as they are."),
            Answer::Nobody => {
                complain("Without a terminal, --massgen needs --yes: it changes files of MassGen.");
                return Ok(USAGE);
            }
        }
    }
    let mut sum = Sum::default();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for volume in &volumes {
        let (run, ours) = scan::name(volume);
        let doing = if args.fix && (ours || (args.massgen && may)) {
            Doing::Mask
        } else {
            Doing::Look
        };
        sum.sessions += 1;
        let written = match scan::scan(&shelf, volume, &redactor, doing) {
            Ok(scan) => {
                let left = count(&mut sum, &scan, doing);
                sum.theirs += if ours { 0 } else { left };
                if args.json {
                    writeln!(out, "{}", as_json(&run.0, ours, &scan))
                } else {
                    tell(&run.0, &scan, &mut out)
                }
            }
            Err(failure) => {
                sum.failed += 1;
                complain(&format!("{run}: {}", failure.words()));
                Ok(())
            }
        };
        super::written(written)?;
    }
    if !args.json {
        super::written(end(&sum, args, &mut out))?;
    }
    super::written(out.flush())?;
    Ok(u8::from(sum.left > 0 || sum.failed > 0))
}

enum Answer {
    Yes,
    No,
    Nobody,
}

fn asked(logs: usize) -> Answer {
    if logs == 0 {
        return Answer::Yes;
    }
    if !io::stdin().is_terminal() {
        return Answer::Nobody;
    }
    let question = format!(
        "Mask secrets in the files of {}, in place? [y/N] ",
        words::counted(logs as u64, "log of MassGen").replace("log of MassGens", "logs of MassGen")
    );
    let _ = write!(io::stderr(), "{question}");
    let _ = io::stderr().flush();
    let mut line = String::new();
    // Who cannot answer has said no.
    let _ = io::stdin().lock().read_line(&mut line);
    match line.trim() {
        "y" | "Y" | "yes" => Answer::Yes,
        _ => Answer::No,
    }
}

/// Adds a session up; says how many secrets are left in it.
fn count(sum: &mut Sum, scan: &Scan, doing: Doing) -> u64 {
    let sure = scan.findings.iter().filter(|one| one.hit.sure).count() as u64;
    let suspects = scan.findings.len() as u64 - sure;
    sum.found += sure;
    sum.suspects += suspects;
    sum.changed += scan.changed.len() as u64;
    let left = match doing {
        Doing::Look => sure,
        Doing::Mask => {
            let kept = |one: &&crate::store::scrub::Finding| {
                one.hit.sure && !scan.changed.contains(&one.file)
            };
            scan.findings.iter().filter(kept).count() as u64
        }
    };
    sum.left += suspects + left;
    left
}

fn tell(run: &str, scan: &Scan, out: &mut dyn io::Write) -> io::Result<()> {
    if scan.findings.is_empty() && scan.changed.is_empty() {
        return Ok(());
    }
    writeln!(out, "{run}")?;
    for one in &scan.findings {
        let event = one
            .event
            .map_or(String::new(), |event| format!(" (event {event})"));
        let doubt = if one.hit.sure { "" } else { "perhaps a " };
        let file = one.file.display().to_string();
        writeln!(
            out,
            "  {}:{}{event}: {doubt}{}: {}",
            clean::line(&file),
            one.line,
            clean::line(&one.hit.kind),
            clean::line(one.hit.excerpt.trim())
        )?;
    }
    for (file, why) in scan
        .passed_over
        .iter()
        .filter(|(_, why)| why.starts_with("not masked"))
    {
        writeln!(
            out,
            "  {}: {}",
            clean::line(&file.display().to_string()),
            clean::line(why)
        )?;
    }
    for file in &scan.changed {
        writeln!(
            out,
            "  masked: {}",
            clean::line(&file.display().to_string())
        )?;
    }
    Ok(())
}

fn end(sum: &Sum, args: &ScanArgs, out: &mut dyn io::Write) -> io::Result<()> {
    let sessions = words::counted(sum.sessions, "session");
    if sum.found + sum.suspects == 0 {
        return writeln!(out, "No secrets in {sessions}.");
    }
    writeln!(
        out,
        "{} and {} in {sessions}; {} changed.",
        words::counted(sum.found, "secret"),
        words::counted(sum.suspects, "suspect"),
        words::counted(sum.changed, "file")
    )?;
    if sum.found > 0 && !args.fix {
        writeln!(
            out,
            "--fix masks secrets in our sessions, --fix --massgen in MassGen's files, too."
        )?;
    } else if sum.theirs > 0 && !args.massgen {
        writeln!(
            out,
            "Files of MassGen stay as they are; --fix --massgen masks what was found there."
        )?;
    }
    if sum.suspects > 0 {
        writeln!(
            out,
            "Suspects are never masked by themselves: look at them; `export --redact suspects` masks what is given away."
        )?;
    }
    Ok(())
}

fn as_json(run: &str, ours: bool, scan: &Scan) -> Value {
    let findings: Vec<Value> = (scan.findings.iter())
        .map(|one| {
            json!({
                "file": one.file.display().to_string(), "line": one.line, "event": one.event,
                "kind": one.hit.kind, "sure": one.hit.sure, "excerpt": one.hit.excerpt,
            })
        })
        .collect();
    let passed: Vec<Value> = (scan.passed_over.iter())
        .map(|(file, why)| json!({"file": file.display().to_string(), "why": why}))
        .collect();
    json!({
        "massgen_tui": "scanned", "session": run, "from": if ours { "massgen-tui" } else { "MassGen" },
        "findings": findings, "passed_over": passed,
        "changed": scan.changed.iter().map(|file| file.display().to_string()).collect::<Vec<_>>(),
    })
}
