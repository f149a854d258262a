//! `massgen-tui config trust` and `config untrust`: which contents of a project's configuration may be
//! used.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::{
    Globals, complain,
    launch::{self, Trouble},
    layering,
    rules::RuleArgs,
};
use crate::{
    app::{
        Services,
        trust::{self, Chosen, Refusal},
    },
    config::{
        Overlay, Paths, Purpose, dotenv,
        layers::{Rank, ReadFile, Shown, Tree, may_fill},
    },
    store::approvals::How,
    text::clean,
};

/// Arguments of `config trust`.
#[derive(Clone, Debug, clap::Args)]
pub struct TrustArgs {
    /// The file; without it the configuration that a run here would use
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// List what is approved, and approve nothing
    #[arg(long, conflicts_with = "file")]
    pub list: bool,
}

/// Arguments of `config untrust`.
#[derive(Clone, Debug, clap::Args)]
pub struct UntrustArgs {
    /// The file; without it the configuration that a run here would use
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Approves; returns the exit code.
pub fn trust(globals: &Globals, args: &TrustArgs) -> u8 {
    let done = services(globals).and_then(|(services, paths)| {
        if args.list {
            Ok(listed(&services))
        } else {
            let file = file(args.file.as_deref(), &paths)?;
            approved(&services, &file)
        }
    });
    told(done)
}

/// Takes back; returns the exit code.
pub fn untrust(globals: &Globals, args: &UntrustArgs) -> u8 {
    let done = services(globals).and_then(|(services, paths)| {
        let file = file(args.file.as_deref(), &paths)?;
        let name = shown(&file);
        Ok(match services.trust.forget(&file)? {
            0 => format!("No content of {name} was approved.\n"),
            1 => format!("{name}: 1 approved content taken back.\n"),
            count => format!("{name}: {count} approved contents taken back.\n"),
        })
    });
    told(done)
}

fn services(globals: &Globals) -> Result<(std::sync::Arc<Services>, Paths), Trouble> {
    let mut globals = globals.clone();
    // What would be allowed anyway is approved all the same.
    globals.trust_config = false;
    launch::services(&globals, "1", &RuleArgs::default())
}

fn file(named: Option<&Path>, paths: &Paths) -> Result<PathBuf, Trouble> {
    match named {
        Some(name) => paths
            .named_config(name)
            .map_err(|error| Trouble::Usage(format!("{error}."))),
        None => paths.default_config().ok_or_else(|| {
            Trouble::Usage(
                "There is no configuration here. Name a file: massgen-tui config trust FILE."
                    .into(),
            )
        }),
    }
}

fn approved(services: &Services, file: &Path) -> Result<String, Trouble> {
    let name = shown(file);
    if file.file_name().is_some_and(|name| name == ".env") {
        return variables(services, file);
    }
    // What only this machine lacks, a key perhaps, does not matter to what is approved.
    match services.configuration_for(file, Chosen::Found, Purpose::Check) {
        Ok(_) => Ok(format!(
            "{name} may be used already: it is your own, or this content was approved.\n"
        )),
        Err(Refusal::Unapproved(asked)) => {
            services.trust.approve(file, &asked.sum, How::Approved)?;
            let mut words = format!("Approved, until a byte of it changes: {name}\n");
            for included in &asked.included {
                let _ = writeln!(words, "  with {}", shown(included));
            }
            words.push_str("It may now:\n");
            for one in &asked.uses {
                let _ = writeln!(words, "  {one}");
            }
            Ok(words)
        }
        Err(broken @ Refusal::Broken(_)) => match settings(services, file) {
            Some(done) => done,
            None => Err(Trouble::Usage(broken.words())),
        },
    }
}

/// Approves a file that has no team and only changes settings; `None` when it is none.
fn settings(services: &Services, file: &Path) -> Option<Result<String, Trouble>> {
    let bytes = layering::bytes(file).ok()?;
    let tree = Tree::new(file, &bytes, Rank::Project, &|_| None).ok()?;
    if tree.has_team() {
        return None;
    }
    let read = ReadFile {
        path: file.to_owned(),
        bytes: bytes.into(),
    };
    let sum = trust::sum(&[read]);
    if let Err(failure) = services.trust.approve(file, &sum, How::Approved) {
        return Some(Err(failure.into()));
    }
    let mut words = format!(
        "Approved, until a byte of it changes: {}\nIt changes settings of your own team:\n",
        shown(file)
    );
    for row in Shown::new(Some(&tree), &Overlay::default()).rows {
        if may_fill(Rank::Project, &row.key) {
            let _ = writeln!(words, "  {}: {}", row.key, row.value);
        }
    }
    Some(Ok(words))
}

/// Approves a `.env` of the project: all of its variables count then, not its keys alone.
fn variables(services: &Services, file: &Path) -> Result<String, Trouble> {
    let wrong = |why: &str| Trouble::Usage(format!("{} {why}.", shown(file)));
    let bytes =
        layering::bytes(file).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let parsed = dotenv::parse(&String::from_utf8_lossy(&bytes));
    let read = ReadFile {
        path: file.to_owned(),
        bytes: bytes.into(),
    };
    services
        .trust
        .approve(file, &trust::sum(&[read]), How::Approved)?;
    let names: Vec<&str> = parsed.variables.keys().map(String::as_str).collect();
    Ok(format!(
        "Approved, until a byte of it changes: {}\nIt sets: {}\n",
        shown(file),
        names.join(", ")
    ))
}

fn listed(services: &Services) -> String {
    let all = services.trust.approvals();
    if all.is_empty() {
        return "No configuration of a project is approved.\n".to_owned();
    }
    let mut words = String::new();
    for one in all {
        let sum: String = one.sum.chars().take(12).collect();
        let how = match one.how {
            How::Approved => "approved",
            How::Named => "named on the command line",
        };
        let _ = writeln!(words, "{}  {sum}  {how}", shown(&one.path));
    }
    words
}

fn shown(path: &Path) -> String {
    clean::line(&path.display().to_string()).into_owned()
}

fn told(done: Result<String, Trouble>) -> u8 {
    match done {
        Ok(words) => {
            use std::io::Write as _;
            let words = clean::text(&words);
            if let Err(error) = std::io::stdout().write_all(words.as_bytes())
                && error.kind() != std::io::ErrorKind::BrokenPipe
            {
                complain(&format!("The output cannot be written: {error}."));
                return super::ERROR;
            }
            0
        }
        Err(trouble) => trouble.tell(),
    }
}
