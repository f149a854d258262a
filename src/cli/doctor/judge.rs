//! From facts to lines: what is ok, what is not, and what to do. Pure.

use super::{Facts, Health, Line, StateFacts, Terminal};

/// Columns and rows that the smallest layout needs.
const SMALLEST: (u16, u16) = (40, 12);
/// Free space below which a session may not fit, in bytes.
const LITTLE_SPACE: u64 = 100 << 20;
/// Free space below which nothing works, in bytes.
const NO_SPACE: u64 = 5 << 20;

/// Judges.
#[must_use]
pub fn report(facts: &Facts) -> Vec<Line> {
    let mut lines = Lines(Vec::new());
    lines.add(
        "program",
        Health::Ok,
        format!("massgen-tui {}", facts.version),
        "",
    );
    terminal(&facts.terminal, &mut lines);
    config(facts, &mut lines);
    keys(facts, &mut lines);
    servers(facts, &mut lines);
    agents(facts, &mut lines);
    match &facts.git {
        Some(version) => lines.add("git", Health::Ok, version.clone(), ""),
        None => lines.add(
            "git",
            Health::Warning,
            "git is not there or does not run".to_owned(),
            "install git; only work on repositories needs it",
        ),
    }
    let held = super::held::lines(&facts.sandbox);
    for (health, text, help) in held {
        lines.add("sandbox", health, text, help);
    }
    state(&facts.state, &mut lines);
    lines.0
}

/// True when the locale's character set is UTF-8.
#[must_use]
pub fn is_utf8(terminal: &Terminal) -> bool {
    terminal.locale.as_deref().is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, section: &'static str, health: Health, text: String, help: &str) {
        self.0.push(Line {
            section,
            health,
            text,
            help: help.to_owned(),
        });
    }
}

fn terminal(terminal: &Terminal, lines: &mut Lines) {
    const SECTION: &str = "terminal";
    let mut place = Vec::new();
    place.extend(terminal.multiplexer.map(str::to_owned));
    place.extend(terminal.ssh.then(|| "SSH".to_owned()));
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(", inside {}", place.join(" over "))
    };
    match terminal.term.as_deref() {
        None | Some("dumb") => lines.add(
            SECTION,
            Health::Warning,
            format!(
                "TERM is {}{place}",
                terminal.term.as_deref().unwrap_or("not set")
            ),
            "the full screen needs a real terminal; `massgen-tui run --headless` works without",
        ),
        Some(term) => lines.add(SECTION, Health::Ok, format!("TERM is {term}{place}"), ""),
    }
    if terminal.tty {
        match terminal.size {
            Some((columns, rows)) if columns < SMALLEST.0 || rows < SMALLEST.1 => lines.add(
                SECTION,
                Health::Warning,
                format!("{columns}x{rows} is too small to show everything"),
                &format!("make it at least {}x{}", SMALLEST.0, SMALLEST.1),
            ),
            Some((columns, rows)) => {
                lines.add(SECTION, Health::Ok, format!("{columns}x{rows} cells"), "");
            }
            None => {}
        }
    } else {
        let text = "output is not a terminal here; a run would be headless".to_owned();
        lines.add(SECTION, Health::Ok, text, "");
    }
    let colour = match (terminal.no_color, terminal.colorterm.as_deref()) {
        (true, _) => "no colours: NO_COLOR is set".to_owned(),
        (false, Some("truecolor" | "24bit")) => "true colour".to_owned(),
        (false, _)
            if terminal
                .term
                .as_deref()
                .is_some_and(|term| term.contains("256")) =>
        {
            "256 colours (COLORTERM does not say truecolor)".to_owned()
        }
        (false, _) => "16 colours (COLORTERM does not say truecolor)".to_owned(),
    };
    lines.add(SECTION, Health::Ok, colour, "");
    let locale = terminal.locale.as_deref().unwrap_or("not set");
    if is_utf8(terminal) {
        lines.add(SECTION, Health::Ok, format!("locale {locale}"), "");
    } else {
        lines.add(
            SECTION,
            Health::Warning,
            format!("the locale ({locale}) is not UTF-8; borders and letters may be wrong"),
            "export LANG=C.UTF-8",
        );
    }
}

fn config(facts: &Facts, lines: &mut Lines) {
    const SECTION: &str = "configuration";
    let Some(config) = &facts.config else {
        let places: Vec<String> = facts
            .candidates
            .iter()
            .map(|candidate| candidate.path.display().to_string())
            .collect();
        let text = format!("none; looked for {}", places.join(", "));
        lines.add(SECTION, Health::Ok, text, "");
        return;
    };
    let path = config.path.display();
    match (config.agents, &config.error) {
        (Some(agents), _) => {
            let health = if config.warnings {
                Health::Warning
            } else {
                Health::Ok
            };
            let help = if config.warnings {
                format!("massgen-tui config check {path}")
            } else {
                String::new()
            };
            let plural = if agents == 1 { "" } else { "s" };
            let text = format!("{path}: {agents} agent{plural}, {}", config.summary);
            lines.add(SECTION, health, text, &help);
        }
        (None, error) => {
            let first = error.as_deref().unwrap_or("it cannot be run");
            lines.add(
                SECTION,
                Health::Problem,
                format!("{path}: {}; first: {first}", config.summary),
                &format!("massgen-tui config check {path}"),
            );
        }
    }
}

