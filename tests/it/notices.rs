//! `THIRD-PARTY.md` names every crate that is part of the program, with its licence and the text that
//! came with it. `MASSGEN_TUI_WRITE_DOCS=1` writes it anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

const PAGE: &str = "THIRD-PARTY.md";

/// A crate as cargo describes it.
struct Part {
    name: String,
    version: String,
    licence: String,
    texts: Vec<String>,
}

#[test]
fn the_notices_of_all_crates_are_there() {
    let parts = parts();
    assert!(parts.len() > 100, "cargo names {} crates", parts.len());
    let page = render(&parts);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("MASSGEN_TUI_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{PAGE} is not of these crates: MASSGEN_TUI_WRITE_DOCS=1 cargo test --test it notices"
    );
}

/// Every crate that ends up in the program on Linux, or builds something that does.
fn parts() -> Vec<Part> {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let data: Value = serde_json::from_slice(&out.stdout).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes: BTreeMap<String, Value> = list(&data["resolve"]["nodes"])
        .into_iter()
        .map(|node| (word(&node["id"]), node))
        .collect();
    let root = word(&data["resolve"]["root"]);
    let mut seen = BTreeSet::from([root.clone()]);
    let mut waiting = vec![root.clone()];
    while let Some(id) = waiting.pop() {
        for dep in list(&nodes[&id]["deps"]) {
            let kinds = list(&dep["dep_kinds"]);
            let shipped = kinds.iter().any(|kind| kind["kind"] != "dev");
            if shipped && seen.insert(word(&dep["pkg"])) {
                waiting.push(word(&dep["pkg"]));
            }
        }
    }
    seen.remove(&root);
    let mut parts: Vec<Part> = list(&data["packages"])
        .iter()
        .filter(|package| seen.contains(&word(&package["id"])))
        .map(|package| {
            let manifest = word(&package["manifest_path"]);
            Part {
                name: word(&package["name"]),
                version: word(&package["version"]),
                licence: word(&package["license"]),
                texts: texts(Path::new(&manifest).parent().unwrap()),
            }
        })
        .collect();
    parts.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    parts
}

/// The licences and notices in a crate's folder, but for the text of the Apache licence, which is this
/// project's own.
fn texts(folder: &Path) -> Vec<String> {
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().to_uppercase();
            let wanted = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];
            let wanted = wanted.iter().any(|start| name.starts_with(start));
            let text = (wanted && entry.path().is_file()).then(|| fs::read(entry.path()))?;
            Some((name, String::from_utf8_lossy(&text.ok()?).into_owned()))
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .map(|(_, text)| tidied(&text))
        .filter(|text| !text.contains("TERMS AND CONDITIONS FOR USE, REPRODUCTION"))
        .collect()
}

/// Lines without blanks at their ends, so that copies of one text are one.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

fn render(parts: &[Part]) -> String {
    let mut page = String::from(
        "# Notices of others\n\nThe program is made with these crates, as it is built for Linux. Generated from their own files: \
         `MASSGEN_TUI_WRITE_DOCS=1 cargo test --test it notices`.\nThe Apache licence, which many of \
         them offer, is in `LICENSE`. Data and fonts keep their notices in `assets/`.\n\n\
         | crate | version | licence |\n|---|---|---|\n",
    );
    let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for part in parts {
        writeln!(
            page,
            "| {} | {} | {} |",
            part.name, part.version, part.licence
        )
        .unwrap();
        for text in &part.texts {
            let name = format!("{} {}", part.name, part.version);
            users.entry(text).or_default().push(name);
        }
    }
    let mut texts: Vec<(Vec<String>, &str)> = users
        .into_iter()
        .map(|(text, names)| (names, text))
        .collect();
    texts.sort();
    for (names, text) in texts {
        let fence = "`".repeat(if text.contains("```") { 4 } else { 3 });
        write!(
            page,
            "\n## {}\n\n{fence}text\n{text}\n{fence}\n",
            names.join(", ")
        )
        .unwrap();
    }
    page
}
