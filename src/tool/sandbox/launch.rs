//! Starts commands behind their keeper and takes in what they write, within bounds.

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::{fs::DirBuilderExt as _, net::UnixStream as Pipe},
    },
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    process::Command,
    sync::OnceCell,
    time::timeout,
};

use super::{
    End, Ended, Job, Runner, Stream, Tier,
    plan::{Plan, Word},
    reach::{self, Machine},
    trial::{self, Found},
    wrap,
};

use crate::logging::{Area, Level, tell};

/// Bytes that are kept of each stream.
const KEPT: usize = 8 * 1024 * 1024;
/// Wait for the keeper to end what is left of a command.
const GRACE: Duration = Duration::from_secs(10);

/// Runs commands. Clones share what was found out about the system.
#[derive(Clone, Debug)]
pub struct Launcher {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) machine: Machine,
    /// This program: keeper and inner process are its hidden subcommands.
    pub(super) own: PathBuf,
    found: OnceCell<Found>,
    /// Whether programs are held to where they may write.
    pub(super) holds: OnceCell<bool>,
}

impl Launcher {
    /// A launcher over this machine; `own` is the path of this program.
    #[must_use]
    pub fn new(machine: Machine, own: PathBuf) -> Self {
        let inner = Inner {
            machine,
            own,
            found: OnceCell::new(),
            holds: OnceCell::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A launcher over this process: its variables and its program.
    #[must_use]
    pub fn here(home: Option<PathBuf>, cwd: PathBuf) -> Self {
        let variables = std::env::vars_os();
        let variables = variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let own = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
        Self::new(
            Machine {
                home,
                variables,
                cwd,
            },
            own,
        )
    }

    /// What holds commands here. Tried once.
    pub async fn found(&self) -> &Found {
        self.inner.found.get_or_init(|| trial::find_out(self)).await
    }

    /// Runs a command in a tier, and says how far Landlock holds it.
    pub(super) async fn run_in(&self, job: Job, tier: Tier) -> Result<(Ended, String), String> {
        let broken = |error: io::Error| format!("The command could not be started: {error}.");
        let seconds = job.seconds;
        let inner = Arc::clone(&self.inner);
        let plan = tokio::task::spawn_blocking(move || prepare(&inner, &job, tier))
            .await
            .map_err(|_| "The command could not be prepared.".to_owned())?
            .map_err(broken)?;
        let (ours, theirs) = Pipe::pair().map_err(broken)?;
        ours.set_nonblocking(true).map_err(broken)?;
        tell(Level::Debug, Area::Process, || {
            format!("a command of an agent starts, held by {}", tier.word())
        });
        let mut child = Command::new(&self.inner.own)
            .arg("sandbox-keep")
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(broken)?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err("The command has no streams.".to_owned());
        };
        // Dropping this end, also in the middle, tells the keeper to end everything.
        let mut line = Line::new(UnixStream::from_std(ours).map_err(broken)?);
        line.say(&plan).await.map_err(broken)?;
        let talk = async {
            if let Ok(said) = timeout(Duration::from_secs(seconds), line.words()).await {
                return (false, said);
            }
            let _ = line.hang_up().await;
            let said = timeout(GRACE, line.words()).await.unwrap_or_default();
            (true, said)
        };
        let streams = async { tokio::join!(keep(output), keep(errors)) };
        let bound = Duration::from_secs(seconds).saturating_add(GRACE * 2);
        let joined = timeout(bound, async { tokio::join!(talk, streams) }).await;
        let ((late, said), (output, errors)) =
            joined.map_err(|_| "The command could not be ended in time.".to_owned())?;
        let _ = timeout(GRACE, child.wait()).await;
        told(&said, late).map(|(end, landlock)| {
            let ended = Ended {
                end,
                output,
                errors,
                tier,
            };
            (ended, landlock)
        })
    }
}

impl Runner for Launcher {
    fn tier(&self) -> BoxFuture<'static, Tier> {
        let launcher = self.clone();
        async move { launcher.found().await.tier }.boxed()
    }

    fn run(&self, job: Job) -> BoxFuture<'static, Result<Ended, String>> {
        let launcher = self.clone();
        async move {
            let tier = launcher.found().await.tier;
            launcher.run_in(job, tier).await.map(|(ended, _)| ended)
        }
        .boxed()
    }
}

/// What the keeper said, as an end. Landlock's part comes with it.
fn told(said: &[Word], late: bool) -> Result<(End, String), String> {
    let mut landlock = String::new();
    let mut end = None;
    for word in said {
        match word {
            Word::Ready { landlock: words } => landlock.clone_from(words),
            Word::Failed(why) => return Err(why.clone()),
            Word::Exit(code) => end = Some(End::Exit(*code)),
            Word::Signal(signal) => end = Some(End::Signal(*signal)),
            Word::Crowd => end = Some(End::Crowd),
        }
    }
    match end {
        _ if late => Ok((End::Late, landlock)),
        Some(end) => Ok((end, landlock)),
        None => Err("The command ended and nobody saw how.".to_owned()),
    }
}

/// Makes the folders that a command needs, and its plan.
fn prepare(inner: &Inner, job: &Job, tier: Tier) -> io::Result<Plan> {
    let mut private = fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(job.ground.temp.join("home"))?;
    let mut plan = reach::plan(&inner.machine, job, tier, &inner.own);
    if tier == Tier::Bubblewrap {
        let program = wrap::find(&inner.machine).map_err(io::Error::other)?;
        plan.wrap = wrap::line(&program, &plan);
    }
    Ok(plan)
}

/// The program's end of the line to the keeper.
struct Line(BufReader<UnixStream>);

impl Line {
    fn new(stream: UnixStream) -> Self {
        Self(BufReader::new(stream))
    }

    async fn say(&mut self, plan: &Plan) -> io::Result<()> {
        let mut line = Vec::new();
        serde_json::to_writer(&mut line, plan)?;
        line.push(b'\n');
        self.0.get_mut().write_all(&line).await
    }

    async fn hang_up(&mut self) -> io::Result<()> {
        self.0.get_mut().shutdown().await
    }

    /// All that the keeper says until it is gone.
    async fn words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut line = String::new();
        loop {
            line.clear();
            match self.0.read_line(&mut line).await {
                Ok(0) | Err(_) => return words,
                Ok(_) => words.extend(serde_json::from_str::<Word>(&line)),
            }
        }
    }
}

/// Reads a stream to its end and keeps its beginning.
async fn keep(mut from: impl AsyncRead + Unpin) -> Stream {
    let mut stream = Stream::default();
    let mut bytes = vec![0_u8; 32 * 1024];
    loop {
        match from.read(&mut bytes).await {
            Ok(0) | Err(_) => return stream,
            Ok(count) => {
                let new = bytes.get(..count).unwrap_or_default();
                let room = KEPT.saturating_sub(stream.kept.len()).min(count);
                stream
                    .kept
                    .extend_from_slice(new.get(..room).unwrap_or_default());
                stream.lost += (count - room) as u64;
            }
        }
    }
}
