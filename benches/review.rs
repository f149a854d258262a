//! What the review screen costs: opening 10 000 changed files with one file of 100 000 changed lines,
//! and a key in it, against the same screen with 10 files of 10 lines. Keys move, mark, take, search, flip
//! agents and change the view; what marks cost when they are written is told beside.
//!
//! `cargo bench --bench review`. A screen of 160x48; data in memory, so that what is measured is the
//! screen: change sets and lines go through the gate and the same `update`, `done`, `prepare`, `view`.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use massgen_tui::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Event, EventKind, Label, Limits, Origin, Rules,
        RunEvent, RunId, Seq, Timestamp, TurnStart,
        change::{
            Access, Body, ChangeKind, ChangeSet, ContextId, DiffLine, FileChange, FileDiff,
            FileMode, Hunk, KeptIn, LineEnd, LineKind, ObjectId, Side, Snapshot, Workplace,
        },
    },
    text::highlight::highlight,
    tui::{
        effect::{Done, Effect, Effects, Query, Ticket},
        moves::Move,
        review::{
            Action, Content, Find, Go, Keys, News, Review, Take, Turn, Typed, View, What, Wish,
        },
        rooms,
        shared::Shared,
        theme::Theme,
    },
};
use ratatui::{Terminal, backend::TestBackend, layout::Rect};

const AREA: Rect = Rect::new(0, 0, 160, 48);

/// A review, its data, and the screen it is painted on.
struct Stage {
    shared: Shared,
    review: Review,
    files: Vec<FileChange>,
    /// The lines of the first file.
    large: Arc<Content>,
    /// The lines of every other file.
    small: Arc<Content>,
    /// Moments that marks wait for.
    timers: Vec<Ticket>,
    /// Time of the repository, which is none of the screen's.
    away: Duration,
    terminal: Terminal<TestBackend>,
}

fn id(name: &str) -> ObjectId {
    ObjectId(name.to_owned())
}

fn files(count: usize) -> Vec<FileChange> {
    let side = |name: String| Side {
        mode: FileMode::File,
        blob: ObjectId(name),
        size: 1_000,
    };
    (0..count)
        .map(|number| FileChange {
            path: format!("src/part{:03}/file{number:05}.rs", number / 100)
                .as_str()
                .into(),
            was: None,
            kind: ChangeKind::Modified,
            old: Some(side(format!("old{number}"))),
            new: Some(side(format!("new{number}"))),
            body: Body::Text,
            added: 10,
            removed: 10,
        })
        .collect()
}

/// A file in which every line is another one.
fn content(lines: u32) -> Content {
    let text =
        |side: &str, number: u32| format!("    let value_{number} = {side}(number, {number});");
    let side = |name: &str| -> Arc<Vec<String>> {
        Arc::new((1..=lines).map(|number| text(name, number)).collect())
    };
    // Blocks of five lines: removed, then added.
    let mut changed = Vec::new();
    for block in 0..lines / 5 {
        for (kind, name) in [(LineKind::Removed, "before"), (LineKind::Added, "after")] {
            changed.extend((1..=5).map(|line| DiffLine {
                kind,
                text: text(name, block * 5 + line),
                end: LineEnd::Lf,
            }));
        }
    }
    Content {
        diff: FileDiff {
            hunks: vec![Hunk {
                old_start: 1,
                old_lines: lines,
                new_start: 1,
                new_lines: lines,
                heading: String::new(),
                lines: changed,
            }],
        },
        old: Some(side("before")),
        new: Some(side("after")),
    }
}

fn shared() -> Shared {
    let mut shared = Shared::new(Theme::ansi());
    let card = |number: u16| AgentCard {
        id: AgentId(number),
        name: format!("agent {number}"),
        model: "model".to_owned(),
        backend: "bench".to_owned(),
    };
    let start = TurnStart {
        run: RunId("bench".to_owned()),
        turn: 1,
        prompt: "Change everything.".to_owned(),
        team: (1..=9).map(card).collect(),
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Direct,
        version: "0".to_owned(),
        cwd: ".".to_owned(),
        places: vec![Workplace {
            context: ContextId(0),
            path: "/code".to_owned(),
            root: "/code".to_owned(),
            access: Access::Write,
            head: Some("main".to_owned()),
            base: id("base"),
            tree: id("base"),
            kept: KeptIn::Repository,
        }],
        resumed: None,
        stage: None,
    };
    let published = (1..=9).map(|number| EventKind::Agent {
        id: AgentId(number),
        event: AgentEvent::Published(Answer {
            label: Label::new(AgentId(number), 1),
            text: "Done.".to_owned(),
            auto: false,
            changes: vec![Snapshot {
                context: ContextId(0),
                commit: id("commit"),
                tree: id(&format!("tree {number}")),
                files: 1,
                added: 1,
                removed: 1,
            }],
        }),
    });
    let started = EventKind::Run(RunEvent::Started(Box::new(start)));
    let kinds = std::iter::once(started).chain(published);
    for (seq, kind) in (1..).zip(kinds) {
        shared.run.apply(&Event {
            seq: Seq(seq),
            at: Timestamp(seq),
            kind,
        });
    }
    shared
}

