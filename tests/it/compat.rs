//! MassGen's configurations as they are: what of them is used, what is kept and why, counted over the
//! files it ships, and every file that is known to be broken.
//!
//! `docs/massgen-compat.md` is made here from the key tables. How often a key is used comes from
//! MassGen's own files where they are at hand (`MASSGEN_TUI_SHARED`), else from the page itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::config::files;
use massgen_tui::config::schema::{self, Use};
use massgen_tui::config::{self, Kind, Node, Purpose, Severity, load_file, yaml};

/// All variables that are asked for have a value: what a machine lacks is not the file's business.
fn all(name: &str) -> Option<String> {
    (name != "PATH").then(|| "value".to_owned())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of the data that MassGen's files are in, when it is at hand.
fn shared(folder: &str) -> Option<Vec<PathBuf>> {
    let data = PathBuf::from(std::env::var_os("MASSGEN_TUI_SHARED")?).join("data");
    let folder = data.join(folder);
    folder.is_dir().then(|| files(&folder))
}

/// Counts of keys: how many files have them, by scope and key.
type Counts = BTreeMap<(String, String), usize>;

/// Adds the keys of one file.
fn count(node: &Node, scope: &str, seen: &mut std::collections::BTreeSet<(String, String)>) {
    let Some(keys) = schema::scope(scope) else {
        return;
    };
    for entry in node.entries() {
        let Some(key) = keys.get(&entry.key) else {
            continue;
        };
        seen.insert((scope.to_owned(), entry.key.clone()));
        let Some(inner) = &key.scope else { continue };
        match &entry.value.kind {
            Kind::Map(entries) if key.named => {
                for one in entries {
                    count(&one.value, inner, seen);
                }
            }
            Kind::Map(_) => count(&entry.value, inner, seen),
            Kind::List(items) => {
                for one in items {
                    count(one, inner, seen);
                }
            }
            _ => {}
        }
    }
}

/// What came of the shipped files, as the page says it.
struct Corpus {
    counts: Counts,
    summary: String,
}

fn corpus() -> Option<Corpus> {
    let paths = shared("massgen_configs")?;
    let mut counts = Counts::new();
    let (mut run, mut quiet) = (0, 0);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut other = 0;
    for path in &paths {
        let loaded = load_file(path, &all, Purpose::Run);
        let mut seen = std::collections::BTreeSet::new();
        if let Some(node) = yaml::parse(&std::fs::read(path).unwrap()).root {
            count(&node, "top", &mut seen);
        }
        for key in seen {
            *counts.entry(key).or_default() += 1;
        }
        if let Some(config) = &loaded.config {
            run += 1;
            quiet += usize::from(config.kept.is_empty());
            continue;
        }
        let unserved = loaded
            .report
            .findings()
            .iter()
            .find(|one| one.code == "backend-not-served");
        match unserved {
            Some(finding) => {
                let kind = finding.message.split('`').nth(1).unwrap_or_default();
                *refused.entry(format!("`{kind}`")).or_default() += 1;
            }
            None => other += 1,
        }
    }
    let refused: Vec<String> = refused
        .into_iter()
        .map(|(kind, files)| format!("{files} with {kind}"))
        .collect();
    let summary = format!(
        "Of {} files of MassGen 0.1.97 that are tried, {run} run as they are, {quiet} of them without a key \
         that is left out. {} name a backend that is not served ({}), {other} is no configuration of \
         a run (a table of rate limits).\n",
        paths.len(),
        paths.len() - run - other,
        refused.join(", "),
    );
    Some(Corpus { counts, summary })
}

/// What the page says now.
fn written(page: &str) -> Corpus {
    let mut counts = Counts::new();
    let mut scope = String::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let place = title.trim_matches('`');
            let places = config::places();
            let found = places.iter().find(|(_, path)| path.as_str() == place);
            found
                .map_or("top", |(scope, _)| *scope)
                .clone_into(&mut scope);
        }
        let cells: Vec<&str> = line.split(" | ").collect();
        if let [key, _, number, ..] = cells.as_slice()
            && let Some(key) = key
                .strip_prefix("| `")
                .and_then(|key| key.strip_suffix('`'))
            && let Ok(number) = number.trim().parse()
        {
            counts.insert((scope.clone(), key.to_owned()), number);
        }
    }
    let summary = page
        .lines()
        .find(|line| line.starts_with("Of ") && line.contains("files of MassGen"))
        .map(|line| format!("{line}\n"));
    Corpus {
        counts,
        summary: summary.unwrap_or_default(),
    }
}

fn state(usage: &Use) -> (&'static str, String) {
    match usage {
        Use::Honoured => ("used", String::new()),
        Use::Kept(why) => ("noted", why.clone()),
        Use::Dead(why) => ("no effect", why.clone()),
        Use::Removed(instead) => ("error", instead.clone()),
    }
}

