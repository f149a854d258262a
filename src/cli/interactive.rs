//! The full-screen program: start screen, straight into a run, or a stored session.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    path::Path,
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{
    Globals, TeamArgs,
    args::RunArgs,
    launch::{self, Trouble},
    rules::RuleArgs,
};
use crate::{
    app::{
        self, Hub, Services, Source, World, opening, sharing,
        shelf::Volume,
        trust::{
            Chosen, Refusal,
            screen::{question, summary},
        },
    },
    config::Paths,
    demo,
    protocol::{Failure, FailureKind, RunId, Seq},
    run::RunState,
    store::Store,
    text::clean,
    tui::{
        self,
        effect::{Here, Launch, MouseReports, Onward, TeamChoice},
        options::{
            Begin, DemoScenario, ExitReason, ExitSummary, First, Opening, Sample, StartOptions,
        },
        review::Review,
    },
};

/// Sessions among which the latest with changes is looked for.
const LOOKED_AT: usize = 200;
/// Events that may wait for the screen.
const EVENTS: usize = 1024;

/// Opens the start screen, or goes straight into a run when a task or a demo was named. Without a
/// terminal it runs headless.
pub async fn run(globals: &Globals, mut team: TeamArgs, mut task: Option<String>) -> u8 {
    super::args::task_after_demo(&mut team, &mut task);
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let args = RunArgs {
            team,
            headless: true,
            output: "text".into(),
            quiet: false,
            apply: "patch".to_owned(),
            after: None,
            preset: None,
            var: Vec::new(),
            task,
        };
        return Box::pin(super::run::run(globals, args)).await;
    }
    finish(start(globals, &team, task).await)
}

async fn start(
    globals: &Globals,
    team: &TeamArgs,
    task: Option<String>,
) -> Result<ExitSummary, Trouble> {
    let task = match task.as_deref() {
        Some("-") => return Err(Trouble::Usage(DASH.into())),
        Some(task) => Some(super::run::worded(task)?),
        None => None,
    };
    let (services, paths) = launch::services(globals, &team.demo_speed, &team.rules)?;
    let mut options = options(globals, &services);
    options.notices.extend(services.notices.iter().cloned());
    options
        .notices
        .extend(super::taking::ended(&services).await);
    let named = launch::named(team, &services, &paths).await?;
    let configured = match &named {
        Some(Source::Demo(_)) => None,
        Some(source) => Some(source.clone()),
        None => found(&services, &paths, &mut options),
    };
    options.configured = configured.as_ref().map(summary);
    options.folder = paths.cwd.display().to_string();
    let said = configured.as_ref().map(|source| source.given(&services));
    options.given = said.unwrap_or_else(|| app::given(&services.overlay.layered(&[]).1.working));
    options.launch = straight_in(named.as_ref(), configured.as_ref(), task, &mut options);
    show(&services, configured, None, options).await
}

const DASH: &str = "\"-\" reads the task from a pipe, and standard input is the keyboard. \
                    Pipe the task in, or give it in quotes.";

/// The configuration that lies in one of the usual places. One that cannot be used is told on the start
/// screen and does not keep anyone from the demo team; about one of a project that nobody approved the
/// screen asks.
fn found(services: &Services, paths: &Paths, options: &mut StartOptions) -> Option<Source> {
    let path = paths.default_config()?;
    match services.configuration(&path, Chosen::Found) {
        Ok(config) => return Some(Source::Config(config)),
        Err(Refusal::Unapproved(asked)) if options.begin == Begin::Start => {
            options.begin = Begin::Trust(Box::new(question(&asked, None)));
        }
        Err(refusal) => options.notices.push(refusal.failure().words()),
    }
    None
}

/// What to start at once, if anything.
fn straight_in(
    named: Option<&Source>,
    configured: Option<&Source>,
    task: Option<String>,
    options: &mut StartOptions,
) -> Option<Launch> {
    if let Some(Source::Demo(scenario)) = named {
        let prompt = task.or_else(|| {
            demo::find(scenario)
                .ok()
                .map(|found| found.prompt.trim().to_owned())
        })?;
        return Some(Launch {
            team: TeamChoice::Demo {
                scenario: scenario.clone(),
            },
            prompt,
            folder: Here::AsSaid,
        });
    }
    let prompt = task?;
    if let Begin::Trust(asked) = &mut options.begin {
        asked.then = Some(Launch {
            team: TeamChoice::Configured,
            prompt,
            folder: Here::AsSaid,
        });
        return None;
    }
    let team = if configured.is_some() {
        TeamChoice::Configured
    } else {
        options.notices.push(
            "No model is configured: the scripted demo team plays its own sample, whatever the task. \
             `massgen-tui doctor` says what is missing."
                .into(),
        );
        TeamChoice::Demo {
            scenario: demo::DEFAULT.into(),
        }
    };
    Some(Launch {
        team,
        prompt,
        folder: Here::AsSaid,
    })
}

