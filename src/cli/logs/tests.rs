//! What `logs` prints, to whom, and how it fails.

use std::fs;

use super::*;
use crate::{
    catalog::Sort,
    protocol::{AgentId, Label, OutcomeEnd, RunId, Seq, SessionSummary},
    store::{Store, samples},
    text::width,
};

const RUN: &str = "20261121-101530-k3f9";

async fn state_with(sessions: &[(&str, Vec<crate::protocol::Event>)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).unwrap();
    for (run, events) in sessions {
        let log = store.write(RunId((*run).into())).unwrap();
        for event in events {
            log.append(event.clone()).await;
        }
        log.close().await;
    }
    root
}

/// The sessions of a state folder, and no log of MassGen of whoever runs the tests.
fn shelf(state_dir: &Path) -> Shelf {
    let paths = Paths {
        cwd: state_dir.to_owned(),
        ..Paths::default()
    };
    Shelf::new(state_dir, &paths, None)
}

fn print(state_dir: &Path, command: Command, columns: Option<usize>) -> Result<String, Failure> {
    let mut out = Vec::new();
    let mut page = Page {
        out: &mut out,
        columns,
    };
    run_on(
        &shelf(state_dir),
        &Args {
            command: Some(command),
        },
        &mut page,
    )?;
    Ok(String::from_utf8(out).unwrap())
}

fn list_of(limit: usize) -> Command {
    list_by(limit, "", "date")
}

fn list_by(limit: usize, filter: &str, sort: &str) -> Command {
    Command::List(list::Args {
        json: false,
        limit,
        filter: filter.into(),
        sort: sort.parse().unwrap(),
    })
}

fn show(id: &str) -> Command {
    Command::Show(ShowArgs {
        id: id.into(),
        json: false,
        events: false,
    })
}

#[tokio::test]
async fn an_empty_list_says_how_to_make_a_session() {
    let root = tempfile::tempdir().unwrap();
    let text = print(root.path(), list_of(20), Some(80)).unwrap();
    assert!(text.contains("massgen-tui --demo"), "{text}");
}

#[tokio::test]
async fn the_list_is_a_table_cut_to_the_width() {
    let second = "20261122-101530-aaaa";
    let root = state_with(&[
        (RUN, samples::session(RUN)),
        (second, samples::session(second)[..5].to_vec()),
    ])
    .await;
    let text = print(root.path(), list_of(20), None).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("SESSION "), "{text}");
    assert!(
        lines[2].starts_with(second) && lines[2].contains("unfinished"),
        "{text}"
    );
    for word in [
        RUN,
        "12.5s",
        "answered",
        "brook",
        "$0.0021",
        "[demo] Why is the sky blue? …",
    ] {
        assert!(lines[1].contains(word), "{word} is not in {text}");
    }
    let narrow = print(root.path(), list_of(1), Some(40)).unwrap();
    assert!(narrow.lines().all(|line| width::of(line) <= 40), "{narrow}");
    assert!(
        narrow.ends_with("1 of 2 sessions; --limit shows more.\n"),
        "{narrow}"
    );
}

#[tokio::test]
async fn the_list_is_filtered_and_sorted_and_says_how_many_there_are() {
    let second = "20261122-101530-aaaa";
    let root = state_with(&[
        (RUN, samples::session(RUN)),
        (second, samples::session(second)[..5].to_vec()),
    ])
    .await;
    let text = print(root.path(), list_by(20, "outcome:answered", "date"), None).unwrap();
    assert!(text.contains(RUN) && !text.contains(second), "{text}");
    assert!(text.ends_with("1 session fits, of 2.\n"), "{text}");
    let text = print(root.path(), list_by(1, "agents:3", "-date"), None).unwrap();
    assert!(text.contains(RUN) && !text.contains(second), "{text}");
    assert!(
        text.ends_with("1 of 2 sessions that fit, of 2; --limit shows more.\n"),
        "{text}"
    );
    let text = print(root.path(), list_by(20, "outcome:cancelled", "date"), None).unwrap();
    assert_eq!(text, "No session fits, of 2.\n");
    let failure = print(root.path(), list_by(20, "outcome:nonsense", "date"), None).unwrap_err();
    assert!(failure.hint.contains("answered"), "{failure}");
    let store = Store::open(root.path()).unwrap();
    let edits = [
        crate::catalog::Edit::Tag("good".into()),
        crate::catalog::Edit::Name("Mine".into()),
    ];
    crate::store::edit_labels(&store.beside(&RunId(RUN.into())), &edits).unwrap();
    let text = print(root.path(), list_by(20, "tag:good", "date"), None).unwrap();
    assert!(text.contains("Mine #good"), "{text}");
    let at_work = store.reopen(&RunId(second.into())).unwrap();
    let text = print(root.path(), list_by(20, "is:live", "date"), None).unwrap();
    assert!(text.contains("running") && text.contains(second), "{text}");
    at_work.log.close().await;
}

