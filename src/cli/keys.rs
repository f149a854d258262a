//! `massgen-tui keys`: names of keys and where they are kept. The keys themselves are never shown.
//!
//! A key is typed at a prompt without echo or read from standard input. It is never an argument: those
//! stand in the shell's history and in the list of processes.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _, Write as _};

use clap::Subcommand;

use super::{config_cmd, launch::Trouble};
use crate::{
    app::{Keep, Keys},
    config::{Environment, Paths, backends, dotenv::Origin},
    text::clean,
};

/// Longest key in bytes.
const LONGEST: u64 = 16 * 1024;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do; without it the names are listed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the names of keys that are set, and where.
    List {
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Keep a key: typed when asked (not shown), or piped into standard input.
    Set {
        /// Its variable, for example `OPENAI_API_KEY`.
        name: String,
        /// Keep it in the .env of our own folder (readable by you alone) instead of the keyring.
        #[arg(long)]
        file: bool,
        #[allow(missing_docs, reason = "it only catches a key where none belongs")]
        #[arg(hide = true, num_args = 0.., allow_hyphen_values = true)]
        more: Vec<String>,
    },
    /// Forget a key wherever we keep it.
    Remove {
        /// Its variable.
        name: String,
    },
}

/// Does it; returns the exit code.
#[must_use]
pub fn run(args: &Args) -> u8 {
    let (paths, environment) = config_cmd::surroundings();
    match act(args, &paths, &environment) {
        Ok(text) => {
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            0
        }
        Err(words) => Trouble::Usage(words).tell(),
    }
}

fn act(args: &Args, paths: &Paths, environment: &Environment) -> Result<String, String> {
    let folder = paths.config.clone();
    let keys = Keys::new(folder.ok_or("There is no home folder to keep keys in.")?);
    match &args.command {
        None => Ok(listed(&keys, environment, Form::Text)),
        Some(Command::List { json }) => {
            let form = if *json { Form::Json } else { Form::Text };
            Ok(listed(&keys, environment, form))
        }
        Some(Command::Set { more, .. }) if !more.is_empty() => Err(
            "A key is never an argument: it would stand in the shell's history. Leave it out and \
             type it when asked, or pipe it in. Better make a new key now."
                .to_owned(),
        ),
        Some(Command::Set { name, file, .. }) => {
            let keep = if *file { Keep::File } else { Keep::Keyring };
            let key = ask(name)?;
            let file = clean::line(&keys.file().display().to_string()).into_owned();
            keys.set(environment, name, &key, keep).map_err(|words| {
                let way_out = match keep {
                    Keep::Keyring => format!(" `--file` keeps it in {file} instead."),
                    Keep::File => String::new(),
                };
                format!("{words}{way_out}")
            })?;
            let place = match keep {
                Keep::Keyring => "the keyring".to_owned(),
                Keep::File => file,
            };
            let mut text = format!("{name} is kept in {place}.\n");
            text.push_str(&hidden(name, environment, keep));
            if !known(name) {
                let _ = writeln!(
                    text,
                    "No backend reads this name by itself; a configuration can: api_key: ${{{name}}}"
                );
            }
            Ok(text)
        }
        Some(Command::Remove { name }) => {
            let from = keys.remove(environment, name)?;
            let mut text = match from.as_slice() {
                [] => format!("{name} was not kept here.\n"),
                [Keep::Keyring] => format!("{name} is no longer in the keyring.\n"),
                [Keep::File] => format!("{name} is no longer in our .env.\n"),
                _ => format!("{name} is no longer in the keyring and in our .env.\n"),
            };
            if let Some(Origin::Process) = environment.origin(name) {
                text.push_str("It is still set in the environment.\n");
            }
            Ok(text)
        }
    }
}

/// A stronger place that hides a key.
fn hidden(name: &str, environment: &Environment, keep: Keep) -> String {
    match (environment.origin(name), keep) {
        (Some(Origin::Process), _) => {
            "The environment sets another value, which counts more.\n".to_owned()
        }
        (Some(Origin::File(path)), Keep::Keyring) => {
            let path = path.display().to_string();
            format!("{} sets it too, and counts more.\n", clean::line(&path))
        }
        _ => String::new(),
    }
}

fn known(name: &str) -> bool {
    backends::all()
        .iter()
        .any(|backend| backend.keys.iter().any(|key| key == name))
}

/// Text or JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

/// Names and places of everything that is a key.
fn listed(keys: &Keys, environment: &Environment, form: Form) -> String {
    let of_vendors = backends::all().iter().flat_map(|backend| &backend.keys);
    let mut names: Vec<String> = of_vendors.cloned().collect();
    names.extend(environment.keyring().map(str::to_owned));
    let own = keys.file();
    let own = environment.files().iter().filter(|file| file.path == own);
    names.extend(own.flat_map(|file| file.variables.keys().cloned()));
    names.sort();
    names.dedup();
    let rows: Vec<(String, String)> = names
        .into_iter()
        .filter_map(|name| {
            let place = environment.origin(&name)?.words();
            Some((name, place))
        })
        .collect();
    if form == Form::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, place)| serde_json::json!({"name": name, "from": place}))
            .collect();
        return format!("{:#}\n", serde_json::json!({ "keys": rows }));
    }
    if rows.is_empty() {
        return "No key is set. `massgen-tui keys set OPENAI_API_KEY` keeps one.\n".to_owned();
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = rows
        .iter()
        .map(|(name, place)| format!("{name:<width$}  {place}\n"));
    clean::text(&lines.collect::<String>()).into_owned()
}

/// The key from the person, or from a pipe.
fn ask(name: &str) -> Result<String, String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let mut text = String::new();
        let read = stdin.lock().take(LONGEST).read_to_string(&mut text);
        read.map_err(|error| format!("Standard input cannot be read: {error}."))?;
        return Ok(text.trim().to_owned());
    }
    let _ = write!(std::io::stderr(), "{} (not shown): ", clean::line(name));
    let typed = typed();
    let _ = writeln!(std::io::stderr());
    typed
}

/// A line without echo.
fn typed() -> Result<String, String> {
    /// Puts the terminal back, whatever happens.
    struct Raw;
    impl Drop for Raw {
        fn drop(&mut self) {
            let _ = crossterm::terminal::disable_raw_mode();
        }
    }
    crossterm::terminal::enable_raw_mode()
        .map_err(|error| format!("The terminal cannot hide what is typed: {error}."))?;
    let _raw = Raw;
    let mut bytes = Vec::new();
    let left = || "Nothing was kept.".to_owned();
    for byte in std::io::stdin().lock().take(LONGEST).bytes() {
        match byte.map_err(|error| format!("The terminal cannot be read: {error}."))? {
            b'\r' | b'\n' => return String::from_utf8(bytes).map_err(|_| left()),
            // Ctrl-C and Ctrl-D.
            3 | 4 => return Err(left()),
            // Ctrl-U.
            21 => bytes.clear(),
            8 | 127 => {
                bytes.pop();
            }
            byte => bytes.push(byte),
        }
    }
    Err(left())
}
