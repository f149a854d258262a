//! The world behind the card where sessions are given away: looks, files in the working folder, text for
//! the clipboard, and what is sent to a place that the person typed. What is there is never replaced: a free name is taken.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{
    Services,
    sharing::{
        self, Aside, Existing, Parcel, Prepared, Rules, Surroundings, Target, Watch, Workspace,
    },
};
use crate::{
    config::{self, Paths},
    engine::outbox,
    export,
    headless::words,
    protocol::{Failure, FailureKind, RunId},
    text::clean,
    tui::giving::{
        Ask, Doing, Files, Format, Look, News, Order, Progress, Suspects, Told, Turns, What,
    },
};

/// Largest text that terminals take into the clipboard.
const CLIPBOARD: u64 = 1_000_000;
/// Names that are tried for a file.
const NAMES: usize = 100;
/// Time between two looks at how far something is.
const PACE: Duration = Duration::from_millis(150);

/// What is given right now, so that it can be watched and ended. Questions come in their order.
#[derive(Default)]
pub(super) struct Desk(Mutex<Work>);

/// Something that is given.
#[derive(Clone, Default)]
struct Work {
    watch: Watch,
    /// The session that is at it, from 1 on.
    nth: Arc<AtomicU64>,
}

impl Desk {
    /// Answers one question.
    pub(super) fn answer(&self, services: Arc<Services>, ask: Ask) -> BoxFuture<'static, Told> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ask.works() {
            *current = Work::default();
        }
        let work = current.clone();
        drop(current);
        match ask.what {
            What::Hear => async move {
                tokio::time::sleep(PACE).await;
                let news = Ok(News::Progress(work.progress(ask.order.runs.len())));
                Told { ask, news }
            }
            .boxed(),
            What::Stop => {
                work.watch.stop();
                let news = Ok(News::Stopping);
                std::future::ready(Told { ask, news }).boxed()
            }
            What::Send(_) => send(services, ask, work).boxed(),
            What::Look | What::File | What::Text => async move {
                let asked = ask.clone();
                let answered = tokio::task::spawn_blocking(move || answer(&services, ask, &work));
                answered.await.unwrap_or_else(|error| Told {
                    ask: asked,
                    news: Err(local(format!("It broke off: {error}."))),
                })
            }
            .boxed(),
        }
    }
}

impl Work {
    fn progress(&self, many: usize) -> Progress {
        let (doing, done, of) = self.watch.seen();
        Progress {
            doing: match doing {
                sharing::Doing::Reading => Doing::Reading,
                sharing::Doing::Writing => Doing::Writing,
                sharing::Doing::Sending => Doing::Sending,
                sharing::Doing::Waiting => Doing::Waiting,
            },
            done,
            of,
            nth: self.nth.load(Ordering::Relaxed),
            many: many as u64,
        }
    }

    /// The next session has its turn.
    fn next(&self) {
        self.nth.fetch_add(1, Ordering::Relaxed);
        self.watch.begin(sharing::Doing::Reading, 0);
    }

    /// What is told of a failure: who stopped it knows why.
    fn told(&self, failure: Failure) -> Failure {
        if self.watch.is_stopped() {
            return Failure::new(FailureKind::Cancelled, "Stopped; nothing was left behind.");
        }
        failure
    }
}

fn answer(services: &Services, ask: Ask, work: &Work) -> Told {
    let here = env::current_dir().map_err(|error| {
        local(format!("The working folder cannot be found: {error}."))
            .hint("Start the program in a folder that is there.")
    });
    let news = here.and_then(|here| {
        let paths = Paths::discover(here.clone());
        let around = sharing::surroundings(&paths, &services.environment);
        news(services, &around, &here, (&ask, work))
    });
    Told { ask, news }
}

