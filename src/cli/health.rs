//! `massgen-tui health`: every endpoint at once, each within half a second.
//!
//! The team's endpoints when there is a configuration (fallbacks too), the vendors whose keys are
//! set, the servers on this machine, the command-line agents. Exit code 1 when an endpoint of the team
//! cannot be used.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::{Globals, launch, rules::RuleArgs};
use crate::{
    app::{checkup, trust::Chosen},
    protocol::{Health, HealthOf},
    provider::health,
};

/// Arguments of `health`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Check the endpoints of this configuration; without it those of the default one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Milliseconds that an endpoint has to answer.
    #[arg(long, value_name = "MS", default_value_t = health::BOUND.as_millis() as u64)]
    pub timeout: u64,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Checks and prints; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    let found = launch::services(globals, "1", &RuleArgs::default());
    let (services, paths) = match found {
        Ok(found) => found,
        Err(trouble) => return trouble.tell(),
    };
    let path = match &args.config {
        Some(name) => match paths.named_config(name) {
            Ok(path) => Some((path, Chosen::ByHand)),
            Err(error) => return launch::Trouble::Usage(format!("{error}.")).tell(),
        },
        None => paths.default_config().map(|path| (path, Chosen::Found)),
    };
    let team = match path.map(|(path, chosen)| launch::configuration(&path, chosen, &services)) {
        Some(Ok(source)) => Some(source),
        Some(Err(trouble)) if args.config.is_some() => return trouble.tell(),
        Some(Err(trouble)) => {
            // The other endpoints can be asked all the same.
            super::complain(&trouble.to_string());
            None
        }
        None => None,
    };
    let bound = Duration::from_millis(args.timeout.max(1));
    let rows = checkup(&services, team.as_ref(), bound).await;
    let text = if args.json {
        format!("{:#}\n", serde_json::json!({ "endpoints": rows }))
    } else {
        table(&rows)
    };
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    let broken = rows
        .iter()
        .any(|row| row.of == HealthOf::Team && !row.state.is_usable());
    u8::from(broken)
}

/// The rows for people.
fn table(rows: &[Health]) -> String {
    if rows.is_empty() {
        return "No endpoint: no configuration, no key in the environment, no server on this machine.\n\
                Try the scripted team: massgen-tui --demo\n"
            .to_owned();
    }
    let width = |text: fn(&Health) -> &str| rows.iter().map(|row| text(row).chars().count()).max();
    let name = width(|row| row.name.as_str()).unwrap_or(0);
    let state = width(|row| row.state.word()).unwrap_or(0);
    let mut out = String::new();
    for row in rows {
        let latency = row
            .latency_ms
            .map_or_else(String::new, |ms| format!("{ms} ms"));
        let line = format!(
            "{:<name$}  {:<state$}  {latency:>7}  {}  {}",
            row.name,
            row.state.word(),
            row.base_url,
            row.facts()
        );
        let _ = writeln!(out, "{}", line.trim_end());
        if !row.hint.is_empty() {
            let _ = writeln!(out, "{:name$}  → {}", "", row.hint);
        }
    }
    crate::text::clean::text(&out).into_owned()
}
