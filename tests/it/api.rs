//! The HTTP API with the real program: who may come in, a run from start to a further turn, clients that
//! are many, slow, gone; teams as models.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::harness::{home::Home, keyless::Keyless};

/// Bounds of a wait on a machine that does much else.
const LONG: Duration = Duration::from_mins(2);

/// A server of the program.
struct Served {
    child: Child,
    address: String,
    token: String,
}

impl Served {
    fn start(home: &Home, more: &[&str]) -> Self {
        Self::of(home.program(), more)
    }

    fn of(mut program: Command, more: &[&str]) -> Self {
        let mut child = program
            .args(["serve", "--port", "0"])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = |name: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(name).unwrap().trim().to_owned()
        };
        let address = told("url:").trim_start_matches("http://").to_owned();
        let token = told("token:");
        Self {
            child,
            address,
            token,
        }
    }

    fn send(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
            .write_all(format!("{head}\r\n\r\n{body}").as_bytes())
            .unwrap();
        stream
    }

    /// A request with the token that is answered whole.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.with(method, path, body, "")
    }

    fn with(&self, method: &str, path: &str, body: &str, more: &str) -> (u16, String) {
        read(self.send(&self.head(method, path, body, more), body))
    }

    fn head(&self, method: &str, path: &str, body: &str, more: &str) -> String {
        let kind = if body.is_empty() {
            ""
        } else {
            "content-type: application/json\r\n"
        };
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{kind}{more}connection: close\r\ncontent-length: {}",
            self.address,
            self.token,
            body.len()
        )
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, text) = self.ask(method, path, &body);
        let value = serde_json::from_str(&text);
        (
            status,
            value.unwrap_or_else(|error| panic!("{error}: {text}")),
        )
    }

    fn run(&self, body: &Value) -> String {
        let (status, started) = self.json("POST", "/api/v1/runs", body);
        assert_eq!(status, 201, "{started}");
        started["id"].as_str().unwrap().to_owned()
    }

    fn result(&self, run: &str) -> Value {
        let path = format!("/api/v1/runs/{run}/result?wait=120");
        let (status, result) = self.json("GET", &path, &Value::Null);
        assert_eq!(status, 200, "{result}");
        result
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of an answer; chunks are joined.
fn read(mut stream: TcpStream) -> (u16, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        joined(body)
    } else {
        body.to_owned()
    };
    (status.unwrap_or_default(), body)
}

fn joined(chunks: &str) -> String {
    let (mut body, mut rest) = (String::new(), chunks);
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        if length == 0 {
            break;
        }
        body.push_str(&after[..length]);
        rest = &after[length + 2..];
    }
    body
}

#[test]
fn only_programs_with_the_token_come_in() {
    let home = Home::new();
    let server = Served::start(&home, &[]);
    let (address, token) = (server.address.clone(), server.token.clone());
    let status = |lines: &[&str]| {
        let mut head = "GET /api/v1/teams HTTP/1.1\r\nconnection: close".to_owned();
        for line in lines {
            head.push_str("\r\n");
            head.push_str(line);
        }
        read(server.send(&head, "")).0
    };
    let host = format!("host: {address}");
    let bearer = format!("authorization: Bearer {token}");
    assert_eq!(status(&[&host, &bearer]), 200);
    assert_eq!(status(&[&host]), 401);
    assert_eq!(status(&[&host, "authorization: Bearer wrong"]), 401);
    assert_eq!(status(&["host: evil.example", &bearer]), 421);
    assert_eq!(
        status(&[&host, &bearer, "origin: https://evil.example"]),
        403
    );
    assert_eq!(status(&[&host, &bearer, "sec-fetch-site: cross-site"]), 403);
    for (method, path, body, expected) in [
        ("GET", "/health", "", 200),
        ("GET", "/openapi.json", "", 200),
        ("GET", "/nothing", "", 404),
        ("DELETE", "/api/v1/runs", "", 405),
        ("GET", "/api/v1/runs?page=1", "", 400),
        ("POST", "/api/v1/runs", "{", 400),
        (
            "POST",
            "/api/v1/runs",
            r#"{"prompt":"x","team":"demo:none"}"#,
            404,
        ),
        (
            "POST",
            "/api/v1/runs",
            r#"{"prompt":"x","models":["m"],"base_url":"nowhere"}"#,
            422,
        ),
        ("POST", "/api/v1/runs/none/stop", "", 404),
        (
            "POST",
            "/v1/chat/completions",
            r#"{"model":"none","messages":[{"role":"user","content":"x"}]}"#,
            404,
        ),
    ] {
        let (status, told) = server.ask(method, path, body);
        assert_eq!(status, expected, "{method} {path}: {told}");
    }
    // Too large is said before it is sent.
    let large = format!(
        "POST /api/v1/runs HTTP/1.1\r\n{host}\r\n{bearer}\r\ncontent-type: application/json\r\ncontent-length: 99999999"
    );
    assert_eq!(read(server.send(&large, "")).0, 413);
    let untyped = format!(
        "POST /api/v1/runs HTTP/1.1\r\n{host}\r\n{bearer}\r\nconnection: close\r\ncontent-length: 2"
    );
    assert_eq!(read(server.send(&untyped, "{}")).0, 415);
}

