//! `massgen-tui screenshot` as a process: files, formats, moments, refusals.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// A state folder with the session of the docs' pictures, and a folder to work in.
struct Desk(tempfile::TempDir);

const RUN: &str = "20261121-101530-k3f9";

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("state/sessions").join(RUN);
        fs::create_dir_all(&session).unwrap();
        fs::create_dir(folder.path().join("here")).unwrap();
        let log =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sessions/pictures.jsonl");
        fs::copy(log, session.join("events.jsonl")).unwrap();
        Self(folder)
    }

    fn here(&self) -> std::path::PathBuf {
        self.0.path().join("here")
    }

    fn shoot(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .arg("screenshot")
            .args(arguments)
            .current_dir(self.here())
            .env_clear()
            .env("HOME", self.0.path())
            .env("MASSGEN_TUI_STATE_DIR", self.0.path().join("state"))
            .output()
            .unwrap()
    }

    /// What is printed; the picture as text.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.shoot(&[&["-o", "-", "--format", "txt"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The words of a refusal.
    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.shoot(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_picture_is_a_file_whose_name_is_told_and_which_is_not_replaced() {
    let desk = Desk::new();
    let first = desk.shoot(&[]);
    assert!(first.status.success(), "{first:?}");
    let name = format!("massgen-tui-{RUN}-live.png");
    assert_eq!(String::from_utf8(first.stdout).unwrap().trim(), name);
    let made = fs::read(desk.here().join(&name)).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&made))
        .read_info()
        .unwrap();
    let info = reader.info();
    assert_eq!(
        (info.width, info.height),
        (2 * (140 * 9 + 18), 2 * (40 * 18 + 18))
    );
    assert!(desk.refusal(&[]).contains("--force replaces it"));
    assert_eq!(fs::read(desk.here().join(&name)).unwrap(), made);
    let again = desk.shoot(&["k3f9", "--force"]);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(
        fs::read(desk.here().join(&name)).unwrap(),
        made,
        "the same bytes"
    );
    assert_eq!(fs::read_dir(desk.here()).unwrap().count(), 1);
}

#[test]
fn formats_go_by_the_ending() {
    let desk = Desk::new();
    for (name, begins) in [
        ("a.png", &b"\x89PNG"[..]),
        ("a.svg", b"<svg "),
        ("a.txt", b"Final"),
        ("a.ans", b"\x1b["),
    ] {
        let output = desk.shoot(&["-o", name, "--size", "60x16"]);
        assert!(output.status.success(), "{output:?}");
        let made = fs::read(desk.here().join(name)).unwrap();
        let text = String::from_utf8_lossy(&made);
        assert!(
            text.trim_start().as_bytes().starts_with(begins) || made.starts_with(begins),
            "{name}: {text}"
        );
    }
    assert!(
        desk.refusal(&["-o", "a.gif"])
            .contains(".png, .svg, .txt or .ans")
    );
}

