//! Laws of rows and picks, over diffs of any shape.

use std::{collections::HashMap, sync::Arc};

use proptest::prelude::*;

use super::{
    ask::Content,
    paint::{Blanks, Look},
    pane::{Pane, Paper, Shown},
    pick::{self, Taken},
    sheet::{Anchors, Item, Order, Sheet, reference},
};
use crate::{
    protocol::{
        AgentId,
        change::{
            Body, ChangeKind, DiffLine, Face, FileChange, FileDiff, FileMode, Hunk, LineEnd,
            LineKind, ObjectId, Part, RepoPath, Side,
        },
    },
    tui::{effect::Load, theme::Theme},
};

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Keep,
    Remove,
    Add,
}

/// Both sides and the diff that a script of lines makes, with three lines of context as git has it.
pub(super) fn file(script: &[Op]) -> (Vec<String>, Vec<String>, FileDiff) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut lines = Vec::new();
    for (place, op) in script.iter().enumerate() {
        let word = format!("line {place} 日本 {}", place % 7);
        lines.push((*op, word.clone(), old.len(), new.len()));
        match op {
            Op::Keep => {
                old.push(word.clone());
                new.push(word);
            }
            Op::Remove => old.push(word),
            Op::Add => new.push(word),
        }
    }
    let near = |place: usize| {
        let from = place.saturating_sub(3);
        let to = (place + 4).min(script.len());
        script[from..to].iter().any(|op| *op != Op::Keep)
    };
    let mut diff = FileDiff::default();
    let mut open: Option<Hunk> = None;
    for (place, (op, text, before, after)) in lines.into_iter().enumerate() {
        if !near(place) {
            diff.hunks.extend(open.take());
            continue;
        }
        let hunk = open.get_or_insert_with(|| Hunk {
            old_start: before as u32 + 1,
            old_lines: 0,
            new_start: after as u32 + 1,
            new_lines: 0,
            heading: String::new(),
            lines: Vec::new(),
        });
        let kind = match op {
            Op::Keep => LineKind::Context,
            Op::Remove => LineKind::Removed,
            Op::Add => LineKind::Added,
        };
        hunk.old_lines += u32::from(kind != LineKind::Added);
        hunk.new_lines += u32::from(kind != LineKind::Removed);
        hunk.lines.push(DiffLine {
            kind,
            text,
            end: LineEnd::Lf,
        });
    }
    diff.hunks.extend(open);
    for hunk in &mut diff.hunks {
        // A side without lines is told by the line before it.
        hunk.old_start -= u32::from(hunk.old_lines == 0);
        hunk.new_start -= u32::from(hunk.new_lines == 0);
    }
    (old, new, diff)
}

fn content(script: &[Op]) -> Content {
    let (old, new, diff) = file(script);
    Content {
        diff,
        old: Some(Arc::new(old)),
        new: Some(Arc::new(new)),
    }
}

pub(super) fn change(kind: ChangeKind) -> FileChange {
    let side = |name: &str| Side {
        mode: FileMode::File,
        blob: ObjectId(name.to_owned()),
        size: 1,
    };
    FileChange {
        path: RepoPath::from("a.rs"),
        was: None,
        kind,
        old: Some(side("old")),
        new: Some(side("new")),
        body: Body::Text,
        added: 1,
        removed: 1,
    }
}

fn script() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![6 => Just(Op::Keep), 1 => Just(Op::Remove), 1 => Just(Op::Add)];
    proptest::collection::vec(op, 0..60)
}

fn joined(lines: &[String]) -> String {
    lines
        .iter()
        .flat_map(|line| [line.as_str(), "\n"])
        .collect()
}

