//! From a conversation to a running program: files, command line, ears.

use serde_json::Value;

use super::acp::{Acp, Opening};
use super::claude::{self, Claude};
use super::codex::{self, Codex};
use super::folder::Folder;
use super::gemini::{self, Gemini};
use super::heard::Heard;
use super::home;
use super::place::Place;
use super::process::Process;
use super::{Post, Setup};
use crate::config::{Dialect, Program};
use crate::protocol::{Failure, FailureKind};
use crate::provider::Permitted;

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

    /// What was said to a permission it asked for. Two dialects ask.
    pub fn permit(&mut self, ask: u64, said: &Permitted) -> Vec<Heard> {
        match self {
            Self::Codex(_) | Self::Gemini(_) => Vec::new(),
            Self::Claude(ear) => ear.permit(ask, said),
            Self::Acp(ear) => ear.permit(ask, said),
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
pub async fn launch(post: &Post, folder: &Folder, start: Start<'_>) -> Result<Running, Failure> {
    let (setup, program) = (&post.setup, &post.setup.program);
    let place = Place::new(program, post.folders.clone(), start.tools);
    let system = place.instructions(start.system);
    let start = Start {
        system: &system,
        ..start
    };
    let mut server = setup.relay.clone();
    server.push("--socket".to_owned());
    server.push(folder.file(SOCKET).to_string_lossy().into_owned());
    let tools = match (start.tools, server.split_first()) {
        (Offer::Ours, Some((command, words))) => Some((command.as_str(), words)),
        _ => None,
    };
    let Dressed {
        arguments,
        mut variables,
        mut ear,
        said,
    } = dressed((program, &place), folder, start, tools)?;
    let missing = |error| missing(setup, &error);
    let mut words = place.command(program, folder).map_err(missing)?;
    words.extend(arguments);
    variables.extend(place.variables());
    let started = Process::start(program, &words, &variables, &place.home());
    let mut process = started.map_err(missing)?;
    match &mut ear {
        Ear::Acp(ear) => process.say(format!("{}\n", ear.begin())).await,
        Ear::Claude(ear) if ear.is_asking() => process.say(claude::prompt(&said)).await,
        Ear::Claude(_) | Ear::Codex(_) | Ear::Gemini(_) => {
            process.say(said).await;
            process.close();
        }
    }
    Ok(Running {
        process,
        ear,
        resumed: start.resume.is_some(),
    })
}

/// What a program is started with.
struct Dressed {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    ear: Ear,
    /// What it is told first.
    said: String,
}

/// Command line and files for `start`; `tools` is the command of our tool server.
fn dressed(
    (program, place): (&Program, &Place),
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
            let files = (system.as_path(), servers.as_deref());
            Dressed {
                arguments: claude::arguments(program, place, files, resume),
                variables: claude::variables(),
                ear: Ear::Claude(Claude::new(place)),
                said: prompt.to_owned(),
            }
        }
        Dialect::Codex => {
            let arguments = codex::arguments(program, place, (system, tools), resume);
            let said = if codex::takes(system) {
                prompt.to_owned()
            } else {
                led(resume, system, prompt)
            };
            Dressed {
                arguments,
                variables: Vec::new(),
                ear: Ear::Codex(Codex::default()),
                said,
            }
        }
        Dialect::GeminiCli => {
            let home =
                home::furnish(folder, &program.env, tools).map_err(|error| unwritable(&error))?;
            Dressed {
                arguments: gemini::arguments(program, place, resume),
                variables: gemini::variables(&home),
                ear: Ear::Gemini(Gemini::default()),
                said: led(resume, system, prompt),
            }
        }
        Dialect::Acp => {
            let tools = tools.map(|(command, words)| (command.to_owned(), words.to_vec()));
            let opening = Opening {
                place: place.clone(),
                tools,
                prompt: led(resume, system, prompt),
                resume: resume.map(str::to_owned),
                model: program.model.clone(),
                variables: program.env.iter().map(|(name, _)| name.clone()).collect(),
            };
            let ear = Acp::new(&program.name, opening);
            Dressed {
                arguments: program.extra_args.clone(),
                variables: Vec::new(),
                ear: Ear::Acp(Box::new(ear)),
                said: String::new(),
            }
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
