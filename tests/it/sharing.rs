//! Sessions given away and taken in, with the real program: files, targets on this machine, bundles, the
//! scan. Servers are loopback ones that write down what they were sent.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, SystemTime},
};

use massgen_tui::{
    protocol::{AgentEvent, AgentId, Channel, Event, EventKind, RunId, Seq, Timestamp, ToolEvent},
    store::{Header, Store},
};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::home::Home;

const KEY: &str = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
/// Data that a process may have; a session larger than this is written with it.
const ROOM_KB: u32 = 48_000;

impl Home {
    fn with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.program();
        command
            .args(arguments)
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// A finished demo session with this task; its name. Two of one second have no order, so it is known
    /// by not being there before.
    fn session(&self, task: &str) -> String {
        let runs = || {
            Store::reading(&self.path("state"))
                .runs()
                .unwrap_or_default()
        };
        let before = runs();
        let out = self.run(&["run", "--demo", "--demo-speed", "max", task]);
        assert!(out.status.success(), "{out:?}");
        let mut new = runs().into_iter().filter(|run| !before.contains(run));
        new.next().unwrap().0
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_session_becomes_a_file_of_every_kind() {
    let home = Home::new();
    let run = home.session("Tell mia@example.org about /home/person/x");
    for (format, ending, start) in [
        ("html", "html", &b"<!DOCTYPE html>"[..]),
        ("md", "md", b"# Session"),
        ("json", "json", b"{"),
        ("bundle", "mgt", &[0x1f, 0x8b]),
    ] {
        let out = home.run(&["export", "--format", format, "--redact", "emails"]);
        assert!(out.status.success(), "{out:?}");
        let file = home.path(&format!("{run}.{ending}"));
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(start), "{format}");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let told = text(&out.stderr);
        assert!(told.contains("home folder (2 times) in event 1"), "{told}");
        assert!(
            told.contains("e-mail address (1 time) in event 1"),
            "{told}"
        );
        if format != "bundle" {
            let words = text(&bytes);
            assert!(
                words.contains("[e-mail]") && words.contains("~/x") && !words.contains("mia@"),
                "{format}"
            );
        }
        let again = home.run(&["export", "--format", format]);
        assert_eq!(again.status.code(), Some(1), "it is there already");
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    let out = home.run(&["export", &run[run.len() - 4..], "-o", "-", "--format", "md"]);
    assert!(text(&out.stdout).starts_with("# Session"));
    let before = fs::read_dir(home.folder()).unwrap().count();
    let out = home.run(&["export", "--dry-run", "--json", "-o", "new.html"]);
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["format"], "html");
    assert!(told["bytes"].as_u64().unwrap() > 1_000 && told["file"].is_null());
    assert_eq!(
        fs::read_dir(home.folder()).unwrap().count(),
        before,
        "nothing was written"
    );
    for (arguments, code, word) in [
        (&["export", "--turns", "7"][..], 1, "no such turn"),
        (&["export", "--turns", "x"], 2, "names no turns"),
        (&["export", "--max-size", "many"], 2, "is no size"),
        (
            &["export", "--max-size", "2KB", "--force"],
            1,
            "does not fit",
        ),
        (&["export", "nobody"], 1, "nobody"),
    ] {
        let out = home.run(arguments);
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {out:?}");
        assert!(
            text(&out.stderr).contains(word),
            "{arguments:?}: {}",
            text(&out.stderr)
        );
    }
}

#[test]
fn what_may_be_a_secret_stops_it() {
    let home = Home::new();
    let task = format!("use {KEY} and postgres://me:hunter2x@db/x");
    home.session(&task);
    let out = home.run(&["export", "--format", "md"]);
    assert_eq!(out.status.code(), Some(7), "{out:?}");
    let told = text(&out.stderr);
    assert!(
        told.contains("password in an address") && !told.contains("hunter2x"),
        "{told}"
    );
    assert_eq!(
        fs::read_dir(home.folder())
            .unwrap()
            .filter(|one| one.as_ref().unwrap().path().extension().is_some())
            .count(),
        0
    );
    let out = home.run(&["share", "--to", "out.md", "--yes"]);
    assert_eq!(out.status.code(), Some(7));
    assert!(!home.path("out.md").exists());
    let out = home.run(&["export", "-o", "out.md", "--redact", "suspects"]);
    assert!(out.status.success(), "{out:?}");
    let page = fs::read_to_string(home.path("out.md")).unwrap();
    assert!(
        page.contains("sk-proj-…[masked]") && page.contains("me:…[masked]@db"),
        "{page}"
    );
    // A key of this machine has no shape and goes all the same.
    let out = home.with(
        &["export", "-o", "own.md", "--redact", "suspects"],
        &[("MY_API_KEY", "collisions, and when")],
    );
    assert!(out.status.success(), "{out:?}");
    assert!(
        !fs::read_to_string(home.path("own.md"))
            .unwrap()
            .contains("collisions, and when")
    );
}

#[test]
fn a_bundle_opens_elsewhere_and_is_only_looked_at() {
    let home = Home::new();
    let run = home.session("a task");
    assert!(
        home.run(&["export", "-o", "s.mgt", "--by", "mia"])
            .status
            .success()
    );
    let other = Home::new();
    let bundle = other.path("s.mgt");
    fs::copy(home.path("s.mgt"), &bundle).unwrap();
    let out = other.run(&["logs", "import", "s.mgt"]);
    assert!(text(&out.stdout).contains("shared by mia"), "{out:?}");
    let events = |home: &Home| {
        let session = Store::reading(&home.path("state"))
            .read(&RunId(run.clone()))
            .unwrap();
        assert_eq!(session.damage, None);
        session.events
    };
    let taken_in = other.path("state/sessions").join(&run);
    for file in fs::read_dir(&taken_in).unwrap() {
        let file = file.unwrap();
        let about = file.metadata().unwrap();
        if about.is_file() {
            let mode = about.permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", file.path());
        }
    }
    let (here, there) = (events(&home), events(&other));
    assert_eq!(here.len(), there.len());
    assert_eq!(here.last(), there.last());
    let again = other.run(&["logs", "import", "s.mgt"]);
    assert!(text(&again.stdout).contains("here already"), "{again:?}");
    let out = other.run(&["run", "--continue", &run, "go on"]);
    assert!(
        !out.status.success() && text(&out.stderr).contains("only looked at"),
        "{out:?}"
    );
    let mut bytes = fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    let third = Home::new();
    fs::write(third.path("bad.mgt"), &bytes).unwrap();
    fs::write(third.path("none.mgt"), "hello").unwrap();
    for (file, word) in [
        ("bad.mgt", "damaged"),
        ("none.mgt", "no bundle"),
        ("gone.mgt", "cannot be opened"),
    ] {
        let out = third.run(&["logs", "import", file]);
        assert_eq!(out.status.code(), Some(1), "{file}");
        assert!(
            text(&out.stderr).contains(word),
            "{file}: {}",
            text(&out.stderr)
        );
    }
    assert_eq!(
        fs::read_dir(third.path("state/sessions")).unwrap().count(),
        0,
        "nothing is left"
    );
}

#[test]
fn copies_that_two_people_annotated_come_together_through_a_bundle() {
    let ann = Home::new();
    let run = ann.session("a task in /home/person/x");
    let good = |home: &Home, arguments: &[&str]| {
        let out = home.run(arguments);
        assert!(out.status.success(), "{arguments:?}: {out:?}");
        text(&out.stdout)
    };
    good(&ann, &["export", "-o", "s.mgt", "--by", "Ann"]);
    let bea = Home::new();
    fs::copy(ann.path("s.mgt"), bea.path("s.mgt")).unwrap();
    good(&bea, &["logs", "import", "s.mgt"]);
    let shown = good(&bea, &["logs", "show", &run]);
    let line = shown
        .lines()
        .find(|line| line.contains("Shared by Ann, 20"));
    assert!(
        line.is_some_and(|line| line.contains("; taken in 20")),
        "{shown}"
    );
    let listed = good(&bea, &["logs", "list", "--json"]);
    assert!(
        listed.contains(r#""shared":{"by":"Ann","at_ms":"#),
        "{listed}"
    );
    assert!(!good(&ann, &["logs", "show", &run]).contains("Shared"));
    // The name of who writes notes comes from their own settings; a key in use is masked in them.
    let settings = bea.path(".config/massgen-tui");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("config.yaml"), "notes: {author: Bea B.}\n").unwrap();
    let note = ["logs", "note", run.as_str(), "why plain-words-of-mine-5?"];
    let out = bea.with(&note, &[("SOME_TOKEN", "plain-words-of-mine-5")]);
    assert!(text(&out.stdout).contains("by Bea B."), "{out:?}");
    good(&bea, &["export", &run, "-o", "back.mgt"]);
    fs::copy(bea.path("back.mgt"), ann.path("back.mgt")).unwrap();
    let merged = good(&ann, &["logs", "merge", "back.mgt"]);
    assert!(merged.contains("1 note"), "{merged}");
    let notes = good(&ann, &["logs", "notes", &run]);
    assert!(
        notes.contains("Bea B.") && notes.contains("[masked]"),
        "{notes}"
    );
    assert!(!notes.contains("plain-words"), "{notes}");
    assert!(good(&ann, &["logs", "merge", "back.mgt"]).contains("0 notes"));
    let other = ann.session("another task");
    let out = ann.run(&["logs", "merge", "back.mgt", "--into", &other]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let left = fs::read_dir(ann.path("state/sessions")).unwrap().flatten();
    let aside = left.filter(|one| one.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(aside.count(), 0, "nothing is left aside");
}

/// A request as it came.
struct Asked {
    head: String,
    body: Vec<u8>,
}

/// A server that answers these one after the other; what it was asked comes out.
fn server(answers: Vec<(&'static str, String)>) -> (String, mpsc::Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::sync_channel(16);
    thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let asked = read(&mut stream);
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
            let _ = tell.send(asked);
        }
    });
    (base, told)
}

fn read(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = text(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| {
                line.strip_prefix("content-length: ")?
                    .trim()
                    .parse::<usize>()
                    .ok()
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Asked {
                    head: text(&bytes[..end]),
                    body: bytes.split_off(end + 4),
                };
            }
        }
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the request broke off: {}", text(&bytes));
        bytes.extend_from_slice(&piece[..count]);
    }
}

