//! The question about a project's configuration as the screen asks it, and what becomes of the answer.

use std::path::Path;

use super::{Asked, Chosen, Refusal};
use crate::{
    app::{Services, Source, guide::Configured},
    protocol::Origin,
    store::approvals::How,
    tui::{
        effect::Launch,
        options::TeamSummary,
        trusting::{self, Ask, Leave, Told},
    },
};

/// The question for the screen; `then` starts after a yes.
#[must_use]
pub fn question(asked: &Asked, then: Option<Launch>) -> trusting::Asked {
    let shown = |path: &std::path::PathBuf| path.display().to_string();
    trusting::Asked {
        path: shown(&asked.path),
        sum: asked.sum.clone(),
        included: asked.included.iter().map(shown).collect(),
        uses: asked.uses.iter().map(ToString::to_string).collect(),
        then,
    }
}

/// A team as the start screen offers it.
#[must_use]
pub fn summary(source: &Source) -> TeamSummary {
    let origin = source.origin();
    TeamSummary {
        title: match &origin {
            Origin::Config { path } => path.clone(),
            Origin::Demo { scenario } => scenario.clone(),
            Origin::Direct | Origin::Imported { .. } => "models from the command line".into(),
        },
        agents: source.roster(),
        origin,
    }
}

/// Does what the person said, and loads the team if it is still what was asked about.
#[must_use]
pub(in crate::app) fn answer(services: &Services, configured: &Configured, ask: &Ask) -> Told {
    let path = Path::new(&ask.path);
    services.trust.allow_once(path, &ask.sum);
    let kept = match ask.leave {
        Leave::Always => services.trust.approve(path, &ask.sum, How::Approved),
        Leave::Once | Leave::No => Ok(()),
    };
    match services.configuration(path, Chosen::Found) {
        Ok(config) => {
            let source = Source::Config(config);
            let told = Told::Team {
                team: summary(&source),
                given: source.given(services),
                unkept: kept.err(),
            };
            configured.set(source);
            told
        }
        Err(Refusal::Unapproved(asked)) => Told::Asked(Box::new(question(&asked, None))),
        Err(broken @ Refusal::Broken(_)) => Told::Failed(broken.failure()),
    }
}
