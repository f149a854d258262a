//! `massgen-tui serve`: runs over HTTP for programs of this machine (docs/api.md).
//!
//! Address and token go to stdout once; a private file in the state folder tells both to other programs of
//! the person for as long as it serves. Ends on Ctrl-C or SIGTERM: runs are stopped and their logs written.

use std::{
    fs,
    io::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;

use super::{
    Globals, complain,
    launch::{self, Trouble},
    rules::RuleArgs,
};
use crate::{
    app::{
        host::{Bounds, Host},
        serving::Serving,
    },
    headless,
    protocol::{Failure, FailureKind},
    serve::http::{Options, Server, Token, private},
};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 4777)]
    pub port: u16,
    /// Address of the loopback interface; others are refused.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub address: IpAddr,
    /// A private file with the token; made when it is not there. Without it every start makes a new
    /// token.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Runs at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub max_runs: u16,
    /// Connections at the same time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub max_connections: u16,
    /// A folder that clients may name, with all below it, several times for several; without it any.
    #[arg(long, value_name = "DIR")]
    pub folder: Vec<PathBuf>,
    /// Pace of the demo team: a factor (0.1 to 10000) or "max".
    #[arg(long, value_name = "SPEED", default_value = "1")]
    pub demo_speed: String,
    /// Limits and rules of every run; a request may set its own.
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// Serves until told to stop; returns the exit code.
pub async fn run(globals: &Globals, args: Args) -> u8 {
    match serve(globals, args).await {
        Ok(()) => 0,
        Err(trouble) => trouble.tell(),
    }
}

async fn serve(globals: &Globals, args: Args) -> Result<(), Trouble> {
    let (services, paths) = launch::services(globals, &args.demo_speed, &args.rules)?;
    let token = match &args.token_file {
        Some(path) => Token::of_file(path).map_err(|error| Trouble::Usage(format!("{error}.")))?,
        None => Token::random().map_err(|error| {
            local(format!(
                "The system gives no random bytes for a token: {error}."
            ))
        })?,
    };
    if let Some(root) = args.folder.iter().find(|root| !root.is_dir()) {
        let what = format!("{} is no folder; give --folder another.", root.display());
        return Err(Trouble::Usage(what));
    }
    super::taking::at_start(&services).await;
    let mut signals = headless::signals()
        .map_err(|error| local(format!("Signals cannot be listened for: {error}.")))?;
    let bounds = Bounds {
        runs: usize::from(args.max_runs),
        roots: args.folder.clone(),
        ..Bounds::default()
    };
    let state = services.state_dir.clone();
    let (host, runs) = Host::spawn(Arc::clone(&services), bounds);
    let options = Options {
        address: SocketAddr::new(args.address, args.port),
        token: token.clone(),
        connections: usize::from(args.max_connections),
    };
    let server = Server::start(options, Arc::new(Serving::new(host.clone(), paths))).await?;
    let told = tell(&state, &server, &token);
    if let Err(failure) = &told {
        complain(&failure.words());
    }
    // A reader that closed stdout has what it wanted; serving goes on.
    let words = greeting(&server, &token, args.token_file.as_deref());
    let _ = std::io::stdout().write_all(words.as_bytes());
    let _ = std::io::stdout().flush();
    let _ = signals.recv().await;
    if let Ok(path) = told {
        let _ = fs::remove_file(path);
    }
    // Runs end first, so that those who look on see it.
    let leaving = async {
        let stopped = host.close().await;
        server.close().await;
        let _ = runs.await;
        super::taking::settled(&services).await;
        stopped
    };
    tokio::select! {
        stopped = leaving => {
            if !stopped.is_empty() {
                let names: Vec<String> = stopped.iter().map(ToString::to_string).collect();
                complain(&format!("stopped with the server: {}", names.join(", ")));
            }
        }
        _ = signals.recv() => {}
    }
    Ok(())
}

fn local(message: String) -> Trouble {
    Trouble::Failed(Failure::new(FailureKind::Local, message))
}

/// Writes what other programs of the person need into a private file.
fn tell(state: &Path, server: &Server, token: &Token) -> Result<PathBuf, Failure> {
    let folder = state.join("serve");
    let path = folder.join(format!("{}.json", server.address().port()));
    let written = || {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        // One that is there is of a server that was killed: its port is ours now.
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path)?;
        }
        let about = json!({
            "url": server.url(),
            "token": token.text(),
            "pid": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        writeln!(private(&path)?, "{about:#}")
    };
    written().map(|()| path.clone()).map_err(|error| {
        let message = format!("{} cannot be written: {error}.", path.display());
        Failure::new(FailureKind::Local, message).hint("Other programs have to be told the token.")
    })
}

/// What to know for reaching the server.
fn greeting(server: &Server, token: &Token, file: Option<&Path>) -> String {
    let url = server.url();
    let shown = match file {
        Some(file) => format!("in {}", file.display()),
        None => token.text().to_owned(),
    };
    format!(
        "url:    {url}\n\
         token:  {shown}\n\
         openai: {url}/v1\n\n\
         Only programs of this machine that send the token are answered. Ctrl-C ends it and stops its runs.\n"
    )
}
