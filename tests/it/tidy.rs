//! The rules of the house as tests over its sources (`docs/style.md` says why each is there).

mod scan;

use std::{
    fs,
    path::{Path, PathBuf},
};

use scan::Source;

/// Most lines of a file without its tests.
const FILE_LINES: usize = 500;
/// Most lines of a function.
const FUNCTION_LINES: usize = 80;
/// Most variants of an enum.
const ENUM_VARIANTS: usize = 12;
/// Most fields of a struct.
const STRUCT_FIELDS: usize = 15;

/// Which top modules a top module may name. `app`, `cli` and the crate's root may name all.
const ARROWS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("logging", &[]),
    ("run", &["protocol"]),
    ("config", &["protocol"]),
    ("provider", &["protocol", "config", "logging"]),
    ("tool", &["protocol", "logging"]),
    (
        "mcp",
        &[
            "protocol", "config", "provider", "tool", "text", "export", "logging",
        ],
    ),
    ("workspace", &["protocol"]),
    ("catalog", &["protocol"]),
    ("store", &["protocol", "catalog", "logging"]),
    ("massgen", &["protocol", "config"]),
    ("engine", &["protocol", "provider", "tool", "store"]),
    ("text", &["protocol"]),
    ("capture", &["protocol", "text"]),
    ("setup", &[]),
    (
        "tui",
        &[
            "protocol", "logging", "run", "text", "capture", "catalog", "setup",
        ],
    ),
    ("demo", &["protocol"]),
    ("bench", &["protocol", "run"]),
    ("report", &["protocol", "run", "text", "headless"]),
    ("headless", &["protocol", "run", "text", "store"]),
    ("export", &["protocol", "run", "text", "report", "headless"]),
    ("hooks", &["protocol", "run", "export"]),
    ("telemetry", &["protocol", "export"]),
    (
        "serve",
        &[
            "protocol", "logging", "run", "text", "catalog", "setup", "store", "report", "export",
            "headless", "app",
        ],
    ),
];
/// Modules that may name every other.
const ROOTS: &[&str] = &["app", "cli"];

/// Features of the screen: none may name another, the runtime, or anything that waits.
const FEATURES: &[&str] = &[
    "live", "composer", "setup", "sessions", "review", "replay", "notes", "compare", "report",
    "desk", "guide",
];

/// Where a clock may be read; everywhere else time comes in as data.
const CLOCKS: &[&str] = &[
    "src/tui/runtime/",
    "src/engine/driver",
    "src/engine/outbox",
    "src/engine/seat",
    "src/engine/tooling",
    "src/engine/outside",
    "src/provider/http/",
    "src/provider/cli/",
    "src/provider/chain",
    "src/provider/discovery",
    "src/provider/health",
    "src/demo/",
    "src/app/",
    "src/logging/",
    "src/cli/",
    "src/serve/",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn production() -> Vec<Source> {
    let sources = scan::sources(&root(), "src");
    assert!(
        sources.len() > 50,
        "the scanner sees only {} files",
        sources.len()
    );
    sources
}

/// Fails with every finding at once.
fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

#[test]
fn arrows_point_one_way() {
    let mut findings = Vec::new();
    for source in production() {
        let Some(own) = scan::module_of(&source.path).into_iter().next() else {
            continue;
        };
        if ROOTS.contains(&own.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| *module == own) else {
            findings.push(format!("{}: no rule for module `{own}`", source.path));
            continue;
        };
        for path in scan::references(&source.path, &source.code) {
            let other = path.split("::").next().unwrap_or_default();
            let known = ARROWS.iter().any(|(module, _)| *module == other) || ROOTS.contains(&other);
            if known && other != own && !allowed.contains(&other) {
                findings.push(format!("{}: `{own}` may not use `{path}`", source.path));
            }
        }
    }
    report("Modules name only those below them", &findings);
}

#[test]
fn features_of_the_screen_stand_apart() {
    let mut findings = Vec::new();
    for source in production() {
        let own = scan::module_of(&source.path);
        let [top, feature, ..] = own.as_slice() else {
            continue;
        };
        if top != "tui" || !FEATURES.contains(&feature.as_str()) {
            continue;
        }
        for path in scan::references(&source.path, &source.code) {
            let mut segments = path.split("::");
            let (first, second) = (segments.next(), segments.next().unwrap_or_default());
            let sibling = FEATURES.contains(&second) && second != feature;
            if first == Some("tui") && (sibling || second == "runtime") {
                findings.push(format!("{}: `{feature}` may not use `{path}`", source.path));
            }
        }
        for word in ["tokio", "std::time::Instant", "SystemTime", "crossterm"] {
            if finds_word(&source.code, word) {
                findings.push(format!("{}: a feature may not use `{word}`", source.path));
            }
        }
    }
    report("Features know neither each other nor the world", &findings);
}

/// `name = … # door: a/b, c (why); more` of the manifest: the crate's name in code and its doors.
fn doors(manifest: &str) -> Vec<(String, Vec<String>)> {
    manifest
        .lines()
        .filter_map(|line| {
            let (dependency, comment) = line.split_once("# door:")?;
            let name = dependency.split('=').next()?.trim().replace('-', "_");
            let places = comment.split(';').next()?;
            let doors = places
                .split(',')
                .filter_map(|place| place.split_whitespace().next())
                .map(str::to_owned)
                .collect();
            Some((name, doors))
        })
        .collect()
}

#[test]
fn every_heavy_crate_has_its_door() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is there");
    let doors = doors(&manifest);
    assert!(doors.len() > 10, "the manifest names doors: {doors:?}");
    let mut findings = Vec::new();
    for source in production() {
        let module = source
            .path
            .trim_start_matches("src/")
            .trim_end_matches(".rs");
        for (name, places) in &doors {
            let inside = places
                .iter()
                .any(|place| module == place || module.starts_with(&format!("{place}/")));
            let used = ["::", ";", " as "]
                .iter()
                .any(|after| finds_root(&source.code, &format!("{name}{after}")));
            if used && !inside {
                findings.push(format!(
                    "{}: `{name}` belongs to {}",
                    source.path,
                    places.join(", ")
                ));
            }
        }
    }
    report("A crate is named only behind its door", &findings);
}

