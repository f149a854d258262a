//! Results built from picks of several agents.

use proptest::prelude::*;

use super::*;
use crate::{
    protocol::change::{LineRef, Part, Pick},
    workspace::apply::workshop::{Thing, Workshop, pick, selection},
};
use Thing::{File, Link, Program};

const TEXT: &[u8] = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n";

/// [`TEXT`] with some lines replaced.
fn with(lines: &[(usize, &str)]) -> Vec<u8> {
    let mut all: Vec<String> = (1..=20).map(|line| line.to_string()).collect();
    for (at, text) in lines {
        (*text).clone_into(&mut all[*at - 1]);
    }
    let mut text = all.join("\n").into_bytes();
    text.push(b'\n');
    text
}

fn built(shop: &Workshop, base: &ObjectId, picks: &[Pick]) -> Built {
    let repo = shop.repo();
    let built = build(&repo, &selection(base, picks.to_vec()), &[]).unwrap();
    // The order of picks makes no difference, nor do change sets that are known already.
    let back: Vec<Pick> = picks.iter().rev().cloned().collect();
    let known: Vec<ChangeSet> = picks
        .iter()
        .map(|pick| repo.changes(base, &pick.from.tree).unwrap())
        .collect();
    assert_eq!(build(&repo, &selection(base, back), &known).unwrap(), built);
    built
}

fn agents(built: &Built) -> Vec<(String, Vec<u16>)> {
    let of = |one: &Provenance| {
        let agents = one.agents.iter().map(|agent| agent.0).collect();
        (one.path.to_string(), agents)
    };
    built.provenance.iter().map(of).collect()
}

fn clash(built: &Built) -> Vec<(String, Vec<u16>, (u32, u32))> {
    let of = |one: &Clash| {
        let agents = one.agents.iter().map(|agent| agent.0).collect();
        (one.path.to_string(), agents, one.lines)
    };
    built.clashes.iter().map(of).collect()
}

#[test]
fn hunks_of_two_agents_stand_in_one_file() {
    let shop = Workshop::new();
    let base = shop.tree(&[(b"f", File(TEXT)), (b"other", File(b"o\n"))]);
    let (one, two) = (
        with(&[(2, "two"), (12, "twelve")]),
        with(&[(19, "nineteen"), (7, "seven")]),
    );
    let one = shop.tree(&[(b"f", File(&one)), (b"other", File(b"o\n"))]);
    let two = shop.tree(&[(b"f", File(&two)), (b"other", File(b"changed\n"))]);
    let result = built(
        &shop,
        &base,
        &[
            pick(1, &one, "f", Part::Hunks(vec![0])),
            pick(2, &two, "f", Part::Hunks(vec![1])),
        ],
    );
    let expected = with(&[(2, "two"), (19, "nineteen")]);
    assert_eq!(shop.show(&result.tree, "f").into_bytes(), expected);
    assert_eq!(shop.show(&result.tree, "other"), "o\n");
    assert_eq!(agents(&result), [("f".to_owned(), vec![1, 2])]);
    assert_eq!(result.clashes, []);
}

#[test]
fn lines_that_overlap_or_touch_clash_and_equal_ones_do_not() {
    let shop = Workshop::new();
    let base = shop.tree(&[(b"f", File(TEXT))]);
    let trees: Vec<ObjectId> = [
        with(&[(2, "two"), (12, "same")]),
        with(&[(2, "zwei"), (12, "same")]),
        with(&[(3, "three"), (12, "same")]),
    ]
    .iter()
    .map(|text| shop.tree(&[(b"f", File(text))]))
    .collect();
    for (a, b, lines) in [(0, 1, (2, 2)), (0, 2, (2, 3))] {
        let result = built(
            &shop,
            &base,
            &[
                pick(1, &trees[a], "f", Part::Whole),
                pick(2, &trees[b], "f", Part::Whole),
            ],
        );
        assert_eq!(clash(&result), [("f".to_owned(), vec![1, 2], lines)]);
        let expected = with(&[(12, "same")]);
        assert_eq!(shop.show(&result.tree, "f").into_bytes(), expected);
        assert_eq!(agents(&result), [("f".to_owned(), vec![1, 2])]);
    }
}

