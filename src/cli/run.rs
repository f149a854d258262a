//! `massgen-tui run`: a task without the full-screen program.

use std::{io::Read as _, path::Path};

use tokio::sync::mpsc;

use super::{
    Globals,
    args::RunArgs,
    launch::{self, Trouble},
    taking,
};
use crate::{
    app::{self, Way, trust::Chosen},
    engine::outbox,
    headless::{self, Format, Output, Progress},
};

/// Events that may wait for a slow reader of stdout.
const EVENTS: usize = 1024;
/// Longest task read from standard input, in bytes.
const MAX_TASK: u64 = 4 * 1024 * 1024;

/// Runs the task and returns the exit code of its outcome.
pub async fn run(globals: &Globals, args: RunArgs) -> u8 {
    match start(globals, args).await {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

async fn start(globals: &Globals, mut args: RunArgs) -> Result<u8, Trouble> {
    super::args::task_after_demo(&mut args.team, &mut args.task);
    args.task_after_continue();
    let (services, paths) = launch::services(globals, &args.team.demo_speed, &args.team.rules)?;
    for notice in &services.notices {
        super::complain(notice);
    }
    taking::at_start(&services).await;
    let policy = taking::policy(&args.apply);
    let named = launch::named(&args.team, &services, &paths).await?;
    if let Some(name) = &args.after {
        let task = match args.task.as_deref() {
            Some("-") => from_stdin()?,
            Some(task) => worded(task)?,
            None => return Err(Trouble::Usage(NO_NEXT_TASK.into())),
        };
        let run = services.store.clone()?.find(name)?;
        let output = output(&args.output, args.quiet);
        let how = (output.format, output.progress);
        let way = Way::Continue(task);
        let code = super::resume::go_on(&services, &run, named, way, output).await?;
        return Ok(taking::after(&services, run, policy, how, code).await);
    }
    let source = match named {
        Some(source) => source,
        None => match paths.default_config() {
            Some(path) => launch::configuration(&path, Chosen::Found, &services)?,
            None => return Err(Trouble::Usage(NO_TEAM.into())),
        },
    };
    if !args.var.is_empty() && args.preset.is_none() {
        return Err(Trouble::Usage(
            "--var fills in a prompt: name it with --preset.".into(),
        ));
    }
    if args.preset.is_some() && args.task.is_some() {
        return Err(Trouble::Usage(
            "--preset brings the task along; give one or the other.".into(),
        ));
    }
    let mut tasks = preset(&args, paths.config.as_deref())?.into_iter();
    let task = match args.task.as_deref() {
        _ if args.preset.is_some() => tasks.next().unwrap_or_default(),
        Some("-") => from_stdin()?,
        Some(task) => worded(task)?,
        None => source.default_task().ok_or_else(|| {
            Trouble::Usage(
                "There is no task. Give one in quotes, or \"-\" to read it from standard input."
                    .into(),
            )
        })?,
    };
    let signals = headless::signals()
        .map_err(|error| Trouble::Usage(format!("Signals cannot be listened for: {error}.")))?;
    let begun = outbox::now();
    let team = source.build(&services).await?;
    services.listeners.phase("the team", begun);
    let (sender, events) = mpsc::channel(EVENTS);
    let output = output(&args.output, args.quiet);
    let how = (output.format, output.progress);
    let beside = taking::Beside::begin(&services, output.progress).await;
    let (run, session) = app::start(&services, team, task, sender).await?;
    let exit = headless::drive(events, session.commands, signals, output).await;
    let mut code = taking::after(&services, run.clone(), policy, how, exit.code()).await;
    beside.end().await;
    // The further tasks of a conversation, as long as each is answered.
    for task in tasks {
        if code != 0 {
            break;
        }
        let output = self::output(&args.output, args.quiet);
        let how = (output.format, output.progress);
        let way = Way::Continue(task);
        code = super::resume::go_on(&services, &run, None, way, output).await?;
        code = taking::after(&services, run.clone(), policy, how, code).await;
    }
    Ok(code)
}

/// The tasks of the prompt that is named; none without a name.
fn preset(args: &RunArgs, settings: Option<&Path>) -> Result<Vec<String>, Trouble> {
    let Some(name) = &args.preset else {
        return Ok(Vec::new());
    };
    let values = super::prompts::values(&args.var).map_err(Trouble::Usage)?;
    let preset =
        app::prompts::named(settings, name).map_err(|failure| Trouble::Usage(failure.words()))?;
    preset.fill(&values).map_err(Trouble::Usage)
}

/// The process's own streams, as the flags want them.
pub(super) fn output(format: &str, quiet: bool) -> Output {
    let format = match format {
        "json" => Format::Json,
        _ => Format::Text,
    };
    let progress = if quiet {
        Progress::Hidden
    } else {
        Progress::Shown
    };
    Output::process(format, progress)
}

const NO_NEXT_TASK: &str = "There is no task to continue with. Give one in quotes behind the session: \
                            massgen-tui run --continue latest \"next task\".";

const NO_TEAM: &str = "There is no team. Give --config FILE, --model NAME (with --base-url URL for \
                       your own server), or --demo for the scripted demo team.";

fn from_stdin() -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_TASK + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Trouble::Usage(format!("Standard input cannot be read: {error}.")))?;
    if bytes.len() as u64 > MAX_TASK {
        let most = MAX_TASK / (1024 * 1024);
        return Err(Trouble::Usage(format!(
            "The task on standard input is longer than {most} MiB. Shorten it."
        )));
    }
    worded(&String::from_utf8_lossy(&bytes))
}

/// A task that says something.
pub(super) fn worded(task: &str) -> Result<String, Trouble> {
    if task.trim().is_empty() {
        return Err(Trouble::Usage(
            "The task is empty. Write what the team should work on.".into(),
        ));
    }
    Ok(task.to_owned())
}
