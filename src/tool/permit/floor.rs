//! The floor: what no rule, no person and no mode allows.
//!
//! Writing git's own files, and commands that destroy a whole disk or home. Names are compared as the
//! most forgiving file systems would: without case, invisible characters, trailing dots or blanks.
//! Commands are read, not understood: this catches accidents and plain malice; what hides better is
//! held by the sandbox.

use super::line::Line;
use crate::protocol::Deed;

/// Why a deed is never done; `None` when the floor has nothing against it.
#[must_use]
pub fn denies(deed: &Deed) -> Option<String> {
    match deed {
        Deed::Write { path, .. } => write(path),
        Deed::Command { line, .. } => Line::read(line)
            .commands()
            .iter()
            .find_map(|command| destroys(command)),
        Deed::Read { .. } | Deed::Fetch { .. } | Deed::Tool { .. } | Deed::Other { .. } => None,
    }
}

fn write(path: &str) -> Option<String> {
    path.split('/').find_map(|component| {
        let name = plain(component);
        if name == ".git" || name == "git~1" {
            Some("Git's own files are never written by tools; change files and let the person commit.".to_owned())
        } else if name == ".massgen" || name == ".massgen-tui" {
            Some("Settings of this program are never written by tools.".to_owned())
        } else {
            None
        }
    })
}

/// A name as forgiving file systems compare it (HFS+ ignores the invisible, NTFS the trailing).
fn plain(component: &str) -> String {
    let seen: String = component
        .chars()
        .filter(|letter| {
            !matches!(
                letter,
                '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
            )
        })
        .collect();
    let stream = seen.split(':').next().unwrap_or_default();
    stream.trim_end_matches(['.', ' ']).to_lowercase()
}

/// Programs that make disks or file systems new, or end the machine.
const NEVER: [&str; 13] = [
    "mkfs",
    "wipefs",
    "fdisk",
    "sfdisk",
    "parted",
    "mkswap",
    "shutdown",
    "reboot",
    "halt",
    "poweroff",
    "init",
    "blkdiscard",
    "kexec",
];

fn destroys(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let program = words.first()?.rsplit('/').next().unwrap_or_default();
    let bare = program.split('.').next().unwrap_or(program);
    let never = || {
        Some(format!(
            "`{command}` is never run: it destroys more than the task's files."
        ))
    };
    if NEVER.contains(&bare) {
        return never();
    }
    let everything = words.iter().skip(1).any(|word| is_everything(word));
    let recursive = words.iter().skip(1).any(|word| {
        *word == "--recursive"
            || (word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R']))
    });
    match bare {
        "rm" | "chmod" | "chown" | "chgrp" | "shred" if everything && recursive => never(),
        "find"
            if everything
                && words
                    .iter()
                    .any(|word| matches!(*word, "-delete" | "-exec")) =>
        {
            never()
        }
        "mv" | "rsync" if everything => never(),
        "dd" if words
            .iter()
            .any(|word| is_device(word.strip_prefix("of=").unwrap_or(""))) =>
        {
            never()
        }
        _ if words
            .windows(2)
            .any(|pair| matches!(pair, [arrow, to] if arrow.ends_with('>') && is_device(to))) =>
        {
            never()
        }
        _ => None,
    }
}

/// The root of the file system, a home, or all that is in one.
fn is_everything(word: &str) -> bool {
    let word = word.trim_end_matches('*');
    let bare = word.trim_end_matches('/').trim_end_matches("/.");
    let root =
        !word.is_empty() && bare.trim_matches(['/', '.']).is_empty() && word.starts_with('/');
    root || matches!(
        bare,
        "~" | "$HOME" | "${HOME}" | "/home" | "/etc" | "/usr" | "/var" | "/bin" | "/lib" | "/boot"
    ) || (bare.strip_prefix("/home/").or(bare.strip_prefix("/Users/")))
        .is_some_and(|name| !name.contains('/'))
        || (bare.starts_with('~') && !bare.contains('/'))
}

fn is_device(path: &str) -> bool {
    path.strip_prefix("/dev/").is_some_and(|name| {
        !matches!(name, "null" | "zero" | "full" | "stdout" | "stderr" | "tty")
            && !name.starts_with("fd/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_destroys_everything_is_never_run() {
        for (line, denied) in [
            ("rm -rf /", true),
            ("rm -fr /*", true),
            ("rm -r --no-preserve-root //", true),
            ("rm -rf ~", true),
            ("rm -rf ~/", true),
            ("rm -rf $HOME/*", true),
            ("rm -rf ${HOME}", true),
            ("cd x && rm -rf ~/*", true),
            ("sudo rm -rf /", true),
            ("bash -c 'rm -rf /'", true),
            ("echo $(rm -rf /)", true),
            ("/bin/rm --recursive --force /home/ada", true),
            ("chmod -R 777 /", true),
            ("find / -delete", true),
            ("dd if=/dev/zero of=/dev/sda", true),
            ("cat x > /dev/sda", true),
            ("mkfs.ext4 /dev/sda1", true),
            ("reboot", true),
            ("rm -rf target", false),
            ("rm -rf ./*", false),
            ("rm -rf /home/ada/src/out", false),
            ("rm x", false),
            ("find / -name x", false),
            ("dd if=a of=/dev/null", false),
            ("grep -r / src", false),
            ("ls -R /", false),
        ] {
            let deed = Deed::Command {
                line: line.into(),
                folder: String::new(),
            };
            assert_eq!(denies(&deed).is_some(), denied, "{line}");
        }
    }

    #[test]
    fn gits_own_files_are_never_written_however_they_are_spelled() {
        for (path, denied) in [
            (".git/config", true),
            ("a/.git/hooks/pre-commit", true),
            (".git", true),
            (".GIT/config", true),
            (".Git./config", true),
            (".git /config", true),
            (".g\u{200c}it/config", true),
            ("git~1/config", true),
            (".git::$INDEX_ALLOCATION/config", true),
            (".massgen/config.yaml", true),
            (".gitignore", false),
            (".github/workflows/ci.yml", false),
            ("src/git.rs", false),
        ] {
            let deed = Deed::Write {
                path: path.into(),
                diff: String::new(),
            };
            assert_eq!(denies(&deed).is_some(), denied, "{path}");
        }
    }
}
