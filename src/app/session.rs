//! Puts a team, a log and a reader together and starts the engine.

use tokio::sync::mpsc;

use super::{Services, Team, inbox::Inbox};
use crate::{
    engine::{self, Session, SessionSetup, outbox},
    protocol::{Event, Failure, RunId},
    store::{self, WriterHandle, redact::Redactor},
};

/// Starts a session. Without a log it runs all the same, and says so.
#[must_use]
pub fn start(
    services: &Services,
    mut team: Team,
    prompt: String,
    events: mpsc::Sender<Event>,
) -> (RunId, Session) {
    let run = store::new_run_id(outbox::now().0);
    let opened = match &services.store {
        Ok(store) => store.write(run.clone()),
        Err(failure) => Err(failure.clone()),
    };
    let inbox = team.inbox.take();
    let (setup, mut sinks) = parts(run.clone(), team, opened, events);
    sinks.subscribers.extend(inbox.as_ref().map(Inbox::ear));
    sinks.prompts.clone_from(&services.dump_prompts);
    let session = engine::spawn(setup, sinks, prompt);
    if let Some(inbox) = inbox {
        inbox.start(&session.commands);
    }
    (run, session)
}

/// What the engine needs of a team, a log and a reader.
pub(super) fn parts(
    run: RunId,
    team: Team,
    opened: Result<WriterHandle, Failure>,
    events: mpsc::Sender<Event>,
) -> (SessionSetup, outbox::Sinks) {
    let (log, trouble) = match opened {
        Ok(log) => (Some(log), None),
        Err(failure) => (None, Some(failure)),
    };
    let setup = SessionSetup {
        run,
        team: team.members,
        limits: team.limits,
        rules: team.rules,
        origin: team.origin,
        cwd: std::env::current_dir()
            .map(|path| path.display().to_string())
            .unwrap_or_default(),
        grounds: None,
    };
    let sinks = outbox::Sinks {
        log,
        subscribers: vec![events],
        redactor: Redactor::new(&team.secrets),
        trouble,
        prompts: None,
    };
    (setup, sinks)
}
