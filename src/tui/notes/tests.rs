//! The room by itself: whatever is pressed, it stays lawful.

use proptest::prelude::*;
use ratatui::layout::Rect;

use super::{say::write, *};
use crate::{
    protocol::{
        Timestamp,
        note::{Act, Record, Threads},
    },
    store::samples,
    tui::{moves::Move, shared::Shared, theme::Theme},
};

const RUN: &str = "20261121-101530-k3f9";

fn shared() -> Shared {
    let mut shared = Shared::new(Theme::ansi());
    for event in samples::session(RUN) {
        shared.run.apply(&event);
    }
    shared
}

fn record(at: u64, note: u64, by: &str, act: Act) -> Record {
    Record {
        at: Timestamp(at),
        note: NoteId(note),
        by: by.to_owned(),
        act,
    }
}

fn written(seq: u64, text: &str, reply: Option<u64>) -> Act {
    Act::Written {
        on: NoteOn::Event { seq: Seq(seq) },
        text: text.to_owned(),
        reply: reply.map(NoteId),
    }
}

fn book(records: &[Record]) -> News {
    News::Book(Arc::new(Book {
        who: "Mia".to_owned(),
        threads: Threads::of(records),
        now: Timestamp(60_000),
        ..Book::default()
    }))
}

fn records() -> Vec<Record> {
    vec![
        record(1, 1, "Bo", written(3, "first", None)),
        record(2, 2, "Mia", written(3, "mine", Some(1))),
        record(3, 3, "Bo", written(5, "second", None)),
        record(4, 3, "Bo", Act::Resolved),
    ]
}

fn every() -> Vec<Action> {
    Action::TABLE.iter().map(|(_, _, action)| *action).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_keys_keep_the_room_lawful(
        keys in proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8), 0..40),
        width in 1..140u16,
        height in 1..40u16,
    ) {
        let shared = shared();
        let (mut room, _) = Notes::open(&shared.run, vec![NoteOn::Session]).unwrap();
        let every = every();
        let area = Rect::new(0, 0, width, height);
        for (key, told) in keys {
            let action = every[key.index(every.len())];
            let _ = room.update(action, &shared.run, "words");
            match told {
                0 => { let _ = room.told(Ok(book(&records())), &shared.run); }
                1 => { let _ = room.told(Ok(book(&[])), &shared.run); }
                2 => room.follow(&shared.run),
                _ => {}
            }
            prop_assert!(room.at < room.items.len().max(1));
            room.prepare(&shared, area);
            let page = format!("{:?}", room.page);
            room.prepare(&shared, area);
            prop_assert_eq!(format!("{:?}", room.page), page, "prepared twice is prepared once");
            let cells = usize::from(width);
            for row in &room.page.rows {
                prop_assert!(row.width() <= cells, "{:?}", row.text());
            }
        }
    }
}

#[test]
fn next_unread_goes_through_everything_once() {
    let shared = shared();
    let (mut room, _) = Notes::open(&shared.run, Vec::new()).unwrap();
    let _ = room.told(Ok(book(&records())), &shared.run);
    let all = room.unread();
    assert!(all > 2, "answers and notes of others");
    let mut remembered = 0;
    for _ in 0..all {
        let wishes = room.update(Action::Go(Go::NextUnread), &shared.run, "");
        remembered += wishes
            .iter()
            .filter(|wish| matches!(wish, Wish::Ask(What::See(_))))
            .count();
    }
    assert_eq!((room.unread(), remembered), (0, all));
    let wishes = room.update(Action::Go(Go::NextUnread), &shared.run, "");
    assert_eq!(wishes, hint("You have looked at everything else."));
}

#[test]
fn only_ones_own_words_are_taken_back_and_only_when_asked_twice() {
    let shared = shared();
    let (mut room, _) = Notes::open(&shared.run, Vec::new()).unwrap();
    let _ = room.told(Ok(book(&records())), &shared.run);
    let line = |room: &Notes, id: u64| {
        let item = Item::Thread(NoteId(id));
        room.items.iter().position(|one| *one == item).unwrap()
    };
    room.at = line(&room, 3);
    let remove = Action::Say(Say::Remove);
    let told = room.update(remove, &shared.run, "");
    assert!(matches!(told.as_slice(), [Wish::Hint(words)] if words.contains("None of these")));
    room.at = line(&room, 1);
    assert!(matches!(
        room.update(remove, &shared.run, "").as_slice(),
        [Wish::Hint(_)]
    ));
    let _ = room.update(Action::Move(Move::PageUp), &shared.run, "");
    assert!(matches!(
        room.update(remove, &shared.run, "").as_slice(),
        [Wish::Hint(_)]
    ));
    let wishes = room.update(remove, &shared.run, "");
    assert_eq!(wishes, vec![write(Some(NoteId(2)), Act::Removed)]);
}
