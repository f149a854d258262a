//! `massgen-tui share`: a session to somebody, somewhere.
//!
//! First everything is told: what, how large, where to, what was masked. Then a question; without a terminal
//! only `--yes` sends. A text that may be a secret and is not masked stops it.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    super::{Globals, USAGE, complain, config_cmd, deaf, launch::Trouble},
    UNMASKED,
    export::{WhatArgs, prepared, print},
    told,
};
use crate::{
    app::sharing::{self, Aside, Delivered, Existing, Order, Parcel, Target},
    config,
    engine::outbox,
    export::{Format, base64},
    headless::{self, Exit},
    protocol::{Failure, FailureKind},
    text::clean,
};

/// Largest text that terminals take into the clipboard.
const CLIPBOARD: u64 = 1_000_000;

/// Arguments of `share`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What is given.
    #[command(flatten)]
    pub what: WhatArgs,
    /// Where to.
    #[command(flatten)]
    pub to: ToArgs,
    /// Tell it as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Where to, and whether to ask.
#[derive(Clone, Debug, clap::Args)]
pub struct ToArgs {
    /// gist, snippet, clipboard, <s3://bucket/place>/, https://… (`WebDAV`), "| command", a file, a folder, or a
    /// name of share.targets.
    #[arg(long, value_name = "TARGET", required = true)]
    pub to: String,
    /// Send without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Replace what is there.
    #[arg(long)]
    pub force: bool,
    /// Only tell what would be sent.
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs `share`; returns the exit code.
pub async fn run(globals: &Globals, args: Args) -> u8 {
    match perform(globals, args).await {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

async fn perform(globals: &Globals, args: Args) -> Result<u8, Trouble> {
    let (paths, environment) = config_cmd::surroundings();
    let named = config::sharing::targets(&paths);
    let named = named.map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let target = Target::parse(&args.to.to, &named);
    let target = target.map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let state = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let order = order(&args, &target)?;
    let watch = order.watch.clone();
    let globals = globals.clone();
    let prepared = tokio::task::spawn_blocking(move || prepared(&globals, &order))
        .await
        .map_err(|error| broken(&error))??;
    let preview = format!(
        "{}  to: {}\n",
        told::preview(&prepared),
        clean::line(&target.to_string())
    );
    let blocked = !prepared.suspects.is_empty();
    if args.to.dry_run || blocked {
        if args.json {
            print(&format!("{:#}\n", told::json(&prepared, None)))?;
        } else if blocked && !args.to.dry_run {
            complain(&format!("Nothing was sent.\n{}", told::suspects(&prepared)));
        } else {
            print(&preview)?;
        }
        return Ok(if blocked { UNMASKED } else { 0 });
    }
    if !args.to.yes
        && let Some(code) = refused(&preview)
    {
        return Ok(code);
    }
    let mut told = told::json(&prepared, None);
    // From here on whatever lies aside is cleared away before the program ends.
    let mut signals = headless::signals().map_err(|error| deaf(&error))?;
    let delivered = tokio::select! {
        delivered = give(prepared, &target, &args, &state, &environment) => delivered?,
        Some(signal) = signals.recv() => {
            watch.stop();
            complain("Cancelled; it was not sent as a whole.");
            return Ok(Exit::Stopped(signal).code());
        }
    };
    if args.json {
        if let Some(told) = told.as_object_mut() {
            told.insert("url".to_owned(), delivered.url.clone().into());
        }
        print(&format!("{told:#}\n"))?;
    } else if let Some(url) = &delivered.url {
        print(&format!("{}\n", clean::line(url)))?;
    } else if !delivered.said.is_empty() {
        print(&clean::text(&delivered.said))?;
    }
    Ok(0)
}

/// What is to be made for a target.
fn order(args: &Args, target: &Target) -> Result<Order, Trouble> {
    let file = match target {
        Target::File(path) => Some(path.clone()),
        _ => None,
    };
    let mut order = args.what.order(file.as_ref())?;
    let read = matches!(target, Target::Clipboard | Target::Gist | Target::Snippet);
    if args.what.format.is_none() && read {
        // What is read there, not downloaded.
        order.format = Format::Md;
    }
    Ok(order)
}

/// Asks whether it may go; the exit code when it may not.
fn refused(preview: &str) -> Option<u8> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        complain("Nothing was sent: without a terminal, --yes has to say that it may be.");
        return Some(USAGE);
    }
    let _ = write!(io::stderr(), "{preview}Send it? [y/N] ");
    let _ = io::stderr().flush();
    let mut line = String::new();
    // Who cannot answer has said no.
    let _ = io::stdin().lock().read_line(&mut line);
    if matches!(line.trim(), "y" | "Y" | "yes") {
        return None;
    }
    complain("Nothing was sent.");
    Some(0)
}

/// Brings it there.
async fn give(
    prepared: sharing::Prepared,
    target: &Target,
    args: &Args,
    state: &Path,
    environment: &config::Environment,
) -> Result<Delivered, Failure> {
    if let Target::File(place) = target {
        let existing = if args.to.force {
            Existing::Replace
        } else {
            Existing::Keep
        };
        let place = place.clone();
        let saved = tokio::task::spawn_blocking(move || sharing::save(&prepared, &place, existing));
        let path = saved.await.map_err(|error| broken(&error))??;
        return Ok(Delivered {
            url: Some(path.display().to_string()),
            said: String::new(),
        });
    }
    let state = state.to_owned();
    let made = tokio::task::spawn_blocking(move || {
        let aside = Aside::of(&prepared, &state)?;
        let parcel = aside.parcel(&prepared)?;
        Ok::<_, Failure>((aside, parcel))
    });
    // The file stands aside until it was sent.
    let (_aside, mut parcel) = made.await.map_err(|error| broken(&error))??;
    parcel.replace = args.to.force;
    parcel.voice = sharing::Voice::Terminal;
    match target {
        Target::Clipboard => clipboard(&parcel),
        target => sent(&parcel, target, environment).await,
    }
}

fn broken(error: &tokio::task::JoinError) -> Failure {
    local(format!("It broke off: {error}."))
}

/// Sends with progress on the terminal.
async fn sent(
    parcel: &Parcel,
    target: &Target,
    environment: &config::Environment,
) -> Result<Delivered, Failure> {
    let count = Arc::new(AtomicU64::new(0));
    let now = outbox::now().0;
    let work = sharing::deliver(parcel, target, environment, now, &count);
    tokio::pin!(work);
    let mut tick = tokio::time::interval(Duration::from_millis(300));
    let shown = io::stderr().is_terminal() && parcel.bytes > 1_000_000;
    let result = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = tick.tick() => if shown {
                let _ = write!(io::stderr(), "\r{} of {} ", told::size(count.load(Ordering::Relaxed)), told::size(parcel.bytes));
            }
        }
    };
    if shown {
        let _ = writeln!(io::stderr());
    }
    result
}

/// Hands a text to the terminal, which puts it into the clipboard (OSC 52).
fn clipboard(parcel: &Parcel) -> Result<Delivered, Failure> {
    if !parcel.format.is_text() || parcel.bytes > CLIPBOARD {
        return Err(local("The clipboard takes text up to 1 MB.".to_owned())
            .hint("Take --format md with --max-size 1MB, or another target."));
    }
    if !io::stderr().is_terminal() {
        return Err(
            local("There is no terminal whose clipboard could be used.".to_owned())
                .hint("`massgen-tui export -o -` writes the text to a pipe."),
        );
    }
    let text = sharing::read(&parcel.path)?;
    let written = write!(io::stderr(), "\x1b]52;c;{}\x1b\\", base64(text.as_bytes()));
    written.map_err(|error| local(format!("The terminal cannot be written: {error}.")))?;
    Ok(Delivered {
        url: None,
        said: "It was handed to the terminal's clipboard.\n".to_owned(),
    })
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}
