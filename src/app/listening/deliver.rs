//! Deliveries of one hook of one session: one after the other, tried again within bounds, each written
//! down beside the session's log.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, atomic::Ordering},
};

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::{
    io::AsyncWriteExt as _,
    process::Command,
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{Counts, telling::Teller};
use crate::{
    engine::outbox,
    hooks::{
        Body, Hook, Kind, Reach, Target, body,
        retry::{self, Tried},
        sign,
    },
    protocol::Event,
    provider::http::page::Pages,
    run::RunState,
};

/// Deliveries that may wait.
const QUEUE: usize = 64;
/// The exit code of a program that wants to be asked again later, as mail programs use it.
const LATER: i32 = 75;
/// Variables that a program gets.
const PASSED: [&str; 7] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// A hook of a session that runs.
pub struct Line {
    hook: Hook,
    queue: mpsc::Sender<Body>,
    counts: Arc<Counts>,
    teller: Teller,
}

impl Line {
    /// Starts its deliveries; they end with the line, after what waits.
    pub fn start(
        hook: Hook,
        secret: Option<SecretString>,
        record: PathBuf,
        (counts, teller): (&Arc<Counts>, &Teller),
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let work = Work {
            hook: hook.clone(),
            secret,
            record,
            counts: Arc::clone(counts),
            teller: teller.clone(),
        };
        tasks.spawn(work.run(waiting));
        Self {
            hook,
            queue,
            counts: Arc::clone(counts),
            teller: teller.clone(),
        }
    }

    /// Hears of a moment; never waits.
    pub fn hear(&mut self, kind: Kind, event: &Event, state: &RunState) {
        if !self.hook.filter.wants(kind, event, state) {
            return;
        }
        if let Some(body) = body(&self.hook, kind, event, state)
            && let Err(TrySendError::Full(_)) = self.queue.try_send(body)
        {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            let name = &self.hook.name;
            self.teller.first(|| {
                format!(
                    "The webhook {name} is too slow: {QUEUE} deliveries wait, and `{}` is not \
                     delivered. More of the kind is counted, not told.",
                    kind.word()
                )
            });
        }
    }
}

struct Work {
    hook: Hook,
    secret: Option<SecretString>,
    record: PathBuf,
    counts: Arc<Counts>,
    teller: Teller,
}

impl Work {
    async fn run(mut self, mut waiting: mpsc::Receiver<Body>) {
        while let Some(body) = waiting.recv().await {
            let (tried, tries) = self.deliver(&body).await;
            let (word, why) = match tried {
                Tried::Taken => ("taken", String::new()),
                Tried::Refused(why) => ("refused", why),
                Tried::Later(why) => ("gave up", why),
            };
            let count = if word == "taken" {
                &self.counts.taken
            } else {
                &self.counts.failed
            };
            count.fetch_add(1, Ordering::Relaxed);
            let line = json!({
                "at_ms": outbox::now(),
                "hook": self.hook.name,
                "id": body.id,
                "event": body.kind.word(),
                "came_to": word,
                "tries": tries,
                "why": why,
            });
            if word != "taken" {
                self.tell(&body, &why, tries);
            }
            let (record, line) = (self.record.clone(), line.to_string());
            // What cannot be written down was delivered all the same.
            let _ = tokio::task::spawn_blocking(move || note(&record, &line)).await;
        }
    }

    /// Tells the first delivery that failed. An address may hold a secret, so it is not repeated.
    fn tell(&mut self, body: &Body, why: &str, tries: u32) {
        let why = match &self.hook.target {
            Target::Url { url, .. } => why.replace(url.as_str(), "its address"),
            Target::Command(_) => why.to_owned(),
        };
        let name = &self.hook.name;
        self.teller.first(|| {
            let times = if tries == 1 { "try" } else { "tries" };
            format!(
                "The webhook {name} did not take `{}` after {tries} {times}: {why}. The run goes on; \
                 further failures stand in hooks.jsonl beside the log.",
                body.kind.word()
            )
        });
    }

    async fn deliver(&self, body: &Body) -> (Tried, u32) {
        let begun = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let tried = timeout(self.hook.timeout, self.once(body))
                .await
                .unwrap_or_else(|_| {
                    let seconds = self.hook.timeout.as_secs_f64();
                    Tried::Later(format!("no answer within {seconds} s"))
                });
            let Tried::Later(_) = &tried else {
                return (tried, tries);
            };
            match retry::wait(tries, begun.elapsed()) {
                Some(wait) => sleep(wait).await,
                None => return (tried, tries),
            }
        }
    }

    async fn once(&self, body: &Body) -> Tried {
        match &self.hook.target {
            Target::Url { url, reach, .. } => self.post(url, *reach, body).await,
            Target::Command(words) => run(words, body).await,
        }
    }

    async fn post(&self, url: &str, reach: Reach, body: &Body) -> Tried {
        let seconds = outbox::now().0 / 1000;
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            (sign::DELIVERY.to_owned(), body.id.clone()),
            (sign::TIMESTAMP.to_owned(), seconds.to_string()),
        ];
        if let Some(secret) = &self.secret {
            let signature = sign::signature(secret.expose_secret(), seconds, &body.text);
            headers.push((sign::SIGNATURE.to_owned(), signature));
        }
        let pages = match (host(url), reach) {
            // Written out: it is meant.
            (Some(host), _) if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok() => {
                Pages::new(&[host])
            }
            (Some(host), Reach::Private) => Pages::new(&[host]),
            _ => Pages::new(&[]),
        };
        match pages.post(url, &headers, body.text.clone()).await {
            Ok(status) => Tried::status(status),
            Err((why, true)) => Tried::Refused(why),
            Err((why, false)) => Tried::Later(why),
        }
    }
}

/// The host of an address, without brackets.
fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => authority.split(':').next()?,
    };
    Some(host.to_ascii_lowercase())
}

/// Runs a program with the payload on its standard input.
async fn run(words: &[String], body: &Body) -> Tried {
    let Some((program, arguments)) = words.split_first() else {
        return Tried::Refused("there is no program".to_owned());
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(
            PASSED
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .env("MASSGEN_TUI_EVENT", body.kind.word())
        .env("MASSGEN_TUI_DELIVERY", &body.id)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Tried::Refused(format!("{program} cannot be started: {error}")),
    };
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let mut group = Group(id.and_then(Pid::from_raw));
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read what it is told is its own affair.
        let _ = stdin.write_all(format!("{}\n", body.text).as_bytes()).await;
    }
    let ended = child.wait().await;
    // What a program leaves running on purpose is its own affair.
    group.0 = None;
    match ended {
        Ok(status) if status.success() => Tried::Taken,
        Ok(status) if status.code() == Some(LATER) => Tried::Later(format!("{program}: {status}")),
        Ok(status) => Tried::Refused(format!("{program}: {status}")),
        Err(error) => Tried::Refused(format!("{program}: {error}")),
    }
}

/// A program and all that it started, ended when its time is over.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Gone already is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Adds a line to a private file.
fn note(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_addresses() {
        for (url, expected) in [
            ("https://hooks.example/x", "hooks.example"),
            ("http://LOCALHOST:99?a", "localhost"),
            ("http://[::1]:80/x", "::1"),
            ("http://name:secret@10.0.0.1:1/", "10.0.0.1"),
        ] {
            assert_eq!(host(url).as_deref(), Some(expected), "{url}");
        }
    }
}
