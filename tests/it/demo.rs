//! The demo server as any client sees it: raw HTTP over a loopback socket.

use massgen_tui::demo::{self, DemoServer, Options, Speed};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A response as it came over the wire.
struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
    /// Whether the chunked body ended with its end mark.
    complete: bool,
}

impl Response {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON of every `data:` frame; the end mark must be the last.
    fn chunks(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.body).unwrap();
        let mut data: Vec<_> = text
            .split("\n\n")
            .filter_map(|frame| frame.strip_prefix("data: "))
            .collect();
        assert_eq!(data.pop(), Some("[DONE]"));
        data.iter()
            .map(|json| serde_json::from_str(json).unwrap())
            .collect()
    }
}

async fn server() -> DemoServer {
    DemoServer::start(Speed::Max).await.unwrap()
}

/// Path of a URL of the server.
fn path(url: &str) -> &str {
    let rest = url.strip_prefix("http://").unwrap();
    &rest[rest.find('/').unwrap()..]
}

async fn send(port: u16, request: String) -> Response {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut raw = Vec::new();
    // A cut connection may end in a reset; what came before it counts.
    let _ = socket.read_to_end(&mut raw).await;
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(raw[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let rest = &raw[end + 4..];
    let (body, complete) = if head.to_lowercase().contains("transfer-encoding: chunked") {
        unchunk(rest)
    } else {
        (rest.to_vec(), true)
    };
    Response {
        status,
        head,
        body,
        complete,
    }
}

fn unchunk(mut raw: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = raw.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..at]).unwrap(), 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        let Some(data) = raw.get(at + 2..at + 2 + size) else {
            break;
        };
        body.extend_from_slice(data);
        raw = &raw[at + 2 + size + 2..];
    }
    (body, false)
}

async fn get(server: &DemoServer, path: &str) -> Response {
    let (port, token) = (server.port(), server.token());
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    send(port, request).await
}

async fn post(server: &DemoServer, base: &str, body: &Value) -> Response {
    let (port, token) = (server.port(), server.token());
    let body = body.to_string();
    let request = format!(
        "POST {base}/chat/completions HTTP/1.1\r\nHost: localhost:{port}\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    send(port, request).await
}

/// A first request to an agent.
fn opening(model: &str) -> Value {
    json!({
        "model": model, "stream": true, "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": demo::samples()[0].prompt }],
        "tools": [{ "type": "function", "function": { "name": "new_answer" } }],
    })
}

#[tokio::test]
async fn a_streamed_answer_has_the_shape_of_a_real_one() {
    let server = server().await;
    let base = server.session();
    let response = post(&server, path(&base), &opening("script-birch")).await;
    assert_eq!(response.status, 200);
    assert!(
        response.head.contains("text/event-stream"),
        "{}",
        response.head
    );
    assert!(response.head.contains("x-request-id"));
    assert!(response.complete);
    let chunks = response.chunks();
    let (usage, chunks) = chunks.split_last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    let (finish, chunks) = chunks.split_last().unwrap();
    assert_eq!(finish["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(finish["choices"][0]["delta"], json!({}));
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let (mut thinking, mut arguments, mut starts) = (String::new(), String::new(), 0);
    for chunk in &chunks[1..] {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], finish["id"]);
        assert_eq!(chunk["model"], "script-birch");
        let delta = &chunk["choices"][0]["delta"];
        thinking.push_str(delta["reasoning_content"].as_str().unwrap_or_default());
        let call = &delta["tool_calls"][0];
        arguments.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        if call["id"].is_string() {
            starts += 1;
            assert_eq!(call["function"]["name"], "new_answer");
            assert_eq!(call["index"], 0);
        }
    }
    assert_eq!(starts, 1, "id and name come once");
    assert!(thinking.contains("attacker"));
    let arguments: Value = serde_json::from_str(&arguments).unwrap();
    assert!(
        arguments["content"]
            .as_str()
            .unwrap()
            .starts_with("## Two keys")
    );
    let total = usage["usage"]["completion_tokens"].as_u64().unwrap();
    assert_eq!(total, chunks.len() as u64 - 1);
}