#[test]
fn any_moment_and_screen_can_be_seen() {
    let desk = Desk::new();
    assert!(desk.text(&[]).contains("Final answer"));
    assert!(desk.text(&["--at", "140"]).contains("drafting"));
    assert!(desk.text(&["--at", "+1s"]).contains("0 answers"));
    assert!(desk.text(&["--at", "0%"]).contains("working"));
    assert_eq!(desk.text(&["--at", "100%"]), desk.text(&[]));
    assert!(desk.text(&["--at", "agent2.1"]).contains("2 answers"));
    assert!(
        desk.text(&["--at", "19:29:33", "--utc"])
            .contains("working 0:0")
    );
    for (screen, words) in [
        ("votes", "as asked"),
        ("timeline", "agent3.2"),
        ("cost", "tokens"),
        ("team", "plurality"),
        ("answer", "Final answer"),
        ("agents", "wren"),
    ] {
        let text = desk.text(&["--screen", screen]);
        assert!(
            text.to_lowercase().contains(&words.to_lowercase()),
            "{screen}:\n{text}"
        );
    }
    let pane = desk.text(&["--at", "140", "--pane", "heron"]);
    assert!(
        pane.contains("vote for agent2.1 dropped") && !pane.contains("drafting answer"),
        "{pane}"
    );
    assert_eq!(pane, desk.text(&["--at", "140", "--pane", "2"]));
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let desk = Desk::new();
    let has = |arguments: &[&str], words: &[&str]| {
        let told = desk.refusal(arguments);
        assert!(
            words.iter().all(|word| told.contains(word)),
            "{arguments:?}: {told}"
        );
    };
    has(
        &["--screen", "sky"],
        &["\"sky\"", "live, agents, answer, answers, votes"],
    );
    has(&["--theme", "sky"], &["dark, light, plain, paper"]);
    has(&["--pane", "eve"], &["finch, heron, wren"]);
    has(
        &["--pane", "wren", "--screen", "votes"],
        &["--screen live or agents"],
    );
    has(&["--at", "soon"], &["\"soon\"", "`+90s`", "`50%`"]);
    has(&["--at", "9999"], &["no such moment", "events 1 to"]);
    has(&["--at", "+3h"], &["no such moment", "lasts"]);
    has(&["--size", "big"], &["140x40"]);
    has(&["--size", "9999x9999"], &["at most 500x250"]);
    has(&["--format", "gif"], &["png, svg, txt, ans"]);
    has(&["--screen", "review"], &["no folder"]);
    assert!(
        fs::read_dir(desk.here()).unwrap().next().is_none(),
        "nothing is left behind"
    );
    let unknown = desk.shoot(&["nothing"]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[test]
fn a_secret_in_pieces_is_masked() {
    let desk = Desk::new();
    let log = desk
        .0
        .path()
        .join("state/sessions")
        .join(RUN)
        .join("events.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let first = text.lines().take(2).collect::<Vec<_>>().join("\n");
    let delta = |seq: u32, words: &str| {
        format!(
            r#"{{"seq":{seq},"at":1795289370100,"kind":{{"agent":{{"id":1,"event":{{"delta":{{"channel":"text","text":"{words}"}}}}}}}}}}"#
        )
    };
    let key = ["sk-proj-0123456789abcdef", "ghijklmnopqrstuvwxyz"];
    let log_text = format!("{first}\n{}\n{}\n", delta(2, key[0]), delta(3, key[1]));
    fs::write(&log, log_text).unwrap();
    let text = desk.text(&["--pane", "finch"]);
    assert!(text.contains("masked"), "{text}");
    assert!(
        !text.contains("ghijklmnop") && !text.contains("0123456789abc"),
        "{text}"
    );
}

#[test]
fn a_recording_is_exported_and_plays_to_the_end() {
    let desk = Desk::new();
    let export = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(["export", RUN, "--format", "cast"])
            .args(arguments)
            .current_dir(desk.here())
            .env_clear()
            .env("HOME", desk.0.path())
            .env("MASSGEN_TUI_STATE_DIR", desk.0.path().join("state"))
            .output()
            .unwrap()
    };
    let made = export(&["-o", "x.cast"]);
    assert!(made.status.success(), "{made:?}");
    let text = fs::read_to_string(desk.here().join("x.cast")).unwrap();
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert_eq!(lines.next().unwrap()["version"], 2);
    let marks: Vec<String> = lines
        .filter(|line| line[1] == "m")
        .map(|line| line[2].as_str().unwrap().to_owned())
        .collect();
    for mark in [
        "turn 1",
        "answer agent2.1 (heron)",
        "wren votes agent3.2",
        "answered: agent3.2",
    ] {
        assert!(marks.iter().any(|one| one == mark), "{mark}: {marks:?}");
    }
    let small = export(&["-o", "y.cast", "--max-size", "1KB"]);
    assert_eq!(small.status.code(), Some(1), "{small:?}");
    assert!(!desk.here().join("y.cast").exists());
}

#[test]
fn screens_about_sessions_are_answered_as_in_the_program() {
    let desk = Desk::new();
    let all = desk.text(&["--screen", "browser"]);
    assert!(
        all.contains("Sessions  1 of 1") && all.contains("answered"),
        "{all}"
    );
    let report = desk.text(&["--screen", "report"]);
    assert!(
        report.contains("Report") && report.contains("Turn 1"),
        "{report}"
    );
    let notes = desk.text(&["--screen", "notes"]);
    assert!(notes.contains("Notes"), "{notes}");
    let answers = desk.text(&["--screen", "answers"]);
    assert!(answers.contains("4 answers · U"), "{answers}");
    assert!(desk.refusal(&["--screen", "browzer"]).contains("browser"));
}

#[test]
fn sessions_side_by_side_are_a_screen_and_a_picture_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let other = "20261121-101531-k3fa";
    let sessions = desk.0.path().join("state/sessions");
    let log = fs::read_to_string(sessions.join(RUN).join("events.jsonl")).unwrap();
    fs::create_dir(sessions.join(other)).unwrap();
    let copy = sessions.join(other).join("events.jsonl");
    fs::write(copy, log.replace(RUN, other)).unwrap();
    let text = desk.text(&["k3f9", "k3fa", "--screen", "compare", "--size", "100x12"]);
    assert!(text.contains("2 sessions"), "{text}");
    assert!(text.contains(RUN) && text.contains(other), "{text}");
    for wrong in [&["k3f9", "--screen", "compare"][..], &["k3f9", "k3fa"]] {
        assert!(desk.refusal(wrong).contains("--screen compare takes two"));
    }
    let twice = desk.refusal(&["k3f9", "k3f9", "--screen", "compare"]);
    assert!(twice.contains("named twice"), "{twice}");
    assert!(desk.shoot(&["k3f9", "-o", "x.svg"]).status.success());
    let mode = fs::metadata(desk.here().join("x.svg"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}
