//! From a file to a [`Config`], with everything that is wrong with it in one report.
//!
//! Nothing here reads the process environment or decides on a run: variables come in through
//! [`Env`], and a missing variable is an error only for a [`Purpose::Run`].

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::agents::AgentBuilder;
use super::check::check;
use super::contradictions;
use super::diagnostic::{Finding, Report, Severity};
use super::excerpt::Source;
use super::expand::expand;
use super::layers::ReadFile;
use super::limits;
use super::model::{BackendConfig, Config};
use super::modes;
use super::node::{Entry, Kind, Node, Span};
use super::overlay::Overlay;
use super::owning;
use super::rules;
use super::teams::{self, Nest};
use super::yaml;

/// Looks a variable up; `None` when it is not set.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why a configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run it: a missing key is an error.
    Run,
    /// To check the file: what only this machine lacks is a warning.
    Check,
}

impl Purpose {
    /// Weight of what is missing in the environment, not in the file.
    #[must_use]
    pub const fn missing(self) -> Severity {
        match self {
            Self::Run => Severity::Error,
            Self::Check => Severity::Warning,
        }
    }
}

/// What came out of a file.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; `None` when the report has an error.
    pub config: Option<Config>,
    /// Every finding.
    pub report: Report,
    /// Every file that it was built from, the configuration itself first; empty when it was no file.
    pub files: Vec<ReadFile>,
}

/// Reads and builds the configuration in a file, to run it.
///
/// # Errors
/// The report, when anything in it is an error; it can be shown as it is.
pub fn load(path: &Path, env: Env) -> Result<Config, Report> {
    let loaded = load_file(path, env, Purpose::Run);
    loaded.config.ok_or(loaded.report)
}

/// Reads and checks a file.
#[must_use]
pub fn load_file(path: &Path, env: Env, purpose: Purpose) -> Loaded {
    load_file_with(path, env, purpose, &Overlay::default())
}

/// Reads and checks a file with settings laid over it.
#[must_use]
pub fn load_file_with(path: &Path, env: Env, purpose: Purpose, overlay: &Overlay) -> Loaded {
    load_from(path, env, purpose, overlay, &Nest::default())
}

/// The team of an agent, which stands in a file of its own.
pub(super) fn load_nested(path: &Path, env: Env, purpose: Purpose, nest: &Nest) -> Loaded {
    load_from(path, env, purpose, &Overlay::default(), nest)
}

fn load_from(path: &Path, env: Env, purpose: Purpose, overlay: &Overlay, nest: &Nest) -> Loaded {
    let name = path.display().to_string();
    match read(path) {
        Ok(bytes) => {
            let nest = nest.enter(path);
            let seen = nest.seen.clone();
            seen.note(path, &bytes);
            let mut loaded = load_bytes_with(&name, &bytes, (env, purpose), overlay, nest);
            loaded.files = seen.all();
            if let Some(finding) = odd_suffix(path) {
                let mut findings = loaded.report.findings().to_vec();
                findings.push(finding);
                loaded.report = Report::new(loaded.report.source, findings);
            }
            loaded
        }
        Err(error) => {
            let help = match error.kind() {
                ErrorKind::NotFound => "check the path",
                ErrorKind::IsADirectory => "name a file in it",
                _ => "check the path and its permissions",
            };
            let finding = Finding::new(Severity::Error, "unreadable", Span::default(), "")
                .message(format!("the file cannot be read: {error}"))
                .help(help);
            Loaded {
                config: None,
                report: Report::new(Source::new(&name, "", None), vec![finding]),
                files: Vec::new(),
            }
        }
    }
}

