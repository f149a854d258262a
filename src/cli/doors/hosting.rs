//! `massgen-tui mcp` and `massgen-tui acp`: a server of runs for the one client behind stdin and stdout.
//!
//! Nothing but the protocol goes to stdout. When the client goes away, or a signal comes, every run is
//! stopped, its log is written to its end, and stderr says where to look at it.

use std::path::PathBuf;

use super::{
    super::{
        Globals, complain,
        launch::{self, Trouble},
        taking,
    },
    Args,
};
use crate::{
    app::{
        host::{Bounds, Host, TeamChoice},
        trust::Chosen,
    },
    demo, headless,
    protocol::RunId,
    serve,
};

/// Serves an MCP client.
pub async fn mcp(globals: &Globals, args: &Args) -> u8 {
    let (host, usual) = match open(globals, args, Unnamed::WorkingFolder).await {
        Ok(opened) => opened,
        Err(trouble) => return trouble.tell(),
    };
    let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
    let served = serve::mcp::serve(host.clone(), usual, input, output);
    Box::pin(until(&host, served)).await
}

/// Serves an editor.
pub async fn acp(globals: &Globals, args: &Args) -> u8 {
    // An editor is the person's own program: it names the project that is open.
    let (host, usual) = match open(globals, args, Unnamed::Anywhere).await {
        Ok(opened) => opened,
        Err(trouble) => return trouble.tell(),
    };
    let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
    let served = serve::acp::serve(host.clone(), usual, input, output);
    Box::pin(until(&host, served)).await
}

/// Where clients may look when no folder was named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unnamed {
    /// In the working folder.
    WorkingFolder,
    /// Wherever the person may.
    Anywhere,
}

/// A host with the bounds of the flags, and the team when a client names none.
async fn open(
    globals: &Globals,
    args: &Args,
    unnamed: Unnamed,
) -> Result<(Host, TeamChoice), Trouble> {
    let (services, paths) = launch::services(globals, &args.demo_speed, &args.rules)?;
    taking::at_start(&services).await;
    let usual = match (&args.demo, &args.config) {
        (Some(name), _) => {
            let name = if name.is_empty() { demo::DEFAULT } else { name };
            demo::find(name)?;
            TeamChoice::Demo(name.to_owned())
        }
        (None, Some(name)) => {
            let path = paths
                .named_config(name)
                .map_err(|error| Trouble::Usage(format!("{error}.")))?;
            // Named here by the person: its content counts as approved from now on.
            launch::configuration(&path, Chosen::ByHand, &services)?;
            TeamChoice::Config(path.display().to_string())
        }
        (None, None) => TeamChoice::Usual,
    };
    let mut roots: Vec<PathBuf> = args.folder.clone();
    if roots.is_empty() && unnamed == Unnamed::WorkingFolder {
        roots.push(paths.cwd.clone());
    }
    for root in &roots {
        if !root.is_dir() {
            let what = format!("{} is no folder; give --folder another.", root.display());
            return Err(Trouble::Usage(what));
        }
    }
    if let TeamChoice::Config(path) = &usual
        && !roots.is_empty()
    {
        // What the person named may be named by clients too.
        roots.push(PathBuf::from(path));
    }
    let bounds = Bounds {
        runs: usize::from(args.runs),
        roots,
        ..Bounds::default()
    };
    let (host, _) = Host::spawn(services, bounds);
    Ok((host, usual))
}

/// Serves until the client goes away or a signal comes; then stops what still runs.
async fn until(host: &Host, served: impl Future<Output = Result<(), String>>) -> u8 {
    let mut signals = match headless::signals() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("Signals cannot be listened for: {error}."));
            return super::super::ERROR;
        }
    };
    let mut code = 0;
    tokio::select! {
        ended = served => if let Err(why) = ended {
            complain(&why);
            code = super::super::ERROR;
        },
        Some(_) = signals.recv() => {}
    }
    let left = host.close().await;
    tell(&left);
    code
}

/// Says what was stopped and where to look at it.
fn tell(left: &[RunId]) {
    for run in left {
        complain(&format!(
            "Session {run} was stopped because its client went away; its log is kept: massgen-tui open {run}"
        ));
    }
}
