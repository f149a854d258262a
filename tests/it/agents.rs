//! Command-line agents as members of a team: programs played by `agents/fake.py`, with the real tool
//! server between them and us. Without python3 there is nothing to play them, and the tests pass over.

mod worktrees;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::StreamExt as _;
use massgen_tui::{
    config::{self, Dialect, Program, program::Instructions},
    protocol::{
        CallEvent, Deed, Failure, FailureKind, Message, ToolChoice, ToolEvent, ToolSpec, Usage,
    },
    provider::{
        Change, Permission, Permitted, Provider as _, Request, StopReason, StreamEvent,
        cli::{CliProvider, Setup},
    },
};
use serde_json::{Value, json};

const DIALECTS: [(Dialect, &str); 4] = [
    (Dialect::ClaudeCode, "claude"),
    (Dialect::Codex, "codex"),
    (Dialect::GeminiCli, "gemini"),
    (Dialect::Acp, "acp"),
];

/// An agent with its script.
struct Agent {
    provider: CliProvider,
    command: Vec<String>,
    script: PathBuf,
    _folder: tempfile::TempDir,
}

fn python() -> Option<PathBuf> {
    config::program::find("python3", &std::env::var("PATH").ok()?)
}

fn program(dialect: Dialect, command: Vec<String>) -> Program {
    let path = std::env::var("PATH").unwrap_or_default();
    Program {
        dialect,
        name: "Fake".into(),
        command,
        extra_args: Vec::new(),
        env: vec![("PATH".into(), path.into())],
        model: None,
        effort: None,
        instructions: Instructions::Ours,
        install: "npm install -g fake".into(),
        login: "fake login".into(),
    }
}

fn provider(program: Program) -> CliProvider {
    CliProvider::new(Setup {
        program,
        relay: vec![
            env!("CARGO_BIN_EXE_massgen-tui").into(),
            "agent-tools".into(),
        ],
        standing: vec![tool("new_answer"), tool("vote")],
        price: None,
    })
}

fn agent((dialect, word): (Dialect, &str), script: &Value) -> Option<Agent> {
    let python = python()?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, script.to_string()).unwrap();
    let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/agents/fake.py");
    let words = [python.as_path(), &fake, Path::new(word), &path];
    let command: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    Some(Agent {
        provider: provider(program(dialect, command.clone())),
        command,
        script: path,
        _folder: folder,
    })
}

impl Agent {
    fn notes(&self) -> String {
        fs::read_to_string(self.script.with_extension("notes")).unwrap_or_default()
    }

    /// Waits until the fake has noted something.
    async fn noted(&self, words: &str) {
        until(words, || self.notes().contains(words)).await;
    }

    /// It is cut off after "Half", and told to go on.
    async fn cut_off_and_resumed(&self) -> Heard {
        let mut messages = task();
        let mut stream = self.provider.stream(request(&messages));
        assert_eq!(
            stream.next().await,
            Some(Ok(StreamEvent::Text("Half".into())))
        );
        self.noted("hangs").await;
        drop(stream);
        messages.push(Message::Assistant {
            text: "Half".into(),
            calls: Vec::new(),
            carried: None,
        });
        messages.push(Message::User {
            text: "Go on.".into(),
        });
        let heard = hear(&self.provider, &messages).await;
        assert_eq!(heard.text, "Whole.", "{heard:?}");
        heard
    }

    /// Nothing of its process group is left.
    async fn is_gone(&self) {
        let notes = self.notes();
        for word in ["pid ", "child "] {
            let mut pids = notes.lines().filter_map(|line| line.strip_prefix(word));
            let pid = pids.next().unwrap();
            until("its whole process group is gone", || !runs(pid)).await;
        }
    }
}

/// Waits for something that another process does and nobody announces; a minute without it fails.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: "d".into(),
        parameters: json!({"type": "object"}),
    }
}

fn request(messages: &[Message]) -> Request {
    Request {
        messages: messages.to_vec(),
        tools: vec![tool("new_answer"), tool("vote")],
        choice: ToolChoice::Auto,
    }
}

fn task() -> Vec<Message> {
    vec![
        Message::System {
            text: "You are one of a team.".into(),
        },
        Message::User {
            text: "The task.".into(),
        },
    ]
}

/// One reply, in short.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    thinking: String,
    draft: String,
    calls: Vec<massgen_tui::protocol::ToolCall>,
    cards: Vec<String>,
    asked: Vec<Permission>,
    retries: u32,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    failure: Option<Failure>,
}

async fn hear(provider: &CliProvider, messages: &[Message]) -> Heard {
    hear_and_permit(provider, messages, &Permitted::No("no".into())).await
}

