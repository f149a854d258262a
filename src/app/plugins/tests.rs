//! Plugins as they come with the program, run for real; approvals; programs that misbehave.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{
    app::toolservers,
    config::Environment,
    demo::Speed,
    mcp::{Board, Effect, Shared, Tools},
    tool::{
        Outside as _, ToolResult,
        outside::{OutsideCall, Stage},
    },
};

struct Place {
    _temp: tempfile::TempDir,
    services: Services,
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = std::env::var("PATH").unwrap();
        let process = [
            ("PATH".to_owned(), path),
            ("MY_KEY".to_owned(), "longsecret".to_owned()),
        ];
        let environment = Environment::new(process, Vec::new());
        let state = temp.path().join("state");
        let mut services = Services::new(environment, state, Speed::default());
        services.own.plugins = Some(temp.path().join("plugins"));
        Self {
            _temp: temp,
            services,
        }
    }

    /// A plugin of lines with one tool that says to read, and a script for `sh`.
    fn script(&self, more: &str, script: &str) -> PathBuf {
        let folder = self.services.own.plugins.as_ref().unwrap().join("mine");
        fs::create_dir_all(&folder).unwrap();
        let manifest = format!(
            "name: mine\ncommand: [sh, run.sh]\nprotocol: lines\n{more}tools:\n  \
             - {{name: t, description: a tool, annotations: {{readOnlyHint: true}}}}\n"
        );
        fs::write(folder.join(MANIFEST), manifest).unwrap();
        fs::write(folder.join("run.sh"), script).unwrap();
        folder
    }

    fn plugin(&self, name: &str) -> Plugin {
        named(&self.services, name).unwrap()
    }

    fn trust(&self, name: &str) {
        approve(&self.services, &self.plugin(name)).unwrap();
        assert_eq!(self.plugin(name).standing, Standing::Trusted);
    }

    async fn tools(&self) -> Option<Tools> {
        let mut said = AgentTools::default();
        add(&mut said, &servers(&self.services).await);
        Tools::new("finch", &said, &Shared::default(), &Board::default())
    }

    /// Calls a tool as an agent does.
    async fn call(&self, name: &str, arguments: serde_json::Value) -> ToolResult {
        let tools = self.tools().await.unwrap();
        let offer = tools.offer().await;
        assert!(
            offer.specs.iter().any(|spec| spec.name == name),
            "{offer:?}"
        );
        let (call, _progress) = wanted(name, &arguments);
        let result = tools.run(call).await;
        tools.close().await;
        result
    }
}

/// A call, and what is told of it on the way.
fn wanted(name: &str, arguments: &serde_json::Value) -> (OutsideCall, mpsc::Receiver<String>) {
    let (progress, told) = mpsc::channel(64);
    let call = OutsideCall {
        name: name.to_owned(),
        arguments: arguments.to_string(),
        office: None,
        stage: Stage::Working,
        progress,
    };
    (call, told)
}

#[tokio::test]
async fn the_example_in_shell_counts() {
    let place = Place::new();
    let folder = begin(&place.services, "letters", Kind::Shell).unwrap();
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(
        begin(&place.services, "letters", Kind::Shell).is_err(),
        "taken"
    );
    place.trust("letters");
    let text = "one \"two\"\nthree \\n 100% a/b\n";
    let result = place
        .call("mcp__letters__count", json!({"text": text}))
        .await;
    let result = result.unwrap();
    let figures = format!("\"bytes\": {}", text.len());
    for part in ["\"lines\": 2", "\"words\": 6", &figures] {
        assert!(result.contains(part), "{part}: {result}");
    }
    let refused = place.call("mcp__letters__count", json!({"no": 1})).await;
    assert!(refused.unwrap_err().contains("a text is needed"));
}