#[test]
fn every_path_asks_who_comes() {
    let home = Home::new();
    let server = Served::start(&home, &[]);
    let (_, document) = server.ask("GET", "/openapi.json", "");
    assert!(!document.contains(&server.token));
    let document: Value = serde_json::from_str(&document).unwrap();
    let host = format!("host: {}", server.address);
    let bearer = format!("authorization: Bearer {}", server.token);
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            asked += 1;
            let first = format!(
                "{} {} HTTP/1.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2",
                method.to_ascii_uppercase(),
                path.replace("{id}", "latest"),
            );
            let status = |lines: &[&str]| {
                let head = format!("{first}\r\n{}", lines.join("\r\n"));
                read(server.send(&head, "{}")).0
            };
            let open = operation["security"] == json!([]);
            let at = format!("{method} {path}");
            assert_eq!(status(&[&host]), if open { 200 } else { 401 }, "{at}");
            assert_eq!(status(&["host: evil.example:80", &bearer]), 421, "{at}");
            for foreign in ["origin: http://evil.example", "sec-fetch-site: same-site"] {
                assert_eq!(status(&[&host, &bearer, foreign]), 403, "{at} {foreign}");
            }
        }
    }
    assert!(asked > 15, "{asked}");
    // Other forms of the same request do not get around it.
    for (line, host, expected) in [
        (
            "GET http://evil.example/api/v1/teams HTTP/1.1",
            "evil.example",
            421,
        ),
        ("GET //api/v1/teams HTTP/1.1", server.address.as_str(), 401),
        ("OPTIONS * HTTP/1.1", server.address.as_str(), 401),
    ] {
        let head = format!("{line}\r\nhost: {host}\r\nconnection: close");
        assert_eq!(read(server.send(&head, "")).0, expected, "{line}");
    }
}

#[test]
fn other_addresses_are_refused_and_the_token_is_private() {
    let home = Home::new();
    let out = home
        .program()
        .args(["serve", "--address", "0.0.0.0", "--port", "0"])
        .output()
        .unwrap();
    assert!(!out.status.success());
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("loopback"),
        "{out:?}"
    );
    let gone = home.run(&["serve", "--port", "0", "--folder", "no-such-folder"]);
    assert_eq!(gone.status.code(), Some(2), "{gone:?}");
    let file = home.path("token");
    let mut server = Served::start(&home, &["--token-file", file.to_str().unwrap()]);
    assert!(server.token.starts_with("in "), "it is not shown");
    let private = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(private(&file), 0o600);
    server.token = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert_eq!(server.ask("GET", "/api/v1/version", "").0, 200);
    let port = server.address.rsplit(':').next().unwrap();
    let told = home
        .path("state")
        .join("serve")
        .join(format!("{port}.json"));
    assert_eq!(private(&told), 0o600);
    let about: Value = serde_json::from_slice(&fs::read(&told).unwrap()).unwrap();
    assert_eq!(about["token"], json!(server.token));
    let pid = server.child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(server.child.wait().unwrap().success());
    assert!(!told.exists(), "it goes with the server");
    assert!(file.exists());
}

