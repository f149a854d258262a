//! What the review screen costs: opening 10 000 changed files with one file of 100 000 changed lines,
//! and a key in it, against the same screen with 10 files of 10 lines.
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
        effect::{Done, Effect, Effects, Query},
        review::{Action, Content, Find, Go, Keys, News, Review, Take, View, What, Wish},
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
    set: Arc<ChangeSet>,
    content: Arc<Content>,
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
    let card = AgentCard {
        id: AgentId(1),
        name: "ada".to_owned(),
        model: "model".to_owned(),
        backend: "bench".to_owned(),
    };
    let start = TurnStart {
        run: RunId("bench".to_owned()),
        turn: 1,
        prompt: "Change everything.".to_owned(),
        team: vec![card],
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
    let answer = Answer {
        label: Label::new(AgentId(1), 1),
        text: "Done.".to_owned(),
        auto: false,
        changes: vec![Snapshot {
            context: ContextId(0),
            commit: id("commit"),
            tree: id("tree"),
            files: 1,
            added: 1,
            removed: 1,
        }],
    };
    let kinds = [
        EventKind::Run(RunEvent::Started(Box::new(start))),
        EventKind::Agent {
            id: AgentId(1),
            event: AgentEvent::Published(answer),
        },
    ];
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
        let set = Arc::new(ChangeSet {
            context: ContextId(0),
            base: id("base"),
            tree: id("tree"),
            files: files(count),
        });
        let content = Arc::new(content(lines));
        let terminal = Terminal::new(TestBackend::new(AREA.width, AREA.height)).expect("a screen");
        let begun = Instant::now();
        let (review, effects) =
            Review::open(&shared.run, &shared.theme, Keys::default()).expect("a review");
        let mut stage = Self {
            shared,
            review,
            set,
            content,
            terminal,
        };
        stage.serve(effects, Highlighting::Later);
        stage.paint();
        (stage, begun.elapsed())
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
        let begun = Instant::now();
        let wishes = self.review.update(action);
        self.grant(wishes, Highlighting::Later);
        self.paint();
        begun.elapsed()
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
                    query: Query::Review(ask),
                } => {
                    let news = match ask.what {
                        What::Notes => News::Notes(Box::default()),
                        What::Keep(_) => News::Kept,
                        What::Changes { .. } => News::Changes(Arc::clone(&self.set)),
                        What::File { .. } => News::File(Arc::clone(&self.content)),
                        other => panic!("{other:?}"),
                    };
                    (ticket, Done::Review(Box::new(Ok(news))))
                }
                Effect::Highlight { ticket, job } if later == Highlighting::Now => {
                    (ticket, Done::Highlighted(highlight(&job)))
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

/// Every key many times: the times, in order.
fn keys(stage: &mut Stage) -> Vec<Duration> {
    stage.grant(Vec::new(), Highlighting::Now);
    let mut times = Vec::new();
    let mut press = |stage: &mut Stage, action, times_each: usize| {
        for _ in 0..times_each {
            times.push(stage.press(action));
        }
    };
    press(stage, Action::Go(Go::Down), 40);
    press(stage, Action::Go(Go::PageDown), 20);
    press(stage, Action::Take(Take::This), 10);
    press(stage, Action::Take(Take::Reviewed), 10);
    press(stage, Action::View(View::Tree), 4);
    press(stage, Action::View(View::Focus), 1);
    press(stage, Action::Go(Go::Down), 60);
    press(stage, Action::Go(Go::PageDown), 60);
    press(stage, Action::Go(Go::Last), 5);
    press(stage, Action::Go(Go::First), 5);
    press(stage, Action::Go(Go::PageDown), 20);
    press(stage, Action::Take(Take::This), 10);
    press(stage, Action::View(View::Split), 6);
    press(stage, Action::View(View::Wrap), 6);
    press(stage, Action::View(View::Blanks), 6);
    press(stage, Action::Find(Find::Next), 4);
    press(stage, Action::Go(Go::NextFile), 40);
    times.sort_unstable();
    times
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
        let times = keys(&mut stage);
        let row = (at(&first, 50), at(&times, 50), at(&times, 99));
        println!(
            "{name}: first paint {:.2} ms, key to paint {:.2} ms, p99 {:.2} ms ({} keys)",
            row.0,
            row.1,
            row.2,
            times.len()
        );
        rows.push(row);
    }
    println!(
        "ratio: first paint {:.1}, key to paint {:.1}, p99 {:.1}",
        rows[1].0 / rows[0].0,
        rows[1].1 / rows[0].1,
        rows[1].2 / rows[0].2
    );
}
