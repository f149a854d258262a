//! Tools of vendors: how each family is asked for them, and what its replies tell of them.

use super::*;
use crate::protocol::{Message, ToolChoice, ToolSpec};
use crate::provider::test_support::endpoint;
use crate::provider::wire::{self, Decoder, Setup, ToolStyle};
use crate::provider::{Price, Request};

fn vendor(backend: &str, wire: Wire, hosted: Vec<HostedTool>) -> Endpoint {
    let mut endpoint = endpoint("http://h/v1");
    endpoint.backend = backend.into();
    endpoint.wire = wire;
    endpoint.manners.hosted = hosted;
    endpoint
}

fn search() -> HostedTool {
    HostedTool::WebSearch { context: None }
}

fn sent(
    endpoint: &Endpoint,
    choice: ToolChoice,
    adaptation: Adaptation,
) -> (Value, Vec<&'static str>) {
    let request = Request {
        messages: vec![Message::User { text: "hi".into() }],
        tools: vec![ToolSpec {
            name: "vote".into(),
            description: String::new(),
            parameters: json!({"type": "object"}),
        }],
        choice,
    };
    let sent = wire::encode(endpoint, &request, adaptation);
    (
        serde_json::from_slice(&sent.body).expect("JSON"),
        sent.betas,
    )
}

#[test]
fn each_family_is_asked_in_its_own_words() {
    let both = || vec![search(), HostedTool::Code];
    let none = Adaptation::default();
    let openai = vendor(
        "openai",
        Wire::Responses,
        vec![
            HostedTool::WebSearch {
                context: Some("low".into()),
            },
            HostedTool::Code,
            HostedTool::Files(vec!["vs_1".into()]),
        ],
    );
    let (body, _) = sent(&openai, ToolChoice::Required, none);
    assert_eq!(body["tools"][0]["name"], "vote");
    assert_eq!(
        body["tools"][1],
        json!({"type": "web_search", "search_context_size": "low"})
    );
    assert_eq!(body["tools"][2]["container"]["type"], "auto");
    assert_eq!(body["tools"][3]["vector_store_ids"], json!(["vs_1"]));
    let (body, betas) = sent(
        &vendor("claude", Wire::Messages, both()),
        ToolChoice::Auto,
        none,
    );
    assert_eq!(body["tools"][0]["type"], "web_search_20250305");
    assert_eq!(body["tools"][1]["type"], "code_execution_20250825");
    assert_eq!(body["tools"][2]["cache_control"]["type"], "ephemeral");
    assert_eq!(betas, [CODE_BETA]);
    let (body, _) = sent(
        &vendor("gemini", Wire::Gemini, both()),
        ToolChoice::Auto,
        none,
    );
    assert_eq!(body["tools"][1], json!({"googleSearch": {}}));
    assert_eq!(body["tools"][2], json!({"codeExecution": {}}));
    let grok = vendor("grok", Wire::Responses, vec![HostedTool::XSearch]);
    assert_eq!(
        sent(&grok, ToolChoice::Auto, none).0["tools"][1]["type"],
        "x_search"
    );
    // Where plain words are wanted, and where they were refused.
    let refused = Adaptation {
        no_hosted: true,
        ..none
    };
    for (choice, adaptation) in [(ToolChoice::None, none), (ToolChoice::Auto, refused)] {
        let tools = sent(&grok, choice, adaptation).0["tools"]
            .as_array()
            .map(Vec::len);
        assert_eq!(tools, Some(1));
    }
    let chat = vendor("openai", Wire::Chat, both());
    assert_eq!(specs(&chat, none), Vec::<Value>::new());
}

#[test]
fn a_refusal_is_known_by_the_name_of_the_tool_and_told() {
    let gemini = vendor("gemini", Wire::Gemini, vec![search()]);
    let words = "tool use with function calling is unsupported";
    let none = Adaptation::default();
    assert!(is_refusal(&gemini, words, none));
    assert!(!is_refusal(&gemini, "bad temperature", none));
    assert!(!is_refusal(
        &vendor("gemini", Wire::Gemini, vec![]),
        words,
        none
    ));
    let [_, StreamEvent::Tool(ToolEvent::Finished { ok, output, .. })] = refused(&gemini, 1) else {
        panic!("a card");
    };
    assert!(!ok && output.contains("web search"), "{output}");
}

