//! The built program in a terminal: the screen a person sees, and the terminal they get back.
//!
//! Output goes through a terminal emulator; tests wait for named conditions of its screen. The
//! deadline only ends a hang: no result depends on how fast the machine is.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    num::NonZeroU16,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use massgen_tui::{
    export::base64,
    protocol::{AgentEvent, AgentId, EventKind, RunEvent, RunId, change::Access},
    store::Store,
    workspace::{Grounds, Place, Standing, Untracked, list},
};
use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

mod browse;
mod first;

/// A condition that has not come true by then never will.
const HANG: Duration = Duration::from_mins(2);
/// Lines of scrollback that are kept.
const SCROLLBACK: usize = 1000;

/// A program in a terminal of its own, in a home of its own.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    display: Arc<Display>,
    reader: JoinHandle<()>,
    exit: mpsc::Receiver<ExitStatus>,
    pid: Pid,
    home: tempfile::TempDir,
}

/// What the program has painted so far.
struct Display {
    parser: Mutex<vt100::Parser>,
    /// All bytes as they came.
    bytes: Mutex<Vec<u8>>,
    changed: Condvar,
}

/// How a program is started.
struct Start<'a> {
    program: PathBuf,
    arguments: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    columns: u16,
    rows: u16,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self {
            program: env!("CARGO_BIN_EXE_massgen-tui").into(),
            arguments: &[],
            variables: &[],
            columns: 100,
            rows: 30,
        }
    }
}

