//! Reviews over real repositories: what the screen asks and what the world behind it answers.

use std::{path::Path, process::Command, sync::Arc};

use crate::harness::git::git;
use massgen_tui::{
    app::{Hub, Services, World},
    config::dotenv::Environment,
    demo::Speed,
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotEvent, Event, EventKind, Label,
        Limits, Marks, Origin, Outcome, OutcomeEnd, Rules, RunEvent, RunId, Seq, Timestamp,
        TurnStart,
        change::{
            Access, ContextId, Destination, Part, Pick, Selection, Snapshot, Source, Workplace,
        },
    },
    store::Store,
    tui::{
        effect::{Done, Query},
        ports::Ports as _,
        review::{Ask, Later, News, Told, What},
        rooms,
    },
    workspace::{Grounds, Place, Untracked},
};

/// A session whose two agents changed a repository.
pub struct Sample {
    pub run: RunId,
    pub places: Vec<Workplace>,
    pub snapshots: Vec<Vec<Snapshot>>,
}

pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

const LIB: &str = "//! Temperatures.\n\n/// Celsius to Fahrenheit.\npub fn fahrenheit(celsius: f64) -> f64 {\n    celsius * 9.0 / 5.0 + 32.0\n}\n\n/// Fahrenheit to Celsius.\npub fn celsius(fahrenheit: f64) -> f64 {\n    (fahrenheit - 32.0) * 5.0 / 9.0\n}\n\n/// The mean of some values.\npub fn mean(values: &[f64]) -> f64 {\n    let mut sum = 0.0;\n    for value in values {\n        sum += value;\n    }\n    sum / values.len() as f64\n}\n\n/// The middle of sorted values.\npub fn median(values: &[f64]) -> Option<f64> {\n    values.get(values.len() / 2).copied()\n}\n\n/// The largest value.\npub fn largest(values: &[f64]) -> f64 {\n    let mut best = values[0];\n    for value in values {\n        if *value > best {\n            best = *value;\n        }\n    }\n    best\n}\n";

/// Lays a sample repository with two agents' trees and the log of their session.
pub fn sample(repository: &Path, state: &Path) -> Sample {
    std::fs::create_dir_all(repository).expect("a folder");
    git(repository, &["init", "-q", "-b", "main"]);
    write(&repository.join("src/lib.rs"), LIB);
    write(
        &repository.join("README.md"),
        "# Temperatures\n\nConverts.\n",
    );
    write(&repository.join("src/old.rs"), "pub fn unused() {}\n");
    std::fs::write(repository.join("logo.png"), [0_u8, 1, 2, 255]).expect("a file");
    git(repository, &["add", "-A"]);
    git(repository, &["commit", "-q", "-m", "begin"]);

    let run = RunId("20261121-101530-k3f9".to_owned());
    let place = Place {
        path: repository.to_owned(),
        access: Access::Write,
        untracked: Untracked::default(),
        include: Vec::new(),
        beside: massgen_tui::workspace::Beside::WhereNeeded,
    };
    let mut grounds = Grounds::lay(state, &run, &[place]).expect("a ground");
    let places = grounds.workplaces().to_vec();
    let mut snapshots = Vec::new();
    for number in [1, 2] {
        let agent = AgentId(number);
        let desk = grounds.worktree(agent).expect("a worktree");
        change(&desk[0].root, number);
        let taken = grounds.snapshot(agent).expect("a snapshot");
        grounds
            .label(Label::new(agent, 1), &taken)
            .expect("a label");
        snapshots.push(taken);
    }
    let sample = Sample {
        run,
        places,
        snapshots,
    };
    log(state, &sample);
    sample
}

fn change(root: &Path, agent: u16) {
    let safe = LIB.replace(
        "    sum / values.len() as f64\n",
        "    if values.is_empty() {\n        return 0.0;\n    }\n    sum / values.len() as f64\n",
    );
    if agent == 1 {
        write(
            &root.join("src/lib.rs"),
            &safe.replace(
                "let mut best = values[0];",
                "let mut best = f64::NEG_INFINITY;",
            ),
        );
        write(
            &root.join("src/kelvin.rs"),
            "//! Kelvin.\n\n/// Celsius to Kelvin.\npub fn kelvin(celsius: f64) -> f64 {\n    celsius + 273.15\n}\n",
        );
        std::fs::remove_file(root.join("src/old.rs")).expect("it is there");
        std::fs::write(root.join("logo.png"), [0_u8, 9, 9, 255, 7]).expect("a file");
    } else {
        let short = LIB.replace(
            "    let mut sum = 0.0;\n    for value in values {\n        sum += value;\n    }\n    sum / values.len() as f64\n",
            "    values.iter().sum::<f64>() / values.len().max(1) as f64\n",
        );
        write(&root.join("src/lib.rs"), &short);
        write(
            &root.join("README.md"),
            "# Temperatures\n\nConverts temperatures: see `fahrenheit` and `celsius`.\n",
        );
    }
}

