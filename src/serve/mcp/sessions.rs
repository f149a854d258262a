//! The tools about sessions that are there: which, in figures, read by a model, with whose files; and the
//! teams to choose from.

use std::fmt::Write as _;

use serde_json::json;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    arguments::{Analyzed, Changed, Listed, Place},
    calls::{Calls, Done, PACE, cancelled},
    news::News,
    words::data,
};
use crate::{
    app::{Policy, analysis::Step, host::Reading},
    headless::words,
    protocol::{Failure, FailureKind, RunId},
    report::{self, Report},
    text::clean,
};

/// Sessions in a list when no number is named, and at most.
const LISTED: (usize, usize) = (20, 200);
/// Steps of a reading that may wait to be told.
const STEPS: usize = 64;

impl Calls {
    pub(super) async fn list(&self, listed: Listed) -> Result<Done, Failure> {
        let fits = self
            .host
            .filtered(listed.filter.as_deref().unwrap_or_default())
            .await?;
        let here = self.host.running().await?;
        let most = listed.limit.unwrap_or(LISTED.0).clamp(1, LISTED.1);
        let (mut text, mut rows) = (String::new(), Vec::new());
        for entry in fits.iter().take(most) {
            let run = &entry.summary.run;
            let title: String = clean::line(entry.title()).chars().take(100).collect();
            let state = clean::line(entry.word()).into_owned();
            let _ = writeln!(text, "{run}  {state}  {title}");
            rows.push(json!({
                "run": run,
                "state": state,
                "task": title,
                "folder": clean::line(&entry.summary.folder),
                "running_here": here.contains(run),
            }));
        }
        if text.is_empty() {
            "There is no such session. run_start begins one.".clone_into(&mut text);
        }
        Ok(Done {
            text,
            data: json!({"sessions": rows, "total": fits.len()}),
        })
    }

    pub(super) async fn analyze(
        &self,
        asked: Analyzed,
        news: &mut News,
        gone: &CancellationToken,
    ) -> Result<Done, Failure> {
        let Some(model) = asked.model else {
            if asked.turn.is_some() || asked.max_usd.is_some() {
                let what = "turn and max_usd are for a model that reads the log.";
                return Err(Failure::new(FailureKind::Request, what)
                    .hint("Name a model, or leave them out for the figures."));
            }
            return self.figures(&asked.id).await;
        };
        let (tell, steps) = mpsc::channel(STEPS);
        let reading = Reading {
            id: asked.id,
            model,
            turn: asked.turn,
            max_usd: asked.max_usd,
        };
        let reading = self.host.read(reading, tell);
        let read = tokio::select! {
            (read, ()) = async { tokio::join!(reading, heard(steps, news)) } => read?,
            () = gone.cancelled() => {
                return Err(cancelled("The call was cancelled; nothing was kept."));
            }
        };
        let by = &read.analysis.by;
        let (number, run) = (read.number, &read.run);
        let mut text = read.page.trim_end().to_owned();
        let spent = if read.kept {
            "it was there already, nothing was asked".to_owned()
        } else {
            words::money(by.usage.cost)
        };
        let _ = write!(
            text,
            "\n\n---\nKept as analysis {number} of session {run} ({spent}). A person reads it with \
             `massgen-tui open {run}`."
        );
        Ok(Done {
            text,
            data: json!({"run": run, "number": number, "new": !read.kept,
                "analysis": data(&read.analysis)}),
        })
    }

    /// A session in figures, without any model.
    async fn figures(&self, id: &str) -> Result<Done, Failure> {
        let (run, text, report) = self.report(id).await?;
        Ok(Done {
            text,
            data: json!({"run": run, "report": data(&report)}),
        })
    }

    /// The figures of a session as a page and as data.
    pub(super) async fn report(&self, id: &str) -> Result<(RunId, String, Report), Failure> {
        let (run, report) = self.host.report(id).await?;
        let page = clean::text(&report::page(&report::sheet(&report))).into_owned();
        Ok((run, page, report))
    }

    pub(super) async fn changes(&self, changed: Changed) -> Result<Done, Failure> {
        let seen = self.host.seen(&changed.id).await?;
        let run = seen.status.run.clone();
        if seen.status.state.is_running() {
            return Err(Failure::new(
                FailureKind::Local,
                format!("Session {run} is still at work."),
            )
            .hint("Ask again when run_status says that it is over."));
        }
        let policy = if changed.patch {
            Policy::Patch
        } else {
            Policy::Never
        };
        let taken = self.host.taken(&run, policy).await?;
        let open = format!("massgen-tui open {run}");
        let mut text = String::new();
        for one in &taken {
            let folder = clean::line(&one.folder);
            let files = words::counted(one.files.len() as u64, "file");
            let _ = writeln!(text, "{folder}: {files} changed by {}", one.winner);
            for file in &one.files {
                let _ = writeln!(text, "  {}", clean::line(&file.to_string()));
            }
            for line in one.words() {
                let _ = writeln!(text, "{}", clean::line(&line));
            }
        }
        if taken.is_empty() {
            text.push_str("The winner changed no file.");
        } else {
            let _ = write!(text, "A person reviews and applies them: `{open}`.");
        }
        Ok(Done {
            text,
            data: json!({"run": run, "folders": data(&taken), "open": open}),
        })
    }

    pub(super) async fn teams(&self, place: Place) -> Result<Done, Failure> {
        let teams = self.host.teams(place.cwd).await?;
        let mut text = match &teams.usual {
            Some(path) => format!("When none is named: {path}\n"),
            None => {
                "No configuration is used when none is named; `massgen-tui setup` writes one.\n"
                    .to_owned()
            }
        };
        for name in &teams.saved {
            let _ = writeln!(text, "config {name}");
        }
        for template in &teams.templates {
            let needs = template
                .needs
                .map_or_else(String::new, |needs| format!(" Needs {needs}."));
            let _ = writeln!(
                text,
                "template {}: {}{needs}",
                template.name, template.purpose
            );
        }
        for demo in &teams.demos {
            let _ = writeln!(
                text,
                "demo {}: {} ({} agents)",
                demo.name, demo.title, demo.agents
            );
        }
        Ok(Done {
            text,
            data: data(&teams),
        })
    }
}

/// Tells the client how a reading goes until it is over.
async fn heard(mut steps: mpsc::Receiver<Step>, news: &mut News) {
    let mut said = 0;
    let mut last = Instant::now();
    while let Some(step) = steps.recv().await {
        let told = match step {
            Step::Said(more) => {
                said += more.chars().count();
                None
            }
            Step::Thought(_) => None,
            Step::Told(words) => Some(clean::line(&words).into_owned()),
        };
        if told.is_none() && last.elapsed() < PACE {
            continue;
        }
        last = Instant::now();
        let so_far = || {
            format!(
                "the model has written {}",
                words::counted(said as u64, "character")
            )
        };
        news.progress(told.unwrap_or_else(so_far)).await;
    }
}