#[tokio::test]
async fn the_example_in_python_describes_columns() {
    let python = std::process::Command::new("python3")
        .arg("--version")
        .output();
    if python.is_err() {
        eprintln!("skipped: there is no python3 here");
        return;
    }
    let place = Place::new();
    begin(&place.services, "figures", Kind::Python).unwrap();
    place.trust("figures");
    let csv = "name,height\nada,1.5\nbob,2.5\ncyd,5\n";
    let tool = "mcp__figures__describe";
    let result = place.call(tool, json!({"csv": csv})).await;
    let result = result.unwrap();
    for part in ["\"rows\": 3", "\"mean\": 3.0", "\"median\": 2.5"] {
        assert!(result.contains(part), "{part}: {result}");
    }
    let asked = json!({"csv": csv, "column": "depth"});
    let failed = place.call(tool, asked).await;
    assert!(failed.unwrap_err().contains("there is no column 'depth'"));
    // Running it left nothing behind that would ask for another approval.
    assert_eq!(place.plugin("figures").standing, Standing::Trusted);
    let tools = toolservers::listed(&place.plugin("figures").trusted().unwrap()).await;
    assert_eq!(tools.unwrap(), [("describe".to_owned(), Effect::Reads)]);
}

#[tokio::test]
async fn nothing_runs_before_it_is_approved_and_a_changed_byte_asks_again() {
    let place = Place::new();
    let ran = place.services.state_dir.with_file_name("ran");
    let script = format!(
        "echo ran >{}; read -r l; echo '{{\"result\":\"ok\"}}'",
        ran.display()
    );
    let folder = place.script("", &script);
    assert_eq!(place.plugin("mine").standing, Standing::New);
    assert!(place.tools().await.is_none() && !ran.exists());
    let told = toolservers::tried(&place.services, None).await;
    assert!(
        told[0].1.as_ref().unwrap_err().contains("tools trust mine"),
        "{told:?}"
    );
    let rows = toolservers::rows(&place.services, None).await;
    assert!(
        rows.iter().any(|row| row.hint.contains("tools trust mine")),
        "{rows:?}"
    );
    assert!(!ran.exists());
    place.trust("mine");
    assert!(!ran.exists(), "to approve is not to start");
    let tools = place.tools().await.unwrap();
    assert_eq!(tools.offer().await.specs.len(), 1);
    assert!(!ran.exists(), "to list is not to start");
    assert!(place.call("mcp__mine__t", json!({})).await.is_ok());
    assert!(ran.exists());
    fs::remove_file(&ran).unwrap();
    // Changed under way: the running session does not start it either.
    fs::write(folder.join("run.sh"), format!("{script} ")).unwrap();
    let (call, _progress) = wanted("mcp__mine__t", &json!({}));
    let refused = tools.run(call).await.unwrap_err();
    assert!(refused.contains("not what you approved"), "{refused}");
    assert!(!ran.exists());
    assert_eq!(place.plugin("mine").standing, Standing::Changed);
    assert!(place.tools().await.is_none());
    fs::write(folder.join("run.sh"), script).unwrap();
    assert_eq!(place.plugin("mine").standing, Standing::Trusted);
    place.services.trust.forget(&folder).unwrap();
    assert!(place.tools().await.is_none());
}

#[tokio::test]
async fn what_misbehaves_is_told_in_words() {
    for (script, told) in [
        (
            "read -r l; echo hello; echo '{\"id\":99,\"result\":\"x\"}'; exit 0",
            "ended without an answer",
        ),
        (
            "read -r l; echo no disk >&2; exit 3",
            "Its last words: no disk",
        ),
        (
            "read -r l; echo '{\"error\":{\"message\":\"bad \\u001b[2J luck\"}}'",
            "luck",
        ),
        (
            "read -r l; yes $(head -c 5000 /dev/zero | tr '\\0' x) | head -c 40000000",
            "said more than 16 MB",
        ),
        (
            "read -r l; head -c 20000000 /dev/zero | tr '\\0' x",
            "said more than 16 MB",
        ),
        ("read -r l; sleep 1000", "no answer within 1 s"),
    ] {
        let place = Place::new();
        let patience = if script.contains("sleep") { 1 } else { 60 };
        place.script(&format!("timeout: {patience}\n"), script);
        place.trust("mine");
        let result = place.call("mcp__mine__t", json!({})).await;
        let error = result.unwrap_err();
        assert!(error.contains(told), "{script}: {error}");
    }
}

