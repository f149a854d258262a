//! What holds here, found out by trying: a process is started as commands are and tries what it
//! must not be able to do.

use std::{
    fs::{self, DirBuilder, File},
    io::Write as _,
    net::UdpSocket,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::{Job, Launcher, Program, Tier, wrap};
use crate::{
    protocol::{Network, change::Access},
    tool::hands::{Ground, Root},
};

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What holds commands.
    pub tier: Tier,
    /// How far Landlock does: `all of it (ABI 7)`.
    pub landlock: String,
    /// The bubblewrap there is, or why none is used.
    pub bubblewrap: Result<PathBuf, String>,
    /// What a process tried inside, in the tier that is used.
    pub tried: Tried,
    /// Why it is no better.
    pub why: Vec<String>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// It was kept from it.
    Prevented,
    /// It could.
    #[default]
    Possible,
}

impl Attempt {
    const fn of(prevented: bool) -> Self {
        if prevented {
            Self::Prevented
        } else {
            Self::Possible
        }
    }

    /// True when it was kept from it.
    #[must_use]
    pub const fn is_prevented(self) -> bool {
        matches!(self, Self::Prevented)
    }
}

/// What a process tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Reading a file outside.
    pub reading_outside: Attempt,
    /// Writing a file outside.
    pub writing_outside: Attempt,
    /// Opening a socket to the network.
    pub network: Attempt,
    /// Sending a signal to the program.
    pub signals: Attempt,
    /// Writing in its own folder, which should be possible.
    pub working: Attempt,
}

impl Tried {
    fn holds(self) -> bool {
        self.reading_outside.is_prevented()
            && self.writing_outside.is_prevented()
            && self.network.is_prevented()
            && !self.working.is_prevented()
    }
}

/// Tries the tiers from the best down.
pub async fn find_out(launcher: &Launcher) -> Found {
    let bubblewrap = wrap::find(&launcher.inner.machine);
    let mut why = Vec::new();
    if let Err(none) = &bubblewrap {
        why.push(format!("Bubblewrap: {none}."));
    }
    let tiers: &[Tier] = match bubblewrap {
        Ok(_) => &[Tier::Bubblewrap, Tier::Landlock],
        Err(_) => &[Tier::Landlock],
    };
    for tier in tiers {
        match attempt(launcher, *tier).await {
            Ok((tried, landlock)) if tried.holds() => {
                return Found {
                    tier: *tier,
                    landlock,
                    bubblewrap,
                    tried,
                    why,
                };
            }
            Ok(_) => why.push(format!("{}: it does not hold here.", tier.word())),
            Err(trouble) => why.push(format!("{}: {trouble}", tier.word())),
        }
    }
    Found {
        tier: Tier::Nothing,
        landlock: "no".to_owned(),
        bubblewrap,
        tried: Tried::default(),
        why,
    }
}

async fn attempt(launcher: &Launcher, tier: Tier) -> Result<(Tried, String), String> {
    let folder = Folder::new().map_err(|error| format!("no folder to try it in: {error}."))?;
    let at = |name: &str| folder.0.join(name);
    let job = Job {
        program: Program::Words(vec![
            launcher.inner.own.to_string_lossy().into_owned(),
            "sandbox-probe".to_owned(),
            folder.0.to_string_lossy().into_owned(),
            std::process::id().to_string(),
        ]),
        folder: at("root"),
        ground: Ground {
            roots: vec![Root {
                name: "root".to_owned(),
                path: at("root"),
                access: Access::Write,
                protected: Vec::new(),
            }],
            temp: at("temp"),
            ..Ground::default()
        },
        network: Network::Off,
        read: Vec::new(),
        seconds: 20,
    };
    let (ended, landlock) = launcher.run_in(job, tier).await?;
    let tried = serde_json::from_slice(&ended.output.kept).map_err(|_| {
        let said = String::from_utf8_lossy(&ended.errors.kept).into_owned();
        format!("the trial gave no result. {}", said.trim())
    })?;
    Ok((tried, landlock))
}

/// `massgen-tui sandbox-probe`: tries, inside, what must not work, and prints what came of it.
#[must_use]
pub fn probe(folder: &Path, program: i32) -> u8 {
    let signals =
        Pid::from_raw(program).is_some_and(|pid| rustix::process::test_kill_process(pid).is_err());
    let tried = Tried {
        reading_outside: Attempt::of(File::open(folder.join("secret")).is_err()),
        writing_outside: Attempt::of(File::create(folder.join("outside")).is_err()),
        network: Attempt::of(UdpSocket::bind("127.0.0.1:0").is_err()),
        signals: Attempt::of(signals),
        working: Attempt::of(fs::write(folder.join("root/file"), "x").is_err()),
    };
    let text = serde_json::to_string(&tried).unwrap_or_default();
    u8::from(writeln!(std::io::stdout(), "{text}").is_err())
}

/// A folder that goes away with its owner.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> std::io::Result<Self> {
        let base = fs::canonicalize(std::env::temp_dir())?;
        let path = base.join(format!("massgen-tui-trial-{:016x}", fastrand::u64(..)));
        let mut private = DirBuilder::new();
        private.mode(0o700);
        private.create(&path)?;
        let folder = Self(path);
        private.create(folder.0.join("root"))?;
        private.create(folder.0.join("temp"))?;
        fs::write(folder.0.join("secret"), "x")?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
