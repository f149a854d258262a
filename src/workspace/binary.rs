//! The `git` binary, for what libgit2 cannot do: external filters, encodings, odd index formats.
//!
//! It is taken from an absolute folder of `PATH` outside the repository, runs without any `GIT_*`
//! variable of ours, without hooks, file system monitor, pager, prompts, background work or network
//! of its own, and gets paths NUL-separated on its input, never as arguments.

use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::Builder,
};

use super::{Trouble, TroubleKind};

/// Most bytes that are read of its output.
const OUTPUT: u64 = 1 << 30;
/// Most bytes of its complaints that are shown.
const COMPLAINT: usize = 400;

/// Where git works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// The git dir.
    pub(super) git_dir: &'a Path,
    /// The root of the files.
    pub(super) work: &'a Path,
    /// The index file it may write.
    pub(super) index: &'a Path,
}

/// The `git` of this machine.
#[derive(Clone, Debug)]
pub(super) struct Binary(PathBuf);

impl Binary {
    /// Finds it, never inside `root`.
    pub(super) fn find(root: &Path) -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute() && !folder.starts_with(root))
            .map(|folder| folder.join("git"))
            .find(|file| {
                rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && file.is_file()
            })
            .map(Self)
    }

    /// Finds it or says what needs it.
    pub(super) fn need(root: &Path, why: &str) -> Result<Self, Trouble> {
        Self::find(root).ok_or_else(|| {
            Trouble::new(
                TroubleKind::NeedsGit,
                format!("{why}, and there is no `git` in PATH"),
                root.display().to_string(),
                "Install git.",
            )
        })
    }

    /// Runs `git args…` at `site` with `input` on its standard input; gives its standard output.
    pub(super) fn run(
        &self,
        site: Site<'_>,
        args: &[&str],
        input: &[u8],
    ) -> Result<Vec<u8>, Trouble> {
        let mut command = Command::new(&self.0);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"GIT_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(site.work)
            .env("GIT_DIR", site.git_dir)
            .env("GIT_WORK_TREE", site.work)
            .env("GIT_INDEX_FILE", site.index)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C")
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
            ])
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(["-c", "core.splitIndex=false", "-c", "index.sparse=false"])
            .args([
                "-c",
                "core.quotePath=false",
                "-c",
                "core.untrackedCache=false",
            ])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let what = args.first().copied().unwrap_or_default();
        let failed = |error: io::Error| Trouble::io("cannot run git", &self.0, &error);
        let mut child = command.spawn().map_err(failed)?;
        let (out, complaint) = talk(&mut child, input);
        let status = child.wait().map_err(failed)?;
        let out = out.map_err(failed)?;
        if status.success() {
            return Ok(out);
        }
        let complaint = String::from_utf8_lossy(&complaint);
        Err(Trouble::new(
            TroubleKind::Other,
            format!(
                "`git {what}` failed: {}",
                complaint.trim().chars().take(COMPLAINT).collect::<String>()
            ),
            site.work.display().to_string(),
            "Run `git status` there to see what git says.",
        ))
    }
}

/// Gives it its input and reads what it says, all at once: its output and its complaints.
fn talk(child: &mut Child, input: &[u8]) -> (io::Result<Vec<u8>>, Vec<u8>) {
    let (mut stdin, stdout, stderr) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let input = Builder::new().spawn_scoped(scope, move || {
            // A git that ends early closes the pipe; its exit code tells why.
            if let Some(mut stdin) = stdin.take() {
                let _ = stdin.write_all(input);
            }
        });
        let complaint = Builder::new().spawn_scoped(scope, move || {
            let mut text = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = stderr.by_ref().take(1 << 20).read_to_end(&mut text);
                let _ = io::copy(&mut stderr, &mut io::sink());
            }
            text
        });
        let complaint = match (input, complaint) {
            (Ok(_), Ok(complaint)) => complaint,
            (Err(error), _) | (_, Err(error)) => {
                // It would take the pipe that nobody serves for the end of its input.
                let _ = child.kill();
                return (Err(error), Vec::new());
            }
        };
        let mut out = Vec::new();
        let read = stdout.map_or(Ok(0), |stdout| stdout.take(OUTPUT).read_to_end(&mut out));
        (read.map(|_| out), complaint.join().unwrap_or_default())
    })
}
