//! Performs what `update` asked for, off the loop where it takes time.
//!
//! Whatever comes back from outside passes the text gate before it becomes a message.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinHandle};

use super::editor;
use crate::{
    protocol::{Failure, FailureKind, Health},
    setup::preset::{Preset, Variable},
    text::{self, clean},
    tui::{
        LeftTold, compare, desk,
        effect::{Done, Draft, Launch, Query, Ticket},
        guide,
        ports::{Picture, Ports},
        report,
        review::{self, News},
        rooms::Told,
        sessions, trusting,
    },
};

/// Answers that may wait for the loop at once.
const WAITING: usize = 256;

/// Where answers arrive.
pub(super) type Answers = mpsc::Receiver<(Ticket, Done)>;

/// How long leaving waits for what is being written.
const PATIENCE: Duration = Duration::from_secs(10);

/// Performs effects that need no terminal.
pub(super) struct Performer {
    ports: Arc<dyn Ports>,
    answers: mpsc::Sender<(Ticket, Done)>,
    /// The last question that writes something.
    writing: Option<JoinHandle<()>>,
}

impl Performer {
    /// A performer and its answers.
    pub(super) fn new(ports: Arc<dyn Ports>) -> (Self, Answers) {
        let (answers, received) = mpsc::channel(WAITING);
        let performer = Self {
            ports,
            answers,
            writing: None,
        };
        (performer, received)
    }

    /// The world.
    pub(super) fn ports(&self) -> &dyn Ports {
        self.ports.as_ref()
    }

    /// Starts a session; answers only when that fails.
    pub(super) fn launch(&self, ticket: Ticket, launch: Launch) {
        let started = self.ports.launch(launch);
        let answers = self.answers.clone();
        tokio::spawn(async move {
            if let Err(failure) = started.await {
                // A closed channel means that the program is leaving.
                let _ = answers
                    .send((ticket, Done::LaunchFailed(clean_failure(failure))))
                    .await;
            }
        });
    }

    /// Asks the world. Questions that write something are answered in their order.
    pub(super) fn query(&mut self, ticket: Ticket, query: Query) {
        let writes = matches!(&query, Query::Room(ask) if ask.writes());
        let answer = self.ports.query(query);
        let answers = self.answers.clone();
        if !writes {
            tokio::spawn(async move {
                let _ = answers.send((ticket, clean_done(answer.await))).await;
            });
            return;
        }
        let before = self.writing.take();
        self.writing = Some(tokio::spawn(async move {
            if let Some(before) = before {
                // One that failed has told so; the next is tried nevertheless.
                let _ = before.await;
            }
            // Nobody reads answers when the program is leaving; then it is written all the same.
            let _ = answers.send((ticket, clean_done(answer.await))).await;
        }));
    }

    /// Waits, within bounds, until everything is written that was asked to be.
    pub(super) async fn settle(&mut self) {
        if let Some(writing) = self.writing.take() {
            let _ = tokio::time::timeout(PATIENCE, writing).await;
        }
    }

    /// Highlights a code block on a blocking thread.
    pub(super) fn highlight(&self, ticket: Ticket, job: text::HighlightJob) {
        let answers = self.answers.clone();
        tokio::task::spawn_blocking(move || {
            let done = Done::Highlighted(text::highlight::highlight(&job));
            let _ = answers.blocking_send((ticket, done));
        });
    }

    /// Writes a picture of a painted screen.
    pub(super) fn capture(&self, ticket: Ticket, picture: Picture) {
        let ports = Arc::clone(&self.ports);
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let saved = ports.save_capture(picture).await.map_err(clean_failure);
            let _ = answers.send((ticket, Done::Captured(saved))).await;
        });
    }

    /// Gives the text to `$EDITOR`. The terminal is already lent.
    pub(super) fn edit(&self, ticket: Ticket, text: String, draft: Draft) {
        let answers = self.answers.clone();
        tokio::task::spawn_blocking(move || {
            let edited = editor::edit(&text, draft)
                .map(|edited| {
                    edited.map(|text| match draft {
                        Draft::Prose => clean::text(&text).into_owned(),
                        Draft::Code => text,
                    })
                })
                .map_err(clean_failure);
            let _ = answers.blocking_send((ticket, Done::Edited(edited)));
        });
    }

    /// Tells that the editor could not get the terminal.
    pub(super) fn refuse_edit(&self, ticket: Ticket, why: &std::io::Error) {
        let failure = Failure::new(
            FailureKind::Local,
            format!("The terminal could not be handed over: {why}."),
        );
        // The channel is bounded and read by this very loop, so it must not wait here.
        let _ = self.answers.try_send((ticket, Done::Edited(Err(failure))));
    }
}

