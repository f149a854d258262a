//! What every vendor answers when it does not answer, over a real connection: what the person is told,
//! how often it is asked again, what is never asked again. `docs/errors.md` names these tests.
//!
//! Bodies are as the vendors' documentation shows them (llama.cpp's as it was seen).

use massgen_tui::protocol::FailureKind as K;
use massgen_tui::provider::{Endpoint, Wire};

use super::{Call, client_with, endpoint, patient};
use crate::harness::sse_server::Server;

/// One answer: what it is about, status, body, class, and a word of the server's own that is shown.
type Row<'a> = (&'a str, u16, &'a str, K, &'a str);

/// Calls that are made for a failure that stays.
const fn requests(kind: K) -> usize {
    match kind {
        K::RateLimit | K::Transient => 4,
        K::Overloaded => 6,
        _ => 1,
    }
}

/// Plays every row against a server that always answers so.
async fn plays(backend: &str, wire: Wire, rows: &[Row<'_>]) {
    for (about, status, body, kind, word) in rows {
        let server = Server::start().await;
        let asked = Endpoint {
            backend: backend.to_owned(),
            wire,
            local: false,
            ..endpoint(server.base_url())
        };
        let call = tokio::spawn(Call::start(client_with(patient()), asked).rest());
        let mut count = 0;
        let answering = async {
            loop {
                let connection = server.accept().await;
                // The list of models is asked for when a name is unknown.
                count += usize::from(connection.request.line.starts_with("POST"));
                connection.reply(*status, &[], body).await;
            }
        };
        let reply = tokio::select! {
            () = answering => unreachable!("it answers for ever"),
            reply = call => reply.expect("it ends"),
        };
        let failure = reply.failure.expect(about);
        assert_eq!(failure.kind, *kind, "{backend}, {about}: {failure}");
        assert_eq!(count, requests(*kind), "{backend}, {about}: requests");
        assert_eq!(failure.status, Some(*status), "{backend}, {about}");
        let words = failure.words();
        assert!(words.contains(backend), "{backend}, {about}: {words}");
        assert!(words.contains(word), "{backend}, {about}: {words}");
        assert!(!failure.hint.is_empty(), "{backend}, {about}: no way out");
        // Nothing of a reply was made up.
        assert_eq!((reply.text.as_str(), reply.stop), ("", None));
    }
}

#[rustfmt::skip]
#[tokio::test]
async fn openai() {
    plays("openai", Wire::Responses, &[
        ("a wrong key", 401, r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#, K::Auth, "Incorrect API key"),
        ("a country", 403, r#"{"error":{"message":"Country not supported","code":"unsupported_country_region_territory"}}"#, K::Auth, "Country"),
        ("no quota", 429, r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#, K::Quota, "current quota"),
        ("no credit", 429, r#"{"error":{"message":"Add credits","code":"credit_balance_exhausted"}}"#, K::Quota, "Add credits"),
        ("an organisation's limit", 429, r#"{"error":{"message":"Limit","code":"organization_spend_limit_exceeded"}}"#, K::Quota, "Limit"),
        ("a project's limit", 429, r#"{"error":{"message":"Limit","code":"project_spend_limit_exceeded"}}"#, K::Quota, "Limit"),
        ("an organisation's use", 429, r#"{"error":{"message":"Limit","code":"organization_usage_limit_exceeded"}}"#, K::Quota, "Limit"),
        ("too fast", 429, r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#, K::RateLimit, "Rate limit"),
        ("slow down", 429, r#"{"error":{"message":"Slow down","code":"slow_down"}}"#, K::RateLimit, "Slow down"),
        ("an error of its own", 500, r#"{"error":{"message":"The server had an error"}}"#, K::Transient, "had an error"),
        ("a gateway", 502, "<html><title>Bad gateway</title>", K::Transient, "web page"),
        ("busy", 503, r#"{"error":{"message":"Overloaded","code":"server_is_overloaded"}}"#, K::Overloaded, "Overloaded"),
        ("a gateway's patience", 504, "", K::Transient, "504"),
        ("too long", 400, r#"{"error":{"message":"Your input exceeds the context window of this model","code":"context_length_exceeded"}}"#, K::Context, "exceeds the context window"),
        ("no such model", 404, r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#, K::Model, "does not exist"),
        ("a field", 400, r#"{"error":{"message":"Unknown parameter: 'x'.","type":"invalid_request_error","code":"unknown_parameter"}}"#, K::Request, "Unknown parameter"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn anthropic() {
    plays("claude", Wire::Messages, &[
        ("a wrong key", 401, r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_1"}"#, K::Auth, "invalid x-api-key"),
        ("no permission", 403, r#"{"type":"error","error":{"type":"permission_error","message":"not allowed"}}"#, K::Auth, "not allowed"),
        ("no money", 402, r#"{"type":"error","error":{"type":"billing_error","message":"Your credit balance is too low"}}"#, K::Quota, "too low"),
        ("a limit on spending", 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"Limit","details":{"error_code":"enforced_spend_limit_reached"}}}"#, K::Quota, "Limit"),
        ("a contract's limit", 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"Limit","details":{"error_code":"contract_spend_limit_reached"}}}"#, K::Quota, "Limit"),
        ("too fast", 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your rate limit"}}"#, K::RateLimit, "rate limit"),
        ("a ramp", 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"Ramp","details":{"error_code":"ramp_limit_exceeded"}}}"#, K::RateLimit, "Ramp"),
        ("overloaded", 529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, K::Overloaded, "Overloaded"),
        ("an error of its own", 500, r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#, K::Transient, "Internal"),
        ("its patience", 504, r#"{"type":"error","error":{"type":"timeout_error","message":"Timed out"}}"#, K::Transient, "Timed out"),
        ("too long", 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#, K::Context, "too long"),
        ("too long with its reply", 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and max_tokens exceed context limit"}}"#, K::Context, "context limit"),
        ("too many bytes", 413, r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#, K::Context, "maximum size"),
        ("no such model", 404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-nope"}}"#, K::Model, "claude-nope"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn gemini() {
    plays("gemini", Wire::Gemini, &[
        ("a wrong key", 400, r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#, K::Auth, "not valid"),
        ("the same in a list", 400, r#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#, K::Auth, "not valid"),
        ("no permission", 403, r#"{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}}"#, K::Auth, "denied"),
        ("no money", 402, r#"{"error":{"code":402,"message":"Billing is off","status":"FAILED_PRECONDITION"}}"#, K::Quota, "Billing"),
        ("the day is used up", 429, r#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}"#, K::Quota, "Quota exceeded"),
        ("too fast", 429, r#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProject"}]},{"retryDelay":"0.01s"}]}}"#, K::RateLimit, "Quota exceeded"),
        ("busy", 503, r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#, K::Overloaded, "overloaded"),
        ("an error of its own", 500, r#"{"error":{"code":500,"message":"Internal","status":"INTERNAL"}}"#, K::Transient, "Internal"),
        ("its patience", 504, r#"{"error":{"code":504,"message":"Deadline","status":"DEADLINE_EXCEEDED"}}"#, K::Transient, "Deadline"),
        ("too long", 400, r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#, K::Context, "1048576"),
        ("no such model", 404, r#"{"error":{"code":404,"message":"models/x is not found for API version v1beta","status":"NOT_FOUND"}}"#, K::Model, "models/x"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn groq() {
    plays("groq", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"message":"Invalid API Key","type":"invalid_request_error","code":"invalid_api_key"}}"#, K::Auth, "Invalid API Key"),
        ("money", 429, r#"{"error":{"message":"Your spend limit was reached"}}"#, K::Quota, "spend limit"),
        ("money, told as 400", 400, r#"{"error":{"message":"Organization has reached its spend limit"}}"#, K::Quota, "spend limit"),
        ("a gateway", 502, "", K::Transient, "502"),
        ("too fast", 429, r#"{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}"#, K::RateLimit, "Rate limit"),
        ("larger than the plan's minute", 413, r#"{"error":{"message":"Request too large for model","type":"tokens","code":"rate_limit_exceeded"}}"#, K::Context, "too large"),
        ("a call that is none", 400, r#"{"error":{"message":"Failed to call a function.","code":"tool_use_failed","failed_generation":"<function"}}"#, K::Transient, "call a function"),
        ("no flexible capacity", 498, r#"{"error":{"message":"Flex tier capacity exceeded"}}"#, K::Overloaded, "Flex"),
        ("an error of its own", 500, "{}", K::Transient, "500"),
        ("busy", 503, "{}", K::Overloaded, "503"),
        ("too long", 400, r#"{"error":{"message":"Please reduce the length","code":"context_length_exceeded"}}"#, K::Context, "reduce"),
        ("no such model", 404, r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#, K::Model, "does not exist"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn together() {
    plays("together", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"message":"Invalid API key provided","type":"invalid_request_error"}}"#, K::Auth, "Invalid API key"),
        ("no money", 402, r#"{"error":{"message":"Credit limit exceeded"}}"#, K::Quota, "Credit limit"),
        ("too fast", 429, r#"{"error":{"message":"Slow","type":"rate_limit"}}"#, K::RateLimit, "Slow"),
        ("a gateway", 524, "", K::Transient, "524"),
        ("an error of its own", 500, r#"{"error":{"message":"Internal"}}"#, K::Transient, "Internal"),
        ("too long, told as 400", 400, r#"{"error":{"message":"This model's maximum context length is 4096 tokens"}}"#, K::Context, "4096"),
        ("busy", 503, r#"{"error":{"message":"Engine busy"}}"#, K::Overloaded, "Engine busy"),
        ("too long, as documented", 403, r#"{"error":{"message":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097"}}"#, K::Context, "4097"),
        ("too long, as seen", 422, r#"{"error":{"message":"The maximum context length is 4096"}}"#, K::Context, "4096"),
        ("no such model", 404, r#"{"error":{"message":"Unable to access model x: model not found"}}"#, K::Model, "not found"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn cerebras() {
    plays("cerebras", Wire::Chat, &[
        ("a wrong key", 401, r#"{"message":"Wrong API Key","type":"invalid_request_error","code":"wrong_api_key"}"#, K::Auth, "Wrong API Key"),
        ("no money", 402, r#"{"message":"Payment required"}"#, K::Quota, "Payment"),
        ("too fast", 429, r#"{"message":"Requests per minute limit exceeded"}"#, K::RateLimit, "per minute"),
        ("an error of its own", 500, r#"{"message":"Oops"}"#, K::Transient, "Oops"),
        ("busy", 503, r#"{"message":"Busy"}"#, K::Overloaded, "Busy"),
        ("too long", 400, r#"{"message":"Please reduce the length. Current length is 9000 while limit is 8192","code":"context_length_exceeded"}"#, K::Context, "8192"),
        ("no such model", 404, r#"{"message":"Model x does not exist","code":"model_not_found"}"#, K::Model, "does not exist"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn fireworks() {
    plays("fireworks", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"message":"The API key is invalid"}}"#, K::Auth, "invalid"),
        ("no permission", 403, r#"{"error":{"message":"Forbidden"}}"#, K::Auth, "Forbidden"),
        ("no money", 402, r#"{"error":{"message":"Payment required"}}"#, K::Quota, "Payment"),
        ("suspended", 412, r#"{"error":{"message":"Account is suspended, possibly due to reaching the monthly spending limit"}}"#, K::Quota, "suspended"),
        ("too fast", 429, r#"{"error":{"message":"Rate"}}"#, K::RateLimit, "Rate"),
        ("busy", 503, "{}", K::Overloaded, "503"),
        ("an error of its own", 500, r#"{"error":{"message":"Internal"}}"#, K::Transient, "Internal"),
        ("too long", 400, r#"{"error":{"message":"The prompt is too long: 200000, model maximum context length: 131071"}}"#, K::Context, "131071"),
        ("no such model", 404, r#"{"error":{"message":"Model not found, inaccessible, and/or not deployed"}}"#, K::Model, "not deployed"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn openrouter() {
    plays("openrouter", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"code":401,"message":"No auth credentials found"}}"#, K::Auth, "credentials"),
        ("no credits", 402, r#"{"error":{"code":402,"message":"Insufficient credits"}}"#, K::Quota, "Insufficient credits"),
        ("the key's limit", 403, r#"{"error":{"code":403,"message":"Key limit exceeded"}}"#, K::Quota, "Key limit"),
        ("too fast", 429, r#"{"error":{"code":429,"message":"Rate limited","metadata":{"provider_name":"x","raw":"upstream is full"}}}"#, K::RateLimit, "upstream is full"),
        ("its patience", 408, r#"{"error":{"code":408,"message":"Timed out"}}"#, K::Transient, "Timed out"),
        ("upstream", 502, r#"{"error":{"code":502,"message":"Provider returned error"}}"#, K::Transient, "Provider"),
        ("busy", 529, r#"{"error":{"code":529,"message":"Overloaded"}}"#, K::Overloaded, "Overloaded"),
        ("an error of its own", 500, r#"{"error":{"code":500,"message":"Internal"}}"#, K::Transient, "Internal"),
        ("nobody there", 503, r#"{"error":{"code":503,"message":"No provider is available"}}"#, K::Overloaded, "No provider"),
        ("a gateway", 524, "", K::Transient, "524"),
        ("too long", 400, r#"{"error":{"code":400,"message":"This endpoint's maximum context length is 65536 tokens"}}"#, K::Context, "65536"),
        ("too large", 413, r#"{"error":{"code":413,"message":"Too large"}}"#, K::Context, "Too large"),
        ("no such model", 400, r#"{"error":{"code":400,"message":"x/y is not a valid model ID"}}"#, K::Model, "x/y"),
        ("no endpoint", 404, r#"{"error":{"code":404,"message":"No endpoints found for this model: model not found"}}"#, K::Model, "No endpoints"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn xai() {
    plays("grok", Wire::Chat, &[
        ("a wrong key", 400, r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***"}"#, K::Auth, "Incorrect API key"),
        ("no key", 401, r#"{"code":"unauthorized","error":"No key"}"#, K::Auth, "No key"),
        ("no permission", 403, r#"{"code":"forbidden","error":"Not allowed"}"#, K::Auth, "Not allowed"),
        ("no credits", 403, r#"{"code":"The caller does not have permission","error":"Your team has used all available credits or reached its monthly spending limit."}"#, K::Quota, "spending limit"),
        ("too fast", 429, r#"{"code":"limited","error":"Too many requests"}"#, K::RateLimit, "Too many"),
        ("busy", 503, r#"{"code":"unavailable","error":"Try later"}"#, K::Overloaded, "Try later"),
        ("no credits, told as 429", 429, r#"{"code":"limited","error":"Your team has used all available credits"}"#, K::Quota, "credits"),
        ("an error of its own", 500, r#"{"code":"internal","error":"Internal"}"#, K::Transient, "Internal"),
        ("too long", 400, r#"{"code":"invalid","error":"This model's maximum prompt length is 131072 but the request contains 150000 tokens: the maximum context length is exceeded"}"#, K::Context, "131072"),
        ("no such model", 404, r#"{"code":"not-found","error":"The model x does not exist or your team does not have access to it."}"#, K::Model, "does not exist"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn zai() {
    plays("zai", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"code":"1000","message":"Authentication failed"}}"#, K::Auth, "Authentication"),
        ("a used-up plan, told as 429", 429, r#"{"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}}"#, K::Quota, "recharge"),
        ("too fast", 429, r#"{"error":{"code":"1302","message":"High concurrency"}}"#, K::RateLimit, "concurrency"),
        ("busy, told as 429", 429, r#"{"error":{"code":"1305","message":"Too many requests at the moment"}}"#, K::Overloaded, "at the moment"),
        ("an error of its own", 500, r#"{"error":{"code":"500","message":"Internal"}}"#, K::Transient, "Internal"),
        ("too long", 400, r#"{"error":{"code":"1261","message":"Prompt is too long"}}"#, K::Context, "too long"),
        ("no such model", 400, r#"{"error":{"code":"1211","message":"Unknown Model, please check the model code."}}"#, K::Model, "Unknown Model"),
        ("no such model, told as 404", 404, r#"{"error":{"code":"1211","message":"Unknown Model, please check the model code."}}"#, K::Model, "Unknown Model"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn deepseek() {
    plays("chatcompletion", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"message":"Authentication Fails","type":"authentication_error","code":"invalid_request_error"}}"#, K::Auth, "Authentication Fails"),
        ("no balance", 402, r#"{"error":{"message":"Insufficient Balance","type":"unknown_error"}}"#, K::Quota, "Balance"),
        ("a parameter", 422, r#"{"error":{"message":"Failed to deserialize","type":"invalid_request_error"}}"#, K::Request, "deserialize"),
        ("too fast", 429, r#"{"error":{"message":"Rate limit"}}"#, K::RateLimit, "Rate limit"),
        ("busy", 503, r#"{"error":{"message":"Server busy"}}"#, K::Overloaded, "Server busy"),
        ("an error of its own", 500, r#"{"error":{"message":"Internal"}}"#, K::Transient, "Internal"),
        ("too long", 400, r#"{"error":{"message":"This model's maximum context length is 131072 tokens"}}"#, K::Context, "131072"),
        ("no such model", 400, r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#, K::Model, "Model Not Exist"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn moonshot() {
    plays("moonshot", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"type":"invalid_authentication_error","message":"Invalid Authentication"}}"#, K::Auth, "Invalid Authentication"),
        ("no balance", 429, r#"{"error":{"type":"exceeded_current_quota_error","message":"Your account is not active, please check your plan and billing details"}}"#, K::Quota, "plan and billing"),
        ("no balance, told as 403", 403, r#"{"error":{"type":"x","message":"Insufficient balance"}}"#, K::Quota, "Insufficient balance"),
        ("no membership", 402, r#"{"error":{"type":"x","message":"Your membership has expired"}}"#, K::Quota, "membership"),
        ("too fast", 429, r#"{"error":{"type":"rate_limit_reached_error","message":"max organization concurrency"}}"#, K::RateLimit, "concurrency"),
        ("busy", 429, r#"{"error":{"type":"engine_overloaded_error","message":"The engine is currently overloaded"}}"#, K::Overloaded, "overloaded"),
        ("an error of its own", 500, r#"{"error":{"type":"server_error","message":"Oops"}}"#, K::Transient, "Oops"),
        ("too long", 400, r#"{"error":{"type":"invalid_request_error","message":"Invalid request: Your request exceeded model token limit: 8192"}}"#, K::Context, "8192"),
        ("no such model", 404, r#"{"error":{"type":"resource_not_found_error","message":"Not found the model x or Permission denied"}}"#, K::Model, "Not found the model"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn qwen() {
    plays("qwen", Wire::Chat, &[
        ("a wrong key", 401, r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided."}}"#, K::Auth, "Incorrect API key"),
        ("the free tier", 403, r#"{"error":{"code":"AllocationQuota.FreeTierOnly","message":"The free tier is exhausted"}}"#, K::Quota, "free tier"),
        ("arrears", 400, r#"{"error":{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing."}}"#, K::Quota, "good standing"),
        ("too fast", 429, r#"{"error":{"code":"limit_requests","message":"You exceeded your current requests list"}}"#, K::RateLimit, "requests list"),
        ("busy", 503, r#"{"error":{"code":"ModelServingError","message":"Too many requests"}}"#, K::Overloaded, "Too many"),
        ("an error of its own", 500, r#"{"error":{"code":"InternalError","message":"Internal"}}"#, K::Transient, "Internal"),
        ("too long", 400, r#"{"error":{"code":"invalid_parameter_error","message":"Range of input length should be [1, 30720]"}}"#, K::Context, "30720"),
        ("no such model", 404, r#"{"error":{"code":"model_not_found","message":"The model x does not exist."}}"#, K::Model, "does not exist"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn mistral() {
    plays("chatcompletion", Wire::Chat, &[
        ("a wrong key", 401, r#"{"detail":"Unauthorized"}"#, K::Auth, "Unauthorized"),
        ("no money", 402, r#"{"message":"Payment required"}"#, K::Quota, "Payment"),
        ("too fast", 429, r#"{"object":"error","message":"Rate limit exceeded","type":"rate_limited","code":"1300"}"#, K::RateLimit, "Rate limit"),
        ("busy", 503, r#"{"object":"error","message":"Service unavailable"}"#, K::Overloaded, "unavailable"),
        ("an error of its own", 500, r#"{"object":"error","message":"Internal"}"#, K::Transient, "Internal"),
        ("too long", 400, r#"{"object":"error","message":"Prompt contains 40000 tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","code":"3051"}"#, K::Context, "32768"),
        ("a field", 422, r#"{"detail":[{"loc":["body","x"],"msg":"Extra inputs are not permitted"}]}"#, K::Request, "Extra inputs"),
        ("no such model", 400, r#"{"object":"error","message":"Invalid model: x","type":"invalid_model","code":"1500"}"#, K::Model, "Invalid model"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn lm_studio() {
    plays("lmstudio", Wire::Chat, &[
        ("a token is wanted", 401, r#"{"error":{"message":"Unauthorized"}}"#, K::Auth, "Unauthorized"),
        ("its model crashed", 500, r#"{"error":"The model has crashed without additional information."}"#, K::Transient, "crashed"),
        ("too long", 400, r#"{"error":"Trying to keep the first 9000 tokens: The number of tokens to keep from the initial prompt is greater than the context length."}"#, K::Context, "context length"),
        ("no such model", 404, r#"{"error":{"message":"Model \"x\" not found"}}"#, K::Model, "not found"),
        ("no such model, told as 400", 400, r#"{"error":"Model \"x\" not found"}"#, K::Model, "not found"),
        ("it could not be loaded", 400, r#"{"error":{"message":"Failed to load model: insufficient memory"}}"#, K::Request, "insufficient memory"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn vllm() {
    plays("vllm", Wire::Chat, &[
        ("a key is wanted", 401, r#"{"error":"Unauthorized"}"#, K::Auth, "Unauthorized"),
        ("its engine is dead", 500, r#"{"error":{"message":"EngineCore encountered an issue","type":"InternalServerError","code":500}}"#, K::Transient, "EngineCore"),
        ("busy", 503, "", K::Overloaded, "503"),
        ("too long", 400, r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens","type":"BadRequestError","code":400}}"#, K::Context, "4096"),
        ("too long, in the older form", 400, r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#, K::Context, "4096"),
        ("no such model", 404, r#"{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404}"#, K::Model, "does not exist"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn sglang() {
    plays("sglang", Wire::Chat, &[
        ("a key is wanted", 401, r#"{"error":"Unauthorized"}"#, K::Auth, "Unauthorized"),
        ("busy", 503, r#"{"object":"error","message":"The request queue is full."}"#, K::Overloaded, "queue is full"),
        ("too long", 400, r#"{"object":"error","message":"The input (9000 tokens) is longer than the model's context length (4096 tokens).","type":"BadRequestError"}"#, K::Context, "4096"),
        ("too long, in the newer form", 400, r#"{"error":{"message":"The input (9000 tokens) is longer than the model's context length (4096 tokens)."}}"#, K::Context, "4096"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn ollama() {
    plays("ollama", Wire::Chat, &[
        ("its cloud wants a key", 401, r#"{"error":"unauthorized"}"#, K::Auth, "unauthorized"),
        ("its cloud is paid", 402, r#"{"error":"upgrade your plan"}"#, K::Quota, "upgrade"),
        ("its cloud is limited", 429, r#"{"error":"too many requests"}"#, K::RateLimit, "too many"),
        ("the queue is full", 503, r#"{"error":"server busy, please try again. maximum pending requests exceeded"}"#, K::Overloaded, "server busy"),
        ("an error of its own", 500, r#"{"error":{"message":"llama runner process has terminated","type":"api_error"}}"#, K::Transient, "terminated"),
        ("no such model", 404, r#"{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error"}}"#, K::Model, "try pulling"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn llama_cpp() {
    plays("llamacpp", Wire::Chat, &[
        ("a key is wanted", 401, r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#, K::Auth, "Invalid API Key"),
        ("an error of its own", 500, r#"{"error":{"code":500,"message":"Failed","type":"server_error"}}"#, K::Transient, "Failed"),
        ("too long", 400, r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":900,"n_ctx":256}}"#, K::Context, "available context size"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn filters_are_an_end_and_no_error_to_repeat() {
    plays("openai", Wire::Chat, &[
        ("a filter", 400, r#"{"error":{"code":"content_filter","message":"The prompt was filtered"}}"#, K::Refused, "filtered"),
        ("a policy", 400, r#"{"error":{"code":"content_policy_violation","message":"Not by our policy"}}"#, K::Refused, "policy"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test]
async fn no_money_is_never_taken_for_a_long_prompt() {
    plays("openai", Wire::Chat, &[
        ("with words about windows", 429, r#"{"error":{"message":"You exceeded your current quota; the maximum context length is 8192 tokens","code":"insufficient_quota"}}"#, K::Quota, "quota"),
        ("with words about prompts", 402, r#"{"error":{"message":"Payment required: your prompt is too long for the free plan"}}"#, K::Quota, "Payment"),
        ("of a day", 429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Token limit exceeded per day: input too long"}}"#, K::Quota, "per day"),
    ]).await;
}
