//! `massgen-tui mcp` as its clients see it: the built program behind a pipe, the demo team or a model server
//! on loopback behind that.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::keyless::Keyless;

/// A client of the server.
struct Client {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
    next: u64,
}

impl Client {
    fn start(home: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
        command
            .arg("mcp")
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home)
            .env("MASSGEN_TUI_STATE_DIR", home.join("state"))
            .envs(variables.iter().copied())
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self {
            child,
            input,
            lines,
            next: 1,
        };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}});
        client.ask("initialize", hello);
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input, "{message}").unwrap();
    }

    /// A request and its answer.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        let mut request = json!({"jsonrpc": "2.0", "id": id, "method": method});
        request["params"] = params;
        self.send(&request);
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "{method}");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == json!(id) && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// What a tool says, in words and as data; whether it failed.
    fn call(&mut self, tool: &str, arguments: Value) -> (String, Value, bool) {
        let mut params = json!({ "name": tool });
        params["arguments"] = arguments;
        let answer = self.ask("tools/call", params);
        let result = &answer["result"];
        let words = result["content"][0]["text"].as_str();
        (
            words.unwrap_or_else(|| panic!("{answer}")).to_owned(),
            result["structuredContent"].clone(),
            result["isError"] == json!(true),
        )
    }

    /// The same where it must not fail.
    fn done(&mut self, tool: &str, arguments: Value) -> (String, Value) {
        let (words, data, failed) = self.call(tool, arguments);
        assert!(!failed, "{tool}: {words}");
        (words, data)
    }

    /// The client goes away; the server must end well.
    fn leave(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn a_template_takes_the_models_at_hand_and_the_session_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let server = Keyless::start("turnaround");
    let near = [("OPENAI_BASE_URL", server.base_url.as_str())];
    let mut client = Client::start(home.path(), &near, &[]);
    let ask = json!({"prompt": "Say something.", "template": "local-only"});
    let (words, data) = client.done("run_ask", ask);
    assert_eq!(data["state"], "answered", "{words}");
    let kept: Vec<_> = std::fs::read_dir(home.path().join("state/templates"))
        .unwrap()
        .collect();
    assert_eq!(kept.len(), 1);
    // Nothing names the team: the session's own goes on.
    let more = json!({"prompt": "More.", "continue": data["run"]});
    let (words, data) = client.done("run_ask", more);
    assert_eq!(data["turn"], 2, "{words}");
    let (told, _, failed) = client.call("run_ask", json!({"prompt": "x", "template": "chaep"}));
    assert!(failed && told.contains("Did you mean cheap?"), "{told}");
    // A template that changes files gets no folder that clients may not name.
    let elsewhere = tempfile::tempdir().unwrap();
    client.leave();
    let folder = elsewhere.path().display().to_string();
    let mut client = Client::start(home.path(), &near, &["--folder", &folder]);
    let ask = json!({"prompt": "x", "template": "code-review"});
    let (told, _, failed) = client.call("run_ask", ask);
    assert!(failed && told.contains("outside of what"), "{told}");
    client.leave();
}

#[test]
fn without_anything_at_hand_a_template_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let mut client = Client::start(home.path(), &[], &[]);
    let (_, data) = client.done("config_list", json!({}));
    assert_eq!(data["templates"].as_array().map(Vec::len), Some(8));
    let ask = json!({"prompt": "x", "template": "cheap"});
    let (told, _, failed) = client.call("run_start", ask);
    assert!(failed && told.contains("massgen-tui keys set"), "{told}");
    client.leave();
}

#[test]
fn a_model_reads_a_session_within_a_limit_and_once() {
    let home = tempfile::tempdir().unwrap();
    let key = [("OPENAI_API_KEY", "sk-test-0123456789abcdefghij")];
    let mut client = Client::start(home.path(), &key, &["--demo", "--demo-speed", "max"]);
    let (_, ran) = client.done("run_ask", json!({"prompt": "How?"}));
    let read = json!({"id": ran["run"], "model": "demo/analyst"});
    let (words, data) = client.done("run_analyze", read.clone());
    assert!(words.contains("written by a script"), "{words}");
    assert!(words.contains("Kept as analysis 1"), "{words}");
    assert_eq!((&data["number"], &data["new"]), (&json!(1), &json!(true)));
    let (words, data) = client.done("run_analyze", read);
    assert_eq!(data["new"], json!(false), "{words}");
    for (arguments, told) in [
        (json!({"model": "demo/analist"}), "demo/analyst"),
        (json!({"model": "opnai/gpt-5"}), "Did you mean openai?"),
        (
            json!({"model": "demo/analyst", "turn": "7"}),
            "no turn 7; it has 1",
        ),
        (json!({"turn": "1"}), "for a model that reads"),
        (
            json!({"model": "openai/gpt-6-luna", "max_usd": 0.000_001}),
            "Nothing was sent",
        ),
    ] {
        let mut whole = json!({"id": ran["run"]});
        for (key, value) in arguments.as_object().unwrap() {
            whole[key] = value.clone();
        }
        let (words, _, failed) = client.call("run_analyze", whole);
        assert!(failed && words.contains(told), "{told}: {words}");
    }
    let (_, figures) = client.done("run_analyze", json!({"id": "latest"}));
    assert!(figures["report"].is_object());
    client.leave();
}

