//! `massgen-tui config fmt` and `massgen-tui config migrate`: the two commands that change files.
//!
//! Both decide in [`crate::config`]; here files are read and written. A file is replaced as a whole or not
//! at all, with its mode. `migrate` writes only when it is told to, and keeps the old file beside the new.

use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::{
    app::setup::replace,
    config::{self, Paths, Source, clean, yaml},
};

/// Exit code when something is wrong with a file.
const WRONG: u8 = 2;
/// Largest file that is changed.
const MOST_BYTES: u64 = 4 << 20;

/// Arguments of `config fmt`.
#[derive(Clone, Debug, clap::Args)]
pub struct FmtArgs {
    /// Files to format, `-` for standard input to standard output; without any, the one a run would use
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write nothing; name the files that would change and exit with 2 when there are any
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `config migrate`.
#[derive(Clone, Debug, clap::Args)]
pub struct MigrateArgs {
    /// Files to bring up to date; without any, the one a run would use
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change the files; the old ones stay beside them, as NAME.bak
    #[arg(long)]
    pub write: bool,
}

/// The files that are named, or the one a run would use.
fn files(named: &[PathBuf], paths: &Paths) -> Vec<PathBuf> {
    if named.is_empty() {
        return paths.default_config().into_iter().collect();
    }
    named
        .iter()
        .map(|file| paths.named_config(file).unwrap_or_else(|_| file.clone()))
        .collect()
}

fn read(path: &Path) -> io::Result<String> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    whole(file)
}

/// A text to its end; one that is too long is an error, not cut.
fn whole(from: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("it is too large for a configuration"));
    }
    Ok(text)
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string(), 400)
}

/// Said where no file is named and none is found.
pub(super) const NONE: &str =
    "There is no configuration here. Name a file, or see `massgen-tui config path`.";

/// Formats files; 0, or 2 when one cannot be formatted, read or written, or (with `--check`) is not.
///
/// # Errors
/// The output cannot be written.
pub fn fmt(args: &FmtArgs, paths: &Paths, out: &mut dyn Write) -> io::Result<u8> {
    if args.files == [PathBuf::from("-")] {
        let text = whole(io::stdin().lock()).map_err(|error| error.to_string());
        let new = text.and_then(|text| Ok((config::format(&text)?, text)));
        return match new {
            Ok((new, text)) if args.check => Ok(if new == text { 0 } else { WRONG }),
            Ok((new, _)) => write!(out, "{new}").map(|()| 0),
            Err(why) => {
                super::complain(&format!("<stdin>: left alone: {why}"));
                Ok(WRONG)
            }
        };
    }
    let files = files(&args.files, paths);
    if files.is_empty() {
        super::complain(NONE);
        return Ok(WRONG);
    }
    let mut code = 0;
    for path in &files {
        let name = shown(path);
        let said = match read(path)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                let new = config::format(&text)?;
                Ok((new != text).then_some(new))
            }) {
            Ok(None) => continue,
            Ok(Some(_)) if args.check => {
                code = WRONG;
                "would be formatted".to_owned()
            }
            Ok(Some(new)) => match replace(path, new.as_bytes()) {
                Ok(()) => "formatted".to_owned(),
                Err(error) => {
                    code = WRONG;
                    format!("could not be written: {error}")
                }
            },
            Err(why) => {
                code = WRONG;
                format!("left alone: {why}")
            }
        };
        writeln!(out, "{name}: {said}")?;
    }
    Ok(code)
}

/// Shows what is old in files and what it would become, and writes it when told to; 0, or 2 when a file
/// cannot be read or written, or something has to be done by hand.
///
/// # Errors
/// The output cannot be written.
pub fn migrate(args: &MigrateArgs, paths: &Paths, out: &mut dyn Write) -> io::Result<u8> {
    let files = files(&args.files, paths);
    if files.is_empty() {
        super::complain(NONE);
        return Ok(WRONG);
    }
    let mut code = 0;
    for path in &files {
        code = code.max(migrate_one(path, args, out)?);
    }
    Ok(code)
}