/// What a reply tells: its cards (name, arguments, outcome), and its cost.
fn heard(endpoint: Endpoint, frames: &[&str]) -> (Vec<(String, String, String)>, f64, bool) {
    let mut decoder = Decoder::new(Setup {
        endpoint: std::sync::Arc::new(endpoint),
        tools: ToolStyle::Native,
        price: Some(Price::flat(0.0, 0.0, 0.0)),
        prompt_tokens: 1,
        id_seed: 7,
    });
    let mut out = Vec::new();
    for frame in frames {
        decoder.frame(frame, &mut out).expect("a frame");
    }
    decoder.end(&mut out).expect("an end");
    let mut cards = Vec::new();
    let mut cost = None;
    for event in out {
        match event {
            StreamEvent::Tool(ToolEvent::Started {
                name, arguments, ..
            }) => {
                cards.push((name, arguments, String::new()));
            }
            StreamEvent::Tool(ToolEvent::Finished { output, .. }) => {
                cards.last_mut().expect("it began").2 = output;
            }
            StreamEvent::Usage(usage) => cost = Some(usage.cost),
            _ => {}
        }
    }
    let cost = cost.expect("counts");
    (cards, cost.usd, cost.partial)
}

#[test]
fn what_a_responses_server_did_is_a_card_and_costs() {
    let frames = [
        r#"{"type":"response.output_item.done","item":{"id":"ws_1","type":"web_search_call",
            "status":"completed","action":{"type":"search","query":"tides"}}}"#,
        r#"{"type":"response.output_item.done","item":{"id":"ci_1","type":"code_interpreter_call",
            "status":"completed","code":"print(1)","outputs":[{"type":"logs","logs":"1"}]}}"#,
        r#"{"type":"response.output_text.delta","output_index":2,"delta":"So."}"#,
        r#"{"type":"response.completed","response":{"status":"completed",
            "usage":{"input_tokens":5,"output_tokens":5}}}"#,
    ];
    let (cards, usd, partial) = heard(vendor("openai", Wire::Responses, vec![search()]), &frames);
    assert_eq!(cards[0].0, "web_search");
    assert!(cards[0].1.contains("tides"));
    assert_eq!(
        (cards[1].0.as_str(), cards[1].2.as_str()),
        ("code_interpreter", "1")
    );
    assert!((usd - 0.04).abs() < 1e-9 && !partial, "{usd}");
    let (_, usd, partial) = heard(vendor("grok", Wire::Responses, vec![search()]), &frames);
    assert!(usd == 0.0 && partial, "a price that nobody knows is not 0");
}

#[test]
fn what_claude_looked_up_goes_back_with_its_reply() {
    let frames = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srv_1",
            "name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",
            "partial_json":"{\"query\":\"tides\"}"}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result",
            "tool_use_id":"srv_1","content":[{"type":"web_search_result","title":"Tides","url":"https://t.example",
            "encrypted_content":"E"}]}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"srv_2",
            "name":"code_execution","input":{"code":"1"}}}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"code_execution_tool_result",
            "tool_use_id":"srv_2","content":{"type":"code_execution_tool_result_error","error_code":"unavailable"}}}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"text","text":"So."}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":1,"output_tokens":1}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let claude = || vendor("claude", Wire::Messages, vec![search()]);
    let (cards, usd, partial) = heard(claude(), &frames);
    assert_eq!(cards[0].1, r#"{"query":"tides"}"#);
    assert_eq!(cards[0].2, "Tides · https://t.example");
    assert_eq!(cards[1].2, "unavailable");
    assert!((usd - 0.01).abs() < 1e-9 && partial);
    let mut decoder = Decoder::new(Setup {
        endpoint: std::sync::Arc::new(claude()),
        tools: ToolStyle::Native,
        price: None,
        prompt_tokens: 1,
        id_seed: 7,
    });
    let mut out = Vec::new();
    for frame in &frames {
        decoder.frame(frame, &mut out).expect("a frame");
    }
    decoder.end(&mut out).expect("an end");
    let carried = out.iter().find_map(|event| match event {
        StreamEvent::Carried(carried) => Some(carried),
        _ => None,
    });
    let items = &carried.expect("it goes back").items;
    assert_eq!(items[0]["input"]["query"], "tides");
    assert_eq!(items[1]["content"][0]["encrypted_content"], "E");
}

#[test]
fn what_gemini_looked_up_and_ran_is_told() {
    let frames = [
        r#"{"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"print(1)"}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"So."}]},"finishReason":"STOP","groundingMetadata":
            {"webSearchQueries":["tides","moon"],"groundingChunks":[{"web":{"uri":"https://t","title":"T"}}]}}],
            "usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}"#,
    ];
    let (cards, usd, partial) = heard(vendor("gemini", Wire::Gemini, vec![search()]), &frames);
    let names: Vec<&str> = cards.iter().map(|card| card.0.as_str()).collect();
    assert_eq!(names, ["code_execution", "google_search", "google_search"]);
    assert_eq!(
        (cards[0].2.as_str(), cards[1].2.as_str()),
        ("1", "T · https://t")
    );
    assert!((usd - 0.028).abs() < 1e-9 && !partial, "{usd}");
}
