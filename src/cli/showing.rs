//! `massgen-tui config show`: what is in force here, and where each value comes from.
//!
//! Nothing is contacted and nothing is started; secrets never show, of a variable only its name.

use std::{fmt::Write as _, io::Write as _, path::PathBuf};

use serde_json::json;

use super::{
    Globals,
    launch::{self, Trouble},
    rules::RuleArgs,
};
use crate::{
    app::{Services, trust::Standing},
    config::{
        self, Config, Purpose, Severity, clean,
        layers::{Rank, Row, Shown, Tree},
    },
    protocol::{Limits, Rules},
    text::width,
};

/// Cells of a key before its value.
const KEY: usize = 44;

/// Arguments of `config show`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The file; without it the configuration that a run here would use
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Say where each value comes from
    #[arg(long)]
    pub origin: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
    /// Limits and rules, as for a run
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// Shows; returns the exit code: 2 when what is in force cannot be run.
pub fn run(globals: &Globals, args: &Args) -> u8 {
    match show(globals, args) {
        Ok((text, code)) => match std::io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => super::ERROR,
            _ => code,
        },
        Err(trouble) => trouble.tell(),
    }
}

fn show(globals: &Globals, args: &Args) -> Result<(String, u8), Trouble> {
    let (services, paths) = launch::services(globals, "1", &args.rules)?;
    let file = match &args.file {
        Some(name) => Some(
            paths
                .named_config(name)
                .map_err(|error| Trouble::Usage(format!("{error}.")))?,
        ),
        None => paths.default_config(),
    };
    let env = |name: &str| services.environment.get(name);
    let mut team = None;
    let mut standing = String::new();
    let mut rows = Vec::new();
    let mut code = 0;
    if let Some(path) = &file {
        let loaded = config::load_file_with(path, &env, Purpose::Check, &services.overlay);
        stands(&services, path, &loaded.files, args.file.is_some()).clone_into(&mut standing);
        let errors = loaded.report.count(Severity::Error);
        if errors > 0 {
            super::complain(&loaded.report.render_all(Severity::Error));
            code = super::USAGE;
        }
        if let Some(first) = loaded.files.first() {
            team = Tree::new(path, &first.bytes, Rank::Project, &env).ok();
        }
        rows.extend(loaded.config.as_ref().map(defaults).unwrap_or_default());
    }
    let said = Shown::new(team.as_ref(), &services.overlay).rows;
    for notice in &services.notices {
        super::complain(notice);
    }
    let all: Vec<Row> = said.into_iter().chain(rows).collect();
    let text = if args.json {
        let shown = json!({ "file": file, "standing": standing, "values": all });
        format!("{shown:#}\n")
    } else {
        plain(file.as_deref(), &standing, &all, args.origin)
    };
    Ok((text, code))
}

/// What the file is to the person, in words.
fn stands(
    services: &Services,
    path: &std::path::Path,
    files: &[config::layers::ReadFile],
    named: bool,
) -> &'static str {
    match services.trust.of(path, files) {
        Standing::Own => "your own",
        Standing::Approved => "approved",
        Standing::Unapproved { .. } if named => "named",
        Standing::Unapproved { .. } => "not approved: nothing of it is used",
    }
}

fn plain(file: Option<&std::path::Path>, standing: &str, rows: &[Row], origin: bool) -> String {
    let mut text = match file {
        Some(file) => format!(
            "# {} ({standing})\n",
            clean(&file.display().to_string(), 300)
        ),
        None => "# no configuration; a run needs --config, --model or --demo\n".to_owned(),
    };
    let widest = rows
        .iter()
        .map(|row| width::of(&row.key))
        .max()
        .unwrap_or(0);
    let room = widest.min(KEY);
    for row in rows {
        let gap = " ".repeat(room.saturating_sub(width::of(&row.key)));
        let _ = write!(text, "{}{gap}  {}", row.key, row.value);
        if origin {
            let _ = write!(text, "  # {} {}", row.layer, row.place);
        }
        let trimmed = text.trim_end().len();
        text.truncate(trimmed);
        text.push('\n');
    }
    crate::text::clean::text(&text).into_owned()
}

/// Limits and rules that nobody said anything about. The names are those of the session log.
fn defaults(config: &Config) -> Vec<Row> {
    let usual = (json!(Limits::default()), json!(Rules::default()));
    let mut rows = Vec::new();
    for (name, now, usual) in [
        ("limits", json!(config.limits), usual.0),
        ("rules", json!(config.rules), usual.1),
    ] {
        same(name, &now, &usual, &mut rows);
    }
    rows
}

/// Leaves that are as they always are.
fn same(path: &str, now: &serde_json::Value, usual: &serde_json::Value, rows: &mut Vec<Row>) {
    match (now, usual) {
        (serde_json::Value::Object(now), serde_json::Value::Object(usual)) => {
            for (key, value) in now {
                if let Some(usual) = usual.get(key) {
                    same(&format!("{path}.{key}"), value, usual, rows);
                }
            }
        }
        (now, usual) if now == usual => rows.push(Row {
            key: format!("({path})"),
            value: clean(&now.to_string(), 200),
            layer: "default",
            place: String::new(),
        }),
        _ => {}
    }
}
