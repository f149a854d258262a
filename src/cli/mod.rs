//! The command line: arguments in, exit code out. The only door to `clap`.
//!
//! One file per subcommand. Without a subcommand the full-screen program starts; without a terminal
//! it runs headless.

mod agent_tools;
mod args;
mod bench;
pub mod config_cmd;
mod config_edit;
mod config_help;
pub mod demo_server;
pub mod doctor;
pub mod doors;
pub mod files;
pub mod health;
mod inside;
mod interactive;
mod keeping;
mod keys;
mod launch;
mod layering;
mod logging;
pub mod logs;
pub mod looks;
mod members;
pub mod models;
pub mod new;
mod papers;
pub mod prompts;
mod pruning;
mod resume;
mod rules;
mod run;
pub mod screenshot;
pub mod serve;
mod setup;
pub mod sharing;
mod showing;
mod taking;
mod tooling;
mod trusting;
pub mod undo;
pub mod worktrees;

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

pub use args::{Cli, Globals, TeamArgs};
use args::{Machine, Programs, Sub};

use crate::protocol::{Failure, FailureKind};

/// Exit code for wrong usage or configuration, as `clap` uses it.
pub const USAGE: u8 = 2;
/// Exit code when the program could not do its work.
pub const ERROR: u8 = 1;

/// Parses the command line, runs, and returns the exit code (documented in `docs/headless.md`).
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = inside::main(std::env::args_os()) {
        return ExitCode::from(code);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing help can fail on a closed pipe; there is nobody left to tell.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // The screen has the main thread. One more carries all agents with room to spare, and its
        // tasks wake each other without a system call.
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("The async runtime could not start: {error}."));
            return ExitCode::from(ERROR);
        }
    };
    let code = runtime.block_on(async {
        survive_full_files();
        Box::pin(dispatch(cli)).await
    });
    // A provider that hangs in a blocking call must not hold the person back.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    crate::app::journal::settle();
    ExitCode::from(code)
}

/// A file that may not grow any more (`ulimit -f`) kills a process by SIGXFSZ; with a handler the
/// write fails instead, is told like any full disk, and the run goes on.
fn survive_full_files() {
    /// The same number on every system this program runs on.
    const SIGXFSZ: i32 = 25;
    // Without a handler only the words are missing.
    let _ = signal(SignalKind::from_raw(SIGXFSZ));
}

async fn dispatch(cli: Cli) -> u8 {
    if cli.is_misplaced() {
        complain(
            "The task and the options of the team go behind the subcommand, for example: \
             massgen-tui run --model NAME \"task\".",
        );
        return USAGE;
    }
    let Cli {
        globals,
        team,
        task,
        command,
    } = cli;
    match command {
        None => Box::pin(interactive::run(&globals, team, task)).await,
        Some(Sub::Run(args)) => Box::pin(run::run(&globals, *args)).await,
        Some(Sub::Open(args)) => interactive::open(&globals, args.id.as_deref(), args.at).await,
        Some(Sub::Resume(args)) => Box::pin(resume::run(&globals, *args)).await,
        Some(Sub::Bench(args)) => bench::run(&globals, *args).await,
        Some(Sub::Logs(args)) if args.command.is_none() => interactive::sessions(&globals).await,
        Some(Sub::Logs(args)) => logs::run(&globals, &args).await,
        Some(Sub::Screenshot(args)) => screenshot::run(&globals, &args).await,
        Some(Sub::Config(config_cmd::Args {
            command: config_cmd::Command::New(args),
        })) => new::run(&globals, &args).await,
        Some(Sub::Config(args)) => config_cmd::run(&globals, &args),
        Some(Sub::Machine(what)) => match what {
            Machine::Doctor(args) => doctor::run(&globals, &args).await,
            Machine::Models(args) => models::run(&globals, &args).await,
            Machine::Health(args) => health::run(&globals, &args).await,
            Machine::Keys(args) => keys::run(&args),
            Machine::Completions(args) => papers::completions(&args),
            Machine::Man(args) => papers::man(&args),
            Machine::Setup(args) => setup::run(&globals, &args).await,
            Machine::Prompts(args) => prompts::run(&args),
        },
        Some(Sub::Files(sub)) => files::run(&globals, sub).await,
        Some(Sub::Sharing(sub)) => sharing::run(&globals, sub).await,
        Some(Sub::AgentTools(args)) => agent_tools::run(&args).await,
        Some(Sub::Programs(what)) => match what {
            Programs::Serve(args) => Box::pin(serve::run(&globals, *args)).await,
            Programs::Tools(args) => tooling::run(&globals, &args).await,
            Programs::Doors(sub) => Box::pin(doors::run(&globals, sub)).await,
            Programs::DemoServer(args) => match demo_server::run(args).await {
                Ok(code) => code,
                Err(failure) => launch::Trouble::from(failure).tell(),
            },
        },
    }
}

/// One sentence on stderr; a closed stderr is nobody to tell.
pub(crate) fn complain(text: &str) {
    let clean = crate::text::clean::text(text);
    let _ = writeln!(std::io::stderr(), "massgen-tui: {clean}");
}

/// Signals cannot be heard, so nothing is begun that they should end.
pub(crate) fn deaf(error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("Signals cannot be heard: {error}."),
    )
}

/// An exit code, or what kept the subcommand from its work.
pub type Exit = Result<u8, Failure>;
