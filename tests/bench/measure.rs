//! The measures.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    procfs,
    pty::{Program, Terminal},
    table::{self, Row},
};

/// The program that is measured.
const BINARY: &str = env!("CARGO_BIN_EXE_massgen-tui");

/// Words that stand on the screen when the run is over (the bench script's presentation).
const OVER: &str = "BENCH-DONE";

/// Section titles of the help overlay, one of which is always at its top.
const HELP: &[&str] = &[
    "In an empty editor",
    "Start screen, editor",
    "Start screen, lists",
    "Live screen, editor",
    "Live screen, panes and pages",
    "In every editor",
];

const F1: &[u8] = b"\x1bOP";
const ESCAPE: &[u8] = b"\x1b";
const TOKEN: &str = "bench-token";
const PATIENCE: Duration = Duration::from_secs(20);

/// A measure: some rows of the table.
type Measure = fn(&Home, &Effort) -> Vec<Row>;

/// How much is done.
struct Effort {
    starts: usize,
    runs: usize,
    keys: usize,
}

/// Runs the measures that the arguments pick, all without arguments.
pub fn all(arguments: &[String]) {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let picked: Vec<_> = arguments
        .iter()
        .filter(|argument| *argument != "quick")
        .collect();
    let wanted = |name: &str| {
        if picked.is_empty() {
            !(quick && name == "paced")
        } else {
            picked.iter().any(|argument| *argument == name)
        }
    };
    let effort = if quick {
        Effort {
            starts: 5,
            runs: 1,
            keys: 40,
        }
    } else {
        Effort {
            starts: 20,
            runs: 5,
            keys: 200,
        }
    };
    let home = Home::new();
    print!("{}", table::HEAD);
    let measures: [(&str, Measure); 5] = [
        ("start", start),
        ("idle", idle),
        ("full", full_speed),
        ("paced", paced),
        ("keys", keys),
    ];
    for (_, measure) in measures.iter().filter(|(name, _)| wanted(name)) {
        for row in measure(&home, &effort) {
            print!("{}", row.line());
        }
        // Each line as soon as it is known: a whole run takes minutes.
        let _ = std::io::stdout().flush();
    }
}

/// A home of our own, so that no configuration of this machine is found.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("massgen-tui-bench-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the bench");
        Self(path)
    }

    fn program(&self, arguments: &[&str]) -> Program<'_> {
        Program {
            path: Path::new(BINARY),
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            home: &self.0,
            variables: Vec::new(),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    table::percentile(&sorted, 0.5)
}

/// A screen with something on it, not just a cleared one.
fn painted(screen: &str) -> bool {
    screen.chars().filter(|c| !c.is_whitespace()).count() > 40
}

/// Time from the start of the process to its first frame, and to that of the least program.
fn start(home: &Home, effort: &Effort) -> Vec<Row> {
    let mut ours = Vec::new();
    let mut least = Vec::new();
    // The first one warms the caches and is not counted.
    for turn in 0..=effort.starts {
        let mut terminal = Terminal::start(&home.program(&[]));
        let frame = terminal.wait_for(PATIENCE, painted).expect("a first frame");
        let echo = Program {
            path: Path::new("/bin/echo"),
            ..home.program(&["x"])
        };
        let mut echo = Terminal::start(&echo);
        let byte = echo
            .wait_for(PATIENCE, |screen| screen.contains('x'))
            .expect("an echo");
        if turn > 0 {
            ours.push(milliseconds(frame - terminal.started));
            least.push(milliseconds(byte - echo.started));
        }
    }
    let base = median(&least);
    let mut rows = vec![
        Row::new("process start to first frame", "ms", ours)
            .target(40.0)
            .against("/bin/echo", base),
    ];
    match env::var_os("MASSGEN_BIN") {
        None => eprintln!("MASSGEN_BIN is not set: MassGen itself is not measured."),
        Some(path) => {
            let massgen = Program {
                path: Path::new(&path),
                ..home.program(&[])
            };
            let mut terminal = Terminal::start(&massgen);
            let frame = terminal.wait_for(Duration::from_mins(1), painted);
            let time = frame.map(|at| milliseconds(at - terminal.started));
            rows.push(Row::new(
                "MassGen: process start to first frame",
                "ms",
                time.into_iter().collect(),
            ));
            terminal.pump(Duration::from_secs(5));
            let memory = megabytes(procfs::resident(terminal.pid()));
            rows.push(Row::new(
                "MassGen: resident memory after 5 s",
                "MB",
                vec![memory],
            ));
        }
    }
    rows
}

