//! `massgen-tui sandbox-keep`: stands between the program and a command, and sees to it that nothing
//! of the command is left when it is over.
//!
//! Every process that a command leaves behind falls to the keeper, which ends it: also those that
//! left their group or their session. When the program goes away, its end of the socket closes and
//! the keeper ends everything. Counts processes while the command runs: a limit of the system counts
//! all of a person's processes and does not hold for root.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    os::{fd::AsFd as _, unix::net::UnixStream, unix::process::ExitStatusExt as _},
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group};

use super::plan::{Plan, Word, hear, say};

/// Between two counts of processes.
const COUNT: Duration = Duration::from_millis(50);
/// Between two rounds of ending what is left.
const ROUND: Duration = Duration::from_millis(5);
/// Rounds at most: what cannot be ended (in the depths of the kernel) is not waited for.
const ROUNDS: u32 = 1_000;

/// What the keeper waits for.
enum Happening {
    /// The command is over.
    Over,
    /// The program is gone, or wants it to end.
    Gone,
}

/// Keeps the command that stands on the socket at standard input.
#[must_use]
pub fn keep() -> u8 {
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else {
        return 1;
    };
    let socket = UnixStream::from(socket);
    let Ok(Some(plan)) = hear::<Plan>(&socket) else {
        return 1;
    };
    // Keys for the terminal are not for us.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        let _ = say(
            &socket,
            &Word::Failed(format!("No keeper of processes: {error}.")),
        );
        return 1;
    }
    let word = match start(&plan) {
        Err(why) => Word::Failed(why),
        Ok((child, ready, inner)) => {
            let _ = say(&socket, &ready);
            let end = watch(child, &socket, plan.limits.processes);
            last_words(&inner).unwrap_or(end)
        }
    };
    sweep();
    u8::from(say(&socket, &word).is_err())
}

/// Starts the inner process and waits until it is about to become the command.
fn start(plan: &Plan) -> Result<(Child, Word, UnixStream), String> {
    let broken = |error: std::io::Error| format!("The command could not be prepared: {error}.");
    let (ours, theirs) = UnixStream::pair().map_err(broken)?;
    let own = std::env::current_exe().map_err(broken)?;
    let mut command = match plan.wrap.split_first() {
        None => Command::new(own),
        Some((program, words)) => {
            let mut command = Command::new(program);
            command.args(words).arg("--").arg(own);
            command
        }
    };
    let child = command
        .arg("sandbox-enter")
        .env_clear()
        .envs(plan.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .spawn()
        .map_err(broken)?;
    drop(command);
    say(&ours, plan).map_err(broken)?;
    let ready = match hear::<Word>(&ours).map_err(broken)? {
        Some(ready @ Word::Ready { .. }) => ready,
        Some(Word::Failed(why)) => return Err(why),
        _ => return Err("The command could not be prepared: its process ended.".to_owned()),
    };
    Ok((child, ready, ours))
}

/// What the inner process said when it could not become the command. Never waits: bubblewrap holds
/// the other end as long as it runs.
fn last_words(inner: &UnixStream) -> Option<Word> {
    inner.set_nonblocking(true).ok()?;
    let word = hear::<Word>(inner).ok().flatten();
    word.filter(|word| matches!(word, Word::Failed(_)))
}

/// Waits for the end, for the program to go, or for too many processes.
fn watch(mut child: Child, socket: &UnixStream, most: u64) -> Word {
    let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (over, happenings) = sync_channel(2);
    listen(socket, over.clone());
    let waiting = thread::spawn(move || {
        let status = child.wait();
        let _ = over.send(Happening::Over);
        status
    });
    let mut crowd = false;
    loop {
        match happenings.recv_timeout(COUNT) {
            Ok(Happening::Over) => break,
            Ok(Happening::Gone) | Err(RecvTimeoutError::Disconnected) => {
                end(leader);
                break;
            }
            Err(RecvTimeoutError::Timeout) => {
                crowd = descendants().len() as u64 > most;
                if crowd {
                    end(leader);
                    break;
                }
            }
        }
    }
    let status = waiting.join().ok().and_then(Result::ok);
    match status {
        _ if crowd => Word::Crowd,
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Word::Exit(code),
            (None, Some(signal)) => Word::Signal(signal),
            (None, None) => Word::Signal(0),
        },
        None => Word::Failed("The end of the command was not seen.".to_owned()),
    }
}

/// Tells when the program closes its end or says anything.
fn listen(socket: &UnixStream, tell: SyncSender<Happening>) {
    if let Ok(mut socket) = socket.try_clone() {
        thread::spawn(move || {
            let _ = socket.read(&mut [0]);
            let _ = tell.send(Happening::Gone);
        });
    }
}

/// Ends the group of the command at once; a group dies whole however fast it grows.
fn end(leader: Option<Pid>) {
    if let Some(leader) = leader {
        let _ = kill_process_group(leader, Signal::KILL);
        let _ = kill_process(leader, Signal::KILL);
    }
}

/// Ends whatever is left of the command.
fn sweep() {
    for _ in 0..ROUNDS {
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        let left = descendants();
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(ROUND);
    }
}

/// Every process that comes from this one.
fn descendants() -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name of a program may hold anything, brackets included.
        let parent = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1));
        if let Some(parent) = parent.and_then(|parent| parent.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = BTreeSet::new();
    let mut next = vec![rustix::process::getpid().as_raw_nonzero().get()];
    while let Some(parent) = next.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if found.insert(*child) {
                next.push(*child);
            }
        }
    }
    found.into_iter().filter_map(Pid::from_raw).collect()
}