#[test]
fn a_run_from_start_to_export() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "max"]);
    let run = server.run(&json!({"prompt": "Why is the sky blue?", "team": "demo:quick"}));
    let result = server.result(&run);
    assert_eq!(
        (&result["outcome"], &result["state"]),
        (&json!("answered"), &json!("over"))
    );
    assert!(result["usage"]["output"].as_u64().unwrap() > 0);
    let events = format!("/api/v1/runs/{run}/events");
    let (status, all) = server.ask("GET", &events, "");
    assert_eq!(status, 200);
    let ids = |text: &str| -> Vec<u64> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("id: "));
        lines.map(|id| id.parse().unwrap()).collect()
    };
    let numbers = ids(&all);
    let last = *numbers.last().unwrap();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    assert!(all.ends_with(&format!("event: end\ndata: {{\"last\":{last}}}\n\n")));
    let (_, rest) = server.with("GET", &events, "", "last-event-id: 5\r\n");
    assert_eq!(ids(&rest), (6..=last).collect::<Vec<_>>());
    assert_eq!(
        server
            .with("GET", &events, "", &format!("last-event-id: {last}\r\n"))
            .0,
        204
    );
    let (_, got) = server.json("GET", &format!("/api/v1/runs/{run}"), &Value::Null);
    assert_eq!((&got["id"], &got["last"]), (&json!(run), &json!(last)));
    assert!(!got["published"].as_array().unwrap().is_empty());
    let (_, list) = server.json(
        "GET",
        "/api/v1/runs?filter=outcome:answered&state=stored",
        &Value::Null,
    );
    assert_eq!(list["runs"][0]["id"], json!(run));
    for (format, start) in [
        ("html", "<!DOCTYPE html>"),
        ("md", "# Session"),
        ("json", "{"),
    ] {
        let (status, file) = server.ask(
            "GET",
            &format!("/api/v1/runs/{run}/export?format={format}"),
            "",
        );
        assert!(
            status == 200 && file.starts_with(start),
            "{format}: {status}"
        );
    }
    let (status, told) = server.json(
        "POST",
        &format!("/api/v1/runs/{run}/steer"),
        &json!({"text": "x"}),
    );
    assert_eq!((status, &told["code"]), (409, &json!("run-over")));
}

#[test]
fn many_clients_and_a_slow_one_see_the_same_run() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "max", "--max-connections", "16"]);
    let run = server.run(&json!({"prompt": "x", "team": "demo:turnaround"}));
    let events = format!("/api/v1/runs/{run}/events");
    // Asks and never reads.
    let _slow = server.send(&server.head("GET", &events, "", ""), "");
    let told: Vec<String> = thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| server.ask("GET", &events, "").1))
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .collect()
    });
    assert_eq!(server.result(&run)["state"], "over");
    let numbers = |text: &str| text.lines().filter(|line| line.starts_with("id: ")).count();
    assert!(
        told.iter()
            .all(|one| numbers(one) == numbers(&told[0]) && one.contains("event: end"))
    );
}

#[test]
fn a_chat_whose_client_leaves_is_stopped_and_runs_are_bounded() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "0.1", "--max-runs", "1"]);
    let body = json!({"model": "demo:turnaround", "stream": true,
        "messages": [{"role": "user", "content": "x"}]})
    .to_string();
    let head = server.head("POST", "/v1/chat/completions", &body, "");
    let stream = server.send(&head, &body);
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines
        .by_ref()
        .map(|line| line.unwrap())
        .find(|line| line.starts_with("data: "));
    let first: Value = serde_json::from_str(first.unwrap().trim_start_matches("data: ")).unwrap();
    let run = first["id"]
        .as_str()
        .unwrap()
        .trim_start_matches("chatcmpl-")
        .to_owned();
    let (status, told) = server.json(
        "POST",
        "/api/v1/runs",
        &json!({"prompt": "y", "team": "demo:quick"}),
    );
    assert_eq!((status, &told["code"]), (429, &json!("too-many-runs")));
    drop(lines);
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    drop(stream);
    let result = server.result(&run);
    assert_eq!(result["state"], "over", "{result}");
    assert!(
        result["reason"] == "cancelled" || result["end"] == "stopped",
        "{result}"
    );
}

#[test]
fn an_answer_fits_its_question_or_is_refused() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "max"]);
    let body = json!({"prompt": "x", "team": "demo:talking", "answers_questions": true});
    let run = server.run(&body);
    let path = format!("/api/v1/runs/{run}");
    let events = server.send(&server.head("GET", &format!("{path}/events"), "", ""), "");
    let mut told = BufReader::new(events)
        .lines()
        .map(|line| line.expect("an event in time"));
    let question = told.find_map(|line| {
        let event: Value = serde_json::from_str(line.strip_prefix("data: ")?).unwrap();
        event.pointer("/kind/run/question/asked/id")?.as_u64()
    });
    let question = question.expect("somebody asks");
    let answer = |reply: Value| {
        let body = json!({"question": question, "reply": reply});
        server.json("POST", &format!("{path}/answer"), &body)
    };
    let (status, told) = answer(json!({"option": 99}));
    assert_eq!((status, &told["code"]), (422, &json!("unusable")), "{told}");
    let (status, told) = answer(json!({"text": "Both."}));
    assert_eq!(status, 202, "{told}");
    server.json("POST", &format!("{path}/stop"), &Value::Null);
    server.result(&run);
}