/// What the start screen costs while nobody touches it.
fn idle(home: &Home, effort: &Effort) -> Vec<Row> {
    let mut memory = Vec::new();
    let (mut cpu, mut switches, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(3) {
        let mut terminal = Terminal::start(&home.program(&[]));
        terminal.wait_for(PATIENCE, painted).expect("a first frame");
        // Looking for local servers takes half a second and may change the screen.
        terminal.pump(Duration::from_secs(3));
        let pid = terminal.pid();
        let (time, count, sent) = (procfs::cpu(pid), procfs::switches(pid), terminal.bytes);
        terminal.pump(Duration::from_secs(5));
        cpu.push(milliseconds(procfs::cpu(pid).saturating_sub(time)));
        // A kernel that does not count them says 0 for a program that has just painted a screen.
        if count > 0 {
            switches.push(procfs::switches(pid).saturating_sub(count) as f64);
        }
        bytes.push((terminal.bytes - sent) as f64);
        memory.push(megabytes(procfs::resident(pid)));
    }
    vec![
        Row::new("resident memory, idle", "MB", memory).target(20.0),
        Row::new("CPU in 5 s, idle (in steps of 10 ms)", "ms", cpu).target(10.0),
        Row::new("wake-ups in 5 s, idle", "", switches).target(1.0),
        Row::new("bytes written in 5 s, idle", "B", bytes).target(1.0),
    ]
}

/// A demo server in a process of its own.
struct Server {
    child: Child,
    url: String,
    models: Vec<String>,
}

impl Server {
    fn start(scenario: &str, agents: usize, size: &str, speed: &str) -> Self {
        let mut child = Command::new(BINARY)
            .args([
                "demo-server",
                "--scenario",
                scenario,
                "--speed",
                speed,
                "--token",
                TOKEN,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo server starts");
        let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("base url: ").map(str::to_owned))
            .expect("the demo server tells its address");
        let models = (1..=agents)
            .map(|number| format!("demo/bench-{size}/bench-{number:02}"))
            .collect();
        Self { child, url, models }
    }

    /// Address without scheme and path.
    fn host(&self) -> &str {
        self.url
            .trim_start_matches("http://")
            .trim_end_matches("/v1")
    }

    /// Base URL of a session that nobody has used.
    fn session(&self, name: &str) -> String {
        format!("http://{}/s/{name}/v1", self.host())
    }

    /// A configuration with one agent per model; its path.
    fn configuration(&self, home: &Home, session: &str) -> PathBuf {
        let mut yaml = String::from("agents:\n");
        for model in &self.models {
            let name = model.rsplit('/').next().unwrap_or(model);
            let _ = write!(
                yaml,
                "  - id: {name}\n    backend:\n      type: chatcompletion\n      model: {model}\n      \
                 base_url: {}\n      api_key: {TOKEN}\n",
                self.session(session)
            );
        }
        let path = home.0.join(format!("{session}.yaml"));
        fs::write(&path, yaml).expect("a configuration");
        path
    }

    /// The client on a fresh session.
    fn client<'a>(&self, home: &'a Home, session: &str) -> Program<'a> {
        let path = self.configuration(home, session);
        home.program(&[
            "--config",
            &path.display().to_string(),
            "Measure this program.",
        ])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Figures of one run to its final answer.
#[derive(Default)]
struct Figures {
    wall: Vec<f64>,
    cpu: Vec<f64>,
    peak: Vec<f64>,
    kilobytes: Vec<f64>,
}

impl Figures {
    fn of(&mut self, program: &Program, over: &str, limit: Duration) {
        let mut terminal = Terminal::start(program);
        let Some(end) = terminal.wait_for(limit, |screen| screen.contains(over)) else {
            eprintln!(
                "the run did not come to its end; the screen was:\n{}",
                terminal.screen()
            );
            return;
        };
        self.cpu.push(procfs::cpu(terminal.pid()).as_secs_f64());
        self.peak.push(megabytes(procfs::peak(terminal.pid())));
        self.wall.push((end - terminal.started).as_secs_f64());
        self.kilobytes.push(terminal.bytes as f64 / 1024.0);
    }
}

/// Three agents with 5000 tokens each, as fast as they are taken.
fn full_speed(home: &Home, effort: &Effort) -> Vec<Row> {
    run(home, effort.runs, "max", "full speed", 0.5)
}

/// The same at 60 tokens per second each: a minute and a half.
fn paced(home: &Home, _: &Effort) -> Vec<Row> {
    run(home, 1, "60", "60 tokens/s each", 1.0)
}

fn run(home: &Home, times: usize, speed: &str, name: &str, cpu_target: f64) -> Vec<Row> {
    let server = Server::start("bench-5000", 3, "3x5000", speed);
    let (mut ours, mut bare) = (Figures::default(), Figures::default());
    let limit = Duration::from_mins(3);
    let itself = env::current_exe().expect("the path of this bench");
    for turn in 0..times {
        let session = format!("{turn}");
        ours.of(&server.client(home, &session), OVER, limit);
        if speed == "max" {
            let mut arguments = vec!["--drain".into(), server.host().to_owned(), TOKEN.into()];
            arguments.extend(server.models.iter().cloned());
            let drain = Program {
                path: &itself,
                arguments,
                ..home.program(&[])
            };
            bare.of(&drain, "DRAINED", limit);
        }
    }
    // What the three agents say until they vote: 5000 tokens of about four characters each.
    let said = 3.0 * 5000.0 * 4.0 / 1024.0;
    let row = |what: &str, unit, values: &Vec<f64>, base: &Vec<f64>| {
        let row = Row::new(
            format!("3 x 5000 tokens, {name}: {what}"),
            unit,
            values.clone(),
        );
        if base.is_empty() {
            row
        } else {
            row.against("printing the raw streams", median(base))
        }
    };
    vec![
        row("wall", "s", &ours.wall, &bare.wall),
        row("CPU", "s", &ours.cpu, &bare.cpu).target(cpu_target),
        row("peak memory", "MB", &ours.peak, &bare.peak).target(40.0),
        Row::new(
            format!("3 x 5000 tokens, {name}: written to the terminal"),
            "kB",
            ours.kilobytes,
        )
        // Half of the least that was seen of MassGen (1.4 MB; at 60 tokens/s 3.8 MB).
        .target(if speed == "max" { 700.0 } else { 1900.0 })
        .against("the text itself, about", said),
    ]
}

/// Key to painted frame: help opens and closes again.
fn keys(home: &Home, effort: &Effort) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut terminal = Terminal::start(&home.program(&[]));
    terminal.wait_for(PATIENCE, painted).expect("a first frame");
    terminal.pump(Duration::from_secs(2));
    let idle = latencies(&mut terminal, effort.keys);
    drop(terminal);
    rows.push(Row::new("key to frame, idle", "ms", idle.clone()).target(2.0));
    rows.push(Row::new("key to frame, idle", "ms", idle).p99());
    let server = Server::start("bench-16x20000", 16, "16x20000", "200");
    let mut terminal = Terminal::start(&server.client(home, "keys"));
    terminal.wait_for(PATIENCE, painted).expect("a first frame");
    terminal.pump(Duration::from_secs(3));
    let (cpu, sent, from) = (procfs::cpu(terminal.pid()), terminal.bytes, Instant::now());
    let busy = latencies(&mut terminal, effort.keys);
    let seconds = from.elapsed().as_secs_f64();
    let share = (procfs::cpu(terminal.pid()).saturating_sub(cpu)).as_secs_f64() / seconds * 100.0;
    let rate = (terminal.bytes - sent) as f64 / 1024.0 / seconds;
    let name = "16 agents at 200 tokens/s each";
    rows.push(Row::new(
        format!("key to frame, {name}"),
        "ms",
        busy.clone(),
    ));
    rows.push(
        Row::new(format!("key to frame, {name}"), "ms", busy)
            .p99()
            .target(16.0),
    );
    rows.push(Row::new(
        format!("{name}: CPU, share of one core"),
        "%",
        vec![share],
    ));
    rows.push(Row::new(
        format!("{name}: written to the terminal"),
        "kB/s",
        vec![rate],
    ));
    rows
}

/// Opens and closes help so many times; milliseconds from each key to the output that shows it.
fn latencies(terminal: &mut Terminal, count: usize) -> Vec<f64> {
    let open = |screen: &str| HELP.iter().any(|title| screen.contains(title));
    let mut values = Vec::with_capacity(count);
    for turn in 0..count {
        let opens = turn % 2 == 0;
        let at = terminal.press(if opens { F1 } else { ESCAPE });
        let shown = terminal.wait_for(Duration::from_secs(5), |screen| open(screen) == opens);
        let Some(shown) = shown else {
            eprintln!(
                "help did not {}:\n{}",
                if opens { "open" } else { "close" },
                terminal.screen()
            );
            return values;
        };
        values.push(milliseconds(shown - at));
        // An uneven pause, so that keys meet every phase of the frame clock.
        terminal.pump(Duration::from_millis(40 + (turn as u64 * 7) % 23));
    }
    values
}
