//! A run that ended, on a real repository, and each policy.

use std::process::Command;

use super::*;
use crate::{
    config::dotenv::Environment,
    demo::Speed,
    protocol::{AgentId, OutcomeEnd, RunEvent, change::RepoPath},
    store::samples,
    workspace::{Grounds, Place, Untracked},
};

const RUN: &str = "20261121-101530-k3f9";

fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(args)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// A repository, and a session in which agent 1 changed `a` and added `b`, and won.
async fn ended(root: &Path) -> Services {
    let repo = root.join("repo");
    fs::create_dir(&repo).unwrap();
    git(&repo, &["init", "-q"]);
    fs::write(repo.join("a"), "1\n").unwrap();
    git(&repo, &["add", "-A"]);
    git(
        &repo,
        &[
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y",
            "commit",
            "-qm",
            "first",
        ],
    );
    let state = root.join("state");
    let services = Services::new(Environment::default(), state.clone(), Speed::default());
    let run = RunId(RUN.into());
    let place = Place {
        path: repo,
        access: crate::protocol::change::Access::Write,
        untracked: Untracked::default(),
        include: Vec::new(),
        beside: crate::workspace::Beside::WhereNeeded,
    };
    let mut grounds = Grounds::lay(&state, &run, &[place]).unwrap();
    let desk = grounds.worktree(AgentId(1)).unwrap().remove(0);
    fs::write(desk.path.join("a"), "2\n").unwrap();
    fs::write(desk.path.join("b"), "new\n").unwrap();
    let label = Label::new(AgentId(1), 1);
    let snapshots = grounds.snapshot(AgentId(1)).unwrap();
    grounds.label(label, &snapshots).unwrap();
    let places = grounds.workplaces().to_vec();
    grounds.close().unwrap();
    let mut started = samples::started(RUN, 1, "change a");
    let mut published = samples::published(1, 1, "changed a");
    if let crate::protocol::EventKind::Run(RunEvent::Started(start)) = &mut started {
        start.places = places;
    }
    if let crate::protocol::EventKind::Agent {
        event: crate::protocol::AgentEvent::Published(answer),
        ..
    } = &mut published
    {
        answer.changes = snapshots;
    }
    let end = crate::protocol::EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner: label,
        text: "changed a".into(),
        presenter: None,
        end: OutcomeEnd::Consensus,
    }));
    let log = services.store.clone().unwrap().write(run).unwrap();
    for event in samples::numbered(vec![started, published, end]) {
        log.append(event).await;
    }
    log.close().await;
    services
}

fn taken(services: &Services, policy: Policy, answer: Option<bool>) -> Taken {
    let ask = move |question: &str| {
        assert!(
            question.contains("Apply agent1.1's changes") && question.contains("2 files, +2 -1"),
            "{question}"
        );
        answer
    };
    let mut all = after_run(services, &RunId(RUN.into()), policy, &ask).unwrap();
    assert_eq!(all.len(), 1);
    let one = all.remove(0);
    assert_eq!(one.files, [RepoPath::from("a"), RepoPath::from("b")]);
    one
}

#[tokio::test]
async fn each_policy_does_what_it_says() {
    let root = tempfile::tempdir().unwrap();
    let services = ended(root.path()).await;
    let repo = root.path().join("repo");
    let clean = || git(&repo, &["status", "--porcelain"]).is_empty();
    assert_eq!(taken(&services, Policy::Never, None).end, End::Left);
    for (policy, answer) in [
        (Policy::Patch, None),
        (Policy::Ask, None),
        (Policy::Ask, Some(false)),
    ] {
        let one = taken(&services, policy, answer);
        let End::Patch { patch } = &one.end else {
            panic!("{one:?}");
        };
        assert!(clean());
        git(&repo, &["apply", "--check", patch]);
        assert!(one.words()[1].contains(patch.as_str()));
    }
    for (policy, answer) in [(Policy::Auto, None), (Policy::Ask, Some(true))] {
        let one = taken(&services, policy, answer);
        assert!(matches!(one.end, End::Applied { .. }), "{one:?}");
        assert_eq!(git(&repo, &["status", "--porcelain"]), " M a\n?? b\n");
        apply::undo(
            &services.state_dir,
            None,
            apply::Changed::Refuse,
            outbox::now(),
            &unwatched,
        )
        .unwrap();
        assert!(clean());
    }
}

#[tokio::test]
async fn what_does_not_fit_is_not_applied_and_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let services = ended(root.path()).await;
    let repo = root.path().join("repo");
    fs::write(repo.join("a"), "mine\n").unwrap();
    for (policy, answer) in [(Policy::Auto, None), (Policy::Ask, Some(true))] {
        let one = taken(&services, policy, answer);
        assert!(one.failed(), "{one:?}");
        assert!(
            one.words()[0].contains("`a` changed in your folder as well"),
            "{:?}",
            one.words()
        );
        assert_eq!(fs::read_to_string(repo.join("a")).unwrap(), "mine\n");
        assert!(!repo.join("b").exists());
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!(json["taken"], "refused");
        assert!(Path::new(json["patch"].as_str().unwrap()).exists());
    }
}

#[tokio::test]
async fn a_run_without_worktrees_has_nothing_to_take() {
    let root = tempfile::tempdir().unwrap();
    let services = Services::new(
        Environment::default(),
        root.path().to_path_buf(),
        Speed::default(),
    );
    let none = after_run(
        &services,
        &RunId("20261121-101530-none".into()),
        Policy::Auto,
        &|_| None,
    );
    assert_eq!(none.unwrap(), []);
}