/// All rows of a sheet, one item after the other.
fn all_rows(pane: &mut Pane, paper: &Paper<'_>) -> Vec<(usize, String)> {
    (0..pane.sheet.len())
        .flat_map(|place| {
            let rows = pane.laid(place, paper);
            rows.into_iter()
                .map(move |line| (place, line.to_string()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn pane(content: Content, order: Order) -> Pane {
    let mut pane = Pane::new(
        AgentId(1),
        Shown::File(Box::new(change(ChangeKind::Modified))),
    );
    pane.sheet = Sheet::new(&content, order, Anchors::new());
    pane.content = Load::Ready(Arc::new(content));
    pane
}

proptest! {
    #[test]
    fn rows_in_sight_are_rows_of_the_whole(
        script in script(),
        split: bool,
        wrap: bool,
        unfolds in 0usize..3,
        moves in proptest::collection::vec((0usize..80, 1usize..12), 1..6),
        room in 23usize..60,
    ) {
        let order = if split { Order::Split } else { Order::Unified };
        let mut pane = pane(content(&script), order);
        for _ in 0..unfolds {
            pane.sheet.unfold_all();
        }
        let theme = Theme::ansi();
        let comments = HashMap::new();
        let look = Look { order, wrap, blanks: Blanks::Seen, skip: 0 };
        let mut paper = Paper {
            part: None, comments: &comments, look, theme: &theme, needle: None, room, height: 1,
        };
        let all = all_rows(&mut pane, &paper);
        for (cursor, height) in moves {
            paper.height = height;
            pane.go(cursor);
            pane.prepare(&paper);
            let seen: Vec<(usize, String)> =
                pane.rows.iter().map(|(place, line)| (*place, line.to_string())).collect();
            let first = all.iter().position(|(place, _)| *place == pane.top.0).unwrap_or(0);
            let whole: Vec<_> = all.iter().skip(first + pane.top.1).take(height).cloned().collect();
            prop_assert_eq!(&seen, &whole);
            prop_assert!(all.is_empty() || seen.iter().any(|(place, _)| *place == pane.cursor));
            let before = (pane.top, pane.rows.clone());
            pane.prepare(&paper);
            prop_assert_eq!(before, (pane.top, pane.rows.clone()));
            for (_, line) in &pane.rows {
                prop_assert!(line.width() <= room, "{line}");
            }
        }
    }

    #[test]
    fn every_line_stands_once_and_keeps_its_number(script in script(), split: bool) {
        let whole = content(&script);
        let order = if split { Order::Split } else { Order::Unified };
        let mut sheet = Sheet::new(&whole, order, Anchors::new());
        while sheet.unfold_all() {}
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for place in 0..sheet.len() {
            let item = sheet.item(place).unwrap();
            prop_assert!(!matches!(item, Item::Fold { .. }), "all is unfolded");
            if matches!(item, Item::Head(_)) {
                continue;
            }
            let (before, after) = sheet.lines_of(item);
            old.extend((before > 0).then_some(before));
            new.extend((after > 0).then_some(after));
        }
        let count = |lines: &Option<Arc<Vec<String>>>| lines.as_ref().unwrap().len() as u32;
        prop_assert_eq!(old, (1..=count(&whole.old)).collect::<Vec<_>>());
        prop_assert_eq!(new, (1..=count(&whole.new)).collect::<Vec<_>>());
        prop_assert_eq!(sheet.item(sheet.len()), None);
    }

    #[test]
    fn a_line_is_found_by_its_number(script in script()) {
        let whole = content(&script);
        let mut sheet = Sheet::new(&whole, Order::Unified, Anchors::new());
        while sheet.unfold_all() {}
        for line in 1..=whole.new.as_ref().unwrap().len() as u32 {
            let place = sheet.place_of(Face::New, line);
            let (_, after) = sheet.lines_of(sheet.item(place).unwrap());
            prop_assert!(after >= line || matches!(sheet.item(place), Some(Item::Head(_))));
        }
    }

    #[test]
    fn a_comment_stands_below_its_line(script in script(), at in 1u32..40) {
        let whole = content(&script);
        let lines = whole.new.as_ref().unwrap().len() as u32;
        let anchors: Anchors = [((at, Face::New), vec![7])].into();
        let sheet = Sheet::new(&whole, Order::Unified, anchors);
        match sheet.note(7) {
            Some(place) => {
                let above = sheet.item(place.checked_sub(1).unwrap()).unwrap();
                prop_assert_eq!(sheet.lines_of(above).1, at);
            }
            None => prop_assert!(at > lines),
        }
    }

    #[test]
    fn taking_all_is_the_new_file_and_nothing_the_old(script in script()) {
        let (old, new, diff) = file(&script);
        let (old, new) = (joined(&old), joined(&new));
        let both = (old.as_str(), new.as_str());
        prop_assert_eq!(pick::compose(both, &diff, None, None), old.clone());
        prop_assert_eq!(pick::compose(both, &diff, Some(&Part::Whole), None), new.clone());
        let hunks = Part::Hunks((0..diff.hunks.len() as u32).collect());
        prop_assert_eq!(pick::compose(both, &diff, Some(&hunks), None), new.clone());
        // A hunk that is put back as it is changes nothing.
        for (number, hunk) in diff.hunks.iter().enumerate() {
            let same = pick::hunk_text(&new, hunk);
            let text = pick::compose(both, &diff, Some(&Part::Whole), Some((number, &same)));
            prop_assert_eq!(text, new.clone());
        }
    }

    #[test]
    fn what_is_toggled_twice_is_as_before(
        script in script(),
        first in proptest::collection::vec((0usize..4, 0usize..12), 0..8),
        hunk in 0usize..4,
    ) {
        let (_, _, diff) = file(&script);
        let change = change(ChangeKind::Modified);
        let known = |(hunk, line): &(usize, usize)| {
            let line = diff.hunks.get(*hunk)?.lines.get(*line).map(|found| (found.kind, *line))?;
            (line.0 != LineKind::Context).then(|| reference(*hunk, line.1))
        };
        let lines: Vec<_> = first.iter().filter_map(known).collect();
        let mut part = None;
        for line in &lines {
            part = pick::toggle_lines(part.as_ref(), &[*line], &change, &diff);
        }
        let again = pick::gather(pick::spread(part.as_ref(), &diff), &change, &diff);
        prop_assert_eq!(&again, &part, "the shortest form");
        if let Some(found) = diff.hunks.get(hunk) {
            let once = pick::toggle_hunk(part.as_ref(), hunk, &change, &diff);
            let state = pick::of_hunk(once.as_ref(), hunk, found);
            match pick::of_hunk(part.as_ref(), hunk, found) {
                Taken::All => prop_assert_eq!(state, Taken::None),
                Taken::None | Taken::Part => prop_assert_eq!(state, Taken::All),
            }
            for (other, found) in diff.hunks.iter().enumerate().filter(|(other, _)| *other != hunk) {
                prop_assert_eq!(
                    pick::of_hunk(part.as_ref(), other, found),
                    pick::of_hunk(once.as_ref(), other, found)
                );
            }
        }
    }
}

#[test]
fn all_hunks_are_the_whole_only_where_lines_are_all_there_is() {
    let script = [Op::Keep, Op::Add, Op::Keep];
    let (_, _, diff) = file(&script);
    let take = |kind| pick::toggle_hunk(None, 0, &change(kind), &diff);
    assert_eq!(take(ChangeKind::Modified), Some(Part::Whole));
    assert_eq!(take(ChangeKind::Renamed), Some(Part::Hunks(vec![0])));
}

#[test]
fn a_line_without_an_end_gets_one_only_when_another_follows() {
    let diff = FileDiff {
        hunks: vec![Hunk {
            old_start: 1,
            old_lines: 1,
            new_start: 1,
            new_lines: 2,
            heading: String::new(),
            lines: [("a", LineKind::Context), ("b", LineKind::Added)]
                .map(|(text, kind)| DiffLine {
                    kind,
                    text: text.to_owned(),
                    end: LineEnd::None,
                })
                .into(),
        }],
    };
    let whole = pick::compose(("a", "a\nb"), &diff, Some(&Part::Whole), None);
    assert_eq!(whole, "a\nb");
    assert_eq!(pick::compose(("a", "a\nb"), &diff, None, None), "a");
}

proptest! {
    #[test]
    fn a_line_holds_what_is_found_in_it(text in "[aAbBéÉ ]{0,12}", needle in "[abé]{1,3}") {
        let found = !super::paint::find(&text, &needle).is_empty();
        prop_assert_eq!(super::paint::holds(&text, &needle), found);
    }
}
