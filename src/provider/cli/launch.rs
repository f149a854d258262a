//! From a conversation to a running program: files, command line, ears.

use serde_json::Value;

use super::Setup;
use super::acp::{Acp, Opening};
use super::claude::{self, Claude};
use super::codex::{self, Codex};
use super::folder::Folder;
use super::gemini::{self, Gemini};
use super::heard::Heard;
use super::home;
use super::process::Process;
use crate::config::{Dialect, Program};
use crate::protocol::{Failure, FailureKind};

/// What understands the lines of a program.
#[derive(Debug)]
pub enum Ear {
    /// Claude Code.
    Claude(Claude),
    /// Codex.
    Codex(Codex),
    /// Gemini CLI.
    Gemini(Gemini),
    /// The Agent Client Protocol.
    Acp(Box<Acp>),
}

impl Ear {
    /// What a line says.
    pub fn hear(&mut self, line: &Value) -> Vec<Heard> {
        match self {
            Self::Claude(ear) => ear.hear(line),
            Self::Codex(ear) => ear.hear(line),
            Self::Gemini(ear) => ear.hear(line),
            Self::Acp(ear) => ear.hear(line),
        }
    }

    /// What the person said to a permission it asked for. Only one dialect asks.
    pub fn permit(&mut self, ask: u64, option: Option<usize>) -> Vec<Heard> {
        match self {
            Self::Claude(_) | Self::Codex(_) | Self::Gemini(_) => Vec::new(),
            Self::Acp(ear) => ear.permit(ask, option),
        }
    }
}

/// A program at work, and who listens to it.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub process: Process,
    /// Who understands it.
    pub ear: Ear,
    /// It goes on with a session that another process began.
    pub resumed: bool,
}

/// What a program is started with.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Instructions.
    pub system: &'a str,
    /// What it is told first.
    pub prompt: &'a str,
    /// The session to go on with.
    pub resume: Option<&'a str>,
    /// Whether it gets our tools.
    pub tools: Offer,
}

/// Whether a program gets our tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It does.
    Ours,
    /// It only talks.
    Nothing,
}

/// Name of the socket in the private folder.
pub const SOCKET: &str = "tools.sock";

/// Starts the program of `setup` with its files in `folder`.
///
/// # Errors
/// It is not there, or its files cannot be written.
pub async fn launch(setup: &Setup, folder: &Folder, start: Start<'_>) -> Result<Running, Failure> {
    let program = &setup.program;
    let mut server = setup.relay.clone();
    server.push("--socket".to_owned());
    server.push(folder.file(SOCKET).to_string_lossy().into_owned());
    let tools = match (start.tools, server.split_first()) {
        (Offer::Ours, Some((command, words))) => Some((command.as_str(), words)),
        _ => None,
    };
    let (arguments, variables, mut ear, prompt) = dressed(program, folder, start, tools)?;
    let mut process =
        Process::start(program, &arguments, &variables).map_err(|error| missing(setup, &error))?;
    match &mut ear {
        Ear::Acp(ear) => process.say(format!("{}\n", ear.begin())).await,
        Ear::Claude(_) | Ear::Codex(_) | Ear::Gemini(_) => {
            process.say(prompt).await;
            process.close();
        }
    }
    Ok(Running {
        process,
        ear,
        resumed: start.resume.is_some(),
    })
}

/// Arguments, further variables, who listens, and what is said first.
type Dressed = (Vec<String>, Vec<(String, String)>, Ear, String);

/// Command line and files for `start`; `tools` is the command of our tool server.
fn dressed(
    program: &Program,
    folder: &Folder,
    start: Start<'_>,
    tools: Option<(&str, &[String])>,
) -> Result<Dressed, Failure> {
    let put = |name: &str, text: &str| folder.write(name, text).map_err(|error| unwritable(&error));
    let Start {
        system,
        prompt,
        resume,
        ..
    } = start;
    Ok(match program.dialect {
        Dialect::ClaudeCode => {
            let servers =
                tools.map(|(command, words)| put("mcp.json", &claude::servers(command, words)));
            let servers = servers.transpose()?;
            let system = put("system.md", system)?;
            let arguments = claude::arguments(program, &system, servers.as_deref(), resume);
            (
                arguments,
                claude::variables(),
                Ear::Claude(Claude::default()),
                prompt.to_owned(),
            )
        }
        Dialect::Codex => {
            let arguments = codex::arguments(program, system, tools, resume);
            let prompt = if codex::takes(system) {
                prompt.to_owned()
            } else {
                led(resume, system, prompt)
            };
            (arguments, Vec::new(), Ear::Codex(Codex::default()), prompt)
        }
        Dialect::GeminiCli => {
            let home =
                home::furnish(folder, &program.env, tools).map_err(|error| unwritable(&error))?;
            let variables = gemini::variables(&home);
            let prompt = led(resume, system, prompt);
            (
                gemini::arguments(program, resume),
                variables,
                Ear::Gemini(Gemini::default()),
                prompt,
            )
        }
        Dialect::Acp => {
            let cwd = std::env::current_dir().unwrap_or_default();
            let tools = tools.map(|(command, words)| (command.to_owned(), words.to_vec()));
            let cwd = cwd.to_string_lossy().into_owned();
            let opening = Opening {
                cwd,
                tools,
                prompt: led(resume, system, prompt),
                resume: resume.map(str::to_owned),
                model: program.model.clone(),
                key: program.env.iter().any(|(name, _)| name.ends_with("_KEY")),
            };
            let ear = Acp::new(&program.name, opening);
            (
                program.extra_args.clone(),
                Vec::new(),
                Ear::Acp(Box::new(ear)),
                String::new(),
            )
        }
    })
}

/// Instructions at the head of the first prompt, for programs that take them nowhere else.
fn led(resume: Option<&str>, system: &str, prompt: &str) -> String {
    match (resume, system.trim()) {
        (Some(_), _) | (None, "") => prompt.to_owned(),
        (None, system) => format!("{system}\n\n{prompt}"),
    }
}

fn unwritable(error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("A file for the agent could not be written: {error}."),
    )
    .hint("Look at the space and the rights of the folder for temporary files.")
}

fn missing(setup: &Setup, error: &std::io::Error) -> Failure {
    let program = &setup.program;
    let command = program.command.first().map_or("", String::as_str);
    let message = format!(
        "{} could not be started as `{command}`: {error}.",
        program.name
    );
    let failure = Failure::new(FailureKind::Local, message);
    match (error.kind(), program.install.as_str()) {
        (std::io::ErrorKind::NotFound, "") => {
            failure.hint("Install it, or name it with `command:` in the configuration.")
        }
        (std::io::ErrorKind::NotFound, install) => failure.hint(format!(
            "Install it with `{install}`, or name it with `command:` in the configuration."
        )),
        _ => failure,
    }
}
