//! Traces and metrics of sessions: to a collector as OTLP over HTTP, and to a file as a profile.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{Counts, telling::Teller};
use crate::{
    hooks::retry::{self, Tried},
    protocol::{Event, EventKind, RunEvent, RunId, Timestamp},
    provider::http::upload::{self, Content, Upload},
    store::replace_private,
    telemetry::{Capture, Recorder, Span, chrome, otlp},
    text::percent::decoded,
};

/// Requests that may wait.
const QUEUE: usize = 32;
/// Spans of one request.
const BATCH: usize = 512;
/// Time for a request when nothing is said.
const WAIT: u64 = 10_000;

/// Where traces and metrics go, from the standard variables of OpenTelemetry.
#[derive(Clone, PartialEq, Eq)]
pub struct Exporting {
    traces: Option<String>,
    metrics: Option<String>,
    /// They may hold a key.
    headers: Vec<(String, String)>,
    service: String,
    wait: Duration,
    capture: Capture,
}

impl std::fmt::Debug for Exporting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporting").finish_non_exhaustive()
    }
}

impl Exporting {
    /// What the variables of the process say; `None` when no endpoint is named.
    ///
    /// # Errors
    /// A protocol that is not spoken, an endpoint that is no address.
    pub fn read(own: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let given = |name: &str| own(name).filter(|value| !value.trim().is_empty());
        let is_on =
            |name: &str| given(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        if is_on("OTEL_SDK_DISABLED") {
            return Ok(None);
        }
        let base = given("OTEL_EXPORTER_OTLP_ENDPOINT");
        let endpoint = |signal: &str, path: &str| {
            let kind = signal.to_ascii_uppercase();
            if given(&format!("OTEL_{kind}_EXPORTER")).as_deref() == Some("none") {
                return None;
            }
            given(&format!("OTEL_EXPORTER_OTLP_{kind}_ENDPOINT")).or_else(|| {
                base.as_ref()
                    .map(|base| format!("{}{path}", base.trim_end_matches('/')))
            })
        };
        let (traces, metrics) = (
            endpoint("traces", "/v1/traces"),
            endpoint("metrics", "/v1/metrics"),
        );
        if traces.is_none() && metrics.is_none() {
            return Ok(None);
        }
        let off = "Nothing is exported to OpenTelemetry";
        let mut said = protocols(own).into_iter();
        if let Some((name, _)) = said.find(|(_, protocol)| protocol == "grpc") {
            return Err(format!(
                "{off}: {name} is grpc, and only http/json is spoken."
            ));
        }
        for url in [&traces, &metrics].into_iter().flatten() {
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err(format!(
                    "{off}: the endpoint has to begin with http:// or https://."
                ));
            }
        }
        let headers = given("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
        let mut pairs = vec![("content-type".to_owned(), "application/json".to_owned())];
        for pair in headers.split(',').filter(|pair| !pair.trim().is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(format!(
                    "{off}: OTEL_EXPORTER_OTLP_HEADERS has to be name=value,name=value."
                ));
            };
            let Some(value) = decoded(value.trim()) else {
                return Err(format!(
                    "{off}: a value of OTEL_EXPORTER_OTLP_HEADERS is no percent-encoded text."
                ));
            };
            pairs.push((name.trim().to_ascii_lowercase(), value));
        }
        let wait = given("OTEL_EXPORTER_OTLP_TIMEOUT").and_then(|wait| wait.trim().parse().ok());
        Ok(Some(Self {
            traces,
            metrics,
            headers: pairs,
            service: given("OTEL_SERVICE_NAME").unwrap_or_else(|| "massgen-tui".to_owned()),
            wait: Duration::from_millis(wait.unwrap_or(WAIT).clamp(100, 60_000)),
            capture: if is_on("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT") {
                Capture::Content
            } else {
                Capture::Nothing
            },
        }))
    }
}

