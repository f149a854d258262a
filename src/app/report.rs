//! The world behind the report screen: figures and analyses from files, models with their prices, and the
//! one analysis under way.
//!
//! Whatever goes to the screen is cleaned here, line by line. The analysis runs in a task of its own; to
//! stop it is to drop it. It goes on while the screen is elsewhere, and ends with the program.

mod choices;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::{mpsc, watch};

use super::{
    Services,
    analysis::{self, Desk, Plan, Step, Wanted},
};
use crate::{
    config::Config,
    headless::words::count,
    protocol::{EventKind, Failure, FailureKind, Message, Origin, RunEvent, RunId, Sheet},
    report::{self, Of},
    store::{PageFolder, Session},
    text::clean,
    tui::report::{Analysis, Ask, Form, Heard, Page, Paper, Papers, Preview, Told, Turn, What},
};

/// Orders that may wait.
const ORDERS: usize = 8;
/// Steps that may wait to be heard.
const STEPS: usize = 256;
/// Longest wait for news of an analysis, so that every question is answered in time.
const PATIENCE: Duration = Duration::from_secs(1);
/// News of an analysis come at most this often.
const PACE: Duration = Duration::from_millis(120);
/// Most lines of what would be sent that are shown.
const LINES: usize = 2_000;
/// A reply that comes is read again when it has grown by this part of its length.
const FRACTION: usize = 64;
/// Most lines of a reply that are shown while it comes.
const SAID: usize = 200;

/// Reports and the analysis under way.
#[derive(Default)]
pub(super) struct Reports {
    task: OnceLock<Task>,
}

/// The task with the analysis under way.
struct Task {
    orders: mpsc::Sender<Order>,
    heard: watch::Receiver<Heard>,
}

enum Order {
    Start(Box<Job>),
    Stop,
}

/// What is to be read by whom.
struct Job {
    services: Arc<Services>,
    configured: Option<Arc<Config>>,
    run: RunId,
    turn: Turn,
    model: String,
}

impl Reports {
    /// Answers one question.
    pub(super) fn answer(
        &self,
        services: Arc<Services>,
        configured: Option<Arc<Config>>,
        ask: Ask,
    ) -> BoxFuture<'static, Told> {
        let Ask { run, what } = ask;
        match what {
            What::Papers => blocking(move || papers(&services, &run).map(Box::new))
                .map(Told::Papers)
                .boxed(),
            What::Write(page, form) => blocking(move || written(&services, &run, page, form))
                .map(Told::Written)
                .boxed(),
            What::Models(turn) => {
                async move { Told::Models(choices::models(services, configured, run, turn).await) }
                    .boxed()
            }
            What::Preview(turn, model) => {
                let job = Job {
                    services,
                    configured,
                    run,
                    turn,
                    model,
                };
                async move { Told::Preview(preview(&job).await) }.boxed()
            }
            What::Start(turn, model) => {
                let task = self.task();
                let (orders, mut heard) = (task.orders.clone(), task.heard.clone());
                let job = Job {
                    services,
                    configured,
                    run,
                    turn,
                    model,
                };
                async move {
                    heard.mark_unchanged();
                    // The task lives as long as this handle.
                    let _ = orders.send(Order::Start(Box::new(job))).await;
                    let _ = tokio::time::timeout(PATIENCE, heard.changed()).await;
                    Told::Heard(Box::new(heard.borrow().clone()))
                }
                .boxed()
            }
            What::Stop => {
                let task = self.task();
                let (orders, heard) = (task.orders.clone(), task.heard.clone());
                async move {
                    let _ = orders.send(Order::Stop).await;
                    Told::Heard(Box::new(heard.borrow().clone()))
                }
                .boxed()
            }
            What::Listen(number) => {
                let mut heard = self.task().heard.clone();
                async move {
                    tokio::time::sleep(PACE).await;
                    let more = heard.wait_for(|heard| heard.number > number);
                    let _ = tokio::time::timeout(PATIENCE, more).await;
                    Told::Heard(Box::new(heard.borrow().clone()))
                }
                .boxed()
            }
        }
    }

    fn task(&self) -> &Task {
        self.task.get_or_init(|| {
            let (orders, inbox) = mpsc::channel(ORDERS);
            let (tell, heard) = watch::channel(Heard::default());
            tokio::spawn(sit(inbox, tell));
            Task { orders, heard }
        })
    }
}

