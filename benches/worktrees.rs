//! Worktrees, snapshots and diffs beside the `git` binary, on a repository of 20 000 files.
//!
//! `cargo bench --bench worktrees` prints a Markdown table; `-- 2000` takes another number of files.
//! Ours and git's runs alternate, so that a busy machine slows both. Only ratios of one run mean much.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use massgen_tui::{
    protocol::{AgentId, RunId, change::Access},
    workspace::{Grounds, Place, Scope, Untracked, prune, unwatched},
};

/// Agents, and so worktrees.
const AGENTS: u16 = 8;
/// Times everything is done.
const ROUNDS: usize = 3;

fn git(root: &Path, args: &[&str]) {
    let status = Command::new("git")
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "git {args:?}");
}

/// Makes a repository of `files` files of about 2 kB, packed as a clone is.
fn repository(root: &Path, files: usize) {
    git(root, &["init", "-q", "-b", "main"]);
    for number in 0..files {
        let folder = root.join(format!("src/{}/{}", number % 40, number % 13));
        fs::create_dir_all(&folder).unwrap();
        let text: String = (0..40).fold(String::new(), |text, line| {
            text + &format!("fn of_{number}_{line}() -> usize {{ {} }}\n", line * number)
        });
        fs::write(folder.join(format!("{number}.rs")), text).unwrap();
    }
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "all"]);
    git(root, &["gc", "-q"]);
}

/// Changes ten lines of every tenth file.
fn change(root: &Path, files: usize, round: usize) {
    for number in (0..files).step_by(10) {
        let path = root.join(format!("src/{}/{}/{number}.rs", number % 40, number % 13));
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in lines.iter_mut().step_by(4) {
            *line = format!("{line} // {round}");
        }
        fs::write(path, lines.join("\n")).unwrap();
    }
}

#[derive(Default)]
struct Row {
    ours: Vec<Duration>,
    gits: Vec<Duration>,
}

impl Row {
    fn print(&mut self, what: &str, theirs: &str) {
        self.ours.sort();
        self.gits.sort();
        let (ours, gits) = (self.ours[ROUNDS / 2], self.gits[ROUNDS / 2]);
        println!(
            "| {what} | {:.2} s | {theirs} {:.2} s | {:.2} |",
            ours.as_secs_f64(),
            gits.as_secs_f64(),
            ours.as_secs_f64() / gits.as_secs_f64()
        );
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn main() {
    let files = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(20_000);
    let dir = tempfile::TempDir::new().unwrap();
    let root = dir.path().join("project");
    fs::create_dir(&root).unwrap();
    repository(&root, files);
    let place = Place {
        path: root.clone(),
        access: Access::Write,
        untracked: Untracked::default(),
        include: Vec::new(),
        beside: massgen_tui::workspace::Beside::WhereNeeded,
    };
    let mut making = Row::default();
    let mut snapshot = Row::default();
    let mut diff = Row::default();
    let mut removing = Row::default();
    for round in 0..ROUNDS {
        let beside = dir.path().join(format!("git{round}"));
        making.gits.push(timed(|| {
            for agent in 0..AGENTS {
                let to = beside.join(agent.to_string());
                git(
                    &root,
                    &["worktree", "add", "-q", "--detach", to.to_str().unwrap()],
                );
            }
        }));
        let state = dir.path().join(format!("state{round}"));
        let run = RunId(format!("run{round}"));
        let mut grounds = None;
        making.ours.push(timed(|| {
            let mut laid = Grounds::lay(&state, &run, std::slice::from_ref(&place)).unwrap();
            for agent in 1..=AGENTS {
                laid.worktree(AgentId(agent)).unwrap();
            }
            grounds = Some(laid);
        }));
        let mut grounds = grounds.unwrap();
        let tree = grounds.worktree(AgentId(1)).unwrap().remove(0).root;
        let theirs = beside.join("0");
        change(&tree, files, round);
        change(&theirs, files, round);
        snapshot.gits.push(timed(|| {
            git(&theirs, &["add", "-A"]);
            git(&theirs, &["commit", "-q", "-m", "snapshot"]);
        }));
        let mut taken = None;
        snapshot.ours.push(timed(|| {
            taken = Some(grounds.snapshot(AgentId(1)).unwrap().remove(0));
        }));
        let taken = taken.unwrap();
        let base = grounds.workplaces()[0].tree.clone();
        let repo = grounds.repo(taken.context).unwrap();
        diff.ours.push(timed(|| {
            for file in repo.changes(&base, &taken.tree).unwrap().files {
                std::hint::black_box(repo.diff(&file).unwrap());
            }
        }));
        diff.gits
            .push(timed(|| git(&root, &["diff", &base.0, &taken.tree.0])));
        drop((repo, grounds));
        removing.gits.push(timed(|| {
            for agent in 0..AGENTS {
                let to = beside.join(agent.to_string());
                git(
                    &root,
                    &["worktree", "remove", "--force", to.to_str().unwrap()],
                );
            }
        }));
        removing.ours.push(timed(|| {
            prune(&state, &run, Scope::Trees, &unwatched).unwrap();
        }));
    }
    println!("{files} files, {AGENTS} worktrees, median of {ROUNDS}\n");
    println!("| what | ours | git | ratio |\n|---|---:|---:|---:|");
    making.print("baseline and 8 worktrees", "`git worktree add`");
    snapshot.print(
        "snapshot of 2000 changed files, counted",
        "`git add`, `git commit`",
    );
    diff.print("list and all hunks of 2000 changed files", "`git diff`");
    removing.print(
        "looking once more, and removing 8 worktrees",
        "`git worktree remove --force`",
    );
}
