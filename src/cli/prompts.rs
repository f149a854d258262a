//! `massgen-tui prompts`: prompts that are kept, with variables: list, show, begin a new one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{config_cmd, launch::Trouble, new};
use crate::{
    app::{
        prompts,
        setup::{Replace, save},
    },
    config::Paths,
    setup::preset::{self, Preset},
    text::clean,
};

/// Arguments of `prompts`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do; without it they are listed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do with prompts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all prompts with their variables.
    List {
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Show a prompt: its text with the variables filled in as far as they are given.
    Show {
        /// Its name.
        name: String,
        /// A value: NAME=VALUE; several times for several.
        #[arg(long = "var", value_name = "NAME=VALUE")]
        var: Vec<String>,
    },
    /// Begin a new prompt in the prompts folder of your settings, to be edited there.
    New {
        /// Its name.
        name: String,
        /// Begin with the text of this one.
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
    },
}

/// Does it; returns the exit code.
#[must_use]
pub fn run(args: &Args) -> u8 {
    let (paths, _) = config_cmd::surroundings();
    match act(args, &paths) {
        Ok(text) => {
            new::say(&clean::text(&text));
            0
        }
        Err(trouble) => trouble.tell(),
    }
}

fn act(args: &Args, paths: &Paths) -> Result<String, Trouble> {
    let settings = paths.config.as_deref();
    match &args.command {
        None | Some(Command::List { json: false }) => Ok(listed(&prompts::all(settings))),
        Some(Command::List { json: true }) => {
            Ok(format!("{:#}\n", as_json(&prompts::all(settings))))
        }
        Some(Command::Show { name, var }) => {
            let preset = prompts::named(settings, name)?;
            let values = values(var).map_err(Trouble::Usage)?;
            Ok(match preset.fill(&values) {
                Ok(tasks) => format!("{}\n", tasks.join("\n\n=== next ===\n\n")),
                Err(words) if !values.is_empty() => return Err(Trouble::Usage(words)),
                Err(_) => shown(&preset),
            })
        }
        Some(Command::New { name, from }) => begin(paths, name, from.as_deref()),
    }
}

/// `NAME=VALUE` several times.
///
/// # Errors
/// One of them has no `=`, or a name stands twice; as a sentence.
pub(super) fn values(given: &[String]) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    for words in given {
        let Some((name, value)) = words.split_once('=') else {
            return Err(format!(
                "A value is written NAME=VALUE; `{words}` has no `=`."
            ));
        };
        if values
            .insert(name.trim().to_owned(), value.to_owned())
            .is_some()
        {
            return Err(format!("`{}` is given twice.", name.trim()));
        }
    }
    Ok(values)
}

fn begin(paths: &Paths, name: &str, from: Option<&str>) -> Result<String, Trouble> {
    let Some(settings) = &paths.config else {
        let words = "There is no home folder to keep prompts in.";
        return Err(Trouble::Usage(words.to_owned()));
    };
    if !preset::is_name(name) {
        let words = "A prompt is named in letters, digits, - and _.";
        return Err(Trouble::Usage(words.to_owned()));
    }
    let text = match from {
        None => preset::BLANK.to_owned(),
        Some(from) => written(&prompts::named(Some(settings), from)?),
    };
    let path = prompts::folder(settings).join(format!("{name}.md"));
    if path.exists() {
        let words = format!(
            "{} is there already; edit it, or take another name.",
            path.display()
        );
        return Err(Trouble::Usage(words));
    }
    let saved = save(&path, &text, Replace::Never)?;
    Ok(format!(
        "{}\nEdit it; then: massgen-tui run --preset {name} --var NAME=VALUE\n",
        saved.path.display()
    ))
}

/// A prompt as a file.
fn written(preset: &Preset) -> String {
    let mut text = format!("---\ndescription: {}\n", preset.description);
    for one in &preset.variables {
        let default = one.default.as_deref().unwrap_or_default();
        let help = if one.help.is_empty() {
            String::new()
        } else {
            format!(" # {}", one.help)
        };
        let _ = writeln!(text, "{}: {default}{help}", one.name);
    }
    let _ = writeln!(text, "---\n{}", preset.tasks.join("\n\n=== next ===\n"));
    text
}

/// A prompt with its variables, where values are missing.
fn shown(preset: &Preset) -> String {
    let mut text = format!(
        "{}\n\n{}\n",
        preset.description,
        preset.tasks.join("\n\n=== next ===\n\n")
    );
    if !preset.variables.is_empty() {
        text.push('\n');
    }
    for one in &preset.variables {
        let _ = writeln!(text, "{}", variable(one));
    }
    text
}

fn variable(one: &preset::Variable) -> String {
    let mut words = format!("  --var {}=", one.name);
    match &one.default {
        Some(default) => {
            let _ = write!(words, "…  without it: {default}");
        }
        None => words.push_str("…  must be given"),
    }
    if !one.help.is_empty() {
        let _ = write!(words, "  ({})", one.help);
    }
    words
}

fn listed(all: &[prompts::Kept]) -> String {
    let mut text = String::new();
    for kept in all {
        let own = if kept.file.is_some() { "  (yours)" } else { "" };
        let _ = writeln!(text, "{}{own}", kept.name);
        match &kept.preset {
            Ok(preset) => {
                let _ = writeln!(text, "  {}", preset.description);
                if preset.tasks.len() > 1 {
                    let _ = writeln!(text, "  a conversation of {} tasks", preset.tasks.len());
                }
                for one in &preset.variables {
                    let _ = writeln!(text, "{}", variable(one));
                }
            }
            Err(words) => {
                let _ = writeln!(text, "  cannot be used: {words}");
            }
        }
    }
    text.push_str("\nRun one: massgen-tui run --preset NAME --var NAME=VALUE\n");
    text
}

fn as_json(all: &[prompts::Kept]) -> Value {
    let one = |kept: &prompts::Kept| {
        let file = kept.file.as_ref().map(|file| file.display().to_string());
        match &kept.preset {
            Ok(preset) => json!({
                "name": kept.name,
                "description": preset.description,
                "tasks": preset.tasks,
                "variables": preset.variables.iter().map(|one| json!({
                    "name": one.name, "default": one.default, "help": one.help,
                })).collect::<Vec<_>>(),
                "file": file,
            }),
            Err(words) => json!({"name": kept.name, "error": words, "file": file}),
        }
    };
    json!({"prompts": all.iter().map(one).collect::<Vec<_>>()})
}
