//! What many sessions cost: 10 000 in the list, a corpus of logs in the index and asked, a log of MassGen
//! read; each beside what the same bytes or files cost without us, in the same run.
//!
//! `cargo bench --bench sessions`. `SESSIONS=10000` is the length of the list, `SEARCH_MB=64` the size of
//! the corpus (1000 for a gigabyte, in the folder for temporary files), `MASSGEN_LOG=FOLDER` a log of MassGen
//! to read in place of a made one.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sessions/browse.rs"]
mod browse;

use std::{
    env,
    fmt::Write as _,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use massgen_tui::{
    app::shelf::{Shelf, Volume},
    config::Paths,
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Channel, Event, EventKind, Label, Limits, Origin,
        Outcome, OutcomeEnd, Rules, RunEvent, RunId, Seq, Timestamp, ToolEvent, TurnStart,
    },
    store::{Header, search::Go},
};

/// Words of the corpus; the first are common, the last are rare.
const VOCABULARY: u64 = 50_000;
/// A word that stands in one passage of the whole corpus.
const RARE: &str = "needleinthehaystack";
/// Repetitions whose median is told.
const TIMES: usize = 7;

fn main() {
    if env::args().any(|word| word == "--list") {
        return;
    }
    list(number("SESSIONS", 10_000));
    search(number("SEARCH_MB", 64));
    import();
}

fn number(name: &str, usual: u64) -> u64 {
    let value = env::var(name).ok();
    value.map_or(usual, |value| value.parse().expect("a number"))
}

fn shelf(folder: &Path) -> Shelf {
    let paths = Paths {
        cwd: folder.join("cwd"),
        ..Paths::default()
    };
    Shelf::new(&folder.join("state"), &paths, None)
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

fn median<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES).map(|_| timed(|| black_box(work())).0).collect();
    times.sort_unstable();
    times[TIMES / 2]
}

fn row(what: &str, time: Duration, beside: Duration, note: &str) {
    let ratio = time.as_secs_f64() / beside.as_secs_f64();
    println!(
        "{what:<44} {:>10.2} ms  {ratio:>8.2} x  {note}",
        time.as_secs_f64() * 1e3
    );
}

fn event(seq: u64, at: u64, kind: EventKind) -> Event {
    Event {
        seq: Seq(seq),
        at: Timestamp(at),
        kind,
    }
}

fn started(run: &RunId, prompt: &str) -> EventKind {
    let card = |number: u16, name: &str| AgentCard {
        id: AgentId(number),
        name: name.into(),
        model: format!("{name}-model"),
        backend: "demo".into(),
    };
    EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: run.clone(),
        turn: 1,
        prompt: prompt.into(),
        team: vec![card(1, "ada"), card(2, "brook"), card(3, "chen")],
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Direct,
        version: "0.1.0".into(),
        cwd: "/home/person/project".into(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    })))
}

fn ended(text: &str) -> EventKind {
    EventKind::Run(RunEvent::Ended(Outcome::Answered {
        winner: Label::new(AgentId(1), 1),
        text: text.into(),
        presenter: Some(AgentId(1)),
        end: OutcomeEnd::Consensus,
        changes: Vec::new(),
    }))
}

fn agent(number: u16, event: AgentEvent) -> EventKind {
    EventKind::Agent {
        id: AgentId(number),
        event,
    }
}

fn run_id(number: u64) -> RunId {
    RunId(format!(
        "2026{:02}{:02}-{:06}-aaaa",
        number / 28 % 12 + 1,
        number % 28 + 1,
        number
    ))
}

/// Writes a log; gives its bytes.
fn write(folder: &Path, run: &RunId, events: &[Event]) -> u64 {
    let session = folder.join("state/sessions").join(&run.0);
    fs::create_dir_all(&session).unwrap();
    let mut text = serde_json::to_string(&Header::new(run.clone())).unwrap() + "\n";
    for event in events {
        text.push_str(&serde_json::to_string(event).unwrap());
        text.push('\n');
    }
    fs::write(session.join("events.jsonl"), &text).unwrap();
    text.len() as u64
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let sessions = fs::read_dir(folder.join("state/sessions")).unwrap();
    sessions
        .map(|entry| entry.unwrap().path().join("events.jsonl"))
        .collect()
}