#[test]
fn a_limit_above_the_servers_is_lowered_and_told() {
    let home = Home::new();
    let server = Served::start(&home, &["--max-usd", "0.5"]);
    let body = |usd: f64| json!({"prompt": "x", "team": "demo:quick", "limits": {"max_usd": usd}});
    let (_, started) = server.json("POST", "/api/v1/runs", &body(3.0));
    let told = started["notes"][0].as_str().unwrap_or_default();
    assert!(
        told.contains("limits.usd") && told.contains("0.5"),
        "{started}"
    );
    let (_, started) = server.json("POST", "/api/v1/runs", &body(0.25));
    assert_eq!(started["notes"], json!([]), "{started}");
}

#[test]
fn a_team_answers_a_conversation() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "max"]);
    let (_, models) = server.json("GET", "/v1/models", &Value::Null);
    assert!(
        models["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["id"] == "demo:quick")
    );
    let ask = json!({"model": "demo:quick", "messages": [{"role": "user", "content": "Why is the sky blue?"}]});
    let (status, whole) = server.json("POST", "/v1/chat/completions", &ask);
    assert_eq!(status, 200, "{whole}");
    let text = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(!text.is_empty() && whole["usage"]["total_tokens"].as_u64().unwrap() > 0);
    let mut ask = ask;
    ask["stream"] = json!(true);
    let (_, stream) = server.ask("POST", "/v1/chat/completions", &ask.to_string());
    assert!(stream.ends_with("data: [DONE]\n\n"));
    let pieces = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: {"));
    let pieces: Vec<Value> = pieces
        .map(|piece| serde_json::from_str(&format!("{{{piece}")).unwrap())
        .collect();
    let of = |field: &str| -> String {
        let deltas = pieces
            .iter()
            .map(|piece| &piece["choices"][0]["delta"][field]);
        deltas.filter_map(Value::as_str).collect()
    };
    assert_eq!(of("content"), text);
    assert!(of("reasoning_content").contains("published"));
}

#[test]
fn a_session_gets_a_further_turn() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "max"]);
    let run = server.run(&json!({"prompt": "One?", "team": "demo:quick"}));
    let last = server.result(&run);
    assert_eq!(last["state"], "over");
    let turns = format!("/api/v1/runs/{run}/turns");
    let ask = |body: &Value| server.json("POST", &turns, body);
    // At once, and without a word about the team.
    let (status, next) = ask(&json!({"prompt": "Two?", "limits": {"max_seconds": 77}}));
    assert_eq!((status, &next["id"]), (201, &json!(run)), "{next}");
    let after = next["after"].as_u64().unwrap();
    let events = format!("/api/v1/runs/{run}/events?after={after}");
    let (_, told) = server.ask("GET", &events, "");
    assert!(told.starts_with(&format!("id: {}\n", after + 1)), "{told}");
    assert!(told.contains("Two?") && told.contains("\"turn_seconds\":77"));
    assert_eq!(server.result(&run)["outcome"], "answered");
    let (_, got) = server.json("GET", &format!("/api/v1/runs/{run}"), &Value::Null);
    assert_eq!((&got["turns"], &got["prompt"]), (&json!(2), &json!("One?")));
    let (status, told) = ask(&json!({"prompt": "x", "folders": []}));
    assert_eq!(status, 400, "{told}");
    let (status, _) = server.json("POST", "/api/v1/runs/none/turns", &json!({"prompt": "x"}));
    assert_eq!(status, 404);
}

#[test]
fn what_is_at_work_takes_no_further_task() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "0.1"]);
    let run = server.run(&json!({"prompt": "One?", "team": "demo:quick"}));
    let (status, told) = server.json(
        "POST",
        "/api/v1/runs/latest/turns",
        &json!({"prompt": "Two?"}),
    );
    assert_eq!(
        (status, &told["code"]),
        (409, &json!("run-at-work")),
        "{told}"
    );
    let (status, told) = server.json("POST", "/api/v1/runs/latest/stop", &Value::Null);
    assert_eq!((status, &told["id"]), (202, &json!(run)), "its whole name");
    assert_eq!(server.result(&run)["state"], "over");
}

