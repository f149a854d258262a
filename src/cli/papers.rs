//! `massgen-tui completions SHELL` and `massgen-tui man`: what a shell and `man` want to know, from the
//! same description of the command line that parses it.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, ERROR, complain};

/// The name under which the program is installed.
const NAME: &str = "massgen-tui";

/// The task of the program without a subcommand.
const TASK: &str = "task";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Which shell.
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write one page for the program and each subcommand into this folder; without it the page of
    /// the program goes to stdout.
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> u8 {
    told(io::stdout().lock().write_all(script(args.shell).as_bytes()))
}

/// What a shell reads.
fn script(shell: Shell) -> String {
    let whole = Cli::command();
    // The task is free text: nothing completes it, and for zsh the generator would look for every
    // subcommand behind it.
    let spoken = whole.get_arguments().filter(|arg| arg.get_id() != TASK);
    let mut command = clap::Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .args(spoken)
        .subcommands(whole.get_subcommands());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, NAME, &mut script);
    let script = String::from_utf8_lossy(&script);
    // For bash the generator spells the hyphen of our name in two ways, one where it notes the subcommand and
    // another where it looks for it, so that nothing behind a subcommand would be found.
    let (noted, sought) = (NAME.replace('-', "__"), NAME.replace('-', "__subcmd__"));
    script.replace(&sought, &noted)
}

/// Prints the manual page, or writes all of them.
pub fn man(args: &ManArgs) -> u8 {
    match &args.dir {
        None => {
            let mut page = Vec::new();
            let made = clap_mangen::Man::new(Cli::command()).render(&mut page);
            told(made.and_then(|()| io::stdout().lock().write_all(&page)))
        }
        Some(dir) => match pages(dir) {
            Ok(count) => told(writeln!(
                io::stdout().lock(),
                "{count} pages written to {}",
                dir.display()
            )),
            Err(error) => {
                complain(&format!(
                    "The manual cannot be written to {}: {error}.",
                    dir.display()
                ));
                ERROR
            }
        },
    }
}

/// Writes the page of every subcommand that is shown in the help; returns how many.
fn pages(dir: &Path) -> io::Result<usize> {
    fs::create_dir_all(dir)?;
    let mut program = Cli::command();
    program.build();
    let mut waiting = vec![program];
    let mut count = 0;
    while let Some(command) = waiting.pop() {
        let name = command.get_display_name().unwrap_or(NAME).to_owned();
        let shown = |one: &&clap::Command| !one.is_hide_set() && one.get_name() != "help";
        waiting.extend(command.get_subcommands().filter(shown).cloned());
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        fs::write(dir.join(format!("{name}.1")), page)?;
        count += 1;
    }
    Ok(count)
}

/// A reader that went away (`| head`) is no failure.
fn told(written: io::Result<()>) -> u8 {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("It cannot be written: {error}."));
            ERROR
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_has_a_page() {
        let dir = tempfile::tempdir().unwrap();
        let count = pages(dir.path()).unwrap();
        let page = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), count);
        assert!(page("massgen-tui.1").contains("massgen\\-tui\\-run(1)"));
        assert!(page("massgen-tui-logs-search.1").contains("search"));
        assert!(!dir.path().join("massgen-tui-agent-tools.1").exists());
    }

    #[test]
    fn every_shell_knows_the_subcommands() {
        for shell in clap::ValueEnum::value_variants() {
            let shell: &Shell = shell;
            assert!(script(*shell).contains("screenshot"), "{shell}");
        }
    }

    #[test]
    fn zsh_looks_for_subcommands_where_they_stand() {
        let script = script(Shell::Zsh);
        assert!(script.contains("case $line[1] in") && !script.contains("$line[2]"));
    }

    #[test]
    fn bash_finds_every_subcommand_that_it_notes() {
        let script = script(Shell::Bash);
        let noted = script.lines().filter_map(|line| {
            let name = line.trim().strip_prefix("cmd=\"")?.strip_suffix('"')?;
            (!name.is_empty()).then_some(name)
        });
        let mut count = 0;
        for name in noted {
            count += 1;
            let sought = format!("\n        {name})\n");
            assert!(script.contains(&sought), "{name}");
        }
        assert!(count > 50, "{count}");
    }
}
