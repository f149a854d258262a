//! Subcommands for other programs: servers of runs for one client, and the plugin of Claude Code.

mod hosting;
pub mod plugin;

use std::path::PathBuf;

use clap::Subcommand;

use super::Globals;

/// What other programs use.
#[derive(Debug, Subcommand)]
pub enum Sub {
    /// Serve teams to MCP clients such as Claude Code, over stdin and stdout.
    Mcp(Box<Args>),
    /// Serve teams to editors that speak the Agent Client Protocol, over stdin and stdout.
    Acp(Box<Args>),
    /// Put the Claude Code plugin in, take it out, or look whether it works.
    Plugin(plugin::Args),
}

/// What a server of runs is started with.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder that clients may name, with all below it; several times for several. Without one the
    /// working folder.
    #[arg(long, value_name = "DIR")]
    pub folder: Vec<PathBuf>,
    /// The team when a client names none: a configuration (a path, or the name of a saved one).
    #[arg(long, short, value_name = "FILE", conflicts_with = "demo")]
    pub config: Option<PathBuf>,
    /// The team when a client names none: the scripted demo team, optionally one of its scenarios.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub demo: Option<String>,
    /// Pace of the demo team: a factor (0.1 to 10000) or "max".
    #[arg(long, value_name = "SPEED", default_value = "1")]
    pub demo_speed: String,
    /// Most runs at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub runs: u16,
    /// Limits and rules of every run.
    #[command(flatten)]
    pub rules: super::rules::RuleArgs,
}

/// Runs the subcommand.
pub async fn run(globals: &Globals, sub: Sub) -> u8 {
    match sub {
        Sub::Mcp(args) => Box::pin(hosting::mcp(globals, &args)).await,
        Sub::Acp(args) => Box::pin(hosting::acp(globals, &args)).await,
        Sub::Plugin(args) => plugin::run(globals, &args).await,
    }
}
