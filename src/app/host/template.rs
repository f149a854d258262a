//! A team from a template of the set-up, with the models that are at hand now.
//!
//! What comes of it is a configuration like any other, kept in the state folder, so that the session can be
//! gone on with. It is ours to the last word, so its content counts as approved.

use std::sync::Arc;

use super::{blocking, refused};
use crate::{
    app::{Services, Source, setup, trust::Chosen},
    config::{Overlay, Purpose, nearest},
    export::hash::{hex, sha256},
    protocol::Failure,
    setup::{Draft, Origin, Template, yaml},
    store::replace_private,
};

/// Letters of a sum in the name of a file.
const SUM: usize = 12;

/// The team of a template.
///
/// # Errors
/// There is no such template, nothing is at hand for it, or its configuration cannot be written.
pub(super) async fn team(
    services: &Arc<Services>,
    name: &str,
    overlay: &Overlay,
) -> Result<Source, Failure> {
    let template = Template::find(name).ok_or_else(|| {
        let near = nearest(name, Template::ALL.iter().map(|one| one.name()));
        let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        refused(format!("There is no template {name:?}.{near}"))
            .hint(format!("There are: {}.", Template::names()))
    })?;
    let found = setup::look(&services.client, &services.environment).await;
    let hand = setup::hand(&services.client, &services.environment, &found).await;
    let (draft, missing) = Draft::of(template, &hand);
    if let Some(missing) = missing {
        let what = format!("Nothing is at hand for the template {}.", template.name());
        return Err(refused(what).hint(missing));
    }
    let origin = Origin {
        made_by: format!("the template {}", template.name()),
        day: setup::today(),
    };
    let text = yaml(&draft, &hand, &origin);
    let (services, overlay) = (Arc::clone(services), overlay.clone());
    blocking(move || {
        let sum = hex(&sha256(text.as_bytes()));
        let sum = sum.get(..SUM).unwrap_or(&sum);
        let file = format!("{}-{sum}.yaml", template.name());
        let path = services.state_dir.join("templates").join(file);
        if std::fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            replace_private(&path, text.as_bytes())?;
        }
        setup::approve(&services.trust, &path, &services.environment)?;
        services
            .configuration_over(&path, Chosen::Found, Purpose::Run, &overlay)
            .map(Source::Config)
            .map_err(|refusal| refusal.failure())
    })
    .await
}
