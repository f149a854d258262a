//! The whole program over real repositories: what a person takes on the review screen, where it goes,
//! how it is taken back, and what happens when the folder is another one meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use massgen_tui::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Event, EventKind, Label, Limits, Origin, Outcome,
        OutcomeEnd, Rules, RunEvent, RunId, Seq, Timestamp, TurnStart,
        change::{Access, Snapshot, Workplace},
    },
    tui::{
        StartOptions,
        options::{First, Opening},
        replay::Piece,
        theme::Theme,
    },
    workspace::{Grounds, Place, Untracked},
};

use crate::{
    harness::{app::App, git::git},
    review::{world, write},
};

const LINES: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

/// Repositories, agents that change them, and what their session tells.
struct Studio {
    folder: tempfile::TempDir,
    run: RunId,
    grounds: Grounds,
    kinds: Vec<EventKind>,
}

impl Studio {
    /// A session on so many repositories.
    fn new(repositories: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let places: Vec<Place> = (0..repositories)
            .map(|number| {
                let root = folder.path().join(format!("code{number}"));
                write(&root.join("a.txt"), LINES);
                write(&root.join("b.txt"), LINES);
                git(&root, &["init", "-q", "-b", "main"]);
                git(&root, &["config", "user.name", "person"]);
                git(&root, &["config", "user.email", "person@example.org"]);
                git(&root, &["add", "-A"]);
                git(&root, &["commit", "-q", "-m", "begin"]);
                Place {
                    path: root,
                    access: Access::Write,
                    untracked: Untracked::default(),
                    include: Vec::new(),
                    beside: massgen_tui::workspace::Beside::WhereNeeded,
                }
            })
            .collect();
        Self::lay(folder, &places)
    }

    /// The same repositories as they are now, in a session that begins anew.
    fn laid_anew(self) -> Self {
        let state = self.state();
        let places = self.grounds.manifest().places.iter();
        let places: Vec<Place> = places
            .map(|kept| Place {
                path: PathBuf::from(&kept.place.root),
                access: Access::Write,
                untracked: Untracked::default(),
                include: Vec::new(),
                beside: massgen_tui::workspace::Beside::WhereNeeded,
            })
            .collect();
        drop(self.grounds);
        fs::remove_dir_all(state).expect("it is there");
        Self::lay(self.folder, &places)
    }

    fn lay(folder: tempfile::TempDir, places: &[Place]) -> Self {
        let run = RunId("20261121-101530-k3f9".to_owned());
        let state = folder.path().join("state");
        fs::create_dir_all(state.join("sessions").join(&run.0)).expect("a folder");
        let grounds = Grounds::lay(&state, &run, places).expect("a ground");
        let card = |number: u16, name: &str| AgentCard {
            id: AgentId(number),
            name: name.to_owned(),
            model: "scripted".to_owned(),
            backend: "test".to_owned(),
        };
        let start = TurnStart {
            run: run.clone(),
            turn: 1,
            prompt: "Change it.".to_owned(),
            team: vec![card(1, "ada"), card(2, "bob")],
            limits: Limits::default(),
            rules: Rules::default(),
            stage: None,
            origin: Origin::Direct,
            version: "0".to_owned(),
            cwd: ".".to_owned(),
            places: grounds.workplaces().to_vec(),
            resumed: None,
        };
        Self {
            folder,
            run,
            grounds,
            kinds: vec![EventKind::Run(RunEvent::Started(Box::new(start)))],
        }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn root(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("code{number}"))
    }

    /// An agent changes its worktrees and publishes.
    fn publish(
        &mut self,
        agent: u16,
        revision: u32,
        change: impl Fn(usize, &Path),
    ) -> Vec<Snapshot> {
        let label = Label::new(AgentId(agent), revision);
        let desks = self.grounds.worktree(label.agent).expect("worktrees");
        for (number, desk) in desks.iter().enumerate() {
            change(number, &desk.root);
        }
        let taken = self.grounds.snapshot(label.agent).expect("snapshots");
        self.grounds.label(label, &taken).expect("a label");
        self.kinds.push(EventKind::Agent {
            id: label.agent,
            event: AgentEvent::Published(Answer {
                label,
                text: "Changed.".to_owned(),
                auto: false,
                changes: taken.clone(),
            }),
        });
        taken
    }

    /// The usual change: a line, a file that goes, one that comes.
    fn usual(repositories: usize) -> (Self, Vec<Snapshot>) {
        let mut studio = Self::new(repositories);
        let taken = studio.publish(1, 1, |_, root| {
            write(&root.join("a.txt"), &LINES.replace("two", "TWO"));
            fs::remove_file(root.join("b.txt")).expect("it is there");
            write(&root.join("c.txt"), "new\n");
        });
        (studio, taken)
    }

