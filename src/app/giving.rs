//! The world behind the card where sessions are given away: looks, files in the working folder, text for
//! the clipboard, and what is sent to a place that the person typed. What is there is never replaced: a free name is taken.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Services,
    sharing::{self, Aside, Existing, Parcel, Prepared, Rules, Surroundings, Target, Workspace},
};
use crate::{
    config::{self, Paths},
    engine::outbox,
    export,
    headless::words,
    protocol::{Failure, FailureKind, RunId},
    text::clean,
    tui::giving::{Ask, Files, Format, Look, News, Order, Suspects, Told, Turns, What},
};

/// Largest text that terminals take into the clipboard.
const CLIPBOARD: u64 = 1_000_000;
/// Names that are tried for a file.
const NAMES: usize = 100;

/// Answers one question.
pub(super) fn answer(services: &Services, ask: Ask) -> Told {
    let here = env::current_dir().map_err(|error| {
        local(format!("The working folder cannot be found: {error}."))
            .hint("Start the program in a folder that is there.")
    });
    let news = here.and_then(|here| {
        let paths = Paths::discover(here.clone());
        let around = sharing::surroundings(&paths, &services.environment);
        news(services, &around, &here, &ask)
    });
    Told { ask, news }
}

fn news(
    services: &Services,
    around: &Surroundings,
    here: &Path,
    ask: &Ask,
) -> Result<News, Failure> {
    let prepare = |run: &RunId| {
        let order = order(run, &ask.order);
        sharing::prepare(&services.shelf(), &services.state_dir, around, &order)
    };
    match &ask.what {
        What::Send(_) => Err(local("That is sent, not written.")),
        What::Look => {
            let mut look = Look {
                folder: clean::line(&here.display().to_string()).into_owned(),
                ..Look::default()
            };
            let many = ask.order.runs.len() > 1;
            for run in &ask.order.runs {
                add(&mut look, &prepare(run)?, many);
            }
            Ok(News::Look(look))
        }
        What::File => {
            let mut written = Vec::new();
            for run in &ask.order.runs {
                let one = prepare(run).and_then(|prepared| write(&prepared, here));
                match one {
                    Ok(path) => written.push(shown(&path)),
                    Err(failure) if written.is_empty() => return Err(failure),
                    Err(mut failure) => {
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
            let prepared = prepare(run)?;
            blocked(&prepared)?;
            if prepared.bytes > CLIPBOARD || !prepared.format.is_text() {
                return Err(
                    local("The clipboard takes text up to 1 MB, and this is more.")
                        .hint("Write it to a file."),
                );
            }
            let mut text = Vec::new();
            let made = prepared.write(&mut text);
            made.map_err(|error| local(format!("The session cannot be read: {error}.")))?;
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(News::Text(text))
        }
    }
}

/// Brings sessions to a place that the person typed: one after the other.
pub(super) async fn send(services: Arc<Services>, ask: Ask) -> Told {
    let What::Send(to) = &ask.what else {
        return answer(&services, ask);
    };
    let mut sent: Vec<String> = Vec::new();
    for run in &ask.order.runs {
        match one(&services, order(run, &ask.order), to).await {
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

async fn one(services: &Arc<Services>, order: sharing::Order, to: &str) -> Result<String, Failure> {
    let (worker, to) = (Arc::clone(services), to.to_owned());
    let made = tokio::task::spawn_blocking(move || made(&worker, &order, &to));
    let made = made
        .await
        .map_err(|error| local(format!("It broke off: {error}.")))??;
    let (aside, parcel, target) = match made {
        Made::There(path) => return Ok(shown(&path)),
        Made::Parcel(aside, parcel, target) => (aside, parcel, target),
    };
    let (now, count) = (outbox::now().0, Arc::default());
    let delivered = sharing::deliver(&parcel, &target, &services.environment, now, &count).await?;
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

fn order(run: &RunId, order: &Order) -> sharing::Order {
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
mod tests {
    use std::{fmt::Write as _, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::{
        config::dotenv::Environment,
        demo::Speed,
        store::{Header, samples},
    };

    const RUN: &str = "20261121-101530-k3f9";

    /// A state folder with the sample session, whose task is this.
    fn state(root: &Path, task: &str) -> Services {
        let folder = root.join("state/sessions").join(RUN);
        fs::create_dir_all(&folder).unwrap();
        let mut events = samples::session(RUN);
        events[0].kind = samples::started(RUN, 1, task);
        let mut log = serde_json::to_string(&Header::new(RunId(RUN.into()))).unwrap();
        for event in events {
            write!(log, "\n{}", serde_json::to_string(&event).unwrap()).unwrap();
        }
        fs::write(folder.join("events.jsonl"), log + "\n").unwrap();
        Services::new(Environment::default(), root.join("state"), Speed::default())
    }

    fn told(
        services: &Services,
        here: &Path,
        what: What,
        change: impl Fn(&mut Order),
    ) -> Result<News, Failure> {
        let mut order = Order {
            runs: vec![RunId(RUN.into())],
            format: Format::Html,
            turns: Turns::All,
            files: Files::With,
            suspects: Suspects::Stop,
        };
        change(&mut order);
        let ask = Ask { order, what };
        news(services, &Surroundings::default(), here, &ask)
    }

    #[test]
    fn files_are_as_large_as_was_told_and_nothing_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let services = state(root.path(), "a task in /home/mia/x");
        let here = root.path();
        for format in Format::ALL {
            let with = |order: &mut Order| order.format = format;
            let Ok(News::Look(look)) = told(&services, here, What::Look, with) else {
                panic!("{format:?}");
            };
            assert_eq!(look.masked.len(), 1, "{look:?}");
            assert!(look.suspects.is_empty(), "{look:?}");
            for end in ["", "-2"] {
                let Ok(News::Written(paths)) = told(&services, here, What::File, with) else {
                    panic!("{format:?}");
                };
                let about = fs::metadata(&paths[0]).unwrap();
                assert_eq!(about.len(), look.files[0].1, "{format:?}");
                assert_eq!(about.permissions().mode() & 0o777, 0o600);
                assert!(paths[0].contains(&format!("{RUN}{end}.")), "{paths:?}");
            }
        }
        let with = |order: &mut Order| order.format = Format::Md;
        let Ok(News::Text(text)) = told(&services, here, What::Text, with) else {
            panic!("no text");
        };
        assert!(text.starts_with("# Session") && text.contains("~/x"));
        let with = |order: &mut Order| order.format = Format::Bundle;
        assert!(told(&services, here, What::Text, with).is_err());
    }

    #[test]
    fn turns_and_files_that_stay_at_home_are_told() {
        let root = tempfile::tempdir().unwrap();
        let services = state(root.path(), "a task");
        let look = |change: fn(&mut Order)| match told(&services, root.path(), What::Look, change) {
            Ok(News::Look(look)) => look,
            other => panic!("{other:?}"),
        };
        let all = look(|_| {});
        let less = look(|order| {
            order.turns = Turns::Latest;
            order.files = Files::Without;
        });
        assert!(less.left_out.len() > all.left_out.len(), "{less:?}");
    }

    #[test]
    fn what_may_be_a_secret_stops_it_until_it_is_masked() {
        let root = tempfile::tempdir().unwrap();
        let services = state(root.path(), "use postgres://me:hunter2x@db/x");
        let here = root.path();
        let stop = |_: &mut Order| {};
        let Ok(News::Look(look)) = told(&services, here, What::Look, stop) else {
            panic!("no look");
        };
        assert!(!look.suspects.is_empty(), "{look:?}");
        for what in [What::File, What::Text] {
            assert!(told(&services, here, what, stop).is_err());
        }
        assert_eq!(fs::read_dir(here).unwrap().count(), 1, "nothing is written");
        let mask = |order: &mut Order| order.suspects = Suspects::Mask;
        let Ok(News::Written(paths)) = told(&services, here, What::File, mask) else {
            panic!("not written");
        };
        let page = fs::read_to_string(&paths[0]).unwrap();
        assert!(!page.contains("hunter2x"));
    }

    #[test]
    fn what_was_written_before_a_failure_is_told() {
        let root = tempfile::tempdir().unwrap();
        let services = state(root.path(), "a task");
        let both = |order: &mut Order| order.runs.push(RunId("20200101-000000-none".into()));
        let failure = told(&services, root.path(), What::File, both).unwrap_err();
        assert!(
            failure.message.contains(&format!("{RUN}.html")),
            "{failure}"
        );
    }
}
