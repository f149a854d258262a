//! Any pair of trees of several files and any hunks of their difference: what is brought to the folder
//! is what `git apply` makes of the same hunks there, bytes and modes; undone, it is as before.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

use massgen_tui::{
    protocol::{
        AgentId, Timestamp,
        change::{ContextId, Destination, Part, Pick, Selection, Source},
    },
    workspace::{
        apply::{self, Changed},
        unwatched,
    },
};
use proptest::prelude::*;

use super::{bench_of_git::Bench, flow::bring, untouched::files};

/// Text files by name, with whether they may be run.
type Tree = BTreeMap<&'static str, (String, bool)>;

const NAMES: [&str; 4] = ["a", "dir/b", "dir/deep/c", "d \u{2603}"];

/// Lines that repeat a lot, so that hunks have many places to be put by mistake.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        5 => Just("same".to_owned()),
        2 => Just("}".to_owned()),
        3 => "[a-c]{1,2}",
        1 => Just("x\r".to_owned()),
    ];
    (proptest::collection::vec(line, 1..50), any::<bool>()).prop_map(|(lines, end)| {
        let mut text = lines.join("\n");
        if end {
            text.push('\n');
        }
        text
    })
}

/// Some of the names; a file changes a few of its lines between the two trees, comes or goes.
fn trees() -> impl Strategy<Value = (Tree, Tree)> {
    let file = (
        text(),
        proptest::collection::vec(any::<(u8, u8)>(), 0..6),
        0..8_u8,
        any::<bool>(),
    );
    proptest::collection::vec(file, NAMES.len()).prop_map(|all| {
        let (mut before, mut after) = (Tree::new(), Tree::new());
        for (name, (text, changes, kind, run)) in NAMES.into_iter().zip(all) {
            if kind != 0 {
                before.insert(name, (text.clone(), run));
            }
            let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            for (at, how) in changes {
                let at = usize::from(at) % lines.len();
                match how % 3 {
                    0 => lines[at] = format!("new {how}"),
                    1 => lines.insert(at, "same".to_owned()),
                    _ if lines.len() > 1 => drop(lines.remove(at)),
                    _ => {}
                }
            }
            if kind != 1 {
                after.insert(name, (lines.join("\n"), run ^ (kind == 2)));
            }
        }
        (before, after)
    })
}

fn write(bench: &Bench, tree: &Tree) {
    for name in NAMES {
        let _ = fs::remove_file(bench.path(name));
    }
    for (name, (text, run)) in tree {
        bench.write(name, text);
        bench.chmod(name, if *run { 0o755 } else { 0o644 });
    }
}

/// The hunks of one file's `git diff` that are chosen, as a patch; a whole file's with its modes.
fn patch(diff: &[u8], chosen: &[u32], whole: bool) -> Vec<u8> {
    let mut head = Vec::new();
    let mut hunks: Vec<Vec<u8>> = Vec::new();
    for line in diff.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"@@") {
            hunks.push(Vec::new());
        }
        let mode = line.starts_with(b"old mode") || line.starts_with(b"new mode");
        match hunks.last_mut() {
            Some(hunk) => hunk.extend_from_slice(line),
            None if mode && !whole => {}
            None => head.extend_from_slice(line),
        }
    }
    let mut shift = 0;
    for (number, hunk) in hunks.iter().enumerate() {
        let end = hunk.iter().position(|byte| *byte == b'\n').unwrap();
        let numbers = ranges(&String::from_utf8_lossy(&hunk[..end]));
        if !chosen.contains(&(number as u32)) {
            shift += numbers[3] - numbers[1];
            continue;
        }
        // As `git add -p` does: a hunk begins elsewhere when those above it are left out.
        let range = format!(
            "@@ -{},{} +{},{} @@",
            numbers[0],
            numbers[1],
            numbers[2] - shift,
            numbers[3]
        );
        head.extend_from_slice(range.as_bytes());
        head.extend_from_slice(&hunk[end..]);
    }
    head
}

/// The four numbers of `@@ -1,2 +3,4 @@`.
fn ranges(head: &str) -> [i64; 4] {
    let mut words = head.split(' ').skip(1);
    let mut pair = || {
        let word = words.next().unwrap().trim_start_matches(['-', '+']);
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        (start.parse().unwrap(), count.parse().unwrap())
    };
    let ((a, b), (c, d)) = (pair(), pair());
    [a, b, c, d]
}

fn modes(root: &Path) -> BTreeMap<String, u32> {
    let mode = |name: &str| fs::metadata(root.join(name)).map(|about| about.permissions().mode());
    let all = NAMES.into_iter();
    all.filter_map(|name| Some((name.to_owned(), mode(name).ok()? & 0o111)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_hunks_of_any_trees_are_what_git_apply_makes_of_them((before, after) in trees(), bits in any::<u64>()) {
        let bench = Bench::empty();
        bench.write("always", "there\n");
        write(&bench, &after);
        bench.commit("after");
        let tree = bench.same_tree();
        write(&bench, &before);
        bench.commit("before");
        let base = bench.same_tree();
        let person = files(bench.root());
        let repo = bench.repo();
        let changes = repo.changes(&base, &tree).unwrap();
        // Git tells renames apart in patches as we do; hunks of renamed files are the matter of others.
        prop_assume!(changes.files.iter().all(|file| file.was.is_none()));
        let mut bits = bits;
        let mut picks = Vec::new();
        let mut whole_patch = Vec::new();
        for file in &changes.files {
            let hunks = repo.diff(file).unwrap().hunks.len() as u32;
            let whole = bits & 1 == 1 || file.old.is_none() || file.new.is_none() || hunks == 0;
            let chosen: Vec<u32> = (0..hunks).filter(|at| whole || bits >> (at + 1) & 1 == 1).collect();
            bits = bits.rotate_right(11);
            if chosen.is_empty() && !whole {
                continue;
            }
            let diff = bench.git([
                "diff", "--no-renames", "--no-ext-diff", "--full-index", "--text", &base.0, &tree.0, "--",
                &file.path.to_string(),
            ]);
            whole_patch.extend(patch(&diff, &chosen, whole));
            picks.push(Pick {
                from: Source { agent: AgentId(1), tree: tree.clone() },
                path: file.path.clone(),
                part: if whole { Part::Whole } else { Part::Hunks(chosen) },
            });
        }
        prop_assume!(!picks.is_empty());
        // By git.
        let path = bench.beside("patch");
        fs::write(&path, &whole_patch).unwrap();
        bench.git(["apply", "--whitespace=nowarn", path.to_str().unwrap()]);
        let (wanted, wanted_modes) = (files(bench.root()), modes(bench.root()));
        write(&bench, &before);
        prop_assert_eq!(files(bench.root()), person.clone());
        // By us.
        let selection = Selection { context: ContextId(0), base: base.clone(), picks };
        let built = apply::build(&repo, &selection, &[]).unwrap();
        prop_assert!(built.clashes.is_empty());
        prop_assume!(built.tree != base);
        let state = tempfile::TempDir::new().unwrap();
        bring(state.path(), &repo, (&base, &built.tree), &Destination::WorkingTree).unwrap();
        prop_assert_eq!(files(bench.root()), wanted);
        prop_assert_eq!(modes(bench.root()), wanted_modes);
        let then = Timestamp(1_795_256_131_000);
        apply::undo(state.path(), None, Changed::Refuse, then, &unwatched).unwrap();
        prop_assert_eq!(files(bench.root()), person);
    }
}
