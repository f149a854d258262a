//! What `logs compare` prints and refuses.

use std::{fs, path::Path};

use clap::Parser as _;

use super::*;
use crate::{
    cli::{Cli, logs::run_on},
    config::Paths,
    protocol::RunId,
    store::{Store, samples},
};

const ONE: &str = "20261121-101530-k3f9";
const OTHER: &str = "20261122-101530-aaaa";

async fn two_sessions() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).unwrap();
    for (name, events) in [(ONE, 99), (OTHER, 9)] {
        let log = store.write(RunId(name.into())).unwrap();
        for event in samples::session(name).into_iter().take(events) {
            log.append(event).await;
        }
        log.close().await;
    }
    let log = root
        .path()
        .join(".massgen/massgen_logs/log_20260101_000000_000001/turn_1/attempt_1");
    fs::create_dir_all(&log).unwrap();
    let metadata = "query: 'why'\ntimestamp: '2026-01-31T12:00:00'\n";
    fs::write(log.join("execution_metadata.yaml"), metadata).unwrap();
    root
}

fn compared(root: &Path, line: &[&str], columns: Option<usize>) -> Result<String, String> {
    let words = ["massgen-tui", "logs", "compare"].iter().chain(line);
    let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
    let Some(crate::cli::args::Sub::Logs(args)) = cli.command else {
        return Err("no logs".into());
    };
    let paths = Paths {
        cwd: root.to_owned(),
        ..Paths::default()
    };
    let shelf = Shelf::new(root, &paths, None);
    let mut out = Vec::new();
    let mut page = Page {
        out: &mut out,
        columns,
    };
    run_on(&shelf, &args, &mut page).map_err(|failure| failure.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn sessions_of_both_programs_stand_side_by_side() {
    let root = two_sessions().await;
    let ids = [ONE, OTHER, "massgen-2026"];
    let text = compared(root.path(), &ids, Some(100)).unwrap();
    for part in [
        "≠ outcome",
        "unfinished",
        "MassGen",
        "≠ all turns",
        "--all shows them",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        text.lines()
            .all(|line| width::of(line) <= 100 || line.starts_with("  ")),
        "{text}"
    );
    let all = compared(root.path(), &["--all", ONE, OTHER], None).unwrap();
    assert!(
        all.contains("  turns  ") && !all.contains("--all shows"),
        "{all}"
    );
    let json = compared(root.path(), &["--json", ONE, OTHER], None).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sessions"][1]["run"], OTHER);
    let csv = compared(root.path(), &["--csv", ONE, OTHER], None).unwrap();
    assert!(
        csv.starts_with("section,row,differs,20261121-101530-k3f9,"),
        "{csv}"
    );
    let page = compared(root.path(), &["--markdown", ONE, OTHER], None).unwrap();
    assert!(page.contains("## Final answer of 20261122"), "{page}");
}

#[tokio::test]
async fn what_cannot_be_compared_is_said() {
    let root = two_sessions().await;
    let check = |line: &[&str], told: &str| {
        let failure = compared(root.path(), line, None).unwrap_err();
        assert!(failure.contains(told), "{line:?}: {failure}");
    };
    check(&[ONE], "2 values");
    check(&[ONE, "k3f9"], "is named twice");
    check(&[ONE, "nothing"], "No session is called");
    check(&[ONE, OTHER, "--json", "--csv"], "cannot be used with");
    let many = vec![ONE; 13];
    check(&many, "13 sessions cannot be compared");
}
