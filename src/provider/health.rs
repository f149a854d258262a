//! How endpoints are: all asked at once for their lists of models, none longer than the bound.
//!
//! A check costs no tokens and loads no model. A key goes only to the endpoint it belongs to; an
//! endpoint that wants a key and has none is not asked at all.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::protocol::{FailureKind, Health, HealthOf, HealthState, KeyState};

use super::http::Client;
use super::words::address;
use super::{Endpoint, listing};

/// Longest wait for one endpoint.
pub const BOUND: Duration = Duration::from_millis(500);

/// An endpoint to check.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Why it is checked.
    pub of: HealthOf,
    /// Whose it is, for people.
    pub name: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Whether its model must be on the list.
    pub has_model: bool,
    /// Whether it works without a key.
    pub optional_key: bool,
}

/// Checks all subjects in parallel; rows in their order.
pub async fn check(client: &Client, subjects: Vec<Subject>, bound: Duration) -> Vec<Health> {
    join_all(subjects.into_iter().map(|one| examine(client, one, bound))).await
}

async fn examine(client: &Client, subject: Subject, bound: Duration) -> Health {
    let Subject {
        of,
        name,
        endpoint,
        has_model,
        optional_key,
    } = subject;
    let mut row = Health {
        of,
        name,
        backend: endpoint.backend.clone(),
        base_url: address(&endpoint.base_url),
        model: has_model.then(|| endpoint.model.clone()),
        state: HealthState::NoKey,
        key: match (&endpoint.key, optional_key) {
            (Some(_), _) => KeyState::Set,
            (None, true) => KeyState::NotNeeded,
            (None, false) => KeyState::Missing,
        },
        latency_ms: None,
        models: None,
        loaded: None,
        rests_ms: client.rests(&endpoint),
        hint: String::new(),
    };
    if endpoint.key.is_none() && !optional_key {
        row.hint = match &endpoint.key_variable {
            Some(variable) => {
                format!("Set {variable}, or keep it: `massgen-tui keys set {variable}`.")
            }
            None => "Give the backend an api_key.".to_owned(),
        };
        return row;
    }
    let start = Instant::now();
    let answer = timeout(bound, client.get(&endpoint, "/models")).await;
    row.latency_ms = Some(start.elapsed().as_millis() as u64);
    (row.state, row.hint) = match answer {
        Err(_) => {
            row.latency_ms = None;
            let hint = format!(
                "It may be far away or loading; --timeout allows more than {} ms.",
                bound.as_millis()
            );
            (HealthState::Slow, hint)
        }
        Ok(Err(failure)) => (HealthState::Down, failure.words()),
        Ok(Ok(answer)) => match answer.status {
            200..=299 => listed(&mut row, &endpoint, &answer.body),
            status => refused(status, &answer.body, &endpoint),
        },
    };
    if row.state == HealthState::NoKey {
        row.key = KeyState::Missing;
    }
    row
}

/// An answer that should be a list.
fn listed(row: &mut Health, endpoint: &Endpoint, body: &str) -> (HealthState, String) {
    let list = serde_json::from_str::<Value>(body).ok();
    let Some(models) = list.as_ref().and_then(listing::parse) else {
        return (
            HealthState::Strange,
            "Check the base URL; most end in /v1.".to_owned(),
        );
    };
    row.models = Some(models.len());
    // Lists of some vendors are shorter than what they serve, so only a suggestion is made.
    let known = listing::matching(endpoint, &models).is_some();
    if row.model.is_none() || known || models.is_empty() {
        return (HealthState::Up, String::new());
    }
    let hint = listing::suggestion(&endpoint.model, &models).unwrap_or_default();
    (HealthState::NoModel, hint)
}

/// An answer that is an error.
fn refused(status: u16, body: &str, endpoint: &Endpoint) -> (HealthState, String) {
    let reply = super::classify::Reply {
        status,
        body,
        ..super::classify::Reply::default()
    };
    let failure = super::classify::classify(reply, endpoint);
    let state = match failure.kind {
        FailureKind::Auth | FailureKind::Quota if endpoint.key.is_some() => HealthState::KeyRefused,
        FailureKind::Auth | FailureKind::Quota => HealthState::NoKey,
        FailureKind::RateLimit | FailureKind::Overloaded => HealthState::Busy,
        FailureKind::Transient => HealthState::Down,
        _ => HealthState::Strange,
    };
    (state, failure.words())
}
