//! `massgen-tui logs analyze`: a session in figures, and with `--model` what a model makes of it.
//!
//! Without `--model` nothing leaves the machine. With it the price is told first; what failed or was
//! cancelled is not kept. Results go to stdout, what happens on the way to stderr.

mod telling;

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use tokio::sync::mpsc;

use super::{Globals, written};
use crate::{
    app::{
        Services,
        analysis::{self, Analyst, Desk, Kept, Plan, Wanted},
        shelf::Shelf,
        trust::Chosen,
    },
    cli::{
        complain, deaf,
        launch::{self, Trouble},
        rules::RuleArgs,
    },
    config::{Config, Paths, Purpose},
    headless::{self, Exit, words::count},
    protocol::{Failure, FailureKind, Message},
    report::{self, Of, Report},
    text::clean,
};

/// Steps that may wait to be told.
const STEPS: usize = 64;

/// Arguments of `logs analyze`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Session id, its start or its last four letters, or a folder of `MassGen`; `latest` is the newest.
    #[arg(default_value = "latest")]
    pub id: String,
    /// One JSON object instead of Markdown.
    #[arg(long)]
    pub json: bool,
    /// Have this model read the log: provider/model, a model or an agent of --config, "auto" (what
    /// `MASSGEN_TUI_ANALYSIS_MODEL` or `ui.analysis_model` names, else a cheap one whose key is set), or
    /// demo/analyst, a script. Several times for several models.
    #[arg(long, short, value_name = "PROVIDER/MODEL")]
    pub model: Vec<String>,
    /// Which turn the model reads, or one of its attempts, as 2 or 2.1; without it the last.
    #[arg(long, value_name = "N", requires = "model")]
    pub turn: Option<String>,
    /// What is asked, and how.
    #[command(flatten)]
    pub how: How,
}

/// What is asked, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct How {
    /// Print what would be sent, to whom and for how much, and send nothing.
    #[arg(long, requires = "model")]
    pub dry_run: bool,
    /// Ask again although this model has read the turn as it is.
    #[arg(long, requires = "model")]
    pub force: bool,
    /// US dollars one analysis may cost at most; one that could cost more is not sent.
    #[arg(long, value_name = "USD", requires = "model")]
    pub max_usd: Option<f64>,
    /// Configuration whose models may be named.
    #[arg(long, value_name = "FILE", requires = "model")]
    pub config: Option<PathBuf>,
    /// Base URL of an OpenAI-compatible server that has the model.
    #[arg(
        long,
        value_name = "URL",
        requires = "model",
        conflicts_with = "config"
    )]
    pub base_url: Option<String>,
}

impl Args {
    /// True when a model is to be asked.
    #[must_use]
    pub const fn asks(&self) -> bool {
        !self.model.is_empty()
    }
}

/// The figures, and which analyses are kept.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    report: &'a Report,
    analyses: Vec<Row<'a>>,
}

/// One analysis as data.
#[derive(Serialize)]
struct Row<'a> {
    number: u32,
    stale: Option<String>,
    #[serde(flatten)]
    analysis: &'a report::analysis::Analysis,
}

/// Prints the figures of a session.
///
/// # Errors
/// A session that is not there or cannot be read, an output that cannot be written.
pub fn counted(shelf: &Shelf, args: &Args, out: &mut dyn io::Write) -> Result<(), Failure> {
    let Desk { report, beside, .. } = Desk::open(shelf, &args.id)?;
    let (kept, unread) = analysis::kept(&beside);
    if unread > 0 {
        complain(&format!("{unread} kept analyses cannot be read."));
    }
    if args.json {
        let whole = Whole {
            analyses: kept.iter().map(|one| row(one, &report)).collect(),
            report: &report,
        };
        return json(out, &whole);
    }
    let mut sheet = report::sheet(&report);
    if !kept.is_empty() {
        let all: Vec<_> = kept.into_iter().map(|one| one.analysis).collect();
        sheet.parts.push(report::analysis::columns(&all));
    }
    written(out.write_all(report::page(&sheet).as_bytes()))
}

fn row<'a>(kept: &'a Kept, report: &Report) -> Row<'a> {
    Row {
        number: kept.number,
        stale: report::analysis::stale(&kept.analysis, &report.turns),
        analysis: &kept.analysis,
    }
}

fn json<T: Serialize>(out: &mut dyn io::Write, value: &T) -> Result<(), Failure> {
    written(
        serde_json::to_writer(&mut *out, value)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
    )
}

/// Has models read the log; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    let mut signals = match headless::signals() {
        Ok(signals) => signals,
        Err(error) => return Trouble::from(deaf(&error)).tell(),
    };
    let work = asked(globals, args);
    tokio::select! {
        done = work => match done {
            Ok(code) => code,
            Err(trouble) => trouble.tell(),
        },
        Some(signal) = signals.recv() => {
            complain("Cancelled; nothing was kept of what was not finished.");
            Exit::Stopped(signal).code()
        }
    }
}