#[test]
fn kinds_of_change_that_contradict() {
    let shop = Workshop::new();
    let base = shop.tree(&[(b"f", File(TEXT)), (b"b", File(b"\0bin"))]);
    let tree = |things: &[(&[u8], Thing<'_>)]| shop.tree(things);
    let edit = with(&[(2, "two")]);
    let cases = [
        (
            "edited",
            tree(&[(b"f", File(&edit)), (b"b", File(b"\0bin"))]),
            "f",
        ),
        ("gone", tree(&[(b"b", File(b"\0bin"))]), "f"),
        (
            "renamed",
            tree(&[(b"g", File(TEXT)), (b"b", File(b"\0bin"))]),
            "g",
        ),
        (
            "renamed too",
            tree(&[(b"h", File(TEXT)), (b"b", File(b"\0bin"))]),
            "h",
        ),
        (
            "program",
            tree(&[(b"f", Program(TEXT)), (b"b", File(b"\0bin"))]),
            "f",
        ),
        (
            "link",
            tree(&[(b"f", Link("b")), (b"b", File(b"\0bin"))]),
            "f",
        ),
        (
            "binary",
            tree(&[(b"f", File(TEXT)), (b"b", File(b"\0one"))]),
            "b",
        ),
        (
            "binary too",
            tree(&[(b"f", File(TEXT)), (b"b", File(b"\0two"))]),
            "b",
        ),
    ];
    let fits = |a: &str, b: &str| {
        let pair = [a, b];
        let both = |x, y| pair.contains(&x) && pair.contains(&y);
        a == b
            || both("edited", "renamed")
            || both("edited", "renamed too")
            || both("edited", "program")
            || both("renamed", "program")
            || both("renamed too", "program")
            || (a.starts_with("binary") != b.starts_with("binary"))
    };
    for (a, one, path_a) in &cases {
        for (b, two, path_b) in &cases {
            let result = built(
                &shop,
                &base,
                &[
                    pick(1, one, path_a, Part::Whole),
                    pick(2, two, path_b, Part::Whole),
                ],
            );
            assert_eq!(
                result.clashes.is_empty(),
                fits(a, b),
                "{a} and {b}: {:?}",
                result.clashes
            );
            if a == b {
                assert_eq!(result.tree, *one, "{a}");
            }
            for clash in &result.clashes {
                assert_eq!(clash.agents, [AgentId(1), AgentId(2)], "{a} and {b}");
            }
            if matches!((*a, *b), ("gone", "edited") | ("link", "program")) {
                assert_eq!(result.tree, base, "{a} and {b}");
            }
        }
    }
    let result = built(
        &shop,
        &base,
        &[
            pick(1, &cases[0].1, "f", Part::Whole),
            pick(2, &cases[2].1, "g", Part::Whole),
            pick(3, &cases[4].1, "f", Part::Whole),
        ],
    );
    let expected = tree(&[(b"g", Program(&edit)), (b"b", File(b"\0bin"))]);
    assert_eq!(shop.list(&result.tree), shop.list(&expected));
}

#[test]
fn a_file_and_a_folder_of_one_name() {
    let shop = Workshop::new();
    let base = shop.tree(&[(b"x", File(b"file\n")), (b"d/a", File(b"a\n"))]);
    let folder = shop.tree(&[(b"x/y", File(b"other\n")), (b"d/a", File(b"a\n"))]);
    let file = shop.tree(&[(b"x", File(b"file\n")), (b"d", File(b"now a file\n"))]);
    let alone = built(&shop, &base, &[pick(1, &folder, "x/y", Part::Whole)]);
    assert_eq!(clash(&alone), [("x/y".to_owned(), vec![1], (0, 0))]);
    assert_eq!(alone.tree, base);
    let both = built(
        &shop,
        &base,
        &[
            pick(1, &folder, "x/y", Part::Whole),
            pick(1, &folder, "x", Part::Whole),
        ],
    );
    assert_eq!(both.tree, folder);
    let alone = built(&shop, &base, &[pick(2, &file, "d", Part::Whole)]);
    assert_eq!(clash(&alone), [("d".to_owned(), vec![2], (0, 0))]);
    let both = built(
        &shop,
        &base,
        &[
            pick(2, &file, "d", Part::Whole),
            pick(2, &file, "d/a", Part::Whole),
        ],
    );
    assert_eq!(both.tree, file);
    // One agent adds a file where another adds a folder.
    let empty = shop.tree(&[]);
    let (one, two) = (
        shop.tree(&[(b"n", File(b"1\n"))]),
        shop.tree(&[(b"n/m", File(b"2\n"))]),
    );
    let result = built(
        &shop,
        &empty,
        &[
            pick(1, &one, "n", Part::Whole),
            pick(2, &two, "n/m", Part::Whole),
        ],
    );
    assert_eq!(clash(&result), [("n/m".to_owned(), vec![1, 2], (0, 0))]);
    assert_eq!(result.tree, empty);
}

#[test]
fn parts_of_new_gone_and_renamed_files() {
    let shop = Workshop::new();
    let base = shop.tree(&[(b"f", File(TEXT)), (b"gone", File(b"a\nb\n"))]);
    let moved = with(&[(2, "two"), (19, "nineteen")]);
    let tree = shop.tree(&[
        (b"g", Program(&moved)),
        (b"new", Program(b"x\ny\nz\n")),
        (b"empty", File(b"")),
    ]);
    let line = |hunk, line| LineRef { hunk, line };
    let cases: &[(&str, Part, &str, Option<&[u8]>)] = &[
        (
            "g",
            Part::Hunks(vec![1]),
            "f",
            Some(&with(&[(19, "nineteen")])),
        ),
        ("g", Part::Edited("mine\n".into()), "g", Some(b"mine\n")),
        (
            "new",
            Part::Lines(vec![line(0, 0), line(0, 2)]),
            "new",
            Some(b"x\nz\n"),
        ),
        ("new", Part::Edited(String::new()), "new", Some(b"")),
        ("empty", Part::Whole, "empty", Some(b"")),
        ("gone", Part::Lines(vec![line(0, 1)]), "gone", Some(b"a\n")),
        ("gone", Part::Hunks(vec![0]), "gone", None),
    ];
    for (path, part, at, expected) in cases {
        let result = built(&shop, &base, &[pick(1, &tree, path, part.clone())]);
        assert_eq!(result.clashes, [], "{path} {part:?}");
        let list = shop.list(&result.tree);
        match expected {
            Some(text) => assert_eq!(shop.show(&result.tree, at).into_bytes(), *text, "{list}"),
            None => assert!(!list.contains(at), "{list}"),
        }
        let program = list
            .lines()
            .any(|line| line.starts_with("100755") && line.ends_with(at));
        assert_eq!(
            program,
            matches!(*at, "g" | "new"),
            "{path} {part:?}: {list}"
        );
    }
}

#[test]
fn what_cannot_be_taken_in_parts_or_is_not_there_says_so() {
    let shop = Workshop::new();
    let base = shop.tree(&[(b"f", File(TEXT)), (b"b", File(b"\0a")), (b"l", Link("f"))]);
    let tree = shop.tree(&[(b"f", Link("b")), (b"b", File(b"\0b")), (b"l", Link("b"))]);
    let repo = shop.repo();
    let line = Part::Lines(vec![LineRef { hunk: 0, line: 1 }]);
    for (path, part) in [
        ("f", Part::Hunks(vec![0])),
        ("b", Part::Hunks(vec![0])),
        ("b", Part::Edited("x".into())),
        ("l", line),
        ("l", Part::Hunks(vec![3])),
        ("nowhere", Part::Whole),
    ] {
        let picks = selection(&base, vec![pick(1, &tree, path, part.clone())]);
        assert!(build(&repo, &picks, &[]).is_err(), "{path} {part:?}");
    }
    let link = built(&shop, &base, &[pick(1, &tree, "l", Part::Hunks(vec![0]))]);
    assert_eq!(shop.show(&link.tree, "l"), "b");
}

#[test]
fn two_new_files_of_one_name_are_the_same_or_clash() {
    let shop = Workshop::new();
    let base = shop.tree(&[]);
    let trees = [b"a\n".as_slice(), b"a\n", b"b\n"]
        .map(|text| shop.tree(&[(b"n", File(text)), (b"r", File(text))]));
    let picks = |a: usize, b: usize| {
        [
            pick(1, &trees[a], "n", Part::Whole),
            pick(2, &trees[b], "n", Part::Whole),
        ]
    };
    let same = built(&shop, &base, &picks(0, 1));
    assert_eq!(
        (same.clashes.len(), shop.show(&same.tree, "n").as_str()),
        (0, "a\n")
    );
    let other = built(&shop, &base, &picks(0, 2));
    assert_eq!(clash(&other), [("n".to_owned(), vec![1, 2], (1, 1))]);
    assert_eq!(other.tree, base);
}

/// A tree of a few files with a few lines each.
fn files() -> impl Strategy<Value = Vec<(usize, u8, Vec<u8>)>> {
    proptest::collection::vec(
        (
            0..5_usize,
            0..6_u8,
            proptest::collection::vec(0..3_u8, 0..8),
        ),
        0..5,
    )
}

const PATHS: [&[u8]; 5] = [b"a", b"b", b"b/c", "ö d".as_bytes(), b"e\xff"];

fn plant(shop: &Workshop, files: &[(usize, u8, Vec<u8>)]) -> ObjectId {
    let mut things: BTreeMap<&[u8], (u8, Vec<u8>)> = BTreeMap::new();
    for (path, kind, lines) in files {
        let text = lines.iter().flat_map(|line| [b'a' + line, b'\n']).collect();
        things.insert(PATHS[*path], (*kind, text));
    }
    if things.contains_key(PATHS[2]) {
        things.remove(PATHS[1]);
    }
    let things: Vec<(&[u8], Thing<'_>)> = things
        .iter()
        .map(|(path, (kind, text))| {
            let thing = match kind {
                0 => Program(text),
                1 => Link("a"),
                _ => File(text),
            };
            (*path, thing)
        })
        .collect();
    shop.tree(&things)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn taking_all_of_one_agent_is_its_tree_and_order_never_matters(
        base in files(), one in files(), two in files(), bits in any::<u16>()
    ) {
        let shop = Workshop::new();
        let (base, one, two) = (plant(&shop, &base), plant(&shop, &one), plant(&shop, &two));
        let repo = shop.repo();
        let picks = |agent: u16, tree: &ObjectId| -> Vec<Pick> {
            let from = crate::protocol::change::Source { agent: AgentId(agent), tree: tree.clone() };
            repo.changes(&base, tree).unwrap().files.into_iter()
                .map(|file| Pick { from: from.clone(), path: file.path, part: Part::Whole })
                .collect()
        };
        let all = built(&shop, &base, &picks(1, &one));
        prop_assert_eq!(shop.list(&all.tree), shop.list(&one));
        prop_assert_eq!(all.clashes, vec![]);
        let mut both = picks(1, &one);
        both.extend(picks(2, &two));
        let some: Vec<Pick> = both.into_iter().enumerate()
            .filter(|(at, _)| bits & (1 << (at % 16)) != 0)
            .map(|(_, pick)| pick)
            .collect();
        let result = built(&shop, &base, &some);
        shop.git(&["fsck", "--strict", "--no-dangling"]);
        prop_assert!(result.provenance.iter().all(|one| !one.agents.is_empty()));
    }
}

#[test]
fn a_file_that_became_a_link_is_no_rename() {
    // Libgit2 alone takes the two apart here and loses one of them.
    let shop = Workshop::new();
    let base = shop.tree(&[(b"e", Program(b"a\nc\na\na\n")), (b"a", Link("a"))]);
    let one = shop.tree(&[(b"e", Link("a")), (b"a", File(b"c\na\na\n"))]);
    let files = shop.repo().changes(&base, &one).unwrap().files;
    let seen: Vec<(String, char)> = files
        .iter()
        .map(|file| (file.path.to_string(), file.kind.letter()))
        .collect();
    let git = shop.git(&["diff", "--name-status", "-M", &base.0, &one.0]);
    assert_eq!(git, "T\ta\nT\te");
    assert_eq!(seen, [("a".to_owned(), 'T'), ("e".to_owned(), 'T')]);
    let picks: Vec<Pick> = ["a", "e"]
        .map(|path| pick(1, &one, path, Part::Whole))
        .into();
    assert_eq!(built(&shop, &base, &picks).tree, one);
}