/// The list: nothing remembered, summaries beside the logs, everything remembered.
fn list(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for number in 0..count {
        let run = run_id(number);
        let at = 1_767_225_600_000 + number * 60_000;
        let prompt = format!("task number {number}: find out why the build is slow and mend it");
        let events = [
            event(1, at, started(&run, &prompt)),
            event(2, at + 5_000, ended("done")),
        ];
        write(folder, &run, &events);
    }
    let stat = median(|| {
        let logs = logs(folder);
        logs.iter()
            .map(|log| fs::metadata(log).unwrap().len())
            .sum::<u64>()
    });
    println!("\n{count} sessions in the list; x: reading the folder and looking at each log once");
    row("folder and logs looked at", stat, stat, "");
    let shelf = shelf(folder);
    let all = |what: &str| {
        let (time, entries) = timed(|| shelf.entries().unwrap());
        assert_eq!(entries.len() as u64, count, "{what}");
        row(what, time, stat, "once");
    };
    all("listed, every log read");
    all("listed, summaries read");
    // What changed within the last moments is looked at again: these are to be of yesterday.
    let yesterday = SystemTime::now() - Duration::from_hours(24);
    for log in logs(folder) {
        let session = log.parent().unwrap();
        for path in [log.as_path(), session] {
            fs::File::open(path)
                .unwrap()
                .set_modified(yesterday)
                .unwrap();
        }
    }
    shelf.entries().unwrap();
    let warm = median(|| shelf.entries().unwrap().len());
    row("listed, remembered", warm, stat, "median");
    let entries = shelf.entries().unwrap();
    let (usual, slowest) = browse::arranged(&entries, &shelf.ground());
    row("filtered and put in order", usual, stat, "median");
    row("", slowest, stat, "slowest");
    let log = &logs(folder)[0];
    let grown = median(|| {
        let bytes = fs::read(log).unwrap();
        fs::write(log, [bytes.as_slice(), b"\n"].concat()).unwrap();
        shelf.entries().unwrap().len()
    });
    row("listed, one log changed", grown, stat, "median");
}

/// Words as in a language: the n-th is n times rarer than the first. The same on every run.
struct Words {
    state: u64,
}

impl Words {
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn text(&mut self, count: u64) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let share = (self.next() % 1_000_000) as f64 / 1_000_000.0;
            let rank = (VOCABULARY as f64).powf(share) as u64;
            write!(text, "w{rank}ord ").unwrap();
        }
        text
    }
}

/// The same words, every other two with a sign between.
fn as_code(text: &str) -> String {
    let mut odd = false;
    let joined = text.chars().map(|c| {
        odd ^= c == ' ';
        if c == ' ' && odd { '_' } else { c }
    });
    joined.collect()
}

/// A session of about a megabyte: text and thinking in pieces, tools, answers.
fn lived(folder: &Path, number: u64, words: &mut Words, rare: bool) -> u64 {
    let run = run_id(number);
    let start = 1_767_225_600_000 + number * 3_600_000;
    let mut kinds = vec![started(&run, &words.text(40))];
    for round in 0..12_u32 {
        for id in 1..=3_u16 {
            for piece in 0..60 {
                let channel = if piece < 30 {
                    Channel::Thinking
                } else {
                    Channel::Text
                };
                let text = words.text(12);
                kinds.push(agent(id, AgentEvent::Delta { channel, text }));
            }
            let call = format!("c{round}");
            kinds.push(agent(
                id,
                AgentEvent::Tool(ToolEvent::Started {
                    call: call.clone(),
                    name: "run_shell".into(),
                    arguments: format!("{{\"command\":\"{}\"}}", words.text(10)),
                }),
            ));
            kinds.push(agent(
                id,
                AgentEvent::Tool(ToolEvent::Finished {
                    call,
                    ok: true,
                    output: as_code(&words.text(500)),
                    elapsed_ms: 10,
                }),
            ));
            let needle = if rare && round == 6 { RARE } else { "" };
            kinds.push(agent(
                id,
                AgentEvent::Published(Answer {
                    label: Label::new(AgentId(id), round + 1),
                    text: format!("{}{needle} {}", words.text(200), words.text(200)),
                    auto: false,
                    changes: Vec::new(),
                }),
            ));
        }
    }
    kinds.push(ended(&words.text(300)));
    let events: Vec<Event> = (1..)
        .zip(kinds)
        .map(|(seq, kind)| event(seq, start + seq * 100, kind))
        .collect();
    write(folder, &run, &events)
}

