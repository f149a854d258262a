//! `--log-level` and `--debug`: how much the program tells about itself.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::{
    app::journal::Journal,
    logging::{self, Area, Level},
};

/// How much is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct LogArgs {
    /// Write what the program does into a private log in the state folder, as much as this.
    #[arg(
        long,
        value_name = "LEVEL",
        global = true,
        env = "MASSGEN_TUI_LOG",
        hide_short_help = true
    )]
    pub log_level: Option<LogLevel>,
    /// The same as --log-level debug.
    #[arg(long, global = true, conflicts_with = "log_level")]
    pub debug: bool,
}

/// A level as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What could not be done.
    Error,
    /// And what is not as it should be.
    Warn,
    /// And what a run consists of.
    Info,
    /// And every request and decision.
    Debug,
    /// And every detail.
    Trace,
}

impl LogArgs {
    /// The level that holds.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        if self.debug {
            return Some(Level::Debug);
        }
        match self.log_level? {
            LogLevel::Off => None,
            LogLevel::Error => Some(Level::Error),
            LogLevel::Warn => Some(Level::Warn),
            LogLevel::Info => Some(Level::Info),
            LogLevel::Debug => Some(Level::Debug),
            LogLevel::Trace => Some(Level::Trace),
        }
    }

    /// Begins the log, if one is wanted; a sentence when it cannot be written.
    pub fn begin(&self, state_dir: &Path, secrets: &[String]) -> Option<String> {
        let level = self.level()?;
        let journal = Journal::start(state_dir, secrets);
        logging::set(Some(level));
        logging::tell(Level::Info, Area::Config, || {
            let version = env!("CARGO_PKG_VERSION");
            format!("massgen-tui {version}, log level {}", level.word())
        });
        let why = journal.file().err()?;
        Some(format!("The log is on the screen alone. {why}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn debug_is_a_level_and_nothing_else() {
        let level = |words: &[&str]| {
            let cli = Cli::try_parse_from([&["massgen-tui"], words].concat());
            cli.map(|cli| cli.globals.log.level())
        };
        assert_eq!(level(&["--debug"]).unwrap(), Some(Level::Debug));
        assert_eq!(
            level(&["--log-level", "trace"]).unwrap(),
            Some(Level::Trace)
        );
        assert_eq!(level(&["--log-level", "off"]).unwrap(), None);
        assert!(level(&["--log-level", "loud"]).is_err());
        assert!(level(&["--log-level", "info", "--debug"]).is_err());
    }
}
