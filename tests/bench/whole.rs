//! Measures the whole program: the release binary in a pseudo-terminal of 160x48, asked by keys and
//! read by its screen, against `massgen-tui demo-server` in a process of its own, so that only the
//! client is measured. Prints a Markdown table.
//!
//! `cargo bench --bench whole` runs all; `-- start idle full paced keys` picks some. `-- quick` lowers
//! the numbers of repetitions and leaves out the paced run. With `MASSGEN_BIN` set to an installed
//! `MassGen` its start is measured beside ours. Linux only, for `/proc`.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "linux")]
mod drain;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod procfs;
#[cfg(target_os = "linux")]
mod pty;
#[cfg(target_os = "linux")]
mod table;

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if let [mode, host, token, models @ ..] = arguments.as_slice()
        && mode == "--drain"
    {
        drain::run(host, token, models);
    }
    measure::all(&arguments);
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("This bench reads /proc and runs on Linux only.");
}
