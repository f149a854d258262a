//! What giving a session away costs: 50 MB as every format, against a copy of the same bytes in the same
//! run.
//!
//! `cargo bench --bench export`. The log stands on the disk and is read as often as a writer needs it; the
//! output is counted and thrown away. Figures are the middle of three runs.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use massgen_tui::{
    export::{Cut, Format, Particulars, Tape, survey, write},
    protocol::{
        AgentEvent, AgentId, Answer, Channel, Event, EventKind, Label, RunId, Seq, Timestamp,
        ToolEvent,
    },
    store::{
        Header, Reader,
        redact::{Redactor, event, hits},
    },
};

const RUN: &str = "20261121-101530-k3f9";
const BYTES: u64 = 50_000_000;

/// A log on the disk, masked as it is read.
struct Log(PathBuf, Redactor);

impl Tape for Log {
    fn play(&self, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        let told = |failure| io::Error::other(format!("{failure}"));
        let mut reader = Reader::open(&self.0).map_err(told)?;
        while let Some(next) = reader.next().map_err(told)? {
            each(event(&self.1, next))?;
        }
        Ok(())
    }
}

fn make(path: &Path) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(
        out,
        "{}",
        serde_json::to_string(&Header::new(RunId(RUN.into()))).unwrap()
    )
    .unwrap();
    let (mut seq, mut bytes) = (0, 0);
    while bytes < BYTES {
        let call = seq.to_string();
        for what in [
            AgentEvent::Delta {
                channel: Channel::Text,
                text: "words of an agent, some more of them ".repeat(4),
            },
            AgentEvent::Tool(ToolEvent::Started {
                call: call.clone(),
                name: "read".into(),
                arguments: r#"{"path":"src/main.rs"}"#.into(),
            }),
            AgentEvent::Tool(ToolEvent::Finished {
                call,
                ok: true,
                output: "fn main() { let a = <b> & \"c\"; }\n".repeat(60),
                elapsed_ms: 3,
            }),
            AgentEvent::Published(Answer {
                label: Label::new(AgentId(1), seq as u32 / 4 + 1),
                text: "An *answer*.".into(),
                auto: false,
                changes: Vec::new(),
            }),
        ] {
            seq += 1;
            let event = Event {
                seq: Seq(seq),
                at: Timestamp(1_795_256_130_000 + seq),
                kind: EventKind::Agent {
                    id: AgentId(1),
                    event: what,
                },
            };
            let line = serde_json::to_string(&event).unwrap();
            bytes += line.len() as u64 + 1;
            writeln!(out, "{line}").unwrap();
        }
    }
    out.flush().unwrap();
}

fn middle(mut work: impl FnMut() -> u64) -> (Duration, u64) {
    let mut times: Vec<(Duration, u64)> = (0..3)
        .map(|_| {
            let began = Instant::now();
            let bytes = work();
            (began.elapsed(), bytes)
        })
        .collect();
    times.sort_unstable();
    times[1]
}

/// Counts bytes.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    make(&path);
    let size = std::fs::metadata(&path).unwrap().len();
    let copy = folder.path().join("copy");
    let (copied, _) = middle(|| std::fs::copy(&path, &copy).unwrap());
    println!("| what | time | bytes | against a copy |");
    println!("|---|---|---|---|");
    let tell = |what: &str, (time, bytes): (Duration, u64)| {
        let times = time.as_secs_f64() / copied.as_secs_f64();
        println!(
            "| {what} | {:.0} ms | {bytes} | {times:.1}x |",
            time.as_secs_f64() * 1e3
        );
    };
    tell("copy", (copied, size));
    let tape = Log(path, Redactor::default());
    let run = RunId(RUN.into());
    let about = Particulars {
        run: Some(run.clone()),
        version: "0".into(),
        schema: 1,
        ..Particulars::default()
    };
    tell(
        "read and mask",
        middle(|| {
            let mut events = 0;
            tape.play(&mut |_| {
                events += 1;
                Ok(())
            })
            .unwrap();
            events
        }),
    );
    tell("first look", middle(|| survey(&run, &tape).unwrap().events));
    let survey = survey(&run, &tape).unwrap();
    for (name, format) in [
        ("html", Format::Html),
        ("md", Format::Md),
        ("json", Format::Json),
        ("bundle", Format::Bundle),
    ] {
        tell(
            name,
            middle(|| {
                let mut out = Count(0);
                write(format, &tape, &survey, &about, Cut::Nothing, &mut out).unwrap();
                out.0
            }),
        );
    }
    let text = std::fs::read_to_string(&tape.0).unwrap();
    tell(
        "scan of the text",
        middle(|| {
            text.lines()
                .map(|line| hits(&tape.1, line).len() as u64)
                .sum()
        }),
    );
}