fn events(sample: &Sample) -> Vec<Event> {
    let card = |number: u16, name: &str| AgentCard {
        id: AgentId(number),
        name: name.to_owned(),
        model: "scripted".to_owned(),
        backend: "test".to_owned(),
    };
    let label = |number| Label::new(AgentId(number), 1);
    let mut kinds = vec![EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: sample.run.clone(),
        turn: 1,
        prompt: "Make mean and largest safe for no values.".to_owned(),
        team: vec![card(1, "ada"), card(2, "bob")],
        limits: Limits::default(),
        rules: Rules::default(),
        stage: None,
        origin: Origin::Direct,
        version: "0".to_owned(),
        cwd: ".".to_owned(),
        places: sample.places.clone(),
        resumed: None,
    })))];
    for (number, taken) in (1..).zip(&sample.snapshots) {
        kinds.push(EventKind::Agent {
            id: AgentId(number),
            event: AgentEvent::Published(Answer {
                label: label(number),
                text: format!("Answer {number}: no values give 0.\n\nSee `src/lib.rs`."),
                auto: false,
                changes: taken.clone(),
            }),
        });
    }
    for voter in [1, 2] {
        kinds.push(EventKind::Agent {
            id: AgentId(voter),
            event: AgentEvent::Ballot(BallotEvent::Cast(Ballot {
                voter: AgentId(voter),
                target: Some(label(1)),
                reason: "It keeps the loop.".to_owned(),
                epoch: 2,
                marks: Marks::default(),
            })),
        });
    }
    kinds.push(EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner: label(1),
        text: "No values give 0.".to_owned(),
        presenter: None,
        end: OutcomeEnd::Consensus,
    })));
    (1..)
        .zip(kinds)
        .map(|(seq, kind)| Event {
            seq: Seq(seq),
            at: Timestamp(1_000 * seq),
            kind,
        })
        .collect()
}

fn log(state: &Path, sample: &Sample) {
    let store = Store::open(state).expect("a store");
    let writer =
        massgen_tui::store::Writer::open(&store.folder().join(&sample.run.0), sample.run.clone())
            .expect("a log");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        for event in events(sample) {
            writer.append(event).await;
        }
        writer.close().await;
    });
}

async fn ask(world: &World, run: &RunId, what: What) -> Told {
    let run = run.clone();
    match world
        .query(Query::Room(rooms::Ask::Review(Box::new(Ask { run, what }))))
        .await
    {
        Done::Room(rooms::Told::Review(told)) => *told,
        other => panic!("{other:?}"),
    }
}