    fn workplaces(&self) -> &[Workplace] {
        self.grounds.workplaces()
    }

    /// The program with the review of this session, which is over.
    fn open(&self) -> App {
        let ended = EventKind::Run(RunEvent::Ended(Outcome::Answered {
            changes: Vec::new(),
            winner: Label::new(AgentId(1), 1),
            text: "Changed.".to_owned(),
            presenter: None,
            end: OutcomeEnd::Consensus,
        }));
        let kinds = self.kinds.iter().cloned().chain([ended]);
        let events: Vec<Event> = (1..)
            .zip(kinds)
            .map(|(seq, kind)| Event {
                seq: Seq(seq),
                at: Timestamp(1_000 * seq),
                kind,
            })
            .collect();
        let options = StartOptions {
            opened: Some(Opening {
                first: First::Review,
                ..Opening::whole(Piece::whole(self.run.clone(), events))
            }),
            ..StartOptions::new(Theme::ansi())
        };
        App::start_in(120, 40, Arc::new(world(&self.state())), options)
    }

    /// What git says of a repository: files, index, HEAD, and refs that are not ours.
    fn told(&self, number: usize) -> String {
        let root = self.root(number);
        let refs = git(&root, &["for-each-ref", "refs/heads", "refs/tags"]);
        let status = git(&root, &["status", "--porcelain", "-uall"]);
        let index = git(&root, &["ls-files", "--stage"]);
        format!("{refs}\n{status}\n{index}\n{}", read(&root.join("a.txt")))
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| error.to_string())
}

