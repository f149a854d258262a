//! Selections against what `git apply` makes of a patch with the same hunks.

use std::{fs, path::Path, process::Command};

use proptest::prelude::*;

use super::*;
use crate::protocol::change::LineKind;

fn git(dir: &Path, args: &[&str]) -> Vec<u8> {
    let out = Command::new("git")
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(args)
        .output()
        .unwrap();
    assert!(
        out.status.success() || args[0] == "diff",
        "git {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    out.stdout
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

/// What `git apply` makes of `old` and these hunks of the patch to `new`.
fn by_git(dir: &Path, old: &[u8], new: &[u8], keep: &BTreeSet<u32>) -> (Vec<u8>, usize) {
    fs::write(dir.join("a"), old).unwrap();
    fs::write(dir.join("b"), new).unwrap();
    let patch = git(
        dir,
        &[
            "diff",
            "--no-index",
            "--text",
            "--no-ext-diff",
            "--no-textconv",
            "-U3",
            "a",
            "b",
        ],
    );
    let mut parts: Vec<Vec<u8>> = vec![b"--- a/a\n+++ b/a\n".to_vec()];
    for line in patch.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"@@") {
            parts.push(Vec::new());
        } else if parts.len() == 1 {
            continue;
        }
        parts.last_mut().unwrap().extend_from_slice(line);
    }
    let hunks = parts.len() - 1;
    let mut chosen = parts.remove(0);
    let mut any = false;
    // As `git add -p` does: a hunk whose neighbours above are left out begins elsewhere in the new
    // file. Without that, git searches, and in files with equal lines finds another place.
    let mut shift = 0;
    for (number, hunk) in parts.iter().enumerate() {
        let end = hunk.iter().position(|byte| *byte == b'\n').unwrap();
        let numbers = ranges(&String::from_utf8_lossy(&hunk[..end]));
        let grown = numbers[3] - numbers[1];
        if keep.contains(&(number as u32)) {
            let head = format!(
                "@@ -{},{} +{},{} @@",
                numbers[0],
                numbers[1],
                numbers[2] - shift,
                numbers[3]
            );
            chosen.extend_from_slice(head.as_bytes());
            chosen.extend_from_slice(&hunk[end..]);
            any = true;
        } else {
            shift += grown;
        }
    }
    if any {
        fs::write(dir.join("patch"), chosen).unwrap();
        git(dir, &["apply", "--whitespace=nowarn", "patch"]);
    }
    (fs::read(dir.join("a")).unwrap_or_default(), hunks)
}

/// A content with many equal lines, all line ends, odd bytes, and none at the end now and then.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => Just(b"same".to_vec()),
        2 => Just(b"}".to_vec()),
        2 => Just(b"".to_vec()),
        2 => Just(b"fn a() {".to_vec()),
        2 => "[a-c]{1,2}".prop_map(String::into_bytes),
        1 => Just(b"\xff\xfe caf\xe9".to_vec()),
        1 => Just("äöü 漢字".as_bytes().to_vec()),
        1 => Just(b"--- a".to_vec()),
        1 => Just(b"\\ No newline at end of file".to_vec()),
    ];
    let end = prop_oneof![6 => Just(&b"\n"[..]), 2 => Just(&b"\r\n"[..])];
    (proptest::collection::vec((line, end), 0..40), any::<bool>()).prop_map(|(lines, cut)| {
        let mut all: Vec<u8> = Vec::new();
        for (line, end) in lines {
            all.extend_from_slice(&line);
            all.extend_from_slice(end);
        }
        if cut {
            while all.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
                all.pop();
            }
        }
        all
    })
}

/// A content and another one made of it by changing, adding and removing lines here and there.
fn pair() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 0..6);
    (content(), content(), edits).prop_map(|(old, other, edits)| {
        if edits.is_empty() {
            return (old, other);
        }
        let mut lines: Vec<Vec<u8>> = old
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        let donors: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
        for (at, what) in edits {
            let donor = donors
                .get(at.index(donors.len().max(1)))
                .map_or_else(|| b"new\n".to_vec(), |line| line.to_vec());
            let place = at.index(lines.len() + 1);
            match what {
                0 => lines.insert(place, donor),
                1 if place < lines.len() => drop(lines.remove(place)),
                2 if place < lines.len() => lines[place] = donor,
                _ => lines.push(donor),
            }
        }
        (old, lines.concat())
    })
}

fn some(hunks: impl IntoIterator<Item = u32>, lines: &[(u32, u32)]) -> Chosen {
    Chosen::Some {
        hunks: hunks.into_iter().collect(),
        lines: lines
            .iter()
            .map(|(hunk, line)| LineRef {
                hunk: *hunk,
                line: *line,
            })
            .collect(),
    }
}

fn made(old: &[u8], new: &[u8], chosen: &Chosen) -> Vec<u8> {
    apply(old, &edits(old, new, chosen).unwrap().edits)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_hunks_are_what_git_apply_makes_of_them((old, new) in pair(), bits in any::<u32>()) {
        let dir = tempfile::tempdir().unwrap();
        let keep: BTreeSet<u32> = (0..32).filter(|bit| bits & (1 << bit) != 0).collect();
        let (expected, hunks) = by_git(dir.path(), &old, &new, &keep);
        prop_assert_eq!(lines::patch(&old, &new).unwrap().num_hunks(), hunks);
        let keep = keep.into_iter().filter(|hunk| (*hunk as usize) < hunks);
        let ours = made(&old, &new, &some(keep, &[]));
        prop_assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&expected));
        prop_assert_eq!(ours, expected);
    }
}

