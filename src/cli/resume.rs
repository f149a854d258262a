//! `massgen-tui resume` and `run --continue`: a stored session goes on.

use std::io::IsTerminal as _;

use tokio::sync::mpsc;

use super::{
    Globals,
    args::ResumeArgs,
    launch::{self, Trouble},
};
use crate::{
    app::{self, Services, Source, Way},
    headless::{self, Before, Output},
    protocol::RunId,
};

/// Events that may wait for a slow reader of stdout.
const EVENTS: usize = 1024;

/// Goes on with a session that broke off and returns the exit code of its outcome.
pub async fn run(globals: &Globals, args: ResumeArgs) -> u8 {
    match start(globals, args).await {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

async fn start(globals: &Globals, mut args: ResumeArgs) -> Result<u8, Trouble> {
    if args.with.is_some() {
        args.team.config = args.with.take();
    }
    let (services, paths) = launch::services(globals, &args.team.demo_speed, &args.team.rules)?;
    super::taking::at_start(&services).await;
    let source = launch::named(&args.team, &services, &paths).await?;
    let name = args.id.as_deref().unwrap_or("latest");
    let run = services.store.clone()?.find(name)?;
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if terminal && !args.headless && args.output == "text" && !args.quiet {
        return Ok(super::interactive::resume(globals, &services, run, source).await);
    }
    let output = super::run::output(&args.output, args.quiet);
    let how = (output.format, output.progress);
    let policy = super::taking::policy(&args.apply);
    let code = go_on(&services, &run, source, Way::Resume, output).await?;
    Ok(super::taking::after(&services, run, policy, how, code).await)
}

/// Goes on with a session without a screen.
pub(super) async fn go_on(
    services: &Services,
    run: &RunId,
    source: Option<Source>,
    way: Way,
    output: Output,
) -> Result<u8, Trouble> {
    let signals = headless::signals()
        .map_err(|error| Trouble::Usage(format!("Signals cannot be listened for: {error}.")))?;
    let (sender, events) = mpsc::channel(EVENTS);
    let again = app::go_on(services, run, source, way, sender).await?;
    let before = Before {
        state: again.state,
        turn: again.turn,
    };
    let commands = again.session.commands;
    let exit = headless::drive_on(before, events, commands, signals, output).await;
    Ok(exit.code())
}