/// The index: made, asked, brought up to date.
fn search(megabytes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut words = Words {
        state: 88_172_645_463_325_252,
    };
    let (mut bytes, mut sessions) = (0, 0);
    while bytes < megabytes * 1_000_000 || sessions == 0 {
        bytes += lived(folder, sessions, &mut words, sessions == 0);
        sessions += 1;
    }
    let scan = median(|| {
        let logs = logs(folder);
        let texts = logs.iter().map(|log| fs::read_to_string(log).unwrap());
        texts.filter(|text| text.contains(RARE)).count()
    });
    println!(
        "\n{} MB in {sessions} sessions searched; x: reading all of it for one word",
        bytes / 1_000_000
    );
    row("all logs read for one word", scan, scan, "");
    let shelf = shelf(folder);
    let (made, go) = timed(|| shelf.index(&mut |_| Go::On).unwrap());
    assert_eq!(go, Go::On);
    let index = fs::metadata(folder.join("state/index/search-3.db"))
        .unwrap()
        .len();
    let note = format!(
        "once; {:.0} MB/s, index {:.0} % of the logs",
        bytes as f64 / 1e6 / made.as_secs_f64(),
        index as f64 * 100.0 / bytes as f64
    );
    row("index made", made, scan, &note);
    for (what, query, least) in [
        ("a rare word", RARE, 1),
        ("a common word", "w1ord", 20),
        ("two common words", "w1ord w2ord", 20),
        ("a phrase of common words", "\"w1ord w2ord\"", 20),
        ("three words, one of them rarer", "w1ord w7ord w900ord", 0),
        ("a word that is not there", "nowhere", 0),
        ("a beginning", "w4999*", 0),
        ("a beginning that many words have", "w1*", 20),
        ("a beginning behind a sign", "w1ord_w1*", 20),
        ("a common word in votes, where none is", "w1ord in:vote", 0),
        (
            "a common word of failed sessions",
            "w1ord outcome:failed",
            0,
        ),
    ] {
        let found = shelf.search(query, 20).unwrap();
        assert!(found.hits.len() >= least, "{query}");
        let time = median(|| shelf.search(query, 20).unwrap());
        row(what, time, scan, &format!("{} shown", found.hits.len()));
    }
    let unchanged = median(|| shelf.index(&mut |_| Go::On).unwrap());
    row("brought up to date, nothing new", unchanged, scan, "");
    let log = logs(folder).remove(0);
    let grown = median(|| {
        let notice = agent(
            1,
            AgentEvent::Delta {
                channel: Channel::Text,
                text: words.text(12),
            },
        );
        let line = serde_json::to_string(&event(1_000_000, 1_767_225_600_000, notice)).unwrap();
        let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
        std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()).unwrap();
        shelf.index(&mut |_| Go::On).unwrap()
    });
    row("brought up to date, one event more", grown, scan, "");
}

/// A log of MassGen: read, and looked at when it did not change.
fn import() {
    let folder = tempfile::tempdir().unwrap();
    let given = env::var_os("MASSGEN_LOG").map(PathBuf::from);
    let root = given.unwrap_or_else(|| made(folder.path()));
    let mut files = Vec::new();
    collect(&root, &mut files);
    let plain = median(|| {
        let bytes = files
            .iter()
            .map(|file| fs::read(file).unwrap_or_default().len());
        bytes.sum::<usize>()
    });
    let shelf = shelf(folder.path());
    let volume = Volume::MassGen(root);
    let events = shelf.read(&volume).unwrap().events.len();
    println!(
        "\na log of MassGen with {} files; x: reading its bytes",
        files.len()
    );
    row("bytes read", plain, plain, "");
    let read = median(|| shelf.read(&volume).unwrap());
    row(
        "read as a session",
        read,
        plain,
        &format!("{events} events"),
    );
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A log of about 5 MB in MassGen's format.
fn made(folder: &Path) -> PathBuf {
    let root = folder.join("log_20260131_120000_000000");
    let attempt = root.join("turn_1/attempt_1");
    fs::create_dir_all(&attempt).unwrap();
    let metadata = "query: 'a long task'\ntimestamp: '2026-01-31T12:00:00'\n";
    fs::write(attempt.join("execution_metadata.yaml"), metadata).unwrap();
    let mut words = Words { state: 7 };
    let mut text = String::new();
    for line in 0..20_000_u32 {
        let kind = if line % 3 == 0 { "thinking" } else { "text" };
        let (minute, second) = (line / 60 % 60, line % 60);
        let content = words.text(20);
        writeln!(
            text,
            r#"{{"timestamp":"2026-01-31T12:{minute:02}:{second:02}.000000","event_type":"{kind}","agent_id":"agent_{}","round_number":1,"data":{{"content":"{content}"}}}}"#,
            line % 3
        )
        .unwrap();
    }
    fs::write(attempt.join("events.jsonl"), text).unwrap();
    root
}
