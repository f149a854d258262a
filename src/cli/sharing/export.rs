//! `massgen-tui export`: a session as a file.

use std::{
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::PathBuf,
};

use super::{
    super::{Globals, complain, config_cmd, launch::Trouble, logs},
    UNMASKED, told,
};
use crate::{
    app::sharing::{self, Existing, Order, Prepared, Rules, Workspace},
    export::{Format, Selection},
    protocol::{Failure, FailureKind},
};

/// Arguments of `export`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What is exported.
    #[command(flatten)]
    pub what: WhatArgs,
    /// The file, or the folder it goes to; "-" is standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    pub force: bool,
    /// Only tell what would be in it, how large it would be and what is masked.
    #[arg(long)]
    pub dry_run: bool,
    /// Tell it as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Which session, and what of it.
#[derive(Clone, Debug, clap::Args)]
pub struct WhatArgs {
    /// Session id, its start or its last four letters, or a folder of MassGen; `latest` is the newest.
    #[arg(default_value = "latest")]
    pub id: String,
    /// html, md, json, bundle or cast; without it the end of the file's name says, else html.
    #[arg(long, short, value_name = "FORMAT", value_parser = ["html", "md", "json", "bundle", "cast"])]
    pub format: Option<String>,
    /// Which turns: 2, 1-3, 2-, 1,4 or latest.
    #[arg(long, value_name = "TURNS")]
    pub turns: Option<String>,
    /// Without the files and diffs of the agents.
    #[arg(long)]
    pub no_workspace: bool,
    /// Most bytes of the file: 500KB, 10MB, 1GB. What does not fit is left out and told.
    #[arg(long, value_name = "SIZE")]
    pub max_size: Option<String>,
    /// Mask more than secrets and home folders: emails, paths, names, suspects, and any words.
    #[arg(long, value_name = "LIST")]
    pub redact: Vec<String>,
    /// Say in the file who gives it.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

impl WhatArgs {
    /// What is to be made; the name of the file may tell the format.
    ///
    /// # Errors
    /// A value that means nothing.
    pub fn order(&self, file: Option<&PathBuf>) -> Result<Order, Trouble> {
        let usage = |error: &dyn std::fmt::Display| Trouble::Usage(format!("{error}."));
        let ending = file
            .and_then(|file| file.extension())
            .and_then(|end| end.to_str());
        let format = match self.format.as_deref().or(ending) {
            Some("md" | "markdown") => Format::Md,
            Some("json") => Format::Json,
            Some("bundle" | "mgt") => Format::Bundle,
            Some("cast") => Format::Cast,
            _ => Format::Html,
        };
        let turns = self.turns.as_deref().map(str::parse).transpose();
        let most = self.max_size.as_deref().map(size).transpose();
        Ok(Order {
            id: self.id.clone(),
            format,
            turns: turns
                .map_err(|error| usage(&error))?
                .unwrap_or(Selection::All),
            workspace: if self.no_workspace {
                Workspace::Without
            } else {
                Workspace::With
            },
            most: most.map_err(|error| usage(&error))?,
            rules: Rules::parse(&self.redact).map_err(|error| usage(&error))?,
            by: self.by.clone(),
            watch: sharing::Watch::default(),
        })
    }
}

/// Bytes of a size such as `10MB`.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write 500KB, 10MB or 1GB");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Ok((number * factor) as u64)
}

/// Runs `export`; returns the exit code.
pub async fn run(globals: &Globals, args: Args) -> u8 {
    let globals = globals.clone();
    match tokio::task::spawn_blocking(move || perform(&globals, &args)).await {
        Ok(Ok(code)) => code,
        Ok(Err(trouble)) => trouble.tell(),
        Err(error) => Trouble::from(local(format!("It broke off: {error}."))).tell(),
    }
}

/// Reads the session and finds out all about its file.
///
/// # Errors
/// A wrong command line, no such session, one that cannot be read.
pub fn prepared(globals: &Globals, order: &Order) -> Result<Prepared, Trouble> {
    let (paths, environment) = config_cmd::surroundings();
    let state = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let around = sharing::surroundings(&paths, &environment);
    Ok(sharing::prepare(
        &logs::shelf(&state),
        &state,
        &around,
        order,
    )?)
}

fn perform(globals: &Globals, args: &Args) -> Result<u8, Trouble> {
    let usage = |words: &str| Trouble::Usage(words.to_owned());
    let output = args.output.as_deref();
    let stream = output.is_some_and(|file| file.as_os_str() == "-");
    if stream && args.json && !args.dry_run {
        return Err(usage(
            "The file goes to standard output; leave --json away.",
        ));
    }
    let order = args.what.order(args.output.as_ref())?;
    let bytes = stream && !order.format.is_text() && !args.dry_run;
    if bytes && io::stdout().is_terminal() {
        return Err(usage(
            "A bundle is no text; give a file with -o, or pipe it.",
        ));
    }
    let prepared = prepared(globals, &order)?;
    let blocked = !prepared.suspects.is_empty();
    let mut written = None;
    if !args.dry_run && !blocked && !stream {
        let existing = if args.force {
            Existing::Replace
        } else {
            Existing::Keep
        };
        let place = args.output.clone().unwrap_or_else(|| PathBuf::from("."));
        written = Some(sharing::save(&prepared, &place, existing)?);
    }
    if args.json {
        let told = told::json(&prepared, written.as_deref());
        print(&format!("{told:#}\n"))?;
    } else if args.dry_run {
        print(&told::preview(&prepared))?;
    } else if blocked {
        complain(&format!(
            "Nothing was written.\n{}",
            told::suspects(&prepared)
        ));
    } else if stream {
        stdout(&prepared)?;
    } else if let Some(path) = &written {
        print(&format!("{}\n", path.display()))?;
        let told = told::aside(&prepared);
        if !told.is_empty() {
            complain(&format!("about the file:\n{}", told.trim_end()));
        }
    }
    Ok(if blocked { UNMASKED } else { 0 })
}

/// The file on standard output. A reader that went away is no trouble.
fn stdout(prepared: &Prepared) -> Result<(), Trouble> {
    let mut out = BufWriter::with_capacity(256 * 1024, io::stdout().lock());
    told(prepared.write(&mut out).and_then(|()| out.flush()))
}

/// Text on standard output. A reader that went away is no trouble.
///
/// # Errors
/// It cannot be written.
pub fn print(text: &str) -> Result<(), Trouble> {
    told(io::stdout().lock().write_all(text.as_bytes()))
}

fn told(written: io::Result<()>) -> Result<(), Trouble> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(local(format!("The output cannot be written: {error}.")).into())
        }
        _ => Ok(()),
    }
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("10", 10),
            ("500KB", 500_000),
            ("1.5 mb", 1_500_000),
            ("2MiB", 2_097_152),
            ("1g", 1_000_000_000),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "MB", "ten", "5 apples", "-1"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
