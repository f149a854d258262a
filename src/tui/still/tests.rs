//! A still beside the program it stands for: the same events, the same cells.

use proptest::prelude::*;
use ratatui::layout::Size;

use super::*;
use crate::{
    capture,
    protocol::{AgentEvent, Channel, EventKind, Level, RunEvent},
    store::samples,
    tui::tests::kit::{Person, options},
};

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (140, 40), (10, 3)];

/// A small session, with a warning and code in it.
fn events() -> Vec<Event> {
    let mut person = Person::new();
    let mut kinds = vec![crate::tui::tests::kit::started(1)];
    let says = |agent, text: &str| EventKind::Agent {
        id: AgentId(agent),
        event: AgentEvent::Delta {
            channel: Channel::Text,
            text: text.to_owned(),
        },
    };
    kinds.push(says(
        1,
        "Blue light \u{1b}[2Jis scattered more. 日本語 👍\n\n",
    ));
    kinds.push(says(
        2,
        "```rust\nfn main() { let sky = \"blue\"; }\n```\n\nSo it is.\n",
    ));
    kinds.push(EventKind::Run(RunEvent::Notice {
        level: Level::Warning,
        text: "The price is not known.".to_owned(),
    }));
    kinds.into_iter().map(|kind| person.event(kind)).collect()
}

fn fed(events: &[Event], size: (u16, u16)) -> Still {
    let mut still = Still::new(Size::new(size.0, size.1), Theme::ansi());
    for event in events {
        still.take(event.clone());
    }
    still
}

#[test]
fn a_still_is_what_the_person_saw() {
    for size in SIZES {
        let mut person = Person::at(size.0, size.1, &options());
        let mut gate = Gate::default();
        let mut still = fed(&[], size);
        for event in events() {
            person.model.clock(event.at);
            person.model.shared.tick = event.at.0 / SPIN;
            person.send(Msg::Engine(Box::new(gate.pass(event.clone()))));
            still.take(event);
            assert_eq!(capture::text(still.picture()), person.sees());
        }
    }
}

#[test]
fn looking_on_the_way_changes_nothing() {
    let all = samples::session("20261121-101530-k3f9");
    for size in SIZES {
        let mut looked = fed(&[], size);
        for event in &all {
            looked.take(event.clone());
            let _ = looked.picture();
        }
        assert_eq!(looked.picture(), fed(&all, size).picture());
    }
}

#[test]
fn every_page_can_be_looked_at() {
    let all = samples::session("20261121-101530-k3f9");
    let mut seen = Vec::new();
    for (name, scene) in Scene::ALL {
        let mut still = fed(&all, (100, 30));
        match still.show(scene) {
            Ok(()) => seen.push(capture::text(still.picture())),
            Err(Missing::Folder) => assert_eq!(name, "review"),
            Err(missing) => assert_eq!((name, missing), ("compare", Missing::Others)),
        }
        // The page that is open is not closed by asking for it again.
        let before = capture::text(still.picture());
        let _ = still.show(scene);
        assert_eq!(capture::text(still.picture()), before, "{name}");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert!(
        seen.len() >= count - 1,
        "only live may look like another page"
    );
}

#[test]
fn one_pane_is_named_by_name_or_number() {
    let mut still = fed(&events(), (80, 24));
    assert_eq!(still.alone("BOB"), Ok(()));
    let by_name = capture::text(still.picture());
    assert!(!by_name.contains("scattered"), "{by_name}");
    assert_eq!(still.alone("1"), Ok(()));
    assert!(capture::text(still.picture()).contains("scattered"));
    let known = vec!["ada".to_owned(), "bob".to_owned()];
    assert_eq!(still.alone("eve"), Err(Missing::Agent(known)));
    assert_eq!(fed(&[], (80, 24)).alone("ada"), Err(Missing::Team));
}

#[test]
fn time_is_the_time_of_the_events_and_notices_pass_by_it() {
    let mut still = fed(&events(), (80, 24));
    let told = capture::text(still.picture());
    assert!(told.contains("The price is not known."), "{told}");
    let at = still.now();
    still.pass(Timestamp(at.0 + 7_999));
    assert!(capture::text(still.picture()).contains("not known"));
    still.pass(Timestamp(at.0 + 8_000));
    assert!(!capture::text(still.picture()).contains("not known"));
    still.pass(Timestamp(0));
    assert_eq!(
        still.now(),
        Timestamp(at.0 + 8_000),
        "time does not go back"
    );
}

#[test]
fn code_is_coloured() {
    let mut still = fed(&events(), (80, 24));
    still.alone("bob").unwrap();
    let buffer = still.picture();
    let text = capture::text(buffer);
    let mut rows = text.lines().zip(0..).filter_map(|(row, y)| {
        let before = row.split_once("fn main")?.0;
        Some((u16::try_from(before.chars().count()).unwrap(), y))
    });
    let place = rows.next().expect("the code is in sight");
    let cell = buffer.cell(place).unwrap();
    assert_ne!(cell.fg, ratatui::style::Color::Reset);
}

#[test]
fn a_log_without_its_beginning_is_a_quiet_screen() {
    let mut still = fed(&events()[1..], (80, 24));
    assert_eq!(still.show(Scene::Votes), Err(Missing::Team));
    assert!(capture::text(still.picture()).contains("asking the team"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_cut_of_a_session_at_any_size_has_a_picture(
        cut in 0_usize..60, width in 1_u16..200, height in 1_u16..60, scene in 0_usize..8,
    ) {
        let all = samples::session("20261121-101530-k3f9");
        let cut = cut.min(all.len());
        let mut still = fed(&all[..cut], (width, height));
        let _ = still.show(Scene::ALL[scene].1);
        let once = still.picture().clone();
        prop_assert_eq!(once.area.as_size(), Size::new(width, height));
        prop_assert_eq!(still.picture(), &once);
    }
}
