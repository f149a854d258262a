//! `massgen-tui bench`: a file of tasks with known answers, run by the team, and what it came to.
//!
//! Reads the tasks, opens the results, runs what is missing (`runner`), writes the report. What the
//! figures mean is told in `docs/bench.md`.

mod runner;
mod settings;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Globals, TeamArgs,
    launch::{self, Trouble},
};
use crate::{
    app::{Source, trust::Chosen},
    bench::{
        Record, Summary, Task, csv,
        ledger::{self, Header, Ledger, Start},
        record::{Arm, Key},
        summary, table, task,
    },
    demo, headless,
    protocol::{Failure, FailureKind},
    text::clean,
};
use runner::{Job, Stopped};

/// Longest file of tasks in bytes.
const LONGEST_FILE: u64 = 256 * 1024 * 1024;
/// Most faults of the file that are told.
const MOST_FAULTS: usize = 50;
/// The tasks that come with the scripted demo team.
const DEMO_TASKS: &str = include_str!("../../../assets/bench/demo.jsonl");
/// Exit code when the reader of stdout went away, as in `run`.
const PIPE_CLOSED: u8 = 141;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "A task is one JSON object per line:\n  \
    {\"id\":\"sum\",\"prompt\":\"What is 6*7?\",\"oracle\":\"number\",\"answer\":42}\n\
    Oracles: exact, regex, number. Exit codes: 0 report complete, 1 something failed, 2 nothing was run, \
    129, 130, 143 stopped by a signal (the report is partial). See docs/bench.md.")]
pub struct Args {
    /// File of tasks, one JSON object per line; may be left out with --demo.
    #[arg(value_name = "TASKS.jsonl")]
    pub tasks: Option<PathBuf>,
    /// Which team.
    #[command(flatten)]
    pub team: TeamArgs,
    /// Times each task is run.
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub sweeps: u32,
    /// Folder of the results and the report; without it `bench-NAME` here, NAME being the file's.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What to do with results that are there.
    #[command(flatten)]
    pub keep: Keep,
    /// Runs at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Run each agent of the team alone, too, instead of judging it by its first answers.
    #[arg(long)]
    pub baselines: bool,
    /// What goes to stdout.
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = ["table", "json", "csv"])]
    pub output: String,
    /// No progress lines on stderr.
    #[arg(long, short)]
    pub quiet: bool,
}

/// What to do with results that are there.
#[derive(Debug, clap::Args)]
pub struct Keep {
    /// Go on with the results in the folder.
    #[arg(long, conflicts_with = "fresh")]
    pub resume: bool,
    /// Put the results in the folder aside and begin anew.
    #[arg(long)]
    pub fresh: bool,
    /// Run those tasks again that ended without an answer.
    #[arg(long, requires = "resume")]
    pub retry_failed: bool,
}

/// Runs the bench and returns the exit code.
pub async fn run(globals: &Globals, args: Args) -> u8 {
    match start(globals, &args).await {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

async fn start(globals: &Globals, args: &Args) -> Result<u8, Trouble> {
    let (tasks, name) = tasks(args)?;
    let (services, paths) = launch::services(globals, &args.team.demo_speed, &args.team.rules)?;
    let source = match launch::named(&args.team, &services, &paths).await? {
        Some(source) => source,
        None => match paths.default_config() {
            Some(path) => launch::configuration(&path, Chosen::Found, &services)?,
            None => return Err(Trouble::Usage(NO_TEAM.into())),
        },
    };
    // A demo without a name plays for each task the scenario that answers it.
    let per_task = args.team.demo.as_deref() == Some("");
    let sources = sources(&tasks, &source, per_task)?;
    let signals = headless::signals()
        .map_err(|error| Trouble::Usage(format!("Signals cannot be listened for: {error}.")))?;
    let header = Header::new(settings::of(&source, &services).await?);
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("bench-{name}")));
    let opening = match (args.keep.resume, args.keep.fresh) {
        (true, _) => Start::Resume,
        (_, true) => Start::Fresh,
        _ => Start::New,
    };
    let mut ledger = Ledger::open(&folder, header, opening)
        .map_err(|failure| Trouble::Usage(failure.words()))?;
    same_tasks(&tasks, &ledger)?;
    remark(&ledger, &folder, args);
    if !args.quiet && source.works_on_folders() {
        super::complain(FOLDERS);
    }
    let plan = plan(&tasks, &sources, args);
    let planned = planned(&tasks, &plan, &ledger);
    let missing: Vec<Job> = plan
        .into_iter()
        .filter(|job| match ledger.records().get(&job.key) {
            None => true,
            Some(record) => {
                args.keep.retry_failed && record.end == crate::bench::record::End::Failed
            }
        })
        .collect();
    let bench = runner::Bench {
        services: Arc::clone(&services),
        parallel: usize::from(args.parallel),
        progress: !args.quiet,
    };
    let stopped = bench.run(missing, &mut ledger, signals).await?;
    let scripted = matches!(source, Source::Demo(_));
    report(&tasks, &ledger, planned, scripted, &folder, args, &stopped)
}