proptest! {
    #[test]
    fn all_is_new_and_none_is_old((old, new) in pair()) {
        let all = edits(&old, &new, &Chosen::All).unwrap();
        prop_assert!(all.whole);
        prop_assert_eq!(apply(&old, &all.edits), new.clone());
        let none = edits(&old, &new, &some([], &[])).unwrap();
        prop_assert_eq!(none.whole, old == new);
        prop_assert_eq!(apply(&old, &none.edits), old.clone());
        for pair in all.edits.windows(2) {
            prop_assert!(!pair[0].meets(&pair[1]));
        }
    }

    #[test]
    fn every_line_of_a_hunk_is_the_hunk((old, new) in pair(), bits in any::<u32>()) {
        let diff = lines::diff(&old, &new).unwrap();
        let keep: Vec<u32> = (0..diff.hunks.len() as u32).filter(|bit| bits & (1 << (bit % 32)) != 0).collect();
        let mut each = Vec::new();
        for hunk in &keep {
            for (line, shown) in diff.hunks[*hunk as usize].lines.iter().enumerate() {
                if shown.kind != LineKind::Context {
                    each.push((*hunk, line as u32));
                }
            }
        }
        prop_assert_eq!(made(&old, &new, &some([], &each)), made(&old, &new, &some(keep, &[])));
    }

    #[test]
    fn lines_that_are_left_stay_and_lines_that_are_taken_come((old, new) in pair(), bits in any::<u64>()) {
        let diff = lines::diff(&old, &new).unwrap();
        let mut taken = Vec::new();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        let mut lines_of_old = old.split_inclusive(|byte| *byte == b'\n');
        let mut at = 0;
        let mut number = 0;
        for (h, hunk) in diff.hunks.iter().enumerate() {
            let start = hunk.old_start as usize - usize::from(hunk.old_lines > 0);
            while at < start {
                expected.push(lines_of_old.next().unwrap().to_vec());
                at += 1;
            }
            let mut new_at = hunk.new_start as usize - usize::from(hunk.new_lines > 0);
            for (l, line) in hunk.lines.iter().enumerate() {
                let bit = bits & (1 << (number % 64)) != 0;
                match line.kind {
                    LineKind::Context => {
                        expected.push(lines_of_old.next().unwrap().to_vec());
                        at += 1;
                        new_at += 1;
                        continue;
                    }
                    LineKind::Removed => {
                        let line = lines_of_old.next().unwrap().to_vec();
                        at += 1;
                        if bit { taken.push((h as u32, l as u32)) } else { expected.push(line) }
                    }
                    LineKind::Added => {
                        let line = new.split_inclusive(|byte| *byte == b'\n').nth(new_at).unwrap();
                        new_at += 1;
                        if bit {
                            taken.push((h as u32, l as u32));
                            expected.push(line.to_vec());
                        }
                    }
                }
                number += 1;
            }
        }
        expected.extend(lines_of_old.map(<[u8]>::to_vec));
        // Only the last line may go without its end.
        let bare = |line: &[u8]| -> Vec<u8> {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            line.strip_suffix(b"\r").unwrap_or(line).to_vec()
        };
        let ours = made(&old, &new, &some([], &taken));
        let ours: Vec<Vec<u8>> = ours.split_inclusive(|byte| *byte == b'\n').map(bare).collect();
        let expected: Vec<Vec<u8>> = expected.iter().map(|line| bare(line)).collect();
        prop_assert_eq!(ours, expected);
    }
}

#[test]
fn a_line_without_an_end_gets_one_when_it_is_no_longer_the_last() {
    // Only the line that comes is taken, not that the line before it gets its end.
    let taken = |old: &[u8], new: &[u8]| made(old, new, &some([], &[(0, 3)]));
    assert_eq!(taken(b"a\nb", b"a\nb\nc\n"), b"a\nb\nc\n");
    assert_eq!(taken(b"a\r\nb", b"a\r\nb\r\nc"), b"a\r\nb\r\nc");
}

#[test]
fn what_the_diff_does_not_have_cannot_be_taken() {
    let (old, new) = (&b"a\nb\nc\n"[..], &b"a\nB\nc\n"[..]);
    for chosen in [
        some([1], &[]),
        some([], &[(0, 0)]),
        some([], &[(0, 9)]),
        some([], &[(7, 1)]),
        some([0], &[(0, 0)]),
    ] {
        assert!(
            matches!(edits(old, new, &chosen), Err(Unfit::Absent)),
            "{chosen:?}"
        );
    }
    assert!(edits(old, new, &some([0], &[(0, 1)])).unwrap().whole);
}

#[test]
fn edits_that_touch_meet() {
    let edit = |at, gone| Edit {
        at,
        gone,
        text: b"x\n".to_vec(),
    };
    for (a, b, expected) in [
        (edit(3, 1), edit(3, 1), true),
        (edit(3, 2), edit(4, 2), true),
        (edit(3, 1), edit(4, 1), true),
        (edit(3, 1), edit(5, 1), false),
        (edit(3, 0), edit(3, 0), true),
        (edit(3, 0), edit(4, 0), false),
        (edit(4, 0), edit(3, 1), true),
    ] {
        assert_eq!(a.meets(&b), expected, "{a:?} {b:?}");
        assert_eq!(b.meets(&a), expected, "{b:?} {a:?}");
    }
}
