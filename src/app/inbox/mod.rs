//! The inbox: a folder whose files are the person's words and answers, for runs without a screen and
//! for scripts beside one.
//!
//! One task follows the session (who is in the team, what is being asked), another looks at the
//! folder now and then. Files wait while no turn runs. Both end with the session and keep nothing
//! alive. `docs/talking.md` tells people how to use it.

mod folder;
mod read;

use std::{path::PathBuf, time::Duration};

use tokio::sync::{mpsc, watch};

use self::folder::{Folder, Letter};
use crate::{
    protocol::{AgentCard, Command, Event, Failure, FailureKind, Question},
    run::RunState,
};

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(500);
/// Events that may wait for the inbox.
const EVENTS: usize = 256;

/// What the inbox knows of the session.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    running: bool,
    team: Vec<AgentCard>,
    waiting: Vec<Question>,
}

/// An inbox before its session runs.
#[derive(Debug)]
pub struct Inbox {
    folder: Folder,
    heard: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
}

impl Inbox {
    /// Opens the folder; it is made when it is not there.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn open(path: &str) -> Result<Self, Failure> {
        let folder = Folder::open(PathBuf::from(path)).map_err(|error| {
            let message = format!("The inbox \"{path}\" cannot be used: {error}.");
            Failure::new(FailureKind::Local, message)
                .hint("Name another folder with --inbox DIR or orchestrator.inbox.")
        })?;
        let (heard, events) = mpsc::channel(EVENTS);
        Ok(Self {
            folder,
            heard,
            events,
        })
    }

    /// Where it wants to hear the events of its session.
    #[must_use]
    pub fn ear(&self) -> mpsc::Sender<Event> {
        self.heard.clone()
    }

    /// Works for a session until it ends.
    pub fn start(self, commands: &mpsc::Sender<Command>) {
        // The session holds the only ear, so that its end is heard.
        drop(self.heard);
        let (told, known) = watch::channel(Known::default());
        tokio::spawn(follow(self.events, told));
        tokio::spawn(look(self.folder, known, commands.downgrade()));
    }
}

async fn follow(mut events: mpsc::Receiver<Event>, told: watch::Sender<Known>) {
    let mut state = RunState::default();
    while let Some(event) = events.recv().await {
        state.apply(&event);
        // Earlier turns are of no interest here.
        state.history.clear();
        let now = state
            .turn
            .as_ref()
            .map_or_else(Known::default, |turn| Known {
                running: !turn.is_over(),
                team: turn.start.team.clone(),
                waiting: turn.waiting().map(|asked| asked.question.clone()).collect(),
            });
        told.send_if_modified(|known| {
            let changed = *known != now;
            *known = now;
            changed
        });
    }
}

async fn look(
    mut folder: Folder,
    known: watch::Receiver<Known>,
    commands: mpsc::WeakSender<Command>,
) {
    // The follower ends with the session, and its word with it.
    while known.has_changed().is_ok() {
        tokio::time::sleep(PERIOD).await;
        let now = known.borrow().clone();
        if !now.running {
            continue;
        }
        let looked = tokio::task::spawn_blocking(move || {
            let letters = folder.look().unwrap_or_default();
            (folder, letters)
        });
        let Ok((back, letters)) = looked.await else {
            return;
        };
        folder = back;
        for letter in letters {
            let Some(commands) = commands.upgrade() else {
                return;
            };
            let said = take(&letter, &now, &commands).await;
            // A receipt that cannot be written takes nothing back.
            let _ = folder.receipt(&letter, &said);
        }
    }
}

/// Passes a letter on; its receipt, or why it is refused.
async fn take(
    letter: &Letter,
    known: &Known,
    commands: &mpsc::Sender<Command>,
) -> Result<String, String> {
    let content = letter.content.clone()?;
    let taken = read::read(&letter.name, &content, &known.team, &known.waiting)?;
    commands
        .send(taken.command)
        .await
        .map_err(|_| "The session has ended.".to_owned())?;
    Ok(taken.receipt)
}
