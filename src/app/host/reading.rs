//! A model reads the log of a session for a program: planned, bounded in money, kept beside the session.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Host, blocking};
use crate::{
    app::analysis::{self, Desk, Kept, Step, Wanted},
    config::Paths,
    protocol::{Failure, FailureKind, RunId},
    report::{self, analysis::Analysis},
    text::clean,
};

/// US dollars that one reading may cost when nobody says how much.
pub const USD: f64 = 0.5;

/// What is to be read, and by whom.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The session, as it was named.
    pub id: String,
    /// `provider/model`, `auto`, or `demo/analyst`, a script.
    pub model: String,
    /// Which turn, as `2` or `2.1`; the last without it.
    pub turn: Option<String>,
    /// US dollars at most; [`USD`] without it.
    pub max_usd: Option<f64>,
}

/// What a model made of it.
#[derive(Clone, Debug)]
pub struct Read {
    /// The session.
    pub run: RunId,
    /// The number under which it is kept.
    pub number: u32,
    /// It as a page; clean.
    pub page: String,
    /// It as data.
    pub analysis: Analysis,
    /// Whether it was there already and nothing was asked.
    pub kept: bool,
}

impl Host {
    /// Has a model read a session; `tell` hears what happens on the way. What this model has read already
    /// is not asked again. Dropping the future stops it, and nothing is kept.
    ///
    /// # Errors
    /// No such session, turn or model (with what is known), a price above the limit, a call that fails.
    pub async fn read(&self, reading: Reading, tell: mpsc::Sender<Step>) -> Result<Read, Failure> {
        let run = self.find(&reading.id).await?;
        let (shelf, services) = (self.services.shelf(), Arc::clone(&self.services));
        let (named, wanted) = (run.clone(), reading.model);
        let (desk, name) = blocking(move || {
            let desk = Desk::open(&shelf, &named.0)?;
            let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
            Ok((desk, analysis::meant(&wanted, &services, &paths, None)))
        })
        .await?;
        let turn = desk.turn(reading.turn.as_deref())?;
        let wanted = Wanted {
            name,
            ..Wanted::default()
        };
        let analyst = analysis::pick(&self.services, &wanted).await?;
        let plan = analysis::plan(analyst, &desk.report, turn, &desk.session.events)?;
        if let Some(kept) = desk.fresh(&plan) {
            return Ok(told(run, &desk, kept, true));
        }
        let most = self.most(reading.max_usd)?;
        // A server on this machine costs nothing that could be counted.
        if !plan.analyst.endpoint.local && !plan.analyst.scripted {
            plan.affordable(most).map_err(|failure| {
                failure.hint(
                    "Give a larger max_usd, a cheaper model, or no model for the figures alone.",
                )
            })?;
        }
        let events = desk.session.events.as_slice();
        let made = analysis::perform(&self.services, &plan, &run, (turn, events), tell).await?;
        let beside = desk.beside.clone();
        let kept = blocking(move || {
            let number = analysis::keep(&beside, &made)?;
            Ok(Kept {
                number,
                analysis: made,
            })
        })
        .await?;
        Ok(told(run, &desk, kept, false))
    }

    /// The limit of money: what is said, never above that of the program.
    fn most(&self, said: Option<f64>) -> Result<f64, Failure> {
        let most = said.unwrap_or(USD);
        if !most.is_finite() || most < 0.0 {
            let what = "The limit of money is no amount of money.";
            return Err(Failure::new(FailureKind::Request, what).hint("Give 0 or more US dollars."));
        }
        Ok(match self.services.overlay.number(LIMIT) {
            Some(own) => most.min(own),
            None => most,
        })
    }
}

/// The key of the limit of money.
const LIMIT: &str = "orchestrator.limits.usd";

fn told(run: RunId, desk: &Desk, kept: Kept, known: bool) -> Read {
    let page = report::page(&desk.sheet(&kept));
    Read {
        run,
        number: kept.number,
        page: clean::text(&page).into_owned(),
        analysis: kept.analysis,
        kept: known,
    }
}