/// Cleans the texts of an answer. Server and model names are cleaned where they are shown, because
/// they are also sent back as they are; events pass the gate of the loop.
pub(in crate::tui) fn clean_done(done: Done) -> Done {
    match done {
        Done::Sessions(Err(failure)) => Done::Sessions(Err(clean_failure(failure))),
        Done::Opened(Err(failure)) => Done::Opened(Err(clean_failure(failure))),
        Done::LaunchFailed(failure) => Done::LaunchFailed(clean_failure(failure)),
        Done::Health(mut rows) => {
            for row in &mut rows {
                clean_health(row);
            }
            Done::Health(rows)
        }
        Done::Left(told) => Done::Left(clean_left(told)),
        Done::Discovered(_)
        | Done::Sessions(Ok(_))
        // The gate stands where the pieces of a session are put together.
        | Done::Opened(Ok(_))
        | Done::Highlighted(_)
        | Done::Woke
        | Done::Captured(_)
        | Done::Edited(_) => done,
        Done::Room(Told::Review(told)) => Done::Room(Told::Review(Box::new(clean_told(*told)))),
        Done::Room(Told::Sessions(told)) => {
            Done::Room(Told::Sessions(Box::new(sessions::ask::cleaned(*told))))
        }
        // Words of people are cleaned where they are shown: they are also edited and sent back.
        Done::Room(Told::Notes(mut told)) => {
            told.news = told.news.map_err(clean_failure);
            Done::Room(Told::Notes(told))
        }
        Done::Room(Told::Compare(told)) => {
            let told = told.map_err(clean_failure).map(|news| match news {
                compare::News::Written(files) => {
                    let clean = |file: &String| clean::line(file).into_owned();
                    compare::News::Written(files.iter().map(clean).collect())
                }
                // What is compared is clean since it was counted.
                news @ (compare::News::Here(..) | compare::News::Page(_)) => news,
            });
            Done::Room(Told::Compare(Box::new(told)))
        }
        Done::Room(Told::Report(told)) => Done::Room(Told::Report(Box::new(clean_report(*told)))),
        Done::Room(Told::Trust(told)) => {
            Done::Room(Told::Trust(Box::new(match *told {
                trusting::Told::Failed(failure) => trusting::Told::Failed(clean_failure(failure)),
                // The rest is cleaned where it is taken in.
                told @ (trusting::Told::Team { .. } | trusting::Told::Asked(_)) => told,
            })))
        }
        // Lines and values are cleaned where they are read; a failure may name a path.
        Done::Room(Told::Desk(told)) => Done::Room(Told::Desk(Box::new(match *told {
            desk::Told::Changed(done) => desk::Told::Changed(done.map_err(clean_failure)),
            desk::Told::Bound(bind, done) => desk::Told::Bound(bind, done.map_err(clean_failure)),
            told @ (desk::Told::Log(_) | desk::Told::Settings(_) | desk::Told::Checked(..)) => told,
        }))),
        Done::Room(Told::Guide(told)) => Done::Room(Told::Guide(Box::new(clean_guide(*told)))),
        // What is known of files is put together from clean lines, and a copy is made of clean text.
        Done::Room(Told::Give(mut told)) => {
            told.news = told.news.map_err(clean_failure);
            Done::Room(Told::Give(told))
        }
    }
}