/// Runs one analysis at a time until nobody can order any more.
async fn sit(mut inbox: mpsc::Receiver<Order>, tell: watch::Sender<Heard>) {
    let mut order = inbox.recv().await;
    while let Some(now) = order.take() {
        let Order::Start(job) = now else {
            order = inbox.recv().await;
            continue;
        };
        let number = tell.borrow().number + 1;
        tell.send_replace(Heard {
            number,
            ..Heard::default()
        });
        let done = tokio::select! {
            done = perform(&job, &tell) => done,
            next = inbox.recv() => {
                order = next;
                let words = "It was stopped; nothing was kept.";
                Err(Failure::new(FailureKind::Cancelled, words))
            }
        };
        tell.send_modify(|heard| {
            heard.number += 1;
            heard.over = Some(done);
        });
        if order.is_none() {
            order = inbox.recv().await;
        }
    }
}

/// One analysis; the number under which it is kept.
async fn perform(job: &Job, tell: &watch::Sender<Heard>) -> Result<u32, Failure> {
    let (desk, plan) = planned(job).await?;
    let (said, steps) = mpsc::channel(STEPS);
    let turn = turn(&desk, job.turn)?;
    let events = desk.session.events.as_slice();
    let work = analysis::perform(&job.services, &plan, &job.run, (turn, events), said);
    let (done, ()) = tokio::join!(work, follow(steps, tell));
    let done = done?;
    blocking(move || analysis::keep(&desk.beside, &done)).await
}

/// Folds steps into what is heard. The reply is read again from its beginning when it has grown by a
/// part of its length, so that a long one in many small pieces costs no more than a few of its length.
async fn follow(mut steps: mpsc::Receiver<Step>, tell: &watch::Sender<Heard>) {
    let (mut text, mut enough) = (String::new(), 0);
    while let Some(step) = steps.recv().await {
        tell.send_modify(|heard| {
            heard.number += 1;
            match step {
                Step::Said(more) => {
                    heard.said += more.chars().count();
                    text.push_str(&more);
                    if text.len() >= enough {
                        enough = text.len() + text.len() / FRACTION;
                        heard.rows = so_far(&text);
                    }
                }
                Step::Thought(more) => heard.thought += more,
                Step::Told(words) => heard.told.push(clean::line(&words).into_owned()),
            }
        });
    }
}

/// A reply as far as it can be read: its claims, or its own lines.
fn so_far(text: &str) -> Vec<String> {
    if let Ok(draft) = report::analysis::read(text, &[])
        && draft.shape != report::analysis::Shape::Plain
    {
        let claims = draft
            .claims
            .iter()
            .map(|(_, words, _)| format!("· {words}"));
        return std::iter::once(draft.summary.clone())
            .chain(claims)
            .collect();
    }
    let clean = clean::text(text);
    let lines: Vec<&str> = clean.lines().collect();
    let from = lines.len().saturating_sub(SAID);
    lines
        .iter()
        .skip(from)
        .map(|line| (*line).to_owned())
        .collect()
}

fn opened(services: &Services, run: &RunId) -> Result<Desk, Failure> {
    Desk::open(&services.shelf(), &run.0)
}

/// The turn that the screen shows.
fn turn(desk: &Desk, (turn, attempt): Turn) -> Result<&Of, Failure> {
    desk.turn(Some(&format!("{turn}.{attempt}")))
}

fn is_scripted(session: &Session) -> bool {
    session.events.iter().any(|event| {
        matches!(&event.kind, EventKind::Run(RunEvent::Started(start))
            if matches!(start.origin, Origin::Demo { .. }))
    })
}

fn papers(services: &Services, run: &RunId) -> Result<Papers, Failure> {
    let desk = opened(services, run)?;
    let (kept, unread) = analysis::kept(&desk.beside);
    let analyses = kept.iter().map(|kept| {
        let (of, by) = (&kept.analysis.of, &kept.analysis.by);
        Analysis {
            number: kept.number,
            name: clean::line(&format!("{}/{}", by.provider, by.model)).into_owned(),
            turn: (of.turn, of.attempt),
            stale: report::analysis::stale(&kept.analysis, &desk.report.turns).is_some(),
            paper: paper(desk.sheet(kept)),
        }
    });
    let turns = desk.report.turns.iter();
    Ok(Papers {
        analyses: analyses.collect(),
        turns: turns.map(|turn| (turn.turn, turn.part.attempt.0)).collect(),
        figures: paper(report::sheet(&desk.report)),
        unread,
        scripted: is_scripted(&desk.session),
    })
}

fn paper(sheet: Sheet) -> Paper {
    let sheet = cleaned(sheet);
    Paper {
        markdown: report::page(&sheet),
        sheet,
    }
}

