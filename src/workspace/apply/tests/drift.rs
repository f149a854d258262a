//! The person worked on while the agents did.

use super::*;
use crate::protocol::change::DriftState;
use Thing::{File, Link, Program};

const TEXT: &[u8] = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";

fn states(preview: &Preview) -> Vec<(String, DriftState)> {
    preview
        .drift
        .iter()
        .map(|one| (one.path.to_string(), one.state))
        .collect()
}

#[test]
fn changes_that_fit_are_merged_and_equal_ones_left() {
    let desk = Desk::with(&[
        (b"a", File(TEXT)),
        (b"b", File(b"1\n")),
        (b"m", File(TEXT)),
        (b"r", File(TEXT)),
    ]);
    let tree = desk.shop.tree(&[
        (b"a", File(b"1\nTWO\n3\n4\n5\n6\n7\n8\n9\n")),
        (b"b", File(b"2\n")),
        (b"m", Program(TEXT)),
        (b"moved", File(b"1\n2\n3\n4\n5\n6\n7\n8\nnine\n")),
    ]);
    desk.shop
        .put(b"a", &File(b"1\n2\n3\n4\n5\n6\n7\nEIGHT\n9\n"));
    desk.shop.put(b"b", &File(b"2\n"));
    desk.shop
        .put(b"m", &File(b"1\n2\n3\n4\n5\n6\n7\n8\nmine\n"));
    desk.shop.put(b"r", &File(b"one\n2\n3\n4\n5\n6\n7\n8\n9\n"));
    desk.shop.put(b"untracked", &File(b"stays\n"));
    let files = seen(&desk.shop.root());
    let built = desk.whole(&tree);
    let preview = desk.preview(&built, &Destination::WorkingTree);
    let merged = DriftState::Merged;
    assert_eq!(
        states(&preview),
        [
            ("a".into(), merged),
            ("b".into(), DriftState::Same),
            ("m".into(), merged),
            ("moved".into(), merged)
        ]
    );
    let applied = desk.apply(&tree).unwrap();
    assert_eq!(applied.files.len(), 4, "{:?}", applied.files);
    assert_eq!(desk.read("a"), "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n");
    assert_eq!(desk.read("m"), "1\n2\n3\n4\n5\n6\n7\n8\nmine\n");
    assert!(desk.shop.root().join("m").metadata().unwrap().mode() & 0o111 != 0);
    assert_eq!(desk.read("moved"), "one\n2\n3\n4\n5\n6\n7\n8\nnine\n");
    assert!(!desk.shop.root().join("r").exists());
    assert_eq!(desk.read("untracked"), "stays\n");
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(seen(&desk.shop.root()), files);
}

#[test]
fn the_persons_new_name_of_a_file_is_kept() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    let tree = desk
        .shop
        .tree(&[(b"a", File(b"1\nTWO\n3\n4\n5\n6\n7\n8\n9\n"))]);
    desk.shop.git(&["mv", "a", "mine"]);
    desk.apply(&tree).unwrap();
    assert_eq!(desk.read("mine"), "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n");
    assert!(!desk.shop.root().join("a").exists());
}

#[test]
fn lines_that_do_not_fit_get_markers_or_a_side() {
    let mut desk = Desk::with(&[(b"a", File(TEXT))]);
    let theirs: &[u8] = b"1\nTWO\n3\n4\n5\n6\n7\n8\n9\n";
    let tree = desk.shop.tree(&[(b"a", File(theirs))]);
    let mine = b"1\ntwo\n3\n4\n5\n6\n7\n8\n9\n";
    desk.shop.put(b"a", &File(mine));
    let built = desk.whole(&tree);
    let preview = desk.preview(&built, &Destination::WorkingTree);
    assert_eq!(states(&preview), [("a".into(), DriftState::Conflict)]);
    let marked = "1\n<<<<<<< yours\ntwo\n=======\nTWO\n>>>>>>> agent1.2\n3\n4\n5\n6\n7\n8\n9\n";
    for (take, expected) in [
        (None, marked.as_bytes()),
        (Some(Take::Both), marked.as_bytes()),
        (Some(Take::Mine), mine),
        (Some(Take::Theirs), theirs),
    ] {
        desk.decisions.clear();
        if let Some(take) = take {
            desk.decide("a", take);
        }
        let applied = desk.apply(&tree).unwrap();
        assert_eq!(desk.read("a").as_bytes(), expected, "{take:?}");
        assert_eq!(
            applied.conflicts.len(),
            usize::from(expected == marked.as_bytes())
        );
        desk.undo(Changed::Refuse).unwrap();
        assert_eq!(desk.read("a").as_bytes(), mine);
    }
}