/// What was found is cleaned where it was found; failures and paths are not.
fn clean_guide(told: guide::Told) -> guide::Told {
    let line = |text: String| clean::line(&text).into_owned();
    match told {
        guide::Told::Tried(outcome) => guide::Told::Tried(outcome.map(line).map_err(clean_failure)),
        guide::Told::Kept(outcome) => guide::Told::Kept(outcome.map(line).map_err(line)),
        guide::Told::Prompts(presets, troubles) => {
            let presets = presets.into_iter().map(clean_preset).collect();
            guide::Told::Prompts(presets, troubles.into_iter().map(line).collect())
        }
        guide::Told::Saved(outcome) => guide::Told::Saved(outcome.map_err(clean_failure)),
        told @ (guide::Told::Keys(_) | guide::Told::Part(_) | guide::Told::Models(..)) => told,
    }
}

/// A prompt as it may be shown and written.
fn clean_preset(preset: Preset) -> Preset {
    let line = |text: String| clean::line(&text).into_owned();
    let variables = preset.variables.into_iter().map(|one| Variable {
        name: line(one.name),
        default: one.default.map(line),
        help: line(one.help),
    });
    Preset {
        name: line(preset.name),
        description: line(preset.description),
        variables: variables.collect(),
        tasks: preset
            .tasks
            .iter()
            .map(|task| clean::text(task).into_owned())
            .collect(),
    }
}

/// Pages are cleaned where they are put together, line by line; failures are not.
fn clean_report(told: report::Told) -> report::Told {
    match told {
        report::Told::Papers(papers) => report::Told::Papers(papers.map_err(clean_failure)),
        report::Told::Models(models) => report::Told::Models(models.map_err(clean_failure)),
        report::Told::Preview(preview) => report::Told::Preview(preview.map_err(clean_failure)),
        report::Told::Written(path) => report::Told::Written(path.map_err(clean_failure)),
        report::Told::Heard(mut heard) => {
            heard.over = heard.over.map(|over| over.map_err(clean_failure));
            report::Told::Heard(heard)
        }
    }
}

/// Folders have any names.
fn clean_left(told: LeftTold) -> LeftTold {
    let line = |text: &String| clean::line(text).into_owned();
    match told {
        LeftTold::Listed(Ok(mut all)) => {
            for left in &mut all {
                left.folders = left.folders.iter().map(line).collect();
            }
            LeftTold::Listed(Ok(all))
        }
        LeftTold::Done(Ok(words)) => LeftTold::Done(Ok(line(&words))),
        LeftTold::Tidied(words) => LeftTold::Tidied(words.as_ref().map(line)),
        LeftTold::Listed(Err(failure)) => LeftTold::Listed(Err(clean_failure(failure))),
        LeftTold::Done(Err(failure)) => LeftTold::Done(Err(clean_failure(failure))),
    }
}

/// Servers write models' names and hints.
fn clean_health(row: &mut Health) {
    let texts = [&mut row.name, &mut row.base_url, &mut row.hint];
    for text in texts.into_iter().chain(&mut row.model) {
        *text = clean::line(text).into_owned();
    }
}

/// Cleans what the review screen paints. Bytes for an editor stay what they are, and names of agents'
/// files are cleaned where they are shown: they are also sent back.
fn clean_told(told: review::Told) -> review::Told {
    match told.map_err(clean_failure)? {
        News::File(content) => {
            let content = Arc::unwrap_or_clone(content);
            Ok(News::File(Arc::new(content.cleaned())))
        }
        News::Changes(set, left_out) if !left_out.is_empty() => {
            let clean = |words: &String| clean::line(words).into_owned();
            Ok(News::Changes(set, left_out.iter().map(clean).collect()))
        }
        news @ (News::Notes(_)
        | News::Kept
        | News::Changes(..)
        | News::Raw(_)
        | News::Built(_)
        | News::Preview(_)
        | News::Applied(_)
        | News::Undone(_)
        | News::Changed(_)) => Ok(news),
    }
}

fn clean_failure(mut failure: Failure) -> Failure {
    failure.message = clean::text(&failure.message).into_owned();
    failure.hint = clean::text(&failure.hint).into_owned();
    failure
}
