//! Following a run: its events as a stream, and waiting for its end.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use hyper::header::HeaderMap;
use tokio::time::timeout;

use super::{
    port::{Events, Picture, Runs, Standing},
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    sse,
};
use crate::protocol::{QuestionId, Reply as Answer, RunId, Seq};

/// Silence after which a sign of life is sent.
pub const QUIET: Duration = Duration::from_secs(15);

/// The last event that a client knows: of the query, or of the header when that is further on.
#[must_use]
pub fn seen(query: &Query, headers: &HeaderMap) -> Seq {
    let header = headers.get("last-event-id");
    let header = header.and_then(|id| id.to_str().ok()?.trim().parse().ok());
    Seq(query
        .whole("after")
        .unwrap_or_default()
        .max(header.unwrap_or_default()))
}

/// The events after `seen` as server-sent events.
///
/// # Errors
/// There is no such session, or its log cannot be read.
pub async fn events(runs: &dyn Runs, run: RunId, seen: Seq) -> Result<Reply, Problem> {
    if seen.0 > 0 {
        let picture = runs.get(run.clone()).await?;
        if picture.standing == Standing::Over && picture.state.last_seq <= seen.0 {
            return Ok(reply::nothing());
        }
    }
    let events = runs.events(run, seen).await?;
    Ok(reply::stream(frames(events, seen.0)))
}

/// What is sent of events; something at least every [`QUIET`].
fn frames(events: Events, last: u64) -> impl Stream<Item = String> + Send {
    stream::unfold(Some((events, last)), |state| async move {
        let (mut events, last) = state?;
        Some(match timeout(QUIET, events.next()).await {
            Err(_) => (sse::KEEP_ALIVE.to_owned(), Some((events, last))),
            Ok(Some(Ok(event))) => (sse::event(&event), Some((events, event.seq.0))),
            Ok(Some(Err(failure))) => (sse::broken(&failure.words()), None),
            Ok(None) => (sse::end(last), None),
        })
    })
}

/// The session when it is over, or after `wait`.
///
/// # Errors
/// There is no such session, or its log cannot be read.
pub async fn waited(runs: &dyn Runs, run: &RunId, wait: Duration) -> Result<Picture, Problem> {
    let picture = runs.get(run.clone()).await?;
    if picture.standing != Standing::Running || wait.is_zero() {
        return Ok(picture);
    }
    let mut events = runs
        .events(run.clone(), Seq(picture.state.last_seq))
        .await?;
    let ended = timeout(wait, async { while events.next().await.is_some() {} }).await;
    let mut picture = runs.get(run.clone()).await?;
    // The events end with the run; what is known of it may be a moment behind.
    if ended.is_ok() {
        picture.standing = Standing::Over;
    }
    Ok(picture)
}

/// Whether a question waits for an answer such as this.
///
/// # Errors
/// It does not wait, or for another kind of answer.
pub async fn is_asked(
    runs: &dyn Runs,
    run: &RunId,
    id: QuestionId,
    reply: &Answer,
) -> Result<(), Problem> {
    let picture = runs.get(run.clone()).await?;
    let hint = "GET the run: `questions` has those that wait.";
    let turn = picture.state.turn.as_ref();
    let asked = turn.and_then(|turn| turn.waiting().find(|asked| asked.question.id == id));
    let Some(asked) = asked else {
        let what = format!("There is no question {} that waits.", id.0);
        return Err(Problem::new(409, "not-asked", what, hint));
    };
    match asked.question.objection(reply) {
        Some(what) => Err(Problem::new(422, "unusable", what, hint)),
        None => Ok(()),
    }
}