#[tokio::test]
async fn words_are_found_and_it_is_said_how_to_get_there() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let search = |words: &[&str], limit: usize, json: bool| {
        let mut out = Vec::new();
        let mut page = Page {
            out: &mut out,
            columns: None,
        };
        let args = search::Args {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            limit,
            json,
            ..search::Args::default()
        };
        let code = run_on(
            &shelf(root.path()),
            &Args {
                command: Some(Command::Search(args)),
            },
            &mut page,
        );
        code.map(|code| (code, String::from_utf8(out).unwrap()))
    };
    let (code, text) = search(&["sky"], 1, false).unwrap();
    assert_eq!(code, 0);
    let first: Vec<&str> = text.lines().collect();
    assert!(first[0].starts_with(&format!("{RUN}  #")), "{text}");
    assert!(
        first[1].starts_with("  ") && first[1].contains("sky"),
        "{text}"
    );
    assert!(
        text.contains(&format!("`massgen-tui open {RUN} --at ")),
        "{text}"
    );
    let (code, text) = search(&["blue", "in:prompt"], 5, true).unwrap();
    let hit: crate::protocol::Hit = serde_json::from_str(text.trim()).unwrap();
    assert_eq!((code, hit.seq), (0, Some(Seq(1))));
    let (code, text) = search(&["nowhere"], 5, false).unwrap();
    assert_eq!((code, text.as_str()), (1, "Nothing found.\n"));
    assert!(search(&["-x"], 5, false).is_err());
}

#[tokio::test]
async fn the_list_as_json_has_one_summary_per_line() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let command = Command::List(list::Args {
        json: true,
        limit: 5,
        filter: String::new(),
        sort: Sort::default(),
    });
    let text = print(root.path(), command, None).unwrap();
    let summary: SessionSummary = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(summary.run.0, RUN);
}

#[tokio::test]
async fn a_session_is_shown_in_full() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let text = print(root.path(), show("k3f9"), None).unwrap();
    for part in [
        "Session 20261121-101530-k3f9\n",
        "took 12.5s (demo \"quick\": a script, no model)",
        "Task\n  Why is the sky blue?\n  Short, please.\n",
        "  agent2   brook  brook-model (demo)\n",
        "  ada for agent2.1 by brook: It names the effect.\n",
        "  dropped (agent2.1 is newer): ada for agent1.1 by ada: It is mine",
        "  plurality: agent2.1 by brook won by most votes (2 of 2)\n",
        "  ada    1,200 in (200 cached), 300 out (40 reasoning), 1 call, $0.0021\n",
        "  total  2,400 in (400 cached), 600 out (80 reasoning), 2 calls, at least $0.0021\n",
        "Answer: agent2.1 by brook, presented by brook\n\nShort waves scatter more.\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_session_that_was_cut_off_says_so() {
    let root = state_with(&[(RUN, samples::session(RUN)[..10].to_vec())]).await;
    let path = Store::reading(root.path()).log(&RunId(RUN.into()));
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 10);
    fs::write(&path, bytes).unwrap();
    let text = print(root.path(), show("latest"), None).unwrap();
    assert!(
        text.contains("Not all of it could be read: the last line is unfinished."),
        "{text}"
    );
    assert!(
        text.contains("The log ends while the turn was working."),
        "{text}"
    );
}

#[tokio::test]
async fn events_are_printed_as_they_are_stored() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let command = Command::Show(ShowArgs {
        id: RUN.into(),
        json: false,
        events: true,
    });
    let text = print(root.path(), command, None).unwrap();
    let path = Store::reading(root.path()).log(&RunId(RUN.into()));
    assert_eq!(text, fs::read_to_string(path).unwrap());
}

