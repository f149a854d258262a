//! What opening a session of 200 000 events costs: the time to the first paint, the whole time, the longest
//! time that keys wait, the most memory; beside it, in the same run, reading the same file whole with
//! `serde_json`. Then what a step back costs, which folds on from the nearest
//! state that was kept on the way.
//!
//! `cargo bench --bench replay [EVENTS]`. A screen of 160x48, painted after every message; the log is
//! written to a temporary folder and read from there, as the program does.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use massgen_tui::{
    app::{opening, shelf::Shelf},
    config::Paths,
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Channel, Event, EventKind, Label, Limits, Origin,
        Outcome, OutcomeEnd, Purpose, Rules, RunEvent, RunId, Seq, Timestamp, TurnStart,
    },
    store::Header,
    tui::{
        effect::{Done, Effect, Effects, Query},
        keymap::Chord,
        model::Model,
        msg::Msg,
        options::{Opening, StartOptions},
        prepare::prepare,
        route,
        theme::Theme,
        update::update,
        view::view,
    },
};
use ratatui::{Terminal, backend::TestBackend, layout::Size};

const RUN: &str = "20261121-101530-k3f9";
const AGENTS: u16 = 5;

fn agent(number: u16, event: AgentEvent) -> EventKind {
    EventKind::Agent {
        id: AgentId(number),
        event,
    }
}

/// What happens at this place of the log: rounds of streamed text that end with an answer.
fn kind(place: u64, last: u64) -> EventKind {
    let number = u16::try_from(place % u64::from(AGENTS)).unwrap() + 1;
    let revision = u32::try_from(place / 20_000).unwrap() + 1;
    let label = Label::new(AgentId(number), revision);
    if place == 0 {
        let card = |number: u16| AgentCard {
            id: AgentId(number),
            name: format!("agent {number}"),
            model: "large-1".to_owned(),
            backend: "bench".to_owned(),
        };
        return EventKind::Run(RunEvent::Started(Box::new(TurnStart {
            run: RunId(RUN.to_owned()),
            turn: 1,
            prompt: "Write a long story.".to_owned(),
            team: (1..=AGENTS).map(card).collect(),
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Direct,
            version: "0".to_owned(),
            cwd: "/".to_owned(),
            places: Vec::new(),
            resumed: None,
            stage: None,
        })));
    }
    if place == last {
        return EventKind::Run(RunEvent::Ended(Outcome::Answered {
            changes: Vec::new(),
            winner: label,
            text: "And so it ended.".to_owned(),
            presenter: None,
            end: OutcomeEnd::Consensus,
        }));
    }
    match place % 20_000 {
        1..=5 => agent(
            number,
            AgentEvent::RoundStarted {
                round: revision,
                purpose: Purpose::Work,
                view: Vec::new(),
            },
        ),
        19_990..=19_994 => agent(
            number,
            AgentEvent::Published(Answer {
                label,
                text: "A story of some length. ".repeat(40),
                auto: false,
                changes: Vec::new(),
            }),
        ),
        _ => agent(
            number,
            AgentEvent::Delta {
                channel: Channel::Text,
                text: format!("and then, at step {place}, something *else* happened;\n"),
            },
        ),
    }
}

/// Writes the log and returns its size in bytes.
fn write(path: &Path, events: u64) -> u64 {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    serde_json::to_writer(&mut file, &Header::new(RunId(RUN.to_owned()))).unwrap();
    for place in 0..events {
        let event = Event {
            seq: Seq(place + 1),
            at: Timestamp(1_800_000_000_000 + place * 40),
            kind: kind(place, events - 1),
        };
        file.write_all(b"\n").unwrap();
        serde_json::to_writer(&mut file, &event).unwrap();
    }
    file.write_all(b"\n").unwrap();
    file.flush().unwrap();
    fs::metadata(path).unwrap().len()
}

/// The most memory that was ever resident, in MB; 0 where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    words.unwrap_or(0) / 1024
}