/// Opens the list of all sessions.
pub async fn sessions(globals: &Globals) -> u8 {
    if let Err(trouble) = has_screen("logs", "`massgen-tui logs list` prints the sessions") {
        return trouble.tell();
    }
    finish(listed(globals).await)
}

/// Opens the set-up screen.
pub async fn setup(globals: &Globals) -> u8 {
    finish(begun(globals, Begin::Guide).await)
}

async fn listed(globals: &Globals) -> Result<ExitSummary, Trouble> {
    begun(globals, Begin::Sessions).await
}

async fn begun(globals: &Globals, begin: Begin) -> Result<ExitSummary, Trouble> {
    let (services, paths) = launch::services(globals, "1", &RuleArgs::default())?;
    let mut options = options(globals, &services);
    options
        .notices
        .extend(super::taking::ended(&services).await);
    options.begin = begin;
    let configured = found(&services, &paths, &mut options);
    options.configured = configured.as_ref().map(summary);
    options.folder = paths.cwd.display().to_string();
    show(&services, configured, None, options).await
}

/// Opens a stored session.
pub async fn open(globals: &Globals, id: Option<&str>, at: Option<u64>) -> u8 {
    if let Err(trouble) = has_screen("open", "`massgen-tui logs show ID` prints a session") {
        return trouble.tell();
    }
    finish(opened(globals, id, at).await)
}

/// Refuses a command that is nothing without a screen, in words of what can be done instead.
fn has_screen(command: &str, instead: &str) -> Result<(), Trouble> {
    // Keys come from the terminal itself where standard input is something else.
    let keys = std::io::stdin().is_terminal() || std::fs::File::open("/dev/tty").is_ok();
    if keys && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Trouble::Usage(format!(
        "`massgen-tui {command}` is a screen, and there is no terminal to show it in. Run it in a \
         terminal; without one, {instead}."
    )))
}

async fn opened(
    globals: &Globals,
    id: Option<&str>,
    at: Option<u64>,
) -> Result<ExitSummary, Trouble> {
    let (services, _) = launch::services(globals, "1", &RuleArgs::default())?;
    let shelf = super::logs::shelf(&services.state_dir);
    let mut options = options(globals, &services);
    let mut id = id.unwrap_or("latest").to_owned();
    if sharing::is_bundle(&id) {
        let imported = sharing::import(&services.state_dir, Path::new(&id))?;
        options.notices.push(super::logs::import::told(&imported));
        id = imported.run.0;
    }
    let volume = shelf.find(&id)?;
    if let Volume::MassGen(folder) = &volume {
        // From now on it is found by its name.
        let _ = services.opened.set(folder.clone());
    }
    options
        .notices
        .extend(super::taking::ended(&services).await);
    options.opened = Some(Opening {
        piece: opening::first(&shelf, &volume)?,
        at: at.map(Seq),
        first: First::Session,
    });
    show(&services, None, None, options).await
}

/// Shows stored sessions side by side.
pub async fn compare(globals: &Globals, ids: &[String]) -> u8 {
    if let Err(trouble) = has_screen("logs compare --screen", "leave --screen out") {
        return trouble.tell();
    }
    finish(compared(globals, ids).await)
}

async fn compared(globals: &Globals, ids: &[String]) -> Result<ExitSummary, Trouble> {
    let (services, _) = launch::services(globals, "1", &RuleArgs::default())?;
    let shelf = services.shelf();
    let mut options = options(globals, &services);
    for id in ids {
        options.compared.push(match shelf.find(id)? {
            Volume::Ours(run) => run,
            // A log outside the usual places is known by its folder.
            Volume::MassGen(folder) => RunId(folder.display().to_string()),
        });
    }
    show(&services, None, None, options).await
}

/// Opens the review of a stored session; without a name, of the latest whose agents changed files.
pub async fn review(globals: &Globals, id: Option<&str>) -> u8 {
    let instead = "`massgen-tui run --apply patch|auto` takes what won, and `git log -p \
                   --glob=refs/massgen-tui/ID/*` in the folder shows what each agent changed";
    if let Err(trouble) = has_screen("review", instead) {
        return trouble.tell();
    }
    finish(reviewed(globals, id).await)
}

async fn reviewed(globals: &Globals, id: Option<&str>) -> Result<ExitSummary, Trouble> {
    let (services, _) = launch::services(globals, "1", &RuleArgs::default())?;
    let store = Store::reading(&services.state_dir);
    let run = match id {
        Some(id) => store.find(id)?,
        None => latest_changes(&store)?,
    };
    let mut options = options(globals, &services);
    options
        .notices
        .extend(super::taking::ended(&services).await);
    let shelf = super::logs::shelf(&services.state_dir);
    options.opened = Some(Opening {
        piece: opening::first(&shelf, &Volume::Ours(run))?,
        at: None,
        first: First::Review,
    });
    show(&services, None, None, options).await
}

