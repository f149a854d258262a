//! The keyring of the operating system, through the program that belongs to it: `secret-tool` on
//! Linux (libsecret), `security` on macOS.
//!
//! A secret travels through pipes and never stands among a program's arguments. Every call has a
//! bound and is ended after it, so a keyring that is locked or waits for a dialog holds nobody up.
//! Without a session bus nothing is started on Linux.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::config::{Environment, program};

/// Under this name everything is kept.
const SERVICE: &str = "massgen-tui";
/// Longest wait for a key when the program starts.
const QUICK: Duration = Duration::from_millis(1_500);
/// Longest wait when the person changes a key and may have to unlock the keyring.
const PATIENT: Duration = Duration::from_mins(1);
/// Longest key in bytes.
const LONGEST: u64 = 16 * 1024;
/// Turns to wait for the end of a program that has said everything.
const TURNS: u32 = 100;

/// Variables that such a program needs.
const WANTED: [&str; 7] = [
    "PATH",
    "HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "LANG",
];

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    SecretTool,
    Security,
}

/// A keyring that can be asked.
#[derive(Clone, Debug)]
pub struct Keyring {
    kind: Kind,
    program: PathBuf,
    variables: Vec<(String, String)>,
}

impl Keyring {
    /// The keyring of this machine.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub fn find(environment: &Environment) -> Result<Self, String> {
        let of = |name: &str| environment.process(name).map(str::to_owned);
        let (kind, name) = if cfg!(target_os = "macos") {
            (Kind::Security, "security")
        } else {
            (Kind::SecretTool, "secret-tool")
        };
        let folders = of("PATH").unwrap_or_default();
        let Some(program) = program::find(name, &folders) else {
            return Err(format!(
                "This machine has no `{name}` (on Debian: package libsecret-tools)."
            ));
        };
        let bus = of("DBUS_SESSION_BUS_ADDRESS").is_some() || of("XDG_RUNTIME_DIR").is_some();
        if kind == Kind::SecretTool && !bus {
            return Err("There is no session bus, so no keyring is running.".to_owned());
        }
        let variables = WANTED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), of(name)?)))
            .collect();
        Ok(Self {
            kind,
            program,
            variables,
        })
    }

    /// Several keys at once, in the order of the names; `None` for what is not there or not told in
    /// time.
    #[must_use]
    pub fn get(&self, names: &[String]) -> Vec<Option<String>> {
        let asked: Vec<_> = names
            .iter()
            .map(|name| {
                let (keyring, name) = (self.clone(), name.clone());
                thread::spawn(move || keyring.look_up(&name))
            })
            .collect();
        let answers = asked.into_iter().map(thread::JoinHandle::join);
        answers.map(|answer| answer.ok().flatten()).collect()
    }

    fn look_up(&self, name: &str) -> Option<String> {
        let arguments: Vec<&str> = match self.kind {
            Kind::SecretTool => vec!["lookup", "service", SERVICE, "name", name],
            Kind::Security => vec!["find-generic-password", "-s", SERVICE, "-a", name, "-w"],
        };
        let said = self.run(&arguments, None, QUICK).ok()?;
        Some(said.trim().to_owned()).filter(|key| !key.is_empty())
    }

    /// Keeps a key.
    ///
    /// # Errors
    /// The program failed or did not end in time.
    pub fn set(&self, name: &str, key: &str) -> Result<(), String> {
        match self.kind {
            Kind::SecretTool => {
                let label = format!("--label={SERVICE} {name}");
                let arguments = ["store", &label, "service", SERVICE, "name", name];
                self.run(&arguments, Some(key), PATIENT)?;
            }
            Kind::Security => {
                // Its shell reads commands from a pipe, where an argument is nobody else's to see.
                let quoted = key.replace('\\', "\\\\").replace('"', "\\\"");
                let line =
                    format!("add-generic-password -U -s {SERVICE} -a {name} -w \"{quoted}\"\n");
                self.run(&["-i"], Some(&line), PATIENT)?;
            }
        }
        // A keyring that is locked or refuses may end without a word.
        match self.look_up(name) {
            Some(kept) if kept == key.trim() => Ok(()),
            _ => Err("The keyring did not keep it; is it unlocked?".to_owned()),
        }
    }

    /// Forgets a key; nothing happens when it is not there.
    ///
    /// # Errors
    /// The program could not be started or did not end in time.
    pub fn remove(&self, name: &str) -> Result<(), String> {
        let arguments: Vec<&str> = match self.kind {
            Kind::SecretTool => vec!["clear", "service", SERVICE, "name", name],
            Kind::Security => vec!["delete-generic-password", "-s", SERVICE, "-a", name],
        };
        let _ = self.run(&arguments, None, PATIENT)?;
        match self.look_up(name) {
            Some(_) => Err("The keyring still has it; is it unlocked?".to_owned()),
            None => Ok(()),
        }
    }

    /// Runs the program; what it says.
    fn run(
        &self,
        arguments: &[&str],
        input: Option<&str>,
        bound: Duration,
    ) -> Result<String, String> {
        let name = self.program.display();
        let mut child = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{name} could not be started: {error}."))?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let input = input.map(str::to_owned);
        thread::spawn(move || {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                let _ = stdin.write_all(input.as_bytes());
            }
            let mut said = String::new();
            if let Some(stdout) = stdout {
                let _ = stdout.take(LONGEST).read_to_string(&mut said);
            }
            let _ = sender.send(said);
        });
        let said = receiver.recv_timeout(bound);
        end(&mut child, said.is_ok());
        said.map_err(|_| format!("{name} did not answer in time."))
    }
}

/// Sees a program off. One that has closed its output gets a moment to end by itself.
fn end(child: &mut Child, has_said: bool) {
    for _ in 0..if has_said { TURNS } else { 0 } {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
}