impl Stage {
    /// Opens the review and paints it once; how long that took.
    fn open(count: usize, lines: u32) -> (Self, Duration) {
        let shared = shared();
        let files = files(count);
        let (large, small) = (Arc::new(content(lines)), Arc::new(content(10)));
        let terminal = Terminal::new(TestBackend::new(AREA.width, AREA.height)).expect("a screen");
        let begun = Instant::now();
        let (review, effects) =
            Review::open(&shared.run, &shared.theme, Keys::default()).expect("a review");
        let mut stage = Self {
            shared,
            review,
            files,
            large,
            small,
            timers: Vec::new(),
            away: Duration::ZERO,
            terminal,
        };
        stage.serve(effects, Highlighting::Later);
        stage.paint();
        let took = begun
            .elapsed()
            .saturating_sub(std::mem::take(&mut stage.away));
        (stage, took)
    }

    fn paint(&mut self) {
        self.review.prepare(&self.shared, AREA);
        let (review, shared) = (&self.review, &self.shared);
        self.terminal
            .draw(|frame| review.view(shared, frame.buffer_mut(), AREA))
            .expect("painting in memory");
    }

    /// A key and the frame after it.
    fn press(&mut self, action: Action) -> Duration {
        self.timed(|stage| stage.review.update(action))
    }

    /// Something that happens, and the frame after it.
    fn timed(&mut self, happens: impl FnOnce(&mut Self) -> Vec<Wish>) -> Duration {
        let begun = Instant::now();
        let wishes = happens(self);
        self.grant(wishes, Highlighting::Later);
        self.paint();
        begun
            .elapsed()
            .saturating_sub(std::mem::take(&mut self.away))
    }

    /// The moments are over: what was marked is written.
    fn written(&mut self) -> Duration {
        let timers = std::mem::take(&mut self.timers);
        self.timed(|stage| {
            let review = &mut stage.review;
            let told = timers.into_iter();
            told.flat_map(|ticket| review.done(ticket, Done::Woke))
                .collect()
        })
    }

    fn grant(&mut self, wishes: Vec<Wish>, later: Highlighting) {
        for wish in wishes {
            if let Wish::Do(effects) = wish {
                self.serve(effects, later);
            }
        }
    }

