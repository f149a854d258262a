//! Agents that change files, from the first tool call to the person's folder: the demo scene with the
//! built program, and its repository looked at with `git`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use crate::harness::git::git;
use massgen_tui::{
    protocol::{AgentEvent, Answer, EventKind, RunEvent, RunId, ToolEvent},
    store::Store,
};

struct Scene {
    home: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("MASSGEN_TUI_STATE_DIR", self.state())
            .current_dir(self.home.path())
            .output()
            .unwrap()
    }

    /// Plays the scene. Where nothing holds commands, each one asks; here the answer is yes.
    fn play(&self, further: &[&str]) -> Output {
        self.play_scene("repair", further)
    }

    fn play_scene(&self, name: &str, further: &[&str]) -> Output {
        let usual = [
            "run",
            "--demo",
            name,
            "--demo-speed",
            "max",
            "--approve",
            "auto",
        ];
        self.run(&[&usual, further].concat())
    }

    /// The one session, and its sample repository.
    fn session(&self) -> (RunId, PathBuf) {
        let store = Store::reading(&self.state());
        let run = store.list(2).unwrap().sessions[0].run.clone();
        let sample = self.state().join("samples").join(&run.0);
        (run, sample)
    }
}

fn answers(scene: &Scene, run: &RunId) -> Vec<Answer> {
    let session = Store::reading(&scene.state()).read(run).unwrap();
    let answers = session
        .events
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Agent {
                event: AgentEvent::Published(answer),
                ..
            } => Some(answer),
            _ => None,
        });
    answers.collect()
}

#[test]
fn agents_mend_a_script_in_copies_and_the_folder_stays_as_it_was() {
    let scene = Scene::new();
    let ran = scene.play(&[]);
    assert!(ran.status.success(), "{ran:?}");
    let (run, sample) = scene.session();

    // The person's side of the repository: nothing but refs of ours.
    assert_eq!(git(&sample, &["status", "--porcelain"]), "");
    assert_eq!(git(&sample, &["branch", "--list"]).trim(), "* main");
    assert_eq!(git(&sample, &["rev-list", "--count", "HEAD"]).trim(), "1");
    git(&sample, &["fsck", "--strict"]);
    let own = git(&sample, &["for-each-ref", "--format=%(refname)"]);
    let ours = |name: &&str| name.starts_with(&format!("refs/massgen-tui/{run}/"));
    assert!(
        own.lines()
            .all(|name| name == "refs/heads/main" || ours(&name)),
        "{own}"
    );

    // Every answer has its tree under its label, and it is what its author wrote.
    let answers = answers(&scene, &run);
    assert_eq!(answers.len(), 3);
    for answer in &answers {
        let [snapshot] = answer.changes.as_slice() else {
            panic!("{answer:?}");
        };
        let name = format!("refs/massgen-tui/{run}/{}/0", answer.label);
        assert_eq!(
            git(&sample, &["rev-parse", &name]).trim(),
            snapshot.commit.0
        );
        let tree = git(&sample, &["rev-parse", &format!("{name}^{{tree}}")]);
        assert_eq!(tree.trim(), snapshot.tree.0);
    }
    let label = |agent: u16| {
        let mine = answers.iter().find(|one| one.label.agent.0 == agent);
        format!("refs/massgen-tui/{run}/{}/0", mine.unwrap().label)
    };
    let changed = |agent: u16| git(&sample, &["diff", "--name-only", "main", &label(agent)]);
    assert_eq!(changed(1), "check.sh", "finch cheats");
    assert_eq!(changed(2), "tide.sh");
    assert_eq!(changed(3), "check.sh\ndocs/midnight.md\ntide.sh");
}

#[test]
fn tools_tell_what_they_did_and_a_failing_command_is_told_as_failing() {
    let scene = Scene::new();
    let ran = scene.play(&[]);
    assert!(ran.status.success(), "{ran:?}");
    let (run, _) = scene.session();
    let session = Store::reading(&scene.state()).read(&run).unwrap();
    let finished = session.events.iter().filter_map(|event| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Tool(ToolEvent::Finished { ok, output, .. }),
            ..
        } => Some((*ok, output.as_str())),
        _ => None,
    });
    let finished: Vec<(bool, &str)> = finished.collect();
    let failing = |(ok, output): &&(bool, &str)| !ok && output.starts_with("exit 1");
    assert_eq!(finished.iter().filter(failing).count(), 3, "{finished:?}");
    let passing = |(ok, output): &&(bool, &str)| *ok && output.contains("23:50 to 00:20 is 30");
    assert!(finished.iter().filter(passing).count() >= 2, "{finished:?}");
    let record = scene
        .state()
        .join("sessions")
        .join(&run.0)
        .join("permissions.jsonl");
    let record = fs::read_to_string(record).unwrap();
    assert!(record.lines().count() >= 10, "{record}");
    let start = session.events.iter().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => Some(start),
        _ => None,
    });
    assert_eq!(start.unwrap().places.len(), 1);
}

#[test]
fn what_won_is_a_patch_unless_it_is_asked_to_be_applied() {
    let scene = Scene::new();
    let ran = scene.play(&["--apply", "auto"]);
    assert!(ran.status.success(), "{ran:?}");
    let (_, sample) = scene.session();
    let mut changed: Vec<String> = git(&sample, &["status", "--porcelain", "-uall"])
        .lines()
        .map(str::to_owned)
        .collect();
    changed.sort();
    assert_eq!(
        changed,
        [" M check.sh", " M tide.sh", "?? docs/midnight.md"]
    );
    let check = Command::new("./check.sh")
        .current_dir(&sample)
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
    let undone = scene.run(&["undo"]);
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(git(&sample, &["status", "--porcelain", "-uall"]), "");
}

#[test]
fn agents_change_parts_of_one_file_that_go_together_but_for_one_line() {
    let scene = Scene::new();
    let ran = scene.play_scene("mosaic", &[]);
    assert!(ran.status.success(), "{ran:?}");
    let (run, sample) = scene.session();
    assert_eq!(git(&sample, &["status", "--porcelain"]), "");
    let answers = answers(&scene, &run);
    let name = |agent: u16| {
        let mine = answers.iter().find(|one| one.label.agent.0 == agent);
        format!("refs/massgen-tui/{run}/{}/0", mine.unwrap().label)
    };
    let changed = |agent: u16| git(&sample, &["diff", "--name-status", "main", &name(agent)]);
    assert_eq!(changed(1), "M\tREADME.md\nM\tgreet.sh", "dove");
    assert_eq!(changed(2), "M\tgreet.sh", "lark");
    assert_eq!(changed(3), "A\tcheck.sh\nM\tgreet.sh\nD\told/shout.sh");
    // What git can merge, and what it cannot.
    let merges = |one: u16, other: u16| {
        let base = "--merge-base=main";
        let tree = ["merge-tree", "--write-tree", base, &name(one), &name(other)];
        Command::new("git")
            .arg("-C")
            .arg(&sample)
            .args(tree)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(merges(1, 2) && merges(2, 3) && !merges(1, 3));
}