const FOLDERS: &str = "The team works on folders: every run has worktrees and baselines of its own, answers \
                       are judged by their text, and nothing is applied. `massgen-tui review` shows \
                       what a run changed, `massgen-tui worktrees prune` clears away.";
const NO_TEAM: &str = "There is no team. Give --config FILE, --model NAME (with --base-url URL for \
                       your own server), or --demo for the scripted demo team.";

/// The tasks and the name of their file.
fn tasks(args: &Args) -> Result<(Vec<Task>, String), Trouble> {
    let (text, path) = match (&args.tasks, &args.team.demo) {
        (Some(path), _) => (read(path)?, path.clone()),
        (None, Some(_)) => (DEMO_TASKS.to_owned(), PathBuf::from("demo.jsonl")),
        (None, None) => {
            return Err(Trouble::Usage(
                "There are no tasks. Give a file with one JSON object per line (docs/bench.md), or --demo.".into(),
            ));
        }
    };
    let tasks = task::read(&text).map_err(|faults| {
        let mut lines: Vec<String> = faults
            .iter()
            .take(MOST_FAULTS)
            .map(|fault| format!("{}:{}: {}", path.display(), fault.line, fault.message))
            .collect();
        if faults.len() > MOST_FAULTS {
            lines.push(format!("and {} more", faults.len() - MOST_FAULTS));
        }
        Trouble::Usage(format!("the tasks cannot be run\n\n{}", lines.join("\n")))
    })?;
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok((tasks, stem))
}

fn read(path: &Path) -> Result<String, Trouble> {
    let wrong = |why: &dyn std::fmt::Display| Trouble::Usage(format!("{}: {why}.", path.display()));
    let size = std::fs::metadata(path)
        .map_err(|error| wrong(&error))?
        .len();
    if size > LONGEST_FILE {
        return Err(wrong(&"the file is longer than 256 MiB"));
    }
    std::fs::read_to_string(path).map_err(|error| wrong(&error))
}

/// The team of each task.
fn sources(tasks: &[Task], source: &Source, per_task: bool) -> Result<Vec<Source>, Trouble> {
    tasks
        .iter()
        .map(|task| match (&task.scenario, per_task) {
            (Some(name), true) => demo::find(name)
                .map(|_| Source::Demo(name.clone()))
                .map_err(|failure| {
                    Trouble::Usage(format!("Task {:?}: {}", task.id, failure.words()))
                }),
            _ => Ok(source.clone()),
        })
        .collect()
}