fn news(
    services: &Services,
    around: &Surroundings,
    here: &Path,
    (ask, work): (&Ask, &Work),
) -> Result<News, Failure> {
    let prepare = |run: &RunId| {
        work.next();
        let order = order(run, &ask.order, &work.watch);
        sharing::prepare(&services.shelf(), &services.state_dir, around, &order)
    };
    match &ask.what {
        What::Send(_) | What::Hear | What::Stop => Err(local("That is not written.")),
        What::Look => {
            let mut look = Look {
                folder: clean::line(&here.display().to_string()).into_owned(),
                ..Look::default()
            };
            let many = ask.order.runs.len() > 1;
            for run in &ask.order.runs {
                let prepared = prepare(run).map_err(|failure| work.told(failure))?;
                add(&mut look, &prepared, many);
                if !many {
                    look.turns = prepared.turns;
                }
            }
            Ok(News::Look(look))
        }
        What::File => {
            let mut written = Vec::new();
            for run in &ask.order.runs {
                let one = prepare(run).and_then(|prepared| write(&prepared, here));
                match one {
                    Ok(path) => written.push(shown(&path)),
                    Err(failure) if written.is_empty() => return Err(work.told(failure)),
                    Err(failure) => {
                        let mut failure = work.told(failure);
                        let before = written.join(", ");
                        failure.message = format!("{} Written before: {before}.", failure.message);
                        return Err(failure);
                    }
                }
            }
            Ok(News::Written(written))
        }
        What::Text => {
            let run = ask.order.runs.first();
            let run = run.ok_or_else(|| local("No session was chosen."))?;
            let prepared = prepare(run).map_err(|failure| work.told(failure))?;
            blocked(&prepared)?;
            if prepared.bytes > CLIPBOARD || !prepared.format.is_text() {
                return Err(
                    local("The clipboard takes text up to 1 MB, and this is more.")
                        .hint("Write it to a file."),
                );
            }
            let mut text = Vec::new();
            let made = prepared.write(&mut text);
            made.map_err(|error| {
                work.told(local(format!("The session cannot be read: {error}.")))
            })?;
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(News::Text(text))
        }
    }
}

/// Brings sessions to a place that the person typed: one after the other.
async fn send(services: Arc<Services>, ask: Ask, work: Work) -> Told {
    let What::Send(to) = &ask.what else {
        return answer(&services, ask, &work);
    };
    let mut sent: Vec<String> = Vec::new();
    for run in &ask.order.runs {
        work.next();
        let order = order(run, &ask.order, &work.watch);
        match one(&services, order, to, &work).await {
            Ok(said) => sent.push(clean::line(&said).into_owned()),
            Err(mut failure) => {
                if !sent.is_empty() {
                    let before = sent.join(", ");
                    failure.message = format!("{} Sent before: {before}.", failure.message);
                }
                let news = Err(failure);
                return Told { ask, news };
            }
        }
    }
    let news = Ok(News::Sent(sent));
    Told { ask, news }
}

/// What is made before it is sent.
enum Made {
    /// It stands in a file already.
    There(PathBuf),
    /// It stands aside, and goes there.
    Parcel(Aside, Parcel, Target),
}

async fn one(
    services: &Arc<Services>,
    order: sharing::Order,
    to: &str,
    work: &Work,
) -> Result<String, Failure> {
    let (worker, to) = (Arc::clone(services), to.to_owned());
    let made = tokio::task::spawn_blocking(move || made(&worker, &order, &to));
    let made = made
        .await
        .map_err(|error| local(format!("It broke off: {error}.")))?
        .map_err(|failure| work.told(failure))?;
    let (aside, parcel, target) = match made {
        Made::There(path) => return Ok(shown(&path)),
        Made::Parcel(aside, parcel, target) => (aside, parcel, target),
    };
    let doing = match target {
        Target::Command(_) => sharing::Doing::Waiting,
        _ => sharing::Doing::Sending,
    };
    work.watch.begin(doing, parcel.bytes);
    let (now, count) = (outbox::now().0, work.watch.count());
    let sending = sharing::deliver(&parcel, &target, &services.environment, now, &count);
    let delivered = tokio::select! {
        delivered = sending => delivered?,
        () = work.watch.stopped() => return Err(Failure::new(
            FailureKind::Cancelled,
            "Stopped while it was sent; look there whether a part of it has arrived.",
        )),
    };
    drop(aside);
    Ok(delivered.url.unwrap_or(delivered.said))
}