fn lines(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Terminal {
    fn start(start: &Start<'_>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let pair = native_pty_system()
            .openpty(size(start.columns, start.rows))
            .unwrap();
        let mut command = CommandBuilder::new(&start.program);
        command.args(start.arguments);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("MASSGEN_TUI_STATE_DIR", home.path().join("state"));
        for (name, value) in start.variables {
            command.env(name, value);
        }
        command.cwd(home.path());
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let pid = child
            .process_id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .unwrap();
        let display = Arc::new(Display {
            parser: Mutex::new(vt100::Parser::new(
                lines(start.rows),
                lines(start.columns),
                SCROLLBACK,
            )),
            bytes: Mutex::default(),
            changed: Condvar::new(),
        });
        let output = pair.master.try_clone_reader().unwrap();
        let painted = Arc::clone(&display);
        let reader = thread::spawn(move || painted.read(output));
        let (ended, exit) = mpsc::sync_channel(1);
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = ended.send(status);
            }
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            display,
            reader,
            exit,
            pid,
            home,
        }
    }

    /// The demo, straight into a run.
    fn demo(name: &str, speed: &str) -> Self {
        Self::start(&Start {
            arguments: &["--demo", name, "--demo-speed", speed],
            ..Start::default()
        })
    }

    /// Waits until the screen fits.
    #[track_caller]
    fn wait_for(&self, condition: &str, fits: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + HANG;
        let mut parser = self.display.parser.lock().unwrap();
        while !fits(parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "never: {condition}\n{}",
                parser.screen().contents()
            );
            parser = self.display.changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    #[track_caller]
    fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// Whether this text was handed to the terminal's clipboard.
    fn copied(&self, text: &str) -> bool {
        let sent = format!("\x1b]52;c;{}\x1b\\", base64(text.as_bytes()));
        let bytes = self.display.bytes.lock().unwrap();
        let mut windows = bytes.windows(sent.len());
        windows.any(|window| window == sent.as_bytes())
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.display
            .parser
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(lines(rows), lines(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits for the end, checks that the terminal is as it was, and returns the exit code and all
    /// text that is left, scrollback included.
    #[track_caller]
    fn end(self) -> (u32, String) {
        let status = self.exit.recv_timeout(HANG);
        let Ok(status) = status else {
            panic!(
                "it does not end\n{}",
                self.display.parser.lock().unwrap().screen().contents()
            );
        };
        drop(self.keys);
        drop(self.master);
        self.reader.join().unwrap();
        let mut parser = self.display.parser.lock().unwrap();
        restored(parser.screen());
        (status.exit_code(), everything(&mut parser))
    }
}

impl Display {
    fn read(&self, mut output: Box<dyn Read + Send>) {
        let mut buffer = [0; 8192];
        // On Linux the end of the program shows as an error of the reading side.
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            self.bytes.lock().unwrap().extend(&buffer[..count]);
            self.parser.lock().unwrap().process(&buffer[..count]);
            self.changed.notify_all();
        }
        self.changed.notify_all();
    }
}

/// True while the terminal is in the state a shell expects.
fn is_plain(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
}

#[track_caller]
fn restored(screen: &vt100::Screen) {
    assert!(
        !screen.alternate_screen(),
        "the alternate screen is still on"
    );
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
    assert!(!screen.bracketed_paste(), "bracketed paste is still on");
    assert_eq!(
        screen.mouse_protocol_mode(),
        vt100::MouseProtocolMode::None,
        "the mouse is still reported"
    );
}

/// Scrollback and screen, each line once.
fn everything(parser: &mut vt100::Parser) -> String {
    let columns = parser.screen().size().1.get();
    let screen = parser.screen_mut();
    screen.set_scrollback(usize::MAX);
    let mut lines = Vec::new();
    for offset in (1..=screen.scrollback()).rev() {
        screen.set_scrollback(offset);
        lines.extend(screen.rows(0, columns).next());
    }
    screen.set_scrollback(0);
    lines.extend(screen.rows(0, columns));
    lines.join("\n")
}

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";
const ESC: &str = "\x1b";
const ENTER: &str = "\r";
/// F12 in xterm's code.
const F12: &str = "\x1b[24~";
const F1: &str = "\x1bOP";

#[test]
fn the_start_screen_appears_and_ctrl_c_twice_leaves() {
    let mut terminal = Terminal::start(&Start::default());
    terminal.wait_for_text("Demo team");
    terminal.wait_for("it says that the demo is a script", |screen| {
        screen.contents().contains("script, no model")
    });
    terminal.press(CTRL_C);
    terminal.wait_for_text("again");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn enter_on_the_start_screen_runs_the_demo_to_its_answer() {
    let mut terminal = Terminal::start(&Start {
        arguments: &["--demo-speed", "max"],
        ..Start::default()
    });
    terminal.wait_for_text("Enter run");
    terminal.press(ENTER);
    terminal.wait_for_text("Final answer");
    terminal.press("q");
    let (code, text) = terminal.end();
    assert_eq!(code, 0);
    assert!(text.contains("Open it again: massgen-tui open"), "{text}");
}

#[test]
fn help_lists_the_keys_and_closes() {
    let mut terminal = Terminal::start(&Start::default());
    terminal.wait_for_text("Demo team");
    terminal.press(F1);
    terminal.wait_for_text("type to search");
    terminal.press(ESC);
    terminal.wait_for("help is closed", |screen| {
        !screen.contents().contains("type to search")
    });
    terminal.press("?");
    terminal.wait_for_text("type to search");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end().0, 143);
}

#[test]
fn a_demo_run_ends_with_its_answer_in_the_scrollback() {
    let mut terminal = Terminal::demo("quick", "max");
    terminal.wait_for_text("Final answer");
    terminal.wait_for("it says that it was a script", |screen| {
        screen.contents().contains("script, no model")
    });
    terminal.press("q");
    let (code, text) = terminal.end();
    assert_eq!(code, 0);
    assert!(
        text.contains("## How a hash map handles collisions"),
        "{text}"
    );
    assert!(text.contains("massgen-tui open 20"), "{text}");
    assert!(text.contains("no model was asked"), "{text}");
}

#[test]
fn leaving_a_running_team_asks_first() {
    let mut terminal = Terminal::demo("slow", "0.1");
    terminal.wait_for_text("working");
    terminal.press("q");
    terminal.wait_for_text("Leave?");
    terminal.press(ESC);
    terminal.wait_for("the question is gone", |screen| {
        !screen.contents().contains("Leave?")
    });
    terminal.press("q");
    terminal.wait_for_text("Leave?");
    terminal.press(ENTER);
    let (code, text) = terminal.end();
    assert_eq!(code, 0);
    assert!(text.contains("Open it again"), "{text}");
}

#[test]
fn ctrl_c_twice_leaves_a_running_team() {
    let mut terminal = Terminal::demo("slow", "0.1");
    terminal.wait_for_text("working");
    terminal.press(CTRL_C);
    terminal.wait_for("it says what a second one does", |screen| {
        screen.contents().contains("again")
    });
    terminal.press(CTRL_C);
    let (_, text) = terminal.end();
    assert!(text.contains("Open it again"), "{text}");
}

#[test]
fn signals_end_it_and_give_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let terminal = Terminal::demo("slow", "0.1");
        terminal.wait_for_text("working");
        terminal.signal(signal);
        assert_eq!(terminal.end().0, code, "{signal:?}");
    }
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_screen() {
    let mut terminal = Terminal::demo("slow", "1");
    terminal.wait_for_text("working");
    for step in 0..60_u16 {
        terminal.resize(20 + (step * 37) % 140, 5 + (step * 13) % 45);
    }
    terminal.resize(90, 25);
    terminal.wait_for("the last size is painted", |screen| {
        let lines: Vec<String> = screen.rows(0, 90).collect();
        lines[0].contains("working") && !lines[24].trim().is_empty()
    });
    terminal.press("q");
    terminal.wait_for_text("Leave?");
    terminal.press(ENTER);
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_tiny_terminal_says_so_and_works_once_it_grows() {
    let mut terminal = Terminal::start(&Start {
        arguments: &["--demo", "quick", "--demo-speed", "max"],
        columns: 20,
        rows: 5,
        ..Start::default()
    });
    terminal.wait_for_text("too small");
    terminal.resize(24, 8);
    terminal.wait_for("the run is over", |screen| {
        screen.contents().contains("Final answer")
    });
    terminal.resize(20, 5);
    terminal.wait_for_text("too small");
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    let (_, text) = terminal.end();
    // Twenty columns break every sentence.
    let text = text.replace([' ', '\n'], "");
    assert!(text.contains("massgen-tuiopen20"), "{text}");
}

#[test]
fn no_color_paints_without_colours() {
    let coloured = |variables: &[(&str, &str)]| {
        let mut terminal = Terminal::start(&Start {
            arguments: &["--demo", "quick", "--demo-speed", "max"],
            variables,
            ..Start::default()
        });
        terminal.wait_for_text("Final answer");
        let cells = {
            let parser = terminal.display.parser.lock().unwrap();
            let screen = parser.screen();
            let (rows, columns) = screen.size();
            let (rows, columns) = (rows.get(), columns.get());
            (0..rows)
                .flat_map(|row| (0..columns).map(move |column| (row, column)))
                .filter_map(|(row, column)| screen.cell(row, column))
                .filter(|cell| {
                    cell.fgcolor() != vt100::Color::Default
                        || cell.bgcolor() != vt100::Color::Default
                })
                .count()
        };
        terminal.press("q");
        terminal.end();
        cells
    };
    assert_eq!(coloured(&[("NO_COLOR", "1")]), 0);
    assert!(coloured(&[]) > 0, "and with colours there are some");
}

#[test]
fn suspending_gives_the_shell_its_terminal_and_resuming_takes_it_back() {
    let program = env!("CARGO_BIN_EXE_massgen-tui");
    let mut terminal = Terminal::start(&Start {
        program: "/bin/sh".into(),
        arguments: &["-i"],
        variables: &[("PS1", "shell> ")],
        ..Start::default()
    });
    terminal.wait_for_text("shell> ");
    terminal.press(&format!(
        "set -m; '{program}' --demo slow --demo-speed 0.1\n"
    ));
    terminal.wait_for_text("working");
    terminal.press(CTRL_Z);
    terminal.wait_for("the shell has a plain terminal", |screen| {
        is_plain(screen) && screen.contents().trim_end().ends_with("shell>")
    });
    terminal.press("fg\n");
    terminal.wait_for("the program paints again", |screen| {
        screen.alternate_screen() && screen.contents().contains("working")
    });
    terminal.press("q");
    terminal.wait_for_text("Leave?");
    terminal.press(ENTER);
    terminal.wait_for("the shell is back", |screen| {
        is_plain(screen) && screen.contents().contains("Open it again")
    });
    terminal.press("exit 7\n");
    assert_eq!(terminal.end().0, 7);
}

#[test]
fn what_a_crash_left_behind_is_offered_and_kept() {
    let bench = crate::workspace::Bench::new();
    let state = tempfile::tempdir().unwrap();
    let place = Place {
        path: bench.root().into(),
        access: Access::Write,
        untracked: Untracked::default(),
        include: Vec::new(),
        beside: massgen_tui::workspace::Beside::WhereNeeded,
    };
    let run = RunId("20261121-101530-k3f9".to_owned());
    let mut grounds = Grounds::lay(state.path(), &run, &[place]).unwrap();
    let root = grounds.worktree(AgentId(1)).unwrap().remove(0).root;
    std::fs::write(root.join("a.txt"), "agent\n").unwrap();
    drop(grounds);
    let mut terminal = Terminal::start(&Start {
        variables: &[("MASSGEN_TUI_STATE_DIR", state.path().to_str().unwrap())],
        ..Start::default()
    });
    terminal.wait_for_text("A session was cut off and left worktrees");
    terminal.press("\x1bo");
    terminal.wait_for_text("Left behind by a crash");
    terminal.wait_for("it is weighed", |screen| screen.contents().contains("KiB"));
    terminal.press("1");
    terminal.wait_for_text("1 changed file of its agents are kept as snapshots");
    terminal.wait_for_text("No session was cut off");
    let name = format!("refs/massgen-tui/{run}/agents/agent1/0:a.txt");
    assert_eq!(bench.git(["show", &name]), b"agent\n");
    let held = list(state.path()).unwrap();
    assert_eq!(held[0].standing, Standing::Ended);
    terminal.press("\x1b");
    terminal.wait_for("the list is away", |screen| {
        !screen.contents().contains("Left behind")
    });
    terminal.press("\x03\x03");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let terminal = Terminal::demo("slow", "0.1");
    terminal.wait_for_text("working");
    drop(terminal.keys);
    drop(terminal.master);
    // The reader's copy of the terminal is still open; the hang-up comes as the signal.
    let _ = kill_process(terminal.pid, Signal::HUP);
    assert!(terminal.exit.recv_timeout(HANG).is_ok(), "it does not end");
}

#[test]
fn a_stored_session_opens_on_the_same_screens() {
    let program = env!("CARGO_BIN_EXE_massgen-tui");
    let mut terminal = Terminal::start(&Start {
        program: "/bin/sh".into(),
        arguments: &["-i"],
        variables: &[("PS1", "shell> ")],
        ..Start::default()
    });
    terminal.wait_for_text("shell> ");
    terminal.press(&format!(
        "'{program}' run --quiet --demo quick --demo-speed max >/dev/null && '{program}' open; echo code $?\n"
    ));
    terminal.wait_for_text("Final answer");
    terminal.press("q");
    terminal.wait_for_text("code 0");
    terminal.press("exit\n");
    terminal.end();
}

/// Who was asked in each turn of the one session, and whom each turn says it asks.
fn asked(state: &std::path::Path) -> Vec<(Option<AgentId>, BTreeSet<AgentId>)> {
    let store = Store::reading(state);
    let run = store.list(2).unwrap().sessions[0].run.clone();
    let mut turns = Vec::new();
    for event in store.read(&run).unwrap().events {
        match event.kind {
            EventKind::Run(RunEvent::Started(start)) => {
                turns.push((start.rules.asked, BTreeSet::new()));
            }
            EventKind::Agent {
                id,
                event: AgentEvent::RoundStarted { .. } | AgentEvent::Usage(_),
            } => {
                turns.last_mut().unwrap().1.insert(id);
            }
            _ => {}
        }
    }
    turns
}

/// Comments on changes in a repository go to one agent of the demo team, then a task to all.
#[test]
fn comments_to_one_ask_only_that_one_and_the_next_task_everybody() {
    let mut terminal = Terminal::start(&Start {
        arguments: &[
            "--demo",
            "repair",
            "--demo-speed",
            "max",
            "--approve",
            "auto",
        ],
        columns: 132,
        rows: 34,
        ..Start::default()
    });
    terminal.wait_for_text("answered");
    terminal.wait_for_text("review changes");
    terminal.press("w");
    terminal.wait_for_text("to review");
    terminal.press("C");
    terminal.wait_for_text("Enter notes it");
    terminal.press("Keep it short.");
    terminal.press(ENTER);
    terminal.wait_for_text("1 unsent");
    terminal.press("S");
    terminal.wait_for_text("Send 1 comment to");
    terminal.press("jj");
    terminal.wait_for_text("in which only this agent is asked");
    terminal.press(ENTER);
    terminal.wait_for("the turn of one agent is over", |screen| {
        let text = screen.contents();
        text.contains("alone, whose changes are reviewed") && text.contains("answered")
    });
    terminal.press("i");
    terminal.wait_for_text("What should the team do next?");
    terminal.press("Go on.");
    terminal.press(ENTER);
    terminal.wait_for("the turn of all is over", |screen| {
        let text = screen.contents();
        text.contains("Go on.") && text.contains("answered") && !text.contains("alone, whose")
    });
    terminal.press("q");
    let other = tempfile::tempdir().unwrap();
    let home = std::mem::replace(&mut terminal.home, other);
    terminal.end();
    let turns = asked(&home.path().join("state"));
    let all: BTreeSet<AgentId> = (1..=3).map(AgentId).collect();
    let one = turns[1].0.expect("one is asked");
    assert_eq!(
        turns,
        [
            (None, all.clone()),
            (Some(one), BTreeSet::from([one])),
            (None, all)
        ]
    );
}

/// Presses F12 and returns the picture that was written.
fn picture(terminal: &mut Terminal, number: usize) -> String {
    terminal.press(F12);
    let folder = terminal.home.path().join("state").join("captures");
    terminal.wait_for("the picture is announced", |_| {
        svgs(&folder).len() == number
    });
    let newest = svgs(&folder).pop().unwrap();
    std::fs::read_to_string(newest).unwrap()
}

/// Pictures in a folder, in the order of their writing.
fn svgs(folder: &std::path::Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "svg"))
        .collect();
    files.sort_by_key(|path| path.metadata().unwrap().modified().unwrap());
    files
}