#[tokio::test]
async fn the_json_object_holds_the_turns() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let command = Command::Show(ShowArgs {
        id: RUN.into(),
        json: true,
        events: false,
    });
    let value: serde_json::Value =
        serde_json::from_str(&print(root.path(), command, None).unwrap()).unwrap();
    assert_eq!(value["run"], RUN);
    assert_eq!(value["turns"][0]["decision"]["winner"], "agent2.1");
    assert_eq!(value["turns"][0]["ballots"].as_array().unwrap().len(), 2);
    assert_eq!(value["turns"][0]["dropped"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_from_a_log_reaches_the_terminal_uncleaned() {
    let nasty = "a\u{1b}]0;title\u{7}b\u{202e}c\r\nd\u{9b}31m";
    let label = Label::new(AgentId(1), 1);
    let events = samples::numbered(vec![
        samples::started(RUN, 1, nasty),
        samples::published(1, 1, nasty),
        samples::voted(2, label, nasty),
        samples::ended(label, nasty, OutcomeEnd::Consensus),
    ]);
    let root = state_with(&[(RUN, events)]).await;
    for command in [show(RUN), list_of(5)] {
        let text = print(root.path(), command, None).unwrap();
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(bad), "{text:?}");
    }
}

#[tokio::test]
async fn a_session_that_is_not_there_is_named() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let failure = print(root.path(), show("nope"), None).unwrap_err();
    assert!(
        failure.message.contains("nope") && failure.hint.contains("logs list"),
        "{failure}"
    );
}

/// A pipe whose reader has gone.
struct Gone(io::ErrorKind);

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let json = |events: bool| {
        Command::Show(ShowArgs {
            id: RUN.into(),
            json: !events,
            events,
        })
    };
    for command in [0, 1, 2, 3].map(|index| match index {
        0 => list_of(5),
        1 => show(RUN),
        2 => json(true),
        _ => json(false),
    }) {
        let text = format!("{command:?}");
        let mut gone = Gone(io::ErrorKind::BrokenPipe);
        let mut page = Page {
            out: &mut gone,
            columns: None,
        };
        assert_eq!(
            run_on(
                &shelf(root.path()),
                &Args {
                    command: Some(command)
                },
                &mut page
            ),
            Ok(0),
            "{text}"
        );
    }
    let mut full = Gone(io::ErrorKind::StorageFull);
    let mut page = Page {
        out: &mut full,
        columns: None,
    };
    let command = list_of(5);
    assert!(
        run_on(
            &shelf(root.path()),
            &Args {
                command: Some(command)
            },
            &mut page
        )
        .is_err()
    );
}

#[test]
fn a_log_of_massgen_is_listed_and_shown_like_ours() {
    let root = tempfile::tempdir().unwrap();
    let log = root
        .path()
        .join(".massgen/massgen_logs/log_20260131_120000_000000");
    let attempt = log.join("turn_1/attempt_1");
    fs::create_dir_all(&attempt).unwrap();
    let metadata = "query: \"Why \\e[2J?\"\nmassgen_version: 0.1.97\n";
    fs::write(attempt.join("execution_metadata.yaml"), metadata).unwrap();
    let listed = print(root.path(), list_of(5), None).unwrap();
    assert!(
        listed.contains("massgen-20260131-120000-000000"),
        "{listed}"
    );
    assert!(listed.contains("[MassGen 0.1.97] Why"), "{listed}");
    let shown = print(root.path(), show("latest"), None).unwrap();
    assert!(shown.contains("ended before its team began"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    let events = Command::Show(ShowArgs {
        id: log.display().to_string(),
        json: false,
        events: true,
    });
    let events = print(root.path(), events, None).unwrap();
    assert!(events.lines().count() > 3, "{events}");
}

#[tokio::test]
async fn a_session_is_counted_without_any_model() {
    let root = state_with(&[(RUN, samples::session(RUN))]).await;
    let analyze = |json| {
        let args = analyze::Args {
            id: RUN.to_owned(),
            json,
            ..analyze::Args::default()
        };
        print(root.path(), Command::Analyze(args), None).unwrap()
    };
    let page = analyze(false);
    assert!(
        page.contains("### Rounds") && page.contains("### Votes"),
        "{page}"
    );
    let data: serde_json::Value = serde_json::from_str(&analyze(true)).unwrap();
    assert_eq!(data["run"], RUN);
    assert_eq!(data["turns"][0]["outcome"], "answered");
}