async fn leave(app: App) {
    app.control('c').await;
    app.control('c').await;
    app.left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_goes_where_it_is_sent_and_comes_back() {
    for to in 0..5 {
        let (studio, taken) = Studio::usual(1);
        let (root, tree) = (studio.root(0), &taken[0].tree.0);
        let before = studio.told(0);
        let head = git(&root, &["rev-parse", "HEAD"]);
        let patch = studio.folder.path().join("my.patch");
        let mut app = studio.open();
        app.sees("3 of 3 to review").await;
        app.keys("a b").await;
        app.sees("The result: 3 files").await;
        for _ in 0..to {
            app.keys("down").await;
        }
        if to == 4 {
            app.keys("e").await;
            app.sees("file for the patch").await;
            app.control('u').await;
            app.write(&patch.display().to_string()).await;
            app.keys("enter").await;
            app.sees("my.patch").await;
        }
        app.keys("enter").await;
        app.sees("Enter writes 3 files").await;
        assert_eq!(
            studio.told(0),
            before,
            "nothing is written before it is said"
        );
        app.keys("enter").await;
        app.sees("Written: 3 files").await;
        let status = git(&root, &["status", "--porcelain", "-uall"]);
        let tree_of = |name: &str| git(&root, &["rev-parse", &format!("{name}^{{tree}}")]);
        match to {
            0 => assert_eq!(status, " M a.txt\n D b.txt\n?? c.txt"),
            1 => assert_eq!(status, "M  a.txt\nD  b.txt\nA  c.txt"),
            2 => {
                assert_eq!((status.as_str(), &tree_of("HEAD")), ("", tree));
                let message = git(&root, &["log", "-1", "--format=%B"]);
                assert!(message.contains("Massgen-Agents: agent1.1"), "{message}");
                assert_eq!(git(&root, &["rev-parse", "HEAD~1"]), head);
            }
            3 => {
                let name = format!("massgen/{}", studio.run);
                assert_eq!((status.as_str(), &tree_of(&name)), ("", tree));
                assert_eq!(git(&root, &["rev-parse", "HEAD"]), head);
            }
            _ => {
                assert_eq!(status, "");
                let diff = git(&root, &["diff", "--binary", "HEAD", tree]);
                assert_eq!(git_of_patch(&root, &patch), git_of_text(&root, &diff));
            }
        }
        app.keys("U").await;
        app.sees("Taken back").await;
        assert_eq!(studio.told(0), before, "destination {to}");
        assert!(!patch.exists());
        git(&root, &["fsck", "--strict"]);
        leave(app).await;
    }
}

/// The tree that git makes of a patch on what is checked out.
fn git_of_patch(root: &Path, patch: &Path) -> String {
    git(root, &["apply", "--index", &patch.display().to_string()]);
    let tree = git(root, &["write-tree"]);
    git(root, &["reset", "-q", "--hard"]);
    tree
}

fn git_of_text(root: &Path, text: &str) -> String {
    let path = root.with_extension("other.patch");
    fs::write(&path, format!("{text}\n")).expect("a file");
    git_of_patch(root, &path)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_folder_of_a_session_has_its_own_result() {
    let (studio, _) = Studio::usual(2);
    assert_eq!(studio.workplaces().len(), 2);
    let before = [studio.told(0), studio.told(1)];
    let mut app = studio.open();
    app.sees("code0/ (1 of 2)").await;
    app.sees("3 of 3 to review").await;
    app.keys("a").await;
    app.sees("3 taken").await;
    app.keys("p").await;
    let screen = app.sees("code1/ (2 of 2)").await;
    assert!(!screen.contains("3 taken"), "{screen}");
    app.sees("3 of 3 to review").await;
    app.keys("j j space b").await;
    app.sees("The result: 1 file").await;
    app.keys("enter").await;
    let screen = app.sees("Enter writes 1 file").await;
    assert!(screen.contains("code1"), "{screen}");
    app.keys("enter").await;
    app.sees("Written: 1 file").await;
    assert_eq!(studio.told(0), before[0]);
    let status = git(&studio.root(1), &["status", "--porcelain"]);
    assert_eq!(status, "?? c.txt");
    app.keys("enter p").await;
    app.sees("code0/ (1 of 2)").await;
    app.keys("b").await;
    app.sees("The result: 3 files").await;
    app.keys("enter").await;
    app.sees("Enter writes 3 files").await;
    app.keys("enter").await;
    app.sees("Written: 3 files").await;
    // One key for each application, the last one first, whatever folder is on the screen.
    app.keys("enter p U").await;
    app.sees("Taken back: 3 files").await;
    assert_eq!(studio.told(0), before[0]);
    app.keys("enter U").await;
    app.sees("Taken back: 1 file").await;
    assert_eq!(studio.told(1), before[1]);
    leave(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_since_the_last_look_is_what_git_says() {
    let (mut studio, first) = Studio::usual(1);
    let mut app = studio.open();
    app.sees("3 of 3 to review").await;
    app.keys("L").await;
    app.sees("You have not looked at this agent's files before.")
        .await;
    app.keys("r q").await;
    app.sees("review changes").await;
    leave(app).await;
    let second = studio.publish(1, 2, |_, root| {
        write(&root.join("c.txt"), "new\nand more\n");
        write(&root.join("d.txt"), "another\n");
    });
    let names = git(
        &studio.root(0),
        &["diff", "--name-only", &first[0].tree.0, &second[0].tree.0],
    );
    assert_eq!(names, "c.txt\nd.txt");
    let mut app = studio.open();
    // The mark of the first look holds: that file is as it was.
    app.sees("3 of 4 to review").await;
    app.keys("L").await;
    let screen = app.sees("base: your last look").await;
    assert!(screen.contains("HEAD main") && screen.contains("target working tree"));
    let screen = app.sees("2 of 2 to review").await;
    for (name, seen) in [
        ("a.txt", false),
        ("b.txt", false),
        ("c.txt", true),
        ("d.txt", true),
    ] {
        assert_eq!(screen.contains(name), seen, "{name}\n{screen}");
    }
    app.keys("space").await;
    app.sees("L shows all of it, to take from").await;
    app.keys("L").await;
    app.sees("3 of 4 to review").await;
    leave(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_changes_meanwhile_is_merged_with_markers_or_chosen() {
    let (studio, _) = Studio::usual(1);
    let root = studio.root(0);
    let mut app = studio.open();
    app.sees("3 of 3 to review").await;
    app.keys("a b").await;
    app.sees("The result: 3 files").await;
    app.keys("enter").await;
    app.sees("Enter writes 3 files").await;
    // The same line as the agent, another one, and a file that the agent removes.
    let mine = LINES.replace("two", "2").replace("nine", "9");
    write(&root.join("a.txt"), &mine);
    write(&root.join("b.txt"), &LINES.replace("ten", "10"));
    app.keys("enter").await;
    let screen = app.sees("your folder has changed since you looked").await;
    assert!(screen.contains("Decide about 1 file first"), "{screen}");
    assert!(screen.contains("both, with conflict markers"), "{screen}");
    assert_eq!(read(&root.join("a.txt")), mine, "nothing was written");
    app.keys("enter").await;
    app.sees("Some files cannot be written as they are").await;
    app.keys("down space").await;
    app.sees("yours stays").await;
    app.keys("enter").await;
    app.sees("Conflict markers stand in").await;
    let merged = read(&root.join("a.txt"));
    assert!(merged.contains("<<<<<<< yours\n2\n"), "{merged}");
    assert!(merged.contains("TWO\n>>>>>>> agent1.1\n"), "{merged}");
    assert!(merged.contains("9\n"), "the other change is kept: {merged}");
    assert!(read(&root.join("b.txt")).contains("10"));
    app.keys("U").await;
    app.sees("Taken back").await;
    assert_eq!(read(&root.join("a.txt")), mine);
    assert!(!root.join("c.txt").exists());
    leave(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_after_it_was_applied_is_not_lost_by_taking_back() {
    for (keys, a) in [
        ("enter", LINES.replace("two", "TWO") + "mine\n"),
        ("down enter", LINES.to_owned() + "mine\n"),
    ] {
        let (studio, _) = Studio::usual(1);
        let root = studio.root(0);
        let mut app = studio.open();
        app.sees("3 of 3 to review").await;
        app.keys("a b").await;
        app.sees("The result: 3 files").await;
        app.keys("enter").await;
        app.sees("Enter writes 3 files").await;
        app.keys("enter").await;
        app.sees("Written: 3 files").await;
        let later = read(&root.join("a.txt")) + "mine\n";
        write(&root.join("a.txt"), &later);
        app.keys("U").await;
        let screen = app.sees("you changed 1 file since").await;
        assert!(screen.contains("a.txt"), "{screen}");
        assert_eq!(read(&root.join("a.txt")), later);
        assert!(root.join("c.txt").exists());
        app.keys(keys).await;
        app.sees("Taken back").await;
        assert_eq!(read(&root.join("a.txt")), a, "{keys}");
        assert_eq!(read(&root.join("b.txt")), LINES);
        assert!(!root.join("c.txt").exists());
        leave(app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_made_last_are_there_again_after_leaving_at_once() {
    let (studio, _) = Studio::usual(1);
    let mut app = studio.open();
    app.sees("3 of 3 to review").await;
    app.keys("r space").await;
    app.sees("2 of 3 to review · 1 taken").await;
    leave(app).await;
    let mut app = studio.open();
    app.sees("2 of 3 to review · 1 taken").await;
    leave(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_gone_and_notes_that_cannot_be_kept_are_told() {
    let (studio, _) = Studio::usual(1);
    fs::rename(studio.root(0), studio.folder.path().join("moved")).expect("it moves");
    let mut app = studio.open();
    let screen = app.sees("The changes of ada cannot be read.").await;
    assert!(screen.contains("code0"), "which one: {screen}");
    assert!(screen.contains("tries again"), "{screen}");
    // Back where it was, the same screen goes on.
    fs::rename(studio.folder.path().join("moved"), studio.root(0)).expect("it moves");
    app.keys("u").await;
    app.sees("3 of 3 to review").await;
    leave(app).await;

    let (studio, _) = Studio::usual(1);
    let notes = studio.state().join("sessions").join(&studio.run.0);
    fs::create_dir_all(notes.join("review.json")).expect("in the way");
    let mut app = studio.open();
    app.sees("This review is not kept").await;
    app.sees("3 of 3 to review").await;
    app.keys("r").await;
    app.sees("2 of 3 to review").await;
    leave(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn special_files_are_told_by_a_word_and_what_is_in_no_snapshot_is_told() {
    let studio = Studio::new(1);
    let root = studio.root(0);
    // A submodule in the repository that the session works on, since a further turn.
    let other = studio.folder.path().join("lib");
    write(&other.join("inner.txt"), LINES);
    git(&other, &["init", "-q", "-b", "main"]);
    git(&other, &["add", "-A"]);
    git(&other, &["commit", "-q", "-m", "lib"]);
    let allow = ["-c", "protocol.file.allow=always"];
    let add = [
        "submodule",
        "--quiet",
        "add",
        &other.display().to_string(),
        "sub",
    ];
    git(&root, &[&allow[..], &add[..]].concat());
    git(&root, &["commit", "-q", "-m", "with a submodule"]);
    let mut studio = studio.laid_anew();
    studio.publish(1, 1, |_, root| {
        write(&root.join("sub/x.txt"), "lost\n");
        fs::write(root.join("picture.bin"), [0_u8, 1, 255]).expect("a file");
        fs::rename(root.join("a.txt"), root.join("renamed.txt")).expect("it is there");
        std::os::unix::fs::symlink("b.txt", root.join("link")).expect("a link");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(root.join("b.txt"), mode).expect("a mode");
        write(&root.join("long.txt"), &"long ".repeat(20_000));
    });
    let mut app = studio.open();
    let screen = app.sees("5 of 5 to review").await;
    for words in ["picture.bin", "binary", "link", "renamed.txt", "long.txt"] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    assert!(
        screen.contains("in no snapshot") && screen.contains("sub (inside a submodule"),
        "{screen}"
    );
    // From the first file down: a mode alone, a link, a long line, a picture, a name alone.
    app.sees("file to executable").await;
    app.sees("only its name or mode changed").await;
    app.keys("tab space").await;
    app.sees("file to executable · taken").await;
    app.keys("tab j").await;
    app.sees("symbolic link").await;
    app.keys("j").await;
    app.sees("long.txt A added").await;
    app.keys("j").await;
    app.sees("A binary file").await;
    app.keys("j").await;
    app.sees("was a.txt").await;
    leave(app).await;
}
