//! Bad days with the built program: servers that refuse, break off, talk nonsense or too much, and
//! disks, pipes and people that end things early. For each: a clear word, the right exit code, and
//! what was published is kept.
//!
//! The servers are raw sockets of our own on loopback. Nothing here sleeps; a program that hangs is
//! ended after [`HANG`], so that a hang is a failure.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use massgen_tui::{
    protocol::{AgentEvent, Event, EventKind, Outcome, OutcomeEnd, RunEvent},
    store::Store,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::Notify};

use crate::harness::{
    beside,
    sse_server::{Connection, Server},
};

/// A program that has not ended by then hangs.
const HANG: Duration = Duration::from_mins(2);
/// The key the program is given; nobody may ever see it.
const KEY: &str = "sk-bad-day-0123456789abcdefghij";

type Handler = Arc<dyn Fn(usize, Connection) -> BoxFuture<'static, ()> + Send + Sync>;

/// An answer to the n-th request (from 0).
fn handler<F>(answer: impl Fn(usize, Connection) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = ()> + Send + 'static,
{
    Arc::new(move |number, connection| answer(number, connection).boxed())
}

/// Every request gets this error.
fn refuses(status: u16, body: &'static str) -> Handler {
    handler(move |_, connection| async move { connection.reply(status, &[], body).await })
}

/// Every request that asks for tools gets these frames, the presentation gets plain words.
fn says(frames: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Handler {
    handler(move |number, connection| stream(connection, frames(number)))
}

async fn stream(mut connection: Connection, frames: Vec<u8>) {
    connection.open().await;
    connection.send(frames).await;
    connection.finish().await;
}

fn frame(delta: &Value, finish: Option<&str>) -> String {
    let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    format!("data: {chunk}\n\n")
}

const DONE: &str = "data: [DONE]\n\n";

fn words(text: &str) -> Vec<u8> {
    let text = frame(&json!({"content": text}), None);
    [&text, &frame(&json!({}), Some("stop")), DONE]
        .concat()
        .into()
}

fn call(name: &str, arguments: &str) -> Vec<u8> {
    let function = json!({"name": name, "arguments": arguments});
    let call = json!([{"index": 0, "id": "c1", "type": "function", "function": function}]);
    let call = frame(&json!({"tool_calls": call}), None);
    [&call, &frame(&json!({}), Some("tool_calls")), DONE]
        .concat()
        .into()
}

/// The labels on the ballot; empty when no vote is offered.
fn ballot(request: &Value) -> Vec<String> {
    request["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|tool| tool["function"]["name"] == "vote")
        .filter_map(|tool| {
            tool["function"]["parameters"]["properties"]["agent_id"]["enum"].as_array()
        })
        .flatten()
        .filter_map(|label| label.as_str().map(str::to_owned))
        .collect()
}

/// What a well-behaved model says: publishes `answer`, votes for the first label, presents `last`.
fn good(request: &Value, answer: &str, last: &str) -> Vec<u8> {
    if request.get("tools").is_none() {
        return words(last);
    }
    match ballot(request).first() {
        Some(label) => call(
            "vote",
            &json!({"agent_id": label, "reason": "fine"}).to_string(),
        ),
        None => call("new_answer", &json!({ "content": answer }).to_string()),
    }
}

fn well_behaved(answer: &'static str, last: &'static str) -> Handler {
    handler(move |_, connection| {
        let frames = good(&connection.request.json(), answer, last);
        stream(connection, frames)
    })
}

/// A home of its own with a server in it.
struct Home {
    folder: tempfile::TempDir,
    base_url: String,
    requests: Arc<AtomicUsize>,
    runtime: Runtime,
}

impl Home {
    fn new(answer: Handler) -> Self {
        let runtime = beside::runtime();
        let server = runtime.block_on(Server::start());
        let base_url = server.base_url();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        runtime.spawn(async move {
            loop {
                let connection = server.accept().await;
                if connection.request.line.starts_with("GET") {
                    let models = r#"{"object":"list","data":[{"id":"small"},{"id":"large"}]}"#;
                    connection.reply(200, &[], models).await;
                    continue;
                }
                let number = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(number, connection));
            }
        });
        Self {
            folder: tempfile::tempdir().unwrap(),
            base_url,
            requests,
            runtime,
        }
    }

    fn store(&self) -> Store {
        Store::reading(&self.folder.path().join("state"))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("MASSGEN_TUI_STATE_DIR", self.folder.path().join("state"))
            .env("OPENAI_API_KEY", KEY)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `run` against the server of this home.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(PROGRAM);
        command.args(["run", "--base-url", &self.base_url]);
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.program(arguments))
    }

    /// The events of the only session, read back from its log.
    fn log(&self) -> Vec<Event> {
        let store = self.store();
        let session = store.read(&store.find("latest").unwrap()).unwrap();
        assert_eq!(session.damage, None);
        session.events
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_massgen-tui");

/// Ends a program that hangs.
fn watch(child: &Child) -> mpsc::SyncSender<()> {
    let (alive, watched) = mpsc::sync_channel(1);
    let pid = Pid::from_child(child);
    thread::spawn(move || {
        if watched.recv_timeout(HANG) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    alive
}

/// What a program left.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(mut command: Command) -> Self {
        let child = command.spawn().unwrap();
        let alive = watch(&child);
        let output = child.wait_with_output().unwrap();
        let _ = alive.try_send(());
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    #[track_caller]
    fn exits(self, name: &str, code: i32) -> Self {
        let (out, err) = (&self.out, &self.err);
        assert_eq!(self.code, Some(code), "{name}\nout: {out}\nerr: {err}");
        self
    }

    #[track_caller]
    fn tells(self, name: &str, told: &[&str]) -> Self {
        for told in told {
            assert!(
                self.err.contains(told),
                "{name}: no {told:?} in {}",
                self.err
            );
        }
        self
    }
}

/// A server's bad day.
struct Day {
    name: &'static str,
    answer: Handler,
    /// Exit code and words on stderr.
    code: i32,
    told: &'static [&'static str],
    /// Requests that reach the server.
    requests: usize,
}

fn day(
    name: &'static str,
    answer: Handler,
    code: i32,
    requests: usize,
    told: &'static [&'static str],
) -> Day {
    Day {
        name,
        answer,
        code,
        told,
        requests,
    }
}

/// The first request fails like this, the rest goes well.
fn once(fails: impl Fn(Connection) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Handler {
    let well = well_behaved("an answer", "the final word");
    Arc::new(move |number, connection| {
        if number == 0 {
            fails(connection)
        } else {
            well(number, connection)
        }
    })
}

/// A reply that breaks off in the middle.
async fn break_off(mut connection: Connection) {
    connection.open().await;
    let half = frame(&json!({"content": "half of an ans"}), None);
    connection.send(half).await;
    connection.cut();
}

fn refusals() -> Vec<Day> {
    vec![
        day(
            "wrong key",
            refuses(
                401,
                r#"{"error":{"message":"Incorrect API key provided: sk-bad-day-0123456789abcdefghij"}}"#,
            ),
            3,
            1,
            &["no access", "401", "Incorrect API key", "OPENAI_API_KEY"],
        ),
        day(
            "unknown model",
            refuses(
                404,
                r#"{"error":{"message":"The model does not exist","code":"model_not_found"}}"#,
            ),
            3,
            1,
            &["unknown model", "404", "Did you mean small?"],
        ),
        day(
            "wrong address",
            refuses(404, "<html><body>Not Found</body></html>"),
            3,
            1,
            &["404", "web page", "/v1"],
        ),
        day(
            "a wait of an hour",
            handler(|_, connection| async move {
                let hour = [("retry-after", "3600")];
                connection
                    .reply(429, &hour, r#"{"error":{"message":"slow down"}}"#)
                    .await;
            }),
            3,
            1,
            &["rate limited", "429", "60 min"],
        ),
        day(
            "a short wait",
            once(|connection| {
                async move {
                    let soon = [("retry-after-ms", "20")];
                    connection
                        .reply(429, &soon, r#"{"error":{"message":"slow down"}}"#)
                        .await;
                }
                .boxed()
            }),
            0,
            3,
            &["tries again in", "429", "slow down"],
        ),
        day(
            "a server error that stays",
            refuses(500, r#"{"error":{"message":"out of luck"}}"#),
            3,
            4,
            &["500", "out of luck", "after 4 attempts"],
        ),
        day(
            "a busy server",
            once(|connection| {
                async move {
                    let soon = [("retry-after-ms", "20")];
                    connection
                        .reply(529, &soon, r#"{"error":{"message":"Overloaded"}}"#)
                        .await;
                }
                .boxed()
            }),
            0,
            3,
            &["tries again in", "529"],
        ),
    ]
}

fn nonsense() -> Vec<Day> {
    vec![
        day(
            "cut once",
            once(|connection| break_off(connection).boxed()),
            0,
            3,
            &["tries again in", "in the middle of the reply"],
        ),
        day(
            "cut always",
            handler(|_, connection| break_off(connection)),
            3,
            3,
            &["connection trouble", "in the middle of the reply"],
        ),
        day(
            "malformed JSON",
            says(|_| b"data: {\"choices\":[{\"delta\":{\"content\": oops\n\n".to_vec()),
            3,
            4,
            &["malformed JSON"],
        ),
        day(
            "broken arguments",
            says(|_| call("new_answer", "{\"content\": \"ha")),
            3,
            2,
            &["new_answer", "not valid JSON", "no answer"],
        ),
        day(
            "no call, ever",
            says(|number| words(&format!("I just talk, for the {number}th time"))),
            0,
            4,
            &["no usable new_answer or vote", "published agent1.1"],
        ),
        day(
            "empty replies",
            says(|_| words("")),
            3,
            4,
            &["empty reply", "no answer"],
        ),
        day(
            "empty answers",
            says(|_| call("new_answer", "{\"content\": \"  \"}")),
            3,
            4,
            &["has no text", "no answer"],
        ),
    ]
}

/// Runs them all at the same time: most of a bad day is waiting.
fn check(days: Vec<Day>) {
    thread::scope(|scope| {
        for day in days {
            scope.spawn(move || {
                let home = Home::new(day.answer);
                let ran = home
                    .run(&["--model", "small", "task"])
                    .exits(day.name, day.code)
                    .tells(day.name, day.told);
                let requests = home.requests.load(Ordering::SeqCst);
                assert_eq!(requests, day.requests, "{}: {}", day.name, ran.err);
                assert!(!ran.err.contains(KEY) && !ran.out.contains(KEY));
                let log = serde_json::to_string(&home.log()).unwrap();
                assert!(!log.contains(KEY), "{}: the key is in the log", day.name);
            });
        }
    });
}

#[test]
fn a_server_that_refuses_is_told_in_words() {
    check(refusals());
}

#[test]
fn a_server_that_talks_nonsense_is_told_in_words() {
    check(nonsense());
}

/// An `https` address where somebody answers in plain HTTP.
fn speaks_no_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut hello = [0; 512];
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut hello);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    url
}

#[test]
fn a_server_that_cannot_be_reached_is_told_in_words() {
    let home = Home::new(refuses(500, "never asked"));
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/v1", listener.local_addr().unwrap())
    };
    let plain = speaks_no_tls();
    let days = [
        (
            nobody.as_str(),
            "refused the connection",
            "after 4 attempts",
        ),
        (
            "http://no-such-host.invalid/v1",
            "no-such-host.invalid",
            "after 4 attempts",
        ),
        // What no further attempt can heal is told at once.
        (plain.as_str(), "write http:// instead of https://", "TLS"),
    ];
    thread::scope(|scope| {
        for (url, told, how) in days {
            let mut command = home.command(PROGRAM);
            command.args(["run", "--base-url", url, "--model", "small", "task"]);
            scope.spawn(move || {
                Ran::of(command)
                    .exits(url, 3)
                    .tells(url, &[told, how, "no answer"]);
            });
        }
    });
}

#[test]
fn one_dead_agent_does_not_take_the_others_answer_along() {
    let well = well_behaved("the living answer", "the living answer, presented");
    let home = Home::new(Arc::new(move |number, connection| {
        if connection.request.json()["model"] == "dead" {
            connection
                .reply(401, &[], "{}")
                .boxed()
                .map(|()| ())
                .boxed()
        } else {
            well(number, connection)
        }
    }));
    let ran = home
        .run(&["--model", "dead", "--model", "alive", "task"])
        .exits("dead and alive", 0)
        .tells("dead and alive", &["dead is out", "alive published"]);
    assert!(ran.out.starts_with("the living answer"), "{}", ran.out);
}

#[test]
fn ten_megabytes_in_one_line_arrive_whole() {
    const LONG: usize = 10_000_000;
    let home = Home::new(handler(|_, connection| async move {
        let request = connection.request.json();
        let frames = if request.get("tools").is_none() {
            words(&"z".repeat(LONG))
        } else {
            good(&request, "short", "")
        };
        stream(connection, frames).await;
    }));
    let ran = home
        .run(&["--model", "a", "--model", "b", "--quiet", "task"])
        .exits("long", 0);
    assert_eq!(ran.out.trim_end().len(), LONG);
    assert_eq!(ran.err, "");
    let Some(EventKind::Run(RunEvent::Ended(Outcome::Answered { text, .. }))) =
        home.log().pop().map(|event| event.kind)
    else {
        panic!("the log ends with the answer");
    };
    assert_eq!(text.len(), LONG);
}

#[test]
fn hostile_text_loses_its_sting() {
    let home = Home::new(handler(|_, connection| async move {
        let request = connection.request.json();
        let frames = if request.get("tools").is_none() {
            let mut frames: Vec<u8> = frame(
                &json!({"content": "A\u{1b}[2J\u{1b}]0;owned\u{7}B\u{202e}C\u{0}\u{9b}D"}),
                None,
            )
            .into();
            frames
                .extend(b"data: {\"choices\":[{\"delta\":{\"content\":\"in\xff\xfevalid\"}}]}\n\n");
            frames.extend(words(" end"));
            frames
        } else {
            good(&request, "an \u{1b}[31mevil\u{202e} answer", "")
        };
        stream(connection, frames).await;
    }));
    let team = ["--model", "a\u{1b}[31m", "--model", "b"];
    let text = home
        .run(&[&team[..], &["task \u{1b}[5m"]].concat())
        .exits("text", 0);
    let clean = |text: &str| {
        text.chars()
            .all(|c| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)))
    };
    assert!(
        clean(&text.out) && text.out.contains("valid end"),
        "{:?}",
        text.out
    );
    assert!(clean(&text.err), "{:?}", text.err);
    let json = home
        .run(&[&team[..], &["--output", "json", "task"]].concat())
        .exits("json", 0);
    assert!(json.out.bytes().all(|byte| byte == b'\n' || byte >= 0x20));
    let events: Vec<Event> = json
        .out
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    let Some(EventKind::Run(RunEvent::Ended(Outcome::Answered { text, .. }))) =
        events.last().map(|event| &event.kind)
    else {
        panic!("an outcome: {:?}", events.last());
    };
    assert!(text.contains("\u{1b}[2J"), "JSON is the data as it is");
}

/// A model without tool calling: the server refuses tools, the model keeps to the text protocol.
fn without_tools() -> Handler {
    handler(|_, connection| async move {
        let request = connection.request.json();
        if request.get("tools").is_some() {
            let body = r#"{"error":{"message":"this model does not support tools"}}"#;
            return connection.reply(400, &[], body).await;
        }
        let last = request["messages"]
            .as_array()
            .and_then(|messages| messages.last())
            .and_then(|message| message["content"].as_str())
            .unwrap_or_default()
            .to_owned();
        let tool = |name: &str, arguments: &Value| {
            let object = json!({"tool_name": name, "arguments": arguments});
            words(&format!("Let me see.\n\n```tool\n{object}\n```\n"))
        };
        let frames = if last.contains("Give the final answer now") {
            words("the final word, as text")
        } else if last.contains("Vote for one of agent1.1") {
            tool(
                "vote",
                &json!({"agent_id": "agent1.1", "reason": "it is good"}),
            )
        } else {
            tool("new_answer", &json!({"content": "an answer, as text"}))
        };
        stream(connection, frames).await;
    })
}

#[test]
fn a_server_without_tool_calling_works_over_text() {
    // One request more when the program has to find out by itself.
    for (how, code, requests) in [("auto", 0, 3), ("text", 0, 2), ("native", 3, 1)] {
        let home = Home::new(without_tools());
        let ran = home
            .run(&["--model", "small", "--tool-calling", how, "task"])
            .exits(how, code);
        assert_eq!(
            home.requests.load(Ordering::SeqCst),
            requests,
            "{how}: {}",
            ran.err
        );
        if code == 0 {
            assert_eq!(ran.out, "an answer, as text\n", "{how}");
            ran.tells(how, &["voted for agent1.1: it is good"]);
        } else {
            ran.tells(how, &["does not support tools"]);
        }
    }
    let home = Home::new(without_tools());
    let ran = home
        .run(&["--model", "a", "--model", "b", "--model", "c", "task"])
        .exits("three", 0);
    assert_eq!(ran.out, "the final word, as text\n", "{}", ran.err);
}

fn piped(mut command: Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let alive = watch(&child);
    let feed = thread::scope(|scope| {
        let feed = scope.spawn(move || stdin.write_all(input).is_ok());
        let output = child.wait_with_output().unwrap();
        let _ = alive.try_send(());
        let _ = feed.join();
        output
    });
    Ran {
        code: feed.status.code(),
        out: String::from_utf8(feed.stdout).unwrap(),
        err: String::from_utf8(feed.stderr).unwrap(),
    }
}

#[test]
fn a_long_task_arrives_whole_and_one_too_long_is_refused() {
    let home = Home::new(handler(|_, connection| async move {
        let request = connection.request.json();
        let length = request["messages"]
            .to_string()
            .bytes()
            .filter(|byte| *byte == b'~')
            .count();
        let frames = good(&request, &format!("{length} tildes"), "");
        stream(connection, frames).await;
    }));
    let run = |input: &[u8]| piped(home.program(&["--model", "small", "-"]), input);
    let ran = run(&b"~".repeat(1_000_000)).exits("a megabyte", 0);
    assert_eq!(ran.out, "1000000 tildes\n");
    run(&b"~".repeat(5_000_000))
        .exits("too much", 2)
        .tells("too much", &["longer than 4 MiB"]);
    run(b" \n\t")
        .exits("blank", 2)
        .tells("blank", &["is empty"]);
    home.run(&["--model", "small", ""])
        .exits("empty", 2)
        .tells("empty", &["is empty"]);
}

#[test]
fn flags_that_make_no_sense_are_refused_in_words() {
    let home = Home::new(refuses(500, "never asked"));
    let url = home.base_url.as_str();
    for (arguments, told) in [
        (
            &["--base-url", "nonsense", "--model", "a", "task"][..],
            "\"nonsense\" is not an http",
        ),
        (&["--model", "a", "task"], "not known who serves \"a\""),
        (&["--base-url", url, "task"], "small, large"),
        (
            &["--base-url", url, "--demo", "task"],
            "cannot be used with",
        ),
        (
            &["--config", "x.yaml", "--model", "a", "task"],
            "cannot be used with",
        ),
        (
            &["--demo", "--tool-calling", "text", "task"],
            "cannot be used with",
        ),
        (
            &[
                "--base-url",
                url,
                "--model",
                "a",
                "--demo-speed",
                "2",
                "task",
            ],
            "cannot be used with",
        ),
        (&["--demo", "no-such", "task"], "Choose one of: quick"),
        (
            &["--demo", "--demo-speed", "fast", "task"],
            "not a demo speed",
        ),
        (&["task"], "There is no team"),
    ] {
        let mut command = home.command(PROGRAM);
        command.arg("run").args(arguments);
        let name = arguments.join(" ");
        let ran = Ran::of(command).exits(&name, 2).tells(&name, &[told]);
        assert_eq!(ran.out, "", "{name}");
        assert!(!ran.err.contains("local trouble"), "{}", ran.err);
    }
    assert_eq!(home.requests.load(Ordering::SeqCst), 0);
}

#[test]
fn a_broken_configuration_is_refused_with_everything_that_is_wrong() {
    let home = Home::new(refuses(500, "never asked"));
    let yaml = "agents:\n  - id: a\n    backend:\n      type: opnai\n  - id: a\n    bakend: {}\n";
    std::fs::write(home.folder.path().join("team.yaml"), yaml).unwrap();
    let mut command = home.command(PROGRAM);
    command.args(["run", "--config", "team.yaml", "task"]);
    Ran::of(command).exits("broken", 2).tells(
        "broken",
        &[
            "team.yaml:4:",
            "opnai",
            "openai",
            "team.yaml:5:",
            "team.yaml:6:",
            "bakend",
        ],
    );
}

#[test]
fn sixteen_agents_of_one_model_agree() {
    let home = Home::new(handler(|number, connection| async move {
        let frames = good(
            &connection.request.json(),
            &format!("idea {number}"),
            "one for all",
        );
        stream(connection, frames).await;
    }));
    let team = ["--model", "small"].repeat(16);
    let ran = home
        .run(&[&team[..], &["task"]].concat())
        .exits("sixteen", 0);
    assert_eq!(ran.out, "one for all\n");
    ran.tells("sixteen", &["small #16"]);
}

/// One agent publishes at once, then streams without end; the other never answers.
fn endless(flooded: Arc<Notify>) -> Handler {
    handler(move |_, mut connection| {
        let flooded = Arc::clone(&flooded);
        async move {
            let request = connection.request.json();
            if request["model"] == "silent" {
                return connection.closed().await;
            }
            if ballot(&request).is_empty() {
                let frames = good(&request, "the early answer", "");
                return stream(connection, frames).await;
            }
            connection.open().await;
            let piece = frame(&json!({"content": "word ".repeat(13_000)}), None);
            let mut sent = 0;
            while connection.send(&piece).await {
                sent += piece.len();
                // More than all buffers of sockets hold: the program has read on and must be stuck
                // on its own reader.
                if sent > 24_000_000 {
                    flooded.notify_one();
                }
            }
        }
    })
}

fn is_published(line: &str) -> bool {
    serde_json::from_str::<Event>(line).is_ok_and(|event| {
        matches!(
            event.kind,
            EventKind::Agent {
                event: AgentEvent::Published(_),
                ..
            }
        )
    })
}

#[test]
fn signals_keep_what_was_published() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = Home::new(endless(Arc::default()));
        let mut command = home.program(&[
            "--model", "chatty", "--model", "silent", "--output", "json", "task",
        ]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let alive = watch(&child);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let published = lines.any(|line| is_published(&line.unwrap()));
        assert!(published);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let last = lines.last().unwrap().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal:?}");
        let _ = alive.try_send(());
        let event: Event = serde_json::from_str(&last).unwrap();
        let EventKind::Run(RunEvent::Ended(Outcome::Answered { text, end, .. })) = &event.kind
        else {
            panic!("{last}");
        };
        assert_eq!(
            (text.as_str(), *end),
            ("the early answer", OutcomeEnd::Stopped)
        );
        assert_eq!(home.log().last(), Some(&event), "the log has it too");
    }
}