pub fn world(state: &Path) -> World {
    let environment = Environment::gather(Vec::new(), state, None, None);
    let services = Arc::new(Services::new(
        environment,
        state.to_owned(),
        Speed::default(),
    ));
    let (events, _received) = tokio::sync::mpsc::channel(8);
    let (hub, _closed) = Hub::spawn(Arc::clone(&services), events);
    World::new(services, hub, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_tells_the_screen_what_git_tells() {
    let folder = tempfile::tempdir().expect("a folder");
    let (repository, state) = (folder.path().join("code"), folder.path().join("state"));
    let made = {
        let (repository, state) = (repository.clone(), state.clone());
        tokio::task::spawn_blocking(move || sample(&repository, &state))
            .await
            .expect("a sample")
    };
    let world = world(&state);
    let context = ContextId(0);
    let tree = made.snapshots[0][0].tree.clone();
    let base = made.places[0].tree.clone();
    let what = What::Changes {
        context,
        base: base.clone(),
        tree: tree.clone(),
    };
    let Ok(News::Changes(set, _)) = ask(&world, &made.run, what).await else {
        panic!("no changes");
    };
    let names: Vec<String> = set
        .files
        .iter()
        .map(|file| format!("{} {}", file.kind.letter(), file.path))
        .collect();
    assert_eq!(
        names,
        [
            "M logo.png",
            "A src/kelvin.rs",
            "M src/lib.rs",
            "D src/old.rs"
        ]
    );

    let lib = set.files[2].clone();
    let change = Box::new(lib.clone());
    let Ok(News::File(content)) = ask(&world, &made.run, What::File { context, change }).await
    else {
        panic!("no lines");
    };
    let out = Command::new("git")
        .current_dir(&repository)
        .args(["diff", "--numstat", &base.0, &tree.0, "--", "src/lib.rs"])
        .output()
        .expect("git runs");
    let counts = format!("{}\t{}\tsrc/lib.rs", lib.added, lib.removed);
    assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), counts);
    assert_eq!(content.diff.hunks.len(), 2);
    let old = content.old.as_ref().expect("lines");
    assert_eq!(old.join("\n") + "\n", LIB);

    let change = Box::new(lib.clone());
    let Ok(News::Raw(raw)) = ask(&world, &made.run, What::Raw { context, change }).await else {
        panic!("no bytes");
    };
    assert_eq!(raw.old, LIB);

    // The first hunk of one agent and the README of the other.
    let pick = |agent: usize, path: &str, part| Pick {
        from: Source {
            agent: AgentId(agent as u16 + 1),
            tree: made.snapshots[agent][0].tree.clone(),
        },
        path: path.into(),
        part,
    };
    let selection = Selection {
        context,
        base,
        picks: vec![
            pick(0, "src/lib.rs", Part::Hunks(vec![0])),
            pick(1, "README.md", Part::Whole),
        ],
    };
    let Ok(News::Built(built)) =
        ask(&world, &made.run, What::Build(Box::new(selection.clone()))).await
    else {
        panic!("no result");
    };
    assert_eq!(built.clashes, []);
    let paths: Vec<String> = built
        .provenance
        .iter()
        .map(|file| file.path.to_string())
        .collect();
    assert_eq!(paths, ["README.md", "src/lib.rs"]);
    let show = |name: &str| {
        let out = Command::new("git")
            .current_dir(&repository)
            .args(["cat-file", "blob", &format!("{}:{name}", built.tree.0)])
            .output()
            .expect("git runs");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    assert!(show("src/lib.rs").contains("if values.is_empty()"));
    assert!(show("src/lib.rs").contains("let mut best = values[0];"));
    assert!(show("README.md").contains("Converts temperatures"));
    applied_and_undone(&world, &made, &repository, selection).await;
}

/// To the person's files and back, with the person's own change beside it.
async fn applied_and_undone(world: &World, made: &Sample, repository: &Path, selection: Selection) {
    let own = "# Temperatures\n\nConverts.\n\nMine.\n";
    write(&repository.join("src/mine.rs"), own);
    let to = Destination::WorkingTree;
    let labels = vec![Label::new(AgentId(1), 1), Label::new(AgentId(2), 1)];
    let what = What::Preview {
        selection: Box::new(selection.clone()),
        to: to.clone(),
        labels: labels.clone(),
    };
    let preview = match ask(world, &made.run, what).await {
        Ok(News::Preview(preview)) => preview,
        other => panic!("{other:?}"),
    };
    let paths: Vec<String> = preview.files.iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["README.md", "src/lib.rs"]);
    let what = What::Apply {
        selection: Box::new(selection),
        to,
        decisions: Vec::new(),
        labels,
        preview,
    };
    let applied = match ask(world, &made.run, what).await {
        Ok(News::Applied(applied)) => applied,
        other => panic!("{other:?}"),
    };
    let read = |name: &str| std::fs::read_to_string(repository.join(name)).expect("a file");
    assert!(read("src/lib.rs").contains("if values.is_empty()"));
    assert!(read("README.md").contains("Converts temperatures"));
    let undo = |later| What::Undo {
        id: applied.id.clone(),
        later,
    };
    // What was changed since is asked about, and nothing is touched meanwhile.
    let applied_lib = read("src/lib.rs");
    write(&repository.join("src/lib.rs"), "mine now\n");
    match ask(world, &made.run, undo(Later::Ask)).await {
        Ok(News::Changed(changed)) => assert_eq!(changed.files, ["src/lib.rs".into()]),
        other => panic!("{other:?}"),
    }
    assert_eq!(read("src/lib.rs"), "mine now\n");
    assert!(read("README.md").contains("Converts temperatures"));
    write(&repository.join("src/lib.rs"), &applied_lib);
    match ask(world, &made.run, undo(Later::Ask)).await {
        Ok(News::Undone(undone)) => assert!(!undone.already),
        other => panic!("{other:?}"),
    }
    match ask(world, &made.run, undo(Later::Ask)).await {
        Ok(News::Undone(undone)) => assert!(undone.already),
        other => panic!("{other:?}"),
    }
    assert_eq!(read("src/lib.rs"), LIB);
    assert_eq!(read("src/mine.rs"), own);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_worktrees_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = world(folder.path());
    let run = RunId("20260101-000000-aaaa".to_owned());
    let what = What::Changes {
        context: ContextId(0),
        base: massgen_tui::protocol::change::ObjectId("0".repeat(40)),
        tree: massgen_tui::protocol::change::ObjectId("1".repeat(40)),
    };
    let failure = ask(&world, &run, what).await.expect_err("there are none");
    assert!(!failure.hint.is_empty(), "{failure}");
}
