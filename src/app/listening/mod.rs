//! Those who hear the events of every session beside the log and the reader: hooks, exporters of traces,
//! the profile of a run.
//!
//! One task per session takes every event at once and only computes; what takes time (a request, a
//! program) is done by other tasks behind bounded queues. So no listener ever slows a run: what does not
//! fit into a queue is dropped, counted and told. [`Listeners::settle`] gives what is under way a moment
//! when the program ends.

mod deliver;
mod export;
mod hook;
mod telling;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use secrecy::SecretString;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::TaskTracker;

pub use export::Exporting;
pub use telling::pass_on;

use self::{deliver::Line, export::Export, telling::Teller};
use crate::{
    config::{Environment, Paths, hooking},
    engine::outbox,
    hooks::{self, Hook},
    protocol::{Event, RunId, Timestamp},
    run::RunState,
    telemetry::chrome::Phase,
};

/// Events that may wait for a follower; it takes them at once.
const EVENTS: usize = 1024;

/// Where events of a session are heard, and what those who hear them tell it.
pub type Ear = (mpsc::Sender<Event>, mpsc::Receiver<String>);

/// Who hears the events of sessions. The default is nobody.
#[derive(Debug, Default)]
pub struct Listeners {
    hooks: Vec<Hook>,
    secrets: Vec<(String, SecretString)>,
    exporting: Option<Exporting>,
    profile: Option<PathBuf>,
    phases: Mutex<Vec<Phase>>,
    tasks: TaskTracker,
    counts: Arc<Counts>,
}

/// What became of deliveries.
#[derive(Debug, Default)]
pub struct Counts {
    /// Taken by the other side.
    pub taken: AtomicU64,
    /// Refused, or given up.
    pub failed: AtomicU64,
    /// Not even tried: too many waited.
    pub dropped: AtomicU64,
}

impl Listeners {
    /// Those that the person's own configuration and the environment of the process name, and what is
    /// wrong with them, a sentence each.
    #[must_use]
    pub fn gather(paths: &Paths, environment: &Environment) -> (Self, Vec<String>) {
        let mut troubles = Vec::new();
        let mut listeners = Self::default();
        match hooking::hooks(paths) {
            Ok(said) => {
                for said in said {
                    match hook::read(said, environment) {
                        Ok((hook, secret)) => {
                            listeners.secrets.extend(secret);
                            listeners.hooks.push(hook);
                        }
                        Err(trouble) => troubles.push(trouble),
                    }
                }
            }
            Err(trouble) => troubles.push(format!("No webhook is used: {trouble}.")),
        }
        let own = |name: &str| environment.process(name).map(str::to_owned);
        match Exporting::read(&own) {
            Ok(exporting) => {
                if exporting.is_some() {
                    troubles.extend(export::other_protocol(&own));
                }
                listeners.exporting = exporting;
            }
            Err(trouble) => troubles.push(trouble),
        }
        (listeners, troubles)
    }

    /// Writes a profile of every session, the last one's staying, to this file.
    pub fn profile(&mut self, file: PathBuf) {
        self.profile = Some(file);
    }

    /// A phase of the program that began at `from` ends now.
    pub fn phase(&self, name: &'static str, from: Timestamp) {
        if self.profile.is_some() {
            let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
            phases.push((name, from.0 * 1000, outbox::now().0 * 1000));
        }
    }

    /// Where the events of a session are heard, and what listeners tell it; `None` when nobody listens.
    /// `folder` is that of its log.
    #[must_use]
    pub fn ear(&self, run: &RunId, folder: &Path) -> Option<Ear> {
        if self.hooks.is_empty() && self.exporting.is_none() && self.profile.is_none() {
            return None;
        }
        let (ear, events) = mpsc::channel(EVENTS);
        let (teller, told) = Teller::new();
        let record = folder.join("hooks.jsonl");
        let lines = self.hooks.iter().map(|hook| {
            let secret = self.secrets.iter().find(|(name, _)| *name == hook.name);
            let secret = secret.map(|(_, secret)| secret.clone());
            Line::start(
                hook.clone(),
                secret,
                record.clone(),
                (&self.counts, &teller),
                &self.tasks,
            )
        });
        let lines = lines.collect();
        let phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let export = Export::start(
            self.exporting.as_ref(),
            self.profile.clone().map(|file| (file, phases.clone())),
            (&self.counts, &teller),
            &self.tasks,
        );
        self.tasks.spawn(follow(events, lines, export, run.clone()));
        Some((ear, told))
    }

    /// Waits for deliveries that are under way, at most so long, and says what went wrong.
    pub async fn settle(&self, limit: Duration) -> Option<String> {
        self.tasks.close();
        let late = timeout(limit, self.tasks.wait()).await.is_err();
        self.tasks.reopen();
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let (failed, dropped) = (count(&self.counts.failed), count(&self.counts.dropped));
        if failed == 0 && dropped == 0 && !late {
            return None;
        }
        let mut words = format!(
            "Webhooks and exports: {} taken, {failed} failed, {dropped} dropped",
            count(&self.counts.taken)
        );
        if late {
            words.push_str(", some not finished in time");
        }
        words.push_str("; hooks.jsonl beside the session's log has each of a hook.");
        Some(words)
    }
}

async fn follow(
    mut events: mpsc::Receiver<Event>,
    mut lines: Vec<Line>,
    mut export: Export,
    run: RunId,
) {
    let mut state = RunState::default();
    let mut last = Timestamp::default();
    while let Some(event) = events.recv().await {
        last = event.at;
        if !lines.is_empty() {
            state.apply(&event);
            if let Some(kind) = hooks::moment(&event, &state) {
                for line in &mut lines {
                    line.hear(kind, &event, &state);
                }
            }
        }
        export.take(&event);
    }
    // A profile that cannot be written is told by its writer.
    let _ = tokio::task::spawn_blocking(move || export.close(last, &run)).await;
}

impl super::Services {
    /// Where the events of a session are heard, and what listeners tell it; `None` when nobody listens.
    pub(super) fn ear(&self, run: &RunId) -> Option<Ear> {
        let folder = self.state_dir.join("sessions").join(&run.0);
        self.listeners.ear(run, &folder)
    }
}