/// The protocols that are asked for, each with its variable.
fn protocols(own: &dyn Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let names =
        ["", "_TRACES", "_METRICS"].map(|kind| format!("OTEL_EXPORTER_OTLP{kind}_PROTOCOL"));
    let said = names.into_iter().filter_map(|name| {
        let value = own(&name)?.trim().to_ascii_lowercase();
        (!value.is_empty()).then_some((name, value))
    });
    said.collect()
}

/// What to say when the variables ask for a protocol that is not spoken, while another does as well.
#[must_use]
pub fn other_protocol(own: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut said = protocols(own).into_iter();
    let (name, protocol) = said.find(|(_, protocol)| protocol != "http/json")?;
    Some(format!(
        "{name} is {protocol}; what is sent to OpenTelemetry is http/json, which collectors take at the \
         same address as http/protobuf."
    ))
}

/// A file for the profile, and what the program did before.
type Profile = (PathBuf, Vec<chrome::Phase>);

/// The export of one session.
pub struct Export {
    recorder: Recorder,
    to: Option<(Exporting, mpsc::Sender<(String, Value)>)>,
    profile: Option<Profile>,
    kept: Vec<Span>,
    began: u64,
    counts: Arc<Counts>,
    teller: Teller,
}

impl Export {
    /// Begins; requests are made by a task of their own.
    pub fn start(
        exporting: Option<&Exporting>,
        profile: Option<Profile>,
        (counts, teller): (&Arc<Counts>, &Teller),
        tasks: &TaskTracker,
    ) -> Self {
        let capture = exporting.map_or(Capture::Nothing, |exporting| exporting.capture);
        let to = exporting.map(|exporting| {
            let (queue, waiting) = mpsc::channel(QUEUE);
            let told = (Arc::clone(counts), teller.clone());
            tasks.spawn(send_all(exporting.clone(), waiting, told));
            (exporting.clone(), queue)
        });
        Self {
            recorder: Recorder::new(capture),
            to,
            profile,
            kept: Vec::new(),
            began: 0,
            counts: Arc::clone(counts),
            teller: teller.clone(),
        }
    }

    /// Takes an event in; never waits.
    pub fn take(&mut self, event: &Event) {
        if self.to.is_none() && self.profile.is_none() {
            return;
        }
        if self.began == 0 {
            self.began = event.at.0;
        }
        self.recorder.take(event);
        if matches!(event.kind, EventKind::Run(RunEvent::Ended(_))) {
            self.flush(event.at);
        }
    }

    /// The session is over. Writes the profile, so it blocks.
    pub fn close(mut self, last: Timestamp, run: &RunId) {
        self.recorder.close(last);
        self.flush(last);
        if let Some((file, phases)) = &self.profile {
            let trace = chrome::trace(&self.kept, phases).to_string();
            if let Err(failure) = replace_private(file, trace.as_bytes()) {
                let words = format!("the profile of {run}: {}", failure.message);
                crate::cli::complain(&words);
            }
        }
    }

    fn flush(&mut self, at: Timestamp) {
        let spans = self.recorder.spans();
        if let Some((exporting, queue)) = &self.to {
            let teller = &mut self.teller;
            let mut put = |url: &str, body: Value| {
                if let Err(TrySendError::Full(_)) = queue.try_send((url.to_owned(), body)) {
                    self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                    teller.first(|| {
                        "The OpenTelemetry collector is too slow: some figures are not sent."
                            .to_owned()
                    });
                }
            };
            if let Some(url) = &exporting.traces {
                for batch in spans.chunks(BATCH) {
                    put(
                        url,
                        otlp::traces(&exporting.service, self.recorder.trace(), batch),
                    );
                }
            }
            if let (Some(url), false) = (
                &exporting.metrics,
                spans.is_empty() || self.recorder.figures().is_empty(),
            ) {
                let figures = self.recorder.figures();
                put(
                    url,
                    otlp::metrics(&exporting.service, figures, self.began, at.0),
                );
            }
        }
        if self.profile.is_some() {
            self.kept.extend(spans);
        }
    }
}