#[tokio::test]
async fn without_stream_the_answer_is_one_object_and_usage_is_left_out_unless_asked() {
    let server = server().await;
    let mut request = opening("demo/quick/birch");
    request["stream"] = json!(false);
    let whole = post(&server, "/v1", &request).await.json();
    assert_eq!(whole["object"], "chat.completion");
    let call = &whole["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(call["name"], "new_answer");
    let mut request = opening("script-alder");
    request.as_object_mut().unwrap().remove("stream_options");
    let chunks = post(&server, "/v1", &request).await.chunks();
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[tokio::test]
async fn a_vote_names_a_choice_of_the_request() {
    let server = server().await;
    let mut request = opening("script-alder");
    request["stream"] = json!(false);
    let tool = json!({ "type": "function", "function": { "name": "vote", "parameters": {
        "properties": { "agent_id": { "enum": ["agent1.1", "agent2.1"] } } } } });
    request["tools"].as_array_mut().unwrap().push(tool);
    let whole = post(&server, "/v1", &request).await.json();
    let call = &whole["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(call["name"], "vote");
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments["agent_id"], "agent2.1");
}

#[tokio::test]
async fn models_are_listed() {
    let server = server().await;
    let list = get(&server, "/v1/models").await.json();
    assert_eq!(list["object"], "list");
    let ids: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].clone())
        .collect();
    assert!(ids.contains(&json!("script-birch")) && ids.contains(&json!("script-wren")));
    assert_eq!(
        get(&server, "/v1/models/script-wren").await.json()["owned_by"],
        "script"
    );
    assert_eq!(get(&server, "/v1/models/gpt").await.status, 404);
    let only = DemoServer::start_with(Options {
        scenario: Some(demo::find("tie").unwrap()),
        ..Options::default()
    });
    let list = get(&only.await.unwrap(), "/v1/models").await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn who_does_not_belong_is_turned_away() {
    let server = server().await;
    let port = server.port();
    let host = format!("127.0.0.1:{port}");
    let ask = |host: String, key: &str| {
        send(
            port,
            format!("GET /v1/models HTTP/1.1\r\nHost: {host}\r\n{key}Connection: close\r\n\r\n"),
        )
    };
    let none = ask(host.clone(), "").await;
    assert_eq!(none.status, 401);
    assert_eq!(none.json()["error"]["code"], "invalid_api_key");
    let wrong = ask(host.clone(), "Authorization: Bearer 0123\r\n").await;
    assert_eq!(wrong.status, 401);
    let key = format!("Authorization: Bearer {}\r\n", server.token());
    assert_eq!(ask(host, &key).await.status, 200);
    for foreign in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".into(),
    ] {
        let response = ask(foreign, &key).await;
        assert_eq!(response.json()["error"]["code"], "wrong_host");
    }
}

#[tokio::test]
async fn errors_are_objects_of_the_known_shape() {
    let server = server().await;
    let unknown = post(&server, "/v1", &opening("gpt-9")).await;
    assert_eq!(
        (unknown.status, unknown.json()["error"]["code"].clone()),
        (404, json!("model_not_found"))
    );
    let broken = post(&server, "/v1", &json!("not a request")).await;
    assert_eq!(
        (broken.status, broken.json()["error"]["type"].clone()),
        (400, json!("invalid_request_error"))
    );
    assert_eq!(get(&server, "/v1/nothing").await.status, 404);
    assert_eq!(get(&server, "/v1/chat/completions").await.status, 405);
}

#[tokio::test]
async fn scripted_troubles_pass_over_the_wire() {
    let server = server().await;
    let base = server.session();
    let base = path(&base);
    let mut request = opening("script-basalt");
    let first = post(&server, base, &request).await;
    assert_eq!(
        (first.status, first.json()["error"]["type"].clone()),
        (500, json!("server_error"))
    );
    assert_eq!(
        post(&server, base, &request).await.status,
        200,
        "the second attempt succeeds"
    );
    request["model"] = json!("script-flint");
    let cut = post(&server, base, &request).await;
    assert_eq!(cut.status, 200);
    assert!(!cut.complete, "no end of the body");
    let text = String::from_utf8(cut.body).unwrap();
    assert_eq!(
        text.matches("data: ").count(),
        71,
        "the first chunk and 70 tokens arrive"
    );
    assert!(!text.contains("[DONE]") && !text.contains("\"stop\""));
    assert!(post(&server, base, &request).await.complete);
    request["model"] = json!("script-slate");
    for _ in 0..6 {
        assert_eq!(post(&server, base, &request).await.status, 500);
    }
}

#[tokio::test]
async fn sessions_do_not_know_each_other() {
    let server = server().await;
    let (one, two) = (server.session(), server.session());
    assert_ne!(one, two);
    let request = opening("script-basalt");
    assert_eq!(post(&server, path(&one), &request).await.status, 500);
    assert_eq!(post(&server, path(&one), &request).await.status, 200);
    assert_eq!(post(&server, path(&two), &request).await.status, 500);
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server = server().await;
    let port = server.port();
    assert_eq!(get(&server, "/v1/models").await.status, 200);
    drop(server);
    // The task that listens ends at its next poll.
    while let Ok(mut socket) = TcpStream::connect(("127.0.0.1", port)).await {
        let _ = socket.read(&mut [0]).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_tells_what_it_was_asked() {
    let (log, mut lines) = tokio::sync::mpsc::channel(8);
    let server = DemoServer::start_with(Options {
        speed: Speed::Max,
        token: Some("secret".into()),
        log: Some(log),
        ..Options::default()
    });
    let server = server.await.unwrap();
    assert_eq!(server.token(), "secret");
    post(&server, "/v1", &opening("script-birch")).await;
    let line = lines.recv().await.unwrap();
    assert!(
        line.contains("/v1/chat/completions 200 quick/birch"),
        "{line}"
    );
    assert!(!line.contains("secret"));
}

#[test]
fn the_documented_script_is_a_script() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/demo.md");
    let page = std::fs::read_to_string(page).unwrap();
    let yaml = page
        .split("```yaml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let scenario = demo::Scenario::parse(yaml).unwrap();
    assert_eq!(scenario.agents().len(), 2);
    for info in demo::scenarios() {
        assert!(
            page.contains(&format!("| `{}` | {} |", info.name, info.agents)),
            "{}",
            info.name
        );
    }
}
