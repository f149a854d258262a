//! `--apply`: what becomes of the winner's files when a run without a screen ends.
//!
//! What was done is said on stderr, and with JSON output in one last line on stdout.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    sync::Arc,
    time::Duration,
};

use crate::{
    app::{self, Policy, Services, Taken},
    headless::{Format, Progress},
    protocol::{Failure, FailureKind, RunId},
    workspace::apply,
};

/// Exit code when there is an answer and its files could not be applied, or their patch not be written.
pub const NOT_TAKEN: u8 = 6;
/// Time for webhooks and exports that are under way at the end.
const SETTLE: Duration = Duration::from_secs(10);

/// The value of `--apply`.
pub fn policy(said: &str) -> Policy {
    match said {
        "never" => Policy::Never,
        "ask" => Policy::Ask,
        "auto" => Policy::Auto,
        _ => Policy::Patch,
    }
}

/// Ends what a killed program left half done in somebody's files, and says so.
pub async fn at_start(services: &Services) {
    for line in ended(services).await {
        super::complain(&line);
    }
}

/// Ends what a killed program left half done in somebody's files; gives the words for it.
pub async fn ended(services: &Services) -> Vec<String> {
    let state = services.state_dir.clone();
    let ended = tokio::task::spawn_blocking(move || apply::recover(&state)).await;
    match ended {
        Ok(Ok(ended)) => {
            let told = super::undo::told(&ended);
            told.lines().map(str::to_owned).collect()
        }
        Ok(Err(trouble)) => vec![trouble.to_string()],
        Err(error) => vec![format!("Old applications cannot be looked at: {error}.")],
    }
}

/// What a run without a screen does beside its work: a word about what a crash left behind, and
/// clearing away what nobody needs any more.
pub struct Beside {
    tidying: tokio::task::JoinHandle<Option<String>>,
    progress: Progress,
}

impl Beside {
    /// Begins it.
    pub async fn begin(services: &Arc<Services>, progress: Progress) -> Self {
        let own = Arc::clone(services);
        let left = tokio::task::spawn_blocking(move || app::left_behind(&own)).await;
        // What cannot be looked for now is offered at the next start.
        let left = left.unwrap_or(0);
        if left > 0 && progress == Progress::Shown {
            let sessions = if left == 1 {
                "1 session was".to_owned()
            } else {
                format!("{left} sessions were")
            };
            super::complain(&format!(
                "{sessions} cut off and left worktrees: `massgen-tui worktrees list` shows them."
            ));
        }
        let own = Arc::clone(services);
        let tidying = tokio::task::spawn_blocking(move || app::tidied(&own));
        Self { tidying, progress }
    }

    /// Says what was cleared away, if that is known by now; the rest waits for the next start.
    pub async fn end(self) {
        if self.tidying.is_finished()
            && let Ok(Some(words)) = self.tidying.await
            && self.progress == Progress::Shown
        {
            super::complain(&words);
        }
    }
}

/// Gives webhooks and exports that are under way a moment, and tells what went wrong with them.
pub async fn settled(services: &Services) {
    if let Some(words) = services.listeners.settle(SETTLE).await {
        super::complain(&words);
    }
}

/// Deals with the winner's files; gives the exit code in the place of `code`, the run's own.
pub async fn after(
    services: &Arc<Services>,
    run: RunId,
    policy: Policy,
    how: (Format, Progress),
    code: u8,
) -> u8 {
    settled(services).await;
    let services = Arc::clone(services);
    let work = move || app::after_run(&services, &run, policy, &ask);
    let taken = tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            let what = format!("The winner's files could not be looked at: {error}.");
            Err(Failure::new(FailureKind::Local, what))
        });
    // The code of a run that was stopped or failed says more.
    let worse = if matches!(code, 0 | 4) {
        NOT_TAKEN
    } else {
        code
    };
    match taken {
        Ok(taken) => {
            tell(&taken, how);
            if taken.iter().any(Taken::failed) {
                worse
            } else {
                code
            }
        }
        Err(failure) => {
            super::complain(&failure.words());
            worse
        }
    }
}

fn tell(taken: &[Taken], (format, progress): (Format, Progress)) {
    for one in taken {
        if one.failed() || progress == Progress::Shown {
            one.words().iter().for_each(|line| super::complain(line));
        }
    }
    if format == Format::Json && !taken.is_empty() {
        let line = serde_json::json!({ "massgen_tui": "taken", "folders": taken });
        // A closed pipe is nobody to tell.
        let _ = writeln!(io::stdout().lock(), "{line}");
    }
}

/// Asks at the terminal; `None` when there is none.
fn ask(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        super::complain("Nobody is at a terminal to be asked, so a patch is written.");
        return None;
    }
    let mut stderr = io::stderr();
    // Who cannot read the question does not answer it.
    let asked = write!(stderr, "{}", crate::text::clean::text(question));
    asked.and_then(|()| stderr.flush()).ok()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}