/// Files may have been written by anybody.
fn cleaned(mut sheet: Sheet) -> Sheet {
    let line = |text: &mut String| *text = clean::line(text).into_owned();
    line(&mut sheet.title);
    for part in &mut sheet.parts {
        line(&mut part.title);
        part.rows
            .iter_mut()
            .flat_map(|row| &mut row.cells)
            .for_each(line);
    }
    sheet
}

fn written(services: &Services, run: &RunId, page: Page, form: Form) -> Result<String, Failure> {
    let desk = opened(services, run)?;
    let (kept, _) = analysis::kept(&desk.beside);
    let (name, text) = match page {
        Page::Figures => {
            let text = match form {
                Form::Markdown => report::page(&report::sheet(&desk.report)),
                Form::Json => json(&desk.report)?,
            };
            ("report".to_owned(), text)
        }
        Page::Analysis(number) => {
            let one = kept.iter().find(|kept| kept.number == number);
            let one = one.ok_or_else(|| {
                Failure::new(FailureKind::Local, format!("Analysis {number} is gone."))
            })?;
            let text = match form {
                Form::Markdown => report::page(&cleaned(desk.sheet(one))),
                Form::Json => json(&one.analysis)?,
            };
            (format!("analysis-{number}"), text)
        }
    };
    let suffix = match form {
        Form::Markdown => "md",
        Form::Json => "json",
    };
    let path =
        PageFolder::new(&services.state_dir).write(&format!("{run}-{name}.{suffix}"), &text)?;
    Ok(clean::line(&path.to_string_lossy()).into_owned())
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| {
        Failure::new(
            FailureKind::Local,
            format!("It cannot be written: {error}."),
        )
    })
}

/// The session, and what would be sent of it.
async fn planned(job: &Job) -> Result<(Desk, Plan), Failure> {
    let wanted = Wanted {
        name: job.model.clone(),
        base_url: None,
        config: job.configured.clone(),
    };
    let analyst = analysis::pick(&job.services, &wanted).await?;
    let (services, run, turn) = (Arc::clone(&job.services), job.run.clone(), job.turn);
    blocking(move || {
        let desk = opened(&services, &run)?;
        let of = self::turn(&desk, turn)?;
        let plan = analysis::plan(analyst, &desk.report, of, &desk.session.events)?;
        Ok((desk, plan))
    })
    .await
}

async fn preview(job: &Job) -> Result<Preview, Failure> {
    let (_, plan) = planned(job).await?;
    let seen = plan.evidence.seen;
    let turn = match plan.turn {
        (turn, 1) => turn.to_string(),
        (turn, attempt) => format!("{turn}, attempt {attempt}"),
    };
    let part = match seen.percent() {
        100 => "whole".to_owned(),
        percent => format!(
            "condensed to {percent} % ({} events left out)",
            count(seen.left_out)
        ),
    };
    let guess = if plan.analyst.window_known {
        ""
    } else {
        " (a guess)"
    };
    let mut words = vec![
        format!("{} reads turn {turn}, {part}.", plan.analyst.name()),
        format!("Cost: {}.", plan.money.words()),
        format!(
            "Window: {} tokens{guess}. Asked for: {}.",
            count(plan.analyst.window),
            plan.form().word()
        ),
    ];
    if plan.analyst.scripted {
        words.push(
            "It is a script of the demo: no model reads the log, nothing leaves this machine."
                .to_owned(),
        );
    } else if plan.analyst.endpoint.local {
        words.push("The server runs on this machine or in its network.".to_owned());
    } else {
        let place = crate::provider::words::address(&plan.analyst.endpoint.base_url);
        words.push(format!("What stands below goes to {place}."));
    }
    let texts = plan.ask.messages.iter().map(|message| match message {
        Message::System { text }
        | Message::User { text }
        | Message::Tool { text, .. }
        | Message::Assistant { text, .. } => text.as_str(),
    });
    let all = texts.clone().flat_map(str::lines).count();
    if all > LINES {
        words.push(format!(
            "The first {} of {} lines stand below; `massgen-tui logs analyze {} --model {} --dry-run` prints all.",
            count(LINES as u64),
            count(all as u64),
            job.run,
            job.model
        ));
    }
    let prompt = texts.flat_map(str::lines).take(LINES);
    Ok(Preview {
        words: words
            .iter()
            .map(|words| clean::line(words).into_owned())
            .collect(),
        prompt: prompt.map(|line| clean::line(line).into_owned()).collect(),
        scripted: plan.analyst.scripted,
    })
}

/// Runs file work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            let words = format!("A file task ended: {error}.");
            Err(Failure::new(FailureKind::Local, words))
        })
}