/// The page from the tables and the counts.
fn page(corpus: &Corpus) -> String {
    let places = config::places();
    let mut totals: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let mut tables = String::new();
    let mut order: Vec<(&str, &str)> = places
        .iter()
        .map(|(scope, path)| (path.as_str(), *scope))
        .collect();
    order.sort_unstable();
    for (path, scope) in order {
        let title = if path.is_empty() {
            "Top level".to_owned()
        } else {
            format!("`{path}`")
        };
        let _ = writeln!(
            tables,
            "\n## {title}\n\n| key | here | files | why, and what to do instead |\n|---|---|---|---|"
        );
        for (name, key) in schema::scope(scope).unwrap() {
            let (word, why) = state(&key.usage);
            let place = (scope.to_owned(), name.clone());
            let files = corpus.counts.get(&place).copied().unwrap_or(0);
            let total = totals.entry(word).or_default();
            total.0 += 1;
            total.1 += usize::from(files > 0);
            total.2 += files;
            let why = why.replace('|', "\\|");
            let _ = writeln!(tables, "| `{name}` | {word} | {files} | {why} |");
        }
    }
    let mut text = String::from(
        "# MassGen's keys here\n\nMade by a test from the tables that the program checks with. A file of \
         MassGen is read as it is; every key in it is used, or kept and told with its reason by \
         `massgen-tui config check`. `massgen-tui config explain KEY` tells the same of one key.\n\n",
    );
    text.push_str(&corpus.summary);
    text.push_str("\n| here | what happens | keys | of these in MassGen's files | uses (key and file) |\n|---|---|---|---|---|\n");
    for (word, what) in [
        ("used", "it does what it says"),
        ("noted", "kept and reported with its reason"),
        (
            "no effect",
            "MassGen makes no use of it either, or it belongs to its screens",
        ),
        (
            "error",
            "a key of MassGen's first format, or one that it renamed",
        ),
    ] {
        let (keys, seen, uses) = totals.get(word).copied().unwrap_or_default();
        let _ = writeln!(text, "| {word} | {what} | {keys} | {seen} | {uses} |");
    }
    text.push_str("\nKeys of `backend` that stand in no table are fields of the request and are sent as they are.\n");
    text.push_str(&tables);
    text
}

/// Compares a generated file, or writes it.
fn blessed(name: &str, text: &str) {
    let path = root().join(name);
    if std::env::var_os("MASSGEN_TUI_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        old == text,
        "{name} is old: run `MASSGEN_TUI_BLESS=1 cargo test --test it compat`"
    );
}

#[test]
fn the_page_of_massgens_keys_is_that_of_the_tables() {
    let path = root().join("docs/massgen-compat.md");
    let old = std::fs::read_to_string(path).unwrap_or_default();
    let corpus = corpus().unwrap_or_else(|| written(&old));
    blessed("docs/massgen-compat.md", &page(&corpus));
}

#[test]
fn the_schema_for_editors_is_that_of_the_tables() {
    let text = serde_json::to_string_pretty(&config::json_schema()).unwrap() + "\n";
    blessed("assets/massgen-tui.schema.json", &text);
}

#[test]
fn every_file_that_massgen_ships_loads() {
    let Some(paths) = shared("massgen_configs") else {
        return;
    };
    assert!(paths.len() > 150);
    for path in &paths {
        let loaded = load_file(path, &all, Purpose::Run);
        let table = path.ends_with("rate_limits.yaml");
        for finding in loaded.report.findings() {
            let fine = match finding.severity {
                Severity::Error => {
                    finding.code == "backend-not-served" || table && finding.code == "no-agents"
                }
                Severity::Warning => {
                    table || matches!(finding.code, "no-program" | "unknown-model")
                }
                Severity::Note => {
                    finding.code != "not-used"
                        || !finding.suggestion.is_empty()
                        || finding.message.contains(": ")
                }
            };
            assert!(fine, "{}", loaded.report.render(finding));
        }
        let unserved = |finding: &&config::Finding| finding.code == "backend-not-served";
        let served = !table && loaded.report.findings().iter().all(|one| !unserved(&one));
        assert_eq!(loaded.config.is_some(), served, "{}", path.display());
    }
}

#[test]
fn no_key_of_massgens_table_is_unknown() {
    let Some(data) = std::env::var_os("MASSGEN_TUI_SHARED") else {
        return;
    };
    let table = PathBuf::from(data).join("data/schema_keys.csv");
    let Ok(table) = std::fs::read_to_string(table) else {
        return;
    };
    let places = config::places();
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let Some((path, _)) = line.split_once(',') else {
            continue;
        };
        let (place, name) = path.rsplit_once('.').unwrap_or(("", path));
        let scope = places
            .iter()
            .find(|(_, known)| {
                // Servers of tools may stand at the top as well, where they are met first.
                known.as_str() == place
                    || known.contains("mcp_servers") && place.ends_with(known.as_str())
            })
            .unwrap_or_else(|| panic!("no place {place}"))
            .0;
        let keys = schema::scope(scope).unwrap();
        let known = keys.contains_key(name)
            || keys
                .keys()
                .any(|key| name.ends_with('_') && key.starts_with(name));
        assert!(known, "{path} is not in the tables");
        rows += 1;
    }
    assert!(rows > 250);
}

#[test]
fn every_file_that_massgen_finds_broken_has_a_finding_with_its_line() {
    let Some(paths) = shared("malformed_configs") else {
        return;
    };
    let set = |name: &str| name.ends_with("_API_KEY") && name != "OPENAI_API_KEY";
    let env = |name: &str| set(name).then(|| "value".to_owned());
    for path in &paths {
        let loaded = load_file(path, &env, Purpose::Check);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let told: Vec<_> = loaded
            .report
            .findings()
            .iter()
            .filter(|one| one.code != "no-key")
            .collect();
        // A file that is whole but for the machine: there the missing key is the finding.
        let told = if name == "no_api_key" {
            loaded.report.findings().iter().collect()
        } else {
            told
        };
        assert!(!told.is_empty(), "{name}: nothing is said");
        let whole = ["comment_only", "no_agents", "wrong_ext"].contains(&name.as_str());
        let placed = told.iter().any(|one| one.span.line > 0);
        assert!(placed || whole, "{name}: no finding has a line");
    }
}
