//! The HTTP API with the real program: who may come in, a run from start to export, clients that are
//! many, slow, gone; and the same run telling webhooks and a collector.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use massgen_tui::export::{hex, hmac};
use serde_json::{Value, json};

/// Bounds of a wait on a machine that does much else.
const LONG: Duration = Duration::from_mins(2);

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("MASSGEN_TUI_STATE_DIR", self.path("state"))
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }
}

/// A server of the program.
struct Served {
    child: Child,
    address: String,
    token: String,
}

impl Served {
    fn start(home: &Home, more: &[&str]) -> Self {
        let mut child = home
            .command()
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
fn other_addresses_are_refused_and_the_token_is_private() {
    let home = Home::new();
    let out = home
        .command()
        .args(["serve", "--address", "0.0.0.0", "--port", "0"])
        .output()
        .unwrap();
    assert!(!out.status.success());
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("loopback"),
        "{out:?}"
    );
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

/// A server that answers with these statuses in turn, the last for ever, and gives what it was sent.
fn receiver(statuses: &'static [u16]) -> (u16, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, received) = mpsc::sync_channel(100);
    thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                head.push_str(&line);
                line.clear();
            }
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![
                0;
                length
                    .and_then(|length| length.trim().parse().ok())
                    .unwrap_or(0)
            ];
            reader.read_exact(&mut body).unwrap();
            let status = statuses.get(at).or(statuses.last()).unwrap();
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if send.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines();
    lines
        .find_map(|line| line.strip_prefix(&format!("{name}: ")))
        .unwrap_or_default()
}

#[test]
fn webhooks_are_signed_tried_again_and_written_down() {
    let home = Home::new();
    let (port, received) = receiver(&[503, 200]);
    let config = home.path(".config/massgen-tui");
    fs::create_dir_all(&config).unwrap();
    let heard = home.path("heard");
    let text = format!(
        "webhooks:\n  - {{name: web, url: 'http://127.0.0.1:{port}/hook', secret_env: HOOK_SECRET}}\n  \
         - {{name: file, command: [tee, '{}'], events: [decided], content: full}}\n  \
         - {{name: gone, command: [massgen-no-such-program]}}\n",
        heard.display()
    );
    fs::write(config.join("webhooks.yaml"), text).unwrap();
    // A project says nothing about where a person's runs are told.
    let (evil, unheard) = receiver(&[200]);
    fs::write(
        home.path("massgen-tui.yaml"),
        format!("webhooks: [{{name: evil, url: 'http://127.0.0.1:{evil}/'}}]"),
    )
    .unwrap();
    let out = home
        .command()
        .env("HOOK_SECRET", "topsecret")
        .args(["run", "--demo", "--demo-speed", "max", "Very private words"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let (one, first) = received.recv_timeout(LONG).unwrap();
    let (two, second) = received.recv_timeout(LONG).unwrap();
    assert_eq!(first, second, "tried again");
    let delivery = header(&one, "x-massgen-delivery");
    assert_eq!(delivery, header(&two, "x-massgen-delivery"));
    let signed = format!("{}.{second}", header(&two, "x-massgen-timestamp"));
    let signature = format!("v1={}", hex(&hmac(b"topsecret", signed.as_bytes())));
    assert_eq!(header(&two, "x-massgen-signature"), signature);
    let told: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(
        (&told["event"], &told["outcome"]),
        (&json!("ended"), &json!("answered"))
    );
    assert!(!second.contains("private"), "no words unless asked for");
    let full = fs::read_to_string(&heard).unwrap();
    assert!(
        full.contains("\"decided\"") && full.contains("Very private words"),
        "{full}"
    );
    let run = told["run"].as_str().unwrap();
    let record = home.path("state/sessions").join(run).join("hooks.jsonl");
    let record = fs::read_to_string(record).unwrap();
    assert!(
        record.contains("\"hook\":\"web\"") && record.contains("\"tries\":2"),
        "{record}"
    );
    assert!(record.contains("\"came_to\":\"refused\""), "{record}");
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(told.contains("2 taken, 1 failed"), "{told}");
    assert!(!told.contains("topsecret"), "{told}");
    assert!(unheard.try_recv().is_err());
}

#[test]
fn the_first_failure_of_a_hook_is_a_warning_in_the_session() {
    let home = Home::new();
    let config = home.path(".config/massgen-tui");
    fs::create_dir_all(&config).unwrap();
    // It hears of the warning, too, and fails again: that is not told.
    let text = "webhooks:\n  - {name: gone, command: [massgen-no-such-program], \
                events: [started, published, voted, trouble]}\n";
    fs::write(config.join("webhooks.yaml"), text).unwrap();
    // Slow enough that the failure is known while the team works.
    let out = home
        .command()
        .args(["run", "--demo", "--demo-speed", "8", "Words"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let sessions = fs::read_dir(home.path("state/sessions")).unwrap();
    let folder = sessions.flatten().next().unwrap().path();
    let log = fs::read_to_string(folder.join("events.jsonl")).unwrap();
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("The webhook gone"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("did not take `started` after 1 try"),
        "{}",
        told[0]
    );
    let record = fs::read_to_string(folder.join("hooks.jsonl")).unwrap();
    assert!(
        record.lines().count() > 2 && record.contains("\"trouble\""),
        "{record}"
    );
}

#[test]
fn a_collector_gets_traces_and_a_file_the_profile() {
    let home = Home::new();
    let (port, received) = receiver(&[200]);
    let profile = home.path("profile.json");
    let out = home
        .command()
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://127.0.0.1:{port}"),
        )
        .args(["run", "--demo", "--demo-speed", "max", "--profile-trace"])
        .arg(&profile)
        .arg("Very private words")
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let (head, traces) = received.recv_timeout(LONG).unwrap();
    assert!(head.starts_with("post /v1/traces"), "{head}");
    assert!(!traces.contains("private"));
    let traces: Value = serde_json::from_str(&traces).unwrap();
    let spans = traces["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array()
        .unwrap();
    for start in ["invoke_agent team", "invoke_agent ", "chat "] {
        assert!(
            spans
                .iter()
                .any(|span| span["name"].as_str().unwrap().starts_with(start)),
            "{start}"
        );
    }
    let (head, metrics) = received.recv_timeout(LONG).unwrap();
    assert!(head.starts_with("post /v1/metrics"), "{head}");
    assert!(metrics.contains("gen_ai.client.token.usage"));
    let profile: Value = serde_json::from_slice(&fs::read(&profile).unwrap()).unwrap();
    let names: Vec<&str> = profile["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["name"].as_str())
        .collect();
    assert!(names.contains(&"settings and folders") && names.contains(&"invoke_agent team"));
}
