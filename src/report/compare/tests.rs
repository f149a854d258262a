//! What is said about sessions side by side.

use super::*;
use crate::{
    protocol::{
        AgentCard, AgentEvent, AgentId, EventKind, Outcome, OutcomeEnd, RunEvent, Timestamp,
        comparison::{Cell, Section},
    },
    store::samples,
};

const ONE: &str = "20261121-101530-k3f9";
const OTHER: &str = "20261122-101530-aaaa";

fn run(name: &str) -> RunId {
    RunId(name.to_owned())
}

/// The sample session, changed.
fn session(name: &str, change: impl Fn(&mut Event)) -> Vec<Event> {
    let mut events = samples::session(name);
    events.iter_mut().for_each(change);
    events
}

fn comparison(sessions: &[(&str, &[Event])]) -> Comparison {
    let runs: Vec<RunId> = sessions.iter().map(|(name, _)| run(name)).collect();
    let subjects: Vec<Subject<'_>> = (runs.iter().zip(sessions))
        .map(|(run, (_, events))| Subject {
            run,
            events,
            damage: None,
        })
        .collect();
    compare(&subjects)
}

fn section<'a>(comparison: &'a Comparison, title: &str) -> &'a Section {
    let mut sections = comparison.sections.iter();
    sections.find(|section| section.title == title).unwrap()
}

/// Rows that differ as `row: one | other`.
fn differing(comparison: &Comparison, title: &str) -> Vec<String> {
    let rows = section(comparison, title)
        .rows
        .iter()
        .filter(|row| row.differs);
    rows.map(|row| {
        let cells: Vec<&str> = row.cells.iter().map(|cell| cell.words.as_str()).collect();
        format!("{}: {}", row.name, cells.join(" | "))
    })
    .collect()
}

#[test]
fn a_session_does_not_differ_from_itself() {
    let events = samples::session(ONE);
    let comparison = comparison(&[(ONE, &events), (ONE, &events), (ONE, &events)]);
    for section in &comparison.sections {
        for row in &section.rows {
            assert!(!row.differs, "{}: {row:?}", section.title);
            assert_eq!(row.cells.len(), 3);
        }
    }
    let diffs = &comparison.answers;
    assert_eq!(diffs.len(), 2);
    assert!(diffs.iter().all(|diff| diff.added + diff.removed == 0));
    assert_eq!(section(&comparison, "Rules").remark, "The same.");
}

#[test]
fn what_differs_stands_with_both_values() {
    let one = samples::session(ONE);
    let other = session(OTHER, |event| match &mut event.kind {
        EventKind::Run(RunEvent::Started(start)) => {
            start.limits.answers_per_agent = 9;
            start.rules.deciding.skip_voting = true;
            start.team[0].model = "bigger".to_owned();
        }
        EventKind::Run(RunEvent::Ended(Outcome::Answered { text, end, .. })) => {
            text.push_str("\nOne line more.");
            *end = OutcomeEnd::Limit;
        }
        EventKind::Agent {
            event: AgentEvent::Usage(usage),
            ..
        } => usage.output += 5,
        EventKind::Run(_) | EventKind::Agent { .. } => {}
    });
    let comparison = comparison(&[(ONE, &one), (OTHER, &other)]);
    assert_eq!(
        differing(&comparison, "Team"),
        ["ada: ada-model (demo) | bigger (demo)"]
    );
    assert_eq!(
        differing(&comparison, "Limits"),
        ["answers per agent: 3 | 9"]
    );
    assert_eq!(
        differing(&comparison, "Rules"),
        ["deciding skip voting: no | yes"]
    );
    let outcome = differing(&comparison, "Outcome").join("\n");
    assert!(
        outcome.contains("ended by: agreement | a limit"),
        "{outcome}"
    );
    let cost = differing(&comparison, "Cost").join("\n");
    assert!(cost.contains("tokens out: "), "{cost}");
    let [diff] = comparison.answers.as_slice() else {
        panic!("one diff");
    };
    assert_eq!((diff.session, diff.removed, diff.added), (1, 0, 1));
    assert_eq!(
        diff.lines.last(),
        Some(&Line::Added("One line more.".to_owned()))
    );
}

#[test]
fn a_log_that_tells_no_rules_is_not_said_to_have_any() {
    let one = samples::session(ONE);
    let other = session(OTHER, |event| {
        if let EventKind::Run(RunEvent::Started(start)) = &mut event.kind {
            let program = "MassGen 0.1.97".to_owned();
            start.origin = crate::protocol::Origin::Imported { program };
            start.limits.answers_per_agent = 9;
        }
    });
    let comparison = comparison(&[(ONE, &one), (OTHER, &other)]);
    for title in ["Rules", "Limits"] {
        let section = section(&comparison, title);
        assert!(section.rows.is_empty(), "{section:?}");
        assert!(section.remark.contains("does not tell"), "{section:?}");
    }
    let from = differing(&comparison, "Outcome").join("\n");
    assert!(from.contains("MassGen 0.1.97"), "{from}");
}