#[test]
fn questions_of_agents_wait_for_the_client_when_it_says_so() {
    let home = tempfile::tempdir().unwrap();
    let mut client = Client::start(home.path(), &[], &["--demo-speed", "20"]);
    let (told, _, failed) = client.call(
        "run_ask",
        json!({"prompt": "x", "demo": "talking", "questions": "wait"}),
    );
    assert!(failed && told.contains("run_start"), "{told}");
    let start = json!({"prompt": "x", "demo": "talking", "questions": "wait"});
    let (_, started) = client.done("run_start", start);
    let run = started["run"].clone();
    let (mut answered, mut state) = (0, Value::Null);
    while state != "answered" {
        let (words, status) = client.done("run_status", json!({ "id": run }));
        state = status["state"].clone();
        for question in status["questions"].as_array().unwrap() {
            assert!(words.contains("run_answer takes"), "{words}");
            let wrong = json!({"id": run, "question": question["id"], "option": 99});
            let (told, _, failed) = client.call("run_answer", wrong);
            assert!(failed, "{told}");
            let text = json!({"id": run, "question": question["id"], "text": "As you like."});
            // It may have been settled in between.
            let (_, _, failed) = client.call("run_answer", text);
            answered += u32::from(!failed);
        }
    }
    assert!(answered > 0, "nobody asked");
    let (told, _, failed) = client.call(
        "run_answer",
        json!({"id": run, "question": 77, "skip": true}),
    );
    assert!(failed && told.contains("no question 77"), "{told}");
    client.leave();
}

#[test]
fn sessions_are_resources_and_kept_prompts_are_prompts() {
    let home = tempfile::tempdir().unwrap();
    let mut client = Client::start(home.path(), &[], &["--demo", "--demo-speed", "max"]);
    let (_, ran) = client.done("run_ask", json!({"prompt": "How?"}));
    let run = ran["run"].as_str().unwrap().to_owned();
    let listed = client.ask("resources/list", json!({}));
    let listed = listed["result"]["resources"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2, "{listed:?}");
    for (address, says) in [
        (listed[0]["uri"].as_str().unwrap(), "won with"),
        ("massgen-tui://session/latest/report", "# "),
    ] {
        let read = client.ask("resources/read", json!({ "uri": address }));
        let text = read["result"]["contents"][0]["text"].as_str().unwrap();
        assert!(text.contains(says), "{address}: {text}");
    }
    assert!(listed[0]["uri"].as_str().unwrap().contains(&run));
    for address in ["massgen-tui://session/nope/answer", "file:///etc/passwd"] {
        let read = client.ask("resources/read", json!({ "uri": address }));
        assert!(read["error"]["message"].is_string(), "{read}");
    }
    let templates = client.ask("resources/templates/list", json!({}));
    let templates = &templates["result"]["resourceTemplates"];
    assert_eq!(templates.as_array().map(Vec::len), Some(2));
    let prompts = client.ask("prompts/list", json!({}));
    let prompts = prompts["result"]["prompts"].as_array().unwrap().clone();
    let find = prompts
        .iter()
        .find(|one| one["name"] == "find-bug")
        .unwrap();
    let required = find["arguments"].as_array().unwrap().iter();
    let given: serde_json::Map<String, Value> = required
        .filter(|one| one["required"] == json!(true))
        .map(|one| (one["name"].as_str().unwrap().to_owned(), json!("<it>")))
        .collect();
    let filled = client.ask(
        "prompts/get",
        json!({"name": "find-bug", "arguments": given}),
    );
    let text = filled["result"]["messages"][0]["content"]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("{filled}"));
    assert!(text.contains("run_ask") && !text.contains("{{"), "{text}");
    let wrong = client.ask("prompts/get", json!({"name": "find-bgu"}));
    let wrong = wrong["error"]["message"].as_str().unwrap().to_owned();
    assert!(wrong.contains("Did you mean find-bug?"), "{wrong}");
    client.leave();
}

#[test]
fn sessions_are_found_by_the_words_of_the_list() {
    let home = tempfile::tempdir().unwrap();
    let mut client = Client::start(home.path(), &[], &["--demo", "--demo-speed", "max"]);
    client.done("run_ask", json!({"prompt": "How?"}));
    for (filter, count) in [("outcome:answered how", 1), ("outcome:cancelled", 0)] {
        let (words, data) = client.done("run_list", json!({ "filter": filter }));
        assert_eq!(data["total"], count, "{filter}: {words}");
    }
    let (told, _, failed) = client.call("run_list", json!({"filter": "outcome:nonsense"}));
    assert!(failed, "{told}");
    client.leave();
}
