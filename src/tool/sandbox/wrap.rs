//! Bubblewrap: which one is trusted, and the line that starts it.
//!
//! A program of that name in or below the folder where we were started, or in a folder that others
//! may write to, holds nothing: it could be the agents' own.

use std::{
    ffi::OsStr,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{plan::Plan, reach::Machine};
use crate::protocol::Network;

/// The bubblewrap to use.
///
/// # Errors
/// Why there is none.
pub fn find(machine: &Machine) -> Result<PathBuf, String> {
    let path = machine
        .variables
        .get("PATH")
        .map_or("/usr/bin:/bin", String::as_str);
    let mut refused = None;
    for folder in std::env::split_paths(OsStr::new(path)).filter(|folder| folder.is_absolute()) {
        let Ok(program) = std::fs::canonicalize(folder.join("bwrap")) else {
            continue;
        };
        match distrust(&program, &machine.cwd) {
            None => return Ok(program),
            Some(why) => refused = Some(format!("{} is not used: {why}", program.display())),
        }
    }
    Err(refused.unwrap_or_else(|| "bwrap is not installed".to_owned()))
}

fn distrust(program: &Path, cwd: &Path) -> Option<&'static str> {
    let here = std::fs::canonicalize(cwd).unwrap_or_else(|_| cwd.to_owned());
    if program.starts_with(&here) && here.parent().is_some() {
        return Some("it lies in the folder that agents work on");
    }
    let own = rustix::process::getuid().as_raw();
    let folder = program.parent()?;
    for path in [program, folder] {
        let Ok(about) = std::fs::metadata(path) else {
            return Some("it cannot be looked at");
        };
        if about.permissions().mode() & 0o002 != 0 {
            return Some("everybody may change it");
        }
        if about.uid() != 0 && about.uid() != own {
            return Some("it belongs to somebody else");
        }
    }
    None
}

/// The line that holds what comes behind `--`.
#[must_use]
pub fn line(program: &Path, plan: &Plan) -> Vec<String> {
    let mut line = vec![program.to_string_lossy().into_owned()];
    let mut add = |words: &[&str]| line.extend(words.iter().map(|word| (*word).to_owned()));
    add(&[
        "--die-with-parent",
        "--unshare-user-try",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]);
    if plan.network == Network::Off {
        add(&["--unshare-net"]);
    }
    add(&["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    for name in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
        if let Ok(target) = std::fs::read_link(name) {
            add(&["--symlink", &target.to_string_lossy(), name]);
        }
    }
    let made = |path: &Path| path.starts_with("/proc") || path.starts_with("/dev");
    for path in plan.read.iter().filter(|path| !made(path)) {
        let path = path.to_string_lossy();
        add(&["--ro-bind-try", &path, &path]);
    }
    for path in &plan.write {
        let text = path.to_string_lossy();
        add(&["--bind", &text, &text]);
    }
    // The file that leads to the repository, where there is one, stays as it is.
    for path in &plan.write {
        let link = path.join(".git");
        if link.exists() {
            let text = link.to_string_lossy();
            add(&["--ro-bind", &text, &text]);
        }
    }
    add(&["--chdir", &plan.folder.to_string_lossy()]);
    line
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_program_in_the_folder_of_the_agents_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("work/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("bwrap"), "").unwrap();
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(bin.join("bwrap"), fs::Permissions::from_mode(0o755)).unwrap();
        let machine = |cwd: &str| Machine {
            variables: [("PATH".to_owned(), bin.display().to_string())].into(),
            cwd: folder.path().join(cwd),
            home: None,
        };
        assert!(find(&machine("elsewhere")).is_ok());
        let why = find(&machine("work")).unwrap_err();
        assert!(why.contains("agents work on"), "{why}");
        fs::set_permissions(bin.join("bwrap"), fs::Permissions::from_mode(0o777)).unwrap();
        let why = find(&machine("elsewhere")).unwrap_err();
        assert!(why.contains("everybody"), "{why}");
    }
}
