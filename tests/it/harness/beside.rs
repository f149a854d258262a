//! Servers that run while a test waits for the program that asks them.

use tokio::runtime::{Builder, Runtime};

/// A runtime with a thread of its own; what runs in it ends with the value.
pub fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}