#[test]
fn a_start_that_is_sent_twice_is_done_once() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "max"]);
    let body = json!({"prompt": "Once.", "team": "demo:quick"}).to_string();
    let key = "idempotency-key: 8e03978e-40d5-43dd-bc93-6894a57f9324\r\n";
    let start = |body: &str, key: &str| {
        let (status, told) = server.with("POST", "/api/v1/runs", body, key);
        (status, serde_json::from_str::<Value>(&told).unwrap())
    };
    let (status, first) = start(&body, key);
    assert_eq!(status, 201, "{first}");
    assert_eq!(start(&body, key), (201, first.clone()));
    let (status, told) = start(&body.replace("Once", "Twice"), key);
    assert_eq!((status, &told["code"]), (422, &json!("key-used")));
    let run = first["id"].as_str().unwrap();
    server.result(run);
    assert_eq!(
        start(&body, key),
        (201, first.clone()),
        "also when it is over"
    );
    let (_, list) = server.json("GET", "/api/v1/runs", &Value::Null);
    assert_eq!(list["fitting"], 1, "{list}");
    // What was refused may be tried again; what is no key is refused.
    let (status, _) = start(r#"{"prompt":" "}"#, "idempotency-key: b\r\n");
    assert_eq!(status, 400);
    assert_eq!(start(&body, "idempotency-key: b\r\n").0, 201);
    for wrong in [
        "idempotency-key: a b\r\n",
        "idempotency-key: a\r\nidempotency-key: b\r\n",
    ] {
        assert_eq!(start(&body, wrong).0, 400, "{wrong}");
    }
}

#[test]
fn a_template_is_a_model_where_somebody_is_at_hand() {
    let home = Home::new();
    let here = Keyless::start("quick");
    let mut program = home.program();
    program.env("OPENAI_BASE_URL", &here.base_url);
    let server = Served::of(program, &[]);
    let (_, models) = server.json("GET", "/v1/models", &Value::Null);
    let ids: Vec<&str> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    assert!(ids.contains(&"team/local-only"), "{ids:?}");
    let (status, model) = server.json("GET", "/v1/models/team%2Flocal-only", &Value::Null);
    assert_eq!((status, &model["id"]), (200, &json!("team/local-only")));
    let ask = json!({"model": "team/local-only", "messages": [{"role": "user", "content": "Why is the sky blue?"}]});
    let (status, whole) = server.json("POST", "/v1/chat/completions", &ask);
    assert_eq!(status, 200, "{whole}");
    let text = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(!text.is_empty());
    let mut kept = fs::read_dir(home.path("state/templates")).unwrap();
    let file = kept.next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // Its file stands for it in a further turn.
    let (status, next) = server.json(
        "POST",
        "/api/v1/runs/latest/turns",
        &json!({"prompt": "And red?"}),
    );
    assert_eq!(status, 201, "{next}");
    assert_eq!(server.result("latest")["outcome"], "answered");
    let (status, told) = server.json(
        "POST",
        "/v1/chat/completions",
        &json!({"model": "team/none", "messages": ask["messages"]}),
    );
    assert_eq!(
        (status, &told["error"]["code"]),
        (404, &json!("model_not_found"))
    );
}

#[test]
fn a_chat_without_a_stream_is_stopped_too_when_its_client_leaves() {
    let home = Home::new();
    let server = Served::start(&home, &["--demo-speed", "0.1"]);
    let body = json!({"model": "demo:turnaround", "messages": [{"role": "user", "content": "x"}]})
        .to_string();
    let stream = server.send(
        &server.head("POST", "/v1/chat/completions", &body, ""),
        &body,
    );
    let running = || {
        server
            .json("GET", "/api/v1/runs?state=running", &Value::Null)
            .1
    };
    let deadline = Instant::now() + LONG;
    while running()["fitting"] != 1 {
        assert!(Instant::now() < deadline, "it never began");
        thread::yield_now();
    }
    drop(stream);
    let result = server.result("latest");
    assert_eq!(result["state"], "over", "{result}");
    assert!(
        result["reason"] == "cancelled" || result["end"] == "stopped",
        "{result}"
    );
}