fn keys(facts: &Facts, lines: &mut Lines) {
    const SECTION: &str = "keys";
    for key in &facts.keys {
        let text = format!(
            "{} ({}) {} from {}",
            key.variable, key.vendor, key.masked, key.origin
        );
        lines.add(SECTION, Health::Ok, text, "");
    }
    for (name, places) in &facts.conflicts {
        let text = format!("{name} is set differently in {places}; the first is used");
        lines.add(SECTION, Health::Warning, text, "keep it in one place");
    }
    for note in &facts.env_notes {
        lines.add(
            SECTION,
            Health::Warning,
            note.clone(),
            "correct or remove the line",
        );
    }
    if !facts.keys.is_empty() {
        return;
    }
    if facts.servers.is_empty() {
        lines.add(
            SECTION,
            Health::Warning,
            "no key is set and no local server answers: only the demo team can run".to_owned(),
            "set a key, for example OPENAI_API_KEY, in the environment or in `.env`",
        );
    } else {
        let text = "no key is set; local servers need none".to_owned();
        lines.add(SECTION, Health::Ok, text, "");
    }
}

/// Agents that are there; those that are not are no trouble, a configuration that wants one says so.
fn agents(facts: &Facts, lines: &mut Lines) {
    const SECTION: &str = "command-line agents";
    for agent in &facts.agents {
        let (name, install, login) = (&agent.name, &agent.install, &agent.login);
        let text = match &agent.path {
            Some(path) => format!("{name}: {} (log in once with `{login}`)", path.display()),
            None => format!("{name} is not installed (`{install}`)"),
        };
        lines.add(SECTION, Health::Ok, text, "");
    }
}

fn servers(facts: &Facts, lines: &mut Lines) {
    const SECTION: &str = "local servers";
    for server in &facts.servers {
        let (name, url) = (server.kind.name(), &server.base_url);
        if server.needs_key {
            lines.add(
                SECTION,
                Health::Warning,
                format!("{name} at {url} wants a key"),
                "set its key and name the server in a configuration",
            );
            continue;
        }
        let models: Vec<&str> = server
            .models
            .iter()
            .take(3)
            .map(|model| model.id.as_str())
            .collect();
        match server.models.len() {
            0 => lines.add(
                SECTION,
                Health::Warning,
                format!("{name} at {url} has no model"),
                "load or pull a model there",
            ),
            count => {
                let more = if count > models.len() { ", …" } else { "" };
                let text = format!(
                    "{name} at {url}: {count} models ({}{more})",
                    models.join(", ")
                );
                lines.add(SECTION, Health::Ok, text, "");
            }
        }
    }
    if facts.servers.is_empty() {
        let text = "none on the usual ports (1234, 11434, 8000, 30000, 8080)".to_owned();
        lines.add(SECTION, Health::Ok, text, "");
    }
}

fn state(state: &StateFacts, lines: &mut Lines) {
    const SECTION: &str = "state folder";
    let dir = match &state.dir {
        Ok(dir) => dir.display().to_string(),
        Err(why) => {
            lines.add(
                SECTION,
                Health::Problem,
                why.clone(),
                "give one with --state-dir DIR",
            );
            return;
        }
    };
    if let Some(error) = &state.write_error {
        lines.add(
            SECTION,
            Health::Problem,
            format!("{dir} cannot be written: {error}"),
            "make it writable, or use another with --state-dir DIR",
        );
        return;
    }
    lines.add(SECTION, Health::Ok, format!("{dir} can be written"), "");
    if let Some(mode) = state.mode.filter(|mode| mode & 0o077 != 0) {
        lines.add(
            SECTION,
            Health::Warning,
            format!("others may look into it (mode {mode:03o})"),
            &format!("chmod 700 {dir}"),
        );
    }
    match state.free_bytes {
        Some(free) if free < LITTLE_SPACE => {
            let health = if free < NO_SPACE {
                Health::Problem
            } else {
                Health::Warning
            };
            let text = format!("only {} MB free on its disk", free >> 20);
            lines.add(
                SECTION,
                health,
                text,
                "free some space; sessions are written there",
            );
        }
        Some(free) => {
            let text = format!(
                "{:.1} GB free on its disk",
                free as f64 / f64::from(1 << 30)
            );
            lines.add(SECTION, Health::Ok, text, "");
        }
        None => {}
    }
}
