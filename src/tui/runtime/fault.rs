//! What happens when a part of the program panics while the screen is up.
//!
//! A panic of the loop itself ends the program: the terminal is given back first, so that the panic
//! is told on a readable screen. A panic anywhere else (a task, a blocking thread) ends only that
//! part: writing about it to the terminal would spoil the screen, so it becomes a notice, and the
//! program goes on. What nobody could be told on the screen is told after it.

use std::{
    panic::{PanicHookInfo, set_hook, take_hook},
    sync::{
        Mutex, Once, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

use tokio::sync::Notify;

/// Faults kept until they are told; more of them would say nothing new.
const KEPT: usize = 8;

static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The loop has panicked, and the terminal was given back for that.
static BROKEN: AtomicBool = AtomicBool::new(false);
static ARRIVED: Notify = Notify::const_new();
/// The thread of the loop, from the moment the screen is up.
static LOOP: OnceLock<ThreadId> = OnceLock::new();

/// From now on panics are handled as told above. Call it on the thread of the loop.
pub(super) fn watch(restore: fn()) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = LOOP.set(thread::current().id());
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if LOOP.get() == Some(&thread::current().id()) {
                restore();
                BROKEN.store(true, Ordering::Relaxed);
                before(info);
            } else {
                keep(told(info));
            }
        }));
    });
}

/// What went wrong and where, on one line.
fn told(info: &PanicHookInfo<'_>) -> String {
    let why = info.payload_as_str().unwrap_or("no reason given");
    match info.location() {
        Some(place) => format!("{why} ({}:{})", place.file(), place.line()),
        None => why.to_owned(),
    }
}

fn keep(fault: String) {
    let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    if faults.len() < KEPT {
        faults.push(fault);
    }
    drop(faults);
    ARRIVED.notify_one();
}

/// True once the loop has panicked. Giving the terminal back a second time would move the cursor
/// into what the panic wrote.
pub(super) fn broken() -> bool {
    BROKEN.load(Ordering::Relaxed)
}

/// Faults that nobody was told about yet.
pub(super) fn take() -> Vec<String> {
    std::mem::take(&mut *FAULTS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Waits for the next fault.
pub(super) async fn arrived() {
    ARRIVED.notified().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fault_wakes_the_loop_and_is_told_once() {
        keep("out of luck (src/luck.rs:7)".to_owned());
        arrived().await;
        assert_eq!(take(), ["out of luck (src/luck.rs:7)"]);
        assert_eq!(take(), Vec::<String>::new());
    }
}
