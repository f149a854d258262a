//! Laws of the pages: whatever is pressed, the cursor stands on a row.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    protocol::{Sheet, SheetPart, SheetRow},
    tui::{moves::Move, shared::Shared, theme::Theme},
};

fn sheet(rows: usize) -> Sheet {
    let row = |number: usize| SheetRow {
        cells: vec![format!("row {number}")],
        event: number.is_multiple_of(2).then_some(Seq(number as u64)),
        depth: u8::from(number % 3 == 1),
    };
    let part = |title: &str, top: bool| SheetPart {
        title: title.to_owned(),
        top,
        heads: Vec::new(),
        rows: (0..rows).map(row).collect(),
    };
    Sheet {
        title: "x".to_owned(),
        parts: vec![
            part("Turn 1", true),
            part("Votes", false),
            part("Time", false),
        ],
        foot: "foot".to_owned(),
    }
}

fn papers(rows: usize) -> Papers {
    let paper = || Paper {
        sheet: sheet(rows),
        markdown: "# x".to_owned(),
    };
    let analysis = |number: u32| Analysis {
        number,
        name: format!("openai/model-{number}"),
        turn: (1, 1),
        stale: number == 1,
        paper: paper(),
    };
    Papers {
        figures: paper(),
        analyses: vec![analysis(1), analysis(2)],
        turns: vec![(1, 1)],
        unread: 0,
        scripted: false,
    }
}

proptest! {
    #[test]
    fn the_cursor_stands_on_a_row(
        presses in prop::collection::vec(0..Action::TABLE.len(), 0..40),
        rows in 0_usize..30,
        width in 8_u16..200,
        height in 3_u16..40,
    ) {
        let shared = Shared::new(Theme::ansi());
        let (mut report, _) = Report::open(RunId("r".into()));
        report.told(Ticket(1), Told::Papers(Ok(Box::new(papers(rows)))));
        let mut screen = Terminal::new(TestBackend::new(width, height)).unwrap();
        for press in presses {
            let (_, _, action) = Action::TABLE[press];
            let wishes = report.update(action);
            for wish in wishes {
                if let Wish::Ask(what) = wish {
                    report.sent(Ticket(2), &what);
                }
            }
            report.prepare(&shared, ratatui::layout::Rect::new(0, 0, width, height));
            screen.draw(|frame| report.view(&shared, frame)).unwrap();
            let rows = report.sight.rows.len();
            prop_assert!(report.spots[report.page].cursor < rows.max(1));
        }
    }
}

#[test]
fn late_and_foreign_answers_change_nothing() {
    let (mut report, wishes) = Report::open(RunId("r".into()));
    assert_eq!(wishes, [Wish::Ask(What::Papers)]);
    report.told(Ticket(1), Told::Papers(Ok(Box::new(papers(3)))));
    report.update(Action::Ask);
    report.sent(Ticket(5), &What::Models((1, 1)));
    report.told(Ticket(4), Told::Models(Ok(Vec::new())));
    assert!(report.waits(), "another question's answer");
    report.told(Ticket(5), Told::Models(Ok(Vec::new())));
    assert!(!report.waits());
    assert_eq!(report.told(Ticket(9), Told::Heard(Box::default())), []);
    assert_eq!(report.place(), Place::Models);
}

/// What a screen of 160 by 12 shows.
fn painted(report: &mut Report) -> Vec<String> {
    let shared = Shared::new(Theme::ansi());
    let mut screen = Terminal::new(TestBackend::new(160, 12)).unwrap();
    report.prepare(&shared, ratatui::layout::Rect::new(0, 0, 160, 12));
    screen.draw(|frame| report.view(&shared, frame)).unwrap();
    let text = screen.backend().to_string();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_of_two_pages_keeps_its_place() {
    let (mut report, _) = Report::open(RunId("r".into()));
    report.told(Ticket(1), Told::Papers(Ok(Box::new(papers(30)))));
    report.update(Action::NextPage);
    let lefts = |rows: &[String]| -> Vec<String> {
        let left = |row: &String| row.chars().take(80).collect();
        rows.iter().skip(2).map(left).collect()
    };
    assert!(lefts(&painted(&mut report))[0].contains("Turn 1"));
    report.update(Action::Move(Move::Last));
    let down = painted(&mut report);
    assert!(!lefts(&down)[0].contains("Turn 1"), "{down:#?}");
    report.update(Action::NextPage);
    report.update(Action::Move(Move::First));
    assert_eq!(lefts(&painted(&mut report))[..9], lefts(&down)[..9]);
    // A click on the page beside goes there.
    assert_eq!(report.page, 2);
    report.click(10, 5);
    assert_eq!(report.page, 1);
}

#[test]
fn a_preview_ends_where_it_ends() {
    let (mut report, _) = Report::open(RunId("r".into()));
    let preview = Preview {
        words: vec!["It costs nothing.".to_owned()],
        prompt: (0..40).map(|line| format!("line {line}")).collect(),
        scripted: false,
    };
    report.stage = Stage::Asking(Asking {
        turn: (1, 1),
        model: "demo/analyst".to_owned(),
        preview: Load::Ready(preview),
        top: 0,
        tops: 0,
        lines: None,
    });
    assert!(painted(&mut report)[1].contains("It costs nothing."));
    for _ in 0..3 {
        report.update(Action::Move(Move::Last));
        let rows = painted(&mut report);
        assert!(rows[11].contains("line 39"), "{rows:#?}");
    }
    report.update(Action::Move(Move::Up));
    assert!(painted(&mut report)[11].contains("line 38"));
}