/// The pictures of the start screen and of the review come from here, because they need a terminal and a
/// repository; `MASSGEN_TUI_WRITE_DOCS=1` renews them. The others are made in `pictures.rs`.
#[test]
fn f12_writes_a_picture_of_the_screen() {
    let renewing = std::env::var_os("MASSGEN_TUI_WRITE_DOCS").is_some();
    let mut pictures = Vec::new();
    let wide = |arguments| Start {
        arguments,
        columns: 132,
        rows: 34,
        ..Start::default()
    };
    let mut terminal = Terminal::start(&wide(&[]));
    // A machine with a model server of its own shows that instead.
    terminal.wait_for("the start screen", |screen| {
        let text = screen.contents();
        text.contains("Demo team") && (!renewing || text.contains("no local model server found"))
    });
    pictures.push(("start", picture(&mut terminal, 1)));
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    terminal.end();

    let mut terminal = Terminal::start(&wide(&["--demo", "turnaround", "--demo-speed", "2"]));
    // The moment that shows most may pass unseen on a busy machine: only whoever renews the pictures
    // waits for it.
    terminal.wait_for("a team at work", |screen| {
        let text = screen.contents();
        text.contains("Agents")
            && (!renewing || text.contains("voted") && text.contains("drafting"))
    });
    pictures.push(("run", picture(&mut terminal, 1)));
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    terminal.end();

    let mut terminal = Terminal::start(&wide(&["--demo", "turnaround", "--demo-speed", "max"]));
    terminal.wait_for_text("Final answer");
    terminal.wait_for_text("answered");
    pictures.push(("final", picture(&mut terminal, 1)));
    terminal.press("q");
    terminal.end();

    let mut terminal = Terminal::start(&wide(&[
        "--demo",
        "repair",
        "--demo-speed",
        "max",
        "--approve",
        "auto",
    ]));
    // Earlier there are changes of some agents only.
    terminal.wait_for_text("Final answer");
    terminal.wait_for_text("answered");
    terminal.wait_for_text("review changes");
    terminal.press("w");
    terminal.wait_for_text("to review");
    terminal.wait_for_text("check 07:15 07:15 0");
    terminal.press("a");
    terminal.wait_for_text("3 taken");
    let home = terminal.home.path().display().to_string();
    // Where the test ran is nobody's business.
    pictures.push(("review", picture(&mut terminal, 1).replace(&home, "~")));
    terminal.press(CTRL_C);
    terminal.press(CTRL_C);
    terminal.end();

    for (name, svg) in pictures {
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(
            svg.contains("no model"),
            "{name} does not say that it is a script"
        );
        if renewing && ["start", "review"].contains(&name) {
            let path = format!("{}/docs/images/{name}.svg", env!("CARGO_MANIFEST_DIR"));
            std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
            std::fs::write(path, svg).unwrap();
        }
    }
}
