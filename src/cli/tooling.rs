//! `massgen-tui tools`: the person's plugins, listed, approved, checked, begun.
//!
//! Not the Claude Code plugin: that is `massgen-tui plugin`. Only `check` starts a plugin, and only one
//! that was approved; it calls none of its tools.

use std::{fmt::Write as _, io::Write as _};

use clap::Subcommand;

use super::{
    Globals, complain,
    launch::{self, Trouble},
    rules::RuleArgs,
};
use crate::{
    app::{
        Services,
        plugins::{self, Kind, Plugin, Standing},
        toolservers,
    },
    config::{
        Severity,
        servers::{Reached, Speaks},
    },
    mcp::Effect,
    text::clean,
};

/// Exit code when something is wrong with a plugin.
const WRONG: u8 = 2;

/// Arguments of `tools`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do; without it they are listed
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do with plugins.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List the plugins in your settings folder and whether agents get them
    List,
    /// Approve a plugin: exactly the files that it has now
    Trust {
        /// Name of the plugin
        name: String,
    },
    /// Take every approval of a plugin back
    Untrust {
        /// Name of the plugin
        name: String,
    },
    /// Say everything that is wrong with a plugin; start it when it is approved, and list its tools
    Check {
        /// Name of the plugin
        name: String,
    },
    /// Begin a plugin: a small tool that works, to be changed
    New {
        /// Name of the plugin
        name: String,
        /// Begin with Python in place of shell
        #[arg(long)]
        python: bool,
    },
}

/// Runs the subcommand; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    let done = match launch::services(globals, "1", &RuleArgs::default()) {
        Ok((services, _)) => done(&services, args.command.as_ref()).await,
        Err(trouble) => Err(trouble),
    };
    match done {
        Ok((code, words)) => {
            let words = clean::text(&words);
            let written = std::io::stdout().write_all(words.as_bytes());
            match written {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    complain(&format!("The output cannot be written: {error}."));
                    super::ERROR
                }
                _ => code,
            }
        }
        Err(trouble) => trouble.tell(),
    }
}

async fn done(services: &Services, command: Option<&Command>) -> Result<(u8, String), Trouble> {
    match command {
        None | Some(Command::List) => Ok((0, list(services).await)),
        Some(Command::Trust { name }) => trust(services, &named(services, name)?),
        Some(Command::Untrust { name }) => {
            let plugin = named(services, name)?;
            let count = services.trust.forget(&plugin.folder)?;
            let words = if count == 0 {
                format!("{name} was not approved.\n")
            } else {
                format!("{name} is not approved any more; no agent gets its tools.\n")
            };
            Ok((0, words))
        }
        Some(Command::Check { name }) => Ok(check(&named(services, name)?).await),
        Some(Command::New { name, python }) => {
            let kind = if *python { Kind::Python } else { Kind::Shell };
            let begun = plugins::begin(services, name, kind);
            let folder = begun.map_err(|failure| Trouble::Usage(failure.words()))?;
            let words = format!(
                "{} is there, with a tool that works. Change it to what you need, then:\n  \
                 massgen-tui tools trust {name}\n  massgen-tui tools check {name}\n",
                folder.display()
            );
            Ok((0, words))
        }
    }
}

fn named(services: &Services, name: &str) -> Result<Plugin, Trouble> {
    plugins::named(services, name).map_err(|failure| Trouble::Usage(failure.words()))
}

async fn list(services: &Services) -> String {
    let all = plugins::all(services).await;
    let place = services.own.plugins.as_ref().map_or_else(
        || "the settings folder".to_owned(),
        |place| place.display().to_string(),
    );
    if all.is_empty() {
        return format!(
            "There is no plugin in {place}. `massgen-tui tools new NAME` begins one.\n"
        );
    }
    let mut words = String::new();
    for plugin in &all {
        let _ = write!(words, "{}", plugin.name);
        match plugin.trouble() {
            None => words.push_str(": every agent gets its tools\n"),
            Some((what, hint)) => {
                let _ = writeln!(words, ": {what}. {hint}");
            }
        }
        let about = plugin.description();
        if !about.is_empty() {
            let _ = writeln!(words, "  {about}");
        }
    }
    words
}

fn trust(services: &Services, plugin: &Plugin) -> Result<(u8, String), Trouble> {
    if plugin.manifest.server.is_none() {
        return Ok((WRONG, findings(plugin)));
    }
    if plugin.standing == Standing::Trusted {
        return Ok((0, format!("{} is approved already.\n", plugin.name)));
    }
    plugins::approve(services, plugin)?;
    let mut words = format!(
        "Approved, until a byte of it changes: {}\nEvery agent gets its tools from the next run on. It may now:\n",
        plugin.folder.display()
    );
    words.push_str(&uses(plugin));
    Ok((0, words))
}

/// What a plugin would do, line by line.
fn uses(plugin: &Plugin) -> String {
    let mut words = String::new();
    let Some(server) = plugin.server() else {
        return words;
    };
    if let Reached::Started(started) = &server.reached {
        let line = started.command.join(" ");
        let _ = writeln!(words, "  run the program: {}", clean::line(&line));
    }
    if !plugin.manifest.variables.is_empty() {
        let names = plugin.manifest.variables.join(", ");
        let _ = writeln!(words, "  take these from your environment: {names}");
    }
    words.push_str("  do what your user may: it is in no sandbox\n");
    words
}

fn findings(plugin: &Plugin) -> String {
    plugin.manifest.report.render_all(Severity::Warning)
}

async fn check(plugin: &Plugin) -> (u8, String) {
    let name = &plugin.name;
    let mut words = findings(plugin);
    let Some(server) = plugin.server() else {
        let _ = writeln!(words, "{name}: {}", plugin.manifest.report.summary());
        return (WRONG, words);
    };
    if plugin.standing != Standing::Trusted {
        if let Some((what, hint)) = plugin.trouble() {
            let _ = writeln!(words, "{name}: {what}; it was not started. {hint}");
        }
        words.push_str("It would:\n");
        words.push_str(&uses(plugin));
        return (WRONG, words);
    }
    match toolservers::listed(&server).await {
        Err(why) => {
            let _ = writeln!(
                words,
                "{name} cannot be used: {}.",
                why.trim_end_matches('.')
            );
            (WRONG, words)
        }
        Ok(tools) => {
            let how = match &server.reached {
                Reached::Started(one) if matches!(one.speaks, Speaks::Lines(_)) => {
                    "It was started, given nothing to do, and ended. Its tools:"
                }
                _ => "It was started, listed its tools, and ended:",
            };
            let _ = writeln!(words, "{name} is in order. {how}");
            for (tool, effect) in &tools {
                let _ = writeln!(words, "  {tool}: {}", promise(*effect));
            }
            (0, words)
        }
    }
}

/// What a tool promises, and what comes of it.
const fn promise(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => "says that it only reads; it is called without asking you",
        Effect::Changes => "changes something; asks you before each call",
        Effect::Destroys => "may destroy something; asks you before each call",
        Effect::Unknown => "does not say what it does; asks you before each call",
    }
}
