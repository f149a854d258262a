//! The list of models for a log: what each can, whether the log fits, what it may cost, whether it can be
//! asked now.

use std::sync::Arc;

use super::{Turn, blocking, opened};
use crate::{
    app::{
        Services,
        analysis::{self, AUTO, Candidate, KeyNeed, Money, VARIABLE, candidates},
    },
    config::Config,
    headless::words::usd,
    protocol::{Failure, RunId},
    report,
    text::clean,
    tui::report::Choice,
};

/// The models, those that can be asked first; the usual one is marked.
pub(super) async fn models(
    services: Arc<Services>,
    configured: Option<Arc<Config>>,
    run: RunId,
    turn: Turn,
) -> Result<Vec<Choice>, Failure> {
    let usual = usual(&services, configured.as_deref());
    let whole = {
        let services = Arc::clone(&services);
        blocking(move || {
            let desk = opened(&services, &run)?;
            let turn = super::turn(&desk, turn)?;
            let events = &desk.session.events;
            let evidence = report::analysis::evidence(&desk.report, turn, events, u64::MAX, 0);
            Ok(evidence.map_or(0, |evidence| evidence.seen.tokens))
        })
        .await?
    };
    let mut all = candidates(&services).await;
    if let Some(config) = &configured {
        let own = analysis::of_team(&services, config);
        // A team may reach a model in a way of its own.
        all.retain(|one| own.iter().all(|own| own.name() != one.name()));
        all.splice(0..0, own);
    }
    let auto = analysis::usual(&all).map(Candidate::name);
    let usual = usual.or(auto);
    let mut choices: Vec<Choice> = all
        .iter()
        .map(|one| choice(one, whole, usual.as_deref()))
        .collect();
    choices.sort_by_key(|choice| !choice.ready);
    Ok(choices)
}

fn choice(one: &Candidate, whole: u64, usual: Option<&str>) -> Choice {
    let room = one.offer.context.map(|window| window / 5 * 4);
    let name = one.name();
    let script = name == format!("{}/{}", analysis::DEMO.0, analysis::DEMO.1);
    let (window, tokens) = match (one.offer.context, room) {
        _ if script => (String::new(), whole),
        (Some(window), Some(room)) if room >= whole => (format!("{}, fits", short(window)), whole),
        (Some(window), Some(room)) => {
            let percent = room * 100 / whole.max(1);
            let words = format!("{}, condensed to {percent} %", short(window));
            (words, room)
        }
        _ => ("window unknown".to_owned(), whole),
    };
    let can = [
        (one.offer.tools == Some(true), "tools"),
        (one.offer.structured, "structured"),
        (one.offer.reasoning == Some(true), "reasons"),
    ];
    let can: Vec<&str> = can
        .iter()
        .filter(|(able, _)| *able)
        .map(|(_, word)| *word)
        .collect();
    let price = match Money::of(one.offer.price, tokens, 2_000).about {
        Some(about) if about > 0.0 => format!("about {}", usd(about)),
        Some(_) => "free".to_owned(),
        None => "price unknown".to_owned(),
    };
    let until = one.offer.until.as_ref().map(|day| format!(", until {day}"));
    let key = match &one.key {
        KeyNeed::Set => format!("key set{}", until.unwrap_or_default()),
        KeyNeed::None if script => "a script, no model".to_owned(),
        KeyNeed::None if one.nearby.is_none() => "no key needed".to_owned(),
        KeyNeed::None => "runs here".to_owned(),
        KeyNeed::Missing(variable) => format!("{variable} is missing"),
    };
    Choice {
        usual: usual == Some(name.as_str()),
        name: clean::line(&name).into_owned(),
        can: can.join(", "),
        window,
        price,
        key: clean::line(&key).into_owned(),
        ready: !matches!(one.key, KeyNeed::Missing(_)),
    }
}

fn short(tokens: u64) -> String {
    match tokens {
        0..10_000 => tokens.to_string(),
        10_000..1_000_000 => format!("{}k", tokens / 1_000),
        _ => format!("{:.1}M", tokens as f64 / 1_000_000.0),
    }
}

/// What the settings name.
fn usual(services: &Services, configured: Option<&Config>) -> Option<String> {
    let said = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let variable = services.environment.get(VARIABLE).and_then(said);
    let key = || configured?.analysis_model.clone().and_then(said);
    variable.or_else(key).filter(|name| name != AUTO)
}
