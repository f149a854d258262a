//! Vendors' answers as their documentation shows them, one row each.

use serde_json::json;

use super::super::test_support::endpoint;
use super::*;

fn kind_of(status: u16, body: &str) -> FailureKind {
    let reply = Reply {
        status,
        body,
        ..Reply::default()
    };
    classify(reply, &endpoint("https://h.example/v1")).kind
}

#[test]
fn vendors_by_status_and_body() {
    use FailureKind as K;
    #[rustfmt::skip]
    let table: &[(&str, u16, &str, FailureKind)] = &[
        ("openai key", 401, r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#, K::Auth),
        ("openai forbidden", 403, r#"{"error":{"message":"no","type":"x","code":null}}"#, K::Auth),
        ("openai quota", 429, r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#, K::Quota),
        ("openai spend", 429, r#"{"error":{"message":"x","code":"project_spend_limit_exceeded"}}"#, K::Quota),
        ("openai rate", 429, r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#, K::RateLimit),
        ("openai too large for the tier", 429, r#"{"error":{"message":"Request too large for gpt on tokens per min (TPM)","code":"rate_limit_exceeded"}}"#, K::Context),
        ("openai busy", 503, r#"{"error":{"message":"x","code":"server_is_overloaded"}}"#, K::Overloaded),
        ("openai context", 400, r#"{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#, K::Context),
        ("openai model", 404, r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#, K::Model),
        ("openai long string", 400, r#"{"error":{"message":"maximum context length","code":"string_above_max_length"}}"#, K::Request),
        ("anthropic overloaded", 529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, K::Overloaded),
        ("anthropic billing", 402, r#"{"type":"error","error":{"type":"billing_error","message":"x"}}"#, K::Quota),
        ("anthropic long", 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens"}}"#, K::Context),
        ("gemini key", 400, r#"[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#, K::Auth),
        ("gemini minute", 429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x","details":[{"violations":[{"quotaId":"RequestsPerMinute"}]}]}}"#, K::RateLimit),
        ("gemini day", 429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x","details":[{"violations":[{"quotaId":"RequestsPerDayFree"}]}]}}"#, K::Quota),
        ("groq size", 413, r#"{"error":{"message":"Request too large","code":"rate_limit_exceeded"}}"#, K::Context),
        ("groq flex", 498, r#"{"error":{"message":"capacity"}}"#, K::Overloaded),
        ("together long", 403, r#"{"error":{"message":"Input: `inputs` tokens + `max_new_tokens` must be <= 4097"}}"#, K::Context),
        ("cerebras flat", 400, r#"{"message":"Current length is 9000 while limit is 8192","type":"invalid_request_error"}"#, K::Context),
        ("openrouter credits", 402, r#"{"error":{"code":402,"message":"Insufficient credits"}}"#, K::Quota),
        ("openrouter key limit", 403, r#"{"error":{"code":403,"message":"Key limit exceeded"}}"#, K::Quota),
        ("openrouter model", 400, r#"{"error":{"code":400,"message":"x/y is not a valid model ID"}}"#, K::Model),
        ("xai key", 400, r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***"}"#, K::Auth),
        ("zai plan", 429, r#"{"error":{"code":"1113","message":"Insufficient balance"}}"#, K::Quota),
        ("zai rate", 429, r#"{"error":{"code":"1302","message":"x"}}"#, K::RateLimit),
        ("zai busy", 429, r#"{"error":{"code":"1305","message":"x"}}"#, K::Overloaded),
        ("deepseek balance", 402, r#"{"error":{"message":"Insufficient Balance","type":"unknown_error"}}"#, K::Quota),
        ("deepseek model", 400, r#"{"error":{"message":"Model Not Exist"}}"#, K::Model),
        ("moonshot rate", 429, r#"{"error":{"type":"rate_limit_reached_error","message":"x"}}"#, K::RateLimit),
        ("moonshot busy", 429, r#"{"error":{"type":"engine_overloaded_error","message":"x"}}"#, K::Overloaded),
        ("moonshot quota", 429, r#"{"error":{"type":"exceeded_current_quota_error","message":"x"}}"#, K::Quota),
        ("qwen arrears", 400, r#"{"error":{"code":"Arrearage","message":"x"}}"#, K::Quota),
        ("qwen free tier", 403, r#"{"error":{"code":"AllocationQuota.FreeTierOnly","message":"x"}}"#, K::Quota),
        ("qwen long", 400, r#"{"error":{"message":"Range of input length should be [1, 30720]"}}"#, K::Context),
        ("mistral model", 400, r#"{"object":"error","message":"Invalid model: x","type":"invalid_model","code":"1500"}"#, K::Model),
        ("mistral field", 422, r#"{"detail":[{"loc":["body","x"],"msg":"Extra inputs are not permitted"}]}"#, K::Request),
        ("lm studio words", 404, r#"{"error":"Model \"x\" not found"}"#, K::Model),
        ("vllm model", 404, r#"{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404}"#, K::Model),
        ("vllm long", 400, r#"{"error":{"message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}}"#, K::Context),
        ("sglang long", 400, r#"{"object":"error","message":"The input (9 tokens) is longer than the model's context length (4 tokens)."}"#, K::Context),
        ("ollama model", 404, r#"{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error"}}"#, K::Model),
        ("ollama busy", 503, r#"{"error":"server busy, please try again"}"#, K::Overloaded),
        ("llama.cpp loading", 503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, K::Overloaded),
        ("llama.cpp long", 400, r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_ctx":256}}"#, K::Context),
        ("llama.cpp key", 401, r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#, K::Auth),
        ("filter", 400, r#"{"error":{"code":"content_filter","message":"x"}}"#, K::Refused),
        ("wrong path", 404, r#"{"detail":"Not Found"}"#, K::Request),
        ("wrong path, words", 404, "404 page not found", K::Request),
        ("empty 401", 401, "", K::Auth),
        ("empty 429", 429, "", K::RateLimit),
        ("empty 408", 408, "", K::Transient),
        ("empty 500", 500, "", K::Transient),
        ("empty 524", 524, "", K::Transient),
        ("empty 501", 501, "", K::Request),
        ("empty 301", 301, "", K::Request),
        ("page 502", 502, "<html><title>Bad gateway</title>", K::Transient),
        ("page 404", 404, "<!DOCTYPE html><p>", K::Request),
        ("page 200", 200, "<!doctype html><title>Sign in</title>", K::Transient),
        ("page 403", 403, "<html>blocked", K::Auth),
    ];
    for (name, status, body, expected) in table {
        assert_eq!(kind_of(*status, body), *expected, "{name}");
    }
}

#[test]
fn the_sentence_says_who_what_and_what_to_do() {
    let endpoint = endpoint("https://h.example/v1");
    let failure = classify(
        Reply {
            status: 401,
            body: r#"{"error":{"message":"Incorrect API key provided: sk-secret-123."}}"#,
            ..Reply::default()
        },
        &endpoint,
    );
    assert_eq!(
        failure.message,
        "openai (https://h.example/v1) answered 401 Unauthorized: Incorrect API key provided: [key]."
    );
    assert!(failure.hint.contains("OPENAI_API_KEY"), "{}", failure.hint);
    assert_eq!(failure.status, Some(401));

    let page = classify(
        Reply {
            status: 502,
            body: "<html><head><title>Bad gateway</title>",
            ..Reply::default()
        },
        &endpoint,
    );
    assert!(
        page.message.contains("web page “Bad gateway”"),
        "{}",
        page.message
    );

    let moved = classify(
        Reply {
            status: 301,
            location: Some("https://new.example/v1/chat/completions"),
            ..Reply::default()
        },
        &endpoint,
    );
    assert!(
        moved.hint.contains("use https://new.example/v1 as"),
        "{}",
        moved.hint
    );

    let wait = classify(
        Reply {
            status: 429,
            body: "Please try again in 2s.",
            ..Reply::default()
        },
        &endpoint,
    );
    assert_eq!(wait.retry_after_ms, Some(2_000));
}

#[test]
fn errors_inside_a_stream() {
    use FailureKind as K;
    for (name, error, expected, status) in [
        (
            "openrouter",
            json!({"code": 502, "message": "upstream overloaded"}),
            K::Transient,
            Some(502),
        ),
        (
            "openrouter rate",
            json!({"code": 429, "message": "slow"}),
            K::RateLimit,
            Some(429),
        ),
        ("words only", json!("something broke"), K::Transient, None),
        (
            "lm studio",
            json!({"message": "The number of tokens to keep from the initial prompt is greater than the context length"}),
            K::Context,
            None,
        ),
        (
            "request",
            json!({"message": "bad field", "type": "invalid_request_error"}),
            K::Request,
            None,
        ),
        ("nothing", json!({}), K::Transient, None),
        (
            "flat",
            json!({"object": "error", "message": "x", "code": 500}),
            K::Transient,
            Some(500),
        ),
    ] {
        let failure = in_stream(&error, &endpoint("http://h/v1"));
        assert_eq!(failure.kind, expected, "{name}");
        assert_eq!(failure.status, status, "{name}");
    }
}

#[test]
fn pages_are_recognised() {
    for (body, expected) in [
        ("<!DOCTYPE html>", true),
        ("\n  <html lang=en>", true),
        ("<!-- x -->", true),
        ("<think>", false),
        ("{}", false),
        ("", false),
    ] {
        assert_eq!(is_html(body), expected, "{body}");
    }
}
