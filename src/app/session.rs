//! Puts a team, a log, folders and a reader together and starts the engine.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Services, Team, ground::Ground, inbox::Inbox, listening, owned};
use crate::{
    demo,
    engine::{
        self, Session, SessionSetup,
        leave::{Gate, Written},
        outbox,
        premises::{Grounds, Premises},
    },
    logging::{Area, Level, tell},
    protocol::{Event, Failure, FailureKind, Folder, Origin, Rules, RunId, change::Access},
    store::{self, WriterHandle, redact::Redactor},
    workspace::sample,
};

/// Starts a session. Without a log it runs all the same, and says so.
///
/// # Errors
/// A folder that the team is to work on cannot be used.
pub async fn start(
    services: &Services,
    team: Team,
    prompt: String,
    events: mpsc::Sender<Event>,
) -> Result<(RunId, Session), Failure> {
    let run = new_name();
    let session = start_as(services, run.clone(), team, prompt, events).await?;
    Ok((run, session))
}

/// A name that no session has.
pub(super) fn new_name() -> RunId {
    store::new_run_id(outbox::now().0)
}

/// The same under a name that was made before.
///
/// # Errors
/// As for [`start`].
pub(super) async fn start_as(
    services: &Services,
    run: RunId,
    mut team: Team,
    prompt: String,
    events: mpsc::Sender<Event>,
) -> Result<Session, Failure> {
    if let Some(folder) = planted(services, &team, &run).await? {
        team.rules.working.folders = vec![folder];
    }
    let made = owned::settle(&services.state_dir, &run, &mut team.rules.working).await?;
    tell(Level::Info, Area::Run, || {
        format!("session {run} starts with {} agents", team.members.len())
    });
    let redactor = Redactor::new(&team.secrets);
    let gate = gate(services, &run, &team.rules, redactor)?;
    let ground = Ground::lay(services, &run, &team.rules, &gate)
        .await
        .inspect_err(|_| made.iter().for_each(|made| owned::unmake(made)))?;
    let opened = match &services.store {
        Ok(store) => store.write(run.clone()),
        Err(failure) => Err(failure.clone()),
    };
    let inbox = team.inbox.take();
    let (mut setup, mut sinks) = parts(run.clone(), team, opened, events);
    setup.grounds = premises(ground);
    setup.gate = Some(gate);
    sinks.subscribers.extend(inbox.as_ref().map(Inbox::ear));
    let (ear, told) = services.ear(&run).unzip();
    sinks.subscribers.extend(ear);
    sinks.prompts.clone_from(&services.dump_prompts);
    let session = engine::spawn(setup, sinks, prompt);
    listening::pass_on(told, &session);
    if let Some(inbox) = inbox {
        inbox.start(&session.commands);
    }
    Ok(session)
}

/// What decides what the agents of a session may do, and writes it down beside its log.
pub(super) fn gate(
    services: &Services,
    run: &RunId,
    rules: &Rules,
    redactor: Redactor,
) -> Result<Gate, Failure> {
    let session = services.state_dir.join("sessions").join(&run.0);
    let record = Written::new(session, redactor);
    Gate::new(rules.permitting.clone(), record).map_err(|why| Failure::new(FailureKind::Local, why))
}

/// The folders as the engine sees them.
pub(super) fn premises(ground: Option<Ground>) -> Grounds {
    ground.map(|ground| Arc::new(ground) as Arc<dyn Premises>)
}

/// The sample repository of a demo scene that changes files, made for this session alone.
async fn planted(services: &Services, team: &Team, run: &RunId) -> Result<Option<Folder>, Failure> {
    let Origin::Demo { scenario } = &team.origin else {
        return Ok(None);
    };
    let scenario = demo::find(scenario)?;
    if scenario.files.is_empty() {
        return Ok(None);
    }
    let folder = services.state_dir.join("samples").join(&run.0);
    let path = folder.display().to_string();
    super::ground::blocking(move || {
        let files = scenario.files.iter();
        let files = files.map(|(path, text)| (path.as_str(), text.as_str()));
        sample::plant(&folder, files, &format!("Begin {}", scenario.name))
    })
    .await?;
    Ok(Some(Folder {
        path,
        access: Access::Write,
        protected: Vec::new(),
    }))
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
        gate: None,
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
