//! What one frame of the live screen costs: painting cached rows against wrapping all text each
//! time, a delta early and late in a run, another width, reading a session back.
//!
//! `cargo bench --bench frame`. Four panes on a screen of 200x50; the baseline does what a pane
//! without cached rows has to do: wrap, count for the scroll position, paint.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use divan::{Bencher, black_box};
use massgen_tui::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Channel, Event, EventKind, Limits, Origin, Rules, RunEvent,
        RunId, Seq, Timestamp, TurnStart,
    },
    tui::{live::Live, shared::Shared, theme::Theme},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    layout::Rect,
    widgets::{Paragraph, Wrap},
};

const AREA: Rect = Rect::new(0, 0, 200, 50);
const AGENTS: u16 = 4;
const PARAGRAPH: &str = "Light of short waves is scattered far more than light of long ones, so the \
sky is **blue** by day, and at sunset the `long` way through the air leaves red.\n\n";

fn main() {
    divan::main();
}

/// A running session and its screen.
struct Stage {
    shared: Shared,
    live: Live,
    seq: u64,
    terminal: Terminal<TestBackend>,
}

impl Stage {
    fn new() -> Self {
        Self::of(AGENTS)
    }

    fn of(agents: u16) -> Self {
        let mut stage = Self {
            shared: Shared::new(Theme::ansi()),
            live: Live::new(),
            seq: 0,
            terminal: Terminal::new(TestBackend::new(AREA.width, AREA.height))
                .expect("a terminal in memory"),
        };
        let team = (1..=agents)
            .map(|number| AgentCard {
                id: AgentId(number),
                name: format!("agent {number}"),
                model: "model".to_owned(),
                backend: "bench".to_owned(),
            })
            .collect();
        stage.take(EventKind::Run(RunEvent::Started(Box::new(TurnStart {
            run: RunId("bench".to_owned()),
            turn: 1,
            prompt: "Why is the sky blue?".to_owned(),
            team,
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Direct,
            version: "0".to_owned(),
            cwd: ".".to_owned(),
            places: Vec::new(),
            resumed: None,
            stage: None,
        }))));
        stage
    }

    /// Every pane holds about this many rows.
    fn holding(rows: usize) -> Self {
        Self::team_holding(AGENTS, rows)
    }

    fn team_holding(agents: u16, rows: usize) -> Self {
        let mut stage = Self::of(agents);
        // A paragraph takes two rows and a blank one at a quarter of the screen's width.
        for _ in 0..rows / 3 {
            for agent in 1..=agents {
                stage.says(agent, PARAGRAPH);
            }
        }
        stage.frame();
        stage
    }

    fn take(&mut self, kind: EventKind) {
        self.seq += 1;
        let event = Event {
            seq: Seq(self.seq),
            at: Timestamp(self.seq),
            kind,
        };
        self.shared.run.apply(&event);
        self.live.apply(&event, &self.shared);
    }

    fn says(&mut self, agent: u16, text: &str) {
        self.take(EventKind::Agent {
            id: AgentId(agent),
            event: AgentEvent::Delta {
                channel: Channel::Text,
                text: text.to_owned(),
            },
        });
    }

    fn frame(&mut self) {
        self.frame_in(AREA);
    }

    fn frame_in(&mut self, area: Rect) {
        self.live.prepare(&self.shared, area);
        let (live, shared) = (&self.live, &self.shared);
        self.terminal
            .draw(|frame| live.view(shared, frame, area))
            .expect("painting in memory");
    }
}

/// A frame in which nothing is new.
#[divan::bench(args = [200, 2_000, 10_000])]
fn paint_cached_rows(bencher: Bencher, rows: usize) {
    let mut stage = Stage::holding(rows);
    bencher.bench_local(move || stage.frame());
}

/// A delta of every agent and the frame after it: a whole team that writes at once.
#[divan::bench(args = [3, 32])]
fn everybody_writes_and_frame(bencher: Bencher, agents: u16) {
    let mut stage = Stage::team_holding(agents, 600);
    bencher.bench_local(move || {
        for agent in 1..=agents {
            stage.says(agent, "and so on ");
        }
        stage.frame();
    });
}

/// A frame in which nothing is new, for a small and a large team.
#[divan::bench(args = [3, 32])]
fn paint_a_team(bencher: Bencher, agents: u16) {
    let mut stage = Stage::team_holding(agents, 600);
    bencher.bench_local(move || stage.frame());
}

/// The same frame without cached rows.
#[divan::bench(args = [200, 2_000], sample_count = 20)]
fn paint_by_wrapping_each_frame(bencher: Bencher, rows: usize) {
    let text = PARAGRAPH.repeat(rows / 3);
    let mut terminal =
        Terminal::new(TestBackend::new(AREA.width, AREA.height)).expect("a terminal in memory");
    bencher.bench_local(move || {
        terminal
            .draw(|frame| {
                for pane in 0..AGENTS {
                    let width = AREA.width / AGENTS;
                    let area = Rect::new(pane * width, 0, width, AREA.height);
                    let paragraph = Paragraph::new(text.as_str()).wrap(Wrap { trim: false });
                    // Counting the rows needs the wrapped text once more: the scroll position.
                    let below = wrapped_rows(&text, width).saturating_sub(usize::from(area.height));
                    let paragraph = paragraph.scroll((u16::try_from(below).unwrap_or(0), 0));
                    frame.render_widget(black_box(paragraph), area);
                }
            })
            .expect("painting in memory");
    });
}

/// Rows that a text takes at a width, by the measure of its characters.
fn wrapped_rows(text: &str, width: u16) -> usize {
    text.lines()
        .map(|line| line.chars().count().div_ceil(usize::from(width)).max(1))
        .sum()
}

/// One delta of one agent and the frame after it, with this many rows above.
#[divan::bench(args = [20, 200, 2_000, 10_000])]
fn delta_and_frame(bencher: Bencher, rows: usize) {
    let mut stage = Stage::holding(rows);
    let mut words = 0u32;
    bencher.bench_local(move || {
        words += 1;
        // Paragraphs end, as they do: an endless one would measure its own length.
        stage.says(
            1,
            if words.is_multiple_of(40) {
                "so.\n\n"
            } else {
                "word "
            },
        );
        stage.frame();
    });
}

/// Another width: everything in sight is laid out again.
#[divan::bench(args = [200, 2_000, 20_000], sample_count = 10)]
fn resize(bencher: Bencher, rows: usize) {
    let mut stage = Stage::holding(rows);
    let mut narrow = false;
    bencher.bench_local(move || {
        narrow = !narrow;
        let width = AREA.width - u16::from(narrow) * 10;
        stage.frame_in(Rect::new(0, 0, width, AREA.height));
    });
}

/// A stored session of 20 000 deltas, to its first frame.
#[divan::bench(sample_count = 10)]
fn read_back(bencher: Bencher) {
    bencher.bench_local(|| {
        let mut stage = Stage::new();
        for number in 0..20_000u16 {
            stage.says(
                1 + number % AGENTS,
                if number % 160 < 4 { "so.\n\n" } else { "word " },
            );
        }
        stage.frame();
    });
}
