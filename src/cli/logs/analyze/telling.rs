//! What happens while a model reads a log, on stderr.

use std::io::{self, IsTerminal as _, Write as _};

use tokio::sync::mpsc;

use crate::{app::analysis::Step, cli::complain, headless::words::count};

/// Tells what happens on the way; how long the reply is only where a terminal shows it.
pub(super) async fn follow(mut steps: mpsc::Receiver<Step>) {
    let terminal = io::stderr().is_terminal();
    let (mut said, mut thought) = (0, 0);
    while let Some(step) = steps.recv().await {
        match step {
            Step::Said(text) => said += text.chars().count(),
            Step::Thought(more) => thought += more,
            Step::Told(words) => {
                complain(&words);
                continue;
            }
        }
        if terminal {
            let line = format!(
                "\r  thought {}, wrote {} characters",
                count(thought as u64),
                count(said as u64)
            );
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }
    if terminal && said + thought > 0 {
        let _ = io::stderr().write_all(b"\n");
    }
}
