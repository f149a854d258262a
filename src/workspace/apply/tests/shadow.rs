//! A folder that is in no git repository.

use super::*;
use crate::workspace::{Grounds, Place};

#[test]
fn a_folder_without_a_repository_gets_files_and_patches_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let (folder, state) = (root.path().join("folder"), root.path().join("state"));
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("a"), "1\r\n2\n").unwrap();
    fs::write(folder.join("sub/b"), "1\n").unwrap();
    let run = RunId("20261121-101530-k3f9".into());
    let place = Place {
        path: folder.clone(),
        access: Access::Write,
        untracked: Untracked::default(),
        include: Vec::new(),
        beside: crate::workspace::Beside::WhereNeeded,
    };
    let mut grounds = Grounds::lay(&state, &run, &[place]).unwrap();
    let desk = grounds.worktree(AgentId(1)).unwrap().remove(0);
    fs::write(desk.path.join("a"), "1\r\n2\n3\n").unwrap();
    fs::remove_file(desk.path.join("sub/b")).unwrap();
    fs::write(desk.path.join("c"), "new\n").unwrap();
    let snapshot = grounds.snapshot(AgentId(1)).unwrap().remove(0);
    let base = grounds.workplaces()[0].tree.clone();
    let kept = grounds.manifest().place(snapshot.context).unwrap();
    let repo = grounds.repo(snapshot.context).unwrap();
    let ground = Ground {
        repo: &repo,
        access: Access::Write,
        inside: &kept.inside,
        untracked: &kept.untracked,
        state_dir: &state,
    };
    let built = Built {
        tree: snapshot.tree.clone(),
        provenance: Vec::new(),
        clashes: Vec::new(),
    };
    let before = seen(&folder);
    let to = |to: &Destination| {
        let order = Order {
            base: &base,
            built: &built,
            decisions: &[],
            credits: CREDITS,
            to,
        };
        let occasion = Occasion {
            run: Some(&run),
            at: Timestamp(1),
        };
        let seen = preview(&ground, &order)?;
        apply(&ground, &order, &seen, occasion, &unwatched)
    };
    for refused in [
        Destination::Index,
        Destination::Commit {
            message: String::new(),
        },
        Destination::Branch {
            name: "x".into(),
            message: String::new(),
        },
    ] {
        let trouble = to(&refused).unwrap_err();
        assert!(
            trouble.to_string().contains("no git repository"),
            "{trouble}"
        );
        assert_eq!(seen(&folder), before);
    }
    let patch = root.path().join("out.patch").display().to_string();
    to(&Destination::Patch { path: patch }).unwrap();
    assert_eq!(seen(&folder), before);
    to(&Destination::WorkingTree).unwrap();
    assert_eq!(fs::read(folder.join("a")).unwrap(), b"1\r\n2\n3\n");
    assert!(folder.join("c").exists() && !folder.join("sub/b").exists());
    undo::undo_last(&state, Changed::Refuse).unwrap();
    assert_eq!(seen(&folder), before);
    assert!(!folder.join(".git").exists());
}