#[tokio::test]
async fn progress_is_told_while_it_works() {
    let place = Place::new();
    let seen = place.services.state_dir.with_file_name("seen");
    for (said, told) in [
        ("\"half\\u001b[2J way\"", "half"),
        (
            "{\"done\": 3, \"total\": 10, \"message\": \"rows\"}",
            "3 of 10 · rows",
        ),
        ("7", "7"),
    ] {
        let script = format!(
            "read -r l; echo '{{\"progress\": {said}}}'; while ! [ -e {} ]; do sleep 0.02; done; \
             echo '{{\"result\": {{\"a\": 1}}}}'",
            seen.display()
        );
        place.script("", &script);
        place.trust("mine");
        let tools = place.tools().await.unwrap();
        tools.offer().await;
        let (call, mut heard) = wanted("mcp__mine__t", &json!({}));
        let hear = async {
            let words = heard.recv().await.unwrap();
            fs::write(&seen, "").unwrap();
            words
        };
        let (result, words) = tokio::join!(tools.run(call), hear);
        assert!(
            words.starts_with(told) && !words.contains('\u{1b}'),
            "{words}"
        );
        assert!(result.unwrap().contains("\"a\": 1"));
        fs::remove_file(&seen).unwrap();
    }
}

#[tokio::test]
async fn it_sees_the_variables_that_it_names_and_no_more() {
    let place = Place::new();
    let script =
        "read -r l; echo \"{\\\"result\\\":\\\"[$MY_KEY] [$OTHER] $(basename \"$PWD\")\\\"}\"";
    place.script("env: [MY_KEY]\n", script);
    place.trust("mine");
    let result = place.call("mcp__mine__t", json!({})).await;
    let result = result.unwrap();
    assert!(result.contains("[longsecret] [] mine"), "{result}");
    let said = AgentTools {
        servers: servers(&place.services).await,
        ..AgentTools::default()
    };
    assert_eq!(said.secrets(), ["longsecret"]);
}

#[tokio::test]
async fn a_rehearsal_tells_what_does_not_end_or_ends_badly() {
    for (script, told) in [
        ("read -r l || exit 0", None),
        ("echo no library >&2; exit 4", Some("no library")),
        ("sleep 1000", Some("does not end when its input ends")),
    ] {
        let place = Place::new();
        let patience = if script.contains("sleep") { 1 } else { 60 };
        place.script(&format!("start_seconds: {patience}\n"), script);
        place.trust("mine");
        let server = place.plugin("mine").trusted().unwrap();
        let said = tokio::time::timeout(Duration::from_mins(2), toolservers::listed(&server));
        let said = said.await.unwrap().err();
        match told {
            None => assert_eq!(said, None),
            Some(told) => assert!(
                said.as_ref().is_some_and(|said| said.contains(told)),
                "{said:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_server_of_the_configuration_stands_before_a_plugin_of_the_same_name() {
    let place = Place::new();
    place.script("", "");
    place.trust("mine");
    let plugins = servers(&place.services).await;
    let mut own = plugins[0].clone();
    own.required = true;
    let mut tools = AgentTools {
        servers: vec![own],
        ..AgentTools::default()
    };
    add(&mut tools, &plugins);
    assert!(tools.servers.len() == 1 && tools.servers[0].required);
}

#[tokio::test]
async fn files_are_read_where_nothing_waits_for_them() {
    let place = Place::new();
    let folder = place.script("", "");
    fs::write(folder.join("data"), vec![0; 16 << 20]).unwrap();
    place.trust("mine");
    let mut found = std::pin::pin!(servers(&place.services));
    let first = futures_util::poll!(found.as_mut());
    assert!(first.is_pending(), "the runtime goes on");
    assert_eq!(found.await.len(), 1);
}

#[test]
fn a_name_that_is_not_there_says_which_are() {
    let place = Place::new();
    let missing = named(&place.services, "../x").unwrap_err();
    assert!(missing.to_string().contains("tools new"), "{missing}");
    place.script("", "");
    let missing = named(&place.services, "mein").unwrap_err();
    assert!(missing.to_string().contains("mine"), "{missing}");
}
