//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{keeping::KeepArgs, logging::LogArgs, looks::LookArgs, rules::RuleArgs};

/// One task, a team of LLM agents, a vote, an answer, in the terminal.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Nothing configured? Just start it: a scripted demo team runs without key, server or network.\n\
                  massgen-tui                         start screen\n\
                  massgen-tui \"task\"                  run the configured team on a task\n\
                  massgen-tui --demo turnaround       watch a scripted scenario\n\
                  massgen-tui run --output json \"…\"   headless, events as JSON lines"
)]
pub struct Cli {
    /// Options of every subcommand.
    #[command(flatten)]
    pub globals: Globals,
    /// Which team.
    #[command(flatten)]
    pub team: TeamArgs,
    /// The task; without it the start screen opens.
    pub task: Option<String>,
    /// Subcommand.
    #[command(subcommand)]
    pub command: Option<Sub>,
}

impl Cli {
    /// True when options of the team or a task stand before a subcommand, where nobody would read
    /// them.
    #[must_use]
    pub fn is_misplaced(&self) -> bool {
        let team = &self.team;
        self.command.is_some()
            && (self.task.is_some()
                || team.config.is_some()
                || team.demo.is_some()
                || team.base_url.is_some()
                || !team.model.is_empty()
                || team.demo_speed != DEMO_SPEED
                || team.tool_calling != TOOL_CALLING
                || team.rules != RuleArgs::default())
    }
}

/// Pace of the demo team when none is given.
const DEMO_SPEED: &str = "1";
/// How tools reach the model when nothing is said.
const TOOL_CALLING: &str = "auto";

/// Options of every subcommand.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Folder for session logs and captures.
    #[arg(long, value_name = "DIR", global = true, env = "MASSGEN_TUI_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Leave the mouse to the terminal (its own selection works then).
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// Take in the settings of this profile.
    #[arg(long, value_name = "NAME", global = true, env = "MASSGEN_TUI_PROFILE")]
    pub profile: Option<String>,
    /// Use configurations of projects in this run without asking, whatever is in them.
    #[arg(long, global = true)]
    pub trust_config: bool,
    /// Write every request to a model as a readable private file, and an index, into this folder.
    #[arg(long, value_name = "DIR", global = true)]
    pub dump_prompts: Option<PathBuf>,
    /// Write where the time of the run went into this file, for `chrome://tracing` or Perfetto.
    #[arg(long, value_name = "FILE", global = true)]
    pub profile_trace: Option<PathBuf>,
    /// How the screen looks.
    #[command(flatten)]
    pub looks: LookArgs,
    /// The program's own log.
    #[command(flatten)]
    pub log: LogArgs,
    /// What is kept of ended sessions.
    #[command(flatten)]
    pub keep: KeepArgs,
}

/// Which team runs.
#[derive(Clone, Debug, Default, Args)]
pub struct TeamArgs {
    /// Configuration file (MassGen's YAML or JSON).
    #[arg(
        long,
        short,
        value_name = "FILE",
        conflicts_with_all = ["demo", "base_url", "model", "tool_calling"]
    )]
    pub config: Option<PathBuf>,
    /// The scripted demo team, optionally one of its scenarios.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub demo: Option<String>,
    /// Pace of the demo team: a factor (0.1 to 10000) or "max".
    #[arg(
        long,
        value_name = "SPEED",
        default_value = DEMO_SPEED,
        conflicts_with_all = ["config", "base_url", "model"]
    )]
    pub demo_speed: String,
    /// Base URL of an OpenAI-compatible server, ending before /chat/completions.
    #[arg(long, value_name = "URL", conflicts_with = "demo")]
    pub base_url: Option<String>,
    /// Model to ask; give it several times for several agents.
    #[arg(long, short, value_name = "NAME", conflicts_with = "demo")]
    pub model: Vec<String>,
    /// How tools reach the model: auto, native, or text (docs/text-tools.md).
    #[arg(
        long,
        value_name = "HOW",
        default_value = TOOL_CALLING,
        value_parser = ["auto", "native", "text"],
        conflicts_with = "demo"
    )]
    pub tool_calling: String,
    /// Limits and rules.
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Sub {
    /// Run a task without the full-screen program.
    Run(Box<RunArgs>),
    /// Open a stored session on the same screens.
    Open(OpenArgs),
    /// Go on with a session whose program ended in the middle of it.
    Resume(Box<ResumeArgs>),
    /// Run a file of tasks with known answers and report how often the team was right.
    Bench(Box<super::bench::Args>),
    /// List and show stored sessions.
    Logs(super::logs::Args),
    /// Make a picture of a stored session: any screen at any moment, as PNG, SVG or text.
    Screenshot(super::screenshot::Args),
    /// Configurations: check, explain, show, begin a new one, trust one.
    #[command(after_help = super::config_help::CONFIG)]
    Config(super::config_cmd::Args),
    /// What this machine has.
    #[command(flatten)]
    Machine(Machine),
    /// What concerns the files that agents changed.
    #[command(flatten)]
    Files(super::files::Sub),
    /// What gives sessions away.
    #[command(flatten)]
    Sharing(super::sharing::Sub),
    /// Pass lines between a command-line agent and its team.
    #[command(hide = true)]
    AgentTools(super::agent_tools::Args),
    /// What other programs come through.
    #[command(flatten)]
    Programs(Programs),
}