/// Makes the requests, one after the other, each tried again within bounds.
async fn send_all(
    exporting: Exporting,
    mut waiting: mpsc::Receiver<(String, Value)>,
    (counts, mut teller): (Arc<Counts>, Teller),
) {
    while let Some((url, body)) = waiting.recv().await {
        let body = body.to_string();
        let begun = Instant::now();
        let mut tries = 0;
        let count = loop {
            tries += 1;
            let why = match once(&exporting, &url, &body).await {
                Tried::Taken => break &counts.taken,
                Tried::Refused(why) => why,
                Tried::Later(why) => {
                    if let Some(wait) = retry::wait(tries, begun.elapsed()) {
                        sleep(wait).await;
                        continue;
                    }
                    why
                }
            };
            teller.first(|| lost(&why, &url));
            break &counts.failed;
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// What is told of a request that failed; its address may hold a secret.
fn lost(why: &str, url: &str) -> String {
    let why = why.replace(url, "its address");
    format!("The OpenTelemetry collector did not take what was sent: {why}. The run goes on.")
}

async fn once(exporting: &Exporting, url: &str, body: &str) -> Tried {
    let upload = Upload {
        method: "POST",
        url: url.to_owned(),
        headers: exporting.headers.clone(),
        body: Content::Text(body.to_owned()),
    };
    match timeout(
        exporting.wait,
        upload::send(upload, Arc::new(AtomicU64::new(0))),
    )
    .await
    {
        Ok(Ok(sent)) => Tried::status(sent.status),
        Ok(Err(lost)) => Tried::Later(lost.words),
        Err(_) => Tried::Later("no answer in time".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Option<Exporting>, String> {
        Exporting::read(&|name| {
            let found = given.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_standard_variables_are_understood() {
        assert_eq!(read(&[]), Ok(None));
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/");
        let both = read(&[base, ("OTEL_EXPORTER_OTLP_HEADERS", "X-Key=a%20b, other=c")])
            .unwrap()
            .unwrap();
        assert_eq!(
            both.traces.as_deref(),
            Some("http://127.0.0.1:4318/v1/traces")
        );
        assert_eq!(
            both.metrics.as_deref(),
            Some("http://127.0.0.1:4318/v1/metrics")
        );
        assert_eq!(both.headers[1], ("x-key".to_owned(), "a b".to_owned()));
        assert_eq!(both.capture, Capture::Nothing);
        let traces = read(&[base, ("OTEL_METRICS_EXPORTER", "none")])
            .unwrap()
            .unwrap();
        assert_eq!(traces.metrics, None);
        let own = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c.example/t")];
        assert_eq!(
            read(&own).unwrap().unwrap().traces.as_deref(),
            Some("https://c.example/t")
        );
        assert_eq!(read(&[base, ("OTEL_SDK_DISABLED", "true")]), Ok(None));
        for name in [
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        ] {
            let told = read(&[base, (name, " GRPC")]).unwrap_err();
            assert!(told.contains(name), "{told}");
        }
        for wrong in ["x", "x=%4"] {
            assert!(read(&[base, ("OTEL_EXPORTER_OTLP_HEADERS", wrong)]).is_err());
        }
        let secret = [
            base,
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=Basic%20c2VjcmV0%3D%3D"),
        ];
        let secret = read(&secret).unwrap().unwrap();
        assert_eq!(secret.headers[1].1, "Basic c2VjcmV0==");
        assert!(!format!("{secret:?}").contains("c2VjcmV0"));
        let said = |value: &'static str| {
            other_protocol(&|name| {
                (name == "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").then(|| value.to_owned())
            })
        };
        assert_eq!((said(""), said("http/json")), (None, None));
        let words = said("http/protobuf").unwrap();
        assert!(
            words.contains("TRACES_PROTOCOL is http/protobuf"),
            "{words}"
        );
        assert!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318")]).is_err());
    }
}