#[test]
fn a_session_goes_to_servers_as_a_whole_and_only_when_it_may() {
    let home = Home::new();
    let run = home.session("a task");
    assert!(home.run(&["export", "-o", "same.mgt"]).status.success());
    let bundle = fs::read(home.path("same.mgt")).unwrap();

    // Without a terminal and without --yes nothing leaves.
    let out = home.run(&["share", "--to", "http://127.0.0.1:9/x/"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    assert!(text(&out.stderr).contains("Nothing was sent"));

    // WebDAV: busy once, then it takes it.
    let (base, told) = server(vec![
        ("503 Busy", String::new()),
        ("201 Created", String::new()),
    ]);
    let to = format!("{base}/dav/");
    let out = home.with(
        &["share", "--format", "bundle", "--to", &to, "--yes"],
        &[("WEBDAV_USER", "mia"), ("WEBDAV_PASSWORD", "pw")],
    );
    assert!(out.status.success(), "{out:?}");
    assert_eq!(text(&out.stdout).trim(), format!("{base}/dav/{run}.mgt"));
    for _ in 0..2 {
        let asked = told.recv().unwrap();
        assert!(
            asked.head.starts_with(&format!("PUT /dav/{run}.mgt ")),
            "{}",
            asked.head
        );
        let head = asked.head.to_lowercase();
        assert!(
            head.contains("authorization: basic bwlhonb3") && head.contains("if-none-match: *"),
            "{head}"
        );
        assert_eq!(asked.body, bundle, "byte for byte");
    }
    assert_eq!(
        fs::read_dir(home.path("state/outgoing")).unwrap().count(),
        0,
        "nothing is left behind"
    );

    let (base, told) = server(vec![("412 There", "in the way".into())]);
    let out = home.run(&["share", "--to", &format!("{base}/x.html"), "--yes"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("--force replaces it"), "{out:?}");
    drop(told);
}

#[test]
fn a_session_goes_to_the_services_that_keep_snippets_and_buckets() {
    let home = Home::new();
    let run = home.session("a task");
    assert!(home.run(&["export", "-o", "same.mgt"]).status.success());
    let bundle = fs::read(home.path("same.mgt")).unwrap();
    let (base, told) = server(vec![(
        "201 Created",
        r#"{"html_url":"https://gist.example/1"}"#.into(),
    )]);
    let out = home.with(
        &["share", "--to", "gist", "--yes", "--json"],
        &[
            ("GH_TOKEN", "a-token-for-tests-only"),
            ("GITHUB_API_URL", &base),
        ],
    );
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["url"], "https://gist.example/1");
    let asked = told.recv().unwrap();
    assert!(
        asked.head.starts_with("POST /gists ")
            && asked.head.contains("Bearer a-token-for-tests-only")
    );
    let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(body["public"], false);
    assert!(
        body["files"][format!("{run}.md")]["content"]
            .as_str()
            .unwrap()
            .starts_with("# Session")
    );

    let (base, told) = server(vec![
        ("401 No", "who are you".into()),
        ("201 Created", r#"{"web_url":"https://s.example/2"}"#.into()),
    ]);
    let environment = [
        ("GITLAB_TOKEN", "another-token-for-tests"),
        ("GITLAB_URL", base.as_str()),
    ];
    let out = home.with(&["share", "--to", "snippet", "--yes"], &environment);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("Check the token"), "{out:?}");
    let out = home.with(&["share", "--to", "snippet", "--yes"], &environment);
    assert_eq!(text(&out.stdout).trim(), "https://s.example/2");
    told.recv().unwrap();
    let asked = told.recv().unwrap();
    assert!(asked.head.starts_with("POST /api/v4/snippets "));
    let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(body["visibility"], "private");

    let (base, told) = server(vec![("200 OK", String::new())]);
    let out = home.with(
        &[
            "share",
            "--to",
            "s3://box/a b/",
            "--format",
            "bundle",
            "--yes",
        ],
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDTESTONLY"),
            ("AWS_SECRET_ACCESS_KEY", "no-real-secret-at-all"),
            ("AWS_ENDPOINT_URL", &base),
        ],
    );
    assert!(out.status.success(), "{out:?}");
    let asked = told.recv().unwrap();
    assert!(
        asked
            .head
            .starts_with(&format!("PUT /box/a%20b/{run}.mgt ")),
        "{}",
        asked.head
    );
    assert!(
        asked
            .head
            .contains("AWS4-HMAC-SHA256 Credential=AKIDTESTONLY/")
    );
    assert_eq!(asked.body, bundle);
    let out = home.run(&["share", "--to", "s3://box/", "--yes"]);
    assert!(text(&out.stderr).contains("AWS_ACCESS_KEY_ID"), "{out:?}");
}

/// A program of this name that writes down what it was told, and says where it put the file.
fn stub(home: &Home, name: &str, says: &str) -> String {
    let folder = home.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let script = "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$HOME/told\"\n\
                  for last; do :; done\ncat \"$last\" >\"$HOME/given\" || exit 4\n";
    let path = folder.join(name);
    fs::write(&path, format!("{script}{says}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let usual = std::env::var("PATH").unwrap_or_default();
    format!("{}:{usual}", folder.display())
}

#[test]
fn a_session_goes_through_the_persons_own_clients() {
    let home = Home::new();
    let run = home.session("a task");
    assert!(
        home.run(&["export", "--format", "md", "-o", "same.md"])
            .status
            .success()
    );
    for (target, name, words) in [
        (
            "snippet",
            "glab",
            "snippet\ncreate\n--personal\n--visibility\nprivate\n--title\nmassgen-tui: a task\n--filename\n",
        ),
        (
            "gist",
            "gh",
            "gist\ncreate\n--desc\nmassgen-tui: a task\n--filename\n",
        ),
    ] {
        let path = stub(&home, name, "echo made it; echo https://there.example/7");
        let environment = [("PATH", path.as_str())];
        let out = home.with(&["share", "--to", target, "--yes"], &environment);
        assert!(out.status.success(), "{out:?}");
        assert_eq!(text(&out.stdout).trim(), "https://there.example/7");
        let told = fs::read_to_string(home.path("told")).unwrap();
        let file = format!("/{run}.md\n");
        assert!(
            told.starts_with(&format!("{words}{run}.md\n")) && told.ends_with(&file),
            "{told}"
        );
        assert_eq!(
            fs::read(home.path("given")).unwrap(),
            fs::read(home.path("same.md")).unwrap()
        );
        // One who is not logged in is told how.
        let path = stub(&home, name, "echo 'not logged in' >&2; exit 1");
        let environment = [("PATH", path.as_str())];
        let out = home.with(&["share", "--to", target, "--yes"], &environment);
        assert_eq!(out.status.code(), Some(1), "{out:?}");
        let said = text(&out.stderr);
        let way = format!("`{name} auth login`");
        assert!(
            said.contains("not logged in") && said.contains(&way),
            "{said}"
        );
    }
    let left = fs::read_dir(home.path("state/outgoing")).unwrap();
    assert_eq!(left.count(), 0, "nothing is left behind");
}

#[test]
fn signals_end_the_sending_and_nothing_is_left_behind() {
    let home = Home::new();
    home.session("a task");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = format!("http://{}/x/", listener.local_addr().unwrap());
        let child = home
            .program()
            .args(["share", "--to", &to, "--yes"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        // The server has it all, and never answers.
        let (mut stream, _) = listener.accept().unwrap();
        let _ = read(&mut stream);
        kill_process(pid, signal).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{out:?}");
        assert!(text(&out.stderr).contains("not sent as a whole"), "{out:?}");
        let left = fs::read_dir(home.path("state/outgoing")).unwrap();
        assert_eq!(left.count(), 0, "nothing is left behind");
    }
}

#[test]
fn what_a_killed_process_left_aside_goes_the_next_time() {
    let home = Home::new();
    home.session("a task");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/x/", listener.local_addr().unwrap());
    let mut child = home
        .program()
        .args(["share", "--to", &to, "--yes"])
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let _ = read(&mut stream);
    child.kill().unwrap();
    child.wait().unwrap();
    let outgoing = home.path("state/outgoing");
    let left = || fs::read_dir(&outgoing).unwrap().flatten();
    let folder = left().next().unwrap().path();
    let file = fs::read_dir(&folder).unwrap().flatten().next().unwrap();
    let looked = || home.with(&["export", "--dry-run"], &[]);
    assert_eq!(looked().status.code(), Some(0));
    assert!(file.path().exists(), "another process may still send it");
    let long_ago = SystemTime::now() - Duration::from_hours(25);
    for path in [file.path(), folder] {
        let opened = fs::File::open(path).unwrap();
        opened.set_modified(long_ago).unwrap();
    }
    assert_eq!(looked().status.code(), Some(0));
    assert_eq!(left().count(), 0);
}

#[test]
fn a_session_goes_to_commands_files_and_named_places() {
    let home = Home::new();
    let run = home.session("a task");
    fs::create_dir_all(home.path(".config/massgen-tui")).unwrap();
    fs::create_dir(home.path("shelf")).unwrap();
    let place = home.path("shelf").display().to_string();
    fs::write(
        home.path(".config/massgen-tui/config.yaml"),
        format!("share:\n  targets:\n    disk: {place}\n    pipe: '| cat > piped.md'\n"),
    )
    .unwrap();
    let out = home.run(&["share", "--to", "disk", "--yes"]);
    assert!(out.status.success(), "{out:?}");
    assert!(home.path("shelf").join(format!("{run}.html")).exists());
    let out = home.run(&["share", "--to", "pipe", "--format", "md", "--yes"]);
    assert!(out.status.success(), "{out:?}");
    assert!(
        fs::read_to_string(home.path("piped.md"))
            .unwrap()
            .starts_with("# Session")
    );
    let out = home.run(&[
        "share",
        "--to",
        "| cp {file} copied.mgt; echo https://there.example/x",
        "--format",
        "bundle",
        "--yes",
    ]);
    assert_eq!(
        text(&out.stdout).trim(),
        "https://there.example/x",
        "{out:?}"
    );
    assert!(home.path("copied.mgt").exists());
    let out = home.run(&["share", "--to", "| exit 3", "--yes"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    // A project's own configuration names no places.
    fs::create_dir_all(home.path("project/.massgen")).unwrap();
    fs::write(
        home.path("project/.massgen/config.yaml"),
        "share: {targets: {disk: '| touch /tmp/never'}}",
    )
    .unwrap();
    let out = home.run(&["share", "--to", "disk", "--dry-run"]);
    assert!(text(&out.stdout).contains(&place), "{out:?}");
}

#[test]
fn old_secrets_are_found_and_masked() {
    let home = Home::new();
    let run = home.session("a task");
    let log = home.path("state/sessions").join(&run).join("events.jsonl");
    let old = fs::read_to_string(&log)
        .unwrap()
        .replace("a task", &format!("a task with {KEY}"));
    fs::write(&log, &old).unwrap();
    let attempt = home.path(".massgen/massgen_logs/log_20260101_000000_000001/turn_1/attempt_1");
    fs::create_dir_all(&attempt).unwrap();
    let metadata = format!("query: 'with {KEY}'\ntimestamp: '2026-01-31T12:00:00'\n");
    fs::write(attempt.join("execution_metadata.yaml"), &metadata).unwrap();
    fs::create_dir_all(attempt.join("agent_outputs")).unwrap();
    fs::write(
        attempt.join("agent_outputs/agent_a.txt"),
        format!("one\ntwo {KEY}\n"),
    )
    .unwrap();

    let out = home.run(&["logs", "scan"]);
    let told = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{told}");
    assert!(
        told.contains("events.jsonl:2 (event 1): sk-proj- key"),
        "{told}"
    );
    assert!(
        told.contains("agent_a.txt:2") && told.contains("execution_metadata.yaml:1"),
        "{told}"
    );
    assert!(!told.contains("0123456789abc"));
    assert_eq!(
        fs::read_to_string(&log).unwrap(),
        old,
        "looking changes nothing"
    );

    let out = home.run(&["logs", "scan", "--fix"]);
    assert_eq!(
        out.status.code(),
        Some(1),
        "MassGen's are still there: {}",
        text(&out.stdout)
    );
    assert!(
        text(&out.stdout).contains("--fix --massgen masks"),
        "{out:?}"
    );
    assert!(!fs::read_to_string(&log).unwrap().contains("0123456789abc"));
    assert_eq!(
        fs::read_to_string(attempt.join("execution_metadata.yaml")).unwrap(),
        metadata
    );
    assert!(home.run(&["logs", "show", &run]).status.success());
    let out = home.run(&["logs", "scan", &run]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");

    let out = home.run(&["logs", "scan", "--fix", "--massgen"]);
    assert_eq!(out.status.code(), Some(2), "nobody to ask: {out:?}");
    let out = home.run(&["logs", "scan", "--fix", "--massgen", "--yes", "--json"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stdout));
    assert!(
        !fs::read_to_string(attempt.join("agent_outputs/agent_a.txt"))
            .unwrap()
            .contains("0123456789abc")
    );
    assert_eq!(home.run(&["logs", "scan"]).status.code(), Some(0));
}

/// A session of more bytes than [`ROOM_KB`].
fn large(log: &Path) -> u64 {
    let run = RunId("20261121-101530-k3f9".into());
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    let mut out = std::io::BufWriter::new(fs::File::create(log).unwrap());
    writeln!(out, "{}", serde_json::to_string(&Header::new(run)).unwrap()).unwrap();
    let mut seq = 0;
    let mut tell = |event: AgentEvent| {
        seq += 1;
        let event = Event {
            seq: Seq(seq),
            at: Timestamp(1_795_256_130_000 + seq),
            kind: EventKind::Agent {
                id: AgentId(1),
                event,
            },
        };
        writeln!(out, "{}", serde_json::to_string(&event).unwrap()).unwrap();
    };
    for call in 0..900 {
        let call = call.to_string();
        tell(AgentEvent::Delta {
            channel: Channel::Text,
            text: "some words ".repeat(30),
        });
        tell(AgentEvent::Tool(ToolEvent::Started {
            call: call.clone(),
            name: "read".into(),
            arguments: "{}".into(),
        }));
        tell(AgentEvent::Tool(ToolEvent::Finished {
            call,
            ok: true,
            output: "plain words of a file\n".repeat(2_700),
            elapsed_ms: 3,
        }));
    }
    out.flush().unwrap();
    drop(out);
    fs::metadata(log).unwrap().len()
}

#[test]
fn a_large_session_is_given_away_in_little_memory() {
    let home = Home::new();
    let bytes = large(&home.path("state/sessions/20261121-101530-k3f9/events.jsonl"));
    assert!(bytes > 50_000_000, "{bytes}");
    let script = format!(
        "ulimit -d {ROOM_KB}; exec '{}' export latest --format json -o out.json",
        env!("CARGO_BIN_EXE_massgen-tui")
    );
    let out = home.command("sh").args(["-c", &script]).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    assert!(fs::metadata(home.path("out.json")).unwrap().len() > 50_000_000);
}

#[test]
fn notes_of_people_go_along_masked() {
    let home = Home::new();
    let run = home.session("a task");
    let words = format!("<script>alert(1)</script> the key is {KEY}");
    for arguments in [
        &["logs", "note", &run, &words, "--at", "1", "--author", "Mia"][..],
        &["logs", "note", &run, "on all of it", "--author", "Bo"],
    ] {
        let out = home.run(arguments);
        assert!(out.status.success(), "{out:?}");
    }
    // A key that was written before anything masked it.
    let file = home.path(&format!("state/sessions/{run}/notes.jsonl"));
    let kept = fs::read_to_string(&file).unwrap();
    fs::write(&file, kept.replace("on all of it", &format!("as {KEY}"))).unwrap();
    for (format, heard) in [
        ("html", "note by Mia"),
        ("md", "**Bo**"),
        ("json", "\"author\":\"Bo\""),
    ] {
        let out = home.run(&["export", "--format", format, "-o", "-"]);
        assert!(out.status.success(), "{out:?}");
        let page = text(&out.stdout);
        assert!(page.contains(heard), "{format}: {page}");
        assert!(!page.contains(KEY), "{format}");
        if format == "html" {
            assert!(!page.contains("<script>alert"), "{format}");
        }
    }
    let out = home.run(&["export", "--format", "cast", "-o", "-"]);
    assert!(!text(&out.stdout).contains("Mia"), "{out:?}");
}