    /// Answers what is asked from memory. Highlighting runs elsewhere, as in the program.
    fn serve(&mut self, effects: Effects, later: Highlighting) {
        let mut open: VecDeque<Effect> = effects.0.into();
        while let Some(effect) = open.pop_front() {
            let (ticket, done) = match effect {
                Effect::Query {
                    ticket,
                    query: Query::Room(rooms::Ask::Review(ask)),
                } => {
                    let news = match ask.what {
                        What::Notes => News::Notes(Box::default()),
                        What::Keep(_) => News::Kept,
                        What::Changes { tree, base, .. } => {
                            // Made by the repository; not the screen's time.
                            let begun = Instant::now();
                            let set = Arc::new(ChangeSet {
                                context: ContextId(0),
                                base,
                                tree,
                                files: self.files.clone(),
                            });
                            self.away += begun.elapsed();
                            News::Changes(set, Vec::new())
                        }
                        What::File { change, .. } => {
                            let first = change.old.is_some_and(|side| side.blob == id("old0"));
                            let content = if first { &self.large } else { &self.small };
                            News::File(Arc::clone(content))
                        }
                        other => panic!("{other:?}"),
                    };
                    (ticket, Done::Room(rooms::Told::Review(Box::new(Ok(news)))))
                }
                Effect::Highlight { ticket, job } if later == Highlighting::Now => {
                    (ticket, Done::Highlighted(highlight(&job)))
                }
                Effect::Wake { ticket, .. } => {
                    self.timers.push(ticket);
                    continue;
                }
                _ => continue,
            };
            for wish in self.review.done(ticket, done) {
                if let Wish::Do(more) = wish {
                    open.extend(more.0);
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Highlighting {
    Now,
    Later,
}

/// What is pressed, by the name it has in the figures.
type Presses = (&'static str, &'static [Action], usize);

/// Keys in the list of files, then in the lines.
const PRESSED: &[Presses] = &[
    ("down", &[Action::Move(Move::Down)], 40),
    ("page down", &[Action::Move(Move::PageDown)], 20),
    ("take a file", &[Action::Take(Take::This)], 40),
    ("reviewed, next", &[Action::Take(Take::Reviewed)], 200),
    ("take all, leave all", &[Action::Take(Take::All)], 4),
    (
        "flip the agent",
        &[
            Action::Turn(Turn::Agent(2)),
            Action::Turn(Turn::Agent(3)),
            Action::Turn(Turn::Agent(1)),
        ],
        30,
    ),
    ("tree, list", &[Action::View(View::Tree)], 4),
    (
        "to the large file and away",
        &[
            Action::Move(Move::First),
            Action::Move(Move::Down),
            Action::Move(Move::Down),
        ],
        6,
    ),
    (
        "to it",
        &[Action::Move(Move::First), Action::Move(Move::Down)],
        2,
    ),
    ("to the lines", &[Action::View(View::Focus)], 1),
    ("down the lines", &[Action::Move(Move::Down)], 60),
    ("page down the lines", &[Action::Move(Move::PageDown)], 80),
    (
        "last, first line",
        &[Action::Move(Move::Last), Action::Move(Move::First)],
        10,
    ),
    ("take a line", &[Action::Take(Take::This)], 40),
    ("take the hunk", &[Action::Take(Take::Hunk)], 6),
    ("side by side", &[Action::View(View::Split)], 6),
    ("page down, halves", &[Action::Move(Move::PageDown)], 20),
    ("wrap", &[Action::View(View::Wrap)], 6),
    ("blanks", &[Action::View(View::Blanks)], 6),
    ("next hit", &[Action::Find(Find::Next)], 20),
    ("next file", &[Action::Go(Go::NextFile)], 40),
];

/// Every key many times: the times in order, and the slowest of each.
fn keys(stage: &mut Stage) -> (Vec<Duration>, Vec<(&'static str, Duration)>) {
    stage.grant(Vec::new(), Highlighting::Now);
    let (mut times, mut worst) = (Vec::new(), Vec::new());
    for (name, actions, count) in PRESSED {
        if *name == "next hit" {
            // What is searched for stands in every line.
            stage.press(Action::Find(Find::Search));
            stage.timed(|stage| stage.review.type_text("value_"));
            times.push(stage.timed(|stage| stage.review.typed(Typed::Accept)));
        }
        let own: Vec<Duration> = actions
            .iter()
            .cycle()
            .take(*count)
            .map(|action| stage.press(*action))
            .collect();
        worst.push((*name, own.iter().max().copied().unwrap_or_default()));
        times.extend(own);
        worst.push(("  marks written", stage.written()));
    }
    stage.press(Action::Find(Find::Search));
    stage.timed(|stage| stage.review.type_text("nowhere"));
    let lost = stage.timed(|stage| stage.review.typed(Typed::Accept));
    worst.push(("searched for in vain", lost));
    times.push(lost);
    times.sort_unstable();
    (times, worst)
}

fn at(times: &[Duration], percent: usize) -> f64 {
    let place = (times.len() * percent / 100).min(times.len() - 1);
    times[place].as_secs_f64() * 1_000.0
}

fn main() {
    let mut rows = Vec::new();
    for (name, count, lines) in [
        ("10 files, 10 lines", 10, 10),
        ("10 000 files, 100 000 lines", 10_000, 50_000),
    ] {
        let mut first = Vec::new();
        for _ in 0..10 {
            first.push(Stage::open(count, lines).1);
        }
        first.sort_unstable();
        let (mut stage, _) = Stage::open(count, lines);
        let (times, worst) = keys(&mut stage);
        let row = (at(&first, 50), at(&times, 50), at(&times, 99));
        println!(
            "{name}: first paint {:.2} ms, key to paint {:.2} ms, p99 {:.2} ms ({} keys)",
            row.0,
            row.1,
            row.2,
            times.len()
        );
        for (name, slowest) in worst {
            if slowest > Duration::from_millis(1) {
                println!(
                    "  {name}: slowest {:.2} ms",
                    slowest.as_secs_f64() * 1_000.0
                );
            }
        }
        rows.push(row);
    }
    println!(
        "ratio: first paint {:.1}, key to paint {:.1}, p99 {:.1}",
        rows[1].0 / rows[0].0,
        rows[1].1 / rows[0].1,
        rows[1].2 / rows[0].2
    );
}
