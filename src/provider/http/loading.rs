//! Models that are read into memory before they answer: told as such, and no failure.
//!
//! llama.cpp answers 503 "Loading model" until it is done, with its progress where it knows it; LM
//! Studio tells `model_load.*` in its stream, or nothing until the first byte. What is waited for
//! altogether is the first-byte timeout of servers on this machine.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Call, Stage};
use crate::protocol::{CallEvent, Failure, LoadProgress};
use crate::provider::{Endpoint, StreamEvent};

/// Points of progress between two events.
const STEP: u8 = 20;

/// What a call knows of the model that it waits for.
#[derive(Default)]
pub(super) struct Loading {
    /// Since when the server says so.
    since: Option<Instant>,
    /// What was told last.
    told: Option<LoadProgress>,
    /// The server's list says that the model is not in memory.
    unloaded: bool,
}

impl Loading {
    /// Whether this is worth telling.
    fn news(&mut self, progress: LoadProgress) -> bool {
        let news = match (self.told, progress) {
            (None, _) | (Some(LoadProgress::Unknown), LoadProgress::Percent(_)) => true,
            (Some(_), LoadProgress::Unknown) => false,
            (Some(LoadProgress::Percent(before)), LoadProgress::Percent(now)) => {
                now >= before.saturating_add(STEP)
            }
        };
        if news {
            self.told = Some(progress);
        }
        news
    }
}

/// How far the model is, when that is what the answer says.
pub(super) fn said(status: u16, body: &str, endpoint: &Endpoint) -> Option<LoadProgress> {
    let body_says = || {
        let body = body.to_lowercase();
        ["loading model", "model is loading", "loading the model"]
            .iter()
            .any(|words| body.contains(words))
    };
    (endpoint.local && status == 503 && body_says()).then(|| {
        let body = serde_json::from_str::<Value>(body).unwrap_or_default();
        percent(&body)
            .or_else(|| percent(body.get("error")?))
            .unwrap_or(LoadProgress::Unknown)
    })
}

/// How far the model is, when a frame of the stream says so.
pub(super) fn frame(data: &str) -> Option<LoadProgress> {
    if !data.contains("model_load.") {
        return None;
    }
    let frame: Value = serde_json::from_str(data).ok()?;
    let kind = frame.get("type")?.as_str()?;
    kind.starts_with("model_load.")
        .then(|| percent(&frame).unwrap_or(LoadProgress::Unknown))
}

/// `progress` as a share or in percent.
fn percent(value: &Value) -> Option<LoadProgress> {
    let progress = value.get("progress")?.as_f64()?;
    let percent = if progress <= 1.0 {
        progress * 100.0
    } else {
        progress
    };
    Some(LoadProgress::Percent(percent.clamp(0.0, 100.0) as u8))
}

impl Call {
    /// Looks whether the model is in memory, on servers that tell.
    pub(super) async fn survey(&mut self) {
        self.stage = Stage::Send;
        let known = self.client.survey(&self.endpoint).await;
        if known.loaded == Some(false) {
            self.loading.unloaded = true;
            self.tell_loading(LoadProgress::Unknown);
        }
    }

    /// The server loads the model: looks again soon, which is no further attempt.
    pub(super) fn load(&mut self, progress: LoadProgress, failure: Failure) {
        let now = Instant::now();
        let since = *self.loading.since.get_or_insert(now);
        if now - since >= self.client.patience(&self.endpoint).first_byte {
            self.failed(failure);
            return;
        }
        self.well();
        self.tell_loading(progress);
        let pause = self.policy.base_ms.saturating_mul(4);
        self.stage = Stage::Wait(Duration::from_millis(pause));
    }

    /// The reply is here. A model that had to be loaded has its window only now.
    pub(super) async fn loaded(&mut self) {
        if self.loading.unloaded || self.loading.since.is_some() {
            self.client.survey(&self.endpoint).await;
        }
    }

    fn tell_loading(&mut self, loading: LoadProgress) {
        if self.loading.news(loading) {
            let event = CallEvent::Loading { loading };
            self.ready.push_back(Ok(StreamEvent::Call(event)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::test_support::endpoint;

    #[test]
    fn only_a_server_nearby_that_says_so_loads_a_model() {
        let mut local = endpoint("http://127.0.0.1:8080/v1");
        local.local = true;
        let llama =
            r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#;
        let far = endpoint("https://h/v1");
        for (status, body, at, expected) in [
            (503, llama, &local, Some(LoadProgress::Unknown)),
            (500, llama, &local, None),
            (503, llama, &far, None),
            (503, r#"{"error":"busy"}"#, &local, None),
            (
                503,
                r#"{"error":{"message":"Loading model","progress":0.42}}"#,
                &local,
                Some(LoadProgress::Percent(42)),
            ),
            (
                503,
                "the model is loading",
                &local,
                Some(LoadProgress::Unknown),
            ),
        ] {
            assert_eq!(said(status, body, at), expected, "{body}");
        }
    }

    #[test]
    fn frames_of_a_load_are_known() {
        for (data, expected) in [
            (
                r#"{"type":"model_load.start"}"#,
                Some(LoadProgress::Unknown),
            ),
            (
                r#"{"type":"model_load.progress","progress":0.5}"#,
                Some(LoadProgress::Percent(50)),
            ),
            (
                r#"{"type":"model_load.progress","progress":75}"#,
                Some(LoadProgress::Percent(75)),
            ),
            (
                r#"{"choices":[{"delta":{"content":"model_load.start"}}]}"#,
                None,
            ),
            ("model_load.", None),
        ] {
            assert_eq!(frame(data), expected, "{data}");
        }
    }

    #[test]
    fn progress_is_told_in_steps() {
        let mut loading = Loading::default();
        let told: Vec<u8> = (0..=100)
            .filter(|percent| loading.news(LoadProgress::Percent(*percent)))
            .collect();
        assert_eq!(told, [0, 20, 40, 60, 80, 100]);
    }
}
