//! Taking back.

use super::*;
use Thing::File;

pub(super) fn undo_last(state: &Path, changed: Changed) -> Result<Undone, Trouble> {
    undo(state, None, changed, Timestamp(2), &unwatched)
}

const TEXT: &[u8] = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";

#[test]
fn what_the_person_changed_since_is_not_lost() {
    let desk = Desk::with(&[(b"a", File(TEXT)), (b"b", File(b"1\n"))]);
    let tree = desk.shop.tree(&[
        (b"a", File(b"1\nTWO\n3\n4\n5\n6\n7\n8\n9\n")),
        (b"b", File(b"2\n")),
        (b"c", File(b"new\n")),
    ]);
    let write = |path: &str, text: &str| fs::write(desk.shop.root().join(path), text).unwrap();
    for changed in [Changed::Refuse, Changed::Keep, Changed::Merge] {
        desk.apply(&tree).unwrap();
        write("a", "1\nTWO\n3\n4\n5\n6\n7\n8\nnine\n");
        let before = seen(&desk.shop.root());
        let undone = desk.undo(changed);
        match changed {
            Changed::Refuse => {
                let trouble = undone.unwrap_err();
                assert!(
                    trouble
                        .to_string()
                        .contains("you changed files since they were applied: a"),
                    "{trouble}"
                );
                assert_eq!(seen(&desk.shop.root()), before);
                write("a", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n");
                desk.undo(Changed::Refuse).unwrap();
            }
            Changed::Keep => {
                assert_eq!(undone.unwrap().kept, [RepoPath::from("a")]);
                assert_eq!(desk.read("a"), "1\nTWO\n3\n4\n5\n6\n7\n8\nnine\n");
                assert_eq!(desk.read("b"), "1\n");
                assert!(!desk.shop.root().join("c").exists());
                desk.shop.git(&["checkout", "-q", "a"]);
            }
            Changed::Merge => {
                assert_eq!(undone.unwrap().conflicts, []);
                assert_eq!(desk.read("a"), "1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
                assert_eq!(desk.read("b"), "1\n");
            }
        }
    }
}

#[test]
fn a_change_of_the_same_lines_gets_markers_when_undone_by_merging() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    desk.apply(
        &desk
            .shop
            .tree(&[(b"a", File(b"1\nTWO\n3\n4\n5\n6\n7\n8\n9\n"))]),
    )
    .unwrap();
    fs::write(desk.shop.root().join("a"), "1\nmine\n3\n4\n5\n6\n7\n8\n9\n").unwrap();
    let undone = desk.undo(Changed::Merge).unwrap();
    assert_eq!(undone.conflicts, [RepoPath::from("a")]);
    assert_eq!(
        desk.read("a"),
        "1\n<<<<<<< yours\nmine\n=======\n2\n>>>>>>> before\n3\n4\n5\n6\n7\n8\n9\n"
    );
}

#[test]
fn each_application_is_undone_once_and_the_last_first() {
    let mut desk = Desk::with(&[(b"a", File(b"1\n"))]);
    assert!(
        desk.undo(Changed::Refuse)
            .unwrap_err()
            .to_string()
            .contains("nothing to undo")
    );
    let files = seen(&desk.shop.root());
    for text in [&b"2\n"[..], b"3\n"] {
        desk.apply(&desk.shop.tree(&[(b"a", File(text))])).unwrap();
        desk.base = desk.shop.tree_now();
    }
    let stands = || -> Vec<(String, bool)> {
        list(&desk.state())
            .unwrap()
            .into_iter()
            .map(|one| (one.id.0, one.stands))
            .collect()
    };
    assert_eq!(stands(), [("1".into(), true), ("2".into(), true)]);
    let first = undo(
        &desk.state(),
        Some(&crate::protocol::change::ApplyId("1".into())),
        Changed::Refuse,
        Timestamp(2),
        &unwatched,
    );
    assert!(first.unwrap_err().to_string().contains("you changed files"));
    assert_eq!(desk.undo(Changed::Refuse).unwrap().id.0, "2");
    assert_eq!(desk.undo(Changed::Refuse).unwrap().id.0, "1");
    assert_eq!(seen(&desk.shop.root()), files);
    assert!(desk.undo(Changed::Refuse).is_err());
    let odd = undo(
        &desk.state(),
        Some(&crate::protocol::change::ApplyId("../1".into())),
        Changed::Refuse,
        Timestamp(2),
        &unwatched,
    );
    assert!(odd.is_err());
}