/// Hears a reply; the same is said to every permission.
async fn hear_and_permit(provider: &CliProvider, messages: &[Message], said: &Permitted) -> Heard {
    let mut stream = provider.stream(request(messages));
    let mut heard = Heard::default();
    while let Some(item) = stream.next().await {
        match item {
            Ok(StreamEvent::Text(text)) => heard.text.push_str(&text),
            Ok(StreamEvent::Thinking(text)) => heard.thinking.push_str(&text),
            Ok(StreamEvent::ToolArguments { fragment, .. }) => heard.draft.push_str(&fragment),
            Ok(StreamEvent::ToolCall(call)) => heard.calls.push(call),
            Ok(StreamEvent::Tool(ToolEvent::Started { name, .. })) => heard.cards.push(name),
            Ok(StreamEvent::Tool(ToolEvent::Finished { output, .. })) => heard.cards.push(output),
            Ok(StreamEvent::Call(CallEvent::Retrying { .. })) => heard.retries += 1,
            Ok(StreamEvent::Usage(usage)) => heard.usage = Some(usage),
            Ok(StreamEvent::Stop(stop)) => heard.stop = Some(stop),
            Ok(StreamEvent::Permission(asked)) => {
                provider.permit(asked.id, said.clone());
                heard.asked.push(asked);
            }
            Err(failure) => heard.failure = Some(failure),
            Ok(_) => {}
        }
    }
    heard
}

/// The conversation after a reply with one call, with its result.
fn answered(messages: &mut Vec<Message>, heard: &Heard, result: &str) {
    messages.push(Message::Assistant {
        text: heard.text.clone(),
        calls: heard.calls.clone(),
        carried: None,
    });
    messages.push(Message::Tool {
        call_id: heard.calls[0].id.clone(),
        name: heard.calls[0].name.clone(),
        text: result.into(),
    });
}

