//! Any two trees: applied it is the one, undone it is the other, to the byte, mode and time.

use proptest::prelude::*;

use super::*;
use Thing::{File, Link, Program};

const PATHS: [&[u8]; 7] = [
    b"a",
    b"b",
    b"b/c",
    b"b/c/d",
    "ö d".as_bytes(),
    b"e\xff",
    b"z/y",
];

/// What stands at some of the paths: a kind, and a few lines.
fn files() -> impl Strategy<Value = Vec<(usize, u8, Vec<u8>)>> {
    let one = (
        0..PATHS.len(),
        0..7_u8,
        proptest::collection::vec(0..3_u8, 0..6),
    );
    proptest::collection::vec(one, 0..6)
}

/// The same as things in a folder; what would stand below a file is left out.
fn things(files: &[(usize, u8, Vec<u8>)]) -> Vec<(&'static [u8], u8, Vec<u8>)> {
    let mut all: BTreeMap<&[u8], (u8, Vec<u8>)> = BTreeMap::new();
    for (path, kind, lines) in files {
        let end: &[u8] = if *kind == 2 { b"\r\n" } else { b"\n" };
        let mut text: Vec<u8> = lines
            .iter()
            .flat_map(|line| [&[b'a' + line], end].concat())
            .collect();
        if *kind == 3 {
            text.insert(0, 0);
        }
        if *kind == 4 {
            text.pop();
        }
        all.insert(PATHS[*path], (*kind, text));
    }
    let names: Vec<&[u8]> = all.keys().copied().collect();
    let below = |path: &[u8]| {
        names.iter().any(|name| {
            path.len() > name.len() && path.starts_with(name) && path[name.len()] == b'/'
        })
    };
    all.into_iter()
        .filter(|(path, _)| !below(path))
        .map(|(path, (kind, text))| (path, kind, text))
        .collect()
}

fn thing(kind: u8, text: &[u8]) -> Thing<'_> {
    match kind {
        0 => Program(text),
        1 => Link("a/b"),
        _ => File(text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn applied_and_undone(before in files(), after in files(), staged in any::<bool>()) {
        let (before, after) = (things(&before), things(&after));
        let shown: Vec<(&[u8], Thing<'_>)> = before.iter().map(|(path, kind, text)| (*path, thing(*kind, text))).collect();
        let desk = Desk::with(&shown);
        let wanted: Vec<(&[u8], Thing<'_>)> = after.iter().map(|(path, kind, text)| (*path, thing(*kind, text))).collect();
        let tree = desk.shop.tree(&wanted);
        prop_assume!(tree != desk.base);
        let (files, git) = (seen(&desk.shop.root()), git_state(&desk.shop));
        let to = if staged { Destination::Index } else { Destination::WorkingTree };
        desk.apply_to(&tree, &to).unwrap();
        prop_assert_eq!(desk.shop.list(&desk.shop.tree_now()), desk.shop.list(&tree));
        if staged {
            prop_assert_eq!(desk.shop.git(&["write-tree"]), tree.0);
        } else {
            prop_assert_eq!(&git_state(&desk.shop), &git);
        }
        desk.undo(Changed::Refuse).unwrap();
        prop_assert_eq!(seen(&desk.shop.root()), files);
        prop_assert_eq!(git_state(&desk.shop), git);
    }
}
