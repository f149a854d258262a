//! `massgen-tui plugin`: puts the Claude Code plugin in, takes it out, tells whether it works.
//!
//! The plugin is part of this program ([`files`]); it is written to a folder beside the sessions, with the
//! path of this program in it, and registered with Claude Code by Claude Code's own commands ([`claude`]).
//! To install twice changes nothing. To uninstall removes exactly what was written: a file that somebody
//! changed since stays, and is named.

mod claude;
mod files;

use std::path::PathBuf;

use clap::Subcommand;

use self::{
    claude::Claude,
    files::{Folder, Piece, Start},
};
use crate::cli::{Globals, complain, config_cmd};

/// Arguments of `plugin`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
    /// The program `claude`, where it is not found by that name.
    #[arg(long, value_name = "PATH", global = true)]
    pub claude: Option<PathBuf>,
}

/// What to do.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum What {
    /// Write the plugin and register it with Claude Code.
    Install,
    /// Take it out of Claude Code and remove what was written.
    Uninstall,
    /// Say whether it is there, whole, registered, and answers.
    Doctor,
}

/// Runs the subcommand; the exit code is 1 when something is missing or failed.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    let (paths, _) = config_cmd::surroundings();
    let state = match paths.state_dir(globals.state_dir.as_deref(), None) {
        Ok(state) => state,
        Err(error) => {
            complain(&format!("{error}."));
            return super::super::USAGE;
        }
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            complain(&format!("This program's own path is not known: {error}."));
            return super::super::ERROR;
        }
    };
    let start = Start {
        program,
        state: globals.state_dir.is_some().then(|| state.clone()),
    };
    let folder = Folder::new(state.join("claude-plugin"), &start);
    let claude = Claude::find(args.claude.as_deref());
    let done = match args.what {
        What::Install => install(&folder, claude.as_ref()).await,
        What::Uninstall => uninstall(&folder, claude.as_ref()).await,
        What::Doctor => doctor(&folder, claude.as_ref(), &start).await,
    };
    match done {
        Ok(code) => code,
        Err(why) => {
            complain(&why);
            super::super::ERROR
        }
    }
}

/// A line on stdout; a closed stdout is nobody to tell.
fn say(line: &str) {
    use std::io::Write as _;
    let line = crate::text::clean::line(line);
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn install(folder: &Folder, claude: Option<&Claude>) -> Result<u8, String> {
    let written = folder.write()?;
    let place = folder.place().display();
    say(&match written {
        0 => format!("The plugin is in {place} already."),
        1 => format!("Wrote 1 file of the plugin to {place}."),
        count => format!("Wrote {count} files of the plugin to {place}."),
    });
    let Some(claude) = claude else {
        say("Claude Code (`claude`) is not found here. When it is, type:");
        for line in claude::by_hand(folder.place()) {
            say(&format!("  {line}"));
        }
        return Ok(0);
    };
    claude.add(folder.place()).await?;
    say("Claude Code knows the plugin. Start it anew and type /massgen-tui:run demo Hello.");
    Ok(0)
}

async fn uninstall(folder: &Folder, claude: Option<&Claude>) -> Result<u8, String> {
    if let Some(claude) = claude {
        for line in claude.remove().await {
            say(&line);
        }
    } else {
        say("Claude Code (`claude`) is not found here, so nothing was asked of it.");
    }
    let removed = folder.remove()?;
    let place = folder.place().display();
    say(&match removed.gone {
        0 => format!("There was nothing of ours in {place}."),
        1 => format!("Removed 1 file from {place}."),
        count => format!("Removed {count} files from {place}."),
    });
    for kept in &removed.kept {
        say(&format!(
            "Left alone, because it was changed: {}",
            kept.display()
        ));
    }
    Ok(0)
}

async fn doctor(folder: &Folder, claude: Option<&Claude>, start: &Start) -> Result<u8, String> {
    let mut bad = 0;
    let mut tell = |good: bool, line: &str| {
        bad += u32::from(!good);
        say(&format!("{} {line}", if good { "ok  " } else { "miss" }));
    };
    let again = "`massgen-tui plugin install` writes it anew";
    for (path, piece) in folder.state() {
        let path = path.display();
        match piece {
            Piece::Same => {}
            Piece::Missing => tell(false, &format!("{path} is not there: {again}")),
            Piece::Other => tell(
                false,
                &format!("{path} is another version or was changed: {again}"),
            ),
        }
    }
    if folder.is_whole() {
        let place = folder.place().display();
        tell(true, &format!("the plugin of this version is in {place}"));
    }
    match claude::greet(start).await {
        Ok(tools) => tell(
            true,
            &format!("`massgen-tui mcp` answers, with {tools} tools"),
        ),
        Err(why) => tell(false, &format!("`massgen-tui mcp` does not answer: {why}")),
    }
    match claude {
        None => tell(
            false,
            "Claude Code (`claude`) is not found; --claude PATH names it",
        ),
        Some(claude) => {
            match claude.version().await {
                Ok(version) => tell(true, &format!("Claude Code {version}")),
                Err(why) => tell(false, &format!("`claude --version` failed: {why}")),
            }
            match claude.knows().await {
                Ok(true) => tell(true, "Claude Code has the plugin"),
                Ok(false) => tell(
                    false,
                    "Claude Code does not have it: `massgen-tui plugin install`",
                ),
                Err(why) => tell(false, &format!("`claude plugin list` failed: {why}")),
            }
        }
    }
    let (paths, _) = config_cmd::surroundings();
    match paths.default_config() {
        Some(path) => tell(true, &format!("usual team: {}", path.display())),
        None => say(
            "note no configuration here yet: `massgen-tui setup` writes one; the demo works without",
        ),
    }
    Ok(u8::from(bad > 0))
}
