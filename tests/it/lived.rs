//! Sessions that the engine really ran, played again: the screen at an event is what a screen of that size
//! showed when the event arrived, cell by cell, whichever way one came there.
//!
//! The built program runs scenarios of the demo team; its logs are then given to the front event by event,
//! as they were lived, and once more as a stored session on which keys are pressed.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use massgen_tui::{
    protocol::{Event, EventKind, RunEvent, RunId},
    text::clean::Gate,
    tui::{
        StartOptions,
        effect::{Effect, Effects},
        keymap::Chord,
        model::Model,
        msg::Msg,
        options::{First, Opening},
        prepare::prepare,
        replay::Piece,
        route,
        theme::Theme,
        update::update,
        view::view,
    },
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, layout::Size};
use rustix::process::{Pid, Signal, kill_process};

/// Places of a session that are looked at.
const LOOKS: usize = 24;

/// When a run is stopped by its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    Never,
    AtFirstVote,
}

/// The log of a run of the demo team.
fn ran(scenario: &str, stopped: Stopped) -> Vec<Event> {
    let home = tempfile::tempdir().unwrap();
    let speed = match stopped {
        Stopped::Never => "max",
        Stopped::AtFirstVote => "20",
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_massgen-tui"));
    command
        .args(["run", "--demo", scenario, "--demo-speed", speed])
        .args(["--output", "json", "Which way is shorter?"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("MASSGEN_TUI_STATE_DIR", home.path().join("state"))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    if stopped == Stopped::AtFirstVote {
        let voted = lines.any(|line| line.unwrap().contains("\"ballot\""));
        assert!(voted, "{scenario}: somebody votes");
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    }
    lines.for_each(drop);
    child.wait().unwrap();
    log(&home.path().join("state"))
}

fn log(state: &Path) -> Vec<Event> {
    let sessions: Vec<_> = std::fs::read_dir(state.join("sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [session] = sessions.as_slice() else {
        panic!("one session, not {sessions:?}");
    };
    let text = std::fs::read_to_string(session.join("events.jsonl")).unwrap();
    let lines = text.lines().skip(1);
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The front without its loop: what it asks itself is done at once.
struct Front {
    model: Model,
    painter: Terminal<TestBackend>,
    gate: Gate,
}

impl Front {
    fn new(size: Size, options: &StartOptions) -> Self {
        let (model, effects) = Model::new(options);
        let Ok(painter) = Terminal::new(TestBackend::new(size.width, size.height));
        let mut front = Self {
            model,
            painter,
            gate: Gate::default(),
        };
        front.perform(effects);
        front.send(Msg::Resized(size));
        front
    }

    fn send(&mut self, msg: Msg) {
        let effects = update(&mut self.model, msg);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Effects) {
        let mut todo: VecDeque<Effect> = effects.0.into();
        while let Some(effect) = todo.pop_front() {
            if let Effect::Wake { ticket, after } = effect
                && after.is_zero()
            {
                let done = massgen_tui::tui::effect::Done::Woke;
                todo.extend(update(&mut self.model, Msg::Done(ticket, done)).0);
            }
        }
    }

    /// An event of a living team.
    fn lives(&mut self, event: Event) {
        self.model.clock(event.at);
        let event = self.gate.pass(event);
        self.send(Msg::Engine(Box::new(event)));
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            let chord: Chord = key.parse().unwrap();
            let msg = route::translate(&self.model, chord.first);
            self.send(msg);
        }
    }

    /// The screen without the bar and the line of hints.
    fn picture(&mut self) -> Buffer {
        prepare(&mut self.model);
        let Ok(painted) = self.painter.draw(|frame| view(&self.model, frame));
        let mut area = painted.buffer.area;
        area.height -= 2;
        let mut picture = Buffer::empty(area);
        for place in area.positions() {
            picture[place] = painted.buffer[place].clone();
        }
        picture
    }

    /// Which event the bar says the screen is at.
    fn place(&self) -> u64 {
        self.model.shared.run.last_seq
    }
}

/// Rows that are not the same, as they are seen and as they were.
fn differences(seen: &Buffer, was: &Buffer) -> String {
    let row = |buffer: &Buffer, y: u16| -> String {
        let cells = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol());
        cells.collect()
    };
    let mut told = String::new();
    for y in 0..was.area.height {
        let cells = 0..was.area.width;
        let other = cells.filter(|x| seen[(*x, y)] != was[(*x, y)]);
        let columns: Vec<u16> = other.collect();
        if !columns.is_empty() {
            let (seen, was) = (row(seen, y), row(was, y));
            let _ = writeln!(told, "row {y}, columns {columns:?}:\n  {seen}\n  {was}");
        }
    }
    told
}

fn law(scenario: &str, size: Size, events: &[Event]) {
    let options = StartOptions::new(Theme::ansi());
    let mut team = Front::new(size, &options);
    let lived: Vec<Buffer> = events
        .iter()
        .map(|event| {
            team.lives(event.clone());
            team.picture()
        })
        .collect();
    let mut options = options;
    options.opened = Some(Opening {
        piece: Piece::whole(RunId("20261121-101530-k3f9".to_owned()), events.to_vec()),
        at: None,
        first: First::Session,
    });
    let mut again = Front::new(size, &options);
    let check = |again: &mut Front, way: &str| {
        let at = usize::try_from(again.place()).unwrap();
        let (seen, was) = (again.picture(), &lived[at - 1]);
        assert!(
            seen == *was,
            "{scenario} at {size}, after event {at} of {}, {way}:\n{}",
            events.len(),
            differences(&seen, was)
        );
        at
    };
    again.press("P space end");
    assert_eq!(check(&mut again, "at the end"), events.len());
    let step = (events.len() / LOOKS).max(1);
    // Back event by event, looked at now and then.
    for _ in 0..LOOKS {
        again.press(",");
        check(&mut again, "one event back");
        for _ in 1..step {
            again.press(",");
        }
    }
    again.press("home");
    assert_eq!(check(&mut again, "at the beginning"), 1);
    for _ in 0..LOOKS {
        for _ in 0..step {
            again.press(".");
        }
        check(&mut again, "going on");
    }
    // To and fro.
    for keys in [
        "a", "b", "x", "end", "A", "B", "left", "X", "home", "s", "S", ".", "end", ",",
    ] {
        again.press(keys);
        check(&mut again, keys);
    }
}

#[test]
fn what_a_team_did_is_played_as_it_was_lived() {
    let usual = Size::new(100, 30);
    for scenario in [
        "council",
        "mosaic",
        "verify",
        "turnaround",
        "recovery",
        "tools",
    ] {
        let events = ran(scenario, Stopped::Never);
        let ended = events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_))));
        assert!(ended, "{scenario} ended");
        law(scenario, usual, &events);
        law(scenario, Size::new(40, 12), &events);
    }
}

#[test]
fn what_was_stopped_is_played_as_it_was_lived() {
    let events = ran("turnaround", Stopped::AtFirstVote);
    law("a stopped run", Size::new(80, 24), &events);
}
