//! Sessions of this machine, as a program asks for them: which there are, what happened in one, which files
//! its winner changed.

use std::sync::Arc;

use super::{Host, blocking};
use crate::{
    app::{Policy, Taken, after_run, analysis::Desk},
    catalog::{self, Entry, Filter, Shown, Sort},
    engine::outbox,
    protocol::{Event, Failure, FailureKind, RunId},
    report::Report,
};

impl Host {
    /// All sessions of this machine, the newest first; those in the bin are left out.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn list(&self) -> Result<Vec<Entry>, Failure> {
        let shelf = self.services.shelf();
        blocking(move || {
            let entries = shelf.entries()?;
            Ok(entries.into_iter().filter(|one| !one.deleted).collect())
        })
        .await
    }

    /// The same as far as a filter in the words of `logs list --filter` means them; archived ones are left
    /// out unless it asks for them.
    ///
    /// # Errors
    /// A filter that makes no sense (of kind `Request`), or the list cannot be read.
    pub async fn filtered(&self, words: &str) -> Result<Vec<Entry>, Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        let ground = catalog::Ground {
            now: outbox::now(),
            zone: jiff::tz::TimeZone::system(),
            here: Some(here.display().to_string()),
        };
        let filter = Filter::parse(words, &ground)
            .map_err(|wrong| Failure::new(FailureKind::Request, wrong.what).hint(wrong.hint))?;
        let entries = self.list().await?;
        let fits = catalog::select(&entries, &filter, Sort::default(), Shown::default());
        let fits = fits.into_iter().filter_map(|at| entries.get(at));
        Ok(fits.cloned().collect())
    }

    /// All events of a session's log and its whole name.
    ///
    /// # Errors
    /// No session is called so, or its log cannot be read.
    pub async fn events(&self, name: &str) -> Result<(RunId, Vec<Event>), Failure> {
        let run = self.find(name).await?;
        let shelf = self.services.shelf();
        blocking(move || {
            let volume = shelf.find(&run.0)?;
            let session = shelf.read(&volume)?;
            Ok((run, session.events))
        })
        .await
    }

    /// A session in figures, and its whole name.
    ///
    /// # Errors
    /// No session is called so, or its log cannot be read.
    pub async fn report(&self, name: &str) -> Result<(RunId, Report), Failure> {
        let run = self.find(name).await?;
        let shelf = self.services.shelf();
        blocking(move || {
            let desk = Desk::open(&shelf, &run.0)?;
            Ok((run, desk.report))
        })
        .await
    }

    /// The files that the winner of an ended session changed; nobody is asked, and no file of the person
    /// changes unless the policy says so.
    ///
    /// # Errors
    /// The log or the worktrees cannot be read, or a patch cannot be written.
    pub async fn taken(&self, run: &RunId, policy: Policy) -> Result<Vec<Taken>, Failure> {
        let (services, run) = (Arc::clone(&self.services), run.clone());
        blocking(move || after_run(&services, &run, policy, &|_| None)).await
    }
}
