//! `massgen-tui demo-server`: the scripted team alone, for other clients.
//!
//! Address and token go to stdout, so that a script can read them; a line per request goes to stderr.
//! Serves until Ctrl-C or SIGTERM, then exits with 0.

use std::io::Write as _;

use tokio::sync::mpsc;

use super::Exit;
use crate::demo::{self, DemoServer, Options, Speed};

/// Request lines waiting for a slow stderr; more are dropped.
const LOG_LINES: usize = 256;

/// Arguments of `demo-server`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Pace: a factor (0.1 to 10000) or "max"; for bench scenarios the tokens per second.
    #[arg(long, value_name = "SPEED", default_value_t = Speed::default())]
    pub speed: Speed,
    /// Serve this scenario only, for example tie or bench-5000; without it all listed ones.
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Token that clients must send; without it a random one.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MASSGEN_TUI_DEMO_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
}

/// Serves until told to stop.
///
/// # Errors
///
/// An unknown scenario, or a port that cannot be had.
pub async fn run(args: Args) -> Exit {
    let scenario = args.scenario.as_deref().map(demo::find).transpose()?;
    let (log, mut lines) = mpsc::channel(LOG_LINES);
    let server = DemoServer::start_with(Options {
        speed: args.speed,
        port: args.port,
        token: args.token,
        scenario: scenario.clone(),
        log: Some(log),
    })
    .await?;
    let agents = match &scenario {
        Some(scenario) => scenario.agents(),
        None => demo::find(demo::DEFAULT)?.agents(),
    };
    let model = agents.first().map_or("", |(_, model)| model);
    // A reader that closed stdout has what it wanted; serving goes on.
    let _ = std::io::stdout().write_all(greeting(&server, model).as_bytes());
    let mut stop = std::pin::pin!(stopped());
    loop {
        tokio::select! {
            () = &mut stop => return Ok(0),
            Some(line) = lines.recv() => {
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }
}

/// What to know for reaching the server.
fn greeting(server: &DemoServer, model: &str) -> String {
    let (url, token) = (server.base_url(), server.token());
    format!(
        "base url: {url}\n\
         token:    {token}\n\n\
         This is a script, not a model. Try it:\n\n  \
         curl -N {url}/chat/completions -H 'Authorization: Bearer {token}' \\\n    \
         -d '{{\"model\":\"{model}\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n\n\
         Ctrl-C stops it.\n"
    )
}

/// Returns on Ctrl-C, and on SIGTERM where there is one.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without a handler there is no way to be told, and the default action ends the program.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn arguments_are_read() {
        let args = Cli::try_parse_from(["x", "--port", "8123", "--speed", "max"])
            .unwrap()
            .args;
        assert_eq!((args.port, args.speed), (8123, Speed::Max));
        assert!(Cli::try_parse_from(["x", "--speed", "quick"]).is_err());
    }

    #[tokio::test]
    async fn the_greeting_has_all_that_is_needed() {
        let server = DemoServer::start(Speed::Max).await.unwrap();
        let text = greeting(&server, "script-birch");
        for part in [
            server.base_url().as_str(),
            server.token(),
            "script-birch",
            "curl",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[tokio::test]
    async fn an_unknown_scenario_is_refused() {
        let args = Cli::try_parse_from(["x", "--scenario", "nope"])
            .unwrap()
            .args;
        let failure = run(args).await.unwrap_err();
        assert!(failure.to_string().contains("turnaround"), "{failure}");
    }
}