#[test]
fn a_second_signal_leaves_at_once_even_when_nobody_reads() {
    let flooded = Arc::new(Notify::new());
    let home = Home::new(endless(Arc::clone(&flooded)));
    let mut command = home.program(&["--model", "chatty", "--output", "json", "task"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let alive = watch(&child);
    let unread = child.stdout.take().unwrap();
    home.runtime.block_on(flooded.notified());
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let code = child.wait().unwrap().code();
    let _ = alive.try_send(());
    drop(unread);
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
}

#[test]
fn a_log_that_may_not_grow_does_not_cost_the_answer() {
    let home = Home::new(well_behaved("an answer", "the final word"));
    let mut command = home.command("sh");
    // A limit of one block, as on a full disk; its signal would kill the program.
    command.args([
        "-c",
        "ulimit -f 1 && exec \"$0\" \"$@\"",
        PROGRAM,
        "run",
        "--base-url",
        &home.base_url,
        "--model",
        "a",
        "--model",
        "b",
        "task",
    ]);
    let ran = Ran::of(command).exits("full", 0);
    assert_eq!(ran.out, "the final word\n");
    ran.tells("full", &["session log is not being saved", "--state-dir"]);
    let store = home.store();
    let session = store.read(&store.find("latest").unwrap()).unwrap();
    assert_eq!(session.damage, None, "whole lines only");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let full = std::path::Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    for format in ["text", "json"] {
        let home = Home::new(well_behaved("an answer", "the final word"));
        let mut command = home.program(&["--model", "a", "--output", format, "task"]);
        command.stdout(std::fs::OpenOptions::new().write(true).open(full).unwrap());
        Ran::of(command)
            .exits(format, 1)
            .tells(format, &["The output cannot be written"]);
    }
}

#[test]
fn a_reader_that_leaves_in_the_middle_ends_the_run() {
    let home = Home::new(endless(Arc::default()));
    let mut command = home.program(&["--model", "chatty", "--output", "json", "task"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let alive = watch(&child);
    let mut byte = [0];
    child.stdout.take().unwrap().read_exact(&mut byte).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(141));
    let _ = alive.try_send(());
    assert!(matches!(
        home.log().last().map(|event| &event.kind),
        Some(EventKind::Run(RunEvent::Ended(_)))
    ));
}
