//! `massgen-tui sandbox-enter`: becomes the command, after it has bound its own hands.
//!
//! Runs alone in its process, on one thread. Order matters: limits, files, network, and then nothing
//! but the command. What fails is told and the command is not run.

use std::{
    os::{
        fd::AsFd as _,
        unix::{net::UnixStream, process::CommandExt as _},
    },
    process::{Command, Stdio},
};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use super::{
    confine,
    plan::{Hold, Limits, Plan, Word, hear, say},
};

/// Becomes the command that stands on the socket at standard input. Returns only when that fails.
#[must_use]
pub fn enter() -> u8 {
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else {
        return 1;
    };
    let socket = UnixStream::from(socket);
    let Ok(Some(plan)) = hear::<Plan>(&socket) else {
        return 1;
    };
    let why = match prepare(&plan) {
        Err(why) => why,
        Ok(landlock) => {
            if say(&socket, &Word::Ready { landlock }).is_err() {
                return 1;
            }
            let mut words = plan.words.iter();
            let program = words.next().map_or("", String::as_str);
            let error = Command::new(program)
                .args(words)
                .env_clear()
                .envs(plan.environment.iter().map(|(name, value)| (name, value)))
                .stdin(Stdio::null())
                .exec();
            format!("\"{program}\" could not be started: {error}.")
        }
    };
    let _ = say(&socket, &Word::Failed(why));
    1
}

/// Binds this process; says how far Landlock holds.
fn prepare(plan: &Plan) -> Result<String, String> {
    // A session of its own: no terminal, and a group that can be ended as one.
    rustix::process::setsid().map_err(|error| format!("No session of its own: {error}."))?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("No bond to its keeper: {error}."))?;
    std::env::set_current_dir(&plan.folder)
        .map_err(|error| format!("The folder cannot be entered: {error}."))?;
    limit(&plan.limits)?;
    match plan.hold {
        Hold::Nothing => Ok("no".to_owned()),
        Hold::Full | Hold::Further => confine::confine(plan),
    }
}

fn limit(limits: &Limits) -> Result<(), String> {
    let all = [
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::As, limits.space),
        (Resource::Data, limits.memory),
        (Resource::Nofile, limits.files),
        (Resource::Nproc, limits.processes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Core, 0),
    ];
    for (resource, most) in all {
        // A limit of the system that is lower already stays.
        let hard = getrlimit(resource)
            .maximum
            .map_or(most, |hard| hard.min(most));
        let limit = Rlimit {
            current: Some(hard),
            maximum: Some(hard),
        };
        setrlimit(resource, limit)
            .map_err(|error| format!("The limit of {resource:?} cannot be set: {error}."))?;
    }
    Ok(())
}