#[test]
fn empty_and_unfinished_sessions_have_blanks() {
    let one = samples::session(ONE);
    let comparison = comparison(&[
        (ONE, &one),
        (OTHER, &one[..4]),
        ("20261123-101530-aaaa", &[]),
    ]);
    assert_eq!(comparison.sessions.len(), 3);
    let outcome = section(&comparison, "Outcome");
    let row = outcome
        .rows
        .iter()
        .find(|row| row.name == "outcome")
        .unwrap();
    let words: Vec<&str> = row.cells.iter().map(|cell| cell.words.as_str()).collect();
    assert_eq!(words, ["answered", "unfinished", ""]);
    assert_eq!(row.cells[2], Cell::default());
    assert!(markdown_of(&comparison).contains("| – |"));
}

fn markdown_of(comparison: &Comparison) -> String {
    write::markdown(comparison)
}

#[test]
fn csv_can_be_read_back_and_calculates_nothing() {
    let prompts = [
        "=HYPERLINK(\"http://evil\",\"x\")",
        "-1+2, \"quoted\"",
        "\u{1b}[31m@SUM(1)",
    ];
    let told: Vec<(String, Vec<Event>)> = prompts
        .iter()
        .enumerate()
        .map(|(place, prompt)| {
            let name = format!("2026112{place}-101530-aaaa");
            let events = session(&name, |event| {
                if let EventKind::Run(RunEvent::Started(start)) = &mut event.kind {
                    (*prompt).clone_into(&mut start.prompt);
                }
            });
            (name, events)
        })
        .collect();
    let sessions: Vec<(&str, &[Event])> = (told.iter())
        .map(|(name, events)| (name.as_str(), events.as_slice()))
        .collect();
    let page = csv(&comparison(&sessions));
    assert!(page.ends_with("\r\n") && !page.contains('\u{1b}'));
    let records = read_csv(&page);
    let columns = records[0].len();
    assert_eq!(columns, 6);
    for record in &records {
        assert_eq!(record.len(), columns, "{record:?}");
        for field in record {
            assert!(!field.starts_with(['=', '+', '-', '@', '\t']), "{field:?}");
        }
    }
    let task = records.iter().find(|record| record[1] == "task").unwrap();
    assert_eq!(task[3], "'=HYPERLINK(\"http://evil\",\"x\")");
    assert_eq!(task[4], "'-1+2, \"quoted\"");
}

/// RFC 4180, read the plain way.
fn read_csv(page: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = page.chars().peekable();
    while let Some(c) = chars.next() {
        let record = records.last_mut().unwrap();
        let field = record.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => assert_eq!(chars.next(), Some('\n')),
            c => field.push(c),
        }
        if c == '\r' && !quoted {
            records.push(vec![String::new()]);
        }
    }
    records.pop();
    records
}

#[test]
fn hostile_words_do_no_harm_on_a_page() {
    let events = session(ONE, |event| match &mut event.kind {
        EventKind::Run(RunEvent::Started(start)) => {
            start.prompt = "\u{1b}]52;c;x\u{7}| # \u{202e}task\nmore".to_owned();
            start.team = vec![AgentCard {
                id: AgentId(1),
                name: "a|b\n# c".to_owned(),
                model: "\u{1b}[2Jm".to_owned(),
                backend: "x".to_owned(),
            }];
        }
        EventKind::Run(RunEvent::Ended(Outcome::Answered { text, .. })) => {
            *text = "```\n\u{1b}[31m# not a heading\n````".to_owned();
        }
        EventKind::Run(_) | EventKind::Agent { .. } => {}
    });
    let plain = samples::session(OTHER);
    let comparison = comparison(&[(OTHER, &plain), (ONE, &events)]);
    let json = serde_json::to_string(&comparison).unwrap();
    for page in [markdown_of(&comparison), csv(&comparison), json] {
        assert!(
            !page.contains('\u{1b}') && !page.contains('\u{202e}'),
            "{page}"
        );
    }
    assert!(markdown_of(&comparison).contains("`````diff"));
}

#[test]
fn what_looks_the_same_does_not_differ() {
    let one = samples::session(ONE);
    let mut other = one.clone();
    if let Some(event) = other.last_mut() {
        event.at = Timestamp(event.at.0 + 1);
    }
    let comparison = comparison(&[(ONE, &one), (OTHER, &other)]);
    let whole = &section(&comparison, "Time").rows[0];
    assert_eq!(whole.cells[0].words, whole.cells[1].words);
    assert!(!whole.differs);
}