#[test]
fn what_cannot_be_merged_waits_for_a_choice() {
    // The base, the result and the person's file; then what "theirs" makes of it.
    let cases: Vec<(&str, [Option<Thing<'_>>; 3])> = vec![
        (
            "binary",
            [Some(File(b"\0a")), Some(File(b"\0b")), Some(File(b"\0c"))],
        ),
        (
            "deleted by them",
            [Some(File(TEXT)), None, Some(File(b"mine\n"))],
        ),
        (
            "deleted by me",
            [Some(File(TEXT)), Some(File(b"theirs\n")), None],
        ),
        (
            "a link and a file",
            [Some(File(TEXT)), Some(Link("x")), Some(File(b"mine\n"))],
        ),
        (
            "two links",
            [Some(Link("x")), Some(Link("y")), Some(Link("z"))],
        ),
        (
            "both new, binary",
            [None, Some(File(b"\0b")), Some(File(b"\0c"))],
        ),
    ];
    for (name, [base, theirs, mine]) in cases {
        let side = |thing: Option<Thing<'static>>| -> Vec<(&'static [u8], Thing<'static>)> {
            let mut all: Vec<(&'static [u8], Thing<'static>)> = vec![(b"other", File(b"o\n"))];
            all.extend(thing.map(|thing| (&b"f"[..], thing)));
            all
        };
        let fixed = |thing: Option<Thing<'_>>| -> Option<Thing<'static>> {
            thing.map(|thing| match thing {
                File(bytes) => File(bytes.to_vec().leak()),
                Program(bytes) => Program(bytes.to_vec().leak()),
                Link(target) => Link(target.to_owned().leak()),
            })
        };
        let mut desk = Desk::with(&side(fixed(base)));
        let tree = desk.shop.tree(&side(fixed(theirs)));
        let gone = mine.is_none();
        match fixed(mine) {
            Some(thing) => desk.shop.put(b"f", &thing),
            None => fs::remove_file(desk.shop.root().join("f")).unwrap(),
        }
        let files = seen(&desk.shop.root());
        let built = desk.whole(&tree);
        let preview = desk.preview(&built, &Destination::WorkingTree);
        assert_eq!(
            states(&preview),
            [("f".into(), DriftState::Choice)],
            "{name}"
        );
        assert!(
            desk.apply(&tree)
                .unwrap_err()
                .to_string()
                .contains("Choose"),
            "{name}"
        );
        desk.decide("f", Take::Both);
        assert!(desk.apply(&tree).is_err(), "{name}");
        assert_eq!(seen(&desk.shop.root()), files, "{name}");
        desk.decide("f", Take::Mine);
        desk.apply(&tree).unwrap();
        assert_eq!(seen(&desk.shop.root()), files, "{name}");
        desk.decide("f", Take::Theirs);
        desk.apply(&tree).unwrap();
        assert_eq!(
            desk.shop.list(&desk.shop.tree_now()),
            desk.shop.list(&tree),
            "{name}"
        );
        desk.undo(Changed::Refuse).unwrap();
        assert_eq!(seen(&desk.shop.root()), files, "{name}");
        assert_eq!(
            desk.shop.root().join("f").symlink_metadata().is_err(),
            gone,
            "{name}"
        );
    }
}

#[test]
fn ignored_and_untracked_files_in_the_way_are_never_overwritten_unseen() {
    let mut desk = Desk::with(&[(b".gitignore", File(b"*.log\n"))]);
    let tree = desk.shop.tree(&[
        (b".gitignore", File(b"*.log\n")),
        (b"x.log", File(b"theirs\n")),
        (b"d", File(b"file\n")),
    ]);
    desk.shop.put(b"x.log", &File(b"mine\n"));
    desk.shop.put(b"d/y.log", &File(b"mine too\n"));
    let built = desk.whole(&tree);
    let preview = desk.preview(&built, &Destination::WorkingTree);
    assert_eq!(states(&preview), [("x.log".into(), DriftState::Conflict)]);
    assert_eq!(preview.stops.len(), 1);
    assert_eq!(preview.stops[0].path, RepoPath::from("d"));
    let files = seen(&desk.shop.root());
    assert!(desk.apply(&tree).is_err());
    desk.decide("d", Take::Mine);
    desk.decide("x.log", Take::Theirs);
    desk.apply(&tree).unwrap();
    assert_eq!(
        (desk.read("x.log"), desk.read("d/y.log")),
        ("theirs\n".into(), "mine too\n".into())
    );
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(seen(&desk.shop.root()), files);
}

#[test]
fn a_preview_that_is_no_longer_true_is_refused() {
    let desk = Desk::with(&[(b"a", File(b"1\n")), (b"b", File(b"1\n"))]);
    let tree = desk
        .shop
        .tree(&[(b"a", File(b"2\n")), (b"b", File(b"1\n"))]);
    let built = desk.whole(&tree);
    desk.on(&built, &Destination::WorkingTree, |ground, order| {
        let old = preview(ground, order).unwrap();
        desk.shop.put(b"b", &File(b"mine\n"));
        let occasion = Occasion {
            run: None,
            at: Timestamp(1),
        };
        let trouble = apply(ground, order, &old, occasion, &unwatched).unwrap_err();
        assert!(
            trouble.to_string().contains("changed since you looked"),
            "{trouble}"
        );
        assert_eq!(desk.read("a"), "1\n");
        let new = preview(ground, order).unwrap();
        apply(ground, order, &new, occasion, &unwatched).unwrap();
        assert_eq!(
            (desk.read("a"), desk.read("b")),
            ("2\n".into(), "mine\n".into())
        );
    });
}

#[test]
fn read_only_files_are_refused_and_say_so() {
    let desk = Desk::with(&[(b"a", File(b"1\n")), (b"b", File(b"1\n"))]);
    chmod(&desk.shop.root().join("a"), 0o444);
    let trouble = desk
        .apply(
            &desk
                .shop
                .tree(&[(b"a", File(b"2\n")), (b"b", File(b"2\n"))]),
        )
        .unwrap_err();
    assert!(trouble.to_string().contains("chmod u+w"), "{trouble}");
    assert_eq!(
        (desk.read("a"), desk.read("b")),
        ("1\n".into(), "1\n".into())
    );
}