#[tokio::test]
async fn each_publishes_is_refused_votes_again_and_is_resumed() {
    let script = json!([
        ["think", "hm"],
        ["text", "I look."],
        ["tool", "look", "contents"],
        ["line", "no JSON {"],
        ["call", "vote", {"agent_id": "agent9.9"}],
        ["call", "vote", {"agent_id": "agent1.1"}],
        ["text", "Voted."],
        ["end"],
        ["text", "Presented."],
        ["end"],
    ]);
    for dialect in DIALECTS {
        let Some(agent) = agent(dialect, &script) else {
            return;
        };
        let mut messages = task();
        let first = hear(&agent.provider, &messages).await;
        let name = dialect.1;
        assert_eq!(first.text, "I look.", "{name}: {first:?}");
        assert_eq!(
            first.cards.last().map(String::as_str),
            Some("contents"),
            "{name}"
        );
        assert_eq!(first.stop, Some(StopReason::ToolUse), "{name}: {first:?}");
        assert_eq!(first.calls[0].arguments, first.draft, "{name}");
        assert!(
            dialect.0 == Dialect::GeminiCli || first.thinking.trim() == "hm",
            "{name}"
        );
        answered(&mut messages, &first, "There is no agent9.9.");
        let second = hear(&agent.provider, &messages).await;
        assert_eq!(
            second.calls[0].arguments, r#"{"agent_id":"agent1.1"}"#,
            "{name}: {second:?}"
        );
        answered(&mut messages, &second, "Recorded.");
        messages.push(Message::User {
            text: "Now present.".into(),
        });
        let third = hear(&agent.provider, &messages).await;
        assert_eq!(
            (third.text.as_str(), third.stop),
            ("Voted.", Some(StopReason::EndTurn)),
            "{name}: {third:?}"
        );
        let usage = third.usage.unwrap();
        assert!(usage.input > 0 && !usage.estimated, "{name}: {usage:?}");
        messages.push(Message::Assistant {
            text: third.text,
            calls: Vec::new(),
            carried: None,
        });
        messages.push(Message::User {
            text: "Once more.".into(),
        });
        let fourth = hear(&agent.provider, &messages).await;
        assert_eq!(fourth.text, "Presented.", "{name}: {fourth:?}");
        let notes = agent.notes();
        assert!(
            notes.contains("result of vote: There is no agent9.9."),
            "{name}: {notes}"
        );
        assert!(
            notes.contains("result of vote: Recorded.  Now present."),
            "{name}: {notes}"
        );
        assert!(notes.contains("prompt Once more."), "{name}: {notes}");
        assert_eq!(notes.matches("The task.").count(), 1, "{name}: {notes}");
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_with_its_reason() {
    for (script, kind, words) in [
        (
            json!([["text", "Half"], ["stderr", "disk on fire"], ["exit", 3]]),
            FailureKind::Transient,
            "exit code 3 in the middle of its turn: disk on fire",
        ),
        (
            json!([["exit", 0]]),
            FailureKind::Transient,
            "exit code 0 in the middle of its turn and said nothing",
        ),
        (
            json!([
                ["stderr", "Invalid API key. Please run /login"],
                ["exit", 1]
            ]),
            FailureKind::Auth,
            "Log in with `fake login`",
        ),
    ] {
        for dialect in DIALECTS {
            let Some(agent) = agent(dialect, &script) else {
                return;
            };
            let heard = hear(&agent.provider, &task()).await;
            let failure = heard.failure.unwrap();
            assert_eq!(failure.kind, kind, "{}: {failure}", dialect.1);
            assert!(failure.words().contains(words), "{}: {failure}", dialect.1);
        }
    }
}

#[tokio::test]
async fn an_endless_line_and_lines_that_are_no_json_are_passed_over() {
    let script = json!([
        ["huge", 40_000_000],
        ["line", "\u{1b}[31mwarning"],
        ["line", "[1,2]"],
        ["text", "Still here."],
        ["end"]
    ]);
    let Some(agent) = agent(DIALECTS[0], &script) else {
        return;
    };
    let heard = hear(&agent.provider, &task()).await;
    assert_eq!(
        (heard.text.as_str(), heard.stop),
        ("Still here.", Some(StopReason::EndTurn))
    );
}

#[tokio::test]
async fn a_missing_program_is_named_with_what_installs_it() {
    let program = program(Dialect::ClaudeCode, vec!["no-such-program-anywhere".into()]);
    let heard = hear(&provider(program), &task()).await;
    let failure = heard.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Local);
    assert!(failure.words().contains("npm install -g fake"), "{failure}");
}

/// True for a process that is there and no mere remnant that its parent has not taken note of.
fn runs(pid: &str) -> bool {
    let state = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&state.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

#[tokio::test]
async fn whoever_stops_listening_ends_the_whole_group_and_the_next_request_resumes() {
    // With a child that holds the output open, and deaf to the first signal.
    let script = json!([
        ["text", "Half"],
        ["hang", "child"],
        ["text", "Whole."],
        ["end"]
    ]);
    let Some(agent) = agent(DIALECTS[0], &script) else {
        return;
    };
    agent.cut_off_and_resumed().await;
    let notes = agent.notes();
    assert!(notes.contains("--resume s1"), "{notes}");
    assert!(
        notes.contains("You were interrupted. So far you had said:  Half  Go on."),
        "{notes}"
    );
    agent.is_gone().await;
}

#[tokio::test]
async fn a_side_question_does_not_touch_the_conversation() {
    let script = json!([["call", "vote", {"agent_id": "a"}], ["text", "Aside."], ["end"], ["end"]]);
    let Some(agent) = agent(DIALECTS[1], &script) else {
        return;
    };
    let messages = task();
    let first = hear(&agent.provider, &messages).await;
    assert_eq!(first.stop, Some(StopReason::ToolUse));
    let question = Request {
        messages: vec![Message::User {
            text: "What do you think?".into(),
        }],
        tools: vec![tool("vote")],
        choice: ToolChoice::None,
    };
    let texts: Vec<_> = agent.provider.aside(question).collect().await;
    assert!(
        texts.contains(&Ok(StreamEvent::Text("Aside.".into()))),
        "{texts:?}"
    );
    let mut messages = messages;
    answered(&mut messages, &first, "Recorded.");
    let second = hear(&agent.provider, &messages).await;
    assert_eq!(second.stop, Some(StopReason::EndTurn), "{second:?}");
    assert!(agent.notes().contains("result of vote: Recorded."));
}

fn outcomes(agent: &Agent) -> Vec<String> {
    let notes = agent.notes();
    let lines = notes.lines().filter(|line| line.starts_with("outcome"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn permissions_are_the_persons_but_for_our_own_tools() {
    let script = json!([
        ["permission", "rm -rf ~", "execute"],
        ["permission", "vote (massgen MCP Server)", "other"],
        ["text", "Well."],
        ["end"],
    ]);
    for (said, first) in [
        (Permitted::No("no".into()), "reject_once"),
        (Permitted::Yes, "allow_once"),
        (Permitted::Instead("ls".into()), "reject_once"),
    ] {
        let Some(agent) = agent(DIALECTS[3], &script) else {
            return;
        };
        let heard = hear_and_permit(&agent.provider, &task(), &said).await;
        assert_eq!(heard.text, "Well.");
        let [asked] = &heard.asked[..] else {
            panic!("asked once, for what is not ours: {heard:?}");
        };
        let command = Deed::Command {
            line: "rm -rf ~".into(),
            folder: ".".into(),
        };
        assert_eq!((&asked.deed, asked.change), (&command, Change::NotTaken));
        let shown = heard.cards.iter().any(|card| card.contains("rm -rf ~"));
        assert_eq!(
            shown,
            first == "reject_once",
            "a refusal is shown: {heard:?}"
        );
        let outcomes = outcomes(&agent);
        assert!(
            outcomes[0].contains(first) && outcomes[1].contains("allow_once"),
            "{outcomes:?}"
        );
    }
}

#[tokio::test]
async fn an_acp_agent_logs_in_with_its_key_takes_its_choices_and_loads_its_session() {
    let script = json!([
        ["text", "Half"],
        ["hang", "child"],
        ["text", "Whole."],
        ["end"]
    ]);
    let Some(mut agent) = agent(DIALECTS[3], &script) else {
        return;
    };
    let mut program = program(DIALECTS[3].0, agent.command.clone());
    program.extra_args = ["wants-login", "loads", "modes"]
        .map(str::to_owned)
        .to_vec();
    program.env.push(("FAKE_API_KEY".into(), "k".into()));
    program.model = Some("m1".into());
    agent.provider = provider(program);
    let mut messages = task();
    let mut stream = agent.provider.stream(request(&messages));
    assert_eq!(
        stream.next().await,
        Some(Ok(StreamEvent::Text("Half".into())))
    );
    agent.noted("hangs").await;
    let notes = agent.notes();
    for words in [
        r#"authenticate {"methodId": "some-api-key"}"#,
        r#"session/set_mode {"sessionId": "s1", "modeId": "read-only"}"#,
        r#"session/set_model {"sessionId": "s1", "modelId": "m1"}"#,
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    drop(stream);
    messages.push(Message::Assistant {
        text: "Half".into(),
        calls: Vec::new(),
        carried: None,
    });
    messages.push(Message::User {
        text: "Go on.".into(),
    });
    let heard = hear(&agent.provider, &messages).await;
    assert_eq!(
        heard.text, "Whole.",
        "what was before is not told again: {heard:?}"
    );
    let notes = agent.notes();
    assert!(notes.contains("session/load"), "{notes}");
    assert_eq!(notes.matches("The task.").count(), 1, "{notes}");
}

#[tokio::test]
async fn an_acp_agent_without_a_key_says_how_one_logs_in() {
    let Some(mut agent) = agent(DIALECTS[3], &json!([["end"]])) else {
        return;
    };
    let mut program = program(DIALECTS[3].0, agent.command.clone());
    program.extra_args = vec!["wants-login".into()];
    agent.provider = provider(program);
    let heard = hear(&agent.provider, &task()).await;
    let failure = heard.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.words().contains("Browser, API key"), "{failure}");
}

/// The built program with a team of two such agents, from a configuration file.
#[test]
fn a_team_from_a_configuration_file_decides_headless() {
    let Some(python) = python() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/agents/fake.py");
    let mut agents = Vec::new();
    for (name, kind, word) in [("ann", "claude_code", "claude"), ("bob", "acp", "acp")] {
        let script = folder.path().join(word);
        let steps = json!([
            ["permission", "make install", "execute"],
            ["call", "new_answer", {"content": format!("What {name} says.")}],
            ["call", "vote", {"agent_id": "agent1.1", "reason": "It is right."}],
            ["call", "vote", {"agent_id": "agent1.1", "reason": "Still."}],
            ["text", "The answer, presented."],
            ["end"], ["text", "The answer, presented."], ["end"],
        ]);
        let steps = if word == "acp" {
            steps
        } else {
            json!(steps.as_array().unwrap()[1..])
        };
        fs::write(&script, steps.to_string()).unwrap();
        let command = json!([python, fake, word, script]);
        agents.push(json!({"id": name, "backend": {"type": kind, "command": command}}));
    }
    let config = folder.path().join("team.yaml");
    fs::write(&config, json!({ "agents": agents }).to_string()).unwrap();
    let state = folder.path().join("state");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(["run", "--headless", "--config"])
        .arg(&config)
        .arg("--state-dir")
        .arg(&state)
        .arg("Which is it?")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let notes = fs::read_to_string(folder.path().join("acp.notes")).unwrap_or_default();
    assert_eq!(output.status.code(), Some(0), "{told}\n{notes}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("What ann says.")
            || String::from_utf8_lossy(&output.stdout).contains("presented"),
        "{told}"
    );
    for words in [
        "ann published",
        "bob published",
        "voted for agent1.1",
        "make install",
        "Reading only, for want of a folder",
    ] {
        assert!(told.contains(words), "{words}: {told}\n{notes}");
    }
    assert!(notes.contains("reject_once"), "{notes}");
    let record = record(&state);
    assert!(
        record.contains(r#""permission":"denied","by":"policy""#)
            && record.contains("make install"),
        "{record}"
    );
}

/// The record of decisions of the only session.
fn record(state: &Path) -> String {
    let session = fs::read_dir(state.join("sessions")).unwrap().next();
    let file = session.unwrap().unwrap().path().join("permissions.jsonl");
    fs::read_to_string(file).unwrap_or_default()
}
