//! Configurations that were damaged: whatever the bytes are, every command on them ends, says where, and
//! shows no secret.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use massgen_tui::config::{self, Purpose, Severity, load_bytes};
use proptest::prelude::*;

/// What must never be shown.
const SECRET: &str = "sk-proj-Zx81hTqLm0PvWcRy5NbKd7AeUf";

fn env(name: &str) -> Option<String> {
    (name != "PATH").then(|| "value-of-a-variable".to_owned())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Our own files, good and broken, and MassGen's where they are at hand.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join("configs"), &mut found);
    files(&root.join("tests/fixtures/config"), &mut found);
    if let Some(data) = std::env::var_os("MASSGEN_TUI_SHARED") {
        files(&Path::new(&data).join("data/massgen_configs"), &mut found);
        files(&Path::new(&data).join("data/malformed_configs"), &mut found);
    }
    found.sort();
    let texts = found
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    texts.filter(|text| text.len() < 20_000).collect()
});

/// Words that mean something to YAML, to a terminal or to us.
const WORDS: &[&str] = &[
    "&a ",
    "*a",
    "<<: ",
    "\t",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "#",
    "|\n",
    ">-\n",
    "? ",
    "!!",
    "${",
    "${X}",
    "---\n",
    "...\n",
    "\r",
    "\u{1b}[2J",
    "\u{202e}",
    "null",
    "yes",
    "012",
    "1e999",
    "-1",
    "999999999999999999999",
    "agents:",
    "agent:",
    "backend:",
    "team: x.yaml",
    "count: 60",
    "\u{feff}",
    "é",
    "%",
];

/// One damage: where (in thousandths of the text), what, and how much.
type Damage = (usize, u8, usize, usize);

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (place, kind, amount, word) in damages {
        let at = chars.len() * place / 1000;
        let end = (at + amount).min(chars.len());
        match kind % 5 {
            0 => drop(chars.drain(at..end)),
            1 => {
                let copy: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, copy);
            }
            2 => drop(chars.splice(at..at, WORDS[word % WORDS.len()].chars())),
            3 => drop(chars.splice(at..end, WORDS[word % WORDS.len()].chars())),
            _ => chars[at..end].reverse(),
        }
    }
    chars.into_iter().collect()
}

/// Puts a line with a key into a text, indented like the line before it.
fn with_secret(text: &str, place: usize) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let at = lines.len() * place / 1000;
    let indent = lines
        .get(at)
        .map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
    lines.insert(at, format!("{}api_key: {SECRET}", " ".repeat(indent)));
    lines.join("\n")
}

/// Errors that are about a file as a whole.
const WHOLE: &[&str] = &[
    "unreadable",
    "too-large",
    "not-utf8",
    "empty-file",
    "no-agents",
];

fn looked_at(text: &str) -> Result<(), TestCaseError> {
    let lines = text.matches('\n').count() + 1;
    for purpose in [Purpose::Check, Purpose::Run] {
        let loaded = load_bytes("team.yaml", text.as_bytes(), &env, purpose);
        let errors = loaded.report.has_errors();
        prop_assert!(
            loaded.config.is_some() || errors,
            "neither a team nor an error:\n{}",
            text
        );
        prop_assert!(loaded.report.findings().len() < 5_000);
        for finding in loaded.report.findings() {
            let placed = finding.span.line > 0 && finding.span.line as usize <= lines + 1;
            let whole = finding.span.line == 0 && WHOLE.contains(&finding.code);
            let error = finding.severity == Severity::Error;
            prop_assert!(
                placed || whole || !error && finding.span.line == 0,
                "{:?}\n{}",
                finding,
                text
            );
            prop_assert!(!finding.message.is_empty());
        }
        let shown = loaded.report.render_all(Severity::Note);
        let json = serde_json::to_string(&loaded.report.json()).unwrap();
        for shown in [&shown, &json] {
            prop_assert!(
                !shown.contains(SECRET),
                "the key is shown:\n{}\n{}",
                shown,
                text
            );
            prop_assert!(
                !shown.contains("value-of-a"),
                "a variable is shown:\n{}\n{}",
                shown,
                text
            );
            let moves = shown.contains(['\u{1b}', '\u{202e}']);
            prop_assert!(!moves);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_explained_and_show_no_key(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec((0..1000_usize, any::<u8>(), 1..40_usize, any::<usize>()), 0..4),
        place in prop::option::of(0..1000_usize),
    ) {
        let text = damaged(&TEXTS[file.index(TEXTS.len())], &damages);
        let text = match place {
            Some(place) => with_secret(&text, place),
            None => text,
        };
        looked_at(&text)?;
        if let Ok(once) = config::format(&text) {
            prop_assert_eq!(config::format(&once), Ok(once.clone()), "{}", text);
        }
        if let Ok(done) = config::migrate(&text) {
            prop_assert!(done.text.len() < text.len() * 2 + 2_000);
            prop_assert_eq!(done.changes.is_empty(), done.text == text || done.text == text.trim_start_matches('\u{feff}'));
        }
    }

    #[test]
    fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        looked_at(&String::from_utf8_lossy(&bytes))?;
        let loaded = load_bytes("x", &bytes, &env, Purpose::Run);
        prop_assert!(loaded.config.is_none() || !loaded.report.has_errors());
    }
}