fn made(services: &Services, order: &sharing::Order, to: &str) -> Result<Made, Failure> {
    let here = env::current_dir()
        .map_err(|error| local(format!("The working folder cannot be found: {error}.")))?;
    let paths = Paths::discover(here.clone());
    let named = config::sharing::targets(&paths).map_err(local)?;
    let target = Target::parse(to, &named).map_err(local)?;
    let around = sharing::surroundings(&paths, &services.environment);
    let prepared = sharing::prepare(&services.shelf(), &services.state_dir, &around, order)?;
    blocked(&prepared)?;
    match target {
        Target::Clipboard => Err(local("For the clipboard there is a key of its own: 2.")),
        Target::File(path) => {
            let home = path.strip_prefix("~").ok().zip(paths.home.as_ref());
            let place = match home {
                Some((rest, home)) => home.join(rest),
                None => here.join(path),
            };
            sharing::save(&prepared, &place, Existing::Keep).map(Made::There)
        }
        target => {
            let aside = Aside::of(&prepared, &services.state_dir)?;
            let parcel = aside.parcel(&prepared)?;
            Ok(Made::Parcel(aside, parcel, target))
        }
    }
}

fn order(run: &RunId, order: &Order, watch: &Watch) -> sharing::Order {
    sharing::Order {
        id: run.0.clone(),
        format: match order.format {
            Format::Html => export::Format::Html,
            Format::Md => export::Format::Md,
            Format::Json => export::Format::Json,
            Format::Bundle => export::Format::Bundle,
            Format::Cast => export::Format::Cast,
        },
        turns: match order.turns {
            Turns::All => export::Selection::All,
            Turns::Latest => export::Selection::Latest,
            Turns::One(turn) => export::Selection::Spans(vec![(turn, turn)]),
        },
        workspace: match order.files {
            Files::With => Workspace::With,
            Files::Without => Workspace::Without,
        },
        most: None,
        rules: Rules {
            suspects: order.suspects == Suspects::Mask,
            ..Rules::default()
        },
        by: None,
        watch: watch.clone(),
    }
}

/// What is known of one more file; of `many`, each line says whose it is.
fn add(look: &mut Look, prepared: &Prepared, many: bool) {
    let whose = if many {
        format!("{}: ", prepared.run.0)
    } else {
        String::new()
    };
    let line = |text: &str| clean::line(&format!("{whose}{text}")).into_owned();
    look.files.push((prepared.name(), prepared.bytes));
    for one in &prepared.about.masked {
        let times = words::counted(one.times, "time");
        look.masked
            .push(line(&format!("{} ({times})", one.kind.word())));
    }
    for one in &prepared.left_out {
        look.left_out
            .push(line(&format!("{} ({})", one.what, one.why)));
    }
    for (event, hit) in &prepared.suspects {
        let at = match event {
            0 => "beside the events".to_owned(),
            event => format!("event {event}"),
        };
        look.suspects
            .push(line(&format!("{at}: {}: {}", hit.kind, hit.excerpt)));
    }
}

/// What may be a secret stops it, also when it came after the look.
fn blocked(prepared: &Prepared) -> Result<(), Failure> {
    if prepared.suspects.is_empty() {
        return Ok(());
    }
    Err(local(format!(
        "Something in {} may be a secret and is not masked; nothing was written.",
        prepared.run.0
    ))
    .hint("Look again, then mask it with 3."))
}

fn write(prepared: &Prepared, here: &Path) -> Result<PathBuf, Failure> {
    blocked(prepared)?;
    sharing::save(prepared, &free(&here.join(prepared.name())), Existing::Keep)
}

/// The path, or one beside it with a number, that nothing stands at.
fn free(path: &Path) -> PathBuf {
    let there = |path: &Path| fs::symlink_metadata(path).is_ok();
    let part = |part: Option<&std::ffi::OsStr>| {
        part.map_or_else(String::new, |part| part.to_string_lossy().into_owned())
    };
    let (stem, end) = (part(path.file_stem()), part(path.extension()));
    let numbered = |number| path.with_file_name(format!("{stem}-{number}.{end}"));
    if !there(path) {
        return path.to_owned();
    }
    let mut others = (2..NAMES).map(numbered);
    // When all are taken, saving says so.
    others
        .find(|other| !there(other))
        .unwrap_or_else(|| path.to_owned())
}

fn shown(path: &Path) -> String {
    clean::line(&path.display().to_string()).into_owned()
}

fn local(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Local, message)
}

#[cfg(test)]
mod tests;
