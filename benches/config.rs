//! How long reading and checking a configuration of 1 000 lines takes, beside reading the same text as
//! plain YAML in the same run.
//!
//! `cargo bench --bench config`. The bar is 10 ms for everything; the bench ends with an error above it.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use massgen_tui::config::{self, Purpose, load_bytes};

/// Runs of each; the median counts.
const RUNS: usize = 101;
/// The bar in milliseconds.
const BAR: f64 = 10.0;

/// A team of 40 with instructions, notes and slips, at least 1 000 lines.
fn text() -> String {
    let mut text = String::from("# A large team.\nagents:\n");
    for number in 1..=40 {
        let _ = write!(
            text,
            "  - id: agent{number}\n    # what it is\n    backend:\n      type: openai\n      model: gpt-5-mini\n      \
             temperature: 0.{number}\n      max_tokens: 4_000\n      reasoning:\n        effort: low\n        summary: auto\n      \
             enable_web_search: yes\n      cwd: workspace{number}\n      custom_tools:\n        - name: [run{number}]\n          \
             path: tools/run.py\n          function: [run]\n      mcp_servers:\n        - name: files{number}\n          \
             type: stdio\n          command: npx\n          args: [-y, server-files, ./]\n      own_field_{number}: 1\n    \
             system_message: |\n      Be brief.\n      Say ${{NAME}} once.\n"
        );
    }
    text.push_str("orchestrator:\n  snapshot_storage: snapshots\n  agent_temporary_workspace: temp\n  max_new_answer_per_agent: 2\n");
    assert!(text.lines().count() >= 1_000, "{}", text.lines().count());
    text
}

/// The median of several runs.
fn median(mut run: impl FnMut()) -> Duration {
    run();
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

fn main() {
    let text = text();
    let env = |name: &str| (name != "NAME").then(|| "value".to_owned());
    let start = Instant::now();
    let first = load_bytes("team.yaml", text.as_bytes(), &env, Purpose::Check);
    let cold = start.elapsed();
    assert!(first.report.findings().len() > 100);
    let plain = median(|| {
        black_box(serde_saphyr::from_str::<serde_json::Value>(black_box(&text)).unwrap());
    });
    let check = median(|| {
        black_box(load_bytes(
            "team.yaml",
            black_box(text.as_bytes()),
            &env,
            Purpose::Check,
        ));
    });
    let format = median(|| {
        black_box(config::format(black_box(&text)).unwrap());
    });
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{} lines, {} findings",
        text.lines().count(),
        first.report.findings().len()
    );
    println!("plain YAML          {:8.3} ms", ms(plain));
    println!(
        "checked, first time {:8.3} ms (reads the tables of keys and models)",
        ms(cold)
    );
    println!(
        "checked             {:8.3} ms, {:.1} times plain YAML",
        ms(check),
        ms(check) / ms(plain)
    );
    println!("formatted           {:8.3} ms", ms(format));
    let worst = ms(cold).max(ms(check));
    assert!(worst < BAR, "{worst:.3} ms is more than {BAR} ms");
}