/// True when `path` occurs as the root of a path.
fn finds_root(code: &str, path: &str) -> bool {
    code.match_indices(path).any(|(at, _)| {
        let before = &code[..at];
        !before.ends_with(':')
            && !before.bytes().last().is_some_and(scan::is_word)
            && (path.ends_with("::") || before.trim_end().ends_with("use"))
    })
}

/// True when `word` occurs and is no part of a longer word.
fn finds_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].bytes().last();
        let after = code[at + word.len()..].bytes().next();
        !before.is_some_and(scan::is_word) && !after.is_some_and(scan::is_word)
    })
}

#[test]
fn nothing_grows_too_large() {
    let mut findings = Vec::new();
    for source in production() {
        let tests = source.text.find("\n#[cfg(test)]\nmod tests {");
        let lines = source.text[..tests.unwrap_or(source.text.len())]
            .lines()
            .count();
        if lines > FILE_LINES {
            findings.push(format!(
                "{}: {lines} lines, {FILE_LINES} allowed",
                source.path
            ));
        }
        for (keyword, what, limit) in [
            ("fn", "lines", FUNCTION_LINES),
            ("enum", "variants", ENUM_VARIANTS),
            ("struct", "fields", STRUCT_FIELDS),
        ] {
            for item in scan::items(&source.code, keyword) {
                let size = if keyword == "fn" {
                    item.lines
                } else {
                    item.entries
                };
                if size > limit {
                    findings.push(format!(
                        "{}:{}: {keyword} {} has {size} {what}, {limit} allowed",
                        source.path, item.line, item.name
                    ));
                }
            }
        }
    }
    report("Files, functions, enums and structs stay small", &findings);
}

#[test]
fn every_file_says_what_it_is() {
    let mut findings = Vec::new();
    for folder in ["src", "tests", "benches"] {
        let mut paths = Vec::new();
        scan::collect(&root().join(folder), &mut paths);
        for path in paths {
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            if !text.starts_with("//!") {
                findings.push(scan::relative(&root(), &path));
            }
        }
    }
    report("Every file starts with //! and what it is", &findings);
}

/// Words that production code does not contain, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("todo!", "unfinished"),
    ("unimplemented!", "unfinished"),
    ("dbg!", "left over"),
    (".unwrap()", "can panic"),
    (".expect(", "can panic"),
    ("panic!", "panics"),
    ("unsafe ", "not needed here"),
    ("unbounded_channel", "memory without bound"),
    (
        "mpsc::channel::<",
        "std channels are unbounded; name tokio's capacity",
    ),
    ("set_var", "changes the process for every thread"),
    ("Arc<Mutex<", "shared state instead of messages"),
    ("Arc<RwLock<", "shared state instead of messages"),
    (
        "println!",
        "panics on a closed pipe; write to what you were given",
    ),
    (
        "print!",
        "panics on a closed pipe; write to what you were given",
    ),
];

