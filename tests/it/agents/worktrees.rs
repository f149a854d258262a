//! Programs that change files: in a worktree of their own, held there where the system holds anything.

use std::process::{Command, Output};

use massgen_tui::{
    protocol::{Network, change::Access},
    provider::{Folder, Folders},
};

use super::*;
use crate::harness::git::git;

/// The words that hold a program here; `None` where nothing does.
fn holder(write: &[&Path]) -> Option<Vec<String>> {
    let own = env!("CARGO_BIN_EXE_massgen-tui");
    let mut tried = Command::new(own);
    tried.args(["sandbox-hold", "--", "/bin/sh", "-c", "exit 7"]);
    let mut words = vec![own.to_owned(), "sandbox-hold".to_owned()];
    for path in write {
        words.extend(["--write".to_owned(), path.display().to_string()]);
    }
    (ended(&mut tried).status.code() == Some(7)).then_some(words)
}

fn ended(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A team of one program, run headless in a repository of the person.
struct Played {
    told: String,
    notes: String,
    record: String,
    run: String,
    repo: PathBuf,
    state: PathBuf,
    _folder: tempfile::TempDir,
}

/// Plays `steps` before the program publishes and votes; `None` without python3.
fn play((kind, word): (&str, &str), access: &str, approve: &str, steps: &Value) -> Option<Played> {
    let python = python()?;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
    let (repo, state) = (at("repo"), at("state"));
    fs::create_dir(&repo).unwrap();
    git(&repo, &["init", "-q"]);
    fs::write(repo.join("a.txt"), "of the person\n").unwrap();
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-qm", "Begin"]);
    // Where the program may write its notes, too: its settings.
    let own = at("home").join(match word {
        "gemini" => ".gemini",
        "codex" => ".codex",
        _ => ".claude",
    });
    fs::create_dir_all(&own).unwrap();
    let script = own.join("script");
    let ends = json!([
        ["call", "new_answer", {"content": "Done in the files."}],
        ["call", "vote", {"agent_id": "agent1.1", "reason": "It is right."}],
        ["text", "Presented."],
        ["end"],
    ]);
    let steps: Vec<&Value> = [steps, &ends]
        .into_iter()
        .flat_map(|steps| steps.as_array().unwrap())
        .collect();
    let text = json!(steps)
        .to_string()
        .replace("PERSON", &repo.display().to_string());
    fs::write(&script, text).unwrap();
    let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/agents/fake.py");
    let team = json!({
        "agents": [{"id": "ann", "backend": {"type": kind, "command": [python, fake, word, script]}}],
        "orchestrator": {"context_paths": [{"path": repo, "permission": access}]},
    });
    fs::write(at("team.yaml"), team.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
    let output = ended(
        command
            .args(["run", "--approve", approve, "--config"])
            .arg(at("team.yaml"))
            .arg("--state-dir")
            .arg(&state)
            .arg("Do it.")
            .env("HOME", at("home"))
            .env_remove("CLAUDE_CONFIG_DIR")
            .env_remove("CODEX_HOME")
            .env_remove("GEMINI_CLI_HOME")
            .current_dir(folder.path()),
    );
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let notes = fs::read_to_string(script.with_extension("notes")).unwrap_or_default();
    assert_eq!(output.status.code(), Some(0), "{word}: {told}\n{notes}");
    let session = fs::read_dir(state.join("sessions")).unwrap().next();
    let run = session.unwrap().unwrap().file_name();
    Some(Played {
        told,
        notes,
        record: record(&state),
        run: run.to_string_lossy().into_owned(),
        repo,
        state,
        _folder: folder,
    })
}

const KINDS: [(&str, &str); 4] = [
    ("claude_code", "claude"),
    ("codex", "codex"),
    ("gemini_cli", "gemini"),
    ("acp", "acp"),
];

#[test]
fn a_program_changes_files_in_a_copy_that_is_published_and_nowhere_else() {
    let steps = json!([
        ["write", "made.txt", "made\n"],
        ["write", "a.txt", "changed\n"],
        ["write", "PERSON/evil.txt", "x"],
        ["write", "PERSON/.git/evil", "x"],
        ["git"],
    ]);
    for kind in KINDS {
        // Codex has a sandbox of its own, which the fake one has not.
        let alone = kind.1 == "codex";
        let tried = if alone {
            json!([steps[0], steps[1], steps[4]])
        } else {
            steps.clone()
        };
        let Some(played) = play(kind, "write", "never", &tried) else {
            return;
        };
        let Played {
            told,
            notes,
            run,
            repo,
            state,
            ..
        } = &played;
        let tree = state.join("worktrees").join(run).join("agent1/0");
        assert!(
            notes.contains(&format!("cwd {}\n", tree.display())),
            "{notes}"
        );
        assert!(notes.contains("wrote made.txt"), "{notes}");
        assert!(notes.contains("status 0  M a.txt ?? made.txt"), "{notes}");
        if holder(&[]).is_some() && !alone {
            for file in ["evil.txt", ".git/evil"] {
                let words = format!("not written {}", repo.join(file).display());
                assert!(notes.contains(&words), "{}: {notes}", kind.1);
            }
            assert!(!told.contains("Nothing of ours holds"), "{told}");
        }
        let words = match kind.1 {
            "claude" => "--permission-mode acceptEdits",
            "codex" => "sandbox_mode=\"workspace-write\"",
            "gemini" => "--approval-mode auto_edit",
            _ => "session/new",
        };
        assert!(notes.contains(words), "{words}: {notes}");
        assert_eq!(
            alone,
            told.contains("held in its copy") || told.contains("Held in its copy"),
            "{told}"
        );
        let answer = format!("refs/massgen-tui/{run}/agent1.1/0");
        assert_eq!(git(repo, &["show", &format!("{answer}:made.txt")]), "made");
        assert_eq!(git(repo, &["show", &format!("{answer}:a.txt")]), "changed");
        assert_eq!(
            fs::read_to_string(repo.join("a.txt")).unwrap(),
            "of the person\n"
        );
        assert!(!repo.join("made.txt").exists());
        assert!(told.contains("agent1.1 changed 2 files"), "{told}");
    }
}

#[test]
fn what_a_program_asks_leave_for_is_decided_and_recorded() {
    let steps = json!([["permission", "Bash", {"command": "make", "description": "d"}]]);
    for (approve, heard, recorded) in [
        (
            "auto",
            r#""updatedInput":{"command":"make","description":"d"}"#,
            "allowed",
        ),
        ("never", r#""behavior":"deny""#, "denied"),
    ] {
        let Some(Played { notes, record, .. }) = play(KINDS[0], "write", approve, &steps) else {
            return;
        };
        assert!(notes.contains(heard), "{approve}: {notes}");
        let deed = r#""tool":"Bash","deed":{"command":{"line":"make","folder":"."}}"#;
        let by = format!(r#""permission":"{recorded}","by":"policy""#);
        assert!(record.contains(deed) && record.contains(&by), "{record}");
    }
}

#[test]
fn a_folder_for_reading_is_read_where_it_is() {
    let steps = json!([["write", "evil.txt", "x"], ["git"]]);
    let Some(Played {
        notes, repo, told, ..
    }) = play(KINDS[0], "read", "auto", &steps)
    else {
        return;
    };
    assert!(
        notes.contains(&format!("cwd {}\n", repo.display())),
        "{notes}"
    );
    assert!(notes.contains("--permission-mode dontAsk"), "{notes}");
    assert!(!told.contains("changed"), "{told}");
    if holder(&[]).is_some() {
        assert!(notes.contains("not written evil.txt"), "{notes}");
        assert!(!repo.join("evil.txt").exists());
    }
}

#[test]
fn a_held_program_writes_only_where_it_may_and_keeps_its_streams_and_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let [inside, outside] = ["inside", "outside"].map(|name| folder.path().join(name));
    fs::create_dir(&inside).unwrap();
    let Some(words) = holder(&[&inside]) else {
        return;
    };
    let line = r#"cat; echo > "$1/file"; echo > "$2"; mkdir "$2"; ln -s "$2" "$1/link"; echo > "$1/link"
        mv "$1/file" "$2"; exit 3"#;
    let mut command = Command::new(&words[0]);
    let command = command
        .args(&words[1..])
        .args(["--", "/bin/sh", "-c", line, "sh"]);
    let output = ended(
        command
            .arg(&inside)
            .arg(&outside)
            .stdin(std::process::Stdio::null()),
    );
    assert_eq!(output.status.code(), Some(3));
    assert!(
        inside.join("file").exists() && !outside.exists(),
        "{output:?}"
    );
    for odd in [
        &["sandbox-hold"][..],
        &["sandbox-hold", "--write"],
        &["sandbox-hold", "--", "/nowhere"],
    ] {
        let output = ended(Command::new(&words[0]).args(odd));
        assert_eq!(output.status.code(), Some(126), "{odd:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{odd:?}");
    }
}

#[tokio::test]
async fn a_program_that_was_cut_off_is_resumed_in_its_folder_and_nothing_of_it_is_left() {
    let script = json!([
        ["text", "Half"],
        ["hang", "child"],
        ["write", "late", "x"],
        ["text", "Whole."],
        ["end"]
    ]);
    let Some(agent) = agent(DIALECTS[0], &script) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap();
    let notes = agent.script.parent().unwrap().to_owned();
    agent.provider.place(Folders {
        all: vec![Folder {
            path: home.clone(),
            access: Access::Write,
        }],
        temp: home.join("temp"),
        holder: holder(&[&home, &notes]).unwrap_or_default(),
        network: Network::Off,
    });
    let heard = agent.cut_off_and_resumed().await;
    let usage = heard.usage.unwrap();
    assert!(usage.input > 0 && usage.cost.usd > 0.0, "{usage:?}");
    let notes = agent.notes();
    assert_eq!(
        notes.matches(&format!("cwd {}\n", home.display())).count(),
        2,
        "{notes}"
    );
    assert!(
        notes.contains("--resume s1") && home.join("late").exists(),
        "{notes}"
    );
    agent.is_gone().await;
}