/// The bytes of a file, at most a little more than what is accepted.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(std::io::Error::new(
            ErrorKind::IsADirectory,
            "it is a folder",
        ));
    }
    let mut bytes = Vec::new();
    file.take(yaml::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn odd_suffix(path: &Path) -> Option<Finding> {
    let suffix = path.extension()?.to_str()?.to_lowercase();
    (!matches!(suffix.as_str(), "yaml" | "yml" | "json")).then(|| {
        Finding::new(Severity::Warning, "file-suffix", Span::default(), "")
            .message(format!(
                "the name ends in `.{}`; MassGen reads only .yaml, .yml and .json",
                super::excerpt::clean(&suffix, 20)
            ))
            .help("rename the file; it was read as YAML")
    })
}

/// Checks a text and builds the configuration in it.
#[must_use]
pub fn load_bytes(name: &str, bytes: &[u8], env: Env, purpose: Purpose) -> Loaded {
    let nest = Nest::default();
    load_bytes_with(name, bytes, (env, purpose), &Overlay::default(), nest)
}

fn load_bytes_with(
    name: &str,
    bytes: &[u8],
    (env, purpose): (Env, Purpose),
    overlay: &Overlay,
    nest: Nest,
) -> Loaded {
    let parsed = yaml::parse(bytes);
    let source = Source::new(name, &parsed.text, parsed.root.as_ref());
    let mut findings = parsed.findings;
    let Some(mut root) = parsed.root else {
        return Loaded {
            config: None,
            report: Report::new(source, findings),
            files: Vec::new(),
        };
    };
    let old = version_one(&root);
    if !old.is_empty() {
        findings.extend(old);
        return Loaded {
            config: None,
            report: Report::new(source, findings),
            files: Vec::new(),
        };
    }
    expand(&mut root, env, purpose.missing(), &mut findings);
    let file = nest.here().map(Path::to_owned);
    let file = file.as_deref();
    if let Some(words) = overlay.stack().missing(Some(&root)) {
        let finding = Finding::new(Severity::Error, "no-profile", Span::default(), "");
        findings.push(
            finding
                .message(words)
                .help("name one of these with --profile"),
        );
    }
    overlay.lay(&mut root, file);
    let checked = check(&root);
    findings.extend(checked.findings);
    findings.extend(rules::check(&root));
    if purpose == Purpose::Check {
        findings.extend(rules::missing_paths(&root, env("HOME").as_deref()));
    }
    modes::multiply(&mut root);
    let mut builder = AgentBuilder::new(env, purpose);
    builder.nest = nest;
    let agents = builder.team(&root);
    findings.append(&mut builder.findings);
    findings.extend(contradictions::check(&root, agents.len()));
    let (mut limits, mut rules) = limits::read(&root, agents.len(), &mut findings);
    let names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    modes::read(&root, &names, &mut limits, &mut rules, &mut findings);
    owning::read(&root, &agents, &mut rules.working, &mut findings);
    findings.extend(teams::too_deep(&agents, limits.depth, &builder.teams));
    overlay.place(&mut findings, file);
    let prompt = root.get("prompt").and_then(Node::text).map(str::to_owned);
    let analyst = root.get("ui").and_then(|ui| ui.some("analysis_model"));
    let analysis_model = analyst.and_then(Node::text).map(str::to_owned);
    let report = Report::new(source, findings);
    let config = (!report.has_errors() && !agents.is_empty()).then(|| Config {
        source: name.to_owned(),
        agents,
        limits,
        rules,
        prompt: prompt.filter(|prompt| !prompt.trim().is_empty()),
        analysis_model,
        kept: checked.kept,
        report: report.clone(),
    });
    Loaded {
        config,
        report,
        files: Vec::new(),
    }
}

/// One error per key of MassGen's first configuration format; then nothing else is worth saying.
fn version_one(root: &Node) -> Vec<Finding> {
    let old = |entry: &&Entry| {
        super::schema::scope("top")
            .and_then(|keys| keys.get(&entry.key))
            .is_some_and(|key| matches!(key.usage, super::schema::Use::Removed(_)))
    };
    let entries: Vec<Entry> = root.entries().iter().filter(old).cloned().collect();
    if entries.is_empty() {
        return Vec::new();
    }
    let span = entries
        .first()
        .map(|entry| entry.key_span)
        .unwrap_or_default();
    check(&Node::new(Kind::Map(entries), span)).findings
}

/// A backend from flags instead of a file, by the same rules: type, address and model as given,
/// key from the environment.
///
/// # Errors
/// What is missing or wrong, one sentence each with what to do.
pub fn direct(
    kind: Option<&str>,
    base_url: Option<&str>,
    model: Option<&str>,
    env: Env,
) -> Result<BackendConfig, Vec<Finding>> {
    let entries = [("type", kind), ("base_url", base_url), ("model", model)]
        .into_iter()
        .filter_map(|(key, value)| {
            Some(Entry {
                key: key.to_owned(),
                key_span: Span::default(),
                value: Node::new(Kind::Text(value?.to_owned()), Span::default()),
            })
        })
        .collect();
    let node = Node::new(Kind::Map(entries), Span::default());
    let mut builder = AgentBuilder::new(env, Purpose::Run);
    let backend = builder.backend(&node, "", Span::default());
    let failed = builder
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    match backend {
        Some(backend) if !failed => Ok(backend),
        _ => Err(builder.findings),
    }
}