async fn asked(globals: &Globals, args: &Args) -> Result<u8, Trouble> {
    let (services, paths) = launch::services(globals, "1", &RuleArgs::default())?;
    let shelf = super::shelf(&services.state_dir);
    let desk = Desk::open(&shelf, &args.id)?;
    let turn = desk.turn(args.turn.as_deref()).map_err(wrong)?;
    let config = match &args.how.config {
        Some(name) => Some(configuration(name, &services, &paths)?),
        None => None,
    };
    let mut plans = Vec::new();
    for name in &args.model {
        let wanted = Wanted {
            name: analysis::meant(name, &services, &paths, config.as_ref()),
            base_url: args.how.base_url.clone(),
            config: config.clone(),
        };
        let analyst = analysis::pick(&services, &wanted).await.map_err(wrong)?;
        let plan = analysis::plan(analyst, &desk.report, turn, &desk.session.events)
            .map_err(|failure| Trouble::Usage(failure.words()))?;
        plans.push(plan);
    }
    if args.how.dry_run {
        let mut out = io::stdout().lock();
        for plan in &plans {
            dry(&mut out, plan, args.json)?;
        }
        return Ok(0);
    }
    for plan in &plans {
        if let Some(limit) = args.how.max_usd {
            plan.affordable(limit).map_err(wrong)?;
        }
    }
    let mut made = Vec::new();
    let mut failed = false;
    for plan in &plans {
        match one(&services, &desk, (turn, plan), args).await {
            Ok(kept) => made.push(kept),
            Err(failure) => {
                failed = true;
                complain(&format!("{}: {failure}", plan.analyst.name()));
            }
        }
    }
    let mut out = io::stdout().lock();
    if args.json {
        let rows: Vec<Row> = made.iter().map(|kept| row(kept, &desk.report)).collect();
        json(&mut out, &serde_json::json!({ "analyses": rows }))?;
    } else {
        for kept in &made {
            let page = report::page(&desk.sheet(kept));
            written(out.write_all(page.as_bytes()))?;
        }
    }
    Ok(u8::from(failed))
}

/// Wrong words and missing keys are the command line's own; a server that is not there is not.
fn wrong(failure: Failure) -> Trouble {
    match failure.kind {
        FailureKind::Request | FailureKind::Model | FailureKind::Auth => {
            Trouble::Usage(failure.words())
        }
        _ => Trouble::Failed(failure),
    }
}

fn configuration(name: &Path, services: &Services, paths: &Paths) -> Result<Arc<Config>, Trouble> {
    let path = paths
        .named_config(name)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    // Keys of agents that are not asked do not matter.
    let config = services.configuration_for(&path, Chosen::ByHand, Purpose::Check);
    config.map_err(|refusal| Trouble::Usage(refusal.words()))
}

/// What would be sent.
fn dry(out: &mut dyn io::Write, plan: &Plan, as_json: bool) -> Result<(), Failure> {
    let Analyst {
        window,
        window_known,
        ..
    } = plan.analyst;
    if as_json {
        return json(
            out,
            &serde_json::json!({
                "model": plan.analyst.name(),
                "form": plan.form().word(),
                "window": window,
                "window_known": window_known,
                "evidence": plan.evidence.seen,
                "tokens": plan.money.tokens,
                "usd": plan.money.about,
                "usd_at_most": plan.money.most,
                "messages": plan.ask.messages,
            }),
        );
    }
    let mut page = format!("{}\n{}\n", heading(plan), "Nothing was sent. The prompt:");
    for message in &plan.ask.messages {
        let (who, text) = match message {
            Message::System { text } => ("rules", text),
            Message::User { text }
            | Message::Tool { text, .. }
            | Message::Assistant { text, .. } => ("evidence", text),
        };
        let _ = writeln!(page, "\n--- {who} ---\n{text}");
    }
    written(out.write_all(clean::text(&page).as_bytes()))
}

/// Who reads what, and for how much.
fn heading(plan: &Plan) -> String {
    let analyst = &plan.analyst;
    let seen = plan.evidence.seen;
    let window = if analyst.window_known {
        format!("a window of {} tokens", count(analyst.window))
    } else {
        format!(
            "a window of {} tokens, which is a guess",
            count(analyst.window)
        )
    };
    let turn = match plan.turn {
        (turn, 1) => turn.to_string(),
        (turn, attempt) => format!("{turn}.{attempt}"),
    };
    let part = match seen.percent() {
        100 => "the whole of it".to_owned(),
        percent => format!(
            "condensed to {percent} %, {} events left out",
            count(seen.left_out)
        ),
    };
    let script = if analyst.scripted {
        " (a script, no model)"
    } else {
        ""
    };
    format!(
        "{}{script} reads turn {turn}, {part} ({window}): {}.",
        analyst.name(),
        plan.money.words()
    )
}

async fn one(
    services: &Services,
    desk: &Desk,
    (turn, plan): (&Of, &Plan),
    args: &Args,
) -> Result<Kept, Failure> {
    if !args.how.force
        && let Some(kept) = desk.fresh(plan)
    {
        complain(&format!(
            "{} has read this turn as it is (analysis {}); --force asks again.",
            plan.analyst.name(),
            kept.number
        ));
        return Ok(kept);
    }
    complain(&heading(plan));
    let (tell, steps) = mpsc::channel(STEPS);
    let run = &desk.session.header.run;
    let events = desk.session.events.as_slice();
    let work = analysis::perform(services, plan, run, (turn, events), tell);
    let (done, ()) = tokio::join!(work, telling::follow(steps));
    let analysis = done?;
    let number = analysis::keep(&desk.beside, &analysis)?;
    complain(&format!(
        "Kept as analysis {number}: {} claims, {} tokens, {}.",
        analysis.claims.len(),
        count(analysis.by.usage.input + analysis.by.usage.output),
        crate::headless::words::money(analysis.by.usage.cost)
    ));
    Ok(Kept { number, analysis })
}
