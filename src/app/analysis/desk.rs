//! A session that is to be read by a model: its log, its figures, what is kept beside it; and which model
//! is meant where the choice is left open.

use std::{path::PathBuf, sync::Arc};

use super::{
    super::{Services, shelf::Shelf, trust::Chosen},
    AUTO, Kept, Plan, VARIABLE, kept,
};
use crate::{
    config::{Config, Paths, Purpose},
    protocol::{AgentId, Event, Failure, FailureKind, Sheet},
    report::{self, Of, Report},
    store::Session,
    text::clean,
};

/// A session and what is beside it.
pub struct Desk {
    /// The log.
    pub session: Session,
    /// Its figures.
    pub report: Report,
    /// The folder or file that analyses are kept beside.
    pub beside: PathBuf,
}

impl Desk {
    /// The session of a name. Blocking.
    ///
    /// # Errors
    /// No session is called so, or its log cannot be read.
    pub fn open(shelf: &Shelf, id: &str) -> Result<Self, Failure> {
        let volume = shelf.find(id)?;
        // Asked first: a turn that ends meanwhile has its end in what is read.
        let written = shelf.is_written(&volume);
        let session = shelf.read(&volume)?;
        let mut report = report::of(&session.header.run, &session.events);
        if written {
            report = report.still_written();
        }
        Ok(Self {
            session,
            report,
            beside: shelf.beside(&volume),
        })
    }

    /// The turn that is named: `2`, `2.1`, or none for the last.
    ///
    /// # Errors
    /// Of kind `Request`: it is not there, with those that are.
    pub fn turn(&self, name: Option<&str>) -> Result<&Of, Failure> {
        let wrong = |what: String| Failure::new(FailureKind::Request, what);
        let turns = &self.report.turns;
        let Some(name) = name else {
            let none = || wrong("The log holds no turn, so there is nothing to read.".into());
            return turns.last().ok_or_else(none);
        };
        let (turn, attempt) = match name.split_once('.') {
            Some((turn, attempt)) => (turn, Some(attempt)),
            None => (name, None),
        };
        let fits = |of: &&Of| {
            of.turn.to_string() == turn
                && attempt.is_none_or(|attempt| of.part.attempt.0.to_string() == attempt)
        };
        turns.iter().rfind(fits).ok_or_else(|| {
            let all: Vec<String> = turns
                .iter()
                .map(|of| match of.part.attempt {
                    (_, 1) => of.turn.to_string(),
                    (one, _) => format!("{}.{one}", of.turn),
                })
                .collect();
            wrong(format!(
                "The session has no turn {name}; it has {}.",
                all.join(", ")
            ))
        })
    }

    /// What this model has made of the turn as it is now. Blocking.
    #[must_use]
    pub fn fresh(&self, plan: &Plan) -> Option<Kept> {
        let (kept, _) = kept(&self.beside);
        kept.into_iter().rev().find(|kept| {
            let (of, by) = (&kept.analysis.of, &kept.analysis.by);
            (of.turn, of.attempt) == plan.turn
                && by.provider == plan.analyst.provider
                && by.model == plan.analyst.model
                && report::analysis::stale(&kept.analysis, &self.report.turns).is_none()
        })
    }

    /// An analysis as a page.
    #[must_use]
    pub fn sheet(&self, kept: &Kept) -> Sheet {
        let stale = report::analysis::stale(&kept.analysis, &self.report.turns);
        let words = |number: u64| {
            let events = &self.session.events;
            let found = events.binary_search_by_key(&number, |event: &Event| event.seq.0);
            let event = events.get(found.ok()?)?;
            let words = report::analysis::words_of(event, &|id| self.name(id));
            Some(clean::line(&words).into_owned())
        };
        report::analysis::sheet(&kept.analysis, stale.as_deref(), &words)
    }

    fn name(&self, id: AgentId) -> String {
        let mut agents = self.report.turns.iter().flat_map(|turn| &turn.agents);
        let found = agents.find(|agent| agent.agent == id);
        found.map_or_else(
            || id.to_string(),
            |agent| clean::line(&agent.name).into_owned(),
        )
    }
}

/// The name behind `auto`: the variable's, the configuration's, or `auto` itself. Blocking.
#[must_use]
pub fn meant(
    name: &str,
    services: &Services,
    paths: &Paths,
    config: Option<&Arc<Config>>,
) -> String {
    if name != AUTO {
        return name.to_owned();
    }
    let said = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    services
        .environment
        .get(VARIABLE)
        .and_then(said)
        .or_else(|| match config {
            Some(config) => config.analysis_model.clone().and_then(said),
            None => usual(services, paths)?
                .analysis_model
                .clone()
                .and_then(said),
        })
        .unwrap_or_else(|| AUTO.to_owned())
}

/// The configuration in its usual place, when it can be read and may be used.
fn usual(services: &Services, paths: &Paths) -> Option<Arc<Config>> {
    let path = paths.default_config()?;
    let config = services.configuration_for(&path, Chosen::Found, Purpose::Check);
    config.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::RunId,
        store::{Store, samples},
    };

    #[tokio::test]
    async fn a_turn_without_an_end_is_running_while_somebody_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunId("20261121-101530-k3f9".into());
        let store = Store::open(folder.path()).unwrap();
        let shelf = Shelf::new(folder.path(), &Paths::default(), None);
        let outcome = || {
            let desk = Desk::open(&shelf, &run.0).unwrap();
            desk.turn(None).unwrap().outcome
        };
        let log = store.write(run.clone()).unwrap();
        for event in samples::session(&run.0).into_iter().take(3) {
            log.append(event).await;
        }
        log.close().await;
        assert_eq!(outcome(), "unfinished");
        let again = store.reopen(&run).unwrap();
        assert_eq!(outcome(), "running");
        again.log.close().await;
        assert_eq!(outcome(), "unfinished");
    }
}