fn migrate_one(path: &Path, args: &MigrateArgs, out: &mut dyn Write) -> io::Result<u8> {
    let name = shown(path);
    let read = read(path).map_err(|error| error.to_string());
    let (text, done) = match read.and_then(|text| Ok((config::migrate(&text)?, text))) {
        Ok((done, text)) => (text, done),
        Err(why) => return writeln!(out, "{name}: left alone: {why}").map(|()| WRONG),
    };
    for left in &done.left {
        writeln!(out, "{name}: by hand: {}", clean(left, 600))?;
    }
    let code = if done.left.is_empty() { 0 } else { WRONG };
    if done.changes.is_empty() {
        if code == 0 {
            writeln!(out, "{name}: up to date")?;
        }
        return Ok(code);
    }
    for change in &done.changes {
        writeln!(out, "{name}: {}", clean(change, 600))?;
    }
    // Both texts are masked before they are compared: a key on a line beside a change stays hidden.
    let masked = |text: &str| {
        let root = yaml::parse(text.as_bytes()).root;
        Source::new("", text, root.as_ref()).masked().to_owned()
    };
    for line in config::diff(&masked(&text), &masked(&done.text)).lines() {
        writeln!(out, "{}", clean(line, 400))?;
    }
    if !args.write {
        writeln!(
            out,
            "{name}: nothing is written; `--write` does it and keeps the old file"
        )?;
        return Ok(code);
    }
    match keep(path, &text).and_then(|kept| replace(path, done.text.as_bytes()).map(|()| kept)) {
        Ok(kept) => writeln!(out, "{name}: written; the old file is {}", shown(&kept))?,
        Err(error) => {
            writeln!(out, "{name}: could not be written: {error}")?;
            return Ok(WRONG);
        }
    }
    Ok(code)
}

/// Puts the old text beside the file, under a name that is free.
fn keep(path: &Path, text: &str) -> io::Result<PathBuf> {
    for number in 0..100 {
        let mut name = path.as_os_str().to_owned();
        name.push(if number == 0 {
            ".bak".to_owned()
        } else {
            format!(".bak{number}")
        });
        let kept = PathBuf::from(name);
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&kept);
        match made {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                return Ok(kept);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(
        "there are a hundred old files beside it already",
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const OLD: &str = "task: Hello.\nagents:\n-   id: a\n    backend: {type: anthropic, model: m, api_key: abcdefghijklmnop}\n";

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("team.yaml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        (temp, path)
    }

    fn said(run: impl FnOnce(&mut dyn Write) -> io::Result<u8>) -> (u8, String) {
        let mut out = Vec::new();
        let code = run(&mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    #[test]
    fn files_are_formatted_in_place_and_only_looked_at_with_check() {
        let (_temp, path) = file(OLD);
        let run = |check| {
            let args = FmtArgs {
                files: vec![path.clone()],
                check,
            };
            said(|out| fmt(&args, &Paths::default(), out))
        };
        let (code, text) = run(true);
        assert!(code == 2 && text.contains("would be formatted"), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), OLD);
        let (code, text) = run(false);
        assert!(code == 0 && text.ends_with("formatted\n"), "{text}");
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .contains("\n  - id: a\n")
        );
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(run(true), (0, String::new()));
        std::fs::write(&path, "a: [1\n").unwrap();
        let (code, text) = run(false);
        assert!(code == 2 && text.contains("left alone"), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a: [1\n");
    }

    #[test]
    fn what_is_old_is_shown_and_written_when_told_with_the_old_file_beside() {
        let (temp, path) = file(OLD);
        let run = |write| {
            let args = MigrateArgs {
                files: vec![path.clone()],
                write,
            };
            said(|out| migrate(&args, &Paths::default(), out))
        };
        let (code, text) = run(false);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("-task: Hello.\n+prompt: Hello.\n"), "{text}");
        assert!(
            text.contains("nothing is written") && !text.contains("abcdefghijklmnop"),
            "{text}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), OLD);
        let (code, text) = run(true);
        assert!(code == 0 && text.contains("team.yaml.bak"), "{text}");
        let new = std::fs::read_to_string(&path).unwrap();
        assert!(
            new.contains("type: claude, model") && new.contains("abcdefghijklmnop"),
            "{new}"
        );
        let kept = temp.path().join("team.yaml.bak");
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), OLD);
        let (code, text) = run(true);
        assert!(code == 0 && text.ends_with("up to date\n"), "{text}");
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 2);
    }
}
