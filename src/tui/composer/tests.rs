//! The editor counts graphemes, remembers, and grows.

use proptest::prelude::*;

use super::{Composer, Edit, MAX_ROWS, Motion, Moved, Span};
use crate::text::width;

fn with(text: &str) -> Composer {
    let mut composer = Composer::default();
    composer.set(text);
    composer
}

#[test]
fn deleting_takes_whole_graphemes() {
    let check = |text: &str, left: &str| {
        let mut composer = with(text);
        composer.edit(Edit::Delete(Span::Back));
        assert_eq!(composer.text(), left, "{text} from behind");
    };
    check("ab", "a");
    check("a👩‍👩‍👧", "a");
    check("e\u{301}", "");
    check("🇩🇪🇫🇷", "🇩🇪");
    check("a\n", "a");
    check("", "");

    let mut composer = with("👩‍👩‍👧b\nc");
    composer.edit(Edit::Move(Motion::TextStart));
    composer.edit(Edit::Delete(Span::Forward));
    assert_eq!(composer.text(), "b\nc");
    composer.edit(Edit::Move(Motion::LineEnd));
    composer.edit(Edit::Delete(Span::Forward));
    assert_eq!(composer.text(), "bc");
}

#[test]
fn the_cursor_steps_over_whole_graphemes() {
    let mut composer = with("a👩‍👩‍👧b");
    composer.edit(Edit::Move(Motion::Left));
    composer.edit(Edit::Move(Motion::Left));
    composer.insert("x");
    assert_eq!(composer.text(), "ax👩‍👩‍👧b");
    composer.edit(Edit::Move(Motion::Right));
    composer.insert("y");
    assert_eq!(composer.text(), "ax👩‍👩‍👧yb");
}

#[test]
fn a_deleted_word_can_be_put_back() {
    let mut composer = with("one two");
    composer.edit(Edit::Delete(Span::Word));
    assert_eq!(composer.text(), "one ");
    composer.edit(Edit::Delete(Span::Back));
    composer.edit(Edit::Yank);
    assert_eq!(
        composer.text(),
        "onetwo",
        "a single deleted character is not kept"
    );
    composer.edit(Edit::Undo);
    assert_eq!(composer.text(), "one");
    composer.edit(Edit::Redo);
    assert_eq!(composer.text(), "onetwo");
}

#[test]
fn sent_texts_come_back_and_the_draft_too() {
    let mut composer = Composer::default();
    for text in ["first", "second", "second"] {
        composer.set(text);
        assert_eq!(composer.take().as_deref(), Some(text));
    }
    composer.set("draft");
    let up = |composer: &mut Composer| {
        composer.edit(Edit::Move(Motion::Up));
        composer.text()
    };
    assert_eq!(up(&mut composer), "second");
    assert_eq!(up(&mut composer), "first");
    assert_eq!(up(&mut composer), "first");
    let down = |composer: &mut Composer| {
        let moved = composer.edit(Edit::Move(Motion::Down));
        (composer.text(), moved)
    };
    assert_eq!(down(&mut composer), ("second".to_owned(), Moved::Inside));
    assert_eq!(down(&mut composer), ("draft".to_owned(), Moved::Inside));
    assert_eq!(down(&mut composer), ("draft".to_owned(), Moved::PastEnd));
}

#[test]
fn blank_texts_are_not_sent() {
    assert_eq!(with("").take(), None);
    assert_eq!(with(" \n ").take(), None);
    assert_eq!(with(" a\n").take().as_deref(), Some("a"));
}

#[test]
fn the_editor_grows_with_its_text_up_to_a_limit() {
    let check = |text: &str, room: u16, rows: u16| {
        assert_eq!(with(text).rows(room), rows, "{text:?} at {room}");
    };
    check("", 10, 1);
    check("abc", 10, 1);
    check("a\nb", 10, 2);
    check("aaaa bbbb cccc", 9, 2);
    check("日本語日本語", 6, 2);
    check(&"x\n".repeat(50), 10, MAX_ROWS);
    check(&"x".repeat(100_000), 10, MAX_ROWS);
    check("abc", 0, MAX_ROWS);
}

#[test]
fn a_paste_beyond_measure_is_cut() {
    let mut composer = Composer::default();
    let paste = "日本".repeat(60_000);
    let taken = composer.insert(&paste);
    assert!(taken < paste.len() && taken % 3 == 0);
    assert_eq!(composer.text().len(), taken);
    composer.edit(Edit::Delete(Span::Back));
    assert_eq!(composer.insert("xy"), 2);
    assert_eq!(composer.insert("日"), 0, "no part of a character");
    let before = composer.text();
    composer.insert("\u{1b}");
    assert_eq!(composer.text(), before);
}

proptest! {
    #[test]
    fn no_edit_splits_a_grapheme(
        edits in prop::collection::vec((0usize..24, "[ab 日é👩‍👧]{0,3}"), 1..60),
    ) {
        let all: Vec<Edit> = super::Action::TABLE
            .iter()
            .filter_map(|(_, _, action)| match action {
                super::Action::Edit(edit) => Some(*edit),
                _ => None,
            })
            .collect();
        let mut composer = Composer::default();
        for (place, text) in edits {
            match all.get(place) {
                Some(edit) => { composer.edit(*edit); }
                None => { composer.insert(&text); }
            }
            let (row, column) = {
                let cursor = composer.area.cursor();
                (cursor.0, cursor.1)
            };
            let line = &composer.area.lines()[row];
            let mut starts: Vec<usize> = width::cells(line)
                .map(|cell| line[..cell.start].chars().count())
                .collect();
            starts.push(line.chars().count());
            // What was just inserted may have joined what stood behind it.
            if matches!(all.get(place), Some(Edit::Move(_))) {
                prop_assert!(starts.contains(&column), "{column} in {line:?}");
            }
        }
    }
}
