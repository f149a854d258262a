//! OTLP in JSON, as collectors take it over HTTP.

use serde_json::{Value, json};

use super::{
    Figures, Histogram, Span, SpanKind, TraceId,
    figures::{About, SECONDS, TOKENS},
};
use crate::export::hex;

/// A request to `/v1/traces`.
#[must_use]
pub fn traces(service: &str, trace: TraceId, spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(|one| span(trace, one)).collect();
    json!({"resourceSpans": [{
        "resource": resource(service),
        "scopeSpans": [{"scope": scope(), "spans": spans}],
    }]})
}

/// A request to `/v1/metrics`: all figures since `start`, as of `end` (milliseconds).
#[must_use]
pub fn metrics(service: &str, figures: &Figures, start: u64, end: u64) -> Value {
    let points = |of: &std::collections::BTreeMap<About, Histogram>, bounds: &[f64]| {
        let points: Vec<Value> = of
            .iter()
            .map(|(about, histogram)| point(about, histogram, bounds, (start, end)))
            .collect();
        // 2: figures are of all since the start.
        json!({"dataPoints": points, "aggregationTemporality": 2})
    };
    json!({"resourceMetrics": [{
        "resource": resource(service),
        "scopeMetrics": [{"scope": scope(), "metrics": [
            {"name": "gen_ai.client.operation.duration", "unit": "s", "description": "Time of calls to models.",
                "histogram": points(&figures.durations, &SECONDS)},
            {"name": "gen_ai.client.token.usage", "unit": "{token}", "description": "Tokens of calls to models.",
                "histogram": points(&figures.tokens, &TOKENS)},
        ]}],
    }]})
}

fn resource(service: &str) -> Value {
    json!({"attributes": [
        attribute("service.name", &json!(service)),
        attribute("service.version", &json!(env!("CARGO_PKG_VERSION"))),
    ]})
}

fn scope() -> Value {
    json!({"name": "massgen-tui", "version": env!("CARGO_PKG_VERSION")})
}

fn span(trace: TraceId, span: &Span) -> Value {
    let attributes: Vec<Value> = span
        .attributes
        .iter()
        .map(|(key, value)| attribute(key, value))
        .collect();
    let mut value = json!({
        "traceId": hex(&trace),
        "spanId": hex(&span.id),
        "name": span.name,
        "kind": match span.kind {
            SpanKind::Internal => 1,
            SpanKind::Client => 3,
        },
        "startTimeUnixNano": nanoseconds(span.start),
        "endTimeUnixNano": nanoseconds(span.end),
        "attributes": attributes,
        "status": match &span.failed {
            Some(why) => json!({"code": 2, "message": why}),
            None => json!({}),
        },
    });
    if let Some(parent) = span.parent {
        value["parentSpanId"] = json!(hex(&parent));
    }
    value
}

/// Whole numbers of 64 bits are texts in this JSON.
fn nanoseconds(milliseconds: u64) -> String {
    (u128::from(milliseconds) * 1_000_000).to_string()
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({"key": key, "value": any(value)})
}

fn any(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!({"boolValue": value}),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!({"intValue": whole.to_string()}),
            None => json!({"doubleValue": number}),
        },
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(items) => {
            let values: Vec<Value> = items.iter().map(any).collect();
            json!({"arrayValue": {"values": values}})
        }
        Value::Null | Value::Object(_) => json!({"stringValue": value.to_string()}),
    }
}

fn point(about: &About, histogram: &Histogram, bounds: &[f64], (start, end): (u64, u64)) -> Value {
    let attributes: Vec<Value> = about
        .iter()
        .map(|(key, value)| attribute(key, &json!(value)))
        .collect();
    let buckets: Vec<String> = histogram.buckets.iter().map(u64::to_string).collect();
    json!({
        "attributes": attributes,
        "startTimeUnixNano": nanoseconds(start),
        "timeUnixNano": nanoseconds(end),
        "count": histogram.count.to_string(),
        "sum": histogram.sum,
        "min": histogram.min,
        "max": histogram.max,
        "bucketCounts": buckets,
        "explicitBounds": bounds,
    })
}