/// The newest session whose agents changed files.
fn latest_changes(store: &Store) -> Result<RunId, Failure> {
    for session in store.list(LOOKED_AT)?.sessions {
        let Ok(found) = store.read(&session.run) else {
            continue;
        };
        let mut run = RunState::default();
        for event in &found.events {
            run.apply(event);
        }
        if Review::offers(&run) {
            return Ok(session.run);
        }
    }
    Err(Failure::new(
        FailureKind::Local,
        format!("None of the latest {LOOKED_AT} sessions has changed files."),
    )
    .hint("`massgen-tui logs list` shows all sessions; name one: massgen-tui review ID."))
}

/// Shows a stored session and goes on with the turn that broke off.
pub async fn resume(
    globals: &Globals,
    services: &Arc<Services>,
    run: RunId,
    successor: Option<Source>,
) -> u8 {
    finish(resumed(globals, services, run, successor).await)
}

async fn resumed(
    globals: &Globals,
    services: &Arc<Services>,
    run: RunId,
    successor: Option<Source>,
) -> Result<ExitSummary, Trouble> {
    // Without a folder that can be written, nothing could go on.
    services.store.clone()?;
    let mut options = options(globals, services);
    let volume = Volume::Ours(run.clone());
    options.opened = Some(Opening::whole(opening::first(&services.shelf(), &volume)?));
    options.launch = Some(Launch {
        team: TeamChoice::Stored {
            run,
            onward: Onward::BrokenOff,
        },
        prompt: String::new(),
        folder: Here::AsSaid,
    });
    show(services, None, successor, options).await
}

async fn show(
    services: &Arc<Services>,
    configured: Option<Source>,
    successor: Option<Source>,
    options: StartOptions,
) -> Result<ExitSummary, Trouble> {
    let (sender, events) = mpsc::channel(EVENTS);
    let (hub, closed) = Hub::spawn(Arc::clone(services), sender);
    let world = World::new(Arc::clone(services), hub, configured).succeeded_by(successor);
    // The state of the whole screen is in there: too much to be carried inside other futures.
    let result = Box::pin(tui::run(Arc::new(world), events, options)).await;
    // The hub ends with the world; its session's log is complete then.
    let _ = closed.await;
    super::taking::settled(services).await;
    result.map_err(|error| Trouble::Usage(format!("The screen cannot be used: {error}.")))
}

fn options(globals: &Globals, services: &Services) -> StartOptions {
    let (look, troubles) = services.look_now();
    let mut options = StartOptions::new(look.theme);
    options.own.look = look;
    options.notices = troubles;
    match services.own_keys() {
        Ok(keys) => options.own.keys = keys,
        Err(trouble) => options.notices.push(trouble),
    }
    options.demo_scenarios = demo::scenarios()
        .into_iter()
        .map(|info| DemoScenario {
            name: info.name,
            title: info.title,
            agents: info.agents,
        })
        .collect();
    options.samples = demo::samples()
        .iter()
        .map(|sample| Sample {
            prompt: sample.prompt.to_owned(),
            scenario: Some(sample.scenario.to_owned()),
        })
        .collect();
    options.mouse = if globals.no_mouse {
        MouseReports::Off
    } else {
        MouseReports::On
    };
    env!("CARGO_PKG_VERSION").clone_into(&mut options.version);
    options.zone = launch::zone();
    options
}

/// Puts the final answer and the way back into the normal scrollback; returns the exit code.
fn finish(result: Result<ExitSummary, Trouble>) -> u8 {
    let summary = match result {
        Ok(summary) => summary,
        Err(trouble) => return trouble.tell(),
    };
    let mut text = String::new();
    if let Some(answer) = &summary.final_answer {
        text.push_str(clean::text(answer).trim_end());
        text.push_str("\n\n");
    }
    if summary.demo && summary.final_answer.is_some() {
        text.push_str("(scripted demo: no model was asked)\n");
    }
    if let Some(run) = &summary.session {
        let _ = writeln!(text, "Session {run}. Open it again: massgen-tui open {run}");
    }
    // The terminal may be gone; then nobody reads this.
    let _ = std::io::stdout().write_all(text.as_bytes());
    match summary.reason {
        ExitReason::Person => 0,
        ExitReason::Signal(number) => 128_u8.saturating_add(number.unsigned_abs().min(127) as u8),
        ExitReason::TerminalLost => super::ERROR,
    }
}