#[test]
fn forbidden_words_do_not_occur() {
    let mut findings = Vec::new();
    for source in production() {
        for (number, line) in source.code.lines().enumerate() {
            let number = number + 1;
            for (word, why) in FORBIDDEN {
                let hit = line.match_indices(word).any(|(at, _)| {
                    word.starts_with('.') || !line[..at].bytes().last().is_some_and(scan::is_word)
                });
                if hit {
                    findings.push(format!("{}:{number}: `{word}` ({why})", source.path));
                }
            }
            if source.path.starts_with("src/tui/") && line.contains(".wrap(") {
                findings.push(format!(
                    "{}:{number}: text is never wrapped per frame",
                    source.path
                ));
            }
            let clock = [
                "Instant::now",
                "SystemTime::now",
                "Timestamp::now",
                "Zoned::now",
            ]
            .iter()
            .any(|clock| line.contains(clock));
            if clock && !CLOCKS.iter().any(|place| source.path.starts_with(place)) {
                findings.push(format!("{}:{number}: no clock here", source.path));
            }
        }
        for word in [
            concat!("TO", "DO"),
            concat!("FIX", "ME"),
            concat!("XX", "X"),
        ] {
            if finds_word(&source.text, word) {
                findings.push(format!("{}: {word}", source.path));
            }
        }
    }
    report("Some words do not occur", &findings);
}

/// All text files of the repository that people read or machines run.
fn texts() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = [
        "README.md",
        "CHANGELOG.md",
        "Cargo.toml",
        "clippy.toml",
        "deny.toml",
        "justfile",
        ".ci/run",
    ]
    .iter()
    .map(|name| root().join(name))
    .collect();
    for folder in ["src", "tests", "benches", "docs", "assets", "configs"] {
        scan::collect(&root().join(folder), &mut paths);
    }
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            Some((scan::relative(&root(), &path), text))
        })
        .collect()
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/tmp/", "brief"),
        concat!("/tmp/", "dev/"),
    ];
    let mut findings = Vec::new();
    for (path, text) in texts() {
        for place in places {
            if text.contains(place) {
                findings.push(format!("{path}: {place}"));
            }
        }
    }
    report("No path of a developer's machine", &findings);
}

#[test]
fn every_data_file_parses() {
    let mut paths = Vec::new();
    for folder in ["assets", "configs"] {
        scan::collect(&root().join(folder), &mut paths);
    }
    let mut findings = Vec::new();
    for path in paths {
        let name = scan::relative(&root(), &path);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let error = match path.extension().and_then(|end| end.to_str()) {
            Some("json") => serde_json::from_str::<serde_json::Value>(&text)
                .err()
                .map(|error| error.to_string()),
            Some("yaml" | "yml") => serde_saphyr::from_str::<serde_json::Value>(&text)
                .err()
                .map(|error| error.to_string()),
            _ => None,
        };
        if let Some(error) = error {
            findings.push(format!("{name}: {error}"));
        }
    }
    report("Assets and examples parse", &findings);
}

#[test]
fn every_integration_test_is_listed() {
    let folder = root().join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).expect("tests/it/main.rs is there");
    let mut findings = Vec::new();
    for entry in fs::read_dir(&folder)
        .expect("tests/it is there")
        .filter_map(Result::ok)
    {
        let path = entry.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let module =
            path.extension().is_some_and(|end| end == "rs") || path.join("mod.rs").exists();
        if module && name != "main" && !main.contains(&format!("mod {name};")) {
            findings.push(name);
        }
    }
    report("tests/it/main.rs lists every test file", &findings);
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut findings = Vec::new();
    for (path, text) in texts() {
        if Path::new(&path).extension().is_none_or(|end| end != "md") {
            continue;
        }
        let folder = root()
            .join(&path)
            .parent()
            .map(Path::to_owned)
            .unwrap_or_default();
        for part in text.split("](").skip(1) {
            let target = part.split([')', '#', ' ']).next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !target.is_empty() && !outside && !folder.join(target).exists() {
                findings.push(format!("{path}: {target}"));
            }
        }
    }
    report("Links lead somewhere", &findings);
}

#[test]
fn doors_are_read_from_the_manifest() {
    let manifest = "a-b = \"1\" # door: x/y, z (why); because\nc = \"1\"\n";
    assert_eq!(
        doors(manifest),
        [("a_b".to_owned(), vec!["x/y".to_owned(), "z".to_owned()])]
    );
    assert!(finds_root("use regex::Regex;", "regex::"));
    assert!(finds_root("use regex;", "regex;"));
    assert!(!finds_root("use my::regex::Regex;", "regex::"));
    assert!(!finds_root("let x = regex;", "regex;"));
}