/// Refuses results of tasks that have changed since.
fn same_tasks(tasks: &[Task], ledger: &Ledger) -> Result<(), Trouble> {
    let mut changed: Vec<&str> = tasks
        .iter()
        .filter(|task| {
            ledger
                .records()
                .values()
                .any(|record| record.key.task == task.id && record.hash != task.hash)
        })
        .map(|task| task.id.as_str())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let count = changed.len();
    changed.truncate(5);
    Err(Trouble::Usage(format!(
        "{count} tasks have changed since their results were made ({}). Give changed tasks other ids, \
         begin anew with --fresh, or choose another folder with --out.",
        changed.join(", ")
    )))
}

/// What is worth knowing about the results that were found.
fn remark(ledger: &Ledger, folder: &Path, args: &Args) {
    if args.quiet {
        return;
    }
    if ledger.torn() > 0 {
        runner::say(&format!(
            "A last line of {} bytes had been cut off and was removed; its run is made again.",
            ledger.torn()
        ));
    }
    if !ledger.records().is_empty() {
        let version = &ledger.header().version;
        let other = if version == env!("CARGO_PKG_VERSION") {
            String::new()
        } else {
            format!(", begun with version {version}")
        };
        runner::say(&format!(
            "Going on with {} runs in {}{other}.",
            ledger.records().len(),
            folder.display()
        ));
    }
}

/// Every run there should be: sweep by sweep, so that a report that is cut short has seen all tasks
/// about equally often.
fn plan(tasks: &[Task], sources: &[Source], args: &Args) -> Vec<Job> {
    let mut jobs = Vec::new();
    for sweep in 1..=args.sweeps {
        for (task, source) in tasks.iter().zip(sources) {
            let mut arms = vec![Arm::Team];
            if args.baselines {
                arms.extend(
                    source
                        .roster()
                        .into_iter()
                        .map(|(name, _)| Arm::Alone(name)),
                );
            }
            let task = Arc::new(task.clone());
            jobs.extend(arms.into_iter().map(|arm| Job {
                key: Key {
                    task: task.id.clone(),
                    sweep,
                    arm,
                },
                task: Arc::clone(&task),
                source: source.clone(),
            }));
        }
    }
    jobs
}

/// Runs in all: the plan, and what is done beyond it.
fn planned(tasks: &[Task], plan: &[Job], ledger: &Ledger) -> u64 {
    let mut keys: std::collections::BTreeSet<&Key> = plan.iter().map(|job| &job.key).collect();
    let known: std::collections::BTreeSet<&str> =
        tasks.iter().map(|task| task.id.as_str()).collect();
    keys.extend(
        ledger
            .records()
            .keys()
            .filter(|key| known.contains(key.task.as_str())),
    );
    keys.len() as u64
}

fn report(
    tasks: &[Task],
    ledger: &Ledger,
    planned: u64,
    scripted: bool,
    folder: &Path,
    args: &Args,
    stopped: &Stopped,
) -> Result<u8, Trouble> {
    let records: Vec<&Record> = ledger.records().values().collect();
    let summary = summary::summarise(tasks, &records, planned, scripted);
    let json = serde_json::to_string_pretty(&summary)
        .map_err(|error| Failure::new(FailureKind::Local, format!("No report: {error}.")))?;
    let rows = csv::render(&records);
    ledger::replace(folder, "report.json", &format!("{json}\n"))?;
    ledger::replace(folder, "results.csv", &rows)?;
    let shown = match args.output.as_str() {
        "json" => format!("{json}\n"),
        "csv" => rows,
        _ => shown(&summary),
    };
    if let Err(error) = std::io::stdout().lock().write_all(shown.as_bytes()) {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Ok(PIPE_CLOSED);
        }
        let message = format!("The report cannot be written: {error}.");
        return Err(Failure::new(FailureKind::Local, message).into());
    }
    if !args.quiet {
        runner::say(&format!(
            "The report is in {} (report.json, results.csv, results.jsonl).",
            folder.display()
        ));
    }
    Ok(stopped.code())
}

/// The table, safe to print: names come from files and models.
fn shown(summary: &Summary) -> String {
    let mut text = String::new();
    for line in table::render(summary).lines() {
        text.push_str(&clean::text(line));
        text.push('\n');
    }
    text
}
