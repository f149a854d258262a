//! A home of its own for the built program: nothing of the person's, gone with the test.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The home.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Our program, started in it.
    pub fn program(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_massgen-tui"))
    }

    /// What our program says to these arguments.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.program();
        command.args(arguments).output().expect("it starts")
    }

    /// Any program, started in it, with nothing of the environment but `PATH`.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder())
            .env("MASSGEN_TUI_STATE_DIR", self.path("state"))
            .current_dir(self.folder())
            .stdin(Stdio::null());
        command
    }
}
