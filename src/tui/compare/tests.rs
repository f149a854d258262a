//! The room by itself: whatever is pressed, it stays lawful.

use proptest::prelude::*;
use ratatui::layout::Rect;

use super::*;
use crate::{
    protocol::comparison::{AnswerDiff, Cell, Compared, Line, Row, Section},
    tui::{shared::Shared, theme::Theme},
};

fn runs(count: usize) -> Vec<RunId> {
    (0..count)
        .map(|n| RunId(format!("2026112{n}-101530-aaaa")))
        .collect()
}

fn comparison(count: usize) -> Comparison {
    let row = |name: &str, differs: bool| Row {
        name: name.to_owned(),
        cells: (0..count)
            .map(|n| Cell {
                words: if differs {
                    format!("value {n}")
                } else {
                    "same".to_owned()
                },
                figure: None,
            })
            .collect(),
        differs,
    };
    let section = |title: &str, rows: Vec<Row>| Section {
        title: title.to_owned(),
        rows,
        remark: String::new(),
    };
    let mut same = section("Rules", Vec::new());
    same.remark = "The same.".to_owned();
    Comparison {
        version: 1,
        sessions: runs(count)
            .into_iter()
            .map(|run| Compared {
                run,
                last_event: 9,
                prompt: "why".to_owned(),
                answer: "because".to_owned(),
                damage: None,
            })
            .collect(),
        sections: vec![
            section("Outcome", vec![row("outcome", false), row("winner", true)]),
            section("Turns", vec![row("turn 1", false)]),
            same,
        ],
        answers: (1..count)
            .map(|session| AnswerDiff {
                session,
                removed: 1,
                added: 1,
                lines: vec![
                    Line::Same("alike".to_owned()),
                    Line::Removed("gone ".repeat(60)),
                    Line::Added("日本".repeat(70)),
                ],
            })
            .collect(),
    }
}

fn opened(count: usize) -> Compare {
    let (mut room, wishes) = Compare::open(runs(count));
    assert_eq!(wishes, vec![Wish::Ask(Ask::Read(runs(count)))]);
    let _ = room.told(Ok(News::Here(runs(count), Arc::new(comparison(count)))));
    room
}

#[test]
fn only_what_differs_is_shown_until_everything_is_asked_for() {
    let mut room = opened(2);
    let of = |room: &Compare| {
        room.items
            .iter()
            .filter(|item| matches!(item, Item::Row(..)))
            .count()
    };
    assert_eq!(of(&room), 1);
    assert!(
        !room.items.contains(&Item::Section(1)),
        "nothing in it differs"
    );
    assert!(room.items.contains(&Item::Remark(2)));
    let _ = room.update(Action::View(View::Differences));
    assert_eq!(of(&room), 3);
    room.at = 1;
    let _ = room.update(Action::View(View::Fold));
    assert_eq!((of(&room), room.items[room.at]), (1, Item::Section(0)));
    let _ = room.update(Action::View(View::FoldAll));
    assert_eq!(of(&room), 3);
}

#[test]
fn another_session_becomes_the_one_that_answers_are_compared_with() {
    let mut room = opened(3);
    let told = room.update(Action::View(View::Base));
    assert!(matches!(told.as_slice(), [Wish::Hint(_)]));
    let _ = room.update(Action::Go(Go::Right));
    let _ = room.update(Action::Go(Go::Right));
    let _ = room.update(Action::Go(Go::Right));
    let wishes = room.update(Action::View(View::Base));
    let all = runs(3);
    let order = vec![all[2].clone(), all[0].clone(), all[1].clone()];
    assert_eq!(wishes, vec![Wish::Ask(Ask::Read(order))]);
    // An answer to the question before is too late.
    let _ = room.told(Ok(News::Here(runs(3), Arc::new(comparison(3)))));
    assert!(room.waits());
    assert_eq!(
        room.update(Action::Take(Take::Open)),
        vec![Wish::Open(all[2].clone())]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_keys_keep_the_room_lawful(
        keys in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
        count in 2..7usize,
        width in 1..200u16,
        height in 1..40u16,
    ) {
        let shared = Shared::new(Theme::ansi());
        let mut room = opened(count);
        let area = Rect::new(0, 0, width, height);
        for key in keys {
            let action = Action::TABLE[key.index(Action::TABLE.len())].2;
            for wish in room.update(action) {
                if let Wish::Ask(Ask::Read(runs)) = wish {
                    let _ = room.told(Ok(News::Here(runs, Arc::new(comparison(count)))));
                }
            }
            prop_assert!(room.at < room.items.len().max(1) && room.column < count);
            room.prepare(&shared, area);
            let page = format!("{:?}", room.page);
            room.prepare(&shared, area);
            prop_assert_eq!(format!("{:?}", room.page), page, "prepared twice is prepared once");
            prop_assert!(room.page.lines.len() <= usize::from(height));
        }
    }
}