/// What other programs come through.
#[derive(Debug, Subcommand)]
pub enum Programs {
    /// Let programs of this machine start and follow runs over HTTP; teams as models for OpenAI's clients.
    Serve(Box<super::serve::Args>),
    /// Serve the scripted demo team to other clients.
    DemoServer(super::demo_server::Args),
    /// Your own programs as tools of agents: list, approve, check, begin one.
    Tools(super::tooling::Args),
    /// Servers of runs for one client, and the plugin.
    #[command(flatten)]
    Doors(super::doors::Sub),
}

/// What this machine has: terminal, servers, models, keys.
#[derive(Debug, Subcommand)]
pub enum Machine {
    /// Check this machine: terminal, keys, servers, folders.
    Doctor(super::doctor::Args),
    /// List models: the table, and what servers offer now.
    Models(super::models::Args),
    /// Check every endpoint: the team's, the vendors' with a key, the servers nearby.
    Health(super::health::Args),
    /// Keep API keys in the keyring or a private file; list their names.
    Keys(super::keys::Args),
    /// Print what a shell needs to complete command lines.
    Completions(super::papers::CompletionsArgs),
    /// Print the manual page, or write all of them into a folder.
    Man(super::papers::ManArgs),
    /// Set up a team: what is at hand, members, limits; saved as a configuration.
    Setup(super::setup::Args),
    /// Prompts that are kept, with variables: list, show, begin a new one.
    Prompts(super::prompts::Args),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Which team.
    #[command(flatten)]
    pub team: TeamArgs,
    /// Never open the full-screen program (the default of `run`; kept for scripts that say it).
    #[arg(long)]
    pub headless: bool,
    /// What goes to stdout: the final answer, or every event as a JSON line.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    pub output: String,
    /// No progress lines on stderr.
    #[arg(long, short)]
    pub quiet: bool,
    /// What becomes of the winner's files: never (nothing), patch (a patch beside the session's log),
    /// ask (in a terminal), auto (applied when everything fits).
    #[arg(long, value_name = "HOW", default_value = "patch", value_parser = ["never", "patch", "ask", "auto"])]
    pub apply: String,
    /// Ask further in a stored session (the latest without an id): the team knows what was before.
    #[arg(long = "continue", value_name = "ID", num_args = 0..=1, default_missing_value = LATEST)]
    pub after: Option<String>,
    /// A prompt that is kept, in the place of the task (`massgen-tui prompts` lists them).
    #[arg(long, value_name = "NAME", conflicts_with_all = ["task", "after"])]
    pub preset: Option<String>,
    /// A value for a variable of the prompt: NAME=VALUE; several times for several.
    #[arg(long, value_name = "NAME=VALUE", requires = "preset")]
    pub var: Vec<String>,
    /// The task; "-" reads it from standard input.
    pub task: Option<String>,
}

/// The name of the newest session.
const LATEST: &str = "latest";

impl RunArgs {
    /// `--continue "a whole task"`: a value with blanks is the task, not the name of a session.
    pub fn task_after_continue(&mut self) {
        if self.task.is_none()
            && let Some(name) = &mut self.after
            && name.contains(char::is_whitespace)
        {
            self.task = Some(std::mem::replace(name, LATEST.to_owned()));
        }
    }
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Session id or the start of one; without it the latest.
    pub id: Option<String>,
    /// Go on with the team of this configuration: the same agents, other models perhaps.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "demo", "base_url", "model"])]
    pub with: Option<PathBuf>,
    /// Which team, when the log does not say.
    #[command(flatten)]
    pub team: TeamArgs,
    /// Without the full-screen program, also in a terminal.
    #[arg(long)]
    pub headless: bool,
    /// What goes to stdout: the final answer, or every new event as a JSON line.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    pub output: String,
    /// No progress lines on stderr.
    #[arg(long, short)]
    pub quiet: bool,
    /// What becomes of the winner's files without the full-screen program: never, patch, ask, auto; as
    /// for `run`.
    #[arg(long, value_name = "HOW", default_value = "patch", value_parser = ["never", "patch", "ask", "auto"])]
    pub apply: String,
}

/// Arguments of `open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Session id or the start of one, or a folder with a log of MassGen; without it the latest.
    pub id: Option<String>,
    /// Show it as it was right after this event; numbers as in `logs show --events`.
    #[arg(long, value_name = "SEQ")]
    pub at: Option<u64>,
}

/// Arguments of `review`.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Session id or the start of one; without it the latest whose agents changed files.
    pub id: Option<String>,
}

/// `--demo "a whole task"`: a value with blanks is the task, not the name of a scenario.
pub fn task_after_demo(team: &mut TeamArgs, task: &mut Option<String>) {
    if task.is_none()
        && let Some(name) = &mut team.demo
        && name.contains(char::is_whitespace)
    {
        *task = Some(std::mem::take(name));
    }
}