/// The program without its loop: effects are performed at once, every message is painted.
struct Front {
    model: Model,
    shelf: Shelf,
    terminal: Terminal<TestBackend>,
    todo: VecDeque<Effect>,
    /// Longest time from a message to its picture.
    longest: Duration,
}

impl Front {
    fn open(shelf: Shelf) -> Self {
        let volume = shelf.find(RUN).unwrap();
        let first = opening::first(&shelf, &volume).unwrap();
        let mut options = StartOptions::new(Theme::ansi());
        options.opened = Some(Opening::whole(first));
        let (model, Effects(effects)) = Model::new(&options);
        let Ok(terminal) = Terminal::new(TestBackend::new(160, 48));
        let mut front = Self {
            model,
            shelf,
            terminal,
            todo: effects.into(),
            longest: Duration::ZERO,
        };
        front.send(Msg::Resized(Size::new(160, 48)));
        front
    }

    fn send(&mut self, msg: Msg) {
        let began = Instant::now();
        let Effects(effects) = update(&mut self.model, msg);
        self.todo.extend(effects);
        prepare(&mut self.model);
        let _ = self.model.live.found();
        let Ok(_) = self.terminal.draw(|frame| view(&self.model, frame));
        self.longest = self.longest.max(began.elapsed());
    }

    /// Performs everything that is to be done, until nothing is.
    fn settle(&mut self) {
        while let Some(effect) = self.todo.pop_front() {
            match effect {
                Effect::Query {
                    ticket,
                    query: Query::Open(reading),
                } => {
                    let piece = opening::piece(&self.shelf, &reading).map(Box::new);
                    self.send(Msg::Done(ticket, Done::Opened(piece)));
                }
                Effect::Wake { ticket, after } if after.is_zero() => {
                    self.send(Msg::Done(ticket, Done::Woke));
                }
                _ => {}
            }
        }
    }

    fn press(&mut self, key: &str) {
        let chord: Chord = key.parse().unwrap();
        let msg = route::translate(&self.model, chord.first);
        self.send(msg);
        self.settle();
    }
}

fn main() {
    let events = std::env::args()
        .filter_map(|word| word.parse().ok())
        .find(|events| *events > 1)
        .unwrap_or(200_000);
    let folder = tempfile::tempdir().unwrap();
    let log = folder
        .path()
        .join("sessions")
        .join(RUN)
        .join("events.jsonl");
    let size = write(&log, events);
    let mut told = String::new();
    let _ = writeln!(told, "{events} events, {} MB", size / 1_000_000);

    let before = peak();
    let began = Instant::now();
    let shelf = Shelf::new(folder.path(), &Paths::default(), None);
    let mut front = Front::open(shelf);
    let first = began.elapsed();
    front.settle();
    let whole = began.elapsed();
    assert_eq!(
        front.model.shared.run.last_seq, events,
        "all of it is there"
    );
    let _ = writeln!(told, "first paint      {first:>10.1?}   bound 100 ms");
    let _ = writeln!(told, "all of it        {whole:>10.1?}");
    let _ = writeln!(told, "longest message  {:>10.1?}", front.longest);
    let _ = writeln!(told, "memory           {:>7} MB", peak() - before);

    front.press("P");
    front.press("end");
    let began = Instant::now();
    front.press(",");
    let _ = writeln!(told, "one event back   {:>10.1?}", began.elapsed());
    drop(front);

    // Memory that was given back is used again: the baseline's own is what comes on top.
    let before = peak();
    let began = Instant::now();
    let file = BufReader::new(fs::File::open(&log).unwrap());
    let lines = file.lines().skip(1).map(Result::unwrap);
    let parsed: Vec<Event> = lines
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect();
    let _ = writeln!(
        told,
        "serde_json whole {:>10.1?}   {} events, {} MB more",
        began.elapsed(),
        parsed.len(),
        peak() - before
    );
    print!("{told}");
}
